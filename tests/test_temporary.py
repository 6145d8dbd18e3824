"""Folders for what is written down meanwhile: gone with their run, and those that were left with the next."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from jumelage import temporary
from jumelage.errors import OutputError
from jumelage.temporary import sweep, temporary_folder
from tests.conftest import WaveFolder, address, heeds_signals, run

WAITS = """
import time
from jumelage.cli.ending import heeding
from jumelage.temporary import temporary_folder
with heeding(), temporary_folder() as folder:
    (folder / "rows").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system that is this test's own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def waiting() -> tuple[subprocess.Popen[str], Path]:
    """Start a run that waits in its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_signals,  # noqa: PLW1509
    )
    assert process.stdout is not None
    with process.stdout:
        return process, Path(process.stdout.readline().strip())


def test_a_folder_is_gone_when_its_work_is_done(room: Path) -> None:
    with temporary_folder() as folder:
        assert folder.parent.parent == room
        sweep(room)
        assert folder.exists()
    assert list(room.iterdir()) == []


def test_all_folders_of_a_process_stand_in_one(room: Path) -> None:
    first, second = temporary_folder(), temporary_folder()
    with first as one:
        other = second.__enter__()
        assert len(list(room.iterdir())) == 1
    assert (one.exists(), other.exists()) == (False, True)  # whichever ends first
    second.__exit__(None, None, None)
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_told_to_end_leaves_nothing(room: Path, number: signal.Signals) -> None:
    process, folder = waiting()
    assert folder.exists()
    process.send_signal(number)
    assert process.wait(20) != 0
    assert list(room.iterdir()) == []


def test_the_next_run_removes_what_killed_ones_left_and_nothing_else(room: Path) -> None:
    killed, left = waiting()
    living, kept = waiting()
    (room / "jumelage-of-mine").mkdir()
    (room / "jumelage-of-mine" / "notes").touch()
    killed.kill()
    killed.wait(20)
    try:
        assert left.exists()
        with temporary_folder():
            assert not left.exists()
            assert kept.exists()
        assert sorted(room.iterdir()) == sorted([kept.parent, room / "jumelage-of-mine"])
    finally:
        living.terminate()
        living.wait(20)


def test_a_full_folder_is_told_as_what_it_is(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="No space left"), temporary_folder():  # it has room: another one is full
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(temporary, "has_room", lambda _: False)
    with pytest.raises(OutputError, match=f"temporary folder {room} is full"), temporary_folder():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), temporary_folder():
        (room / "another").read_text()


def test_a_full_folder_is_no_unreadable_file(
    tiny_wave: WaveFolder, migrated: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("jumelage.reading.encoding._put_in_form", full)
    monkeypatch.setattr(temporary, "has_room", lambda _: False)
    (tiny_wave.path / "frame.csv").write_bytes((tiny_wave.path / "frame.csv").read_bytes().replace(b"\n", b"\r\n"))
    result = run("load", tiny_wave.path, "--db", address(migrated))
    assert (result.code, "is full" in result.err, "frame.csv" in result.err) == (3, True, False)
    assert temporary.is_full(OSError(errno.EDQUOT, ""))
    assert not temporary.is_full(OSError(errno.EIO, ""))
