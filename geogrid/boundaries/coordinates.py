"""From a file's coordinates to lon/lat, WGS 84: its CRS, or a datum that was told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.crs import crs_to_lonlat, parse_crs, to_wgs84
from geogrid.errors import CoordinateError, CrsError
from geogrid.types import Datum, FloatArray

__all__ = ["LONGEST_EDGE_M", "frame_to_lonlat"]

LONGEST_EDGE_M = 500.0
"""Edges of a projected CRS are divided to this length before they become lon/lat.

The bow between a straight projected edge and a straight lon/lat edge is below
L² tan(latitude) / 8R: 5 mm for 500 m at 45 degrees.
"""


def frame_to_lonlat(frame: Any, *, crs: Any, datum: str | Datum | None, source: Path | str) -> Any:
    """Return the frame in EPSG:4326.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    crs : anything PROJ knows, or None
        Told by the caller, for a frame that declares none.
    datum : Datum or str or None
        Told by the caller; GCJ-02 and BD-09 need degrees.
    source : Path
        For the messages.

    Raises
    ------
    CrsError
        If nothing declares the CRS, or what is told contradicts what the file declares.
    CoordinateError
        If coordinates cannot be what is declared.
    """
    told = None if datum is None else Datum.of(datum)
    declared = _declared(frame, crs, told, source)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if not declared.is_geographic:
        _require_metres(shapes, declared, source)
        shapes = shapely.segmentize(shapes, LONGEST_EDGE_M / declared.axis_info[0].unit_conversion_factor)
        shapes = shapely.transform(shapes, lambda xy: crs_to_lonlat(xy, crs=declared))
        broken = ~np.isfinite(shapely.bounds(shapes)).all(axis=1) & ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        if broken.any():
            raise CoordinateError(
                f"{int(broken.sum())} features lie where {declared.name} is not defined", source=source,
                given=f"feature {int(np.flatnonzero(broken)[0]) + 1}", mend="check the CRS that is declared or told",
            )  # fmt: skip
    else:
        _require_degrees(shapes, source)
        if told in (Datum.GCJ02, Datum.BD09):
            shapes = shapely.transform(shapes, lambda xy: _unshifted(xy, told))
        elif told is None and declared.to_epsg() not in (4326, 4490, 4979):
            shapes = shapely.transform(shapes, lambda xy: crs_to_lonlat(xy, crs=declared))
    return frame.set_geometry(type(frame.geometry)(shapes, index=frame.index), crs=None).set_crs(
        "EPSG:4326", allow_override=True
    )


def _declared(frame: Any, crs: Any, told: Datum | None, source: Path | str) -> Any:
    own = frame.crs
    if crs is not None:
        parsed = parse_crs(crs, source=source)
        if own is not None and not parse_crs(own).equals(parsed, ignore_axis_order=True):
            raise CrsError(
                "the file declares another CRS than the one told", given=f"told {parsed.name}", allowed=own.name,
                source=source, mend="leave the CRS out, or correct the file's declaration",
            )  # fmt: skip
        own = parsed
    if own is None:
        if told is None:
            raise CrsError(
                "the file declares no CRS", source=source, allowed="anything PROJ knows, or a datum for degrees",
                mend="tell it: crs='EPSG:4549' (--crs), or datum='gcj02' (--datum); it is never guessed",
            )  # fmt: skip
        return parse_crs("EPSG:4326")
    own = parse_crs(own, source=source)
    if told in (Datum.GCJ02, Datum.BD09) and not own.is_geographic:
        raise CrsError(
            f"{told} is a datum of degrees, the file is in metres", given=own.name, source=source,
            mend="bring the file to longitude and latitude first",
        )  # fmt: skip
    return own


def _require_metres(shapes: Any, declared: Any, source: Path | str) -> None:
    bounds = shapely.total_bounds(shapes)
    if np.isfinite(bounds).all() and np.abs(bounds).max() <= 180 and declared.is_projected:
        raise CoordinateError(
            f"the coordinates look like degrees, but {declared.name} is in metres",
            given=", ".join(f"{value:.5f}" for value in bounds), source=source,
            mend="tell the CRS the coordinates are really in; if the file declares it wrongly, correct the file",
        )  # fmt: skip


def _require_degrees(shapes: Any, source: Path | str) -> None:
    west, south, east, north = shapely.total_bounds(shapes)
    if not np.isfinite([west, south, east, north]).all():
        coords = shapely.get_coordinates(shapes)
        if len(coords) and not np.isfinite(coords).all():
            raise CoordinateError("NaN or infinite coordinates", source=source, mend="correct these features")
        return
    shown = f"{west:.5f} to {east:.5f}, {south:.5f} to {north:.5f}"
    if max(abs(west), abs(east)) > 360 or max(abs(south), abs(north)) > 360:
        raise CoordinateError(
            "the coordinates look like metres, but degrees are declared", given=shown, source=source,
            allowed="lon in [-180, 180], lat in [-90, 90]", mend="tell the CRS the coordinates are really in",
        )  # fmt: skip
    if max(abs(south), abs(north)) > 90 and max(abs(west), abs(east)) <= 90:
        raise CoordinateError(
            "longitude and latitude are swapped", given=shown, allowed="longitude first", source=source,
            mend="swap them in the file, or read it with swap_axes=True (--swap-axes)",
        )  # fmt: skip
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise CoordinateError(
            "coordinates out of range", given=shown, source=source, allowed="lon in [-180, 180], lat in [-90, 90]"
        )


def _unshifted(xy: FloatArray, datum: Datum) -> FloatArray:
    lon, lat = to_wgs84(xy[:, 0], xy[:, 1], datum=datum)
    return np.column_stack([lon, lat])
