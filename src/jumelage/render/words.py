"""The words of published pages and of tables for people, in French and English; French with its typography."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from jumelage.kind_words import asked
from jumelage.report_file import report, report_names, shipped
from jumelage.texts import Label, both

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jumelage.report_file import Report
    from jumelage.reporting.sheet import Sheet

WORDS = {
    "other_language": Label("English", "Français"),
    "contents": Label("Sommaire", "Contents"),
    "skip": Label("Aller au contenu", "Skip to content"),
    "site": Label("Pages", "Pages"),
    "start": Label("Accueil", "Start"),
    "all_waves": Label("Toutes les vagues", "All waves"),
    "on_this_page": Label("Sur cette page", "On this page"),
    "about": Label("D’où viennent ces chiffres", "Where these figures come from"),
    "made_from": Label("Fait à partir de", "Made from"),
    "legend": Label("Signes", "Signs"),
    "meaning": Label("Sens", "Meaning"),
    "how": Label("Comment c’est calculé", "How it is computed"),
    "columns": Label("Colonnes", "Columns"),
    "column": Label("Colonne", "Column"),
    "heading": Label("Titre", "Heading"),
    "what": Label("Ce que c’est", "What it is"),
    "key_column": Label("clé", "key"),
    "code_list": Label("clé, liste de codes {}", "key, code list {}"),
    "measure": Label("mesure", "measure"),
    "upper_end": Label("borne supérieure de {}", "upper end of {}"),
    "run_it": Label("La commande, puis la requête qu’elle exécute\u00a0:", "The command, then the query that it runs:"),
    "dictionary": Label("Dictionnaire", "Dictionary"),
    "reads": Label("Vues lues", "Views read"),
    "history": Label("Depuis la révision précédente", "Since the revision before"),
    "az": Label("De A à Z", "A to Z"),
    "find": Label("Chercher une ville ou un pays", "Find a town or a country"),
    "found_none": Label("aucun résultat pour «\u00a0{text}\u00a0»", "no result for “{text}”"),
    "found_one": Label("1 résultat pour «\u00a0{text}\u00a0»", "1 result for “{text}”"),
    "found_several": Label("{n} résultats pour «\u00a0{text}\u00a0»", "{n} results for “{text}”"),
    "az_lead": Label(
        "Une fiche pour chaque pays et chaque collectivité, avec ses accords.",
        "A sheet for each country and each authority, with its agreements.",
    ),
    "show": Label("Montrer les chiffres", "Show the figures"),
    "shown": Label("(montré)", "(shown)"),
    "all": Label("tout", "all"),
    "manifest": Label("Ce qui est publié (manifest.json)", "What is published (manifest.json)"),
    "changes": Label("Ce qui a changé (CHANGES)", "What has changed (CHANGES)"),
    "waves_lead": Label(
        "Une publication par vague de l’enquête, et une qui les compare s’il y en a plusieurs.",
        "A publication for each wave of the survey, and one that compares them where there are several.",
    ),
    "start_printed": Label(
        "Les résultats de la vague, recalculés à partir de ses lignes et confrontés aux chiffres imprimés.",
        "The results of the wave, computed again from its rows and held against the printed figures.",
    ),
    "start_computed": Label(
        "Les résultats de la vague, calculés à partir de ses lignes.",
        "The results of the wave, computed from its rows.",
    ),
    "start_compared": Label(
        "Les résultats des vagues, côte à côte, et ce qui explique leurs différences.",
        "The results of the waves, side by side, and what accounts for their differences.",
    ),
    "ledger_short": Label("Registre", "Ledger"),
    "repairs_short": Label("Tableaux ensemble", "Tables together"),
    "data": Label("Données", "Data"),
    "rows_of": Label("Les lignes derrière les chiffres", "The rows behind the figures"),
    "rows_lead": Label(
        "Une ligne par chose comptée, avec son poids dans chaque mesure. La commande donne celles qui comptent dans la "
        "première mesure.",
        "One row per thing counted, with its weight in each measure. The command gives those that count in the first "
        "measure.",
    ),
    "rows_cut": Label(
        "Les {} premières lignes\u00a0; la commande les donne toutes.",
        "The first {} rows; the command gives all of them.",
    ),
    "back": Label("← retour au tableau", "← back to the table"),
    "whole": Label("Le tout", "All of it"),
    "pdf": Label("PDF", "PDF"),
    "duckdb": Label("base DuckDB", "DuckDB database"),
    "xlsx": Label("classeur Excel", "Excel workbook"),
    "findings": Label("L’essentiel", "Key findings"),
    "ledger": Label("Registre des chiffres imprimés", "Ledger of printed figures"),
    "ledger_lead": Label(
        "Chaque chiffre imprimé dans l’enquête, avec ce que les lignes permettent d’en calculer. "
        "Rien n’est ajusté pour qu’un total tombe juste.",
        "Every figure printed in the survey, with what the rows let us compute. "
        "Nothing is adjusted to make a total come out.",
    ),
    "query_beside": Label(
        "Chaque nombre est calculé par une requête, à laquelle mène «\u00a0comment c’est calculé\u00a0» sous son "
        "tableau, et chaque nombre mène aux lignes dont il est fait.",
        "Every number is computed by a query, to which “how it is computed” under its table leads; each number leads "
        "to the rows that it is made of.",
    ),
    "query_elsewhere": Label(
        "Chaque nombre est calculé par une requête, que donnent les pages web et les fichiers de rapport.",
        "Every number is computed by a query, which the web pages and the report files give.",
    ),
    "lead": Label(
        "Là où l’enquête imprime autre chose, la valeur imprimée est donnée à côté\u00a0; là où les lignes ne "
        "permettent pas de trancher, c’est elle qui vient d’abord, avec sa marque, et ce que les lignes en disent est "
        "à côté.",
        "Where the survey prints something else, the printed value stands beside it; where the rows cannot tell, the "
        "printed value comes first, with its mark, and what the rows know of it stands beside.",
    ),
    "compared": Label("D’une vague à l’autre", "From wave to wave"),
    "made_up": Label("synthétique", "synthetic"),
    "wave": Label("Vague", "Wave"),
    "number": Label("révision", "revision"),
    "frame": Label("Base de sondage", "Sampling frame"),
    "fieldwork": Label("Terrain", "Fieldwork"),
    "reference": Label("Date de référence", "Reference date"),
    "publication": Label("Publication", "Publication"),
    "revision": Label("Vague et révision", "Wave and revision"),
    "source": Label("Dans l’enquête imprimée", "In the printed survey"),
    "query": Label("Requête SQL", "SQL query"),
    "printed": Label("imprimé", "printed"),
    "rows": Label("lignes", "rows"),
    "blank": Label("rien", "blank"),
    "explanations": Label("Pourquoi l’enquête se contredit ici", "Why the survey contradicts itself here"),
    "place": Label("Endroit", "Place"),
    "figure": Label("Chiffre", "Figure"),
    "Printed": Label("Imprimé", "Printed"),
    "computed": Label("Calculé", "Computed"),
    "status": Label("Statut", "Status"),
    "claims": Label("Autres affirmations", "Other statements"),
    "figures": Label("Chiffres", "Figures"),
    "ranges": Label(
        "Un intervalle (21–29) borne une valeur que la publication ne permet pas de fixer.",
        "A range (21–29) bounds a value that the publication does not let us fix.",
    ),
    "by_status": Label("Les chiffres imprimés, par statut", "Printed figures by status"),
    "colon": Label("\u00a0:", ":"),
    "to": Label("à", "to"),
    "together_data": Label("Ces déductions, pour les programmes", "These conclusions, for programs"),
    "together_repairs": Label(
        "Ce qu’il faudrait corriger, et de quelles façons", "What would have to be corrected, and in which ways"
    ),
    "not_stated": Label("non précisé", "not stated"),
}


# What the sheets of authorities and countries say.
PLACES = {
    "countries": Label("Pays", "Countries"),
    "authorities": Label("Collectivités", "Authorities"),
    "authority": Label("Collectivité", "Authority"),
    "country": Label("Pays", "Country"),
    "partner": Label("Partenaire", "Partner"),
    "since": Label("Depuis", "Since"),
    "how": Label("Comment on le sait", "How it is known"),
    "source": Label("Fait à partir de", "Made from"),
    "agreements": Label("Accords", "Agreements"),
    "none": Label("aucun accord", "no agreement"),
    "unknown": Label("accords\u00a0: on ne sait pas", "agreements: not known"),
    "inferred_from": Label(
        "Déduit\u00a0: un total imprimé compte cet accord, et aucune liste imprimée ne le donne.",
        "Inferred: a printed total counts this agreement, and no printed list has it.",
    ),
    "one": Label("{} accord", "{} agreement"),
    "several": Label("{} accords", "{} agreements"),
    "code": Label("Code", "Code"),
    "population": Label("Population", "Population"),
    "response": Label("Réponse", "Response"),
    "engaged": Label("Engagée à l’international", "Engaged internationally"),
    "actions": Label("Actions", "Actions"),
    "difficulties": Label("Difficultés", "Difficulties"),
    "zone": Label("Zone", "Zone"),
    "inferred": Label("déduit", "inferred"),
    "cut": Label("Les {} premiers accords sur {}.", "The first {} agreements of {}."),
}


# Headings of tables for people, by the names that programs get. What is not here is a name that both use.
HEADINGS = {
    "kind": Label("genre", "kind"),
    "source": Label("source", "source"),
    "present": Label("actuelles", "present"),
    "authorities": Label("autorités", "authorities"),
    "as_of": Label("au", "as of"),
    "added_by": Label("par", "by"),
    "added_at": Label("ajoutée (UTC)", "added (UTC)"),
    "after": Label("après", "after"),
    "because": Label("parce que", "because"),
    "before": Label("avant", "before"),
    "by": Label("par", "by"),
    "cities": Label("villes", "cities"),
    "city": Label("ville", "city"),
    "column": Label("colonne", "column"),
    "computed": Label("calculé", "computed"),
    "confirmed": Label("confirmé", "confirmed"),
    "country": Label("pays", "country"),
    "file": Label("fichier", "file"),
    "hash": Label("empreinte", "hash"),
    "key": Label("clé", "key"),
    "likeness": Label("ressemblance", "likeness"),
    "list": Label("liste", "list"),
    "loaded (UTC)": Label("chargée (UTC)", "loaded (UTC)"),
    "measure": Label("mesure", "measure"),
    "message": Label("constat", "message"),
    "name": Label("nom", "name"),
    "partner": Label("partenaire", "partner"),
    "partner_before": Label("partenaire avant", "partner_before"),
    "place": Label("endroit", "place"),
    "printed": Label("imprimé", "printed"),
    "report": Label("rapport", "report"),
    "revision": Label("révision", "revision"),
    "row": Label("ligne", "row"),
    "rows": Label("lignes", "rows"),
    "rule": Label("règle", "rule"),
    "same": Label("même", "same"),
    "score": Label("note", "score"),
    "severity": Label("gravité", "severity"),
    "sheet": Label("feuille", "sheet"),
    "spelling": Label("graphie", "spelling"),
    "status": Label("statut", "status"),
    "title": Label("titre", "title"),
    "value": Label("valeur", "value"),
    "wave": Label("vague", "wave"),
    "wave_before": Label("vague avant", "wave_before"),
    "what": Label("quoi", "what"),
    "why": Label("pourquoi", "why"),
    "zone": Label("zone", "zone"),
}
# Kinds of changes, and what became of revisions.
KINDS = {
    "agreements": Label("jumelage", "agreements"),
    "cell": Label("cellule", "cell"),
    "fact": Label("fait", "fact"),
    "figure": Label("chiffre", "figure"),
    "not compared": Label("non comparé", "not compared"),
    "the report fails; `jumelage check` says why": Label(
        "le rapport échoue\u00a0; `jumelage check` dit pourquoi", "the report fails; `jumelage check` says why"
    ),
    "row": Label("ligne", "row"),
    "rows": Label("nombre de lignes", "rows"),
    "total": Label("total", "total"),
    "unchecked": Label("non vérifié", "unchecked"),
    "current": Label("actuelle", "current"),
    "superseded": Label("remplacée", "superseded"),
    "withdrawn": Label("retirée", "withdrawn"),
}

_TABLES = {
    "default_answers": "réponse{0:s} par défaut",
    "respondents": "répondant{0:s}",
    "partnerships": "jumelage{0:s}",
    "city_actions": "action{0:s}",
    "city_difficulties": "difficulté{0:s}",
    "partner_pairs": "paire{0:s} de partenaires",
    "published_tables": "table{0:s} imprimée{0:s}",
    "published_figures": "chiffre{0:s} imprimé{0:s}",
    "explanations": "explication{0:s}",
    "claims": "affirmation{0:s}",
    "wave_reports": "rapport{0:s} de la vague",
    "listed_items": "rubrique{0:s} demandée{0:s}",
    "frame": "ville{0:s} de la base de sondage",
    "questions": "question{0:s}",
    "question_items": "modalité{0:s}",
    "answers": "réponse{0:s}",
}


def counted(table: str, number: int) -> Label:
    """Say how many rows a table has, by what people call them."""
    name = table.replace("_", " ")
    return both(f"{{0}} {_TABLES.get(table, name)}", f"{{0}} {name}", number)


def title(sheet: Sheet, lang: str) -> str:
    """Return what people read above a report: its title, and whom it is of where several kinds were asked."""
    return _titled(sheet.report, sheet.kind, lang)


def _titled(of: Report, kind: str | None, lang: str) -> str:
    """Write a title; one that has the word for the kind says by itself whom it is of."""
    own = of.title.text(lang)
    if kind is None or asked(kind).text(lang).partition(" (")[0] in own.casefold():
        return own
    return f"{own} – {asked(kind).text(lang)}"


_QUOTED = Label("«\u00a0{}\u00a0»", "“{}”")
_NAMED = re.compile(r"\{report:([a-z][a-z0-9_]*)\}")


def quoted(text: str, lang: str) -> str:
    """Write a text in quotation marks."""
    return _QUOTED.text(lang).format(text)


def with_titles(text: str, kind: str | None, lang: str) -> str:
    """Return a text in which each report that it names, as `{report:bridge}`, stands by its title in quotation marks.

    A page makes a link of such a title where it has the report.
    """

    def titled(found: re.Match[str]) -> str:
        name = found[1]
        return quoted(_titled(report(name).of_kind(kind), kind, lang) if name in report_names() else name, lang)

    return _NAMED.sub(titled, text)


_ORDINAL = re.compile(r"(?<![\w.,])(\d+)(er|re|e)\b")
_RAISED = str.maketrans("er", "ᵉʳ")


def raised(text: str) -> str:
    """Return a French text in which the endings of ordinal numbers are raised: 1ᵉʳ semestre."""
    return _ORDINAL.sub(lambda found: found[1] + found[2].translate(_RAISED), text)


# What people read above what stands behind a cell and is no column of its report.
BEHIND = {
    "agreement": Label("Accord n°", "Agreement no."),
    "answer": Label("Réponse", "Answer"),
    "answered": Label("Réponse", "Answer"),
    "city": Label("Collectivité", "Authority"),
    "country": Label("Pays", "Country"),
    "partner": Label("Partenaire", "Partner"),
    "position": Label("Rang", "Place"),
    "source": Label("Fait à partir de", "Made from"),
}


_SEVERAL = Label("plusieurs", "several")  # rows that were made from one thing and another


@cache
def made_from(source: str | None, lang: str) -> str:
    """Return what people read for what a row was made from: a report as its title, and the key in it."""
    name, _, rest = (source or "").partition("/")
    if name in shipped():
        return report(name).title.text(lang) + (f" ({rest})" if rest else "")
    return _SEVERAL.text(lang) if source == "several" else source or ""


def heading_behind(report: Report, name: str, lang: str) -> str:
    """Return what people read above a column of the rows behind a report: its own heading, if the report has it."""
    own = next((column.label.text(lang) for column in report.columns if column.name == name), "")
    return own or (BEHIND[name].text(lang) if name in BEHIND else heading(name, lang))


def heading(name: str, lang: str) -> str:
    """Return what people read above a column."""
    return HEADINGS[name].text(lang) if name in HEADINGS else name


def kind(name: str, lang: str) -> str:
    """Return what people read for a kind of change, or for what became of a revision."""
    return KINDS[name].text(lang) if name in KINDS else name


@cache
def words(lang: str) -> Mapping[str, str]:
    """Return all words in one language."""
    return MappingProxyType({name: text.text(lang) for name, text in WORDS.items()})
