"""What a search found as it is told, kept and read again: plain values with the names that people read.

A stored one needs no solver and no database to be shown; it is of the content of a wave, whose hash it holds.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.repairing.conflicts import COUNTRY, FIGURE, TOWN
from jumelage.repairing.model import AGREEMENTS
from jumelage.texts import LANGUAGES, Label, both

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jumelage.repairing.conflicts import Part
    from jumelage.repairing.model import Repair, System
    from jumelage.repairing.names import Names
    from jumelage.repairing.publication import Publication
    from jumelage.repairing.search import Asked, Search

FORMAT = 1
ADD, REMOVE, CHANGE = "add", "remove", "change"
ROWS = "partnerships"
Story = dict[str, Any]


def story_of(found: Search, given: Publication, asked: Asked, names: Names, wave: dict[str, Any]) -> Story:
    """Return what a search found, as plain values; `wave` gives wave, revision and content_hash."""
    system = found.system
    repairs = [_repair(system, one) for size in found.sizes for one in size.repairs]
    least = [one for one in repairs if one["cost"] == found.minimum]
    reports = dict.fromkeys(one.cell[0] for one in system.printed)
    touched = {edit["report"] for one in least for edit in one["edits"] if "report" in edit}
    moved = {code for one in least for code in _towns_of(one)}
    return {
        "format": FORMAT,
        **wave,
        "minimum": found.minimum,
        "lower_bound": found.low,
        "best": found.best,
        "solutions": sum(one["count"] for one in least),
        "complete": bool(found.sizes) and found.sizes[0].complete,
        "finished": found.finished,
        "sizes": [
            {"cost": one.cost, "solutions": sum(repair.count for repair in one.repairs), "complete": one.complete}
            for one in found.sizes
        ],
        "fixed": ["/".join(filter(None, one)) for one in asked.fixed],
        "weights": [list(one) for one in asked.weights],
        "repairs": repairs,
        "groups": _groups(repairs),
        "common": _common(least),
        "untouched": {"reports": [one for one in reports if one not in touched] if least else []},
        "touched": {"reports": sorted(touched), "towns": sorted(moved)},
        "conflicts": [[_part(part, names) for part in one.parts] for one in found.conflicts.sets],
        "against_the_whole_list": [_part(part, names) for part in found.conflicts.large],
        "unexpressed": [
            {"report": report, "measure": measure, "why": why} for report, measure, why in system.unexpressed
        ],
        "left_out": [{"city": city, "country": country, "agreements": n} for city, country, n in given.inferred],
        "names": _names(repairs, given, names),
    }


def _repair(system: System, one: Repair) -> dict[str, Any]:
    edits = [_edit(system, place, by) for place, by in one.moved]
    for place, made in sorted(one.wrong.items()):
        figure = system.printed[place]
        report, key, measure = figure.cell
        before: int | str = figure.least if figure.least is not None and figure.least == figure.most else figure.text
        after = None if made is None else made[0] if made[0] == made[1] else f"{made[0]}–{made[1]}"
        edit = {"action": CHANGE, "report": report, "key": key, "measure": measure, "from": before, "to": after}
        edits.append(edit)
    towns, countries = Counter[str](), Counter[str]()
    for place, by in one.moved:
        kind, *name = system.unknowns[place].name
        if kind == AGREEMENTS:
            towns[name[0]] += by
            countries[name[1]] += by
    return {
        "cost": one.cost,
        "count": one.count,
        "edits": edits,
        "net": {code: by for code, by in sorted(towns.items()) if by},
        "net_countries": {code: by for code, by in sorted(countries.items()) if by},
    }


def _edit(system: System, place: int, by: int) -> dict[str, Any]:
    unknown = system.unknowns[place]
    kind, first, second = unknown.name
    start = unknown.start or 0
    if kind == AGREEMENTS:
        named = {"table": ROWS, "key": f"{second}/{first}"}
        return {"action": ADD if by > 0 else REMOVE, **named, "from": start, "to": start + by}
    told = ("no", "yes") if by > 0 else ("yes", "no")
    return {"action": CHANGE, "table": first, "key": second, "from": told[0], "to": told[1], "towns": abs(by)}


def _towns_of(repair: dict[str, Any]) -> set[str]:
    return {edit["key"].split("/")[1] for edit in repair["edits"] if edit.get("table") == ROWS}


def _groups(repairs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put repairs together that have the same net effect per town, and call the same figures wrong."""
    found: dict[str, dict[str, Any]] = {}
    for place, one in enumerate(repairs, 1):
        others = [edit for edit in one["edits"] if edit.get("table") != ROWS]
        key = json.dumps([one["cost"], one["net"], [{**edit, "to": None} for edit in others]])
        group = found.setdefault(
            key, {"cost": one["cost"], "count": 0, "net": one["net"], "others": others, "repairs": []}
        )
        group["count"] += one["count"]
        group["repairs"].append(place)
    return list(found.values())


