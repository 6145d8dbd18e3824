"""A way down through migrations: what it takes with it is counted, and has to be accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.engines import engine_of
from jumelage.database.models import AS_UNDECLARED, CODE_LISTS, DERIVED, LISTED, QUESTIONS, SCHEMA, metadata
from jumelage.database.register import SHIPPED
from jumelage.database.sql import query
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled, listed

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNFIT = Label(
    "les lignes de {} ne sont pas ce qui a été chargé (voir jumelage check --rows)",
    "the rows of {} are not what was loaded (see jumelage check --rows)",
)
_REMEDY = Label(
    "pour y aller tout de même\u00a0: --accept-loss (avec alembic\u00a0: -x accept_loss=yes)",
    "to go there all the same: --accept-loss (with alembic: -x accept_loss=yes)",
)
_ROWS = (Label("ligne", "row"), Label("lignes", "rows"))
_VALUES = (Label("valeur", "value"), Label("valeurs", "values"))
# Filled by migrate itself, so that nothing of them is lost; communes is what the way down makes of cities.
_MADE = {*CODE_LISTS, "communes", "installed", LISTED}
# But some of it migrate could not fill again: authorities that somebody added, items that a revision did not ask.
_KNOWN_HERE_ALONE = {
    "cities": ("list", f"from {SCHEMA}.cities where list <> '{SHIPPED}'"),
    LISTED: (
        "item",
        f"from {SCHEMA}.revisions r cross join ("
        + " union all ".join(
            f"select '{question}' as question, code from {SCHEMA}.{question}" for question in QUESTIONS
        )
        + f") i left join {SCHEMA}.{LISTED} l on l.wave = r.wave and l.revision = r.revision "
        "and l.question = i.question and l.item = i.code where l.item is null",
    ),
}

# Rows that move into columns of respondents on the way, and so are not lost: where the table has this column, all but.
_MOVED = f"select wave, revision, question from {SCHEMA}.questions where {AS_UNDECLARED}"
_MOVING = {
    "questions": ("asked_of", f"not ({AS_UNDECLARED})"),
    "answers": ("question", f"(wave, revision, question) not in ({_MOVED})"),
}


def check_fit(unfit: list[str]) -> None:
    """Raise UsageError where rows are not what was loaded: what goes down then cannot be got back."""
    if unfit:
        raise UsageError(
            both(
                "{}\u00a0; rien n’a été fait\u00a0; {}",
                "{}; nothing was done; {}",
                filled(UNFIT, ", ".join(unfit)),
                _REMEDY,
            )
        )


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Return the rows of each table, under an empty name, and the values of each of its columns.

    Defaults that stand where nothing was said are not counted, nor are values derived from others.
    """
    found = {}
    for table, columns in engine_of(connection).columns(connection, SCHEMA).items():
        marked, rows = _KNOWN_HERE_ALONE.get(table, ("", ""))
        if marked in columns:
            ((number,),) = query(connection, f"select count(*) {rows}")[1]
            found[table] = {"": int(number)}
        if table in _MADE:
            continue
        known = metadata.tables.get(f"{SCHEMA}.{table}")
        counted = {"": "count(*)"}
        for name in columns:
            column = known.columns.get(name) if known is not None else None
            default = getattr(getattr(column, "server_default", None), "arg", None)
            if name not in DERIVED:
                counted[name] = f"count({name})" if default is None else f"count(nullif({name}, '{default}'))"
        held, rest = _MOVING.get(table, ("", ""))
        where = f" where {rest}" if held in columns else ""
        ((*numbers,),) = query(connection, f"select {', '.join(counted.values())} from {SCHEMA}.{table}{where}")[1]
        found[table] = dict(zip(counted, numbers, strict=True))
    return found


def losses(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> list[Label]:
    """Return what was there before and is gone: tables with their rows, columns with their values."""
    lost = []
    for table, numbers in sorted(before.items()):
        rows = numbers[""] - after.get(table, {"": 0})[""]
        if rows:
            lost.append(_number(rows, _ROWS, f"{SCHEMA}.{table}"))
        elif table in after:
            lost += [
                _number(number, _VALUES, f"{SCHEMA}.{table}.{column}")
                for column, number in numbers.items()
                if number > after[table].get(column, 0)
            ]
    return lost


def check_accepted(to: str, lost: list[Label], *, accepted: bool) -> None:
    """Raise UsageError where something would be lost and that is not accepted."""
    if lost and not accepted:
        raise UsageError(
            both(
                "aller à {} perd ce qui a été enregistré\u00a0: {}\u00a0; rien n’a été fait\u00a0; {}",
                "going to {} loses what was recorded: {}; nothing was done; {}",
                to,
                listed(lost),
                _REMEDY,
            )
        )


def _number(number: int, what: tuple[Label, Label], where: str) -> Label:
    return both("{} {} de {}", "{} {} of {}", number, what[number != 1], where)
