"""Noding: borders on the lattice get a vertex wherever they cross, and nowhere else.

Snap rounding (Hobby 1999): an edge that passes through the pixel of a vertex, or of a crossing
rounded to the lattice, goes through it. Edges then meet only at vertices, and none has moved by
more than half a lattice step along either axis.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from geogrid.lattice import side_of_edge
from geogrid.partition.borders import Borders, Insertion, distinct
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["noded", "passes_pixel"]

_CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])


def noded(borders: Borders, chosen: BoolArray, extra: FloatArray | None = None) -> Borders:
    """Return the borders with `chosen` edges noded among each other.

    Parameters
    ----------
    borders : Borders
        Vertices in whole lattice steps.
    chosen : (e,) bool
        Which directed edges take part, in the order of ``borders.edges()``.
    extra : (k, 2) float64, optional
        Further vertices, put into the edges that pass through their pixels.
    """
    start, end, _ = borders.edges()
    size = np.int64(len(borders.vertices))
    low, high = np.minimum(start, end)[chosen], np.maximum(start, end)[chosen]
    low, high = np.divmod(distinct(low * size + high), size)
    if len(low) == 0:
        return borders
    origin = borders.vertices[distinct(np.concatenate([low, high]))].min(axis=0)
    a, b = borders.vertices[low] - origin, borders.vertices[high] - origin
    lines = np.asarray(shapely.linestrings(np.stack([a, b], axis=1)), dtype=object)
    tree = shapely.STRtree(lines)
    numbers = distinct(np.concatenate([low, high]))
    spots = borders.vertices[numbers] - origin
    fresh = _crossings(lines, tree)
    if extra is not None and len(extra):
        fresh = np.unique(np.concatenate([fresh, extra - origin]), axis=0)
    if len(fresh):
        known = {tuple(spot) for spot in spots.tolist()}
        fresh = np.array([spot for spot in fresh.tolist() if tuple(spot) not in known], np.float64).reshape(-1, 2)
    numbers = np.concatenate([numbers, size + np.arange(len(fresh))])
    spots = np.concatenate([spots, fresh])
    point, edge = tree.query(np.asarray(shapely.points(spots), dtype=object), predicate="dwithin", distance=0.71)
    hit = passes_pixel(a[edge].astype(np.int64), b[edge].astype(np.int64), spots[point].astype(np.int64))
    point, edge = point[hit], edge[hit]
    along = ((spots[point] - a[edge]) * (b[edge] - a[edge])).sum(axis=1)
    grown = replace(borders, vertices=np.concatenate([borders.vertices, fresh + origin]))
    return grown.inserted(Insertion(low[edge], high[edge], along, numbers[point]))


def _crossings(lines: np.ndarray[tuple[int, ...], np.dtype[np.object_]], tree: shapely.STRtree) -> FloatArray:
    """Return the lattice points in whose pixels lines cross inside both, each once."""
    one, other = tree.query(lines, predicate="crosses")
    one, other = one[one < other], other[one < other]
    if len(one) == 0:
        return np.empty((0, 2))
    points = shapely.get_coordinates(shapely.intersection(lines[one], lines[other]))
    return np.asarray(np.unique(np.floor(points + 0.5), axis=0), np.float64)


def passes_pixel(start: IntArray, end: IntArray, spot: IntArray) -> BoolArray:
    """Return which edges pass through the pixel of a lattice point that is not one of their ends.

    A pixel is the unit square around its point, its west and south sides included; exact in
    int64. The point must stand beside the edge, not beyond its ends.

    Parameters
    ----------
    start, end, spot : (k, 2) int64

    Examples
    --------
    >>> edge = np.array([[0, 0]]), np.array([[10, 4]])
    >>> passes_pixel(*edge, np.array([[5, 2]])), passes_pixel(*edge, np.array([[5, 3]]))
    (array([ True]), array([False]))
    """
    a, b = 2 * start[:, None, :], 2 * end[:, None, :]
    side = np.sign(side_of_edge(a, b, 2 * spot[:, None, :] + _CORNERS))
    south_west, south_east, _, north_west = side.T
    through = (side.min(axis=1) < 0) & (side.max(axis=1) > 0)
    grazes = (south_west == 0) & (((side != 0).sum(axis=1) == 3) | (south_east == 0) | (north_west == 0))
    run = end - start
    along = ((spot - start) * run).sum(axis=1)
    beside = (along > 0) & (along < (run**2).sum(axis=1))
    other = (spot != start).any(axis=1) & (spot != end).any(axis=1)
    return np.asarray((through | grazes) & beside & other)
