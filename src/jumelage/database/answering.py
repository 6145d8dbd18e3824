"""The process that answers queries which are not ours on a DuckDB file, as whoever asks sees it.

Its program is `sandbox_process`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jumelage.database import sandbox_process
from jumelage.database.engines.duckdb import SETTINGS
from jumelage.database.engines.duckdb_damage import damage
from jumelage.database.sql import literal
from jumelage.errors import DatabaseError
from jumelage.texts import Label, filled

if TYPE_CHECKING:
    from collections.abc import Generator

    from jumelage.database.engines import Beside

_START_SECONDS = 60.0
_BESIDE = 1400 << 20  # bytes of the process besides what its engine may take: no limit of the engine's covers all
_LONGEST = 64 << 20  # bytes of an answer
_MEGABYTE = 1_000_000
_PIECE = 1 << 20  # bytes that are read of a pipe at once
_CONFIG = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "allow_persistent_secrets": "false",
    "temp_directory": "",
}
_DYING = 2.0  # seconds until the system says how a process ended
_ENDED = "took more memory or time than such a query may have, and was stopped"
_KILLED = "was stopped from outside with its process, perhaps because the machine had no memory left"
_NOT_RUN = Label("{}\u00a0: les requêtes ne peuvent être lancées\u00a0: {}", "{}: queries cannot be run: {}")


def received(value: object) -> object:
    """Return a value of a row as it was before it was sent: a number that is not whole came as a list around it."""
    return Decimal(value[0]) if isinstance(value, list) else value


def broken(path: str, why: str) -> DatabaseError:
    """Return the error for a file that cannot be read, by what the process says of it."""
    return damage(why, path) or DatabaseError(f"{path}: {why}")


class Answering:
    """The process that answers: started once, and again only after a query that ended it.

    All answers together may take so many seconds of computing; the engine takes so many megabytes and threads. With a
    pipe, the query `copy … to` its `path_of_pipe` is the one that writes: `pieces` gives the bytes.
    """

    def __init__(
        self,
        path: str,
        beside: Beside,
        cpu_seconds: float,
        *,
        megabytes: int = 600,
        threads: int = 1,
        pipe: bool = False,
    ) -> None:
        """Answer from a database; `path` is what it is called."""
        self.path, self.beside = path, beside
        self._cpu_seconds, self._megabytes, self._threads = cpu_seconds, megabytes, threads
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._closed = False
        self._ends = os.pipe() if pipe else None
        if self._ends:
            os.set_blocking(self._ends[0], False)
        self.path_of_pipe = f"/dev/fd/{self._ends[1]}" if self._ends else ""

    def start(self) -> None:
        """Start it, unless it runs, and return at once: nothing is imported here, so that it may begin before we do."""
        if self._process is not None:
            return
        package = find_spec("duckdb")
        if package is None or package.origin is None:
            raise DatabaseError(filled(_NOT_RUN, self.path, "duckdb"))
        limits = {"memory_limit": f"{self._megabytes}MB", "threads": str(self._threads)}
        readable = ", ".join(map(literal, (*self.beside.files, *filter(None, (self.path_of_pipe,)))))
        settings = ["set errors_as_json = true"] if self._ends else []
        asked = {
            "database": self.beside.database,
            "read_only": self.beside.read_only,
            "library": str(Path(package.origin).parents[1]),
            "config": SETTINGS | _CONFIG | limits,
            "settings": [
                *self.beside.statements,
                *settings,
                f"set allowed_paths = [{readable}]",
                "set enable_external_access = false",
            ],
            "memory": self._megabytes * _MEGABYTE + _BESIDE,
            "cpu_seconds": int(self._cpu_seconds + _START_SECONDS),
        }
        command = [sys.executable, "-I", "-S", sandbox_process.__file__]
        libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of a wave in its arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=libraries,  # and no address of a database
            start_new_session=True,  # Ctrl-C is for us, who end it
            pass_fds=self._ends[1:] if self._ends else (),
        )
        self._ready = False
        self._tell(asked)

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Return an answer; None if it took too long. DatabaseError if the process cannot be started."""
        if self._closed:
            return None
        if not self._put(question):
            return self._ended()
        return self._read(seconds)

    def pieces(self, question: dict[str, Any], seconds: float) -> Generator[bytes, None, dict[str, Any] | None]:
        """Give what a query writes into the pipe as it comes, and return its answer as `ask` does.

        Whoever takes the pieces slowly has more time, as long as they come.
        """
        if self._closed or self._ends is None or not self._put(question):
            return self._ended()
        source, out = self._ends[0], self._pipe("stdout")
        until = time.monotonic() + seconds
        answered = False
        try:
            while not answered:
                ready = select.select([source, out], [], [], max(0.0, until - time.monotonic()))[0]
                answered = source not in ready  # or the time is over
                while piece := self._piece():
                    began = time.monotonic()
                    yield piece
                    until += time.monotonic() - began
            return self._read(0)
        finally:
            if not answered:  # nobody wants the rest
                self.end()

    def _piece(self) -> bytes:
        """Return what is in the pipe; nothing if it is empty."""
        try:
            return os.read(self._ends[0], _PIECE) if self._ends else b""
        except BlockingIOError:
            return b""

    def _put(self, question: dict[str, Any]) -> bool:
        """Ask a question of the process, started if need be; tell whether it took it."""
        self.start()
        if not self._ready and (why := self._failed()):
            self.end()  # one that began before we had the file may have met somebody who wrote to it
            if self._closed:
                return False
            self.start()
            if why := self._failed():
                raise damage(str(why), self.path) or DatabaseError(filled(_NOT_RUN, self.path, why))
        return self._tell(question)

    def _tell(self, what: dict[str, Any]) -> bool:
        """Write a line for the process to read; tell whether it can."""
        try:
            self._pipe("stdin").write(f"{json.dumps(what)}\n".encode())
            self._pipe("stdin").flush()
        except OSError:
            return False
        return True

    def _failed(self) -> str | Label:
        """Wait until it is ready; return why it is not, if so."""
        said_ = self._read(_START_SECONDS)
        self._ready = said_ == {}
        if self._ready:
            return ""
        return (said_ or {}).get("failed") or Label("leur processus n’a pas démarré", "their process did not start")

    def _read(self, seconds: float) -> dict[str, Any] | None:
        """Read a line of the process; None, and its end, if there is none in time."""
        out = self._pipe("stdout")
        if not select.select([out], [], [], seconds)[0]:
            self.end()
            return None
        line = out.readline(_LONGEST)
        if not line.endswith(b"\n"):
            return self._ended()
        found: dict[str, Any] = json.loads(line)
        return found

    def _ended(self) -> dict[str, Any]:
        """Return what is said of a process that ended: of one that came to its limits, or was ended by others."""
        code = None
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_DYING) if self._process else None
        killed = code == -signal.SIGKILL and not self._closed
        self.end()
        return {"failed": _KILLED if killed else _ENDED, "room": not killed, "killed": killed}

    def _pipe(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._process, name)

    def close(self) -> None:
        """Stop the process, and start none any more; any thread may do so while another waits for an answer."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()

    def end(self) -> None:
        """End the process, if it runs."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
        if self._closed:
            for end in self._ends or ():
                os.close(end)
            self._ends = None
        while self._piece():  # of an answer that nobody has taken
            pass
