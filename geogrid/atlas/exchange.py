"""How many m² of what was belong to what is now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.atlas.canonical import shape_keys
from geogrid.lattice import LatticePolygons, area_m2
from geogrid.types import BoolArray, FloatArray, IntArray, Progress, no_progress

__all__ = ["Exchange", "exchange_of"]

_STEP_M2 = 1e-4
_BLOCK = 20_000
_TALL = 200_000
"""Lattice steps; below this height one scale holds for a whole piece (error below 1e-8)."""


@dataclass(frozen=True, eq=False)
class Exchange:
    """Shared m² of two divisions of one layer, as a sparse table.

    Parameters
    ----------
    old, new : (k,) int64
        Rows of the two divisions that share ground; each pair once.
    shared_m2 : (k,) float64
    same : (k,) bool
        Whether both have exactly the same geometry.
    old_m2, new_m2 : float64
        Areas of all rows of either division.
    """

    old: IntArray
    new: IntArray
    shared_m2: FloatArray
    same: BoolArray
    old_m2: FloatArray
    new_m2: FloatArray

    @property
    def lost_m2(self) -> FloatArray:
        """m² of each old row that no new row covers; rounding is 0."""
        return _rest(self.old_m2, self.old, self.shared_m2)

    @property
    def gained_m2(self) -> FloatArray:
        """m² of each new row that no old row covered; rounding is 0."""
        return _rest(self.new_m2, self.new, self.shared_m2)

    def stacked(
        self, old_group: IntArray, new_group: IntArray, old_shapes: LatticePolygons, new_shapes: LatticePolygons
    ) -> Exchange:
        """Return the exchange of grids, from that of the cells they are made of.

        Parameters
        ----------
        old_group, new_group : (rows below,) int
            The grid of each old and new cell.
        old_shapes, new_shapes : LatticePolygons
            Canonical geometry of the grids.
        """
        count = len(new_shapes)
        pair, where = np.unique(old_group[self.old] * count + new_group[self.new], return_inverse=True)
        shared = np.bincount(where, weights=self.shared_m2, minlength=len(pair))
        old, new = pair // max(count, 1), pair % max(count, 1)
        before, after = shape_keys(old_shapes), shape_keys(new_shapes)
        same = np.array([before[a] == after[b] for a, b in zip(old.tolist(), new.tolist(), strict=True)], bool)
        old_m2 = np.bincount(old_group, weights=self.old_m2, minlength=len(old_shapes)).astype(np.float64)
        new_m2 = np.bincount(new_group, weights=self.new_m2, minlength=count).astype(np.float64)
        return Exchange(old, new, shared.astype(np.float64), same, old_m2, new_m2)


def exchange_of(old: LatticePolygons, new: LatticePolygons, *, progress: Progress = no_progress) -> Exchange:
    """Return what `old` and `new` share; rows with equal geometry are not intersected.

    Parameters
    ----------
    old, new : LatticePolygons
        Canonical, so that equal geometries have equal bytes.
    """
    old_m2, new_m2 = area_m2(old), area_m2(new)
    row_of = {key: row for row, key in enumerate(shape_keys(old))}
    match = np.array([row_of.get(key, -1) for key in shape_keys(new)], np.int64)
    equal_new = np.flatnonzero(match >= 0)
    equal_old = match[equal_new]
    # Equal cells of a partition share ground with nobody else, so both sides are done with.
    left_old = np.setdiff1d(np.arange(len(old)), equal_old)
    left_new = np.flatnonzero(match < 0)
    rest_old, rest_new, shared = _intersections(old.take(left_old), new.take(left_new), progress)
    rows_old = np.concatenate([equal_old, left_old[rest_old]])
    rows_new = np.concatenate([equal_new, left_new[rest_new]])
    same = np.arange(len(rows_old)) < len(equal_old)
    m2 = np.concatenate([old_m2[equal_old], shared])
    order = np.lexsort((rows_new, rows_old))
    return Exchange(rows_old[order], rows_new[order], m2[order], same[order], old_m2, new_m2)


def _intersections(
    old: LatticePolygons, new: LatticePolygons, progress: Progress
) -> tuple[IntArray, IntArray, FloatArray]:
    nothing = np.empty(0, np.int64)
    if len(old) == 0 or len(new) == 0:
        return nothing, nothing, np.empty(0)
    origin = old.coords[0].astype(np.int64)
    before, after = _valid(old.to_shapely_steps(origin)), _valid(new.to_shapely_steps(origin))
    rows_new, rows_old = shapely.STRtree(before).query(after, predicate="intersects")
    shared = np.zeros(len(rows_new))
    for first in range(0, len(rows_new), _BLOCK):
        part = slice(first, first + _BLOCK)
        shared[part] = _pieces_m2(shapely.intersection(before[rows_old[part]], after[rows_new[part]]), origin)
        progress("compare with the edition before", min(first + _BLOCK, len(rows_new)), len(rows_new))
    keep = shared > _STEP_M2
    return rows_old[keep].astype(np.int64), rows_new[keep].astype(np.int64), shared[keep]


def _valid(shapes: np.ndarray[tuple[int], np.dtype[np.object_]]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the shapes with faulty ones (of an adopted division) made valid, for measuring only."""
    wrong = ~shapely.is_valid(shapes)
    if wrong.any():
        shapes[wrong] = shapely.make_valid(shapes[wrong])
    return shapes


def _pieces_m2(pieces: np.ndarray[tuple[int], np.dtype[np.object_]], origin: IntArray) -> FloatArray:
    """Return the m² of intersections, whose new corners need not be lattice points."""
    result = np.zeros(len(pieces))
    parts, owner = shapely.get_parts(pieces, return_index=True)
    kind = shapely.get_type_id(parts)
    nested = kind == 6
    if nested.any():
        inner, of = shapely.get_parts(parts[nested], return_index=True)
        parts = np.concatenate([parts[kind == 3], inner])
        owner = np.concatenate([owner[kind == 3], owner[nested][of]])
    else:
        parts, owner = parts[kind == 3], owner[kind == 3]
    if len(parts) == 0:
        return result
    box = shapely.bounds(parts)
    tall = box[:, 3] - box[:, 1] > _TALL
    scale = _local_scale(shapely.get_y(shapely.centroid(parts)) + origin[1])
    if tall.any():
        snapped = LatticePolygons.from_shapely(shapely.transform(parts[tall], lambda xy: np.rint(xy + origin) / 1e7))
        scale[tall] = area_m2(snapped) / shapely.area(snapped.to_shapely_steps(origin))
    np.add.at(result, owner, shapely.area(parts) * scale)
    return result


def _local_scale(latitudes: FloatArray) -> FloatArray:
    """Return the m² of a square lattice step at latitudes given in steps, from squares of 100 m."""
    half = 5_000
    ring = np.array([(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)])
    coords = np.tile(ring, (len(latitudes), 1))
    coords[:, 1] += np.repeat(np.rint(latitudes).astype(np.int64), len(ring))
    each = np.arange(len(latitudes) + 1)
    return area_m2(LatticePolygons(coords.astype(np.int32), each * len(ring), each, each)) / (2 * half) ** 2


def _rest(total: FloatArray, rows: IntArray, shared: FloatArray) -> FloatArray:
    rest = total - np.bincount(rows, weights=shared, minlength=len(total))
    return np.where(rest > 0.01 + 1e-9 * total, rest, 0.0)
