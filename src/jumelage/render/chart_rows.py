"""Charts of rows, one below the other: bars, stacked bars, dots with ranges, and what turns one total into the next."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

from jumelage.render.drawing import ACCENT, BOLD, COLOURS, LINE, OTHER, SMALL, WIDTH, Drawing, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BESIDE = 180  # labels that need more than two lines of this width stand above their bars
_TWO = 2
_GAP = 8
_THICK = 16
_FAINT = 0.35  # of what may be, where the rest is known
_INDENT = 12
_LEAST = 40  # for what is drawn, however long the numbers are
_RADIUS = 5  # of a dot
_ROUND = (1, 2, 5)
_MOST_TICKS = 5
_END = ("circle", "triangle-right")  # of a range: bounded, or not


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a measure in a row, from low to high, and as people read it; `at_least` is the low end alone.

    `low` is None where there is no number, `high` where nothing bounds it above.
    """

    low: float | None
    high: float | None
    text: str
    at_least: str = ""

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    @property
    def sure(self) -> float:
        """How far it is from zero for sure."""
        low, high = self.low or 0, self.high
        return low if low >= 0 else min(0, low if high is None else high)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a chart: what it is of, what is known of each measure, and what stands above it where that changes."""

    label: str
    values: tuple[Known, ...]
    group: str = ""
    indented: bool = False

    @property
    def value(self) -> Known:
        """The first measure."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where numbers are: `least` is at the left edge, `most` at the right one; labels stand beside, or above."""

    left: float
    right: float
    least: float
    most: float
    above: bool

    def x(self, value: float) -> float:
        span = self.most - self.least
        return self.left + (self.right - self.left) * ((value - self.least) / span if span else 0)


def _plot(rows: Sequence[Row], ends: Sequence[float], heading: str = "") -> _Plot:
    labels = [(_INDENT * row.indented, wrapped(row.label, _BESIDE - _INDENT * row.indented)) for row in rows]
    labels.append((0, wrapped(heading, _BESIDE, SMALL)))
    above = any(len(lines) > _TWO for _, lines in labels)
    values = max(text_width(row.value.text) for row in rows)
    widest = max(indent + text_width(line) for indent, lines in labels for line in lines or ("",))
    left = _RADIUS if above else widest + _GAP + _RADIUS
    right = max(WIDTH - values - 2 * _GAP, left + _LEAST)
    return _Plot(left, right, min(0, *ends, 0), max(0, *ends, 0), above)


def _ends(rows: Sequence[Row]) -> list[float]:
    return [end for row in rows for known in row.values for end in (known.low, known.high) if end is not None]


def _labelled(drawing: Drawing, plot: _Plot, row: Row, before: Row | None) -> float:
    """Add what stands above and beside a row; return the middle of the line that it is drawn on."""
    if row.group and (before is None or before.group != row.group):
        drawing.height += _GAP if before else 0
        for line in wrapped(row.group, WIDTH / BOLD):
            drawing.text(0, drawing.height + LINE / 2, line, bold=True)
            drawing.height += LINE
        drawing.height += 4
    x = _INDENT * row.indented
    if not plot.above:
        lines = wrapped(row.label, _BESIDE - x)
        height = LINE * max(1, len(lines)) + 7
        drawing.height += height
        drawing.text(x, drawing.height - (height + LINE * (len(lines) - 1)) / 2, lines)
        return drawing.height - height / 2
    lines = wrapped(row.label, WIDTH - x)
    drawing.text(x, drawing.height + LINE / 2, lines)
    drawing.height += LINE * len(lines) + _THICK + _GAP + 4
    return drawing.height - _GAP - 4 - _THICK / 2


def _headed(drawing: Drawing, plot: _Plot, heading: str, measure: str) -> None:
    """Add what the labels and the numbers are, above both."""
    named = () if plot.above else wrapped(heading, _BESIDE, SMALL)
    left = plot.left if named else 0
    lines = wrapped(measure, WIDTH - left, SMALL)
    drawing.text(0, LINE / 2, named, size=SMALL)
    drawing.text(left, LINE / 2, lines, size=SMALL)
    drawing.height = LINE * max(1, len(named), len(lines)) + 5


