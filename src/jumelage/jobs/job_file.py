"""What a job file says: a TOML file with a key for each thing that a run has to know."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jumelage.database.urls import files, resolve_beside
from jumelage.errors import UsageError
from jumelage.publication.files import FORMATS
from jumelage.revisions.history import check_line
from jumelage.texts import NOT_READ, Label, both, filled, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import URL

_WAIT = 30.0  # seconds for another run of the job
_LONGEST_WAIT = 86_400
_OF_FILE, _LINE_END = Label("{}\u00a0: {}", "{}: {}"), Label("\n", "\n")


@dataclass(frozen=True, slots=True)
class Job:
    """What a run does: paths are absolute, and empty is what the file leaves out.

    `waves` are those to publish, `wait` the seconds that another run is waited for, `on_success` and `on_failure` a
    command of the site and its arguments.
    """

    file: Path
    database: URL
    out: Path
    inbox: Path | None = None
    waves: tuple[str, ...] = ()
    formats: tuple[str, ...] = FORMATS
    by: str | None = None
    reason: str | None = None
    wait: float = _WAIT
    on_success: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()

    @property
    def scope(self) -> str | None:
        """Return the waves as --wave names them; None is the latest."""
        return ",".join(self.waves) or None


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the value of a key must be, and how to tell."""

    said: Label
    fits: Callable[[Any], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_command(value: object) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(part, str) and "\0" not in part for part in value)
        and all(map(_is_text, value[:1]))
    )


def _are_seconds(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 <= value <= _LONGEST_WAIT  # type: ignore[arg-type,operator]


_TEXT = _Kind(Label("un texte, non vide", "a text that is not blank"), _is_text)
_TEXTS = _Kind(
    Label('une liste de textes, comme ["2006", "2012"]', 'a list of texts, such as ["2006", "2012"]'), _are_texts
)
_FORMATS = _Kind(
    Label('une liste de textes, comme ["site", "csv"]', 'a list of texts, such as ["site", "csv"]'), _are_texts
)
_COMMAND = _Kind(
    Label(
        'une liste\u00a0: une commande et ses arguments, comme ["/usr/local/bin/annonce", "--bref"]',
        'a list: a command and its arguments, such as ["/usr/local/bin/announce", "--short"]',
    ),
    _is_command,
)
_SECONDS = _Kind(
    both("un nombre de secondes, de 0 à {}", "a number of seconds, from 0 to {}", _LONGEST_WAIT), _are_seconds
)
KEYS = {
    "database": _TEXT,
    "inbox": _TEXT,
    "out": _TEXT,
    "waves": _TEXTS,
    "formats": _FORMATS,
    "by": _TEXT,
    "reason": _TEXT,
    "wait": _SECONDS,
    "on_success": _COMMAND,
    "on_failure": _COMMAND,
}
_NEEDED = ("database", "out")


def read_job(file: Path) -> Job:
    """Read a job file; paths in it begin in its folder. UsageError says all that is wrong with it."""
    table = _table(file)
    wrong = [*_unknown(table), *_missing(table), *_misfits(table), *_unfit(file.absolute(), table)]
    job = None if wrong else _job(file.absolute(), table)
    if job is not None and not (wrong := _taken_for_waves(job)):
        return job
    raise UsageError(listed((filled(_OF_FILE, str(file), one) for one in wrong), _LINE_END))


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(filled(NOT_READ, str(file), error.strerror or str(error))) from error
    except UnicodeDecodeError as error:
        raise UsageError(both("{} n’est pas en UTF-8", "{} is not UTF-8", str(file))) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            both("{} n’est pas un fichier TOML\u00a0: {}", "{} is no TOML file: {}", str(file), str(error)[:200])
        ) from error


def _unknown(table: dict[str, Any]) -> list[Label]:
    return [
        both("la clef {!r} n’existe pas\u00a0; {}", "there is no key {!r}; {}", key, nearest(key, KEYS))
        for key in table
        if key not in KEYS
    ]


def _missing(table: dict[str, Any]) -> list[Label]:
    return [both("il manque {}", "{} is missing", key) for key in _NEEDED if key not in table]


def _misfits(table: dict[str, Any]) -> list[Label]:
    found = [
        both("{} doit être {}", "{} must be {}", key, KEYS[key].said)
        for key, value in table.items()
        if key in KEYS and not KEYS[key].fits(value)
    ]
    if _are_texts(table.get("formats")):
        found += [
            both(
                "formats\u00a0: {!r} n’en est pas un\u00a0; {}",
                "formats: {!r} is none; {}",
                name,
                nearest(name, FORMATS),
            )
            for name in table["formats"]
            if name not in FORMATS
        ]
    return found


def _unfit(file: Path, table: dict[str, Any]) -> list[Label]:
    """Say what is wrong with values that are of the right type each."""
    found = []
    if _is_text(table.get("database")):
        found += _refused(partial(resolve_beside, table["database"], file.parent))
    for key in ("by", "reason"):
        if _is_text(table.get(key)):
            found += _refused(partial(check_line, key, table[key]))
    return found


def _refused(what: Callable[[], object]) -> list[Label]:
    try:
        what()
    except UsageError as error:
        return [Label(error.text("fr"), error.text("en"))]
    return []


def _job(file: Path, table: dict[str, Any]) -> Job:
    folder = file.parent
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    given["database"] = resolve_beside(table["database"], folder)
    given |= {key: folder / table[key] for key in ("out", "inbox") if key in table}
    return Job(file, **given)


def _taken_for_waves(job: Job) -> list[Label]:
    """Say what would lie in the inbox and is no wave."""
    inbox = job.inbox
    if inbox is None:
        return []
    return [
        both(
            "{} est dans inbox, {}\u00a0; mettez-le ailleurs, on le prendrait pour une vague",
            "{} is inside of inbox, {}; put it elsewhere, or it would be taken for a wave",
            str(path),
            str(inbox),
        )
        for path in (job.out, *files(job.database)[:1], job.file)
        if _within(path, inbox)
    ]


def _within(path: Path, folder: Path) -> bool:
    return (path.parent.resolve() / path.name).is_relative_to(folder.resolve())
