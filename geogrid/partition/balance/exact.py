"""Exact grids for small problems, by HiGHS, with a proof of the gap.

The model is `exact_model`'s: grids in range, bounded from below by the cheapest outline of one grid. Contiguity
is demanded by cuts when a solution has a grid in pieces; a known solution (the search's) bounds the cost from above, so that
what is left to HiGHS is to prove that nothing is cheaper.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from geogrid.errors import InputError, MissingPartError, PlanError
from geogrid.partition.balance.bottleneck import bottleneck
from geogrid.partition.balance.exact_model import Model, alike, build_model, pieces_cut_off, single_outlines
from geogrid.partition.balance.regions import Instance
from geogrid.types import FloatArray, Int32Array

__all__ = ["Exact", "NoSuchGridsError", "solve_exactly"]

_MOST_CELLS = 120


class NoSuchGridsError(PlanError):
    """Contiguous grids in range do not exist; proved."""


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
    NoSuchGridsError
        If no grids meet the ranges.
    PlanError
        If none were found in time and no start was given.
    """
    try:
        import highspy  # noqa: F401
    except ImportError:
        raise MissingPartError("the exact solver is not installed", mend="pip install 'geogrid[balance]'") from None
    if instance.cells > _MOST_CELLS:
        raise InputError("too many cells for the exact solver", given=instance.cells, allowed=f"up to {_MOST_CELLS}")
    if bottleneck(instance) is not None:
        raise NoSuchGridsError(
            "no grids meet the ranges: one cell is the only way to too much", mend="widen the tolerance"
        )
    begun = time.monotonic()

    def left() -> float:
        return seconds - (time.monotonic() - begun)

    limits, free = instance.limits, alike(instance)
    outline = single_outlines(instance, seconds=seconds / 3) if free else np.zeros(instance.cells)
    if not np.isfinite(outline).all():
        raise NoSuchGridsError("no grids meet the ranges; proved by HiGHS", mend="widen the tolerance")
    model = build_model(instance, grids=instance.grids, low=limits.low, high=limits.high, every_cell=True)
    if free:
        _use_that_grids_are_alike(model, instance, outline)
    bound = 500.0 * instance.grids * float(outline.min())
    best, cost = (None, np.inf) if start is None else (start.astype(np.int32), _cost(instance, start))
    if best is not None:
        _ask_for_less(model, instance, cost)
    while left() > 0 and bound < cost:
        status, dual, values = model.solve(left())
        if status == "infeasible":
            if best is None:
                raise NoSuchGridsError("no grids meet the ranges; proved by HiGHS", mend="widen the tolerance")
            bound = cost
            break
        bound = min(max(bound, 1000 * dual), cost)
        if values is None:
            break
        part = np.argmax(values[model.join], axis=1).astype(np.int32)
        if sum(pieces_cut_off(model, instance, part == grid) for grid in range(instance.grids)):
            continue
        found = _cost(instance, part)
        if found < cost:
            best, cost = part, found
        if status == "optimal":
            bound = cost
        break
    if best is None:
        raise PlanError(
            "no contiguous grids were found in time", given=f"{seconds:g} s", mend="give more seconds or a start"
        )
    proved = cost - bound <= max(1e-6 * cost, 1.0)
    return Exact(best, cost, bound, proved, time.monotonic() - begun)


def _ask_for_less(model: Model, instance: Instance, cost: float) -> None:
    """Only solutions cheaper than `cost`, mm, are of interest."""
    model.add(-np.inf, cost / 1000 - 1e-3, model.cut, instance.net.cost[model.borders] / 1000)


def _use_that_grids_are_alike(model: Model, instance: Instance, outline: FloatArray) -> None:
    """Leave one way only of numbering the grids, and say how long the outline of each is at least."""
    join = model.join
    # The first cell is in grid 0, the one farthest from it in grid 0 or 1, and so on.
    xy = instance.net.place[:, 1:3]
    ranked = [int(np.argmax(instance.net.weight[:, 0]))]
    for _ in range(instance.grids - 1):
        away = np.min(np.hypot(*(xy[:, None] - xy[ranked][None]).transpose(2, 0, 1)), axis=1)
        away[ranked] = -1.0
        ranked.append(int(np.argmax(away)))
    for rank, cell in enumerate(ranked):
        for grid in range(rank + 1, instance.grids):
            model.solver.changeColBounds(int(join[cell, grid]), 0.0, 0.0)
    metres = instance.net.cost[model.borders] / 1000
    sides = join.size + np.arange(len(metres) * instance.grids).reshape(len(metres), instance.grids)
    least = float(outline.min())
    for grid in range(instance.grids):
        model.add(least - 1e-3, np.inf, sides[:, grid], metres)
        for cell in np.flatnonzero(outline > least + 1e-3).tolist():
            model.add(-1e-3, np.inf, [*sides[:, grid], join[cell, grid]], [*metres, -outline[cell]])


def _cost(instance: Instance, part: Int32Array) -> float:
    net = instance.net
    return float(net.cost[part[net.src] != part[net.nbr]].sum()) / 2
