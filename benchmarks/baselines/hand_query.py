"""Run SQL by hand with duckdb alone and write its rows as CSV: python hand_query.py DATABASE SQL_FILE CSV_FILE."""

import sys
from pathlib import Path

import duckdb

database, file, out = sys.argv[1:]
sql = Path(file).read_text(encoding="utf-8")
with duckdb.connect(database, read_only=True) as connection:
    connection.execute(f"copy ({sql}) to '{out}' (header)")
