"""Charts of reports: what a header may say, and a picture whose numbers are those of the sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from xml.etree import ElementTree as ET

import pytest
import vl_convert
from sqlalchemy.engine import URL

from jumelage import content, database, report_file
from jumelage.errors import UsageError
from jumelage.render import chart_map, chart_slope
from jumelage.render.callouts import Spot, place_numbers
from jumelage.render.chart_rows import Known
from jumelage.render.charts import Chart, chart_of
from jumelage.render.drawing import COLOURS, INK, LINE, SMALL, Drawing, text_width, wrapped
from jumelage.render.lines import span
from jumelage.reporting.run import run as run_report
from jumelage.reporting.sheet import Sheet, Value, WaveFacts
from jumelage.revisions.scope import find_scope, set_scope
from jumelage.texts import Label
from tests.conftest import ROOT, WaveFolder, address, run

LANGUAGES = ("fr", "en")
PAPER = ("#ffffff", "#161b21")
REPORT = """\
/*
title = {{ fr = "Accords", en = "Agreements" }}
key = [{key}]
{balance}
[chart]
{chart}
[columns]
{columns}
*/
with detail as (select 1 as agreements)
-- cells
select d.agreements from detail d
"""
BY_COUNTRY = {"country": 'codes = "countries"', "n": 'high = "n_high"', "n_high": "", "other": ""}
BARS = 'kind = "bars"\nx = "n"\ny = "country"'


def report(
    chart: str, key: Sequence[str] = ("country",), columns: dict[str, str] = BY_COUNTRY, balance: str = ""
) -> report_file.Report:
    told = "\n".join(
        f'{name} = {{ fr = "{name} fr", en = "{name} en"{", " * bool(more)}{more} }}' for name, more in columns.items()
    )
    keys = ", ".join(f'"{name}"' for name in key)
    return report_file.parse_report("made", REPORT.format(key=keys, chart=chart, columns=told, balance=balance))


def sheet(
    made: report_file.Report,
    rows: Sequence[tuple[Value, ...]],
    labels: dict[str, Label] | None = None,
    waves: Sequence[str] = ("2006",),
) -> Sheet:
    facts = {"complete": False, "reference_date": date(2006, 3, 31)}
    told = tuple(WaveFacts(wave, 1, Label("T", "T"), Label("R", "R"), "s", False, None, facts) for wave in waves)
    countries = {row["code"]: Label(row["label_fr"], row["label_en"]) for row in content.code_list("countries")}
    return Sheet(made, told, (), tuple(rows), {"countries": {**countries, **(labels or {})}}, frozenset())


def chart(of: Sheet, lang: str = "en") -> Chart:
    found = chart_of(of, lang)
    assert found is not None
    return found


def texts(svg: str) -> list[str]:
    """What is written in a picture, the lines of a text joined."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", svg)
    return [unescape(re.sub("<[^>]+>", "", re.sub(r"</tspan>\s*<tspan[^>]*>", " ", text))) for text in found]


def boxes(svg: str) -> list[tuple[float, float]]:
    """Where boxes begin, and how wide they are, in order."""
    found = re.findall(r'd="m(-?[\d.]+),-?[\d.]+l?(-?[\d.]+),0 0,|d="M(-?[\d.]+),-?[\d.]+h(-?[\d.]+)v', svg)
    return [(float(a or c), float(b or d)) for a, b, c, d in found]


# Nothing is known of most of their rows but the number of towns that were asked.
ALL_OPEN = {("2006", name) for name in ("actions", "difficulties", "management", "seniority")}


@pytest.fixture(scope="module")
def sheets(shown: URL) -> dict[tuple[str, str], Sheet]:
    """The sheets of all reports that have a chart, by waves and name."""
    found = {}
    for waves in ("2006", "2012-demo", "2006,2012-demo"):
        with database.reading(shown) as connection:
            scope = find_scope(connection, waves)
            set_scope(connection, scope)
            for name in report_file.shipped():
                made = report_file.report(name)
                if made.chart and made.waves <= len(scope.revisions) and (made.by_wave or "," not in waves):
                    found[waves, name] = run_report(connection, made, scope)
    return found


