"""Rebalance: existing grids, new weights, and the choice between balance and change.

For a series of prices of moving a person, grids are searched from the existing ones; what each
reaches (balance) and what it moves span the Pareto front from which the planner picks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.solving import Balanced, balance
from geogrid.types import FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["Front", "Step", "matched", "rebalance"]


@dataclass(frozen=True, eq=False)
class Step:
    """One point of the choice.

    Parameters
    ----------
    tolerance : float
        The balance that was asked for.
    worst : float
        The balance reached: the largest deviation of a grid's primary weight from its target.
    moved : float
        What changes its grid, in the unit counted (the primary weight unless `moving` was given).
    moved_cells : int
    moved_area_m2 : float
    border_m : float
    valid : bool
        Every grid within `tolerance`.
    on_front : bool
        No other step moves less and reaches as much.
    result : Balanced
    """

    tolerance: float
    worst: float
    moved: float
    moved_cells: int
    moved_area_m2: float
    border_m: float
    valid: bool
    on_front: bool
    result: Balanced


@dataclass(frozen=True, eq=False)
class Front:
    """All steps, the least change first.

    Parameters
    ----------
    steps : tuple of Step
        The first is the existing division as it is.
    total : float
        What could be moved at all.
    """

    steps: tuple[Step, ...]
    total: float

    @property
    def front(self) -> tuple[Step, ...]:
        """The steps that no other step beats in both."""
        return tuple(step for step in self.steps if step.on_front)

    def within(self, tolerance: float) -> Step | None:
        """Return the valid step of least change whose grids are within `tolerance`, or None."""
        fitting = [
            step
            for step in self.steps
            if step.worst <= tolerance + 1e-9 or (step.valid and step.tolerance <= tolerance)
        ]
        return min(fitting, key=lambda step: (step.moved, step.border_m), default=None)


def rebalance(
    problem: Problem,
    *,
    tolerances: Sequence[float] = (0.20, 0.15, 0.10, 0.05),
    keep: float = 50.0,
    seed: int = 1,
    budget: Budget | None = None,
    progress: Progress = no_progress,
) -> Front:
    """Return the front between what is moved and the balance reached.

    Parameters
    ----------
    problem : Problem
        With `start`: the existing grids. Its first measure's tolerance is replaced.
    tolerances : sequence of float
        The balances to try, widest first; each search goes on from the one before.
    keep : float
        Metres of border that moving one mean cell costs: high keeps almost everything that balance allows.

    Raises
    ------
    PlanError
        If there are no existing grids, or the primary measure has a range.
    """
    if problem.start is None:
        raise PlanError("nothing to rebalance", mend="give the existing grids as start")
    if problem.measures[0].is_range:
        raise PlanError("rebalance needs a tolerance, not a range")
    moving = problem.measures[0].values if problem.moving is None else problem.moving
    steps = [_existing(problem, moving)]
    numbers = np.unique(problem.start)
    began: Int32Array | None = None
    for number, tolerance in enumerate(sorted(tolerances, reverse=True)):
        measures = (replace(problem.measures[0], tolerance=tolerance), *problem.measures[1:])
        tried = replace(problem, measures=measures, keep=keep, begin=began)
        result = balance(tried, seed=seed, budget=budget)
        # The next, tighter balance goes on from here; what counts as moved stays the existing grids.
        began = numbers[result.membership].astype(np.int32)
        steps.append(_step(tried, result, moving, tolerance))
        progress("rebalance", number + 1, len(tolerances))
    marked = [replace(step, on_front=not any(_beats(other, step) for other in steps)) for step in steps]
    return Front(tuple(sorted(marked, key=lambda step: (step.moved, step.worst))), float(moving.sum()))


def _beats(one: Step, other: Step) -> bool:
    better = one.moved < other.moved or one.worst < other.worst
    return better and one.moved <= other.moved and one.worst <= other.worst


def _existing(problem: Problem, moving: FloatArray) -> Step:
    start = problem.start
    if start is None or (start < 0).any():
        lost = "" if start is None else ", ".join(str(code) for code in problem.graph.codes[start < 0][:10])
        raise PlanError("cells that are in no existing grid", given=lost, mend="give each cell a grid first")
    member = np.unique(start, return_inverse=True)[1].ravel().astype(np.int32)
    grids = int(member.max()) + 1
    area = np.zeros(grids, np.int64)
    area[member] = problem.area
    load: FloatArray = np.column_stack(
        [np.bincount(member, weights=m.values, minlength=grids) for m in problem.measures]
    )
    low = np.tile(load.mean(axis=0), (grids, 1))
    border, cost = problem.graph.border_m(member)
    result = Balanced(member, area, low, low, load, border, cost, False, 0.0, "effort", ())
    return _step(problem, result, moving, float("inf"))


def _step(problem: Problem, result: Balanced, moving: FloatArray, tolerance: float) -> Step:
    start = np.unique(np.asarray(problem.start), return_inverse=True)[1].ravel()
    moved = result.membership != start
    target = (result.low + result.high)[:, 0] / 2
    worst = float(np.abs(result.load[:, 0] / np.where(target > 0, target, 1.0) - 1).max())
    return Step(
        tolerance, worst, float(moving[moved].sum()), int(moved.sum()), float(problem.graph.area_m2[moved].sum()),
        result.border_m, result.valid, False, result,
    )  # fmt: skip


def matched(old: Int32Array | IntArray, new: Int32Array | IntArray, counted: FloatArray) -> Int32Array:
    """Return `new` with its grids renumbered so that as much of `counted` as possible keeps its number.

    The best matching (Hungarian algorithm, scipy); what a fresh cut would have to move.

    Examples
    --------
    >>> matched(np.array([0, 0, 1]), np.array([1, 1, 0]), np.ones(3)).tolist()
    [0, 0, 1]
    """
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    size = int(max(old.max(), new.max())) + 1
    shared = np.zeros((size, size))
    np.add.at(shared, (new, old), counted)
    rows, columns = linear_sum_assignment(-shared)
    name = np.empty(size, np.int32)
    name[rows] = columns
    return name[new]
