"""Write waves/2012-demo: a wave made up from that of 2006, to show what changes between two waves.

What is real: the towns and their agreements of 2006, and the towns that have become part of others since. All else is
drawn, always the same.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).resolve().parent
EARLIER = HERE / "2006"
CODES = HERE.parent / "schema" / "codes"
SEED = 2012
REFERENCE_DATE = date(2012, 3, 31)
LEAST_POPULATION = 20_001
MERGED_INTO = "Dunkerque"  # the town that another has become part of answers, so that this is seen in figures

SILENT = 3  # towns that answered in 2006 and do not now
FIRST_HEARD = 4  # towns whose response of 2006 is not published and that answer now, two of them that they have none
REFUSED = 3  # of all that do not answer; the others are not reached
ENDED = 3
NO_LONGER_DECLARED = 3  # besides one with Romania, and the only one of a town
NAMED = 8  # agreements of 2006 whose partner and date are given now
BEGUN = ("RO", "PL", "MA", "DE", "BF", "CN")
APPEARED = ("ES", "TN", "BR")
APPEARED_SINCE = ("1998", "avant 1990", "")
NUMBER_GIVEN = 12  # towns that say how many agreements they have
FEW, SEVERAL, MANY = 2, 3, 5
RECLASSIFIED = "RO"  # outside the European Union in 2006, inside in 2012

NOT_ASKED = {"default_answer": "not_asked"}
ANSWERS = ("yes",) * 11 + ("no",) * 7 + ("dont_know", "no_answer")

WAVE = """\
# Données synthétiques, inventées pour la démonstration. Synthetic data, made up to demonstrate.
# Written by waves/make_2012_demo.py: change that, not this.
wave = "2012-demo"
title.fr = "{title_fr} – données synthétiques, inventées pour la démonstration"
title.en = "{title_en} – synthetic data, made up to demonstrate"
reference_date = {reference_date}
synthetic = true
frame_rule.fr = "{frame_rule_fr}, en 2012 – données synthétiques"
frame_rule.en = "{frame_rule_en}, in 2012 – synthetic data"
population = "made up"
source = "Données synthétiques, inventées pour la démonstration – synthetic data, made up to demonstrate"

[fieldwork]
from = 2012-02-01
to = 2012-03-31
mode = "made up"

[complete]
agreements = true

# Every town has its response. Only towns with an agreement are asked about management, actions and difficulties, and
# about details only if they said yes to what these are details of.
[defaults]
response = "not_reached"
since = "no_answer"
actions = {{ "*" = "not_asked" }}
difficulties = {{ "*" = "not_asked" }}

