"""The rows of a Parquet file as tables of other libraries, each imported only when its table is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jumelage.querying.output import lacks

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    import pandas as pd
    import polars as pl
    import pyarrow as pa


def arrow_of(source: Path | BinaryIO, extra: str = "arrow") -> pa.Table:
    """Return a table of pyarrow; UsageError, with the extra that brings it, if pyarrow is not installed."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise lacks("pyarrow", extra) from error
    return parquet.read_table(source)


def pandas_of(source: Path | BinaryIO) -> pd.DataFrame:
    """Return a data frame in which a missing number stays missing and a whole one whole; UsageError as above."""
    try:
        import pandas as pd
    except ImportError as error:
        raise lacks("pandas", "pandas") from error
    table = arrow_of(source, "pandas")
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):  # of which pandas makes objects
            table = table.set_column(place, field.name, table.column(place).cast(pa.float64()))
    kinds: dict[Any, Any] = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    return table.to_pandas(types_mapper=kinds.get, date_as_object=False)


def polars_of(source: Path | BinaryIO) -> pl.DataFrame:
    """Return a data frame of polars; UsageError as above."""
    try:
        import polars as pl
    except ImportError as error:
        raise lacks("polars", "polars") from error
    return pl.read_parquet(source)
