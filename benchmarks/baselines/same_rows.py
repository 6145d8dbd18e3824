"""Stop unless files of CSV have the same rows in any order, column by column: python same_rows.py FILE FILE [FILE]."""

import sys

import duckdb

first, *others = sys.argv[1:]
with duckdb.connect() as connection:

    def rows(file: str) -> str:
        """Return the query of a file's rows, in which a number is the same however it is written."""
        names = [
            row[0] for row in connection.execute("describe from read_csv(?, all_varchar = true)", [file]).fetchall()
        ]
        plain = (f'coalesce(cast(try_cast("{name}" as double) as varchar), "{name}")' for name in names)
        return f"select {', '.join(plain)} from read_csv('{file}', all_varchar = true)"

    for other in others:
        for left, right in ((first, other), (other, first)):
            differing = connection.execute(f"({rows(left)}) except all ({rows(right)}) limit 3").fetchall()
            if differing:
                sys.exit(f"{left} has rows that {right} lacks, so their times say nothing: {differing}")
