"""The command that serves a publication and queries over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jumelage.cli.options import Db, Lang, say_unguarded, url_of
from jumelage.cli.streams import say
from jumelage.errors import UsageError
from jumelage.texts import both


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)


def serve(
    ctx: typer.Context,
    db: Db = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Listen there; by default only this machine can ask.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="Port; 0 takes one that is free.")
    ] = 8006,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Publication to show; it may be replaced meanwhile.")
    ] = Path("public"),
    queries: Annotated[
        Path | None, typer.Option("--queries", metavar="FOLDER", help="Offer the queries NAME.sql of this folder.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="Answer queries only with a token of these (SHA-256 each)."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Let anybody who reaches the address ask queries, without a token.")
    ] = False,
    proxy: Annotated[
        bool, typer.Option("--proxy", help="Believe the X-Forwarded-… headers of a proxy that stands before it.")
    ] = False,
    max_rows: Annotated[
        int, typer.Option("--max-rows", min=1, metavar="N", help="Most rows of an answer in JSON; a file has all.")
    ] = 10_000,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Stop a query that takes longer.")
    ] = 30.0,
    memory: Annotated[
        int, typer.Option("--memory", min=100, metavar="MB", help="Stop a query that wants more memory (DuckDB only).")
    ] = 500,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=32, metavar="N", help="Answer so many queries at once.")
    ] = 2,
    lang: Lang = "en",
) -> None:
    """Serve the publication and queries over HTTP, until Ctrl-C.

    There is a page for queries, and an interface for programs. Queries only read and end within their limits, as those
    of `jumelage sql`. See docs/serve.md.
    """
    del lang  # its callback has set it
    url = url_of(ctx, db)
    _check_installed()
    from jumelage import database
    from jumelage.database.asking import Limits
    from jumelage.serving import server
    from jumelage.serving.app import Served
    from jumelage.serving.guard import Tokens, is_loopback, is_own
    from jumelage.serving.service import Service, Settings

    if not is_loopback(host) and token_file is None and not public:
        raise UsageError(
            both(
                "{} s’adresse à d’autres machines\u00a0: donnez --token-file, ou --public pour répondre à toutes",
                "{} is open to other machines: give --token-file, or --public to answer all of them",
                host,
            )
        )
    if queries is not None and not queries.is_dir():
        raise UsageError(both("{} n’est pas un dossier", "{} is not a folder", queries))
    tokens = Tokens(token_file)
    with database.reading(url) as connection:  # what is wrong with it is told now, and not to the first reader
        say_unguarded(connection)
    service = Service(url, Settings(Limits(timeout, memory), max_rows, concurrency))
    served = Served(service, out, queries, tokens, say, is_own(host, proxy=proxy), proxy)
    listening = server.bound(host, port)
    if token_file is None and (proxy or not is_loopback(host)):
        say(
            both(
                "attention\u00a0: qui atteint cette adresse peut poser des requêtes, sans jeton",
                "note: whoever reaches this address may ask queries, without a token",
            )
        )
    said = both("à l’écoute sur {} (Ctrl-C arrête)", "listening on {} (Ctrl-C stops it)", server.address(listening))
    server.run(served, listening, lambda: say(said))


def _check_installed() -> None:
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise UsageError(
            both(
                "starlette et uvicorn ne sont pas installés\u00a0; installez-les\u00a0: pip install 'jumelage[serve]'",
                "starlette and uvicorn are not installed; install them: pip install 'jumelage[serve]'",
            )
        )
