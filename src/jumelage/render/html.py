"""The published page: every table with its source, its SQL, the printed beside the computed, and the ledger."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Template


@cache
def _template() -> Template:
    """Read the page's template, once for all languages."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("jumelage.render", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def render_page(page: Mapping[str, Any], data: Sequence[str] = ()) -> str:
    """Write what `page_of` laid out as a whole HTML document that needs no other file.

    It links to the files of `data` in these formats.
    """
    return _template().render(**page, data=data)
