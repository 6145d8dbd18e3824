"""What people and programs read: a table of values as pieces of text, in the format asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from jumelage.errors import UsageError
from jumelage.texts import both, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jumelage.render.grid import Grid

# The module and function of each format: imported when it is asked for, since the command line only wants the names.
FORMATS = {
    "table": ("terminal", "render"),
    "csv": ("machine", "render_csv"),
    "json": ("machine", "render_json"),
}


def renderer(name: str) -> Callable[[Grid], Iterator[str]]:
    """Return the renderer of a format; UsageError lists the formats if there is none of that name."""
    if name not in FORMATS:
        raise UsageError(
            both("il n’y a pas de format {!r}\u00a0; {}", "there is no format {!r}; {}", name, nearest(name, FORMATS))
        )
    module, function = FORMATS[name]
    return cast("Callable[[Grid], Iterator[str]]", getattr(import_module(f"jumelage.render.{module}"), function))
