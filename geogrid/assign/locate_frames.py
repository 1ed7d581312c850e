"""The frame door: pandas, GeoPandas and Arrow tables in, rows or codes of every layer out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator import Locator
from geogrid.crs import crs_to_lonlat, parse_crs
from geogrid.errors import CoordinateError, InputError
from geogrid.types import Datum, FloatArray

__all__ = ["locate_arrow", "locate_frame"]

Codes = Mapping[str, npt.NDArray[np.object_]]


def locate_frame(
    locator: Locator,
    frame: Any,
    *,
    datum: str | Datum | None = None,
    lon: str = "lon",
    lat: str = "lat",
    codes: Codes | None = None,
    threads: int = 1,
) -> Any:
    """Return a frame with the index of `frame` and a column for every layer.

    Parameters
    ----------
    locator : Locator
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        A GeoDataFrame of points with a CRS needs no `datum`; else columns `lon` and `lat`.
    datum : Datum or str, optional
        Of the columns.
    lon, lat : str
    codes : mapping of layer to array of str, optional
        Give codes (as categoricals, missing outside) in place of rows (int32, -1 outside).
    threads : int

    Raises
    ------
    InputError
        If a column is missing, the geometry is not points, or no datum is known.
    CoordinateError
    """
    import pandas as pd

    if datum is None and getattr(frame, "crs", None) is not None:
        points = frame.geometry
        if not (points.geom_type == "Point").all():
            raise InputError("the geometry is not all points", allowed="Point")
        x, y = _in_degrees(np.column_stack([points.x, points.y]), frame.crs).T
        given = Datum.WGS84
    else:
        given = _known(datum)
        _require_columns([lon, lat], list(frame.columns))
        x, y = (_numbers(frame[name], name) for name in (lon, lat))
    found = locator.locate_all(x, y, datum=given, threads=threads)
    columns: dict[str, Any] = dict(found)
    for name, names in (codes or {}).items():
        distinct, slot = np.unique(names.astype(str), return_inverse=True)
        picked = np.where(found[name] >= 0, slot[np.maximum(found[name], 0)], -1) if len(names) else found[name]
        columns[name] = pd.Categorical.from_codes(picked, categories=pd.Index(distinct.astype(object)))
    return pd.DataFrame(columns, index=frame.index)


def locate_arrow(
    locator: Locator,
    table: Any,
    *,
    datum: str | Datum | None = None,
    lon: str = "lon",
    lat: str = "lat",
    geometry: str | None = None,
    codes: Codes | None = None,
    threads: int = 1,
) -> Any:
    """Return an Arrow table with a column for every layer, in the rows' order.

    Parameters
    ----------
    locator : Locator
    table : pyarrow.Table or RecordBatch
    datum : Datum or str, optional
        Of the coordinates; not needed for a geometry column that states a CRS.
    lon, lat : str
        Columns of degrees, used unless `geometry` is given. No null is allowed.
    geometry : str, optional
        A column of GeoArrow points (struct or fixed-size list) or of WKB points.
    codes : mapping of layer to array of str, optional
        Give codes (null outside) in place of rows (int32, null outside).
    threads : int

    Raises
    ------
    InputError, CoordinateError
    """
    import pyarrow as pa

    if geometry is not None:
        _require_columns([geometry], table.schema.names)
        places, crs = _points(table, geometry)
        given = _known(datum) if crs is None or datum is not None else Datum.WGS84
        x, y = (places if crs is None or datum is not None else _in_degrees(places, crs)).T
    else:
        _require_columns([lon, lat], table.schema.names)
        given = _known(datum)
        try:
            x, y = (table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in (lon, lat))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise CoordinateError("not numbers", given=error, allowed="degrees") from None
    found = locator.locate_all(x, y, datum=given, threads=threads)
    columns = {}
    for name, rows in found.items():
        index = pa.array(rows, mask=rows < 0)
        columns[name] = pa.array(list(codes[name]), pa.string()).take(index) if codes and name in codes else index
    return pa.table(columns)


def _known(datum: str | Datum | None) -> Datum:
    if datum is None:
        raise InputError(
            "no datum", allowed=", ".join(Datum), mend="say which datum the coordinates were measured in"
        )  # fmt: skip
    return Datum.of(datum)


def _require_columns(wanted: list[str], there: list[Any]) -> None:
    for name in wanted:
        if name not in there:
            raise InputError("no such column", given=name, allowed=", ".join(map(str, there)))
        if there.count(name) > 1:
            raise InputError("two columns have one name", given=name)


def _numbers(column: Any, name: str) -> FloatArray:
    """Return a pandas column as float64, NaN where it has no value."""
    try:
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise CoordinateError("not numbers", given=f"{name}: {error}", allowed="degrees") from None


def _in_degrees(places: FloatArray, crs: Any) -> FloatArray:
    known = parse_crs(crs)
    return places if known.to_epsg() in (4326, 4490) or "CRS84" in known.name else crs_to_lonlat(places, crs=known)


def _points(table: Any, name: str) -> tuple[FloatArray, Any]:
    """Return (n, 2) coordinates of a geometry column and its CRS, None if it states none."""
    import pyarrow as pa
    import shapely

    field, column = table.schema.field(name), table.column(name)
    about = dict(field.metadata or {})
    crs = json.loads(about.get(b"ARROW:extension:metadata", b"{}") or b"{}").get("crs")
    geo = json.loads((table.schema.metadata or {}).get(b"geo", b"{}")).get("columns", {}).get(name)
    if crs is None and geo is not None:
        crs = geo.get("crs", "OGC:CRS84")
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(column.type, pa.ExtensionType):
        metadata = column.type.__arrow_ext_serialize__()
        crs = crs or json.loads(metadata or b"{}").get("crs")
        column = column.storage
    if column.null_count:
        raise InputError("places are missing", given=f"{column.null_count} null(s) in {name}")
    if pa.types.is_struct(column.type):
        parts = [column.field(axis).to_numpy(zero_copy_only=False) for axis in ("x", "y")]
        return np.column_stack(parts).astype(np.float64), crs
    if pa.types.is_fixed_size_list(column.type):
        return column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)[:, :2], crs
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
        if (shapely.get_type_id(shapes) == 0).all():
            # An empty point has no coordinates to count: as NaN it keeps its row, and is refused.
            places = np.full((len(shapes), 2), np.nan)
            filled = ~shapely.is_empty(shapes)
            places[filled] = shapely.get_coordinates(shapes[filled])
            return places, crs
    raise InputError("not a column of points", given=f"{name}: {field.type}", allowed="GeoArrow points, WKB points")
