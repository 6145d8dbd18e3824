"""Reports that come with a wave: files of its folder `reports`, read as those of the project are, and not trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.content import read_text
from jumelage.errors import UsageError
from jumelage.rules import Finding, rule
from jumelage.temporary import is_full
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from jumelage.findings import Findings
    from jumelage.report_file import Report

FOLDER = "reports"
MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report that comes with a wave, and the text of its file, which is kept."""

    report: Report
    text: str


def read_own_reports(paths: Iterable[Path], findings: Findings) -> dict[str, OwnReport]:
    """Read the report files of a wave by name; what is wrong with one is added to the findings, and it is left out."""
    found = {}
    for path in paths:
        try:
            found[path.stem] = _read(path)
        except _WrongError as error:
            findings.append(Finding(rule(error.rule), f"{FOLDER}/{path.name}", details={"why": error.why}))
    return found


def parsed(files: Mapping[str, str]) -> dict[str, Report]:
    """Return reports that were loaded with a wave, from the texts of their files by name; they were read then."""
    return {name: report_file.parse_report(name, text, brought=True) for name, text in files.items()}


class _WrongError(Exception):
    """What is wrong with a report file: the rule that it breaks, and why."""

    def __init__(self, broken: str, why: Label | str = "") -> None:
        super().__init__(broken)
        self.rule, self.why = broken, why


def _read(path: Path) -> OwnReport:
    if not report_file.is_name(path.stem):
        raise _WrongError("report_name")
    if path.stem in report_file.shipped():
        raise _WrongError("report_taken")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _WrongError("report_too_long")
        text = read_text(path)
        return OwnReport(report_file.parse_report(path.stem, text, brought=True), text)
    except UsageError as error:
        fr, en = error.text("fr"), error.text("en")
        why = Label(fr.removeprefix(f"{path.name}\u00a0: "), en.removeprefix(f"{path.name}: "))
        raise _WrongError("report_unreadable", why) from None
    except OSError as error:
        if is_full(error):
            raise
        raise _WrongError("file_unreadable", error.strerror or str(error)) from None
