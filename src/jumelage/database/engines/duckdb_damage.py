"""What DuckDB says of a file that is damaged, cut off, or of another version, put so that a person knows what to do."""

from __future__ import annotations

import re

from jumelage.errors import DamagedError, DatabaseError
from jumelage.texts import NOT_WRITTEN, Label, both, filled

_VERSION = re.compile(
    r"version number (\d+), but we can only read (?:storage )?versions? (?:between )?([\d]+(?: and \d+)?)"
)
_UNWRITABLE = re.compile(r'Could not write file \\?"([^"\\]+)\\?": ([\w ]+)')  # quoted again in a message as JSON
_BLOCK = re.compile(r"in block at location (\d+)")
_CUT_OFF = Label("le fichier est coupé avant sa fin", "the file is cut off before its end")
_LOG = Label("son journal, {}.wal, est endommagé", "its log, {}.wal, is damaged")
_NO_BEGINNING = Label("son début n’est pas celui d’une base DuckDB", "its beginning is not that of a DuckDB database")
# The first that is found counts: what is wrong in a log is said within the words on the log.
_SIGNS = (
    (
        "WAL does not match",
        Label(
            "son journal, {}.wal, est celui d’un autre fichier, ou endommagé",
            "its log, {}.wal, is that of another file, or damaged",
        ),
    ),
    ("replaying WAL", _LOG),
    ("Could not read enough bytes", _CUT_OFF),
    ("not a valid DuckDB database file", _NO_BEGINNING),
    (
        "orrupt",
        Label("ce qui y est écrit n’est pas ce que DuckDB y a écrit", "what is in it is not what DuckDB wrote there"),
    ),
)
_DAMAGED = Label(
    "{} est endommagé\u00a0: {}\u00a0; rien n’y a été changé\u00a0; reprenez une sauvegarde\u00a0: "
    "jumelage restore BACKUP",
    "{} is damaged: {}; nothing was changed in it; restore a backup: jumelage restore BACKUP",
)
_OTHER_VERSION = Label(
    "{} est d’une autre version de DuckDB\u00a0: {}\u00a0; rien n’y a été changé\u00a0; employez "
    "le jumelage qui l’a écrit, ou un plus récent",
    "{} is of another version of DuckDB: {}; nothing was changed in it; use the jumelage that wrote it, or a newer one",
)


def damage(text: str, file: str) -> DamagedError | None:
    """Return the error that says what is wrong with a file by what DuckDB says; None if nothing is."""
    if found := _VERSION.search(text):
        numbers = found[2].replace(" and ", "\u2013")
        what = both(
            "sa forme est la {}, et celles qui se lisent sont {}",
            "its form is {}, and those that can be read are {}",
            found[1],
            numbers,
        )
        return DamagedError(what, filled(_OTHER_VERSION, file, what))
    for sign, said in _SIGNS:
        if sign in text:
            what = filled(said, file)
            if block := _BLOCK.search(text):
                what = both("{} (à l’octet {})", "{} (at byte {})", what, block[1])
            return _damaged(what, file)
    return None


def unwritable(text: str) -> DatabaseError | None:
    """Return the error that names a file which cannot be written, by what DuckDB says; None if there is none.

    What was there is as it was: DuckDB calls a database invalid, too, that it was only making.
    """
    found = _UNWRITABLE.search(text)
    return DatabaseError(filled(NOT_WRITTEN, found[1], found[2])) if found else None


def beginning_lost(file: str) -> DamagedError:
    """Return the error for a file whose mark is gone, while what follows it is DuckDB's."""
    return _damaged(_NO_BEGINNING, file)


def log_damaged(file: str) -> DamagedError:
    """Return the error for a file whose log is damaged where DuckDB does not look."""
    return _damaged(filled(_LOG, file), file)


def _damaged(what: Label, file: str) -> DamagedError:
    return DamagedError(what, filled(_DAMAGED, file, what))
