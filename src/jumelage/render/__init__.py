"""What people and programs read: a table of values as text, in the format asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.errors import UsageError
from jumelage.render import machine, terminal
from jumelage.texts import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from jumelage.render.grid import Grid

FORMATS: dict[str, Callable[[Grid], str]] = {
    "table": terminal.render,
    "csv": machine.render_csv,
    "json": machine.render_json,
}


def renderer(name: str) -> Callable[[Grid], str]:
    """Return the renderer of a format; UsageError lists the formats if there is none of that name."""
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}; {nearest(name, FORMATS)}")
    return FORMATS[name]
