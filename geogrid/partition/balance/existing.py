"""Existing grids: measured as they are, as if a search had ended with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.balance.annealing import price
from geogrid.partition.balance.assembling import Balanced, Solved, assembled
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.engine import Outcome
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.instances import AreaInstance, make_instance, station_seats
from geogrid.partition.balance.islands import areas_of
from geogrid.partition.balance.problem import Problem
from geogrid.types import Int32Array, IntArray

__all__ = ["as_they_are", "grids_in", "keeps_rules", "measured_as_they_are"]


def grids_in(problem: Problem, rows: IntArray) -> int:
    """Return how many existing grids some cells are in."""
    return len(np.unique(np.asarray(problem.start)[rows]))


def as_they_are(problem: Problem) -> Balanced:
    """Return the existing grids, measured against the ranges that the problem has for them.

    Raises
    ------
    PlanError
        If there are none, a cell is in none of them, or they do not have a station each where there are stations.
    """
    return measured_as_they_are(problem)[0]


def measured_as_they_are(problem: Problem) -> tuple[Balanced, bool]:
    """Return the existing grids as they are, and whether they are within the ranges of all weights but the primary one."""
    start = problem.start
    if start is None or (start < 0).any():
        lost = "" if start is None else ", ".join(str(code) for code in problem.graph.codes[start < 0][:10])
        raise PlanError("cells that are in no existing grid", given=lost, mend="give each cell a grid first")
    _require_own_stations(problem, start)
    joined, areas = areas_of(problem)
    done = [_as_it_is(make_instance(problem, joined, rows, grids_in(problem, rows)), start[rows]) for rows in areas]
    fits = not any(one.outcome.outside[1:].any() for one in done)
    return replace(assembled(problem, joined, areas, done, Budget()), stopped="standing"), fits


def _require_own_stations(problem: Problem, start: Int32Array) -> None:
    """Refuse stations that do not stand one in each existing grid, in the order of the grids."""
    if problem.stations is None:
        return
    home = start[station_seats(problem.graph.xy, problem.stations, problem.station_cells)]
    if np.array_equal(home, np.unique(start)):
        return
    held = np.bincount(home, minlength=int(start.max()) + 1)
    cells = [f"the grid of cell {problem.graph.codes[np.flatnonzero(start == grid)[0]]}" for grid in np.unique(start)]
    wrong = [
        f"{words} has {held[grid]}" for grid, words in zip(np.unique(start), cells, strict=True) if held[grid] != 1
    ]
    raise PlanError(
        "existing grids that do not have one station each", given="; ".join(wrong[:10]) or f"{len(home)} stations",
        mend="mend the file of stations, or name a plan without it",
    )  # fmt: skip


def keeps_rules(problem: Problem, membership: Int32Array) -> bool:
    """Whether grids are in one piece each, and cells together and apart as they must be."""
    graph = areas_of(problem)[0].graph
    same = membership[graph.first] == membership[graph.second]
    pieces = int(components(len(graph), graph.first[same], graph.second[same]).max()) + 1
    return (
        pieces == len(np.unique(membership))
        and all(len({int(membership[row]) for row in members}) == 1 for members in problem.together)
        and all(membership[a] != membership[b] for a, b in problem.apart)
    )


def _as_it_is(made: AreaInstance, start: Int32Array) -> Solved:
    """Return an area's existing grids as if a search had ended with them."""
    own = np.searchsorted(np.unique(start), start).astype(np.int32)
    part = np.empty(int(made.node.max()) + 1, np.int32)
    part[made.node] = own
    cost, outside = price(made.instance.net, made.instance.limits, made.instance.wishes, part)
    return Solved(made, Outcome(part, outside, float(cost), 0.0, "effort"), own)
