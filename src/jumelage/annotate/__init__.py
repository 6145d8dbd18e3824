"""A copy of what was handed in, with each finding written where it belongs.

In: a folder, a zip, a CSV file or a workbook, and its findings. Out: the same in its own format, which differs from it
in the findings alone, and a remark on whatever could not be copied in this way.
"""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.annotate.words import OWN
from jumelage.errors import OutputError, UsageError
from jumelage.temporary import folder_in
from jumelage.texts import NOT_WRITTEN, Label, both, either, filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

_VALUES = ".xlsx"  # any workbook may be had as an .xlsx of its values
_WROTE = Label("copie annotée\u00a0: {}", "wrote {}")
_COPIED = Label(
    "{} est une simple copie\u00a0: aucun constat n’y est écrit", "{} is a mere copy: no finding is written into it"
)
_VALUES_ALONE = Label(
    "de {}, la copie n’a que les valeurs\u00a0: ni formules, ni formats, ni graphiques",
    "of {} the copy has the values alone: no formulas, formats or charts",
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is handed in by its content, and the endings that a copy may have, its own first."""

    name: str
    endings: tuple[str, ...]


def annotate(
    handed: Path, documents: Mapping[str, Document], findings: Sequence[Finding], out: Path, lang: str
) -> tuple[Label, ...]:
    """Write the annotated copy, and return what is to be said of it.

    It is there whole or not at all, and never in place of something. UsageError if `out` is no name for it,
    OutputError if it cannot be written.
    """
    kind = check_out(handed, out)
    try:
        with folder_in(out.absolute().parent, f".{OWN}-") as work:
            made = work / f"copy{out.suffix}"
            written, remarks = _write(kind, handed, tuple(documents.values()), findings, made, lang)
            check_out(handed, out)
            made.rename(out)
    except OSError as error:
        read = error.filename if str(error.filename).startswith(str(handed)) else ""
        why = ": ".join(filter(None, (read, error.strerror or str(error))))
        raise OutputError(filled(NOT_WRITTEN, out, why)) from error
    return filled(_WROTE if written and findings else _COPIED, out), *remarks


def _write(
    kind: _Kind, handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> tuple[bool, tuple[Label, ...]]:
    """Write the copy; return whether findings are in it, and what is to be said of what could not be copied."""
    from jumelage.annotate import files

    if kind.name == "folder":
        return files.write_folder(handed, documents, findings, made, lang)
    if kind.name == "zip":
        return files.write_archive(handed, documents, findings, made, lang)
    if kind.name == "file":
        return files.write_file(handed, documents, findings, made, lang)
    return True, _write_workbook(kind, handed, documents, findings, made, lang)


def _write_workbook(
    kind: _Kind, handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> tuple[Label, ...]:
    """Write a workbook in its own format, or its values where that cannot be done."""
    from xml.parsers.expat import ExpatError

    from jumelage.annotate.ods import write_ods
    from jumelage.annotate.places import Places
    from jumelage.annotate.values import write_values
    from jumelage.annotate.xlsx import write_xlsx

    places = Places(handed, documents, findings)
    write = {"xlsx": write_xlsx, "xlsm": write_xlsx, "ods": write_ods}.get(kind.name)
    own = made.suffix.lower() != _VALUES or kind.name == "xlsx"
    if write is not None and own:
        with suppress(ExpatError, LookupError, ValueError, StopIteration):  # parts that readers of values pass over
            write(handed, places, made, lang)
            return ()
        if made.suffix.lower() != _VALUES:
            raise OutputError(
                both(
                    "{} a des parties illisibles\u00a0; choisissez un nom qui finit par {}",
                    "{} has parts that cannot be read; choose a name that ends in {}",
                    handed.name,
                    _VALUES,
                )
            )
    values = made.with_name("values.xlsx")
    places.renamed = write_values(handed, values)
    write_xlsx(values, places, made, lang)
    return (filled(_VALUES_ALONE, handed.name),)


def ending_of(handed: Path) -> str:
    """Return how the name of an annotated copy ends, by what is handed in; DataError if that cannot be read."""
    return _kind(handed).endings[0]


def check_out(handed: Path, out: Path) -> _Kind:
    """Tell what is handed in; UsageError says what is expected where a copy of it cannot have this name."""
    kind, ending = _kind(handed), out.suffix.lower()
    if kind.name == "folder":
        if ending in {".zip", ".csv", ".xlsx", ".xls", ".ods", ".xlsm", ".xlsb"}:
            raise UsageError(
                both(
                    "{}\u00a0: la copie d’un dossier est un dossier\u00a0; choisissez un nom sans {}",
                    "{}: the copy of a folder is a folder; choose a name without {}",
                    out,
                    out.suffix,
                )
            )
    elif ending not in kind.endings:
        raise UsageError(
            both(
                "{}\u00a0: la copie de {} doit finir par {}\u00a0; choisissez un autre nom",
                "{}: the copy of {} must end in {}; choose another name",
                out,
                handed.name,
                either(kind.endings),
            )
        )
    if os.path.lexists(out):
        raise UsageError(
            both("{} existe déjà\u00a0; choisissez un autre nom", "{} already exists; choose another name", out)
        )
    if out.resolve().is_relative_to(handed.resolve()):
        raise UsageError(
            both("{} est dans {}\u00a0; choisissez un autre nom", "{} is inside {}; choose another name", out, handed)
        )
    return kind


def _kind(handed: Path) -> _Kind:
    """Tell what is handed in by its content, else by its name."""
    from jumelage.reading.handed import form_of

    form, ending = form_of(handed), handed.suffix.lower()
    if form == "workbook":
        return _workbook(_package(handed), ending)
    if form == "file":
        return _Kind(form, (ending, ".csv") if ending not in {"", ".csv"} else (".csv",))
    return _Kind(form, (".zip",) if form == "zip" else ("",))


def _workbook(held: str, ending: str) -> _Kind:
    if held == "ods" or (not held and ending == ".ods"):
        return _Kind("ods", (".ods", _VALUES))
    if held == "xlsm":
        return _Kind(held, (".xlsm", _VALUES))
    if held == "xlsx" or (not held and ending in {".xlsx", ".xlsm"}):
        return _Kind("xlsx", (_VALUES, ending) if ending == ".xlsm" else (_VALUES,))
    return _Kind("xls", (_VALUES,))


def _package(handed: Path) -> str:
    """Tell which workbook a zip is: `xlsx`, `xlsm` (one with macros) or `ods`; empty if it is none of these."""
    with suppress(zipfile.BadZipFile, OSError, ValueError, NotImplementedError), zipfile.ZipFile(handed) as parts:
        names = {name.casefold(): name for name in parts.namelist()}
        if "xl/workbook.xml" in names:
            types = parts.read(names["[content_types].xml"]) if "[content_types].xml" in names else b""
            return "xlsm" if b"macroEnabled" in types else "xlsx"
        if "content.xml" in names:
            return "ods"
    return ""
