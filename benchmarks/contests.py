"""The contests: what jumelage and a baseline do, what both need for it, and the proof that they do the same."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
BASELINES = HERE / "baselines"
REQUIREMENTS = HERE / "requirements-dbt.txt"
WAVE = PROJECT / "waves" / "2006"
CODES = PROJECT / "schema" / "codes"
ZONES = PROJECT / "reports" / "zones.sql"
JUMELAGE = Path(sys.executable).with_name("jumelage")
QUERY = BASELINES / "bare_query.py"
MAKE_WAVE = HERE / "made_wave.py"

# The tables that dbt builds too, and what it builds them from.
TABLES = ("distribution", "zones", "countries", "participation", "agreements_by_country", "cities_by_population")
WAVE_FILES = ("frame", "respondents", "partnerships")
CODE_LISTS = ("cities", "city_aliases", "countries", "country_aliases", "country_zones", "zones")

# What is loaded, by contest: the form of the file, and how many times the baseline's time loading it may take.
LOADS = {
    "load": ("clean", 2.0),
    "load-quoted": ("quoted", 3.5),
    "load-windows": ("windows", 3.5),
    "load-refused": ("misspelt", 2.0),
}
# The same for all communes of France, with what the towns are called by.
FRANCE = {"france-codes": ("codes", 2.5), "france-names": ("names", 2.5)}
FRENCH_ROWS = 200_000
# The queries of which reports are timed by themselves, by engine: how many agreements, and the limit of their ratios.
QUERIES = ("zones", "countries", "agreements_by_country", "distribution")
ENGINES = {"duckdb": 10_000_000, "postgresql": 1_000_000}
SERVER_LOAD = "load-postgresql"
NAMES = (
    "help",
    "zones-table",
    "zones-csv",
    "sql-start",
    "sql-csv",
    "wave",
    "wave-all-formats",
    *LOADS,
    *FRANCE,
    *(f"query-{engine}" for engine in ENGINES),
    SERVER_LOAD,
)
MADE = "made.duckdb"
PEAK = 500.0  # MB, of a load
MEGABYTE = 1_000_000
# A checksum of the loaded rows, whatever their order and numbers.
LOADED_COLUMNS = {
    "partnerships": ("city", "country", "partner", "since_from", "since_to", "since_missing", "inferred", "source"),
    "respondents": ("city", "population", "response"),
}
LOADED = """
select count(*), sum(md5_number_lower(line)), sum(md5_number_upper(line))
from (select concat_ws(chr(31), {columns}) as line from survey.{table})
"""

Step = tuple[str | Path, ...]
HELP: list[Step] = [(JUMELAGE, "--help")]
PIPELINE: list[Step] = [(JUMELAGE, "reproduce", WAVE, "--out", "public")]
WITH_ALL_FORMATS: list[Step] = [(*PIPELINE[0], "--formats", "all")]


@dataclass(frozen=True)
class Side:
    """One side of a contest: commands to time, run in a new folder that is prepared untimed.

    With `refusal`, the last must fail and say that. `outcome` computes from the folder what both sides must agree on.
    """

    steps: list[Step]
    prepare: Callable[[Path], object] | None = None
    refusal: str | None = None
    outcome: Callable[[Path], str] | None = None


@dataclass(frozen=True)
class Contest:
    """The same thing done by jumelage and by a baseline, and how many times its time jumelage may take.

    `peak` is how many MB jumelage may occupy.
    """

    name: str
    baseline: str
    limit: float
    ours: Side
    theirs: Side
    peak: float | None = None


@dataclass(frozen=True)
class Done:
    """What a command said, the most memory that it occupied, in MB, and the seconds that it computed on all cores."""

    code: int
    out: str
    err: str
    peak: float
    cpu: float


def execute(step: Step, folder: Path) -> Done:
    """Run a command in a folder and wait for that process alone: the usage of all children is a maximum."""
    with TemporaryFile() as out, TemporaryFile() as err:
        process = subprocess.Popen(step, cwd=folder, env=_environment(), stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        return Done(
            process.returncode,
            _text(out),
            _text(err),
            usage.ru_maxrss * unit / MEGABYTE,
            usage.ru_utime + usage.ru_stime,
        )


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def run(step: Step, folder: Path, refusal: str | None = None) -> Done:
    """Run a command as `execute` does; stop with what it said if it fails, or does not refuse in these words."""
    done = execute(step, folder)
    as_wanted = done.code == 0 if refusal is None else done.code == 1 and refusal in done.err
    if not as_wanted:
        sys.exit(f"{' '.join(map(str, step))}: exit code {done.code}\n{done.out}{done.err}")
    return done


def _environment() -> dict[str, str]:
    """Return the environment without what changes how the contestants run; dbt sends no statistics."""
    foreign = ("PYTHON", "JUMELAGE_", "DBT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PYTHONUTF8": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def contests(scratch: Path, only: str | None, rows: int) -> list[Contest]:
    """Return the contests, or the one of that name, with what they need; both sides must give the same figures."""
    wanted = [name for name in NAMES if only in {None, name}]
    found = []
    if "help" in wanted:
        typer = Side([(sys.executable, BASELINES / "minimal_typer.py", "--help")])
        found.append(Contest("help", "minimal Typer program", 1.5, Side(HELP), typer))
    if {"sql-start", "sql-csv"} & set(wanted):
        found += _asked(scratch, wanted, rows)
    if {"zones-table", "zones-csv", "wave", "wave-all-formats"} & set(wanted):
        found += _reports(scratch, wanted)
    if set(LOADS) & set(wanted):
        found += _loads(scratch, [name for name in LOADS if name in wanted], rows)
    if set(FRANCE) & set(wanted):
        found += _france(scratch, [name for name in FRANCE if name in wanted])
    return found


# --- reports -----------------------------------------------------------------------------------------------


def _reports(scratch: Path, wanted: list[str]) -> list[Contest]:
    """Return the contests about the wave of 2006."""
    database = scratch / "waves.duckdb"
    for step in PIPELINE:
        run((step[0], "--db", database, *step[1:]), scratch)
    bare = Side([(sys.executable, QUERY, database, ZONES)])
    zones: Step = (JUMELAGE, "--db", database, "report", "zones", "--format")
    found = [
        Contest(f"zones-{form}", "bare SQLAlchemy query", 1.3, Side([(*zones, form)]), bare)
        for form in ("table", "csv")
        if f"zones-{form}" in wanted
    ]
    if found:
        ours, theirs = run((*zones, "csv"), scratch).out, run(bare.steps[0], scratch).out
        _same("zones", ours.splitlines()[1:], theirs.splitlines())
    if "wave-all-formats" in wanted:
        site = Side(PIPELINE)
        found.append(Contest("wave-all-formats", "the same with site and CSV", 3.0, Side(WITH_ALL_FORMATS), site))
    if "wave" in wanted:
        dbt = Side([dbt_build(scratch)], _dbt_project)
        found.append(Contest("wave", "dbt build of 6 tables", 0.5, Side(PIPELINE), dbt))
        _same_tables(dbt, database, scratch)
    return found


def dbt_build(scratch: Path) -> Step:
    """Return `dbt build`; dbt is installed beside this interpreter if that is a virtualenv, else for this run."""
    home = (Path(sys.prefix) if sys.prefix != sys.base_prefix else scratch) / "bench-dbt"
    stamp, wanted = home / "requirements.txt", REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing dbt into {home}", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        run((home / "bin" / "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS), HERE)
        stamp.write_text(wanted, encoding="utf-8")
    return (home / "bin" / "dbt", "--no-partial-parse", "--no-use-colors", "build")


def _dbt_project(folder: Path) -> None:
    """Make a dbt project that was never built, with the wave and the code lists as seeds."""
    shutil.copytree(BASELINES / "dbt", folder, dirs_exist_ok=True)
    seeds = folder / "seeds"
    seeds.mkdir()
    for name in WAVE_FILES:
        shutil.copy(WAVE / f"{name}.csv", seeds / f"wave_{name}.csv")
    for name in CODE_LISTS:
        shutil.copy(CODES / f"{name}.csv", seeds / f"code_{name}.csv")


def _same_tables(dbt: Side, database: Path, scratch: Path) -> None:
    """Stop unless dbt's tables are the reports."""
    folder = scratch / "dbt"
    _dbt_project(folder)
    run(dbt.steps[0], folder)
    for table in TABLES:
        ours = run((JUMELAGE, "--db", database, "report", table, "--format", "csv"), scratch).out.splitlines()
        columns, *rows = ours
        _same(table, rows, _query(folder / "survey.duckdb", f"select {columns} from {table}", scratch).splitlines())


