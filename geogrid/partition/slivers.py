"""Slivers: pieces too small to be cells go to the neighbour they share most border with."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.borders import Borders
from geogrid.partition.joining import joined
from geogrid.types import FloatArray, IntArray

__all__ = ["absorbed", "labels_after_absorbing"]


def absorbed(
    pieces: npt.NDArray[np.object_], parent: IntArray, least_m2: float
) -> tuple[npt.NDArray[np.object_], IntArray]:
    """Return the pieces with slivers united to neighbours in the same parent, and their parents.

    Parameters
    ----------
    pieces : (n,) shapely Polygon, metres
        A partition of the parents, to within a micrometre.
    parent : (n,) int
    least_m2 : float
        Pieces below this are slivers; the smallest goes first, to the neighbour of the same
        parent with the longest shared side. One without such a neighbour stays.
    """
    borders = joined(Borders.of(pieces))
    first, second, length = borders.neighbours()
    same = parent[first] == parent[second]
    areas = shapely.area(pieces)
    label = labels_after_absorbing(areas, first[same], second[same], length[same], least_m2)
    shapes = borders.to_shapely()
    sizes = np.bincount(label, minlength=len(pieces))
    many = sizes[label] > 1
    rows = np.flatnonzero(many)
    rows = rows[np.argsort(label[rows], kind="stable")]
    for members in np.split(rows, np.flatnonzero(np.diff(label[rows])) + 1):
        if len(members):
            shapes[label[members[0]]] = shapely.coverage_union_all(shapes[members])
    stays = label == np.arange(len(pieces))
    return shapes[stays], parent[stays]


def labels_after_absorbing(
    areas: FloatArray, first: IntArray, second: IntArray, length: FloatArray, least: float
) -> IntArray:
    """Return which piece each piece has become part of.

    Parameters
    ----------
    areas : (n,) float64, m²
    first, second : (k,) int64
        Pairs of neighbours.
    length : (k,) float64
        Metres of border the pair shares.
    least : float
        m² below which a piece is absorbed.

    Examples
    --------
    Piece 1 is too small and shares most with piece 2:

    >>> pairs = np.array([0, 1]), np.array([1, 2]), np.array([3.0, 5.0])
    >>> labels_after_absorbing(np.array([9.0, 1.0, 9.0]), *pairs, 4.0).tolist()
    [0, 2, 2]
    """
    small = areas < least
    size = {int(row): float(areas[row]) for row in np.flatnonzero(small)}
    label = np.arange(len(areas))
    reach: dict[int, dict[int, float]] = {row: {} for row in size}
    near = small[first] | small[second]
    for a, b, metres in zip(first[near].tolist(), second[near].tolist(), length[near].tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            links = reach.setdefault(one, {})
            links[other] = links.get(other, 0.0) + metres
            size.setdefault(one, float(areas[one]))
    queue = [(size[row], row) for row in reach if size[row] < least]
    heapq.heapify(queue)
    gone: dict[int, int] = {}
    while queue:
        area, row = heapq.heappop(queue)
        if row in gone or area != size[row] or not reach[row]:
            continue
        target = min(reach[row], key=lambda other: (-round(reach[row][other], 6), other))
        gone[row] = target
        size[target] += area
        for other, metres in reach.pop(row).items():
            del reach[other][row]
            if other != target:
                reach[other][target] = reach[target][other] = reach[target].get(other, 0.0) + metres
        if size[target] < least:
            heapq.heappush(queue, (size[target], target))
    for row in sorted(gone):
        end = row
        while end in gone:
            end = gone[end]
        label[row] = end
    return label
