"""The roles of a database on PostgreSQL: what each may do, what the server refuses it, and what comes later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database.models import metadata
from jumelage.reporting import run as reporting_run
from tests.conftest import ROOT, WAVE_2006, Databases, address, run, statement
from tests.test_server import ask, connected, do

ROLES = ("reader", "loader", "owner")


@dataclass(frozen=True)
class Granted:
    """A database with its roles, and the address of somebody who is a member of each."""

    url: URL
    to: dict[str, str]

    def of(self, role: str) -> URL:
        return self.url.set(username=self.to[role])


@pytest.fixture(scope="module")
def server(postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases("postgresql", tmp_path_factory.mktemp("roles"), postgres)


def give(url: URL, *arguments: str) -> list[str]:
    result = run("grant", *arguments, "--db", address(url))
    assert result.code == 0, result.err
    assert result.out == ""
    return result.err.splitlines()


def remove(server: URL, name: str) -> None:
    """Drop a database with its roles and its members."""
    statement(server, f"drop database {name}")
    for role in ROLES:
        statement(server, f"drop role if exists {name}_{role}")
        statement(server, f"drop role if exists {role}_of_{name}")


def with_roles(server: Databases, url: URL) -> Granted:
    name = str(url.database)
    to = {role: f"{role}_of_{name}" for role in ROLES}
    assert server.server is not None
    for role, login in to.items():
        statement(server.server, f"create role {login} login")
        give(url, "--to", login, "--role", role)
    return Granted(url, to)


@pytest.fixture
def granted(server: Databases, postgres: URL) -> Iterator[Granted]:
    """A database with the 2006 wave, its roles and a member of each."""
    made = with_roles(server, server.loaded())
    yield made
    remove(postgres, str(made.url.database))


# --- what is made -----------------------------------------------------------------------------------------------


def test_a_second_time_there_is_nothing_to_do_and_a_dry_run_writes_what_would_be(
    server: Databases, postgres: URL
) -> None:
    url = server.loaded()
    name = str(url.database)
    dry = run("grant", "--dry-run", "--db", address(url))
    assert dry.code == 0
    assert f"create role {name}_reader nologin;\n" in dry.out
    assert ask(url, f"select 1 from pg_roles where rolname like '{name}%'") == []
    do(url, f"begin; {dry.out} commit;")  # what it writes is what it does
    nothing = f"{database.shown(url)}: nothing to grant, all is as it should be"
    assert give(url) == [nothing]
    assert run("grant", "--dry-run", "--db", address(url)).out == ""
    do(url, f"grant update on survey.waves to {name}_reader", f"revoke select on zones from {name}_reader")
    assert give(url) == [
        f"{name}_reader: has no right any more: update on survey.waves",
        f"{name}_reader: may read 1 table and view",
    ]
    assert give(url) == [nothing]
    remove(postgres, name)


def test_an_empty_database_is_given_to_its_owner_who_migrates_it(server: Databases, postgres: URL) -> None:
    made = with_roles(server, server.missing())
    name = str(made.url.database)
    assert run("migrate", "--db", address(made.of("owner"))).code == 0
    owners = "select distinct tableowner from pg_tables where schemaname in ('survey', 'public')"
    assert ask(made.url, owners) == [(f"{name}_owner",)]
    assert run("load", WAVE_2006, "--db", address(made.of("loader"))).code == 0
    assert run("report", "zones", "--db", address(made.of("reader"))).code == 0
    assert give(made.url) == [f"{database.shown(made.url)}: nothing to grant, all is as it should be"]
    remove(postgres, name)


def test_who_owned_the_tables_before_becomes_a_member_of_the_owner(server: Databases, postgres: URL) -> None:
    url = server.missing()
    name, login = str(url.database), f"owner_of_{url.database}"
    statement(postgres, f"create role {login} login")
    statement(postgres, f"alter database {name} owner to {login}")
    assert run("migrate", "--db", address(url.set(username=login))).code == 0
    refused = run("grant", "--db", address(url.set(username=login)))
    assert refused.code == 3
    assert f"{login} may not do all of this; it lacks:\n  CREATEROLE, from a superuser: alter role" in refused.err
    assert f"{login} is a member of {name}_owner" in give(url)
    assert run("migrate", "--to", "0012", "--db", address(url.set(username=login))).code == 0
    assert run("migrate", "--db", address(url.set(username=login))).code == 0
    remove(postgres, name)


# --- without a superuser ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Managed:
    """A database that belongs to a role with CREATEROLE, as a managed server gives one, and the address of that role."""

    url: URL
    admin: URL


@pytest.fixture
def managed(server: Databases, postgres: URL) -> Iterator[Managed]:
    url = server.missing()
    name, admin = str(url.database), f"admin_of_{url.database}"
    statement(postgres, f"create role {admin} login createrole")
    statement(postgres, f"alter database {name} owner to {admin}")
    yield Managed(url, url.set(username=admin))
    remove(postgres, name)
    statement(postgres, f"drop role if exists {admin}")


def memberships(url: URL) -> list[Any]:
    """Return who may become or has the rights of which of the roles; who may only give them is no member."""
    return sorted(
        ask(
            url,
            "select r.rolname, m.member::regrole::text from pg_auth_members m join pg_roles r on r.oid = m.roleid "
            f"where r.rolname like '{url.database}%' and not '{{\"set_option\": false, \"inherit_option\": false}}' "
            "<@ to_jsonb(m)",
        )
    )


def rights(url: URL) -> list[Any]:
    """Return whose the database's schemas, tables, views and functions are, and who may do what with them."""
    name = str(url.database)
    of = (
        ("pg_class", "relname", "relowner", "relacl", "relnamespace::regnamespace::text in ('survey', 'public')"),
        ("pg_namespace", "nspname", "nspowner", "nspacl", "nspname = 'survey'"),
        ("pg_proc", "proname", "proowner", "proacl", "proname like 'jumelage%'"),
        ("pg_default_acl", "defaclobjtype", "defaclrole", "defaclacl", "true"),
    )
    sql = " union all ".join(
        f"select '{table}', {what}::text, {owner}::regrole::text, "
        f"(select array_agg(a.x::text order by a.x::text) from unnest({acl}) a (x))::text from {table} where {which}"
        for table, what, owner, acl, which in of
    )
    return [[str(cell).replace(name, "DB") for cell in row] for row in ask(url, f"{sql} order by 1, 2, 3, 4")]


