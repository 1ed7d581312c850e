"""What a good cell looks like, in equivalent metres of border."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.edge_kinds import AREA, BUILDING, CUT, LINK, SEAM, TESSELLATION
from geogrid.types import FloatArray

__all__ = ["CHORD_RATE", "CHORD_TOLL", "FORBIDDEN", "edge_cost", "hull_area", "shape_cost", "size_cost", "sort_points"]


FORBIDDEN = 1e6
"""What a metre of border costs along an edge of negative worth: it runs through a building."""

CHORD_RATE = 6.4
"""What a metre of chord costs."""

CHORD_TOLL = 40.0
"""What a chord costs besides its length, metres."""

SHAPE_WEIGHT = 0.7
"""Shape against border: higher gives rounder cells and more chords."""


MANY = 24
"""More points than this are sorted in general; fewer are inserted one by one."""


@compiled
def edge_cost(length: float, kind: int, worth: float, hard: bool) -> float:
    """Return what an edge costs as a border, in metres: a chord most, a main road next to nothing.

    A hard edge earns: leaving it inside a cell is worse than any detour. Plain numbers come in:
    a mesh handed to so small a function costs more than what it does.

    Parameters
    ----------
    length : float, metres
    kind : int; worth : float; hard : bool
        As in `Mesh`.
    """
    if worth < 0:
        return FORBIDDEN * length
    if hard:
        return -length
    if kind == SEAM:
        return (0.4 * (1.0 - worth) + 0.02) * length
    if kind == AREA:
        return 0.1 * length
    if kind == BUILDING:
        return 0.6 * length
    if kind == TESSELLATION:
        return 0.9 * length
    if kind in (CUT, LINK):
        return CHORD_RATE * length + CHORD_TOLL
    return 0.02 * length


@compiled
def sort_points(px: FloatArray, py: FloatArray, n: int) -> None:
    """Sort the first `n` points by x, then y, in place."""
    if n > MANY:
        order = np.argsort(px[:n])
        px[:n], py[:n] = px[order], py[order]
    for i in range(1, n):
        x, y = px[i], py[i]
        j = i - 1
        while j >= 0 and (px[j] > x or (px[j] == x and py[j] > y)):
            px[j + 1], py[j + 1] = px[j], py[j]
            j -= 1
        px[j + 1], py[j + 1] = x, y


@compiled
def hull_area(px: FloatArray, py: FloatArray, n: int, keep_hull: bool) -> tuple[float, int]:
    """Return the area of the convex hull of the first `n` points, sorted by x, then y.

    With `keep_hull` the hull's corners end up at the front; their number comes second.
    """
    hx, hy = np.empty(2 * n + 1), np.empty(2 * n + 1)
    k = 0
    for i in range(n):
        while k >= 2 and (hx[k - 1] - hx[k - 2]) * (py[i] - hy[k - 2]) <= (hy[k - 1] - hy[k - 2]) * (px[i] - hx[k - 2]):
            k -= 1
        hx[k], hy[k] = px[i], py[i]
        k += 1
    low = k + 1
    for i in range(n - 2, -1, -1):
        while k >= low and (hx[k - 1] - hx[k - 2]) * (py[i] - hy[k - 2]) <= (hy[k - 1] - hy[k - 2]) * (
            px[i] - hx[k - 2]
        ):
            k -= 1
        hx[k], hy[k] = px[i], py[i]
        k += 1
    twice = 0.0
    for i in range(k - 1):
        twice += (hx[i] - hx[0]) * (hy[i + 1] - hy[0]) - (hx[i + 1] - hx[0]) * (hy[i] - hy[0])
    if keep_hull:
        for i in range(k - 1):
            px[i], py[i] = hx[i], hy[i]
    return twice / 2, max(k - 1, 1)


@compiled
def shape_cost(area: float, hull: float, perimeter: float, target: float, cells: int) -> float:
    """Return the penalty of a shape: hollow (area over hull), stretched or ragged ones cost, a median most."""
    full = area / max(hull, area, 1e-9)
    round_ = 4 * np.pi * area / max(perimeter * perimeter, 1e-9)
    scale = np.sqrt(target)
    cost = 1.0 * max(0.0, 0.92 - full) + 48.0 * max(0.0, 0.785 - full) + 3.0 * max(0.0, 0.55 - round_)
    if cells > 1:
        cost *= 0.6
    else:
        cost += 25.0 * max(0.0, 0.22 - round_)
    return SHAPE_WEIGHT * cost * scale


@compiled
def size_cost(area: float, cells: int, target: float, tolerance: float) -> float:
    """Return the penalty of `cells` cells having to share `area`; steep beyond the tolerance."""
    off = abs(area / (cells * target) - 1.0) / max(tolerance, 1e-9)
    weight = min(cells, 3)
    cost = 0.10 * off * off * weight
    if off > 0.97:
        cost += 12.0 * (off - 0.97) + 2.2
    return cost * np.sqrt(target)
