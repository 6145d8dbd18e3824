"""What may be written in the shell besides SQL: orders such as `.mode`, their meaning, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass

from jumelage.errors import UsageError
from jumelage.texts import Label, both, nearest

_MARKS = ("\\", ".")
_WORDS = {"exit": "\\q", "quit": "\\q", "help": "\\?"}  # what people type in other shells


@dataclass(frozen=True, slots=True)
class Order:
    """An order: how it is written, what may follow, and what it does."""

    name: str
    argument: str
    meaning: Label


ORDERS = {
    order.name: order
    for order in (
        Order("\\d", "[TABLE]", Label("tables, ou colonnes d’une table", "tables, or the columns of one")),
        Order("\\reports", "", Label("rapports", "reports")),
        Order("\\report", "NAME", Label("calcule un rapport", "compute a report")),
        Order("\\waves", "", Label("vagues et leurs révisions", "waves with their revisions")),
        Order(
            "\\wave",
            "[WAVE]",
            Label(
                "dit ce qui est vu, ou voit une autre vague\u00a0: 2006, 2006@1, all",
                "say what is seen, or see another wave: 2006, 2006@1, all",
            ),
        ),
        Order(
            "\\as-of",
            "[TIME]",
            Label("voit ce qui valait alors\u00a0; seul\u00a0: maintenant", "see what stood then; alone: now"),
        ),
        Order(
            ".mode",
            "[FORM]",
            Label(
                "forme des réponses\u00a0: table, csv, json, md…\u00a0; seul\u00a0: dit laquelle",
                "form of answers: table, csv, json, md …; alone: say which",
            ),
        ),
        Order(".labels", "[on|off]", Label("ajoute les libellés des codes", "add what codes are called")),
        Order(".timing", "[on|off]", Label("dit la durée de chaque requête", "say how long each query took")),
        Order(".timeout", "[SECONDS]", Label("durée au plus d’une requête", "how long a query may take")),
        Order(".rows", "[N]", Label("lignes montrées au plus, 0 pour toutes", "rows shown at most, 0 for all")),
        Order(".lang", "[fr|en]", Label("langue", "language")),
        Order(
            ".output",
            "[FILE]",
            Label(
                "écrit la prochaine réponse dans ce fichier\u00a0; seul\u00a0: à l’écran",
                "write the next answer to this file; alone: to the screen",
            ),
        ),
        Order("\\?", "", Label("ceci", "this")),
        Order("\\q", "", Label("quitte, comme Ctrl-D", "quit, as Ctrl-D does")),
    )
}


def is_order(text: str) -> bool:
    """Tell whether a text is an order, which ends with its line, and no SQL."""
    text = text.strip()
    return text.startswith(_MARKS) or text.rstrip(";").casefold() in _WORDS


def ends_at_once(line: str) -> bool:
    """Tell whether a line below a query that is not whole is an order: it would be no SQL, or hardly any."""
    word = line.strip().partition(" ")[0]
    return word.startswith("\\") or word in ORDERS or line.strip().casefold() in {"exit", "quit"}


def read_order(text: str) -> tuple[str, str]:
    """Return the name of an order, as ORDERS has it, and what follows it; UsageError if there is none of that name.

    Either mark is understood before any of them: nobody need know which one is whose.
    """
    word, _, argument = text.strip().rstrip(";").partition(" ")
    name = _WORDS.get(word.casefold(), word)
    name = "\\?" if name[1:] in {"help", "h"} else "\\q" if name[1:] in {"quit", "exit"} else name
    found = next((known for known in ORDERS if known[1:] == name[1:]), None)
    if found is None:
        raise UsageError(
            both("il n’y a pas d’ordre {}\u00a0; {}", "there is no order {}; {}", word, nearest(name, ORDERS))
        )
    return found, argument.strip()