def _common(repairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what all repairs have in common: edits, and by how much each town and country moves in every one."""
    if not repairs:
        return {"edits": [], "towns": {}, "countries": {}}
    first, *others = repairs
    edits = [edit for edit in first["edits"] if all(edit in one["edits"] for one in others)]
    nets = {
        name: {code: by for code, by in first[own].items() if all(one[own].get(code) == by for one in others)}
        for name, own in (("towns", "net"), ("countries", "net_countries"))
    }
    return {"edits": edits, **nets}


def _part(part: Part, names: Names) -> dict[str, Any]:
    if part.what == FIGURE:
        report, key, measure = part.name
        label = names.cell(report, key, measure)
        said = {"report": report, "key": key, "measure": measure}
    else:
        label = names.town(part.name[0]) if part.what == TOWN else names.country(part.name[0])
        if part.what not in {TOWN, COUNTRY}:
            label = names.cell(*_item(part.name[0], names))
        said = {"code": part.name[0]}
    return {"what": part.what, **said, "printed": part.printed, "fr": label.fr, "en": label.en}


def _item(name: str, names: Names) -> tuple[str, str, str]:
    question, item = name.split("/", 1)
    report = next((one for one in names.reports.values() if one.table and one.table.question == question), None)
    return (report.name, item, report.figures[0]) if report else (question, item, "")


def _names(repairs: Iterable[dict[str, Any]], given: Publication, names: Names) -> dict[str, Any]:
    towns: set[str] = {city for city, _, _ in given.inferred}
    countries: set[str] = {country for _, country, _ in given.inferred}
    cells: dict[str, Label] = {}
    for one in repairs:
        for edit in one["edits"]:
            if edit.get("table") == ROWS:
                country, town = edit["key"].split("/")
                towns.add(town)
                countries.add(country)
            elif "report" in edit:
                cell = (edit["report"], edit["key"], edit["measure"])
                cells["|".join(cell)] = names.cell(*cell)
            else:
                cells[f"{edit['table']}|{edit['key']}"] = names.cell(*_item(f"{edit['table']}/{edit['key']}", names))
    titles = {name: report.title for name, report in given.reports.items()}
    return {
        "towns": {code: names.town(code).fr for code in sorted(towns)},
        "countries": _both({code: names.country(code) for code in sorted(countries)}),
        "cells": _both(cells),
        "reports": _both(titles),
    }


def _both(labels: dict[str, Label]) -> dict[str, dict[str, str]]:
    return {name: {lang: text.text(lang) for lang in LANGUAGES} for name, text in labels.items()}


def written(story: Story) -> str:
    """Return the text of a story as it is kept."""
    return json.dumps(story, ensure_ascii=False, indent=1) + "\n"


def read_story(text: str, name: str) -> Story:
    """Return a story that was kept; UsageError names the file if it is none, or of another version."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT or "repairs" not in found:
        raise UsageError(
            both(
                "{} n’est pas un résultat de `jumelage repair -o`\u00a0; refaites-le",
                "{} is no result of `jumelage repair -o`; make it again",
                name,
            )
        )
    return found
