"""One run of a scheduled job, and what it would be: what is said, what becomes of each file, what is handed on."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jumelage.annotate import ending_of
from jumelage.cli import showing
from jumelage.cli.course import check_each, course
from jumelage.cli.ending import say_why, told_to_end
from jumelage.cli.migrating import bring_up
from jumelage.cli.publishing import as_json
from jumelage.cli.streams import overheard, say, spoken
from jumelage.errors import DataError, JumelageError, UsageError
from jumelage.jobs import inbox
from jumelage.loading.losses import confirm
from jumelage.loading.revision import Request, check_reason
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import URL

    from jumelage.jobs.job_file import Job
    from jumelage.loading.revision import Loaded

_MILDEST_FIRST = (0, 4, 1, 2, 3)  # exit codes: busy is over by itself; any other is worse than these
_OF_A_FILE = (1, 2)  # exit codes that say something of what is handed in, and not of the database or the disk
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FILE = Label("inbox\u00a0: {}", "inbox: {}")
_WAITS = Label("inbox\u00a0: {}\u00a0: {}", "inbox: {}: {}")
_MOVED = Label("déplacé\u00a0: {}", "moved: {}")
_WOULD_MOVE = Label("serait déplacé\u00a0: {}", "would be moved: {}")
_ANNOTATED = Label("copie annotée\u00a0: {}", "annotated copy: {}")
_HANDED = Label("remis à {}", "handed to {}")
_WOULD_HAND = Label("serait remis à {}", "would be handed to {}")
_NOT_HANDED = Label("erreur\u00a0: {}", "error: {}")
_WOULD_PUBLISH = Label("publierait {} dans {}", "would publish {} into {}")
_WHAT_IS_LOADED_THEN = Label("ce qui sera alors chargé", "what is loaded then")
_ENDED = Label("fini\u00a0: code {}", "ended: exit code {}")
_CHANGED_SINCE = Label(
    "un passage a été interrompu en chargeant {}, et la vague {} a changé depuis\u00a0; il n’est pas chargé une "
    "seconde fois\u00a0; voyez `jumelage waves`, et remettez-le dans inbox s’il doit l’être",
    "a run was ended while it loaded {}, and wave {} has changed since; it is not loaded a second time; "
    "see `jumelage waves`, and put it into the inbox again if it should be",
)
_AFTER_MIGRATION = Label(
    "on ne peut dire ce que ce chargement ferait avant que la base soit à jour",
    "nobody can tell what this load would do before the database is up to date",
)


def worst(*codes: int) -> int:
    """Return the worst of exit codes."""
    return max(codes, key=lambda code: (*_MILDEST_FIRST, code).index(code))


class Run:
    """A run of a job, and what came of it so far."""

    dry = False

    def __init__(self, job: Job, lang: str) -> None:
        """Begin with nothing done."""
        self.job, self.lang = job, lang
        self.code = 0
        self.files: list[dict[str, Any]] = []
        self.published: dict[str, Any] | None = None

    def result(self) -> dict[str, Any]:
        """Do it all, and return what came of it; whatever goes wrong, the command of the site is told."""
        from jumelage import database
        from jumelage.jobs.lock import alone

        began = datetime.now(UTC)
        with overheard() as log, ExitStack() as held:
            try:
                held.enter_context(alone(self.job))
                self.course()
            except Exception as error:
                if told_to_end():
                    raise
                self.code = worst(self.code, say_why(error))
            found = {
                "job": str(self.job.file),
                "dry_run": self.dry,
                "database": database.shown(self.job.database),
                "out": str(self.job.out),
                "began": f"{began:{_TIME}}",
                "ended": f"{datetime.now(UTC):{_TIME}}",
                "exit": self.code,
                "files": self.files,
                "published": self.published,
                "log": log,
            }
            self.hand_on(found)
            say(filled(_ENDED, self.code))
        return found | {"exit": self.code}

    def hand_on(self, found: dict[str, Any]) -> None:
        """Hand what came of it to the command of the site; if that fails, it is a failure of the system."""
        from jumelage.jobs.hand_over import hand_over

        if command := self.command():
            say(filled(_HANDED, command[0]))
            environment = {"JUMELAGE_EXIT": str(self.code), "JUMELAGE_OUT": str(self.job.out)}
            if why := hand_over(command, json.dumps(found) + "\n", environment, self.job.file.parent):
                say(filled(_NOT_HANDED, why))
                self.code = worst(self.code, 3)

    def command(self) -> tuple[str, ...]:
        """Return the command of the site for what came of it, and its arguments; nothing if there is none."""
        return self.job.on_failure if self.code else self.job.on_success

    def course(self) -> None:
        """Migrate, load, check, publish."""
        from jumelage.publication.publish import Wanted

        wanted = Wanted(self.job.formats, wait=self.job.wait)
        self.published = as_json(course(self.job.database, self.load, self.job.out, wanted), self.job.out)

    def load(self) -> str | None:
        """Load what lies in the inbox, and return the waves that are to be published."""
        ready = self.ready()
        if ready and self.job.inbox is not None:
            inbox.prepare(self.job.inbox)
            for path in ready:
                self.load_one(path)
            inbox.finish(self.job.inbox)
        return self.job.scope

    def ready(self) -> list[Path]:
        """Return what is to be loaded, and say what waits."""
        lying = inbox.lying(self.job.inbox) if self.job.inbox is not None else []
        for one in lying:
            if one.waits:
                say(filled(_WAITS, one.path.name, one.waits))
                self.files.append({"file": one.path.name, "outcome": "waits", "why": spoken(one.waits)})
        return [one.path for one in lying if not one.waits]

    def load_one(self, path: Path) -> None:
        """Load one file and put it away; a fault that is not the file's own is raised, and leaves it where it is."""
        before = inbox.noted(path)
        inbox.note(path, self.last_revisions())
        copy, remarks = None, list[Label]()
        with self.about(path) as (entry, said):
            try:
                inbox.check_kind(path)
                copy = self.place_of_copy(path)
                request = replace(self.request(path), annotate=copy, tell=remarks.append)
                if before is not None:
                    self.check_the_same(request, before)
                done = showing.load(self.job.database, request, showing.Showing(lang=self.lang))
            except JumelageError as error:
                found, findings = {"outcome": "refused", "exit": self.refused(error)}, getattr(error, "findings", ())
            else:
                found, findings = _told(done, "loaded"), done.findings
            for remark in remarks[1:]:  # the first one names the place where the copy was made
                say(remark)
            kept = copy if findings and copy is not None and copy.exists() else None
            where = inbox.REFUSED if found["exit"] else inbox.DONE
            away = inbox.put_away(path, where, said, kept)
            entry.update(found, moved=away.moved, said=away.said, annotated=away.annotated)
            say(filled(_MOVED, away.moved))
            if away.annotated:
                say(filled(_ANNOTATED, away.annotated))

    @contextmanager
    def about(self, path: Path) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Give the entry of a file in the result, failed until something else is known, and what is said of it."""
        entry: dict[str, Any] = {"file": path.name, "outcome": "failed"}
        self.files.append(entry)
        with overheard() as said:
            say(filled(_FILE, path.name))
            yield entry, said

    def request(self, path: Path) -> Request:
        """Ask for a file of the inbox to be loaded."""
        return Request(path, self.job.reason, self.job.by, lang=self.lang)

    def refused(self, error: JumelageError) -> int:
        """Say why a file is refused, and return the exit code; raise what is no fault of the file."""
        if told_to_end() or error.exit_code not in _OF_A_FILE:
            raise error
        self.code = worst(self.code, error.exit_code)
        return say_why(error)

    def place_of_copy(self, path: Path) -> Path | None:
        """Return where the annotated copy of a file is made; None of what cannot be copied."""
        with suppress(DataError):
            return inbox.place_of_copy(path.parent, ending_of(path))
        return None

    def last_revisions(self) -> dict[str, int]:
        """Return the last revision of each wave."""
        from jumelage import database
        from jumelage.revisions.scope import recorded

        with database.reading(self.job.database) as connection:
            return {one.wave: one.revision for one in recorded(connection)}

    def check_the_same(self, request: Request, before: dict[str, int]) -> None:
        """Refuse a file that an ended run was loading where it would change a wave that was changed since."""
        from jumelage.loading.load import load

        done = load(self.job.database, replace(request, annotate=None), dry_run=True)
        if done.new and done.revision - 1 > before.get(done.wave, 0):
            raise UsageError(filled(_CHANGED_SINCE, request.handed.name, done.wave))


class DryRun(Run):
    """What a run would be: nothing is changed, neither in the database nor in a folder, and nothing is handed on."""

    dry = True

    def hand_on(self, found: dict[str, Any]) -> None:  # noqa: ARG002
        """Say which command of the site would be told; exit codes of a dry run are those that the run would have."""
        if command := self.command():
            say(filled(_WOULD_HAND, command[0]))

    def course(self) -> None:
        """Say what a run would do; where the database is missing, loads are tried in one that is made for it."""
        from jumelage import database
        from jumelage.database import migrate
        from jumelage.publication.swap import check_out
        from jumelage.temporary import temporary_folder

        url = self.job.database
        fits = bring_up(url, dry_run=True)
        with temporary_folder() as scratch:
            tried = url if fits else None
            if not database.exists(url):
                tried = database.resolve_url(str(scratch / "tried.duckdb"))
                with database.creating(tried) as connection:
                    migrate.migrate(connection)
            for path in self.ready():
                self.try_one(path, tried)
        check_out(self.job.out)
        changes = any(entry["outcome"] in {"loaded", "unknown"} for entry in self.files)
        if fits and not changes:
            names: object = ", ".join(check_each(url, self.job.scope))
        else:
            names = self.job.scope or _WHAT_IS_LOADED_THEN
        say(filled(_WOULD_PUBLISH, names, str(self.job.out)))

    def try_one(self, path: Path, tried: URL | None) -> None:
        """Say what a load would do with a file, and where it would be moved."""
        with self.about(path) as (entry, _):
            if tried is None:
                say(_AFTER_MIGRATION)
                entry["outcome"] = "unknown"
                return
            try:
                inbox.check_kind(path)
                done = showing.load(tried, self.request(path), showing.Showing(lang=self.lang), dry_run=True)
                if done.new:
                    check_reason(done.wave, self.job.reason, done.before, done.revision - 1)
                    confirm(done.wave, done.losses, self.lang)
            except JumelageError as error:
                found = {"outcome": "refused", "exit": self.refused(error)}
            else:
                found = _told(done, "loaded")
            entry.update(found)
            say(filled(_WOULD_MOVE, f"{inbox.REFUSED if found['exit'] else inbox.DONE}/{path.name}"))


def _told(done: Loaded, outcome: str) -> dict[str, Any]:
    return {
        "outcome": outcome if done.new else "unchanged",
        "exit": 0,
        "wave": done.wave,
        "revision": done.revision,
    }
