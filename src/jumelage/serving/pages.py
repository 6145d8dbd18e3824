"""The served pages: queries and their results, the interface for programs, and what stands where nothing is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from jumelage.querying.output import is_numeric, read_by_people
from jumelage.render.html import render_template
from jumelage.serving.guard import new_nonce, policy_of_page
from jumelage.serving.problems import KINDS
from jumelage.serving.questions import FIELDS, FORMS, PAGE
from jumelage.serving.service import scope_said
from jumelage.serving.words import words
from jumelage.texts import readable_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from jumelage.serving.problems import Problem
    from jumelage.serving.service import Answer, Settings
    from jumelage.serving.stored import Stored

MOST_SHOWN = 1000  # rows of a table for people: whoever wants more wants a file
_FILES = tuple(form for form in FORMS if form != "jsonl")


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as the page shows it: a table with its heads, or the plan; what is said of it, and its remarks."""

    said: str
    remarks: Sequence[str]
    heads: Sequence[tuple[str, str, bool]] = ()
    rows: Sequence[Sequence[str]] = ()
    plan: str = ""


def shown_answer(answer: Answer, lang: str) -> Shown:
    """Lay out an answer."""
    w, scope = words(lang), scope_said(answer.scope, lang)
    rows = answer.rows
    said = [f"{answer.seconds:.2f}".replace(".", "," if lang == "fr" else ".") + f"\u00a0{w['seconds']}"]
    said.append(", ".join(scope["revisions"]))
    if rows is None or answer.plan is not None:
        return Shown(" – ".join(said), scope["remarks"], plan="\n".join(answer.plan or ()))
    count = len(rows.rows)
    plural = count > 1 or (count == 0 and lang == "en")
    name = w["rows" if plural else "row"]
    counted = readable_count(count, name, name).text(lang)
    said.insert(0, f"{counted} ({w['more']})" if rows.more else counted)
    heads = [(name, kind.lower(), is_numeric(kind)) for name, kind in zip(rows.names, rows.types, strict=True)]
    return Shown(" – ".join(said), scope["remarks"], heads, [list(map(read_by_people, row)) for row in rows.rows])


def _page(name: str, lang: str, here: str, status: int = 200, headers: Mapping[str, str] | None = None,
          **said: Any) -> Response:  # fmt: skip  # noqa: ANN401
    nonce = new_nonce()
    text = render_template(f"served_{name}", lang=lang, w=words(lang), here=here, nonce=nonce, **said)
    return HTMLResponse(text, status, {"Content-Security-Policy": policy_of_page(nonce), **(headers or {})})


def query_page(
    lang: str,
    fields: Mapping[str, str],
    tables: Mapping[str, Sequence[tuple[str, str]]],
    stored: Sequence[Stored],
    *,
    token_wanted: bool,
    found: Shown | Problem | None = None,
) -> Response:
    """Write the page of queries, with what came of one if one was asked."""
    shown = found if isinstance(found, Shown) else None
    problem = found if found and not isinstance(found, Shown) else None
    # A browser may send a request again that is answered by 408: whoever looks at a page is told the same by 503.
    status = {408: 503}.get(problem.kind.status, problem.kind.status) if problem else 200
    return _page(
        "sql",
        lang,
        "sql",
        status,
        problem.headers if problem else None,
        fields=dict.fromkeys(FIELDS, "") | dict(fields),
        tables=tables,
        stored=stored,
        forms=_FILES,
        page=PAGE,
        token_wanted=token_wanted,
        shown=shown,
        error=problem.said(lang) if problem else None,
    )


def api_page(lang: str, settings: Settings) -> Response:
    """Write the page on the interface for programs."""
    fields = [(name, json.dumps(schema), what.text(lang)) for name, (schema, what) in FIELDS.items()]
    problems = [(kind.status, kind.name, kind.title.text(lang)) for kind in KINDS.values()]
    limits = {
        "rows": settings.most_rows,
        "seconds": settings.limits.seconds,
        "megabytes": settings.limits.megabytes,
        "at_once": settings.at_once,
    }
    return _page("api", lang, "api", fields=fields, problems=problems, limits=limits)


def nothing_page(lang: str, up: str, *, published: bool) -> Response:
    """Write what stands at an address where nothing is: how to publish, if nothing is published."""
    return _page("nothing", lang, "", 404, up=up, published=published)
