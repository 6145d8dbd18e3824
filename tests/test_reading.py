"""Files as people make them: encodings, delimiters, headings, line ends; and bytes of any kind."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL, make_url

from jumelage import database
from jumelage.checking import tables
from jumelage.database import migrate
from jumelage.database.models import MANAGEMENT
from jumelage.database.workbench import read_code_lists
from jumelage.errors import UnreadableError, UsageError
from jumelage.findings import Findings
from jumelage.loading.load import loading
from jumelage.loading.revision import Request
from jumelage.reading.encoding import Features, open_text
from jumelage.reading.headings import HEADINGS, column_of
from jumelage.reading.package import read_rows
from jumelage.reading.raw_tables import stage
from jumelage.reading.shapes import CLAIMS, SHAPES
from jumelage.reading.source import CsvSource, read_header
from jumelage.report_file import read_report
from jumelage.rules import Finding, errors_in, rule
from jumelage.texts import CONTROLS, CONTROLS_IN_SQL, composed, find_control
from tests.conftest import WaveFolder, address, run

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
FRENCH = {"city": "Ville", "country": "PAYS", "agreements": "Nombre d’accords", "partner": "Collectivité partenaire",
          "since": "Depuis", "inferred": "Déduit", "source": "Source", "population": "Nombre d'habitants",
          "response": "réponse", "service": "Service", "action": "Type d'action", "answer": "Reponse",
          "difficulty": "Difficulté"}  # fmt: skip


def rewritten(folder: WaveFolder, change: Callable[[list[list[str]]], str], encoding: str = "utf-8") -> None:
    """Write every CSV of a wave again, from its records."""
    for name in SHAPES:
        path = folder.path / f"{name}.csv"
        if not path.exists():  # few waves have all tables
            continue
        records = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        path.write_bytes(change(records).encode(encoding))


def written(records: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(records)
    return out.getvalue()


def unchanged(url: URL, folder: WaveFolder) -> str:
    done = run("load", folder.path, "--db", address(url))
    assert done.code == 0, done.err
    assert done.err.endswith("wave 2006, revision 1: unchanged\n")
    return done.err


# Each encoding, delimiter and end of a line is there without the long ones.
_SAVED = {(",", "\r"), (";", "\r\n"), ("\t", "\n")}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("delimiter", "end"),
    [
        pytest.param(*saved, marks=() if saved in _SAVED else pytest.mark.long)
        for saved in product((",", ";", "\t"), ("\n", "\r\n", "\r"))
    ],
)
def test_a_wave_is_the_same_however_its_files_are_saved(
    both: dict[str, URL], folder_2006: WaveFolder, encoding: str, delimiter: str, end: str
) -> None:
    rewritten(folder_2006, lambda records: written(records, delimiter, end), encoding)
    said = unchanged(both["duckdb"], folder_2006)  # files are read before the engine matters
    notices = [line for line in said.splitlines() if line.startswith("notice: ")]
    # Files that are ASCII alone are UTF-8 too.
    assert bool(notices) == (encoding == "cp1252")
    assert all("read as cp1252 (Windows)" in notice for notice in notices)


def test_headings_may_be_french_in_any_case_with_or_without_accents(wave_2006: URL, folder_2006: WaveFolder) -> None:
    rewritten(folder_2006, lambda records: written([[FRENCH[name] for name in records[0]], *records[1:]]))
    unchanged(wave_2006, folder_2006)


def test_accents_may_be_composed_or_not(wave_2006: URL, folder_2006: WaveFolder) -> None:
    import unicodedata

    rewritten(folder_2006, lambda records: unicodedata.normalize("NFD", written(records)))
    unchanged(wave_2006, folder_2006)


def test_thousands_may_be_set_apart_by_spaces(wave_2006: URL, folder_2006: WaveFolder) -> None:
    for number, space in (("212597", " "), ("96984", "\u00a0"), ("93540", "\u202f")):
        folder_2006.replace("frame.csv", number, f"{number[:-3]}{space}{number[-3:]}")
    unchanged(wave_2006, folder_2006)


Table = tuple[list[tuple[int, tuple[str | None, ...]]], list[Finding]]


def one_by_one(data: bytes) -> Table:
    """Read actions.csv record by record, as small tables are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "actions.csv"
        path.write_bytes(data)
        findings = Findings()
        rows = read_rows(CsvSource("actions", path.name, path, Path(folder) / "text"), SHAPES["actions"], findings)
    values = [tuple(record[name] for name in ("city", "action", "answer")) for _, record in rows.records()]
    return list(zip(rows.lines, values, strict=True)), list(findings)


