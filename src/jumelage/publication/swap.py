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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from jumelage.errors import UsageError
from jumelage.locking import pause, wait_for_lock
from jumelage.texts import Label, both, filled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MANIFEST = "manifest.json"
MOST_KEPT = 3  # publications, the current one among them
WAIT = 30.0  # seconds for whoever else publishes into the same folder
_BUSY = Label(
    "{}\u00a0: un autre processus y publie\u00a0; réessayez plus tard",
    "{}: another process is publishing there; try again later",
)


def check_out(out: Path) -> None:
    """Raise UsageError unless a publication can be swapped in there."""
    if not out.name:
        raise UsageError(both("--out doit nommer un dossier", "--out must name a folder"))
    if os.path.lexists(out) and finished_of(out) is None:
        raise UsageError(
            both(
                "{} est là et n’est pas une publication de jumelage\u00a0; supprimez-le ou choisissez un autre --out",
                "{} is there and is not a publication of jumelage; remove it or choose another --out",
                out,
            )
        )


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap did with files that no publication made.

    `carried` are those that are in the new folder too; `kept` is the folder of before, if some of its own files were
    changed by somebody: it stays as it is.
    """

    carried: tuple[str, ...] = ()
    kept: Path | None = None


class Building:
    """A publication in the making: a folder beside `out` that only its own process looks at.

    `written` has the hash of each file but those that need not be the same each time, of which it has None.
    """

    def __init__(self, out: Path, folder: Path, until: float) -> None:
        """Begin with an empty folder; `until` is the time (monotonic) to wait for others."""
        self.out = out
        self.folder = folder
        self.written: dict[str, str | None] = {}
        self._until = until
        self._folders = {folder}

    def write(self, name: str, data: bytes) -> None:
        """Write a file; UsageError where there is one of that name already."""
        self.place(name).write_bytes(data)
        self.written[name] = hashlib.sha256(data).hexdigest()

    def place(self, name: str) -> Path:
        """Return where a file is to be written that need not be the same each time."""
        if name in self.written:
            raise UsageError(both("{} serait publié deux fois", "{} would be published twice", name))
        self.written[name] = None
        path = self.folder / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        return path

    def finish(self, manifest: dict[str, Any]) -> Swapped:
        """Write the manifest with the files in it, carry over what others put into `out`, and point the link here.

        A finished folder is used again as long as it holds what it should. The last publications stay beside, MOST_KEPT
        of them. UsageError where somebody has put a file where the publication has one of its own.
        """
        out = self.out
        files = {name: digest for name, digest in sorted(self.written.items()) if digest}
        changing = sorted(name for name, digest in self.written.items() if not digest)
        text = json.dumps(manifest | {"files": files, "changing": changing}, indent=1, ensure_ascii=False) + "\n"
        (self.folder / MANIFEST).write_bytes(text.encode())
        with _alone(out.parent, self._until) as alone:
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            candidates = (out.with_name(f".{out.name}-{name}-{number}") for number in count(1))
            finished = next(path for path in candidates if not path.exists() or is_whole(path))
            before = finished_of(out)
            foreign = _foreign(before) if before is not None and before.name != finished.name else []
            if clash := _clashes(foreign, {*self.written, MANIFEST}):
                raise UsageError(
                    both(
                        "{} contient {}, que la publication écrit aussi\u00a0; renommez ou déplacez-le",
                        "{} holds {}, which the publication writes too; rename or move it",
                        out,
                        ", ".join(clash),
                    )
                )
            if not finished.exists():
                self.folder.rename(finished)
            for other in foreign:
                _copy(before or finished, finished, other)
            os.utime(finished)  # when it was published last, by which the last ones are told
            _point(out, finished)
            if alone:
                _prune(out, finished)
        return Swapped(tuple(sorted(foreign)), before if before is not None and not is_whole(before) else None)


@contextmanager
def building(out: Path, wait: float = WAIT) -> Iterator[Building]:
    """Begin a publication into `out`, alone; what is not finished at the end is removed.

    BusyError if somebody else publishes there for longer than `wait` seconds. A killed one holds no lock: the next one
    removes what it left.
    """
    check_out(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait
    while True:
        with _alone(out.parent, until) as alone:
            if not alone or _remove_what_was_left(out):
                folder = Path(mkdtemp(prefix=f".{out.name}-building-", dir=out.parent))
                folder.chmod(0o755)
                handle = os.open(folder, os.O_RDONLY)
                if alone:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
        pause(until, filled(_BUSY, out.parent))
    try:
        yield Building(out, folder, until)
    finally:
        os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path, until: float) -> Iterator[bool]:
    """Hold the lock of a folder, and tell whether that worked; some file systems know no locks.

    BusyError if somebody else holds it at the time `until`. A lock ends with its process.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield wait_for_lock(handle, until, filled(_BUSY, folder))
    finally:
        os.close(handle)