@pytest.mark.long
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_of_a_picture_is_one_of_its_sheet(sheets: dict[tuple[str, str], Sheet], lang: str) -> None:
    drawn = 0
    for (waves, name), made in sheets.items():
        found, spec = chart_of(made, lang), made.report.chart
        assert spec is not None
        if found is None:
            assert not made.rows or (waves, name) in ALL_OPEN
            continue
        drawn += 1
        measures = (spec.y,) if spec.kind == "slope" else spec.x
        known = [
            span(*made.known(key, measure), lang)
            for key in made.cells
            for measure in measures
            if {"total", "all"}.isdisjoint(key.split("/"))
        ]
        written = texts(found.svg)
        if spec.kind in {"bars", "dots"}:
            assert [text for text in known if text not in written] == [], (waves, name)
        said = [text for text in written if re.fullmatch(r"[≥\d][\d–,.\u202f\u00a0]*", text)]
        if spec.kind in {"stacked", "slope"}:
            assert set(said) <= {*known, "2006"}, (waves, name)
    assert drawn == 8 - len(ALL_OPEN) + 8 + 4


def test_the_pictures_of_a_language_are_of_it(sheets: dict[tuple[str, str], Sheet]) -> None:
    made = sheets["2006", "zones"]
    french, english = chart(made, "fr"), chart(made, "en")
    assert french.title == "Accords par zone géographique"
    assert french.alt.startswith(
        "Diagramme en barres\u00a0: Accords par zone géographique. Accords\u00a0: Union européenne\u00a0: 78\u00a0; "
    )
    assert english.alt.startswith("Bar chart: Agreements by geographic zone. Agreements: European Union: 78; ")
    assert "Union européenne" in texts(french.svg)
    assert "Total" not in [*texts(french.svg), *texts(english.svg)]
    many = sheet(report(BARS), [("DE", 12345, 12345, 0), ("PL", Decimal("1.5"), Decimal("1.5"), 0)])
    assert {"12\u202f345", "1,5"} <= set(texts(chart(many, "fr").svg))
    assert {"12,345", "1.5"} <= set(texts(chart(many, "en").svg))


def test_a_bounded_value_is_drawn_as_a_range() -> None:
    rows: list[tuple[Value, ...]] = [("DE", 20, 40, 0), ("PL", 10, 10, 0), ("IT", 5, None, 0)]
    bars = chart(sheet(report(BARS), rows))
    assert {"20–40", "10", "≥\u00a05"} <= set(texts(bars.svg))
    assert "Germany: 20–40; Poland: 10; Italy: ≥\u00a05" in bars.alt
    (x, width), (at, more), (_, small), (_, least) = boxes(bars.svg)
    assert at == pytest.approx(x + width, abs=0.2)
    assert (more / width, small / width, least / width) == pytest.approx((1, 0.5, 0.25), abs=0.02)
    dots = chart(sheet(report(BARS.replace("bars", "dots")), rows))
    (band, long), (_, arrow) = boxes(dots.svg)
    places = [float(x) for x in re.findall(r'<path transform="translate\((-?[\d.]+),[^"]*" d="M[\d.]+,0A', dots.svg)]
    assert sorted(places[:2]) == pytest.approx([band, band + long], abs=0.2)
    assert long > 0
    assert arrow == pytest.approx(0, abs=0.2)


def test_bars_are_sorted_and_only_the_largest_are_drawn() -> None:
    codes = [row["code"] for row in content.code_list("countries")][:60]
    rows: list[tuple[Value, ...]] = [(code, place, place, 0) for place, code in enumerate(codes, 1)]
    made = chart(sheet(report(BARS + '\nsort = "value"'), [*rows, ("total", 1830, 1830, 0)]))
    numbers = [text for text in texts(made.svg) if text.isdigit()]
    assert numbers == [str(number) for number in range(60, 20, -1)]
    assert made.title == "Agreements (the 40 largest of 60)"
    assert "and 54 more" in made.alt


