"""The annotated copy: every finding where it belongs, all else as it was handed in, and nothing overwritten."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import CalamineWorkbook

from jumelage.annotate import annotate, check_out
from jumelage.annotate import files as annotate_files
from jumelage.errors import OutputError, UsageError
from jumelage.findings import Findings
from jumelage.reading.source import CsvSource, Shape, read_header
from jumelage.rules import Finding, Rule
from jumelage.texts import Label

FRAME = "city,population\nLille,225784\n\nLens,35 830\n"
COLUMNS = ("city", "population")
MOMENT = datetime(2010, 12, 31)  # noqa: DTZ001  # a spreadsheet knows no time zones
FILLS = {"error": "FFFFC7CE", "warning": "FFFFD8A8", "notice": "FFCFE2F3"}
ENGLISH = "population: is no whole number; write digits"
FRENCH = "population\u00a0: n’est pas un nombre entier\u00a0; écrivez des chiffres"


@dataclass(frozen=True)
class Document:
    """Where a table stands."""

    name: str
    file: str
    path: Path
    columns: tuple[str | None, ...] = COLUMNS
    header: int = 1
    sheet: str | None = None
    delimiter: str = ","


def finding(file: str = "frame.csv", row: int | None = None, column: str | None = None, value: str | None = None,
            *, sheet: str | None = None, severity: str = "error", said: str = "", also: str = "") -> Finding:  # fmt: skip
    message = Label(said, said) if said else Label("n’est pas un nombre entier", "is no whole number")
    remedy = Label(also, also) if also or said else Label("écrivez des chiffres", "write digits")
    return Finding(Rule("not_a_number", severity, message, remedy), file, row, column, value, sheet)


def annotated(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], out: Path, lang: str = "en"
) -> Path:
    annotate(handed, {document.name: cast("Any", document) for document in documents}, findings, out, lang)
    return out


def records(path: Path, delimiter: str = ",") -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two tables, a publication and a note."""
    handed = tmp_path / "wave"
    (handed / "published").mkdir(parents=True)
    (handed / "frame.csv").write_text(FRAME, encoding="utf-8", newline="")
    (handed / "claims.csv").write_bytes(b"claim\r\none\r\n")
    (handed / "published" / "frame.csv").write_bytes(b"zone;measure\n1;2\n")
    (handed / "README.txt").write_bytes(b"caf\xe9")
    return handed


def frame(handed: Path, **changed: Any) -> Document:
    return Document("frame", "frame.csv", handed / "frame.csv" if handed.is_dir() else handed, **changed)


