"""What a correction loses: rows, answers and dates that the previous revision has and the new one lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.database.models import LISTED, OF_A_LOAD, OF_A_REVISION, metadata
from jumelage.errors import UsageError
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_EXAMPLES = 3
_SHARE = 10  # a load that loses more than one row in so many has to be confirmed
# An agreement is lost where its town has fewer with the country than before: that its partner is now called otherwise
# is a change, and no loss.
_PLACE_OF_AN_AGREEMENT = ("city", "country")
# What may go while its row stays.
_PARTS = {
    "respondents": {
        "responded": "response = 'responded'",
        "declared_agreements": "declared_agreements is not null",
    },
    "partnerships": {
        "partner": "partner is not null",
        "since": "since_from is not null",
        "until": "until_from is not null",
    },
    "answers": {"answered": "missing is null or missing in ('dont_know', 'refused', 'not_applicable')"},
}
_MORE = Label("par exemple", "such as")
_LINE = Label("{0}\u00a0: {1} avant, {2} après, {3} de perdus", "{0}: {1} before, {2} after, {3} gone")
_REFUSED = Label(
    "la vague {0} perdrait plus d’un dixième de ce qui suit\u00a0; si c’est voulu\u00a0: --accept-loss",
    "wave {0} would lose more than a tenth of what follows; if that is meant: --accept-loss",
)


@dataclass(frozen=True, slots=True)
class Loss:
    """What is gone from a table: how many there were and are now, how many have no successor, and a few of these.

    `rows` are all that the table had before, of which what is counted may be a part.
    """

    table: str
    rows: int
    before: int
    after: int
    gone: int
    examples: tuple[str, ...]

    @property
    def grave(self) -> bool:
        """Tell whether it has to be confirmed: more than a tenth, and so all of it."""
        return self.gone * _SHARE > self.rows

    def text(self, lang: str) -> str:
        """Say so in one line."""
        line = _LINE.text(lang).format(self.table, self.before, self.after, self.gone)
        return f"{line} ({_MORE.text(lang)} {'; '.join(self.examples)})" if self.examples else line


def losses(connection: Connection, wave: str, before: int, after: int) -> tuple[Loss, ...]:
    """Compare two revisions of a wave, both in the database, and return what the later one has lost.

    Rows are identified by their keys, so a changed value is no loss. Where a row stays, its answers, dates and
    partners may still be lost: they are counted apart.
    """
    names = dict(database.query(connection, "select code, name from survey.cities")[1])
    found = (_loss(connection, kept, (wave, before, after), names) for kept in _kept())
    return tuple(loss for loss in found if loss is not None)


def confirm(wave: str, lost: Sequence[Loss], lang: str) -> None:
    """Refuse what loses more than a tenth of a table; UsageError says what would go."""
    if grave := [loss for loss in lost if loss.grave]:
        raise UsageError("\n".join([_REFUSED.text(lang).format(wave), *(f"  {loss.text(lang)}" for loss in grave)]))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Something that may be lost: of which table, the columns that tell one from another, and the query of its rows."""

    name: str
    table: str
    keys: tuple[str, ...]
    rows: str


def _kept() -> list[_Kept]:
    found = []
    for table in (*OF_A_LOAD, LISTED):
        name = f"survey.{table}"
        key = tuple(column.name for column in metadata.tables[name].primary_key if column.name not in OF_A_REVISION)
        keys = _PLACE_OF_AN_AGREEMENT if table == "partnerships" else key
        found.append(_Kept(table, table, keys, f"select * from {name}"))
        found += [
            _Kept(f"{table}: {what}", table, keys, f"select * from {name} where {condition}")
            for what, condition in _PARTS.get(table, {}).items()
        ]
    return found


def _loss(connection: Connection, kept: _Kept, revisions: tuple[str, int, int], names: dict[str, str]) -> Loss | None:
    wave, before, after = revisions
    listed = ", ".join(kept.keys)
    counted = (
        f"select {listed}, sum(case when revision = {before} then 1 else 0 end) as was, "
        f"sum(case when revision = {after} then 1 else 0 end) as becomes from ({kept.rows}) x "
        f"where wave = '{wave}' and revision in ({before}, {after}) group by {listed}"
    )
    ((rows, was, becomes, gone),) = database.query(
        connection,
        f"select (select count(*) from survey.{kept.table} where wave = '{wave}' and revision = {before}), "
        "coalesce(sum(was), 0), coalesce(sum(becomes), 0), "
        f"coalesce(sum(case when was > becomes then was - becomes else 0 end), 0) from ({counted}) c",
    )[1]
    if not gone:
        return None
    few = database.query(
        connection, f"select {listed} from ({counted}) c where was > becomes order by {listed} limit {_EXAMPLES}"
    )[1]
    examples = tuple(", ".join(str(names.get(part, part)) for part in row if part) for row in few)
    return Loss(kept.name, int(rows), int(was), int(becomes), int(gone), examples)
