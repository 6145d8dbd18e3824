"""A list of authorities put into the register: one that the project brings, or anybody's file."""

from __future__ import annotations

import gzip
import shutil
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jumelage import __version__, content, database
from jumelage.checking.numbers import number
from jumelage.database.models import SCHEMA, metadata
from jumelage.database.register import SHIPPED
from jumelage.database.workbench import read_code_lists, workbench
from jumelage.errors import DataError, UsageError
from jumelage.findings import Findings
from jumelage.reading.package import open_table
from jumelage.reading.raw_tables import stage
from jumelage.reading.source import CsvSource, Shape
from jumelage.reading.wave_toml import HOME
from jumelage.revisions.history import check_line, check_said, user
from jumelage.rules import near, said_of
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

SHAPE = Shape(
    ("code", "kind", "name"),
    ("status", "part_of", "departement", "population", "valid_from", "valid_to", "country"),
)
_MOST = 200  # characters of a code or a name
_MOST_PEOPLE = 1_000_000_000
_STATUSES = ("associated", "delegated", "former")
# The form of a French code by kind, with an example for people. Other kinds, and other countries, have codes of theirs.
_FORMS = {
    "commune": ("^[0-9][0-9AB][0-9]{3}(-D)?$", "59350, 2A004, 14762-D"),
    "epci": ("^[0-9]{9}$", "200093201"),
    "departement": ("^FR-[0-9][0-9AB][0-9]?$", "FR-59"),
    "region": ("^FR-[0-9A-Z]{1,3}$", "FR-HDF"),
}
_NOT_ADDED = Label("rien n’a été ajouté", "nothing was added")


