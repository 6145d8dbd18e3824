"""The process in which a DuckDB file answers queries that are not ours; it imports nothing of jumelage.

A question is a line of JSON on standard input, its answer one on standard output. The process has little memory,
writes no file, opens none but the database, and ends when whoever asks is gone. What a question wants as a stream of
bytes goes into a pipe that it was given open.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import sys
import threading
from contextlib import suppress
from decimal import Decimal
from queue import Queue
from typing import Any

LONGEST = 300  # characters of a row or of an error
_LONGEST_PRECISE = 1000  # of what is wrong with a query of one's own
# What an engine advises that whoever asks cannot do.
_ADVICE = re.compile(r"\b(?:SET|PRAGMA|INSTALL|LOAD|ATTACH)\s+\w|configuration (?:parameter|option)")


def bounded(text: str) -> str:
    """Cut a text to what a person can take in, on one line."""
    text = " ".join(text[: 4 * LONGEST].split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def fault(text: str) -> str:
    """Return what an engine says is wrong with a query, without its drawing of the place and its advice."""
    return bounded(re.split(r"\n+(?:LINE \d|Possible solutions|Database is launched)", text)[0])


def in_brief(text: str) -> str:
    """Return what an engine says is wrong with a query of whoever reads it, without advice that is not for them."""
    lines = (re.split(r"(?<=[.!?])[ \t]+", line) for line in text[: 1 << 20].split("\n"))
    kept = [" ".join(one for one in sentences if not _ADVICE.search(one)) for sentences in lines]
    brief = "\n".join(line for line in kept if line.strip()) or text.strip()
    return brief if len(brief) <= _LONGEST_PRECISE else f"{brief[: _LONGEST_PRECISE - 1]}…"


def _precise(text: str) -> dict[str, object]:
    """Return what the engine says as JSON, and the byte of the question where that is, if it is known."""
    kind, _, rest = text.partition(": ")
    try:
        said = json.loads(rest)
    except ValueError:
        return {"failed": in_brief(text)}
    place = str(said.get("position", ""))
    return {
        "failed": in_brief(f"{kind}: {said.get('exception_message', rest)}"),
        **({"position": int(place)} if place.isdigit() else {}),
    }


def told(names: list[str], row: tuple[Any, ...]) -> str:
    """Write a row as people read it: the same from every engine."""
    return bounded("; ".join(f"{name}: {_plain(value)}" for name, value in zip(names, row, strict=True)))


def _plain(value: object) -> str:
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)[: 4 * LONGEST]


def _sent(value: object, *, precise: bool) -> object:
    """Return a value as JSON keeps it exactly: a number that is not whole as text, marked by a list around it.

    What is no number, or infinite, is called what PostgreSQL calls it, if `precise`; otherwise as Python does, as
    where a server answers.
    """
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, Decimal) or (isinstance(value, float) and math.isfinite(value)):
        return [str(value)]
    return str(Decimal(value) if precise and isinstance(value, float) else value)


def _limit(kind: int, most: int) -> None:
    with suppress(ValueError, OSError):  # a system that does not know this limit has the others
        resource.setrlimit(kind, (most, most))


def _answer(
    connection: Any,  # noqa: ANN401
    engine: Any,  # noqa: ANN401
    question: dict[str, Any],
    settled: list[str],
) -> dict[str, object]:
    """Answer a question; `settled` are the settings of the one before, which are not set again."""
    timer = threading.Timer(question["seconds"], connection.interrupt)
    timer.start()
    try:
        if settled != question["settings"]:
            settled.clear()
            for statement in question["settings"]:
                connection.execute(statement)
            settled.extend(question["settings"])
        result = connection.execute(question["sql"])
        names = [column[0] for column in result.description]
        rows = result.fetchmany(question["most"])
        if question["whole"]:
            precise = bool(question.get("precise"))
            types = [str(column[1]) for column in result.description]
            return {
                "names": names,
                "types": types,
                "rows": [[_sent(value, precise=precise) for value in row] for row in rows],
            }
        return {"rows": len(rows), "first": told(names, rows[0]) if rows else ""}
    except engine.InterruptException:
        return {"late": True}
    except (engine.IOException, engine.FatalException) as error:
        return {"broken": fault(str(error))}  # the file, not the query
    except (engine.Error, MemoryError, RuntimeError, ValueError, OverflowError) as error:
        if type(error) is engine.Error:  # so comes a block whose checksum is not that of what is in it
            return {"broken": fault(str(error))}
        said = _precise(str(error)) if question.get("precise") else {"failed": fault(str(error))}
        room = isinstance(error, engine.OutOfMemoryException | MemoryError)
        return {**said, "failed": said["failed"] or type(error).__name__, "room": room}
    finally:
        timer.cancel()


def _ask(questions: Queue[str]) -> None:
    for line in sys.stdin:
        questions.put(line)
    os._exit(0)  # whoever asks is gone: nobody waits for an answer any more


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Open the database that is asked for, and answer until nobody asks any more."""
    asked = json.loads(sys.stdin.readline())
    _limit(resource.RLIMIT_AS, asked["memory"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, asked["cpu_seconds"])
    sys.path.append(asked["library"])
    import _duckdb as duckdb  # what the package duckdb puts around it takes longer to import than all else here

    try:
        connection = duckdb.connect(asked["database"], read_only=asked["read_only"], config=asked["config"])
        for statement in asked["settings"]:
            connection.execute(statement)
        connection.execute("set lock_configuration = true")
    except (duckdb.Error, MemoryError) as error:
        _say({"failed": bounded(str(error))})
        return
    _say({})
    questions: Queue[str] = Queue()
    threading.Thread(target=_ask, args=(questions,), daemon=True).start()
    settled: list[str] = []
    while True:
        _say(_answer(connection, duckdb, json.loads(questions.get()), settled))


if __name__ == "__main__":
    main()
