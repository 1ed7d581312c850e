"""Islands and exclaves: cells that the rest of their area does not reach over borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely

from geogrid.partition.balance.graph import CellGraph, components
from geogrid.types import Finding, IntArray

__all__ = ["Joined", "join_islands"]


@dataclass(frozen=True, eq=False)
class Joined:
    """The graph with islands handled.

    Parameters
    ----------
    graph : CellGraph
        Only borders inside areas, plus links to islands.
    area : (n,) int64
        The area of each cell; an island that stands alone has an area of its own.
    origin : (areas,) int64
        The area each area was part of.
    findings : tuple of Finding
    """

    graph: CellGraph
    area: IntArray
    origin: IntArray
    findings: tuple[Finding, ...]


def join_islands(graph: CellGraph, area: IntArray, names: tuple[str, ...], rule: Literal["nearest", "alone"]) -> Joined:
    """Return the graph with each area connected, or its pieces made areas of their own.

    Parameters
    ----------
    graph : CellGraph
        Links for bridges and ferries are already in it.
    area : (n,) int64
    names : tuple of str
        Of the areas.
    rule : {"nearest", "alone"}
        ``"nearest"``: the piece is linked to the nearest cell of its area's main piece (that with
        most cells; pieces already linked count as main). ``"alone"``: it gets grids of its own.
    """
    graph = graph.where(area[graph.first] == area[graph.second])
    piece = components(len(graph), graph.first, graph.second)
    size = np.bincount(piece)
    of_piece = np.zeros(len(size), np.int64)
    of_piece[piece] = area
    order = np.lexsort((np.arange(len(size)), -size, of_piece))
    main = np.zeros(len(size), bool)
    main[order[np.concatenate([[True], np.diff(of_piece[order]) != 0])]] = True
    findings = []
    links: list[tuple[int, int]] = []
    origin = np.arange(len(names))
    result = area.copy()
    for island in order[~main[order]].tolist():
        cells = np.flatnonzero(piece == island)
        home = int(of_piece[island])
        codes = tuple(str(code) for code in graph.codes[cells[:10]])
        if rule == "alone":
            result[cells] = len(origin)
            origin = np.append(origin, home)
            said = f"{len(cells)} cell(s) of {names[home]} are not connected to the rest; they stand alone"
        else:
            land = np.flatnonzero(main[piece] & (area == home))
            tree = shapely.STRtree(np.asarray(shapely.points(graph.xy[land]), dtype=object))
            near, far = tree.query_nearest(np.asarray(shapely.points(graph.xy[cells]), dtype=object), all_matches=False)
            away = np.hypot(*(graph.xy[cells[near]] - graph.xy[land[far]]).T)
            best = int(np.lexsort((land[far], cells[near], away))[0])
            links.append((int(cells[near[best]]), int(land[far[best]])))
            main[island] = True
            said = (
                f"{len(cells)} cell(s) of {names[home]} are not connected to the rest; linked to cell "
                f"{graph.codes[land[far[best]]]}, {away[best]:,.0f} m away"
            )
        findings.append(Finding("connected_area", said, codes, amount=float(len(cells))))
    return Joined(graph.linked(np.array(links, np.int64).reshape(-1, 2)), result, origin, tuple(findings))
