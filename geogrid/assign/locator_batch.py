"""Many places at once: arrays at the door, and how they are handed to the kernels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_build import Surface
from geogrid.assign.locator_kernel import locate_degrees
from geogrid.assign.locator_strips import locate_by_strip
from geogrid.assign.parallel import in_threads
from geogrid.assign.shift import shift_to_wgs84
from geogrid.crs import require_lonlat
from geogrid.types import Datum, FloatArray, Int32Array

__all__ = ["MANY", "PLAIN", "fill_owners", "floats_of", "readable"]

PLAIN = (Datum.WGS84, Datum.CGCS2000)
"""Datums whose coordinates are taken as they are."""
MANY = 1 << 18
"""From so many points on a batch reads a large index strip by strip."""
_BLOCK, _SORT_BLOCK, _SORT_BYTES = 1 << 17, 1 << 23, 16 << 20
"""Points of a piece of work (half as many where they are shifted, to stay in the cache), points laid out at a
time, and how large an index is large."""


def floats_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the arrays as float64 of one shape; values are checked by the kernel."""
    try:
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    except (TypeError, ValueError):
        return require_lonlat(lon, lat)
    if x.shape != y.shape or np.ma.isMaskedArray(lon) or np.ma.isMaskedArray(lat):
        return require_lonlat(_unmasked(lon), _unmasked(lat))
    return x, y


def _unmasked(values: npt.ArrayLike) -> Any:
    return np.ma.filled(np.ma.asarray(values, np.float64), np.nan) if np.ma.isMaskedArray(values) else values


def readable(values: FloatArray) -> FloatArray:
    """Return a flat, contiguous, read-only view: the one array type the kernels are compiled for."""
    flat = np.ascontiguousarray(values).ravel().view()
    flat.flags.writeable = False
    return flat


def fill_owners(
    surface: Surface, lon: FloatArray, lat: FloatArray, datum: Datum, owners: Int32Array, threads: int
) -> bool:  # fmt: skip
    """Fill `owners`, as many threads at once as are given; return False if something is no place.

    Parameters
    ----------
    surface : Surface
    lon, lat : (n,) float64, degrees in `datum`
        Contiguous and read-only; see `readable`.
    datum : Datum
    owners : (n,) int32
        Written.
    threads : int
        The result does not depend on it.
    """

    def degrees(part: slice, at: int = 0) -> tuple[FloatArray, FloatArray]:
        part = slice(at + part.start, at + part.stop)
        x, y = lon[part], lat[part]
        if datum in PLAIN:
            return x, y
        x, y = shift_to_wgs84(x, y, datum)
        return readable(x), readable(y)

    threads = max(threads, 1)
    if len(lon) >= MANY and sum(part.nbytes for part in surface.parts) >= _SORT_BYTES:
        for first in range(0, len(lon), _SORT_BLOCK):
            block = slice(first, min(first + _SORT_BLOCK, len(lon)))
            if not locate_by_strip(surface, partial(degrees, at=first), owners[block], threads):
                return False
        return True
    # As many pieces for each thread, so that none waits for another's last one.
    most = _BLOCK if datum in PLAIN else _BLOCK // 2
    pieces = -(-len(lon) // (most * threads)) * threads if len(lon) > most else 1
    size = max(-(-len(lon) // pieces), 1)
    bad: list[int] = []

    def locate(first: int) -> None:
        part = slice(first, min(first + size, len(lon)))
        if locate_degrees(*degrees(part), surface.head, *surface.parts, owners[part]) >= 0:
            bad.append(first)

    in_threads(locate, range(0, len(lon), size), threads)
    return not bad
