"""Attempts to get out of a query, and which of them a desk lets out."""

from __future__ import annotations

from jumelage.errors import LimitError, UsageError
from jumelage.querying.desk import Desk
from tests.conftest import ROOT

ESCAPES = [
    line
    for line in (ROOT / "tests" / "data" / "escapes.sql.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def let_out(desk: Desk) -> list[str]:
    """Ask all of them at a desk; return those that were answered."""
    answered = []
    for sql in ESCAPES:
        try:
            for statement in desk.read(sql):
                desk.rows(statement, 10)
        except (UsageError, LimitError):
            continue
        answered.append(sql)
    return answered
