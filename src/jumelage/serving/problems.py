"""What goes wrong, as programs are told: RFC 9457, with the status that HTTP has for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jumelage.errors import BusyError, DatabaseError, JumelageError, LimitError, OutputError, UsageError
from jumelage.querying.desk import WrongQueryError
from jumelage.texts import Label

MEDIA = "application/problem+json"
_URN = "urn:jumelage:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its name, which is promised, its status, what it is called, and when to try again."""

    name: str
    status: int
    title: Label
    retry: int | None = None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("wrong-query", 400, Label("requête refusée", "query refused")),
        Kind("unauthorized", 401, Label("jeton absent ou inconnu", "no token, or an unknown one")),
        Kind("cross-site", 403, Label("requête d’un autre site", "request of another site")),
        Kind("not-found", 404, Label("il n’y a rien à cette adresse", "there is nothing at this address")),
        Kind("wrong-method", 405, Label("méthode refusée", "method not allowed")),
        Kind("limit", 408, Label("limite de la requête atteinte", "the query reached its limit")),
        Kind("too-slow", 408, Label("requête pas arrivée à temps", "the request did not come in time")),
        Kind("too-large", 413, Label("requête trop longue", "request too large")),
        Kind("wrong-media", 415, Label("le corps n’est pas du JSON", "the body is not JSON")),
        Kind("wrong-host", 421, Label("ce serveur n’a pas ce nom", "this server has no such name")),
        Kind("bug", 500, Label("défaut de jumelage", "a bug of jumelage")),
        Kind(
            "busy", 503, Label("toutes les places sont prises\u00a0; réessayez", "all places are taken; try again"), 2
        ),
        Kind("unavailable", 503, Label("base indisponible", "the database is not available"), 30),
        Kind("stopping", 503, Label("le serveur s’arrête", "the server is stopping"), 30),
    )
}
_BY_ERROR = ((UsageError, "wrong-query"), (LimitError, "limit"), (BusyError, "unavailable"),
             (DatabaseError, "unavailable"), (OutputError, "unavailable"))  # fmt: skip
_UNREAD = {"too-slow", "too-large"}
_HIDDEN = {"unavailable", "bug"}  # what is said of these is for whoever runs the server: it has paths and hosts


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, and what is said of it beyond its kind; `place` is where a query is wrong, by line and column."""

    kind: Kind
    detail: Label
    place: tuple[int, int] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return what goes with it in the head of an answer."""
        found = {"Retry-After": str(self.kind.retry)} if self.kind.retry else {}
        if self.kind.name in _UNREAD:  # the rest of what is sent is waited for no longer
            found["Connection"] = "close"
        return found | ({"WWW-Authenticate": 'Bearer realm="jumelage"'} if self.kind.name == "unauthorized" else {})

    def said(self, lang: str) -> dict[str, Any]:
        """Return the members of its JSON."""
        place = dict(zip(("line", "column"), self.place or (), strict=False))
        return {
            "type": _URN + self.kind.name,
            "title": self.kind.title.text(lang),
            "status": self.kind.status,
            "detail": self.detail.text(lang),
            **place,
        }


class ProblemError(JumelageError):
    """A request that is refused before anything is asked."""

    def __init__(self, kind: str) -> None:
        """Refuse it for a reason of a kind."""
        super().__init__(KINDS[kind].title)
        self.kind = kind


def problem_of(error: Exception) -> Problem:
    """Return what is told of an error to whoever asked; `is_for_us` tells what is kept from them."""
    name = next((name for kind, name in _BY_ERROR if isinstance(error, kind)), "bug")
    if isinstance(error, ProblemError):
        name = error.kind
    kind = KINDS[name]
    if name in _HIDDEN or not isinstance(error, JumelageError):
        return Problem(kind, kind.title)
    place = error.place if isinstance(error, WrongQueryError) else None
    return Problem(kind, Label(error.text("fr"), error.text("en")), place)


def is_for_us(problem: Problem) -> bool:
    """Tell whether the server's own log must say what the answer does not."""
    return problem.kind.name in _HIDDEN


def problem_of_status(status: int) -> Problem:
    """Return the problem that a refusal of the framework is."""
    kind = next((kind for kind in KINDS.values() if kind.status == status), KINDS["bug"])
    return Problem(kind, kind.title)
