"""One area as the search takes it: whole numbers, ranges, locks, stations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.errors import PlanError
from geogrid.partition.balance.amounts import spelled
from geogrid.partition.balance.coarsening import contract
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.islands import Joined
from geogrid.partition.balance.network import Limits, Network, Wishes, build_network
from geogrid.partition.balance.problem import Measure, Problem
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.scaling import Scaled, aims_of, kept_alone
from geogrid.partition.balance.starts import grown, seeded, whole
from geogrid.partition.balance.unmet import heavier_than_a_grid
from geogrid.types import BoolArray, Finding, FloatArray, Int32Array, IntArray

__all__ = ["AreaInstance", "make_instance", "station_seats", "stations_in"]

_BEND = 20.0
"""While existing grids are kept, an overload of 5 % costs twice its plain price."""

_APART_BORDERS = 1e5
"""What a pair that must be apart costs in one grid, in mean borders: more than any border."""


@dataclass(frozen=True, eq=False)
class AreaInstance:
    """The search problem of one area, and the way back.

    Parameters
    ----------
    instance : Instance
    grids : int
    node : (cells,) int64
        The node of each of the area's cells (cells that stay together are one node).
    numbers : (grids,) int64 or None
        The number of each grid in the existing division.
    start : (nodes,) int32 or None
    low, high : (grids, m) float64
        The ranges asked for, in the units of the measures.
    unmet : tuple of int
        The measures whose range no cut can meet, by the weight of the area alone: the search aims at even grids.
    findings : tuple of Finding
    """

    instance: Instance
    grids: int
    node: IntArray
    numbers: IntArray | None
    start: Int32Array | None
    low: FloatArray
    high: FloatArray
    unmet: tuple[int, ...]
    findings: tuple[Finding, ...]

    def to_cells(self, part: Int32Array) -> Int32Array:
        """Return the grid of each of the area's cells."""
        return part[self.node]


def make_instance(problem: Problem, joined: Joined, rows: IntArray, grids: int) -> AreaInstance:
    """Return the search problem of the area with cells `rows`.

    Raises
    ------
    PlanError
        If cells that must stay together are not connected, or there are more grids than free cells.
    """
    graph = joined.graph
    local = np.full(len(graph), -1, np.int64)
    local[rows] = np.arange(len(rows))
    inside = (local[graph.first] >= 0) & (local[graph.second] >= 0)
    mine, seeds = _station_seeds(problem, graph.xy, rows, grids)
    capacity = None if problem.capacity is None or mine is None else problem.capacity[mine]
    measures = [*problem.measures]
    if capacity is not None:
        measures[0] = _holding(problem, measures[0], capacity, rows)
    aims = [
        aims_of(measure, measure.values[rows], grids, None if j else problem.target)
        for j, measure in enumerate(measures)
    ]
    asked, scaled = [pair[0] for pair in aims], [pair[1] for pair in aims]
    primary = problem.measures[0].values[rows]
    mean = float(primary[primary > 0].mean()) if (primary > 0).any() else 1.0
    middle = graph.xy[rows].mean(axis=0)
    numbers, home = _existing(problem, rows, grids)
    moving = primary if problem.moving is None else problem.moving[rows]
    unit = float(moving[moving > 0].mean()) if (moving > 0).any() else 1.0
    stay = np.rint(problem.keep * 1000 * moving / unit).astype(np.int64)
    locked = _locked(problem, rows, seeds)
    apart = [(local[a], local[b]) for a, b in problem.apart if local[a] >= 0 and local[b] >= 0]
    cost = np.rint(graph.cost_m[inside] * 1000).astype(np.int64)
    net = build_network(
        local[graph.first[inside]], local[graph.second[inside]], cost,
        np.column_stack([s.values for s in scaled]),
        fixed=locked, home=home if problem.keep > 0 else None, stay=stay if problem.keep > 0 else None,
        place=np.column_stack([graph.area_m2[rows], graph.xy[rows] - middle, primary / mean]),
        apart=np.array(apart, np.int64) if apart else None,
    )  # fmt: skip
    group = _together(problem, net, rows, local)
    nodes = int(group.max()) + 1
    if problem.start is None:
        # Existing grids of heavy cells may hold what they have, within the tolerance.
        net = kept_alone(net, scaled, np.bincount(group)[group] == 1)
    if nodes < grids:
        raise PlanError(
            "more grids than cells", given=f"{grids} grids in {problem.area_names[int(problem.area[rows[0]])]}",
            allowed=f"1 to {nodes}", mend="cells that must stay together count as one",
        )  # fmt: skip
    first = home
    if problem.begin is not None and numbers is not None:
        first = np.searchsorted(numbers, problem.begin[rows]).astype(np.int32)
    start = _start(net, first, seeds, locked, grids)
    if nodes < len(rows):
        net = contract(net, group.astype(np.int32), nodes)
        if start is not None:
            merged = np.full(nodes, -1, np.int32)
            merged[group] = start
            merged[group[locked]] = start[locked]
            start = grown(net, whole(net, merged))
            start = _refilled(net, start, grids)
    anchor = np.full((grids, 2), np.nan)
    if problem.stations is not None and seeds is not None:
        anchor[:] = problem.stations[mine] - middle
    closed = np.zeros(grids, np.uint8)
    if problem.locked_grids and numbers is not None:
        closed[np.isin(numbers, problem.locked_grids)] = 1
    mean_border = float(cost.mean()) if len(cost) else 1.0
    low, high = (np.tile([side(s) for s in scaled], (grids, 1)).astype(np.int64) for side in (_low, _high))
    least, most = (np.tile([s.aim[end] for s in asked], (grids, 1)).astype(np.float64) for end in (0, 1))
    if capacity is not None:
        high[:, 0], most[:, 0] = np.floor(capacity * scaled[0].scale + 1e-6), capacity
    limits = Limits(low, high, closed, anchor)
    wishes = Wishes(
        problem.roundness_m * 1000,
        problem.pull_m * 1000,
        problem.reach_m,
        _APART_BORDERS * max(mean_border, 1.0),
        _BEND if problem.keep > 0 else 0.0,
    )
    return AreaInstance(
        Instance(net, limits, wishes), grids, group, numbers if problem.start is not None else mine, start, least, most,
        tuple(j for j, (one, other) in enumerate(aims) if one is not other),
        tuple(heavier_than_a_grid(problem, j, int(rows[cell]), s.aim[1]) for j, s in enumerate(asked) for cell in s.heavy.tolist()),
    )  # fmt: skip


