"""A load tried out: what it would change, told from an untouched database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.engine import URL

from jumelage.database import sandbox
from tests.conftest import WAVE_2006, WaveFolder, address, run
from tests.test_load import content

ENDLESS = "with recursive a(n) as (select 1 union all select a.n % 2 from a) select a.n from a where a.n < 0"


def tried(url: URL, folder: WaveFolder) -> tuple[list[dict[str, Any]], str]:
    """Rehearse a load, see that nothing was written, and return what would change."""
    before = content(url)
    result = run("load", folder.path, "--db", address(url), "--dry-run", "--format", "json")
    assert result.code == 0, result.err
    assert content(url) == before
    return json.loads(result.out) if result.out else [], result.err


def of(changes: list[dict[str, Any]], what: str) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    return {(c["name"], c["key"], c["measure"]): (c["before"], c["after"]) for c in changes if c["what"] == what}


def test_agreements_totals_and_figures_that_would_change_are_told(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.append("partnerships.csv", "Lille,Italie,1,Turin,1958,,agreements_by_country")
    folder_2006.append("partnerships.csv", "Lille,Mali,2,,,,agreements_by_country")
    folder_2006.replace("partnerships.csv", "Arras,Allemagne,1,,,,agreements_by_country\n", "")
    changes, said = tried(loaded, folder_2006)
    assert "wave 2006, revision 2: would be loaded: " in said
    assert of(changes, "rows") == {("partnerships", "", ""): (100, 102)}
    assert of(changes, "agreements") == {
        ("Arras", "DE · not_published", "agreements_by_country"): (1, 0),
        ("Lille", "IT · Turin · 1958-01-01/1958-12-31", "agreements_by_country"): (0, 1),
        ("Lille", "ML · not_published", "agreements_by_country"): (0, 2),
    }
    totals = of(changes, "total")
    assert totals["participation", "agreements", "value"] == (100, 102)
    assert totals["zones", "total", "agreements"] == (100, 102)
    figure = ("zones", "total", "agreements, printed 100 (répartition par zone)")
    assert of(changes, "figure")[figure] == ("reproduced_with_inferred", "contradicted")


def test_that_an_agreement_has_ended_is_told(loaded: URL, folder_2006: WaveFolder) -> None:
    text = (folder_2006.path / "partnerships.csv").read_text(encoding="utf-8")
    old = "Arras,Allemagne,1,,,,agreements_by_country\n"
    assert old in text
    header, *rows = text.replace(old, "").splitlines()
    ended = f"{old.strip()},2004"
    folder_2006.write("partnerships.csv", "\n".join((f"{header},until", *(f"{row}," for row in rows), ended, "")))
    changes, _ = tried(loaded, folder_2006)
    assert of(changes, "rows") == {}
    assert of(changes, "agreements") == {
        ("Arras", "DE · not_published", "agreements_by_country"): (1, 0),
        ("Arras", "DE · not_published · until 2004-01-01/2004-12-31", "agreements_by_country"): (0, 1),
    }
    assert of(changes, "total")["participation", "agreements", "value"] == (100, 99)


def test_a_first_load_tells_every_total(migrated: URL, folder_2006: WaveFolder) -> None:
    changes, said = tried(migrated, folder_2006)
    assert "wave 2006, revision 1: would be loaded: " in said
    assert of(changes, "rows")["partnerships", "", ""] == (None, 100)
    assert of(changes, "agreements") == {}
    assert of(changes, "total")["zones", "total", "agreements"] == (None, 100)


def test_the_same_content_changes_nothing(loaded: URL, folder_2006: WaveFolder) -> None:
    changes, said = tried(loaded, folder_2006)
    assert changes == []
    assert said == "wave 2006, revision 1: unchanged\n"


def test_no_reason_is_needed_to_try(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.replace("frame.csv", "Lens,36206", "Lens,36207")
    assert "revision 2: would be loaded" in tried(loaded, folder_2006)[1]
    assert run("load", folder_2006.path, "--db", address(loaded)).code == 2


def test_a_query_that_cannot_be_run_costs_the_rest_nothing(loaded: URL, folder_2006: WaveFolder) -> None:
    folder_2006.append("claims.csv", "c,p,1,towns,Ainsi,So,figure,select r.nothing from respondents r")
    folder_2006.append("partnerships.csv", "Lille,Italie,1,Turin,1958,,agreements_by_country")
    changes, _ = tried(loaded, folder_2006)
    assert of(changes, "total")["participation", "agreements", "value"] == (100, 101)
    assert of(changes, "figure")["claims", "c", "statement, printed 1 (p)"] == (None, "error")
    assert of(changes, "unchecked") == {}


def test_a_query_that_fails_while_it_runs_is_told_after_the_totals(loaded: URL, folder_2006: WaveFolder) -> None:
    """On DuckDB the rows are gone with it: what is asked after it is unchecked, and not said to be so or so."""
    folder_2006.append(
        "claims.csv", "c,p,1,towns,Ainsi,So,figure,select cast(r.city || 'x' as integer) from respondents r"
    )
    folder_2006.append("partnerships.csv", "Lille,Italie,1,Turin,1958,,agreements_by_country")
    changes, _ = tried(loaded, folder_2006)
    assert of(changes, "total")["participation", "agreements", "value"] == (100, 101)
    assert of(changes, "figure")["claims", "c", "statement, printed 1 (p)"] == (None, "error")
    assert bool(of(changes, "unchecked")) == (loaded.get_backend_name() == "duckdb")


def test_what_takes_too_long_is_listed_as_unchecked(
    loaded: URL, folder_2006: WaveFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)
    folder_2006.append("claims.csv", f'c,p,1,towns,Ainsi,So,figure,"{ENDLESS}"')
    folder_2006.append("partnerships.csv", "Lille,Italie,1,Turin,1958,,agreements_by_country")
    changes, _ = tried(loaded, folder_2006)
    assert of(changes, "total")["participation", "agreements", "value"] == (100, 101)
    assert ("claims", "c", "statement") in of(changes, "unchecked")


@pytest.mark.parametrize("handed", ["nowhere", "frame.csv"])
def test_a_rehearsal_of_what_cannot_be_loaded_is_refused(loaded: URL, folder_2006: WaveFolder, handed: str) -> None:
    result = run("load", folder_2006.path / handed, "--db", address(loaded), "--dry-run")
    assert result.code in {1, 2}
    assert result.out == ""


def test_people_see_a_table_with_at_most_a_hundred_of_each(loaded: URL, folder_2006: WaveFolder) -> None:
    for number in range(120):
        folder_2006.append("partnerships.csv", f"Lille,Italie,1,Turin {number}.,1958,,agreements_by_country")
    result = run("load", folder_2006.path, "--db", address(loaded), "--dry-run")
    assert len([line for line in result.out.splitlines() if line.startswith("  agreements  ")]) == 100
    assert "showing 100 of 120 agreements changes; all of them: --format csv -o FILE" in result.out
    assert run("load", WAVE_2006, "--db", address(loaded)).err == "wave 2006, revision 1: unchanged\n"