def test_numbered_rows_have_no_gaps() -> None:
    made = report('kind = "bars"\nx = "n"\ny = "size"', ("size",), {"size": "", **dict(list(BY_COUNTRY.items())[1:])})
    found = chart(sheet(made, [("1", 3, 3, 0), ("3", 2, 2, 0), ("total", 5, 5, 0)]))
    assert "size en 1: 3; size en 2: ≥\u00a00; size en 3: 2" in found.alt  # the list is not complete
    said = "Numbers without a row in the table are drawn too: nothing is counted there."
    assert found.alt.endswith(f". {said}")
    assert said in texts(found.svg)
    whole = chart(sheet(made, [("1", 3, 3, 0), ("2", 2, 2, 0), ("total", 5, 5, 0)]))
    assert said not in [whole.alt, *texts(whole.svg)]


def test_stacked_bars_show_each_measure_and_how_far_a_range_reaches() -> None:
    made = report('kind = "stacked"\nx = ["n", "other"]\ny = "country"')
    found = chart(sheet(made, [("DE", 10, 30, 20), ("PL", 0, 0, 0)]))
    (first, width), (second, other) = [box for box in boxes(found.svg) if box[1] > 12.5]
    assert second == pytest.approx(first + width + 1, abs=0.3)
    assert other == pytest.approx(2 * width, abs=2)
    assert {"10–30", "20"} <= set(texts(found.svg))
    assert found.alt.endswith("n en, other en: Germany: n en 10–30, other en 20.")


SLOPE = {"wave": 'codes = "waves"', **BY_COUNTRY}


def test_lines_go_from_wave_to_wave() -> None:
    made = report('kind = "slope"\nx = "wave"\ny = "n"', ("wave", "country"), SLOPE)
    rows: list[tuple[Value, ...]] = [
        *(
            ("2006", code, low, high, 0)
            for code, low, high in (("DE", 8, 8), ("PL", 2, 4), ("IT", 0, 0), ("all", 9, 9))
        ),
        *(("2012", code, low, high, 0) for code, low, high in (("DE", 6, 6), ("PL", 3, None), ("IT", 0, 0))),
    ]
    found = chart(sheet(made, rows, waves=("2006", "2012")))
    assert found.alt == (
        "Lines from wave to wave: Agreements. n en, 2006 → 2012: Germany: 8 → 6; Poland: 2–4 → ≥\u00a03."
    )
    assert {"8", "2–4", "6", "≥\u00a03", "Germany", "Poland", "2006", "2012"} <= set(texts(found.svg))
    assert "Italy" not in texts(found.svg)  # nothing in either
    assert len([box for box in boxes(found.svg) if box[1] == pytest.approx(6)]) == 1  # the range
    assert texts(found.svg).count("Germany") == 2  # at both ends
    three = chart(sheet(made, [*rows, ("2018", "DE", 5, 5, 0)], waves=("2006", "2012", "2018")))
    assert texts(three.svg).count("Germany") == 2
    name = "2012-demo (synthetic)"
    made_up = chart(sheet(made, [(name if row[0] == "2012" else row[0], *row[1:]) for row in rows]))
    assert name in texts(made_up.svg)  # within the picture, on two lines
    assert f">{name}<" not in made_up.svg
    long = {"DE": Label("x", "A country whose name takes all the place that there is")}
    four = [*rows, *((wave, "DE", 5, 5, 0) for wave in ("2018", "2024"))]
    assert len([text for text in texts(chart(sheet(made, four, long)).svg) if text.startswith("A country")]) == 1
    assert chart_of(sheet(made, rows[:4]), "en") is None


