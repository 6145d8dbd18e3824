"""A lake: a database as files of Parquet, which grows by files and is read by many, with the same numbers."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.engine import URL

from jumelage import content, database
from jumelage.database import asking
from jumelage.database.asking import Limits
from jumelage.database.lake import by_revision, read_index
from jumelage.database.models import metadata
from jumelage.database.statements import Statement
from jumelage.errors import BusyError, DatabaseError, JumelageError, UsageError
from jumelage.exporting import lake
from jumelage.exporting.lake import export_lake
from jumelage.loading.load import load
from jumelage.loading.revision import Request
from jumelage.querying.desk import open_desk
from jumelage.report_file import report_names
from jumelage.revisions.history import withdraw
from jumelage.revisions.scope import find_scope, set_scope
from tests.conftest import ROOT, Databases, WaveFolder, address, run
from tests.escapes import ESCAPES, let_out

SCOPES = ("2006", "2006@2", "2012-demo", "2006@1,2012-demo", None)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """2006, a correction of it that was withdrawn, and the synthetic wave."""
    return Databases("duckdb", tmp_path_factory.mktemp("source"), None).shown()


@pytest.fixture(scope="module")
def folder(source: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of it, to read only."""
    made = tmp_path_factory.mktemp("lake") / "lake"
    export_lake(source, made)
    return made


@pytest.fixture
def own(source: URL, tmp_path: Path) -> Path:
    """A lake of it that a test may change."""
    export_lake(source, tmp_path / "lake")
    return tmp_path / "lake"


def lake_of(folder: Path) -> URL:
    return database.resolve_url(f"lake:{folder}")


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return each file of a lake with its inode and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(url: URL, sql: str, scope: str | None = None) -> list[tuple[object, ...]]:
    with database.reading(url) as connection:
        set_scope(connection, find_scope(connection, scope))
        return database.query(connection, sql)[1]


def test_every_table_and_view_is_the_same_in_every_scope(source: URL, folder: Path) -> None:
    relations = [*content.views("duckdb"), *(table.fullname for table in metadata.sorted_tables)]
    for scope in SCOPES:
        with database.reading(source) as one, database.reading(lake_of(folder)) as other:
            found = []
            for connection in (one, other):
                set_scope(connection, find_scope(connection, scope))
                found.append([database.query(connection, f"select * from {name} order by all") for name in relations])
            assert found[0] == found[1], scope


def test_nothing_is_shown_before_a_scope_is_set_but_what_a_database_shows(source: URL, folder: Path) -> None:
    for name in content.views("duckdb"):
        with database.reading(source) as one, database.reading(lake_of(folder)) as other:
            sql = f"select * from {name} order by all"
            assert database.query(one, sql) == database.query(other, sql), name


@pytest.mark.parametrize("wave", ["2006", "2012-demo", "all"])
def test_every_report_is_the_same(source: URL, folder: Path, wave: str) -> None:
    for name in report_names():
        told = [run("report", name, "--wave", wave, "--db", db) for db in (address(source), f"lake:{folder}")]
        assert told[0] == told[1], name


@pytest.mark.parametrize(
    "command",
    [
        "check --wave 2006",
        "check --rows",
        "check --wave 2012-demo --format json",
        "diff 2006@1 2006@2",
        "diff 2006@1 2012-demo@1 --format json",
        "explain zones world/agreements --wave 2006",
        "search lille",
        "waves",
        "waves --format json",
        "sql --format csv 'select wave, count(*) from survey.partnerships group by 1 order by 1'",
        "sql --explain 'select 1'",
    ],
)
def test_every_command_that_reads_says_the_same(source: URL, folder: Path, command: str) -> None:
    told = [run(*shlex.split(command), "--db", db) for db in (address(source), f"lake:{folder}")]
    assert told[0] == told[1]


