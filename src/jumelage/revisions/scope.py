"""What a session sees: revisions of waves, current or as of an earlier time, and the remarks to make on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from jumelage import database
from jumelage.content import ALL
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

_WITHDRAWN = Label("{} a été retirée le {} UTC", "{} was withdrawn on {} UTC")
_WAS_WITHDRAWN = Label("{} a été retirée le {} UTC par {}\u00a0: {}", "{} was withdrawn on {} UTC by {}: {}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the views show: revisions of waves, whether inferred rows count, and the date that zones are of.

    `kind` is the one kind of authority that they show, chosen where several were asked; `asked` is that kind
    or the only one, for the words of reports; see `revisions/kinds`.
    `remarks` belong beside every figure of the scope; `withdrawn` says which revisions were withdrawn since.
    """

    revisions: tuple[tuple[str, int], ...]
    with_inferred: bool = True
    classified_on: date | None = None
    remarks: tuple[Label, ...] = field(default=(), compare=False)
    withdrawn: tuple[Label, ...] = field(default=(), compare=False)
    kind: str | None = None
    asked: str | None = field(default=None, compare=False)

    def check_single(self) -> None:
        """Raise UsageError if there are several revisions in scope."""
        if len(self.revisions) > 1:
            names = ", ".join(wave for wave, _ in self.revisions)
            raise UsageError(
                both(
                    "cela se fait pour une vague à la fois, et plusieurs sont nommées\u00a0: {}",
                    "this is done for one wave at a time, and several are named: {}",
                    names,
                )
            )

    @property
    def single(self) -> tuple[str, int]:
        """The one revision in scope; UsageError if there are several."""
        self.check_single()
        return self.revisions[0]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A revision as it is recorded, with its withdrawal, if it was withdrawn; times are in UTC."""

    wave: str
    revision: int
    synthetic: bool
    reference_date: date
    agreements_complete: bool
    home: str | None
    loaded_at: datetime
    same_code_lists: bool
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_why: str | None

    @property
    def name(self) -> str:
        """The revision as it is given to --wave, such as 2006@1."""
        return f"{self.wave}@{self.revision}"

    def stands(self, as_of: datetime | None) -> bool:
        """Tell whether it was loaded and not withdrawn by then; now, without a time."""
        if as_of is None:
            return self.withdrawn_at is None
        return self.loaded_at <= as_of and (self.withdrawn_at is None or self.withdrawn_at > as_of)


def recorded(connection: Connection) -> list[Recorded]:
    """Return every revision, waves by their reference date."""
    of_people = database.readable(connection)
    by, why = (of_people("x", f"withdrawals.{name}") for name in ("withdrawn_by", "reason"))
    _, rows = database.query(
        connection,
        "select r.wave, r.revision, w.synthetic, r.reference_date, r.agreements_complete, "
        "case when r.home_apart then r.home_country end, r.loaded_at, "
        f"r.code_lists_hash = i.hash, x.withdrawn_at, {by}, {why} from survey.revisions r "
        "join survey.waves w on w.wave = r.wave join survey.installed i on i.part = 'code_lists' "
        "left join survey.withdrawals x on x.wave = r.wave and x.revision = r.revision "
        "order by r.reference_date, r.wave, r.revision",
    )
    return [Recorded(*row) for row in rows]


def current(revisions: Iterable[Recorded], as_of: datetime | None = None) -> dict[str, Recorded]:
    """Return the current revision of each wave, now or at a time, waves by reference date: the highest that stands."""
    found: dict[str, Recorded] = {}
    for one in revisions:
        if one.stands(as_of) and (one.wave not in found or one.revision > found[one.wave].revision):
            found[one.wave] = one
    return dict(sorted(found.items(), key=lambda item: (item[1].reference_date, item[0])))


def find_scope(
    connection: Connection,
    wave: str | None,
    *,
    as_of: datetime | None = None,
    classified_on: date | None = None,
    with_inferred: bool = True,
) -> Scope:
    """Find what is asked for: a wave, a revision (`2006@1`), several by commas, `all`, or the latest real wave.

    `as_of` is a time in UTC: what was loaded or withdrawn later does not count. UsageError for what is not there.
    """
    known = recorded(connection)
    chosen = _choose(known, wave.strip() if wave is not None else None, as_of)
    withdrawn = tuple(
        filled(_WAS_WITHDRAWN, one.name, one.withdrawn_at, one.withdrawn_by, one.withdrawn_why)
        if one.withdrawn_by
        else filled(_WITHDRAWN, one.name, one.withdrawn_at)
        for one in chosen
        if one.withdrawn_at
    )
    revisions = tuple((one.wave, one.revision) for one in chosen)
    apart_in = {one.name for one in chosen if one.home and _has_apart(connection, one)}
    remarks = tuple(_remarks(chosen, classified_on, apart_in, with_inferred=with_inferred))
    return Scope(revisions, with_inferred, classified_on, remarks, withdrawn)


def current_revision(connection: Connection, wave: str) -> tuple[str, int]:
    """Return the current revision of a wave; UsageError if there is none, or if `wave` is more than a wave's code."""
    if wave == ALL or "," in wave or "@" in wave:
        raise UsageError(
            both(
                "--wave {}\u00a0: un chargement change la révision en vigueur d’une vague\u00a0; donnez son code seul",
                "--wave {}: a load changes the current revision of one wave; give its code alone",
                wave,
            )
        )
    known = recorded(connection)
    found = _named(known, current(known), wave, None)
    return found.wave, found.revision


