"""Ask a DuckDB file a query, as a script without jumelage would: print the rows, or copy those of a scope into CSV."""

import sys

import duckdb

database, query, *out = sys.argv[1:]
connection = duckdb.connect(database, read_only=True)
if out:
    scope, file = out
    connection.execute(f"set variable jumelage_scope = '{scope}'")
    connection.execute(f"copy ({query}) to '{file}' (header)")
else:
    print(connection.execute(query).fetchall())
