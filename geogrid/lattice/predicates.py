"""Exact answers about points and polygons; slow, short, and the oracle for everything fast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.lattice.polygons import LatticePolygons
from geogrid.types import BoolArray, Int32Array, IntArray

__all__ = ["covers", "owners_by_brute_force", "side_of_edge", "winding"]


def side_of_edge(start: npt.ArrayLike, end: npt.ArrayLike, point: npt.ArrayLike) -> IntArray:
    """Return the exact cross product (end - start) × (point - start), in steps².

    Positive: the point is to the left of the edge; 0: on its line. Exact in int64 while
    edges and distances stay below 90 degrees.

    Parameters
    ----------
    start, end, point : (..., 2) int, lattice points, broadcast against each other

    Examples
    --------
    >>> int(side_of_edge((0, 0), (10, 0), (5, 3)))
    30
    """
    a, b, p = (np.asarray(v, np.int64) for v in (start, end, point))
    d, e = b - a, p - a
    return np.asarray(d[..., 0] * e[..., 1] - e[..., 0] * d[..., 1], np.int64)


def winding(starts: Int32Array, ends: Int32Array, points: Int32Array) -> IntArray:
    """Return how often the directed edges wind around each point, by the half-open rule.

    A ray runs east from the point. An edge is hit when ``min(y) <= y < max(y)`` and the point
    lies strictly west of it; upward edges count +1, downward edges -1. So a point on a border
    belongs to the polygon east of it (north of it if the border is horizontal), whatever the
    order of polygons, the ring's start or its direction.

    Parameters
    ----------
    starts, ends : (e, 2) int32, lattice points
    points : (n, 2) int32, lattice points

    Returns
    -------
    (n,) int64
    """
    result = np.zeros(len(points), np.int64)
    a, b = starts.astype(np.int64), ends.astype(np.int64)
    up = (b[:, 1] > a[:, 1]).astype(np.int64) - (b[:, 1] < a[:, 1])
    sloped = up != 0
    low = np.where((up > 0)[:, None], a, b)[sloped]
    high = np.where((up > 0)[:, None], b, a)[sloped]
    up = up[sloped]
    block = max(1, 4_000_000 // max(len(low), 1))
    for first in range(0, len(points), block):
        p = points[first : first + block].astype(np.int64)[:, None, :]
        crossed = (low[:, 1] <= p[..., 1]) & (p[..., 1] < high[:, 1])
        crossed &= side_of_edge(low, high, p) > 0
        result[first : first + block] = crossed @ up
    return result


def covers(polygons: LatticePolygons, row: int, points: Int32Array) -> BoolArray:
    """Return which of (n, 2) lattice points geometry `row` owns, by the half-open rule."""
    starts, ends, _ = polygons.take([row]).edges()
    return np.asarray(winding(starts, ends, points) != 0)


def owners_by_brute_force(polygons: LatticePolygons, points: Int32Array) -> IntArray:
    """Return the geometry that owns each point, -1 for none, -2 for more than one.

    Every polygon is asked about every point of its bounding box with exact integer
    arithmetic. This is the definition that every faster locator is tested against.

    Parameters
    ----------
    polygons : LatticePolygons
    points : (n, 2) int32, lattice points

    Returns
    -------
    (n,) int64
    """
    result = np.full(len(points), -1, np.int64)
    bounds = polygons.bounds()
    order = np.argsort(points[:, 1], kind="stable")
    sorted_y = points[order, 1].astype(np.int64)
    for row in range(len(polygons)):
        west, south, east, north = bounds[row]
        first, last = np.searchsorted(sorted_y, [south, north + 1])
        near = order[first:last]
        near = near[(points[near, 0] >= west) & (points[near, 0] <= east)]
        if len(near):
            mine = near[covers(polygons, row, points[near])]
            result[mine] = np.where(result[mine] == -1, row, -2)
    return result
