"""A finished folder swapped in whole: built beside, named after its content, and pointed at by one rename.

`out` is a link to it. What a publication made in a folder is told by the manifest there; whatever else lies in it is
somebody's: it is carried over to the next publication, and never removed before it stands there.
"""

from __future__ import annotations

import fcntl
import filecmp
import hashlib
import json
import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jumelage.errors import BusyError, UsageError
from jumelage.render.rows import FOLDER as ROWS
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MANIFEST = "manifest.json"
DATA = "data"  # a folder that a publication makes in its own, as that of rows
MOST_KEPT = 3  # publications, the current one among them
_WAIT = 30.0  # seconds for whoever else publishes into the same folder
# What a publication may call its files: nothing else is ever taken for one.
_FILE = re.compile(
    rf"(?:fr|en|index)\.html|manifest\.json|ledger\.(?:csv|json)|survey\.(?:fr|en)\.(?:pdf|xlsx)|{DATA}/[a-z0-9_-]+\.(?:csv|json)"
    rf"|{ROWS}/[a-z0-9_-]+\.(?:fr|en)\.html"
)


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


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap did with files that no publication made.

    `carried` are those that are in the new folder too; `kept` is the folder of before, if some of its own files were
    changed by somebody: it stays as it is.
    """

    carried: tuple[str, ...] = ()
    kept: Path | None = None


def swap_in(out: Path, files: dict[str, bytes]) -> Swapped:
    """Build the finished folder beside the link, carry over what others put into it, and point the link at it.

    A finished folder is used again as long as it holds what it should. The last publications stay beside, MOST_KEPT of
    them. UsageError where somebody has put a file where the publication has one of its own.
    """
    with _alone(out.parent) as alone:
        if alone:
            _remove_what_was_left(out)
        name = hashlib.sha256(files[MANIFEST]).hexdigest()[:16]
        candidates = (out.with_name(f".{out.name}-{name}-{number}") for number in count(1))
        finished = next(path for path in candidates if not path.exists() or _holds(path, files))
        before = _finished(out)
        foreign = _foreign(before) if before is not None and before.name != finished.name else []
        if clash := sorted(set(foreign) & set(files)):
            raise UsageError(
                both(
                    "{} contient {}, que la publication écrit aussi\u00a0; renommez ou déplacez-le",
                    "{} holds {}, which the publication writes too; rename or move it",
                    out,
                    ", ".join(clash),
                )
            )
        if not finished.exists():
            _build(out, finished, files)
        for other in foreign:
            _copy(before or finished, finished, other)
        os.utime(finished)  # when it was published last, by which the last ones are told
        _point(out, finished)
        if alone:
            _prune(out, finished)
    return Swapped(tuple(sorted(foreign)), before if before is not None and _changed(before) else None)


def roll_back(out: Path) -> Path:
    """Point the link at the publication before the one that it points at; return its folder.

    UsageError where there is none that is whole.
    """
    check_out(out)
    with _alone(out.parent):
        now = _finished(out)
        older = [path for path in _all(out) if now is not None and _time(path) < _time(now) and not _changed(path)]
        if not older:
            raise UsageError(
                both(
                    "{}\u00a0: aucune publication antérieure n’est gardée entière",
                    "{}: no earlier publication is kept whole",
                    out,
                )
            )
        _point(out, older[0])
    return older[0]


def _point(out: Path, finished: Path) -> None:
    link = out.with_name(f".{out.name}-link-{os.getpid()}")
    link.symlink_to(finished.name)
    link.replace(out)


def _all(out: Path) -> list[Path]:
    """Return all finished folders of a publication, the one that was published last first."""
    found = [path for path in out.parent.iterdir() if _is_finished(out, path.name) and path.is_dir()]
    return sorted(found, key=lambda path: (_time(path), path.name), reverse=True)


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns


def _prune(out: Path, current: Path) -> None:
    """Remove publications before the last ones, but what somebody put there and is nowhere else."""
    for place, old in enumerate(_all(out)):
        if old != current and (place >= MOST_KEPT or _changed(old)):  # nobody can go back to one that lacks something
            carried = {name for name in _foreign(old) if _same(old / name, current / name)}
            _remove(old, _made(old) | carried)


def _foreign(folder: Path) -> list[str]:
    """Return what somebody put into a finished folder: what its publication did not write there.

    Nothing of a folder whose manifest is lost: nobody can tell.
    """
    if not _digests(folder):
        return []
    return [name for name in _files(folder) if name not in _named(folder)]


def _changed(folder: Path) -> bool:
    """Tell whether files that a publication wrote are no longer there as it wrote them."""
    return not _named(folder) <= _made(folder)


def _same(one: Path, other: Path) -> bool:
    """Tell whether two files, or all that is in two folders, are the same; a link is never."""
    if one.is_symlink() or other.is_symlink():
        return False
    if one.is_dir() and other.is_dir():
        return all((other / path.name).exists() and _same(path, other / path.name) for path in one.iterdir())
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _copy(source: Path, target: Path, name: str) -> None:
    """Put a file, a folder or a link of one publication into another."""
    place = target / name
    place.parent.mkdir(exist_ok=True)
    if (source / name).is_dir() and not (source / name).is_symlink():
        shutil.copytree(source / name, place, symlinks=True, dirs_exist_ok=True)
    else:
        place.unlink(missing_ok=True)
        shutil.copy2(source / name, place, follow_symlinks=False)


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


def _named(folder: Path) -> set[str]:
    """Return the files that the manifest of a finished folder names, and the manifest; nothing if it is not whole."""
    return {*_digests(folder), MANIFEST}


def _digests(folder: Path) -> dict[str, str]:
    """Return the hash of each file that a manifest names; nothing if it is not the one that names its folder."""
    try:
        text = (folder / MANIFEST).read_bytes()
        known = dict(json.loads(text)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not folder.name.split("-")[-2].startswith(hashlib.sha256(text).hexdigest()[:16]):
        return {}
    return {name: str(digest) for name, digest in known.items() if _FILE.fullmatch(name)}


def _made(folder: Path) -> set[str]:
    """Return which files of a finished folder are those that its publication made, byte for byte."""
    known = _digests(folder)
    same = {
        name
        for name, digest in known.items()
        if (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    }
    return same | ({MANIFEST} if known else set())


def _remove(folder: Path, names: Collection[str]) -> bool:
    """Remove these files of a folder, and the folder if that was all; tell whether it is gone."""
    try:
        if set(_files(folder)) <= set(names):
            for name in names:
                if (folder / name).is_dir():
                    shutil.rmtree(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
            for inner in (DATA, ROWS):
                if (folder / inner).is_dir():
                    (folder / inner).rmdir()
            folder.rmdir()
    except OSError:
        return False
    return not folder.exists()


def _files(folder: Path) -> Iterator[str]:
    """Yield what lies in a folder: names, and those of the files in the folders that a publication makes."""
    for path in folder.iterdir():
        if path.name in {DATA, ROWS} and path.is_dir() and not path.is_symlink():
            yield from (f"{path.name}/{inner.name}" for inner in path.iterdir())
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
    return out.with_name(target) if _is_finished(out, target) else None


def _is_finished(out: Path, name: str) -> bool:
    """Tell whether a name is that of a finished folder: it has the beginning of the hash of its manifest."""
    return re.fullmatch(re.escape(f".{out.name}-") + "[0-9a-f]{16}-[0-9]+", name) is not None
