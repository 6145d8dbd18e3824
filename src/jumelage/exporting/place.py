"""Where an export goes: a new folder, or in place of an earlier export, and of nothing else."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumelage.errors import OutputError, UsageError
from jumelage.exporting.descriptor import fingerprint
from jumelage.reading.handed import PACKAGE
from jumelage.temporary import folder_in
from jumelage.texts import NOT_WRITTEN, both, filled
from jumelage.writing import exchanged

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_out(out: Path, *, force: bool) -> None:
    """Raise UsageError unless an export can go there without anything of somebody's being lost."""
    if not out.name:
        raise UsageError(both("OUT doit nommer un dossier", "OUT must name a folder"))
    if not os.path.lexists(out) or _is_empty(out):
        return
    if not force:
        raise UsageError(
            both(
                "{} est là\u00a0; choisissez un autre dossier, ou --force pour remplacer un export",
                "{} is there; choose another folder, or --force to replace an export",
                out,
            )
        )
    if (strange := _strange(out)) is not None:
        raise UsageError(
            both(
                "{} n’est pas d’un export, ou a été changé depuis\u00a0: --force ne remplace {} que s’il ne contient "
                "rien d’autre",
                "{} is not of an export, or was changed since: --force replaces {} only if there is nothing else in it",
                strange,
                out,
            )
        )


def _is_empty(out: Path) -> bool:
    return out.is_dir() and not out.is_symlink() and not any(out.iterdir())


def _strange(out: Path) -> Path | None:
    """Return something in a folder that no export put there as it is; None if all is as exported.

    Each wave of several is in a folder of its own.
    """
    if out.is_symlink() or not out.is_dir():
        return out
    inner = sorted(out.iterdir())
    if not (out / PACKAGE).exists() and inner:
        return next((found for path in inner if (found := _strange(path)) is not None), None)
    known = _known(out / PACKAGE)
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_symlink() or not (path.is_dir() or name == PACKAGE or known.get(name) == _hash(path)):
            return path
    return None if known else out


def _known(package: Path) -> dict[str, str]:
    """Return the files that a datapackage.json of ours names, with their hashes."""
    try:
        found: dict[str, Any] = json.loads(package.read_text(encoding="utf-8"))
        if "jumelage" in found:
            return {one["path"]: one["hash"] for one in found["resources"]}
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}


def _hash(path: Path) -> str:
    try:
        return f"sha256:{fingerprint(path)}"
    except OSError:
        return ""  # of what cannot be read nobody knows what it is


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder that takes the place `out` when all is done; whatever goes wrong before, nothing has changed."""
    out = Path(os.path.abspath(out))  # noqa: PTH100  # not what a link leads to
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with folder_in(out.parent, f".{out.name}.jumelage-part-") as beside:
            made, before = beside / "new", beside / "old"
            made.mkdir()
            yield made
            if not os.path.lexists(out):
                made.rename(out)
            elif not exchanged(made, out):
                out.rename(before)
                try:
                    made.rename(out)
                except OSError:
                    before.rename(out)
                    raise
    except OSError as error:
        raise OutputError(filled(NOT_WRITTEN, out, error.strerror or str(error))) from error
