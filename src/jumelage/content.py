"""Where the project's content is: code lists, views, reports and waves."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from jumelage.texts import Label

TOTAL = "total"
ALL = "all"
UNKNOWN = "unknown"


def root() -> Path:
    """Return the folder of alembic/, schema/, reports/ and waves/: inside a wheel, or the checkout."""
    packaged = Path(__file__).with_name("_content")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2]


def code_lists() -> dict[str, Path]:
    """Return the CSV file of each code list, by the name of its table."""
    return {path.stem: path for path in sorted((root() / "schema" / "codes").glob("*.csv"))}


@cache
def answers(code_list: str) -> dict[str, Label]:
    """Return the codes of a closed list of answers (`answers`, `responses`, `no_date`, `yes_no`) with their labels."""
    with code_lists()["answers"].open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["list"] == code_list]
    return {row["code"]: Label(row["label_fr"], row["label_en"]) for row in rows}


def views(dialect: str) -> dict[str, str]:
    """Return the query of each view by name, in order of creation.

    A file is `NN_name.sql`, or `NN_name.DIALECT.sql` for the one relation that is written once per engine.
    """
    found = {}
    for path in sorted((root() / "schema" / "views").glob("*.sql")):
        name, _, engine = path.stem.partition(".")
        if engine in {"", dialect}:
            found[name.split("_", 1)[1]] = path.read_text(encoding="utf-8")
    return found