def _range(drawing: Drawing, plot: _Plot, known: Known, y: float) -> None:
    """Add what may be beyond the known end of a bar: up to the other end, or an arrow where nothing bounds it."""
    if known.low is None or known.exact:
        return
    if known.high is None:
        drawing.dot(plot.x(known.low) + 5, y, shape="triangle-right", size=70)
        return
    top = y - _THICK / 2
    drawing.box(plot.x(known.low), plot.x(known.high), top, _THICK, opacity=_FAINT)
    far = plot.x(known.low if known.low < 0 and known.high <= 0 else known.high)
    drawing.line((far, top), (far, top + _THICK), colour=ACCENT, width=2)


def _zeros(drawing: Drawing, plot: _Plot, top: float) -> None:
    """Add the line on which bars begin, unless labels stand there."""
    if not plot.above:
        drawing.line((plot.x(0), top), (plot.x(0), drawing.height))


def _said(drawing: Drawing, plot: _Plot, known: Known, y: float) -> tuple[float, float]:
    """Add a value as people read it, right of all that is drawn of it; return from where to where it stands."""
    arrow = 10 if known.low is not None and known.high is None else 0
    ends = [0.0, *(end for end in (known.low, known.high) if end is not None)]
    x = plot.x(max(ends)) + arrow + _GAP - 2
    drawing.text(x, y, known.text)
    return x, x + text_width(known.text)


def bars(rows: Sequence[Row], heading: str, measure: str) -> Drawing:
    """Draw a bar for each row; what may be, beyond what is known, is faint."""
    drawing, plot = Drawing(), _plot(rows, _ends(rows), heading)
    _headed(drawing, plot, heading, measure)
    top = drawing.height
    for before, row in zip((None, *rows), rows, strict=False):
        y, known = _labelled(drawing, plot, row, before), row.value
        if known.low is not None:
            drawing.box(plot.x(0), plot.x(known.sure), y - _THICK / 2, _THICK)
        _range(drawing, plot, known, y)
        _said(drawing, plot, known, y)
    _zeros(drawing, plot, top)
    return drawing


def stacked(rows: Sequence[Row], heading: str, measures: Sequence[str]) -> Drawing:
    """Draw the measures of each row one behind the other; a line below says how far one may reach that is a range."""
    ends = []
    for row in rows:
        starts = accumulate((known.low or 0 for known in row.values), initial=0.0)
        ends += [start + max(known.low or 0, known.high or 0) for start, known in zip(starts, row.values, strict=False)]
    plain = [Row(row.label, (Known(None, None, ""),), row.group, row.indented) for row in rows]
    drawing, plot = Drawing(), _plot(plain, ends, heading)
    x, drawing.height = 0.0, LINE / 2
    for colour, name in zip(COLOURS, measures, strict=False):
        if x and x + 18 + text_width(name, SMALL) > WIDTH:
            x, drawing.height = 0.0, drawing.height + LINE
        drawing.box(x, x + 12, drawing.height - 6, 12, colour=colour)
        drawing.text(x + 17, drawing.height, name, size=SMALL)
        x += 17 + text_width(name, SMALL) + 14
    drawing.height += LINE / 2 + _GAP
    for before, row in zip((None, *rows), rows, strict=False):
        y, start = _labelled(drawing, plot, row, before), 0.0
        for colour, known in zip(COLOURS, row.values, strict=False):
            low = known.low or 0
            left, right, below = plot.x(start), plot.x(start + low), y + _THICK / 2
            if low:
                drawing.box(left, right - 1, y - _THICK / 2, _THICK - 3, colour=colour)
            if known.high is not None and not known.exact:
                end = plot.x(start + known.high)
                drawing.line((left, below), (end, below), colour=colour, width=2)
                drawing.line((end, below - 3), (end, below + 3), colour=colour, width=2)
            if known.low is not None and known.high is None:
                drawing.line((left, below), (right, below), colour=colour, width=2)
                drawing.dot(right + 2, below, shape="triangle-right", size=40, colour=colour)
            if text_width(known.text, SMALL) + 4 < right - left:
                drawing.text((left + right) / 2, y - 1.5, known.text, align="center", size=SMALL, bold=True)
            start += low
    return drawing


