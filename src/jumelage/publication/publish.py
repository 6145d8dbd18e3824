"""Publish: what is asked for is computed and written into a folder beside, which is then swapped in whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jumelage.errors import DataError, OutputError
from jumelage.publication.changes import CHANGES, Compared, written
from jumelage.publication.editions import Edition, compute
from jumelage.publication.files import FORMATS, SITE, SNAPSHOT, SNAPSHOT_FILE, files
from jumelage.publication.inputs import inputs_of
from jumelage.publication.snapshot import write_snapshot
from jumelage.publication.swap import WAIT, Swapped, building, finished_of, is_whole, manifest_of
from jumelage.render.html import ASSETS
from jumelage.render.page import page_title
from jumelage.render.site import Site, index_page, start_of
from jumelage.render.words import words
from jumelage.repairing import implications, story
from jumelage.repairing.publication import check_content
from jumelage.texts import LANGUAGES, both, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from jumelage.publication.swap import Building
    from jumelage.repairing.implications import Implications
    from jumelage.revisions.scope import Scope

_COMPARED = "waves/"  # where the comparison of all waves stands


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to publish: some of FORMATS, in which languages, and what to do with a check that finds something.

    `force` publishes what has not changed again; `wait` is in seconds; `base_url` is where the folder will stand.
    `repairs` and `implied` are stored results of the commands `repair` and `implied`, of which each is shown with the
    wave that it is of.
    """

    formats: tuple[str, ...] = FORMATS
    langs: tuple[str, ...] = LANGUAGES
    force: bool = False
    allow_findings: bool = False
    wait: float = WAIT
    base_url: str = ""
    repairs: tuple[dict[str, Any], ...] = ()
    implied: tuple[Implications, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What is published and what to open of it, how many figures have which status, and what became of others' files.

    `waves` are revisions. `swapped` is None where nothing had changed since the last one, which is left as it is.
    `findings` are what the check found, where that was allowed.
    """

    waves: tuple[str, ...]
    pages: tuple[Path, ...]
    statuses: dict[str, int]
    swapped: Swapped | None
    findings: tuple[str, ...] = ()


def publish(
    connection: Connection,
    scopes: Sequence[Scope],
    out: Path,
    wanted: Wanted = Wanted(),  # frozen
) -> Published:
    """Check what is in scope and publish it into a folder: one wave, several that are compared, or each for itself.

    Several scopes stand in folders named after their wave, and that of several waves in `waves/`. `out` becomes a link
    to a finished folder beside it, named after its content: the swap is one rename. DataError, and nothing published,
    where the check finds a problem.
    """
    try:
        with building(out, wanted.wait) as made:
            before = finished_of(out)
            known = manifest_of(before) if before is not None else {}
            inputs = inputs_of(connection, scopes) | _asked(wanted)
            _check_stored(wanted, inputs["waves"])
            same_as_before = known.get("inputs") == inputs and before is not None and is_whole(before)
            if same_as_before and not wanted.force:
                return Published(
                    _named(scopes), _opened(out, wanted), known["statuses"], None, tuple(known["findings"])
                )
            compared = Compared(connection)
            return _publish(compared, scopes, made, wanted, inputs, known.get("inputs", {}))
    except OSError as error:
        raise OutputError(
            both("{} ne peut être publié\u00a0: {}", "{} cannot be published: {}", out, error.strerror or str(error))
        ) from error


def _publish(
    compared: Compared,
    scopes: Sequence[Scope],
    made: Building,
    wanted: Wanted,
    inputs: dict[str, Any],
    before: dict[str, Any],
) -> Published:
    connection = compared.connection
    statuses: dict[str, int] = {}
    findings: list[str] = []
    editions: list[Edition] = []
    for scope in scopes:
        edition = compute(connection, scope, "" if len(scopes) == 1 else _folder(scope))
        edition = _with_stored(edition, wanted, inputs["waves"])
        if edition.problems and not wanted.allow_findings:
            raise DataError(
                both(
                    "rien n’a été publié\u00a0; `jumelage check` dit\u00a0:\n{}",
                    "nothing was published; `jumelage check` says:\n{}",
                    same("\n".join(edition.problems)),
                )
            )
        findings += edition.problems
        for status, number in (edition.ledger.counts() if edition.ledger else {}).items():
            statuses[status] = statuses.get(status, 0) + number
        for name, data in files(compared, edition, wanted.formats, wanted.langs, wanted.base_url):
            made.write(name, data)
        editions.append(edition)
    if SITE in wanted.formats:
        _write_start(made, editions, wanted)
    made.place(CHANGES).write_text(written(compared, scopes, before, inputs), encoding="utf-8")
    manifest: dict[str, Any] = {"inputs": inputs, "statuses": statuses, "findings": findings}
    if SNAPSHOT in wanted.formats:
        manifest["snapshot"] = write_snapshot(connection, scopes, made.place(SNAPSHOT_FILE))
    return Published(_named(scopes), _opened(made.out, wanted), statuses, made.finish(manifest), tuple(findings))


def _named(scopes: Iterable[Scope]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{wave}@{revision}" for scope in scopes for wave, revision in scope.revisions))


def _asked(wanted: Wanted) -> dict[str, Any]:
    """Return what was asked for that makes the files what they are."""
    asked: dict[str, Any] = {
        "formats": list(wanted.formats),
        "languages": list(wanted.langs),
        "base_url": wanted.base_url,
    }
    if wanted.repairs:
        asked["repairs"] = [_digest(story.written(one)) for one in wanted.repairs]
    if wanted.implied:
        asked["implied"] = [_digest(implications.written(one)) for one in wanted.implied]
    return asked


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_stored(wanted: Wanted, waves: Sequence[dict[str, Any]]) -> None:
    """Raise UsageError for a stored result of a content that is not published."""
    known = {one["content_hash"] for one in waves}
    for one in wanted.repairs:
        check_content("repair", one, known)
    for found in wanted.implied:
        check_content("implied", found.about, known)


def _with_stored(edition: Edition, wanted: Wanted, waves: Sequence[dict[str, Any]]) -> Edition:
    """Return the edition of a single wave with the stored results that are of it; another one as it is."""
    if len(edition.scope.revisions) > 1:
        return edition
    hashes = {(one["wave"], one["revision"]): one["content_hash"] for one in waves}
    own = hashes[edition.scope.single]
    repairs = (one for one in wanted.repairs if one["content_hash"] == own)
    implied = (one for one in wanted.implied if one.about["content_hash"] == own)
    return replace(edition, repairs=next(repairs, None), implied=next(implied, None))


def _folder(scope: Scope) -> str:
    return _COMPARED if len(scope.revisions) > 1 else f"{scope.single[0]}/"


def _opened(out: Path, wanted: Wanted) -> tuple[Path, ...]:
    return tuple(out / start_of(lang) for lang in wanted.langs) if SITE in wanted.formats else (out,)


def _write_start(made: Building, editions: Sequence[Edition], wanted: Wanted) -> None:
    """Write what all pages share, the page that leads to the languages, and that which leads to several editions."""
    for name, path in ASSETS.items():
        made.write(name, path.read_bytes())
    titles = {}
    for lang in wanted.langs:
        w = words(lang)
        titles[lang] = page_title(editions[-1].waves, lang) if len(editions) == 1 else w["all_waves"]
        if len(editions) > 1:
            site = Site(titles[lang], lang, wanted.langs, "", ((start_of(lang), w["start"]),))
            listed = [
                (f"{one.folder}{start_of(lang)}", page_title(one.waves, lang), _told(one, lang)) for one in editions
            ]
            name, text = site.write("waves", start_of(lang), editions=listed, whole=_beside(wanted))
            made.write(name, text.encode())
    made.write("index.html", index_page(titles).encode())


def _beside(wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """Return the files that hold everything, whatever the language."""
    return ((SNAPSHOT_FILE, "DuckDB"),) if SNAPSHOT in wanted.formats else ()


def _told(edition: Edition, lang: str) -> str:
    """Say which revision an edition is of, and whether that is made up."""
    named = ", ".join(f"{one.wave}@{one.revision}" for one in edition.waves)
    return f"{named} ({words(lang)['made_up']})" if all(one.synthetic for one in edition.waves) else named
