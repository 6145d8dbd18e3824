"""A scheduled job: a night of it, and what may come in between."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.cli import job_run
from jumelage.jobs import hand_over, job_file
from jumelage.revisions.history import withdraw
from jumelage.writing import write_whole
from tests.conftest import ROOT, TINY, WAVE_2006, Result, WaveFolder, address, heeds_signals, run

SRC = str(ROOT / "src")
MAIN = f"import sys; sys.path.insert(0, {SRC!r}); from jumelage.cli import main"
KEEP = (
    "import json, os, pathlib, sys; told = json.loads(sys.stdin.read()); "
    "told['environment'] = {key: os.environ[key] for key in ('JUMELAGE_EXIT', 'JUMELAGE_OUT')}; "
    "pathlib.Path(sys.argv[1]).write_text(json.dumps(told))"
)


class Night:
    """A job in a folder of its own: its file, its inbox, what came of a run."""

    def __init__(self, folder: Path, url: URL | None = None) -> None:
        self.folder, self.url = folder, url
        self.inbox, self.out, self.file = folder / "inbox", folder / "public", folder / "job.toml"
        self.inbox.mkdir(parents=True)
        self.keys: dict[str, Any] = {
            "database": address(url) if url else "night.duckdb",
            "inbox": "inbox",
            "out": "public",
            "formats": ["csv"],
            "by": "night",
            "wait": 0,
        }
        self.write()

    def write(self, **keys: object) -> None:
        """Write the job file, with these keys changed; None leaves one out."""
        self.keys |= keys
        lines = (f"{key} = {json.dumps(value)}\n" for key, value in self.keys.items() if value is not None)
        self.file.write_text("".join(lines), encoding="utf-8")

    def put(self, name: str, age: float = 3600, **files: str) -> Path:
        """Put a zip of the tiny wave into the inbox, some of its files changed: `frame` is frame.csv."""
        path = self.inbox / name
        with ZipFile(path, "w") as archive:
            for inner, text in TINY.items():
                archive.writestr(inner, files.get(inner.partition(".")[0], text))
        aged(path, age)
        return path

    def run(self, *options: str) -> Result:
        """Run the job in this process."""
        return run("run", self.file, *options)

    def told(self, *options: str, code: int = 0) -> dict[str, Any]:
        """Run the job, and return what it prints as JSON."""
        done = self.run("--format", "json", *options)
        assert done.code == code, done.err
        assert done.out.count("\n") == 1
        told: dict[str, Any] = json.loads(done.out)
        assert told["exit"] == code
        return told

    def start(self, before: str = "", **options: Any) -> subprocess.Popen[str]:
        """Start the job in a process of its own, in which some code has run before."""
        command = [sys.executable, "-c", f"{MAIN}\n{before}\nmain()", "run", str(self.file)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def lies(self, folder: str = "") -> list[str]:
        """Return the names in the inbox or in a folder of it, without the times before them."""
        place = self.inbox / folder
        names = (
            (path.name for path in place.iterdir() if path.name not in {"done", "refused"}) if place.is_dir() else ()
        )
        return sorted(name.partition("-")[2] if folder else name for name in names)

    def revisions(self) -> list[str]:
        """Return what is loaded."""
        url = self.url or database.resolve_url(str(self.folder / "night.duckdb"))
        with database.reading(url) as connection:
            _, rows = database.query(connection, "select wave, revision from survey.revisions order by 1, 2")
        return [f"{wave}@{revision}" for wave, revision in rows]


def aged(path: Path, seconds: float) -> None:
    """Let a file, or a folder and all that is in it, be changed so long ago."""
    then = time.time() - seconds
    for one in (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,):
        os.utime(one, (then, then), follow_symlinks=False)


MORE_TOWNS = TINY["respondents.csv"].replace("Douai,responded,", "Douai,responded,yes")
LOST_TOWNS = TINY["partnerships.csv"].partition("Lille,Allemagne")[0] + "Lille,DE,1,Köln,1958,,\n"
BAD_FRAME = TINY["frame.csv"] + "Nowhere-les-Bains,1\n"
OTHER = TINY["wave.toml"].replace('"tiny"', '"other"').replace("2010-", "2014-")


@pytest.fixture
def night(tmp_path: Path, migrated: URL) -> Night:
    """A job on a database without waves."""
    return Night(tmp_path / "night", migrated)


def test_a_night_loads_refuses_waits_and_publishes(night: Night) -> None:
    night.put("1 good.zip")
    night.put("2 bad.zip", frame=BAD_FRAME)
    night.put("3 other.zip", wave=OTHER)
    night.put("4 half.zip.part")
    night.put("5 young.zip", age=5)
    night.put(".hidden.zip")
    shutil.copy(WAVE_2006 / "frame.csv", night.inbox / "6 one table.csv")
    aged(night.inbox / "6 one table.csv", 3600)
    told = night.told(code=2)
    assert [(one["file"], one["outcome"], one.get("exit")) for one in told["files"]] == [
        (".hidden.zip", "waits", None),
        ("4 half.zip.part", "waits", None),
        ("5 young.zip", "waits", None),
        ("1 good.zip", "loaded", 0),
        ("2 bad.zip", "refused", 1),
        ("3 other.zip", "loaded", 0),
        ("6 one table.csv", "refused", 2),
    ]
    assert night.lies() == [".hidden.zip", "4 half.zip.part", "5 young.zip"]
    assert night.lies("done") == ["1 good.zip", "1 good.zip.txt", "3 other.zip", "3 other.zip.txt"]
    bad = ["2 bad.zip", "2 bad.zip-annotated.zip", "2 bad.zip.txt"]
    assert night.lies("refused") == [*bad, "6 one table.csv", "6 one table.csv.txt"]
    said = (night.inbox / told["files"][4]["said"]).read_text(encoding="utf-8")
    assert "Nowhere-les-Bains" in said
    assert "1 finding; nothing was loaded" in said
    with ZipFile(night.inbox / told["files"][4]["annotated"]) as annotated:
        assert "Nowhere-les-Bains" in annotated.read("findings.csv").decode("utf-8")
    assert night.revisions() == ["other@1", "tiny@1"]
    assert told["published"]["waves"] == ["other@1"]
    assert (night.out / "data" / "zones.csv").is_file()
    assert any("5 young.zip: waits: changed less than a minute ago" in line for line in told["log"])


def test_a_second_night_changes_nothing(night: Night) -> None:
    night.put("wave.zip")
    night.told()
    before, published = night.revisions(), night.out.resolve()
    assert night.told()["files"] == []
    night.put("wave.zip")
    told = night.told()
    assert [one["outcome"] for one in told["files"]] == ["unchanged"]
    assert (night.revisions(), night.out.resolve()) == (before, published)
    assert night.lies("done") == ["wave.zip", "wave.zip", "wave.zip.txt", "wave.zip.txt"]


def test_a_job_makes_its_database_and_its_paths_begin_at_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    night = Night(tmp_path / "night")
    shutil.copytree(WAVE_2006, night.inbox / "2006")
    aged(night.inbox / "2006", 3600)
    done = night.run()
    assert done.code == 0, done.err
    assert done.out == ""
    assert "wave 2006, revision 1: loaded" in done.err
    assert done.err.endswith("ended: exit code 0\n")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (night.folder / "night.duckdb").is_file()
    assert night.out.is_symlink()
    assert night.lies("done") == ["2006", "2006.txt"]


def test_a_correction_needs_a_reason_and_must_not_lose_rows(night: Night) -> None:
    night.put("a.zip")
    night.told()
    night.put("b.zip", respondents=MORE_TOWNS)
    assert night.told("--dry-run", code=2)["files"][0]["outcome"] == "refused"
    (refused,) = night.told(code=2)["files"]
    assert "say why it changes" in (night.inbox / refused["said"]).read_text(encoding="utf-8")
    night.write(reason="as it came in")
    night.put("c.zip", partnerships=LOST_TOWNS)
    assert night.told("--dry-run", code=2)["files"][0]["outcome"] == "refused"
    (refused,) = night.told(code=2)["files"]
    assert "would lose more than a tenth" in (night.inbox / refused["said"]).read_text(encoding="utf-8")
    assert night.revisions() == ["tiny@1"]
    night.put("d.zip", respondents=MORE_TOWNS)
    assert night.told()["files"][0]["outcome"] == "loaded"
    assert night.revisions() == ["tiny@1", "tiny@2"]


def test_a_file_with_warnings_is_done_with_its_copy(night: Night) -> None:
    night.put("w.zip", frame=TINY["frame.csv"].replace("35830", "3583000"))
    (one,) = night.told()["files"]
    assert one["outcome"] == "loaded"
    assert night.lies("done") == ["w.zip", "w.zip-annotated.zip", "w.zip.txt"]
    assert one["annotated"] in "".join(night.told()["log"]) or (night.inbox / one["annotated"]).is_file()


HOSTILE = [
    " begins with a space.zip",
    "-rf.zip",
    "--help.zip",
    "a\nnew line.zip",
    "quo'te\".zip",
    "$(touch hacked);`touch hacked`.zip",
    "tab\tand \x1b[31mred.zip",
    "é" * 124 + ".zip",
    os.fsdecode(b"\xff\xfe.zip"),
    "%s {0} {}.zip",
]


@pytest.mark.long
@pytest.mark.on_duckdb
def test_names_of_files_are_names_and_nothing_else(night: Night) -> None:
    for name in HOSTILE:
        night.put(name)
        night.put(f"x{name}"[-120:], frame=BAD_FRAME)
    done = night.run("--format", "json")
    assert done.code == 1, done.err
    files = json.loads(done.out)["files"]
    assert {one["file"] for one in files if one["exit"] == 0} == set(HOSTILE)
    assert len(files) == 2 * len(HOSTILE)
    assert night.lies() == []
    for one in files:
        for key in ("moved", "said", "annotated"):
            assert one[key] is None or os.path.lexists(night.inbox / one[key]), one
        if len(one["file"]) < 100:
            assert one["moved"].endswith(f"-{one['file']}")
        assert one["moved"].endswith(".zip")
    assert "\x1b" not in done.err
    assert not [line for line in done.err.splitlines() if line.startswith("new line")]
    assert sorted(path.name for path in night.folder.iterdir() if path.name.startswith("hack")) == []


@pytest.mark.on_duckdb
def test_what_is_no_file_is_refused_and_what_leads_nowhere_too(night: Night) -> None:
    os.mkfifo(night.inbox / "pipe.xlsx")
    (night.inbox / "folder").mkdir()
    os.mkfifo(night.inbox / "folder" / "frame.csv")
    (night.inbox / "link.zip").symlink_to("nowhere")
    (night.inbox / "round").symlink_to("round")
    for path in night.inbox.iterdir():
        aged(path, 3600)
    night.put("z.zip")
    told = night.told(code=1)
    assert [(one["file"], one["outcome"]) for one in told["files"]] == [
        ("folder", "refused"),
        ("link.zip", "refused"),
        ("pipe.xlsx", "refused"),
        ("round", "refused"),
        ("z.zip", "loaded"),
    ]
    assert night.lies() == []


def test_nothing_is_overwritten_where_files_are_put(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    class Still(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Still:
            return cls(2026, 11, 26, 1, 2, 3, tzinfo=tz)

    monkeypatch.setattr("jumelage.jobs.inbox.datetime", Still)
    for _ in range(3):
        night.put("wave.zip")
        night.told()
    assert sorted(path.name for path in (night.inbox / "done").iterdir() if path.suffix == ".zip") == [
        "20261126T010203Z-2-wave.zip",
        "20261126T010203Z-3-wave.zip",
        "20261126T010203Z-wave.zip",
    ]


# Where a run is killed: code that goes before it.
KILL = "import os, signal\ndef kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"
MOMENTS = {
    "before the note": "from jumelage.jobs import inbox; inbox.note = kill",
    "before the load": "from jumelage.cli import showing; showing.load = kill",
    "after the load": "from jumelage.jobs import inbox; inbox.put_away = kill",
    "before the text": (
        "from jumelage.jobs import inbox; real = inbox.write_whole\n"
        "inbox.write_whole = lambda pieces, path: kill() if path.suffix == '.txt' else real(pieces, path)"
    ),
    "before the move": (
        "from pathlib import Path; real = Path.rename\n"
        "Path.rename = lambda self, to: kill() if self.name == 'wave.zip' else real(self, to)"
    ),
    "before the publication": "from jumelage.cli import course; course.publish_into = kill",
}
_FIRST, *_OTHERS = MOMENTS


@pytest.mark.parametrize("moment", [_FIRST, *(pytest.param(moment, marks=pytest.mark.long) for moment in _OTHERS)])
@pytest.mark.parametrize("good", [True, pytest.param(False, marks=pytest.mark.long)], ids=["good", "bad"])
def test_a_run_that_is_killed_loses_nothing_and_loads_nothing_twice(night: Night, moment: str, good: bool) -> None:
    night.put("wave.zip", frame=TINY["frame.csv"] if good else BAD_FRAME)
    content = (night.inbox / "wave.zip").read_bytes()
    with night.start(KILL + MOMENTS[moment]) as process:
        process.wait()
    if good or moment != "before the publication":
        assert process.returncode == -signal.SIGKILL
    assert content in [path.read_bytes() for path in night.inbox.rglob("*.zip")]
    done = night.run()
    assert done.code in ({0} if good else {1, 2}), done.err
    assert night.revisions() == (["tiny@1"] if good else [])
    assert night.lies() == []
    away = [path for path in night.inbox.rglob("*-wave.zip") if path.read_bytes() == content]
    assert [path.parent.name for path in away] == ["done" if good else "refused"]
    assert night.out.is_symlink() == good


@pytest.mark.long
@pytest.mark.on_duckdb
def test_a_kill_at_any_moment_leaves_a_file_in_one_place(night: Night) -> None:
    night.write(reason="as it came in", formats=["site", "csv"])
    night.put("wave.zip")
    begun = time.monotonic()
    with night.start() as process:
        process.communicate()
    took = time.monotonic() - begun
    for number in range(20):
        night.put(f"{number}.zip", partnerships=TINY["partnerships.csv"].replace("1958", f"{1958 + number}"))
        with night.start() as process:
            time.sleep(took * (0.2 + number / 25))
            process.kill()
        found = [*night.inbox.glob(f"{number}.zip"), *night.inbox.glob(f"done/*Z-{number}.zip")]
        assert len(found) == 1, number
        done = night.run()
        assert done.code == 0, done.err
    assert night.lies() == []
    assert len(list(night.inbox.glob("done/*.zip"))) == 21
    assert len(night.revisions()) == 20  # the first of the zips is the wave as it is


@pytest.mark.long
@pytest.mark.parametrize("since", ["corrected", "withdrawn"])
def test_what_a_killed_run_had_loaded_is_not_loaded_again_over_what_came_since(night: Night, since: str) -> None:
    night.write(reason="as it came in")
    night.put("a.zip")
    night.told()
    night.put("b.zip", respondents=MORE_TOWNS)
    with night.start(KILL + MOMENTS["after the load"]) as process:
        process.wait()
    assert night.revisions() == ["tiny@1", "tiny@2"]
    assert night.url is not None
    if since == "withdrawn":
        with database.writing(night.url) as connection:
            withdraw(connection, "tiny@2", reason="a slip", by="a person")
    else:
        by_hand = night.put(
            "c.zip", respondents=TINY["respondents.csv"].replace("Lille,responded,yes", "Lille,responded,no")
        )
        moved = by_hand.rename(night.folder / "c.zip")
        assert run("load", moved, "--db", address(night.url), "--reason", "by hand", "--accept-loss").code == 0
    before = night.revisions()
    night.put("a new one.zip", wave=OTHER)
    told = night.told(code=2)
    assert [(one["file"], one["outcome"]) for one in told["files"]] == [
        ("b.zip", "refused"),
        ("a new one.zip", "loaded"),
    ]
    assert "has changed since" in (night.inbox / told["files"][0]["said"]).read_text(encoding="utf-8")
    assert night.revisions() == ["other@1", *before]


def until(what: Any, seconds: float = 30) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def going_on(night: Night) -> Iterator[subprocess.Popen[str]]:
    """A run whose command of the site goes on until there is a file `go`."""
    night.put("wave.zip")
    night.write(on_success=["sh", "-c", "touch begun; while [ ! -e go ]; do sleep 0.05; done"])
    with night.start() as process:
        until((night.folder / "begun").exists)
        try:
            yield process
        finally:
            (night.folder / "go").touch()
            process.communicate()


def test_of_two_runs_at_once_one_says_busy(night: Night, going_on: subprocess.Popen[str]) -> None:
    night.put("later.zip")
    done = night.run("--format", "json")
    assert done.code == 4
    assert "another run of this job is going on" in done.err
    assert json.loads(done.out)["exit"] == 4
    assert night.lies() == ["later.zip"]
    other = night.folder / "same inbox.toml"
    other.write_bytes(night.file.read_bytes())
    assert run("run", other).code == 4
    night.write(wait=30)
    with night.start() as second:
        time.sleep(0.5)
        assert second.poll() is None
        (night.folder / "go").touch()
        assert second.wait() == 0
    assert going_on.wait() == 0


def test_a_lock_ends_with_its_process(night: Night, going_on: subprocess.Popen[str]) -> None:
    going_on.kill()
    going_on.wait()  # its command is still there, and holds nothing
    night.write(on_success=None)
    assert night.run().code == 0


@pytest.mark.long
@pytest.mark.on_duckdb
def test_a_run_that_is_told_to_end_does_and_the_next_one_goes_on(night: Night) -> None:
    night.put("wave.zip")
    here = night.folder / "here"
    slow = (
        "from jumelage.jobs import inbox; import pathlib, time\n"
        f"inbox.put_away = lambda *_: (pathlib.Path({str(here)!r}).touch(), time.sleep(60))"
    )
    with night.start(slow, preexec_fn=heeds_signals) as process:
        until(here.exists)
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    assert night.lies() == [".jumelage", "wave.zip"]
    assert night.told()["files"][0]["outcome"] == "unchanged"


@pytest.mark.on_duckdb
def test_a_job_needs_nothing_of_its_environment(night: Night) -> None:
    night.put("wave.zip")
    night.put("bad.zip", frame=BAD_FRAME)
    night.write(on_failure=["sh", "-c", "cat > told.json"], by=None)
    with night.start(env={}, cwd="/", stdin=subprocess.DEVNULL) as process:
        _, err = process.communicate()
    assert process.returncode == 1, err
    assert night.lies() == []
    assert json.loads((night.folder / "told.json").read_bytes())["exit"] == 1


def test_the_command_of_the_site_gets_what_came_of_it(night: Night) -> None:
    night.put("wave.zip")
    night.write(
        on_success=[sys.executable, "-c", KEEP, "success.json"], on_failure=[sys.executable, "-c", KEEP, "failure.json"]
    )
    assert night.told()["exit"] == 0
    told = json.loads((night.folder / "success.json").read_bytes())
    assert told["environment"] == {"JUMELAGE_EXIT": "0", "JUMELAGE_OUT": str(night.out)}
    assert (told["exit"], told["published"]["waves"], told["dry_run"]) == (0, ["tiny@1"], False)
    assert [one["file"] for one in told["files"]] == ["wave.zip"]
    assert not (night.folder / "failure.json").exists()
    (night.folder / "success.json").unlink()
    night.put("bad.zip", frame=BAD_FRAME)
    night.told(code=1)
    told = json.loads((night.folder / "failure.json").read_bytes())
    assert told["environment"]["JUMELAGE_EXIT"] == "1"
    assert told["files"][0]["outcome"] == "refused"
    assert any("Nowhere-les-Bains" in line for line in told["log"])
    assert not (night.folder / "success.json").exists()


@pytest.mark.on_duckdb
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["sh", "-c", "exit 1"], "sh ended with exit code 1"),
        pytest.param(["sh", "-c", "kill -9 $$"], "sh ended with exit code -9", marks=pytest.mark.long),
        (["no-such-command-at-all"], "no-such-command-at-all cannot be run: No such file or directory"),
        pytest.param(["./job.toml"], "job.toml cannot be run: Permission denied", marks=pytest.mark.long),
        pytest.param(["sleep", "60"], "sleep: not done after 1 seconds", marks=pytest.mark.long),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_command_of_the_site_that_fails_is_a_failure_of_the_system(
    night: Night, monkeypatch: pytest.MonkeyPatch, command: list[str], said: str
) -> None:
    monkeypatch.setattr(hand_over, "LONGEST", 1.0)
    night.put("wave.zip")
    night.write(on_success=command)
    told = night.told(code=3)
    assert said in "\n".join(told["log"])
    assert told["published"]["waves"] == ["tiny@1"]
    night.write(on_success=["true"])
    assert night.told()["exit"] == 0


@pytest.mark.on_duckdb
def test_a_command_of_the_site_need_not_read_what_it_is_told(night: Night) -> None:
    for number in range(30):
        night.put(f"{number} {'x' * 150}.zip.part")
    night.put("wave.zip")
    night.write(on_success=["true"])
    assert night.told()["exit"] == 0


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return everything in a folder, with its time and its content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def test_a_dry_run_says_what_would_happen_and_changes_nothing(night: Night) -> None:
    night.write(on_success=["touch", "ran"], on_failure=["touch", "ran"], reason="as it came in")
    night.put("good.zip")
    night.put("bad.zip", frame=BAD_FRAME)
    for options in ((), ("--format", "json")):
        before = snapshot(night.folder)
        done = night.run("--dry-run", *options)
        assert done.code == 1
        assert "wave tiny, revision 1: would be loaded" in done.err
        assert "would be moved: done/good.zip\n" in done.err
        assert "would be moved: refused/bad.zip\n" in done.err
        assert f"would publish what is loaded then into {night.out}\nwould be handed to touch\n" in done.err
        assert snapshot(night.folder) == before
        assert night.revisions() == []
    told = json.loads(done.out)
    assert [(one["file"], one["outcome"]) for one in told["files"]] == [("bad.zip", "refused"), ("good.zip", "loaded")]
    assert night.run().code == 1
    before = snapshot(night.folder)
    done = night.run("--dry-run")
    assert (done.code, f"would publish tiny@1 into {night.out}\n" in done.err) == (0, True)
    assert snapshot(night.folder) == before


@pytest.mark.on_duckdb
def test_a_dry_run_without_a_database_makes_none(tmp_path: Path) -> None:
    night = Night(tmp_path / "night")
    night.put("good.zip")
    before = snapshot(night.folder)
    done = night.run("--dry-run")
    assert done.code == 0, done.err
    assert "would create" in done.err
    assert "wave tiny, revision 1: would be loaded" in done.err
    assert snapshot(night.folder) == before


@pytest.mark.on_duckdb
def test_a_dry_run_on_an_older_database_does_not_pretend_to_know(night: Night) -> None:
    assert run("migrate", "--to", "0012", "--db", night.keys["database"]).code == 0
    night.put("good.zip")
    before = snapshot(night.folder)
    told = night.told("--dry-run")
    assert told["files"] == [{"file": "good.zip", "outcome": "unknown"}]
    assert snapshot(night.folder) == before


@pytest.mark.on_duckdb
def test_a_full_disk_leaves_a_file_where_it_is(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_pieces: Any, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    night.put("wave.zip")
    with monkeypatch.context() as patched:
        patched.setattr("jumelage.jobs.inbox.write_whole", full)
        told = night.told(code=3)
    assert "No space left on device" in "\n".join(told["log"])
    assert (night.revisions(), told["published"]) == ([], None)  # nothing is loaded where nothing can be noted
    real = write_whole
    with monkeypatch.context() as patched:
        patched.setattr(
            "jumelage.jobs.inbox.write_whole", lambda p, path: full(p, path) if path.suffix == ".txt" else real(p, path)
        )
        (one,) = night.told(code=3)["files"]
    assert (one["outcome"], night.revisions()) == ("failed", ["tiny@1"])
    assert night.lies() == [".jumelage", "wave.zip"]
    assert night.told()["files"][0]["outcome"] == "unchanged"


def as_anybody() -> None:
    """Let a process that begins here have no more rights than its user has as the owner of files: root has more."""
    for capability in (1, 2):  # to write, and to read, whatever the rights of a file
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.on_duckdb
def test_a_read_only_inbox_is_told_before_anything_is_loaded(night: Night) -> None:
    night.put("wave.zip")
    for rights, said in ((0o555, "Permission denied"), (0o111, "inbox cannot be read: Permission denied")):
        night.inbox.chmod(rights)
        with night.start(preexec_fn=as_anybody) as process:
            _, err = process.communicate()
        night.inbox.chmod(0o755)
        assert process.returncode == 3, err
        assert said in err
        assert night.lies() == ["wave.zip"]
        assert night.revisions() == []


@pytest.mark.on_duckdb
def test_a_database_that_fails_leaves_files_where_they_are(night: Night) -> None:
    night.put("wave.zip")
    night.write(database="not a database.duckdb", on_failure=["touch", "told"])
    (night.folder / "not a database.duckdb").write_text("no")
    told = night.told(code=3)
    assert (told["files"], told["published"]) == ([], None)
    assert night.lies() == ["wave.zip"]
    assert (night.folder / "told").exists()


@pytest.mark.on_duckdb
def test_a_bug_is_told_and_leaves_a_file_where_it_is(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.put("wave.zip")
    night.write(on_failure=["touch", "told"])
    monkeypatch.setattr("jumelage.cli.showing.load", lambda *_: 1 / 0)
    told = night.told(code=70)
    assert "ZeroDivisionError" in "\n".join(told["log"])
    assert night.lies() == [".jumelage", "wave.zip"]
    assert (night.folder / "told").exists()


@pytest.mark.long
def test_several_waves_are_each_checked_and_published_together(night: Night) -> None:
    night.write(waves=["tiny", "other"])
    night.put("a.zip")
    night.put("b.zip", wave=OTHER)
    told = night.told()
    assert told["published"]["waves"] == ["tiny@1", "other@1"]
    assert {"tiny", "other", "waves"} <= {path.name for path in night.out.iterdir()}
    night.write(waves=["tiny", "never"])
    assert "never" in "\n".join(night.told(code=2)["log"])


def test_a_wave_whose_figures_contradict_it_is_loaded_and_not_published(tmp_path: Path, loaded: URL) -> None:
    night = Night(tmp_path / "night", loaded)
    night.write(reason="as it came in")
    wave = WaveFolder(shutil.copytree(WAVE_2006, night.inbox / "2006"))
    wave.replace("published/zones.csv", "asia,agreements,1,", "asia,agreements,2,")
    aged(wave.path, 3600)
    told = night.told(code=1)
    assert (told["files"][0]["outcome"], told["published"]) == ("loaded", None)
    assert "zones asia agreements: printed 2, computed 1" in "\n".join(told["log"])
    assert not night.out.exists()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["database is missing", "out is missing"]),
        ("out = 'x'\nbase = 'y'", ["there is no key 'base'; did you mean database?", "database is missing"]),
        ("database = 'x'\nout = ''", ["out must be a text that is not blank"]),
        ("database = 'x'\nout = 'y'\nwait = true", ["wait must be a number of seconds, from 0 to 86400"]),
        ("database = 'x'\nout = 'y'\nwait = nan", ["wait must be a number of seconds, from 0 to 86400"]),
        ("database = 'x'\nout = 'y'\nwait = -1", ["wait must be a number of seconds, from 0 to 86400"]),
        ("database = 'x'\nout = 'y'\nwaves = 2006", ['waves must be a list of texts, such as ["2006", "2012"]']),
        ("database = 'x'\nout = 'y'\nwaves = []", ['waves must be a list of texts, such as ["2006", "2012"]']),
        ("database = 'x'\nout = 'y'\nformats = ['cvs']", ["formats: 'cvs' is none; did you mean csv?"]),
        ("database = 'x'\nout = 'y'\nby = \"a\\u0007\"", ["by 'a\\x07' holds the control character U+0007"]),
        ("database = 'x'\nout = 'in/y'\ninbox = 'in'", ["in/y is inside of inbox"]),
        ("database = 'in/x'\nout = 'y'\ninbox = 'in'", ["in/x is inside of inbox"]),
        ("database = 'x'\nout = 'y'\ninbox = '.'", ["job.toml is inside of inbox"]),
        ("database = 'oracle://x'\nout = 'y'", ["oracle databases are not supported"]),
        (
            "database = 1\nout = 2\non_success = 'mail'\non_failure = ['', 'x']\nreason = ['x']",
            ["database must be", "out must be", "on_success must be a list", "on_failure must be a list", "reason must be"],
        ),
        ("database = ", ["is no TOML file"]),
        ("database = 'x'\ndatabase = 'y'", ["is no TOML file"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_with_a_job_file_is_said_at_once(tmp_path: Path, text: str, lines: list[str]) -> None:
    file = tmp_path / "job.toml"
    file.write_text(text, encoding="utf-8")
    done = run("run", file)
    assert done.code == 2
    said = done.err.removeprefix("error: ").splitlines()
    assert all(line.startswith(f"{file}") for line in said) or len(said) == 1
    for line in lines:
        assert line in done.err
    if "TOML" not in lines[0] and "inside" not in lines[0]:
        assert len([one for one in said if one.startswith(f"{file}: ")]) >= len(lines)
    assert list(tmp_path.iterdir()) == [file]
    french = run("run", file, "--lang", "fr")
    assert french.code == 2
    assert french.err.startswith("erreur\u00a0: ")


def test_a_job_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    assert run("run", tmp_path / "nothing.toml").code == 2
    (tmp_path / "job.toml").write_bytes(b"out = '\xff'")
    assert "is not UTF-8" in run("run", tmp_path / "job.toml").err
    done = run("--db", "x", "run", tmp_path / "job.toml")
    assert (done.code, "--db does not go with run" in done.err) == (2, True)


def test_a_missing_inbox_is_told(tmp_path: Path) -> None:
    night = Night(tmp_path / "night")
    night.inbox.rmdir()
    done = night.run()
    assert (done.code, "there is no folder" in done.err) == (2, True)
    assert not (night.folder / "night.duckdb").exists()


def test_a_job_without_an_inbox_publishes(tmp_path: Path, loaded: URL) -> None:
    night = Night(tmp_path / "night", loaded)
    night.write(inbox=None)
    assert night.told()["published"]["waves"] == ["2006@1"]


def test_a_password_is_never_told(tmp_path: Path) -> None:
    night = Night(tmp_path / "night")
    night.write(database="postgresql://somebody:secret@127.0.0.1:1/none", on_failure=["sh", "-c", "cat > told.json"])
    done = night.run("--format", "json")
    assert done.code == 3
    assert "secret" not in done.out + done.err + (night.folder / "told.json").read_text(encoding="utf-8")


def test_the_worst_exit_code_is_no_matter_of_its_height() -> None:
    assert [job_run.worst(*codes) for codes in ((0, 4), (4, 1), (1, 2), (3, 2, 4), (3, 70), (0, 0))] == [
        4,
        1,
        2,
        3,
        70,
        0,
    ]


def test_french_is_french(night: Night) -> None:
    night.put("good.zip")
    night.put("half.part")
    night.put("young.zip", age=0)
    done = night.run("--lang", "fr")
    assert done.code == 0, done.err
    for said in (
        "attend\u00a0: pas fini d’être écrit",
        "modifié il y a moins",
        "déplacé\u00a0: done/",
        "fini\u00a0: code 0",
    ):
        assert said in done.err
    night.put("bad.zip", frame=BAD_FRAME)
    done = night.run("--lang", "fr")
    assert "copie annotée\u00a0: refused/" in done.err
    assert "rien n’a été chargé" in (next((night.inbox / "refused").glob("*.txt"))).read_text(encoding="utf-8")


def test_every_key_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    assert [key for key in job_file.KEYS if f"`{key}`" not in page] == []
