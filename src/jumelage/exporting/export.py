"""Export: each revision into a folder that `load` takes again, with what describes it to programs beside."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage import database
from jumelage.database.models import LISTED, QUESTIONS, SCHEMA
from jumelage.database.workbench import workbench
from jumelage.exporting.cells import cells_of
from jumelage.exporting.descriptor import DCAT, File, catalogue_record, data_package, title_with
from jumelage.exporting.place import new_folder
from jumelage.exporting.spellings import stage_spellings
from jumelage.exporting.tables import Table, tables, write_csv, write_parquet
from jumelage.exporting.toml import as_toml
from jumelage.exporting.words import said, schema, table_said, text
from jumelage.reading.handed import CELLS, PACKAGE, PUBLISHED
from jumelage.reading.own_reports import FOLDER
from jumelage.reading.restore import lay_out
from jumelage.reading.wave_fields import FILE
from jumelage.reading.wave_toml import typed
from jumelage.render.machine import render_csv
from jumelage.render.parquet import render_parquet
from jumelage.report_file import report, with_brought
from jumelage.reporting.own_reports import own_reports
from jumelage.reporting.run import wave_facts
from jumelage.revisions.scope import set_scope
from jumelage.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.render.grid import Grid
    from jumelage.revisions.scope import Scope
    from jumelage.texts import Label

FORMATS = ("csv", "parquet")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to export: CSV, which a load takes again, or Parquet; in which language people read of it."""

    format: str = "csv"
    lang: str = "en"


def export(connection: Connection, scopes: Sequence[Scope], out: Path, wanted: Wanted, *, apart: bool) -> None:
    """Export the revision of each scope into a folder, or `apart`, each into a folder there that is named by its wave.

    The folder is there whole or not at all.
    """
    with new_folder(out) as made:
        for scope in scopes:
            folder = made / scope.single[0] if apart else made
            folder.mkdir(exist_ok=True)
            _export(connection, scope, folder, wanted)


def _export(connection: Connection, scope: Scope, folder: Path, wanted: Wanted) -> None:
    with temporary_folder() as scratch, ExitStack() as kept:
        # One of its own: who only reads a database may not write files from there.
        bench = kept.enter_context(workbench(kept.enter_context(database.in_memory().begin()), scratch))
        restored = lay_out(connection, bench, scope.single)
        kept.enter_context(with_brought(restored.reports))
        stage_spellings(connection, bench, restored.wave)
        found = list(tables(connection, bench, scope.single, restored.asked, wanted.lang))
        names = [table.name for table in found]
        files = [_write(bench, table, names, folder, scratch, wanted) for table in found]
        files.append(_write_wave(connection, scope, restored.wave.declared, folder))
        for name, of in bench.exec_driver_sql(
            "select report, file from staged_wave_reports order by report"
        ).fetchall():
            files.append(_write_text(folder, f"{FOLDER}/{name}.sql", of, "report", report(name).title))
        set_scope(connection, scope)
        facts = wave_facts(connection, scope)[0].facts
        with own_reports(connection, scope):
            grid, fields = cells_of(connection, scope, wanted.lang)
            files.append(_write_cells(grid, fields, folder, wanted))
        record = catalogue_record(facts, folder, files, _places(connection, restored.wave.territory))
        files.append(_write_text(folder, DCAT, _json(record), "dcat"))
        (folder / PACKAGE).write_text(_json(data_package(facts, folder, files, wanted.lang)), encoding="utf-8")


def _write(bench: Connection, table: Table, names: Sequence[str], folder: Path, scratch: Path, wanted: Wanted) -> File:
    path = folder / f"{table.path}.{wanted.format}"
    if wanted.format == "csv":
        write_csv(bench, table, path)
    else:
        write_parquet(bench, table, path, scratch)
    of = table_said(table.name)
    title = text(of, "title")
    if table.name.startswith(f"{PUBLISHED}/"):
        title = title_with(title, report(table.name.removeprefix(f"{PUBLISHED}/")).title)
    described = schema(table.name, table.fields, names)
    return File(f"{table.path}.{wanted.format}", title, text(of, "text"), described)


def _write_wave(connection: Connection, scope: Scope, declared: str, folder: Path) -> File:
    """Write wave.toml as it was kept, with the items that were asked, which else depend on the lists of the day."""
    table = typed(declared)
    wave, revision = scope.single
    _, rows = database.query(
        connection,
        f"select question, item from {SCHEMA}.{LISTED} where wave = {database.literal(wave)} and revision = {revision}",
    )
    for question in QUESTIONS:
        items = sorted(item for of, item in rows if of == question)
        if items:
            table.setdefault("asked", {}).setdefault(question, items)
    return _write_text(folder, FILE, as_toml(table), "wave")


def _write_text(folder: Path, path: str, content: str, what: str, more: Label | None = None) -> File:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_bytes(content.encode())
    title = text(said()["files"][what], "title")
    return File(path, title if more is None else title_with(title, more))


def _write_cells(grid: Grid, fields: list[dict[str, Any]], folder: Path, wanted: Wanted) -> File:
    path = folder / f"{CELLS}.{wanted.format}"
    if wanted.format == "csv":
        with path.open("wb") as file:
            file.writelines(piece.encode() for piece in render_csv(grid))
    else:
        path.write_bytes(render_parquet(grid))
    of = table_said(CELLS)
    return File(path.name, text(of, "title"), text(of, "text"), schema(CELLS, fields, ()))


def _places(connection: Connection, territory: Sequence[str]) -> list[tuple[str, str]]:
    """Return where a wave looks up its names: codes, with their names where the database knows them."""
    codes = ", ".join(map(database.literal, territory))
    sql = (
        f"select code, name from survey.cities where code in ({codes}) "
        f"union all select code, label_fr from survey.countries where code in ({codes})"
    )
    names = dict(map(tuple, database.query(connection, sql)[1]))
    return [(code, names.get(code) or code) for code in territory]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