def test_lines_that_rise_fall_and_stay_differ_in_more_than_colour() -> None:
    made = report('kind = "slope"\nx = "wave"\ny = "n"', ("wave", "country"), SLOPE)
    before = {"DE": (8, 8), "PL": (2, 4), "IT": (3, 3), "ES": (1, 2), "PT": (5, 6)}
    after = {"DE": (6, 6), "PL": (5, None), "IT": (3, 3), "ES": (2, 3), "PT": (1, 4)}
    rows: list[tuple[Value, ...]] = [
        (wave, code, *ends, 0) for wave, told in (("2006", before), ("2012", after)) for code, ends in told.items()
    ]
    found = chart(sheet(made, rows, waves=("2006", "2012")), "fr")
    assert {"en hausse", "en baisse", "inchangé", "indécidable"} <= set(texts(found.svg))
    drawn = re.findall(r'<(?:line|g)[^>]*stroke-dasharray="([\d., ]+)"', found.svg)
    assert len(set(drawn)) == 2
    looks = chart_slope.LOOKS
    assert len({(width, dash) for _, width, dash in looks.values()}) == len(looks)
    assert {colour for colour, _, _ in looks.values()} <= {INK, *COLOURS}  # which are seen on either paper
    falling = chart(sheet(made, [row for row in rows if row[1] == "DE"], waves=("2006", "2012")))
    assert [text for text in texts(falling.svg) if text in {"rises", "falls", "stays", "cannot be told"}] == ["falls"]


BALANCE = '[balance]\nstart = "before"\nparts = ["left", "came"]\nend = "after"'
BRIDGE = {
    "old": 'codes = "waves"',
    "new": 'codes = "waves"',
    "country": 'codes = "countries"',
    **dict.fromkeys(("before", "left", "came", "after"), ""),
}


def test_a_waterfall_leads_from_one_total_to_the_next() -> None:
    made = report('kind = "waterfall"\nrow = "total"', ("old", "new", "country"), BRIDGE, BALANCE)
    rows: list[tuple[Value, ...]] = [
        ("2006", "2012", "DE", 60, -20, 0, 40),
        ("2006", "2012", "total", 100, -30, 20, 90),
        ("2012", "2018", "total", 90, 0, 10, 100),
    ]
    found = chart(sheet(made, rows, waves=("2006", "2012", "2018")))
    assert found.alt.endswith(
        "country en: Total: 2006: 100; left en: −30; came en: +20; 2012: 90; came en: +10; 2018: 100."
    )
    (zero, whole), (left, minus), (came, plus), *_ = boxes(found.svg)
    assert (minus / whole, plus / whole) == pytest.approx((0.3, 0.2), abs=0.01)
    assert (left - zero, came - zero) == pytest.approx((0.7 * whole, 0.7 * whole), abs=0.3)


def test_a_map_shades_countries_and_names_those_that_have_no_outline() -> None:
    made = report('kind = "map"\nx = "n"\ny = "country"')
    rows: list[tuple[Value, ...]] = [
        ("DE", 24, 24, 0), ("BE", 9, None, 0), ("MT", 2, 2, 0), ("SG", 1, 1, 0), ("GI", 7, 7, 0), ("FI", 0, 0, 0),
    ]  # fmt: skip
    found = chart(sheet(made, rows))
    assert {"24", "≥\u00a09", "2", "1"} <= set(texts(found.svg))  # Malta and Singapore are dots
    assert found.alt == (
        "Map: Agreements. n en: Germany: 24; Belgium: ≥\u00a09; Gibraltar: 7; Malta: 2; Singapore: 1. "
        "Without an outline on the map: Gibraltar: 7."
    )
    assert chart_of(sheet(made, [("GI", 7, 7, 0)]), "en") is None
    twice = report('kind = "map"\nx = "n"\ny = "country"', ("wave", "country"), SLOPE)
    assert chart_of(sheet(twice, [("2006", "DE", 1, 1, 0), ("2012", "DE", 1, 1, 0)]), "en") is None


