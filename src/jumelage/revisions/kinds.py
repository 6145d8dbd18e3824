"""Kinds of authority in a scope, such as communes and départements: their numbers are never added up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.errors import UsageError
from jumelage.texts import Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

# France's kinds in the order in which they are shown; those of other countries follow by name.
_ORDER = ("commune", "epci", "departement", "region")


def per_kind(connection: Connection, scope: Scope) -> tuple[Scope, ...]:
    """Return a scope for each kind of authority that was asked, of the waves that asked it.

    It is the scope itself if there is no more than one kind, or one was chosen; it then says which.
    """
    if scope.kind is not None:
        return (scope,)
    asked = _asked(connection, scope)
    if len(asked) > 1:
        return tuple(_of_kind(connection, scope, kind, asked[kind]) for kind in asked)
    return (replace(scope, asked=next(iter(asked), None)),)


def of_kind(connection: Connection, scope: Scope, kind: str) -> Scope:
    """Return the scope of one kind: the scope itself if there is no other.

    UsageError, with the kinds there are, if none of that kind was asked.
    """
    asked = _asked(connection, scope)
    if kind not in asked:
        raise UsageError(
            both(
                "--kind {}\u00a0: aucune autorité de cette sorte n’a été interrogée\u00a0; {}",
                "--kind {}: no authority of that kind was asked; {}",
                kind,
                nearest(kind, asked),
            )
        )
    return _of_kind(connection, scope, kind, asked[kind]) if len(asked) > 1 else replace(scope, asked=kind)


def check_one_kind(parts: Iterable[Scope]) -> None:
    """Raise UsageError, with the kinds there are, if these are scopes of several kinds."""
    kinds = [part.kind for part in parts if part.kind is not None]
    if len(kinds) > 1:
        raise UsageError(
            both(
                "plusieurs sortes d’autorités ont été interrogées, et leurs nombres ne s’additionnent pas\u00a0: "
                "{}\u00a0; nommez-en une, comme --kind {}",
                "several kinds of authority were asked, and their numbers are not to be added up: {}; "
                "name one, such as --kind {}",
                ", ".join(kinds),
                kinds[0],
            )
        )


def _asked(connection: Connection, scope: Scope) -> dict[str, list[tuple[str, int]]]:
    """Return the revisions that asked each kind, in the order of the kinds."""
    _, rows = database.query(
        connection,
        "select distinct c.kind, r.wave, r.revision from survey.respondents r "
        f"join survey.cities c on c.code = r.city where {_rows(scope, 'r.')}",
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for kind, wave, revision in sorted(rows, key=lambda row: _place(row[0])):
        found.setdefault(kind, []).append((wave, revision))
    return {kind: [one for one in scope.revisions if one in revisions] for kind, revisions in found.items()}


def _place(kind: str) -> tuple[int, str]:
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind)


def _of_kind(connection: Connection, scope: Scope, kind: str, revisions: list[tuple[str, int]]) -> Scope:
    part = replace(scope, revisions=tuple(revisions), kind=kind, asked=kind)
    sql = f"select wave from survey.partnerships where city is null and until_from is null and ({_rows(part)})"
    _, rows = database.query(connection, f"select wave, count(*) from ({sql}) p group by wave order by wave")
    if not rows:
        return part
    listed = ", ".join(f"{wave} ({number})" for wave, number in rows)
    remark = Label(
        f"Des accords dont l’autorité n’est pas dite ne sont comptés dans aucune sorte\u00a0: {listed}. "
        "Les nombres d’accords sont donc des minima (≥).",
        f"Agreements of which no authority is stated are counted in no kind: {listed}. "
        "Numbers of agreements are therefore minima (≥).",
    )
    return replace(part, remarks=(*scope.remarks, remark))


def _rows(scope: Scope, of: str = "") -> str:
    chosen = (f"{of}wave = {database.literal(wave)} and {of}revision = {number}" for wave, number in scope.revisions)
    return " or ".join(chosen) or "false"
