"""What any program with SQLAlchemy and duckdb-engine pays for one query: python bare_query.py DATABASE SQL_FILE."""

import sys
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

database, file = sys.argv[1:]
engine = create_engine(f"duckdb:///{database}", poolclass=NullPool, connect_args={"read_only": True})
with engine.connect() as connection:
    for row in connection.exec_driver_sql(Path(file).read_text(encoding="utf-8")):
        print(*row, sep=",")
