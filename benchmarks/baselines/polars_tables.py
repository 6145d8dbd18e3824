"""Compute the tables by polars from Parquet files of the tables, as CSV: python polars_tables.py FOLDER OUT."""

import sys
from datetime import date
from pathlib import Path

import polars as pl

DAY = date(2006, 3, 31)
given, out = map(Path, sys.argv[1:])


def table(name: str) -> pl.LazyFrame:
    """Return a table, to be read where it is used."""
    return pl.scan_parquet(given / f"{name}.parquet")


def with_totals(rows: pl.LazyFrame, keys: list[str], order: list[str]) -> pl.LazyFrame:
    """Return rows grouped by keys and, as a rollup does, by fewer of them, with `total` in place of the others."""
    parts = []
    for kept in range(len(keys), -1, -1):
        left = keys[:kept]
        sums = [pl.sum("agreements"), pl.sum("inferred")] + [pl.min(name) for name in order]
        part = rows.group_by(left).agg(sums) if left else rows.select(sums)
        lacking = [pl.lit("total").alias(name) for name in keys[kept:]]
        parts.append(part.with_columns(*lacking, *(pl.lit(i >= kept).alias(f"g{i}") for i in range(len(keys)))))
    sorting = [name for i in range(len(keys)) for name in (f"g{i}", *order[i : i + 1])]
    return (
        pl.concat(parts, how="diagonal")
        .sort(sorting)
        .select(*keys, "agreements", agreements_inferred="inferred", agreements_high="agreements")
    )


agreements = table("partnerships").filter(pl.col("until_from").is_null(), pl.col("apart").is_null() | ~pl.col("apart"))
by_country = agreements.group_by("country").agg(agreements=pl.len().cast(pl.Int64), inferred=pl.sum("inferred"))
zoned = (
    by_country.join(table("country_zones"), on="country")
    .filter(pl.col("valid_from") <= DAY, pl.col("valid_to").is_null() | (pl.col("valid_to") > DAY))
    .join(table("zones").select(zone="code", position="position"), on="zone")
    .join(table("countries").select(country="code", sort_key="sort_key"), on="country")
)
by_both = agreements.group_by("country", "city").agg(agreements=pl.len(), inferred=pl.sum("inferred"))
towns = table("respondents").filter(pl.col("response").is_in(["responded", "not_published"]))
numbers = (
    towns.join(agreements.group_by("city").agg(agreements=pl.len()), on="city", how="left")
    .with_columns(pl.col("agreements").fill_null(0))
    .group_by("agreements")
    .agg(cities=(pl.col("response") == "responded").sum(), cities_high=pl.len())
    .sort("agreements")
)
all_towns = table("respondents").select(
    contacted=pl.len(),
    responded=(pl.col("response") == "responded").sum(),
    responded_high=pl.col("response").is_in(["responded", "not_published"]).sum(),
)
all_rows = agreements.select(agreements=pl.len(), engaged=pl.col("city").n_unique())
totals, rows, facts, zones, countries, pairs, places = pl.collect_all(
    [
        all_towns,
        all_rows,
        numbers,
        with_totals(zoned, ["zone"], ["position"]),
        with_totals(zoned, ["zone", "country"], ["position", "sort_key"]),
        by_both.join(table("countries").select("code", state="sort_key"), left_on="country", right_on="code")
        .join(table("cities").select("code", town="sort_key"), left_on="city", right_on="code")
        .sort("state", "town")
        .select("country", "city", "agreements", agreements_inferred="inferred", agreements_high="agreements"),
        table("respondents")
        .join(table("cities").select("code", "sort_key"), left_on="city", right_on="code")
        .sort("population", "sort_key", "city")
        .select(position=pl.int_range(1, pl.len() + 1), city="city", population="population"),
    ]
)
said = totals.row(0, named=True) | rows.row(0, named=True)
means = [round(said["agreements"] / said[of], 1) for of in ("responded_high", "responded")]
participation = pl.DataFrame(
    [
        ("contacted", said["contacted"], said["contacted"]),
        ("responded", said["responded"], said["responded_high"]),
        ("engaged", said["engaged"], said["engaged"]),
        ("agreements", said["agreements"], said["agreements"]),
        ("mean_agreements", *means),
    ],
    schema={"indicator": pl.String, "value": pl.Float64, "value_high": pl.Float64},
    orient="row",
)
facts = facts.with_columns(pl.col("agreements").cast(pl.String))
whole = facts.select(pl.lit("total").alias("agreements"), pl.sum("cities"), pl.sum("cities_high"))
made = {
    "distribution": pl.concat([facts, whole]),
    "zones": zones,
    "countries": countries,
    "participation": participation,
    "agreements_by_country": pairs,
    "cities_by_population": places,
}
for name, frame in made.items():
    frame.write_csv(out / f"{name}.csv")
