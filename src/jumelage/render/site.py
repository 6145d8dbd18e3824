"""The pages of a site: where each stands, what leads to it, and what is on it. They need no server and no script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage.render.html import render_template
from jumelage.render.page import page_title
from jumelage.render.rows import layout_rows, scope_words
from jumelage.render.words import quoted, raised, title, words
from jumelage.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jumelage.document import Part
    from jumelage.render.page import Cell
    from jumelage.reporting.behind import Behind
    from jumelage.reporting.sheet import Sheet, WaveFacts
    from jumelage.texts import Label


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of an edition in one language have in common.

    `folder` is that of the edition in the publication, "" or such as "2006/"; `langs` are those that there are. `menu`
    are pages, from the edition's folder, with their titles.
    """

    title: str
    lang: str
    langs: tuple[str, ...]
    folder: str
    menu: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()
    made_from: str = ""
    wide: bool = False

    @property
    def up(self) -> bool:
        """Whether the publication has other editions."""
        return bool(self.folder)

    def write(self, template: str, here: str, **said: Any) -> tuple[str, str]:  # noqa: ANN401
        """Return the file of a page and its text; `here` is its place in the edition's folder."""
        root = "../" * here.count("/")
        other = next((lang for lang in self.langs if lang != self.lang), None)
        text = render_template(
            template,
            **said,
            site=self,
            lang=self.lang,
            w=words(self.lang),
            here=here,
            root=root,
            top=root + "../" * self.folder.count("/"),
            other=other,
            other_page=other and in_language(here, other),
        )
        return self.folder + here, text


def in_language(page: str, lang: str) -> str:
    """Return where the same page stands in another language: `fr.html` or below `fr/`."""
    return lang + page[2:]


def start_of(lang: str) -> str:
    """Return the page to open."""
    return f"{lang}.html"


def site_of(
    parts: Iterable[Part],
    waves: Sequence[WaveFacts],
    remarks: Iterable[str],
    lang: str,
    folder: str,
    langs: tuple[str, ...],
    *,
    compared: bool,
    printed: bool,
    repaired: bool = False,
) -> Site:
    """Return what the pages of an edition in one language have in common.

    `printed` tells that there is a ledger, `repaired` that there is a page on repairs.
    """
    w = words(lang)
    menu = [(start_of(lang), w["start"]), *((f"{lang}/{one.name}.html", one.title.text(lang)) for one in parts)]
    menu += [(f"{lang}/ledger.html", w["ledger_short"])] if printed else []
    menu += [(f"{lang}/repairs.html", w["repairs_short"])] if repaired else []
    menu += [] if compared else [(f"{lang}/az.html", w["az"])]
    menu += [(f"{lang}/dictionary.html", w["dictionary"])]
    named = ", ".join(f"{one.wave}@{one.revision}" for one in waves)
    return Site(
        page_title(waves, lang),
        lang,
        langs,
        folder,
        tuple(menu),
        tuple(remarks),
        f"{w['made_from']}{w['colon']} {named}. {raised(waves[-1].source)}",
        compared,
    )


def rows_page(site: Site, parts: Iterable[tuple[Part, Iterable[Sheet]]], found: Behind) -> tuple[str, str]:
    """Return the page of the rows behind a report, by its file."""
    lang, name = site.lang, found.sheet.name
    (part,) = (part for part, sheets in parts if any(sheet.name == name for sheet in sheets))
    here, back = f"{lang}/rows/{name}.html", f"{lang}/{part.name}.html#{name}"
    return site.write("rows", here, **layout_rows(found, lang), title=title(found.sheet, lang), back=back)


def pages(
    site: Site,
    page: Mapping[str, Any],
    cells: Mapping[str, Mapping[str, str]],
    data: Sequence[str],
    whole: Sequence[tuple[str, str]],
    histories: Mapping[str, Sequence[Label]],
    read: Mapping[str, Sequence[str]],
) -> Iterator[tuple[str, str]]:
    """Yield the pages of the document: the start, its parts, how each report is computed, and the ledger.

    `cells` say where the rows behind a cell stand, by report and key; `data` are the formats that there are of each
    report, `whole` the files that hold everything, with their names; `histories` say what changed in a report since the
    revision before, and under "" what is said of the others; `read` are the views that a report reads.
    """
    lang, w = site.lang, page["w"]
    places = {
        section.id: f"{lang}/{part.name}.html#{section.id}" for part in page["parts"] for section in part.sections
    }
    common = {name: page[name] for name in ("statuses", "marks", "names", "total")}
    printed = bool(page["total"])
    titles = {quoted(section.title, lang): places[section.id] for part in page["parts"] for section in part.sections}
    yield site.write(
        "start",
        start_of(lang),
        **common,
        parts=page["parts"],
        key_figures=list(_key_figures(page, places)),
        findings=[(places[name], text, said) for name, text, said in page["findings"]],
        facts=page["facts"],
        whole=whole,
        introduction=w[
            "start_compared" if len(page["waves"]) > 1 else "start_printed" if printed else "start_computed"
        ],
        lead=" ".join(w[name] for name in ("query_beside", *(("lead",) if printed else ()), "ranges")),
    )
    for part in page["parts"]:
        used = frozenset[str]().union(*(section.statuses for section in part.sections))
        yield site.write(
            "part",
            f"{lang}/{part.name}.html",
            **common,
            part=part,
            cells=cells,
            data=data,
            charts=page["charts"],
            notes={section.id: [_linked(note, titles) for note in section.notes] for section in part.sections},
            used=[one for one in page["statuses"] if one[0] in used],
        )
        for section in part.sections:
            yield site.write(
                "report",
                f"{lang}/reports/{section.id}.html",
                section=section,
                back=places[section.id],
                command=f"jumelage report {section.report} {scope_words(page['waves'], section.kind)}",
                views=read[section.id],
                history=[line.text(lang) for line in histories.get(section.report, histories.get("", ()))],
            )
    if printed:
        groups = [(said, places.get(name, "").removeprefix(f"{lang}/"), lines) for said, name, lines in page["ledger"]]
        repairs = f"{lang}/repairs.html"
        yield site.write(
            "ledger",
            f"{lang}/ledger.html",
            **common,
            ledger=groups,
            data=data,
            together=page["together"],
            fixed=sum(bool(line["fixed"]) for _, _, lines in groups for line in lines),
            repairs=repairs if repairs in dict(site.menu) else "",
        )


def _linked(text: str, titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Take a text apart at the titles of reports in it: each piece, and the place that it leads to or nothing."""
    if not titles:
        return [(text, "")]
    pieces = re.split("(" + "|".join(map(re.escape, titles)) + ")", text)
    return [(piece, titles.get(piece, "")) for piece in pieces if piece]


def _key_figures(page: Mapping[str, Any], places: Mapping[str, str]) -> Iterator[tuple[str, Cell, str]]:
    """Yield the cells of the report that the start page shows in large: label, cell, where it stands."""
    for part in page["parts"]:
        for section in part.sections:
            if section.report == page["key_figures"]:
                for _, row in section.rows:
                    yield row[0].text, row[-1], places[section.id]


def index_page(titles: Mapping[str, str]) -> str:
    """Write the page that leads to the languages that there are."""
    return render_template("index", titles=titles, langs=[lang for lang in LANGUAGES if lang in titles])