def test_who_has_createrole_and_owns_the_database_grants_as_a_superuser_does(
    server: Databases, postgres: URL, managed: Managed
) -> None:
    name = str(managed.url.database)
    to = {role: f"{role}_of_{name}" for role in ROLES}
    for role, login in to.items():
        statement(postgres, f"create role {login} login")
        give(managed.admin, "--to", login, "--role", role)
    made = Granted(managed.url, to)
    assert run("migrate", "--db", address(made.of("owner"))).code == 0
    nothing = f"{database.shown(managed.admin)}: nothing to grant, all is as it should be"
    assert give(managed.admin) == [nothing]
    assert run("load", WAVE_2006, "--db", address(made.of("loader"))).code == 0
    assert run("report", "zones", "--db", address(made.of("reader"))).code == 0
    assert set(memberships(managed.url)) == {
        (f"{name}_loader", f"{name}_owner"),
        (f"{name}_loader", to["loader"]),
        (f"{name}_owner", to["owner"]),
        (f"{name}_reader", f"{name}_loader"),
        (f"{name}_reader", to["reader"]),
    }
    # Of what is the owner's the administrator gives and takes rights, and is no member of the owner afterwards.
    do(managed.url, f"grant update on survey.waves to {name}_reader", f"revoke select on zones from {name}_reader")
    assert give(managed.admin) == [
        f"admin_of_{name} is a member of {name}_owner while this lasts",
        f"{name}_reader: has no right any more: update on survey.waves",
        f"{name}_reader: may read 1 table and view",
    ]
    assert (f"{name}_owner", f"admin_of_{name}") not in memberships(managed.url)
    usual = with_roles(server, server.missing())
    assert run("migrate", "--db", address(usual.of("owner"))).code == 0
    assert rights(made.url) == rights(usual.url)
    remove(postgres, str(usual.url.database))


