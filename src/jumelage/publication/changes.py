"""What differs from an earlier revision, or from the publication before, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jumelage import database
from jumelage.render.words import kind
from jumelage.reporting.diff import differences
from jumelage.texts import LANGUAGES, Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from jumelage.reporting.diff import Change
    from jumelage.revisions.scope import Scope

CHANGES = "CHANGES"
_MOST = 200  # of one wave that are written out
_MOST_CELLS = 20  # of one report
_FIRST = Label("Rien n’a été publié ici auparavant.", "Nothing was published here before.")
_WAVE = Label("Vague {}, de la révision {} à la révision {}", "Wave {}, from revision {} to revision {}")
_SAME = Label("Vague {}, révision {}\u00a0: les mêmes lignes.", "Wave {}, revision {}: the same rows.")
_ADDED = Label("Vague {}\u00a0: publiée pour la première fois.", "Wave {}: published for the first time.")
_GONE = Label("Vague {}\u00a0: n’est plus publiée.", "Wave {}: no longer published.")
_OTHER = Label(
    "Vague {}, révision {}\u00a0: cette base ne connaît pas la révision publiée avant.",
    "Wave {}, revision {}: this database does not know the revision that was published before.",
)
_AROUND = {
    "code_lists": Label("Les listes de codes ont changé.", "The code lists have changed."),
    "register": Label("Le registre des autorités a changé.", "The register of authorities has changed."),
    "repairs": Label(
        "Ce qui est montré de `jumelage repair` a changé.", "What is shown of `jumelage repair` has changed."
    ),
    "implied": Label(
        "Ce qui est montré de `jumelage implied` a changé.", "What is shown of `jumelage implied` has changed."
    ),
    "software": Label("Une autre version du logiciel.", "Another version of the software."),
    "code": Label(
        "Le logiciel, ses vues ou ses rapports ont changé.", "The software, its views or its reports have changed."
    ),
}
_MORE = Label("… et {} de plus", "… and {} more")
_LOADED = Label("révision {}, du {}", "revision {}, of {}")
_NO_CELL = Label("aucune cellule de ce tableau n’a changé", "no cell of this table has changed")


class Compared:
    """Revisions held against earlier ones, each pair once."""

    def __init__(self, connection: Connection) -> None:
        """Begin with none."""
        self.connection = connection
        self._found: dict[tuple[str, int, int], tuple[Change, ...]] = {}

    def since(self, revision: int, scope: Scope) -> tuple[Change, ...]:
        """Return what differs between an earlier revision of a wave and the one in scope."""
        wave, later = scope.single
        if (key := (wave, revision, later)) not in self._found:
            earlier = replace(scope, revisions=((wave, revision),), remarks=())
            self._found[key] = tuple(differences(self.connection, earlier, scope))
        return self._found[key]


def written(compared: Compared, scopes: Iterable[Scope], before: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """Return what differs from the publication of which the inputs were `before`, in both languages."""
    found = list(_differing(compared, scopes, before, inputs)) if before else [_FIRST]
    return "\n".join("\n".join(line.text(lang) for line in found) + "\n" for lang in LANGUAGES)


def _differing(
    compared: Compared, scopes: Iterable[Scope], before: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Iterator[Label]:
    for name, said in _AROUND.items():
        if before.get(name) != inputs.get(name):
            yield said
    had = {one["wave"]: one for one in before["waves"]}
    has = {one["wave"]: one for one in inputs["waves"]}
    singles = {scope.single[0]: scope for scope in scopes if len(scope.revisions) == 1}
    known = {
        (wave, revision): digest
        for wave, revision, digest in database.query(
            compared.connection, "select wave, revision, content_hash from survey.revisions"
        )[1]
    }
    for wave in dict.fromkeys([*had, *has]):
        old, new = had.get(wave), has.get(wave)
        if old is None or new is None:
            yield filled(_ADDED if old is None else _GONE, wave)
        elif old == new:
            yield filled(_SAME, wave, new["revision"])
        elif known.get((wave, old["revision"])) != old["content_hash"]:
            yield filled(_OTHER, wave, new["revision"])
        else:
            yield filled(_WAVE, wave, old["revision"], new["revision"])
            if wave in singles:
                yield from _lines(compared.since(old["revision"], singles[wave]), _MOST)


def _lines(changes: Sequence[Change], most: int) -> Iterator[Label]:
    for one in changes[:most]:
        yield Label(*(f"  {_told(one, lang)}" for lang in LANGUAGES))
    if len(changes) > most:
        yield Label(*(f"  {_MORE.text(lang).format(len(changes) - most)}" for lang in LANGUAGES))


def _told(change: Change, lang: str) -> str:
    place = " ".join(part for part in (kind(change.what, lang), change.name, change.key, change.measure) if part)
    was, becomes = ("–" if value is None else str(value) for value in (change.before, change.after))
    return f"{place}{chr(160) if lang == 'fr' else ''}: {was} → {becomes}"


def histories(compared: Compared, scope: Scope) -> dict[str, tuple[Label, ...]]:
    """Return, by report, what changed in it from the revision before to the one in scope; nothing for a first one.

    Each line names a cell; where no report is named, nothing of it changed.
    """
    if len(scope.revisions) > 1:
        return {}
    wave, revision = scope.single
    rows = database.query(
        compared.connection,
        f"select revision, loaded_at from survey.revisions where wave = {database.literal(wave)} "
        f"and revision <= {revision} order by revision desc limit 2",
    )[1]
    if len(rows) == 1:
        return {}
    (_, loaded_at), (earlier, _) = rows
    head = filled(_LOADED, revision, str(loaded_at)[:10])
    changes: dict[str, list[Change]] = {}
    for one in compared.since(earlier, scope):
        if one.what in {"cell", "figure"}:
            changes.setdefault(one.name, []).append(one)
    found = {name: (head, *_lines(listed, _MOST_CELLS)) for name, listed in changes.items()}
    return {"": (head, _NO_CELL)} | found
