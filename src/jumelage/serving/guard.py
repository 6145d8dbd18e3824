"""What every request passes: whose name it calls, whether another site sent it, its token, its size."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders

from jumelage.errors import UsageError
from jumelage.serving.problems import ProblemError
from jumelage.serving.questions import LARGEST
from jumelage.texts import NOT_READ, both, filled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_TOKEN = 1000
LONGEST_WAIT = 20.0  # seconds until the head of a request is there, and as many until its body is
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it a browser does not tell us that a form of our own is our own.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# What the pages of a publication say themselves, and what keeps them out of frames, which they cannot say.
PUBLISHED = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self' data:; "
    "style-src 'self'; script-src 'self'"
)
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def policy_of_page(nonce: str) -> str:
    """Return the policy of a page of ours: it runs what bears the number of this answer, and asks us alone."""
    return (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'; "
        f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
    )


def new_nonce() -> str:
    """Return a number that nobody guesses."""
    return secrets.token_urlsafe(18)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_own(host: str, *, proxy: bool) -> Callable[[str], bool]:
    """Return what tells whether a name that is called is ours.

    Who listens for this machine alone has its names, and no other; whatever a proxy or other machines call us, nobody
    here knows.
    """
    if proxy or not is_loopback(host):
        return lambda _name: True
    return is_loopback


class Guard:
    """Stands before the app: refuses what another site sends, and sets the heads of all answers.

    `own` tells whether a host that is called is ours: a name that somebody else lets point to this machine is not, or
    pages of theirs could ask us as their own. With `proxy`, a proxy says which host was called.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Scope, ProblemError], ASGIApp],
        *,
        own: Callable[[str], bool],
        proxy: bool,
    ) -> None:
        """Stand before an app; `refuse` makes the answer to what is refused."""
        self._app, self._refuse, self._own, self._proxy = app, refuse, own, proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", NOTHING)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self._check(scope)
        except ProblemError as error:
            await self._refuse(scope, error)(scope, receive, dressed)
            return
        await self._app(scope, receive, dressed)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._proxy:
            host = headers.get("x-forwarded-host", host).rpartition(",")[2].strip()
        name = urlsplit(f"//{host}").hostname if _is_host(host) else None
        if name is None or not self._own(name):
            raise ProblemError("wrong-host")
        if scope["method"] not in {"GET", "HEAD"} and not _is_same_site(headers, host):
            raise ProblemError("cross-site")


def _is_host(host: str) -> bool:
    return re.fullmatch(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?", host) is not None


def _is_same_site(headers: Headers, host: str) -> bool:
    """Tell whether a page of ours, or no page at all, sent a request: all browsers say one of these."""
    said = headers.get("sec-fetch-site")
    if said is not None and said not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    if not re.fullmatch(r"https?://[^/]+", origin):
        return False
    scheme, _, place = origin.partition("://")
    port = {"http": ":80", "https": ":443"}[scheme]
    return place.removesuffix(port).lower() == host.removesuffix(port).lower()


class Tokens:
    """The tokens of readers, of which a file holds the SHA-256: a line each, and whatever else stands behind it."""

    def __init__(self, file: Path | None) -> None:
        """Read the file, if there is one; UsageError if it holds none."""
        self._file = file
        if file is not None and not self._known():
            raise UsageError(
                both(
                    "{}\u00a0: pas un jeton\u00a0; chaque ligne commence par le SHA-256 de l’un d’eux (64 chiffres)",
                    "{}: no token; each line begins with the SHA-256 of one (64 digits)",
                    file,
                )
            )

    @property
    def wanted(self) -> bool:
        """Whether a token is needed."""
        return self._file is not None

    def _known(self) -> list[bytes]:
        if self._file is None:
            return []
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise UsageError(filled(NOT_READ, self._file, str(error))) from error
        words = (line.split()[0].lower() for line in lines if line.strip())
        return [bytes.fromhex(word) for word in words if _HASH.fullmatch(word)]

    def check(self, headers: Headers, in_form: str | None = None) -> None:
        """Refuse who has no token, in the head or in a form; the file is read anew, so that a token can be revoked."""
        if self._file is None:
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else in_form or ""
        digest = hashlib.sha256(token[:_LONGEST_TOKEN].encode()).digest()
        try:
            known = self._known()
        except UsageError:
            known = []
        found = [hmac.compare_digest(digest, one) for one in known]  # all of them, whichever it is
        if not token or not any(found):
            raise ProblemError("unauthorized")


async def body_of(request: Request) -> bytes:
    """Return the body of a request; ProblemError if it is too large, or does not come."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LARGEST:
        raise ProblemError("too-large")
    data = bytearray()
    with anyio.move_on_after(LONGEST_WAIT) as waited:
        async for piece in request.stream():
            data += piece
            if len(data) > LARGEST:
                raise ProblemError("too-large")
    if waited.cancelled_caught:
        raise ProblemError("too-slow")
    return bytes(data)
