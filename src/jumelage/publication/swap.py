"""A finished folder swapped in whole: built beside, named after its content, and pointed at by one rename.

`out` is a link to it. What a publication made in a folder is told by the manifest there; whatever else lies in it is
somebody's, and is never removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jumelage.errors import BusyError, UsageError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MANIFEST = "manifest.json"
DATA = "data"  # the one folder that a publication makes in its own
_WAIT = 30.0  # seconds for whoever else publishes into the same folder
# What a publication may call its files: nothing else is ever taken for one.
_FILE = re.compile(rf"(?:fr|en|index)\.html|manifest\.json|ledger\.(?:csv|json)|{DATA}/[a-z0-9_-]+\.(?:csv|json)")


def check_out(out: Path) -> None:
    """Raise UsageError unless a publication can be swapped in there."""
    if not out.name:
        raise UsageError(both("--out doit nommer un dossier", "--out must name a folder"))
    if os.path.lexists(out) and _finished(out) is None:
        raise UsageError(
            both(
                "{} est là et n’est pas une publication de jumelage\u00a0; supprimez-le ou choisissez un autre --out",
                "{} is there and is not a publication of jumelage; remove it or choose another --out",
                out,
            )
        )


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Become the only one who publishes into a folder, and tell whether that worked; a lock ends with its process.

    BusyError if somebody else goes on for longer than a publication takes. Some file systems know no locks.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + _WAIT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise BusyError(
                        both(
                            "{}\u00a0: un autre processus y publie\u00a0; réessayez plus tard",
                            "{}: another process is publishing there; try again later",
                            folder,
                        )
                    ) from None
                time.sleep(0.05)
            except OSError:
                yield False
                return
            else:
                yield True
                return
    finally:
        os.close(handle)


def swap_in(out: Path, files: dict[str, bytes]) -> Path | None:
    """Build the finished folder beside the link, point the link at it, and remove what it pointed at before.

    A finished folder is used again as long as it holds what it should. Returns the folder of before where it is kept,
    since it holds what no publication made.
    """
    with _alone(out.parent) as alone:
        if alone:
            _remove_what_was_left(out)
        name = hashlib.sha256(files[MANIFEST]).hexdigest()[:16]
        candidates = (out.with_name(f".{out.name}-{name}-{number}") for number in count(1))
        finished = next(path for path in candidates if not path.exists() or _holds(path, files))
        if not finished.exists():
            _build(out, finished, files)
        before = _finished(out)
        link = out.with_name(f".{out.name}-link-{os.getpid()}")
        link.symlink_to(finished.name)
        link.replace(out)
        if before is not None and before.name != finished.name and not _remove(before, _made(before)):
            return before
    return None


def _build(out: Path, finished: Path, files: dict[str, bytes]) -> None:
    building = Path(mkdtemp(prefix=f".{out.name}-building-", dir=out.parent))
    try:
        building.chmod(0o755)
        for file, text in files.items():
            (building / file).parent.mkdir(exist_ok=True)
            (building / file).write_bytes(text)
        building.rename(finished)
    except OSError:
        _remove(building, set(files))
        if not _holds(finished, files):
            raise


def _remove_what_was_left(out: Path) -> None:
    """Remove what killed publications left behind: whoever holds the lock knows that none of them is still running."""
    for path in out.parent.iterdir():
        if path.is_symlink() and re.fullmatch(re.escape(f".{out.name}-link-") + "[0-9]+", path.name):
            path.unlink()
        elif path.is_dir() and re.fullmatch(re.escape(f".{out.name}-building-") + r"\w+", path.name):
            _remove(path, {name for name in _files(path) if _FILE.fullmatch(name)})


def _made(folder: Path) -> set[str]:
    """Return which files of a finished folder are those that its publication made, byte for byte."""
    try:
        text = (folder / MANIFEST).read_bytes()
        known = dict(json.loads(text)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    if not folder.name.split("-")[-2].startswith(hashlib.sha256(text).hexdigest()[:16]):
        return set()
    same = {
        name
        for name, digest in known.items()
        if _FILE.fullmatch(name)
        and (folder / name).is_file()
        and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    }
    return same | {MANIFEST}


def _remove(folder: Path, names: Collection[str]) -> bool:
    """Remove these files of a folder, and the folder if that was all; tell whether it is gone."""
    try:
        if set(_files(folder)) <= set(names):
            for name in names:
                (folder / name).unlink(missing_ok=True)
            if (folder / DATA).is_dir():
                (folder / DATA).rmdir()
            folder.rmdir()
    except OSError:
        return False
    return not folder.exists()


def _files(folder: Path) -> Iterator[str]:
    """Yield what lies in a folder: names, and of its folder of data the names of the files in it."""
    for path in folder.iterdir():
        if path.name == DATA and path.is_dir() and not path.is_symlink():
            yield from (f"{DATA}/{inner.name}" for inner in path.iterdir())
        else:
            yield path.name


def _holds(folder: Path, files: dict[str, bytes]) -> bool:
    """Tell whether a finished folder holds these files as they should be."""
    try:
        return all((folder / name).read_bytes() == text for name, text in files.items())
    except OSError:
        return False


def _finished(out: Path) -> Path | None:
    """Return the finished folder that a publication's link points at; None if it is no link of a publication."""
    if not out.is_symlink():
        return None
    target = out.readlink().name
    named = re.fullmatch(re.escape(f".{out.name}-") + "[0-9a-f]{16}-[0-9]+", target)
    return out.with_name(target) if named else None