def _query(database: Path, sql: str, scratch: Path) -> str:
    """Return the rows of a query, computed apart: a process starts with the memory of the one that starts it."""
    file = scratch / "query.sql"
    file.write_text(sql, encoding="utf-8")
    return run((sys.executable, QUERY, database, file), scratch).out


def _same(table: str, ours: Iterable[str], theirs: Iterable[str]) -> None:
    """Stop unless both sides computed the same rows, in any order."""
    left, right = (sorted([_plain(cell) for cell in row] for row in csv.reader(side)) for side in (ours, theirs))
    if left != right:
        differing = [row for row in left if row not in right] + [row for row in right if row not in left]
        sys.exit(f"{table}: jumelage and the baseline differ, so their times say nothing: {differing}")


def _plain(cell: str) -> str:
    try:
        return f"{Decimal(cell).normalize():f}"
    except InvalidOperation:
        return cell


# --- queries of one's own ------------------------------------------------------------------------------------


def _asked(scratch: Path, wanted: list[str], rows: int) -> list[Contest]:
    """Return the contests about `jumelage sql`: the least query, and so many rows to a file of CSV."""
    database = _migrated(scratch / "asked.duckdb")
    run((JUMELAGE, "--db", database, "load", made(scratch / "asked", rows, "clean")), scratch)
    sql: Step = (JUMELAGE, "--db", database, "sql", "--wave", "made", "--format", "csv")
    bare: Step = (sys.executable, BASELINES / "bare_sql.py", database)
    found = []
    if "sql-start" in wanted:
        least = "select 1 as one"
        found.append(
            Contest("sql-start", "the same by bare duckdb", 3.3, Side([(*sql, least)]), Side([(*bare, least)]))
        )
    if "sql-csv" in wanted:
        whole, out = "select * from partnerships", "rows.csv"
        sides = (
            Side([(*step, whole, *option, out)], None, None, _lines_of(out))
            for step, option in ((sql, ("--output",)), (bare, ("made@1",)))
        )
        found.append(Contest("sql-csv", "COPY by bare duckdb", 2.0, *sides, peak=PEAK))
    return found


