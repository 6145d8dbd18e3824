"""SQL of this project as Spark reads it: translated by sqlglot, or refused where a translation would say otherwise."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.generators.spark import SparkGenerator

from jumelage.database.models import SCHEMA

# What is lost or read differently on the way, whoever wrote it, with why.
_REFUSED: dict[type[exp.Expr], str] = {
    exp.PercentileDisc: "percentile_disc becomes an approximation",
    exp.Median: "a median becomes an approximation",
    exp.ApproxQuantile: "an approximation differs from engine to engine",
    exp.ArrayAgg: "array_agg loses its order; use string_agg with an order",
    exp.Collate: "collations differ",
    exp.SimilarTo: "similar to is read as another pattern",
    exp.RegexpLike: "regular expressions differ",
    exp.RegexpILike: "regular expressions differ",
    exp.Lateral: "a lateral subquery is read differently",
    exp.TableSample: "a sample differs each time",
    exp.Rand: "a random number differs each time",
    exp.IntDiv: "a division of whole numbers is read differently",
    exp.Placeholder: "a query has no parameters",
    exp.Anonymous: "the function is not known",
}


class _AsSpark(SparkGenerator):
    """As sqlglot writes for Spark, but for percentile_cont, which Spark has, and sqlglot makes an approximation of."""

    TRANSFORMS: ClassVar = {
        **SparkGenerator.TRANSFORMS,
        exp.PercentileCont: lambda self, node: self.func("PERCENTILE_CONT", node.this),
        exp.WithinGroup: lambda self, node: (
            f"{self.sql(node, 'this')} WITHIN GROUP ({self.sql(node, 'expression').strip()})"
        ),
    }


class UntranslatableError(Exception):
    """A query that Spark would read differently, or that is no query; it says why."""


@lru_cache(maxsize=1024)
def translated(sql: str) -> tuple[str, frozenset[str]]:
    """Translate one query, and tell what it reads, as `city_answers` and `survey.cities`.

    UntranslatableError if it would not say the same.
    """
    try:
        found = sqlglot.parse(sql, read="postgres")
    except SqlglotError as error:
        raise UntranslatableError(str(error)) from error
    tree = found[0] if len(found) == 1 else None
    if not isinstance(tree, exp.Query):
        raise UntranslatableError("this is not one query")
    read = set()
    for node in list(tree.walk()):
        if why := _why_not(node):
            raise UntranslatableError(f"{node.sql(dialect='postgres')[:80]}: {why}")
        if isinstance(node, exp.CTE):
            node.set("materialized", None)  # Spark never holds one, and has no word for it
        if isinstance(node, exp.Table):
            read.add(f"{node.db}.{node.name}" if node.db else node.name)
            if node.db:  # temporary views have no schema
                name = view_of(node.name) if node.db == SCHEMA else node.name
                alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
                node.replace(exp.Table(this=exp.to_identifier(name), alias=alias))
    try:
        written = _AsSpark(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        return written.generate(tree), frozenset(read)
    except SqlglotError as error:
        raise UntranslatableError(str(error)) from error


def view_of(table: str) -> str:
    """Return the name of the temporary view that stands for a table of the schema."""
    return f"{SCHEMA}__{table}"


def _why_not(node: exp.Expr) -> str:
    """Say why a part of a query is refused; empty if it is not."""
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        return "distinct on has no like"
    return _REFUSED.get(type(node), "")


def text_literal(value: str) -> str:
    """Return a text as Spark takes it for that text."""
    return exp.Literal.string(value).sql(dialect="spark")
