"""What was recorded and when: revisions with their rows, and withdrawals, which are records themselves."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jumelage import __version__, database
from jumelage.database.models import OF_A_LOAD, metadata
from jumelage.errors import UsageError
from jumelage.revisions.scope import current, recorded
from jumelage.texts import Label, both, filled, find_control

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LONGEST = 1000  # characters of a reason or a name


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision in the history; `status` is current, superseded or withdrawn. Times are in UTC.

    `rows` are all that it holds, `agreements` those in force. Who and why are none where the session may not know.
    """

    wave: str
    revision: int
    status: str
    synthetic: bool
    loaded_at: datetime
    loaded_by: str | None
    reason: str | None
    rows: int
    agreements: int
    content_hash: str
    code_lists: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_why: str | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal: the revision, and the one that is current after it, if any is left."""

    name: str
    current: str | None


def history(connection: Connection, as_of: datetime | None = None) -> list[Entry]:
    """Return every revision, as it stood at a time in UTC if one is given, waves by their reference date."""
    known = [one for one in recorded(connection) if as_of is None or one.loaded_at <= as_of]
    standing = current(known, as_of)
    latest = {one.wave: max(o.reference_date for o in known if o.wave == one.wave) for one in known}
    known.sort(key=lambda one: (latest[one.wave], one.wave, one.revision))
    of_people = database.readable(connection)
    by, why = (of_people("r", f"revisions.{name}") for name in ("loaded_by", "reason"))
    _, facts = database.query(connection, f"select wave, revision, {by}, {why}, content_hash from survey.revisions r")
    told = {(wave, revision): rest for wave, revision, *rest in facts}
    rows = _rows(connection, OF_A_LOAD)
    agreements = _rows(connection, ("partnerships",), "where until_from is null")
    entries = []
    for one in known:
        key = (one.wave, one.revision)
        loaded_by, reason, digest = told[key]
        stands = one.stands(as_of)
        status = "withdrawn" if not stands else "current" if standing[one.wave] == one else "superseded"
        entries.append(
            Entry(
                one.wave,
                one.revision,
                status,
                one.synthetic,
                one.loaded_at,
                loaded_by,
                reason,
                rows.get(key, 0),
                agreements.get(key, 0),
                digest,
                "as now" if one.same_code_lists else "others",
                *((None, None, None) if stands else (one.withdrawn_at, one.withdrawn_by, one.withdrawn_why)),
            )
        )
    return entries


def _rows(connection: Connection, tables: tuple[str, ...], where: str = "") -> dict[tuple[str, int], int]:
    """Return the number of rows in tables by wave and revision."""
    each = " union all ".join(
        f"select wave, revision, count(*) as found from survey.{table} {where} group by wave, revision"
        for table in tables
    )
    _, rows = database.query(connection, f"select wave, revision, sum(found) from ({each}) t group by wave, revision")
    return {(wave, revision): int(number) for wave, revision, number in rows}


def withdraw(connection: Connection, name: str, *, reason: str, by: str | None = None) -> Withdrawn:
    """Record that a revision such as `2006@2` no longer stands; its rows are kept.

    UsageError if there is no such revision, if it is withdrawn already, or without a reason.
    """
    if not reason.strip():
        raise UsageError(
            both("dites pourquoi elle est retirée\u00a0: --reason TEXTE", "say why it is withdrawn: --reason TEXT")
        )
    check_said(reason, by)
    known = recorded(connection)
    found = next((one for one in known if one.name == name), None)
    if found is None:
        of_wave = [one.name for one in known if one.wave == name.partition("@")[0]]
        listed = ", ".join(of_wave or sorted({one.wave for one in known})) or Label("aucune", "none")
        raise UsageError(
            both(
                "il n’y a pas de révision {!r}\u00a0; donnez-en une avec son numéro, comme 2006@1\u00a0; "
                "connues\u00a0: {}",
                "there is no revision {!r}; give one with its number, such as 2006@1; known: {}",
                name,
                listed,
            )
        )
    if found.withdrawn_at:
        told = both(
            "{} est déjà retirée, depuis le {} UTC", "{} is already withdrawn, since {} UTC", name, found.withdrawn_at
        )
        why = found.withdrawn_why
        raise UsageError(told if why is None else filled(Label("{}\u00a0: {}", "{}: {}"), told, why))
    connection.execute(
        metadata.tables["survey.withdrawals"].insert(),
        {
            "wave": found.wave,
            "revision": found.revision,
            "withdrawn_at": recording_time(connection),
            "withdrawn_by": by or user(),
            "reason": reason.strip(),
            "software": __version__,
        },
    )
    left = current(recorded(connection)).get(found.wave)
    return Withdrawn(name, left.name if left else None)


def check_said(reason: str | None, by: str | None) -> None:
    """Raise UsageError for what cannot be recorded, or would do harm wherever it is shown again."""
    if by is not None and not by.strip():
        raise UsageError(both("--by est vide\u00a0; dites qui", "--by is blank; say who"))
    check_line("--reason", reason or "")
    check_line("--by", by or "")


def check_line(option: str, text: str) -> None:
    """Raise UsageError for a text of an option that is not one line of moderate length without control characters."""
    if (code := find_control(text)) is not None:
        raise UsageError(
            both(
                "{} {!r} contient le caractère de contrôle {}",
                "{} {!r} holds the control character {}",
                option,
                text,
                code,
            )
        )
    if len(text) > _LONGEST or len(text.splitlines()) > 1:
        raise UsageError(
            both(
                "{} doit être une ligne de {} caractères au plus",
                "{} must be one line of at most {} characters",
                option,
                _LONGEST,
            )
        )
    if text.encode(errors="ignore").decode() != text:
        raise UsageError(both("{} {!r} n’est pas en UTF-8", "{} {!r} is not UTF-8", option, text))


def recording_time(connection: Connection) -> datetime:
    """Return the time in UTC to record something with: now, or just after the latest record if the clock went back.

    So records are in the order of their times, and a time names one state.
    """
    _, latest = _records(connection)
    now = datetime.now(UTC).replace(tzinfo=None)
    return now if latest is None else max(now, latest + timedelta(microseconds=1))


def check_before_all(connection: Connection, wanted: datetime) -> None:
    """Raise UsageError unless a time in UTC, to record with what was found afterwards, is before all records.

    Between two records it would change what was said at times after it.
    """
    first, _ = _records(connection)
    if first is not None and wanted >= first:
        raise UsageError(
            both(
                "--recorded-at {}\u00a0: cette base a un enregistrement du {} (UTC), et ce qui s’y ajoute après coup "
                "doit être antérieur à tous, sinon --as-of ne montrerait plus ce qui était dit alors\u00a0; chargez "
                "les archives de la plus récente à la plus ancienne, ou celle-ci sans --recorded-at",
                "--recorded-at {}: this database has a record of {} (UTC), and what is added afterwards must be "
                "earlier than all, or --as-of would no longer show what was said then; load archives from the "
                "latest to the earliest, or this one without --recorded-at",
                wanted,
                first,
            )
        )


def _records(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """Return the times of the first and the last record."""
    _, ((first, last),) = database.query(
        connection,
        "select min(t.at), max(t.at) from (select loaded_at as at from survey.revisions "
        "union all select withdrawn_at from survey.withdrawals) t",
    )
    return first, last


def user() -> str:
    """Return the name of the system's user, or its number where it has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