def text_boxes(drawing: Drawing) -> list[tuple[float, float, float, float]]:
    """Where the texts of a map stand."""
    found = []
    for one in drawing.texts:
        lines = [one["text"]] if isinstance(one["text"], str) else one["text"]
        wide = max(text_width(line, one["size"]) for line in lines)
        left = one["x"] - wide * {"left": 0, "center": 0.5, "right": 1}[one["align"]]
        found.append((left, one["y"] - SMALL / 2, left + wide, one["y"] + SMALL / 2 + LINE * (len(lines) - 1)))
    return found


@pytest.mark.parametrize("most", [12, 60, 400])
def test_no_number_of_a_map_is_lost_or_stands_upon_another(most: int) -> None:
    codes = [code for code, (east, north, _) in chart_map.points().items() if -20 < east < 60 and north < 37][:most]
    values = {code: Known(place, place, str(place)) for place, code in enumerate([*codes, "CA", "US"][:most], 1)}
    names = {code: f"Country of {code}" for code in values}
    drawing, left_out = chart_map.world_map(values, names, "n")
    panel = Drawing(texts=[one for one in drawing.texts if one["y"] > drawing.height - chart_map.WORLD.height])
    placed = {one["text"] for one in panel.texts if one["bold"]}
    assert placed | {values[code].text for code in left_out} == {known.text for known in values.values()}
    assert placed.isdisjoint(values[code].text for code in left_out)
    assert not left_out or most > 12
    found = text_boxes(panel)
    assert [
        (one, other)
        for i, one in enumerate(found)
        for other in found[:i]
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ] == []
    assert all(box[0] >= 0 and box[2] <= 440 for box in found)


def test_a_number_that_has_no_room_in_its_country_has_a_name_and_a_line() -> None:
    made = report('kind = "map"\nx = "n"\ny = "country"')
    near = [("IL", 1, 1, 0), ("PS", 2, 2, 0), ("BF", 3, 3, 0), ("BJ", 4, 4, 0), ("CN", 5, 5, 0)]
    found = chart(sheet(made, near))
    assert {"1", "2", "3", "4", "5", "Israel", "Burkina Faso", "Benin"} <= set(texts(found.svg))
    assert "China" not in texts(found.svg)
    assert len(re.findall("<line", found.svg)) == 4
    drawing, full = Drawing(), [Spot(str(i), 50, 5, 1, "100", "A name") for i in range(99)]
    left_out = place_numbers(drawing, full, [], 0, 40)
    assert len(drawing.texts) // 2 + len(left_out) == 99
    assert left_out


def test_what_is_inferred_is_marked_on_a_map() -> None:
    told = {"country": 'codes = "countries"', "n": "", "m": ""}
    made = report('kind = "map"\nx = "n"\ny = "country"\ninferred = "m"', columns=told)
    found = chart(sheet(made, [("LV", 2, 1), ("DE", 5, 0), ("MT", 1, 1)]), "fr")
    assert found.alt.endswith(" m fr\u00a0: Lettonie 1, Malte 1.")
    assert "m fr\u00a0: Lettonie 1, Malte 1." in texts(found.svg)
    dashed = [one for one in ET.fromstring(found.svg).iter() if one.get("stroke-dasharray")]  # noqa: S314  # made here
    edge, frames = sorted(dashed, key=len)
    assert edge.get("d")  # of Latvia
    assert len(frames) == 8  # lines, around Malta, which is a dot, and in the legend
    plain = chart(sheet(made, [("LV", 2, 0), ("DE", 5, 0)]))
    assert "stroke-dasharray" not in plain.svg


