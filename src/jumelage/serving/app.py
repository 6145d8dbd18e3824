"""The addresses of the server, and what answers at each."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from jumelage.errors import JumelageError
from jumelage.render.html import ASSETS
from jumelage.serving import pages
from jumelage.serving.guard import Guard, Tokens, body_of
from jumelage.serving.openapi import MEDIA_OF, description
from jumelage.serving.problems import MEDIA, ProblemError, is_for_us, problem_of, problem_of_status
from jumelage.serving.questions import Question, fields_of_form, language_of, question_of_form, question_of_json
from jumelage.serving.service import Answer, GivenUpError, Service, as_json
from jumelage.serving.site import Published
from jumelage.serving.stored import stored_queries
from jumelage.writing import in_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Scope

    from jumelage.serving.problems import Problem

_OWN = Path(__file__).with_name("assets")
_ASSETS = {path.name: path for path in (*_OWN.iterdir(), ASSETS["assets/style.css"])}
_GONE = 499  # nobody reads it


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: answers, the folder of a publication, that of kept queries, and who may ask.

    `tell` says what is for whoever runs the server; `own` tells whether a host is ours.
    """

    service: Service
    out: Path
    queries: Path | None
    tokens: Tokens
    tell: Callable[[str], None]
    own: Callable[[str], bool]
    proxy: bool = False


def make_app(served: Served) -> ASGIApp:
    """Make the app."""
    desk = _Addresses(served)
    app = Starlette(
        routes=[
            Route("/sql", desk.query_page, methods=["GET"]),
            Route("/sql", desk.query_form, methods=["POST"]),
            Route("/sql/assets/{name}", desk.asset, methods=["GET"]),
            Route("/api", desk.api_page, methods=["GET"]),
            Mount(
                "/api/v1",
                routes=[
                    Route("/query", desk.query, methods=["POST"]),
                    Route("/openapi.json", desk.openapi, methods=["GET"]),
                ],
            ),
            Mount("/", Published(served.out)),
        ],
        exception_handlers={HTTPException: desk.refused, ProblemError: desk.failed, JumelageError: desk.failed,
                            GivenUpError: desk.failed, ClientDisconnect: desk.failed,
                            Exception: desk.failed},
    )  # fmt: skip
    return Guard(app, desk.turned_away, own=served.own, proxy=served.proxy)


