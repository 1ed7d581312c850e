"""How many grids each area gets, and what it cannot be given."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geogrid.errors import PlanError
from geogrid.types import FloatArray, IntArray

__all__ = ["Range", "apportion", "capped_target", "grids_for_range", "grids_for_target", "in_full_grids"]


@dataclass(frozen=True, slots=True)
class Range:
    """The fewest and the most grids that an area's weight allows.

    Parameters
    ----------
    fewest, most : int
        ``fewest > most``: no number of grids fits the range.
    """

    fewest: int
    most: int


def apportion(weights: FloatArray, count: int, *, most: IntArray, names: Sequence[str]) -> IntArray:
    """Return (a,) numbers of grids that add up to `count`, each at least 1, as even as can be.

    The next grid goes to the area whose grids would weigh most after it (Huntington and Hill's
    divisor, the geometric mean), but never more than an area has cells.

    Raises
    ------
    PlanError
        If there are more areas than grids, or more grids than cells.

    Examples
    --------
    >>> apportion(np.array([30.0, 10.0, 1.0]), 5, most=np.array([9, 9, 9]), names=["a", "b", "c"]).tolist()
    [3, 1, 1]
    """
    areas = len(weights)
    if count < areas:
        raise PlanError(
            "fewer grids than areas, and each area needs a grid of its own", given=f"{count} grids, {areas} areas",
            mend="raise count, or choose a coarser `within`",
        )  # fmt: skip
    if count > int(most.sum()):
        raise PlanError("more grids than cells", given=f"{count} grids, {int(most.sum())} cells")
    result = np.ones(areas, np.int64)
    queue = [(-float(weights[row]) / np.sqrt(2.0), row) for row in range(areas) if most[row] > 1]
    heapq.heapify(queue)
    for _ in range(count - areas):
        _, row = heapq.heappop(queue)
        result[row] += 1
        if result[row] < most[row]:
            grids = float(result[row])
            heapq.heappush(queue, (-float(weights[row]) / np.sqrt(grids * (grids + 1)), row))
    return result


def capped_target(values: FloatArray, grids: int, tolerance: float) -> tuple[float, IntArray]:
    """Return the target of a grid when a cell too heavy for one counts as one full grid, and those cells.

    Examples
    --------
    >>> capped_target(np.array([100.0, 1.0, 1.0, 2.0]), 3, 0.05)[0] < 3
    True
    """
    total = float(values.sum())
    target = total / grids
    heavy = np.zeros(len(values), bool)
    for _ in range(grids):
        now = values > target * (1 + tolerance) * (1 + 1e-12)
        now |= heavy
        rest = grids - int(now.sum())
        if (now == heavy).all() or rest <= 0:
            break
        heavy = now
        target = float(values[~heavy].sum()) / rest
    return target, np.flatnonzero(heavy)


def in_full_grids(values: FloatArray, grids: int, tolerance: float) -> FloatArray:
    """Return what each cell adds to its area's claim on `grids` grids: a cell too heavy for one claims one.

    Examples
    --------
    >>> in_full_grids(np.array([100.0, 2.0, 2.0, 2.0]), 4, 0.05).tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    target, heavy = capped_target(values, grids, tolerance)
    counted = values.copy()
    counted[heavy] = target
    return counted


def grids_for_range(values: FloatArray, low: float, high: float) -> Range:
    """Return how many grids a range of weights allows; a cell above the range takes a grid alone.

    Examples
    --------
    >>> grids_for_range(np.full(40, 10.0), 100, 150)
    Range(fewest=3, most=4)
    """
    heavy = values > high
    alone, rest = int(heavy.sum()), float(values[~heavy].sum())
    cells = len(values)
    fewest = alone + int(np.ceil(rest / high - 1e-9))
    most = alone + (int(np.floor(rest / low + 1e-9)) if low > 0 else cells - alone)
    return Range(max(fewest, 1), min(most, cells))


def grids_for_target(values: FloatArray, target: float, tolerance: float) -> int:
    """Return the number of grids of an area: nearest to the target, but within its tolerance if any number is.

    A cell heavier than a grid takes a grid alone.

    Examples
    --------
    >>> grids_for_target(np.array([5000.0, *[10.0] * 27]), 90.0, 0.2)
    4

    One grid of 140 is nearer to 100, but only two of 70 are within 30 %:

    >>> grids_for_target(np.full(14, 10.0), 100.0, 0.3)
    2
    """
    low, high = target * (1 - tolerance), target * (1 + tolerance)
    light = values <= high * (1 + 1e-12)
    nearest = int((~light).sum()) + int(np.rint(float(values[light].sum()) / target))
    fits = grids_for_range(values, low, high)
    if fits.fewest <= fits.most:
        nearest = int(np.clip(nearest, fits.fewest, fits.most))
    return int(np.clip(nearest, 1, len(values)))
