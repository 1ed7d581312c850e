"""Candidates for stations among the places of very many cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["gaps_closed", "nearest_cells", "spread_out"]

_WIDER = 1.02
_NEIGHBOURS = (3, 10, 30)
"""So many cells around one that nothing reaches are tried."""


def spread_out(xy: FloatArray, most: int) -> tuple[IntArray, float]:
    """Return up to `most` cells spread evenly, and the side of the squares of which each is the middle one, metres.

    Parameters
    ----------
    xy : (n, 2) float64, metres
    most : int

    Examples
    --------
    >>> rows, side = spread_out(np.column_stack([np.arange(9) * 100.0, np.zeros(9)]), 3)
    >>> rows.tolist(), 266 < side < 280
    ([1, 4, 7], True)
    """
    corner = xy.min(axis=0)
    width, height = (xy.max(axis=0) - corner).tolist()
    # Narrower squares would be too many, or cover less than a tenth of the ground.
    side = max(max(width, height) / most, 0.3 * float(np.sqrt(width * height / most)), 1e-3)
    while True:
        square = np.floor((xy - corner) / side + 1e-9).astype(np.int64)
        number = square[:, 0] * (square[:, 1].max() + 1) + square[:, 1]
        if len(np.unique(number)) <= most:
            break
        side *= _WIDER
    away = np.hypot(*(xy - corner - (square + 0.5) * side).T)
    order = np.lexsort((np.arange(len(xy)), away.round(3), number))
    first = np.concatenate([[True], np.diff(number[order]) != 0])
    return np.sort(order[first]), side


def gaps_closed(
    xy: FloatArray, rows: IntArray, most: int, within_m: float, reached: Callable[[FloatArray], BoolArray],
    known: FloatArray,
) -> IntArray:  # fmt: skip
    """Return the cells with further ones, up to `most`, from which those that no candidate reaches are reached.

    Parameters
    ----------
    xy : (n, 2) float64, metres
    rows : (c,) int64
    most : int
    within_m : float
    reached : callable
        Says which cells are reached from (c, 2) places.
    known : (e, 2) float64, metres
        Further places, existing stations.
    """
    there = reached(np.concatenate([known, xy[rows]]))
    # Along streets a near cell may be far, and even its own place: then its neighbours are tried, more and more of them.
    for each in (1, *_NEIGHBOURS):
        left = np.flatnonzero(~there)
        more = _apart(xy, left, within_m) if each == 1 else nearest_cells(xy, xy[left], each)
        more = np.setdiff1d(more, rows)[: most - len(rows)]
        if len(more):
            there = there | reached(xy[more])
            rows = np.union1d(rows, more).astype(np.int64)
    return rows


def _apart(xy: FloatArray, rows: IntArray, distance_m: float) -> IntArray:
    """Return some of the cells, the first of each neighbourhood: the others are within the distance of one of them."""
    chosen, left = list[int](), rows
    while len(left):
        chosen.append(int(left[0]))
        left = left[np.hypot(*(xy[left] - xy[left[0]]).T) > distance_m]
    return np.array(chosen, np.int64)


def nearest_cells(xy: FloatArray, places: FloatArray, each: int) -> IntArray:
    """Return the `each` cells nearest to any of the places, in order of their rows.

    Examples
    --------
    >>> line = np.column_stack([np.arange(9) * 100.0, np.zeros(9)])
    >>> nearest_cells(line, np.array([[210.0, 0.0], [790.0, 0.0]]), 2).tolist()
    [2, 3, 7, 8]
    """
    if not len(places):
        return np.empty(0, np.int64)
    near = [np.argsort(np.hypot(*(xy - place).T).round(3), kind="stable")[:each] for place in places]
    return np.unique(np.concatenate(near)).astype(np.int64)
