"""Made-up surveys of any size, printed in 40 tables and then spoilt at distinct places: a repair of them is known.

The 40 tables are ten reports of the project and thirty that a wave might bring: 24 questions with eight items each, and
six tables that cross zones, countries and size classes. What is printed is counted from the true rows in plain Python,
without the model of `jumelage.repairing`; then cells and rows are made wrong, each of which one edit puts right again.
`python -m tests.large_survey --towns 2000 --errors 20 --seconds 120` says how far the search of the minimum gets.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.repairing.publication import Publication
from jumelage.repairing.search import Asked, minimum
from tests.small_surveys import figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jumelage.report_file import Report
    from jumelage.reporting.entries import Figure

COUNTRIES = [f"{first}{second}" for first in "ABCD" for second in "VWXYZ"]
ZONES = {
    country: zone
    for zone, first in zip(("eu", "europe_non_eu", "sub_saharan_africa", "asia"), "ABCD", strict=True)
    for country in COUNTRIES
    if country[0] == first
}
SIZES = ["20000_29999", "30000_49999", "50000_99999", "100000_and_over"]
QUESTIONS = {f"question_{i:02}": [f"item_{j}" for j in range(8)] for i in range(24)}
ASKED = {
    "actions": ("action", ["interreg", "exchange", "culture", "school", "economy"]),
    "difficulties": ("difficulty", ["money", "language", "staff"]),
    "management": ("arrangement", ["elected_delegate", "twinning_committee", "service"]),
}
_CODES = {"zone": "zones", "country": "countries", "size_class": "size_classes"}
_OWN = {
    "zones_by_size": (("zone", "size_class"), {"agreements": "agreements"}),
    "countries_by_size": (("country", "size_class"), {"agreements": "agreements"}),
    "sizes": (("size_class",), {"contacted": "towns", "responded": "responded", "engaged": "engaged"}),
    "agreements_by_size": (("size_class",), {"agreements": "agreements"}),
    "means_by_size": (("size_class",), {"mean": "agreements / responded"}),
    "engaged_by_size": (("size_class",), {"rate": "engaged / towns %"}),
}
Cell = tuple[str, str, str]


def _own(name: str, key: Iterable[str], counts: dict[str, str], table: str = "") -> Report:
    """Return a report as a wave might bring it."""
    columns = [
        f'{one} = {{ fr = "{one}", en = "{one}"{f", codes = {chr(34)}{_CODES[one]}{chr(34)}" if one in _CODES else ""} }}'
        for one in (*key, *counts)
    ]
    counted = ", ".join(f'{measure} = "{what}"' for measure, what in counts.items())
    header = [
        f'title = {{ fr = "{name}", en = "{name}" }}',
        f"key = [{', '.join(f'{chr(34)}{one}{chr(34)}' for one in key)}]",
        "[table]",
        'kind = "margin"',
        f"counts = {{ {counted} }}",
        *filter(None, [table]),
        "[columns]",
        *columns,
    ]
    return report_file.parse_report(name, "/*\n" + "\n".join(header) + "\n*/\nselect 1\n-- cells\nselect 1\n")


class _Truth:
    """A survey as it was: who responded, which agreements there are, and what was answered."""

    def __init__(self, towns: int, chance: random.Random) -> None:
        self.chance = chance
        self.size = {f"T{i:04}": chance.choices(SIZES, (8, 6, 4, 2))[0] for i in range(towns)}
        said = ("responded", "refused", "not_published")
        self.towns = {town: chance.choices(said, (7, 1, 1))[0] for town in self.size}
        self.rows: Counter[tuple[str, str]] = Counter()
        weights = [1 / (1 + i) for i in range(len(COUNTRIES))]
        for town, response in self.towns.items():
            # Few have many: a fifth has none, and the most that any has is ten.
            number = (
                0 if response == "refused" else chance.choices(range(11), (20, 18, 15, 12, 10, 8, 6, 4, 3, 2, 2))[0]
            )
            self.rows.update((town, country) for country in chance.choices(COUNTRIES, weights, k=number))
        self.number = Counter[str]()
        for (town, _), n in self.rows.items():
            self.number[town] += n
        silent = [town for town, said in self.towns.items() if said == "not_published" and not self.number[town]]
        self.quiet = set(silent[::2])  # of those of which it is not told, these responded
        asked = {question: items for question, (_, items) in ASKED.items()} | QUESTIONS
        self.answers = {
            (question, item): {
                town: "not_asked" if not self.number[town] else chance.choices(("yes", "no"), (i + 2, 6))[0]
                for town in self.size
            }
            for question, items in asked.items()
            for i, item in enumerate(items)
        }

    def agreements(self, chosen: Callable[[str, str], bool]) -> int:
        return sum(n for (town, country), n in self.rows.items() if chosen(town, country))

    def responded(self, size: str | None = None) -> list[str]:
        """Return those that are told to have responded or, since they have agreements, must have."""
        return [
            town
            for town, said in self.towns.items()
            if size in (None, self.size[town]) and (said == "responded" or self.number[town] or town in self.quiet)
        ]

    def engaged(self, size: str | None = None) -> int:
        return sum(n > 0 and size in (None, self.size[town]) for town, n in self.number.items())

    def cells(self) -> dict[Cell, Decimal]:
        """Return what the forty tables print."""
        found: dict[Cell, int | Decimal] = {}
        total = self.agreements(lambda *_: True)
        by_zone = Counter[str]()
        for country in COUNTRIES:
            here = self.agreements(lambda _, one, country=country: one == country)  # type: ignore[misc]
            by_zone[ZONES[country]] += here
            found["countries", f"{ZONES[country]}/{country}", "agreements"] = here
        found |= {("zones", zone, "agreements"): n for zone, n in (by_zone | {"total": total}).items()}
        everybody = len(self.responded())
        numbers = Counter(self.number[town] for town in self.responded())
        found |= {("distribution", str(k), "cities"): n for k, n in numbers.items() if n}
        found["distribution", "total", "cities"] = everybody
        counted: dict[str, int | Decimal] = {
            "contacted": len(self.towns),
            "responded": everybody,
            "engaged": self.engaged(),
            "agreements": total,
            "mean_agreements": _quotient(total, everybody),
        }
        found |= {("participation", what, "value"): n for what, n in counted.items()}
        found |= {("agreements_by_country", f"{c}/{town}", "agreements"): n for (town, c), n in self.rows.items()}
        for (question, item), answers in self.answers.items():
            base = sum(said != "not_asked" for said in answers.values())
            found[question, item, "cities"] = sum(said == "yes" for said in answers.values())
            found[question, item, "base"] = base
        found |= self._by_size()
        older = self.engaged() // 3
        found |= {
            ("seniority", "more_than_10_years", "cities"): older,
            ("seniority", "up_to_10_years", "cities"): self.engaged() - older - 5,
            ("seniority", "no_data", "cities"): 5,
        }
        return {cell: Decimal(n) for cell, n in found.items()}

    def _by_size(self) -> dict[Cell, int | Decimal]:
        found: dict[Cell, int | Decimal] = {}
        for size in SIZES:
            towns = [town for town, own in self.size.items() if own == size]
            here = set(towns)
            cell = dict.fromkeys(COUNTRIES, 0)
            for (town, country), n in self.rows.items():
                cell[country] += n if town in here else 0
            responded, total = len(self.responded(size)), sum(cell.values())
            found["response", f"made/{size}", "contacted"] = len(towns)
            found["response", f"made/{size}", "agreements"] = total
            found["response", f"made/{size}", "responded"] = responded
            found |= {("countries_by_size", f"{country}/{size}", "agreements"): n for country, n in cell.items()}
            for zone in dict.fromkeys(ZONES.values()):
                within = sum(n for country, n in cell.items() if ZONES[country] == zone)
                found["zones_by_size", f"{zone}/{size}", "agreements"] = within
            found["sizes", size, "contacted"] = len(towns)
            found["sizes", size, "engaged"] = self.engaged(size)
            found["agreements_by_size", size, "agreements"] = total
            found["engaged_by_size", size, "rate"] = _quotient(100 * self.engaged(size), len(towns))
            found["means_by_size", size, "mean"] = _quotient(total, responded)
        return found


def _quotient(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def made(towns: int = 2000, errors: int = 20, seed: int = 1) -> Publication:
    """Return a survey of which so many edits, or fewer, are a repair: three of ten are wrong rows, the others cells."""
    chance = random.Random(seed)  # noqa: S311
    truth = _Truth(towns, chance)
    cells = truth.cells()
    rows = Counter(truth.rows)
    wrong_rows = 3 * errors // 10
    for i, (town, country) in enumerate(chance.sample(sorted(rows), wrong_rows)):
        rows[town, country] += 1 if i % 2 else -1
        cells["agreements_by_country", f"{country}/{town}", "agreements"] = Decimal(rows[town, country])
    tables = sorted({report for report, _, _ in cells} - {"agreements_by_country"})
    for table in chance.sample(tables, min(len(tables), errors - wrong_rows)):
        place = chance.choice(sorted(cell for cell in cells if cell[0] == table))
        by = chance.choice([-3, -2, -1, 1, 2, 3])
        cells[place] = cells[place] + by if cells[place] + by >= 0 else cells[place] + 1
    return _publication(truth, rows, cells)


def _publication(truth: _Truth, rows: Counter[tuple[str, str]], cells: dict[Cell, Decimal]) -> Publication:
    figures: list[Figure] = [
        figure(*cell, str(value), max(0, -int(value.as_tuple().exponent)))
        for cell, value in cells.items()
        if value or cell[0] != "agreements_by_country"
    ]
    own = {name: _own(name, key, counts) for name, (key, counts) in _OWN.items()}
    own |= {
        question: _own(
            question, ["item"], {"cities": "answers", "base": "asked"}, f'question = "{question}"\nitems = "item"'
        )
        for question in QUESTIONS
    }
    named = dict.fromkeys(one.report for one in figures)
    return Publication(
        truth.towns,
        Counter({place: n for place, n in rows.items() if n}),
        truth.answers,
        ZONES,
        tuple(figures),
        {name: own[name] if name in own else report_file.report(name) for name in named},
        frozenset({"distribution", "countries"}),
        classes=truth.size,
    )


def main() -> None:
    """Search the minimum of a survey within a time, and print as JSON how far that got."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("towns", 2000), ("errors", 20), ("seed", 1), ("seconds", 120)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    publication = made(given.towns, given.errors, given.seed)
    start = time.monotonic()
    found = minimum(publication, Asked(), start + given.seconds)
    told = {
        "tables": len(publication.reports),
        "figures": len(publication.figures),
        "lower_bound": found.low,
        "best": found.best,
        "minimum": found.minimum,
        "seconds": round(time.monotonic() - start, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
