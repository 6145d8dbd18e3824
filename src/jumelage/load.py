"""Load a wave: check it as a whole, then append one revision, or say everything that is wrong and write nothing."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jumelage import __version__, content, database
from jumelage.checks import find_problems
from jumelage.errors import DataError, OutputError, UsageError
from jumelage.handed import open_handed
from jumelage.history import check_said, recording_time, user
from jumelage.models import LATER_QUESTIONS, OF_A_LOAD, TOWN_QUESTIONS, metadata
from jumelage.names import Names, index_names
from jumelage.package import read_package
from jumelage.published import stage_published
from jumelage.restore import restore
from jumelage.rules import Finding, errors_in, rule
from jumelage.spellings import accept_spellings
from jumelage.wave import Wave, canonical
from jumelage.workbench import put, workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.fields import Origin
    from jumelage.package import Package


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be loaded, why and by whom.

    With `table`, `handed` is one file for that table, and the rest is the current revision of `wave`. `annotate` is
    where a copy with the findings written in goes, in `lang`; `aliases` a file of more accepted spellings.
    """

    handed: Path
    reason: str | None = None
    by: str | None = None
    table: str | None = None
    wave: str | None = None
    aliases: Path | None = None
    annotate: Path | None = None
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: the revision that is now current, whether it is new, the one before, its rows by table.

    `synthetic` tells that the wave is made up.
    """

    wave: str
    revision: int
    new: bool
    before: int | None
    rows: dict[str, int]
    synthetic: bool = False
    findings: tuple[Finding, ...] = field(default=(), repr=False)


def load(url: URL, request: Request, *, dry_run: bool = False, step: Callable[[str], None] = lambda _: None) -> Loaded:
    """Load a wave as a new revision, unless the current one holds the same rows already.

    DataError carries every finding, or asks for a reason where a wave changes; the database is then untouched.
    `step` is told what begins.
    """
    with loading(url, request, dry_run=dry_run, step=step) as (_, loaded):
        return loaded


@contextmanager
def loading(
    url: URL, request: Request, *, dry_run: bool, step: Callable[[str], None]
) -> Iterator[tuple[Connection, Loaded]]:
    """Load as `load` does, and give the connection before the transaction ends: undone in a dry run."""
    check_said(request.reason, request.by)
    if request.annotate is not None:
        from jumelage.annotate import check_out

        check_out(request.handed, request.annotate)
    with _scratch() as scratch, database.writing(url, dry_run=dry_run) as connection:
        with workbench(connection, scratch) as bench:
            loaded = _load(connection, bench, request, scratch, dry_run=dry_run, step=step)
        yield connection, loaded


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for what a load writes down meanwhile; OutputError where there is no room."""
    try:
        with TemporaryDirectory(prefix="jumelage-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        raise OutputError(f"{error.filename or 'the temporary folder'} cannot be written: {error.strerror}") from error


def _load(
    connection: Connection,
    bench: Connection,
    request: Request,
    scratch: Path,
    *,
    dry_run: bool,
    step: Callable[[str], None],
) -> Loaded:
    findings: list[Finding] = []
    names = Names(bench)
    index_names(bench)
    with open_handed(request.handed, scratch, findings, request.table) as handed:
        restored = restore(connection, bench, request.wave or "", request.table) if request.table else None
        package = read_package(bench, handed, scratch, findings, restored, step)
        step("checking")
        accept_spellings(bench, names, package.aliases, request.aliases, scratch, findings)
        find_problems(bench, package.tables, names, package.wave, findings)
        if package.wave is not None and restored is None:
            findings += _unknown_items(package.wave, package.origin, names)
            stage_published(bench, package, package.wave, names, findings)
            findings += _claimed_complete(package.wave, package)
        if package.wave is not None and not errors_in(findings):
            _stage_wave(bench, package.wave, package.documents["respondents"].columns)
            findings += _false_sources(bench, package.wave, package)
        findings.sort(key=lambda finding: finding.order)
        uncopied = _annotate(request, package, findings)
    if (number := errors_in(findings)) or package.wave is None:
        said = f"{number} finding{'s' if number != 1 else ''}; nothing was loaded"
        raise DataError(f"{request.handed}: {said}{f'; {uncopied}' if uncopied else ''}", findings)
    if uncopied:
        raise uncopied
    return _append(connection, bench, package.wave, request, findings, dry_run=dry_run, step=step)


def _annotate(request: Request, package: Package, findings: list[Finding]) -> OutputError | None:
    """Write the annotated copy that is asked for; return why not, which must not hide the findings."""
    if request.annotate is None:
        return None
    from jumelage.annotate import annotate

    read = {name: found for name, found in package.documents.items() if found.header}  # not what is restored
    try:
        annotate(request.handed, read, findings, request.annotate, request.lang)
    except OutputError as error:
        return error
    return None


def _append(
    connection: Connection,
    bench: Connection,
    wave: Wave,
    request: Request,
    findings: list[Finding],
    *,
    dry_run: bool,
    step: Callable[[str], None],
) -> Loaded:
    """Append what is staged as a revision, unless the current one says the same."""
    digest, rows = _content_hash(bench, wave)
    last, current = _earlier(connection, wave)
    before = current[0] if current else None
    # With a reason, the same content read in another way (`missing`, `dates`) is a revision too: it is kept for later.
    if current and current[1] == digest and (current[2] == wave.declared or not request.reason):
        return Loaded(wave.code, current[0], False, before, rows, wave.synthetic, tuple(findings))
    if last and not dry_run and not (request.reason and request.reason.strip()):
        differs = f"is loaded as revision {before} and this differs from it; say why it changes"
        again = f"was withdrawn, up to revision {last}; say why it is loaded again"
        raise UsageError(
            f'wave {wave.code} {differs if before else again}: --reason "…" (--dry-run shows what would change)'
        )
    revision = last + 1
    reason = (request.reason or "dry run") if last else None
    step("writing")
    _write(connection, bench, wave, revision, digest, reason=reason, by=request.by)
    return Loaded(wave.code, revision, True, before, rows, wave.synthetic, tuple(findings))


def _claimed_complete(wave: Wave, package: Package) -> list[Finding]:
    """Find reports that are claimed complete and have no figures."""
    return [
        package.origin.finding("complete_without_figures", "complete.printed", report, report=report)
        for report in wave.printed_complete
        if report in content.reports_of_a_wave() and report not in package.published
    ]


def _false_sources(bench: Connection, wave: Wave, package: Package) -> list[Finding]:
    """Find sources `report/key` that name no published figure: the figure would then seem to be evidence."""
    rows = bench.exec_driver_sql(
        "select distinct report, report || '/' || key from staged_published_figures"
    ).fetchall()
    reports, cells = {report for report, _ in rows}, {cell for _, cell in rows}

    def false(source: str) -> bool:
        report, slash, _ = source.partition("/")
        return slash != "" and report in reports and source not in cells

    findings = [
        package.origin.finding("source_unpublished", f"sources.{table}", source)
        for table, source in wave.sources.items()
        if false(source)
    ]
    given = bench.exec_driver_sql("select distinct source from raw_partnerships where source is not null").fetchall()
    if wrong := [source for (source,) in given if false(source)]:
        lines = bench.exec_driver_sql(
            "select line, source from raw_partnerships "
            "where source in (select unnest(cast(? as varchar[]))) order by line",
            (wrong,),
        )
        document = package.documents["partnerships"]
        findings += [document.finding("source_unpublished", line, "source", source) for line, source in lines]
    return findings


def _unknown_items(wave: Wave, origin: Origin, names: Names) -> list[Finding]:
    """Find default answers to what is in no code list."""
    findings = []
    for question, items in wave.default_items.items():
        known = names.resolve(question, filter(None, items))
        for item in items:
            if item and known.get(item) != item:
                details = {"list": question, "near": names.near(question, item)}
                key = f"defaults.{question}"
                row = origin.rows.get(f"{key}.{item}")
                findings.append(Finding(rule("item_unknown"), origin.file, row, key, item, origin.sheet, details))
    return findings


def _stage_wave(bench: Connection, wave: Wave, asked: tuple[str | None, ...]) -> None:
    """Turn the resolved rows of the files into rows of the models; `asked` are the columns of respondents."""
    stage = "create or replace temp table staged_"
    defaults = [
        (question, item, answer, wave.sources[question])
        for question, items in wave.default_items.items()
        for item, answer in items.items()
    ]
    kinds = dict.fromkeys(("question", "item", "answer", "source"), "varchar")
    put(bench, "staged_default_answers", kinds, [[entry[i] for entry in defaults] for i in range(len(kinds))])
    answers = ", ".join(
        f"coalesce(r.{name}, '{wave.default(name, asked=name in asked)}') as {name}" for name in TOWN_QUESTIONS
    )
    bench.exec_driver_sql(
        f"{stage}respondents as select f.city, f.population, "
        f"coalesce(r.response, '{wave.defaults['response']}') as response, {answers}, r.declared_agreements, "
        "case when r.declared_agreements is null then coalesce(r.declared_missing, "
        "case when x.asked then 'no_answer' else 'not_asked' end) end as declared_missing, "
        "? as source, ? as answers_source "
        "from resolved_frame f left join resolved_respondents r on r.city = f.city "
        "cross join (select count(declared_agreements) > 0 as asked from raw_respondents) x",
        (wave.sources["frame"], wave.sources["respondents"]),
    )
    several, ended = _has_several(bench), _has_ended(bench)
    until = ("p.until_from", "p.until_to") if ended else ("cast(null as date)", "cast(null as date)")
    bench.exec_driver_sql(
        "create or replace temp view staged_partnerships as select "
        f"{_number_of_agreement(bench, several=several)}, p.city, p.country, p.partner, "
        "p.since_from, p.since_to, case when p.since_from is null then "
        f"coalesce(p.since_missing, '{wave.defaults['since']}') end as since_missing, "
        "coalesce(p.inferred, 'no') = 'yes' as inferred, coalesce(p.source, '') as source, "
        f"{until[0]} as until_from, {until[1]} as until_to from resolved_partnerships p"
        f"{_SEVERAL if several else ''}"
    )
    for question, item in (("actions", "action"), ("difficulties", "difficulty")):
        bench.exec_driver_sql(
            f"{stage}city_{question} as select city, {item}, answer, ? as source from resolved_{question}",
            (wave.sources[question],),
        )


_SEVERAL = " cross join range(coalesce(p.agreements, 1))"


def _has_several(bench: Connection) -> bool:
    """Tell whether a row may stand for several agreements."""
    return bool(bench.exec_driver_sql("select max(number) > 1 from meant_partnerships_agreements").scalar())


def _has_ended(bench: Connection) -> bool:
    """Tell whether any agreement has ended; where none has, its columns are constants, which costs nothing."""
    return bool(bench.exec_driver_sql("select count(*) from meant_partnerships_until").scalar())


def _number_of_agreement(bench: Connection, *, several: bool) -> str:
    """Return the expression that numbers agreements in the order of their rows.

    Rows that follow each other without a gap are numbered already, which saves a window over all of them.
    """
    first, last, number = bench.exec_driver_sql("select min(line), max(line), count(*) from raw_partnerships").one()
    if number and last - first + 1 == number and not several:
        return f"p.line - {first - 1} as agreement"
    return "cast(row_number() over (order by p.line) as integer) as agreement"


def _columns(name: str) -> list[str]:
    return [column.name for column in metadata.tables[f"survey.{name}"].columns][2:]


# Columns that came later, with what stands there where they are not used: the hash is then what it always was.
_LATER = {
    "declared_agreements": "null",
    "declared_missing": "'not_asked'",
    "until_from": "null",
    "until_to": "null",
    **dict.fromkeys(LATER_QUESTIONS, "'not_asked'"),
}


def _content_hash(bench: Connection, wave: Wave) -> tuple[str, dict[str, int]]:
    """Return a hash of a wave that does not depend on the order of its rows, and the number of rows of each table.

    It is made of sums of the upper and the lower halves of the rows' MD5.
    """
    counts = {}
    digest = hashlib.sha256(canonical(wave).encode())
    for name in OF_A_LOAD:
        columns = [column for column in _columns(name) if column not in {"position", "agreement"}]
        fields = [
            f"'{column}+' || cast(nullif({column}, {_LATER[column]}) as varchar)"
            if column in _LATER
            else f"coalesce('+' || cast({column} as varchar), '-')"
            for column in columns
        ]
        line = f"concat_ws(chr(31), {', '.join(fields)})"
        sums = bench.exec_driver_sql(
            "select count(*), sum(cast(m >> 64 as ubigint)), sum(cast(m & 18446744073709551615 as ubigint)) "
            f"from (select md5_number({line}) as m from staged_{name})"
        ).one()
        counts[name] = int(sums[0])
        digest.update(f"\n{name} {tuple(sums)}".encode())
    return digest.hexdigest(), counts


def _earlier(connection: Connection, wave: Wave) -> tuple[int, tuple[int, str, str | None] | None]:
    """Return the last revision of a wave, 0 if none, and of the current one its number, hash and kept wave.toml."""
    sql = (
        "select r.revision, r.content_hash, r.declared, w.synthetic, x.wave is null from survey.revisions r "
        "join survey.waves w on w.wave = r.wave "
        "left join survey.withdrawals x on x.wave = r.wave and x.revision = r.revision "
        f"where r.wave = '{wave.code}' order by r.revision desc"
    )
    rows = database.query(connection, sql)[1]
    if rows and rows[0][3] != wave.synthetic:
        raise UsageError(f"wave {wave.code} cannot change between synthetic and real; choose another code")
    current = next(((int(row[0]), str(row[1]), row[2]) for row in rows if row[4]), None)
    return (int(rows[0][0]) if rows else 0), current


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
            "declared": wave.declared,
            "content_hash": digest,
            "code_lists_hash": database.content_hash("code_lists", connection.dialect.name),
            "loaded_at": recording_time(connection),
            "loaded_by": by or user(),
            "reason": reason,
            "software": __version__,
        },
    )
    for name in OF_A_LOAD:
        columns = ["wave", "revision", *_columns(name)]
        sql = f"select '{wave.code}', {revision}, {', '.join(columns[2:])} from staged_{name}"
        database.append(bench, sql, connection, f"survey.{name}", columns)
    if database.is_duckdb(connection) and (broken := database.orphans(connection, {"revisions", *OF_A_LOAD})):
        raise DataError("the wave refers to what does not exist:\n" + "\n".join(broken))
