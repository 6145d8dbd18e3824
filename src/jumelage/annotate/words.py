"""What annotated copies say, whatever their form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.errors import OutputError
from jumelage.rules import ERROR, FIELDS, NOTICE, SEVERITIES, WARNING, severity_name
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jumelage.rules import Finding

LIST = "findings"
MOST_MARKED = 65_000  # cells that are marked in a workbook; the list has all
# An annotation is told by the first line of its comment; under the second there is the comment that was there before.
SIGNED, EARLIER = "— jumelage —", "————"
FILLS = {ERROR: "FFC7CE", WARNING: "FFD8A8", NOTICE: "CFE2F3"}
LONGEST_COMMENT = 32_000
HEADINGS = {
    "cell": (Label("cellule", "cell"), 24),
    "file": (Label("fichier", "file"), 18),
    "sheet": (Label("feuille", "sheet"), 16),
    "row": (Label("ligne", "row"), 8),
    "column": (Label("colonne", "column"), 16),
    "value": (Label("valeur", "value"), 24),
    "rule": (Label("règle", "rule"), 24),
    "severity": (Label("gravité", "severity"), 15),
    "message": (Label("constat", "message"), 56),
    "suggestion": (Label("suggestion", "suggestion"), 56),
}
LONGEST_CELL = 32_767  # characters; what a spreadsheet program takes
OWN = "jumelage"
# What its reader did not open, for want of safety or memory, is not opened for a copy.
UNREAD = {"too_large", "not_a_workbook", "not_an_archive", "archive_encrypted", "archive_name_twice"}
MORE = Label("… encore {}", "… {} more")
_COLON, _SEMICOLON = Label("\u00a0: ", ": "), Label("\u00a0; ", "; ")


@dataclass(frozen=True, slots=True)
class Note:
    """What is said in a cell, and how bad the worst of it is."""

    severity: str
    texts: tuple[str, ...]

    def said(self, lang: str, room: int) -> str:
        """Write it, as much as there is room for."""
        return joined(self.texts, "\n\n", room, lang)


def note_of(findings: Sequence[Finding], lang: str) -> Note:
    """Make the note of the findings of one cell."""
    worst = min((finding.severity for finding in findings), key=SEVERITIES.index)
    return Note(worst, tuple(sentence(finding, lang) for finding in findings))


def listed(finding: Finding, lang: str) -> list[str | int | None]:
    """Return what a list for people says of a finding, in the order of `HEADINGS` but for the cell."""
    shown = dict(zip(FIELDS, finding.fields(lang), strict=True))
    shown["severity"] = severity_name(finding.severity).text(lang)
    return [_cut(value) if isinstance(value, str) else value for value in shown.values()]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def lines_of(values: Sequence[object]) -> int:
    """Return how many lines a row of the list takes: spreadsheets do not make room by themselves."""
    widths = (width for _, width in list(HEADINGS.values())[1:])
    return min(20, max(1 + len(str(value or "")) // width for value, width in zip(values, widths, strict=True)))


def sentence(finding: Finding, lang: str) -> str:
    """Say what is wrong in a place that is told already, but for the column."""
    said = _SEMICOLON.text(lang).join(filter(None, (finding.message(lang), finding.remedy(lang))))
    return f"{finding.headed}{_COLON.text(lang)}{said}" if finding.headed else said


def joined(texts: Sequence[str], between: str, most: int, lang: str) -> str:
    """Join texts, as many as there is room for, and say how many more there are."""
    whole = between.join(texts)
    if len(whole) <= most:
        return whole
    room, kept = most - 50, 0
    while (room := room - len(texts[kept]) - len(between)) >= 0:
        kept += 1
    shown = [*texts[:kept]] or [f"{texts[0][: most - 50]}…"]
    if left := len(texts) - len(shown):
        shown.append(MORE.text(lang).format(left))
    return between.join(shown)


def unreadable(handed: Path) -> OutputError:
    """Return the error for what cannot be opened, and so not be copied."""
    return OutputError(
        both(
            "il n’y a pas de copie annotée de {}\u00a0: il est illisible",
            "there is no annotated copy of {}: it cannot be read",
            handed,
        )
    )
