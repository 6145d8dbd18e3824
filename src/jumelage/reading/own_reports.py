"""Reports that come with a wave: files of its folder `reports`, read as those of the project are, and not trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import report_file
from jumelage.content import read_text
from jumelage.errors import UsageError
from jumelage.reading.report_headers import check_header
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
_IN_HEADER = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report that comes with a wave, and the text of its file, which is kept."""

    report: Report
    text: str

    def line_of(self, word: str) -> int | None:
        """Return the first line of the file on which a word stands in the query; None if it stands in none."""
        sql = self.report.sql
        edges = [r"\b" if word[at : at + 1 or None].isalnum() else "" for at in (0, -1)]
        found = re.search(f"{edges[0]}{re.escape(word)}{edges[1]}", sql, re.IGNORECASE) if word else None
        return None if found is None else self.text.removesuffix(sql).count("\n") + sql[: found.start()].count("\n") + 1


def read_own_reports(paths: Iterable[Path], findings: Findings) -> dict[str, OwnReport]:
    """Read the report files of a wave by name; what is wrong with one is added to the findings, and it is left out."""
    found = {}
    for path in paths:
        try:
            found[path.stem] = _read(path)
        except _WrongError as error:
            findings.append(Finding(rule(error.rule), f"{FOLDER}/{path.name}", error.line, details={"why": error.why}))
    return found


def parsed(files: Mapping[str, str]) -> dict[str, Report]:
    """Return reports that were loaded with a wave, from the texts of their files by name; they were read then."""
    return {name: report_file.parse_report(name, text, brought=True) for name, text in files.items()}


class _WrongError(Exception):
    """What is wrong with a report file: the rule that it breaks, why, and the line where that is known."""

    def __init__(self, broken: str, why: Label | str = "", line: int | None = None) -> None:
        super().__init__(broken)
        self.rule, self.why, self.line = broken, why, line


def _read(path: Path) -> OwnReport:
    if not report_file.is_name(path.stem):
        raise _WrongError("report_name")
    if path.stem in report_file.shipped():
        raise _WrongError("report_taken")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _WrongError("report_too_long")
        text = read_text(path)
        header, _ = report_file.parse_header(path.name, text)
        check_header(header)
        return OwnReport(report_file.parse_report(path.stem, text, brought=True), text)
    except UsageError as error:
        fr, en = error.text("fr"), error.text("en")
        why = Label(fr.removeprefix(f"{path.name}\u00a0: "), en.removeprefix(f"{path.name}: "))
        if place := _IN_HEADER.search(why.en):  # counted from the line below /*
            without = Label(why.fr.replace(place[0], ""), why.en.replace(place[0], ""))
            raise _WrongError("report_unreadable", without, int(place[1]) + 1) from None
        raise _WrongError("report_unreadable", why) from None
    except OSError as error:
        if is_full(error):
            raise
        raise _WrongError("file_unreadable", error.strerror or str(error)) from None