@dataclass(frozen=True, slots=True)
class List:
    """A list to be added: its file, and what is recorded of it."""

    name: str
    path: Path
    source: str
    as_of: date | None


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it: authorities that are new, those that the list now says otherwise, and those as they were."""

    list: str
    new: int
    changed: int
    same: int
    findings: Collection[Finding] = field(default=(), repr=False)


def find_list(named: str, *, source: str | None = None, as_of: date | None = None) -> List:
    """Find a list by the name of one that the project brings, or by its file; UsageError if there is none."""
    brought = content.registers()
    if (path := brought.get(named)) is not None:
        told = tomllib.loads(content.read_text(path.with_name(f"{named}.toml")))
        return List(named, path, source or told["source"], as_of or told["as_of"])
    path = Path(named)
    if not path.is_file():
        raise UsageError(
            both(
                "il n’y a pas de fichier {!r}, ni de liste de ce nom\u00a0; {}",
                "there is no file {!r}, nor a list of that name; {}",
                named,
                nearest(named, brought),
            )
        )
    if path.stem in {SHIPPED, *brought}:
        raise UsageError(
            both(
                "{}\u00a0: une liste de jumelage s’appelle {}\u00a0; renommez le fichier",
                "{}: a list of jumelage has the name {}; give the file another one",
                path,
                path.stem,
            )
        )
    check_line("--source", source or "")
    check_line("LIST", path.name)
    return List(path.stem, path, source or path.name, as_of)


def add(url: URL, wanted: List, *, by: str | None = None, dry_run: bool = False) -> Added:
    """Put a list into the register in one transaction, or nothing of it and all that is wrong as a DataError.

    What is there of another list stays as it is; of the same list, it becomes what this edition says. Nothing is
    removed: a loaded wave may name it.
    """
    check_said(None, by)
    with temporary_folder() as scratch, database.writing(url, dry_run=dry_run) as connection:
        with workbench(connection, scratch) as bench:
            findings = _stage(connection, bench, wanted, scratch)
        return _append(connection, wanted, by or user(), findings)


def _stage(connection: Connection, bench: Connection, wanted: List, scratch: Path) -> Findings:
    """Read and check a list, and put it into `new_cities` of the target."""
    findings = Findings()
    path = wanted.path
    if path.suffix == ".gz":
        path = scratch / path.stem
        with gzip.open(wanted.path) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file)
    source = CsvSource("authorities", path.name, path, scratch / "authorities.text")
    document = open_table(source, SHAPE, findings)
    if document is not None:
        findings += stage(bench, source, document, SHAPE, scratch)
    if document is not None and not findings.errors:
        read_code_lists(bench)
        _understand(bench)
        names = ("code", "kind", "country", "name", "list")
        kinds = dict.fromkeys(names, "varchar")
        database.fetch(connection, f"select {', '.join(names)} from survey.cities", bench, "present", kinds)
        findings += _problems(bench, document, wanted.name)
    findings = findings.in_order()
    if number_ := findings.errors:
        raise DataError(said_of(wanted.path, number_, _NOT_ADDED), findings)
    columns = [column.name for column in metadata.tables[f"{SCHEMA}.cities"].columns]
    connection.exec_driver_sql("create temp table new_cities as select * from survey.cities limit 0")
    database.append(
        bench,
        "select code, kind, name, sort_key(name), match_key(name), status, country, part_of, departement, "
        f"cast(people as integer), cast(valid_from as date), cast(valid_to as date), {database.literal(wanted.name)} "
        "from authorities",
        connection,
        "new_cities",
        columns,
    )
    return findings


def _understand(bench: Connection) -> None:
    """Make `authorities`: kinds of France under their own name, a country for each row, people as a number."""
    known = ", ".join(f"'{kind}'" for kind in _FORMS)
    bench.exec_driver_sql(
        "create or replace temp table authorities as select * replace ("
        f"case when match_key(kind) in ({known}) then match_key(kind) else kind end as kind, "
        f"coalesce(upper(country), '{HOME}') as country), {number('population')} as people, "
        "match_key(name) as key from raw_authorities"
    )


class _Check(NamedTuple):
    """A condition that rows `a` of a list offend against: `detail` is the name and the expression of what is told."""

    rule: str
    column: str
    condition: str
    detail: tuple[str, str] = ("", "null")
    details: Mapping[str, object] = {}


def _checks(name: str) -> Iterator[_Check]:
    """Yield what the rows of a list of that name must not be."""
    yield from (_Check("value_missing", column, f"a.{column} is null") for column in ("code", "kind"))
    for column in ("code", "kind", "name"):
        yield _Check("name_too_long", column, f"length(a.{column}) > {_MOST}", details={"most": _MOST})
    for kind, (form, example) in _FORMS.items():
        wrong = f"a.country = '{HOME}' and a.kind = '{kind}' and not regexp_matches(a.code, '{form}')"
        yield _Check("authority_code", "code", wrong, details={"kind": kind, "form": example})
    prefix = "a.country || ':'"
    abroad = f"a.country <> '{HOME}' and (not starts_with(a.code, {prefix}) or a.code = {prefix})"
    yield _Check("code_prefix", "code", abroad, ("prefix", prefix))
    first = "(select min(b.line) from authorities b where b.code = a.code)"
    yield _Check("row_twice", "code", f"a.line <> {first}", ("first", first), {"key": "code"})
    nowhere = (
        "a.part_of not in (select code from authorities where code is not null union all select code from present)"
    )
    yield _Check("part_of_unknown", "part_of", f"a.part_of = a.code or {nowhere}")
    statuses = ", ".join(f"'{status}'" for status in _STATUSES)
    choices = ", ".join(_STATUSES)
    yield _Check("status_unknown", "status", f"a.status not in ({statuses})", details={"choices": choices})
    uncounted = f"a.population is not null and (a.people is null or a.people > {_MOST_PEOPLE})"
    yield _Check("not_a_population", "population", uncounted)
    for column in ("valid_from", "valid_to"):
        form = f"regexp_matches(a.{column}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')"
        yield _Check("not_a_day", column, f"a.{column} is not null and ({_day(column)} is null or not {form})")
    backwards = f"{_day('valid_to')} <= {_day('valid_from')}"
    yield _Check("ends_before_it_begins", "valid_to", backwards, ("begins", "a.valid_from"))
    # A newer edition of a list may call an authority otherwise; another list that does so means another one.
    other = (
        "exists (select 1 from present p where p.code = a.code and (p.kind <> a.kind or p.country <> a.country or "
        f"(p.list <> {database.literal(name)} and match_key(p.name) <> a.key)))"
    )
    meant = f"(select concat_ws(' ', p.kind, p.name, nullif(p.country, '{HOME}')) from present p where p.code = a.code)"
    yield _Check("code_means_another", "code", other, ("meant", meant))


def _problems(bench: Connection, document: Document, name: str) -> Iterator[Finding]:
    """Yield what is wrong with a list, by queries that select the offenders."""
    offenders = (
        "select a.line, r.{0.column}, {0.detail[1]} from authorities a join raw_authorities r on r.line = a.line "
        "where {0.condition} order by a.line"
    )
    for check in _checks(name):
        for line, value, told in bench.exec_driver_sql(offenders.format(check)):
            details = {check.detail[0]: told} if check.detail[0] else {}
            yield document.finding(check.rule, line, check.column, value, **details, **check.details)
    countries = {code for (code,) in bench.exec_driver_sql("select code from list_countries")}
    unknown = _Check("code_unknown", "country", "a.country not in (select code from list_countries)")
    for line, value, _ in bench.exec_driver_sql(offenders.format(unknown)):
        details = {"list": "countries", "near": near(value, countries)}
        yield document.finding(unknown.rule, line, unknown.column, value, **details)


def _day(column: str) -> str:
    return f"try_cast(a.{column} as date)"


def _append(connection: Connection, wanted: List, by: str, findings: Findings) -> Added:
    """Append what is new of `new_cities` to the register, and change what the same list says otherwise now."""
    columns = [column.name for column in metadata.tables[f"{SCHEMA}.cities"].columns if not column.primary_key]
    differs = " or ".join(f"c.{column} is distinct from n.{column}" for column in columns)
    ((number_, new, changed),) = database.query(
        connection,
        "select count(*), coalesce(sum(case when c.code is null then 1 else 0 end), 0), "
        f"coalesce(sum(case when c.list = n.list and ({differs}) then 1 else 0 end), 0) "
        "from new_cities n left join survey.cities c on c.code = n.code",
    )[1]
    if new or changed:
        every = ", ".join(["code", *columns])
        connection.exec_driver_sql(
            f"insert into survey.cities ({every}) select {every} from new_cities n where not exists "
            f"(select 1 from survey.cities c where c.code = n.code and (c.list <> n.list or not ({differs}))) "
            f"on conflict (code) do update set {', '.join(f'{column} = excluded.{column}' for column in columns)}"
        )
        registers = metadata.tables[f"{SCHEMA}.registers"]
        connection.execute(registers.delete().where(registers.c.list == wanted.name))
        row = {
            "list": wanted.name,
            "source": wanted.source,
            "as_of": wanted.as_of,
            "added_at": datetime.now(UTC).replace(tzinfo=None),
            "added_by": by,
            "software": __version__,
        }
        connection.execute(registers.insert(), row)
        database.analyze(connection, [f"{SCHEMA}.cities"])
    connection.exec_driver_sql("drop table new_cities")
    return Added(wanted.name, int(new), int(changed), int(number_ - new - changed), findings)
