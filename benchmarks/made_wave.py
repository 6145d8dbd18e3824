"""Make a wave of many agreements: the same one each time, in each of the forms in which people save it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parent.parent
FRAME = PROJECT / "waves" / "2006" / "frame.csv"
COUNTRIES = PROJECT / "schema" / "codes" / "countries.csv"

SEED = 2006
# Ten states that are older than the first agreement.
PARTNERS = ("BE", "CH", "DE", "ES", "GB", "HU", "IT", "NL", "PL", "SE")
FIRST, LAST = date(1958, 1, 1), date(2005, 12, 31)
# A blank, a year, a month or a day: as many characters of a date.
LENGTHS = (0, 4, 7, 10)
COLUMNS = ("city", "country", "agreements", "partner", "since", "inferred", "source")
MISSPELT = "Lile"

WAVE = """\
wave = "made"
title.fr = "Enquête inventée"
title.en = "Made-up survey"
reference_date = 2006-03-31
synthetic = true
frame_rule.fr = "Les villes de 2006"
frame_rule.en = "The towns of 2006"
population = "RP1999"
source = "benchmarks"
[fieldwork]
from = 2006-02-01
to = 2006-03-31
mode = "post"
[complete]
agreements = true
[defaults]
response = "not_reached"
elected_delegate = "no"
twinning_committee = "no"
service = "no"
since = "dont_know"
actions = { "*" = "no" }
difficulties = { "*" = "no" }
[sources]
"""


def make_wave(folder: Path, rows: int, form: str) -> Path:
    """Write a wave of so many agreements into a folder; its form is one of clean, quoted, windows and misspelt."""
    folder.mkdir()
    frame = FRAME.read_text(encoding="utf-8")
    towns = [row["city"] for row in csv.DictReader(frame.splitlines())]
    answers = "".join(f"{town},responded\n" for town in towns)
    files = {
        "wave.toml": WAVE,
        "frame.csv": frame,
        "respondents.csv": f"city,response\n{answers}",
        "actions.csv": "city,action,answer\n",
        "difficulties.csv": "city,difficulty,answer\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    encoding, newline, comma = ("cp1252", "\r\n", ";") if form == "windows" else ("utf-8", "\n", ",")
    quote = '"' if form == "quoted" else ""
    fields = comma.join(("{city}", "{country}", "1", f"{quote}Partner {{number}}{quote}", "{since}", "", "\n"))
    with (folder / "partnerships.csv").open("w", encoding=encoding, newline=newline) as file:
        file.write(comma.join(COLUMNS) + "\n")
        for number, (city, country, since) in enumerate(_agreements(towns, rows), 1):
            town = MISSPELT if form == "misspelt" and number == rows else city
            file.write(fields.format(city=town, country=country, number=number, since=since))
    return folder


def _agreements(towns: list[str], rows: int) -> Iterator[tuple[str, str, str]]:
    """Give the town, the country and the beginning of each agreement."""
    random = Random(SEED)  # noqa: S311 (the same wave each time is what is wanted)
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        labels = {row["code"]: row["label_fr"] for row in csv.DictReader(file)}
    countries = [*PARTNERS, *(labels[code] for code in PARTNERS)]
    days = [date.fromordinal(day).isoformat() for day in range(FIRST.toordinal(), LAST.toordinal() + 1)]
    for _ in range(rows):
        yield random.choice(towns), random.choice(countries), random.choice(days)[: random.choice(LENGTHS)]
