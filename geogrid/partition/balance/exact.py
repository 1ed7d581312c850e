"""Exact grids for small problems, by HiGHS, with a proof of the gap.

Binary variables say which grid a cell is in, a continuous one for each border whether it separates; the grids'
numbers are kept apart by letting cell i only join grid g <= i (symmetry). Contiguity is
demanded by cuts: when a solution has a grid in pieces, the cells around the smaller piece separate
it from the rest, and one of them must join (a, b-separator inequalities; Fischetti et al. 2017).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from geogrid.errors import InputError, MissingPartError, PlanError
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.regions import Instance
from geogrid.types import FloatArray, Int32Array

__all__ = ["Exact", "solve_exactly"]

_MOST_CELLS = 120


@dataclass(frozen=True, eq=False)
class Exact:
    """An exact solution.

    Parameters
    ----------
    part : (n,) int32
    cost_mm : float
        Weighted border of `part`.
    bound_mm : float
        No solution costs less.
    proved : bool
        The gap is closed.
    seconds : float
    """

    part: Int32Array
    cost_mm: float
    bound_mm: float
    proved: bool
    seconds: float

    @property
    def gap(self) -> float:
        """The share by which the optimum may still be lower."""
        return 0.0 if self.cost_mm <= 0 else max(self.cost_mm - self.bound_mm, 0.0) / self.cost_mm


def solve_exactly(instance: Instance, *, seconds: float = 60.0, start: Int32Array | None = None) -> Exact:
    """Return the grids of least weighted border, all in range and contiguous.

    Only borders, ranges and contiguity are considered; locks and soft aims are not.

    Parameters
    ----------
    instance : Instance
        At most 120 cells.
    seconds : float
        When they are spent, the best solution so far and the bound are returned.
    start : (n,) int32, optional
        A valid solution that bounds the cost from above (the search's).

    Raises
    ------
    MissingPartError
        If highspy is not installed.
    InputError
        If there are too many cells.
    PlanError
        If no grids meet the ranges (proved), or none were found in time and no start was given.
    """
    try:
        import highspy
    except ImportError:
        raise MissingPartError("the exact solver is not installed", mend="pip install 'geogrid[balance]'") from None
    if instance.cells > _MOST_CELLS:
        raise InputError("too many cells for the exact solver", given=instance.cells, allowed=f"up to {_MOST_CELLS}")
    begun = time.monotonic()
    model, join = _model(highspy, instance)
    bound = 0.0
    best, cost = (None, np.inf) if start is None else (start.astype(np.int32), _cost(instance, start))
    while True:
        left = seconds - (time.monotonic() - begun)
        if left <= 0:
            break
        model.setOptionValue("time_limit", float(left))
        if best is not None:
            # Nothing dearer than what is known needs to be looked at.
            model.setOptionValue("objective_bound", float(cost) + 1.0)
        model.run()
        status = model.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            if best is None:
                raise PlanError("no grids meet the ranges; proved by HiGHS", mend="widen the tolerance")
            bound = cost
            break
        info = model.getInfo()
        bound = max(bound, min(float(info.mip_dual_bound), cost))
        values = np.asarray(model.getSolution().col_value)
        if info.primal_solution_status != 2:
            break
        part = np.argmax(values[join], axis=1).astype(np.int32)
        cuts = _cut_pieces(highspy, model, instance, join, part)
        if not cuts:
            found = _cost(instance, part)
            if found < cost:
                best, cost = part, found
            if status == highspy.HighsModelStatus.kOptimal:
                bound = min(cost, max(bound, float(info.mip_dual_bound)))
            break
    if best is None:
        raise PlanError(
            "no contiguous grids were found in time", given=f"{seconds:g} s", mend="give more seconds or a start"
        )
    proved = cost - bound <= max(1e-6 * cost, 1.0)
    return Exact(best, cost, bound, proved, time.monotonic() - begun)


def _cost(instance: Instance, part: Int32Array) -> float:
    net = instance.net
    return float(net.cost[part[net.src] != part[net.nbr]].sum()) / 2


def _model(highspy: Any, instance: Instance) -> tuple[Any, Any]:
    """Return the model without contiguity, and the columns that say which cell joins which grid."""
    net, limits = instance.net, instance.limits
    cells, grids = instance.cells, instance.grids
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_rel_gap", 0.0)
    half = np.flatnonzero(net.src < net.nbr)
    join = np.arange(cells * grids).reshape(cells, grids)
    apart = cells * grids + np.arange(len(half))
    same = bool((limits.low == limits.low[0]).all() and (limits.high == limits.high[0]).all())
    free = same and not net.fixed.any()
    order = np.argsort(-net.weight[:, 0], kind="stable")
    rank = np.empty(cells, np.int64)
    rank[order] = np.arange(cells)
    for cell in range(cells):
        for grid in range(grids):
            # Grids are alike: the heaviest cell is in grid 0, the next in 0 or 1, and so on.
            model.addVar(0.0, 1.0 if not free or grid <= rank[cell] else 0.0)
    for _ in half:
        model.addVar(0.0, 1.0)
    for column in join.ravel().tolist():
        model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    for edge, column in zip(half.tolist(), apart.tolist(), strict=True):
        model.changeColCost(column, float(net.cost[edge]))
    one = np.ones(grids)
    for cell in range(cells):
        model.addRow(1.0, 1.0, grids, join[cell].astype(np.int32), one)
    for grid in range(grids):
        for j in range(net.weight.shape[1]):
            weights: FloatArray = net.weight[:, j].astype(np.float64)
            model.addRow(
                float(limits.low[grid, j]), float(limits.high[grid, j]), cells, join[:, grid].astype(np.int32), weights
            )
    sides = np.array([1.0, -1.0, -1.0])
    for edge, column in zip(half.tolist(), apart.tolist(), strict=True):
        a, b = int(net.src[edge]), int(net.nbr[edge])
        for grid in range(grids):
            for one_side, other in ((a, b), (b, a)):
                columns = np.array([join[one_side, grid], join[other, grid], column], np.int32)
                model.addRow(-highspy.kHighsInf, 0.0, 3, columns, sides)
    return model, join


def _cut_pieces(highspy: Any, model: Any, instance: Instance, join: Any, part: Int32Array) -> int:
    """Add a cut for each piece of a grid that is cut off from its heaviest piece; return how many."""
    net = instance.net
    same = (part[net.src] == part[net.nbr]) & (net.src < net.nbr)
    piece = components(len(part), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    size = np.bincount(piece)
    added = 0
    for grid in range(instance.grids):
        mine = np.unique(piece[part == grid])
        if len(mine) < 2:
            continue
        main = mine[np.argmax(size[mine])]
        anchor = int(np.flatnonzero(piece == main)[0])
        for other in mine[mine != main].tolist():
            cells = np.flatnonzero(piece == other)
            touching = np.isin(net.src, cells) & ~np.isin(net.nbr, cells)
            around = np.unique(net.nbr[touching])
            around = _towards(net, around, anchor)
            for near in cells[:3].tolist():
                for any_grid in range(instance.grids):
                    columns = np.concatenate([[join[near, any_grid], join[anchor, any_grid]], join[around, any_grid]])
                    signs = np.concatenate([[1.0, 1.0], -np.ones(len(around))])
                    model.addRow(-highspy.kHighsInf, 1.0, len(columns), columns.astype(np.int32), signs)
                    added += 1
    return added


def _towards(net: Any, around: Any, anchor: int) -> Any:
    """Return the cells of `around` that the anchor reaches without passing them (a least separator)."""
    blocked = np.zeros(len(net.weight), bool)
    blocked[around] = True
    open_edge = ~blocked[net.src] & ~blocked[net.nbr] & (net.src < net.nbr)
    piece = components(len(net.weight), net.src[open_edge].astype(np.int64), net.nbr[open_edge].astype(np.int64))
    beyond = piece == piece[anchor]
    if blocked[anchor]:
        return around
    seen = np.unique(net.nbr[beyond[net.src] & blocked[net.nbr]])
    return seen if len(seen) else around
