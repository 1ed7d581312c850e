"""Snapping: degrees to lattice integers and back, once, half to even."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.crs import require_lonlat
from geogrid.types import FloatArray, Int32Array

__all__ = ["STEPS_PER_DEGREE", "from_lattice", "to_lattice"]

STEPS_PER_DEGREE = 10_000_000
"""Lattice steps in a degree: one step is 1e-7 degrees, about 1.1 cm."""


def to_lattice(lon: npt.ArrayLike, lat: npt.ArrayLike, *, source: object = None) -> Int32Array:
    """Return the lattice points nearest to coordinates, ties to the even number.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        Degrees, WGS 84.
    source : object, optional
        Where they came from, for the message.

    Returns
    -------
    ndarray of int32, shape (n, 2), lon-lat order, steps of 1e-7 degrees

    Raises
    ------
    CoordinateError
        If a value is not finite or out of range.

    Examples
    --------
    >>> to_lattice([121.25], [31.38])
    array([[1212500000,  313800000]], dtype=int32)
    """
    x, y = require_lonlat(np.atleast_1d(np.asarray(lon)), np.atleast_1d(np.asarray(lat)), source=source)
    scaled = np.column_stack([x.ravel(), y.ravel()]) * STEPS_PER_DEGREE
    return np.rint(scaled).astype(np.int32)


def from_lattice(points: npt.ArrayLike) -> FloatArray:
    """Return (n, 2) float64 degrees, WGS 84 lon-lat, of (n, 2) lattice points."""
    return np.asarray(points, dtype=np.float64) / STEPS_PER_DEGREE
