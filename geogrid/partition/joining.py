"""Joining: where borders run along each other, both sides get each other's vertices."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.partition.borders import Borders, Insertion, distinct, is_among
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["joined", "loose_edges", "welded"]


def loose_edges(borders: Borders, sign: IntArray, group: IntArray | None = None) -> BoolArray:
    """Return which directed edges have no counterpart in their group.

    Parameters
    ----------
    borders : Borders
    sign : (n,) int64
        +1 for a polygon whose edges should meet opposite ones, -1 for an outline whose edges
        should meet edges of the same direction; 0 leaves a polygon out.
    group : (n,) int64, optional
        Only polygons of one group can be each other's counterpart.

    Returns
    -------
    (e,) bool, in the order of ``borders.edges()``
    """
    start, end, owner = borders.edges()
    size = np.int64(len(borders.vertices))
    key = np.minimum(start, end) * size + np.maximum(start, end)
    if group is not None:
        key += group[owner] * size * size
    _, back = np.unique(key, return_inverse=True)
    back = back.ravel()
    total = np.bincount(back, weights=np.where(start < end, 1.0, -1.0) * sign[owner])
    return np.asarray((total[back] != 0) & (sign[owner] != 0))


def joined(
    borders: Borders,
    *,
    outlines: int = 0,
    parent: IntArray | None = None,
    tolerance_m: float = 1e-6,
    only_outlines: bool = False,
) -> Borders:
    """Return the borders with a vertex on both sides wherever one side has it.

    Parameters
    ----------
    borders : Borders
        First the outlines, then the cells that fill them.
    outlines : int
        How many of the polygons are outlines.
    parent : (cells,) int64, optional
        The outline each cell lies in.
    tolerance_m : float
        How far a vertex may stand off an edge and still be put into it, in the vertices' unit.
    only_outlines : bool
        Leave the cells as they are.

    Notes
    -----
    Only edges without a counterpart are compared: cells among each other, the cells of an outline
    against it, and outlines among each other.
    """
    is_cell = np.arange(len(borders)) >= outlines
    within = np.zeros(len(borders), np.int64)
    if parent is not None:
        within = np.concatenate([np.arange(outlines), parent])
    while True:
        start, end, owner = borders.edges()
        loose = loose_edges(borders, is_cell.astype(np.int64))
        if outlines:
            loose |= loose_edges(borders, np.where(is_cell, 1, -1), within)
            loose |= loose_edges(borders, (~is_cell).astype(np.int64))
        touching = borders.touching((start[loose], end[loose]), tolerance_m)
        if only_outlines:
            mine = loose & (owner < outlines)
            touching = touching.on_edges(start[mine], end[mine], len(borders.vertices))
        touching = _new_to_owner(borders, touching)
        if len(touching) == 0:
            return borders
        borders = borders.inserted(touching)


def _new_to_owner(borders: Borders, insertion: Insertion) -> Insertion:
    """Leave out vertices that a polygon on the edge has already: its ring would touch itself."""
    start, end, owner = borders.edges()
    size = np.int64(len(borders.vertices))
    put, touched = np.zeros(size, bool), np.zeros(size, bool)
    put[insertion.vertex] = True
    touched[insertion.low] = touched[insertion.high] = True
    own = distinct((owner * size + start)[put[start]])
    near = touched[start] & touched[end]
    start, end, owner = start[near], end[near], owner[near]
    key = np.minimum(start, end) * size + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    wanted = insertion.low * size + insertion.high
    first, last = (np.searchsorted(key[order], wanted, side=side) for side in ("left", "right"))
    count = last - first
    row = np.repeat(np.arange(len(insertion)), count)
    edge = order[np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]]
    fine = np.ones(len(insertion), bool)
    fine[row[is_among(owner[edge] * size + insertion.vertex[row], own)]] = False
    return insertion.where(fine)


def welded(borders: Borders, *, outlines: int, parent: IntArray, tolerance_m: float) -> Borders:
    """Return the borders with cell vertices moved onto outline vertices within `tolerance_m`, else onto each other.

    What two neighbours put on their common outline independently may differ by the step of their noding;
    left apart, the two could fall on different lattice points, in one order on one side and in the other on the other.
    Only vertices whose edges have no counterpart move: those along outlines.
    """
    start, _, owner = borders.edges()
    is_cell = np.arange(len(borders)) >= outlines
    within = np.concatenate([np.arange(outlines), parent])
    outline = distinct(start[~is_cell[owner]])
    loose = distinct(start[loose_edges(borders, np.where(is_cell, 1, -1), within)])
    loose = loose[~is_among(loose, outline)]
    if len(loose) == 0 or len(outline) == 0:
        return borders
    tree = shapely.STRtree(np.asarray(shapely.points(borders.vertices[outline]), dtype=object))
    points = np.asarray(shapely.points(borders.vertices[loose]), dtype=object)
    vertex, near = tree.query_nearest(points, max_distance=tolerance_m, all_matches=False)
    number = np.arange(len(borders.vertices))
    number[loose[vertex]] = outline[near]
    free = np.delete(loose, vertex)
    number[free] = free[_first_near(borders.vertices[free], tolerance_m)]
    return borders.renumbered(number)


def _first_near(xy: FloatArray, tolerance_m: float) -> IntArray:
    """Return for each point the first that stays within `tolerance_m` of it, in their order; itself if none does."""
    stays = np.arange(len(xy))
    if len(xy) == 0:
        return stays
    points = np.asarray(shapely.points(xy), dtype=object)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=tolerance_m)
    pairs = np.column_stack([one, other])[one < other]
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if stays[first] == first and stays[second] == second:
            stays[second] = first
    return stays
