"""What docs/tools.md says of other people's clients: its SQL is run over plain connections, without our code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.publication.snapshot import write_snapshot
from jumelage.revisions.scope import find_scope
from tests.conftest import ROOT, address, run

PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sql\n-- (DuckDB|PostgreSQL|both)\n(.*?)```", PAGE, re.DOTALL)
STATEMENT = re.compile(r"(?P<sql>[^;]+);(?:  -- (?P<result>.+))?")
Ask = Callable[[str], str | None]  # a statement in, the first row of its answer out, as the page writes it


def written(row: tuple[object, ...] | None) -> str | None:
    """Write a row as the page does."""
    return None if row is None else ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in row)


@contextmanager
def client(url: URL) -> Iterator[Ask]:
    """Open a connection that knows nothing of jumelage, and only reads."""
    if url.get_backend_name() == "duckdb":
        with duckdb.connect(str(url.database), read_only=True) as connection:
            yield lambda sql: written(connection.execute(sql).fetchone())
        return
    with psycopg.connect(address(url.set(drivername="postgresql")), autocommit=True) as session:
        session.execute("set default_transaction_read_only = on")

        def ask(sql: str) -> str | None:
            cursor = session.execute(sql.encode())
            return written(cursor.fetchone()) if cursor.description else None

        yield ask


def statements(engine: str) -> list[tuple[str, str | None]]:
    """Return each statement of the page for an engine, with what the page says it gives."""
    found = []
    for of, text in BLOCKS:
        if of.lower() in {engine, "both"}:
            for line in text.splitlines():
                match = STATEMENT.fullmatch(line)
                assert match, f"a line is not a statement: {line}"
                found.append((match["sql"], match["result"]))
    return found


def test_every_statement_of_the_page_gives_what_the_page_says(shown: URL) -> None:
    asked = statements(shown.get_backend_name())
    assert len(asked) > 30
    assert [sql for sql, result in asked if sql.startswith("select ") != bool(result)] == []
    with client(shown) as ask:
        for sql, result in asked:
            given = ask(sql)
            assert given == result or not result, sql


def test_a_client_counts_what_jumelage_counts(shown: URL) -> None:
    views = ("partnerships", "respondents", "item_counts", "published_figures", "answers", "zones")
    sql = "select " + ", ".join(f"(select count(*) from {view}) as {view}" for view in views)
    scopes = {"2006": "", "2006@2": "2006@2", "2012-demo": "2012-demo@1"}
    ours = [run("sql", sql, "--wave", wave, "--format", "csv", "--db", address(shown)).out for wave in scopes]
    setting = "set variable jumelage_scope" if shown.get_backend_name() == "duckdb" else "set jumelage.scope"
    with client(shown) as ask:
        for scope, wanted in zip(scopes.values(), ours, strict=True):
            ask(f"{setting} = '{scope}'")
            assert (ask(sql) or "").split(", ") == wanted.splitlines()[1].split(","), scope


def test_every_block_is_run_but_for_the_one_on_roles() -> None:
    others = [block for block in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL) if "alter role" not in block]
    assert len(others) == len(BLOCKS)


def test_both_engines_have_the_same_examples() -> None:
    results = [
        [result for sql, result in statements(engine) if " from partnerships" in sql]
        for engine in ("duckdb", "postgresql")
    ]
    assert results[0] == results[1]


@pytest.mark.on_duckdb
def test_a_published_file_is_in_a_format_that_older_clients_read(shown: URL, tmp_path: Path) -> None:
    path = tmp_path / "published.duckdb"
    with database.reading(shown) as connection:
        write_snapshot(connection, find_scope(connection, "2006"), path)
    assert "Any DuckDB from 1.2 on opens it" in PAGE
    with client(database.resolve_url(str(path))) as ask:
        assert ask("select tags['storage_version'] from duckdb_databases() where not internal") == "v1.2.0+"
