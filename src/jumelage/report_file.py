"""A report file: its words in a TOML header, its query, and the contract between the two."""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jumelage import content
from jumelage.chart_spec import ChartSpec, chart_spec
from jumelage.content import read_text, root
from jumelage.errors import UsageError
from jumelage.finding_text import places
from jumelage.kind_words import USUAL, kind_words
from jumelage.table_spec import TableSpec, table_spec
from jumelage.texts import LANGUAGES, Label, both, label, nearest, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report.

    `codes` names the code list whose labels it shows; `labels` are the labels of a closed list of its own;
    `high` and `base` name the columns that bound a measure above and that it is a share of. `none` is the answer that
    people read where there is no value; people see a `seldom` column only where it says something.
    """

    name: str
    label: Label
    codes: str | None = None
    labels: dict[str, Label] | None = None
    high: str | None = None
    base: str | None = None
    none: str | None = None
    seldom: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A report shown as lists: for each value of the first key, the values of `item`, marked by `count`."""

    item: str
    count: str
    mark: Label


@dataclass(frozen=True, slots=True)
class Balance:
    """Columns that account for a difference: in every row, `start` and the `parts` make `end`."""

    start: str
    parts: tuple[str, ...]
    end: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report file: its metadata and its query, which is run as it stands in the file.

    `source` is where the table stands in the printed survey, if it does; `waves` is the least number of waves that it
    needs; `note` is the method that people must know, `finding` a sentence with numbers from its cells. `asks` are
    the kinds of question that it is about: without one of them in scope it has no row, and is not published. One that
    is `brought` came with a wave, and is run like its other queries: apart, and within limits. `unworded` is the
    report before it got the words for a kind of authority.
    """

    name: str
    title: Label
    source: Label | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    not_additive: tuple[str, ...]
    listing: Listing | None
    sql: str
    detail_sql: str
    waves: int = 1
    asks: tuple[str, ...] = ()
    note: Label | None = None
    balance: Balance | None = None
    finding: Label | None = None
    chart: ChartSpec | None = None
    table: TableSpec | None = None
    brought: bool = False
    unworded: Report | None = None

    def of_kind(self, kind: str | None) -> Report:
        """Return the report with the words for this kind of authority in its texts; None is the usual one."""
        raw, words = self.unworded or self, kind_words(kind or USUAL)
        columns = tuple(
            replace(
                column,
                label=words.fill(column.label),
                labels=column.labels and {code: words.fill(text) for code, text in column.labels.items()},
            )
            for column in raw.columns
        )
        listing = raw.listing and replace(raw.listing, mark=words.fill(raw.listing.mark))
        note, finding = raw.note and words.fill(raw.note), raw.finding and words.fill(raw.finding)
        title = words.fill(raw.title)
        return replace(raw, title=title, columns=columns, listing=listing, note=note, finding=finding, unworded=raw)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if there is none."""
        return next(column for column in self.columns if column.name == name)

    @property
    def by_wave(self) -> bool:
        """Whether it tells waves apart, and so may show several."""
        return "wave" in self.key

    @property
    def own_total(self) -> bool:
        """Whether `total` is a word of its own, and no sum of other rows."""
        return any(content.TOTAL in (column.labels or {}) for column in self.columns)

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns that are not part of the key."""
        return tuple(column.name for column in self.columns if column.name not in self.key)

    @property
    def figures(self) -> tuple[str, ...]:
        """The measures that a publication may print: all but the upper ends of ranges."""
        ends = {column.high for column in self.columns}
        return tuple(name for name in self.measures if name not in ends)


# The code lists whose labels a report may show.
CODES = frozenset(
    [
        "actions",
        "answers",
        "asked_items",
        "cities",
        "countries",
        "difficulties",
        "questions",
        "size_classes",
        "waves",
        "zones",
    ]
)
_FILE, _CELLS = re.compile(r"/\*\n(?P<header>.*?)\*/\n(?P<sql>.*)", re.DOTALL), "\n-- cells\n"
_TEXTS = {"title", "source", "note", "finding"}
_TABLES = {"columns", "labels", "listing", "balance", "chart", "table"}
_HEADER_KEYS = _TEXTS | _TABLES | {"key", "not_additive", "waves", "asks"}
_COLUMN_KEYS = {"fr", "en", "codes", "high", "base", "none", "seldom"}


def read_report(path: Path) -> Report:
    """Read a report file; UsageError names the file and what its header lacks or has too much."""
    return parse_report(path.stem, read_text(path))


def parse_report(name: str, text: str, *, brought: bool = False) -> Report:
    """Return the report of this name whose file has this text; UsageError as for `read_report`.

    One that is `brought` by a wave is not trusted: its columns must be plain names, and its code lists known ones.
    """
    header, sql = parse_header(f"{name}.sql", text)
    if sql.count(_CELLS) != 1:
        raise UsageError(
            both(
                "{}.sql\u00a0: une ligne doit être '-- cells', entre le détail et les cellules",
                "{}.sql: one line must read '-- cells', between the detail and the cells",
                name,
            )
        )
    try:
        found = _report(name, header, sql, brought=brought)
        if brought:
            _check_names(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(both("{}.sql\u00a0: en-tête\u00a0: {}", "{}.sql: header: {}", name, str(error))) from None
    return found


def _check_names(found: Report) -> None:
    """Raise UsageError for what becomes part of a query and is no plain name, or no code list that people read."""
    for column in found.columns:
        if not is_name(column.name):
            raise UsageError(
                both(
                    "{}.sql\u00a0: en-tête\u00a0: {!r} n’est pas un nom de colonne\u00a0; minuscules, chiffres et _",
                    "{}.sql: header: {!r} is no name of a column; lower-case letters, digits and _",
                    found.name,
                    column.name,
                )
            )
        if column.codes is not None and column.codes not in CODES:
            raise UsageError(
                both(
                    "{}.sql\u00a0: en-tête\u00a0: il n’y a pas de liste de codes {!r}\u00a0; {}",
                    "{}.sql: header: there is no code list {!r}; {}",
                    found.name,
                    column.codes,
                    nearest(column.codes, CODES),
                )
            )


def is_name(text: str) -> bool:
    """Tell whether a text may name a report of a wave, or a column of one."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text) is not None


