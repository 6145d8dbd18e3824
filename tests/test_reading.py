"""Files as people make them: encodings, delimiters, headings, line ends; and bytes of any kind."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from jumelage.errors import Finding
from jumelage.headings import HEADINGS, column_of
from jumelage.package import CLAIMS, TABLES, errors_in, read_csv
from jumelage.textfile import UndecodableError, decode
from tests.conftest import WaveFolder, address, run

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
FRENCH = {"city": "Ville", "country": "PAYS", "agreements": "Nombre d’accords", "partner": "Collectivité partenaire",
          "since": "Depuis", "inferred": "Déduit", "source": "Source", "population": "Nombre d'habitants",
          "response": "réponse", "service": "Service", "action": "Type d'action", "answer": "Reponse",
          "difficulty": "Difficulté"}  # fmt: skip


def rewritten(folder: WaveFolder, change: Callable[[list[list[str]]], str], encoding: str = "utf-8") -> None:
    """Write every CSV of a wave again, from its records."""
    for name in TABLES:
        path = folder.path / f"{name}.csv"
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


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_wave_is_the_same_however_its_files_are_saved(
    wave_2006: URL, folder_2006: WaveFolder, encoding: str, delimiter: str, end: str
) -> None:
    rewritten(folder_2006, lambda records: written(records, delimiter, end), encoding)
    said = unchanged(wave_2006, folder_2006)
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


def test_the_line_of_a_finding_is_that_of_the_file_whatever_ends_lines_and_is_quoted(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["city,action,answer", f'"Lil{end}le",agenda_21,yes', "", "Lens,x", ""])
        (tmp_path / "actions.csv").write_bytes(text.encode())
        findings: list[Finding] = []
        read_csv(tmp_path, "actions.csv", TABLES["actions"], findings)
        assert [(finding.row, finding.message) for finding in findings] == [(5, "has 2 fields where the header has 3")]


def test_no_heading_stands_for_two_columns_of_a_table() -> None:
    for shape in (*TABLES.values(), CLAIMS):
        for column in shape.columns:
            assert column_of(column.upper(), shape.columns) == column
            for name in HEADINGS.get(column, ()):
                assert column_of(name, shape.columns) == column
    assert column_of("réponse", ("response", "answer")) is None


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        ("é\n".encode() + b"\xe9\n", 2, "byte 0xe9, though other parts"),
        (b"\xef\xbb\xbfa\n\xe9", 2, "byte 0xe9, though other parts"),
        (b"a\r\nb\rc\x90", 3, "neither UTF-8 nor cp1252: byte 0x90"),
        (b"\xff\xfea\x00\n\x00\x00\xd8", 2, "is not UTF-16"),
        (b"a\n\x00", 2, "byte 0x00"),
    ],
)
def test_what_cannot_be_decoded_is_placed(data: bytes, line: int, message: str) -> None:
    with pytest.raises(UndecodableError, match=message) as error:
        decode(data)
    assert error.value.line == line


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b'city,"')
@example(b"city;action;answer\r\n\x80;;\r")
def test_any_bytes_are_read_or_refused_without_a_traceback(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "actions.csv").write_bytes(data)
        findings: list[Finding] = []
        rows = read_csv(Path(folder), "actions.csv", TABLES["actions"], findings)
    lengths = {len(fields) for fields in rows.fields.values()}
    assert lengths == {len(rows.lines)}
    assert not (rows.lines and errors_in(findings))


@given(
    st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([",", ";", "\t"]),
)
def test_any_table_is_read_as_it_was_written_or_refused(
    records: list[list[str]], encoding: str, delimiter: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = written([["city", "action", "answer"], *records], delimiter)
        (Path(folder) / "actions.csv").write_bytes(text.encode(encoding, errors="replace"))
        findings: list[Finding] = []
        rows = read_csv(Path(folder), "actions.csv", TABLES["actions"], findings)
    if findings:
        assert all("control character" in finding.message or "0x00" in finding.message for finding in findings)
        return
    clean = [[field.encode(encoding, errors="replace").decode(encoding).strip() for field in row] for row in records]
    kept = [row for row in clean if any(row)]
    assert [[field or "" for field in row] for row in zip(*rows.fields.values(), strict=True)] == kept


def test_a_notice_names_the_file_with_its_folder(wave_2006: URL, folder_2006: WaveFolder) -> None:
    path = folder_2006.path / "published" / "zones.csv"
    path.write_bytes(path.read_bytes().decode().encode("cp1252"))
    assert "notice: published/zones.csv: read as cp1252 (Windows)" in unchanged(wave_2006, folder_2006)