@pytest.mark.parametrize("panel", [chart_map.EUROPE, chart_map.WORLD], ids=["europe", "world"])
def test_a_number_stands_where_its_country_is_drawn(panel: chart_map.Panel) -> None:
    for code in ("DE", "PT", "GR") if panel is chart_map.EUROPE else ("CA", "BR", "AU", "JP", "ZA"):
        east, north, _ = chart_map.points()[code]
        at = {name: {"field": name, "type": "quantitative"} for name in ("longitude", "latitude")}
        made = vl_convert.vegalite_to_svg({
            "width": 440, "height": 400, "padding": 0, "autosize": "none",
            "data": {"values": [{"longitude": east, "latitude": north}]},
            "projection": panel.projection(0), "mark": "point", "encoding": at,
        })  # fmt: skip
        (place,) = re.findall(r'aria-roledescription="point" transform="translate\(([-\d.]+),([-\d.]+)\)', made)
        assert panel.place(east, north) == pytest.approx(tuple(map(float, place)), abs=0.1)


def test_outlines_have_the_codes_of_the_list_and_what_lacks_one_is_said() -> None:
    countries = {row["code"]: row["label_en"] for row in content.code_list("countries")}
    lacking = countries.keys() - chart_map.points().keys()
    assert chart_map.points().keys() <= countries.keys()
    told = " ".join((ROOT / "schema" / "outlines" / "README.md").read_text(encoding="utf-8").split())
    names = {re.sub(r" \(.*", "", countries[code]).removeprefix("U.S. ") for code in lacking}
    assert len(lacking) == 14
    assert [name for name in names if name.removeprefix("United States ") not in told] == []
    assert (ROOT / "schema" / "outlines" / "outlines.json.gz").stat().st_size < 100_000


HOSTILE = '<script>alert(1)</script> & "x" url(//evil) ' + INK


@pytest.mark.parametrize("kind", ["bars", "dots", "map"])
def test_a_picture_runs_nothing_asks_for_nothing_and_has_no_style(kind: str) -> None:
    rows: list[tuple[Value, ...]] = [("DE", 2, 3, 0), ("FR", 1, 1, 0)]
    made = sheet(report(BARS.replace("bars", kind)), rows, {"DE": Label(HOSTILE, HOSTILE)})
    found = chart(made)
    without = found.svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(
        r"<(?!/?(svg|g|path|line|text|tspan)\b)|style|href|://|\bon\w+=|class=",
        re.sub(">[^<]*<", "><", re.sub('aria-label="[^"]*"', "", without)),
    )
    assert re.match(r'<svg xmlns="[^"]+" viewBox="0 0 440 [\d.]+" width="100%" role="img" aria-label="', found.svg)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;" in found.svg
    assert f'"{INK}"' not in found.svg
    assert 'fill="currentColor"' in found.svg
    assert HOSTILE in found.alt
    assert found == chart(made)


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_are_seen_on_white_and_on_dark_paper(colour: str) -> None:
    def light(code: str) -> float:
        parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for paper in PAPER:
        dark, bright = sorted((light(colour), light(paper)))
        assert (bright + 0.05) / (dark + 0.05) >= 3


def test_texts_are_broken_where_there_is_no_room() -> None:
    assert wrapped("", 100) == ()
    for text in ("Not knowing how to set up economic exchanges", "x" * 200, "une ville et une autre " * 30):
        lines = wrapped(text, 150)
        assert len(lines) <= 3
        assert all(text_width(line) <= 150 for line in lines)
    assert wrapped("une ville", 150) == ("une ville",)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("total", 3, 3, 0)],
        [("DE", None, None, 0)],
        [("DE", "many", "many", 0)],
    ],
)
def test_without_a_number_there_is_no_picture(rows: list[tuple[Value, ...]]) -> None:
    for kind in ("bars", "dots", "map"):
        assert chart_of(sheet(report(BARS.replace("bars", kind)), rows), "fr") is None
    assert chart_of(replace(sheet(report(BARS), [("DE", 1, 1, 0)]), report=report_file.report("panel")), "fr") is None