def dots(
    rows: Sequence[Row], heading: str, measure: str, whole: float | None, write: Callable[[Decimal], str]
) -> Drawing:
    """Draw a dot for each row, two and what is between for a range; `whole` is what the measure is a share of.

    `write` writes the numbers of the scale.
    """
    ends = [*_ends(rows), *([] if whole is None else [whole])]
    drawing, plot = Drawing(), _plot(rows, ends, heading)
    _headed(drawing, plot, heading, measure)
    ticks = _ticks(plot.least, plot.most)
    for tick in ticks:
        drawing.text(plot.x(float(tick)), drawing.height + LINE / 2, write(tick), align="center", size=SMALL)
    drawing.height += LINE + (_GAP if plot.above else 0)
    for before, row in zip((None, *rows), rows, strict=False):
        y, known = _labelled(drawing, plot, row, before), row.value
        if known.low is not None:
            end = known.low if known.high is None else known.high
            if not known.exact:
                drawing.box(plot.x(known.low), plot.x(end), y - 3, 6, opacity=_FAINT)
                drawing.dot(plot.x(end) + (9 if known.high is None else 0), y, shape=_END[known.high is None], size=70)
            drawing.dot(plot.x(known.low), y, size=70)
        start, stop = _said(drawing, plot, known, y)
        for x in (plot.x(float(tick)) for tick in ticks):
            if not start - 1 < x < stop + 1:  # no line through a number
                drawing.line((x, y - _THICK / 2), (x, y + _THICK / 2), opacity=0.25)
    return drawing


def _ticks(least: float, most: float) -> list[Decimal]:
    """Return the round numbers of a scale, few enough to stand side by side."""
    span = Decimal(most - least)
    if not span:
        return [Decimal(0)]
    for power in range(span.adjusted() - 1, span.adjusted() + 2):
        for digit in _ROUND:
            step = digit * Decimal(10) ** power
            if span / step <= _MOST_TICKS:
                first, last = (int(Decimal(end) / step) for end in (least, most))
                return [step * i for i in range(first, last + 1)]
    return [Decimal(0)]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a waterfall: a total, or what is added to the sum so far."""

    label: str
    known: Known
    total: bool


def waterfall(steps: Sequence[Step], measure: str) -> Drawing:
    """Draw how one total becomes the next: each part begins where the one before it ends."""
    rows = [Row(step.label, (step.known,)) for step in steps]
    sums, spans = 0.0, []
    for step in steps:
        low = step.known.low or 0
        begin, sums = (0.0, low) if step.total else (sums, sums + low)
        spans.append((begin, sums))
    highs = [step.known.high for step in steps if step.total and step.known.high is not None]
    drawing, plot = Drawing(), _plot(rows, [*(end for span in spans for end in span), *highs])
    _headed(drawing, plot, "", measure)
    top, joint = drawing.height, 0.0
    for before, row, step, (begin, end) in zip((None, *rows), rows, steps, spans, strict=False):
        y = _labelled(drawing, plot, row, before)
        at = plot.x(end if step.total else begin)
        if before:
            drawing.line((at, joint), (at, y - _THICK / 2), opacity=0.5)
        joint = y + _THICK / 2
        drawing.box(plot.x(begin), plot.x(end), y - _THICK / 2, _THICK, colour=OTHER if end < begin else ACCENT)
        if step.total:
            _range(drawing, plot, step.known, y)
        high = Known(begin, max(begin, end), row.value.text)
        _said(drawing, plot, step.known if step.total else high, y)
    _zeros(drawing, plot, top)
    return drawing
