"""Staged rows as rows of the models: tables `staged_NAME` of the workbench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jumelage.database.workbench import put

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.reading.wave_toml import Wave


def stage_wave(bench: Connection, wave: Wave) -> None:
    """Turn the resolved rows of the files into rows of the models."""
    stage = "create or replace temp table staged_"
    defaults = [
        (question, item, answer, wave.sources[question])
        for question, items in wave.default_items.items()
        for item, answer in items.items()
    ]
    kinds = dict.fromkeys(("question", "item", "answer", "source"), "varchar")
    put(bench, "staged_default_answers", kinds, [[entry[i] for entry in defaults] for i in range(len(kinds))])
    bench.exec_driver_sql(
        f"{stage}respondents as select f.city, f.population, "
        f"coalesce(r.response, '{wave.defaults['response']}') as response, r.declared_agreements, "
        "case when r.declared_agreements is null then coalesce(r.declared_missing, "
        "case when x.asked then 'no_answer' else 'not_asked' end) end as declared_missing, "
        "? as source, ? as answers_source "
        "from resolved_frame f left join resolved_respondents r on r.city = f.city "
        "cross join (select count(declared_agreements) > 0 as asked from raw_respondents) x",
        (wave.sources["frame"], wave.sources["respondents"]),
    )
    several, ended = _has_several(bench), _has_ended(bench)
    until = ("p.until_from", "p.until_to") if ended else ("cast(null as date)", "cast(null as date)")
    bench.exec_driver_sql(
        "create or replace temp view staged_partnerships as select "
        f"{_number_of_agreement(bench, several=several)}, p.city, p.country, p.partner, "
        "p.since_from, p.since_to, case when p.since_from is null then "
        f"coalesce(p.since_missing, '{wave.defaults['since']}') end as since_missing, "
        "coalesce(p.inferred, 'no') = 'yes' as inferred, coalesce(p.source, '') as source, "
        f"{until[0]} as until_from, {until[1]} as until_to, p.partner_key, {_apart(bench, wave)} as apart "
        "from resolved_partnerships p"
        f"{_SEVERAL if several else ''}"
    )
    bench.exec_driver_sql(
        f"{stage}partner_pairs as select city, country, partner_before, partner, same = 'yes' as same, "
        "partner_before_key, partner_key from resolved_partner_pairs"
    )
    for question, item in (("actions", "action"), ("difficulties", "difficulty")):
        bench.exec_driver_sql(
            f"{stage}city_{question} as select city, {item}, answer, ? as source from resolved_{question}",
            (wave.sources[question],),
        )


def _apart(bench: Connection, wave: Wave) -> str:
    """Return the expression that tells whether an agreement is at home and so set apart."""
    if not wave.home_apart:
        return "false"
    rows = bench.exec_driver_sql(
        "select code from list_countries where code = ? or part_of = ?", (wave.home_country, wave.home_country)
    )
    return f"p.country in ({', '.join(repr(str(code)) for (code,) in rows)})"


_SEVERAL = " cross join range(coalesce(p.agreements, 1))"


def _has_several(bench: Connection) -> bool:
    """Tell whether a row may stand for several agreements."""
    return bool(bench.exec_driver_sql("select max(number) > 1 from meant_partnerships_agreements").scalar())


def _has_ended(bench: Connection) -> bool:
    """Tell whether any agreement has ended; where none has, its columns are constants, which costs nothing."""
    return bool(bench.exec_driver_sql("select exists (from resolved_partnerships where until_to is not null)").scalar())


def _number_of_agreement(bench: Connection, *, several: bool) -> str:
    """Return the expression that numbers agreements in the order of their rows.

    Rows that follow each other without a gap are numbered already, which saves a window over all of them.
    """
    first, last, number = bench.exec_driver_sql("select min(line), max(line), count(*) from raw_partnerships").one()
    if number and last - first + 1 == number and not several:
        return f"p.line - {first - 1} as agreement"
    return "cast(row_number() over (order by p.line) as integer) as agreement"
