"""From a file's coordinates to lon/lat, WGS 84: its CRS, or a datum that was told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.crs import crs_to_lonlat, parse_crs, to_wgs84
from geogrid.errors import CoordinateError, CrsError
from geogrid.types import Datum, Finding, FloatArray

__all__ = ["LONGEST_EDGE_M", "frame_to_lonlat"]

LONGEST_EDGE_M = 500.0
"""Edges of a projected CRS are divided to this length before they become lon/lat.

The bow between a straight projected edge and a straight lon/lat edge is below
L² tan(latitude) / 8R: 5 mm for 500 m at 45 degrees.
"""

_SAME_AS_WGS84 = (4326, 4490, 4979, 4480)
_NOBODY_SOUTH_OF = -60.0
"""South of it nobody has streets; a file that lies there wholly is American and lat-lon."""


def frame_to_lonlat(
    frame: Any,
    *,
    crs: Any,
    datum: str | Datum | None,
    source: Path | str,
    swap_axes: bool = False,
    findings: list[Finding] | None = None,
) -> Any:
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
    swap_axes : bool
        The first coordinate is the latitude (the northing).
    findings : list of Finding, optional
        Takes a missing CRS and swapped axes instead of an error; degrees are then taken for
        WGS 84, and swapped axes are swapped.

    Raises
    ------
    CrsError
        If nothing declares the CRS, or what is told contradicts what the file declares.
    CoordinateError
        If coordinates cannot be what is declared.
    """
    told = None if datum is None else Datum.of(datum)
    shapes = np.array(frame.geometry.array, dtype=object)
    if swap_axes:
        shapes = _swapped(shapes)
    coords = shapely.get_coordinates(shapes)
    if not np.isfinite(coords).all():
        raise CoordinateError("NaN or infinite coordinates", source=source, mend="correct these features")
    declared = _declared(frame, crs, told, source, coords, findings)
    if declared.is_geographic:
        if _are_swapped(coords, source, findings):
            shapes = _swapped(shapes)
        shapes = _geographic(shapes, declared, told)
    else:
        shapes = _projected(shapes, coords, declared, source)
    geometry = type(frame.geometry)(shapes, index=frame.index, crs="EPSG:4326")
    return frame.set_geometry(geometry)


def _geographic(shapes: Any, declared: Any, told: Datum | None) -> Any:
    if told in (Datum.GCJ02, Datum.BD09):

        def unshifted(xy: FloatArray) -> FloatArray:
            return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum=told))

        return shapely.transform(shapes, unshifted)
    if not _is_wgs84(declared):
        return shapely.transform(shapes, lambda xy: crs_to_lonlat(xy, crs=declared))
    return shapes


def _projected(shapes: Any, coords: FloatArray, declared: Any, source: Path | str) -> Any:
    if len(coords) and np.abs(coords).max() <= 180:
        raise CoordinateError(
            f"the coordinates look like degrees, but {declared.name} is not in degrees", source=source,
            given=_shown(coords), mend="declare the CRS the coordinates are really in",
        )  # fmt: skip
    shapes = shapely.segmentize(shapes, LONGEST_EDGE_M / declared.axis_info[0].unit_conversion_factor)
    shapes = shapely.transform(shapes, lambda xy: crs_to_lonlat(xy, crs=declared))
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise CoordinateError(
            f"coordinates lie where {declared.name} is not defined", given=_shown(coords), source=source,
            mend="check the CRS that is declared or told, and the order of the axes",
        )  # fmt: skip
    return shapes


def _declared(
    frame: Any, crs: Any, told: Datum | None, source: Path | str, coords: FloatArray, findings: list[Finding] | None
) -> Any:
    own = None if frame.crs is None else parse_crs(frame.crs, source=source)
    if crs is not None:
        parsed = parse_crs(crs, source=source)
        if own is not None and not own.equals(parsed, ignore_axis_order=True):
            raise CrsError(
                "the file declares another CRS than the one told", given=f"told {parsed.name}", allowed=own.name,
                source=source, mend="leave the CRS out, or correct the file's declaration",
            )  # fmt: skip
        own = parsed
    if own is not None and told in (Datum.GCJ02, Datum.BD09) and not own.is_geographic:
        raise CrsError(
            f"{told} is a datum of degrees, the file is not in degrees", given=own.name, source=source,
            mend="bring the file to longitude and latitude first",
        )  # fmt: skip
    if own is not None and own.is_geographic and told in (Datum.WGS84, Datum.CGCS2000) and not _is_wgs84(own):
        raise CrsError(
            "the file declares another datum than the one told", given=f"told {told}", allowed=own.name, source=source,
            mend="leave the datum out, or correct the file's declaration",
        )  # fmt: skip
    if own is None and told is None:
        error = CrsError(
            "the file declares no CRS", source=source, allowed="anything PROJ knows, or a datum for degrees",
            mend="tell it: crs='EPSG:4549' (--crs), or datum='gcj02' (--datum); it is never guessed",
        )  # fmt: skip
        if findings is None or (len(coords) and np.abs(coords).max() > 180):
            raise error
        findings.append(Finding("crs_declared", str(error), (str(source),)))
    return parse_crs("EPSG:4326") if own is None else own


def _are_swapped(coords: FloatArray, source: Path | str, findings: list[Finding] | None) -> bool:
    """Return whether degrees are lat-lon for certain; raise if they are so, or out of range."""
    if len(coords) == 0:
        return False
    x, y = np.abs(coords).max(axis=0)
    if x <= 180 and y <= 90 and coords[:, 1].max() > _NOBODY_SOUTH_OF:
        return False
    if y > 180 or x > 180:
        raise CoordinateError(
            "the coordinates are not degrees, but degrees are declared", given=_shown(coords), source=source,
            allowed="lon in [-180, 180], lat in [-90, 90]", mend="tell the CRS the coordinates are really in",
        )  # fmt: skip
    if x > 90:
        raise CoordinateError(
            "latitudes out of range", given=_shown(coords), source=source, allowed="lat in [-90, 90]",
            mend="declare the CRS the coordinates are really in",
        )  # fmt: skip
    error = CoordinateError(
        "longitude and latitude look swapped", given=_shown(coords), allowed="longitude first", source=source,
        mend="correct the file, or read it with swap_axes=True (--swap-axes)",
    )  # fmt: skip
    if findings is None:
        raise error
    lon, lat = coords[:, ::-1].mean(axis=0)
    findings.append(Finding("longitude_first", str(error), (str(source),), float(lon), float(lat)))
    return True


def _is_wgs84(crs: Any) -> bool:
    return crs.to_epsg() in _SAME_AS_WGS84 or bool(crs.equals(parse_crs("EPSG:4326"), ignore_axis_order=True))


def _swapped(shapes: Any) -> Any:
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def _shown(coords: FloatArray) -> str:
    (west, south), (east, north) = coords.min(axis=0), coords.max(axis=0)
    return f"x {west:.5f} to {east:.5f}, y {south:.5f} to {north:.5f}"
