"""The lookup itself: one lattice point, or many, against one surface's index."""

from __future__ import annotations

import numpy as np

from geogrid.assign.compiled import Whole, compiled
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["locate_degrees", "locate_steps", "owner_at", "resolved"]

_BLOCK = 1024


@compiled
def owner_at(
    x: Whole, y: Whole, west: Whole, south: Whole, k: Whole, width: Whole, height: Whole,
    table: Int32Array, records: Int32Array, entries: Int32Array,
) -> Whole:  # fmt: skip
    """Return the polygon that owns a lattice point, -1 for nobody.

    Parameters
    ----------
    x, y : int, lattice steps
    west, south, k, width, height : int
        See `geogrid.assign.locator_build.Surface.corner`.
    table, records, entries
        See `geogrid.assign.locator_build.Surface.parts`.
    """
    column, row = (x - west) >> k, (y - south) >> k
    if column < 0 or row < 0 or column >= width or row >= height:
        return -1
    return resolved(x, y, west, south, k, table[row * width + column], table, records, entries)


@compiled
def resolved(
    x: Whole, y: Whole, west: Whole, south: Whole, k: Whole, value: Whole,
    table: Int32Array, records: Int32Array, entries: Int32Array,
) -> Whole:  # fmt: skip
    """Return the owner of a point whose tile holds `value`.

    The scalar door runs this very function interpreted, on memory views: for one point that
    is as fast as a call into compiled code, and it spares the start of the compiler.
    """
    gx, gy = x - west, y - south
    while value < -1:
        place = -2 - value
        if place & 3 == 0:
            at = (place >> 2) << 3
            # A point is strictly west of a border when the cross product is positive.
            side = records[at + 2] * (y - records[at + 1]) - (x - records[at]) * records[at + 3]
            return records[at + 4] if side > 0 else records[at + 5]
        if place & 3 == 2:
            bits = min(k, 4)
            k -= bits
            mask = (1 << bits) - 1
            value = table[(place >> 2) + (((gy >> k) & mask) << bits) + ((gx >> k) & mask)]
            continue
        up = gy & ((1 << k) - 1)
        entry = (place >> 2) << 1
        while True:
            border, rows = entries[entry], entries[entry + 1]
            if rows == -1:
                return -2 - border
            above = up - (rows & 0xFFFF)
            if above >= 0 and above <= ((rows >> 16) & 0xFFFF):
                if border < 0:
                    return -2 - border
                at = border << 3
                side = records[at + 2] * (y - records[at + 1]) - (x - records[at]) * records[at + 3]
                if side > 0:
                    return records[at + 4]
            entry += 2
    return value


@compiled
def _resolve_block(
    xs: IntArray, ys: IntArray, count: Whole, head: IntArray,
    table: Int32Array, records: Int32Array, entries: Int32Array, owners: Int32Array,
    single: IntArray, other: IntArray,
) -> None:  # fmt: skip
    """Fill `owners` for a block of lattice points.

    First every tile is looked up; then the points of tiles with one straight border, then the rest: each pass
    is free of branches that depend on the data, so that its cache misses overlap.
    """
    west, south, k, width, height = head[0], head[1], head[2], head[3], head[4]
    n_single: Whole = 0
    n_other: Whole = 0
    last = max(len(table) - 1, 0)
    for i in range(count):
        column, row = (xs[i] - west) >> k, (ys[i] - south) >> k
        out = (column < 0) | (row < 0) | (column >= width) | (row >= height)
        value = np.int64(table[min(max(row * width + column, 0), last)])
        value = np.int64(-1) if out else value
        owners[i] = value
        place = -2 - value
        single[n_single] = i
        n_single += np.int64((place >= 0) & ((place & 3) == 0))
        other[n_other] = i
        n_other += np.int64((place >= 0) & ((place & 3) != 0))
    for n in range(n_single):
        i = single[n]
        at = ((-2 - np.int64(owners[i])) >> 2) << 3
        side = records[at + 2] * (ys[i] - records[at + 1]) - (xs[i] - records[at]) * records[at + 3]
        owners[i] = records[at + 5 - np.int64(side > 0)]
    for n in range(n_other):
        i = other[n]
        owners[i] = resolved(xs[i], ys[i], west, south, k, owners[i], table, records, entries)


@compiled
def locate_steps(
    points: Int32Array, head: IntArray, table: Int32Array, records: Int32Array, entries: Int32Array, owners: Int32Array
) -> None:
    """Fill `owners` for (n, 2) lattice points."""
    if len(table) == 0:
        owners[:] = -1
        return
    xs, ys = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    single, other = np.empty(_BLOCK + 1, np.int64), np.empty(_BLOCK + 1, np.int64)
    for first in range(0, len(points), _BLOCK):
        count = min(_BLOCK, len(points) - first)
        for i in range(count):
            xs[i], ys[i] = points[first + i, 0], points[first + i, 1]
        _resolve_block(xs, ys, count, head, table, records, entries, owners[first : first + count], single, other)


@compiled
def locate_degrees(
    lon: FloatArray, lat: FloatArray, head: IntArray,
    table: Int32Array, records: Int32Array, entries: Int32Array, owners: Int32Array,
) -> int:  # fmt: skip
    """Fill `owners` for coordinates in degrees; return the first block that holds what is no place, or -1."""
    empty = len(table) == 0
    xs, ys = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    single, other = np.empty(_BLOCK + 1, np.int64), np.empty(_BLOCK + 1, np.int64)
    for first in range(0, len(lon), _BLOCK):
        count = min(_BLOCK, len(lon) - first)
        good = np.int64(0)
        for i in range(count):
            x, y = lon[first + i], lat[first + i]
            good += np.int64((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0))
            xs[i], ys[i] = np.int64(np.rint(x * 1e7)), np.int64(np.rint(y * 1e7))
        if good < count:
            return first
        if empty:
            owners[first : first + count] = -1
        else:
            _resolve_block(xs, ys, count, head, table, records, entries, owners[first : first + count], single, other)
    return -1
