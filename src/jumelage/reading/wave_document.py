"""The document that a wave brings: the sections of its publication, in wave.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.document import PAGES, Part, is_page
from jumelage.reading.wave_fields import Reader
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "publication"


def read_parts(top: Reader) -> tuple[Part, ...]:
    """Take the sections; what is wrong with them is noted."""
    return tuple(_parts(top))


def _parts(top: Reader) -> Iterator[Part]:
    names: set[str] = set()
    reports: set[str] = set()
    for entry in top.take(KEY, list, []):
        if not isinstance(entry, dict):
            top.wrong(
                KEY, entry, "key_type", kind=Label("des tables\u00a0: [[publication]]", "tables: [[publication]]")
            )
            continue
        reader = Reader(entry, f"{KEY}.", top.origin, top.findings)
        part = Part(reader.take("name", str), reader.label("title"), reader.label("text"), reader.texts("reports"))
        if part.name is not None and (part.name in names or not is_page(part.name)):
            reader.wrong("name", part.name, "section_name", reserved=", ".join(PAGES))
        for report in part.reports:
            if reader.report("reports", report) and report in reports:
                reader.wrong("reports", report, "report_shown_twice")
            reports.add(report)
        names.add(part.name)
        reader.end("name", "title", "text", "reports")
        yield part
