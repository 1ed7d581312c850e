"""The integer programme of grids in balance for HiGHS, and the bounds that make it solvable.

A cell's place in its grids is binary, a border's side in each grid continuous; a border costs half
of what its two grids see of it. Left at that, spreading every cell over all grids costs nothing and the bound stays at 0. So the cheapest outline of *one*
grid is solved first (`single_outlines`), a problem with a quarter of the variables: no grid that holds cell v can have
a shorter inner outline than ``outline[v]``, whatever the others do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from geogrid.partition.balance.graph import components
from geogrid.partition.balance.regions import Instance
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Model", "alike", "build_model", "pieces_cut_off", "single_outlines"]


@dataclass(frozen=True, eq=False)
class Model:
    """A HiGHS model and its columns.

    Parameters
    ----------
    solver : highspy.Highs
    join : (n, k) int64
        Columns that say whether a cell is in a grid.
    cut : (b,) int64
        Columns that say whether a border separates two grids; their cost is the border in metres.
    borders : (b,) int64
        The half-edge of each border.
    """

    solver: Any
    join: IntArray
    cut: IntArray
    borders: IntArray

    def add(self, low: float, high: float, columns: Any, values: Any) -> None:
        """Add the row ``low <= values · columns <= high``."""
        columns = np.asarray(columns, np.int32)
        self.solver.addRow(low, high, len(columns), columns, np.asarray(values, np.float64))

    def solve(self, seconds: float) -> tuple[str, float, FloatArray | None]:
        """Return ``optimal``, ``infeasible`` or ``stopped``, the lower bound, and the columns of the best solution."""
        import highspy

        # The limit counts all runs of a solver together.
        self.solver.setOptionValue("time_limit", float(self.solver.getRunTime()) + max(seconds, 0.01))
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return "infeasible", np.inf, None
        info = self.solver.getInfo()
        found = np.asarray(self.solver.getSolution().col_value) if info.primal_solution_status == 2 else None
        done = status == highspy.HighsModelStatus.kOptimal
        return "optimal" if done else "stopped", float(info.mip_dual_bound), found


def alike(instance: Instance) -> bool:
    """Return whether all grids have the same ranges and no cell is bound to one."""
    limits = instance.limits
    same = (limits.low == limits.low[0]).all() and (limits.high == limits.high[0]).all()
    return bool(same and not instance.net.fixed.any())


def build_model(instance: Instance, *, grids: int, low: IntArray, high: IntArray, every_cell: bool) -> Model:
    """Return the model of `grids` grids, none empty, each weight between `low` and `high` (grids, m), without contiguity.

    Parameters
    ----------
    every_cell : bool
        Every cell is in a grid; otherwise the rest of the place is nobody's.
    """
    import highspy

    net, infinite = instance.net, float(highspy.kHighsInf)
    cells = instance.cells
    borders = np.flatnonzero(net.src < net.nbr)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-3)):
        solver.setOptionValue(option, value)
    join = np.arange(cells * grids).reshape(cells, grids)
    side = cells * grids + np.arange(len(borders) * grids).reshape(len(borders), grids)
    cut = cells * grids + len(borders) * grids + np.arange(len(borders))
    for column in range(cells * grids + len(borders) * (grids + 1)):
        solver.addVar(0.0, 1.0)
        if column < cells * grids:
            solver.changeColIntegrality(column, highspy.HighsVarType.kInteger)
    model = Model(solver, join, cut, borders)
    for column, edge in zip(cut.tolist(), borders.tolist(), strict=True):
        solver.changeColCost(column, float(net.cost[edge]) / 1000)
    if every_cell:
        for cell in range(cells):
            model.add(1.0, 1.0, join[cell], np.ones(grids))
    for grid in range(grids):
        # Where nothing is the least a grid may weigh, it must be a grid all the same.
        model.add(1.0, infinite, join[:, grid], np.ones(cells))
        for j in range(net.weight.shape[1]):
            model.add(float(low[grid, j]), float(high[grid, j]), join[:, grid], net.weight[:, j])
    for row, edge in enumerate(borders.tolist()):
        a, b = int(net.src[edge]), int(net.nbr[edge])
        for grid in range(grids):
            for one, other in ((a, b), (b, a)):
                model.add(-infinite, 0.0, [join[one, grid], join[other, grid], side[row, grid]], [1, -1, -1])
        # A border between two grids is seen by both of them; one with nobody beyond by one.
        model.add(0.0, 0.0, [cut[row], *side[row]], [2.0 if every_cell else 1.0, *-np.ones(grids)])
    lightest = low.min(axis=0)
    for group in [[cell] for cell in range(cells)] + [[int(net.src[e]), int(net.nbr[e])] for e in borders]:
        if (net.weight[group].sum(axis=0) < lightest).any():
            _demand_a_way_out(model, instance, group)
    return model


def _demand_a_way_out(model: Model, instance: Instance, group: list[int]) -> None:
    """Demand that cells too light for a grid of their own do not share one without a neighbour of theirs."""
    net = instance.net
    around = np.unique(np.concatenate([net.nbr[net.indptr[v] : net.indptr[v + 1]] for v in group]))
    around = np.setdiff1d(around, group)
    for grid in range(model.join.shape[1]):
        columns = np.concatenate([model.join[group, grid], model.join[around, grid]])
        signs = np.concatenate([np.ones(len(group)), -np.ones(len(around))])
        model.add(-np.inf, float(len(group) - 1), columns, signs)


def pieces_cut_off(model: Model, instance: Instance, member: BoolArray) -> int:
    """Demand a way through for the pieces of a grid (`member`, (n,) bool) that are cut off; return the rows added.

    The cells around a piece separate it from the main one: a cell of each in the same grid needs
    one of them (Fischetti et al. 2017).
    """
    net = instance.net
    same = member[net.src] & member[net.nbr] & (net.src < net.nbr)
    piece = components(len(member), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    mine = np.unique(piece[member])
    size = np.bincount(piece)
    main = mine[np.argmax(size[mine])]
    anchor = int(np.flatnonzero(piece == main)[0])
    added = 0
    for other in mine[mine != main].tolist():
        inside = piece == other
        around = _towards(net, np.unique(net.nbr[inside[net.src] & ~inside[net.nbr]]), anchor)
        for near in np.flatnonzero(inside)[:3].tolist():
            for grid in range(model.join.shape[1]):
                columns = np.concatenate([model.join[[near, anchor], grid], model.join[around, grid]])
                model.add(-np.inf, 1.0, columns, np.concatenate([[1.0, 1.0], -np.ones(len(around))]))
                added += 1
    return added


def _towards(net: Any, around: Int32Array, anchor: int) -> Int32Array:
    """Return the cells of `around` that the anchor reaches without passing them (a least separator)."""
    blocked = np.zeros(len(net.weight), bool)
    blocked[around] = True
    if blocked[anchor]:
        return around
    open_edge = ~blocked[net.src] & ~blocked[net.nbr] & (net.src < net.nbr)
    piece = components(len(net.weight), net.src[open_edge].astype(np.int64), net.nbr[open_edge].astype(np.int64))
    beyond = piece == piece[anchor]
    seen: Int32Array = np.unique(net.nbr[beyond[net.src] & blocked[net.nbr]])
    return seen if len(seen) else around


def single_outlines(instance: Instance, *, seconds: float) -> FloatArray:
    """Return (n,) float64: metres that the inner outline of a grid with each cell is at least long.

    The cheapest connected grid is solved, then the cheapest one that holds a cell not yet held by
    any, and so on: what is found for one cell bounds all that come after. Infinite where no grid can hold a cell.
    """
    cells = instance.cells
    outline = np.zeros(cells)
    until = time.monotonic() + seconds
    model = build_model(instance, grids=1, low=instance.limits.low[:1], high=instance.limits.high[:1], every_cell=False)
    left = np.ones(cells, bool)
    while left.any() and time.monotonic() < until:
        status, bound, found = model.solve(until - time.monotonic())
        outline[left] = np.maximum(outline[left], bound if np.isfinite(bound) or status == "infeasible" else 0.0)
        if status != "optimal" or found is None:
            break
        member = found[model.join[:, 0]] > 0.5
        if pieces_cut_off(model, instance, member):
            continue
        left &= ~member
        # From now on: a cell that no grid has held so far.
        model.add(1.0, np.inf, model.join[left, 0], np.ones(int(left.sum())))
    return outline
