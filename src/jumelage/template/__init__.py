"""The workbook that is handed out for a new wave, filled in as far as an earlier wave tells."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage import content, database
from jumelage.database.models import ASKED_OF, QUESTION_KINDS, QUESTION_LISTS
from jumelage.errors import OutputError, UsageError
from jumelage.reading.management import with_management
from jumelage.reading.restore import asked as asked_by
from jumelage.reading.shapes import ITEMS, SHAPES, Rows
from jumelage.reading.source import MOST_COLUMNS
from jumelage.reading.wave_toml import is_code
from jumelage.revisions.scope import set_scope
from jumelage.template.questions import own_columns, own_lists
from jumelage.template.sheets import Filling, texts, workbook
from jumelage.texts import LANGUAGES, NOT_WRITTEN, Label, both, filled, folded
from jumelage.writing import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope

_MADE = b"2000-01-01T00:00:00Z"
_MADE_ZIP = (2000, 1, 1, 0, 0, 0)
_FACTS = {
    "title.fr": "title_fr",
    "title.en": "title_en",
    "frame_rule.fr": "frame_rule_fr",
    "frame_rule.en": "frame_rule_en",
    "population": "population_concept",
    "fieldwork.mode": "mode",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a new wave takes over from an earlier one: its towns, its own questions, and what it says of itself.

    `frame` holds name, INSEE code and population of each town; `facts` holds texts, or codes of a list, by dotted
    key of wave.toml; `asked` is what `restore.asked` returns.
    """

    code: str
    revision: int
    frame: tuple[tuple[str, str, int], ...]
    facts: dict[str, str]
    asked: dict[str, Rows] = field(default_factory=dict)


def earlier_wave(connection: Connection, scope: Scope) -> Earlier:
    """Read what may be taken over from the one wave in scope, its towns in French alphabetical order.

    UsageError for a synthetic wave: made-up data has no place in a real one.
    """
    code, revision = scope.single
    set_scope(connection, scope)
    _, ((synthetic, *facts),) = database.query(connection, f"select synthetic, {', '.join(_FACTS.values())} from waves")
    if synthetic:
        raise UsageError(
            both(
                "la vague {} est fictive\u00a0: son champ et ses populations sont inventés\u00a0; "
                "prenez ceux d’une vague réelle",
                "wave {} is synthetic: its frame and populations are made up; take those of a real wave",
                code,
            )
        )
    _, towns = database.query(
        connection,
        "select c.name, c.code, r.population from respondents r join cities c on c.code = r.city "
        "order by c.sort_key, c.code",
    )
    _, ((country, apart),) = database.query(
        connection,
        "select r.home_country, r.home_apart from survey.revisions r "
        "join scope s on s.wave = r.wave and s.revision = r.revision",
    )
    home = {"home.country": country, "home.apart": "yes" if apart else "no"}
    return Earlier(
        code,
        revision,
        tuple((name, city, int(population)) for name, city, population in towns),
        {key: text for key, text in zip(_FACTS, facts, strict=True) if text} | home,
        _asked_again(
            asked_by(connection, f"{code}@{revision}", "survey.", f"where wave = '{code}' and revision = {revision}")
        ),
    )


def _asked_again(asked: dict[str, Rows]) -> dict[str, Rows]:
    """Leave out the defaults that say how the earlier wave was published: of a new one, whoever is asked may answer."""
    if asked:
        defaults = asked["questions"].fields["default_answer"]
        defaults[:] = [None if answer in {"not_asked", "not_published"} else answer for answer in defaults]
    return asked