# Nothing was printed.
[sources]
"""

Thing = TypeVar("Thing")


class Draws:
    """Draws that are the same on every version of Python.

    Only the numbers of `random()` are promised never to change for a seed; what `shuffle`, `sample` or `choices` make
    of them may, and so everything here is index arithmetic on these numbers.
    """

    def __init__(self, seed: int) -> None:
        """Begin at a seed."""
        self._random = random.Random(seed).random  # noqa: S311 — for show, not for secrets

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 on that is below a limit."""
        return int(self._random() * limit)

    def between(self, first: int, last: int) -> int:
        """Draw a whole number, both ends included."""
        return first + self.below(last - first + 1)

    def one(self, things: Sequence[Thing]) -> Thing:
        """Draw one of several."""
        return things[self.below(len(things))]

    def some(self, things: Iterable[Thing], number: int) -> list[Thing]:
        """Draw as many of several as wanted, each once."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(number)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement of a town; blank is what nobody states."""

    city: str
    country: str
    partner: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The wave of 2006, its towns as they are in 2012."""

    populations: dict[str, int]
    answered: frozenset[str]
    agreements: tuple[Agreement, ...]
    without_town: tuple[str, ...]  # countries


@dataclass(slots=True)
class Made:
    """The wave of 2012, as far as it is made."""

    responses: dict[str, str] = field(default_factory=dict)
    agreements: list[Agreement] = field(default_factory=list)

    @property
    def numbers(self) -> Counter[str]:
        """Return the number of agreements in force, by town."""
        return Counter(one.city for one in self.agreements if not one.until)

    def named(self, agreement: Agreement, since: str) -> Agreement:
        """Give an agreement a partner whose name nobody can take for a town's."""
        numbers = [int(one.partner.rsplit(" ", 1)[1]) for one in self.agreements if one.partner]
        return replace(agreement, partner=f"Ville fictive {max(numbers, default=0) + 1}", since=since)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def folded(name: str) -> str:
    """Return a name by its letters alone, for names are written in more than one way."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if sign.isalnum())


def names_of(code_list: str, aliases: str, label: str) -> dict[str, str]:
    """Return the code of each name of towns or countries, by its letters; aliases included."""
    named = {folded(row[label]): row["code"] for row in rows_of(CODES / f"{code_list}.csv")}
    target = "city" if code_list == "cities" else "country"
    return named | {folded(row["alias"]): row[target] for row in rows_of(CODES / f"{aliases}.csv")}


def labels_of(code_list: str, label: str) -> dict[str, str]:
    """Return the official French name of each code."""
    return {row["code"]: row[label] for row in rows_of(CODES / f"{code_list}.csv")}


def read_earlier() -> Earlier:
    """Read the wave of 2006; a town that has become part of another by 2012 is that one."""
    codes, labels = names_of("cities", "city_aliases", "name"), labels_of("cities", "name")
    successors = {
        row["city"]: row["successor"]
        for row in rows_of(CODES / "city_changes.csv")
        if date.fromisoformat(row["changed_on"]) <= REFERENCE_DATE
    }

    def town(name: str) -> str:
        code = codes[folded(name)]
        while code in successors:
            code = successors[code]
        return labels[code]

    countries = names_of("countries", "country_aliases", "label_fr")
    populations: Counter[str] = Counter()
    for row in rows_of(EARLIER / "frame.csv"):
        populations[town(row["city"])] += int(row["population"])
    agreements = rows_of(EARLIER / "partnerships.csv")
    return Earlier(
        populations=dict(populations),
        answered=frozenset(
            town(row["city"]) for row in rows_of(EARLIER / "respondents.csv") if row["response"] == "responded"
        ),
        agreements=tuple(
            Agreement(town(row["city"]), countries[folded(row["country"])])
            for row in agreements
            if row["city"]
            for _ in range(int(row["agreements"]))
        ),
        without_town=tuple(countries[folded(row["country"])] for row in agreements if not row["city"]),
    )


def make(earlier: Earlier, draws: Draws) -> Made:
    """Make the wave of 2012: whatever nothing is drawn about is as it was in 2006."""
    made = Made()
    _respond(earlier, made, draws)
    _declare_again(earlier, made, draws)
    heard = [town for town in made.responses if _responds(made, town) and town not in earlier.answered]
    _declare_first(earlier, made, draws, heard)
    for country, since in zip(APPEARED, APPEARED_SINCE, strict=True):
        made.agreements.append(made.named(Agreement(_newcomer(earlier, made, draws, country), country), since))
    for country in earlier.without_town:
        made.agreements.append(Agreement(_newcomer(earlier, made, draws, country), country))
    engaged = [town for town in earlier.populations if made.numbers[town]]
    for place, country in enumerate(BEGUN):
        made.agreements.append(made.named(Agreement(draws.one(engaged), country), _begun(place, draws)))
    return made


def _responds(made: Made, town: str) -> bool:
    return made.responses[town] == "responded"


def _respond(earlier: Earlier, made: Made, draws: Draws) -> None:
    """Draw who answers: a few fall silent, a few others are heard of."""
    numbers = Counter(one.city for one in earlier.agreements)
    reclassified = {one.city for one in earlier.agreements if one.country == RECLASSIFIED}
    silent = draws.some(
        [town for town in earlier.populations if FEW <= numbers[town] <= MANY and town not in reclassified], SILENT
    )
    unheard = [town for town in earlier.populations if town not in earlier.answered and town != MERGED_INTO]
    silent += draws.some(unheard, len(unheard) + 1 - FIRST_HEARD)
    refused = draws.some(silent, REFUSED)
    for town in earlier.populations:
        made.responses[town] = "refused" if town in refused else "not_reached" if town in silent else "responded"


def _declare_again(earlier: Earlier, made: Made, draws: Draws) -> None:
    """Draw what towns that answer say of their agreements of 2006: the most are declared again."""
    numbers = Counter(one.city for one in earlier.agreements)
    told = [one for one in earlier.agreements if _responds(made, one.city)]
    gone = [draws.one([place for place, one in enumerate(told) if one.country == RECLASSIFIED])]
    gone.append(draws.one([place for place, one in enumerate(told) if numbers[one.city] == 1]))
    alone, common = Counter(told), _common(earlier)
    others = [
        place
        for place, one in enumerate(told)
        if alone[one] == 1 and one.country in common and one.country != RECLASSIFIED and numbers[one.city] >= SEVERAL
    ]
    drawn = draws.some(others, NO_LONGER_DECLARED + ENDED)
    gone += drawn[:NO_LONGER_DECLARED]
    ended = {place: _day(precision, draws) for precision, place in enumerate(drawn[NO_LONGER_DECLARED:])}
    named = draws.some([place for place in range(len(told)) if place not in {*gone, *ended}], NAMED)
    states = {row["code"]: row["state_since"][:4] for row in rows_of(CODES / "countries.csv")}
    for place, one in enumerate(told):
        if place in named:
            first = max(1955, int(states[one.country] or 0) + 1)
            made.agreements.append(made.named(one, str(draws.between(first, 2004))))
        elif place not in gone:
            made.agreements.append(replace(one, until=ended.get(place, "")))


def _common(earlier: Earlier) -> list[str]:
    """Return the countries with several agreements: nobody shall look for a meaning in what is drawn."""
    numbers = Counter(one.country for one in earlier.agreements)
    return sorted(country for country, number in numbers.items() if number > 1)


def _declare_first(earlier: Earlier, made: Made, draws: Draws, heard: list[str]) -> None:
    """Let two towns declare agreements whose response of 2006 is not published; the others of them have none."""
    other = draws.one([town for town in heard if town != MERGED_INTO])
    for town, number in ((MERGED_INTO, SEVERAL), (other, 1)):
        made.agreements += [Agreement(town, country) for country in draws.some(_common(earlier), number)]


def _newcomer(earlier: Earlier, made: Made, draws: Draws, country: str) -> str:
    """Draw a town that answered both times and declared nothing in a country in 2006."""
    had = {one.city for one in earlier.agreements if one.country == country}
    settled = earlier.answered - had
    return draws.one([town for town in earlier.populations if town in settled and made.numbers[town]])


def _begun(place: int, draws: Draws) -> str:
    """Draw when an agreement began since the earlier wave; some in the very year of it, which then needs the month."""
    return f"2006-{draws.between(4, 12):02}" if place % 3 == 1 else _day(place, draws)


def _day(precision: int, draws: Draws) -> str:
    """Draw a year between the waves, with its month, or with its day too, as the precision comes round."""
    return f"{draws.between(2007, 2011)}" + "".join(
        f"-{draws.between(1, last):02}" for last in (12, 28)[: precision % 3]
    )


def answers_of(question: str, towns: list[str], draws: Draws) -> list[tuple[str, str, str]]:
    """Draw what engaged towns answer on actions or difficulties; details are asked of those that said yes."""
    rows = []
    for town in towns:
        said: dict[str, str] = {}
        for item in rows_of(CODES / f"{question}.csv"):
            if not item["parent_code"] or said.get(item["parent_code"]) == "yes":
                said[item["code"]] = draws.one(ANSWERS)
        rows += [(town, item, answer) for item, answer in said.items()]
    return rows


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def partnerships_of(made: Made) -> str:
    """Return the table of agreements, those that nothing tells apart in one row."""
    labels = labels_of("countries", "label_fr")
    places = {town: place for place, town in enumerate(made.responses)}
    rows = sorted(
        Counter(made.agreements).items(),
        key=lambda row: (places[row[0].city], folded(labels[row[0].country]), row[0].until, row[0].partner),
    )
    return table(
        ("city", "country", "agreements", "partner", "since", "until"),
        [(one.city, labels[one.country], number, one.partner, one.since, one.until) for one, number in rows],
    )


def files_of(earlier: Earlier, draws: Draws) -> dict[str, str]:
    """Return the text of each file of the wave."""
    made = make(earlier, draws)
    numbers = made.numbers
    engaged = [town for town in made.responses if numbers[town]]
    counted = draws.some([town for town in made.responses if _responds(made, town)], NUMBER_GIVEN)
    questions = rows_of(EARLIER / "questions.csv")  # asked again, of engaged towns alone
    asked = [row["question"] for row in questions]
    respondents = [
        (
            town,
            response,
            *(draws.one(ANSWERS) if town in engaged else "" for _ in asked),
            numbers[town] if town in counted else "",
        )
        for town, response in made.responses.items()
    ]
    frame = [
        (town, max(LEAST_POPULATION, population * draws.between(970, 1050) // 1000))
        for town, population in earlier.populations.items()
    ]
    return {
        "wave.toml": wave_toml(),
        "questions.csv": table(tuple(questions[0]), [tuple((row | NOT_ASKED).values()) for row in questions]),
        "frame.csv": table(("city", "population"), frame),
        "respondents.csv": table(("city", "response", *asked, "declared_agreements"), respondents),
        "partnerships.csv": partnerships_of(made),
        "actions.csv": table(("city", "action", "answer"), answers_of("actions", engaged, draws)),
        "difficulties.csv": table(("city", "difficulty", "answer"), answers_of("difficulties", engaged, draws)),
    }


def wave_toml() -> str:
    """Return what the wave says of itself: the survey is that of 2006, plainly marked as made up."""
    earlier = tomllib.loads((EARLIER / "wave.toml").read_text(encoding="utf-8"))
    return WAVE.format(
        title_fr=earlier["title"]["fr"],
        title_en=earlier["title"]["en"],
        frame_rule_fr=earlier["frame_rule"]["fr"],
        frame_rule_en=earlier["frame_rule"]["en"],
        reference_date=REFERENCE_DATE,
    )


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write the wave 2012-demo: synthetic data, always the same.")
    parser.add_argument(
        "--out", type=Path, default=HERE / "2012-demo", metavar="FOLDER", help="where to write it [waves/2012-demo]"
    )
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files_of(read_earlier(), Draws(SEED)).items():
        (out / name).write_bytes(text.encode())
    sys.stdout.write(f"wrote {out}\n")


if __name__ == "__main__":
    main()