@pytest.mark.parametrize(("lang", "heading", "text"), [("en", "findings", ENGLISH), ("fr", "constats", FRENCH)])
def test_a_folder_is_copied_with_the_findings_of_each_record(
    folder: Path, tmp_path: Path, lang: str, heading: str, text: str
) -> None:
    findings = [
        finding(row=1, column="pop", said="is unknown"),
        finding(row=4, column="population", value="35 830"),
        finding(row=4, said="is odd"),
    ]
    out = annotated(folder, [frame(folder)], findings, tmp_path / "copy.2010", lang)
    assert records(out / "frame.csv") == [
        [*COLUMNS, heading], ["Lille", "225784", ""], [], ["Lens", "35 830", f"{text} | is odd"]
    ]  # fmt: skip
    for name in ("claims.csv", "published/frame.csv", "README.txt"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    assert left_over(tmp_path) == []


def test_all_findings_are_listed_for_a_french_spreadsheet_program(folder: Path, tmp_path: Path) -> None:
    findings = [
        finding("claims.csv", said="cannot be read"),
        finding(row=4, column="population", value="=1+1\nend"),
        finding("survey.xlsx", 2, "city", "é", sheet="frame", severity="notice", said="is new"),
    ]
    out = annotated(folder, [], findings, tmp_path / "copy", "fr")
    data = (out / "findings.csv").read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    listed = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert listed == [
        ["file", "sheet", "row", "column", "value", "rule", "severity", "message", "suggestion"],
        ["claims.csv", "", "", "", "", "not_a_number", "error", "cannot be read", ""],
        ["frame.csv", "", "4", "population", "'=1+1\nend", "not_a_number", "error", "n’est pas un nombre entier",
         "écrivez des chiffres"],
        ["survey.xlsx", "frame", "2", "city", "é", "not_a_number", "notice", "is new", ""],
    ]  # fmt: skip
    assert b'"=1+1' not in data


@pytest.mark.parametrize(
    ("encoding", "mark", "end"),
    [("utf-16-le", "\ufeff", "\r\n"), ("utf-16-be", "\ufeff", "\n"), ("cp1252", "", "\n"), ("utf-8", "\ufeff", "\r"),
     ("utf-8", "", "\r\n")],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_copied_byte_by_byte_but_for_the_findings(
    folder: Path, tmp_path: Path, encoding: str, mark: str, end: str, delimiter: str
) -> None:
    town = f'"Béthune{end}{end}«"'
    lines = [f'ville{delimiter}"née"', f'{town}{delimiter}"a""b"', "", f"Lens{delimiter} 3 "]
    (folder / "frame.csv").write_bytes(f"{mark}{end.join(lines)}".encode(encoding))
    found = [finding(row=6, said="=is, far; é\u202f\t!")]
    out = annotated(folder, [frame(folder, delimiter=delimiter)], found, tmp_path / "copy")
    said = "'=is, far; é\u202f\t!".replace("\u202f", "\u00a0" if encoding == "cp1252" else "\u202f")
    expected = [f"{lines[0]}{delimiter}findings", f"{lines[1]}{delimiter}", "", f'{lines[3]}{delimiter}"{said}"']
    assert (out / "frame.csv").read_bytes() == f"{mark}{end.join(expected)}".encode(encoding)


def test_the_delimiter_is_that_by_which_the_header_was_understood(folder: Path, tmp_path: Path) -> None:
    (folder / "frame.csv").write_text("commune, ville;ville;population\n;Lens;3\n", encoding="utf-8")
    source = CsvSource("frame", "frame.csv", folder / "frame.csv", tmp_path / "spool")
    source.open()
    document = read_header(source, Shape(("city", "population")), Findings())
    out = annotated(folder, [cast("Any", document)], [finding(row=2, said="is small")], tmp_path / "copy")
    assert records(out / "frame.csv", ";")[1] == ["", "Lens", "3", "is small"]


def test_a_record_is_found_by_the_line_on_which_it_begins(folder: Path, tmp_path: Path) -> None:
    (folder / "frame.csv").write_bytes(b'survey of 2010\n\ncity,population\n"Lens\ninner\nend",1\n\nLille,2\n')
    document = frame(folder, header=3)
    findings = [finding(row=1, said="above"), finding(row=4, said="four"), finding(row=8, said="eight")]
    out = annotated(folder, [document], findings, tmp_path / "copy")
    assert records(out / "frame.csv") == [
        ["survey of 2010"], [], ["city", "population", "findings"], ["Lens\ninner\nend", "1", "four"], [],
        ["Lille", "2", "eight"],
    ]  # fmt: skip


def test_a_record_of_a_wrong_width_stays_so(folder: Path, tmp_path: Path) -> None:
    (folder / "frame.csv").write_text("city,population\nLens\nLille,2,3\nDouai,4\n", encoding="utf-8")
    findings = [finding(row=2, said="is short"), finding(row=3, said="is long")]
    out = annotated(folder, [frame(folder)], findings, tmp_path / "copy")
    expected = [
        [*COLUMNS, "findings"], ["Lens", "", "is short", ""], ["Lille", "2", "is long", "3"], ["Douai", "4", ""]
    ]  # fmt: skip
    assert records(out / "frame.csv") == expected
    document = Document("frame", "frame.csv", out / "frame.csv", (*COLUMNS, None))
    assert records(annotated(out, [document], findings, tmp_path / "again") / "frame.csv") == expected


def test_the_column_of_an_earlier_copy_is_replaced_wherever_it_stands(folder: Path, tmp_path: Path) -> None:
    (folder / "frame.csv").write_text(
        "Constats,city,FINDINGS,population\nold,Lens,older,3\nold,,older,\n", encoding="utf-8"
    )
    document = frame(folder, columns=(None, "city", None, "population"))
    out = annotated(folder, [document], [finding(row=2, said="is new")], tmp_path / "copy", "fr")
    assert records(out / "frame.csv") == [[*COLUMNS, "constats"], ["Lens", "3", "is new"], ["", "", ""]]
    mended = annotated(folder, [document], [], tmp_path / "mended")
    assert records(mended / "frame.csv") == [[*COLUMNS], ["Lens", "3"], ["", ""]]


def test_an_annotated_folder_annotated_again_is_the_same(folder: Path, tmp_path: Path) -> None:
    findings = [finding(row=4, column="population", value="35 830"), finding("claims.csv", said="is missing")]
    once = annotated(folder, [frame(folder)], findings, tmp_path / "once", "fr")
    twice = annotated(once, [frame(once, columns=(*COLUMNS, None))], findings, tmp_path / "twice", "fr")
    files = {path.relative_to(once) for path in once.rglob("*")}
    assert files == {path.relative_to(twice) for path in twice.rglob("*")}
    assert all((once / name).read_bytes() == (twice / name).read_bytes() for name in files if (once / name).is_file())


@pytest.mark.parametrize(
    "data", [b"city,population\n\xc3\xa9,1\n\xe9,2\n", b'city,population\nLens,1\n"x"y,2\n', b"a\0"]
)
def test_what_cannot_be_read_is_copied_as_it_is(folder: Path, tmp_path: Path, data: bytes) -> None:
    (folder / "frame.csv").write_bytes(data)
    findings = [finding(row=2, said="is odd")]
    out = annotated(folder, [frame(folder)], findings, tmp_path / "copy")
    assert (out / "frame.csv").read_bytes() == data
    single = annotated(folder / "frame.csv", [frame(folder)], findings, tmp_path / "single.csv")
    assert single.read_bytes() == data


def test_what_a_link_leads_to_outside_the_folder_is_not_copied(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "secret.csv").write_text(FRAME, encoding="utf-8")
    (folder / "claims.csv").unlink()
    (folder / "claims.csv").symlink_to(tmp_path / "shared" / "secret.csv")
    (folder / "more").symlink_to(tmp_path / "shared", target_is_directory=True)
    (folder / "again.csv").symlink_to("frame.csv")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    documents: Any = {"frame": frame(folder)}
    said = annotate(folder, documents, [finding(row=4, said="is odd")], tmp_path / "copy", "en")
    left = [remark.en.split(" ")[0] for remark in said if "leads out of the folder" in remark.en]
    assert left == ["claims.csv", "gone", "more"]
    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert names == {"frame.csv", "again.csv", "published", "README.txt", "findings.csv"}
    assert records(tmp_path / "copy" / "frame.csv")[-1][-1] == "is odd"


@pytest.mark.parametrize("top", ["", "Vague 2010/"])
def test_a_zip_is_copied_with_its_names(tmp_path: Path, top: str) -> None:
    handed = tmp_path / "wave.zip"
    with zipfile.ZipFile(handed, "w") as archive:
        archive.writestr(f"{top}published/frame.csv", "zone,measure\n1,2\n")
        archive.writestr(f"{top}frame.csv", FRAME, zipfile.ZIP_DEFLATED)
        archive.writestr(f"{top}findings.csv", "old")
        archive.mkdir(f"{top}empty")
        archive.writestr("__MACOSX/._frame.csv", b"\0")
    document = frame(tmp_path / "unpacked" / "frame.csv")
    findings = [finding(row=4, column="population"), finding(said="is odd")]
    out = annotated(handed, [document], findings, tmp_path / "copy.ZIP")
    with zipfile.ZipFile(out) as archive, zipfile.ZipFile(handed) as before:
        assert sorted(archive.namelist()) == sorted(before.namelist())
        assert archive.testzip() is None
        for name in (f"{top}published/frame.csv", "__MACOSX/._frame.csv"):
            assert archive.read(name) == before.read(name)
        text = archive.read(f"{top}frame.csv").decode("utf-8-sig")
        listed = archive.read(f"{top}findings.csv").decode("utf-8-sig")
    assert text == f"city,population,findings\nLille,225784,\n\nLens,35 830,{ENGLISH}\n"
    assert listed.count("not_a_number") == 2
    again = annotated(out, [frame(out, columns=(*COLUMNS, None))], findings, tmp_path / "again.zip")
    with zipfile.ZipFile(out) as once, zipfile.ZipFile(again) as twice:
        assert {name: once.read(name) for name in once.namelist()} == {
            name: twice.read(name) for name in twice.namelist()
        }


def test_an_archive_or_workbook_that_nobody_can_read_has_no_copy(tmp_path: Path) -> None:
    for name in ("wave.zip", "wave.xlsx", "wave.ods"):
        (tmp_path / name).write_bytes(b"PK\3\4 no")
        out = tmp_path / f"copy{'.zip' if name.endswith('.zip') else '.xlsx'}"
        with pytest.raises(OutputError, match=f"no annotated copy of .*{name}: it cannot be read"):
            annotated(tmp_path / name, [], [finding(name, said="is broken")], out)
        assert not out.exists()
    assert left_over(tmp_path) == []


def test_a_workbook_found_too_large_is_not_opened(tmp_path: Path, workbook: Path) -> None:
    found = Finding(Rule("too_large", "error", Label("est trop grand", "is too large"), None), workbook.name)
    with pytest.raises(OutputError, match="no annotated copy"):
        annotated(workbook, [], [found], tmp_path / "copy.xlsx")


@pytest.mark.parametrize(("lang", "text"), [("en", ENGLISH), ("fr", FRENCH)])
def test_a_single_file_holds_all_its_findings(tmp_path: Path, lang: str, text: str) -> None:
    handed = tmp_path / "frame.csv"
    handed.write_text("city,population\n\nLille,2\nLens,3\n", encoding="utf-8")
    findings = [
        finding("wave.toml", said="is missing"),
        finding(row=1, column="pop", said="is unknown"),
        finding(row=3, said="is odd"),
        finding(row=4, column="population"),
    ]
    out = annotated(handed, [frame(handed)], findings, tmp_path / "copy.csv", lang)
    whole = " | ".join([findings[0].text(lang), findings[1].text(lang), "is odd"])
    assert [record[2:] for record in records(out)[1:]] == [[], [whole], [text]]
    assert whole.startswith("wave.toml")
    again = annotated(out, [frame(out, columns=(*COLUMNS, None))], findings, tmp_path / "again.csv", lang)
    assert again.read_bytes() == out.read_bytes()


def test_a_field_holds_as_many_findings_as_a_cell_takes(folder: Path, tmp_path: Path) -> None:
    findings = [finding(row=2, said=f"{number:05}" + "x" * 95) for number in range(1000)]
    for lang, more in (("en", r"… (\d+) more"), ("fr", r"… encore (\d+)")):
        out = annotated(folder, [frame(folder)], findings, tmp_path / lang, lang)
        *shown, last = records(out / "frame.csv")[1][2].split(" | ")
        left = re.fullmatch(more, last)
        assert left is not None
        assert int(left[1]) == 1000 - len(shown)
        assert 32_600 < len(records(out / "frame.csv")[1][2]) <= 32_767
    long = [finding(row=2, said="x" * 40_000)]
    out = annotated(folder, [frame(folder)], long, tmp_path / "long")
    assert records(out / "frame.csv")[1][2].endswith("x…")
    assert len(records(out / "frame.csv")[1][2]) <= 32_767


def test_a_large_file_is_not_held_in_memory(folder: Path, tmp_path: Path) -> None:
    import tracemalloc

    with (folder / "frame.csv").open("w", encoding="utf-8") as file:
        file.write("city,population\n")
        file.writelines(f'"Town {number}",{number}\n' for number in range(100_000))
    tracemalloc.start()
    try:
        out = annotated(folder, [frame(folder)], [finding(row=75_001, said="is odd")], tmp_path / "copy")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    with (out / "frame.csv").open(encoding="utf-8-sig", newline="") as copied:
        assert next(islice(copied, 75_000, None)) == '"Town 74999",74999,is odd\n'


def sheet_document(handed: Path, name: str = "frame", **changed: Any) -> Document:
    return Document(name, handed.name, handed, sheet=name, **changed)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook as people make them: formats, a list to choose from, a formula, a comment, merged cells."""
    book = openpyxl.Workbook()
    sheet = cast("Any", book.active)
    sheet.title = "frame"
    for row in (
        ("city", "population", "since"),
        ("Lille", "=200000+25784", MOMENT),
        ("Lens", "many", 7),
    ):
        sheet.append(row)
    sheet["C2"].number_format = "dd/mm/yyyy"
    sheet["B1"].fill, sheet["B1"].font = PatternFill("solid", start_color="FF1F3864"), Font(color="FFFFFFFF", bold=True)
    sheet["B3"].comment = Comment("ask again", "Anne")
    sheet.column_dimensions["A"].width = 31
    choice = DataValidation("list", formula1='"Lille,Lens"')
    sheet.add_data_validation(choice)
    choice.add("A2:A9")
    sheet.merge_cells("A5:B6")
    book.create_sheet("l'été").append(["city", "answer"])
    book.save(tmp_path / "survey.xlsx")
    return tmp_path / "survey.xlsx"


def found_in(name: str = "survey.xlsx") -> list[Finding]:
    return [
        finding(name, said="wave is missing"),
        finding(name, sheet="frame", said="is odd"),
        finding(name, None, "population", sheet="frame", severity="notice", said="is rounded"),
        finding(name, 2, "since", "=1+1", sheet="frame", severity="warning", said="is early"),
        finding(name, 3, "population", "many", sheet="frame"),
        finding(name, 3, "population", "many", sheet="frame", severity="notice", said="is new"),
        finding(name, 3, "partner", sheet="frame", severity="warning", said="is missing"),
        finding(name, 6, "population", sheet="frame", said="is merged"),
        finding(name, 1, "answer", sheet="l'été", said="is unknown"),
        finding(name, sheet="nowhere", said="is missing"),
    ]


def documents_of(handed: Path) -> list[Document]:
    columns = ("city", "population", "since")
    return [sheet_document(handed, columns=columns), sheet_document(handed, "l'été", columns=("city", None))]


def marks(book: Any) -> dict[str, tuple[str, str | None]]:
    """The fill and comment of each cell that has one."""
    return {
        f"{sheet.title}!{cell.coordinate}": (cell.fill.start_color.rgb, cell.comment and cell.comment.text)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment or (cell.fill.fill_type and sheet.title != "findings")
    }


def own(*texts: str) -> str:
    return "— jumelage —\n" + "\n\n".join(texts)


@pytest.mark.parametrize(("lang", "text"), [("en", ENGLISH), ("fr", FRENCH)])
def test_a_workbook_is_copied_with_a_mark_on_each_bad_cell(
    workbook: Path, tmp_path: Path, lang: str, text: str
) -> None:
    colon = "\u00a0:" if lang == "fr" else ":"
    out = annotated(workbook, documents_of(workbook), found_in(), tmp_path / "copy.xlsx", lang)
    assert marks(openpyxl.load_workbook(out)) == {
        "frame!A1": (FILLS["error"], own("is odd")),
        "frame!B1": (FILLS["notice"], own(f"population{colon} is rounded")),
        "frame!C2": (FILLS["warning"], own(f"since{colon} is early")),
        "frame!B3": (FILLS["error"], own(text, f"population{colon} is new") + "\n\n————\nask again"),
        "frame!A3": (FILLS["warning"], own(f"partner{colon} is missing")),
        "frame!A5": (FILLS["error"], own(f"population{colon} is merged")),
        "l'été!B1": (FILLS["error"], own(f"answer{colon} is unknown")),
    }


def test_a_workbook_keeps_its_formats_and_formulas(workbook: Path, tmp_path: Path) -> None:
    out = annotated(workbook, documents_of(workbook), found_in(), tmp_path / "copy.xlsx")
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["findings", "frame", "l'été"]
    assert book.active.title == "frame"  # as it was
    sheet = book["frame"]
    assert sheet["B2"].value == "=200000+25784"
    assert (sheet["C2"].value, sheet["C2"].number_format) == (MOMENT, "dd/mm/yyyy")
    assert (sheet["B1"].font.b, sheet["B1"].font.color.rgb) == (True, "FF000000")
    assert sheet.column_dimensions["A"].width == 31
    assert [str(choice.sqref) for choice in sheet.data_validations.dataValidation] == ["A2:A9"]
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["A5:B6"]
    assert openpyxl.load_workbook(workbook)["frame"]["B3"].comment.text == "ask again"


@pytest.mark.parametrize(
    ("lang", "headings", "severities"),
    [
        ("en", ["cell", "file", "sheet", "row", "column", "value", "rule", "severity", "message", "suggestion"],
         ["error", "error", "notice", "warning"]),
        ("fr", ["cellule", "fichier", "feuille", "ligne", "colonne", "valeur", "règle", "gravité", "constat", "suggestion"],
         ["erreur", "erreur", "remarque", "avertissement"]),
    ],
)  # fmt: skip
def test_the_first_sheet_lists_all_findings_with_links(
    workbook: Path, tmp_path: Path, lang: str, headings: list[str], severities: list[str]
) -> None:
    out = annotated(workbook, documents_of(workbook), found_in(), tmp_path / "copy.xlsx", lang)
    sheet = openpyxl.load_workbook(out).worksheets[0]
    first, *rows = sheet.iter_rows()
    assert [cell.value for cell in first] == headings
    assert [row[7].value for row in rows[:4]] == severities
    assert [row[8].value for row in rows] == [found.message(lang) for found in found_in()]
    assert [row[0].value for row in rows] == [
        None, "frame!A1", "frame!B1", "frame!C2", "frame!B3", "frame!B3", "frame!A3", "frame!A5", "l'été!B1", None
    ]  # fmt: skip
    links = [row[0].hyperlink.location if row[0].hyperlink else None for row in rows]
    assert links[3] == "'frame'!C2"
    assert links[8] == "'l''été'!B1"
    assert [link is None for link in links] == [row[0].value is None for row in rows]
    assert (rows[3][5].value, rows[3][5].data_type) == ("=1+1", "s")
    assert sheet.auto_filter.ref == "A1:J11"
    assert all(sheet.column_dimensions[letter].width >= 8 for letter in "ABCDEFGHIJ")


def test_parts_of_a_text_keep_their_format(workbook: Path, tmp_path: Path) -> None:
    rich = CellRichText("Lille ", TextBlock(InlineFont(b=True), " et\nLens"), " !")
    book = openpyxl.load_workbook(workbook)
    book["frame"]["A2"].value = rich
    book.save(workbook)
    out = annotated(workbook, documents_of(workbook), found_in(), tmp_path / "copy.xlsx")
    assert openpyxl.load_workbook(out, rich_text=True)["frame"]["A2"].value == rich
    assert openpyxl.load_workbook(out)["frame"]["A2"].value == "Lille  et\nLens !"


def test_an_annotated_workbook_annotated_again_is_the_same(workbook: Path, tmp_path: Path) -> None:
    once = annotated(workbook, documents_of(workbook), found_in(), tmp_path / "once.xlsx")
    twice = annotated(once, documents_of(once), found_in("once.xlsx"), tmp_path / "twice.xlsx")
    books = [openpyxl.load_workbook(path) for path in (once, twice)]
    assert marks(books[0]) == marks(books[1])
    assert books[0].sheetnames == books[1].sheetnames
    values = [[[cell.value for cell in row] for row in book["frame"].iter_rows()] for book in books]
    assert values[0] == values[1]
    mended = annotated(once, documents_of(once), [], tmp_path / "mended.xlsx", "fr")
    book = openpyxl.load_workbook(mended)
    assert marks(book) == {"frame!B3": ("00000000", "ask again")}
    assert book.sheetnames == ["findings", "frame", "l'été"]
    assert book["findings"].max_row == 1


def test_a_comment_is_no_longer_than_a_spreadsheet_takes(workbook: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    book["frame"]["B3"].comment = Comment("y" * 31_000, "Anne")
    book.save(workbook)
    findings = [
        finding(workbook.name, row, "population", "z" * 50_000, sheet="frame", said=f"{number:04}" + "x" * 996)
        for row in (2, 3)
        for number in range(50)
    ]
    out = annotated(workbook, documents_of(workbook), findings, tmp_path / "copy.xlsx")
    book = openpyxl.load_workbook(out)
    alone, below = (book["frame"][cell].comment.text for cell in ("B2", "B3"))
    assert re.search(r"\n\n… \d\d more$", alone)
    assert 30_000 < len(alone) <= 32_000
    assert below.endswith(f"… 49 more\n\n————\n{'y' * 31_000}")  # not cut
    assert len(below) <= 32_000
    value = book["findings"]["F2"].value
    assert (len(value), value[-1]) == (32_767, "…")


def test_characters_that_no_workbook_holds_are_replaced(workbook: Path, tmp_path: Path) -> None:
    found = finding(workbook.name, 3, "population", "a\x07b", sheet="frame", said="holds \x07 and \ud800")
    book = openpyxl.load_workbook(annotated(workbook, documents_of(workbook), [found], tmp_path / "copy.xlsx"))
    assert book["findings"]["F2"].value == "a\ufffdb"
    assert "holds \ufffd and \ufffd" in book["frame"]["B3"].comment.text


CELL = '<table:table-cell office:value-type="{kind}" {value}><text:p>{text}</text:p></table:table-cell>'
ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet>
{sheets}</office:spreadsheet></office:body></office:document-content>"""


def ods(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """Write the smallest .ods that holds these values."""

    def cell(value: object) -> str:
        if isinstance(value, date):
            return CELL.format(kind="date", value=f'office:date-value="{value.isoformat()}"', text=value)
        if isinstance(value, int):
            return CELL.format(kind="float", value=f'office:value="{value}"', text=value)
        return CELL.format(kind="string", value="", text=value)

    tables = (
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
        archive.writestr("content.xml", ODS.format(sheets="".join(tables)))
    return path


def test_another_workbook_becomes_an_xlsx_of_its_values(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["city", "population", "since"],
        ["=Lille", 225784, date(1958, 3, 1)],
        ["Lens", "many", date(1850, 1, 2)],
    ]
    handed = ods(tmp_path / "survey.ods", {"frame": rows, "Findings": [["old"]], "a/b": [["x"]]})
    found = finding("survey.ods", 3, "population", "many", sheet="frame")
    slashed = finding("survey.ods", 1, sheet="a/b", said="is unknown")
    columns = ("city", "population", "since")
    out = annotated(handed, [sheet_document(handed, columns=columns)], [found, slashed], tmp_path / "copy.xlsx")
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["findings", "frame", "a_b"]
    values = [[cell.value for cell in row] for row in book["frame"].iter_rows()]
    day = datetime.combine(date(1958, 3, 1), datetime.min.time())
    assert values == [["city", "population", "since"], ["=Lille", 225784, day], ["Lens", "many", "1850-01-02"]]
    assert book["frame"]["A2"].data_type == "s"
    assert book["frame"]["C2"].is_date
    assert marks(book) == {
        "frame!B3": (FILLS["error"], own(ENGLISH)),
        "a_b!A1": (FILLS["error"], own("is unknown")),
    }


def with_parts(workbook: Path, path: Path, changed: dict[str, tuple[bytes, bytes]]) -> Path:
    """Write a workbook with something else in some of its parts."""
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(*changed.get(name, (b"", b""))))
    return path


def test_a_part_that_cannot_be_read_leaves_the_values_and_is_told(workbook: Path, tmp_path: Path) -> None:
    faulty = with_parts(workbook, tmp_path / "faulty.xlsx", {"xl/comments/comment1.xml": (b"</authors>", b"</author>")})
    found = finding("faulty.xlsx", 3, "population", "many", sheet="frame")
    documents: Any = {document.name: document for document in documents_of(faulty)}
    said = annotate(faulty, documents, [found], tmp_path / "copy.xlsx", "en")
    assert said[1].en == "of faulty.xlsx the copy has the values alone: no formulas, formats or charts"
    book = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert marks(book) == {"frame!B3": (FILLS["error"], own(ENGLISH))}
    assert book["frame"]["A3"].value == "Lens"


SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols><col min="2" max="2" style="1"/>
</cols><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>city</t></is></c><c r="C1" t="inlineStr"><is><t>since</t></is></c>
</row><row r="3" spans="1:3"><c r="A3" t="str"><f>"K"&amp;1</f><v>Cologne_x005F_x0041_</v></c><c r="C3" t="d"><v>1958-05-03</v>
</c></row><row r="4"/></sheetData><tableParts count="0"/></worksheet>"""


def bare(path: Path, workbook: Path) -> Path:
    """Write an .xlsx as few programs do: no styles, no calcPr, an escape, a date as text, a formula with its value."""
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(path, "w") as target:
        for name in ("[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/workbook.xml"):
            text = source.read(name).decode()
            text = re.sub(r"<(Override|Relationship)\b[^>]*(styles|theme|sharedStrings|sheet2)[^>]*/>", "", text)
            target.writestr(
                name, re.sub(r"<calcPr[^>]*/>|<bookViews>.*</bookViews>|<sheet [^>]*sheetId=\"2\"[^>]*/>", "", text)
            )
        target.writestr("xl/worksheets/sheet1.xml", SHEET)
    return path


def test_a_workbook_is_copied_part_by_part_but_for_the_findings(workbook: Path, tmp_path: Path) -> None:
    handed = bare(tmp_path / "bare.xlsx", workbook)
    document = sheet_document(handed, columns=("city", "population", "since"))
    found = [
        finding("bare.xlsx", row, column, sheet="frame", said="is odd")
        for row, column in ((3, "since"), (3, "population"), (2, "city"), (4, "since"), (7, "city"))
    ]
    out = annotated(handed, [document], found, tmp_path / "copy.xlsx")
    with zipfile.ZipFile(out) as copied:
        sheet = copied.read("xl/worksheets/sheet1.xml").decode()
        assert copied.testzip() is None
    added = r'<c r="[A-Z]\d" s="\d+"/>|<row r="[27]"></row>|<legacyDrawing [^>]*/>|(?<=<c) s="\d+"(?= r="C3")'
    assert re.sub(added, "", re.sub(added, "", sheet)).replace('<row r="4"></row>', '<row r="4"/>') == SHEET
    assert set(marks(openpyxl.load_workbook(out))) == {f"frame!{cell}" for cell in ("C3", "B3", "A2", "C4", "A7")}
    with CalamineWorkbook.from_path(out) as book:
        assert book.sheet_names == ["findings", "frame"]
        rows = book.get_sheet_by_name("frame").to_python()
    assert rows[2] == ["Cologne_x0041_", "", date(1958, 5, 3)]


def test_a_workbook_with_macros_keeps_them_or_becomes_its_values(workbook: Path, tmp_path: Path) -> None:
    kind = (b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")
    handed = with_parts(workbook, tmp_path / "survey.xlsm", {"[Content_Types].xml": kind})
    documents: Any = {"frame": sheet_document(handed, columns=("city", "population", "since"))}
    found = [finding("survey.xlsm", 3, "population", sheet="frame")]
    assert len(annotate(handed, documents, found, tmp_path / "copy.xlsm", "en")) == 1
    said = annotate(handed, documents, found, tmp_path / "copy.xlsx", "en")
    assert "the values alone" in said[1].en
    for name, formula in (("copy.xlsm", "=200000+25784"), ("copy.xlsx", None)):
        assert openpyxl.load_workbook(tmp_path / name)["frame"]["B2"].value == formula, name


ROWS = """<table:table-column table:number-columns-repeated="2" table:default-cell-style-name="ce1"/>
<table:table-row><table:table-cell office:value-type="string"><text:p>city</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="3"><table:table-cell table:style-name="ce1" office:value-type="float"
 office:value="7" table:number-columns-repeated="3"><text:p>7,00</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><office:annotation><dc:creator>Anne</dc:creator>
<text:p>ask again</text:p></office:annotation><text:p>Lens</text:p></table:table-cell></table:table-row>"""


def as_anne_left_it(path: Path) -> Path:
    """Write an .ods with repeated rows and cells, a style, and a comment."""
    ods(path, {"frame": [["x"]]})
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    style = (
        '<office:automatic-styles><style:style style:name="ce1" style:family="table-cell" style:data-style-name="N2">'
        '<style:text-properties fo:font-weight="bold"/></style:style></office:automatic-styles><office:body>'
    )
    spaces = (
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version='
    )
    content = parts["content.xml"].decode().replace("<office:body>", style).replace("office:version=", spaces)
    rows = re.sub(r"<table:table-row>.*</table:table-row>", ROWS.replace("\\", ""), content)
    parts["content.xml"] = rows.encode()
    with zipfile.ZipFile(path, "w") as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return path


def test_an_ods_is_copied_as_it_is_but_for_the_findings(tmp_path: Path) -> None:
    handed = as_anne_left_it(tmp_path / "survey.ods")
    document = sheet_document(handed, columns=("city", "population", "since"))
    found = [
        finding("survey.ods", row, column, sheet="frame", said="is odd\n <really>", severity=severity)
        for row, column, severity in (
            (3, "population", "error"),
            (5, "city", "notice"),
            (5, "since", "warning"),
            (1, "x", "error"),
        )
    ]
    out = annotated(handed, [document], found, tmp_path / "copy.ods", "fr")
    with zipfile.ZipFile(out) as copied, zipfile.ZipFile(handed) as before:
        assert copied.namelist() == before.namelist()
        text = copied.read("content.xml").decode()
    with CalamineWorkbook.from_path(out) as book, CalamineWorkbook.from_path(handed) as original:
        assert book.sheet_names == ["findings", "frame"]
        rows, listed = (book.get_sheet_by_name(name).to_python() for name in ("frame", "findings"))
        assert rows == original.get_sheet_by_name("frame").to_python()
    assert len(listed) == 5
    assert listed[1][0] == "frame!B3"
    assert text.count("<text:p>— jumelage —</text:p>") == 4
    assert "<text:p>————</text:p><text:p>ask again</text:p>" in text
    assert text.count('style:data-style-name="N2"') == 3  # the style itself, and it with two fills
    again = annotated(out, [replace(document, path=out, file="copy.ods")], [replace(one, file="copy.ods") for one in found],
                      tmp_path / "again.ods", "fr")  # fmt: skip
    with zipfile.ZipFile(again) as twice:
        text = twice.read("content.xml").decode()
    assert text.count("<text:p>— jumelage —</text:p>") == 4
    mended = annotated(again, [replace(document, path=again, file="again.ods")], [], tmp_path / "mended.ods")
    with zipfile.ZipFile(mended) as last:
        text = last.read("content.xml").decode()
    assert "jumelage —" not in text
    assert "ask again" in text


@pytest.mark.parametrize(
    ("handed", "out", "said"),
    [
        ("wave", "copy.zip", "the copy of a folder is a folder; choose a name without .zip"),
        ("wave", "copy.CSV", "the copy of a folder is a folder; choose a name without .CSV"),
        ("wave.zip", "copy", "the copy of wave.zip must end in .zip"),
        ("wave.XLSX", "copy.ods", "the copy of wave.XLSX must end in .xlsx"),
        ("wave.xls", "copy.xls", "the copy of wave.xls must end in .xlsx"),
        ("wave.ods", "copy.xls", "the copy of wave.ods must end in .ods or .xlsx"),
        ("frame.csv", "copy", "the copy of frame.csv must end in .csv"),
        ("wave", "wave", "choose another name"),
        ("wave", "wave/copy", "choose another name"),
        ("frame.csv", "frame.csv", "choose another name"),
        ("frame.csv", "link.csv", "choose another name"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(tmp_path: Path, handed: str, out: str, said: str) -> None:
    (tmp_path / "wave").mkdir()
    for name in ("wave.zip", "wave.XLSX", "wave.xls", "wave.ods", "frame.csv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.rglob("*"))
    for refused in (lambda: check_out(tmp_path / handed, tmp_path / out),
                    lambda: annotated(tmp_path / handed, [], [], tmp_path / out)):  # fmt: skip
        with pytest.raises(UsageError) as refusal:
            refused()
        assert said in str(refusal.value)
        assert str(tmp_path / out) in str(refusal.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_there_already_is_left_untouched(folder: Path, workbook: Path, tmp_path: Path) -> None:
    for handed, name in ((folder, "copy"), (folder / "frame.csv", "copy.csv"), (workbook, "copy.xlsx")):
        (tmp_path / name).write_bytes(b"mine")
        with pytest.raises(UsageError, match="already exists; choose another name"):
            annotated(handed, [], [], tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"mine"


def test_what_appears_meanwhile_is_not_overwritten(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_list(*_: object) -> None:
        (tmp_path / "copy").write_bytes(b"mine")

    monkeypatch.setattr(annotate_files, "_write_list", write_list)
    with pytest.raises(UsageError, match="choose another name"):
        annotated(folder, [], [], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"mine"
    assert left_over(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(
    folder: Path, workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    before = sorted(tmp_path.rglob("*"))
    for handed, name in ((folder, "copy"), (folder / "frame.csv", "copy.csv"), (workbook, "copy.xlsx")):
        with pytest.raises(OutputError) as failure:
            annotated(handed, [], found_in(), tmp_path / name)
        assert str(failure.value) == f"{tmp_path / name} cannot be written: No space left on device"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_disk_that_is_full_while_an_archive_is_copied_is_no_damaged_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:  # noqa: ARG002
            raise OSError(28, "No space left on device")

    def opened(path: Path, *arguments: Any, **named: Any) -> Any:
        return Full() if path.name == "unpacked" else io.open(path, *arguments, **named)  # noqa: UP020

    handed = tmp_path / "wave.zip"
    with zipfile.ZipFile(handed, "w") as archive:
        archive.writestr("frame.csv", FRAME)
    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OutputError, match=r"copy.zip cannot be written: No space left on device"):
        annotated(handed, [], [], tmp_path / "copy.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["wave.zip"]


def test_a_folder_that_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="copy cannot be written: No such file or directory"):
        annotated(folder, [], [], tmp_path / "nowhere" / "copy")