def _lines_of(name: str) -> Callable[[Path], str]:
    """Return what tells how many lines a file of that name has."""
    return lambda folder: str((folder / name).read_bytes().count(b"\n"))


# --- loading -----------------------------------------------------------------------------------------------


def _loads(scratch: Path, names: list[str], rows: int) -> list[Contest]:
    """Return the contests about loading a wave of so many agreements into a migrated file."""
    empty = _migrated(scratch / "empty.duckdb")
    forms = {"clean", *(LOADS[name][0] for name in names)}
    waves = {form: made(scratch / form, rows, form) for form in sorted(forms)}

    def nothing(folder: Path) -> str:
        if _loaded(folder / MADE, "partnerships") != loaded_before:
            sys.exit("a refused load left rows behind")
        return ""

    loaded_before = _loaded(empty, "partnerships")
    found = []
    for name in names:
        form, limit = LOADS[name]
        ours: Step = (JUMELAGE, "--db", MADE, "load", waves[form])
        # The baseline can read everything but cp1252, and it finds no error.
        read = waves["quoted" if form == "quoted" else "clean"] / "partnerships.csv"
        theirs: Step = (sys.executable, BASELINES / "plain_load.py", MADE, read)
        if form == "misspelt":
            sides = (
                Side([ours], _copied(empty), f"partnerships.csv:{rows + 1},", nothing),
                Side([theirs], _copied(empty)),
            )
        else:
            sides = _alike(empty, ours, theirs, "partnerships")
        found.append(Contest(name, "plain DuckDB SQL", limit, *sides, peak=PEAK))
    return found


def _france(scratch: Path, names: list[str]) -> list[Contest]:
    """Return the contests about loading a wave of all communes of France, whose register is installed."""
    empty = _migrated(scratch / "france.duckdb")
    run((JUMELAGE, "--db", empty, "register", "add", "fr"), scratch)
    found = []
    for name in names:
        form, limit = FRANCE[name]
        wave = made(scratch / form, FRENCH_ROWS, form)
        ours: Step = (JUMELAGE, "--db", MADE, "load", wave)
        theirs: Step = (sys.executable, BASELINES / "plain_load.py", MADE, wave, form)
        sides = _alike(empty, ours, theirs, "partnerships", "respondents")
        found.append(Contest(name, "plain DuckDB SQL", limit, *sides, peak=PEAK))
    return found


def _migrated(database: Path) -> Path:
    run((JUMELAGE, "--db", database, "migrate"), database.parent)
    return database


def made(folder: Path, rows: int, form: str) -> Path:
    """Have a wave made, apart: a process starts with the memory of the one that starts it."""
    run((sys.executable, MAKE_WAVE, folder, str(rows), form), folder.parent)
    return folder


def _copied(database: Path) -> Callable[[Path], object]:
    return lambda folder: shutil.copy(database, folder / MADE)


def _alike(empty: Path, ours: Step, theirs: Step, *tables: str) -> tuple[Side, Side]:
    """Return both sides of a load into a copy of a database, which must fill tables with the same rows."""

    def loaded(folder: Path) -> str:
        return "".join(_loaded(folder / MADE, table) for table in tables)

    return Side([ours], _copied(empty), None, loaded), Side([theirs], _copied(empty), None, loaded)


def _loaded(database: Path, table: str) -> str:
    """Return a checksum of the rows of a table."""
    columns = ", ".join(f"coalesce('+' || {column}, '-')" for column in LOADED_COLUMNS[table])
    return _query(database, LOADED.format(columns=columns, table=table), database.parent)
