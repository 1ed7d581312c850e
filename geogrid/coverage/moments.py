"""Columns of times: ISO 8601 or a stated format, with a zone or by the city's clock."""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.assign.workdays import WorkCalendar
from geogrid.errors import InputError
from geogrid.types import BoolArray, IntArray

__all__ = ["NEVER", "read_moments"]

NEVER = int(np.iinfo(np.int64).min)
"""The second that stands for no time."""

_ZONED = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"


def read_moments(column: Any, calendar: WorkCalendar, time_format: str | None = None) -> tuple[IntArray, BoolArray]:
    """Return (n,) int64 seconds since 1970 UTC, and which rows hold no time.

    A time without a zone is the city's own clock; one skipped in spring counts an hour later, one
    that comes twice in autumn means the first.

    Parameters
    ----------
    column : pandas.Series
    calendar : WorkCalendar
    time_format : str, optional
        As of `datetime.strptime`; ISO 8601 if not given. A format is never guessed.

    Examples
    --------
    >>> import pandas as pd
    >>> seconds, bad = read_moments(pd.Series(["1970-01-01T08:00", "1970-01-01T00:00Z", ""]), WorkCalendar())
    >>> seconds[:2].tolist(), bad.tolist()
    ([0, 0], [False, False, True])
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return _seconds(column, calendar)
    text = column.astype("string").str.strip().reset_index(drop=True)
    zoned = text.str.contains(_ZONED, regex=True).fillna(False).to_numpy(bool)
    seconds, bad = np.full(len(text), NEVER, np.int64), np.ones(len(text), bool)
    for rows, utc in ((zoned, True), (~zoned, False)):
        try:
            moments = pd.to_datetime(text[rows], errors="coerce", format=time_format or "ISO8601", utc=utc)
        except ValueError as error:
            raise InputError(f"the format of times is not understood ({error})", given=time_format) from None
        seconds[rows], bad[rows] = _seconds(moments, calendar)
    return seconds, bad


def _seconds(moments: Any, calendar: WorkCalendar) -> tuple[IntArray, BoolArray]:
    zoned = moments if moments.dt.tz is not None else _local(moments, calendar)
    bad: BoolArray = zoned.isna().to_numpy()
    utc = zoned.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.where(bad, NEVER, utc.to_numpy().astype("datetime64[s]").astype(np.int64)), bad


def _local(moments: Any, calendar: WorkCalendar) -> Any:
    return moments.dt.tz_localize(calendar.tz, ambiguous=np.ones(len(moments), bool), nonexistent="shift_forward")