def split_header(path: Path) -> tuple[dict[str, Any], str]:
    """Return the TOML header of an SQL file and the SQL after it; UsageError names the file."""
    return parse_header(path.name, read_text(path))


def parse_header(file: str, text: str) -> tuple[dict[str, Any], str]:
    """Return the TOML header of the text of an SQL file and the SQL after it; UsageError names the file."""
    parts = _FILE.fullmatch(text)
    if parts is None:
        raise UsageError(
            both(
                "{}\u00a0: le fichier commence par un en-tête en TOML entre /* et */",
                "{}: the file starts with a TOML header between /* and */",
                file,
            )
        )
    try:
        return tomllib.loads(parts["header"]), parts["sql"]
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            both("{}\u00a0: l’en-tête n’est pas du TOML\u00a0: {}", "{}: the header is not TOML: {}", file, str(error))
        ) from None


def _report(name: str, header: dict[str, Any], sql: str, *, brought: bool) -> Report:
    _only(header, _HEADER_KEYS, Label("l’en-tête", "the header"), name)
    lists = {
        column: {code: label(text, code) for code, text in labels.items()}
        for column, labels in header.get("labels", {}).items()
    }
    columns = []
    for column, spec in header["columns"].items():
        _only(spec, _COLUMN_KEYS, both("la colonne {}", "column {}", column), name)
        columns.append(
            Column(
                column,
                label({"fr": spec["fr"], "en": spec["en"]}, column),
                codes=spec.get("codes"),
                labels=lists.get(column),
                high=spec.get("high"),
                base=spec.get("base"),
                none=spec.get("none"),
                seldom=spec.get("seldom", False),
            )
        )
    names = [column.name for column in columns]
    ends = [end for column in columns for end in (column.high, column.base) if end]
    balance = header.get("balance")
    if balance:
        _only(balance, {"start", "parts", "end"}, same("[balance]"), name)
        ends += [balance["start"], *balance["parts"], balance["end"]]
    for referred in (*header["key"], *lists, *ends):
        if referred not in names:
            raise UsageError(
                both(
                    "{}.sql\u00a0: en-tête\u00a0: colonne inconnue {!r}\u00a0; les colonnes sont {}",
                    "{}.sql: header: unknown column {!r}; columns are {}",
                    name,
                    referred,
                    ", ".join(names),
                )
            )
    listing = header.get("listing")
    lists_of = {column.name: column.codes for column in columns}
    made = Report(
        name=name,
        title=label(header["title"], "title"),
        source=label(header["source"], "source") if "source" in header else None,
        key=tuple(header["key"]),
        columns=tuple(columns),
        not_additive=tuple(header.get("not_additive", ())),
        listing=Listing(listing["item"], listing["count"], label(listing["mark"], "mark")) if listing else None,
        sql=sql,
        detail_sql=sql.split(_CELLS, maxsplit=1)[0],
        waves=header.get("waves", 1),
        asks=tuple(header.get("asks", ())),
        note=label(header["note"], "note") if "note" in header else None,
        balance=Balance(balance["start"], tuple(balance["parts"]), balance["end"]) if balance else None,
        finding=label(header["finding"], "finding") if "finding" in header else None,
        chart=chart_spec(header["chart"], tuple(header["key"]), lists_of, balanced=bool(balance), name=name)
        if "chart" in header
        else None,
        table=table_spec(header["table"], header["key"], set(names) - set(header["key"]), name)
        if "table" in header
        else None,
        brought=brought,
    ).of_kind(None)
    _check_finding(made)
    return made


