"""A frame of reports in, a frame of answers out, same index."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.answering import Desk
from geogrid.assign.cases import NO_DEADLINE
from geogrid.crs import crs_to_lonlat, to_wgs84
from geogrid.errors import InputError
from geogrid.lattice import to_lattice
from geogrid.types import BoolArray, Datum, FloatArray, Int32Array, IntArray

__all__ = ["answer_frame", "reported_seconds"]


def answer_frame(
    desk: Desk,
    frame: Any,
    *,
    datum: str | Datum | None = None,
    lon: str = "lon",
    lat: str = "lat",
    category: str = "category",
    condition: str = "condition",
    at: str | dt.datetime | None = "at",
) -> Any:
    """Return a frame of answers with the index of `frame`.

    Parameters
    ----------
    desk : Desk
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        A GeoDataFrame of points brings its own CRS; else the columns `lon` and `lat` in `datum`.
    datum : Datum or str, optional
        Required unless the frame has a CRS.
    lon, lat, category, condition : str
        Names of columns; a missing category column asks for the territory.
    at : str or datetime, optional
        A column, one moment for all, or None for now. Times without a zone are the city's own clock.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome`` (``answered``, ``hole``, ``outside``, ``refused``), ``cell``, one per
        layer, ``station``, ``person``, ``name``, ``role``, ``department``, ``clash``, ``rule``,
        ``deadline`` and ``problem`` (why a row was refused). Each row is answered or refused on its own.

    Raises
    ------
    InputError
        If a column is missing or no datum is known.
    """
    import pandas as pd

    x, y, given = _coordinates(frame, datum, lon, lat)
    count = len(frame)
    problem = np.full(count, "", dtype=object)
    good = np.isfinite(x) & np.isfinite(y)
    problem[~good] = "the coordinate is not finite"
    ranged = good & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    problem[good & ~ranged] = "the coordinate is out of range: longitude comes first, in degrees"
    kind, case = _categories(desk, frame, category, condition, problem)
    seconds, undated = reported_seconds(desk, frame, at)
    problem[problem == ""] = undated[problem == ""]
    fine = problem == ""
    rows = {name: np.full(count, -1, np.int32) for name in desk.locator.layer_names}
    for name, found in desk.locator.locate_all(x[fine], y[fine], datum=given).items():
        rows[name][fine] = found
    cells = rows[desk.places.base.name]
    cases = desk.cases.rows(kind, case)
    batch = desk.batch(seconds[fine] if fine.any() else np.zeros(1, np.int64))
    places = np.where(fine, _classes(desk, rows, cells), np.int32(-1))
    holders = np.zeros(count, np.int32)
    if desk.rulebook.assets:
        holders[fine] = batch.holder_rows(cases[fine], to_lattice(*to_wgs84(x[fine], y[fine], datum=given)))
    result = batch.answer(places, cases, holders, seconds)
    outcome = np.where(cells < 0, "outside", np.where(result.person < 0, "hole", "answered")).astype(object)
    outcome[~fine] = "refused"
    columns: dict[str, Any] = {"outcome": pd.Categorical(outcome, ["answered", "hole", "outside", "refused"])}
    for layer in desk.places.layers:
        columns[layer.name] = _coded(layer.codes, rows[layer.name])
    columns |= _people(desk, cells, result.person, result.duty)
    columns["clash"] = result.clash
    columns["rule"] = _coded(np.array(result.labels, dtype=object), result.label)
    columns["deadline"] = _deadlines(desk, cells, cases, seconds)
    columns["problem"] = problem
    return pd.DataFrame(columns, index=frame.index)


def _coded(names: npt.NDArray[np.object_], rows: Int32Array) -> Any:
    """Return the names of rows as a categorical: no string is copied per report."""
    import pandas as pd

    unique: dict[str, int] = {}
    slot = np.array([unique.setdefault(str(name), len(unique)) for name in names] or [-1], np.int32)
    codes = np.where(rows >= 0, slot[np.maximum(rows, 0)], -1)
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(unique), dtype=object))


def _people(desk: Desk, cells: Int32Array, person: Int32Array, duty: Int32Array) -> dict[str, Any]:
    def column(values: list[str], rows: Int32Array) -> Any:
        return _coded(np.array(values, dtype=object), rows)

    roster = desk.roster
    stations, of_cell = np.unique(desk.classes.station_of_cell.astype(str), return_inverse=True)
    station = np.where(cells >= 0, of_cell[cells], -1).astype(np.int32)
    station[(station >= 0) & (stations[np.maximum(station, 0)] == "")] = -1
    return {
        "station": column(stations.tolist(), station),
        "person": column([p.id for p in roster.persons], person),
        "name": column([p.name for p in roster.persons], person),
        "role": column([d.role for d in roster.duties], duty),
        "department": column([p.department for p in roster.persons], person),
    }


def _deadlines(desk: Desk, cells: Int32Array, cases: Int32Array, seconds: IntArray) -> Any:
    """Return the deadlines in the city's time zone, NaT where there is none."""
    import pandas as pd

    grades, rows = desk.places.grade_rows
    due = desk.cases.deadlines(desk.work_clock, np.where(cells >= 0, cases, 0), rows[cells], grades, seconds)
    moments = np.where(due == NO_DEADLINE, np.datetime64("NaT"), due.astype("datetime64[s]"))
    return pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(desk.roster.calendar.zone)


