"""The annotated copy: every finding where it belongs, all else as it was handed in, and nothing overwritten."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
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

from jumelage.annotate import annotate, check_out
from jumelage.annotate import files as annotate_files
from jumelage.errors import OutputError, UsageError
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
    data = path.read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    assert data.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


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


def test_all_findings_are_listed_with_their_exact_values(folder: Path, tmp_path: Path) -> None:
    findings = [
        finding("claims.csv", said="cannot be read"),
        finding(row=4, column="population", value="=1+1\nend"),
        finding("survey.xlsx", 2, "city", "é", sheet="frame", severity="notice", said="is new"),
    ]
    out = annotated(folder, [], findings, tmp_path / "copy", "fr")
    data = (out / "findings.csv").read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    listed = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert listed == [
        ["file", "sheet", "row", "column", "value", "rule", "severity", "message", "suggestion"],
        ["claims.csv", "", "", "", "", "not_a_number", "error", "cannot be read", ""],
        ["frame.csv", "", "4", "population", "=1+1\nend", "not_a_number", "error", "n’est pas un nombre entier",
         "écrivez des chiffres"],
        ["survey.xlsx", "frame", "2", "city", "é", "not_a_number", "notice", "is new", ""],
    ]  # fmt: skip
    assert '"=1+1\nend"' in data.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-16", "\r\n"), ("cp1252", "\n"), ("utf-8-sig", "\r"), ("utf-8", "\n")]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_and_fields_are_kept_whatever_the_encoding(
    folder: Path, tmp_path: Path, encoding: str, end: str, delimiter: str
) -> None:
    town = f"Béthune{end}{end}«"
    lines = [f"ville{delimiter}née", f'"{town}"{delimiter}"a""b"', f"Lens{delimiter} 3 "]
    (folder / "frame.csv").write_bytes(end.join(lines).encode(encoding))
    out = annotated(folder, [frame(folder)], [finding(row=5, said="is far")], tmp_path / "copy")
    text = (out / "frame.csv").read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == [
        ["ville", "née", "findings"], [town, 'a"b', ""], ["Lens", " 3 ", "is far"]
    ]  # fmt: skip


def test_the_delimiter_is_that_under_which_the_columns_were_read(folder: Path, tmp_path: Path) -> None:
    (folder / "frame.csv").write_text("commune, ville;population\nLens;3\n", encoding="utf-8")
    document = frame(folder, columns=(None, "population"))
    out = annotated(folder, [document], [finding(row=2, said="is small")], tmp_path / "copy")
    assert records(out / "frame.csv", ";")[1] == ["Lens", "3", "is small"]


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


def test_links_are_followed_but_not_in_circles(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (folder / "frame.csv").rename(tmp_path / "shared" / "frame.csv")
    (folder / "frame.csv").symlink_to(tmp_path / "shared" / "frame.csv")
    (folder / "more").symlink_to(tmp_path / "shared", target_is_directory=True)
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    out = annotated(folder, [frame(folder)], [finding(row=4, said="is odd")], tmp_path / "copy")
    assert records(out / "frame.csv")[-1][-1] == "is odd"
    assert not (out / "frame.csv").is_symlink()
    assert (out / "more" / "frame.csv").exists()
    assert not {"round", "gone"} & {path.name for path in out.iterdir()}


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
    assert text == f"city,population,findings\r\nLille,225784,\r\n\r\nLens,35 830,{ENGLISH}\r\n"
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
        file.writelines(f'"Town {number}",{number}\n' for number in range(200_000))
    tracemalloc.start()
    try:
        out = annotated(folder, [frame(folder)], [finding(row=150_001, said="is odd")], tmp_path / "copy")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    with (out / "frame.csv").open(encoding="utf-8-sig", newline="") as copied:
        assert next(islice(copied, 150_000, None)) == "Town 149999,149999,is odd\r\n"


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
    assert [sheet.sheet_view.tabSelected for sheet in book.worksheets] == [True, False, False]
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
    [table] = sheet.tables.values()
    assert table.ref == "A1:J11"
    assert table.autoFilter is not None
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
    assert re.search(r"\n\n… \d\d more\n\n————\ny+…$", below)
    assert 30_000 < len(below) <= 32_000
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


def test_a_workbook_with_a_fault_that_others_pass_over_is_copied_by_its_values(workbook: Path, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.xlsx"
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(faulty, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b"solid", b"sullied") if name == "xl/styles.xml" else data)
    with pytest.raises(ValueError, match=r".*"):
        openpyxl.load_workbook(faulty)
    found = finding("faulty.xlsx", 3, "population", "many", sheet="frame")
    out = annotated(faulty, documents_of(faulty), [found], tmp_path / "copy.xlsx")
    book = openpyxl.load_workbook(out)
    assert marks(book) == {"frame!B3": (FILLS["error"], own(ENGLISH))}
    assert book["frame"]["A3"].value == "Lens"


@pytest.mark.parametrize(
    ("handed", "out", "said"),
    [
        ("wave", "copy.zip", "the copy of a folder is a folder; choose a name without .zip"),
        ("wave", "copy.CSV", "the copy of a folder is a folder; choose a name without .CSV"),
        ("wave.zip", "copy", "the copy of wave.zip must end in .zip"),
        ("wave.XLSX", "copy.ods", "the copy of wave.XLSX must end in .xlsx"),
        ("wave.xls", "copy.xls", "the copy of wave.xls must end in .xlsx"),
        ("wave.ods", "copy.ods", "the copy of wave.ods must end in .xlsx"),
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
