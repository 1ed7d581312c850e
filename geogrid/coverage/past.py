"""Past reports: place, time, kind and, where known, who handled them and when they were closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.plainness import plain_text
from geogrid.assign.report_files import column_like
from geogrid.assign.workdays import WorkCalendar
from geogrid.coverage.moments import NEVER, read_moments
from geogrid.crs import crs_to_lonlat, to_wgs84
from geogrid.errors import InputError, RowProblem
from geogrid.types import BoolArray, Datum, FloatArray, IntArray

__all__ = ["COLUMNS", "PastReports", "past_reports"]

Texts = npt.NDArray[np.object_]

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "report_id", "编号", "案件编号"),
    "station": ("station", "工作站"),
    "person": ("handler", "handled_by", "处置人", "办理人"),
    "department": ("department", "部门", "处置部门"),
    "closed": ("closed", "closed_at", "结案时间"),
    "due": ("due", "deadline", "截止时间"),
    "solved": ("solved", "resolved", "是否解决"),
}
"""Headers by which optional columns are found; place, category and time as everywhere else."""

_REQUIRED = ("category", "at")
_YES = ("yes", "true", "1", "是", "solved", "resolved", "closed", "已解决", "已办结", "办结", "结案")
_NO = ("", "no", "false", "0", "否", "open", "unsolved", "未解决", "未办结", "nan", "none")


@dataclass(frozen=True, eq=False)
class PastReports:
    """Reports that can be judged, one row each, and those that cannot.

    Parameters
    ----------
    ids : (n,) object array of str
    rows : (n,) int64
        Row in the file, as a spreadsheet shows it.
    lon, lat : (n,) float64
        Degrees, WGS 84.
    category, condition : (n,) object arrays of str
    filed : (n,) int64
        Seconds since 1970 UTC.
    closed, due : (n,) int64, or None
        None where the file does not say; `NEVER` in a row without.
    solved : (n,) bool, or None
        Closed, unless the file has a column of its own.
    handled : mapping of {"station", "person", "department"} to (n,) object arrays of str
        Who handled it, where the file says so.
    refused : tuple of RowProblem
        Rows left out, and why.
    """

    ids: Texts
    rows: IntArray
    lon: FloatArray
    lat: FloatArray
    category: Texts
    condition: Texts
    filed: IntArray
    closed: IntArray | None
    due: IntArray | None
    solved: BoolArray | None
    handled: Mapping[str, Texts]
    refused: tuple[RowProblem, ...] = ()

    def __len__(self) -> int:
        """Return the number of reports."""
        return len(self.filed)


def past_reports(
    frame: Any,
    *,
    calendar: WorkCalendar,
    datum: str | Datum | None = None,
    columns: Mapping[str, str] | None = None,
    time_format: str | None = None,
    source: object = None,
) -> PastReports:
    """Return the reports of a frame; rows that cannot be judged are left out and listed.

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        A GeoDataFrame of points brings its own CRS; else two columns in `datum`.
    calendar : WorkCalendar
        The city's clock, for times without a zone.
    datum : Datum or str, optional
    columns : mapping, optional
        Column of ``lon``, ``lat``, ``category``, ``at``, ``condition``, or a key of `COLUMNS`; found
        by its usual names where not given.
    time_format : str, optional
        As of `datetime.strptime`, e.g. ``"%m/%d/%Y %I:%M:%S %p"``; ISO 8601 if not given.
    source : object, optional
        The file, for messages.

    Raises
    ------
    InputError
        If there is no report, a column is missing, or no row can be judged.
    DatumError
        If no datum is known.
    """
    named = _named(frame, dict(columns or {}), source)
    if len(frame) == 0:
        raise InputError("no reports", source=source, mend="give a file with at least one row")
    problems: dict[int, RowProblem] = {}
    lon, lat = _places(frame, datum, named, problems)
    times = {
        what: read_moments(frame[named[what]], calendar, time_format)
        for what in ("at", "closed", "due")
        if what in named
    }
    for what, (_, bad) in times.items():
        for position in np.flatnonzero(bad):
            blank = not _plain(frame[named[what]].iloc[position])
            reason = "no time" if blank else f"the time is not understood: {time_format or 'ISO 8601'} is expected"
            if not blank or what == "at":
                _refuse(problems, frame, int(position), named[what], reason)
    filed = times["at"][0]
    closed, due = (times[what][0] if what in times else None for what in ("closed", "due"))
    if closed is not None:
        for position in np.flatnonzero((closed != NEVER) & (filed != NEVER) & (closed < filed)):
            _refuse(problems, frame, int(position), named["closed"], "closed before it was filed")
    solved = _solved(frame, named, closed, problems)
    ids = _ids(frame, named, problems)
    category = _texts(frame, named["category"])
    for position in np.flatnonzero(category == ""):
        _refuse(problems, frame, int(position), named["category"], "no category")
    keep = np.ones(len(frame), bool)
    keep[list(problems)] = False
    refused = tuple(problems[position] for position in sorted(problems))
    if not keep.any():
        shown = "; ".join(str(problem) for problem in refused[:5])
        raise InputError(f"none of {len(frame)} reports can be judged: {shown}", source=source)
    nothing = np.full(len(frame), "", dtype=object)
    return PastReports(
        ids[keep], (np.flatnonzero(keep) + 2).astype(np.int64), lon[keep], lat[keep], category[keep],
        (_texts(frame, named["condition"]) if "condition" in named else nothing)[keep], filed[keep],
        None if closed is None else closed[keep], None if due is None else due[keep],
        None if solved is None else solved[keep],
        {what: _texts(frame, named[what])[keep] for what in ("station", "person", "department") if what in named},
        refused,
    )  # fmt: skip


def _named(frame: Any, given: dict[str, str], source: object) -> dict[str, str]:
    known = {str(name) for name in frame.columns}
    allowed = ", ".join(sorted(known))
    meanings = ("lon", "lat", "condition", *_REQUIRED, *COLUMNS)
    for meaning, column in given.items():
        if meaning not in meanings:
            raise InputError("no such meaning of a column", given=meaning, allowed=", ".join(meanings))
        if column not in known:
            raise InputError(f"no such column for {meaning}", given=column, allowed=allowed, source=source)
    by_header = {str(name).strip().lower(): str(name) for name in frame.columns}
    for meaning in meanings:
        if meaning in given:
            continue
        found = (
            next((by_header[header] for header in COLUMNS[meaning] if header in by_header), "")
            if meaning in COLUMNS
            else column_like(frame, meaning)
        )
        if found in known:
            given[meaning] = found
    places = () if getattr(frame, "crs", None) is not None else ("lon", "lat")
    for meaning in (*places, *_REQUIRED):
        if meaning not in given:
            raise InputError(
                f"no column for {meaning}", allowed=allowed, source=source, mend=f"say which column is the {meaning}"
            )
    return given


def _places(
    frame: Any, datum: str | Datum | None, named: Mapping[str, str], problems: dict[int, RowProblem]
) -> tuple[FloatArray, FloatArray]:
    import pandas as pd

    crs = getattr(frame, "crs", None)
    if crs is not None and datum is None:
        points = frame.geometry
        usable = (~(points.isna() | points.is_empty)).to_numpy() & (points.geom_type == "Point").to_numpy()
        x, y = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
        lonlat = crs_to_lonlat(np.column_stack([points[usable].x, points[usable].y]), crs=crs)
        x[usable], y[usable] = lonlat[:, 0], lonlat[:, 1]
        given, column = Datum.WGS84, str(frame.geometry.name)
    else:
        if datum is None:
            raise InputError(
                "no datum", mend="say which datum the coordinates were measured in", allowed=", ".join(Datum)
            )
        given, column = Datum.of(datum), named["lon"]
        x, y = (
            pd.to_numeric(frame[named[axis]], errors="coerce").to_numpy(np.float64, copy=True)
            for axis in ("lon", "lat")
        )
    finite = np.isfinite(x) & np.isfinite(y)
    ranged = finite & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    for position in np.flatnonzero(~ranged):
        reason = (
            "the coordinate is out of range: longitude comes first, in degrees" if finite[position] else "no coordinate"
        )
        _refuse(problems, frame, int(position), column, reason)
    x[~ranged], y[~ranged] = np.nan, np.nan
    x[ranged], y[ranged] = to_wgs84(x[ranged], y[ranged], datum=given)
    return x, y


def _ids(frame: Any, named: Mapping[str, str], problems: dict[int, RowProblem]) -> Texts:
    if "id" not in named:
        return np.array([str(row) for row in range(2, len(frame) + 2)], dtype=object)
    ids = _texts(frame, named["id"])
    first: dict[str, int] = {}
    for position, text in enumerate(ids.tolist()):
        if not text:
            _refuse(problems, frame, position, named["id"], "no id")
        elif first.setdefault(text, position) != position:
            _refuse(problems, frame, position, named["id"], f"already used in row {first[text] + 2}")
    return ids


def _solved(
    frame: Any, named: Mapping[str, str], closed: IntArray | None, problems: dict[int, RowProblem]
) -> BoolArray | None:
    if "solved" not in named:
        return None if closed is None else closed != NEVER
    words = np.array([text.lower() for text in _texts(frame, named["solved"])], dtype=object)
    for position in np.flatnonzero(~np.isin(words.astype(str), (*_YES, *_NO))):
        _refuse(problems, frame, int(position), named["solved"], "neither yes nor no")
    return np.isin(words.astype(str), _YES)


def _texts(frame: Any, column: str) -> Texts:
    import pandas as pd

    codes, unique = pd.factorize(frame[column], use_na_sentinel=True)
    table = np.array([*(plain_text(value) for value in unique), ""], dtype=object)
    return np.asarray(table[codes])


def _plain(value: Any) -> str:
    import pandas as pd

    return "" if pd.isna(value) else plain_text(value)


def _refuse(problems: dict[int, RowProblem], frame: Any, position: int, column: str, reason: str) -> None:
    if position not in problems:
        value = _plain(frame[column].iloc[position]) if column in frame.columns else ""
        problems[position] = RowProblem(position + 2, column, value[:80], reason)
