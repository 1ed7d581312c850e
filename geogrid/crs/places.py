"""Longitude and latitude that can be a place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.errors import CoordinateError
from geogrid.types import FloatArray

__all__ = ["require_lonlat"]


def require_lonlat(lon: npt.ArrayLike, lat: npt.ArrayLike, *, source: object = None) -> tuple[FloatArray, FloatArray]:
    """Return `lon`, `lat` as float64 arrays after checking that they can be places.

    Parameters
    ----------
    lon, lat : array_like of float
        Degrees, same shape.
    source : object, optional
        Where they came from, for the message.

    Raises
    ------
    CoordinateError
        If the shapes differ, a value is not finite or lies outside ±180 / ±90. When every
        pair would be fine the other way round, the message says so.
    """
    try:
        x = np.asarray(lon, dtype=np.float64)
        y = np.asarray(lat, dtype=np.float64)
    except (TypeError, ValueError):
        raise CoordinateError(
            "coordinates are not numbers", given=f"lon={lon!r:.60}, lat={lat!r:.60}",
            allowed="degrees as float64", source=source,
        ) from None  # fmt: skip
    if x.shape != y.shape:
        raise CoordinateError(
            "lon and lat have different shapes", given=f"{x.shape} and {y.shape}",
            allowed="one latitude for each longitude", source=source,
        )  # fmt: skip
    bad = ~(np.isfinite(x) & np.isfinite(y))
    if bad.any():
        where = int(np.flatnonzero(bad.ravel())[0])
        raise CoordinateError(
            f"{int(bad.sum())} coordinate(s) are NaN or infinite, first at position {where}",
            given=f"lon={x.ravel()[where]}, lat={y.ravel()[where]}",
            allowed="finite degrees", source=source, mend="drop or correct these rows",
        )  # fmt: skip
    bad = (np.abs(x) > 180) | (np.abs(y) > 90)
    if bad.any():
        where = int(np.flatnonzero(bad.ravel())[0])
        swapped = bool(((np.abs(y) <= 180) & (np.abs(x) <= 90))[bad].all())
        raise CoordinateError(
            f"{int(bad.sum())} coordinate(s) out of range, first at position {where}",
            given=f"lon={x.ravel()[where]}, lat={y.ravel()[where]}",
            allowed="lon in [-180, 180], lat in [-90, 90]", source=source,
            mend="lon and lat look swapped: longitude comes first" if swapped
            else "check the columns and the CRS: these may be metres",
        )  # fmt: skip
    return x, y
