"""Load a wave: check it as a whole, then append one revision, or say everything that is wrong and write nothing."""

from __future__ import annotations

import getpass
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jumelage import __version__, content, database
from jumelage.checks import find_problems
from jumelage.errors import DataError, Finding, UsageError
from jumelage.models import MANAGEMENT, metadata
from jumelage.names import Names, index_names
from jumelage.package import errors_in, read_package
from jumelage.published import stage_published
from jumelage.wave import FILE, Wave, canonical
from jumelage.workbench import put, workbench

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_EXTENT = {
    r"^\d{4}$": ("make_date(cast(since as integer), 1, 1)", "make_date(cast(since as integer), 12, 31)"),
    r"^\d{4}-\d{2}$": ("cast(since || '-01' as date)", "last_day(cast(since || '-01' as date))"),
    r"^\d{4}-\d{2}-\d{2}$": ("cast(since as date)", "cast(since as date)"),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: the revision that is now current, whether it is new, and its rows by table."""

    wave: str
    revision: int
    new: bool
    rows: dict[str, int]
    notices: tuple[Finding, ...] = ()


def load(url: URL, folder: Path, *, reason: str | None = None, by: str | None = None, dry_run: bool = False) -> Loaded:
    """Load a wave's folder as a new revision, unless the current one holds the same rows already.

    DataError carries every finding, or asks for a reason where a wave changes; the database is then untouched.
    """
    with database.writing(url, dry_run=dry_run) as connection, workbench(connection) as bench:
        return _load(connection, bench, folder, reason, by)


def _load(connection: Connection, bench: Connection, folder: Path, reason: str | None, by: str | None) -> Loaded:
    findings: list[Finding] = []
    names = Names(bench)
    index_names(bench)
    package = read_package(bench, folder, findings)
    findings += find_problems(bench, names, framed=_framed(findings))
    wave = package.wave
    if wave is not None:
        findings += _unknown_items(wave, names)
        stage_published(bench, package, wave, names, findings)
        for report in wave.printed_complete:
            if report in content.report_names() and report not in package.published:
                message = "is claimed complete, and published/ has no figures of it"
                findings.append(Finding(FILE, None, "complete.printed", report, message))
    if errors_in(findings) or wave is None:
        raise DataError(f"{folder}: {_number(findings)}; nothing was loaded", sorted(findings, key=_place))
    notices = tuple(findings)
    _stage_wave(bench, wave)
    if findings := _false_sources(bench):
        raise DataError(f"{folder}: {_number(findings)}; nothing was loaded", findings)
    digest = _content_hash(bench, wave)
    rows = {name: _count(bench, name) for name in STAGED}
    current = _current(connection, wave)
    if current and current[1] == digest:
        return Loaded(wave.code, current[0], new=False, rows=rows, notices=notices)
    if current and not (reason and reason.strip()):
        raise UsageError(
            f"wave {wave.code} is loaded as revision {current[0]} and this differs from it; "
            'say why it changes: --reason "…"'
        )
    revision = current[0] + 1 if current else 1
    _write(connection, bench, wave, revision, digest, reason=reason if current else None, by=by)
    return Loaded(wave.code, revision, new=True, rows=rows, notices=notices)


def _framed(findings: list[Finding]) -> bool:
    return not any(finding.file == "frame.csv" and finding.severity == "error" for finding in findings)


def _number(findings: list[Finding]) -> str:
    number = errors_in(findings)
    return f"{number} finding{'s' if number > 1 else ''}"


def _false_sources(bench: Connection) -> list[Finding]:
    """Find sources `report/key` that name no published figure: the figure would then seem to be evidence."""
    used = " union all ".join(
        f"select '{file}' as file, {column} as source from staged_{table}"
        for table, column, file in (
            ("partnerships", "source", "partnerships.csv"),
            ("respondents", "source", FILE),
            ("respondents", "answers_source", FILE),
            ("default_answers", "source", FILE),
        )
    )
    rows = bench.exec_driver_sql(
        f"select distinct u.file, u.source from ({used}) u join staged_published_figures f "
        "on f.report = split_part(u.source, '/', 1) where contains(u.source, '/') and not exists ("
        "select 1 from staged_published_figures k where k.report || '/' || k.key = u.source) order by 1, 2"
    )
    message = "names no published figure; write the key in codes, as `jumelage check` shows it"
    return [Finding(file, None, "source", source, message) for file, source in rows]


def _unknown_items(wave: Wave, names: Names) -> list[Finding]:
    """Find default answers to what is in no code list."""
    findings = []
    for question, items in wave.default_items.items():
        known = names.resolve(question, filter(None, items))
        for item in items:
            if item and known.get(item) != item:
                message = f"is no code of {question}; {names.nearest(question, item)}"
                findings.append(Finding(FILE, None, f"defaults.{question}", item, message))
    return findings


def _place(finding: Finding) -> tuple[str, int, str]:
    return finding.file, finding.row or 0, finding.column or ""


# What is staged, by table of the models, without wave and revision.
STAGED = (
    "default_answers",
    "respondents",
    "partnerships",
    "city_actions",
    "city_difficulties",
    "published_tables",
    "published_figures",
    "explanations",
    "claims",
)


def _stage_wave(bench: Connection, wave: Wave) -> None:
    """Turn the resolved rows of the files into rows of the models."""
    stage = "create or replace temp table staged_"
    defaults = [
        (question, item, answer, wave.sources[question])
        for question, items in wave.default_items.items()
        for item, answer in items.items()
    ]
    kinds = dict.fromkeys(("question", "item", "answer", "source"), "varchar")
    put(bench, "staged_default_answers", kinds, [[entry[i] for entry in defaults] for i in range(len(kinds))])
    answers = ", ".join(f"coalesce(r.{name}, '{wave.defaults[name]}') as {name}" for name in MANAGEMENT)
    bench.exec_driver_sql(
        f"{stage}respondents as select f.city, "
        "cast(regexp_replace(f.population, '[^0-9]', '', 'g') as integer) as population, "
        f"coalesce(r.response, '{wave.defaults['response']}') as response, {answers}, ? as source, "
        "? as answers_source "
        "from resolved_frame f left join resolved_respondents r on r.city = f.city",
        (wave.sources["frame"], wave.sources["respondents"]),
    )
    since = {end: " ".join(f"when regexp_matches(since, '{form}') then {extent[i]}" for form, extent in _EXTENT.items())
             for i, end in enumerate(("since_from", "since_to"))}  # fmt: skip
    bench.exec_driver_sql(
        f"{stage}partnerships as "
        "with dated as (select *, case when regexp_matches(given, '^[0-9]') then given end as since "
        "from (select * exclude (since), since as given from resolved_partnerships) "
        "cross join range(cast(agreements as integer)) n(number)) "
        "select cast(row_number() over (order by country, city, partner, given, inferred, source, number) "
        "as integer) as agreement, city, country, partner, "
        f"case {since['since_from']} end as since_from, case {since['since_to']} end as since_to, "
        f"case when since is null then coalesce(given, '{wave.defaults['since']}') end as since_missing, "
        "coalesce(inferred, 'no') = 'yes' as inferred, coalesce(source, '') as source from dated"
    )
    for question, item in (("actions", "action"), ("difficulties", "difficulty")):
        bench.exec_driver_sql(
            f"{stage}city_{question} as select city, {item}, answer, ? as source from resolved_{question}",
            (wave.sources[question],),
        )


def _count(bench: Connection, name: str) -> int:
    return int(bench.exec_driver_sql(f"select count(*) from staged_{name}").scalar_one())


def _columns(name: str) -> list[str]:
    return [column.name for column in metadata.tables[f"survey.{name}"].columns][2:]


def _content_hash(bench: Connection, wave: Wave) -> str:
    """Return a hash of a wave that does not depend on the order of its rows: sums of the rows' MD5 halves."""
    digest = hashlib.sha256(canonical(wave).encode())
    for name in STAGED:
        fields = [f"coalesce('+' || cast({column} as varchar), '-')" for column in _columns(name)
                  if column not in {"position", "agreement"}]  # fmt: skip
        line = f"concat_ws(chr(31), {', '.join(fields)})"
        sums = bench.exec_driver_sql(
            f"select count(*), sum(md5_number_lower({line})), sum(md5_number_upper({line})) from staged_{name}"
        ).one()
        digest.update(f"\n{name} {tuple(sums)}".encode())
    return digest.hexdigest()


def _current(connection: Connection, wave: Wave) -> tuple[int, str] | None:
    sql = (
        "select r.revision, r.content_hash, w.synthetic from survey.revisions r "
        f"join survey.waves w on w.wave = r.wave where r.wave = '{wave.code}' order by r.revision desc limit 1"
    )
    rows = database.query(connection, sql)[1]
    if not rows:
        return None
    if rows[0][2] != wave.synthetic:
        raise UsageError(f"wave {wave.code} cannot change between synthetic and real; choose another code")
    return int(rows[0][0]), str(rows[0][1])


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return str(os.getuid())


def _write(
    connection: Connection,
    bench: Connection,
    wave: Wave,
    revision: int,
    digest: str,
    *,
    reason: str | None,
    by: str | None,
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
            "content_hash": digest,
            "code_lists_hash": database.content_hash("code_lists", connection.dialect.name),
            "loaded_at": datetime.now(UTC).replace(microsecond=0, tzinfo=None),
            "loaded_by": by or _user(),
            "reason": reason,
            "software": __version__,
        },
    )
    for name in STAGED:
        columns = ["wave", "revision", *_columns(name)]
        sql = f"select '{wave.code}', {revision}, {', '.join(columns[2:])} from staged_{name}"
        database.append(bench, sql, connection, f"survey.{name}", columns)
    if database.is_duckdb(connection) and (broken := database.orphans(connection)):
        raise DataError("the wave refers to what does not exist:\n" + "\n".join(broken))
