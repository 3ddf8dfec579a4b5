"""Prints file, column, type, rows, values and sum of Parquet files.

    python3 -c SCRIPT pyarrow|polars FILE...

Types are named as DuckDB names them. The sum is of numbers, of flags that are
set, of letters, of days and of microseconds.
"""

import datetime
import math
import re
import sys

ARROW = {
    "bool": "BOOLEAN", "int32": "INTEGER", "int64": "BIGINT", "double": "DOUBLE",
    "string": "VARCHAR", "date32[day]": "DATE", "timestamp[us]": "TIMESTAMP",
}
POLARS = {
    "Boolean": "BOOLEAN", "Int32": "INTEGER", "Int64": "BIGINT", "Float64": "DOUBLE", "String": "VARCHAR",
    "Date": "DATE", "Datetime(time_unit='us', time_zone=None)": "TIMESTAMP",
}
DAY = datetime.date(1970, 1, 1)
MOMENT = datetime.datetime(1970, 1, 1)


def by_pyarrow(path):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    for name in table.column_names:
        column = table.column(name)
        yield name, named(str(column.type), ARROW), column.to_pylist()


def by_polars(path):
    import polars

    frame = polars.read_parquet(path)
    for name in frame.columns:
        yield name, named(str(frame[name].dtype), POLARS), frame[name].to_list()


def named(kind, names):
    decimal = re.fullmatch(r"[Dd]ecimal.*\((?:precision=)?(\d+), (?:scale=)?(\d+)\)", kind)
    if decimal:
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    return names.get(kind, kind)


def number(value):
    if isinstance(value, str):
        return len(value)
    if isinstance(value, datetime.datetime):
        return (value - MOMENT) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - DAY).days
    return value


def summed(values):
    if any(isinstance(value, float) for value in values):
        return repr(math.fsum(values))
    return str(int(sum(number(value) for value in values)) if not decimals(values) else sum(values))


def decimals(values):
    return bool(values) and type(values[0]).__name__ == "Decimal"


def main():
    read = {"pyarrow": by_pyarrow, "polars": by_polars}[sys.argv[1]]
    for path in sys.argv[2:]:
        for name, kind, column in read(path):
            values = [value for value in column if value is not None]
            print(path, name, kind, len(column), len(values), summed(values), sep="\t")


main()
