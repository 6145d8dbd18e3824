"""The inbox of a job: what lies in it, and where it goes once it was loaded or refused; nothing in it is ever lost.

A file stays where it is until the database has it, or has refused it; then one rename puts it away, after what was said
of it. A run that is killed in between finds it again, and by a note of what the database had before, it knows whether
somebody has changed the wave since.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jumelage.errors import DataError, OutputError
from jumelage.reading.handed import PASSED_OVER
from jumelage.texts import NOT_READ, NOT_WRITTEN, Label, both, filled, printable
from jumelage.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE, REFUSED = "done", "refused"
YOUNG = 60.0  # seconds in which whoever writes a file may not be done with it
_WORK = ".jumelage"  # what is not finished: the note of what is being loaded, its annotated copy
_NOTE = "loading.json"
_PART = ".part"
_LONGEST = 220  # bytes of a name: most systems take 255, and a file that is being written has a longer one
_ENDING = 20  # bytes of its ending
_BY_NAME = Label("attend, à cause de son nom", "waits, because of its name")
_PARTIAL = both("attend\u00a0: pas fini d’être écrit ({})", "waits: not written to its end ({})", _PART)
_TOO_YOUNG = Label("attend\u00a0: modifié il y a moins d’une minute", "waits: changed less than a minute ago")


@dataclass(frozen=True, slots=True)
class Lying:
    """Something in an inbox, and why it waits there, if it does."""

    path: Path
    waits: Label | None


@dataclass(frozen=True, slots=True)
class Away:
    """Where a file was put, what was said of it, and its copy with the findings if there is one: paths in the inbox."""

    moved: str
    said: str
    annotated: str | None


def lying(inbox: Path) -> list[Lying]:
    """Return what lies in an inbox, by name, what a run was ended at first; OutputError if it cannot be read."""
    try:
        paths = sorted(inbox.iterdir(), key=lambda path: os.fsencode(path.name))
    except OSError as error:
        raise OutputError(filled(NOT_READ, str(inbox), error.strerror)) from error
    ours = {DONE, REFUSED, _WORK}
    found = [Lying(path, _why_it_waits(path)) for path in paths if path.name not in ours and os.path.lexists(path)]
    first = _noted(inbox).get("name")  # what a run was at when it was ended came before all that is there now
    return sorted(found, key=lambda one: one.path.name != first)


def _why_it_waits(path: Path) -> Label | None:
    if path.name.lower().startswith(PASSED_OVER):
        return _BY_NAME
    now = time.time()
    newest = 0.0
    for one in (path, *_below(path)):
        if one.name.endswith(_PART):
            return _PARTIAL
        try:
            found = one.lstat()
        except OSError:  # somebody is just at it
            return _TOO_YOUNG
        newest = max(newest, found.st_mtime if found.st_mtime <= now else found.st_ctime)  # some clocks are wrong
    return _TOO_YOUNG if now - newest < YOUNG else None


def _below(path: Path) -> Iterator[Path]:
    """Yield all that is in a folder, however deep; nothing in a file, and nothing behind a link."""
    if not path.is_symlink():
        for folder, folders, files in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *files))


def check_kind(path: Path) -> None:
    """Raise DataError for what is no file and no folder, or holds such a thing: to open it may take for ever."""
    for one in (path, *_below(path)):
        with suppress(OSError):  # a link to nowhere: the load says so
            mode = one.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise DataError(
                    both("{} n’est ni un fichier ni un dossier", "{} is neither a file nor a folder", str(one))
                )


def prepare(inbox: Path) -> None:
    """Make the folders in which files are put away; OutputError if that cannot be done, before anything is loaded."""
    work = inbox / _WORK
    try:
        for folder in (inbox / DONE, inbox / REFUSED, work):
            folder.mkdir(exist_ok=True)
            if folder.stat().st_dev != inbox.stat().st_dev:
                raise OutputError(
                    both(
                        "{} doit être sur le même disque que inbox, pour qu’un fichier y soit déplacé d’un coup",
                        "{} must be on the same disk as inbox, so that a file is moved there at once",
                        str(folder),
                    )
                )
        for left in work.iterdir():
            if left.name != _NOTE:
                _remove(left)
    except OSError as error:
        _not_written(error, inbox)


def finish(inbox: Path) -> None:
    """Remove what a run needed while it lasted."""
    _remove(inbox / _WORK)


def place_of_copy(inbox: Path, ending: str) -> Path:
    """Return where the annotated copy of a file is made; that of the file before, which nobody needed, is removed."""
    place = inbox / _WORK / f"copy{ending}"
    _remove(place)
    return place


def note(path: Path, revisions: dict[str, int]) -> None:
    """Note that a file is about to be loaded, and the last revision of each wave before it."""
    text = json.dumps({"name": path.name, "is": _identity(path), "revisions": revisions})
    try:
        write_whole((text.encode(),), path.parent / _WORK / _NOTE)
    except OSError as error:
        _not_written(error, path.parent)


def noted(path: Path) -> dict[str, int] | None:
    """Return the last revisions before this very file was about to be loaded by a run that was ended; None if none."""
    found = _noted(path.parent)
    with suppress(OSError):
        if found and (found["name"], found["is"]) == (path.name, _identity(path)):
            return {str(wave): int(revision) for wave, revision in found["revisions"].items()}
    return None


def _noted(inbox: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads((inbox / _WORK / _NOTE).read_bytes())
        if isinstance(found, dict) and set(found) == {"name", "is", "revisions"}:
            return found
    return {}


def _identity(path: Path) -> list[int]:
    found = path.lstat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def put_away(path: Path, where: str, said: Sequence[str], copy: Path | None) -> Away:
    """Move a file into a folder of its inbox, after what was said of it and its annotated copy; over nothing.

    OutputError if that fails: the file is then where it was.
    """
    inbox = path.parent
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in count(1):
        begin = stamp if number == 1 else f"{stamp}-{number}"
        ending = copy.suffix if copy is not None else ""
        moved, text = _named(begin, path.name, ""), _named(begin, path.name, ".txt")
        annotated = _named(begin, path.name, f"-annotated{ending}")
        if not any(os.path.lexists(inbox / where / name) for name in (moved, text, annotated)):
            break
    try:
        if copy is not None:
            copy.rename(inbox / where / annotated)
        lines = "".join(f"{line}\n" for line in said)
        write_whole((lines.encode(),), inbox / where / text)
        path.rename(inbox / where / moved)
    except OSError as error:
        _not_written(error, inbox / where / moved)
    return Away(f"{where}/{moved}", f"{where}/{text}", f"{where}/{annotated}" if copy is not None else None)


def _named(begin: str, name: str, end: str) -> str:
    """Return a name with what goes before and after it; one that would be too long is cut before its ending."""
    room = _LONGEST - len(os.fsencode(f"{begin}-{end}"))
    if len(os.fsencode(name)) > room:
        ending = os.fsencode(Path(name).suffix)
        ending = ending if len(ending) <= _ENDING else b""
        name = (os.fsencode(name)[: room - len(ending)] + ending).decode("utf-8", "ignore")
    return f"{begin}-{name}{end}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _not_written(error: OSError, place: Path) -> NoReturn:
    raise OutputError(filled(NOT_WRITTEN, printable(str(place)), error.strerror or str(error))) from error