@pytest.mark.parametrize(
    "rows",
    [
        [("DE", -5, -5, 0), ("PL", 0, 3, 0)],
        [("DE", 0, 0, 0)],
        [("DE", 10**30, None, 0)],
        [("DE", 1, 1, 0), ("PL", 10**400, None, 0), ("IT", "x" * 999, "", 0)],
    ],
)
def test_any_number_is_drawn(rows: list[tuple[Value, ...]]) -> None:
    for kind in ("bars", "dots"):
        found = chart(sheet(report(BARS.replace("bars", kind)), rows))
        assert not re.search("NaN|Infinity", found.svg)


@pytest.mark.parametrize(
    ("said", "why", "pourquoi"),
    [
        ('kind = "pie"\nx = "n"\ny = "country"', "there is no kind 'pie'; known: bars,", "il n’y a pas de genre 'pie'"),
        ("kind = 3", "there is no kind '3'", "il n’y a pas de genre '3'"),
        ('kind = "bar"\nx = "n"\ny = "country"', "did you mean bars", "vouliez-vous dire bars"),
        ('kind = "bars"\nx = "m"\ny = "country"', "x: unknown column 'm'; known: n, n_high, other", "x\u00a0: colonne inconnue"),
        ('kind = "bars"\nx = "country"\ny = "country"', "x: unknown column 'country'", "x\u00a0: colonne inconnue"),
        ('kind = "bars"\nx = "n"\ny = "n"', "y: unknown column 'n'", "y\u00a0: colonne inconnue"),
        ('kind = "bars"\nx = ["n"]\ny = "country"', "x must be a text", "x doit être un texte"),
        ('kind = "bars"\nx = "n"', "'y' is missing", "il manque 'y'"),
        ('kind = "bars"\nx = "n"\ny = "country"\nsort = "up"', "sort: 'up'; known: given, value", "sort\u00a0: 'up'"),
        ('kind = "bars"\nx = "n"\ny = "country"\ncolour = "red"', "unknown key 'colour' for bars", "clé inconnue 'colour'"),
        ('kind = "stacked"\nx = ["n"]\ny = "country"', "x: stacked needs several", "x\u00a0: stacked demande plusieurs"),
        (f'kind = "stacked"\nx = {["n"] * 9}\ny = "country"', "several columns, 8 at most", "8 au plus"),
        ('kind = "stacked"\nx = ["n", "n"]\ny = "country"', "x: a column stands there twice", "deux fois"),
        (BARS.replace("bars", "map") + '\ninferred = "m"', "inferred: unknown column 'm'; known: n", "inferred\u00a0: colonne"),
        ('kind = "slope"\nx = "n"\ny = "country"', "x: unknown column 'n'", "x\u00a0: colonne inconnue"),
        ('kind = "waterfall"\nrow = "total"', "needs a table [balance]", "demande une table [balance]"),
    ],
)  # fmt: skip
def test_a_chart_that_cannot_be_is_refused(said: str, why: str, pourquoi: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        report(said)
    assert caught.value.text("en").startswith("made.sql: header: [chart]: ")
    assert pourquoi in caught.value.text("fr")


def test_a_map_needs_countries() -> None:
    with pytest.raises(UsageError, match="y: 'country' is no column of countries"):
        report(BARS.replace("bars", "map"), columns={**BY_COUNTRY, "country": ""})


def test_a_report_of_a_wave_may_have_a_chart(loaded: URL, folder_2006: WaveFolder) -> None:
    text = report_text = (ROOT / "reports" / "zones.sql").read_text(encoding="utf-8")
    for old, new, code in (('kind = "bars"', 'kind = "pie"', 1), ("", "", 0)):
        text = report_text.replace(old, new) if old else report_text
        folder_2006.write("reports/mine.sql", text)
        done = run("load", folder_2006.path, "--reason", "a report", "--db", address(loaded))
        assert done.code == code, done.err
        assert ("mine.sql" in done.err and "[chart]: there is no kind 'pie'" in done.err) == bool(code)
