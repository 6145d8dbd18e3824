"""Pages by their templates, every text escaped, with a policy that lets them run and ask for nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).with_name("templates")
ASSETS = {f"assets/{name}": _FOLDER / name for name in ("style.css", "find.js")}
# A page asks nobody for anything, and runs one script of its own folder or none: whoever gets a text into it gets no
# further. On a file system a page has no origin that could be its own: there it is `file:`.
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'self' file:"
_SCRIPTED = "; script-src 'self' file:"


@cache
def _environment() -> Environment:
    """Read templates once for all pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_template(name: str, **said: Any) -> str:  # noqa: ANN401
    """Write a page by the template of this name; one that is served says its policy in the head of the answer."""
    policy = _POLICY + (_SCRIPTED if name == "az" else "")
    return _environment().get_template(f"{name}.html.jinja").render(**said, policy=policy)