def _choose(known: list[Recorded], wave: str | None, as_of: datetime | None) -> list[Recorded]:
    standing = current(known, as_of)
    then = both(" au {} UTC", " by {} UTC", as_of) if as_of else ""
    if wave is None:
        real = [one for one in standing.values() if not one.synthetic]
        if real:
            return real[-1:]
        if standing:
            raise UsageError(
                both(
                    "aucune vague n’est chargée{}, sauf fictives\u00a0; nommez-la\u00a0: --wave {}",
                    "no wave is loaded{} but synthetic ones; name it: --wave {}",
                    then,
                    ",".join(standing),
                )
            )
    if not known:
        raise UsageError(
            both(
                "aucune vague n’est encore chargée\u00a0; chargez-en une\u00a0: jumelage load waves/2006",
                "no wave is loaded yet; load one with: jumelage load waves/2006",
            )
        )
    if wave is None or wave == ALL:
        if not standing:
            raise UsageError(
                both(
                    "aucune révision n’est en vigueur{}\u00a0; `jumelage waves` liste ce qui a été chargé et retiré",
                    "no revision stands{}; `jumelage waves` lists what was loaded and withdrawn",
                    then,
                )
            )
        return list(standing.values())
    parts = [part.strip() for part in wave.split(",")]
    if len(parts) > 1 and (ALL in parts or "" in parts):
        raise UsageError(
            both(
                "--wave {}\u00a0: nommez chaque vague une fois, séparées par des virgules, ou écrivez all seul",
                "--wave {}: name each wave once, with a comma between two, or write all alone",
                wave,
            )
        )
    chosen = [_named(known, standing, part, as_of) for part in parts]
    if len({one.wave for one in chosen}) < len(chosen):
        raise UsageError(
            both(
                "--wave {} nomme une vague deux fois\u00a0; `jumelage diff` compare les révisions d’une vague",
                "--wave {} names a wave twice; `jumelage diff` compares revisions of one wave",
                wave,
            )
        )
    return sorted(chosen, key=lambda one: (one.reference_date, one.wave))


def _named(known: list[Recorded], standing: dict[str, Recorded], text: str, as_of: datetime | None) -> Recorded:
    """Return the revision that a text names: a wave's current one, or one by its number."""
    wave, at, number = text.partition("@")
    revisions = [one for one in known if one.wave == wave]
    if not revisions:
        raise UsageError(
            both(
                "il n’y a pas de vague {!r}\u00a0; {}",
                "there is no wave {!r}; {}",
                wave,
                nearest(wave, {one.wave for one in known}),
            )
        )
    if not at:
        if wave not in standing:
            if as_of:
                raise UsageError(
                    both(
                        "la vague {} n’avait pas de révision en vigueur au {} UTC\u00a0; `jumelage waves` les liste",
                        "wave {} had no revision that stood by {} UTC; `jumelage waves` lists them",
                        wave,
                        as_of,
                    )
                )
            raise UsageError(
                both(
                    "la vague {0} n’a plus de révision qui ne soit retirée\u00a0; `jumelage waves` les liste, "
                    "--wave {0}@{1} en montre une tout de même",
                    "wave {0} has no revision left that is not withdrawn; `jumelage waves` lists them, "
                    "--wave {0}@{1} shows one all the same",
                    wave,
                    revisions[-1].revision,
                )
            )
        return standing[wave]
    found = [one for one in revisions if str(one.revision) == number]
    if not found:
        listed = ", ".join(str(one.revision) for one in revisions)
        raise UsageError(
            both(
                "la vague {} n’a pas de révision {!r}\u00a0; elle a {}",
                "wave {} has no revision {!r}; it has {}",
                wave,
                number,
                listed,
            )
        )
    if as_of and found[0].loaded_at > as_of:
        raise UsageError(
            both(
                "{} a été chargée le {} UTC, après le {}",
                "{} was loaded on {} UTC, after {}",
                text,
                found[0].loaded_at,
                as_of,
            )
        )
    return found[0]


def _has_apart(connection: Connection, one: Recorded) -> bool:
    """Tell whether a revision has agreements that are set apart as within the country."""
    rows = f"wave = {database.literal(one.wave)} and revision = {one.revision}"
    sql = f"select exists (select 1 from survey.partnerships where {rows} and apart and until_from is null)"
    return bool(database.query(connection, sql)[1][0][0])


