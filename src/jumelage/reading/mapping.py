"""map.toml: what the columns of an export of a survey tool stand for, as a data manager writes it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jumelage.reading.wave_fields import Origin, Reader
from jumelage.texts import composed, find_control

if TYPE_CHECKING:
    from pathlib import Path

    from jumelage.findings import Findings

MAP = "map.toml"
EXPORT = "export"
EVERY = "*"  # in a heading: any text; as a key of values: every closed question
_KEYS = ("file", "sheet", "columns", "ignore", "constants", "values", "separators", "only")


@dataclass(frozen=True, slots=True)
class ExportMap:
    """A map.toml with its keys in their types; `said` is the whole as it was read, `origin` what findings call it.

    `columns` gives for a heading what it stands for, `values` for that what is written and what it means, `only` for a
    heading the values of the rows that are read.
    """

    file: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    separators: dict[str, str] = field(default_factory=dict)
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)


def read_map(path: Path, findings: Findings) -> ExportMap | None:
    """Read a map; None, with findings, if nothing of it can be understood."""
    origin = Origin(path.name)
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        findings.append(origin.finding("file_unreadable", None, None, why=error.strerror))
    except UnicodeDecodeError as error:
        place = {"byte": f"{error.object[error.start]:#04x}", "line": error.object.count(b"\n", 0, error.start) + 1}
        findings.append(origin.finding("wave_not_utf8", None, None, **place))
    except (ValueError, RecursionError) as error:
        findings.append(origin.finding("not_toml", None, None, why=str(error)[:200]))
    else:
        return _map(Reader(table, "", origin, findings), table)
    return None


def heading_of(text: str) -> str:
    """Return a heading in the form in which headings are compared: white space and accents in one way."""
    return composed(" ".join(text.split()))


def _map(top: Reader, table: dict[str, Any]) -> ExportMap:
    values = top.take("values", dict, {})
    only = top.take("only", dict, {})
    found = ExportMap(
        file=top.take("file", str, None),
        sheet=top.take("sheet", str, None),
        columns=_texts(top, "columns", headings=True),
        ignore=tuple(heading_of(heading) for heading in top.texts("ignore", needed=False)),
        constants=_texts(top, "constants"),
        values={
            target: _texts(Reader({target: texts}, "values.", top.origin, top.findings), target)
            for target, texts in values.items()
        },
        separators=_texts(top, "separators"),
        only={heading_of(heading): _chosen(top, heading, texts) for heading, texts in only.items()},
        said=table,
        origin=top.origin,
    )
    if found.file is not None and (not found.file.strip(". ") or any(sign in found.file for sign in "/\\")):
        top.wrong("file", found.file, "map_file")
        found = replace(found, file=None)
    for heading in sorted(found.columns.keys() & set(found.ignore)):
        top.wrong(f"columns.{heading}", found.columns[heading], "map_ignored_too")
    top.end(*_KEYS)
    return found


def _texts(reader: Reader, key: str, *, headings: bool = False) -> dict[str, str]:
    """Take a table of texts, whose keys may be headings."""
    found: dict[str, str] = {}
    inner = Reader(reader.take(key, dict, {}), f"{reader.name}{key}.", reader.origin, reader.findings)
    for name in list(inner.table):
        if (text := inner.take(name, str, None)) is None:
            continue
        if code := find_control(name + text.strip("\t\n")):
            inner.wrong(name, text, "control_character", code=code)
            continue
        plain = heading_of(name) if headings else composed(name.strip())
        if plain in found:
            inner.wrong(name, text, "key_twice")
        found[plain] = composed(text) if key == "separators" else composed(text.strip())
    return found


def _chosen(top: Reader, heading: str, texts: object) -> tuple[str, ...]:
    """Return the values of the rows that are read: one text, or a list of them."""
    inner = Reader({heading: [texts] if isinstance(texts, str) else texts}, "only.", top.origin, top.findings)
    return tuple(text.strip() for text in inner.texts(heading))
