"""A sheet for each authority and each partner country, and the list from A to Z that leads to them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jumelage.content import answers
from jumelage.render.lines import span
from jumelage.render.page import period
from jumelage.render.words import PLACES, made_from, words
from jumelage.reporting.sheet import number
from jumelage.texts import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jumelage.render.site import Site
    from jumelage.reporting.places import Agreement, Authority, Places

_MOST = 5000  # agreements of one sheet
_FEW = 60  # names that need no letters above them
_HOW = 3  # where a row says how it is known
_Entry = tuple[str, str, str]  # of the list: page, name, and what is told of it
_Link = tuple[str, str]  # a text, and the page that it leads to, if any


def place_pages(site: Site, places: Places) -> Iterator[tuple[str, str]]:
    """Yield the pages of all authorities and countries of a wave, and the list of them."""
    by_city = _by(places.agreements, "city")
    by_country = _by(places.agreements, "country")
    names = {one.code: one.name for one in places.authorities}
    countries = {code: label.text(site.lang) for code, label, _ in places.countries}
    for one in places.authorities:
        found = by_city.get(one.code, [])
        said = _authority(places, one, found, countries, site.lang)
        yield site.write("place", f"{site.lang}/{_authority_page(one.code)}", place=said)
    for code, _, zone in places.countries:
        found = by_country[code]
        said = _country(places, (code, countries[code], zone), found, names, site.lang)
        yield site.write("place", f"{site.lang}/{_country_page(code)}", place=said)
    counts = {code: _count(len(by_country[code]), site.lang) for code in countries}
    listed = {
        "countries": [(_country_page(code), name, counts[code]) for code, name in countries.items()],
        "authorities": [(_authority_page(one.code), one.name, _counted(one, site.lang)) for one in places.authorities],
    }
    lists = [(_say(name, site.lang), _lettered(found)) for name, found in listed.items()]
    yield site.write("az", f"{site.lang}/az.html", lists=lists)


def _lettered(entries: Iterable[_Entry]) -> list[tuple[str, list[_Entry]]]:
    """Sort names, and put many of them under their first letters."""
    found = sorted(entries, key=lambda entry: (folded(entry[1]), entry))
    if len(found) <= _FEW:
        return [("", found)]
    return [(letter, list(group)) for letter, group in groupby(found, _letter)]


def _by(agreements: Iterable[Agreement], what: str) -> Mapping[str, list[Agreement]]:
    found: dict[str, list[Agreement]] = {}
    for one in agreements:
        found.setdefault(getattr(one, what), []).append(one)
    return found


def _letter(entry: _Entry) -> str:
    first = folded(entry[1])[:1].upper()
    return first if first.isalpha() else "#"


def _file(code: str) -> str:
    """Return a name that is fit for a file and a link, and that no other code has."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", code)


def _authority_page(code: str) -> str:
    return f"authorities/{_file(code)}.html"


def _country_page(code: str) -> str:
    return f"countries/{_file(code)}.html"


def _say(name: str, lang: str) -> str:
    return PLACES[name].text(lang)


def _count(count: int, lang: str) -> str:
    """Write a number of agreements."""
    return _say("none" if count == 0 else "one" if count == 1 else "several", lang).format(number(count, lang))


def _counted(one: Authority, lang: str) -> str:
    """Write how many agreements an authority has; of one of which nobody knows whether it has any, that."""
    if one.engaged not in {"yes", "no"} and not one.agreements:
        return _say("unknown", lang)
    if one.agreements == one.agreements_high:
        return _count(one.agreements, lang)
    return _say("several", lang).format(span(one.agreements, one.agreements_high, lang))


def _authority(
    places: Places, one: Authority, found: Sequence[Agreement], countries: Mapping[str, str], lang: str
) -> dict[str, Any]:
    w = words(lang)
    facts = [(_say("code", lang), one.code)]
    if one.population is not None:
        facts.append((_say("population", lang), number(one.population, lang)))
    facts.append((_say("response", lang), _label("responses", one.response, lang)))
    facts.append((_say("engaged", lang), _label("answers", one.engaged or "dont_know", lang)))
    for what, labels in places.answered.get(one.code, {}).items():
        facts.append((_say(what, lang), ", ".join(label.text(lang) for label in labels)))
    rows = [
        [
            (countries.get(a.country or "", w["not_stated"]), _country_page(a.country) if a.country else ""),
            *_told(a, lang),
        ]
        for a in found[:_MOST]
    ]
    return _sheet(one.name, _counted(one, lang), facts, "country", rows, len(found), lang)


def _country(
    places: Places,
    country: tuple[str, str, str | None],
    found: Sequence[Agreement],
    names: Mapping[str, str],
    lang: str,
) -> dict[str, Any]:
    code, name, zone = country
    w = words(lang)
    facts = [(_say("code", lang), code)]
    if zone:
        facts.append((_say("zone", lang), places.zones[zone].text(lang)))
    inferred = sum(one.inferred for one in found)
    if inferred:
        facts.append((_say("inferred", lang), number(inferred, lang)))
    rows = [
        [
            (names.get(a.city or "", w["not_stated"]), _authority_page(a.city or "") if a.city in names else ""),
            *_told(a, lang),
        ]
        for a in found[:_MOST]
    ]
    return _sheet(name, _count(len(found), lang), facts, "authority", rows, len(found), lang)


def _sheet(
    title: str, finding: str, facts: list[tuple[str, str]], first: str, rows: list[list[_Link]], every: int, lang: str
) -> dict[str, Any]:
    """Lay out a sheet; columns that nothing stands in are left out."""
    headings = [_say(name, lang) for name in (first, "partner", "since", "how", "source")]
    shown = [place for place in range(len(headings)) if place == 0 or any(row[place][0] for row in rows)]
    table = {
        "title": _say("agreements", lang),
        "headings": [headings[place] for place in shown],
        "rows": [[row[place] for place in shown] for row in rows],
    }
    notes = [_say("cut", lang).format(number(_MOST, lang), number(every, lang))] if every > len(rows) else []
    if any(row[_HOW][0] for row in rows):
        notes.append(_say("inferred_from", lang))
    return {"title": title, "finding": finding, "facts": facts, "tables": [table] if rows else [], "notes": notes}


def _told(one: Agreement, lang: str) -> list[_Link]:
    """Return what is told of an agreement: partner, since when, whether it is inferred, and what it was made from."""
    since = (
        period(one.since_from, one.since_to, lang)
        if one.since_from and one.since_to
        else _label("no_date", one.since_missing or "not_asked", lang)
    )
    return [
        (one.partner or "", ""),
        (since, ""),
        (_say("inferred", lang) if one.inferred else "", ""),
        (made_from(one.source, lang), ""),
    ]


def _label(codes: str, code: str, lang: str) -> str:
    label = answers(codes).get(code)
    return label.text(lang) if label else code
