"""The dictionary as a page of a site: every view with its columns, the code lists that they name, and the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jumelage.database.dictionary import Relation
    from jumelage.render.page import Section
    from jumelage.render.site import Site

_WORDS = {
    "lead": Label(
        "Les vues que lisent les requêtes de ces pages, et ce que veut dire chacune de leurs colonnes. Une vue montre "
        "la vague retenue.",
        "The views that the queries of these pages read, and what each of their columns means. A view shows the wave "
        "in scope.",
    ),
    "hint": Label(
        "«\u00a0Migration\u00a0» est celle qui a apporté la colonne\u00a0; ce qu’une vue calcule n’en a pas.",
        "“Migration” is the one that brought the column; what a view computes has none.",
    ),
    "unit": Label("Unité", "Unit"),
    "codes": Label("Codes", "Codes"),
    "question": Label("Question", "Question"),
    "since": Label("Migration", "Migration"),
    "example": Label("Exemple", "Example"),
    "read_by": Label("Lue par", "Read by"),
    "lists": Label("Listes de codes", "Code lists"),
    "tables": Label("Tables", "Tables"),
    "tables_lead": Label(
        "Les vues sont faites de ces tables, où rien de ce qui est chargé n’est jamais modifié\u00a0: une correction "
        "est une nouvelle révision.",
        "The views are made of these tables, in which nothing that was loaded is ever changed: a correction is a "
        "new revision.",
    ),
    "diagram": Label("Schéma des tables", "Diagram of the tables"),
    "table": Label("Table", "Table"),
    "refers": Label("Renvoie à", "Refers to"),
}
_READ = re.compile(r"\b(?:from|join)\s+([a-z_]+)\b")
_OWN = re.compile(r"\b([a-z_]+)\s+as\s+(?:(?:not\s+)?materialized\s+)?\(")  # what a query names itself in `with`


@dataclass(frozen=True, slots=True)
class Described:
    """What the dictionary says in a language: views, tables and their picture, the labels of codes by list."""

    relations: tuple[Relation, ...]
    codes: Mapping[str, tuple[tuple[str, str], ...]]
    diagram: str

    @property
    def views(self) -> tuple[Relation, ...]:
        """The views, in the order of use."""
        return tuple(one for one in self.relations if one.view)


def views_read(sql: str, views: Iterable[Relation]) -> list[str]:
    """Return the views that a query reads, in the order of the dictionary."""
    read = set(_READ.findall(sql)) - set(_OWN.findall(sql))
    return [view.name for view in views if view.name in read]


def dictionary_page(
    site: Site, said: Described, sections: Iterable[Section], read: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """Return the page by its file; `read` are the views that each section of the site reads, which lead back to it."""
    readers: dict[str, list[tuple[str, str]]] = {}
    for section in sections:
        for name in read[section.id]:
            readers.setdefault(name, []).append((f"{site.lang}/reports/{section.id}.html", section.title))
    return site.write(
        "dictionary",
        f"{site.lang}/dictionary.html",
        d={name: text.text(site.lang) for name, text in _WORDS.items()},
        views=said.views,
        tables=[
            (one, list(dict.fromkeys(target for _, target, _ in one.refers))) for one in said.relations if not one.view
        ],
        readers=readers,
        codes=said.codes,
        diagram=said.diagram,
    )
