"""The description of the interface for programs, as OpenAPI 3.1 has it."""

from __future__ import annotations

from typing import Any

from jumelage import __version__
from jumelage.serving.problems import KINDS, MEDIA
from jumelage.serving.questions import FIELDS
from jumelage.serving.service import Settings  # noqa: TC001

_STRING = {"type": "string"}
_WHOLE = {"type": "integer"}
_FILES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "jsonl": "application/x-ndjson"}
MEDIA_OF = {"json": "application/json", **_FILES}


def description(settings: Settings, *, token_wanted: bool) -> dict[str, Any]:
    """Return it, with the limits of this server."""
    fields = {name: {**schema, "description": what.en} for name, (schema, what) in FIELDS.items()}
    question = {"type": "object", "required": ["sql"], "additionalProperties": False, "properties": fields}
    problem = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _STRING,
            "title": _STRING,
            "status": _WHOLE,
            "detail": _STRING,
            "line": _WHOLE,
            "column": _WHOLE,
        },
    }
    refused: dict[str, Any] = {}
    for kind in KINDS.values():
        said = refused.setdefault(str(kind.status), {"description": kind.title.en})
        if kind.title.en not in said["description"]:
            said["description"] += f"; {kind.title.en}"
        said["content"] = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if kind.retry:
            said["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    ok = {
        "description": f"At most {settings.most_rows} rows as JSON; a file has all of them.",
        "content": {
            MEDIA_OF["json"]: {"schema": {"$ref": "#/components/schemas/Answer"}},
            **{media: {"schema": _STRING} for media in _FILES.values()},
        },
    }
    operation: dict[str, Any] = {
        "operationId": "query",
        "summary": "Ask a query: it only reads, sees the wave in scope, and ends within its limits.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}}},
        },
        "responses": {"200": ok, **refused},
    }
    components: dict[str, Any] = {"schemas": {"Question": question, "Answer": _ANSWER, "Problem": problem}}
    if token_wanted:
        operation["security"] = [{"token": []}]
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "jumelage", "version": "1", "description": f"Served by jumelage {__version__}."},
        "servers": [{"url": "../.."}],
        "paths": {"/api/v1/query": {"post": operation}},
        "components": components,
    }


_ANSWER = {
    "type": "object",
    "required": ["columns", "rows", "more", "seconds", "scope"],
    "properties": {
        "columns": {
            "type": "array",
            "items": {"type": "object", "required": ["name", "type"], "properties": {"name": _STRING, "type": _STRING}},
        },
        "rows": {"type": "array", "items": {"type": "array"}},
        "more": {"type": "boolean", "description": "Whether there are more rows than these."},
        "seconds": {"type": "number"},
        "scope": {
            "type": "object",
            "properties": {
                "revisions": {"type": "array", "items": _STRING},
                "with_inferred": {"type": "boolean"},
                "classified_on": {"type": ["string", "null"]},
                "kind": {"type": ["string", "null"]},
                "remarks": {"type": "array", "items": _STRING},
            },
        },
    },
}
