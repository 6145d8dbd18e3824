"""From a number to its rows: every cell of the page leads to what it was counted from, with names."""

from __future__ import annotations

import csv
import re
import shlex
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import report_file
from jumelage.render.rows import anchor
from jumelage.reporting import behind
from tests.conftest import WaveFolder, address, run
from tests.published import html_of


def publish(url: URL, out: Path, *more: str) -> None:
    done = run("publish", "--formats", "site,rows,csv", "--out", out, "--db", address(url), *more)
    assert done.code == 0, done.err


def group(page: str, key: str) -> list[list[str]]:
    """The cells of the rows of a key."""
    section = page.split(f'<section id="{anchor(key)}" ')[1].split("</section>", maxsplit=1)[0]
    rows = re.findall(r"<tr>(<td.*?)</tr>", section, flags=re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL)] for row in rows]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_number_leads_to_its_rows(published_2006: Path, lang: str) -> None:
    out = published_2006
    links = re.findall(r'href="(rows/[^"#]+)(?:#([^"]+))?"', html_of(out, lang))
    assert len(links) > 300
    texts = {file: (out / lang / file).read_text(encoding="utf-8") for file, _ in links}
    assert set(texts) == {
        f"rows/{name}.html"
        for name in report_file.reports_of_a_wave()
        if not report_file.report(name).asks and not report_file.report(name).listing
    }
    for file, target in links:
        assert not target or f'id="{target}"' in texts[file], (file, target)
        assert re.search(rf'"../../{lang}/[a-z]+.html#{Path(file).stem}"', texts[file])


def test_the_rows_add_up_to_the_cell_and_have_names(published_2006: Path) -> None:
    for name, place in (("zones", -4), ("countries", -4)):
        page = (published_2006 / "en" / "rows" / f"{name}.html").read_text(encoding="utf-8")
        for row in csv.DictReader((published_2006 / "data" / f"{name}.csv").read_text("utf-8").splitlines()):
            key = "/".join(row[part] for part in report_file.report(name).key)
            if "total" not in key and row["agreements"] != "0":
                assert sum(Decimal(cells[place]) for cells in group(page, key)) == Decimal(row["agreements"]), key
    rows = group(page, "eu/DE")
    assert len(rows) == 24
    assert {"Lille", "Boulogne-sur-Mer"} <= {cell for row in rows for cell in row}
    assert "59350" not in page


def test_the_command_on_the_page_gives_the_rows_that_count(wave_2006: URL, published_2006: Path) -> None:
    for name, key in (("zones", "asia"), ("distribution", "12"), ("management", "service")):
        page = (published_2006 / "fr" / "rows" / f"{name}.html").read_text(encoding="utf-8")
        section = page.split(f'<section id="{anchor(key)}" ')[1]
        (command,) = re.findall(r"<code>(.*?)</code>", section.split("</section>")[0])
        program, *arguments = shlex.split(unescape(command))
        assert program == "jumelage"
        done = run(*arguments, "--format", "csv", "--db", address(wave_2006))
        assert done.code == 0, done.err
        assert 0 < len(done.out.splitlines()) - 1 <= len(group(page, key))


def test_what_somebody_typed_is_text(loaded: URL, folder_2006: WaveFolder, tmp_path: Path) -> None:
    text = (folder_2006.path / "partnerships.csv").read_text(encoding="utf-8")
    header = text.splitlines()[0]
    columns = header.split(",")
    new = dict.fromkeys(columns, "") | {"city": "Lille", "country": "DE", "partner": "Köln & <script>x()</script>"}
    with (folder_2006.path / "partnerships.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(new.values())
    done = run("load", folder_2006.path, "--db", address(loaded), "--reason", "a test")
    if done.code:  # told as damaged: nothing of it is loaded
        assert "partner" in done.err
        return
    publish(loaded, tmp_path / "public")
    page = (tmp_path / "public" / "en" / "rows" / "zones.html").read_text(encoding="utf-8")
    assert "<script" not in page


def test_a_page_of_too_many_rows_says_so(wave_2006: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "MOST", 20)
    publish(wave_2006, tmp_path / "public")
    text = (tmp_path / "public" / "fr" / "rows" / "zones.html").read_text(encoding="utf-8")
    assert "premières lignes\u00a0; la commande les donne toutes" in text
    assert len(re.findall(r"<tr><td", text)) == 20


@pytest.mark.parametrize(("one", "other"), [("a/b", "a b"), ("é", "e"), ("a.20.b", "a b"), ("x", "X")])
def test_no_two_keys_have_one_place(one: str, other: str) -> None:
    assert anchor(one) != anchor(other)
    assert re.fullmatch(r"k-[A-Za-z0-9._-]*", anchor(one))


@pytest.mark.long
def test_several_waves_lead_to_rows_too(shown: URL, tmp_path: Path) -> None:
    publish(shown, tmp_path / "public", "--wave", "2006,2012-demo")
    page = (tmp_path / "public" / "en" / "rows" / "evolution.html").read_text(encoding="utf-8")
    assert "--wave 2006@1,2012-demo@1" in page
    assert "Synthetic data" in page
