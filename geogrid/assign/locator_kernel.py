"""The lookup itself: one lattice point, or many, against one surface's index."""

from __future__ import annotations

import numpy as np

from geogrid.assign.compiled import Whole, compiled
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["locate_degrees", "locate_steps", "owner_at"]


@compiled
def owner_at(
    gx: Whole, gy: Whole, k: Whole, width: Whole, height: Whole, table: Int32Array, entries: Int32Array
) -> Whole:  # fmt: skip
    """Return the polygon that owns a lattice point, -1 for nobody.

    Parameters
    ----------
    gx, gy : int
        Steps east and north of the first tile's corner.
    k, width, height : int
        Tile size as a power of two; tiles eastward and northward.
    table, entries
        See `geogrid.assign.locator_build.Surface`; `entries` flat.
    """
    column, row = gx >> k, gy >> k
    if column < 0 or row < 0 or column >= width or row >= height:
        return -1
    value = table[row * width + column]
    while value < -1:
        place = -2 - value
        if place & 1:
            bits = 4 if k >= 4 else k
            k -= bits
            mask = (1 << bits) - 1
            value = table[(place >> 1) + (((gy >> k) & mask) << bits) + ((gx >> k) & mask)]
            continue
        mask = (1 << k) - 1
        x, y = gx & mask, gy & mask
        at = place << 2
        while True:
            rows = entries[at + 4]
            above = y - (rows & 0xFFFF)
            # A point is strictly west of an edge when the cross product is positive.
            if (
                above >= 0
                and above <= ((rows >> 16) & 0xFFFF)
                and entries[at + 2] * (y - entries[at + 1]) - (x - entries[at]) * entries[at + 3] > 0
            ):
                return entries[at + 5]
            if entries[at + 7] == 0:
                return entries[at + 6]
            at += 8
    return value


@compiled
def locate_steps(
    points: Int32Array, head: IntArray, table: Int32Array, entries: Int32Array, owners: Int32Array
) -> None:
    """Fill `owners` for (n, 2) lattice points."""
    west, south, k, width, height = head[0], head[1], head[2], head[3], head[4]
    for i in range(len(points)):
        owners[i] = owner_at(points[i, 0] - west, points[i, 1] - south, k, width, height, table, entries)


@compiled
def locate_degrees(
    lon: FloatArray, lat: FloatArray, head: IntArray, table: Int32Array, entries: Int32Array, owners: Int32Array
) -> int:  # fmt: skip
    """Fill `owners` for coordinates in degrees; return the first that is no place, or -1."""
    west, south, k, width, height = head[0], head[1], head[2], head[3], head[4]
    for i in range(len(lon)):
        x, y = lon[i], lat[i]
        if not (np.abs(x) <= 180.0 and np.abs(y) <= 90.0):
            return i
        gx = np.int64(np.rint(x * 1e7)) - west
        gy = np.int64(np.rint(y * 1e7)) - south
        owners[i] = owner_at(gx, gy, k, width, height, table, entries)
    return -1
