"""The page of the rows behind the cells of a report, to which every number of the publication leads."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jumelage.content import TOTAL
from jumelage.render.page import key_label
from jumelage.render.words import BEHIND, heading, made_from, words
from jumelage.reporting.behind import MOST
from jumelage.reporting.sheet import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jumelage.reporting.behind import Behind
    from jumelage.reporting.sheet import Value, WaveFacts


def anchor(key: str) -> str:
    """Return the id of the part of the page that has the rows of a key; no key of a report gives that of another."""
    return "k-" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f".{ord(found[0]):x}.", key)


def rows_of_cells(found: Behind) -> dict[str, str]:
    """Return, for each key of a sheet that has rows, where they stand beside the parts of the document.

    A total leads to all of them.
    """
    name = found.sheet.name
    places = {}
    for key in found.sheet.cells():
        if key in found.rows:
            places[key] = f"rows/{name}.html#{anchor(key)}"
        elif TOTAL in key.split("/") and found.rows:
            places[key] = f"rows/{name}.html"
    return places


def layout_rows(found: Behind, lang: str) -> dict[str, Any]:
    """Lay out the rows behind a sheet: by key, in its order, each with the command that gives the same."""
    sheet, w = found.sheet, words(lang)
    report = sheet.report
    shown = [place for place, name in enumerate(found.columns) if name not in report.key]
    known = {column.name: column.label.text(lang) for column in report.columns}
    order = dict.fromkeys([*(key for key in sheet.cells() if key in found.rows), *found.rows])
    scope = scope_words(sheet.waves, sheet.kind)
    every = [row for rows in found.rows.values() for row in rows]
    numeric = [any(isinstance(row[place], int | Decimal) for row in every) for place in shown]
    return {
        "cut": w["rows_cut"].format(MOST) if found.cut else "",
        "headings": [
            (known.get(found.columns[place]) or _heading(found.columns[place], lang), numbered)
            for place, numbered in zip(shown, numeric, strict=True)
        ],
        "groups": [
            {
                "id": anchor(key),
                "title": key_label(sheet, key, lang),
                "rows": [
                    [(_text(found, place, row[place], lang), of) for place, of in zip(shown, numeric, strict=True)]
                    for row in found.rows[key]
                ],
                "command": f"jumelage explain {report.name} {shlex.quote(key)} {report.figures[0]} {scope}",
            }
            for key in order
        ],
    }


def scope_words(waves: Iterable[WaveFacts], kind: str | None) -> str:
    """Return the options of a command that give this scope."""
    chosen = ",".join(f"{wave.wave}@{wave.revision}" for wave in waves)
    return f"--wave {chosen}" + (f" --kind {shlex.quote(kind)}" if kind else "")


def _heading(name: str, lang: str) -> str:
    return BEHIND[name].text(lang) if name in BEHIND else heading(name, lang)


def _text(found: Behind, place: int, value: Value, lang: str) -> Any:  # noqa: ANN401
    if value is None:
        return ""
    if isinstance(value, int | Decimal):
        return number(value, lang)
    if found.columns[place] == "source":
        return made_from(value, lang)
    label = found.names.get(found.columns[place], {}).get(value)
    return label.text(lang) if label else value
