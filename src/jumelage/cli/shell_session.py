"""What a shell asks and how it is answered: the desk of what is seen, kept for as long as it is used."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumelage.cli import reporting, revisions
from jumelage.cli.answers import SHOWN, answer, asked, labelled
from jumelage.cli.options import NOTE, say_remarks, url_of
from jumelage.cli.paging import undisturbed
from jumelage.cli.streams import check_output, say, speak, spoken, write
from jumelage.errors import UsageError
from jumelage.querying.completing import Known
from jumelage.querying.orders import ORDERS, read_order
from jumelage.texts import LANGUAGES, Label, both, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import typer
    from sqlalchemy.engine import URL

    from jumelage.database.asking import Limits
    from jumelage.querying.desk import Desk
    from jumelage.revisions.scope import Scope

_SEEN = Label("vu\u00a0: {}{}", "seen: {}{}")
_THEN = Label(" au {}", " as of {}")
_TOOK = Label("{} s", "{} s")
_WRITTEN = Label("écrit\u00a0: {}", "written: {}")
_MORE_ROWS = Label(".rows 0, ou .mode csv", ".rows 0, or .mode csv")
_NAMES = (Label("nom", "name"), Label("montre", "shows"))
_COLUMNS = (Label("colonne", "column"), Label("type", "type"), Label("sens", "meaning"))
_ORDERS = (Label("ordre", "order"), Label("effet", "does"))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the views show, as the options say it."""

    wave: str | None = None
    as_of: str | None = None
    classified_on: str | None = None
    kind: str | None = None
    without_inferred: bool = False


