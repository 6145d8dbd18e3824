"""Small surveys with known errors, whose repairs can be counted by trying everything."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import product

from jumelage import report_file
from jumelage.repairing.model import System
from jumelage.repairing.publication import Publication
from jumelage.reporting.entries import Figure

ZONES = {"DE": "eu", "PL": "eu", "ML": "sub_saharan_africa"}


def figure(report: str, key: str, measure: str, value: int | str, decimals: int = 0) -> Figure:
    text = str(value)
    return Figure(report, key, measure, "", 0, text, Decimal(text), decimals, None, None, None)


def survey(
    rows: dict[tuple[str, str], int], figures: list[Figure], towns: dict[str, str], **more: object
) -> Publication:
    reports = {name: report_file.report(name) for name in dict.fromkeys(one.report for one in figures)}
    given: dict[str, object] = {
        "answers": {},
        "zones": ZONES,
        "tables": frozenset({"distribution", "countries"}),
    } | more
    return Publication(towns, rows, figures=tuple(figures), reports=reports, **given)  # type: ignore[arg-type]


def printed_of(rows: dict[tuple[str, str], int], towns: dict[str, str]) -> list[Figure]:
    """Print the tables of a survey as its rows are."""
    countries = sorted({country for _, country in rows})
    by_country = {c: sum(n for (_, country), n in rows.items() if country == c) for c in countries}
    by_town = {t: sum(n for (town, _), n in rows.items() if town == t) for t in towns}
    responded = [t for t in towns if towns[t] == "responded"]
    found = [figure("countries", f"{ZONES[c]}/{c}", "agreements", n) for c, n in by_country.items() if n]
    found.append(figure("zones", "total", "agreements", sum(by_country.values())))
    found += [
        figure("zones", zone, "agreements", sum(n for c, n in by_country.items() if ZONES[c] == zone))
        for zone in sorted({ZONES[c] for c in countries})
    ]
    numbers = [by_town[t] for t in responded]
    found += [figure("distribution", str(k), "cities", numbers.count(k)) for k in sorted(set(numbers))]
    found.append(figure("distribution", "total", "cities", len(responded)))
    found.append(figure("participation", "engaged", "value", sum(n > 0 for n in by_town.values())))
    return found


def spoilt(seed: int) -> Publication:
    """Return a survey of three towns and two or three countries with up to two printed figures and one row wrong."""
    chance = random.Random(seed)  # noqa: S311
    towns = {"A": "responded", "B": "responded", "C": chance.choice(["responded", "not_published"])}
    countries = ["DE", "ML"]
    rows = {(town, country): chance.randint(0, 2) for town in "AB" for country in countries}
    rows |= {("C", country): 0 for country in countries}
    figures = printed_of(rows, towns)
    for _ in range(chance.randint(0, 2)):
        i = chance.randrange(len(figures))
        one = figures[i]
        value = max(0, int(one.value or 0) + chance.choice([-1, 1]))
        figures[i] = figure(one.report, one.key, one.measure, value)
    if chance.random() < 0.7:
        place = chance.choice(sorted(rows))
        rows[place] = max(0, rows[place] + chance.choice([-1, 1]))
    return survey({place: n for place, n in rows.items() if n}, figures, towns)


def by_trying(system: System) -> tuple[int | None, set[object]]:
    """Return the least cost and the names of all repairs of it, by trying every world within the bounds."""
    best: int | None = None
    found: set[object] = set()
    for chosen in product(*(range(one.low, one.high + 1) for one in system.unknowns)):
        values = system.values(chosen)
        if not system.possible(values):
            continue
        cost = system.cost(values)
        if best is None or cost < best:
            best, found = cost, set()
        if cost == best:
            found.add(system.repair(values).name)
    return best, found
