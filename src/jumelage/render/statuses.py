"""The signs of a publication: the statuses of figures, a number that there is not, and what they mean."""

from __future__ import annotations

from jumelage.texts import Label, same

STATUS_MARKS = {
    "source": same("▪"),
    "reproduced": same("✓"),
    "reproduced_with_inferred": same("✓+"),
    "bounded": same("↔"),
    "published_only": same("○"),
    "wording": Label("«\u00a0»", "“”"),
    "contradicted": same("≠"),
    "error": same("!"),
}

STATUS_NAMES = {
    "source": Label("source", "source"),
    "reproduced": Label("reproduit", "reproduced"),
    "reproduced_with_inferred": Label("reproduit avec déduction", "reproduced with inferred rows"),
    "bounded": Label("encadré", "bounded"),
    "published_only": Label("publié seulement", "published only"),
    "wording": Label("en mots", "wording"),
    "contradicted": Label("contredit", "contradicted"),
    "error": Label("erreur", "error"),
}

# In the code list CL_OBS_STATUS of SDMX: A normal, I imputed, U of low reliability, O missing. What is known no better
# than as a range has no value there, so that no end of it is taken for one; None is what is not printed.
STATUS_IN_SDMX = {
    None: "A",
    "source": "A",
    "reproduced": "A",
    "reproduced_with_inferred": "I",
    "bounded": "O",
    "published_only": "O",
    "wording": "A",
    "contradicted": "U",
    "error": "O",
}
MISSING_IN_SDMX = "O"

STATUS_MEANINGS = {
    "source": Label(
        "Les lignes ont été faites à partir de ce chiffre\u00a0: il ne prouve rien sur lui-même.",
        "The rows were made from this figure: it proves nothing about itself.",
    ),
    "reproduced": Label(
        "Calculé à l’identique, à partir des seules lignes déclarées.",
        "Computed to the same value, from reported rows alone.",
    ),
    "reproduced_with_inferred": Label(
        "Calculé à l’identique une fois comptées les lignes déduites.",
        "Computed to the same value once inferred rows count.",
    ),
    "bounded": Label(
        "Non calculable exactement\u00a0; la valeur imprimée est dans l’intervalle calculé, plus étroit "
        "que tout ce qui est possible.",
        "Cannot be computed exactly; the printed value lies within the computed range, narrower than all that "
        "is possible.",
    ),
    "published_only": Label(
        "Rien ne permet de le vérifier\u00a0: les lignes laissent ouvert tout ce qui est possible. L’intervalle à "
        "côté, s’il y en a un, va de zéro à toutes les collectivités interrogées.",
        "Nothing to check it against: the rows leave open all that is possible. The range beside it, if there is one, "
        "goes from none to every authority asked.",
    ),
    "wording": Label(
        "Imprimé sans nombre\u00a0; les lignes ne disent pas le contraire de ce que les mots impliquent.",
        "Printed without a number; no row contradicts what the words imply.",
    ),
    "contradicted": Label(
        "Les lignes disent autre chose\u00a0; l’explication est donnée.",
        "The rows say something else; the explanation is given.",
    ),
    "error": Label("Le calcul a échoué.", "The computation failed."),
}

# A number that there is not: INSEE's sign in French, the shorthand of British statistics in English.
MISSING = Label("n.d.", "[x]")
MISSING_NAME = Label("non disponible", "not available")
MISSING_MEANING = Label(
    "La question n’a pas été posée, rien ne borne le nombre, ou il n’a pas de base.",
    "The question was not asked, nothing bounds the number, or it has no base.",
)

# Where the rows cannot tell, the printed value leads.
LEADING = frozenset({"bounded", "published_only"})
