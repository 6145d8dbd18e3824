"""The tables and what refers to what, drawn as SVG: in layers, each table to the right of all that it refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from sqlalchemy import ForeignKeyConstraint, Table

from jumelage.database.models import foreign_keys, metadata
from jumelage.texts import Label

_LINE, _WIDTH, _GAP, _BETWEEN, _MARGIN, _LANE = 16, 210, 130, 18, 24, 14
_COLOURS = ("#0b5cad", "#a33b00", "#2f6b1f", "#7a2a8a", "#8a6100", "#006d6d", "#a0204f", "#4a4a4a", "#1f3a93")
_TITLE = Label("Les tables, et ce à quoi elles renvoient", "Tables and what refers to what")
_CAPTION = Label(
    "Les colonnes des clés sont montrées, celles de la clé primaire en gras. Une flèche va à la table à laquelle on "
    "renvoie\u00a0; elle est en tirets s’il peut n’y en avoir aucune. Un renvoi qui découle d’un autre de la même table "
    "n’est pas dessiné.",
    "Columns of keys are shown, primary ones in bold. An arrow goes to the table that is referred to; it is dashed where "
    "there may be none. A reference that follows from another one of the same table is not drawn.",
)
_ITSELF, _MORE = Label("(elle-même)", "(itself)"), Label("+ {} de plus", "+ {} more")


@dataclass
class _Node:
    """A table, or the place where a line to a table passes a layer."""

    name: str
    layer: int
    height: int
    lines: list[tuple[str, str, bool]] = field(default_factory=list)
    y: float = 0

    @property
    def x(self) -> int:
        return _MARGIN + self.layer * (_WIDTH + _GAP)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def drawn() -> list[tuple[Table, ForeignKeyConstraint]]:
    """Return the foreign keys that are drawn as lines: no reference to the table itself, none that follows."""
    keys = list(foreign_keys())
    return [
        (table, key)
        for table, key in keys
        if _target(key) is not table
        and not any(
            other is not key and holder is table and _follows(key, other) and not _follows(other, key)
            for holder, other in keys
        )
    ]


def _target(key: ForeignKeyConstraint) -> Table:
    return key.elements[0].column.table


def _follows(key: ForeignKeyConstraint, other: ForeignKeyConstraint) -> bool:
    """Tell whether a key says no more than another one of its table: whose target refers to the same by these columns."""
    within = set(key.column_keys) <= set(other.column_keys)
    return within and any(further.referred_table is _target(key) for further in _target(other).foreign_key_constraints)


def _layers() -> dict[str, int]:
    found: dict[str, int] = {}
    for table in metadata.sorted_tables:
        others = [_target(key).name for key in table.foreign_key_constraints if _target(key) is not table]
        found[table.name] = max((found[name] + 1 for name in others), default=0)
    return found


def _nodes(lang: str) -> dict[str, _Node]:
    made = {}
    for name, layer in _layers().items():
        table = metadata.tables[f"survey.{name}"]
        own = {column for key in table.foreign_key_constraints for column in key.column_keys}
        itself = {c for key in table.foreign_key_constraints if _target(key) is table for c in key.column_keys}
        lines = [
            (
                f"{column.name}{f' {_ITSELF.text(lang)}' if column.name in itself else ''}",
                str(column.type).lower(),
                column.primary_key,
            )
            for column in table.columns
            if column.primary_key or column.name in own
        ]
        if more := len(table.columns) - len(lines):
            lines.append((_MORE.text(lang).format(more), "", False))
        made[name] = _Node(name, layer, (len(lines) + 1) * _LINE + 10, lines)
    return made


def svg(lang: str) -> str:
    """Return the drawing, with its words in a language."""
    caption = escape(_CAPTION.text(lang))
    nodes = _nodes(lang)
    ways: list[tuple[list[_Node], bool]] = []
    for table, key in drawn():
        parent, child = nodes[_target(key).name], nodes[table.name]
        way = [parent]
        for layer in range(parent.layer + 1, child.layer):  # all lines to one table pass a layer together
            name = f"{parent.name} {layer}"
            way.append(nodes.setdefault(name, _Node(name, layer, _LANE)))
        ways.append(([*way, child], any(column.nullable for column in key.columns)))
    _place(nodes, [pair for way, _ in ways for pair in pairwise(way)])
    width = max(node.x for node in nodes.values()) + _WIDTH + _MARGIN
    height = max(node.y + node.height for node in nodes.values()) + 2 * _MARGIN + _LINE
    parents = list(dict.fromkeys(way[0].name for way, _ in ways))
    size = f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, Arial, sans-serif" font-size="12" role="img">',
        f"<title>{escape(_TITLE.text(lang))}</title>",
        f"<desc>{caption}</desc>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for way, optional in ways:
        parts.append(_arrow(way, _COLOURS[parents.index(way[0].name) % len(_COLOURS)], dashed=optional))
    parts += [_box(node) for node in nodes.values() if node.lines]
    parts.append(f'<text x="{_MARGIN}" y="{height - _MARGIN:.0f}" fill="#333333">{caption}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(nodes: dict[str, _Node], pairs: list[tuple[_Node, _Node]]) -> None:
    """Order each layer by the middle of what its nodes are tied to, those that are tied to nothing last."""
    near: dict[str, list[_Node]] = {name: [] for name in nodes}
    for one, other in pairs:
        near[one.name].append(other)
        near[other.name].append(one)
    layers = [[n for n in nodes.values() if n.layer == i] for i in range(max(n.layer for n in nodes.values()) + 1)]
    tallest = 0.0
    for _ in range(12):
        for layer in layers:
            layer.sort(key=lambda node: _wish(near[node.name]))
            y = float(_MARGIN)
            for node in layer:
                node.y = y
                y += node.height + _BETWEEN
            tallest = max(tallest, y)
        for layer in layers:  # layers that are shorter than others stand in the middle
            rest = (tallest - layer[-1].y - layer[-1].height) / 2
            for node in layer:
                node.y += rest


def _wish(near: list[_Node]) -> float:
    return sum(other.middle for other in near) / len(near) if near else float("inf")


def _arrow(way: list[_Node], colour: str, *, dashed: bool) -> str:
    """Draw a line from the table that refers to the one that it refers to, through the layers between them."""
    child, *between, parent = way[::-1]
    points = [(child.x, child.y + _LINE / 2 + 5)]
    for node in between:
        points += [(node.x + _WIDTH, node.middle), (node.x, node.middle)]
    points.append((parent.x + _WIDTH + 7, parent.y + _LINE / 2 + 5))
    path = f"M{points[0][0]:.0f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (x1 + x2) / 2
        path += f" C{half:.0f} {y1:.1f} {half:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
    x, y = points[-1]
    style = ' stroke-dasharray="5 3"' if dashed else ""
    label = escape(f"{child.name} → {parent.name}")
    return (
        f'<g stroke="{colour}" fill="none" stroke-width="1.4"><title>{label}</title><path d="{path}"{style}/>'
        f'<path d="M{x:.0f} {y - 4:.1f} L{x - 7:.0f} {y:.1f} L{x:.0f} {y + 4:.1f} Z" fill="{colour}"/></g>'
    )


def _box(node: _Node) -> str:
    x, y = node.x, node.y
    parts = [
        f'<g><rect x="{x}" y="{y:.1f}" width="{_WIDTH}" height="{node.height}" rx="3" fill="#ffffff" stroke="#555555"/>',
        f'<rect x="{x}" y="{y:.1f}" width="{_WIDTH}" height="{_LINE + 5}" rx="3" fill="#e8edf3" stroke="#555555"/>',
        f'<text x="{x + 8}" y="{y + _LINE - 1:.1f}" font-weight="bold" font-size="13">{escape(node.name)}</text>',
    ]
    for i, (name, kind, primary) in enumerate(node.lines, 2):
        at, weight = y + i * _LINE + 2, ' font-weight="bold"' if primary else ""
        parts.append(f'<text x="{x + 8}" y="{at:.1f}"{weight}>{escape(name)}</text>')
        parts.append(f'<text x="{x + _WIDTH - 8}" y="{at:.1f}" text-anchor="end" fill="#555555">{escape(kind)}</text>')
    return "\n".join([*parts, "</g>"])
