"""A relational database for survey waves, with a reporting layer that accounts for every printed number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.errors import (
    BusyError,
    DatabaseError,
    DataError,
    JumelageError,
    LimitError,
    OutputError,
    ReportError,
    UsageError,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from datetime import date, datetime

    from jumelage.api.reader import Reader

__all__ = [
    "BusyError",
    "DataError",
    "DatabaseError",
    "JumelageError",
    "LimitError",
    "OutputError",
    "ReportError",
    "UsageError",
    "open",
]


def open(  # noqa: A001  # it is called jumelage.open
    url_or_path: str | os.PathLike[str] | None = None,
    *,
    wave: str | int | Sequence[str] | None = None,
    as_of: str | date | datetime | None = None,
    classified_on: str | date | None = None,
    without_inferred: bool = False,
    kind: str | None = None,
    lang: str = "en",
) -> Reader:
    """Open a database to read it: its reports, its rows and its ledger, in one consistent state.

    `url_or_path` is a DuckDB file or `postgresql://…`; without it, `$JUMELAGE_DATABASE_URL`, else `./jumelage.duckdb`.
    `wave` is one such as `"2006"`, a revision of it, `"2006@1"`, several for reports that compare waves,
    `"2006,2012"` or a list, or `"all"`; without it, the latest that is not synthetic. `as_of` shows what was loaded
    and not withdrawn by then: a day, all of it, or a time, in UTC where it does not say otherwise. `classified_on` puts
    countries into the zones of that day instead of each wave's reference date. `without_inferred` leaves out rows that
    were inferred from totals. `kind` is one kind of authority, such as `"commune"`, where a wave asked several. `lang`,
    `"en"` or `"fr"`, is the language of titles and labels.

    The database only has to be read: nothing is written, whatever is asked. Close what is returned, or use it in a
    `with` statement: while a DuckDB file is open nobody can load into it.

    UsageError for what is not there or cannot be combined, DatabaseError if there is no database, or at another
    migration than this software, BusyError if somebody else is writing.
    """
    from jumelage.api.reader import Reader

    return Reader(
        url_or_path,
        wave=wave,
        as_of=as_of,
        classified_on=classified_on,
        without_inferred=without_inferred,
        kind=kind,
        lang=lang,
    )


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: reading a package's metadata takes longer than `--help`."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("jumelage")