def test_a_lake_is_published_as_the_database_is(source: URL, folder: Path, tmp_path: Path) -> None:
    made = []
    for name, db in (("one", address(source)), ("other", f"lake:{folder}")):
        done = run("publish", "--wave", "2006", "--formats", "site,csv,rows", "--out", tmp_path / name, "--db", db)
        assert done.code == 0, done.err
        files = {path.relative_to(tmp_path / name): path for path in (tmp_path / name).rglob("*") if path.is_file()}
        made.append({str(name): path.read_bytes() for name, path in files.items() if path.suffix in {".csv", ".html"}})
    assert made[0] == made[1]


def test_a_wave_is_exported_from_a_lake_and_a_lake_from_a_lake(source: URL, folder: Path, tmp_path: Path) -> None:
    for name, db in (("one", address(source)), ("other", f"lake:{folder}")):
        assert run("export", tmp_path / name, "--wave", "2006", "--db", db).code == 0
    assert (tmp_path / "one" / "datapackage.json").read_bytes() == (
        tmp_path / "other" / "datapackage.json"
    ).read_bytes()
    assert run("export", "--lake", tmp_path / "again", "--db", f"lake:{folder}").code == 0
    assert read_index(tmp_path / "again").files() == read_index(folder).files()


def test_a_load_adds_files_and_rewrites_none(databases: Databases, folder_2006: WaveFolder, tmp_path: Path) -> None:
    url, out = databases.loaded(), tmp_path / "lake"
    first = run("export", "--lake", out, "--db", address(url))
    assert (first.code, "2006@1" in first.err) == (0, True)
    before = stamps(out)
    assert "nothing new to write" in run("export", "--lake", out, "--db", address(url)).err
    assert stamps(out) == before  # the index neither
    folder_2006.replace("partnerships.csv", "Calais,Mali,1,,,,agreements_by_country\n", "")
    file = folder_2006.path / "partnerships.csv"
    load(url, Request(file, table="partnerships", wave="2006", reason="Mali is not in my list", by="tests"))
    second = run("export", "--lake", out, "--db", address(url))
    assert "2006@2" in second.err
    after = stamps(out)
    assert {name: stamp for name, stamp in after.items() if name in before and name != "index.json"} == {
        name: stamp for name, stamp in before.items() if name != "index.json"
    }
    added = {name for name in after if name not in before}
    assert {name for name in added if "wave=2006/revision=2" in name or name.startswith("revisions/")} == added
    assert rows(lake_of(out), "select count(*) from partnerships") == rows(url, "select count(*) from partnerships")
    assert rows(lake_of(out), "select count(*) from partnerships", "2006@1") == [(100,)]


def test_what_no_index_names_goes_after_a_day(source: URL, own: Path) -> None:
    index = json.loads((own / "index.json").read_text(encoding="utf-8"))
    (file,) = index["tables"]["registers"]
    old = own / "registers" / "0123456789abcdef.parquet"
    (own / file["path"]).rename(old)
    file["path"] = "registers/0123456789abcdef.parquet"
    (own / "index.json").write_text(json.dumps(index), encoding="utf-8")
    export_lake(source, own)
    assert old.exists()  # who read by the index before may still be at it
    assert list(read_index(own).superseded) == ["registers/0123456789abcdef.parquet"]
    index = json.loads((own / "index.json").read_text(encoding="utf-8"))
    index["superseded"] = dict.fromkeys(index["superseded"], "2026-01-01T00:00:00Z")
    (own / "index.json").write_text(json.dumps(index), encoding="utf-8")
    export_lake(source, own)
    assert not old.exists()
    assert read_index(own).superseded == {}


def test_an_export_that_is_killed_leaves_the_lake_as_it_was(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, out = databases.loaded(), tmp_path / "lake"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lake, "_put", killed)
    monkeypatch.setattr(lake, "_tidied", nullcontext)
    with pytest.raises(KeyboardInterrupt):
        export_lake(url, out)
    left = stamps(out)
    assert any("partnerships" in name for name in left)
    assert "index.json" not in left
    told = run("report", "zones", "--db", f"lake:{out}")
    assert (told.code, "is no lake" in told.err) == (3, True)
    monkeypatch.undo()
    export_lake(url, out)
    assert not {stamp for name, stamp in stamps(out).items() if stamp in left.values()}
    assert {name for name in stamps(out) if name != "index.json"} == set(read_index(out).files())
    assert rows(lake_of(out), "select count(*) from partnerships") == [(100,)]