def test_what_an_administrator_migrated_itself_it_gives_to_the_owner(managed: Managed) -> None:
    name, admin = str(managed.url.database), str(managed.admin.username)
    assert run("migrate", "--db", address(managed.admin)).code == 0
    dry = run("grant", "--dry-run", "--db", address(managed.admin))
    assert dry.code == 0
    do(managed.admin, f"begin; {dry.out} commit;")  # what it writes is what it does
    assert give(managed.admin) == [f"{database.shown(managed.admin)}: nothing to grant, all is as it should be"]
    assert (f"{name}_owner", admin) in memberships(managed.url)  # as whoever owned the tables
    assert run("migrate", "--to", "0012", "--db", address(managed.admin)).code == 0
    assert run("migrate", "--db", address(managed.admin)).code == 0
    assert run("load", WAVE_2006, "--db", address(managed.admin)).code == 0


def test_who_lacks_something_is_told_all_of_it_before_anything_is_changed(postgres: URL, managed: Managed) -> None:
    name, admin = str(managed.url.database), str(managed.admin.username)
    statement(postgres, f"alter role {admin} nocreaterole")
    assert run("migrate", "--db", address(managed.url)).code == 0  # by a superuser, whose tables they are
    statement(postgres, f"alter database {name} owner to postgres")
    refused = run("grant", "--db", address(managed.admin))
    assert refused.code == 3
    assert refused.err == (
        f"error: {database.shown(managed.admin)}: {admin} may not do all of this; it lacks:\n"
        f"  CREATEROLE, from a superuser: alter role {admin} createrole\n"
        f"  the database, from postgres or a superuser: alter database {name} owner to {admin}\n"
        "  what belongs to postgres, a superuser: let it run grant once\n"
        "have it given that, or a superuser run grant, or what grant --dry-run says\n"
    )
    assert ask(managed.url, f"select 1 from pg_roles where rolname like '{name}%'") == []
    handed = run("grant", "--dry-run", "--db", address(managed.admin)).out
    assert admin not in handed
    do(managed.url, f"begin; {handed} commit;")  # by a superuser
    statement(postgres, f"create role reader_of_{name} login")
    statement(postgres, f"alter role {admin} createrole")
    asked = ("grant", "--to", f"reader_of_{name}", "--db", address(managed.admin))
    newer = ask(postgres, "select current_setting('server_version_num')::int >= 160000") == [(True,)]
    if newer:  # before, CREATEROLE administers all that are no superusers
        statement(managed.url, f"revoke select on zones from {name}_reader")
        refused = run("grant", "--db", address(managed.admin))
        assert f"lacks:\n  ADMIN on {name}_owner, from a superuser or who has it: grant {name}_owner to" in refused.err
        handed = run("grant", "--dry-run", "--db", address(managed.admin)).out
        assert handed == f'grant select on public."zones" to {name}_reader;\n'
        statement(managed.url, handed)
        refused = run(*asked)
        assert refused.code == 3
        remedy = f"grant {name}_reader to {admin} with admin option"
        assert f"lacks:\n  ADMIN on {name}_reader, from a superuser or who has it: {remedy}\n" in refused.err
        statement(postgres, remedy)
    assert run(*asked).code == 0
    assert (f"{name}_reader", f"reader_of_{name}") in memberships(managed.url)


