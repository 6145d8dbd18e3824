"""What a publication is made from: as long as nothing of it changes, another run would make the same files."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumelage import __version__, database
from jumelage.content import root
from jumelage.database.register import installed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

_LIBRARIES = ("jinja2", "typst", "xlsxwriter", "vl-convert-python")  # that give a publication its look


def inputs_of(connection: Connection, scopes: Iterable[Scope]) -> dict[str, Any]:
    """Return what the files of a publication of these scopes are made from, as a manifest says it.

    Nobody who loaded or added anything is named.
    """
    scopes = list(scopes)
    chosen = dict.fromkeys(one for scope in scopes for one in scope.revisions)
    rows = database.query(
        connection,
        "select r.wave, r.revision, w.synthetic, r.content_hash from survey.revisions r "
        "inner join survey.waves w on w.wave = r.wave order by r.reference_date, r.wave, r.revision",
    )[1]
    return {
        "waves": [
            {"wave": wave, "revision": revision, "synthetic": synthetic, "content_hash": digest}
            for wave, revision, synthetic, digest in rows
            if (wave, revision) in chosen
        ],
        "remarks": [[remark.text("en") for remark in scope.remarks] for scope in scopes],
        "code_lists": dict(database.query(connection, "select part, hash from survey.installed")[1]).get("code_lists"),
        "register": {f"{one.list} {one.kind}": one.authorities for one in installed(connection)},
        "migration": database.head(),
        "software": f"jumelage {__version__}",
        "code": _code(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _code() -> str:
    """Return the hash of all that makes pages of rows: this package, its views, its words and its reports."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    found = [path for path in package.rglob("*.*") if path.suffix in {".py", ".jinja", ".css", ".js", ".typ"}]
    schema = root() / "schema"
    found += [*schema.glob("*.toml"), *schema.glob("erd*.svg")]
    for folder in (schema / "views", root() / "reports"):
        found += folder.iterdir()
    for path in sorted(found, key=lambda path: (path.parent.name, path.name)):
        data = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
