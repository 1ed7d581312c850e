"""Ways from cells to stations: straight, or along streets given as lines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import InputError
from geogrid.types import FloatArray, IntArray, Progress, no_progress

__all__ = ["Streets", "along_streets", "straight"]

_AT_ONCE = 32


def straight(cells: FloatArray, candidates: FloatArray) -> FloatArray:
    """Return (n, c) metres straight from each cell to each candidate (both (·, 2) metres)."""
    way: FloatArray = np.subtract.outer(cells[:, 0], candidates[:, 0])
    return np.hypot(way, np.subtract.outer(cells[:, 1], candidates[:, 1]), out=way)


class Streets:
    """Street lines as a graph, to measure ways along them again and again.

    Parameters
    ----------
    lines : (s,) shapely lines, metres, joined where they share a vertex

    Raises
    ------
    InputError
        If there are no lines.
    """

    def __init__(self, lines: npt.NDArray[np.object_]) -> None:
        from scipy.sparse import coo_array  # type: ignore[import-untyped]

        parts = shapely.get_parts(np.asarray(lines, dtype=object))
        xy, line = shapely.get_coordinates(shapely.segmentize(parts, 20.0) if len(parts) else parts, return_index=True)
        if len(xy) == 0:
            raise InputError("no streets to go along")
        vertex, number = np.unique(np.round(xy, 2), axis=0, return_inverse=True)
        number = number.ravel()
        step = np.flatnonzero(line[1:] == line[:-1])
        a, b = number[step], number[step + 1]
        length = np.hypot(*(vertex[a] - vertex[b]).T)
        moving = a != b
        pair, first = np.unique(
            np.minimum(a, b)[moving] * np.int64(len(vertex)) + np.maximum(a, b)[moving], return_index=True
        )
        self._vertex = vertex
        self._graph = coo_array(
            (length[moving][first], (pair // len(vertex), pair % len(vertex))), shape=(len(vertex), len(vertex))
        ).tocsr()  # fmt: skip
        self._tree = shapely.STRtree(np.asarray(shapely.points(vertex), dtype=object))

    def ways(
        self, cells: FloatArray, candidates: FloatArray, *, limit_m: float = np.inf, progress: Progress = no_progress
    ) -> FloatArray:
        """Return (n, c) metres along the streets; inf where none leads, or where the way is longer than `limit_m`.

        Parameters
        ----------
        cells, candidates : (·, 2) float64, metres
            Each is put on the nearest point of a street (to within 10 m), and the way there counts too.
        limit_m : float
            Longer ways need not be known, which takes less time.
        """
        from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped]

        at_cell, to_cell = self._onto(cells)
        at_site, to_site = self._onto(candidates)
        used, back = np.unique(at_site, return_inverse=True)
        way = np.empty((len(used), len(at_cell)))
        for begin in range(0, len(used), _AT_ONCE):
            # Ways to every vertex of the town are more than memory holds for a thousand candidates; to the cells they are not.
            few = used[begin : begin + _AT_ONCE]
            way[begin : begin + len(few)] = dijkstra(self._graph, directed=False, indices=few, limit=limit_m)[
                :, at_cell
            ]
            progress("ways along streets", begin + len(few), len(used))
        result: FloatArray = np.ascontiguousarray(way[back.ravel()].T)
        result += to_cell[:, None]
        result += to_site[None, :]
        return result

    def _onto(self, places: FloatArray) -> tuple[IntArray, FloatArray]:
        near = self._tree.query_nearest(np.asarray(shapely.points(places), dtype=object), all_matches=False)[1]
        return near, np.asarray(np.hypot(*(places - self._vertex[near]).T), np.float64)


def along_streets(cells: FloatArray, candidates: FloatArray, streets: npt.NDArray[np.object_]) -> FloatArray:
    """Return (n, c) metres along streets; inf where no street leads.

    Parameters
    ----------
    cells, candidates : (·, 2) float64, metres
    streets : (s,) shapely lines, same CRS, joined where they share a vertex
        Each place is put on the nearest point of a street (to within 10 m), and the way there counts too.
    """
    return Streets(streets).ways(cells, candidates)
