"""Column types that a GeoPackage and PostgreSQL share, and attribute arrays as columns."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, Boolean, Double, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine, UserDefinedType

from geogrid.errors import InputError

__all__ = ["Json", "Moment", "Whole", "as_stored", "column_of", "from_column", "to_column"]

Whole = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer; ``INTEGER`` in a GeoPackage, so that a primary key is the row id."""


class _Datetime(UserDefinedType[Any]):
    """GeoPackage's DATETIME: text such as ``2026-11-22T12:15:00.000Z``."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "DATETIME"


class Moment(TypeDecorator[Any]):
    """A moment in UTC to the millisecond, as GeoPackage's DATETIME text or a timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_Datetime())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Return the moment in UTC; a naive one is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise InputError("a moment without time zone", given=value, mend="give it a time zone")
        moment = value.astimezone(dt.UTC)
        if dialect.name != "sqlite":
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return (dt.datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(dt.UTC)


class Json(TypeDecorator[Any]):
    """Any JSON value, kept as readable text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Return the value as text."""
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value."""
        return None if value is None else json.loads(value)


def column_of(values: npt.NDArray[Any], *, source: object = None) -> tuple[TypeEngine[Any], str]:
    """Return the column type for an attribute array and the tag that brings its dtype back.

    Raises
    ------
    InputError
        If the array holds what no column can (complex numbers, durations, arrays).
    """
    kind = values.dtype.kind
    if kind == "b":
        return Boolean(create_constraint=False), "bool"
    if kind in "iu":
        if kind == "u" and len(values) and int(values.max()) > 2**63 - 1:
            raise InputError("an attribute is too large for a column", given=values.max(), source=source)
        return Whole, values.dtype.name
    if kind == "f":
        return Double(), values.dtype.name
    if kind == "M":
        return Text(), values.dtype.name
    if kind in "OU":
        plain = all(value is None or isinstance(value, str) for value in values.tolist())
        return Text(), "str" if plain else "json"
    raise InputError(
        "an attribute of a kind that cannot be stored", given=values.dtype, source=source,
        allowed="booleans, integers, floats, dates, text, JSON values",
    )  # fmt: skip


def to_column(values: npt.NDArray[Any], tag: str) -> list[Any]:
    """Return the attribute's values as a database takes them; NaN and NaT become NULL."""
    if tag == "json":
        return [json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain) for value in values.tolist()]
    if tag.startswith("float"):
        return [None if math.isnan(value) else value for value in values.astype(np.float64).tolist()]
    if tag.startswith("datetime64"):
        return [None if np.isnat(value) else str(value) for value in values]
    return list(values.tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise InputError("an attribute holds a value that is not JSON", given=repr(value))


def from_column(values: list[Any], tag: str) -> npt.NDArray[Any]:
    """Return the array that `to_column` was given."""
    if tag in ("str", "json"):
        result = np.empty(len(values), dtype=object)
        result[:] = [json.loads(value) for value in values] if tag == "json" else values
        return result
    if tag.startswith("float"):
        return np.array([np.nan if value is None else value for value in values], dtype=tag)
    if tag.startswith("datetime64"):
        return np.array(["NaT" if value is None else value for value in values], dtype=tag)
    return np.array(values, dtype=tag)


def as_stored(values: npt.NDArray[Any], *, source: object = None) -> npt.NDArray[Any]:
    """Return an attribute as it comes back from the atlas: without -0.0, text and JSON as objects."""
    _, tag = column_of(values, source=source)
    result = from_column(to_column(values, tag), tag)
    return result + 0 if result.dtype.kind == "f" else result
