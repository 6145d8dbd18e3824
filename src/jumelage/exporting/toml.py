"""TOML of a table: what tomllib reads, written."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def as_toml(table: Mapping[str, Any]) -> str:
    """Return the TOML of which `tomllib` makes this table: of texts, numbers, truths, days, lists and tables."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table: its values, and behind them the tables in it, each under its name."""
    inner = {name: value for name, value in table.items() if _has_lines(value)}
    for name, value in table.items():
        if name not in inner:
            yield f"{_key(name)} = {_value(value)}"
    for name, value in inner.items():
        path = (*above, name)
        heading = ".".join(map(_key, path))
        for one in value if isinstance(value, list) else (value,):
            yield f"\n[[{heading}]]" if isinstance(value, list) else f"\n[{heading}]"
            yield from _lines(one, path)


def _has_lines(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, str):
        return (
            '"""\n' + "\n".join(_text(line)[1:-1] for line in value.split("\n")) + '"""'
            if "\n" in value
            else _text(value)
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {_value(inner)}' for name, inner in value.items())} }}"
    return json.dumps(value)  # of a truth or a number


def _text(text: str) -> str:
    """Quote a text of one line: TOML takes what JSON does, but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
