"""What was recorded stays: any earlier state reprints byte for byte; revisions are listed, compared and withdrawn."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from jumelage import __version__, database
from jumelage.database.models import LATER_TABLES, OF_A_LOAD
from jumelage.reporting import diff
from jumelage.revisions import history
from tests.conftest import TINY, Databases, WaveFolder, address, run, share
from tests.test_atomic import somebody_writing
from tests.test_load import content, select

# --- any history -------------------------------------------------------------------------------------------

REFERENCE = {"tiny": "2010-12-31", "later": "2012-12-31"}
Print: TypeAlias = tuple[int, str]


@dataclass(frozen=True)
class Says:
    """What is handed in for a wave: the end of its title, agreements of Lille with Germany, the response of Lens."""

    title: str = ""
    agreements: int = 1
    lens: str = "not_reached"


@dataclass(frozen=True)
class Step:
    """Something that is done to the database, and what the clock does meanwhile."""

    what: str
    wave: str = "tiny"
    says: Says = Says()
    which: int = 0
    clock: str = "runs"


@dataclass
class Revision:
    """A revision as it must be."""

    wave: str
    number: int
    says: Says
    withdrawn: bool = False

    @property
    def name(self) -> str:
        return f"{self.wave}@{self.number}"


@dataclass(frozen=True)
class State:
    """A state of the database: the time of its last record, what was printed, the current revision of each wave."""

    time: datetime
    printed: dict[tuple[str, ...], Print]
    current: tuple[Revision, ...]


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return self.at.replace(tzinfo=UTC)


CSV = ("--format", "csv")
OF_A_STATE: tuple[tuple[str, ...], ...] = (
    ("waves", "--format", "json"),
    ("report", "zones", *CSV),
    ("report", "evolution", "--wave", "all", *CSV),
    ("report", "bridge", "--wave", "all", *CSV),
    ("report", "response", "--wave", "all", *CSV),
)
OF_A_REVISION = ("zones", "participation")
CHECK = ("check", "--format", "json")
LATEST = (
    "select max(t.at) from (select loaded_at as at from survey.revisions "
    "union all select withdrawn_at from survey.withdrawals) t"
)


@dataclass
class Life:
    """A database through its history, beside what must be true of it; what was printed is remembered."""

    url: URL
    folder: Path
    synthetic: bool
    known: list[Revision] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    of_revisions: dict[tuple[str, ...], Print] = field(default_factory=dict)

    def ask(self, *command: object) -> Print:
        done = run(*command, "--db", address(self.url))
        assert done.code in {0, 1, 2}, done.err
        return done.code, done.out

    def current(self, wave: str) -> Revision | None:
        return next((one for one in reversed(self.known) if one.wave == wave and not one.withdrawn), None)

    def hand_in(self, wave: str, says: Says) -> Path:
        handed = WaveFolder(self.folder / "handed")
        shutil.rmtree(handed.path, ignore_errors=True)
        for name, text in TINY.items():
            handed.write(name, text)
        handed.replace("wave.toml", 'wave = "tiny"', f'wave = "{wave}"')
        handed.replace("wave.toml", "reference_date = 2010-12-31", f"reference_date = {REFERENCE[wave]}")
        for title in ("Petite enquête", "Small survey"):
            handed.replace("wave.toml", f'"{title}"', f'"{title}{says.title}"')
        if wave == "later" and self.synthetic:
            handed.replace("wave.toml", "synthetic = false", "synthetic = true")
        handed.append("respondents.csv", f"Lens,{says.lens},")
        handed.replace("partnerships.csv", "Lille,DE,2,", f"Lille,DE,{says.agreements},")
        return handed.path

    def recorded(self) -> datetime | None:
        ((latest,),) = select(self.url, LATEST)
        assert isinstance(latest, datetime | None)
        return latest

    def take(self, step: Step) -> None:
        """Do a step: it is recorded or refused as it must be, and what was printed is remembered."""
        before = self.recorded()
        with self._clock(step.clock, before):
            new = getattr(self, f"_{step.what.replace(' ', '_')}")(step)
        after = self.recorded()
        if not new:
            assert after == before
            assert not self.states or self.ask(*OF_A_STATE[0]) == self.states[-1].printed[OF_A_STATE[0]]
            return
        assert after is not None
        assert before is None or after > before
        printed = {command: self.ask(*command) for command in OF_A_STATE}
        self._hold(json.loads(printed[OF_A_STATE[0]][1]), printed[OF_A_STATE[1]])
        current = tuple(one for one in map(self.current, REFERENCE) if one)
        self.states.append(State(after, printed, current))
        for one in current:
            for report in OF_A_REVISION:
                command = ("report", report, "--wave", one.name, *CSV)
                if command not in self.of_revisions:
                    self.of_revisions[command] = self.ask(*command)

    @contextmanager
    def _clock(self, what: str, latest: datetime | None) -> Iterator[None]:
        if what == "runs" or latest is None:
            yield
            return
        clock = Clock(latest - timedelta(hours=what == "goes back"))
        with patch.object(history, "datetime", clock):
            yield

    def _hold(self, listed: list[dict[str, Any]], zones: Print) -> None:
        """Hold the list of revisions, and the wave that is shown by default, against what must be true."""
        found = [(entry["wave"], entry["revision"], entry["status"]) for entry in listed]
        order = sorted(self.known, key=lambda one: (REFERENCE[one.wave], one.number))
        assert found == [
            (
                one.wave,
                one.number,
                "withdrawn" if one.withdrawn else "current" if self.current(one.wave) is one else "superseded",
            )
            for one in order
        ]
        shown = self.current("later") if not self.synthetic else None
        shown = shown or self.current("tiny")
        number = shown.says.agreements + 3 if shown else None
        assert zones == (2, "") if number is None else f"\ntotal,{number},0," in zones[1]

    # The steps. Each tells whether something is recorded.

    def _load(self, step: Step) -> bool:
        current = self.current(step.wave)
        handed = self.hand_in(step.wave, step.says)
        code, _ = self.ask("load", handed, "--reason", "because", "--accept-loss", "--by", "tests")
        assert code == 0
        if current and current.says == step.says:
            return False
        self._add(step.wave, step.says)
        return True

    def _add(self, wave: str, says: Says) -> None:
        number = sum(one.wave == wave for one in self.known) + 1
        self.known.append(Revision(wave, number, says))

    def _load_again(self, step: Step) -> bool:
        last = next((one for one in reversed(self.known) if one.wave == step.wave), None)
        return self._load(replace(step, says=last.says if last else step.says))

    def _correct_a_table(self, step: Step) -> bool:
        current = self.current(step.wave)
        file = self.hand_in(step.wave, step.says) / "partnerships.csv"
        code, _ = self.ask(
            "load", file, "--table", "partnerships", "--wave", step.wave, "--reason", "because", "--accept-loss"
        )
        assert code == (0 if current else 2)
        if current is None or current.says.agreements == step.says.agreements:
            return False
        self._add(step.wave, replace(current.says, agreements=step.says.agreements))
        return True

    def _withdraw(self, step: Step) -> bool:
        found = self.known[step.which % len(self.known)] if self.known else Revision(step.wave, 1, step.says)
        code, _ = self.ask("withdraw", found.name, "--reason", "wrong", "--by", "tests")
        refused = found.withdrawn or not self.known
        assert code == (2 if refused else 0)
        found.withdrawn = True
        return not refused

    def _be_refused(self, step: Step) -> bool:
        handed = self.hand_in(step.wave, step.says)
        with (handed / "frame.csv").open("a", encoding="utf-8") as file:
            file.write("Atlantis,1\n")
        assert self.ask("load", handed, "--reason", "because")[0] == 1
        return False

    def _say_no_reason(self, step: Step) -> bool:
        if not any(one.wave == step.wave for one in self.known):
            return False
        says = replace(step.says, title=" that nobody else has")
        assert self.ask("load", self.hand_in(step.wave, says))[0] == 2
        return False

    # The end.

    def look_back(self) -> None:
        """Ask for all that was printed again: byte for byte the same, by its time and by the names of revisions."""
        for command, printed in self.of_revisions.items():
            assert self.ask(*command) == printed, command
        asked: dict[tuple[str, ...], Print] = {}
        after = [*(state.time for state in self.states[1:]), None]
        for state, ends in zip(self.states, after, strict=True):
            for command, printed in state.printed.items():
                assert self.ask(*command, "--as-of", state.time.isoformat()) == printed, (command, state.time)
            waves = OF_A_STATE[0]
            if ends is not None:  # to the last microsecond
                last = (ends - timedelta(microseconds=1)).isoformat(" ")
                assert self.ask(*waves, "--as-of", last) == state.printed[waves]
            names = ",".join(one.name for one in reversed(state.current))
            for _, report, _, _, *rest in OF_A_STATE[2:]:
                command = ("report", report, "--wave", names, *rest)
                if names and command not in asked:
                    asked[command] = self.ask(*command)
                assert not names or asked[command] == state.printed["report", report, "--wave", "all", *rest]
        first = (self.states[0].time - timedelta(microseconds=1)).isoformat()
        assert [self.ask(*command, "--as-of", first) for command in OF_A_STATE[:2]] == [(0, "[]\n"), (2, "")]

    def publish(self, name: str, *more: object) -> tuple[Print, dict[str, bytes]]:
        """Check and publish, and return all that was written."""
        out = self.folder / name
        code, _ = self.ask("publish", "--formats", "site,csv", "--out", out, *more)
        assert out.exists() == (code == 0)
        written = (file for file in out.rglob("*") if file.is_file()) if code == 0 else ()
        files = {str(file.relative_to(out)): file.read_bytes() for file in written}
        return self.ask(*CHECK, *more), files


SAYS = st.builds(
    Says,
    title=st.sampled_from(["", " again"]),
    agreements=st.integers(1, 3),
    lens=st.sampled_from(["not_reached", "refused", "responded"]),
)
STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(
            ["load", "load", "load again", "correct a table", "withdraw", "withdraw", "be refused", "say no reason"]
        ),
        wave=st.sampled_from(sorted(REFERENCE)),
        says=SAYS,
        which=st.integers(0, 3),
        clock=st.sampled_from(["runs", "stands", "goes back"]),
    ),
    min_size=2,
    max_size=4,
).map(lambda steps: [Step("load"), *steps])
KNOWN = [
    Step("load"),
    Step("load", "later", Says(" again", 2)),
    Step("correct a table", says=Says(agreements=3), clock="goes back"),
    Step("withdraw", which=2, clock="stands"),
    Step("load", says=Says(" again", lens="responded"), clock="stands"),
    Step("withdraw", which=0),
    Step("say no reason", "later"),
]


@pytest.mark.long
@settings(
    share(0.025),  # an example takes seconds: there are few, and none is made smaller
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@example(steps=KNOWN, moment=0, synthetic=True)
@given(steps=STEPS, moment=st.integers(0, 3), synthetic=st.booleans())
def test_any_history_reprints_byte_for_byte(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, steps: list[Step], moment: int, synthetic: bool
) -> None:
    life = Life(databases.migrated(), tmp_path_factory.mktemp("life"), synthetic)
    published = None
    for step in steps:
        life.take(step)
        if len(life.states) == moment + 1 and published is None:
            published = life.publish("then"), life.states[-1].time
    life.look_back()
    if published:
        assert life.publish("now", "--as-of", published[1].isoformat()) == published[0]


# --- revisions listed, compared and withdrawn ----------------------------------------------------------------

TOML = """
[[explanations]]
report = "zones"
keys = [{keys}]
measure = "agreements"
because.fr = "Erreur d’impression"
because.en = "{because}"
"""
FIRST = {
    "claims.csv": "claim,place,printed,unit,statement_fr,statement_en,kind,offenders\n"
    "a,p. 1,1,towns,Un,One,wording,\nb,p. 1,2,towns,Deux,Two,wording,\n",
    "published/zones.csv": "zone,measure,printed,place\neu,agreements,7,p. 2\ntotal,agreements,7,p. 2\n",
    "actions.csv": "city,action,answer\nLille,agenda_21,yes\nLille,interreg,yes\n",
    "difficulties.csv": "city,difficulty,answer\nDouai,languages,yes\nDouai,lack_of_means,yes\n",
}
SECOND = {
    "claims.csv": "claim,place,printed,unit,statement_fr,statement_en,kind,offenders\n"
    "a,p. 1,1,towns,Un,Only one,wording,\nc,p. 1,3,towns,Trois,Three,wording,\n",
    "published/zones.csv": "zone,measure,printed,place\neu,agreements,6,p. 2\neurope_non_eu,agreements,1,p. 2\n",
    "published/participation.csv": "indicator,measure,printed,place\ncontacted,value,3,p. 1\n",
    "actions.csv": "city,action,answer\nLille,agenda_21,dont_know\nLille,sports_exchange,yes\n",
    "difficulties.csv": "city,difficulty,answer\nDouai,languages,dont_know\nDouai,lack_of_staff,yes\n",
    "frame.csv": "city,population\nLille,225784\nRoubaix,95028\nDouai,42462\n",
    "partnerships.csv": "city,country,agreements,partner,since,inferred,source\n"
    "Lille,Allemagne,1,Köln,1958,,\nLille,DE,3,,,,\nDouai,Pologne,1,,2005,,\nLille,Italie,1,Turin,1958,yes,\n",
}


def write(folder: Path, files: dict[str, str], code: str = "tiny") -> WaveFolder:
    """Write the tiny wave with other files, under another code."""
    handed = WaveFolder(folder)
    for name, text in (TINY | files).items():
        handed.write(name, text)
    if code != "tiny":
        handed.replace("wave.toml", 'wave = "tiny"', f'wave = "{code}"')
    return handed


@pytest.fixture(scope="module")
def told(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """Two revisions of a wave that differ in everything, a withdrawn one, and a synthetic wave: to read only."""
    url, folder = databases.migrated(), tmp_path_factory.mktemp("told")
    first = write(folder / "first", FIRST)
    first.replace("wave.toml", "agreements = true", 'agreements = true\nprinted = ["zones"]')
    first.replace("wave.toml", 'actions = { "*" = "no" }', 'actions = { "*" = "no", interreg = "dont_know" }')
    first.append("wave.toml", TOML.format(keys='"eu", "total"', because="A misprint"))
    second = write(folder / "second", SECOND)
    second.replace("wave.toml", "agreements = true", 'agreements = true\nprinted = ["participation"]')
    second.replace("wave.toml", 'actions = { "*" = "no" }', 'actions = { "*" = "dont_know", agenda_21 = "no" }')
    second.replace("wave.toml", '"Small survey"', '"Small, but mended"')
    second.append(
        "wave.toml",
        TOML.format(
            keys='"eu", "europe_non_eu"',
            because="The printer’s fault, who took the figure of the line above, as the proofs that were kept show",
        ),
    )
    third = write(folder / "third", {})
    demo = write(folder / "demo", {}, "demo")
    demo.replace("wave.toml", "synthetic = false", "synthetic = true")
    for handed in (first, second, third, demo):
        done = run("load", handed.path, "--db", address(url), "--reason", "mended", "--accept-loss", "--by", "Anaïs")
        assert done.code == 0, done.err
    assert run("withdraw", "tiny@3", "--reason", "not yet", "--by", "Zoé", "--db", address(url)).code == 0
    return url


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_waves_lists_every_revision_with_its_status_its_reasons_and_who(told: URL) -> None:
    done = run("waves", "--db", address(told), *CSV)
    assert (done.code, done.err) == (0, "")
    listed = rows(done.out)
    assert [(row["wave"], row["revision"], row["status"], row["synthetic"]) for row in listed] == [
        ("demo", "1", "current", "yes"),
        ("tiny", "1", "superseded", "no"),
        ("tiny", "2", "current", "no"),
        ("tiny", "3", "withdrawn", "no"),
    ]
    assert [(row["loaded_by"], row["reason"]) for row in listed] == [("Anaïs", ""), ("Anaïs", "")] + [
        ("Anaïs", "mended")
    ] * 2
    assert [(row["withdrawn_by"], row["withdrawn_why"]) for row in listed] == [("", "")] * 3 + [("Zoé", "not yet")]
    assert [(row["agreements"], row["rows"]) for row in listed[1:3]] == [("5", "26"), ("6", "28")]
    assert {row["code_lists"] for row in listed} == {"as now"}
    assert len({row["content_hash"] for row in listed}) == 4
    as_json = json.loads(run("waves", "--db", address(told), "--format", "json").out)
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in as_json] == listed
    table = run("waves", "--db", address(told)).out
    assert "demo (synthetic)" in table
    assert f"mended; withdrawn {listed[3]['withdrawn_at']} by Zoé: not yet" in table


def test_waves_as_of_a_time_tells_what_was_known_then(told: URL) -> None:
    listed = rows(run("waves", "--db", address(told), *CSV).out)
    third = listed[3]
    done = run("waves", "--db", address(told), "--as-of", third["loaded_at"], *CSV)
    then = [(row["wave"], row["revision"], row["status"], row["withdrawn_at"]) for row in rows(done.out)]
    assert then == [("tiny", "1", "superseded", ""), ("tiny", "2", "superseded", ""), ("tiny", "3", "current", "")]
    now = rows(run("waves", "--db", address(told), "--as-of", third["withdrawn_at"], *CSV).out)
    assert now == listed
    assert run("waves", "--db", address(told), "--as-of", "2012-01-01", "--format", "json").out == "[]\n"


def test_revisions_loaded_under_other_code_lists_are_told(migrated: URL, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    for number, agreements in enumerate((1, 2)):
        handed = write(tmp_path / str(number), {})
        handed.replace("partnerships.csv", "Lille,DE,2,", f"Lille,DE,{agreements},")
        assert run("load", handed.path, "--reason", "mended", "--accept-loss", *db).code == 0
    change(migrated, "update survey.revisions set code_lists_hash = 'another' where revision = 1")
    assert [row["code_lists"] for row in rows(run("waves", *db, *CSV).out)] == ["others", "as now"]
    assert "loaded under other code lists than those of now: tiny@1\n" in run("waves", *db).out
    moved = "The code lists have changed since the load of tiny@1: labels and zones may differ"
    assert moved in run("report", "zones", "--wave", "tiny@1", *db).out
    assert moved in run("report", "zones", "--wave", "tiny@1", *db, *CSV).err
    assert moved in run("check", "--wave", "tiny@1", *db, "--format", "json").err
    assert "code lists" not in run("report", "zones", *db).out
    assert run("publish", "--formats", "site,csv", "--wave", "tiny@1", "--out", tmp_path / "public", *db).code == 0
    assert moved in (tmp_path / "public" / "en.html").read_text(encoding="utf-8")


def change(url: URL, sql: str) -> None:
    """Change a database behind the back of jumelage."""
    with database.opened(url, read_only=False) as connection:
        connection.exec_driver_sql(sql)
        connection.commit()


def test_a_withdrawal_that_cannot_be_is_refused_and_records_nothing(told: URL) -> None:
    before = content(told)
    known = "give one with its number, such as 2006@1; known: "
    three = f"{known}tiny@1, tiny@2, tiny@3\n"
    ((at,),) = select(told, "select withdrawn_at from survey.withdrawals")
    refused = {
        "tiny@9": f"there is no revision 'tiny@9'; {three}",
        "tiny@02": f"there is no revision 'tiny@02'; {three}",
        "tiny": f"there is no revision 'tiny'; {three}",
        "all": f"there is no revision 'all'; {known}demo, tiny\n",
        "": f"there is no revision ''; {known}demo, tiny\n",
        "nope@1": f"there is no revision 'nope@1'; {known}demo, tiny\n",
        "tiny@1,tiny@2": f"there is no revision 'tiny@1,tiny@2'; {three}",
        "tiny@3": f"tiny@3 is already withdrawn, since {at} UTC: not yet\n",
    }
    for name, why in refused.items():
        done = run("withdraw", name, "--reason", "wrong", "--db", address(told))
        assert (done.code, done.out, done.err) == (2, "", f"error: {why}")
    done = run("withdraw", "tiny@2", "--db", address(told))
    assert (done.code, "Missing option '--reason'" in done.err) == (2, True)
    for blank in ("", "  ", "\n"):
        done = run("withdraw", "tiny@2", "--reason", blank, "--db", address(told))
        assert (done.code, done.err) == (2, "error: say why it is withdrawn: --reason TEXT\n")
    done = run("withdraw", "tiny@2", "--reason", "wrong", "--dry-run", "--db", address(told))
    assert (done.code, done.err) == (0, "tiny@2 would be withdrawn; tiny@1 is the current revision\n")
    assert content(told) == before


@pytest.mark.parametrize("text", ["bell \x07", "\x1b[2J", "\udcff", "\u202egnorw"])
@pytest.mark.parametrize("option", ["--reason", "--by"])
def test_what_no_text_holds_is_no_reason_and_no_name(told: URL, option: str, text: str) -> None:
    before = content(told)
    given = {"--reason": "wrong", "--by": "tests"} | {option: text}
    done = run("withdraw", "tiny@2", *(part for pair in given.items() for part in pair), "--db", address(told))
    assert done.code == 2
    assert done.err.startswith(f"error: {option} ")
    assert content(told) == before


def test_withdrawals_take_revisions_back_one_by_one_and_a_load_goes_on_counting(migrated: URL, tmp_path: Path) -> None:
    db = ("--db", address(migrated))
    assert run("withdraw", "tiny@1", "--reason", "x", *db).err.endswith("; known: none\n")
    first, second = write(tmp_path / "first", {}), write(tmp_path / "second", FIRST)
    for handed in (first, second):
        assert run("load", handed.path, "--reason", "mended", "--accept-loss", *db).code == 0
    done = run("withdraw", "tiny@2", "--reason", " wrong ", "--by", "Zoé", *db)
    assert (done.code, done.out) == (0, "")
    assert done.err == "tiny@2 is withdrawn; tiny@1 is the current revision\n"
    told = "select revision, withdrawn_by, reason, software from survey.withdrawals"
    assert select(migrated, told) == [(2, "Zoé", "wrong", __version__)]
    assert run("load", first.path, *db).err == "wave tiny, revision 1: unchanged\n"
    done = run("load", second.path, *db)
    assert (done.code, "say why it changes" in done.err) == (2, True)
    assert run("load", second.path, "--reason", "right after all", "--accept-loss", *db).err.startswith(
        "wave tiny, revision 3: loaded"
    )
    for left, said in ((3, "tiny@1 is the current revision"), (1, "wave tiny has no revision left that stands")):
        done = run("withdraw", f"tiny@{left}", "--reason", "wrong", *db)
        assert done.err == f"tiny@{left} is withdrawn; {said}\n"
    for command in (("report", "zones"), ("check",), ("publish", "--out", tmp_path / "public")):
        done = run(*command, *db)
        assert (done.code, done.out) == (2, "")
        assert done.err == "error: no revision stands; `jumelage waves` lists what was loaded and withdrawn\n"
    done = run("report", "zones", "--wave", "tiny", *db)
    assert (done.code, "wave tiny has no revision left that is not withdrawn" in done.err) == (2, True)
    assert run("withdraw", "nope@1", "--reason", "x", *db).err.endswith("; known: tiny\n")
    done = run("load", first.path, *db)
    assert (done.code, done.out) == (2, "")
    assert "was withdrawn, up to revision 3; say why it is loaded again" in done.err
    assert run("load", first.path, "--reason", "again", "--accept-loss", *db).err.startswith(
        "wave tiny, revision 4: loaded"
    )
    assert ("eu,5,0" in run("report", "zones", *db, *CSV).out, content(migrated)["survey.revisions"]) == (True, 4)


def test_a_withdrawal_waits_no_longer_than_it_is_told(told: URL) -> None:
    before = content(told)
    with somebody_writing(told):
        done = run("withdraw", "tiny@2", "--reason", "wrong", "--wait", 0, "--db", address(told))
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith(f"error: {database.shown(told)} is busy: ")
    assert " is writing" in done.err
    assert done.err.endswith("; try again later\n")
    assert content(told) == before


def test_a_withdrawn_revision_is_still_shown_and_said_to_be_withdrawn(told: URL, tmp_path: Path) -> None:
    db = ("--db", address(told))
    ((at,),) = select(told, "select withdrawn_at from survey.withdrawals")
    note = f"note: tiny@3 was withdrawn on {at} UTC by Zoé: not yet\n"
    for command in (
        ("report", "zones", "--wave", "tiny@3"),
        ("report", "zones", "--wave", "tiny@3", *CSV),
        ("explain", "zones", "eu", "agreements", "--wave", "tiny@3"),
        ("check", "--wave", "tiny@3", "--format", "json"),
        ("template", tmp_path / "new.xlsx", "--wave", "new", "--from", "tiny@3"),
        ("diff", "tiny@3", "tiny@3"),
    ):
        done = run(*command, *db)
        assert done.code == 0, done.err
        assert done.err.startswith(note)
    assert "withdrawn" not in run("report", "zones", *db).err


# --- two revisions compared ----------------------------------------------------------------------------------


def compared(url: URL, *arguments: str) -> list[dict[str, str]]:
    done = run("diff", *arguments, "--db", address(url), *CSV)
    found = rows(done.out)
    assert done.code == (1 if found else 0), done.err
    number = f"{len(found) or 'no'} difference{'s' if len(found) != 1 else ''}"
    assert done.err.splitlines()[-1] == f"{arguments[0]} and {arguments[1]}: {number}"
    return found


def test_diff_tells_every_kind_of_change(told: URL) -> None:
    found = compared(told, "tiny@1", "tiny@2")
    kinds: dict[str, set[str]] = {}
    for row in found:
        if row["what"] == "row":
            kind = "added" if not row["before"] else "removed" if not row["after"] else "changed"
            kinds.setdefault(row["name"], set()).add(kind)
    whole = {"added", "removed", "changed"}
    assert kinds == {
        table: whole for table in OF_A_LOAD if table not in {"partnerships", "published_tables", *LATER_TABLES}
    } | {"published_tables": {"added", "removed"}}
    told_of = [(row["what"], row["name"], row["key"], row["measure"], row["before"], row["after"]) for row in found]
    for expected in [
        ("fact", "revisions", "", "title_en", "Small survey", "Small, but mended"),
        ("row", "respondents", "59178", "population", "42461", "42462"),
        ("row", "city_actions", "59350/interreg", "", "answer: yes", ""),
        ("row", "published_figures", "zones/eu/agreements/p. 2", "value", "7", "6"),
        ("row", "published_tables", "zones", "", "present", ""),
        ("agreements", "Lille", "DE · dont_know", "", "2", "3"),
        ("agreements", "Lille", "GB · Leeds · 1968-05-03", "", "1", "0"),
        ("agreements", "Lille", "IT · Turin · 1958-01-01/1958-12-31 · inferred", "", "0", "1"),
        ("cell", "zones", "total", "agreements", "5", "6"),
        ("cell", "participation", "mean_agreements", "value", "2.5", "3"),
        ("cell", "countries", "eu/IT", "agreements", "", "1"),
        ("figure", "zones", "eu", "agreements, printed 7 (p. 2)", "contradicted", ""),
        ("figure", "participation", "contacted", "value, printed 3 (p. 1)", "", "reproduced"),
    ]:
        assert told_of.count(expected) == 1, expected
    assert not [row for row in found if row["what"] == "not compared"]
    assert {row["name"] for row in found if row["what"] == "cell"} >= {"response", "actions"}


def test_diff_of_agreements_held_a_few_at_a_time_tells_the_same(told: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compared(told, "tiny@1", "tiny@2")
    monkeypatch.setattr(diff, "_HELD", 1)
    with patch.object(database, "query", wraps=database.query) as asked:
        assert compared(told, "tiny@1", "tiny@2") == whole
    assert len([call for call in asked.call_args_list if ".partnerships where" in call.args[1]]) > 3


def test_diff_backwards_tells_the_same_the_other_way_round_and_people_see_every_row(told: URL) -> None:
    done = run("diff", "tiny@1", "tiny", "--db", address(told))
    lines = [line.split() for line in done.out.splitlines() if line.startswith("  ")]
    back = compared(told, "tiny", "tiny@1")
    turned = [[*list(row.values())[:4], row["after"], row["before"]] for row in back]
    assert any(len(text) > 80 for row in turned for text in row)  # of which people see the beginning
    shown = [" ".join(text if len(text) <= 80 else f"{text[:79]}…" for text in row).split() for row in turned]
    assert sorted(shown) == sorted(lines[1:])


def test_diff_of_what_is_equal_says_so_and_exits_with_zero(told: URL) -> None:
    done = run("diff", "tiny", "tiny@2", "--db", address(told))
    assert (done.code, done.out, done.err) == (0, "", "tiny and tiny@2: no differences\n")
    done = run("diff", "tiny", "tiny@2", "--db", address(told), "--format", "json")
    assert (done.code, done.out) == (0, "[]\n")
    at = rows(run("waves", "--db", address(told), *CSV).out)[1]["loaded_at"]
    assert compared(told, "tiny", "tiny@1", "--as-of", at) == []


def test_diff_writes_json_for_programs(told: URL, tmp_path: Path) -> None:
    file = tmp_path / "diff.json"
    done = run("diff", "tiny@2", "tiny@3", "--db", address(told), "--format", "json", "-o", file)
    assert (done.code, done.out) == (1, "")
    changes = json.loads(file.read_text(encoding="utf-8"))
    assert {change["what"] for change in changes} == {"fact", "row", "agreements", "cell", "figure"}
    assert {"before": 42462, "after": 42461}.items() <= next(c for c in changes if c["key"] == "59178").items()


def test_diff_of_two_waves_tells_what_is_synthetic_and_compares_by_keys_without_the_wave(told: URL) -> None:
    done = run("diff", "tiny@3", "demo", "--db", address(told))
    assert (done.code, done.out) == (0, "")
    assert "note: Synthetic data, made up to demonstrate: demo.\n" in done.err
    assert done.err.endswith("tiny@3 and demo: no differences\n")


def test_diff_of_what_is_not_there_or_is_several_is_refused(told: URL) -> None:
    for arguments, why in {
        ("tiny@1", "tiny@9"): "wave tiny has no revision '9'; it has 1, 2, 3",
        ("nope", "tiny"): "there is no wave 'nope'",
        ("tiny", "all"): "this is done for one wave at a time",
        ("tiny,demo", "tiny"): "this is done for one wave at a time",
        ("tiny", ""): "there is no wave ''",
    }.items():
        done = run("diff", *arguments, "--db", address(told))
        assert (done.code, done.out, why in done.err) == (2, "", True), done.err


def test_diff_tells_when_an_agreement_ended(migrated: URL, tmp_path: Path) -> None:
    for handed in (write(tmp_path / "first", {}), write(tmp_path / "second", FIRST)):
        assert run("load", handed.path, "--reason", "mended", "--accept-loss", "--db", address(migrated)).code == 0
    sql = "update survey.partnerships set until_from = '2010-05-01', until_to = '2010-05-31'"
    change(migrated, f"{sql} where revision = 2 and partner = 'Leeds'")
    found = compared(migrated, "tiny@1", "tiny@2")
    assert [(row["key"], row["before"], row["after"]) for row in found if row["name"] == "Lille"] == [
        ("GB · Leeds · 1968-05-03", "1", "0"),
        ("GB · Leeds · 1968-05-03 · until 2010-05-01/2010-05-31", "0", "1"),
    ]


def use_a_point(folder: WaveFolder) -> None:
    folder.append("wave.toml", '[printed]\ndecimal = "."')


def another_default(folder: WaveFolder) -> None:
    folder.replace("respondents.csv", "Douai,responded,", "Douai,responded,\nLens,not_reached,")
    folder.replace("wave.toml", 'response = "not_reached"', 'response = "refused"')


@pytest.mark.parametrize("mend", [use_a_point, another_default])
def test_no_two_revisions_of_other_content_are_said_to_be_equal(
    databases: Databases, tmp_path: Path, mend: Callable[[WaveFolder], None]
) -> None:
    url = databases.migrated()
    first, second = write(tmp_path / "first", {}), write(tmp_path / "second", {})
    if mend is another_default:
        first.replace("respondents.csv", "Douai,responded,", "Douai,responded,\nLens,not_reached,")
    mend(second)
    for handed in (first, second):
        assert run("load", handed.path, "--reason", "mended", "--accept-loss", "--db", address(url)).code == 0
    assert len(set(select(url, "select content_hash from survey.revisions"))) == 2
    assert compared(url, "tiny@1", "tiny@2")
