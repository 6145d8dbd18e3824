"""Workbooks: real ones and broken ones, and what is in them beside the values of cells."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.workbook.workbook import Workbook as Made

from jumelage.errors import UnreadableError
from jumelage.reading.workbook import open_workbook
from jumelage.reading.workbook import unseen as marks_module
from jumelage.reading.workbook.unseen import Marks, column_number, letters

DATA = Path(__file__).with_name("data")
Bad = list[tuple[int, int, str, str]]
Rows = list[list[str]]


def read(path: Path, sheet: str | None = None) -> tuple[Rows, Bad, Marks]:
    """Read a sheet, the first if none is named: its rows, its bad cells, its marks."""
    bad: Bad = []
    with open_workbook(path) as book:
        sheet = sheet or book.sheets[0]
        numbered = list(book.rows(sheet, lambda *cell, **_: bad.append(cell)))
        assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1))
        assert len({len(row) for _, row in numbered}) <= 1
        return [row for _, row in numbered], bad, book.marks(sheet)


def told(path: Path) -> list[tuple[int, int, str, dict[str, Any]]]:
    """Return the bad cells of the first sheet, each with its details."""
    found = []

    def bad(row: int, column: int, rule: str, _: str, /, **details: Any) -> None:
        found.append((row, column, rule, details))

    with open_workbook(path) as book:
        list(book.rows(book.sheets[0], bad))
    return found


def refused(path: Path) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(path)
    return caught.value


def why(path: Path) -> str:
    error = refused(path)
    assert error.rule == "not_a_workbook"
    return str(error.details["why"].text("en"))  # type: ignore[attr-defined]


def xlsx(path: Path, fill: Callable[[Any], None], **sheets: str) -> Path:
    """Make an .xlsx of a sheet that `fill` fills, and of empty ones in a state."""
    book = Made()
    fill(book.active)
    for name, state in sheets.items():
        book.create_sheet(name).sheet_state = state
    book.save(path)
    return path


def edited(path: Path, member: str, change: Callable[[bytes], bytes | None]) -> Path:
    """Change a member of an archive; None takes it out."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    changed = change(members.pop(member, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (members if changed is None else {**members, member: changed}).items():
            new.writestr(name, content)
    return path


def sheet_xml(path: Path, rows: str, before: str = "") -> Path:
    """Make an .xlsx whose only sheet has these rows."""
    xlsx(path, lambda _: None)
    return edited(
        path,
        "xl/worksheets/sheet1.xml",
        lambda _: (
            f'{before}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f"<sheetData>{rows}</sheetData></worksheet>"
        ).encode(),
    )


NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"'
    for name, uri in {"office": "office", "table": "table", "text": "text", "draw": "drawing"}.items()
)
SHEET_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def ods(path: Path, tables: str, encrypted: str = "") -> Path:
    """Make an .ods of these tables."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", SHEET_TYPE)
        made.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{MANIFEST}"><m:file-entry m:full-path="content.xml">{encrypted}</m:file-entry></m:manifest>',
        )
        made.writestr(
            "content.xml",
            f"<office:document-content {NAMES} {CALC}><office:automatic-styles>"
            '<style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" style:name="gone" style:family="table">'
            '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def table(*rows: str, name: str = "t", more: str = "", columns: str = "") -> str:
    return f'<table:table table:name="{name}" {more}>{columns}{"".join(rows)}</table:table>'


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def cell(text: str = "", more: str = "", kind: str = "string", **_: str) -> str:
    return f'<table:table-cell office:value-type="{kind}" {more}>{f"<text:p>{text}</text:p>" if text else ""}</table:table-cell>'


BLANK = "<table:table-cell/>"
REPEATED = 'table:number-rows-repeated="{}"'.format


# .xlsx


def test_cells_are_read_as_text(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Évry", 59350, 59350.0, 1.5, True, False, None, "00123", "a\nb"])
        sheet.append([dt.date(2006, 5, 3), dt.datetime(2006, 5, 3), dt.datetime(2006, 5, 3, 14, 5), 123456789012345678])  # noqa: DTZ001

    rows, bad, _ = read(xlsx(tmp_path / "a.xlsx", fill))
    assert rows[0] == ["Évry", "59350", "59350", "1.5", "yes", "no", "", "00123", "a\nb"]
    assert rows[1][:4] == ["2006-05-03", "2006-05-03", "2006-05-03T14:05:00", "123456789012345700"]
    assert bad == []


def test_what_no_spreadsheet_shows_of_a_number_is_left_out(tmp_path: Path) -> None:
    numbers = [230000.00000000003, 31999.999999999996, 1.0000000000000002, 0.1 + 0.2, 0.7000000000000001]
    rows, bad, _ = read(xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.append(numbers)))
    assert (rows, bad) == ([["230000", "32000", "1", "0.3", "0.7"]], [])


def test_a_line_ends_in_one_way(tmp_path: Path) -> None:
    texts = "".join(
        f'<c t="inlineStr"><is><t>a{end}b</t></is></c>' for end in ("&#13;&#10;", "&#13;", "_x000D_&#10;", "&#10;")
    )
    assert read(sheet_xml(tmp_path / "a.xlsx", f"<row>{texts}</row>"))[0] == [["a\nb"] * 4]


# What a number is shown as by a format: None where that is the number.
SHOWN = [
    (0.7, "0%", "70 %"), (12, "0.00%", "1200 %"), (0, "0%", None), (12.4, "0", "12"), (12.4, "0.0", None), (12, "0.00", None),
    (2 / 3, "0.00", "0.67"), (230000, "#,##0", None), (230000, "# ##0", None), (230000, "#,##0,", "230"), (230400, '#,##0.0,"k"', "230.4"),
    (0, "#", ""), (0, "#,##0;-#,##0;", ""), (5, ";;;", ""), (0, '0;-0;"aucun"', "aucun"), (3, '[=3]"oui";0', "oui"), (4, '[=3]"oui";0', None),
    (7, '0" accords"', None), (7, '"19"0', "7 19"), (0.5, "# ?/?", "0.5 (# ?/?)"), (2, "# ?/?", None), (1234, "0.0E+00", "1200"), (1200, "0.0E+00", None),
    (-3, "0;[Red]0", None), (1.5, "@", None), (1.5, "General", None), (1.5, '[$-40C]0.0\\ "€"', None),
]  # fmt: skip


def test_a_number_that_its_cell_shows_otherwise_is_reported(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        for row, (number, form, _) in enumerate(SHOWN, 1):
            sheet.cell(row, 1, number).number_format = form
        sheet["B1"], sheet["C1"] = "caché", "vu"
        sheet["B1"].number_format, sheet["C1"].number_format = ";;;", "0;;;@"

    found = told(xlsx(tmp_path / "a.xlsx", fill))
    by_hand = [(row, 1, "shown_otherwise", shown) for row, (_, _, shown) in enumerate(SHOWN, 1) if shown is not None]
    shown = [(*cell, details["shown"]) for *cell, details in found]
    assert shown == [by_hand[0], (1, 2, "shown_otherwise", ""), *by_hand[1:]]
    assert read(tmp_path / "a.xlsx")[0][0][0] == "0.7"  # the rest goes on with what is held


@pytest.mark.parametrize(("since", "typed"), [("1900", [1, 59, 1958, 2004, 9999]), ("1904", [1, 1958, 2004, 9998])])
def test_a_number_typed_into_a_date_cell_is_reported(tmp_path: Path, since: str, typed: list[int]) -> None:
    def fill(sheet: Any) -> None:
        for column, number in enumerate([*typed, 22000, 7437], 1):
            sheet.cell(1, column, number).number_format = "dd/mm/yyyy"

    path = xlsx(tmp_path / "a.xlsx", fill)
    if since == "1904":
        edited(path, "xl/workbook.xml", lambda text: text.replace(b"<workbookPr ", b'<workbookPr date1904="1" '))
    assert [(rule, details["number"]) for _, _, rule, details in told(path)] == [
        ("number_as_date", number) for number in typed
    ]


def test_a_date_shown_in_part_is_reported(tmp_path: Path) -> None:
    forms = ["mmm-yy", "yyyy", "d mmm", "dd/mm/yy", "yyyy-mm-dd", "[$-40C]d mmmm yyyy", "d/m/yyyy hh:mm"]

    def fill(sheet: Any) -> None:
        for column, form in enumerate(forms, 1):
            sheet.cell(1, column, dt.date(1958, 5, 1)).number_format = form

    rows, bad, _ = read(xlsx(tmp_path / "a.xlsx", fill))
    assert bad == [(1, column, "date_in_part", "1958-05-01") for column in (1, 2, 3)]
    assert rows == [["1958-05-01"] * len(forms)]


def test_rows_have_the_numbers_that_the_spreadsheet_shows(tmp_path: Path) -> None:
    rows, _, _ = read(xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.cell(4, 3, "x")))
    assert rows == [["", "", ""]] * 3 + [["", "", "x"]]


def test_times_and_durations_are_reported(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.append(["x", dt.time(14, 5), dt.timedelta(hours=30)]))
    _, bad, _ = read(path)
    assert bad == [(1, 2, "time_of_day", "14:05:00"), (1, 3, "time_of_day", "1 day, 6:00:00")]


def test_a_formula_without_a_value_is_reported_even_below_all_values(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"], sheet["B3"] = "x", "=1+1"

    rows, bad, marks = read(xlsx(tmp_path / "a.xlsx", fill))
    assert marks.empty_formulas == ((3, 2),)
    assert bad == [(3, 2, "formula_without_value", "")]
    assert rows[2] == ["", ""]


def test_a_formula_with_a_value_is_its_value(tmp_path: Path) -> None:
    path = sheet_xml(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f t="shared" si="0"/><v>3</v></c>'
        '<c r="C1" t="str"><f>""</f><v></v></c><c r="D1" t="str"><f>"a"</f><v>a</v></c>'
        '<c r="E1"><f t="array" ref="E1:F1">1</f><v>4</v></c><c r="F1"><v>5</v></c><c r="G1" t="b"><f>TRUE()</f><v>1</v></c></row>',
    )
    rows, bad, _ = read(path)
    assert (rows, bad) == ([["2", "3", "", "a", "4", "5", "yes"]], [])


def test_errors_are_reported_and_not_blank(tmp_path: Path) -> None:
    path = sheet_xml(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B1" t="str"><v>#N/A</v></c><c r="C1"><v>1</v></c></row>',
    )
    rows, bad, marks = read(path)
    assert rows == [["#DIV/0!", "#N/A", "1"]]
    assert bad == [(1, 1, "cell_error", "#DIV/0!"), (1, 2, "cell_error", "#N/A")]
    assert marks.errors == ((1, 1, "#DIV/0!"),)


def test_an_error_that_calamine_does_not_know_has_its_place(tmp_path: Path) -> None:
    error = refused(sheet_xml(tmp_path / "a.xlsx", '<row r="3"><c r="AB3" t="e"><v>#SPILL!</v></c></row>'))
    assert (error.rule, error.row, error.column, error.details["value"]) == ("cell_error", 3, "AB", "#SPILL!")


def test_hidden_rows_and_columns_count_where_they_hold_anything(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        for number in (1, 2, 3, 5, 6):
            sheet.cell(number, 1, number)
        sheet["D1"] = "x"
        for number in (2, 3, 4, 6, 9):
            sheet.row_dimensions[number].hidden = True
        for letter in "CD":
            sheet.column_dimensions[letter].hidden = True

    _, _, marks = read(xlsx(tmp_path / "a.xlsx", fill))
    assert marks.hidden_rows == ((2, 3), (6, 6))
    assert marks.hidden_columns == {4}


def test_merged_cells_are_marked(tmp_path: Path) -> None:
    _, _, marks = read(xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.merge_cells("B2:C4")))
    assert marks.merged == ((2, 2, 4, 3),)


def test_sheets_have_their_state_and_charts_are_no_sheets(tmp_path: Path) -> None:
    book = Made()
    for state in ("hidden", "veryHidden"):
        book.create_sheet(state).sheet_state = state
    book.create_chartsheet("chart").add_chart(BarChart())
    book.save(tmp_path / "a.xlsx")
    with open_workbook(tmp_path / "a.xlsx") as opened:
        assert {name: opened.marks(name).hidden for name in opened.sheets} == {
            "Sheet": False,
            "hidden": True,
            "veryHidden": True,
        }


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A7"><v>1</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
    ],
)
def test_cells_out_of_order_are_refused(tmp_path: Path, rows: str) -> None:
    assert why(sheet_xml(tmp_path / "a.xlsx", rows)) == "the cells of the sheet Sheet are not in order"


def test_a_cell_far_away_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    far = refused(xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.cell(1_048_576, 16_384, "x")))
    assert (far.rule, far.details["size"].text("en")) == ("too_large", "1,048,576 rows")  # type: ignore[attr-defined]
    wide = refused(xlsx(tmp_path / "b.xlsx", lambda sheet: sheet.cell(199_999, 16_384, "x")))
    assert (wide.rule, wide.details["most"].text("fr")) == ("too_large", "5\u202f000\u202f000\u00a0cellules")  # type: ignore[attr-defined]


def test_formatted_blank_cells_take_no_room(tmp_path: Path) -> None:
    rows, _, _ = read(
        sheet_xml(
            tmp_path / "a.xlsx",
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>',
        )
    )
    assert rows == [["1"]]


def test_the_cells_of_all_sheets_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Made()
    for name in ("a", "b"):
        book.create_sheet(name).cell(3, 2, "x")
    book.save(tmp_path / "a.xlsx")
    monkeypatch.setattr(marks_module, "MOST_CELLS", 12)
    with open_workbook(tmp_path / "a.xlsx") as opened:
        assert opened.sheets == ("Sheet", "a", "b")
    monkeypatch.setattr(marks_module, "MOST_CELLS", 11)
    assert refused(tmp_path / "a.xlsx").details["size"].text("en") == "12 cells"  # type: ignore[attr-defined]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("member", "change", "said"),
    [
        ("xl/worksheets/sheet1.xml", lambda xml: BOMB.encode() + xml, "declares a DTD"),
        ("xl/sharedStrings.xml", lambda _: BOMB.encode() + b"<sst><si><t>&b;</t></si></sst>", "declares a DTD"),
        ("xl/sharedStrings.xml", lambda _: b'<sst uniqueCount="4000000000"/>', "announces 4000000000 texts"),
        ("xl/sharedStrings.xml", lambda _: b"<si>" * 300, "nested too deeply"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml[:-9], "not well-formed"),
        ("xl/worksheets/sheet1.xml", lambda _: None, "the part xl/worksheets/sheet1.xml is missing"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.decode().encode("utf-16"), "not in UTF-8"),
        ("xl/worksheets/sheet1.xml", lambda xml: b'<?xml version="1.0" encoding="latin-1"?>' + xml, "not in UTF-8"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<v>1", b"<v><![CDATA[1]]>"), "CDATA"),
        ("xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<sheetData>", b"<sheetData/><sheetData>"), "two blocks"),
        ("xl/worksheets/sheet1.xml", lambda xml: b'<a b="' + bytes(9 << 20).replace(b"\0", b"x") + b'">' + xml, "excessive"),
        ("xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"styles.xml", b"styles2.xml"), "usual place"),
        ("xl/workbook.xml", lambda _: None, "no workbook"),
    ],
)  # fmt: skip
def test_a_broken_workbook_is_refused(
    tmp_path: Path, member: str, change: Callable[[bytes], bytes | None], said: str
) -> None:
    path = xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.append([1, "text"]))
    assert said in why(edited(path, member, change))


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", lambda _: None, other="visible")
    assert (
        why(edited(path, "xl/workbook.xml", lambda xml: xml.replace(b"other", b"Sheet")))
        == "two sheets are called Sheet"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"city,population\n", "it is a text file, perhaps CSV"),
        (b"\xef\xbb\xbf <HTML><table>", "it is a web page (HTML)"),
        (b'<?xml version="1.0"?><Workbook/>', "it is an XML file"),
        (b"%PDF-1.7\n", "it is a PDF"),
        (b"\0\1\2", "the content is not of a workbook"),
        (b"PK\3\4", "the file is damaged or cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is damaged or cut off"),
    ],
)
def test_what_is_no_workbook_is_told_apart(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    assert why(tmp_path / "a.xlsx") == said


def test_other_archives_are_no_workbooks(tmp_path: Path) -> None:
    for member, said in {
        "word/document.xml": "the archive holds no workbook",
        "xl/workbook.bin": "it is an .xlsb",
    }.items():
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as made:
            made.writestr(member, "<x/>")
        assert why(tmp_path / "a.xlsx") == said


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert why(tmp_path / "a.xlsx") == "No such file or directory"


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    xlsx(tmp_path / "a.xlsx", lambda sheet: sheet.append(["x"])).rename(tmp_path / "a.ods")
    assert read(tmp_path / "a.ods")[0] == [["x"]]
    ods(tmp_path / "b.xls", table(row(cell("x"))))
    assert read(tmp_path / "b.xls")[0] == [["x"]]


# .ods


def test_an_ods_is_read(tmp_path: Path) -> None:
    numbers = [
        '<table:table-cell office:value-type="float" office:value="59350"><text:p>59 350</text:p></table:table-cell>',
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>VRAI</text:p></table:table-cell>',
        '<table:table-cell office:value-type="date" office:date-value="2006-05-03"><text:p>3 mai 2006</text:p></table:table-cell>',
    ]
    path = ods(tmp_path / "a.ods", table(row(BLANK), row(BLANK, cell("Évry"), *numbers)))
    assert read(path)[0] == [[""] * 5, ["", "Évry", "59350", "yes", "2006-05-03"]]


def test_repeated_rows_and_cells_come_as_often(tmp_path: Path) -> None:
    far = 'table:number-columns-repeated="16384"'
    tables = table(
        row(cell("a", 'table:number-columns-repeated="2"'), BLANK.replace("/", f" {far}/"), more=REPEATED(2)),
        row(BLANK, more=REPEATED(1)),
        row(cell("b")),
        row(BLANK.replace("/", f" {far}/"), more=REPEATED(1_000_000)),
    )
    assert read(ods(tmp_path / "a.ods", tables))[0] == [["a", "a"], ["a", "a"], ["", ""], ["b", ""]]


def test_repetitions_count_as_rows_and_cells(tmp_path: Path) -> None:
    assert refused(ods(tmp_path / "a.ods", table(row(cell("x"), more=REPEATED(200_001))))).rule == "too_large"
    below = table(row(BLANK, more=REPEATED(200_000)), row(cell("x")))
    assert refused(ods(tmp_path / "a.ods", below)).rule == "too_large"
    wide = table(row(cell("x", 'table:number-columns-repeated="300"'), more=REPEATED(20_000)))
    assert refused(ods(tmp_path / "a.ods", wide)).rule == "too_large"
    spaces = table(row(cell('a<text:s text:c="2000000"/>')))
    assert why(ods(tmp_path / "a.ods", spaces)) == "a number of repetitions is 2000000"


def test_what_an_ods_hides_or_merges_is_marked(tmp_path: Path) -> None:
    tables = table(
        row(cell("a", 'table:number-columns-spanned="2" table:number-rows-spanned="3"'), "<table:covered-table-cell/>"),
        row(cell("b"), more='table:visibility="collapse" table:number-rows-repeated="2"'),
        row(cell("c"), more='table:visibility="filter"'),
        row(cell("d"), BLANK, cell("e")),
        columns='<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="9"/>',
    )
    _, _, marks = read(ods(tmp_path / "a.ods", tables))
    assert marks.hidden_rows == ((2, 4),)
    assert marks.hidden_columns == {3}
    assert marks.merged == ((1, 1, 3, 2),)
    assert not marks.hidden
    hidden = table(row(cell("x")), more='table:style-name="gone"')
    assert read(ods(tmp_path / "b.ods", hidden))[2].hidden


def test_what_is_remembered_of_other_workbooks_is_no_sheet(tmp_path: Path) -> None:
    other = table(row(cell("x")), name="'file:///x.ods'#$S", more='table:style-name="ta_extref"')
    with open_workbook(ods(tmp_path / "a.ods", table(row(cell("a"))) + other)) as opened:
        assert opened.sheets == ("t",)


def test_formulas_errors_and_times_of_an_ods_are_reported(tmp_path: Path) -> None:
    tables = table(
        row(
            '<table:table-cell table:formula="of:=1+1"/>',
            '<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>',
            cell("#DIV/0!", 'office:string-value="" calcext:value-type="error" table:formula="of:=1/0"'),
            cell("#N/A"),
            cell("30:05", 'office:time-value="PT30H05M00S"', "time"),
            cell("14:05", 'office:time-value="PT14H05M00S"', "time"),
        ),
        row(cell("#REF!", 'office:string-value="" calcext:value-type="error"'), more=REPEATED(2)),
    )
    _, bad, marks = read(ods(tmp_path / "a.ods", tables))
    assert bad == [
        (1, 1, "formula_without_value", ""),
        (1, 3, "cell_error", "#DIV/0!"),
        (1, 4, "cell_error", "#N/A"),
        (1, 5, "time_of_day", "PT30H05M00S"),
        (1, 6, "time_of_day", "14:05:00"),
        (2, 1, "cell_error", "#REF!"),
        (3, 1, "cell_error", "#REF!"),
    ]
    assert marks.empty_formulas == ((1, 1),)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            table(row("<table:table-cell><text:p>x</text:p></table:table-cell>")),
            "the cell A1 of the sheet t has an untyped",
        ),
        (table(row(BLANK, cell("a<text:line-break/>b"))), "the cell B1 of the sheet t has a tab or a line break"),
        (
            table(row(cell(more="").replace("></", "><draw:frame><text:p>x</text:p></draw:frame></"))),
            "carries a drawing",
        ),
        (table(row(cell("x</text:p>" + table(row(cell("y")), name="in") + "<text:p>"))), "a table within a table"),
        (table(row(cell("x"))) * 2, "two sheets are called t"),
        (table(row(cell("x"), more=REPEATED(-1))), "a number of repetitions is -1"),
        ("", "it has no sheet of cells"),
    ],
)
def test_what_would_be_misread_of_an_ods_is_refused(tmp_path: Path, tables: str, said: str) -> None:
    assert said in why(ods(tmp_path / "a.ods", tables))


def test_a_note_is_not_part_of_its_cell(tmp_path: Path) -> None:
    noted = cell("real").replace("<text:p>", "<office:annotation><text:p>note</text:p></office:annotation><text:p>")
    assert read(ods(tmp_path / "a.ods", table(row(noted))))[0] == [["real"]]


# .xls

SMALL = (DATA / "small.xls").read_bytes()


def number(value: str, shown: str, kind: str = "float", more: str = "") -> str:
    return cell(shown, f'office:value="{value}" {more}', kind)


def test_a_value_of_an_ods_is_held_against_what_is_shown(tmp_path: Path) -> None:
    formula = 'table:formula="of:=1"'
    right = [
        number("59350", "59 350"), number("59350", "59\u202f350,00 €", "currency"), number("0.7", "0,7"), number("1234.5", "1.234,50"),
        number("0.30000000000000004", "0.3"), number("-3", "-3"), number("5", ""), cell("a b", 'office:string-value="a b"'),
        *(cell(shown, 'office:date-value="1958-05-03"', "date") for shown in ("03/05/1958", "1958-05-03", "3 mai 58", "samedi 3 mai 1958")),
    ]  # fmt: skip
    assert read(ods(tmp_path / "a.ods", table(row(*right))))[1] == []
    wrong = [
        (number("0", "#N/A", more=formula), "cell_error", "#N/A"), (number("0", "#NOM ?", more=formula), "cell_error", "#NOM ?"),
        (cell("Err:502", f'office:string-value="" {formula}'), "cell_error", "Err:502"),
        (cell("#VALEUR !", f'office:string-value="" {formula}'), "cell_error", "#VALEUR !"),
        (number("0.7", "70 %", "percentage"), "shown_otherwise", "0.7"), (number("0.666", "0,7"), "shown_otherwise", "0.666"),
        (number("3", "oui"), "shown_otherwise", "3"), (cell("Köln", 'office:string-value="Bonn"'), "shown_otherwise", "Bonn"),
        (cell("mai 1958", 'office:date-value="1958-05-01"', "date"), "date_in_part", "1958-05-01"),
        (cell("10/05/1905", 'office:date-value="1905-05-10"', "date"), "number_as_date", "1905-05-10"),
        (cell("12/11/1957", 'office:date-value="1958-05-03"', "date"), "shown_otherwise", "1958-05-03"),
    ]  # fmt: skip
    _, bad, _ = read(ods(tmp_path / "b.ods", table(row(*(cell for cell, _, _ in wrong)))))
    assert bad == [(1, column, rule, said) for column, (_, rule, said) in enumerate(wrong, 1)]


def test_the_formats_of_an_xls_are_read(tmp_path: Path) -> None:
    path, data = tmp_path / "a.xls", (DATA / "small.xls").read_bytes()
    style, day, since = b"\xa4\0\x01\0\x20\0\0\0", b"\x15\0\x06\x86\x01\0", b"\x22\0\x02\0\0\0"
    assert data.count(style) == data.count(day) == data.count(since) == 1
    path.write_bytes(data.replace(style, b"\x09" + style[1:]))  # all plain cells are percentages
    assert read(path)[1][:1] == [(2, 2, "shown_otherwise", "51000")]
    path.write_bytes(data.replace(day, b"\x15\0\x9a\x1e\0\0"))  # 1958
    assert read(path)[1][0] == (2, 3, "number_as_date", "1905-05-11")
    path.write_bytes(data.replace(day, b"\x15\0\x9a\x1e\0\0").replace(since, since[:4] + b"\1\0"))
    assert read(path)[1][0] == (2, 3, "number_as_date", "1909-05-12")


def test_an_xls_is_read() -> None:
    rows, bad, marks = read(DATA / "small.xls")
    assert rows == [
        ["Ville", "Habitants", "Depuis", "Relève", "", "", ""],
        ["Évry", "51000", "1968-05-03", "14:05:00", "", "", ""],
        ["Sète", "0.5", "#DIV/0!", "yes", "", "", ""],
        ["cachée", "1", "", "", "", "", ""],
        ["", "", "", "", "", "", "loin"],
        ["total", "", "", "", "", "", ""],
    ]
    assert bad == [(2, 4, "time_of_day", "14:05:00"), (3, 3, "cell_error", "#DIV/0!")]
    assert (marks.hidden_rows, marks.merged) == (((4, 4),), ((6, 1, 6, 2),))
    assert marks.hidden_columns == {7}
    assert read(DATA / "small.xls", "cachée")[2].hidden


def entry(name: str) -> bytes:
    return name.encode("utf-16-le").ljust(64, b"\0")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (entry("Workbook"), entry("EncryptedPackage"), "archive_encrypted"),
        (b"\x42\x00\x02\x00\xb0\x04", b"\x2f\x00\x02\x00\x01\x00", "archive_encrypted"),
        (entry("Workbook"), entry("WordDocument"), "not_a_workbook"),
        (entry("Workbook"), entry("Book"), "not_a_workbook"),
    ],
)
def test_other_office_files_are_refused(tmp_path: Path, old: bytes, new: bytes, rule: str) -> None:
    assert SMALL.count(old) == 1
    (tmp_path / "a.xls").write_bytes(SMALL.replace(old, new))
    assert refused(tmp_path / "a.xls").rule == rule


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # a sheet that ends above its first row, and a table of four thousand million texts
        (b"\x00\x02\x0e\x00\x00\x00\x00\x00\x06", b"\x00\x02\x0e\x00\xff\x00\x00\x00\x06"),
        (b"\xfd\x00\x0a\x00\x00\x00\x00\x00", b"\xfd\x00\x0a\x00\xff\xff\x00\x00"),
    ],
)
def test_an_xls_that_would_take_all_memory_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert SMALL.count(old) >= 1
    (tmp_path / "a.xls").write_bytes(SMALL.replace(old, new, 1))
    assert refused(tmp_path / "a.xls").rule == "not_a_workbook"


# Bytes of any kind


def _bytes(make: Callable[[Path], Path], path: Path) -> bytes:
    return make(path).read_bytes()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("real")
    made = xlsx(folder / "a.xlsx", lambda sheet: sheet.append(["Évry", 1, 2.5, dt.date(2006, 5, 3), "=1+1"]))
    return [made.read_bytes(), ods(folder / "a.ods", table(row(cell("x"), cell("y")))).read_bytes(), SMALL, SMALL]


RULES = {"not_a_workbook", "archive_encrypted", "archive_name_twice", "too_large", "cell_error"}


def survives(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    rule = None
    try:
        with open_workbook(path) as opened:
            for sheet in opened.sheets:
                assert all(number > 0 for number, _ in opened.rows(sheet))
                assert opened.marks(sheet)
    except UnreadableError as error:
        rule = error.rule
    assert rule is None or rule in RULES


ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@ONE_FOLDER
@given(data=st.binary(max_size=600), head=st.sampled_from([b"", b"PK\3\4", SMALL[:8], SMALL[:512], SMALL[:1024]]))
def test_bytes_of_any_kind_are_refused_or_read(tmp_path: Path, data: bytes, head: bytes) -> None:
    survives(tmp_path / "a", head + data)


@ONE_FOLDER
@given(which=st.integers(0, 3), cut=st.floats(0.9, 1), flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255))))
def test_damaged_workbooks_are_refused_or_read(
    tmp_path: Path, real: list[bytes], which: int, cut: float, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(real[which])
    for place, byte in flips:
        data[int(place * (len(data) - 1))] = byte
    survives(tmp_path / "a", bytes(data[: int(cut * len(data))] if len(flips) % 2 else data))


@ONE_FOLDER
@given(which=st.integers(0, 1), member=st.integers(0, 9), place=st.floats(0, 1), byte=st.integers(0, 255))
def test_damaged_parts_are_refused_or_read(
    tmp_path: Path, real: list[bytes], which: int, member: int, place: float, byte: int
) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(real[which])) as old, zipfile.ZipFile(made, "w") as new:
        for number, name in enumerate(old.namelist()):
            content = bytearray(old.read(name))
            if number == member % len(old.namelist()):
                content[int(place * (len(content) - 1))] = byte
            new.writestr(name, bytes(content))
    survives(tmp_path / "a", made.getvalue())


@given(st.integers(1, 16_384))
def test_columns_have_letters(column: int) -> None:
    assert letters(column) == openpyxl.utils.get_column_letter(column)
    assert column_number(letters(column)) == column
