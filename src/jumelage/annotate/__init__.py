"""A copy of what was handed in, with each finding written where it belongs.

The cells and records of the original are never changed, but for what `files` and `book` say.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from jumelage.annotate.book import write_workbook
from jumelage.annotate.files import write_archive, write_file, write_folder
from jumelage.annotate.words import OWN
from jumelage.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

_COPIES = {".zip": ".zip", ".csv": ".csv", **dict.fromkeys((".xlsx", ".xls", ".ods", ".xlsm", ".xlsb"), ".xlsx")}
_WRITERS = {".zip": write_archive, ".xlsx": write_workbook, ".csv": write_file}


def annotate(
    handed: Path, documents: Mapping[str, Document], findings: Sequence[Finding], out: Path, lang: str
) -> None:
    """Write the annotated copy; it is there whole or not at all, and never in place of something.

    UsageError if `out` is no name for it, OutputError if it cannot be written.
    """
    check_out(handed, out)
    write = write_folder if handed.is_dir() else _WRITERS[_COPIES.get(handed.suffix.lower(), ".csv")]
    work = None
    try:
        work = Path(mkdtemp(prefix=f".{OWN}-", dir=out.absolute().parent))
        made = work / f"copy{out.suffix}"
        write(handed, tuple(documents.values()), findings, made, lang)
        check_out(handed, out)
        made.rename(out)
    except OSError as error:
        read = error.filename if str(error.filename).startswith(str(handed)) else ""
        why = ": ".join(filter(None, (read, error.strerror or str(error))))
        raise OutputError(f"{out} cannot be written: {why}") from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def check_out(handed: Path, out: Path) -> None:
    """Refuse a name that an annotated copy cannot have: UsageError says what is expected."""
    ending = out.suffix.lower()
    if handed.is_dir():
        if ending in _COPIES:
            raise UsageError(f"{out}: the copy of a folder is a folder; choose a name without {out.suffix}")
    elif ending != (wanted := _COPIES.get(handed.suffix.lower(), ".csv")):
        raise UsageError(f"{out}: the copy of {handed.name} must end in {wanted}; choose another name")
    if os.path.lexists(out):
        raise UsageError(f"{out} already exists; choose another name")
    if out.resolve().is_relative_to(handed.resolve()):
        raise UsageError(f"{out} is inside {handed}; choose another name")
