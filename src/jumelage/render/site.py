"""The pages of a site: where each stands, what leads to it, and what is on it. They need no server and no script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage.render.html import render_template
from jumelage.render.rows import layout_rows, rows_of_cells, scope_words
from jumelage.render.words import title, words
from jumelage.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jumelage.render.page import Cell
    from jumelage.reporting.behind import Behind
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


def site_of(page: Mapping[str, Any], folder: str, langs: Sequence[str], *, compared: bool) -> Site:
    """Return what the pages have in common of what `page_of` laid out."""
    lang, w = page["lang"], page["w"]
    menu = [(start_of(lang), w["start"]), *((f"{lang}/{one.name}.html", one.title) for one in page["parts"])]
    if not compared:
        menu += [(f"{lang}/ledger.html", w["ledger_short"]), (f"{lang}/az.html", w["az"])]
    named = ", ".join(f"{one.wave}@{one.revision}" for one in page["waves"])
    return Site(
        page["title"],
        lang,
        tuple(langs),
        folder,
        tuple(menu),
        tuple(page["remarks"]),
        f"{w['made_from']}{w['colon']} {named}. {page['waves'][-1].source}",
        compared,
    )


def pages(
    site: Site,
    page: Mapping[str, Any],
    found: Mapping[str, Behind],
    data: Sequence[str],
    whole: Sequence[tuple[str, str]],
    histories: Mapping[str, Sequence[Label]],
) -> Iterator[tuple[str, str]]:
    """Yield the pages of the document: the start, its parts, each report and the rows behind it, and the ledger.

    `found` are the rows behind reports, `data` the formats that there are of each, `whole` the files that hold
    everything, with their names, and `histories` what changed in a report since the revision before,
    with that under "" for the others.
    """
    lang, w = site.lang, page["w"]
    cells = {name: rows_of_cells(one) for name, one in found.items()}
    places = {
        section.id: f"{lang}/{part.name}.html#{section.id}" for part in page["parts"] for section in part.sections
    }
    common = {name: page[name] for name in ("statuses", "marks", "names", "total")}
    compared = page["ledger"] is None
    yield site.write(
        "start",
        start_of(lang),
        **common,
        parts=page["parts"],
        key_figures=list(_key_figures(page, places)),
        findings=[(places[name], text, said) for name, text, said in page["findings"]],
        facts=page["facts"],
        whole=whole,
        lead=" ".join(w[name] for name in ("query_beside", *(() if compared else ("lead", "ranges")))),
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
            used=[one for one in page["statuses"] if one[0] in used],
        )
        for section in part.sections:
            yield site.write(
                "report",
                f"{lang}/reports/{section.id}.html",
                section=section,
                back=places[section.id],
                command=f"jumelage report {section.report} {scope_words(page['waves'], section.kind)}",
                history=[line.text(lang) for line in histories.get(section.report, histories.get("", ()))],
            )
    for name, one in found.items():
        said = layout_rows(one, lang)
        yield site.write("rows", f"{lang}/rows/{name}.html", **said, title=title(one.sheet, lang), back=places[name])
    if not compared:
        groups = [(said, places.get(name, "").removeprefix(f"{lang}/"), lines) for said, name, lines in page["ledger"]]
        yield site.write("ledger", f"{lang}/ledger.html", **common, ledger=groups, data=data)


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