def by_the_database(data: bytes) -> Table:
    """Read actions.csv as the tables of a wave are."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as folder, database.in_memory().begin() as bench:
        path = Path(folder) / "actions.csv"
        path.write_bytes(data)
        source = CsvSource("actions", path.name, path, Path(folder) / "text")
        try:
            findings += source.open()
            document = read_header(source, SHAPES["actions"], findings)
            if document is None or errors_in(findings):
                return [], list(findings)
            findings += stage(bench, source, document, SHAPES["actions"], Path(folder))
        except UnreadableError as error:
            findings.append(Finding(rule(error.rule), path.name, error.row, details=error.details))
            return [], list(findings)
        sql = "select line, city, action, answer from raw_actions order by line"
        return [(line, tuple(values)) for line, *values in bench.exec_driver_sql(sql)], list(findings)


@pytest.mark.parametrize("read", [one_by_one, by_the_database])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_a_finding_is_that_of_the_file_whatever_ends_lines_and_is_quoted(
    read: Callable[[bytes], Table], end: str
) -> None:
    text = end.join(["city,action,answer", f'"Lil{end}le",agenda_21,yes', "", "Lens,x", ""])
    _, findings = read(text.encode())
    assert [(finding.row, finding.message("en")) for finding in findings] == [
        (5, "has 2 fields where the header has 3")
    ]
    _, findings = read(text.replace(f"l{end}", "l").replace('"', "").encode())
    assert [finding.row for finding in findings] == [4]


def test_no_heading_stands_for_two_columns_of_a_table() -> None:
    for shape in (*SHAPES.values(), CLAIMS):
        for column in shape.columns:
            assert column_of(column.upper(), shape.columns) == column
            for name in HEADINGS.get(column, ()):
                assert column_of(name, shape.columns) == column
    assert column_of("réponse", ("response", "answer")) is None


@pytest.mark.parametrize(
    ("data", "line", "broken"),
    [
        ("é\n".encode() + b"\xe9\n", 2, "mixed_encodings"),
        (b"\xef\xbb\xbfa\n\xe9", 2, "mixed_encodings"),
        (b"a\r\nb\rc\x90", 3, "undecodable"),
        (b"\xff\xfea\x00\n\x00\x00\xd8", 2, "not_utf16"),
        (b"\xff\xfea\x00\n\x00a", 2, "not_utf16"),
        (b"\xfe\xff\x00a\x00\r\x00\n\x00\x00", 2, "zero_byte"),
        (b"a\n\x00", 2, "zero_byte"),
    ],
)
@pytest.mark.parametrize("before", [0, (4 << 20) - 1], ids=["at the start", "where two blocks meet"])
def test_what_cannot_be_decoded_is_placed(tmp_path: Path, data: bytes, line: int, broken: str, before: int) -> None:
    if before and data[:1] in {b"\xff", b"\xfe"}:
        start, rest = data[:2], data[2:]
        unit = b"x\0" if start == b"\xff\xfe" else b"\0x"
        data = start + unit * (before // 2) + rest
    else:
        data = data[:3] * data.startswith(b"\xef") + b"x" * before + data[3 * data.startswith(b"\xef") :]
    (tmp_path / "x.csv").write_bytes(data)
    with pytest.raises(UnreadableError) as error:
        open_text(tmp_path / "x.csv", tmp_path / "text")
    assert (error.value.rule, error.value.row) == (broken, line)


def test_a_character_and_a_line_end_may_be_cut_where_two_blocks_meet(tmp_path: Path) -> None:
    for end in ("\r\n", "é\r\n", "\r\r\n\n"):
        text = "x" * ((4 << 20) - 1) + end + "y"
        (tmp_path / "x.csv").write_bytes(text.encode())
        read = open_text(tmp_path / "x.csv", tmp_path / "text")
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert read.path.read_text(encoding="utf-8") == "\n".join([lines[0], *(line or " " for line in lines[1:])])
        assert read.features.lines == len(lines)


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b'city,"')
@example(b"city;action;answer\r\n\x80;;\r")
@example(b"city,action,answer\n\n ,,\n,,,,\n")
def test_any_bytes_are_read_or_refused_without_a_traceback(data: bytes) -> None:
    for read in (one_by_one, by_the_database):
        rows, findings = read(data)
        assert all(finding.text(lang) for finding in findings for lang in ("fr", "en"))
        assert not (rows and any(finding.row is None and finding.severity == "error" for finding in findings))


@given(
    st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([",", ";", "\t"]),
)
@example([["a", "b", "c\n"], [" ", "", "\u3000"], ["\x85x", "\u2028", "y"]], "utf-8", ",")
@example([["a", "b", "c"], ["", "", ""], ["x", "", ""]], "utf-8", ";")
def test_any_table_is_read_as_it_was_written_or_refused(
    records: list[list[str]], encoding: str, delimiter: str
) -> None:
    text = written([["city", "action", "answer"], *records], delimiter, "\r\n")
    data = text.encode(encoding, errors="replace")
    clean = [[field.encode(encoding, errors="replace").decode(encoding).strip() for field in row] for row in records]
    kept = [tuple(composed(field) or None for field in row) for row in clean if any(row)]
    for read in (one_by_one, by_the_database):
        rows, findings = read(data)
        if findings:
            assert {finding.rule.name for finding in findings} <= {
                "control_character",
                "zero_byte",
                "cell_error",
                "text_damaged",
            }
        else:
            # Line ends within a field come out as LF.
            found = [
                tuple(value and value.replace("\r\n", "\n").replace("\r", "\n") for value in row) for _, row in rows
            ]
            assert found == [tuple(v and v.replace("\r\n", "\n").replace("\r", "\n") for v in row) for row in kept]


LINES = st.lists(st.sampled_from(["a", "é", " ", "", ",", ",,", '"', '""', "\n", "\r", "\t", "\u00a0"]), max_size=14)


@given(LINES)
@settings(max_examples=150)
@example(['""', " ", ",,"])
@example([" ", '""', ",,"])
@example(['"', "a", '"', "\u00a0", ",,", "\n", "a", ",,"])
@example(['""', " ", '""', ",,"])
@example(['"', "a", '"', " ", '"', "a", '"', ",,"])
@example(['"', " ", '"', ",,", "\n", "a", ",,"])
def test_the_database_and_the_csv_module_read_the_same(parts: list[str]) -> None:
    data = ("city,action,answer\n" + "".join(parts)).encode()
    one, other = one_by_one(data), by_the_database(data)
    assert [(f.row, f.rule.name) for f in one[1]] == [(f.row, f.rule.name) for f in other[1]]
    if not one[1]:
        assert one[0] == other[0]


def test_a_text_has_one_form_however_its_accents_are_written() -> None:
    for read in (one_by_one, by_the_database):
        rows, findings = read("city,action,answer\nHe\u0301nin,Ko\u0308ln,e\n".encode())
        assert (rows, findings) == ([(2, ("H\u00e9nin", "K\u00f6ln", "e"))], [])


def test_what_is_no_character_of_a_text_is_seen_in_every_notation() -> None:
    wide = [chr(code) for pair in CONTROLS for code in pair if code >= 0x80]
    assert {"\u061c", "\ufffe", "\uffff", "\ufdd0", "\U0010ffff"} <= set(wide)
    for sign in wide:
        features = Features()
        features.look(f"a{sign}b".encode())
        assert (features.controls, find_control(f"a{sign}b")) == (True, f"U+{ord(sign):04X}")
    with database.in_memory().connect() as bench:
        seen = bench.exec_driver_sql(
            f"select count(*) from (select unnest(cast(? as varchar[])) as x) where regexp_matches(x, '{CONTROLS_IN_SQL}')",
            ([*wide, "é", "\t", "\n", "\u00a0", "\ufffd"],),
        )
        assert seen.scalar() == len(wide)


def test_a_file_of_the_project_that_is_not_utf8_names_line_and_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "zones.sql"
    path.write_bytes("/*\ntitle.fr = 'Pays liés'".encode("cp1252"))
    with pytest.raises(UsageError, match=r"zones\.sql: line 2: byte 0xe9 is not UTF-8"):
        read_report(path)
    path = tmp_path / "answers.csv"
    path.write_bytes("list,code,label_fr,label_en\nanswers,yes,\xe9,y\n".encode("latin-1"))
    monkeypatch.setattr("jumelage.content.code_lists", lambda: {"answer_codes": path})
    with database.in_memory().connect() as bench, pytest.raises(UsageError, match=r"answers\.csv: line 2: byte 0xe9"):
        read_code_lists(bench)


def test_the_tables_of_a_load_are_those_that_are_declared(tiny_wave: WaveFolder, tmp_path: Path) -> None:
    url = make_url(f"duckdb:///{tmp_path / 'd.duckdb'}")
    with database.creating(url) as connection:
        migrate.migrate(connection)
    seen = "select table_name, list(column_name) from duckdb_columns() where database_name = 'temp' group by 1"
    with loading(url, Request(tiny_wave.path), dry_run=True, step=lambda _: None) as (connection, _):
        found = {name: set(columns) for name, columns in connection.exec_driver_sql(seen)}
    declared: dict[str, set[str]] = {}
    for name in SHAPES:
        declared[f"raw_{name}"], declared[f"resolved_{name}"] = set(tables.raw(name)), set(tables.resolved(name))
        # Of the questions on management, which this wave does not declare.
        declared["raw_respondents"] = {*tables.raw("respondents"), *(f"q_{question}" for question in MANAGEMENT)}
        declared |= {f"meant_{name}_{column}": set(columns) for column, columns in tables.meant(name).items()}
    made = {name: columns for name, columns in found.items() if name.startswith(("raw_", "meant_", "resolved_"))}
    assert {name: declared.get(name) for name in made} == made
    assert {name for name in declared if not name.startswith("meant_")} <= set(made)
    assert not [name for name in found if name.startswith("understood_")]


def test_a_notice_names_the_file_with_its_folder(wave_2006: URL, folder_2006: WaveFolder) -> None:
    path = folder_2006.path / "published" / "zones.csv"
    path.write_bytes(path.read_bytes().decode().encode("cp1252"))
    assert "notice: published/zones.csv: read as cp1252 (Windows)" in unchanged(wave_2006, folder_2006)
