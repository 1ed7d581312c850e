"""Rebalance: existing grids, new weights, and the choice between balance and change.

For a series of balances, grids are searched that move as little as possible from the existing ones; what each
reaches and what it moves span the Pareto front from which the planner picks. Beside each stands how little any
plan could move.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.balance.assembling import Balanced, Solved, assembled
from geogrid.partition.balance.bounds import least_by_shapes_at_will, least_by_touching
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.existing import grids_in, keeps_rules, measured_as_they_are
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.interruption import ctrl_c_sets
from geogrid.partition.balance.islands import areas_of
from geogrid.partition.balance.least_change import Change, least_change
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.relocation import quotient_of
from geogrid.types import FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["Front", "Step", "matched", "rebalance", "share_of_step", "within"]


_AFRESH = 0.7
"""Share of a step's budget for new grids, from narrow to wide; the rest goes back, each step from the wider one."""

_NARROWEST = 0.4
"""Share of all budgets for the narrowest balance, the hardest; its grids are where the wider ones begin."""


@dataclass(frozen=True, eq=False)
class Step:
    """One point of the choice.

    Parameters
    ----------
    tolerance : float
        The balance that was asked for; inf for the existing grids, of which nothing was asked.
    worst : float
        The balance reached: the largest deviation of a grid's primary weight from its target. The target is that of the
        grid's own area, where a cell heavier than a grid counts as one full grid; of the existing grids, that of the narrowest
        balance asked for.
    moved : float
        What changes its grid, in the unit counted (the primary weight unless `moving` was given).
    moved_cells : int
    moved_area_m2 : float
    border_m : float
    valid : bool
        Every grid within `tolerance`, and sound. The existing grids: within the narrowest balance asked for, so that nothing
        need move.
    on_front : bool
        No other step moves less and reaches as much.
    result : Balanced
    relocated : tuple of int
        Grids that stand somewhere else now: dissolved into their neighbours and founded anew under their code.
    least : float
        Proved: no plan with this many grids within `tolerance` moves less, whatever its shapes.
    least_touching : float, optional
        Proved: none in which load passes only between grids that touch moves less, whole grids founded anew
        included. None if it was not asked for.
    sound : bool
        Every grid is in one piece (existing ones may not be) and within its ranges of all weights but the primary one.
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
    relocated: tuple[int, ...] = ()
    least: float = 0.0
    least_touching: float | None = None
    sound: bool = True


@dataclass(frozen=True, eq=False)
class Front:
    """All steps, the least change first.

    Parameters
    ----------
    steps : tuple of Step
        The first is the existing division as it is.
    total : float
        What could be moved at all.
    interrupted : bool
        Ctrl-C ended the search: balances may be missing.
    """

    steps: tuple[Step, ...]
    total: float
    interrupted: bool = False

    @property
    def front(self) -> tuple[Step, ...]:
        """The steps that no other step beats in both."""
        return tuple(step for step in self.steps if step.on_front)

    @property
    def nearest(self) -> Step:
        """The step that comes nearest to balance, a sound one if there is any."""
        return min(self.steps, key=lambda step: (not step.sound, step.worst, step.moved))

    def within(self, tolerance: float) -> Step | None:
        """Return the sound step of least change whose grids are within `tolerance`, or None: the existing grids if they are."""
        narrowest = min((step.tolerance for step in self.steps), default=np.inf)
        fitting = [
            step
            for step in self.steps
            if step.sound
            and (
                step.worst <= tolerance + 1e-9
                or (step.valid and (narrowest if np.isinf(step.tolerance) else step.tolerance) <= tolerance)
            )
        ]
        return min(fitting, key=lambda step: (step.moved, step.border_m), default=None)


def rebalance(
    problem: Problem,
    *,
    tolerances: Sequence[float] = (0.20, 0.15, 0.10, 0.05),
    keep: float = 500.0,
    relocate: bool = True,
    bound_seconds: float = 0.0,
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
        The balances to try, narrowest first, each search going on from the one before too; then back, each from the wider one.
    keep : float
        Metres of border that moving one mean cell costs: high keeps almost everything that balance allows, and makes
        grids less compact.
    relocate : bool
        Whole grids may be dissolved into their neighbours and founded anew elsewhere in their area, under their code.
        Grids that are locked, have locked cells or a station stay.
    bound_seconds : float
        How long HiGHS may raise `least_touching` for each step and area; 0 leaves it out.
    budget : Budget
        Of each step, on average: the narrowest of several gets two fifths of all. Ctrl-C gives the steps so far.

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
    budget = budget or Budget()
    stop = budget.stop or threading.Event()
    budget = replace(budget, stop=stop)
    told = sorted(tolerances, reverse=True)
    steps = [_existing(problem if not told else within(problem, told[-1]), moving)]
    found: dict[int, tuple[Problem, Balanced, dict[int, Change]]] = {}
    last = len(told) - 1
    sweeps = [(row, row + 1, True) for row in range(last, -1, -1)] + [
        (row, row - 1, False) for row in range(1, len(told))
    ]
    limit = "" if budget.seconds is None else f" of {budget.seconds:g} s each"
    name = f"rebalance, {len(told)} balances{limit}" if last else "rebalance"
    progress(name, 0, len(sweeps))
    with ctrl_c_sets(stop):
        for done, (row, beside, afresh) in enumerate(sweeps):
            tried = replace(within(problem, told[row]), keep=keep)
            known = [found[other][2] for other in (row, beside) if other in found]
            # The widest has no way back.
            way = 1.0 if row == 0 else _AFRESH if afresh else 1 - _AFRESH
            part = budget.shortened(way * share_of_step(row, len(told)))
            found[row] = (tried, *_least(tried, known, part, seed + row, relocate, afresh, _named(progress, told[row])))
            progress(name, done + 1, len(sweeps))
            if stop.is_set():
                break
        for row, (tried, result, changes) in found.items():
            bounds = _bounds(tried, moving, 0.0 if stop.is_set() else bound_seconds, budget.workers)
            steps.append(
                replace(
                    _step(tried, result, moving, told[row]), least=bounds[0], least_touching=bounds[1],
                    relocated=_elsewhere(tried, result, moving),
                    sound=not any(change.outcome.outside[1:].any() for change in changes.values()),
                )
            )  # fmt: skip
    marked = [replace(step, on_front=not any(_beats(other, step) for other in steps)) for step in steps]
    order = sorted(marked, key=lambda step: (step.moved, np.isfinite(step.tolerance), step.worst))
    return Front(tuple(order), float(moving.sum()), stop.is_set())


def within(problem: Problem, tolerance: float) -> Problem:
    """Return the problem with another tolerance of the primary measure."""
    return replace(problem, measures=(replace(problem.measures[0], tolerance=tolerance), *problem.measures[1:]))


def share_of_step(row: int, steps: int) -> float:
    """Return how many budgets of a step the step of a row gets, the narrowest last."""
    most = max(_NARROWEST * steps, 1.0)
    return most if row == steps - 1 else (steps - most) / (steps - 1)


def _named(progress: Progress, tolerance: float) -> Progress:
    """Return `progress` with the balance in the name of each step."""
    return lambda step, done, total: progress(f"{step} within ±{100 * tolerance:g} %", done, total)


def _least(
    problem: Problem, known: list[dict[int, Change]], budget: Budget, seed: int, relocate: bool, afresh: bool,
    progress: Progress,
) -> tuple[Balanced, dict[int, Change]]:  # fmt: skip
    """Return the layer in balance with the least change, and the change of each area."""
    joined, areas = areas_of(problem)
    searched = sum(len(rows) for rows in areas if grids_in(problem, rows) > 1)
    done, changes = [], {}
    for number, rows in enumerate(areas):
        made = make_instance(problem, joined, rows, grids_in(problem, rows))
        name = problem.area_names[int(problem.area[rows[0]])]
        own = zlib.crc32(f"{seed}/{name}/{problem.graph.codes[rows[0]]}".encode())
        part = budget
        if budget.seconds is not None and made.grids > 1:
            part = replace(budget, seconds=max(budget.seconds * len(rows) / searched, 1e-3))
        change = least_change(
            made, budget=part, seed=1 + own, relocate=relocate, begins=[one[number] for one in known], afresh=afresh,
            progress=progress,
        )  # fmt: skip
        if change.outcome.stopped == "interrupt" and budget.stop is not None:
            budget.stop.set()
        changes[number] = change
        done.append(Solved(made, change.outcome, made.to_cells(change.outcome.part)))
    result = assembled(problem, joined, areas, done, replace(budget, workers=1))
    return result, changes


def _bounds(problem: Problem, moving: FloatArray, seconds: float, workers: int) -> tuple[float, float | None]:
    """Return both lower bounds of the layer: the areas' bounds added up."""
    joined, areas = areas_of(problem)
    shapes, touching = 0.0, 0.0
    for rows in areas:
        made = make_instance(problem, joined, rows, grids_in(problem, rows))
        if made.start is None or made.grids < 2:
            continue
        counted = np.bincount(made.node, weights=moving[rows], minlength=len(made.start))
        # In whole numbers of the scaled weight, so that people who move are people who weigh.
        unit = float(made.instance.net.weight[:, 0].sum()) / max(float(problem.measures[0].values[rows].sum()), 1e-300)
        scaled = np.rint(counted * unit)
        shapes += least_by_shapes_at_will(made.instance, made.start, scaled) / unit
        if seconds > 0:
            flows = quotient_of(made.instance, made.start, scaled.astype(np.int64))
            touching += least_by_touching(flows, seconds=seconds, workers=workers) / unit
    return shapes, touching if seconds > 0 else None


def _elsewhere(problem: Problem, result: Balanced, moving: FloatArray) -> tuple[int, ...]:
    """Return the numbers of the existing grids that keep less than a tenth of what they had."""
    numbers, start = np.unique(np.asarray(problem.start), return_inverse=True)
    had = np.bincount(start.ravel(), weights=moving, minlength=len(numbers))
    stayed = start.ravel() == result.membership
    kept = np.bincount(start.ravel()[stayed], weights=moving[stayed], minlength=len(numbers))
    return tuple(int(number) for number in numbers[(had > 0) & (kept < 0.1 * had)])


def _beats(one: Step, other: Step) -> bool:
    better = one.moved < other.moved or one.worst < other.worst
    return better and one.moved <= other.moved and one.worst <= other.worst


def _existing(problem: Problem, moving: FloatArray) -> Step:
    """Return the existing grids as a step, judged by the ranges that the problem has for them."""
    result, fits = measured_as_they_are(problem)
    step = _step(problem, result, moving, float("inf"))
    sound = fits and keeps_rules(problem, result.membership)
    return replace(step, valid=step.valid and sound, sound=sound)


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