def _check_finding(made: Report) -> None:
    """Raise UsageError for a finding that names what is no measure, or no key, of its report."""
    for lang in LANGUAGES if made.finding else ():
        sentence = made.finding.text(lang) if made.finding else ""
        try:
            named = tuple(places(sentence))
        except ValueError as error:
            raise UsageError(
                both(
                    "{}.sql\u00a0: en-tête\u00a0: finding\u00a0: {}\u00a0; un nombre s’écrit {{mesure[clé]}} ou "
                    "{{mesure[clé]|aucun|un|# plusieurs}}",
                    "{}.sql: header: finding: {}; a number is written {{measure[key]}} or "
                    "{{measure[key]|none|one|# several}}",
                    made.name,
                    str(error),
                )
            ) from None
        for place in named:
            if place.measure not in made.measures or place.key.count("/") != len(made.key) - 1:
                raise UsageError(
                    both(
                        "{}.sql\u00a0: en-tête\u00a0: finding\u00a0: {}[{}] n’est pas une cellule\u00a0; les mesures "
                        "sont {}, et une clé est {}",
                        "{}.sql: header: finding: {}[{}] is no cell; measures are {}, and a key is {}",
                        made.name,
                        place.measure,
                        place.key,
                        ", ".join(made.measures),
                        "/".join(made.key),
                    )
                )


def _only(table: dict[str, Any], allowed: set[str], where: Label, name: str) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(
                both(
                    "{}.sql\u00a0: en-tête\u00a0: clé inconnue {!r} dans {}\u00a0; {}",
                    "{}.sql: header: unknown key {!r} in {}; {}",
                    name,
                    key,
                    where,
                    nearest(key, allowed),
                )
            )


_BROUGHT: ContextVar[Mapping[str, Report]] = ContextVar("brought", default=MappingProxyType({}))


@contextmanager
def with_brought(reports: Mapping[str, Report]) -> Iterator[None]:
    """Let reports that a wave brings be found by name while this lasts, before those of the project."""
    before = _BROUGHT.set({**_BROUGHT.get(), **reports})
    try:
        yield
    finally:
        _BROUGHT.reset(before)


def shipped() -> tuple[str, ...]:
    """Return the names of the project's reports, sorted."""
    return tuple(sorted(path.stem for path in (root() / "reports").glob("*.sql")))


def report_names() -> list[str]:
    """Return the names of all reports, sorted."""
    return sorted({*shipped(), *_BROUGHT.get()})


def reports_of_a_wave() -> list[str]:
    """Return the names of the reports that one wave alone fills, sorted: what it may have published."""
    return [name for name in report_names() if report(name).waves == 1]


def report(name: str) -> Report:
    """Return a report by name; UsageError names the nearest ones if there is none."""
    return _BROUGHT.get().get(name) or _shipped(name)


@cache
def _shipped(name: str) -> Report:
    if name not in shipped():
        raise UsageError(
            both(
                "il n’y a pas de rapport {!r}\u00a0; {}",
                "there is no report {!r}; {}",
                name,
                nearest(name, report_names()),
            )
        )
    return read_report(root() / "reports" / f"{name}.sql")
