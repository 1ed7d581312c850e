"""How little can change at all: lower bounds on what a balance moves, proved.

Two of them. Whatever the shapes: what exceeds a grid's range must leave it, what lacks must come. And
among plans in which load passes only between grids that touch (over the land of dissolved grids, too) and whole grids
may be founded anywhere: a mixed-integer program, bounded by HiGHS. Cells can beat the second where a grid reaches out
between two others; nothing beats the first.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.relocation import Quotient, _highs
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["least_by_shapes_at_will", "least_by_touching"]

_FIRST, _SHORTEST, _LONGER = 40.0, 0.2, 2.5
"""The time for each number of relocated grids at first, one in so many and at least so many seconds, and how many times longer each time after."""


def least_by_shapes_at_will(instance: Instance, part: Int32Array, moving: IntArray | FloatArray) -> float:
    """Return what must change its grid at least in any plan whatever, in the unit of `moving` (n,).

    From each grid that is too heavy, the excess leaves by the cells that count least for their weight. Where
    `moving` is the weight itself, what the light grids lack is a bound as well.

    Examples
    --------
    Of 6, 4 and 4 people with a range of 4 to 5, one must go.

    >>> from geogrid.partition.balance.network import Limits, Wishes, build_network
    >>> net = build_network(np.array([0, 1]), np.array([1, 2]), np.ones(2, int), np.array([[6], [4], [4]]))
    >>> limits = Limits(np.full((3, 1), 4), np.full((3, 1), 5), np.zeros(3, np.uint8), np.full((3, 2), np.nan))
    >>> patch = Instance(net, limits, Wishes(0.0, 0.0, np.inf, 0.0))
    >>> least_by_shapes_at_will(patch, np.arange(3), net.weight[:, 0])
    1.0
    """
    weight = instance.net.weight[:, 0].astype(np.float64)
    low, high = instance.limits.low[:, 0], instance.limits.high[:, 0]
    load = np.bincount(part, weights=weight, minlength=instance.grids)
    total = 0.0
    for grid in np.flatnonzero(load > high).tolist():
        cells = np.flatnonzero((part == grid) & (weight > 0))
        rate = moving[cells] / weight[cells]
        order = np.argsort(rate, kind="stable")
        before = np.concatenate([[0.0], np.cumsum(weight[cells][order])])[:-1]
        part_of = np.clip(float(load[grid] - high[grid]) - before, 0.0, weight[cells][order])
        total += float((part_of * rate[order]).sum())
    if np.array_equal(moving, weight):
        total = max(total, float(np.maximum(low - load, 0).sum()))
    return total


@dataclass(frozen=True)
class _Branch:
    """All plans that relocate `fewest` grids, or at least that many: what they move at least, and whether that is exact."""

    fewest: int
    or_more: bool
    bound: float
    seconds: float
    exact: bool


def least_by_touching(quotient: Quotient, *, seconds: float = 20.0, workers: int = 1) -> float:
    """Return the proved bound on what moves where load passes only between grids that touch.

    How many grids are relocated is decided first: a mixed-integer program that may relocate a third of a grid bounds little. The
    number that promises least is always looked at next, for longer, until that is exact or the time is over.

    Parameters
    ----------
    seconds : float
        By the clock; HiGHS raises the bound that long, and it is a bound at any moment.
    workers : int
        Programs solved side by side.

    Raises
    ------
    MissingPartError
        If HiGHS is not installed.
    """
    begun, first = time.monotonic(), max(seconds / _FIRST, _SHORTEST)
    branches = [_branched(quotient, 0, True, first)]
    with ThreadPoolExecutor(workers) as pool:
        while (left := seconds - (time.monotonic() - begun)) > 0:
            branches.sort(key=lambda branch: (branch.bound, branch.fewest))
            if branches[0].exact:
                break
            weak = [branch for branch in branches[:workers] if not branch.exact]
            branches = [branch for branch in branches if branch not in weak]

            def work(branch: _Branch, left: float = left) -> list[_Branch]:
                return _raised(quotient, branch, first, left)

            for found in pool.map(work, weak):
                branches += found
    return min(branch.bound for branch in branches) * quotient.price_unit


def _raised(quotient: Quotient, branch: _Branch, first: float, left: float) -> list[_Branch]:
    """Return what a branch is parted into, or the branch looked at for longer."""
    if branch.or_more:
        found = [_branched(quotient, branch.fewest, False, first), _branched(quotient, branch.fewest + 1, True, first)]
    else:
        found = [_branched(quotient, branch.fewest, False, min(_LONGER * branch.seconds, left + first))]
    return [replace(one, bound=max(one.bound, branch.bound)) for one in found]


def _branched(quotient: Quotient, fewest: int, or_more: bool, seconds: float) -> _Branch:
    """Return what plans that relocate so many grids move at least."""
    highs = _highs()
    model = highs.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("time_limit", float(seconds)),
        ("mip_rel_gap", 0.002),
    ):
        model.setOptionValue(option, value)
    load, rate, grids = quotient.load, quotient.rate, len(quotient.load)
    low, high = quotient.low, quotient.high
    into: list[list[Any]] = [[] for _ in range(grids)]
    out: list[list[Any]] = [[] for _ in range(grids)]
    for a, b in np.argwhere(quotient.touching).tolist():
        flow = model.addVariable(0, highs.kHighsInf, float(rate[a]))
        out[a].append(flow)
        into[b].append(flow)
    gone, given = [], []
    for grid in range(grids):
        if quotient.closed[grid]:
            continue
        # Whoever goes to a founded grid goes there directly, wherever it is.
        leaves = model.addVariable(0, float(load[grid]), float(rate[grid]))
        given.append(leaves)
        final = float(load[grid]) + sum(into[grid]) - sum(out[grid]) - leaves
        if quotient.rigid[grid]:
            model.addConstr(final <= float(high[grid]))
            model.addConstr(final >= float(low[grid]))
            continue
        is_gone = model.addIntegral(0, 1, 0.0)
        gone.append(is_gone)
        model.addConstr(final <= float(high[grid]) * (1 - is_gone))
        model.addConstr(final >= float(low[grid]) * (1 - is_gone))
        if into[grid]:
            # What crosses the land of a dissolved grid changes its grid once; everybody moves once, so it is no more
            # than the neighbours have.
            credit = model.addVariable(0, highs.kHighsInf, -float(rate[grid]))
            around = float(load[quotient.touching[grid]].sum())
            model.addConstr(credit <= sum(into[grid]))
            model.addConstr(credit <= around * is_gone)
    if len(gone) < fewest:
        return _Branch(fewest, or_more, float("inf"), seconds, True)
    if gone:
        model.addConstr(sum(gone) >= fewest)
        model.addConstr(sum(gone) <= (len(gone) if or_more else fewest))
        model.addConstr(sum(given) >= float(low.min()) * sum(gone))
        model.addConstr(sum(given) <= float(high.max()) * sum(gone))
    model.run()
    status = model.getModelStatus()
    if status == highs.HighsModelStatus.kInfeasible:
        return _Branch(fewest, or_more, float("inf"), seconds, True)
    info = model.getInfo()
    bound = float(info.mip_dual_bound if gone else info.objective_function_value)
    return _Branch(fewest, or_more, max(bound, 0.0), seconds, bool(status == highs.HighsModelStatus.kOptimal))
