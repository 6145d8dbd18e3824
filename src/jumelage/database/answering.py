"""The process that answers queries of a wave on a DuckDB file, as whoever asks sees it.

Its program is `sandbox_process`.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from jumelage.database import sandbox_process
from jumelage.database.engines.duckdb import SETTINGS
from jumelage.errors import DatabaseError
from jumelage.texts import Label, filled

_START_SECONDS = 60.0
_MEMORY = 2 << 30  # bytes of the process: what no limit of the engine's own covers
_LONGEST = 64 << 20  # bytes of an answer
_CONFIG = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "allow_persistent_secrets": "false",
    "memory_limit": "600MB",
    "temp_directory": "",
    "threads": "1",
}
_NOT_RUN = Label(
    "{}\u00a0: les requêtes de la vague ne peuvent être lancées\u00a0: {}",
    "{}: the queries of the wave cannot be run: {}",
)


def received(value: object) -> object:
    """Return a value of a row as it was before it was sent: a number that is not whole came as a list around it."""
    return Decimal(value[0]) if isinstance(value, list) else value


class Answering:
    """The process that answers: started once, and again only after a query that ended it."""

    def __init__(self, path: str, cpu_seconds: float) -> None:
        """Answer from a file; all answers together may take so many seconds of computing."""
        self.path = path
        self._cpu_seconds = cpu_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._closed = False

    def start(self) -> None:
        """Start it, unless it runs, and return at once."""
        if self._process is not None:
            return
        import duckdb

        asked = {
            "database": str(Path(self.path).absolute()),
            "library": str(Path(duckdb.__file__).parents[1]),
            "config": SETTINGS | _CONFIG,
            "memory": _MEMORY,
            "cpu_seconds": int(self._cpu_seconds + _START_SECONDS),
        }
        command = [sys.executable, "-I", "-S", sandbox_process.__file__, json.dumps(asked)]
        libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of a wave in its arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=libraries,  # and no address of a database
            start_new_session=True,  # Ctrl-C is for us, who end it
        )
        self._ready = False

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Return an answer; None if it took too long. DatabaseError if the process cannot be started."""
        if self._closed:
            return None
        self.start()
        if not self._ready:
            said_ = self._read(_START_SECONDS)
            if said_ is None or said_.get("failed"):
                why = (said_ or {}).get("failed") or Label(
                    "leur processus n’a pas démarré", "their process did not start"
                )
                raise DatabaseError(filled(_NOT_RUN, self.path, why))
            self._ready = True
        line = f"{json.dumps(question)}\n".encode()
        try:
            self._pipe("stdin").write(line)
            self._pipe("stdin").flush()
        except OSError:
            return self._ended()
        return self._read(seconds)

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
        self.end()
        return {"failed": "took more memory or time than a query of a wave may have, and was stopped"}

    def _pipe(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._process, name)

    def close(self) -> None:
        """Stop the process, and start none any more."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """End the process, if it runs."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
