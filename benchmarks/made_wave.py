"""Make waves of many agreements or of many towns: the same ones each time, in forms in which people save them.

`python made_wave.py FOLDER ROWS FORM` writes one; the form is clean, quoted, windows or misspelt, or for all
communes of France codes or names.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from jumelage.texts import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parent.parent
FRAME = PROJECT / "waves" / "2006" / "frame.csv"
COUNTRIES = PROJECT / "schema" / "codes" / "countries.csv"
FRANCE = PROJECT / "schema" / "registers" / "fr.csv.gz"

SEED = 2006
# Ten states that are older than the first agreement.
PARTNERS = ("BE", "CH", "DE", "ES", "GB", "HU", "IT", "NL", "PL", "SE")
FIRST, LAST = date(1958, 1, 1), date(2005, 12, 31)
# A blank, a year, a month or a day: as many characters of a date.
LENGTHS = (0, 4, 7, 10)
COLUMNS = ("city", "country", "agreements", "partner", "since", "inferred", "source")
MISSPELT = "Lile"
FRENCH = ("codes", "names")  # what a town of France is called by

WAVE = """\
wave = "made"
title.fr = "Enquête inventée"
title.en = "Made-up survey"
reference_date = {year}-03-31
synthetic = true
frame_rule.fr = "{rule}"
frame_rule.en = "{rule}"
population = "{population}"
source = "benchmarks"
territory = [{territory}]
[fieldwork]
from = {year}-02-01
to = {year}-03-31
mode = "post"
[complete]
agreements = true
[defaults]
response = "not_reached"
elected_delegate = "no"
twinning_committee = "no"
service = "no"
since = "dont_know"
actions = {{ "*" = "no" }}
difficulties = {{ "*" = "no" }}
[sources]
"""


def make_wave(folder: Path, rows: int, form: str) -> None:
    """Write a wave of so many agreements into a folder; its form is one of clean, quoted, windows and misspelt."""
    frame = FRAME.read_text(encoding="utf-8")
    towns = [row["city"] for row in csv.DictReader(frame.splitlines())]
    wave = WAVE.format(year=2006, rule="29", population="RP1999", territory='"FR-59", "FR-62"')
    _write(folder, wave, frame, towns)
    encoding, newline, comma = ("cp1252", "\r\n", ";") if form == "windows" else ("utf-8", "\n", ",")
    quote = '"' if form == "quoted" else ""
    fields = comma.join(("{city}", "{country}", "1", f"{quote}Partner {{number}}{quote}", "{since}", "", "\n"))
    with (folder / "partnerships.csv").open("w", encoding=encoding, newline=newline) as file:
        file.write(comma.join(COLUMNS) + "\n")
        for number, (city, country, since) in enumerate(_agreements(towns, rows), 1):
            town = MISSPELT if form == "misspelt" and number == rows else city
            file.write(fields.format(city=town, country=country, number=number, since=since))


def make_france(folder: Path, rows: int, form: str) -> None:
    """Write a wave of all communes of France with so many agreements; its form says what towns are called by.

    With `codes` that is the code; with `names` the name, and the code of the département where several have it.
    """
    with gzip.open(FRANCE, "rt", encoding="utf-8", newline="") as file:
        every = [row for row in csv.DictReader(file) if row["kind"] == "commune"]
    # Also those that are gone: of most nobody recorded when.
    bearers = Counter(folded(row["name"]) for row in every)
    communes = [row for row in every if not row["status"]]
    towns = [
        row["code"]
        if form == "codes"
        else f"{row['name']} ({row['departement']})"
        if bearers[folded(row["name"])] > 1
        else row["name"]
        for row in communes
    ]
    people = "".join(f"{town},{row['population'] or 0}\n" for town, row in zip(towns, communes, strict=True))
    wave = WAVE.format(year=2026, rule="communes", population="2023", territory='"FR"')
    _write(folder, wave, f"city,population\n{people}", towns)
    with (folder / "partnerships.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(COLUMNS) + "\n")
        for number, (city, country, since) in enumerate(_agreements(towns, rows), 1):
            file.write(f"{city},{country},1,Partner {number},{since},,\n")


def _write(folder: Path, wave: str, frame: str, towns: list[str]) -> None:
    """Write all of a wave but its agreements; every town has responded."""
    folder.mkdir()
    answers = "".join(f"{town},responded\n" for town in towns)
    files = {
        "wave.toml": wave,
        "frame.csv": frame,
        "respondents.csv": f"city,response\n{answers}",
        "actions.csv": "city,action,answer\n",
        "difficulties.csv": "city,difficulty,answer\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _agreements(towns: list[str], rows: int) -> Iterator[tuple[str, str, str]]:
    """Give the town, the country and the beginning of each agreement."""
    random = Random(SEED)  # noqa: S311 (the same wave each time is what is wanted)
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        labels = {row["code"]: row["label_fr"] for row in csv.DictReader(file)}
    countries = [*PARTNERS, *(labels[code] for code in PARTNERS)]
    days = [date.fromordinal(day).isoformat() for day in range(FIRST.toordinal(), LAST.toordinal() + 1)]
    for _ in range(rows):
        yield random.choice(towns), random.choice(countries), random.choice(days)[: random.choice(LENGTHS)]


if __name__ == "__main__":
    into, number, wanted = sys.argv[1:]
    make = make_france if wanted in FRENCH else make_wave
    make(Path(into), int(number), wanted)
