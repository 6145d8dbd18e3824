"""The published page: every table with its source, its SQL, the printed beside the computed, and the ledger."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment


# A page runs nothing, and asks nobody for anything: whoever gets a text into it gets no further.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"


@cache
def _style() -> str:
    return "\n" + Path(__file__).with_name("page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    """Read templates once for all pages."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("jumelage.render", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(
    page: Mapping[str, Any],
    data: Sequence[str] = (),
    whole: Sequence[str] = (),
    rows: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Write what `page_of` laid out as a whole HTML document that needs no other file.

    It links to the files of `data` in these formats, to those beside it that hold the `whole` publication, and from
    each cell to its `rows`: by report and key, with {} for the language.
    """
    return render_template("page.html.jinja", **page, data=data, whole=whole, rows=rows or {})


def render_template(template: str, **said: Any) -> str:  # noqa: ANN401
    """Write a page by one of our templates, with our style and a policy that allows nothing else."""
    from markupsafe import Markup

    style = _style()
    policy = f"{POLICY}; style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    css = Markup(style)  # noqa: S704  # a file of ours
    return _environment().get_template(template).render(**said, css=css, policy=policy)
