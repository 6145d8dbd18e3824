"""Somebody else who has a database file open, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"


@contextmanager
def somebody_reading(db: Path | str) -> Iterator[subprocess.Popen[str]]:
    """Have a file open to read in another process, which is given, until the end."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        yield reader
        reader.communicate()
