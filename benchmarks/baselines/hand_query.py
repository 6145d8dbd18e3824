"""Run SQL by hand with duckdb alone: python hand_query.py DATABASE FOLDER SQL_FILE [SQL_FILE].

Each file of SQL gives a file of CSV of its name.
"""

import sys
from pathlib import Path

import duckdb

database, folder, *files = sys.argv[1:]
with duckdb.connect(database, read_only=True) as connection:
    for file in map(Path, files):
        sql = file.read_text(encoding="utf-8")
        connection.execute(f"copy ({sql}) to '{folder}/{file.stem}.csv' (header)")
