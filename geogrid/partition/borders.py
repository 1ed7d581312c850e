"""Borders: the rings of a layer as vertex numbers, so that a shared vertex is one number.

What two neighbours share is then decided by comparing integers, and a vertex put into one side
of an edge is put into the other side by the same entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.lattice import LatticePolygons
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Borders", "Insertion", "distinct", "is_among"]


@dataclass(frozen=True, eq=False)
class Insertion:
    """Vertices to put into undirected edges.

    Parameters
    ----------
    low, high : (k,) int64
        The edge's vertex numbers, low < high.
    along : (k,) float64
        Where on the edge, measured from `low`; only the order matters.
    vertex : (k,) int64
        What is put there.
    """

    low: IntArray
    high: IntArray
    along: FloatArray
    vertex: IntArray

    def __len__(self) -> int:
        """Return the number of insertions."""
        return len(self.vertex)

    def where(self, keep: BoolArray) -> Insertion:
        """Return the insertions that `keep` marks."""
        return Insertion(self.low[keep], self.high[keep], self.along[keep], self.vertex[keep])

    def on_edges(self, start: IntArray, end: IntArray, vertices: int) -> Insertion:
        """Return the insertions into some edges; `vertices` is the number of vertices."""
        keys = distinct(np.minimum(start, end) * np.int64(vertices) + np.maximum(start, end))
        return self.where(is_among(self.low * np.int64(vertices) + self.high, keys))


@dataclass(frozen=True, eq=False)
class Borders:
    """The rings of n polygons over one table of vertices.

    Parameters
    ----------
    vertices : (v, 2) float64, metres in the metric CRS
    ring : (m,) int64
        Closed runs of vertex numbers, ring after ring.
    ring_offsets : (rings + 1,) int64, into `ring`
    part_offsets : (parts + 1,) int64, into rings
    geom_offsets : (n + 1,) int64, into parts
    """

    vertices: FloatArray
    ring: IntArray
    ring_offsets: IntArray
    part_offsets: IntArray
    geom_offsets: IntArray

    def __len__(self) -> int:
        """Return the number of polygons."""
        return len(self.geom_offsets) - 1

    @classmethod
    def of(cls, polygons: npt.NDArray[np.object_], *, weld_m: float = 1e-6) -> Borders:
        """Return the borders of shapely polygons; vertices less than `weld_m` apart become one.

        The weld chains each axis on its own: both coordinates must be close, so distinct
        vertices are only ever joined when they are within a few `weld_m` of each other.

        Parameters
        ----------
        polygons : (n,) shapely Polygon or MultiPolygon, none empty, metres
        """
        multis = np.asarray(polygons, dtype=object).copy()
        single = shapely.get_type_id(multis) == 3
        if single.any():
            multis[single] = shapely.multipolygons(multis[single], indices=np.arange(int(single.sum())))
        _, coords, offsets = shapely.to_ragged_array(multis, include_z=False)
        rings, parts, geoms = (np.asarray(part, np.int64) for part in offsets)
        columns = [_chained(coords[:, axis], weld_m) for axis in (0, 1)]
        key = columns[0][0] * (columns[1][1].size + 1) + columns[1][0]
        unique, number = np.unique(key, return_inverse=True)
        y_count = columns[1][1].size + 1
        vertices = np.column_stack([columns[0][1][unique // y_count], columns[1][1][unique % y_count]])
        return cls(vertices, number.astype(np.int64).ravel(), rings, parts, geoms).without_repeats()

    def without_repeats(self) -> Borders:
        """Return the borders without vertices that repeat the one before them in a ring."""
        owner = np.repeat(np.arange(len(self.ring_offsets) - 1), np.diff(self.ring_offsets))
        keep = np.ones(len(self.ring), bool)
        keep[1:] = (self.ring[1:] != self.ring[:-1]) | (owner[1:] != owner[:-1])
        if keep.all():
            return self
        sizes = np.bincount(owner[keep], minlength=len(self.ring_offsets) - 1)
        return replace(self, ring=self.ring[keep], ring_offsets=_offsets(sizes))

    def edges(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return every directed edge: start and end vertex, and the polygon it belongs to."""
        last = np.zeros(len(self.ring), bool)
        last[self.ring_offsets[1:] - 1] = True
        start = np.flatnonzero(~last)
        part_of = np.repeat(np.arange(len(self.part_offsets) - 1), np.diff(self.part_offsets))
        geom_of = np.repeat(np.arange(len(self)), np.diff(self.geom_offsets))
        owner = np.repeat(geom_of[part_of], np.diff(self.ring_offsets))
        return self.ring[start], self.ring[start + 1], owner[start]

    def inserted(self, what: Insertion) -> Borders:
        """Return the borders with vertices put into every ring that runs along their edges."""
        if len(what) == 0:
            return self
        size = np.int64(len(self.vertices))
        order = np.lexsort((what.along, what.low * size + what.high))
        keys, vertex = (what.low * size + what.high)[order], what.vertex[order]
        edge_keys, first, count = np.unique(keys, return_index=True, return_counts=True)
        follows = np.ones(len(self.ring), bool)
        follows[self.ring_offsets[1:] - 1] = False
        step = np.flatnonzero(follows)
        a, b = self.ring[step], self.ring[step + 1]
        key = np.minimum(a, b) * size + np.maximum(a, b)
        place = np.minimum(np.searchsorted(edge_keys, key), len(edge_keys) - 1)
        hit = edge_keys[place] == key
        step, place, forward = step[hit], place[hit], (a < b)[hit]
        extra = np.zeros(len(self.ring), np.int64)
        extra[step] = count[place]
        start = np.concatenate([[0], np.cumsum(extra + 1)])
        ring = np.empty(start[-1], np.int64)
        ring[start[:-1]] = self.ring
        total = count[place]
        within = np.arange(int(total.sum())) - np.repeat(np.cumsum(total) - total, total)
        source = np.where(
            np.repeat(forward, total),
            np.repeat(first[place], total) + within,
            np.repeat(first[place] + total - 1, total) - within,
        )
        ring[np.repeat(start[step] + 1, total) + within] = vertex[source]
        return replace(self, ring=ring, ring_offsets=start[self.ring_offsets]).without_repeats()

    def touching(self, edges: tuple[IntArray, IntArray], tolerance_m: float) -> Insertion:
        """Return the end points of some edges that lie on others of them, within `tolerance_m`.

        Parameters
        ----------
        edges : pair of (k,) int64
            Vertex numbers of the edges to compare with each other, in any direction.
        """
        low, high = np.minimum(*edges), np.maximum(*edges)
        low, high = np.divmod(distinct(low * np.int64(len(self.vertices)) + high), len(self.vertices))
        numbers = distinct(np.concatenate([low, high]))
        if len(numbers) == 0:
            return Insertion(low, high, np.empty(0), low)
        lines = np.asarray(
            shapely.linestrings(np.stack([self.vertices[low], self.vertices[high]], axis=1)), dtype=object
        )
        tree = shapely.STRtree(lines)
        points = np.asarray(shapely.points(self.vertices[numbers]), dtype=object)
        point, line = tree.query(points, predicate="dwithin", distance=tolerance_m)
        vertex = numbers[point]
        a, b = self.vertices[low[line]], self.vertices[high[line]]
        along = ((self.vertices[vertex] - a) * (b - a)).sum(axis=1) / ((b - a) ** 2).sum(axis=1)
        inside = (vertex != low[line]) & (vertex != high[line]) & (along > 0) & (along < 1)
        return Insertion(low[line], high[line], along, vertex).where(inside)

    def with_points(self, low: IntArray, high: IntArray, along: FloatArray, xy: FloatArray) -> Borders:
        """Return the borders with new vertices `xy` (k, 2) put into edges `low`-`high`."""
        number = len(self.vertices) + np.arange(len(xy), dtype=np.int64)
        grown = replace(self, vertices=np.concatenate([self.vertices, xy]))
        return grown.inserted(Insertion(low, high, along, number))

    def take(self, rows: slice) -> Borders:
        """Return the polygons of a slice, over the same vertices."""
        first, last, _ = rows.indices(len(self))
        geoms = self.geom_offsets[first : last + 1]
        parts = self.part_offsets[geoms[0] : geoms[-1] + 1]
        rings = self.ring_offsets[parts[0] : parts[-1] + 1]
        ring = self.ring[rings[0] : rings[-1]]
        return Borders(self.vertices, ring, rings - rings[0], parts - parts[0], geoms - geoms[0])

    def neighbours(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Return pairs of polygons (first < second) with an edge in common, and its length in metres."""
        start, end, owner = self.edges()
        key = np.minimum(start, end) * np.int64(len(self.vertices)) + np.maximum(start, end)
        order = np.lexsort((owner, key))
        key, owner, start, end = key[order], owner[order], start[order], end[order]
        shared = np.flatnonzero((key[1:] == key[:-1]) & (owner[1:] != owner[:-1]))
        length = np.hypot(*(self.vertices[end[shared]] - self.vertices[start[shared]]).T)
        pair = owner[shared] * np.int64(len(self)) + owner[shared + 1]
        unique, back = np.unique(pair, return_inverse=True)
        metres = np.asarray(np.bincount(back.ravel(), weights=length, minlength=len(unique)), np.float64)
        return unique // len(self), unique % len(self), metres

    def renumbered(self, number: IntArray) -> Borders:
        """Return the borders with vertex v replaced by ``number[v]``."""
        return replace(self, ring=number[self.ring]).without_repeats()

    def to_shapely(self, transform: Callable[[FloatArray], FloatArray] | None = None) -> npt.NDArray[np.object_]:
        """Return (n,) shapely polygons, in metres or as `transform` makes of the vertices."""
        vertices = self.vertices if transform is None else transform(self.vertices)
        offsets = (self.ring_offsets, self.part_offsets, self.geom_offsets)
        result = np.asarray(
            shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, vertices[self.ring], offsets), dtype=object
        )
        one = np.diff(self.geom_offsets) == 1
        result[one] = shapely.get_geometry(result[one], 0)
        return result

    def on_lattice(self, points: Int32Array) -> LatticePolygons:
        """Return the polygons with vertex v at lattice point ``points[v]``."""
        return LatticePolygons.from_ragged(points[self.ring], self.ring_offsets, self.part_offsets, self.geom_offsets)


def distinct(values: IntArray) -> IntArray:
    """Return the distinct values in order; by sorting, which beats numpy's hash table tenfold here."""
    ranked = np.sort(values)
    new = np.ones(len(ranked), bool)
    new[1:] = ranked[1:] != ranked[:-1]
    return ranked[new]


def is_among(values: IntArray, ranked: IntArray) -> BoolArray:
    """Return which values occur in `ranked`, which is in order."""
    if len(ranked) == 0:
        return np.zeros(len(values), bool)
    place = np.minimum(np.searchsorted(ranked, values), len(ranked) - 1)
    return np.asarray(ranked[place] == values)


def _offsets(counts: npt.NDArray[Any]) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _chained(values: FloatArray, gap: float) -> tuple[IntArray, FloatArray]:
    """Return each value's chain number and the lowest value of each chain.

    Sorted values that follow each other at less than `gap` are one chain.
    """
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    new: BoolArray = np.ones(len(values), bool)
    new[1:] = np.diff(ranked) > gap
    chain = np.empty(len(values), np.int64)
    chain[order] = np.cumsum(new) - 1
    return chain, ranked[new]
