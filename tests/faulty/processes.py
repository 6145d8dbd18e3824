"""Commands in processes of their own, which are killed with all that they have started, or without."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jumelage
from jumelage.publication import files
from tests.conftest import run

_LONG = 120.0  # seconds after which a command hangs
GONE = 30.0  # seconds in which a process, or a client of a server, is gone


class FaultError(Exception):
    """Something is not as it must be after a fault."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; `killed` tells that it was still at work."""

    code: int
    err: str
    seconds: float
    killed: bool = False


def import_all() -> None:
    """Import the house, so that children have it; nothing may open a database here."""
    for module in pkgutil.walk_packages(jumelage.__path__, "jumelage."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("duckdb", "duckdb_engine", "psycopg", "typst", "vl_convert", "xlsxwriter"):
        importlib.import_module(name)


def start(work: Callable[[], Any], tmp: Path) -> tuple[int, int]:
    """Let a child of its own session do something; return it, and where its answer comes as JSON."""
    answer, told = os.pipe()
    child = os.fork()
    if child:
        os.close(told)
        return child, answer
    try:
        os.close(answer)
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ["TMPDIR"] = str(tmp)
        tempfile.tempdir = None
        os.chdir(tmp)
        found = json.dumps({"found": work()})
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent is told
        found = json.dumps({"error": f"{type(error).__name__}: {error}"})
    with suppress(OSError), os.fdopen(told, "w") as pipe:
        pipe.write(found)
    os._exit(0)


def answered(child: int, answer: int, seconds: float = _LONG) -> dict[str, Any] | None:
    """Wait for what a child says; None if it says nothing, since it was killed. FaultError if it hangs."""
    until, text = time.monotonic() + seconds, b""
    while select.select([answer], [], [], max(0.0, until - time.monotonic()))[0]:
        if not (piece := os.read(answer, 1 << 16)):
            break
        text += piece
    else:
        kill([child, *below(child)])
        raise FaultError("a process hangs")
    os.close(answer)
    os.waitpid(child, 0)
    return dict(json.loads(text)) if text else None


def call(work: Callable[[], Any], tmp: Path) -> Any:
    """Return what a child finds."""
    return found_by(*start(work, tmp))


def found_by(child: int, answer: int) -> Any:
    """Wait for what a child finds; FaultError if it finds nothing."""
    found = answered(child, answer)
    if found is None or "error" in found:
        raise FaultError((found or {}).get("error", "a process was lost"))
    return found["found"]


def below(process: int) -> list[int]:
    """Return all that a process has started, and what that has."""
    found = []
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                found += [child, *below(child)]
    return found


def kill(processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def command(
    arguments: list[object], tmp: Path, *, after: float | None = None, alone: bool = False, apart: bool = False
) -> Ended:
    """Run a command, and kill it after so many seconds, with all that it has started or `alone`.

    With `apart` what it makes of many rows in processes of their own, it makes so of few, too.
    """

    def work() -> Any:
        if apart:
            files.MANY = -1
        done = run(*arguments)
        return [done.code, done.err]

    began = time.monotonic()
    child, answer = start(work, tmp)
    if after is not None and not select.select([answer], [], [], after)[0]:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGSTOP)  # so that it starts nothing while we look
        started = below(child)
        kill([child, *([] if alone else started)])
        os.waitpid(child, 0)
        os.close(answer)
        until = time.monotonic() + GONE
        while any(Path(f"/proc/{one}").exists() and not is_dead(one) for one in started):
            if time.monotonic() > until:
                raise FaultError("what it had started goes on")
            time.sleep(0.02)
        return Ended(-9, "", time.monotonic() - began, killed=True)
    code, err = found_by(child, answer)
    if "Traceback" in err:
        raise FaultError(f"a traceback:\n{err}")
    return Ended(code, err, time.monotonic() - began)


def is_dead(process: int) -> bool:
    """Tell whether a process has ended and only waits to be asked how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