class _Addresses:
    def __init__(self, served: Served) -> None:
        self._served = served

    async def query(self, request: Request) -> Response:
        """Answer a program."""
        self._served.tokens.check(request.headers)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ProblemError("wrong-media")
        data = await body_of(request)
        question = question_of_json(data)
        request.state.lang = question.lang
        answer = await self._answer(request, question)
        if answer.file is not None:
            return _file(answer.file, question.format)
        return Response(as_json(answer, question.lang), media_type=MEDIA_OF["json"])

    async def query_page(self, request: Request) -> Response:
        """Show the page of queries, with one that is kept if it is named."""
        lang = _lang(request)
        kept = {one.name: one for one in stored_queries(self._served.queries)}
        one = kept.get(request.query_params.get("query", ""))
        return await self._page(lang, {"sql": one.sql} if one else {})

    async def query_form(self, request: Request) -> Response:
        """Answer a form: by the page with the result, or by a file."""
        fields = fields_of_form(await body_of(request))
        lang = request.state.lang = language_of(fields.get("lang"))
        try:
            self._served.tokens.check(request.headers, fields.pop("token", ""))
            question = question_of_form(fields)
            answer = await self._answer(request, question, pages.MOST_SHOWN)
        except JumelageError as error:
            return await self._page(lang, fields, self._problem(error))
        if answer.file is not None:
            return _file(answer.file, question.format)
        return await self._page(lang, fields, pages.shown_answer(answer, lang))

    async def _page(self, lang: str, fields: dict[str, str], found: pages.Shown | Problem | None = None) -> Response:
        try:
            tables = await run_sync(self._served.service.tables, Question(""))
        except JumelageError as error:
            self._problem(error)
            tables = {}
        stored = await run_sync(stored_queries, self._served.queries)
        wanted = self._served.tokens.wanted
        return await run_sync(partial(pages.query_page, lang, fields, tables, stored, token_wanted=wanted, found=found))

    async def _answer(self, request: Request, question: Question, most: int | None = None) -> Answer:
        """Answer a question in a thread, and give it up when whoever asked is gone."""
        job = self._served.service.job(question, most)

        async def until_gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            await run_sync(job.stop, abandon_on_cancel=True)

        return await _first(partial(run_sync, job.run), until_gone)

    async def api_page(self, request: Request) -> Response:
        """Show how programs ask."""
        return pages.api_page(_lang(request), self._served.service.settings)

    async def openapi(self, request: Request) -> Response:
        """Describe that for machines."""
        del request
        wanted = self._served.tokens.wanted
        return JSONResponse(description(self._served.service.settings, token_wanted=wanted))

    async def asset(self, request: Request) -> Response:
        """Give a file that the pages need."""
        path = _ASSETS.get(request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        kind = {".css": "text/css", ".js": "text/javascript"}.get(path.suffix, "text/plain")
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})

    async def refused(self, request: Request, error: Exception) -> Response:
        """Say that there is nothing, or nothing to be done so."""
        if not isinstance(error, HTTPException):
            raise TypeError(type(error))
        path = request.url.path
        if error.status_code == 404 and not path.startswith("/api/"):  # noqa: PLR2004
            there = self._served.out.is_dir()
            return pages.nothing_page(_lang(request), "../" * (path.count("/") - 1), published=there)
        return _problem(problem_of_status(error.status_code), _lang(request), dict(error.headers or {}))

    async def failed(self, request: Request, error: Exception) -> Response:
        """Say what went wrong."""
        if isinstance(error, GivenUpError | ClientDisconnect):
            return Response(status_code=_GONE)
        return _problem(self._problem(error), _lang(request))

    def turned_away(self, scope: Scope, error: ProblemError) -> ASGIApp:
        """Say why a request is not let in."""
        return _problem(problem_of(error), _lang(Request(scope)))

    def _problem(self, error: Exception) -> Problem:
        """Return the problem that an error is; what is not for those who ask is said to whoever runs the server."""
        problem = problem_of(error)
        if is_for_us(problem):
            known = isinstance(error, JumelageError)
            self._served.tell(str(error) if known else "".join(traceback.format_exception(error)))
        return problem


async def _first(wanted: Callable[[], object], beside: Callable[[], object]) -> Answer:
    """Return what the first does, with the other beside it for as long."""
    found: list[Answer] = []
    failed: list[Exception] = []
    async with anyio.create_task_group() as group:

        async def run() -> None:
            try:
                found.append(await wanted())  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 - raised below: a group of tasks would wrap it
                failed.append(error)
            group.cancel_scope.cancel()

        group.start_soon(run)
        group.start_soon(beside)  # type: ignore[arg-type]
    if failed:
        raise failed[0]
    return found[0]


def _lang(request: Request) -> str:
    """Return the language that a request is for: that of its question, of its address, or of its browser."""
    if found := getattr(request.state, "lang", None):
        return str(found)
    if given := request.query_params.get("lang"):
        return language_of(given)
    first = request.headers.get("accept-language", "").partition(",")[0].strip().lower()
    return "fr" if first.partition("-")[0] == "fr" else "en"


def _problem(problem: Problem, lang: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(problem.said(lang), problem.kind.status, problem.headers | (headers or {}), MEDIA)


def _file(file: IO[bytes], form: str) -> Response:
    """Send a file, and close it."""

    def pieces() -> Iterator[bytes]:
        with file:
            yield from in_pieces(file)

    headers = {"Content-Disposition": f'attachment; filename="result.{form}"'}
    return StreamingResponse(pieces(), headers=headers, media_type=MEDIA_OF[form])
