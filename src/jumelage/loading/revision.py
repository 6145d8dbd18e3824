"""One revision: what is asked for, what came of it, and how it is appended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jumelage import __version__, database
from jumelage.database.models import OF_A_LOAD, OF_A_REVISION, columns_of, metadata
from jumelage.errors import DataError, UsageError
from jumelage.loading import hashing
from jumelage.loading.listed import asks_the_same, record_items
from jumelage.loading.losses import confirm, losses
from jumelage.revisions.history import check_before_all, recording_time, user
from jumelage.texts import Label, both, filled, same

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.findings import Findings
    from jumelage.loading.losses import Loss
    from jumelage.reading.wave_toml import Wave
    from jumelage.rules import Finding


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be loaded, why and by whom.

    With `table`, `handed` is one file for that table, and the rest is the current revision of `wave`. `annotate` is
    where a copy with the findings written in goes, in `lang`, and `tell` is told of it; `aliases` a file of more
    accepted spellings. With `accept_loss` a correction may lose more than a tenth of a table. `recorded_at` is the time
    in UTC from which files found in an archive stood; `reports` the folder of those that come with a workbook;
    `map_file` says what the columns of an export stand for.
    """

    handed: Path
    reason: str | None = None
    by: str | None = None
    table: str | None = None
    wave: str | None = None
    aliases: Path | None = None
    annotate: Path | None = None
    lang: str = "en"
    tell: Callable[[Label], object] = lambda _: None
    accept_loss: bool = False
    recorded_at: datetime | None = None
    map_file: Path | None = None
    reports: Path | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: the revision that is now current, whether it is new, the one before, its rows by table.

    `superuser` is the role that loaded it, if it may do anything on the server. `synthetic` tells that the wave is made
    up; `losses` is what the revision before had and this one has not.
    """

    wave: str
    revision: int
    new: bool
    before: int | None
    rows: dict[str, int]
    synthetic: bool = False
    findings: Collection[Finding] = field(default=(), repr=False)
    losses: tuple[Loss, ...] = ()
    superuser: str | None = None


_DIFFERS = Label(
    "la vague {} est chargée comme révision {} et ceci en diffère\u00a0; dites pourquoi elle change\u00a0: "
    '--reason "…" (--dry-run montre ce qui changerait)',
    "wave {} is loaded as revision {} and this differs from it; say why it changes: "
    '--reason "…" (--dry-run shows what would change)',
)
_AGAIN = Label(
    "la vague {} a été retirée, jusqu’à la révision {}\u00a0; dites pourquoi elle est rechargée\u00a0: "
    '--reason "…" (--dry-run montre ce qui changerait)',
    "wave {} was withdrawn, up to revision {}; say why it is loaded again: "
    '--reason "…" (--dry-run shows what would change)',
)


def append_revision(
    connection: Connection,
    bench: Connection,
    wave: Wave,
    request: Request,
    findings: Findings,
    *,
    dry_run: bool,
    step: Callable[[str], None],
) -> Loaded:
    """Append what is staged as a revision, unless the current one says the same."""
    digest, rows = hashing.content_hash(bench, wave)
    last, current = _earlier(connection, wave)
    if request.recorded_at is not None:
        _check_past(connection, wave, request.recorded_at, last)
    before = current.revision if current else None
    # With a reason, the same content read in another way (`missing`, `dates`) is a revision too: it is kept for later.
    same = current is not None and _says_the_same(connection, bench, wave, current, digest)
    if current and same and (current.declared == wave.declared or not request.reason):
        return Loaded(wave.code, current.revision, False, before, rows, wave.synthetic, findings)
    if not dry_run:
        check_reason(wave.code, request.reason, before, last)
    revision = last + 1
    reason = (request.reason or "dry run") if last else None
    if request.recorded_at is not None:  # the time is what somebody says, and when they said it is kept, too
        reason = "; ".join(filter(None, (request.reason, f"found later, recorded on {datetime.now(UTC):%Y-%m-%d}")))
    step("writing")
    _write(connection, bench, wave, revision, digest, reason=reason, request=request)
    record_items(connection, wave, revision, before or last)
    lost = losses(connection, wave.code, before, revision) if before else ()
    if not dry_run and not request.accept_loss:
        confirm(wave.code, lost, request.lang)
    return Loaded(
        wave.code, revision, True, before, rows, wave.synthetic, findings, lost, database.superuser(connection)
    )


def check_reason(wave: str, reason: str | None, before: int | None, last: int) -> None:
    """Raise UsageError where a wave with revisions up to `last`, `before` the current one, would change without why."""
    if last and not (reason and reason.strip()):
        raise UsageError(filled(_DIFFERS if before else _AGAIN, wave, before or last))


@dataclass(frozen=True, slots=True)
class _Current:
    """The current revision of a wave: its number, its hash in the version that it was made in, its kept wave.toml."""

    revision: int
    digest: str
    version: int
    declared: str | None


def _says_the_same(connection: Connection, bench: Connection, wave: Wave, current: _Current, digest: str) -> bool:
    """Tell whether what is staged is what a revision says; `digest` is its hash in the version of today."""
    if current.version not in hashing.VERSIONS:
        return False
    if current.version != hashing.VERSION:
        digest = hashing.content_hash(bench, wave, current.version)[0]
    return digest == current.digest and asks_the_same(connection, bench, wave, current.revision)


def _earlier(connection: Connection, wave: Wave) -> tuple[int, _Current | None]:
    """Return the last revision of a wave, 0 if none, and the current one."""
    sql = (
        "select r.revision, r.content_hash, r.hash_version, r.declared, w.synthetic, x.wave is null "
        "from survey.revisions r join survey.waves w on w.wave = r.wave "
        "left join survey.withdrawals x on x.wave = r.wave and x.revision = r.revision "
        f"where r.wave = '{wave.code}' order by r.revision desc"
    )
    rows = database.query(connection, sql)[1]
    if rows and rows[0][4] != wave.synthetic:
        raise UsageError(
            both(
                "la vague {} ne peut devenir fictive, ou réelle\u00a0; choisissez un autre code",
                "wave {} cannot change between synthetic and real; choose another code",
                wave.code,
            )
        )
    current = next((_Current(*row[:4]) for row in rows if row[5]), None)
    return (int(rows[0][0]) if rows else 0), current


def _check_past(connection: Connection, wave: Wave, wanted: datetime, last: int) -> None:
    """Raise UsageError where a revision cannot be recorded with a time of the past."""
    if last:
        raise UsageError(
            both(
                "--recorded-at est pour une vague qui n’a pas de révision, et la vague {} en a\u00a0: 1 à {}\u00a0; "
                "chargez ceci comme correction, sans --recorded-at",
                "--recorded-at is for a wave that has no revision, and wave {} has some: 1 to {}; "
                "load this as a correction, without --recorded-at",
                wave.code,
                last,
            )
        )
    if wanted.date() < wave.fieldwork_to:
        raise UsageError(
            both(
                "--recorded-at {}\u00a0: c’est avant la fin du terrain de la vague {}, le {}\u00a0; "
                "rien n’en pouvait être dit",
                "--recorded-at {}: that is before the fieldwork of wave {} ended, on {}; "
                "nothing could be said of it then",
                wanted,
                wave.code,
                wave.fieldwork_to,
            )
        )
    check_before_all(connection, wanted)


def _write(
    connection: Connection,
    bench: Connection,
    wave: Wave,
    revision: int,
    digest: str,
    *,
    reason: str | None,
    request: Request,
) -> None:
    tables = metadata.tables
    if revision == 1:
        connection.execute(tables["survey.waves"].insert(), {"wave": wave.code, "synthetic": wave.synthetic})
    connection.execute(
        tables["survey.revisions"].insert(),
        {
            "wave": wave.code,
            "revision": revision,
            "title_fr": wave.title.fr,
            "title_en": wave.title.en,
            "reference_date": wave.reference_date,
            "fieldwork_from": wave.fieldwork_from,
            "fieldwork_to": wave.fieldwork_to,
            "mode": wave.mode,
            "frame_rule_fr": wave.frame_rule.fr,
            "frame_rule_en": wave.frame_rule.en,
            "population_concept": wave.population,
            "source": wave.source,
            "agreements_complete": wave.agreements_complete,
            "several_mark": wave.several_mark,
            "declared": wave.declared,
            "home_country": wave.home_country,
            "home_apart": wave.home_apart,
            "content_hash": digest,
            "hash_version": hashing.VERSION,
            "code_lists_hash": database.content_hash(connection, "code_lists"),
            "loaded_at": request.recorded_at or recording_time(connection),
            "loaded_by": request.by or user(),
            "reason": reason,
            "software": __version__,
        },
    )
    filled = [f"survey.{name}" for name in ("waves", "revisions", *OF_A_LOAD)]
    for name in OF_A_LOAD:
        columns = columns_of(name)
        sql = f"select '{wave.code}', {revision}, {', '.join(columns)} from staged_{name}"
        database.append(bench, sql, connection, f"survey.{name}", [*OF_A_REVISION, *columns])
    if broken := database.orphans(connection, {"revisions", *OF_A_LOAD}):
        raise DataError(
            both(
                "la vague renvoie à ce qui n’existe pas\u00a0:\n{}",
                "the wave refers to what does not exist:\n{}",
                same("\n".join(broken)),
            )
        )
    database.analyze(connection, filled)
