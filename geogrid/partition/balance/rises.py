"""What a move costs beside its border: overload, roundness, distance (compiled)."""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import Whole, uncounted

__all__ = ["bent", "distance", "excess", "is_out", "overload_rise", "unroundness"]


@uncounted
def excess(value: int, low: int, high: int) -> int:
    """Return how far a load is out of its range."""
    return max(value - high, 0) + max(low - value, 0)


@uncounted
def is_out(value: int, low: int, high: int) -> Whole:
    """Return 1 where a load is out of its range, else 0."""
    return np.int64(value > high) + np.int64(value < low)


@uncounted
def bent(value: int, low: int, high: int, bend: float) -> float:
    """Return how far a load is out of its range, growing with itself."""
    off = float(excess(value, low, high))
    return off * (1.0 + bend * off / max(high, 1))


@uncounted
def overload_rise(place: Any, other: Any, more: Any, price: float, step: float) -> float:
    """Return what passing `more` on costs in overload; the grids are given as held, least and most.

    `price` is that of one unit, `step` that of being out of range at all.
    """
    a, least, most = place[0], place[1], place[2]
    b, lower, upper = other[0], other[1], other[2]
    units = excess(a - more, least, most) - excess(a, least, most)
    units += excess(b + more, lower, upper) - excess(b, lower, upper)
    grids = is_out(a - more, least, most) - is_out(a, least, most)
    grids += is_out(b + more, lower, upper) - is_out(b, lower, upper)
    return float(price * units + step * grids)


@uncounted
def unroundness(moment: Any, sign: float, place: Any) -> float:
    """Return ``2 pi I / A²`` of a grid with a cell's moments added (sign 1), removed (-1) or as it is (0)."""
    area, x, y = place[0], place[1], place[2]
    a = moment[0] + sign * area
    if a <= 0:
        return 0.0
    sx, sy = moment[1] + sign * area * x, moment[2] + sign * area * y
    own = area * area / (2 * np.pi)
    inertia = moment[3] + sign * (area * (x * x + y * y) + own) - (sx * sx + sy * sy) / a
    return float(2 * np.pi * inertia / (a * a))


@uncounted
def distance(place: Any, anchor: Any) -> float:
    """Return the metres between a cell, given as its place, and a station."""
    return float(np.sqrt((place[1] - anchor[0]) ** 2 + (place[2] - anchor[1]) ** 2))
