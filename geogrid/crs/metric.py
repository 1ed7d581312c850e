"""Coordinate reference systems by name, and the local one in metres in which a place is cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import CRSError as _ProjCrsError

from geogrid.crs.places import require_lonlat
from geogrid.errors import CrsError
from geogrid.types import FloatArray

__all__ = ["Metric", "crs_to_lonlat", "geodesic_distance_m", "metric_crs", "parse_crs"]

_GEOD = pyproj.Geod(ellps="WGS84")


def parse_crs(crs: Any, *, source: object = None) -> pyproj.CRS:
    """Return the CRS that `crs` (EPSG code, WKT, PROJ string, CRS) names.

    Raises
    ------
    CrsError
        If it is None or PROJ does not know it.
    """
    if crs is None:
        raise CrsError(
            "no CRS", source=source, allowed="anything PROJ knows, e.g. EPSG:4490, or a datum",
            mend="declare the CRS or the datum of the coordinates; it is never guessed",
        )  # fmt: skip
    try:
        return pyproj.CRS.from_user_input(crs)
    except _ProjCrsError:
        raise CrsError(
            "unknown CRS", given=repr(crs), source=source, allowed="anything PROJ knows, e.g. EPSG:4490"
        ) from None


@cache
def _zone_box(epsg: int) -> tuple[float, float, float, float]:
    use = pyproj.CRS.from_epsg(epsg).area_of_use
    return (use.west, use.south, use.east, use.north) if use else (0.0, 0.0, 0.0, 0.0)


def metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """Return the local metric CRS in which a place is cut.

    China: the CGCS 2000 3-degree Gauss-Krüger zone without zone prefix (EPSG:4534 to 4554),
    where the place lies in that zone's EPSG area of use. Elsewhere: WGS 84 / UTM; beyond
    84° N / 80° S: UPS.

    Parameters
    ----------
    lon, lat : float
        Degrees, WGS 84; the middle of the place.

    Examples
    --------
    >>> metric_crs(121.25, 31.38).to_epsg(), metric_crs(-76.6, 39.3).to_epsg()
    (4549, 32618)
    """
    x, y = require_lonlat(lon, lat)
    lon, lat = float(x), float(y)
    if 73.5 <= lon <= 136.5:
        central = int(np.clip(np.floor((lon + 1.5) / 3.0) * 3, 75, 135))
        epsg = 4534 + (central - 75) // 3
        west, south, east, north = _zone_box(epsg)
        if west <= lon <= east and south <= lat <= north:
            return pyproj.CRS.from_epsg(epsg)
    if lat >= 84 or lat < -80:
        return pyproj.CRS.from_epsg(32661 if lat > 0 else 32761)
    zone = min(int((lon + 180) // 6) + 1, 60)
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


@dataclass(frozen=True)
class Metric:
    """A local metric CRS with its two directions, degrees to metres and back.

    Parameters
    ----------
    crs : pyproj.CRS
        A projected CRS in metres. Longitude and latitude are those of its own geodetic datum
        (CGCS 2000 or WGS 84, equal for our purpose): no datum shift happens here.

    Examples
    --------
    >>> metric = Metric.around(121.25, 31.38)
    >>> metric.crs.to_epsg()
    4549
    """

    crs: pyproj.CRS
    _forward: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the CRS and prepare the transformation."""
        if not self.crs.is_projected or any(axis.unit_conversion_factor != 1.0 for axis in self.crs.axis_info):
            raise CrsError("not a CRS in metres", given=self.crs.name, allowed="a projected CRS in metres")
        forward = pyproj.Transformer.from_crs(self.crs.geodetic_crs, self.crs, always_xy=True)
        object.__setattr__(self, "_forward", forward)

    @classmethod
    def around(cls, lon: float, lat: float) -> Metric:
        """Return the automatic metric CRS of a place (see `metric_crs`)."""
        return cls(metric_crs(lon, lat))

    @classmethod
    def named(cls, crs: Any, *, lon: float, lat: float) -> Metric:
        """Return the CRS that `crs` names, or the automatic one if it is ``"auto"``."""
        return cls.around(lon, lat) if crs == "auto" else cls(parse_crs(crs))

    def to_metres(self, lonlat: npt.ArrayLike) -> FloatArray:
        """Return (n, 2) float64 metres of (n, 2) degrees."""
        points = np.asarray(lonlat, np.float64)
        x, y = self._forward.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    def to_degrees(self, xy: npt.ArrayLike) -> FloatArray:
        """Return (n, 2) float64 degrees, lon-lat, of (n, 2) metres."""
        points = np.asarray(xy, np.float64)
        x, y = self._forward.transform(points[:, 0], points[:, 1], direction="INVERSE")
        return np.column_stack([x, y])


def crs_to_lonlat(xy: npt.ArrayLike, *, crs: Any) -> FloatArray:
    """Return (n, 2) float64 degrees, WGS 84 lon-lat, of (n, 2) coordinates in `crs`.

    The datum transformation is the best that PROJ has without downloading grids.

    Raises
    ------
    CrsError
    """
    points = np.asarray(xy, np.float64)
    transformer = pyproj.Transformer.from_crs(parse_crs(crs), "EPSG:4326", always_xy=True)
    x, y = transformer.transform(points[:, 0], points[:, 1])
    return np.column_stack([x, y])


def geodesic_distance_m(
    lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike
) -> FloatArray:
    """Return distances in metres on the WGS 84 ellipsoid (Karney 2013, via PROJ), shaped like the places."""
    given = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (lon1, lat1, lon2, lat2)))
    x1, y1, x2, y2 = (np.ascontiguousarray(v) for v in given)
    _, _, distance = _GEOD.inv(x1, y1, x2, y2)
    return np.asarray(distance, np.float64).reshape(given[0].shape)
