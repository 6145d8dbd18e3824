"""The desk of an analyst: texts of SQL taken apart, refused with the place where they are wrong, or answered."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.asking import FaultyError, Limits, asking
from jumelage.database.free_queries import readable
from jumelage.database.sandbox_process import in_brief
from jumelage.database.statements import Statement, filled_in, parameters, split
from jumelage.errors import UsageError
from jumelage.revisions.scope import scope_settings
from jumelage.texts import Label, both, filled, listed, nearest, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from jumelage.database.answering import Answering
    from jumelage.database.asking import Asking, Rows
    from jumelage.database.taken_apart import Refused
    from jumelage.revisions.scope import Scope

# Columns that hold a code by their name: the view that says what it is called, and how.
_LABELS = {
    "country": ("countries", "label_{}"),
    "zone": ("zones", "label_{}"),
    "action": ("actions", "label_{}"),
    "difficulty": ("difficulties", "label_{}"),
    "city": ("cities", "name"),
}
_ROW = "jumelage_row"
_NO_SELECT = "Only SELECT statements"  # how DuckDB begins to say that a statement is none
_AT = Label("ligne {}, colonne {}\u00a0: {}", "line {}, column {}: {}")
_MAY_NOT = {
    "function": Label("la fonction {} n’est pas de celles qu’une requête peut appeler\u00a0; {}",
                      "the function {} is not one that a query may call; {}"),
    "table function": Label("la fonction {} ne peut tenir lieu de table",
                            "the function {} may not stand where a table does"),
    "operator": Label("l’opérateur {} n’est pas de ceux qu’une requête peut employer",
                      "the operator {} is not one that a query may use"),
    "type": Label("le type {} n’est pas de ceux qu’une requête peut employer",
                  "the type {} is not one that a query may use"),
    "relation": Label("il n’y a pas de table {} qu’une requête puisse lire\u00a0; {}",
                      "there is no table {} that a query may read; {}"),
}  # fmt: skip
_ONLY_READS = Label(
    "une requête ne fait que lire\u00a0: elle commence par select, with, from, describe ou explain",
    "a query only reads: it begins with select, with, from, describe or explain",
)
_NOT_THIS = Label("une requête ne peut employer ceci\u00a0: {}", "a query may not use this: {}")
_TWICE = Label(
    "plusieurs colonnes s’appellent {}\u00a0; nommez-les autrement\u00a0: … as nom",
    "several columns are called {}; give them other names: … as name",
)


class WrongQueryError(UsageError):
    """A query is wrong; `place` is the first line and column of its text where it is so, if that is known."""

    def __init__(self, message: Label, place: tuple[int, int] | None) -> None:
        """Keep both."""
        super().__init__(message)
        self.message, self.place = message, place


@contextmanager
def open_desk(
    connection: Connection, scope: Scope, limits: Limits | None = None, process: Answering | None = None
) -> Iterator[Desk]:
    """Open a desk on a database that is read, in a scope. While it is open nothing else may be asked on DuckDB.

    `process` answers, if one was started by `answering` with the same limits.
    """
    with asking(connection, scope_settings(connection, scope), limits or Limits(), process) as door:
        yield Desk(door, connection)


class Desk:
    """Answers queries of one scope. UsageError says where one is wrong, LimitError that it takes too much."""

    def __init__(self, door: Asking, connection: Connection) -> None:
        """Ask through a door to what a connection has open."""
        self._door, self._connection = door, connection

    def whole(self, name: str) -> str:
        """Return the query for all of a view or table that may be read."""
        schema, _, table = name.rpartition(".")
        if not any(column.startswith(f"{name}.") for column in database.hidden(self._connection)):
            return f"select * from {name}"
        return f"select {', '.join(database.columns_to_read(self._connection, table))} from {schema}.{table}"

    def read(self, text: str, values: Mapping[str, object] | None = None, file: str = "") -> list[Statement]:
        """Split a text into queries that may be asked, with values in the place of their parameters.

        UsageError with everything that is wrong in any of them; `file` is where the text comes from.
        """
        import duckdb

        if not text.strip():
            raise UsageError(both("il n’y a pas de requête", "there is no query"))
        for given in (text, *map(str, (values or {}).values())):
            _check_unicode(given)
        try:
            found = split(self._door.split_by(), text)
        except duckdb.Error as error:
            raise self._syntax(text, str(error), file) from error
        if not found:
            raise UsageError(both("il n’y a pas de requête", "there is no query"))
        values = values or {}
        wanted = dict.fromkeys(name for one in found for _, _, name in parameters(one.sql))
        if missing := [name for name in wanted if name not in values]:
            raise UsageError(
                both(
                    "valeur manquante\u00a0: {}\u00a0; donnez-la par -p nom=valeur",
                    "no value is given for {}; give it by -p name=value",
                    ", ".join(f"${name}" for name in missing),
                )
            )
        whole = [filled_in(one, values) for one in found]
        problems = [
            _pointed(one, refused.position, self._said(refused), file)
            for one in whole
            for refused in self._door.refused(one.sql)
        ]
        if problems:
            first = min((one.place for one in problems if one.place), default=None)
            raise WrongQueryError(listed((one.message for one in problems), same("\n")), first)
        return whole

    def functions(self) -> frozenset[str]:
        """Return the functions that a query may call."""
        return self._door.functions()

    def wanted(self, text: str) -> list[str]:
        """Return the names of the parameters of a text, in their order; none if it is no SQL."""
        _check_unicode(text)
        return list(dict.fromkeys(name for _, _, name in parameters(text)))

    def columns(self, statement: Statement, file: str = "") -> list[tuple[str, str]]:
        """Return names and types of the columns; UsageError where two have one name."""
        with _placed(statement, file):
            found = self._door.columns(statement.sql)
        names = [name.casefold() for name, _ in found]
        if twice := list(dict.fromkeys(name for name, _ in found if names.count(name.casefold()) > 1)):
            raise UsageError(filled(_TWICE, ", ".join(twice)))
        return found

    def rows(self, statement: Statement, most: int | None = None, file: str = "") -> Rows:
        """Return rows, at most so many, or the plan that an EXPLAIN asks for."""
        columns = self.columns(statement, file)
        with _placed(statement, file):
            return self._door.rows(statement.sql, most, columns, statement.explain)

    def copied(self, statement: Statement, form: str, file: str = "") -> Iterator[bytes]:
        """Give all rows as `csv`, `jsonl`, `parquet` or `cells`, which is Parquet of what a worksheet may hold.

        They come in pieces; wrong queries are told before the first one.
        """
        return self._copied(statement, form, self.columns(statement, file), file)

    def _copied(
        self, statement: Statement, form: str, columns: Sequence[tuple[str, str]], file: str
    ) -> Iterator[bytes]:
        with _placed(statement, file):
            pieces = self._door.copied(statement.sql, form, columns)
            yield from _strict(pieces) if form == "jsonl" else pieces

    def stop(self) -> None:
        """End what is being asked, from another thread, because nobody waits for it any more."""
        self._door.stop()

    def labelled(self, statement: Statement, lang: str, file: str = "") -> Statement:
        """Add, after each column of codes (`country`, `zone`, `city` …), one with what they are called."""
        if statement.explain:
            return statement
        columns = [name for name, _ in self.columns(statement, file)]
        found = [name for name in columns if name in _LABELS and f"{name}_label" not in columns]
        if not found:
            return statement
        shown = ", ".join(
            f'given."{name}"'
            + (f", {name}_of.{_LABELS[name][1].format(lang)} as {name}_label" if name in found else "")
            for name in (column.replace('"', '""') for column in columns)
        )
        before = f"select {shown} from (select *, row_number() over () as {_ROW} from (\n"
        joined = "".join(
            f" left join {_LABELS[name][0]} {name}_of on {name}_of.code = cast(given.{name} as varchar)"
            for name in found
        )
        after = f"\n) as given) as given{joined} order by {_ROW}"  # a join keeps no order
        origin = tuple((here + len(before.encode()), there) for here, there in statement.origin)
        return replace(statement, sql=f"{before}{statement.sql}{after}", origin=origin)

    def labels_taken(self, statement: Statement, file: str = "") -> list[str]:
        """Return the names of columns that `labelled` would add if the query had none of that name."""
        names = [] if statement.explain else [name for name, _ in self.columns(statement, file)]
        return [f"{name}_label" for name in names if name in _LABELS and f"{name}_label" in names]

    def _said(self, refused: Refused) -> Label:
        """Say what a query uses and may not, with what may have been meant."""
        name = in_brief(refused.name)
        if refused.what == "form":
            return _ONLY_READS if name.startswith(_NO_SELECT) else filled(_NOT_THIS, name)
        known = readable() if refused.what == "relation" else self._door.functions()
        return filled(_MAY_NOT[refused.what], name, nearest(name, known))

    def _syntax(self, text: str, said: str, file: str) -> WrongQueryError:
        """Say where a text is no SQL: DuckDB tells the place when it takes the text apart."""
        whole = Statement(text, "", ((0, 0),), text)
        for refused in self._door.refused(text):
            if refused.what == "form" and refused.position is not None:
                return _pointed(whole, refused.position, same(in_brief(refused.name)), file)
        return WrongQueryError(same(in_brief(said.split("\n\n", maxsplit=1)[0])), None)


@contextmanager
def _placed(statement: Statement, file: str) -> Iterator[None]:
    """Say where a query is wrong."""
    try:
        yield
    except FaultyError as error:
        raise _pointed(statement, error.position, same(str(error)), file) from error


def _pointed(statement: Statement, position: int | None, what: Label, file: str) -> WrongQueryError:
    """Say what is wrong at a place of a query, and show the line with a mark below the place."""
    if position is None:
        return WrongQueryError(filled(same("{}: {}"), file, what) if file else what, None)
    line, column, text = statement.place(position)
    told = filled(same("{}:{}:{}: {}"), file, line, column, what) if file else filled(_AT, line, column, what)
    start = max(0, column - 60)
    shown = filled(same("{}\n  {}\n  {}^"), told, text[start : start + 100], " " * (column - 1 - start))
    return WrongQueryError(shown, (line, column))


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')


def _strict(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Make texts of what DuckDB writes for numbers that are none: JSON has no NaN, and no Infinity."""
    held = b""
    for piece in pieces:
        whole, end, held = (held + piece).rpartition(b"\n")
        if end:
            yield _quoted(whole) + end
    if held:
        yield _quoted(held)


def _quoted(lines: bytes) -> bytes:
    if b"NaN" not in lines and b"Infinity" not in lines:
        return lines
    return _TOKEN.sub(lambda found: found[0] if found[0].startswith(b'"') else b'"' + found[0] + b'"', lines)


def as_json(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Make one JSON array of lines of JSON."""
    before, held = b"[\n", b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        if lines := [line for line in lines if line]:
            yield before + b",\n".join(lines)
            before = b",\n"
    if held:
        yield before + held
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _check_unicode(text: str) -> None:
    """Raise UsageError for half a character, as escapes of JSON can leave it: no engine takes it."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            both(
                "le texte n’est pas de l’Unicode valide : {} au caractère {}",
                "the text is not valid Unicode: {} at character {}",
                f"U+{ord(text[error.start]):04X}",
                error.start + 1,
            )
        ) from None


def read_values(given: Sequence[str]) -> dict[str, str]:
    """Read parameters as they are given, name=value; UsageError for one that is not."""
    found = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark or not name.isidentifier():
            raise UsageError(both("{!r} n’est pas nom=valeur", "{!r} is not name=value", one))
        found[name] = value
    return found
