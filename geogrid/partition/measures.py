"""Measures: what the cells and grids of a layer are like, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.lattice import LatticePolygons, area_m2, edge_length_m, perimeter_m
from geogrid.partition.division import Division
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = [
    "Adjacency",
    "LayerMeasures",
    "adjacency",
    "area_to_hull",
    "measure_layer",
    "pieces",
    "polsby_popper",
    "share_within",
]


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Pairs of rows that share border; corners do not count.

    Parameters
    ----------
    first, second : (k,) int64, first < second, in order
    length_m : (k,) float64
        Metres of common border, on the ellipsoid.
    """

    first: IntArray
    second: IntArray
    length_m: FloatArray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    def where(self, keep: BoolArray) -> Adjacency:
        """Return the pairs that `keep` marks."""
        return Adjacency(self.first[keep], self.second[keep], self.length_m[keep])

    def of_groups(self, group: Int32Array | IntArray) -> Adjacency:
        """Return which groups of rows share border, and how much."""
        a, b = np.asarray(group, np.int64)[self.first], np.asarray(group, np.int64)[self.second]
        return _summed(np.minimum(a, b)[a != b], np.maximum(a, b)[a != b], self.length_m[a != b])


def adjacency(polygons: LatticePolygons) -> Adjacency:
    """Return which polygons of a proved layer share border, and how many metres.

    Notes
    -----
    Published layers have a vertex on both sides wherever one side has it, so a common border is made of
    identical edges; borders that only lie on each other are not found.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> pairs = adjacency(toy_city().shapes("cell"))
    >>> len(pairs), pairs.first[:2].tolist(), pairs.second[:2].tolist()
    (24, [0, 0], [1, 4])
    """
    starts, ends, owner = polygons.edges()
    a, b = ((part[:, 0].astype(np.int64) << 32) + part[:, 1].astype(np.int64) + 2**31 for part in (starts, ends))
    order = np.lexsort((owner, np.maximum(a, b), np.minimum(a, b)))
    low, high, rows = np.minimum(a, b)[order], np.maximum(a, b)[order], owner[order]
    shared = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]) & (rows[1:] != rows[:-1]))
    edge = order[shared]
    return _summed(rows[shared], rows[shared + 1], edge_length_m(starts[edge], ends[edge]))


def _summed(first: IntArray, second: IntArray, length: FloatArray) -> Adjacency:
    size = int(second.max(initial=0)) + 1
    pair, back = np.unique(first * np.int64(size) + second, return_inverse=True)
    metres = np.asarray(np.bincount(back.ravel(), weights=length, minlength=len(pair)), np.float64)
    return Adjacency(pair // size, pair % size, metres)


def polsby_popper(polygons: LatticePolygons) -> FloatArray:
    """Return (n,) 4π·area/perimeter²: 1 for a circle, 0.785 for a square, small for thin and ragged shapes."""
    return np.asarray(4 * np.pi * area_m2(polygons) / perimeter_m(polygons) ** 2, np.float64)


def area_to_hull(polygons: LatticePolygons) -> FloatArray:
    """Return (n,) area divided by the area of the convex hull: 1 for any convex shape.

    Notes
    -----
    The ratio does not change under a stretch of one axis, so it is taken in lattice steps.
    """
    bounds = polygons.bounds()
    origin = bounds[:, :2].min(axis=0) if len(bounds) else (0, 0)
    shapes = polygons.to_shapely_steps(origin)
    return np.asarray(shapely.area(shapes) / shapely.area(shapely.convex_hull(shapes)), np.float64)


def share_within(areas_m2: FloatArray, *, target_m2: float, tolerance: float) -> float:
    """Return the share of rows whose area is within ±`tolerance` of the target; 1.0 for no rows.

    Examples
    --------
    >>> share_within(np.array([9_000.0, 10_000.0, 12_000.0, 11_000.0]), target_m2=10_000, tolerance=0.1)
    0.75
    """
    if len(areas_m2) == 0:
        return 1.0
    return float((np.abs(areas_m2 - target_m2) <= tolerance * target_m2 * (1 + 1e-12)).mean())


def pieces(pairs: Adjacency, group: Int32Array | IntArray) -> IntArray:
    """Return (n,) a number for the connected piece of its group that each row lies in.

    Pieces are numbered in order of their lowest row. Rows are connected where they share border.
    """
    label = list(range(len(group)))

    def root(row: int) -> int:
        while label[row] != row:
            label[row] = label[label[row]]
            row = label[row]
        return row

    same = np.asarray(group)[pairs.first] == np.asarray(group)[pairs.second]
    for a, b in zip(pairs.first[same].tolist(), pairs.second[same].tolist(), strict=True):
        low, high = sorted((root(a), root(b)))
        label[high] = low
    roots = np.array([root(row) for row in range(len(label))], np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64).ravel()


@dataclass(frozen=True, eq=False)
class LayerMeasures:
    """The measures of every row of a layer.

    Parameters
    ----------
    area_m2, perimeter_m, polsby_popper, area_to_hull : (n,) float64
    parts : (n,) int64
        Polygons a row consists of.
    neighbours : (n,) int64
        Rows it shares border with.
    """

    area_m2: FloatArray
    perimeter_m: FloatArray
    polsby_popper: FloatArray
    area_to_hull: FloatArray
    parts: IntArray
    neighbours: IntArray

    def to_pandas(self) -> object:
        """Return a DataFrame, one row for each row of the layer."""
        import pandas

        return pandas.DataFrame({name: getattr(self, name) for name in self.__dataclass_fields__})


def measure_layer(division: Division, name: str) -> LayerMeasures:
    """Return the measures of a layer.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> measures = measure_layer(toy_city(), "responsibility")
    >>> measures.neighbours.tolist(), measures.parts.tolist()
    ([2, 2, 2, 2], [1, 1, 1, 1])
    """
    shapes = division.shapes(name)
    layer = division.layer(name)
    pairs = adjacency(division.shapes(division.base.name) if layer.kind == "stacked" else shapes)
    if layer.kind == "stacked":
        pairs = pairs.of_groups(division.from_cells(name))
    neighbours = np.bincount(np.concatenate([pairs.first, pairs.second]), minlength=len(layer))
    parts = np.diff(shapes.geom_offsets)
    areas = division.area_m2(name)
    around = perimeter_m(shapes)
    return LayerMeasures(
        areas, around, 4 * np.pi * areas / around**2, area_to_hull(shapes), parts, neighbours.astype(np.int64)
    )  # fmt: skip