def write_template(
    out: Path,
    wave: str,
    lang: str = "fr",
    earlier: Earlier | None = None,
    asked: dict[str, Rows] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write the workbook for a new wave: whole, or not at all.

    Drop-down lists are in `lang`. `asked` are the wave's own questions, as `restore.asked` returns them, in place of
    those of the earlier wave. UsageError for what is not the code of a wave, not an .xlsx, or exists already, and for
    more questions than a sheet may have columns.
    """
    if not is_code(wave):
        raise UsageError(
            both(
                "{!r} n’est pas un code de vague\u00a0: minuscules, chiffres et traits d’union, 40 au plus\u00a0; "
                "all, total et unknown ont un sens à eux",
                "{!r} is not the code of a wave: lower-case letters, digits and hyphens, at most 40; "
                "all, total and unknown have a meaning of their own",
                wave,
            )
        )
    if out.suffix.lower() != ".xlsx":
        raise UsageError(
            both(
                "{}\u00a0: un modèle est un classeur Excel\u00a0; donnez-lui un nom qui finit par .xlsx",
                "{}: a template is an Excel workbook; give it a name that ends in .xlsx",
                out,
            )
        )
    try:
        if not overwrite and (out.exists() or out.is_symlink()):
            raise UsageError(
                both(
                    "{} existe déjà\u00a0; choisissez un autre nom, ou remplacez-le\u00a0: --overwrite",
                    "{} already exists; choose another name, or replace it: --overwrite",
                    out,
                )
            )
        write_whole([_bytes(workbook(_filling(wave, lang, earlier, asked)))], out.resolve())
    except OSError as error:
        raise OutputError(filled(NOT_WRITTEN, out, error.strerror)) from error


def _filling(wave: str, lang: str, earlier: Earlier | None, asked: dict[str, Rows] | None) -> Filling:
    towns: tuple[tuple[str, str, int], ...] = ()
    facts: dict[str, str] = {}
    taken = Label("", "")
    if earlier is not None:
        towns, facts = _told_apart(earlier.frame), earlier.facts
        taken = Label(*(texts()["taken"][of].format(code=earlier.code, revision=earlier.revision) for of in LANGUAGES))
        asked = earlier.asked if asked is None else asked
    questions = with_management(asked["questions"] if asked else None, None)
    nothing = Rows(questions.document, [], {column: [] for column in ITEMS.columns})
    asked = {"questions": questions, "question_items": asked["question_items"] if asked else nothing}
    labels = choices(lang) | own_lists(asked, lang)
    columns = own_columns(asked, texts()["asked"])
    if len(columns) > (most := MOST_COLUMNS - len(SHAPES["respondents"].columns)):
        raise UsageError(
            both(
                "{} questions sont trop pour une feuille\u00a0; {} au plus y ont une colonne",
                "{} questions are too many for a sheet: {} at most have a column there",
                sum(line > 0 for line in questions.lines),
                most - questions.lines.count(0),
            )
        )
    return Filling(wave, labels, towns, facts, taken, asked, columns)


def _told_apart(towns: tuple[tuple[str, str, int], ...]) -> tuple[tuple[str, str, int], ...]:
    """Put the code behind a name that several towns of the frame bear: the drop-down lists know names alone."""
    bearers = Counter(folded(name) for name, _, _ in towns)
    return tuple(
        (f"{name} {code}" if bearers[folded(name)] > 1 else name, code, population) for name, code, population in towns
    )


def choices(lang: str) -> dict[str, dict[str, str]]:
    """Return the labels of each drop-down list by code: by position, countries in alphabetical order."""
    found: dict[str, dict[str, str]] = {}
    for row in sorted(content.code_list("answer_codes"), key=lambda row: int(row["position"])):
        found.setdefault(row["list"], {})[row["code"]] = row[f"label_{lang}"]
    for name in ("actions", "difficulties"):
        rows = sorted(content.code_list(name), key=lambda row: int(row["position"]))
        found[name] = {row["code"]: row[f"label_{lang}"] for row in rows}
    countries = sorted(content.code_list("countries"), key=lambda row: folded(row[f"label_{lang}"]))
    found["countries"] = {row["code"]: row[f"label_{lang}"] for row in countries}
    for name, codes in {"question_kinds": QUESTION_KINDS, "asked_of": ASKED_OF, "code_lists": QUESTION_LISTS}.items():
        found[name] = {code: code for code in codes}
    return found


def _bytes(book: Workbook) -> bytes:
    """Save a workbook under one date throughout, so that the same template has the same bytes."""
    saved, made = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename == "docProps/core.xml":
                text = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + _MADE, text)
            new.writestr(zipfile.ZipInfo(entry.filename, _MADE_ZIP), text, zipfile.ZIP_DEFLATED)
    return made.getvalue()
