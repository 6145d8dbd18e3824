"""A PostgreSQL that others share: what sessions were told, who is waited for, who may what, and what breaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import URL

from jumelage.database.models import CODE_LISTS

from .conftest import WAVE_2006, Databases, WaveFolder, address, heeds_signals, run, statement


@pytest.fixture(scope="module")
def server(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases("postgresql", tmp_path_factory.mktemp("server"), postgres)


@contextmanager
def connected(url: URL) -> Iterator[psycopg.Connection]:
    with psycopg.connect(address(url.set(drivername="postgresql")), autocommit=True) as connection:
        yield connection


def ask(url: URL, sql: str) -> list[tuple[object, ...]]:
    with connected(url) as connection:
        return connection.execute(sql.encode()).fetchall()


def do(url: URL, *statements: str) -> None:
    with connected(url) as connection:
        for sql in statements:
            connection.execute(sql.encode())


@pytest.fixture
def role(postgres: URL) -> Iterator[str]:
    """A role without any right, as an administrator makes one."""
    name = f"ana_{os.getpid()}"
    statement(postgres, f"create role {name} login")
    yield name
    for (other,) in ask(postgres, "select datname from pg_database where datname like 'test%'"):
        writable = "set default_transaction_read_only = off"
        do(
            postgres.set(database=str(other)),
            writable,
            f"reassign owned by {name} to postgres",
            f"drop owned by {name}",
        )
    statement(postgres, f"drop role {name}")


# --- settings -----------------------------------------------------------------------------------------------------


def test_a_session_does_the_same_whatever_it_was_told_before(
    server: Databases, role: str, tiny_wave: WaveFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "client_encoding": "LATIN1",
        "DateStyle": "German, DMY",
        "IntervalStyle": "iso_8601",
        "TimeZone": "Asia/Tokyo",
        "statement_timeout": "20",
        "lock_timeout": "1",
        "idle_in_transaction_session_timeout": "1",
        "extra_float_digits": "-15",
        "bytea_output": "escape",
        "standard_conforming_strings": "off",
        "default_transaction_isolation": "serializable",
        "default_transaction_deferrable": "on",
        "transform_null_equals": "on",
    }
    url = server.migrated()
    plain = server.migrated()
    name = str(url.database)
    do(url, f"alter database {name} owner to {role}", f"create schema elsewhere authorization {role}")
    do(url, f"create schema {role} authorization {role}")
    for schema in ("survey", "public"):
        do(url, f"grant all on schema {schema} to {role}", f"grant all on all tables in schema {schema} to {role}")
    for setting, value in told.items():
        do(url, f"alter role {role} in database {name} set {setting} = '{value}'")
    do(url, f"alter role {role} in database {name} set search_path = elsewhere, public")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGOPTIONS", "-c DateStyle=SQL")
    mine = address(url.set(username=role))
    for where in (mine, address(plain)):
        assert run("load", tiny_wave.path, "--by", "tests", "--db", where).code == 0
    assert run("load", tiny_wave.path, "--db", mine).err == "wave tiny, revision 1: unchanged\n"
    answers = [
        [run(*command, "--format", "json", "--db", where).out for command in (("report", "zones"), ("check",))]
        for where in (mine, address(plain))
    ]
    assert answers[0] == answers[1]
    assert "Köln" in run("explain", "zones", "eu", "agreements", "--format", "csv", "--db", mine).out


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_is_not_in_utf8_is_refused(postgres: URL, encoding: str) -> None:
    name = f"test_{encoding.lower()}_{os.getpid()}"
    statement(postgres, f"create database {name} encoding '{encoding}' locale 'C' template template0")
    result = run("migrate", "--db", address(postgres.set(database=name)))
    statement(postgres, f"drop database {name}")
    assert result.code == 3
    assert f"the database is in {encoding}, and jumelage needs UTF-8; make one: createdb" in result.err


def test_the_tables_are_found_where_they_were_put(server: Databases) -> None:
    url = server.loaded()
    do(url, "create schema postgres", "create schema work")
    assert run("waves", "--db", address(url)).code == 0
    within = address(url.update_query_dict({"options": "-csearch_path=work"}))
    assert "is up to date" in run("migrate", "--db", within).err
    assert run("migrate", "--to", "0004", "--accept-loss", "--db", within).code == 0
    assert run("migrate", "--db", within).code == 0
    assert ask(url, "select distinct schemaname from pg_views where viewname in ('partnerships', 'zones')") == [
        ("public",)
    ]
    assert ask(url, "select count(*) from pg_tables where tablename = 'alembic_version'") == [(1,)]


@pytest.mark.parametrize("where", ["database", "url"])
def test_read_only_that_was_asked_for_is_kept(server: Databases, where: str) -> None:
    url = server.migrated()
    if where == "database":
        do(url, f"alter database {url.database} set default_transaction_read_only = on")
    else:
        url = url.update_query_dict({"options": "-cdefault_transaction_read_only=on"})
    for command in (("load", WAVE_2006), ("migrate",)):
        result = run(*command, "--db", address(url))
        assert result.code == 3
        assert "may only be read: default_transaction_read_only is on" in result.err
    assert run("waves", "--db", address(url)).code == 0


# --- waiting, and breaking off ---------------------------------------------------------------------------------------


def test_whoever_is_waited_for_is_named(server: Databases) -> None:
    url = server.migrated()
    with psycopg.connect(address(url.set(drivername="postgresql")), application_name="a look") as other:
        other.execute("select count(*) from partnerships")
        since, pid = time.monotonic(), other.info.backend_pid
        result = run("migrate", "--to", "0005", "--wait", 2, "--db", address(url))
        assert time.monotonic() - since < 15
    assert result.code == 4
    assert f": process {pid}, user postgres, a look, idle in transaction, since " in result.err
    assert "waited 2 s" in result.err


LONG = "select pg_sleep(60)"


def start(url: URL, body: str) -> subprocess.Popen[str]:
    """Run the command line in a process of its own, in which a load does something long at its end."""
    program = (
        "import sys\nfrom jumelage import cli, database\nfrom jumelage.loading import revision\n"
        f"def slow(connection, *_):\n    {body}\n"
        "revision.database.analyze = slow\n"
        f"sys.argv = ['jumelage', 'load', {str(WAVE_2006)!r}, '--db', {address(url)!r}]\ncli.main()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_signals,  # noqa: PLW1509
    )


SLEEP = f"connection.exec_driver_sql({LONG!r})"
COPY = (
    "c = connection.connection.driver_connection.cursor()\n"
    "    with c.copy('copy (select pg_sleep(1) from generate_series(1, 60)) to stdout') as rows: list(rows)"
)


def wait_for(url: URL, *, running: bool) -> int | None:
    """Wait until a backend is at the long statement, or until none is; return its process."""
    sql = (
        "select pid from pg_stat_activity where datname = current_database() and state = 'active' "
        "and query like '%pg_sleep%' and pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 40
    with connected(url) as connection:
        while time.monotonic() < deadline:
            found = connection.execute(sql).fetchall()
            if bool(found) == running:
                return int(found[0][0]) if found else None
            time.sleep(0.1)
    pytest.fail("nothing came of it")


@pytest.mark.parametrize("body", [SLEEP, COPY], ids=["a query", "a copy"])
@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_session_that_the_server_ends_is_a_failure_of_the_database(server: Databases, body: str, how: str) -> None:
    url = server.migrated()
    process = start(url, body)
    pid = wait_for(url, running=True)
    ask(url, f"select {how}({pid})")
    err = process.communicate()[1]
    assert (process.returncode, "Traceback" in err, "bug" in err) == (3, False, False), err
    assert ask(url, "select count(*) from survey.revisions") == [(0,)]


@pytest.mark.parametrize(("body", "number"), [(SLEEP, signal.SIGINT), (COPY, signal.SIGTERM)], ids=["Ctrl-C", "TERM"])
def test_a_load_that_is_told_to_end_undoes_what_it_did(server: Databases, body: str, number: signal.Signals) -> None:
    url = server.migrated()
    process = start(url, body)
    wait_for(url, running=True)
    process.send_signal(number)
    assert process.communicate()[1] == "stopped; what was not finished is undone\n"
    assert process.returncode == 128 + number
    wait_for(url, running=False)
    assert ask(url, "select count(*) from survey.revisions") == [(0,)]


def test_a_backend_does_not_outlive_a_killed_client(server: Databases) -> None:
    url = server.migrated()
    process = start(url, SLEEP)
    wait_for(url, running=True)
    process.kill()
    process.communicate()
    wait_for(url, running=False)
    assert run("load", WAVE_2006, "--db", address(url)).code == 0


# --- roles ------------------------------------------------------------------------------------------------------


def test_a_superuser_is_warned_when_it_loads_and_another_role_is_not(
    server: Databases, role: str, postgres: URL
) -> None:
    url = server.migrated()
    result = run("load", WAVE_2006, "--db", address(url))
    assert result.err.endswith("warning: postgres is a superuser of the server; load with a role of its own, which "
                               "has rights on these tables alone\n")  # fmt: skip
    assert "superuser" not in run("load", WAVE_2006, "--db", address(url)).err
    name = str(server.missing().database)
    statement(postgres, f"alter database {name} owner to {role}")
    own = address(postgres.set(database=name, username=role))
    assert run("migrate", "--db", own).code == 0
    assert "superuser" not in run("load", WAVE_2006, "--db", own).err


def test_a_role_without_rights_is_told_so(server: Databases, role: str) -> None:
    url = server.loaded()
    mine = address(url.set(username=role))
    result = run("waves", "--db", mine)
    assert result.code == 3
    assert f"the role {role} may not read the tables of jumelage, which are there" in result.err
    assert f"jumelage grant --to {role} --role reader|loader|owner" in result.err
    do(url, f"grant select on all tables in schema public to {role}")
    result = run("report", "zones", "--db", mine)
    assert result.code == 3
    assert "permission denied for schema survey; the role needs the right" in result.err
    do(url, f"grant usage on schema survey to {role}", f"grant select on all tables in schema survey to {role}")
    assert run("report", "zones", "--db", mine).code == 0
    result = run("load", WAVE_2006, "--reason", "none", "--db", mine)
    assert result.err == "wave 2006, revision 1: unchanged\n"


def test_reader_and_loader_keep_their_rights_on_what_a_migration_makes(server: Databases, role: str) -> None:
    url = server.migrated()
    assert run("migrate", "--to", "0005", "--db", address(url)).code == 0
    records = [str(name) for (name,) in ask(url, "select tablename from pg_tables where schemaname = 'survey'")]
    do(
        url,
        f"grant usage on schema survey to {role}",
        f"grant select on all tables in schema public, survey to {role}",
        *(f"grant insert on survey.{name} to {role}" for name in records if name not in (*CODE_LISTS, "installed")),
    )
    assert run("migrate", "--db", address(url)).code == 0
    may = (
        f"select has_table_privilege('{role}', 'survey.partner_pairs', 'select'), "
        f"has_table_privilege('{role}', 'survey.partner_pairs', 'insert'), "
        f"has_table_privilege('{role}', 'survey.partner_pairs', 'update'), "
        f"has_table_privilege('{role}', 'public.partnerships', 'select')"
    )
    assert ask(url, may) == [(True, True, False, True)]
    mine = address(url.set(username=role))
    assert run("load", WAVE_2006, "--db", mine).code == 0
    assert run("report", "zones", "--db", mine).code == 0


def test_statistics_are_there_right_after_a_load(server: Databases) -> None:
    url = server.migrated()
    assert run("load", WAVE_2006, "--db", address(url)).code == 0
    sql = (
        "select relname, reltuples::int from pg_class where relname in ('countries', 'partnerships') and relkind = 'r'"
    )
    assert sorted(ask(url, sql)) == [("countries", 250), ("partnerships", 100)]
