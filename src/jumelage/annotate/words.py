"""What annotated copies say, whatever their form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.errors import OutputError
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jumelage.rules import Finding

LIST = "findings"
LONGEST_CELL = 32_767  # characters; what a spreadsheet program takes
OWN = "jumelage"
# What its reader did not open, for want of safety or memory, is not opened for a copy.
UNREAD = {"too_large", "not_a_workbook", "not_an_archive", "archive_encrypted", "archive_name_twice"}
MORE = Label("… encore {}", "… {} more")
_COLON, _SEMICOLON = Label("\u00a0: ", ": "), Label("\u00a0; ", "; ")


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
    return OutputError(f"there is no annotated copy of {handed}: it cannot be read")
