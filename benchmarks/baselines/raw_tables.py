"""Write the tables that reports are made of as Parquet, for a baseline that reads no DuckDB: DATABASE FOLDER."""

import sys

import duckdb

database, folder = sys.argv[1:]
with duckdb.connect(database, read_only=True) as connection:
    for table in ("partnerships", "respondents", "cities", "countries", "country_zones", "zones"):
        connection.execute(f"copy survey.{table} to '{folder}/{table}.parquet'")
