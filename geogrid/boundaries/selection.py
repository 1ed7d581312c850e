"""Rows of a frame by a condition in SQL, as OGR takes it for files that it reads itself."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np

from geogrid.types import IntArray

__all__ = ["rows_where"]

_HARMLESS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})
_FUNCTIONS = frozenset(
    {"like", "glob", "lower", "upper", "length", "abs", "substr", "trim", "coalesce", "ifnull", "round"}
)
_MOST_STEPS_OF_1000 = 1_000_000


def rows_where(frame: Any, where: str) -> IntArray:
    """Return the positions of the rows that satisfy `where`, in order.

    A plan comes from others: the condition is read by SQLite, which may compare columns and nothing else
    (no other table, no file, no extension, no endless recursion).

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        Columns of text, numbers and booleans can be named; geometry and others are null.
    where : str
        What stands behind ``WHERE``, e.g. ``"class = 'A' AND lanes >= 4"``.

    Raises
    ------
    sqlite3.Error
        If it cannot be read as a condition on these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> streets = pd.DataFrame({"class": ["A", "B", "A"], "lanes": [2, 4, 6]})
    >>> rows_where(streets, "class = 'A' and lanes >= 4")
    array([2])
    """
    names = [str(name) for name in frame.columns]
    connection = sqlite3.connect(":memory:")
    try:
        columns = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names)
        connection.execute(f"CREATE TABLE rows ({columns})")
        marks = ", ".join("?" for _ in names)
        values = zip(*(_plain(frame[name]) for name in frame.columns), strict=True)
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", values)
        connection.set_authorizer(_authorise)
        left = iter(range(_MOST_STEPS_OF_1000))
        connection.set_progress_handler(lambda: next(left, None) is None, 1000)
        # Parentheses of its own: what the condition holds cannot become a clause behind it.
        found = connection.execute(f"SELECT rowid - 1 FROM rows WHERE ({where}\n) ORDER BY rowid").fetchall()
    finally:
        connection.close()
    return np.array([row[0] for row in found], np.int64)


def _authorise(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
    if action not in _HARMLESS or (action == sqlite3.SQLITE_FUNCTION and second not in _FUNCTIONS):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and first != "rows":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _plain(column: Any) -> list[Any]:
    """Return a column as values that SQLite knows; whatever else there is becomes null, as NaN does."""
    values = column.tolist()
    return [value if isinstance(value, (str, int, float)) else None for value in values]
