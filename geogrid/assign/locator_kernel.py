"""The lookup itself: one lattice point, or many, against one surface's index."""

from __future__ import annotations

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["BLOCK", "locate_degrees", "locate_steps", "quadrature", "resolve_block", "resolved"]

BLOCK = 1024
"""Points that are looked up together: their coordinates and owners stay in the nearest cache."""
_A, _E2 = 6378137.0, 0.00669437999014
_TURN, _NOWHERE = 3.6e9, 2.0e9
"""Lattice steps once around, and a column or row that no tile has and 32 bits hold."""


@compiled
def resolved(
    x: Whole, y: Whole, west: Whole, south: Whole, k: Whole, value: Whole,
    table: Int32Array, records: Int32Array, entries: Int32Array,
) -> Whole:  # fmt: skip
    """Return the polygon that owns a lattice point whose tile holds `value`, -1 for nobody.

    Parameters
    ----------
    x, y : int, lattice steps
    west, south, k : int
        See `geogrid.assign.locator_build.Surface.corner`.
    value : int
        The entry of the point's tile.
    table, records, entries
        See `geogrid.assign.locator_build.Surface.parts`.

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
def resolve_block(
    xs: Int32Array, ys: Int32Array, count: Whole, head: IntArray,
    table: Int32Array, records: Int32Array, entries: Int32Array, owners: Int32Array,
    single: Int32Array, other: Int32Array,
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
    xs, ys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    single, other = np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.int32)
    for first in range(0, len(points), BLOCK):
        count = min(BLOCK, len(points) - first)
        for i in range(count):
            xs[i], ys[i] = points[first + i, 0], points[first + i, 1]
        resolve_block(xs, ys, count, head, table, records, entries, owners[first : first + count], single, other)


@compiled
def locate_degrees(
    lon: FloatArray, lat: FloatArray, head: IntArray,
    table: Int32Array, records: Int32Array, entries: Int32Array, owners: Int32Array,
) -> int:  # fmt: skip
    """Fill `owners` for coordinates in degrees; return the first block that holds what is no place, or -1."""
    empty = len(table) == 0
    xs, ys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    single, other = np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.int32)
    for first in range(0, len(lon), BLOCK):
        count = min(BLOCK, len(lon) - first)
        good = np.int64(0)
        for i in range(count):
            x, y = lon[first + i], lat[first + i]
            good += np.int64((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0))
            xs[i], ys[i] = np.int32(np.rint(x * 1e7)), np.int32(np.rint(y * 1e7))
        if good < count:
            return first
        if empty:
            owners[first : first + count] = -1
        else:
            resolve_block(xs, ys, count, head, table, records, entries, owners[first : first + count], single, other)
    return -1


@compiled
def quadrature(
    lon: FloatArray, lat: FloatArray, reach: FloatArray, east: FloatArray, north: FloatArray,
    head: IntArray, table: Int32Array, records: Int32Array, entries: Int32Array,
) -> tuple[IntArray, Int32Array, IntArray]:  # fmt: skip
    """Return, for each place, the owners of its nodes and how many nodes each has."""
    nodes = len(east)
    xs, ys, owners = np.empty(nodes, np.int32), np.empty(nodes, np.int32), np.full(nodes, -1, np.int32)
    single, other = np.empty(nodes + 1, np.int32), np.empty(nodes + 1, np.int32)
    offsets = np.zeros(len(lon) + 1, np.int64)
    rows, counts = np.empty(2 * len(lon) + nodes, np.int32), np.empty(2 * len(lon) + nodes, np.int64)
    used = 0
    for i in range(len(lon)):
        if used + nodes > len(rows):
            more_rows, more_counts = np.empty(2 * len(rows), np.int32), np.empty(2 * len(rows), np.int64)
            more_rows[:used], more_counts[:used] = rows[:used], counts[:used]
            rows, counts = more_rows, more_counts
        # Metres to lattice steps at this latitude.
        phi = np.radians(lat[i])
        w2 = 1.0 - _E2 * np.sin(phi) ** 2
        up = reach[i] / np.radians(_A * (1.0 - _E2) / (w2 * np.sqrt(w2))) * 1e7
        right = reach[i] / np.radians(_A * max(np.cos(phi), 1e-9) / np.sqrt(w2)) * 1e7
        x, y = lon[i] * 1e7, lat[i] * 1e7
        first = used
        last = used
        for node in range(nodes):
            # Across the antimeridian a node comes in on the other side; across a pole it is nowhere.
            column, row = x + right * east[node], y + up * north[node]
            column -= _TURN if column > 0.5 * _TURN else 0.0
            column += _TURN if column < -0.5 * _TURN else 0.0
            xs[node] = np.int64(np.rint(min(max(column, -_NOWHERE), _NOWHERE)))
            ys[node] = np.int64(np.rint(min(max(row, -_NOWHERE), _NOWHERE)))
        if len(table):
            resolve_block(xs, ys, nodes, head, table, records, entries, owners, single, other)
        for node in range(nodes):
            owner = owners[node]
            if used > first and rows[last] == owner:
                counts[last] += 1
                continue
            at = first
            while at < used and rows[at] != owner:
                at += 1
            if at == used:
                rows[at], counts[at] = owner, 0
                used += 1
            counts[at] += 1
            last = at
        # The likeliest first, the lower row first of equals.
        for a in range(first + 1, used):
            b = a
            while b > first and (
                counts[b] > counts[b - 1] or (counts[b] == counts[b - 1] and rows[b] < rows[b - 1])
            ):  # fmt: skip
                rows[b], rows[b - 1] = rows[b - 1], rows[b]
                counts[b], counts[b - 1] = counts[b - 1], counts[b]
                b -= 1
        offsets[i + 1] = used
    return offsets, rows[:used].copy(), counts[:used].copy()