def test_what_cannot_be_granted_is_said(server: Databases, postgres: URL, tmp_path: Path) -> None:
    file = run("grant", "--db", tmp_path / "there.duckdb")
    assert file.code == 2
    assert "a database that is a file has no roles; its rights are those of the file" in file.err
    url = server.migrated()
    nobody = run("grant", "--to", "nobody_at_all", "--db", address(url))
    assert (nobody.code, nobody.err) == (
        2,
        "error: there is no role nobody_at_all on this server; create it: createuser nobody_at_all\n",
    )
    assert ask(url, f"select 1 from pg_roles where rolname like '{url.database}%'") == []
    assert run("grant", "--role", "loader", "--db", address(url)).code == 2
    long = "x" * 57
    statement(postgres, f"create database {long}")
    result = run("grant", "--db", address(postgres.set(database=long)))
    statement(postgres, f"drop database {long}")
    assert (result.code, "is too long for the names of its roles: 56 bytes at most" in result.err) == (2, True)
    statement(postgres, 'create database "Old-Surveys"')
    odd = postgres.set(database="Old-Surveys")
    assert run("migrate", "--db", address(odd)).code == 0
    assert '"Old-Surveys_reader": role created' in give(odd)
    assert give(odd) == [f"{database.shown(odd)}: nothing to grant, all is as it should be"]
    statement(postgres, 'drop database "Old-Surveys"')
    for role in ROLES:
        statement(postgres, f'drop role "Old-Surveys_{role}"')


# --- what each may do -------------------------------------------------------------------------------------------


def test_the_reader_asks_reports_checks_compares_and_publishes(granted: Granted, tmp_path: Path) -> None:
    mine = address(granted.of("reader"))
    for command in (
        ("report", "zones"),
        ("explain", "zones", "eu", "agreements"),
        ("check",),
        ("check", "--rows"),
        ("sql", "select count(*) from partnerships"),
        ("diff", "2006@1", "2006@1"),
        ("publish", "--out", tmp_path / "public", "--formats", "site,csv,duckdb"),
        ("export", tmp_path / "package", "--wave", "2006"),
        ("waves",),
        ("register", "list"),
        ("search", "Lettonie"),
        ("template", tmp_path / "2012.xlsx", "--wave", "2012", "--from", "2006"),
    ):
        result = run(*command, "--db", mine)
        assert result.code == 0, (command, result.err)
    assert run("report", "zones", "--db", mine).out == run("report", "zones", "--db", address(granted.url)).out


REFUSED = {
    "reader": [
        ("create temp table mine (a int)", "permission denied to create temporary tables"),
        ("create table public.mine (a int)", "permission denied for schema public"),
        ("create view public.mine as select 1", "permission denied for schema public"),
        ("create schema mine", "permission denied for database"),
        ("insert into survey.waves values ('x', false)", "permission denied for table waves"),
        ("update survey.waves set synthetic = true", "permission denied for table waves"),
        ("select loaded_by from survey.revisions", "permission denied for table revisions"),
        ("select * from survey.withdrawals", "permission denied for table withdrawals"),
        ("select added_by from survey.registers", "permission denied for table registers"),
        ("begin; lock table survey.waves in row exclusive mode", "permission denied for table waves"),
        ("select public.jumelage_analyze()", "permission denied for function jumelage_analyze"),
        ("set role {name}_loader", 'permission denied to set role "'),
        ("set role {name}_owner", 'permission denied to set role "'),
        ("reset role; set role {name}_owner", 'permission denied to set role "'),
        ("set session authorization postgres", "permission denied to set session authorization"),
        ("set role {name}_reader; reset role; reset session authorization; set role postgres", "permission denied to"),
        ("copy survey.waves to program 'true'", "COPY to or from an external program"),
    ],
    "loader": [
        ("update survey.waves set synthetic = true", "permission denied for table waves"),
        ("delete from survey.partnerships", "permission denied for table partnerships"),
        ("truncate survey.partnerships", "permission denied for table partnerships"),
        ("alter table survey.waves add more int", "must be owner of table waves"),
        ("drop view zones", "must be owner of view zones"),
        ("insert into survey.zones select * from survey.zones", "permission denied for table zones"),
        ("insert into survey.cities select * from survey.cities", "permission denied for table cities"),
        ("insert into survey.installed values ('views', '')", "permission denied for table installed"),
        ("update alembic_version set version_num = '0001'", "permission denied for table alembic_version"),
        ("create table survey.mine (a int)", "permission denied for schema survey"),
        ("set role {name}_owner", 'permission denied to set role "'),
    ],
    "owner": [
        ("create role more", "permission denied to create role"),
        ("set session authorization postgres", "permission denied to set session authorization"),
        ("alter database {name} owner to {name}_owner", "must be owner of database"),
        ("drop database {name}", "must be owner of database"),
    ],
}


