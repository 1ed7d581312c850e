"""Outlines as published: the official ones plus vertices where cell borders meet them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.errors import PartitionError
from geogrid.lattice import LatticePolygons, side_of_edge
from geogrid.partition.borders import Borders, distinct, is_among
from geogrid.partition.frame import JOIN_STEPS
from geogrid.partition.joining import joined
from geogrid.types import FloatArray, IntArray

__all__ = ["DRIFT_STEPS", "drift_steps", "require_still", "upper_levels"]

DRIFT_STEPS = 1.5
"""How far a vertex of a published outline may stand off the official edge, in lattice steps."""


def upper_levels(place: Boundaries, finest: Areas) -> tuple[Areas, ...]:
    """Return the levels above the finest, with the vertices that the finest has gained.

    Parameters
    ----------
    place : Boundaries
    finest : Areas
        As published.
    """
    uppers = []
    place = replace(place, levels=(*place.levels[:-1], finest))
    for areas in place.levels[:-1]:
        steps = [areas.polygons.to_shapely_steps(), finest.polygons.to_shapely_steps()]
        borders = Borders.of(np.concatenate(steps))
        count = len(areas)
        borders = joined(
            borders, outlines=count, parent=place.ancestors(areas.level), tolerance_m=JOIN_STEPS, only_outlines=True
        )
        points = np.rint(borders.vertices).astype(np.int32)
        uppers.append(replace(areas, polygons=borders.on_lattice(points).take(np.arange(count))))
    return tuple(uppers)


def require_still(official: Areas, published: Areas) -> FloatArray:
    """Return how far each outline stands off the official one at most, in lattice steps.

    Raises
    ------
    PartitionError
        If an official vertex is missing, or a new one stands too far from the official edge: one
        snap, and another where the edge had taken up a neighbour's vertex before.
    """
    drift = drift_steps(official.polygons, published.polygons)
    moved = np.flatnonzero(~(drift <= DRIFT_STEPS))
    if len(moved):
        row = int(moved[0])
        raise PartitionError(
            f"{len(moved)} outline(s) would move when published",
            given=f"{published.codes[row]}: {drift[row]:.2f} lattice steps",
            allowed=f"{DRIFT_STEPS} steps of 1e-7 degrees", source=published.level,
            mend="this is a fault of the method that cut them: no method may move a legal border",
        )  # fmt: skip
    return drift


def drift_steps(official: LatticePolygons, published: LatticePolygons) -> FloatArray:
    """Return how far each published outline stands off the official one at most, in lattice steps.

    Vertices may have been added between official ones; infinity stands for an outline that lost
    or exchanged a vertex.

    Examples
    --------
    >>> ring = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    >>> more = [(0, 0), (40, 1), (100, 0), (100, 100), (0, 100), (0, 0)]
    >>> drift_steps(*(LatticePolygons.from_rings([r], [1], [1]) for r in (ring, more)))
    array([1.])
    """
    result = np.zeros(len(official))
    old, new = _vertices(official), _vertices(published)
    packed = [(rows[:, 2] << 32) + rows[:, 3] + 2**31 for rows in (old, new)]
    _, number = np.unique(np.concatenate(packed), return_inverse=True)
    number = number.ravel() * np.int64(len(official.ring_offsets)) + np.concatenate([old[:, 1], new[:, 1]])
    first, second = number[: len(old)], number[len(old) :]
    known = is_among(second, distinct(first))
    kept = second[known]
    if len(kept) != len(first) or not np.array_equal(kept, first):
        sizes = [np.bincount(rows[:, 0], minlength=len(official)) for rows in (old, new[known])]
        same = sizes[0] == sizes[1]
        both = same[old[:, 0]], same[new[known][:, 0]]
        different = first[both[0]] != kept[both[1]]
        result[~same] = np.inf
        result[old[both[0]][different, 0]] = np.inf
    place = np.flatnonzero(known)
    added = np.flatnonzero(~known)
    after = np.searchsorted(place, added)
    between = (after > 0) & (after < len(place))
    result[new[added[~between], 0]] = np.inf
    added, after = added[between], after[between]
    a, b, v = new[place[after - 1], 2:], new[place[after], 2:], new[added, 2:]
    length = np.maximum(np.hypot(*(b - a).T.astype(np.float64)), 1.0)
    np.maximum.at(result, new[added, 0], np.abs(side_of_edge(a, b, v)) / length)
    return result


def _vertices(polygons: LatticePolygons) -> IntArray:
    """Return (m, 4) polygon, ring, lon, lat of each vertex."""
    rings = np.arange(len(polygons.ring_offsets) - 1)
    counts = np.diff(polygons.ring_offsets)
    owner, ring = np.repeat(polygons.ring_geometry, counts), np.repeat(rings, counts)
    return np.column_stack([owner, ring, polygons.coords.astype(np.int64)])
