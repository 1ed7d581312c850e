"""Obstacles: what the plan itself forbids of the exchanges that could bring a grid into its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.assembling import Balanced
from geogrid.partition.balance.instances import stations_in
from geogrid.partition.balance.problem import Problem
from geogrid.types import BoolArray, IntArray

__all__ = ["Obstacles"]


@dataclass(frozen=True, eq=False)
class Obstacles:
    """The moves of one cell into the grid of a neighbour, and what the plan forbids of them.

    Parameters
    ----------
    cell : (m,) int64
    source, target : (m,) int64
        The grid that gives the cell, and the one that takes it.
    forbidden : mapping of str to (m,) bool
        By what: locks, cells of stations, `reach_m`, `apart`, `together`.
    walls : mapping of str to (g,) bool
        Grids that a barrier, by its name, parts from another grid of their area.
    locked : (g,) bool
        Grids that neither gain nor lose a cell.
    """

    cell: IntArray
    source: IntArray
    target: IntArray
    forbidden: dict[str, BoolArray]
    walls: dict[str, BoolArray]
    locked: BoolArray

    @classmethod
    def of(cls, problem: Problem, done: Balanced) -> Obstacles:
        """Return the obstacles in a division."""
        graph, member = done.joined.graph, done.membership.astype(np.int64)
        ends, other = np.concatenate([graph.first, graph.second]), np.concatenate([graph.second, graph.first])
        keep = member[ends] != member[other]
        moves = np.unique(np.column_stack([ends, member[other]])[keep], axis=0).reshape(-1, 2)
        cell, target = moves.T
        locked, cells_locked = _locked(problem, member, len(done.area))
        forbidden = {"locks": locked[member[cell]] | locked[target] | cells_locked[cell]}
        if problem.stations is not None:
            away = np.hypot(*(problem.graph.xy[cell] - problem.stations[target]).T)
            seats = stations_in(problem, problem.graph.xy, np.arange(len(member)))[1]
            forbidden["cells of stations"] = np.isin(cell, seats)
            forbidden[f"reach_m = {problem.reach_m:g}"] = away > problem.reach_m
        forbidden["`apart`"] = _joins_apart(problem, member, cell, target)
        forbidden["`together`"] = _too_much_together(problem, done, cell, target)
        walls = {}
        for name, pairs in problem.graph.barred.items():
            one, two = member[pairs].T
            parted = problem.area[pairs[:, 0]] == problem.area[pairs[:, 1]]
            walls[name] = np.zeros(len(done.area), bool)
            walls[name][np.concatenate([one, two])[np.tile((one != two) & parted, 2)]] = True
        return cls(cell, member[cell], target, forbidden, walls, locked)

    def against(self, grid: int, *, gains: bool) -> tuple[bool, str]:
        """Return whether a grid can gain (or lose) no cell at all, and what forbids it, or some of it; "" for nothing."""
        if self.locked[grid]:
            return True, "it is locked"
        mine = (self.target if gains else self.source) == grid
        walls = [f"barrier {name!r}" for name, parts in self.walls.items() if parts[grid]]
        if not mine.any():
            return True, "it touches no other grid" + (f" but over {' and '.join(walls)}" if walls else "")
        barring = {by: forbids[mine] for by, forbids in self.forbidden.items() if forbids[mine].any()}
        named = [*barring, *walls]
        if not named:
            return False, ""
        free = int(mine.sum()) - int(np.any([np.zeros(int(mine.sum()), bool), *barring.values()], axis=0).sum())
        many = "" if len(named) > 1 or named[0] in ("locks", "cells of stations") else "s"
        what = ("gain" if gains else "lose") + (" any cell" if free == 0 else " some")
        return free == 0, f"{' and '.join(named)} forbid{many} it to {what}"


def _locked(problem: Problem, member: IntArray, grids: int) -> tuple[BoolArray, BoolArray]:
    """Return which grids are locked as a whole, and which cells."""
    cells = np.zeros(len(member), bool) if problem.locked_cells is None else problem.locked_cells.copy()
    closed = np.zeros(grids, bool)
    if problem.start is not None and problem.locked_grids:
        held = np.isin(problem.start, problem.locked_grids)
        closed[member[held]] = True
        cells |= held
    for members in problem.together:
        cells[list(members)] |= cells[list(members)].any()
    return closed, cells


def _joins_apart(problem: Problem, member: IntArray, cell: IntArray, target: IntArray) -> BoolArray:
    """Return which moves bring a cell into the grid of one that it must be apart from."""
    found = np.zeros(len(cell), bool)
    for a, b in problem.apart:
        for one, other in ((a, b), (b, a)):
            found |= (cell == one) & (target == member[other])
    return found


def _too_much_together(problem: Problem, done: Balanced, cell: IntArray, target: IntArray) -> BoolArray:
    """Return which moves take cells along that would leave the one grid too little or make the other too much."""
    found = np.zeros(len(cell), bool)
    for members in problem.together:
        weight = np.array([measure.values[list(members)].sum() for measure in problem.measures])
        source = int(done.membership[members[0]])
        short = (done.load[source] - weight < done.low[source] - 1e-9).any()
        crowded = (done.load[target] + weight > done.high[target] * (1 + 1e-9)).any(axis=1)
        found |= np.isin(cell, members) & (short | crowded)
    return found
