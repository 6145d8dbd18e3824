"""The page on what the tables say together, for readers who know nothing of optimisation; made of a stored result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.render.repairs import common_text, conflict_text, edit_text, lead, net, part_text, unexpressed_text
from jumelage.reporting.sheet import number
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jumelage.render.site import Site

Story = dict[str, Any]
TITLE = Label("Ce que les tableaux disent ensemble", "What the tables say together")
SHORT = Label("Tableaux ensemble", "Tables together")
_WORDS = {
    "about": Label(
        "Une enquête imprime plusieurs tableaux des mêmes accords\u00a0: par pays, par zone, par nombre d’accords, "
        "et la liste elle-même. Ils devraient s’accorder. Cette page dit combien il faudrait corriger, au moins, "
        "pour qu’ils "
        "s’accordent tous, et de quelles façons. Ce sont des propositions\u00a0: aucun chiffre de cette publication "
        "n’en est changé, et rien ne dit laquelle est la bonne.",
        "A survey prints several tables of the same agreements: by country, by zone, by number of agreements, and the "
        "list itself. They should agree. This page says how much would have to be corrected, at the least, to make "
        "all of them agree, and in which ways. These are proposals: no figure of this publication is changed by them, "
        "and nothing tells which one is right.",
    ),
    "answer": Label("La réponse", "The answer"),
    "counts": Label("Ce qui compte pour une correction", "What counts as one correction"),
    "why": Label("Pourquoi il faut corriger", "Why something must be corrected"),
    "why_lead": Label(
        "Voici de petits groupes de chiffres qui ne peuvent être tous justes, quoi qu’il en soit de tous les autres. "
        "Dans chacun, l’un au moins est faux\u00a0; sans l’un d’eux, les autres pourraient être justes.",
        "Here are small groups of figures that cannot all be right, whatever is true of all others. In each, at least "
        "one is wrong; without any one of them, the others could be right.",
    ),
    "ways": Label("Les façons de corriger, par ville", "The ways to correct, town by town"),
    "ways_lead": Label(
        "Chaque ligne réunit les façons qui changent autant le nombre d’accords des mêmes villes. Elles ne diffèrent "
        "que par le pays de l’accord, que les tableaux ne permettent pas de choisir. Retirer un accord à une ville et "
        "en ajouter un avec le même pays à une autre, c’est le déplacer.",
        "Each line puts together the ways that change the number of agreements of the same towns by as much. They "
        "differ only in the country of the agreement, which the tables leave open. Taking an agreement from one town "
        "and adding one with the same country to another is moving it.",
    ),
    "shared": Label("Ce qui est commun à toutes", "What all have in common"),
    "known": Label("Comment on le sait", "How this is known"),
    "known_text": Label(
        "Un programme a cherché parmi toutes les corrections possibles, et n’a rien laissé de côté\u00a0: qu’un nombre "
        "moindre ne suffise pas n’est pas une estimation, mais une preuve. Chaque façon trouvée a ensuite été "
        "recalculée, sans ce programme.",
        "A program searched among all corrections that are possible, and left none out: that fewer are not enough is "
        "no estimate but a proof. Each way that was found was then computed again, without that program.",
    ),
    "every": Label("Toutes les façons, une par une", "All the ways, one by one"),
    "not_looked": Label("Ce qui n’est pas pris en compte", "What is not taken into account"),
    "number": Label("Nº", "No."),
    "ways_count": Label("Façons", "Ways"),
    "towns": Label("Effet sur les villes", "Effect on towns"),
    "corrections": Label("Corrections", "Corrections"),
    "data": Label("Ce résultat, pour les programmes", "This result, for programs"),
    "held": Label("Tenu pour juste", "Held for right"),
}
_COUNTS = (
    Label("ajouter un accord à une ville, ou lui en retirer un\u00a0: une correction", "adding an agreement to a town, "
    "or taking one from it: one correction"),
    Label(
        "en déplacer un d’une ville à une autre\u00a0: deux, car il est retiré à l’une et ajouté à l’autre",
        "moving one from a town to another: two, since it is taken from one and added to the other",
    ),
    Label("changer un chiffre imprimé, de combien que ce soit\u00a0: une", "changing a printed figure, by whatever "
    "amount: one"),
    Label("changer la réponse d’une ville à une question\u00a0: une", "changing a town’s answer to a question: one"),
)  # fmt: skip
_WEIGHTED = Label(
    "des poids ont été donnés à certaines\u00a0: elles comptent pour plus d’une", "some were given weights: they count "
    "for more than one"
)  # fmt: skip
_TAKE = Label("retirer à {0} un accord\u00a0: {1}", "take from {0} an agreement: {1}")
_GIVE = Label("ajouter à {0} un accord\u00a0: {1}", "add to {0} an agreement: {1}")
_ONE_OF = Label("un de ces {0} pays\u00a0: {1}", "one of these {0} countries: {1}")
_LARGE = Label(
    "D’autres chiffres ne s’accordent pas avec la liste, mais seulement prise comme un tout\u00a0: {}.",
    "Other figures disagree with the list, but only with all of it: {}.",
)
_LEFT_OUT = Label(
    "L’accord déduit ({}) n’est pas une donnée de l’enquête\u00a0: il est laissé de côté, et les tableaux en "
    "demandent un de plus.",
    "The inferred agreement ({}) is no data of the survey: it is left out, and the tables ask for one more.",
)
_SEMICOLON = {"fr": "\u00a0; ", "en": "; "}


def repairs_page(site: Site, story: Story) -> tuple[str, str]:
    """Return the page on the repairs of an edition, by its file."""
    lang = site.lang
    said = {name: text.text(lang) for name, text in _WORDS.items()}
    counts = [text.text(lang) for text in _COUNTS] + ([_WEIGHTED.text(lang)] if story["weights"] else [])
    large = [part_text(part, lang) for part in story["against_the_whole_list"]]
    return site.write(
        "repairs",
        f"{lang}/repairs.html",
        title=TITLE.text(lang),
        said=said,
        lead=lead(story, lang),
        counts=counts,
        conflicts=[conflict_text(parts, lang) for parts in story["conflicts"]],
        large=filled(_LARGE, _SEMICOLON[lang].join(large)).text(lang) if large else "",
        groups=[
            (number(one["count"], lang), net(story, one["net"], lang), list(_corrections(story, one, lang)))
            for one in story["groups"]
        ],
        common=list(common_text(story, lang)) if story["minimum"] else [],
        repairs=[
            (number(place, lang), [edit_text(story, edit, lang) for edit in one["edits"]])
            for place, one in enumerate(story["repairs"], 1)
        ],
        held=[*story["fixed"]],
        proved=story["minimum"] is not None,
        not_looked=list(_not_looked(story, lang)),
    )


def _not_looked(story: Story, lang: str) -> Iterator[str]:
    for one in story["left_out"]:
        yield filled(_LEFT_OUT, Label(**story["names"]["countries"][one["country"]])).text(lang)
    yield from unexpressed_text(story, lang)


def _corrections(story: Story, group: dict[str, Any], lang: str) -> Iterator[str]:
    """Say what is corrected in the repairs of a group: for each town, with which countries it may be."""
    names, found = story["names"], dict[tuple[str, str], dict[str, None]]()
    for place in group["repairs"]:
        for edit in story["repairs"][place - 1]["edits"]:
            if edit["action"] != "change":
                country, town = edit["key"].split("/")
                found.setdefault((edit["action"], town), {})[names["countries"][country][lang]] = None
    for (action, town), countries in sorted(found.items(), key=lambda one: one[0][0] == "add"):
        several = filled(_ONE_OF, len(countries), ", ".join(sorted(countries)))
        which = Label(*(next(iter(countries)),) * 2) if len(countries) == 1 else several
        yield filled(_TAKE if action == "remove" else _GIVE, names["towns"][town], which).text(lang)
    for edit in group["others"]:
        yield edit_text(story, edit, lang)
