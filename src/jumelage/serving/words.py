"""The words of the served pages, in French and English."""

from __future__ import annotations

from jumelage.texts import LANGUAGES, Label

_WORDS = {
    "skip": Label("Aller au contenu", "Skip to the content"),
    "pages": Label("Pages", "Pages"),
    "site": Label("Publication", "Publication"),
    "other_language": Label("In English", "En français"),
    "colon": Label("\u00a0:", ":"),
    "sql": Label("Requêtes SQL", "SQL queries"),
    "lead": Label(
        "Une requête ne fait que lire. Les noms sans schéma sont les plus sûrs\u00a0: partnerships tient chaque accord "
        "en vigueur une fois.",
        "A query only reads. Names without a schema are the safe ones: partnerships has each agreement in force once.",
    ),
    "query": Label("Requête", "Query"),
    "hint": Label(
        "Ctrl+Entrée l’exécute, Ctrl+Espace propose des noms.",
        "Ctrl+Enter runs it, Ctrl+Space proposes names.",
    ),
    "proposed": Label("Noms proposés", "Names proposed"),
    "run": Label("Exécuter", "Run"),
    "stop": Label("Arrêter", "Stop"),
    "running": Label("en cours…", "running…"),
    "failed": Label("le serveur ne répond pas", "the server does not answer"),
    "stopped": Label("arrêtée", "stopped"),
    "fetch": Label("Télécharger", "Download"),
    "scope": Label("Vague, date et paramètres", "Wave, date and parameters"),
    "wave": Label("Vague", "Wave"),
    "wave_hint": Label("2006, 2006@1, 2006,2012 ou all", "2006, 2006@1, 2006,2012 or all"),
    "as_of": Label("Chargé au plus tard le", "Loaded by"),
    "classified_on": Label("Zones au", "Zones as on"),
    "kind": Label("Sorte d’autorité", "Kind of authority"),
    "without_inferred": Label("Sans les lignes déduites", "Without inferred rows"),
    "parameters": Label("Paramètres, un nom=valeur par ligne", "Parameters, a name=value in each line"),
    "token": Label("Jeton d’accès", "Access token"),
    "stored": Label("Requêtes enregistrées", "Stored queries"),
    "history": Label("Historique de ce navigateur", "History of this browser"),
    "forget": Label("Effacer l’historique", "Clear the history"),
    "link": Label("Lien vers cette requête", "Link to this query"),
    "tables": Label("Tables et colonnes", "Tables and columns"),
    "no_tables": Label("La base ne répond pas à présent.", "The database does not answer at the moment."),
    "result": Label("Résultat", "Result"),
    "plan": Label("Plan", "Plan"),
    "row": Label("ligne", "row"),
    "rows": Label("lignes", "rows"),
    "more": Label(
        "les premières seulement\u00a0; toutes sont dans le fichier à télécharger",
        "only the first ones; the file to download has all",
    ),
    "seconds": Label("s", "s"),
    "error": Label("Erreur", "Error"),
    "not_published": Label("Rien n’est encore publié", "Nothing is published yet"),
    "to_publish": Label(
        "Le dossier que ce serveur montre est vide ou absent. Pour publier ce qui est chargé\u00a0:",
        "The folder that this server shows is empty or missing. To publish what is loaded:",
    ),
    "nothing_here": Label("Il n’y a rien à cette adresse", "There is nothing at this address"),
    "api": Label("Interface pour programmes", "Interface for programs"),
    "api_lead": Label(
        "Une question est un objet JSON\u00a0; la réponse est du JSON ou un fichier.",
        "A question is a JSON object; the answer is JSON or a file.",
    ),
    "fields": Label("Champs d’une question", "Fields of a question"),
    "field": Label("champ", "field"),
    "form": Label("forme", "form"),
    "what": Label("ce que c’est", "what it is"),
    "answers": Label("Réponse", "Answer"),
    "problems": Label("Ce qui peut mal aller", "What can go wrong"),
    "status": Label("statut", "status"),
    "name": Label("nom", "name"),
    "example": Label("Exemple", "Example"),
    "described": Label("La même chose pour les machines", "The same for machines"),
    "limits": Label("Limites de ce serveur", "Limits of this server"),
    "limit_rows": Label("lignes d’une réponse en JSON", "rows of an answer in JSON"),
    "limit_seconds": Label("secondes d’une requête", "seconds of a query"),
    "limit_megabytes": Label("Mo de mémoire d’une requête", "MB of memory of a query"),
    "limit_at_once": Label("requêtes à la fois", "queries at once"),
}


def words(lang: str) -> dict[str, str]:
    """Return all of them in a language."""
    return {name: text.text(lang) for name, text in _WORDS.items()} | {
        "other": next(other for other in LANGUAGES if other != lang)
    }