def _low(scaled: Scaled) -> int:
    return scaled.low


def _high(scaled: Scaled) -> int:
    return scaled.high


def _holding(problem: Problem, measure: Measure, capacity: FloatArray, rows: IntArray) -> Measure:
    """Return the primary measure with the stations' capacities as its range, from nothing up."""
    weight = float(measure.values[rows].sum())
    if weight > float(capacity.sum()):
        raise PlanError(
            f"the stations of {problem.area_names[int(problem.area[rows[0]])]} hold less than its cells weigh",
            given=f"{spelled(float(capacity.sum()))} in all, {measure.name} {spelled(weight)}",
            mend=f"add a station, or room for {spelled(weight - float(capacity.sum()))} more",
        )  # fmt: skip
    return Measure(measure.name, measure.values, None, 0.0, float(capacity.max()))


def _existing(problem: Problem, rows: IntArray, grids: int) -> tuple[IntArray | None, Int32Array | None]:
    """Return the numbers of the existing grids, and each cell's grid as 0 to grids - 1 (-1: none)."""
    if problem.start is None:
        return None, None
    here = problem.start[rows]
    numbers = np.unique(here[here >= 0]).astype(np.int64)
    if len(numbers) != grids:
        name = problem.area_names[int(problem.area[rows[0]])]
        raise PlanError(
            "the existing grids and the number asked for differ", given=f"{len(numbers)} in {name}, {grids} asked for",
            mend="leave count out to keep the existing number, or cut anew without a start",
        )  # fmt: skip
    return numbers, np.where(here >= 0, np.searchsorted(numbers, here), -1).astype(np.int32)


def station_seats(xy: FloatArray, stations: FloatArray, cells: IntArray | None = None) -> IntArray:
    """Return (k,) the cell of each station: the one it stands in, or else the one whose middle is the nearest."""
    tree = shapely.STRtree(np.asarray(shapely.points(xy), dtype=object))
    nearest: IntArray = tree.query_nearest(np.asarray(shapely.points(stations), dtype=object), all_matches=False)[1]
    return nearest if cells is None else np.where(cells >= 0, cells, nearest)