def test_an_export_for_which_there_is_no_room_leaves_no_file(
    databases: Databases, folder_2006: WaveFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, out = databases.loaded(), tmp_path / "lake"
    export_lake(url, out)
    before = stamps(out)
    folder_2006.replace("partnerships.csv", "Calais,Mali,1,,,,agreements_by_country\n", "")
    file = folder_2006.path / "partnerships.csv"
    load(url, Request(file, table="partnerships", wave="2006", reason="Mali is not in my list", by="tests"))

    def full(*_: object) -> None:
        assert stamps(out).keys() > before.keys()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lake, "write_whole", full)  # the index, last
    told = run("export", "--lake", out, "--db", address(url))
    assert (told.code, "No space left on device" in told.err) == (3, True)
    assert stamps(out) == before
    monkeypatch.undo()
    assert export_lake(url, out).revisions == ("2006@2",)


def _hold(folder: str, ready: str, seconds: float) -> None:
    with lake.alone(Path(folder), time.monotonic()):
        Path(ready).touch()
        time.sleep(seconds)


def test_two_exports_wait_for_each_other(source: URL, own: Path, tmp_path: Path) -> None:
    holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(str(own), str(tmp_path / "ready"), 60))
    holder.start()
    try:
        while not (tmp_path / "ready").exists():
            time.sleep(0.05)
        with pytest.raises(BusyError):
            export_lake(source, own, 0.2)
        assert run("export", "--lake", own, "--wait", "0.1", "--db", address(source)).code == 4
        assert run("report", "zones", "--db", f"lake:{own}").code == 0  # who reads waits for nobody
    finally:
        holder.terminate()
        holder.join()
    assert export_lake(source, own, 5).files == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", ROOT / "waves" / "2006"),
        ("load", ROOT / "waves" / "2006", "--dry-run"),
        ("migrate",),
        ("withdraw", "2006@1", "--reason", "no"),
        ("register", "add", "fr"),
    ],
)
def test_what_would_write_into_a_lake_is_refused(own: Path, arguments: tuple[object, ...]) -> None:
    before = stamps(own)
    for lang, said in (("en", "is only read"), ("fr", "ne se lit que")):
        told = run(*arguments, "--db", f"lake:{own}", *(("--lang", lang) if arguments[0] == "load" else ()))
        if lang == "fr" and arguments[0] != "load":
            continue
        assert said in told.err
        assert told.code == 2
    assert stamps(own) == before


