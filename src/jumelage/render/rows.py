"""The page of the rows behind the cells of a report, to which every number of the publication leads."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from jumelage.content import TOTAL, answers
from jumelage.render.page import key_label
from jumelage.render.words import heading_behind, made_from, words
from jumelage.reporting.behind import MOST
from jumelage.reporting.sheet import SPECIAL, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jumelage.reporting.behind import Behind
    from jumelage.reporting.sheet import Value, WaveFacts
    from jumelage.texts import Label


def anchor(key: str) -> str:
    """Return the id of the part of the page that has the rows of a key; no key of a report gives that of another."""
    return "k-" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f".{ord(found[0]):x}.", key)


def rows_of_cells(found: Behind, folder: str = "") -> dict[str, str]:
    """Return, for each key of a sheet that has rows, where they stand below the folder of a language.

    A total leads to all of them.
    """
    name = found.sheet.name
    places = {}
    for key in found.sheet.cells:
        if key in found.rows:
            places[key] = f"{folder}rows/{name}.html#{anchor(key)}"
        elif TOTAL in key.split("/") and found.rows:
            places[key] = f"{folder}rows/{name}.html"
    return places


def ordered(found: Behind) -> list[str]:
    """Return the keys that have rows, in the order of the sheet."""
    return list(dict.fromkeys([*(key for key in found.sheet.cells if key in found.rows), *found.rows]))


_SORTING = {"position", "sort_key", "reference_date"}  # columns that only put rows in order
_TYPED = {"partner", "text"}  # columns in which people write what they like: no code is meant


def shown_columns(found: Behind, lang: str) -> list[tuple[int, str]]:
    """Return the place and the heading of each column of the rows behind a sheet that is there to be read.

    The key stands above them.
    """
    report = found.sheet.report
    return [
        (place, heading_behind(report, name, lang))
        for place, name in enumerate(found.columns)
        if name not in report.key and name not in _SORTING
    ]


def layout_rows(found: Behind, lang: str) -> dict[str, Any]:
    """Lay out the rows behind a sheet: by key, in its order, each with the command that gives the same."""
    sheet, w = found.sheet, words(lang)
    report = sheet.report
    columns = shown_columns(found, lang)
    shown = [place for place, _ in columns]
    scope = scope_words(sheet.waves, sheet.kind)
    every = [row for rows in found.rows.values() for row in rows]
    numeric = [any(isinstance(row[place], int | Decimal) for row in every) for place in shown]
    texts = [_texts(found, place, lang) for place in shown]
    return {
        "cut": w["rows_cut"].format(MOST) if found.cut else "",
        "headings": [(heading, numbered) for (_, heading), numbered in zip(columns, numeric, strict=True)],
        "groups": [
            {
                "id": anchor(key),
                "title": key_label(sheet, key, lang),
                "rows": [
                    [(text(row[place]), of) for place, text, of in zip(shown, texts, numeric, strict=True)]
                    for row in found.rows[key]
                ],
                "command": f"jumelage explain {report.name} {shlex.quote(key)} {report.figures[0]} {scope}",
            }
            for key in ordered(found)
        ],
    }


@cache
def _labels() -> dict[str, Label]:
    """Return the labels of all answers, of all reasons why there is none, and of what is not stated."""
    return SPECIAL | {
        code: label for name in ("yes_no", "no_date", "responses", "answers") for code, label in answers(name).items()
    }


def scope_words(waves: Iterable[WaveFacts], kind: str | None) -> str:
    """Return the options of a command that give this scope."""
    chosen = ",".join(f"{wave.wave}@{wave.revision}" for wave in waves)
    return f"--wave {chosen}" + (f" --kind {shlex.quote(kind)}" if kind else "")


def _texts(found: Behind, place: int, lang: str) -> Callable[[Value], str]:
    """Return what writes the values of a column, each once: most of them come in many rows."""

    @cache
    def text(value: Value) -> str:
        said = named(found, place, value, lang)
        return number(said, lang) if isinstance(said, int | Decimal) else said

    return text


def named(found: Behind, place: int, value: Value, lang: str) -> int | Decimal | str:
    """Return a value of a row as people read it: a name for its code; a number as it is."""
    if value is None:
        return ""
    if isinstance(value, int | Decimal):
        return value
    if found.columns[place] == "source":
        return made_from(value, lang)
    name = found.columns[place]
    label = found.names.get(name, {}).get(value) or (None if name in _TYPED else _labels().get(value))
    return label.text(lang) if label else value
