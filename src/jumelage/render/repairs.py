"""Repairs as people and programs read them: a table by net effect, a line per edit, sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.render.grid import Grid, Shown
from jumelage.reporting.sheet import number
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterator

Story = dict[str, Any]
NAMES = ("repair", "cost", "count", "action", "table", "report", "key", "measure", "from", "to")
_TITLE = Label(
    "Les plus petites corrections qui accordent tout ce qui est imprimé (vague {})",
    "The smallest corrections that make all that is printed agree (wave {})",
)
_PROVED = Label(
    "Il faut {0} correction{0:s}, et c’est prouvé\u00a0: aucune réparation plus petite n’existe. "
    "Réparations de cette taille\u00a0: {1}{2}.",
    "{0} correction{0:s} are needed, and that is proved: there is no smaller repair. Repairs of that size: {1}{2}.",
)
_NOT_ALL = Label(" au moins, la liste étant bornée", " at least, since the list is bounded")
_NOTHING = Label(
    "Tout ce qui est imprimé s’accorde\u00a0: rien n’est à corriger.", "All that is printed agrees: nothing to correct."
)
_NOT_PROVED = Label(
    "Le minimum n’est pas prouvé\u00a0: au moins {0} correction{0:s}\u00a0; la meilleure réparation trouvée en a {1}.",
    "The minimum is not proved: {0} correction{0:s} at least; the best repair found has {1}.",
)
_NONE_FOUND = Label("aucune", "none")
_GAINS = Label("{} (+{})", "{} (+{})")
_LOSES = Label("{} (\u2212{})", "{} (\u2212{})")
_IN_ALL = Label("Dans toutes\u00a0: {}.", "In all of them: {}.")
_ALL_LOSE = Label("{0} a {1} accord{1:s} de moins", "{0} has {1} agreement{1:s} fewer")
_ALL_GAIN = Label("{0} a {1} accord{1:s} de plus", "{0} has {1} agreement{1:s} more")
_SAME_COUNTRIES = Label(
    "Pays par pays, l’effet de toutes est le même\u00a0: ce qui est retiré à une ville avec un pays est ajouté à une "
    "autre avec le même pays{}.",
    "Country by country, all have the same effect: what is taken from a town with a country is added to another with "
    "the same country{}.",
)
_BUT = Label(", sauf\u00a0: {}", ", but for: {}")
_NO_EDIT_IN_ALL = Label("Aucune correction n’est commune à toutes.", "No single correction is common to all.")
_UNTOUCHED = Label("Aucune ne touche à un chiffre imprimé de\u00a0: {}.", "None touches a printed figure of: {}.")
_CANNOT = Label("Ces {} chiffres ne peuvent tous être justes\u00a0: {}.", "These {} figures cannot all be right: {}.")
_CANNOT_ONE = Label("Ce chiffre ne peut être juste\u00a0: {}.", "This figure cannot be right: {}.")
_LIST = Label("dans la liste, {0}\u00a0: {1} accord{1:s}", "in the list, {0}: {1} agreement{1:s}")
_LIST_NONE = Label("dans la liste, {0}\u00a0: aucun accord", "in the list, {0}: no agreement")
_PRINTED = Label("{0}\u00a0: {1}", "{0}: {1}")
_BLANK = Label("rien (imprimé en blanc)", "nothing (printed blank)")
_LARGE = Label(
    "Ne contredisent la liste que prise comme un tout\u00a0: {}.", "Contradict the list only as a whole: {}."
)
_UNEXPRESSED = Label("Non exprimé\u00a0: «\u00a0{}\u00a0», {} ({}).", "Not expressed: “{}”, {} ({}).")
_LEFT_OUT = Label(
    "Laissé de côté, car déduit et non imprimé par ville\u00a0: {} ({}).",
    "Left out, since it is inferred and not printed by town: {} ({}).",
)
_SIZE = Label(
    "De coût {}\u00a0: {} réparation(s){}, sans celles dont une partie suffit.",
    "Of cost {}: {} repair(s){}, without those of which a part is enough.",
)
_HEADINGS = {
    "fr": ("Coût", "Réparations", "Villes (effet net)", "Autres corrections", "Par exemple"),
    "en": ("Cost", "Repairs", "Towns (net effect)", "Other corrections", "For example"),
}
_SEMICOLON = {"fr": "\u00a0; ", "en": "; "}
_WHY = {
    "its report says in no [table] what it counts": "son rapport ne dit pas dans [table] ce qu’il compte",
    "it is no count of rows: [table] counts does not name it": "ce n’est pas un compte de lignes",
    "the list of agreements is not claimed complete, so that towns may have more": "la liste n’est pas complète",
    "an agreement whose town is not stated may be of any": "un accord sans ville peut être de toutes",
    "no class of numbers, or nothing that the rows have": "ce n’est pas une classe de nombres",
}


def of_repairs(story: Story, lang: str) -> Grid:
    """Make the grid of repairs: a row per edit for programs, a row per net effect for people."""
    rows = tuple(
        (place, one["cost"], one["count"], *(edit.get(name) for name in NAMES[3:]))
        for place, one in enumerate(story["repairs"], 1)
        for edit in one["edits"]
    )
    texts = tuple(_group(story, group, lang) for group in story["groups"])
    title = filled(_TITLE, story["wave"]).text(lang)
    shown = Shown(title, _HEADINGS[lang], texts, (True, True, False, False, False), notes=tuple(sentences(story, lang)))
    return Grid(NAMES, rows, lambda: shown, numbers=frozenset({"repair", "cost", "count"}))


def _group(story: Story, group: dict[str, Any], lang: str) -> tuple[str, ...]:
    first = story["repairs"][group["repairs"][0] - 1]
    return (
        number(group["cost"], lang),
        number(group["count"], lang),
        net(story, group["net"], lang),
        _SEMICOLON[lang].join(edit_text(story, edit, lang) for edit in group["others"]),
        _SEMICOLON[lang].join(edit_text(story, edit, lang) for edit in first["edits"]) if group["net"] else "",
    )


def net(story: Story, by_town: dict[str, int], lang: str) -> str:
    """Say by how much towns move: Valenciennes (−1), Calais (+1)."""
    ordered = sorted(by_town.items(), key=lambda one: (one[1], story["names"]["towns"][one[0]]))
    return ", ".join(
        filled(_GAINS if by > 0 else _LOSES, story["names"]["towns"][code], abs(by)).text(lang) for code, by in ordered
    )


_EDITS = {
    "add": Label("ajouter à {0} un accord ({1})", "add to {0} an agreement ({1})"),
    "remove": Label("retirer à {0} un accord ({1})", "take from {0} an agreement ({1})"),
    "figure": Label("changer {0}\u00a0: {1} devient {2}", "change {0}: {1} becomes {2}"),
    "answer": Label(
        "changer la réponse de {3} ville(s) à {0}\u00a0: {1} devient {2}",
        "change the answer of {3} town(s) to {0}: {1} becomes {2}",
    ),
}
_SEVERAL = {
    "add": Label("ajouter à {0} {2} accords ({1})", "add to {0} {2} agreements ({1})"),
    "remove": Label("retirer à {0} {2} accords ({1})", "take from {0} {2} agreements ({1})"),
}
_OTHER = Label("une autre valeur", "another value")
_ANSWER = {"yes": Label("oui", "yes"), "no": Label("non", "no")}


def edit_text(story: Story, edit: dict[str, Any], lang: str) -> str:
    """Say an edit in words."""
    names = story["names"]
    if edit["action"] != "change":
        country, town = edit["key"].split("/")
        by = abs(edit["to"] - edit["from"])
        template = (_EDITS if by == 1 else _SEVERAL)[edit["action"]]
        return filled(template, names["towns"][town], Label(**names["countries"][country]), by).text(lang)
    if "report" in edit:
        label = Label(**names["cells"]["|".join((edit["report"], edit["key"], edit["measure"]))])
        after = _OTHER if edit["to"] is None else edit["to"]
        return filled(_EDITS["figure"], label, _BLANK if edit["from"] == "" else edit["from"], after).text(lang)
    label = Label(**names["cells"][f"{edit['table']}|{edit['key']}"])
    return filled(_EDITS["answer"], label, _ANSWER[edit["from"]], _ANSWER[edit["to"]], edit["towns"]).text(lang)


def part_text(part: dict[str, Any], lang: str) -> str:
    """Say a figure or a list of a conflicting set, with what is printed."""
    label = Label(part["fr"], part["en"])
    if part["what"] in {"town", "country"}:
        listed = int(part["printed"])
        return filled(_LIST if listed else _LIST_NONE, label, listed).text(lang)
    return filled(_PRINTED, label, part["printed"] or _BLANK).text(lang)


def conflict_text(parts: list[dict[str, Any]], lang: str) -> str:
    """Say that some figures cannot all be right."""
    said = _SEMICOLON[lang].join(part_text(part, lang) for part in parts)
    return filled(_CANNOT_ONE, said).text(lang) if len(parts) == 1 else filled(_CANNOT, len(parts), said).text(lang)


def lead(story: Story, lang: str) -> str:
    """Say the minimum with its proof, or how far the search got."""
    if story["minimum"] is None:
        best = _NONE_FOUND if story["best"] is None else story["best"]
        return filled(_NOT_PROVED, story["lower_bound"], best).text(lang)
    if story["minimum"] == 0:
        return _NOTHING.text(lang)
    return filled(_PROVED, story["minimum"], story["solutions"], "" if story["complete"] else _NOT_ALL).text(lang)


def common_text(story: Story, lang: str) -> Iterator[str]:
    """Say what all repairs have in common, and what none touches."""
    common = story["common"]
    shared = [edit_text(story, edit, lang) for edit in common["edits"]]
    if common["towns"]:
        for code, by in common["towns"].items():
            text = _ALL_GAIN if by > 0 else _ALL_LOSE
            shared.append(filled(text, story["names"]["towns"][code], abs(by)).text(lang))
    if shared:
        yield filled(_IN_ALL, _SEMICOLON[lang].join(shared)).text(lang)
    if not common["edits"]:
        yield _NO_EDIT_IN_ALL.text(lang)
    least = [one["net_countries"] for one in story["repairs"] if one["cost"] == story["minimum"]]
    if any(edit.get("table") == "partnerships" for edit in story["repairs"][0]["edits"]) and all(
        one == least[0] for one in least
    ):
        countries = story["names"]["countries"]
        but = [
            filled(_GAINS if by > 0 else _LOSES, Label(**countries[code]), abs(by)).text(lang)
            for code, by in least[0].items()
        ]
        yield filled(_SAME_COUNTRIES, filled(_BUT, ", ".join(but)) if but else "").text(lang)
    titles = [story["names"]["reports"][name][lang] for name in story["untouched"]["reports"]]
    if titles:
        yield filled(_UNTOUCHED, _SEMICOLON[lang].join(titles)).text(lang)


def sentences(story: Story, lang: str) -> Iterator[str]:
    """Say all that a table of repairs does not."""
    yield lead(story, lang)
    if story["minimum"]:
        yield from common_text(story, lang)
    for size in story["sizes"][1:]:
        bounded = "" if size["complete"] else _NOT_ALL
        yield filled(_SIZE, size["cost"], size["solutions"], bounded).text(lang)
    for parts in story["conflicts"]:
        yield conflict_text(parts, lang)
    if story["against_the_whole_list"]:
        said = _SEMICOLON[lang].join(part_text(part, lang) for part in story["against_the_whole_list"])
        yield filled(_LARGE, said).text(lang)
    names = story["names"]
    for one in story["left_out"]:
        label = Label(**names["countries"][one["country"]])
        yield filled(_LEFT_OUT, label, one["agreements"]).text(lang)
    yield from unexpressed_text(story, lang)


def unexpressed_text(story: Story, lang: str) -> Iterator[str]:
    """Say which printed figures are no sum of rows, and why."""
    for one in story["unexpressed"]:
        why = Label(_WHY.get(one["why"], one["why"]), one["why"])
        title = Label(**story["names"]["reports"][one["report"]])
        yield filled(_UNEXPRESSED, title, one["measure"], why).text(lang)
