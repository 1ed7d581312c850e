"""Columns of a file that somebody else made: which one holds codes, which one names."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError

__all__ = ["found_column", "text_column"]

_USUAL = {
    "code": ("code", "id", "geoid", "geoid20", "number", "no", "adcode", "代码", "编码", "编号"),
    "name": ("name", "title", "名称", "名字"),
}


def found_column(frame: Any, told: str | None, what: Literal["code", "name"], *, source: object = None) -> str | None:
    """Return the column that holds codes or names: the one told, or one with a usual name.

    Parameters
    ----------
    frame : pandas.DataFrame
    told : str, optional
        If given, it must be there.

    Raises
    ------
    InputError
        If the column told is not there.
    """
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    if told is not None:
        if told not in columns:
            raise InputError(f"no such {what} column", given=told, allowed=", ".join(columns), source=source)
        return told
    by_word = {column.lower(): column for column in reversed(columns)}
    return next((by_word[word] for word in _USUAL[what] if word in by_word), None)


def text_column(frame: Any, column: str) -> npt.NDArray[np.object_]:
    """Return a column as text; whole numbers without decimals, missing values as "".

    Examples
    --------
    >>> import pandas
    >>> text_column(pandas.DataFrame({"id": [1.0, None, 12.0]}), "id").tolist()
    ['1', '', '12']
    """
    missing = frame[column].isna().to_numpy()
    values = frame[column].tolist()
    text = ["" if gone else _text(value) for value, gone in zip(values, missing, strict=True)]
    return np.array(text, dtype=object)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
