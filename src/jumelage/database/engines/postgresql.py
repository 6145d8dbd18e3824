"""PostgreSQL: a server that many share; what is set for each session of ours is in `postgresql_session`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from jumelage.database.engines import AGAIN, OURS, UNREADABLE_URL, WAIT, Engine
from jumelage.database.engines import postgresql_roles as of_roles
from jumelage.database.engines.postgresql_grantor import check_may, grantor
from jumelage.database.engines.postgresql_holders import HOLDERS, in_the_way, told_holders
from jumelage.database.engines.postgresql_rights import grant, granted, mark_version
from jumelage.database.engines.postgresql_session import OneStatement, begin, check_encoding, parameters
from jumelage.database.models import CODE_LISTS, SCHEMA, metadata
from jumelage.database.sql import literal, query
from jumelage.errors import BusyError, DatabaseError, UsageError
from jumelage.temporary import temporary_folder
from jumelage.texts import Label, both, filled, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import psycopg
    from sqlalchemy import Connection
    from sqlalchemy import Engine as Connections

    from jumelage.database.engines import Rights, Step, Verdict

LOCK = 0x6A756D  # the advisory lock of whoever changes the database
_WRITE = Label("écrivez postgresql://utilisateur@hôte:port/nom", "write postgresql://user@host:port/name")
_UNREADABLE = filled(UNREADABLE_URL, _WRITE)
_BUSY = Label(
    "{} est occupée\u00a0: un autre processus est en train d’écrire{}",
    "{} is busy: another process is writing{}",
)
_NUMBERS = ("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")
_SECRETS = ("password", "sslpassword", "passfile", "oauth_client_secret")
_AT_HOME = "quote_ident(n.nspname) = current_setting('search_path')"


class PostgreSQL(Engine):
    """A database on a PostgreSQL server."""

    name: ClassVar[str] = "postgresql"
    dialect: ClassVar[str] = "postgresql"
    schemes: ClassVar[tuple[str, ...]] = ("postgresql://", "postgres://")

    def read_url(self, given: str) -> URL:
        """Understand a URL as libpq does; UsageError for what is none, or holds a password that cuts it up."""
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        address = given.partition("://")[2].partition("?")[0]
        host, _, path = address.partition("/")
        if host.count("@") > 1 or "@" in path:
            raise UsageError(
                Label(
                    "l’URL de la base de données est illisible\u00a0: elle a un @ de trop\u00a0; écrivez ceux d’un "
                    "utilisateur, d’un mot de passe ou d’un nom %40, et / : ? # % %2F %3A %3F %23 %25",
                    "the database URL cannot be read: it has an @ too many; write those of a user, password or name as "
                    "%40, and / : ? # % as %2F %3A %3F %23 %25",
                )
            )
        try:
            parts = {
                name: str(value)
                for name, value in conninfo_to_dict(f"postgresql://{given.partition('://')[2]}").items()
            }
        except (ProgrammingError, UnicodeEncodeError):  # also of bytes that are no UTF-8
            raise UsageError(_UNREADABLE) from None
        for name in ("port", *_NUMBERS):
            if not re.fullmatch(r"-?[0-9]*(,[0-9]*)*", parts.get(name, "")):
                raise UsageError(
                    both(
                        "l’URL de la base de données est illisible\u00a0: son {} n’est pas un nombre\u00a0; {}",
                        "the database URL cannot be read: its {} is not a number; {}",
                        name,
                        _WRITE,
                    )
                )
        ports = parts.get("port", "")
        plain = {"host": parts.get("host", ""), "port": ports}
        if not re.search(r"[,/@]", plain["host"]) and ports.isdecimal() | (not ports) and plain["host"]:
            parts.pop("host")
            parts.pop("port", None)
        else:
            plain = {"host": "", "port": ""}
        return URL.create(
            "postgresql+psycopg",
            username=parts.pop("user", None),
            password=parts.pop("password", None),
            host=plain["host"] or None,
            port=int(plain["port"]) if plain["port"] else None,
            database=parts.pop("dbname", None),
            query=parts,
        )

    def shown(self, url: URL) -> str:
        """Return the address without any secret."""
        return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def exists(self, url: URL) -> bool:  # noqa: ARG002
        """Return true: only a connection can tell."""
        return True

    def check(self, url: URL) -> None:
        """Do nothing: only a connection can tell."""

    def connections(self, url: URL, *, read_only: bool) -> Connections:
        """Make a source of connections, each with the settings that are pinned."""
        arguments: dict[str, Any] = parameters(url) | {"prepare_threshold": None}
        if read_only:
            arguments["cursor_factory"] = OneStatement
        made = create_engine(
            "postgresql+psycopg://",
            poolclass=NullPool,
            pool_reset_on_return=None,  # closing ends the transaction, and cannot fail
            connect_args=arguments,
            use_native_hstore=False,  # it would be looked for on every connection
            execution_options={"no_parameters": True},
        )

        def connected(raw: psycopg.Connection, _record: object) -> None:
            check_encoding(raw, self.shown(url))
            raw.autocommit = True  # what SQLAlchemy asks as it connects is no transaction

        def begun(connection: Connection) -> None:
            raw: Any = connection.connection.driver_connection
            begin(raw, read_only=read_only)

        event.listen(made, "connect", connected, insert=True)
        event.listen(made, "begin", begun)
        return made

    def check_copies(self, url: URL) -> None:
        """Name the tools that come with a server: they copy a database while it is written to."""
        raise UsageError(
            both(
                "{} est sur un serveur PostgreSQL, dont les sauvegardes se font par pg_dump et pg_restore\u00a0; "
                "voyez docs/postgresql.md",
                "{} is on a PostgreSQL server, whose backups are made by pg_dump and pg_restore; see "
                "docs/postgresql.md",
                self.shown(url),
            )
        )

    def lock(self, connection: Connection, url: URL, seconds: float) -> None:
        """Take the advisory lock, unless the session may only read."""
        if connection.exec_driver_sql("show transaction_read_only").scalar() == "on":
            raise DatabaseError(
                both(
                    "{} ne peut qu’être lue\u00a0: default_transaction_read_only vaut pour cette base, ce rôle ou "
                    "cette URL, ou le serveur est un secours",
                    "{} may only be read: default_transaction_read_only is on for this database, role or URL, or the "
                    "server is a standby",
                    self.shown(url),
                )
            )
        if not connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({LOCK})").scalar():
            held = f"l.locktype = 'advisory' and l.classid = 0 and l.objid = {LOCK}"
            who = told_holders(connection.exec_driver_sql(HOLDERS.format(held=held)).fetchall())
            state = filled(_BUSY, self.shown(url), who)
            raise BusyError(filled(AGAIN, state), state)
        connection.exec_driver_sql(f"set local lock_timeout = {max(1000, round(seconds * 1000))}")

    def only_read(self, connection: Connection) -> None:
        """Make the transaction read only."""
        raw: Any = connection.connection.driver_connection
        raw.cursor_factory = OneStatement
        connection.exec_driver_sql("set transaction read only")

    def errors(self) -> tuple[type[Exception], ...]:
        """Return the errors of psycopg."""
        import psycopg

        return (psycopg.Error,)

    def verdict(self, error: BaseException) -> Verdict:
        """Tell by SQLSTATE, and without one by the kind of the exception."""
        import psycopg

        code = getattr(error, "sqlstate", None)
        if code is None:  # the connection is lost, or never came about
            return "failed" if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else "statement"
        if code in {"55P03", "40001", "40P01"}:
            return "busy"
        # A right that is missing is for whoever manages the database, as is all that is the server's own.
        return "failed" if code == "42501" or code[:2] in {"08", "53", "57", "58", "XX", "F0"} else "statement"

    def told(self, error: BaseException, url: URL, seconds: float = WAIT) -> BusyError | DatabaseError:
        """Say whom we waited for, or what is to be done."""
        code = getattr(error, "sqlstate", None)
        where, text = self.shown(url), str(error).strip()
        if code == "55P03":
            state = both(
                "{} est occupée\u00a0: attendu {} s ce qu’un autre processus retient{}",
                "{} is busy: waited {} s for what another process holds{}",
                where,
                f"{max(1, seconds):g}",
                in_the_way(url),
            )
            return BusyError(filled(AGAIN, state), state)
        if self.verdict(error) == "busy":
            return BusyError(filled(AGAIN, filled(_BUSY, where, "")))
        for name in _SECRETS:
            if secret := parameters(url).get(name):
                text = text.replace(secret, "***")
        if code is None:
            text = text.splitlines()[0] if text else "the connection is lost"
        elif code == "42501":
            text = (
                text.splitlines()[0]
                + "; the role needs the right, which whoever administers the database gives:\n"
                + _GRANT.format(role=url.username or "ROLE")
            )
        return DatabaseError(f"{where}: {text}")

    def version(self, connection: Connection) -> str | None:
        """Return the migration; DatabaseError for a role that may not read it."""
        sql = (
            "select current_user, has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, "
            "'select') from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            f"where c.relname = 'alembic_version' and c.relkind = 'r' and {_AT_HOME}"
        )
        for role, may in query(connection, sql)[1]:
            if not may:
                raise DatabaseError(
                    both(
                        "le rôle {} ne peut lire les tables de jumelage, qui sont là\u00a0; "
                        "qui administre la base l’accorde\u00a0:\n{}",
                        "the role {} may not read the tables of jumelage, which are there; "
                        "whoever administers the database grants it:\n{}",
                        role,
                        same(_GRANT.format(role=role)),
                    )
                )
            found: str | None = connection.exec_driver_sql("select version_num from alembic_version").scalar()
            return found
        return None

    def views(self, connection: Connection) -> list[str]:
        """Return the views at home with a comment of ours."""
        return [name for (name,) in query(connection, f"select c.relname {_OUR_VIEWS}")[1]]

    def view_columns(self, connection: Connection) -> list[tuple[str, str]]:
        """Return the columns of these views."""
        sql = (
            f"select v.relname, a.attname from (select c.oid, c.relname {_OUR_VIEWS}) v "
            "join pg_attribute a on a.attrelid = v.oid where a.attnum > 0 order by v.relname, a.attnum"
        )
        return [(view, column) for view, column in query(connection, sql)[1]]

    def drop_views(self, connection: Connection, names: Sequence[str]) -> None:
        """Drop views at once: they read each other."""
        if names:
            quoted = ", ".join(f'"{name}"' for name in names)
            connection.exec_driver_sql(f"drop view {quoted}")

    def columns(self, connection: Connection, schema: str) -> dict[str, list[str]]:
        """Return the columns of each table of a schema."""
        sql = (
            "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid "
            f"where c.relnamespace = to_regnamespace('{schema}') and c.relkind = 'r' and a.attnum > 0 "
            "and not a.attisdropped order by c.relname, a.attnum"
        )
        found: dict[str, list[str]] = {}
        for table, column in query(connection, sql)[1]:
            found.setdefault(table, []).append(column)
        return found

    def rights(self, connection: Connection) -> Rights:
        """Return what others may do with our tables and views, columns of them included."""
        return granted(connection, self._relations(connection), kept=True)

    def grant(self, connection: Connection, before: Rights) -> Rights:
        """Grant what is missing, and return the rights on what is there no longer."""
        return grant(connection, self._relations(connection), before)

    def roles(self, connection: Connection, logins: Sequence[str], role: str) -> Iterator[Step]:
        """Give what is to be done so that the three roles are there."""
        return of_roles.steps(connection, self._relations(connection), logins, role)

    def check_may_grant(self, connection: Connection, url: URL, steps: Sequence[Step]) -> None:
        """Refuse who may not take all of them, and say what is missing."""
        check_may(grantor(connection), of_roles.there(connection).owner, steps, self.shown(url))

    def become(self, connection: Connection, role: str) -> bool:
        """Go on as a role of the database, if there is one and whoever asks is a member of it."""
        return of_roles.become(connection, role)

    def unguarded(self, connection: Connection) -> str | None:
        """Return the role of the session if it may write and there is no reader to go on as."""
        return of_roles.unguarded(connection)

    def renew(self, connection: Connection) -> None:
        """Grant what the roles should have and have not."""
        of_roles.renewed(connection, self._relations(connection))

    def hidden(self, connection: Connection) -> frozenset[str]:
        """Ask the server which of the columns of people the role may not read."""
        private = [
            (table.fullname, column.name)
            for table in metadata.sorted_tables
            for column in table.columns
            if column.info.get("private")
        ]
        values = ", ".join(f"({literal(table)}, {literal(column)})" for table, column in private)
        sql = (
            f"select t.name || '.' || t.field from (values {values}) t (name, field) "
            "join pg_attribute a on a.attrelid = to_regclass(t.name) and a.attname = t.field "
            "where not has_column_privilege(a.attrelid, a.attnum, 'select')"
        )
        return frozenset(name for (name,) in query(connection, sql)[1])

    def mark_version(self, connection: Connection, kept: Rights) -> None:
        """Comment the version table, so that no other one is taken for it."""
        mark_version(connection, kept)

    def _relations(self, connection: Connection) -> list[tuple[str, str]]:
        """Return each of our views and tables with its kind: what is loaded, and what migrate fills."""
        views = [("view", f'"{name}"') for name in self.views(connection)]
        there = self.columns(connection, SCHEMA)
        tables = [
            ("list" if name in (*CODE_LISTS, "installed") else "records", f"{SCHEMA}.{name}")
            for name in (table.name for table in metadata.sorted_tables)
            if name in there
        ]
        return views + tables

    def workbench(self, connection: Connection) -> Connection | None:  # noqa: ARG002
        """Return none: rows are checked in a DuckDB in memory."""
        return None

    def append(self, workbench: Connection, sql: str, target: Connection, table: str, columns: Sequence[str]) -> int:
        """Append by one COPY through a spooled file."""
        with temporary_folder() as folder:
            spool = folder / "rows.csv"
            workbench.exec_driver_sql(f"copy ({sql}) to {literal(spool)} (format csv, header false)")
            raw: Any = target.connection.driver_connection
            with raw.cursor() as cursor, spool.open("rb") as rows:
                with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin (format csv)") as copy:
                    while block := rows.read(1 << 20):
                        copy.write(block)
                return int(cursor.rowcount)

    def spool(self, source: Connection, sql: str, columns: Sequence[str], file: BinaryIO) -> None:
        """Write it by one COPY."""
        del columns
        raw: Any = source.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"copy ({sql}) to stdout (format csv, force_quote *)") as copy:
            file.writelines(copy)

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return the server's hash of the values as texts, each begun by a sign that a null has not."""
        told = " || ".join(f"coalesce('+' || length({name}::text) || ':' || {name}::text, '-')" for name in columns)
        return f"hashtextextended({told}, 0)"

    def orphans(self, connection: Connection, tables: Collection[str] | None) -> list[str]:  # noqa: ARG002
        """Return nothing: the server keeps the foreign keys."""
        return []

    def variables(self, values: Mapping[str, str], often: Sequence[str]) -> tuple[str, ...]:
        """Return a statement for settings of the transaction."""
        del often
        settings = (f"set_config('jumelage.{name}', {literal(value)}, true)" for name, value in values.items())
        return (f"select {', '.join(settings)}",)

    def analyze(self, connection: Connection, tables: Sequence[str]) -> None:
        """Analyze the tables, without waiting for one that somebody else is at."""
        connection.exec_driver_sql(of_roles.analyzing(connection, tables))

    def superuser(self, connection: Connection) -> str | None:
        """Return the role if it is a superuser."""
        sql = "select current_user where current_setting('is_superuser') = 'on'"
        found: str | None = connection.exec_driver_sql(sql).scalar()
        return found


_OUR_VIEWS = (
    f"from pg_class c where c.relkind = 'v' and c.relnamespace = quote_ident(current_schema())::regnamespace "
    f"and obj_description(c.oid, 'pg_class') like '{OURS}%'"
)
_GRANT = "  jumelage grant --to {role} --role reader|loader|owner"
