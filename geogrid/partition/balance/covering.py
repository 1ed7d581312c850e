"""Covering models for HiGHS: as few candidates as reach every cell, or those of a number that reach most.

Cells that the same candidates reach are one row, so that a model stays small in a town of many cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.errors import MissingPartError
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["fewest_reaching", "reaching_most"]

_SAME = 1e-9
"""Sums that differ by less than this share of themselves are the same, in whatever order a machine adds them up."""


def fewest_reaching(reach: BoolArray, fixed: IntArray, seconds: float) -> tuple[IntArray, bool]:
    """Return the fewest candidates that reach every cell (set covering), and whether that is proved.

    Parameters
    ----------
    reach : (n, c) bool
        Whether a candidate reaches a cell; each cell is reached by one at least.
    fixed : (e,) int64
        Candidates chosen already.
    seconds : float
        HiGHS may take; then the best found so far.

    Examples
    --------
    >>> row = np.arange(7)
    >>> sites, proved = fewest_reaching(abs(row[:, None] - row) <= 1, np.array([0]), 10.0)
    >>> len(sites), 0 in sites, proved
    (3, True, True)
    """
    rows, worth = _merged(reach, np.ones(len(reach)), fixed)
    if not len(rows):
        return fixed, True
    begin = _with_fewer(rows, worth, _greedy(rows, worth, fixed, rows.shape[1]), fixed)
    count = rows.shape[1]
    values, proved = _solved(
        rows, np.ones(count), fixed, begin, seconds, least=np.ones(len(rows)), free=np.empty(0), stations=None
    )
    return _better(values, begin, count), proved


def reaching_most(
    reach: BoolArray, demand: FloatArray, stations: int, fixed: IntArray, seconds: float
) -> tuple[IntArray, bool]:
    """Return `stations` candidates that reach most demand (maximal covering), and whether that is proved.

    Parameters
    ----------
    reach : (n, c) bool
    demand : (n,) float64
    stations : int
        Those of `fixed` included.
    fixed : (e,) int64
    seconds : float
        HiGHS may take; then the best found so far.

    Examples
    --------
    >>> row = np.arange(7)
    >>> sites, proved = reaching_most(abs(row[:, None] - row) <= 1, np.array([9.0, 9, 9, 1, 1, 1, 1]), 1, row[:0], 10.0)
    >>> sites.tolist(), proved
    ([1], True)
    """
    rows, worth = _merged(reach, demand, fixed)
    begin = _swapped(rows, worth, _greedy(rows, worth, fixed, stations), fixed)
    if not len(rows) or not worth.any():
        return begin, True
    # In mean rows, so that HiGHS' absolute gap means something.
    worth = worth / worth.mean()
    count = rows.shape[1]
    values, proved = _solved(
        rows, np.zeros(count), fixed, begin, seconds, least=np.zeros(len(rows)), free=-worth, stations=stations
    )
    return _better(values, begin, count), proved


def _merged(reach: BoolArray, demand: FloatArray, fixed: IntArray) -> tuple[BoolArray, FloatArray]:
    """Return the cells not reached by `fixed` as one row for all that the same candidates reach, and their demand."""
    open_ = reach.any(axis=1) & ~reach[:, fixed].any(axis=1)
    packed, same = np.unique(np.packbits(reach[open_], axis=1), axis=0, return_inverse=True)
    rows = np.unpackbits(packed, axis=1, count=reach.shape[1]).astype(bool)
    worth = np.bincount(same.ravel(), weights=demand[open_], minlength=len(rows))
    return rows, worth.astype(np.float64)


def _greedy(rows: BoolArray, worth: FloatArray, fixed: IntArray, most: int) -> IntArray:
    """Return `fixed` and, one by one, the candidate that adds most; up to `most`, of which all are placed if they are fewer.

    With every candidate allowed it ends when nothing is left to reach.
    """
    sites, left = fixed.tolist(), np.ones(len(rows), bool)
    while len(sites) < most and (left.any() or most < rows.shape[1]):
        best, _ = _most_added(rows, worth, left, sites)
        sites.append(best)
        left &= ~rows[:, best]
    return np.array(sites, np.int64)


def _most_added(rows: BoolArray, worth: FloatArray, left: BoolArray, taken: list[int]) -> tuple[int, float]:
    """Return the candidate that reaches most of what is `left`, the first of equal ones, and how much."""
    gain = np.asarray(worth[left] @ rows[left], np.float64)
    gain[taken] = -1.0
    return int(np.flatnonzero(gain >= gain.max() * (1 - _SAME))[0]), float(gain.max())


def _swapped(rows: BoolArray, worth: FloatArray, begin: IntArray, fixed: IntArray) -> IntArray:
    """Return the candidates after exchanging one for another as long as that reaches more; `fixed`, the first ones, stay."""
    sites = begin.tolist()
    times = rows[:, sites].sum(axis=1)
    better = True
    while better:
        better = False
        for place in range(len(fixed), len(sites)):
            without = times - rows[:, sites[place]]
            best, gain = _most_added(rows, worth, without == 0, [*sites[:place], *sites[place + 1 :]])
            if gain > float(worth[(without == 0) & rows[:, sites[place]]].sum()) * (1 + _SAME):
                sites[place], times, better = best, without + rows[:, best], True
    return np.array(sites, np.int64)


def _with_fewer(rows: BoolArray, worth: FloatArray, begin: IntArray, fixed: IntArray) -> IntArray:
    """Return candidates that reach all rows, as few as leaving one out and exchanging the others leads to."""
    sites = begin
    while len(sites) > max(len(fixed), 1):
        alone = rows[:, sites].sum(axis=1) == 1
        lost = worth[alone] @ rows[alone][:, sites[len(fixed) :]]
        fewer = _swapped(rows, worth, np.delete(sites, len(fixed) + int(np.argmin(lost))), fixed)
        if not rows[:, fewer].any(axis=1).all():
            break
        sites = fewer
    return sites


def _better(values: FloatArray | None, begin: IntArray, count: int) -> IntArray:
    return begin if values is None else np.flatnonzero(values[:count] > 0.5).astype(np.int64)


def _solved(
    rows: BoolArray, cost: FloatArray, fixed: IntArray, begin: IntArray, seconds: float, *, least: FloatArray,
    free: FloatArray, stations: int | None,
) -> tuple[FloatArray | None, bool]:  # fmt: skip
    """Return the columns of the best solution, and whether it is proved.

    Columns are the candidates (0 or 1, at `cost`), then one for each row where `free` has costs: whether it is reached.
    Rows demand that the candidates of each, less that column, are at least `least`; the last one that there are `stations`.
    """
    try:
        import highspy
    except ImportError:
        raise MissingPartError("the solver is not installed", mend="pip install 'geogrid[balance]'") from None
    count, extra = rows.shape[1], len(free)
    row, column = np.nonzero(rows)
    value = np.ones(len(row))
    low, high = least.astype(np.float64), np.full(len(rows), highspy.kHighsInf)
    if extra:
        row = np.concatenate([row, np.arange(extra)])
        column = np.concatenate([column, count + np.arange(extra)])
        value = np.concatenate([value, -np.ones(extra)])
    if stations is not None:
        row = np.concatenate([row, np.full(count, len(rows))])
        column = np.concatenate([column, np.arange(count)])
        value = np.concatenate([value, np.ones(count)])
        low, high = np.append(low, stations), np.append(high, stations)
    order = np.lexsort((column, row))
    model: Any = highspy.HighsLp()
    model.num_col_, model.num_row_ = count + extra, len(low)
    model.col_cost_ = np.concatenate([cost, free])
    model.col_lower_ = np.where(np.isin(np.arange(count + extra), fixed), 1.0, 0.0)
    model.col_upper_ = np.ones(count + extra)
    model.row_lower_, model.row_upper_ = low, high
    model.integrality_ = [highspy.HighsVarType.kInteger] * count + [highspy.HighsVarType.kContinuous] * extra
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.searchsorted(row[order], np.arange(len(low) + 1)).astype(np.int32)
    model.a_matrix_.index_ = column[order].astype(np.int32)
    model.a_matrix_.value_ = value[order]
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, wanted in (
        ("output_flag", False), ("threads", 1), ("time_limit", float(seconds)), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6),
    ):  # fmt: skip
        solver.setOptionValue(option, wanted)
    solver.passModel(model)
    known = highspy.HighsSolution()
    chosen = np.isin(np.arange(count), begin)
    reached = np.asarray(rows[:, chosen].any(axis=1), bool)[:extra]
    known.col_value = np.concatenate([chosen, reached]).astype(np.float64)
    solver.setSolution(known)
    solver.run()
    found = solver.getInfo().primal_solution_status == 2
    proved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return (np.asarray(solver.getSolution().col_value) if found else None), bool(proved)
