"""The publication on paper: the sections, cells and ledger of the page, set by Typst with the fonts that it brings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jumelage.render.page import Section

_TEMPLATE = Path(__file__).with_name("report.typ")
_MOST_ROWS = 2000  # of a table that is printed
_MORE = Label(
    "{} lignes sur {} sont imprimées\u00a0; toutes\u00a0: data/{}.csv",
    "{} of {} rows are printed; all of them: data/{}.csv",
)
_LONGEST = 4000  # characters of a text in a cell
_CUT = Label(
    "Les textes qui finissent par «\u00a0[…]\u00a0» sont entiers dans data/{}.csv",
    "Texts that end in “[…]” are whole in data/{}.csv",
)


def layout_pdf(page: Mapping[str, Any]) -> str:
    """Return what `page_of` laid out as the template reads it, for `typeset`; ImportError where Typst is missing.

    Texts reach Typst as data, so that nothing in them is markup.
    """
    import typst  # noqa: F401  # known before anything is set

    return json.dumps(_said(page), ensure_ascii=False)


def typeset(said: str) -> bytes:
    """Return a tagged PDF, the same bytes each time."""
    import typst

    return bytes(
        typst.compile(
            _TEMPLATE.read_bytes(),
            sys_inputs={"said": said},
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    )


def _said(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template reads, as plain values."""
    lang, w = page["lang"], page["w"]
    return {
        "lang": lang,
        "title": page["title"],
        "w": dict(w),
        "lead": " ".join(w[name] for name in ("query_elsewhere", *(("lead", "ranges") if page["ledger"] else ()))),
        "remarks": page["remarks"],
        "findings": [text for _, text, _ in page["findings"]],
        "facts": [(name, text) for name, text, _ in page["facts"]],
        "marks": page["marks"],
        "statuses": [
            {"mark": mark, "name": name, "meaning": meaning, "number": number}
            for _, mark, name, meaning, number in page["statuses"]
        ],
        "total": page["total"],
        "parts": [
            {
                "title": chapter.title,
                "text": chapter.text,
                "sections": [
                    _section(section, lang, page["links"].get(section.id, {})) | _chart(page, section)
                    for section in chapter.sections
                ],
            }
            for chapter in page["parts"]
        ],
        "together": page["together"],
        "ledger": [
            {"title": title, "lines": [line | {"name": page["names"][line["status"]]} for line in lines]}
            for title, _, lines in page["ledger"] or ()
        ],
    }


def _chart(page: Mapping[str, Any], section: Section) -> dict[str, Any]:
    chart = page["charts"].get(section.id)
    return {"chart": {"svg": chart.svg, "alt": chart.alt} if chart else None}


def _section(section: Section, lang: str, links: Mapping[str, str]) -> dict[str, Any]:
    """Return a section with as many rows, and as much of their texts, as are printed; a note says where the rest is."""
    rows: Sequence[tuple[bool, tuple[Any, ...]]] = section.rows[:_MOST_ROWS]
    more = _MORE.text(lang).format(_MOST_ROWS, len(section.rows), section.id)
    notes = [more] if len(section.rows) > _MOST_ROWS else []
    if any(len(cell.text) > _LONGEST for _, cells in rows for cell in cells):
        notes.append(_CUT.text(lang).format(section.id))
    return {
        "title": section.title,
        "source": section.source,
        "finding": section.finding or "",
        "headings": [{"text": text, "numeric": numeric} for text, numeric in section.headings],
        "rows": [
            {"total": total, "cells": [_cut(asdict(cell) | {"link": links.get(cell.key, "")}) for cell in cells]}
            for total, cells in rows
        ],
        "notes": [*section.notes, *notes],
        "explanations": [{"keys": keys, "text": text} for keys, text in section.explanations],
    }


def _cut(cell: dict[str, Any]) -> dict[str, Any]:
    if len(cell["text"]) > _LONGEST:
        cell["text"] = f"{cell['text'][:_LONGEST].rpartition(', ')[0]}, […]"
    return cell
