"""Islands, exclaves and far banks: cells that the rest of their area does not reach over borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from geogrid.errors import PlanError
from geogrid.partition.balance.graph import CellGraph, components
from geogrid.partition.balance.problem import Problem
from geogrid.types import BoolArray, Finding, IntArray

__all__ = ["Joined", "areas_of", "check_parts", "join_islands"]

_MEND = 'name `bridges` or `ferries` that join them, or ask for islands = "nearest"'


@dataclass(frozen=True, eq=False)
class Joined:
    """The graph with islands handled.

    Parameters
    ----------
    graph : CellGraph
        Only borders inside areas, plus links to islands.
    area : (n,) int64
        The area of each cell; a part that stands alone is an area of its own.
    origin : (areas,) int64
        The area each area was part of.
    cut_off : (areas,) tuple of str
        Of a part that stands alone what cuts it off, for messages; "" for the others.
    findings : tuple of Finding
    """

    graph: CellGraph
    area: IntArray
    origin: IntArray
    cut_off: tuple[str, ...]
    findings: tuple[Finding, ...]


def join_islands(
    graph: CellGraph, area: IntArray, names: tuple[str, ...], rule: Literal["nearest", "alone"] | None
) -> Joined:
    """Return the graph with each area connected, or its pieces made areas of their own.

    Parameters
    ----------
    graph : CellGraph
        Links for bridges and ferries are already in it.
    area : (n,) int64
    names : tuple of str
        Of the areas.
    rule : {"nearest", "alone"}, optional
        ``"nearest"``: the piece is linked to the nearest cell of its area's main piece (that with
        most cells; pieces already linked count as main). ``"alone"``: it gets grids of its own. Left out: a piece
        that only a barrier parts from its area stands alone, except cells of the barrier itself, and others are linked.
    """
    within = {name: pairs[area[pairs[:, 0]] == area[pairs[:, 1]]] for name, pairs in graph.barred.items()}
    graph = graph.where(area[graph.first] == area[graph.second])
    piece = components(len(graph), graph.first, graph.second)
    dry = np.ones(len(graph), bool) if graph.in_barrier is None else ~graph.in_barrier
    links: list[tuple[int, int]] = []
    origin, cut_off, result = np.arange(len(names)), [""] * len(names), area.copy()
    placed, findings, last = np.zeros(len(graph), bool), [], -1
    for number, parted in _in_turn(graph, area, piece, within, dry):
        mine = piece == number
        cells = np.flatnonzero(mine)
        home = int(area[cells[0]])
        if home == last:
            by = [
                f"barrier {name!r}" for name, pairs in within.items() if (mine[pairs[:, 0]] ^ mine[pairs[:, 1]]).any()
            ]
            lost = f"cut off by {' and '.join(by)}" if parted else "not connected to the rest"
            said = f"{len(cells)} cell(s) of {names[home]} are {lost}; "
            if rule == "alone" or (rule is None and parted and dry[mine].any()):
                result[mine] = len(origin)
                origin = np.append(origin, home)
                cut_off.append(lost)
                said += "they stand alone" + (f": {_MEND}" if parted and rule is None else "")
            else:
                one, other, away = _nearest(graph, cells, np.flatnonzero(placed & (area == home)))
                links.append((one, other))
                result[mine] = result[other]
                said += f"linked to cell {graph.codes[other]}, {away:,.0f} m away"
                if parted:
                    said += ' over it, for islands = "nearest"' if rule == "nearest" else ": they lie in it"
            codes = tuple(str(code) for code in graph.codes[cells[:10]])
            findings.append(Finding("connected_area", said, codes, amount=float(len(cells))))
        placed |= mine
        last = home
    joined = graph.linked(np.array(links, np.int64).reshape(-1, 2))
    return Joined(joined, result, origin, tuple(cut_off), tuple(findings))


def _in_turn(
    graph: CellGraph, area: IntArray, piece: IntArray, barred: Mapping[str, IntArray], dry: BoolArray
) -> list[tuple[int, bool]]:
    """Return the pieces in the order in which they find their place, and of each whether only a barrier parts it.

    Area by area, the main piece first; what would be one piece with it if nothing barred the way, then islands, each
    from the largest to the smallest. Pieces that lie in a barrier come last: they join what is dry.
    """
    ways = np.concatenate([np.column_stack([graph.first, graph.second]), *barred.values()])
    land = components(len(graph), ways[:, 0], ways[:, 1])
    size = np.bincount(piece)
    wet = np.ones(len(size), bool)
    wet[piece[dry]] = False
    area_of, land_of = (np.zeros(len(size), np.int64) for _ in range(2))
    area_of[piece], land_of[piece] = area, land
    rank = np.empty(len(size), np.int64)
    rank[np.lexsort((-size, wet))] = np.arange(len(size))
    foremost = np.full(len(size), len(size))
    np.minimum.at(foremost, land_of, rank)
    order = np.lexsort((rank, foremost[land_of], wet, area_of))
    return [(number, bool(foremost[land_of[number]] != rank[number])) for number in order.tolist()]


def _nearest(graph: CellGraph, cells: IntArray, others: IntArray) -> tuple[int, int, float]:
    """Return the two cells, one of each, that are nearest to each other, and how far apart."""
    tree = shapely.STRtree(np.asarray(shapely.points(graph.xy[others]), dtype=object))
    near, far = tree.query_nearest(np.asarray(shapely.points(graph.xy[cells]), dtype=object), all_matches=False)
    away = np.hypot(*(graph.xy[cells[near]] - graph.xy[others[far]]).T)
    best = int(np.lexsort((others[far], cells[near], away))[0])
    return int(cells[near[best]]), int(others[far[best]]), float(away[best])


def areas_of(problem: Problem) -> tuple[Joined, list[IntArray]]:
    """Return the graph with islands handled, and the cells of each of its areas.

    Raises
    ------
    PlanError
        See `check_parts`.
    """
    joined = join_islands(problem.graph, problem.area, problem.area_names, problem.islands)
    check_parts(joined, problem)
    areas = [np.flatnonzero(joined.area == row) for row in range(len(joined.origin))]
    return joined, [rows for rows in areas if len(rows)]


def check_parts(joined: Joined, problem: Problem) -> None:
    """Refuse demands that reach from one part of an area to another that nothing connects.

    Raises
    ------
    PlanError
        If existing grids, or cells that must stay together, lie in several parts; if there are more parts than
        grids asked for.
    """
    codes, part = problem.graph.codes, joined.area
    if len(np.unique(part)) == len(np.unique(problem.area)):
        return
    if problem.start is not None:
        rows = np.flatnonzero(problem.start >= 0)
        order = rows[np.argsort(problem.start[rows], kind="stable")]
        over = np.flatnonzero(
            (problem.start[order[1:]] == problem.start[order[:-1]]) & (part[order[1:]] != part[order[:-1]])
        )
        over = over[np.unique(problem.start[order[over]], return_index=True)[1]]
        if len(over):
            pairs = [" and ".join(str(codes[row]) for row in pair) for pair in order[over[:5, None] + np.arange(2)]]
            raise PlanError(
                "existing grids reach over parts of their area that do not connect",
                given="; ".join(pairs) + (" …" if len(over) > 5 else ""), allowed="grids whose cells lie in one part",
                mend=_MEND,
            )  # fmt: skip
    for members in problem.together:
        if len(np.unique(part[list(members)])) > 1:
            raise PlanError(
                "cells that must stay together lie in parts of their area that do not connect",
                given=", ".join(str(codes[row]) for row in members[:10]), mend=_MEND,
            )  # fmt: skip
    parts = [f"{codes[np.flatnonzero(part == row)[0]]} is {said}" for row, said in enumerate(joined.cut_off) if said]
    if problem.count is not None and problem.stations is None and problem.count < len(np.unique(part)):
        raise PlanError(
            "fewer grids than parts that do not connect, and each needs a grid of its own",
            given=f"{problem.count} grids, {len(np.unique(part))} parts: {'; '.join(parts[:10])}",
            mend=f"raise count, or {_MEND}",
        )  # fmt: skip