@dataclass
class Session:
    """One person's questions to one database, with how they want them answered.

    The database is open while it is asked and a little longer (`rest`): an open DuckDB file lets nobody write.
    """

    ctx: typer.Context
    db: str | None
    seen: Seen
    limits: Limits
    values: dict[str, str]
    form: str
    rows: int | None
    lang: str
    output: Path | None
    labels: bool = False
    timing: bool = True
    known: Known = field(default_factory=lambda: Known({}))
    url: URL = field(init=False)
    _scope: Scope | None = None
    _kept: ExitStack | None = None
    _desk: Desk | None = None

    def __post_init__(self) -> None:
        """Find the database that is named, which need not be there yet."""
        self.url = url_of(self.ctx, self.db)

    def open(self) -> Desk:
        """Return the desk of what is seen, opened if need be, and say what is to be known of it if that is new."""
        from jumelage import database
        from jumelage.querying.desk import open_desk
        from jumelage.querying.known import known_of
        from jumelage.revisions.asked import scope_asked_for

        if self._desk is not None:
            return self._desk
        with ExitStack() as stack:
            connection = stack.enter_context(database.reading(self.url))
            before, seen = self._scope, self.seen
            scope, notes = scope_asked_for(
                connection,
                seen.wave,
                seen.as_of,
                seen.classified_on,
                kind=seen.kind,
                without_inferred=seen.without_inferred,
            )
            known = known_of(connection, scope, (), self.lang)
            self._desk = stack.enter_context(open_desk(connection, scope, self.limits))
            self.known = replace(known, functions=sorted(self._desk.functions()))
            self._kept, self._scope = stack.pop_all(), scope
        if before != scope:
            self.say_seen()
            for note in notes:
                say(filled(NOTE, note))
            say_remarks(scope)
        return self._desk

    def rest(self) -> None:
        """Let go of the database until something is asked."""
        kept, self._kept, self._desk = self._kept, None, None
        if kept is not None:
            with undisturbed():
                kept.close()

    @property
    def shown(self) -> str:
        """The revisions that are seen."""
        return ",".join(f"{wave}@{revision}" for wave, revision in self._scope.revisions) if self._scope else ""

    def say_seen(self) -> None:
        """Say which revisions are seen, and as of when."""
        then = filled(_THEN, self.seen.as_of) if self.seen.as_of else ""
        say(filled(_SEEN, self.shown, then))

    def see(self, **changes: Any) -> None:  # noqa: ANN401
        """See something else; if there is no such thing, what was seen stays."""
        before = self.seen, self._scope
        self.rest()
        self.seen, self._scope = replace(self.seen, **changes), None
        try:
            self.open()
        except BaseException:
            self.seen, self._scope = before
            raise

    def ask(self, text: str) -> None:
        """Answer the queries of a text, one after the other."""
        from jumelage.querying.output import BINARY, FOR_PEOPLE

        desk = self.open()
        for one in desk.read(text, self.values | asked(desk, text, self.values)):
            form = "table" if one.explain else self.form
            if self.output is None and form in BINARY:
                raise UsageError(
                    both(
                        "{} n’est pas pour un terminal\u00a0: .output FICHIER d’abord",
                        "{} is not for a terminal: .output FILE first",
                        form,
                    )
                )
            whole = labelled(desk, one, self.lang) if self.labels else one
            rows = self.rows if form in FOR_PEOPLE else None
            took = answer(desk, [whole], form, rows, self.output, how=_MORE_ROWS, by=".mode")
            self._is_written()
            if self.timing:
                say(filled(_TOOK, f"{took:.3f}"))

    def _is_written(self) -> None:
        if self.output is not None:
            say(filled(_WRITTEN, self.output))
            self.output = None  # the next answer would take its place

    def obey(self, text: str) -> bool:
        """Do what an order says, and tell whether the shell goes on."""
        name, argument = read_order(text)
        if name == "\\q":
            return False
        done: dict[str, Callable[[str], None]] = {
            "\\d": self._describe,
            "\\reports": lambda _: self._command(reporting.reports, wave=self._wave),
            "\\report": self._report,
            "\\waves": lambda _: self._command(revisions.waves, as_of=self.seen.as_of),
            "\\wave": lambda given: self.see(wave=given) if given else self.say_seen(),
            "\\as-of": lambda given: self.see(as_of=given if given not in {"", "now"} else None),
            ".mode": self._set_form,
            ".labels": lambda given: setattr(self, "labels", _switch(given)),
            ".timing": lambda given: setattr(self, "timing", _switch(given)),
            ".timeout": self._set_timeout,
            ".rows": lambda given: setattr(self, "rows", int(_number(given, least=0))),
            ".lang": self._set_lang,
            ".output": self._set_output,
            "\\?": lambda _: self._help(),
        }
        if not argument and name in (now := self._settings()):
            say(f"{name} {now[name]}")
        else:
            done[name](argument)
        return True

    def _settings(self) -> dict[str, str]:
        """Return what the orders that set something have set, which they say when they stand alone."""
        return {
            ".mode": self.form,
            ".labels": "on" if self.labels else "off",
            ".timing": "on" if self.timing else "off",
            ".timeout": f"{self.limits.seconds:g}",
            ".rows": str(SHOWN if self.rows is None else self.rows),
            ".lang": self.lang,
        }

    @property
    def _wave(self) -> str:
        """What is seen, as --wave names it: so that a command after a load sees what the queries before it saw."""
        self.open()
        return self.shown

    def _command(self, command: Callable[..., None], *arguments: str, **options: Any) -> None:  # noqa: ANN401
        """Run a command of the command line on the same database."""
        self.rest()
        form = self.form if self.form in {"table", "csv", "json"} else "table"
        command(self.ctx, *arguments, db=self.db, format_=form, lang=self.lang, output=self.output, **options)
        self._is_written()

    def _report(self, name: str) -> None:
        if not name:
            raise UsageError(
                both("nommez un rapport\u00a0; \\reports les liste", "name a report; \\reports lists them")
            )
        seen = self.seen
        self._command(
            reporting.report,
            name,
            wave=self._wave,
            as_of=None,
            classified_on=seen.classified_on,
            kind=seen.kind,
            without_inferred=seen.without_inferred,
            printed=False,
        )

    def _describe(self, name: str) -> None:
        from jumelage.database.dictionary import relation, relations

        if name:
            fields = relation(name).fields
            self._table(_COLUMNS, [(field.name, field.type, field.words.meaning) for field in fields])
            return
        known = relations()
        self._table(_NAMES, [(table, known[table].meaning) for table in self.known.tables])

    def _table(self, headings: Sequence[Label], rows: list[tuple[str, ...]]) -> None:
        from jumelage.database.asking import Rows
        from jumelage.querying.output import shown

        names = [spoken(heading) for heading in headings]
        write(shown(Rows(names, ["varchar"] * len(names), rows, more=False), "table"), None, paged=True)

    def _help(self) -> None:
        self._table(_ORDERS, [(f"{one.name} {one.argument}", spoken(one.meaning)) for one in ORDERS.values()])

    def _set_form(self, given: str) -> None:
        self.form = _one_of(given, self.known.forms)

    def _set_lang(self, given: str) -> None:
        self.lang = speak(_one_of(given, LANGUAGES))
        self.rest()  # codes are offered with what they are called

    def _set_timeout(self, given: str) -> None:
        self.limits = replace(self.limits, seconds=_number(given, least=0.1))
        self.rest()

    def _set_output(self, given: str) -> None:
        path = Path(given).expanduser() if given else None
        check_output(path)
        self.output = path


def _switch(given: str) -> bool:
    return _one_of(given, ("on", "off")) == "on"


def _one_of(given: str, possible: Sequence[str]) -> str:
    if given not in possible:
        raise UsageError(
            both("{!r}\u00a0: écrivez l’un de {}", "{!r}: write one of {}", given, ", ".join(possible)),
        )
    return given


def _number(given: str, *, least: float) -> float:
    try:
        found = float(given)
    except ValueError:
        found = -1.0
    if not least <= found < float("inf"):
        raise UsageError(both("{!r} n’est pas un nombre possible", "{!r} is not a possible number", given))
    return found