def _classes(desk: Desk, rows: dict[str, Int32Array], cells: Int32Array) -> Int32Array:
    """Return the class of each report's place, -1 outside."""
    inside = cells >= 0
    result = np.full(len(cells), -1, np.int32)
    of_cell = desk.classes.of_cell
    if not desk.classes.overlays:
        result[inside] = of_cell[cells[inside]]
        return result
    names = desk.classes.overlays
    keys = np.column_stack([of_cell[cells[inside]], cells[inside], *(rows[name][inside] for name in names)])
    _, first, group = np.unique(np.delete(keys, 1, axis=1), axis=0, return_index=True, return_inverse=True)
    numbers = [
        desk.classes.number(int(keys[row, 1]), tuple(zip(names, keys[row, 2:].tolist(), strict=True))) for row in first
    ]
    result[inside] = np.array(numbers, np.int32)[group.ravel()]
    return result


def _coordinates(frame: Any, datum: str | Datum | None, lon: str, lat: str) -> tuple[FloatArray, FloatArray, Datum]:
    import pandas as pd

    crs = getattr(frame, "crs", None)
    if crs is not None and datum is None:
        points = frame.geometry
        lonlat = crs_to_lonlat(np.column_stack([points.x, points.y]), crs=crs)
        return lonlat[:, 0], lonlat[:, 1], Datum.WGS84
    if datum is None:
        raise InputError("no datum", mend="say which datum the coordinates were measured in", allowed=", ".join(Datum))
    given = Datum.of(datum)
    for name in (lon, lat):
        if name not in frame.columns:
            raise InputError("no such column", given=name, allowed=", ".join(map(str, frame.columns)))
    x, y = (pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64) for name in (lon, lat))
    return x, y, given


def _categories(
    desk: Desk, frame: Any, category: str, condition: str, problem: npt.NDArray[np.object_]
) -> tuple[Int32Array, Int32Array]:
    nothing = np.full(len(frame), -1, np.int32)
    if category not in frame.columns or not desk.rulebook.categories:
        return nothing, nothing.copy()
    codes, rows = _factorised(frame[category])
    index = desk.rulebook.category_rows
    slot = np.array([*(index.get(code, -2) if code else -1 for code in codes), -1], np.int32)
    kind = slot[rows]
    unknown = (kind == -2) & (problem == "")
    problem[unknown] = "no category with this code"
    kind = np.maximum(kind, -1)
    if condition not in frame.columns:
        return kind, nothing
    case = nothing.copy()
    words, cases = _factorised(frame[condition])
    for row in np.unique(np.column_stack([kind, cases]), axis=0).tolist():
        if row[0] < 0 or row[1] < 0 or not words[row[1]]:
            continue
        known = [c.code for c in desk.rulebook.categories[row[0]].conditions]
        same = (kind == row[0]) & (cases == row[1])
        if words[row[1]] in known:
            case[same] = known.index(words[row[1]])
        else:
            problem[same & (problem == "")] = "the category has no such condition"
    return kind, case


def _factorised(column: Any) -> tuple[list[str], Int32Array]:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return [str(code).strip() for code in column.cat.categories], column.cat.codes.to_numpy().astype(np.int32)
    rows, codes = pd.factorize(column)
    return [str(code).strip() for code in codes], np.asarray(rows, np.int32)


def reported_seconds(
    desk: Desk, frame: Any, at: str | dt.datetime | None, *, form: str = ""
) -> tuple[IntArray, npt.NDArray[np.object_]]:
    """Return when each report was made, seconds since 1970 UTC, and for each what is wrong with its time.

    Parameters
    ----------
    desk : Desk
        For the city's clock, which times without a zone mean.
    frame : pandas.DataFrame
    at : str or datetime, optional
        A column, one moment for all, or None for now.
    form : str
        How times are written, as strftime; ISO 8601 if not given.
    """
    import pandas as pd

    calendar = desk.roster.calendar
    if not isinstance(at, str) or at not in frame.columns:
        moment = at if isinstance(at, dt.datetime) else dt.datetime.now(dt.UTC)
        return np.full(len(frame), calendar.second_of(moment), np.int64), np.full(len(frame), "", dtype=object)
    moments = frame[at]
    if not pd.api.types.is_datetime64_any_dtype(moments):
        try:
            moments = pd.to_datetime(moments, errors="coerce", format=form or "ISO8601")
        except ValueError:
            moments = _moments_of_several_zones(moments, calendar.tz)
    if moments.dt.tz is None:
        moments = _on_clock(moments, calendar.tz)
    missing: BoolArray = moments.isna().to_numpy()
    problem = np.where(missing, "the time is not understood: ISO 8601, e.g. 2026-11-22T20:15+08:00", "").astype(object)
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    return np.where(missing, 0, utc), problem


def _moments_of_several_zones(texts: Any, tz: dt.tzinfo) -> Any:
    """Return the moments of texts of which each names its own zone, or none and means the city's clock."""
    import pandas as pd

    zoned = texts.astype(str).str.contains(r"[T ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$", regex=True)
    there = pd.to_datetime(texts.where(zoned), errors="coerce", format="ISO8601", utc=True)
    here = pd.to_datetime(texts.where(~zoned), errors="coerce", format="ISO8601")
    return there.fillna(_on_clock(here, tz).dt.tz_convert("UTC"))


def _on_clock(moments: Any, tz: dt.tzinfo) -> Any:
    return moments.dt.tz_localize(tz, ambiguous=np.ones(len(moments), bool), nonexistent="shift_forward")