def stations_in(problem: Problem, xy: FloatArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the stations that stand in the cells `rows`, and the cell (position in `rows`) of each."""
    stations = problem.stations if problem.stations is not None else np.empty((0, 2))
    cell = station_seats(xy, stations, problem.station_cells)
    place = np.full(len(xy), -1, np.int64)
    place[rows] = np.arange(len(rows))
    mine = np.flatnonzero(place[cell] >= 0)
    return mine, place[cell[mine]]


def _station_seeds(
    problem: Problem, xy: FloatArray, rows: IntArray, grids: int
) -> tuple[IntArray, IntArray] | tuple[None, None]:
    """Return the area's stations and their cells."""
    if problem.stations is None:
        return None, None
    mine, seeds = stations_in(problem, xy, rows)
    if len(mine) != grids:
        name = problem.area_names[int(problem.area[rows[0]])]
        raise PlanError("stations and grids differ in number", given=f"{len(mine)} stations in {name}, {grids} grids")
    if len(np.unique(seeds)) < len(seeds):
        twice = np.flatnonzero(np.bincount(seeds) > 1)
        said = [
            f"{' and '.join(problem.station_label(int(row)) for row in mine[seeds == cell])} in {problem.graph.codes[rows[cell]]}"
            for cell in twice.tolist()
        ]
        raise PlanError(
            "two stations stand in the same cell", given="; ".join(said),
            mend="count them as one station, or cut smaller cells",
        )  # fmt: skip
    return mine, seeds


def _locked(problem: Problem, rows: IntArray, seeds: IntArray | None) -> BoolArray:
    locked = np.zeros(len(rows), bool) if problem.locked_cells is None else problem.locked_cells[rows].copy()
    if problem.locked_grids and problem.start is not None:
        locked |= np.isin(problem.start[rows], problem.locked_grids)
    if seeds is not None:
        locked[seeds] = True
    return locked


def _together(problem: Problem, net: Network, rows: IntArray, local: IntArray) -> IntArray:
    """Return the node of each cell: one node for cells that must stay together."""
    mine = [[int(local[m]) for m in members] for members in problem.together if local[members[0]] >= 0]
    if not mine:
        return np.arange(len(rows))
    pairs = np.array([(members[0], other) for members in mine for other in members[1:]], np.int64).reshape(-1, 2)
    group = components(len(rows), pairs[:, 0], pairs[:, 1])
    same = (group[net.src] == group[net.nbr]) & (net.src < net.nbr)
    piece = components(len(rows), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    if int(piece.max()) > int(group.max()):
        lost = next(g for g in range(int(group.max()) + 1) if len(np.unique(piece[group == g])) > 1)
        codes = problem.graph.codes[rows[group == lost]]
        raise PlanError(
            "cells that must stay together do not touch", given=", ".join(map(str, codes[:10])),
            mend="name the cells between them too, or link them by a bridge",
        )  # fmt: skip
    return group


def _start(
    net: Network, home: Int32Array | None, seeds: IntArray | None, locked: BoolArray, grids: int
) -> Int32Array | None:
    # Existing grids begin as they are if each has its station.
    if seeds is not None and (home is None or not np.array_equal(home[seeds], np.arange(grids))):
        return seeded(net, seeds, grids)
    if home is None:
        return None
    return _refilled(net, grown(net, whole(net, home, locked)), grids)


def _refilled(net: Network, part: Int32Array, grids: int) -> Int32Array:
    """Return the grids with every number used (a grid lost in making others whole gets a cell again)."""
    result = part.copy()
    for grid in np.setdiff1d(np.arange(grids), result).tolist():
        sizes = np.bincount(result, minlength=grids)
        donor = int(np.argmax(sizes))
        cells = np.flatnonzero(result == donor)
        for cell in cells.tolist():
            rest = result.copy()
            rest[cell] = grid
            same = (rest[net.src] == donor) & (rest[net.nbr] == donor) & (net.src < net.nbr)
            keep = np.flatnonzero(rest == donor)
            place = np.full(len(rest), -1, np.int64)
            place[keep] = np.arange(len(keep))
            piece = components(len(keep), place[net.src[same]], place[net.nbr[same]])
            if int(piece.max()) == 0:
                result = rest
                break
    return result
