"""The temporary tables of a load, on a row's way from the file to the models: which there are, with their columns.

raw_NAME             the records as text, each with its row. Written by `reading.raw_tables` (of a revision that is
                     loaded again in part: `reading.restore`); `totals` takes lines out that are no rows. Read by
                     `columns`, and by rules for what a value was called.
raw_export           the records of an export of a survey tool, by `reading.export`; `reading.exported` makes the raw
                     tables of what its columns stand for.
extra_NAME           the lines that were taken out: totals, footnotes. Written and read by `totals`.
looked_up, meanings  the distinct texts of columns of names by their place, and what each stands for wherever it stands:
                     written by `names`, read by `columns`, which keeps in `odd` those that stand for nothing or have
                     a mark.
meant_NAME_COLUMN    what each distinct text of a column stands for; of long lists a view of all `meanings` of the list.
                     Written by `columns`; read by `columns`, `resolved` and rules.
resolved_NAME        the rows of raw_NAME with what their texts stand for. Written by `resolved`; read by rules,
                     `checks` and `loading.rows`.
staged_TABLE         rows as they will stand in a table of the models, but for wave and revision. Written by
                     `loading.rows` and `printed`, read by `loading.revision`.
given …              what the wave asks on its own: every answer as text with its place, and `understood`; `asked`,
                     `asked_names` and `item_names` are questions and items by their spellings. All of `answers`.
declared             what the wave says of itself, one row, for rules. Written by `checks`.
names, shared …      the code lists (list_NAME) by their spellings. Written and read by `names`.
register …           the authorities that a wave may name, and `register_names` by their spellings, once one is
                     looked for. Written by `register`, read by `places`. `merged`: those that had ceased on the day
                     of the wave.
"""

from __future__ import annotations

from jumelage.checking.columns import DATES, NUMBERS, PARTNERS, list_of
from jumelage.reading.shapes import SHAPES


def raw(name: str) -> tuple[str, ...]:
    """Return the columns of `raw_NAME`, but for those of questions.

    `loose` is text under no heading, `odd` a wrong number of fields.
    """
    return ("line", *SHAPES[name].columns, "loose", "odd")


def meant(name: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of `meant_NAME_COLUMN`, by column; that of `city_code` and of `until` may not be there."""
    found: dict[str, tuple[str, ...]] = {}
    for column in SHAPES[name].columns:
        if list_of(name, column) or column == "city_code":
            found[column] = ("text", "code")
        elif column in NUMBERS:
            found[column] = ("text", "number", *(["missing"] if column == "declared_agreements" else []))
        elif column in DATES:
            found[column] = ("text", f"{column}_from", f"{column}_to", "missing")
    return found


def resolved(name: str) -> tuple[str, ...]:
    """Return the columns of `resolved_NAME`, in any order."""
    found = ["line"]
    for column in SHAPES[name].columns:
        if column == "since":
            found += ["since_from", "since_to", "since_missing"]
        elif column == "until":
            found += ["until_from", "until_to"]
        elif column not in {"city_code", "likeness"}:
            found += [column, *([f"{column}_key"] if column in PARTNERS else [])]
            found += ["declared_missing"] if column == "declared_agreements" else []
    return tuple(found)
