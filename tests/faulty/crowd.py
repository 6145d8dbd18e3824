"""One who loads corrections while many read."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path

from tests.conftest import WAVE_2006, Result, address, run
from tests.faulty.places import Engine, Place
from tests.faulty.processes import FaultError, call, found_by, start

READERS = 20
_REPORT = ("report", "agreements_by_country", "--format", "csv")


def crowd(engine: Engine, folder: Path, seconds: float) -> Counter[str]:
    """Let one load corrections while many read; FaultError for an error, or for numbers of no revision."""
    place = engine.place("load", folder)
    of = [call(partial(_told, place, wave), place.tmp) for wave in ("2006@1", "2006@2")]
    until = time.monotonic() + seconds
    readers = [
        start(lambda: _reads(place, of, until, by_turns=engine.server is None), place.tmp) for _ in range(READERS)
    ]
    total = _loads(place, until)
    for reader in readers:
        total.update(found_by(*reader))
    held = place.state()
    if not all(fits for _, _, fits in held["revisions"]) or len(held["revisions"]) != 2 + total["loads"]:
        raise FaultError(f"what was loaded is not what was recorded: {held['revisions']}")
    engine.drop(place)
    return total


def _told(place: Place, wave: str) -> str:
    return _read(place, "--wave", wave).out


def _read(place: Place, *more: str) -> Result:
    return run(*_REPORT, *more, "--db", address(place.url))


def _reads(place: Place, of: list[str], until: float, *, by_turns: bool) -> Counter[str]:
    """Read until a time; a file has many readers or one writer, so they take turns of two seconds."""
    counts: Counter[str] = Counter()
    while time.monotonic() < until:
        if by_turns and time.monotonic() % 4 > 2:
            time.sleep(0.05)
            continue
        got = _read(place)
        if got.code == 4:
            counts["reads busy"] += 1
        elif got.code or got.err:
            raise FaultError(f"a reader: {got}")
        elif got.out not in of:
            raise FaultError(f"a reader saw numbers of no revision:\n{got.out}")
        else:
            counts["reads"] += 1
    return counts


def _loads(place: Place, until: float) -> Counter[str]:
    """Load a row away and back again, until a time."""
    full = (WAVE_2006 / "partnerships.csv").read_text(encoding="utf-8")
    files = []
    for number, text in enumerate((full, full.replace("Calais,Mali,1,,,,agreements_by_country\n", ""))):
        files.append(place.out / f"{number}.csv")
        files[-1].write_text(text, encoding="utf-8")
    counts: Counter[str] = Counter()
    while time.monotonic() < until:
        which = counts["loads"] % 2
        why = ("--table", "partnerships", "--wave", "2006", "--reason", f"{which}")
        ended = place.run("load", files[which], *why)
        if ended.code not in {0, 4}:
            raise FaultError(f"the loader: {ended}")
        counts["loads" if ended.code == 0 else "loads busy"] += 1
        if ended.code:
            time.sleep(0.1)
    return counts
