"""Which items of the lists of actions and difficulties a revision asked: what comes to a list later, it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.models import LISTED, MANAGEMENT, SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reading.wave_toml import Wave

# Each list with the table of its answers, and the column of the item there.
_LISTS = (("actions", "city_actions", "action"), ("difficulties", "city_difficulties", "difficulty"))


def asks_the_same(connection: Connection, bench: Connection, wave: Wave, revision: int) -> bool:
    """Tell whether a revision asked what the wave asks, where its hash does not tell.

    That is: the questions on management that are staged, and the items of lists where the wave says which.
    """
    management = ", ".join(map(database.literal, MANAGEMENT))
    asks = f"select question from {{}}questions where {{}} and question in ({management})"
    before = database.query(connection, asks.format(f"{SCHEMA}.", _of(wave, revision)))[1]
    if set(map(tuple, before)) != set(map(tuple, bench.exec_driver_sql(asks.format("staged_", "true")))):
        return False
    if not wave.asked:
        return True
    sql = f"select question, item from {SCHEMA}.{LISTED} where {_of(wave, revision)}"
    recorded: dict[str, set[str]] = {}
    for question, item in database.query(connection, sql)[1]:
        recorded.setdefault(question, set()).add(item)
    return all(recorded.get(question, set()) == set(items) for question, items in wave.asked.items())


def record_items(connection: Connection, wave: Wave, revision: int, before: int) -> None:
    """Record what a revision asked, whose rows are there: what the wave names, else the lists as they stand.

    A correction is of a survey that was asked once: unless the wave says otherwise, it asked what the revision before
    did, and what it has an answer to beside. `before` is 0 for the first one.
    """
    each = " union all ".join(
        f"select '{wave.code}', {revision}, '{question}', code from {SCHEMA}.{question} "
        f"where {_asked(wave, revision, before, question, answers, item)}"
        for question, answers, item in _LISTS
    )
    connection.exec_driver_sql(f"insert into {SCHEMA}.{LISTED} (wave, revision, question, item) {each}")


def _asked(wave: Wave, revision: int, before: int, question: str, answers: str, item: str) -> str:
    if question in wave.asked:
        return f"code in ({', '.join(map(database.literal, wave.asked[question])) or 'null'})"
    if not before:
        return "true"
    answered = f"{_of(wave, revision)} and answer <> 'not_asked'"
    return (
        f"code in (select item from {SCHEMA}.{LISTED} where {_of(wave, before)} and question = '{question}' "
        f"union select {item} from {SCHEMA}.{answers} where {answered} "
        f"union select item from {SCHEMA}.default_answers where {answered} and question = '{question}')"
    )


def _of(wave: Wave, revision: int) -> str:
    return f"wave = '{wave.code}' and revision = {revision}"
