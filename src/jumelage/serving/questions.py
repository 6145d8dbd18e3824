"""What is asked over HTTP: a query with its scope and the form of its answer, read from JSON or from a form."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jumelage.errors import UsageError
from jumelage.querying.desk import read_values
from jumelage.texts import LANGUAGES, Label, both, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMS = ("json", "csv", "parquet", "jsonl")
PAGE = "page"  # what a form asks for if it wants no file
LARGEST = 1 << 20  # bytes of a request
_MOST_FIELDS = 50
_SCOPE = ("wave", "as_of", "classified_on", "kind")
_TEXT = {"type": "string"}
# The fields of a question: their JSON schema, and what they are.
FIELDS: dict[str, tuple[dict[str, Any], Label]] = {
    "sql": (_TEXT, Label("la requête, une seule", "the query, a single one")),
    "parameters": (
        {"type": "object", "additionalProperties": {"type": ["string", "number", "integer"]}},
        Label("les valeurs des paramètres $nom", "the values of the parameters $name"),
    ),
    "wave": (
        _TEXT,
        Label(
            "la vague, 2006, ou sa révision, 2006@1\u00a0; plusieurs\u00a0: 2006,2012, ou all\u00a0; par défaut la "
            "dernière qui ne soit pas fictive",
            "the wave, 2006, or its revision, 2006@1; several: 2006,2012, or all; by default the latest that is not "
            "synthetic",
        ),
    ),
    "as_of": (
        _TEXT,
        Label(
            "ce qui était chargé et non retiré à cette date (2012-03-31) ou cet instant (UTC)",
            "what was loaded and not withdrawn by that day (2012-03-31) or time (UTC)",
        ),
    ),
    "classified_on": (
        _TEXT,
        Label("les zones des pays à cette date, 2007-01-01", "the zones of countries on that date, 2007-01-01"),
    ),
    "without_inferred": (
        {"type": "boolean", "default": False},
        Label("sans les lignes déduites de totaux", "without rows inferred from totals"),
    ),
    "kind": (_TEXT, Label("une sorte d’autorité, commune ou epci", "a kind of authority, such as commune or epci")),
    "format": (
        {"enum": list(FORMS), "default": "json"},
        Label("la forme de la réponse", "the form of the answer"),
    ),
    "lang": (
        {"enum": list(LANGUAGES), "default": "en"},
        Label("la langue des messages", "the language of what is said"),
    ),
}


_ENDLESS = (float("inf"), float("-inf"))  # what a number becomes that is too large, and a word that JSON has not


@dataclass(frozen=True, slots=True)
class Question:
    """A query and what it is about; texts are None where nothing was said.

    `whole` asks for a file with all rows, also where the form would do for an answer with the first ones.
    """

    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    wave: str | None = None
    as_of: str | None = None
    classified_on: str | None = None
    kind: str | None = None
    without_inferred: bool = False
    format: str = "json"
    lang: str = "en"
    whole: bool = False


def language_of(given: str | None) -> str:
    """Return a language that there is."""
    return given if given in LANGUAGES else LANGUAGES[-1]


def question_of_json(data: bytes) -> Question:
    """Read a question as programs ask it; UsageError for what is not of its form."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(both("le corps n’est pas du JSON", "the body is not JSON")) from None
    if not isinstance(given, dict):
        raise UsageError(both("le corps n’est pas un objet JSON", "the body is not a JSON object"))
    for name in given:
        if name not in FIELDS:
            raise UsageError(both("il n’y a pas de champ {!r}\u00a0; {}", "there is no field {!r}; {}", name,
                                  nearest(name, FIELDS)))  # fmt: skip
    for name, (schema, _) in FIELDS.items():
        if given.get(name) is not None and not _fits(given[name], schema):
            raise UsageError(both("{} n’est pas de la forme {}", "{} is not of the form {}", name, json.dumps(schema)))
    if given.get("sql") is None:
        raise UsageError(both("il manque le champ sql", "the field sql is missing"))
    said = {name: value for name, value in given.items() if value is not None}
    found = Question(**said)
    return replace(found, whole=found.format != "json")


def _fits(value: object, schema: Mapping[str, Any]) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    if schema["type"] == "object":
        return isinstance(value, dict) and all(
            isinstance(one, str | int | float) and not isinstance(one, bool) and one not in _ENDLESS
            for one in value.values()
        )
    return isinstance(value, bool if schema["type"] == "boolean" else str)


def fields_of_form(data: bytes) -> dict[str, str]:
    """Read the fields of a form as a browser sends them; UsageError for what is none."""
    try:
        return dict(parse_qsl(data.decode("ascii"), max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise UsageError(both("le formulaire est illisible", "the form cannot be read")) from None


def question_of_form(fields: Mapping[str, str]) -> Question:
    """Make a question of the fields of a form: parameters are lines, and what is empty was not said."""
    lines = (line.strip() for line in fields.get("parameters", "").splitlines())
    form = fields.get("format", PAGE)
    if form not in {PAGE, *FORMS}:
        raise UsageError(both("il n’y a pas de forme {!r}", "there is no form {!r}", form))
    return Question(
        fields.get("sql", "").replace("\r\n", "\n"),
        read_values([line for line in lines if line]),
        **{name: fields[name].strip() for name in _SCOPE if fields.get(name, "").strip()},
        without_inferred="without_inferred" in fields,
        format=FORMS[0] if form == PAGE else form,
        lang=language_of(fields.get("lang")),
        whole=form != PAGE,
    )