def _remarks(
    chosen: Sequence[Recorded], classified_on: date | None, apart_in: set[str], *, with_inferred: bool
) -> Iterable[Label]:
    """Yield what must stand beside the figures, whoever reads them."""
    if made_up := ", ".join(one.wave for one in chosen if one.synthetic):
        yield Label(
            f"Données synthétiques, inventées pour la démonstration\u00a0: {made_up}.",
            f"Synthetic data, made up to demonstrate: {made_up}.",
        )
    if classified_on:
        yield Label(
            f"Pays classés par zone au {classified_on}, et non à la date de référence de chaque vague.",
            f"Countries are in the zones of {classified_on}, not of each wave's reference date.",
        )
    if not with_inferred:
        yield Label("Sans les lignes déduites.", "Without inferred rows.")
    if listed := ", ".join(one.wave for one in chosen if not one.agreements_complete):
        yield Label(
            f"La liste des accords n’est pas donnée pour complète\u00a0: {listed}. "
            "Les nombres d’accords sont des minima (≥), et les nombres de villes qui en dépendent des intervalles.",
            f"The list of agreements is not claimed complete: {listed}. "
            "Numbers of agreements are minima (≥), and numbers of towns that depend on them are ranges.",
        )
    if apart := ", ".join(f"{one.wave} ({one.home})" for one in chosen if one.name in apart_in):
        yield Label(
            f"Les jumelages dans le pays même sont tenus à part, et dans aucun nombre\u00a0: {apart}.",
            f"Twinnings within the country itself are kept apart, and in no figure: {apart}.",
        )
    if moved := ", ".join(one.name for one in chosen if not one.same_code_lists):
        yield Label(
            f"Les listes de codes ont changé depuis le chargement de {moved}\u00a0: "
            "libellés et zones peuvent différer de ce qui a été imprimé alors. Ce sont les listes des pays et de leurs "
            "zones, des villes, des actions, des difficultés, des tailles et des réponses\u00a0; une seule empreinte "
            "en est gardée, qui ne dit pas lesquelles.",
            f"The code lists have changed since the load of {moved}: "
            "labels and zones may differ from what was printed then. They are the lists of countries and their zones, "
            "towns, actions, difficulties, sizes and answers; one hash of them all is kept, which does not tell which.",
        )


SETTINGS = "jumelage_scope"  # in the `info` of a connection: the statements that set its scope
# The views that many reports ask, and that have few rows however many agreements there are.
_ASKED_OFTEN = ("respondents", "item_counts")


def set_scope(connection: Connection, scope: Scope, *, for_many: bool = False) -> None:
    """Make the views of this connection show a scope, until it is set again or the transaction ends.

    For many reports, what they all ask is worked out at once.
    """
    connection.info[SETTINGS] = scope_settings(connection, scope)
    for statement in connection.info[SETTINGS]:
        connection.exec_driver_sql(statement)
    if for_many:
        database.settle(connection, _ASKED_OFTEN)


def scope_settings(connection: Connection, scope: Scope) -> tuple[str, ...]:
    """Return the statements that set a scope, on a connection to the same engine as this one."""
    values: dict[str, str] = {
        "scope": ",".join(f"{wave}@{revision}" for wave, revision in scope.revisions),
        "inferred": "yes" if scope.with_inferred else "no",
        "classified_on": scope.classified_on.isoformat() if scope.classified_on else "",
        "kind": scope.kind or "",
    }
    return database.variables(connection, values, _ASKED_OFTEN)


def read_time(text: str, *, of_day: time = time.max) -> datetime:
    """Return the time in UTC that a text names; a date alone is the end of that day, or what `of_day` says.

    UsageError if it is none, or lies in the future: what will be loaded by then is not known.
    """
    now = datetime.now(UTC)
    try:
        if day := _day(text):
            found, begins = datetime.combine(day, of_day, UTC), datetime.combine(day, time.min, UTC)
        else:
            found = datetime.fromisoformat(text.strip())
            found = begins = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            both(
                "{!r} n’est pas un instant\u00a0; écrivez 2012-03-31, ou 2012-03-31T17:00 (UTC), ou avec +02:00",
                "{!r} is not a time; write 2012-03-31, or 2012-03-31T17:00 (UTC), or with +02:00",
                text,
            )
        ) from None
    if begins > now:
        raise UsageError(
            both(
                "{} est encore à venir\u00a0; ce qui sera chargé d’ici là n’est pas connu",
                "{} is still to come; what will be loaded by then is not known",
                text,
            )
        )
    return found.replace(tzinfo=None)


def is_to_come(time: datetime) -> bool:
    """Tell whether a time in UTC is still to come, as the end of today is."""
    return time > datetime.now(UTC).replace(tzinfo=None)


def read_day(text: str) -> date:
    """Return the date that a text names; UsageError if it is none."""
    if day := _day(text):
        return day
    raise UsageError(
        both("{!r} n’est pas une date\u00a0; écrivez 2007-01-01", "{!r} is not a date; write 2007-01-01", text)
    )


def _day(text: str) -> date | None:
    """Return the date that a text is, in any form of ISO 8601 (20070101 too); None if it is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