@pytest.mark.parametrize("role", ROLES)
def test_the_server_refuses_all_else(granted: Granted, role: str) -> None:
    before = ask(granted.url, "select count(*) from survey.partnerships")
    for sql, why in REFUSED[role]:
        with connected(granted.of(role)) as connection:
            *first, last = sql.format(name=granted.url.database).split("; ")
            for one in first:
                connection.execute(one.encode())
            with pytest.raises(psycopg.Error) as error:
                connection.execute(last.encode())
        assert why in str(error.value), sql
    assert ask(granted.url, "select count(*) from survey.partnerships") == before


def test_the_reader_reads_the_plain_names_and_not_who_loaded_and_why(granted: Granted) -> None:
    reader, loader = granted.of("reader"), granted.of("loader")
    assert run("withdraw", "2006@1", "--reason", "a test", "--by", "lou", "--db", address(loader)).code == 0
    again = run("load", WAVE_2006, "--reason", "once more", "--by", "lou", "--db", address(loader))
    assert again.code == 0
    assert "superuser" not in again.err
    views = [name for (name,) in ask(granted.url, "select viewname from pg_views where schemaname = 'public'")]
    for name in views:
        ask(reader, f"select * from {name}")
    assert ask(reader, "select loaded_by, reason, revision from waves") == [(None, None, 2)]
    assert ask(loader, "select loaded_by, reason, revision from waves") == [("lou", "once more", 2)]
    for command in (("waves",), ("waves", "--format", "json"), ("report", "zones", "--wave", "2006@1")):
        seen = [run(*command, "--db", address(who)) for who in (reader, loader)]
        assert [one.code for one in seen] == [0, 0]
        assert ["lou" in one.out + one.err for one in seen] == [False, True]
    private = [
        (table.fullname, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("private")
    ]
    assert private
    for table, column in private:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(reader, f"select {column} from {table}")
        ask(loader, f"select {column} from {table}")


def test_what_is_not_for_a_role_ends_with_an_error_that_says_who_may_change_that(granted: Granted) -> None:
    reader, loader = granted.of("reader"), granted.of("loader")
    for who, command in (
        (reader, ("load", ROOT / "waves" / "2012-demo")),
        (reader, ("withdraw", "2006@1", "--reason", "no")),
        (reader, ("migrate", "--to", "0012")),
        (loader, ("migrate", "--to", "0012")),
        (loader, ("register", "add", ROOT / "tests" / "data" / "associations.csv")),
    ):
        result = run(*command, "--db", address(who))
        assert "Traceback" not in result.err
        if result.code != 2:  # a register that is none is refused before the database is asked
            assert result.code == 3, (command, result.err)
    assert (
        "the role needs the right, which whoever administers the database gives:\n  jumelage grant --to reader_of_"
        in run("withdraw", "2006@1", "--reason", "no", "--db", address(reader)).err
    )


def test_statistics_are_there_right_after_a_load_by_the_loader(server: Databases, postgres: URL) -> None:
    made = with_roles(server, server.migrated())
    assert run("load", WAVE_2006, "--db", address(made.of("loader"))).code == 0
    sql = "select reltuples::int from pg_class where oid = 'survey.partnerships'::regclass"
    assert ask(made.url, sql) == [(100,)]
    remove(postgres, str(made.url.database))


# --- what comes later -------------------------------------------------------------------------------------------


def test_rights_outlive_migrations_whoever_runs_them(granted: Granted) -> None:
    name = str(granted.url.database)
    for who in (granted.of("owner"), granted.url):
        assert run("migrate", "--to", "0005", "--accept-loss", "--db", address(who)).code == 0
        assert run("migrate", "--db", address(who)).code == 0
        assert give(granted.url) == [f"{database.shown(granted.url)}: nothing to grant, all is as it should be"]
        owners = "select distinct tableowner from pg_tables where schemaname = 'survey'"
        assert ask(granted.url, owners) == [(f"{name}_owner",)]
    assert run("report", "zones", "--db", address(granted.of("reader"))).code == 0
    assert run("load", WAVE_2006, "--reason", "again", "--db", address(granted.of("loader"))).code == 0


def test_from_base_and_back_the_roles_are_what_they_were(granted: Granted) -> None:
    owner = address(granted.of("owner"))
    assert run("migrate", "--to", "base", "--accept-loss", "--db", owner).code == 0
    assert run("migrate", "--db", owner).code == 0
    assert give(granted.url) == [f"{database.shown(granted.url)}: nothing to grant, all is as it should be"]


def test_what_the_owner_makes_later_the_reader_reads(granted: Granted) -> None:
    name = granted.url.database
    with connected(granted.of("owner")) as connection:
        connection.execute(f"set role {name}_owner".encode())
        connection.execute(b"create view public.of_germany as select * from partnerships where country = 'DE'")
    assert ask(granted.of("reader"), "select count(*) > 0 from of_germany") == [(True,)]


# --- queries of one's own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["postgres", "owner", "loader", "reader"])
def test_whoever_asks_a_query_asks_it_as_the_reader(granted: Granted, who: str) -> None:
    url = granted.url if who == "postgres" else granted.of(who)
    assert "100" in run("sql", "select count(*) from partnerships", "--db", address(url)).out
    assert run("sql", "select loaded_by from waves", "--format", "csv", "--db", address(url)).out == "loaded_by\n\n"
    refused = run("sql", "select loaded_by from survey.revisions", "--db", address(url))
    assert refused.code == 3
    assert "permission denied for table revisions" in refused.err


def test_a_query_that_ends_its_transaction_or_takes_its_role_back_is_one_statement_too_many(granted: Granted) -> None:
    from jumelage.database.engines import engine_of

    with database.reading(granted.url) as connection:
        assert engine_of(connection).become(connection, "reader")
        raw: Any = connection.connection.driver_connection

        def copied(text: str) -> None:
            with raw.cursor() as cursor, cursor.copy(f"copy (select 1) to stdout; {text}".encode()) as rows:
                list(rows)

        for sql in ("select 1; reset role", "commit; drop view zones", "select 1; set role postgres"):
            for asked in (raw.execute, copied):
                raw.execute("savepoint before")
                with pytest.raises(psycopg.errors.SyntaxError, match="cannot insert multiple commands"):
                    asked(sql)
                raw.execute("rollback to before")
        _, rows = database.query(connection, "select current_user, current_setting('transaction_read_only')")
        assert rows == [(f"{granted.url.database}_reader", "on")]


def test_the_page_for_queries_lists_what_the_reader_may_read(granted: Granted) -> None:
    from jumelage.database.asking import Limits
    from jumelage.serving.questions import Question
    from jumelage.serving.service import Service, Settings

    service = Service(granted.of("owner"), Settings(Limits(10, 500), 100, 2))
    tables = service.tables(Question("select 1"))
    names = [name for name, _ in tables["survey.revisions"]]
    assert ("title_fr" in names, "loaded_by" in names, "survey.partnerships" in tables) == (True, False, True)


def test_who_could_write_and_has_no_reader_to_be_is_told_so(server: Databases, granted: Granted) -> None:
    with database.reading(server.loaded()) as connection:
        assert database.unguarded(connection) == "postgres"
    for who in (granted.url, granted.of("owner"), granted.of("loader"), granted.of("reader")):
        with database.reading(who) as connection:
            assert database.unguarded(connection) is None


def test_facts_of_a_wave_are_read_without_those_of_people(granted: Granted) -> None:
    from jumelage.revisions.scope import find_scope, set_scope

    with database.reading(granted.of("reader")) as connection:
        scope = find_scope(connection, "2006")
        set_scope(connection, scope)
        (facts,) = reporting_run.wave_facts(connection, scope)
    assert "loaded_by" not in facts.facts