def damaged(own: Path, what: str) -> str:  # noqa: PLR0911
    """Damage a lake; return what must be said of it."""
    index = own / "index.json"
    text = index.read_text(encoding="utf-8")
    (part,) = own.glob("partnerships/wave=2006/revision=1/*.parquet")
    if what == "none":
        index.unlink()
        return "is no lake"
    if what == "half an index":
        index.write_text(text[: len(text) // 2], encoding="utf-8")
        return "is damaged"
    if what == "another shape":
        index.write_text(json.dumps({"format": 1, "tables": {"cities": ["a"]}}), encoding="utf-8")
        return "is damaged"
    if what == "out of the folder":
        index.write_text(text.replace('"cities/', '"cities/../../'), encoding="utf-8")
        return "is damaged"
    if what == "a later format":
        index.write_text(text.replace('"format": 1', '"format": 2'), encoding="utf-8")
        return "format 2"
    if what == "a missing file":
        part.unlink()
        return f"{part}: the index of the lake names it"
    if what == "a file of another size":
        with part.open("ab") as file:
            file.write(b"x")
        return f"{part}: the index of the lake says"
    migration = read_index(own).migration
    other = "0001" if what == "an older migration" else "9999"
    index.write_text(text.replace(f'"migration": "{migration}"', f'"migration": "{other}"'), encoding="utf-8")
    return "then jumelage export --lake" if what == "an older migration" else "newer than this jumelage"


@pytest.mark.parametrize(
    "what",
    [
        "none",
        "half an index",
        "another shape",
        "out of the folder",
        "a later format",
        "a missing file",
        "a file of another size",
        "an older migration",
        "a newer migration",
    ],
)
def test_a_lake_that_cannot_be_read_is_told_so(own: Path, what: str) -> None:
    said = damaged(own, what)
    for command in (("report", "zones"), ("sql", "select 1")):
        told = run(*command, "--db", f"lake:{own}")
        assert told.code == 3, told
        assert said in told.err
        assert "Traceback" not in told.err


def test_another_code_list_is_told_with_what_to_do(own: Path) -> None:
    text = (own / "index.json").read_text(encoding="utf-8")
    (own / "index.json").write_text(re.sub(r'"code_lists": "\w+"', '"code_lists": "0"', text), encoding="utf-8")
    told = run("report", "zones", "--db", f"lake:{own}")
    assert (told.code, "then jumelage export --lake" in told.err) == (3, True)


def test_a_lake_of_an_earlier_migration_is_written_again_beside_itself(source: URL, own: Path) -> None:
    before = read_index(own)
    text = (own / "index.json").read_text(encoding="utf-8").replace(before.migration, "0001")
    for path in sorted(own.rglob(f"{before.migration}.parquet")):
        path.rename(path.with_name("0001.parquet"))
    (own / "index.json").write_text(text, encoding="utf-8")
    done = export_lake(source, own)
    assert set(done.revisions) == set(before.revisions)
    assert read_index(own).files() == before.files()
    assert all((own / name).exists() for name in read_index(own).superseded)


def test_a_lake_of_another_database_is_left_alone(databases: Databases, own: Path) -> None:
    before = stamps(own)
    with pytest.raises(UsageError, match="of another database"):
        export_lake(databases.migrated(), own)
    assert stamps(own) == before


def test_a_folder_that_is_no_lake_is_left_alone(source: URL, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").touch()
    told = run("export", "--lake", tmp_path / "letters", "--db", address(source))
    assert (told.code, "is no lake" in told.err) == (2, True)
    assert run("export", "--lake", tmp_path / "letters" / "a.txt", "--db", address(source)).code == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "a.txt"]


def test_export_goes_one_way_at_a_time(source: URL, tmp_path: Path) -> None:
    for arguments in (
        (),
        (tmp_path / "out", "--lake", tmp_path / "lake"),
        ("--lake", tmp_path / "lake", "--wave", "2006"),
        ("--lake", tmp_path / "lake", "--format", "csv"),
    ):
        assert run("export", *arguments, "--db", address(source)).code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address_", ["lake:", "lake://host/lake", "lake:a=b", "lake:wave*"])
def test_an_address_that_is_none_of_a_lake_is_refused(address_: str) -> None:
    told = run("report", "zones", "--db", address_)
    assert told.code == 2, told
    assert "lake" in told.err


def test_a_report_of_one_revision_opens_no_other_file(folder: Path) -> None:
    """The plan of every view names, of each table by revision, one file alone."""
    with database.reading(lake_of(folder)) as connection:
        set_scope(connection, find_scope(connection, "2006@1"))
        for view in content.views("duckdb"):
            plan = database.query(connection, f"explain analyze select * from {view}")[1][0][1]
            read = [int(number) for number in re.findall(r"Total Files Read: (\d+)", plan)]
            assert all(number <= 1 for number in read), (view, read)
        plan = database.query(connection, "explain analyze select count(*) from partnerships")[1][0][1]
        assert "Scanning Files: 1/3" in plan


def test_what_reads_a_lake_writes_nothing_into_it_and_reads_nothing_else(folder: Path) -> None:
    before = stamps(folder)
    with database.reading(lake_of(folder)) as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        for sql in (
            "select * from read_text('/etc/hostname')",
            f"select * from read_text('{folder}/index.json')",
            f"select * from glob('{folder}/*')",
            f"copy (select 1) to '{folder}/pwned.csv'",
            "set enable_external_access = true",
            "attach '/tmp/pwned.duckdb' as pwned",
        ):
            connection.rollback()
            with pytest.raises(duckdb.Error):
                raw.cursor().execute(sql)
    assert stamps(folder) == before


def test_a_lake_is_read_where_nothing_can_be_written(own: Path) -> None:
    paths = [own, *own.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert run("report", "zones", "--db", f"lake:{own}").code == 0
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def desk_at(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    before = stamps(folder)
    yield folder
    assert stamps(folder) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_no_query_gets_out_of_a_lake(desk_at: Path) -> None:
    with (
        database.reading(lake_of(desk_at)) as connection,
        open_desk(connection, find_scope(connection, "2006"), Limits(5, 300)) as desk,
    ):
        got_out = let_out(desk)
        (one,) = desk.read("select count(*) from partnerships")
        assert desk.rows(one).rows == [(100,)]
    assert got_out == []


@pytest.mark.long
def test_the_process_holds_over_a_lake_where_the_list_would_not(desk_at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "refused", lambda *_, **__: [])
    (part,) = desk_at.glob("partnerships/wave=2006/revision=1/*.parquet")
    told = {}
    more = (
        f"select * from read_text('{desk_at}/index.json')",
        f"select * from glob('{desk_at}/**')",
        f"select * from read_parquet('{part.parent}/*.parquet')",
        f"select * from read_text('{desk_at.parent}/lake/../lake/index.json')",
        "select * from duckdb_settings()",
    )
    with (
        database.reading(lake_of(desk_at)) as connection,
        open_desk(connection, find_scope(connection, "2006"), Limits(3, 300)) as desk,
    ):
        for sql in (*ESCAPES, *more):
            if "sleep" in sql:
                continue
            try:
                statement = Statement(sql, "", ((0, 0),), sql)
                told[sql] = str(desk.rows(statement, 100).rows)
                b"".join(desk.copied(statement, "csv"))
            except JumelageError:
                pass
        (one,) = desk.read("select count(*) from partnerships")
        assert desk.rows(one).rows == [(100,)]
    text = "".join(told.values())
    assert "root:x:0:0" not in text
    assert f"'{Path('/etc/hostname').read_text(encoding='utf-8').strip()}" not in text
    assert not told.keys() & set(more[:-1])


def test_who_reads_sees_one_index_from_beginning_to_end(databases: Databases, tmp_path: Path) -> None:
    """A process that began by the index before does not answer for one that reads by the new one."""
    url, out = databases.loaded(), tmp_path / "lake"
    export_lake(url, out)
    with asking.answering(lake_of(out), Limits()) as process:
        with database.writing(url) as connection:
            withdraw(connection, "2006@1", reason="again", by="tests")
        export_lake(url, out)
        with (
            database.reading(lake_of(out)) as connection,
            open_desk(connection, find_scope(connection, "2006@1"), Limits(), process) as desk,
        ):
            (one,) = desk.read("select count(*) from survey.withdrawals")
            assert desk.rows(one).rows == [(1,)]
            now = database.now(lake_of(out))
    assert now.query["index"] == read_index(out).digest


def test_a_lake_names_what_is_in_it(folder: Path) -> None:
    index = read_index(folder)
    assert set(index.revisions) == {"2006@1", "2006@2", "2012-demo@1"}
    for name, file in index.files().items():
        sql = f"select count(*) from read_parquet('{folder / name}', hive_partitioning = false)"
        assert duckdb.execute(sql).fetchall() == [(file.rows,)]
        assert (folder / name).stat().st_size == file.bytes
    assert {name for name, files in index.tables.items() if any(file.wave for file in files)} <= by_revision()
    with pytest.raises(DatabaseError):
        read_index(folder.parent)


def test_other_programs_read_the_folders_by_their_names(folder: Path) -> None:
    found = duckdb.execute(
        f"select wave, revision, count(*) from read_parquet('{folder}/partnerships/*/*/*.parquet', "
        "hive_partitioning = true) group by all order by all"
    )
    assert found.fetchall() == [("2006", 1, 100), ("2006", 2, 99), ("2012-demo", 1, 98)]


def test_the_working_folder_stays_clean(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative = os.path.relpath(folder, tmp_path)
    assert run("report", "zones", "--db", f"lake:{relative}").code == 0
    assert list(tmp_path.iterdir()) == []
