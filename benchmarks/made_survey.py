"""Make a survey of any size by one seed: a register, waves, and revisions that correct a thousandth of a wave.

`python made_survey.py FOLDER --towns 35000 --agreements 1000000 --waves 2 --revisions 2` writes `register.csv` and a
folder for each revision of each wave, `2006-1`, `2006-2`, … Numbers are of each wave. What is drawn depends on the seed
and on the number of the row alone, so that the same is written whatever the machine, in bounded memory.

Few towns and few countries have most agreements, as in real surveys: a town's place is the square of a uniform number
times the number of towns, a country's the cube. One town in ten did not respond and has none; one agreement in five has
no date; of the others half have a year, a quarter a month, a quarter a day.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

from made_wave import WAVE

FIRST = 2006  # the year of the first wave
COUNTRIES = [  # states that are older than the first agreement
    "GB", "IT", "BE", "PL", "ES", "NL", "HU", "RO", "PT", "SE", "DK", "FI", "GR", "AT", "IE", "BG", "CY", "MT",
    "CH", "NO", "TR", "AL", "IS", "US", "CA", "MX", "BR", "AR", "CL", "CN", "JP", "KR", "IN", "IL", "LB", "MA",
    "TN", "EG", "SN", "ML", "BJ", "CI", "TG", "MG", "NE",
]  # fmt: skip
UNIFORM = "cast(hash({of}, {seed}) >> 11 as double) / 9007199254740992"  # 53 bits of a hash: a double in [0, 1)
TOWNS = """
select 'DE:' || lpad(cast(i as varchar), 7, '0') as code, i, {silent} < 0.1 as silent,
    cast(20000 / (1 + 50.0 * i / {towns}) as integer) + 500 as population
from range({towns}) r(i)
"""
ROWS = """
select
    'DE:' || lpad(cast(cast(floor({towns} * pow({town}, 2)) as bigint) as varchar), 7, '0') as city,
    list_extract({countries}, cast(floor({count} * pow({country}, 3)) as integer) + 1) as country,
    1 as agreements,
    'Partner ' || cast(i as varchar) as partner,
    case
        when {dated} < 0.2 then null
        when {dated} < 0.6 then strftime(day, '%Y')
        when {dated} < 0.8 then strftime(day, '%Y-%m')
        else strftime(day, '%Y-%m-%d')
    end as since,
    null as inferred,
    null as source
from (
    select i, date '1966-01-01' + cast(floor(12000 * {day}) + 365 * {moved} as integer) as day
    from range({first}, {first} + {rows}) r(i)
)
"""


def uniform(what: str, seed: int, of: str = "i") -> str:
    """Return the expression of a uniform number for a row: another one for each use."""
    return UNIFORM.format(of=f"{of}, '{what}'", seed=seed)


def make(folder: Path, towns: int, rows: int, waves: int, revisions: int, seed: int) -> None:
    """Write all of it into a folder that is not there."""
    folder.mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)}) as connection:
        connection.execute(f"create table town as {TOWNS.format(towns=towns, silent=uniform('silent', seed))}")

        def write(sql: str, path: Path) -> None:
            connection.execute(f"copy ({sql}) to '{path}' (header)")

        write("select code, 'commune' as kind, code as name, 'DE' as country from town", folder / "register.csv")
        for wave in range(waves):
            year = FIRST + wave
            for revision in range(1, revisions + 1):
                into = folder / f"{year}-{revision}"
                into.mkdir()
                said = WAVE.format(year=year, rule="towns", population="made", territory='"DE"')
                said = said.replace('wave = "made"', f'wave = "{year}"')
                (into / "wave.toml").write_text(said, encoding="utf-8")
                write("select code as city, population from town order by i", into / "frame.csv")
                write(
                    "select code as city, case when silent then 'refused' else 'responded' end as response "
                    "from town order by i",
                    into / "respondents.csv",
                )
                for name, item in (("actions", "action"), ("difficulties", "difficulty")):
                    (into / f"{name}.csv").write_text(f"city,{item},answer\n", encoding="utf-8")
                moved = (
                    f"case when {revision} > 1 and hash(i, {revision}, {seed}) % 1000 = 0 then {revision} else 0 end"
                )
                made = ROWS.format(
                    towns=towns,
                    town=uniform("town", seed),
                    country=uniform("country", seed),
                    countries=COUNTRIES,
                    count=len(COUNTRIES),
                    dated=uniform("dated", seed),
                    day=uniform("day", seed),
                    moved=moved,
                    first=wave * rows,
                    rows=rows,
                )
                write(f"select m.* from ({made}) m join town t on t.code = m.city and not t.silent",
                      into / "partnerships.csv")  # fmt: skip


def main() -> None:
    """Read what is wanted, and make it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name, usual in (("towns", 35_000), ("agreements", 1_000_000), ("waves", 1), ("revisions", 1), ("seed", 2006)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    make(given.folder, given.towns, given.agreements, given.waves, given.revisions, given.seed)


if __name__ == "__main__":
    main()
