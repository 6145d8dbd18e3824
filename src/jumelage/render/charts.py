"""The chart of a report: a picture of its sheet, with what it shows in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from jumelage.chart_spec import BARS, BY_VALUE, DOTS, MAP, SLOPE, STACKED, WATERFALL
from jumelage.content import ALL, TOTAL
from jumelage.render.chart_map import points, world_map
from jumelage.render.chart_rows import Known, Row, Step, bars, dots, stacked, waterfall
from jumelage.render.chart_slope import FALLS, OPEN, RISES, STAYS, Series, slope
from jumelage.render.drawing import svg_of, wrapped
from jumelage.render.lines import computed
from jumelage.render.words import title, words
from jumelage.reporting.sheet import number
from jumelage.texts import Label, filled, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jumelage.chart_spec import ChartSpec
    from jumelage.render.drawing import Drawing
    from jumelage.reporting.sheet import Sheet, Value

MOST = 40  # rows of a chart
_MOST_LINES = 12  # between waves
_SAID = 6  # values that the words name, the largest
_ALL_SAID = 14  # so many are all named
_KINDS = {
    BARS: Label("Diagramme en barres", "Bar chart"),
    STACKED: Label("Barres empilées", "Stacked bars"),
    DOTS: Label("Diagramme à points, avec les intervalles", "Dot plot with ranges"),
    MAP: Label("Carte", "Map"),
    SLOPE: Label("Lignes d’une vague à l’autre", "Lines from wave to wave"),
    WATERFALL: Label("Diagramme en cascade", "Waterfall chart"),
}
_SEMICOLON = Label("\u00a0; ", "; ")
_CUT = Label("les {} plus grandes valeurs sur {}", "the {} largest of {}")
_MORE = Label("et {0} autre{0:s}", "and {0} more")
_NOT_DRAWN = Label("Sans contour sur la carte\u00a0: {}", "Without an outline on the map: {}")
_NO_PLACE = Label("Sans place sur la carte\u00a0: {}", "Without a place on the map: {}")
_GAPS = Label(
    "Les nombres sans ligne dans le tableau sont dessinés aussi\u00a0: rien n’y est compté.",
    "Numbers without a row in the table are drawn too: nothing is counted there.",
)
_WAYS = {
    RISES: Label("en hausse", "rises"),
    FALLS: Label("en baisse", "falls"),
    STAYS: Label("inchangé", "stays"),
    OPEN: Label("indécidable", "cannot be told"),
}
_WAVES = "waves"
_SEVERAL = 2
_DIGITS = 9
_LARGEST = 10**30  # what is larger is no number of anything
_LONGEST = 160  # of a text that stands where a number would


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it shows in words, what stands above it, and what it is called: which kind, of what."""

    svg: str
    alt: str
    title: str
    name: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a sheet that is drawn: its key by column, and what is known of each measure that the chart shows."""

    key: dict[str, Value]
    values: tuple[Known, ...]

    @property
    def order(self) -> tuple[float, float]:
        """What the largest comes first by; what has no number comes last."""
        return _order(self.values[0])


@dataclass(frozen=True, slots=True)
class _Made:
    """A drawing; in words, what is measured, and what of it; how many rows of how many, where not all are drawn."""

    drawing: Drawing
    measure: str
    said: Sequence[str]
    total: int = 0
    cut: Label | None = None
    notes: Sequence[str] = ()


def chart_of(sheet: Sheet, lang: str) -> Chart | None:
    """Return the chart of a sheet; None if its report has none, or no number to draw."""
    spec = sheet.report.chart
    if spec is None or (made := _MAKERS[spec.kind](sheet, spec, lang)) is None:
        return None
    colon, semicolon = f"{words(lang)['colon']} ", _SEMICOLON.text(lang)
    told = f"{title(sheet, lang)} ({made.cut.text(lang)})" if made.cut else title(sheet, lang)
    total = made.total or len(made.said)
    values = list(made.said if total <= _ALL_SAID else made.said[:_SAID])
    if rest := total - len(values):
        values.append(filled(_MORE, rest).text(lang))
    name = f"{_KINDS[spec.kind].text(lang)}{colon}{told}"
    alt = f"{name}. {made.measure}{colon}{semicolon.join(values)}."
    alt = " ".join([alt, *made.notes])
    return Chart(svg_of(made.drawing, alt), alt, told, name)


def _rows(sheet: Sheet, spec: ChartSpec, lang: str) -> _Made | None:
    """Draw rows, one below the other."""
    filled_up = _without_gaps(sheet, spec)
    lines = _lines(filled_up, spec.x, lang)
    if spec.kind == STACKED:
        lines = [line for line in lines if any(known.low or known.high for known in line.values)]
    lines = [line for line in lines if any(known.text for known in line.values)]
    if not any(known.low is not None for line in lines for known in line.values) or _one_range(lines):
        return None
    total = len(lines)
    if total > MOST:
        kept = sorted(range(total), key=lambda i: lines[i].order, reverse=True)[:MOST]
        lines = [lines[i] for i in sorted(kept)]
    groups = [name for name in sheet.report.key if name != spec.y and not _one_wave(sheet, name)]
    rows = [
        Row(
            _label(sheet, spec.y, line.key[spec.y], lang),
            line.values,
            " – ".join(_label(sheet, name, line.key[name], lang) for name in groups),
            line.key[spec.y] in sheet.details,
        )
        for line in lines
    ]
    if spec.sort == BY_VALUE:
        rows = _sorted(rows)
    heading, measures = _heading(sheet, spec.y, lang), [_heading(sheet, name, lang) for name in spec.x]
    if spec.kind == STACKED:
        drawing = stacked(rows, heading, measures)
    elif spec.kind == DOTS:
        whole = _whole(sheet, spec.x[0])
        drawing = dots(rows, heading, measures[0], whole, lambda tick: number(_plain(tick), lang))
    else:
        drawing = bars(rows, heading, measures[0])
    ordered = rows if total <= _ALL_SAID else sorted(rows, key=lambda row: _order(row.value), reverse=True)
    colon = f"{words(lang)['colon']} "
    said = [f"{_named(row, heading)}{colon}{_values(row, measures)}" for row in ordered]
    cut = filled(_CUT, MOST, total) if total > MOST else None
    notes = [_GAPS.text(lang)] if len(filled_up.rows) > len(sheet.rows) else []
    for note in notes:
        drawing.note(note)
    return _Made(drawing, ", ".join(measures), said, total, cut, notes)


def _one_range(lines: Sequence[_Line]) -> bool:
    """Tell whether most values are one and the same range: a picture of it shows nothing."""
    values = [known for line in lines for known in line.values]
    ranges = Counter(known.text for known in values if not known.exact)
    return len(values) > _SEVERAL and any(2 * number > len(values) for number in ranges.values())


def _map(sheet: Sheet, spec: ChartSpec, lang: str) -> _Made | None:
    """Draw countries; of a report that has a country several times, nothing."""
    lines = _lines(sheet, spec.x, lang)
    values = {str(line.key[spec.y]): line.values[0] for line in lines}
    if len(values) < len(lines) or not any(known.low for code, known in values.items() if code in points()):
        return None
    measure, colon = _heading(sheet, spec.x[0], lang), words(lang)["colon"]
    counted = sorted(((code, known) for code, known in values.items() if known.low), key=lambda one: _order(one[1]))
    names = {code: _label(sheet, spec.y, code, lang) for code, _ in reversed(counted)}
    said = {code: f"{name}{colon} {values[code].text}" for code, name in names.items()}
    inferred = _inferred(sheet, spec, lang, names)
    told = f"{_heading(sheet, spec.inferred, lang)}{colon} {', '.join(inferred.values())}." if inferred else ""
    drawing, left_out = world_map(values, names, measure, inferred, told)
    notes = []
    for label, codes in ((_NOT_DRAWN, said.keys() - points().keys()), (_NO_PLACE, left_out)):
        if named := ", ".join(text for code, text in said.items() if code in codes):
            notes.append(f"{filled(label, named).text(lang)}.")
            drawing.note(notes[-1])
    return _Made(drawing, measure, list(said.values()), notes=[*notes, *([told] if told else [])])


def _inferred(sheet: Sheet, spec: ChartSpec, lang: str, names: dict[str, str]) -> dict[str, str]:
    """Return what is inferred of a country, with its name."""
    if not spec.inferred:
        return {}
    found = {str(line.key[spec.y]): line.values[0] for line in _lines(sheet, (spec.inferred,), lang)}
    return {code: f"{name} {known.text}" for code, name in names.items() if (known := found[code]).low}


def _slope(sheet: Sheet, spec: ChartSpec, lang: str) -> _Made | None:
    """Draw a line for each thing measured, but what is nothing in every wave; the largest of the last wave first."""
    (across,) = spec.x
    waves = list(dict.fromkeys(cell[across] for cell in sheet.cells.values()))
    others = [name for name in sheet.report.key if name != across]
    found: dict[str, dict[Value, Known]] = {}
    for line in _lines(sheet, (spec.y,), lang):
        name = " – ".join(_label(sheet, other, line.key[other], lang) for other in others)
        found.setdefault(name, {})[line.key[across]] = line.values[0]
    series = [
        Series(name or _heading(sheet, spec.y, lang), tuple(values.get(wave) for wave in waves))
        for name, values in found.items()
        if any(known.low or known.high for known in values.values())
    ]
    if len(waves) < _SEVERAL or not series:
        return None
    series.sort(key=lambda one: _order(one.values[-1]), reverse=True)
    names, colon = [_label(sheet, across, wave, lang) for wave in waves], words(lang)["colon"]
    said = [f"{one.name}{colon} {' → '.join(known.text if known else '…' for known in one.values)}" for one in series]
    total, cut = len(series), filled(_CUT, _MOST_LINES, len(series)) if len(series) > _MOST_LINES else None
    measure = _heading(sheet, spec.y, lang)
    ways = {way: label.text(lang) for way, label in _WAYS.items()}
    drawing = slope(series[:_MOST_LINES], names, measure, ways)
    return _Made(drawing, f"{measure}, {' → '.join(names)}", said, total, cut)


def _waterfall(sheet: Sheet, spec: ChartSpec, lang: str) -> _Made | None:
    """Draw what makes one total the next, but the parts that are nothing."""
    report, balance = sheet.report, sheet.report.balance
    if balance is None:
        return None
    waves = [name for name in report.key if report.column(name).codes == _WAVES]
    steps: list[Step] = []
    last: Value = None
    for cell in sheet.cells.values():
        if "/".join(str(cell[name]) for name in report.key if name not in waves) != spec.row:
            continue
        start, end = (_known(sheet, cell, name, lang) for name in (balance.start, balance.end))
        named = [_label(sheet, name, cell[name], lang) for name in waves]
        if len(named) < _SEVERAL:
            named = [_heading(sheet, balance.start, lang), _heading(sheet, balance.end, lang)]
        if not steps or cell[waves[0]] != last:
            steps.append(Step(named[0], start, total=True))
        parts = [(name, _known(sheet, cell, name, lang)) for name in balance.parts]
        steps += [Step(_heading(sheet, name, lang), _signed(known), total=False) for name, known in parts if known.low]
        steps.append(Step(named[-1], end, total=True))
        last = cell[waves[-1]] if waves else None
    if not any(step.known.low for step in steps):
        return None
    others = [name for name in report.key if name not in waves]
    row = dict(zip(others, spec.row.split("/"), strict=False))
    colon = words(lang)["colon"]
    measure = ", ".join(
        f"{_heading(sheet, one, lang)}{colon} {_label(sheet, one, code, lang)}" for one, code in row.items()
    )
    said = [f"{step.label}{colon} {step.known.text}" for step in steps]
    return _Made(waterfall(steps, measure), measure, said)


_MAKERS: dict[str, Callable[[Sheet, ChartSpec, str], _Made | None]] = {
    BARS: _rows,
    STACKED: _rows,
    DOTS: _rows,
    MAP: _map,
    SLOPE: _slope,
    WATERFALL: _waterfall,
}


def _lines(sheet: Sheet, measures: Sequence[str], lang: str) -> list[_Line]:
    """Return the rows of a sheet, without those that add up or gather others."""
    report = sheet.report
    totals = {ALL} if report.own_total else {ALL, TOTAL}
    return [
        _Line(key, tuple(_known(sheet, cell, name, lang) for name in measures))
        for cell in sheet.cells.values()
        if totals.isdisjoint((key := {name: cell[name] for name in report.key}).values())
    ]


def _without_gaps(sheet: Sheet, spec: ChartSpec) -> Sheet:
    """Return a sheet with a row for each number between the least and the largest, where rows are numbered in order."""
    if sheet.report.key != (spec.y,) or spec.sort == BY_VALUE:
        return sheet
    numbers = [int(key) for key in sheet.cells if key.isdecimal() and len(key) <= _DIGITS]
    if not numbers or max(numbers) - min(numbers) >= MOST:
        return sheet
    return sheet.with_rows(str(one) for one in range(min(numbers), max(numbers) + 1))


def _known(sheet: Sheet, cell: dict[str, Value], measure: str, lang: str) -> Known:
    """Return what is known of a measure in a row; a text is no number."""
    column = sheet.report.column(measure)
    low, high = cell[measure], cell[column.high or measure]
    text = one_line(computed(column, low, high, lang))
    ends = [end for end in (low, high) if isinstance(end, int | Decimal)]
    if low is None or isinstance(low, str) or any(not -_LARGEST <= end <= _LARGEST for end in ends):
        return Known(None, None, (wrapped(text, _LONGEST) or ("",))[0])
    return Known(float(low), None if high is None or isinstance(high, str) else float(high), text, number(low, lang))


def _signed(known: Known) -> Known:
    return replace(known, text=f"+{known.text}") if (known.low or 0) > 0 else known


def _order(known: Known | None) -> tuple[float, float]:
    low = float("-inf") if known is None or known.low is None else known.low
    return low, low if known is None or known.high is None else known.high


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """Sort rows within their groups, the largest first; those that are a kind of another one stay below it."""
    blocks: dict[str, list[list[Row]]] = {}
    for row in rows:
        of_group = blocks.setdefault(row.group, [])
        if row.indented and of_group:
            of_group[-1].append(row)
        else:
            of_group.append([row])
    found: list[Row] = []
    for of_group in blocks.values():
        for head, *kinds in sorted(of_group, key=lambda block: _order(block[0].value), reverse=True):
            found += [head, *sorted(kinds, key=lambda row: _order(row.value), reverse=True)]
    return found


def _whole(sheet: Sheet, measure: str) -> float | None:
    """Return the most that a measure is a share of; None if it is a share of nothing."""
    base = sheet.report.column(measure).base
    if base is None:
        return None
    ends = (base, sheet.report.column(base).high or base)
    found = [float(of) for cell in sheet.cells.values() for end in ends if isinstance(of := cell[end], int)]
    return max(found, default=None)


def _one_wave(sheet: Sheet, name: str) -> bool:
    return sheet.report.column(name).codes == _WAVES and len(sheet.waves) == 1


def _heading(sheet: Sheet, name: str, lang: str) -> str:
    return one_line(sheet.report.column(name).label.text(lang))


def _label(sheet: Sheet, name: str, value: Value, lang: str) -> str:
    return one_line(sheet.shown(name, value, lang).strip())


def _named(row: Row, heading: str) -> str:
    """Return what a row is of, in words; a number alone says nothing."""
    label = f"{heading} {row.label}" if row.label.isdecimal() else row.label
    return f"{row.group} – {label}" if row.group else label


def _values(row: Row, measures: Sequence[str]) -> str:
    """Return what is known in a row, in words; of several measures, what is not zero."""
    if len(measures) == 1:
        return row.value.text
    named = [
        f"{name} {known.text}" for name, known in zip(measures, row.values, strict=True) if known.low or known.high
    ]
    return ", ".join(named)


def _plain(tick: Decimal) -> int | Decimal:
    return int(tick) if tick == tick.to_integral_value() else tick.normalize()
