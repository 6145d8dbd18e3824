"""A repair applied to a copy of the 2006 wave, as a person would: rows, the printed list they were made from, words."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from jumelage.content import code_list
from jumelage.texts import folded


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


@cache
def _codes(table: str, of: str) -> dict[str, str]:
    """Return codes by names, as the lists and their spellings have them."""
    names = {folded(line["alias"]): line[of] for line in code_list(f"{of}_aliases")}
    return names | {folded(line.get("name") or line["label_fr"]): line["code"] for line in code_list(table)}


def apply(folder: Path, story: dict[str, Any], repair: dict[str, Any]) -> None:
    """Apply the edits of rows, and take out inferred rows and the explanations: nothing is left to explain."""
    rows = [line for line in _lines(folder / "partnerships.csv") if not line["inferred"]]
    printed = _lines(folder / "published" / "agreements_by_country.csv")
    for edit in repair["edits"]:
        assert edit["table"] == "partnerships"
        country, town = edit["key"].split("/")
        names = (story["names"]["towns"][town], story["names"]["countries"][country]["fr"])

        def same(line: dict[str, str], asked: tuple[str, str] = (town, country)) -> bool:
            return (_codes("cities", "city")[folded(line["city"])],
                    _codes("countries", "country")[folded(line["country"])]) == asked  # fmt: skip

        rows, old = [line for line in rows if not same(line)], [line for line in rows if same(line)]
        kept = [line for line in printed if not same(line)]
        assert sum(int(line["agreements"]) for line in old) == edit["from"]
        if edit["to"]:
            city, where = (old[0]["city"], old[0]["country"]) if old else names
            more = {"city": city, "country": where, "agreements": str(edit["to"]), "source": "agreements_by_country"}
            rows.append(dict.fromkeys(rows[0], "") | more)
            text = city if edit["to"] == 1 else f"{city} ({edit['to']})*"
            kept.append({"country": where, "city": city, "measure": "agreements", "printed": text, "place": "annexe 2"})
        printed = kept
    _write(folder / "partnerships.csv", rows)
    _write(folder / "published" / "agreements_by_country.csv", printed)
    wave = folder / "wave.toml"
    wave.write_text(wave.read_text(encoding="utf-8").split("[[explanations]]")[0], encoding="utf-8")