def roll_back(out: Path) -> Path:
    """Point the link at the publication before the one that it points at; return its folder.

    UsageError where there is none that is whole.
    """
    check_out(out)
    with _alone(out.parent, time.monotonic() + WAIT):
        now = finished_of(out)
        older = [path for path in _all(out) if now is not None and _time(path) < _time(now) and is_whole(path)]
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
        if old != current and (
            place >= MOST_KEPT or not is_whole(old)
        ):  # nobody can go back to one that lacks something
            carried = {name for name in _foreign(old) if _same(old / name, current / name)}
            _remove(old, _made(old) | carried)


def _foreign(folder: Path) -> list[str]:
    """Return what somebody put into a finished folder: what its publication did not write there.

    Nothing of a folder whose manifest is lost: nobody can tell.
    """
    named = _named(folder)
    return list(_strange(folder, "", named, _folders(named))) if manifest_of(folder) else []


def _strange(folder: Path, inner: str, named: Collection[str], own: Collection[str]) -> Iterator[str]:
    """Yield what is in a folder of a publication and not named: a folder as a whole, if it has nothing that is."""
    for path in (folder / inner).iterdir():
        name = f"{inner}{path.name}"
        if name in own and path.is_dir() and not path.is_symlink():
            yield from _strange(folder, f"{name}/", named, own)
        elif name not in named:
            yield name


def _clashes(foreign: Iterable[str], written: Collection[str]) -> list[str]:
    """Return which files of somebody stand where a publication has one of its own, or a folder for it."""
    taken = {*written, *_folders(written)}
    return sorted(name for name in foreign if name in taken or not _folders([name]).isdisjoint(written))


def _folders(names: Iterable[str]) -> set[str]:
    return {str(above) for name in names for above in PurePosixPath(name).parents}


def is_whole(folder: Path) -> bool:
    """Tell whether a finished folder has all that its publication wrote, as it wrote it."""
    return _named(folder) <= _made(folder)


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
    place.parent.mkdir(parents=True, exist_ok=True)
    if (source / name).is_dir() and not (source / name).is_symlink():
        shutil.copytree(source / name, place, symlinks=True, dirs_exist_ok=True)
    else:
        place.unlink(missing_ok=True)
        shutil.copy2(source / name, place, follow_symlinks=False)


def _remove_what_was_left(out: Path) -> bool:
    """Remove what killed publications left behind; tell whether no other one is still being made.

    Whoever makes one holds the lock of its folder.
    """
    for path in out.parent.iterdir():
        if path.is_symlink() and re.fullmatch(re.escape(f".{out.name}-link-") + "[0-9]+", path.name):
            path.unlink()
        elif re.fullmatch(re.escape(f".{out.name}-building-") + r"\w{8}", path.name) and path.is_dir():
            handle = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                os.close(handle)
            shutil.rmtree(path, ignore_errors=True)
    return True


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a finished folder; nothing if it is not the one that names the folder."""
    try:
        text = (folder / MANIFEST).read_bytes()
        known = json.loads(text)
        names = [*known["files"], *known.get("changing", ())]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not folder.name.split("-")[-2].startswith(hashlib.sha256(text).hexdigest()[:16]):
        return {}
    inside = all(isinstance(name, str) and not {"", ".", ".."} & set(name.split("/")) for name in names)
    return dict(known) if inside else {}


def _named(folder: Path) -> set[str]:
    """Return the files that the manifest of a finished folder names, and the manifest."""
    known = manifest_of(folder)
    return {*known.get("files", ()), *known.get("changing", ()), MANIFEST}


def _made(folder: Path) -> set[str]:
    """Return which files of a finished folder are those that its publication made, byte for byte."""
    known = manifest_of(folder)
    same = {name for name, digest in known.get("files", {}).items() if _digest(folder / name) == digest}
    return (
        same
        | {name for name in known.get("changing", ()) if (folder / name).is_file()}
        | ({MANIFEST} if known else set())
    )


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder: Path, names: Collection[str]) -> None:
    """Remove these files of a finished folder, and the folder, if that is all that is in it."""
    left = {*_foreign(folder), *(name for name in _named(folder) if (folder / name).exists())}
    if manifest_of(folder) and left <= set(names):
        for name in left:
            if (folder / name).is_dir():
                shutil.rmtree(folder / name, ignore_errors=True)
            else:
                (folder / name).unlink(missing_ok=True)
        for inner in sorted(_folders(left), key=len, reverse=True):
            with suppress(OSError):  # somebody has just put something there
                (folder / inner).rmdir()


def finished_of(out: Path) -> Path | None:
    """Return the finished folder that a publication's link points at; None if it is no link of a publication."""
    if not out.is_symlink():
        return None
    target = out.readlink().name
    return out.with_name(target) if _is_finished(out, target) else None


def _is_finished(out: Path, name: str) -> bool:
    """Tell whether a name is that of a finished folder: it has the beginning of the hash of its manifest."""
    return re.fullmatch(re.escape(f".{out.name}-") + "[0-9a-f]{16}-[0-9]+", name) is not None
