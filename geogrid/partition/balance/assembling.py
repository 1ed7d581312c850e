"""The layer that areas make together: grids numbered through, what each holds, and what could not be met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.annealing import loads_of
from geogrid.partition.balance.area_reasons import as_short_as_can_be, cannot_be_met, not_apart, part_name
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.engine import Outcome
from geogrid.partition.balance.exact import Exact
from geogrid.partition.balance.instances import AreaInstance
from geogrid.partition.balance.islands import Joined
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.unmet import has_no_cut, heavier_than_elsewhere
from geogrid.partition.balance.verdict import Verdict
from geogrid.types import BoolArray, Finding, FloatArray, Int32Array, IntArray

__all__ = ["Balanced", "Solved", "assembled"]


@dataclass(frozen=True, eq=False)
class Balanced:
    """Grids in balance, and how they were found.

    Parameters
    ----------
    membership : (n,) int32
        The grid of each cell, 0 to g - 1. Existing grids keep their number.
    area : (g,) int64
        The area each grid lies in.
    low, high : (g, m) float64
        The range of each measure that was asked for.
    load : (g, m) float64
        What each grid weighs.
    border_m, cost_m : float
        Border between grids, plain and weighted.
    in_range : (g,) bool
        Whether a grid is within the ranges asked for (a cell heavier than a grid counts as one full grid).
    valid : bool
        Every grid is, and every cell within `reach_m` of the station of its grid.
    seconds : float
        Spent, as the budget counts.
    stopped : str
        ``"effort"``, ``"time"`` or ``"interrupt"``; ``"standing"`` for grids that nothing was searched for.
    findings : tuple of Finding
        What could not be met, and why.
    joined : Joined
        The borders that grids were made over, and the part of its area that each cell lies in.
    hopeless : (g, m) bool
        Measures that no cut of the grid's area brings into range in all grids. Where its weight alone tells so, even
        grids were aimed at.
    """

    membership: Int32Array
    area: IntArray
    low: FloatArray
    high: FloatArray
    load: FloatArray
    border_m: float
    cost_m: float
    in_range: BoolArray
    valid: bool
    seconds: float
    stopped: str
    findings: tuple[Finding, ...]
    joined: Joined
    hopeless: BoolArray


@dataclass(frozen=True, eq=False)
class Solved:
    """One area: its instance, what the search ended with, the grid of each of its cells, and what is known of it."""

    instance: AreaInstance
    outcome: Outcome
    part: Int32Array
    verdict: Verdict | None = None
    exact: Exact | None = None

    @property
    def valid(self) -> bool:
        """Whether every grid is in the range asked for."""
        return not self.instance.unmet and not bool(self.outcome.outside.any())


def assembled(problem: Problem, joined: Joined, areas: list[IntArray], done: list[Solved], budget: Budget) -> Balanced:
    """Return the areas' grids as one layer, numbered through."""
    membership = np.full(len(problem.graph), -1, np.int32)
    numbers: list[IntArray] = []
    used = 0
    for rows, solved in zip(areas, done, strict=True):
        own = solved.instance.numbers
        numbers.append(np.arange(used, used + solved.instance.grids) if own is None else own)
        used += solved.instance.grids
        membership[rows] = numbers[-1][solved.part]
    order = np.concatenate(numbers)
    # Existing grids keep their numbers as long as these are without gaps.
    rank = np.unique(order, return_inverse=True)[1].ravel()
    inverse = np.argsort(rank, kind="stable")
    membership = np.searchsorted(np.sort(order), membership).astype(np.int32)
    low = np.concatenate([solved.instance.low for solved in done])[inverse]
    high = np.concatenate([solved.instance.high for solved in done])[inverse]
    area = np.concatenate(
        [np.full(s.instance.grids, int(problem.area[rows[0]])) for rows, s in zip(areas, done, strict=True)]
    )[inverse]
    load: FloatArray = np.column_stack(
        [np.bincount(membership, weights=m.values, minlength=len(order)) for m in problem.measures]
    )
    border, cost = problem.graph.border_m(membership)
    findings = [*joined.findings]
    for solved in done:
        findings += solved.instance.findings
    findings += heavier_than_elsewhere(problem, len(order), findings)
    hopeless = np.zeros(load.shape, bool)
    for rows, solved in zip(areas, done, strict=True):
        name, grids, verdict = part_name(problem, joined, int(rows[0])), np.unique(membership[rows]), solved.verdict
        if verdict is not None:
            findings.append(cannot_be_met(problem, name, rows, solved.instance, solved.part, verdict))
            hopeless[grids, slice(None) if verdict.measure is None else verdict.measure] = True
        for j in solved.instance.unmet:
            hopeless[grids, j] = True
            if verdict is None or verdict.measure != j:
                asked = float(solved.instance.low[0, j]), float(solved.instance.high[0, j])
                findings.append(has_no_cut(problem, name, rows, j, asked, load[grids, j]))
        if solved.exact is not None:
            findings.append(as_short_as_can_be(problem, name, rows, solved.exact))
    findings += not_apart(problem, joined, membership)
    seconds = [solved.outcome.seconds for solved in done]
    stops = {solved.outcome.stopped for solved in done}
    stopped = next((stop for stop in ("interrupt", "time") if stop in stops), "effort")
    spent = seconds[0] if len(done) == 1 else sum(seconds) / budget.workers
    in_range = np.concatenate([_in_range(problem, rows, one) for rows, one in zip(areas, done, strict=True)])[inverse]
    valid = bool(in_range.all()) and not problem.beyond_reach(membership).any()
    return Balanced(
        membership,
        area,
        low,
        high,
        load,
        border,
        cost,
        in_range,
        valid,
        spent,
        stopped,
        tuple(findings),
        joined,
        hopeless,
    )


def _in_range(problem: Problem, rows: IntArray, solved: Solved) -> BoolArray:
    """Return (grids,) whether a grid is within its ranges, as the search counts; where that aimed elsewhere, as they were asked for."""
    made, limits = solved.instance, solved.instance.instance.limits
    load = loads_of(made.instance.net.weight, solved.outcome.part, made.grids)
    out = (load < limits.low) | (load > limits.high)
    for j in made.unmet:
        weight = np.bincount(solved.part, weights=problem.measures[j].values[rows], minlength=made.grids)
        out[:, j] = (weight < made.low[:, j]) | (weight > made.high[:, j])
    return np.asarray(~out.any(axis=1), np.bool_)
