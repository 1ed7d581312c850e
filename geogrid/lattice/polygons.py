"""Polygons on the lattice, held as flat integer arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import CoordinateError, InputError
from geogrid.lattice.coordinates import STEPS_PER_DEGREE, to_lattice
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["LatticePolygons"]


@dataclass(frozen=True, eq=False)
class LatticePolygons:
    """An array of n (multi)polygons whose vertices are lattice points.

    The layout is GeoArrow's multipolygon: geometry g has parts
    ``part_offsets[geom_offsets[g]:geom_offsets[g + 1]]``, each part its rings (the shell
    first), each ring its closed run of coordinates. Shells run counter-clockwise and holes
    clockwise, so the interior is always to the left of an edge.

    Parameters
    ----------
    coords : (m, 2) int32, lon-lat, steps of 1e-7 degrees
    ring_offsets : (rings + 1,) int64, into `coords`
    part_offsets : (parts + 1,) int64, into rings
    geom_offsets : (n + 1,) int64, into parts
    """

    coords: Int32Array
    ring_offsets: IntArray
    part_offsets: IntArray
    geom_offsets: IntArray

    def __len__(self) -> int:
        """Return the number of geometries."""
        return len(self.geom_offsets) - 1

    @classmethod
    def from_shapely(cls, geometries: Any, *, source: object = None) -> LatticePolygons:
        """Return the geometries snapped to the lattice; vertices that fall together are merged.

        Snapping moves a vertex by half a step (about 6 mm) at most. Rings that collapse to
        nothing vanish; a geometry may therefore come out empty, which the caller must check.

        Parameters
        ----------
        geometries : sequence of shapely Polygon or MultiPolygon, degrees, WGS 84, lon-lat

        Raises
        ------
        InputError
            If a geometry is neither a polygon nor a multipolygon.
        CoordinateError
            If a vertex is not a place on Earth.
        """
        array = np.asarray(geometries, dtype=object)
        kinds = shapely.get_type_id(array)
        wrong = ~np.isin(kinds, (3, 6))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"geometry {row} is not a polygon",
                given=getattr(array[row], "geom_type", array[row]),
                allowed="Polygon, MultiPolygon",
                source=source,
            )
        if len(array) == 0:
            return cls.from_rings([], [], [])
        multis = array.copy()
        single = kinds == 3
        if single.any():
            multis[single] = shapely.multipolygons(array[single], indices=np.arange(int(single.sum())))
        # to_ragged_array collapses an all-empty input to other types; empties are re-inserted.
        filled = ~shapely.is_empty(multis)
        counts = np.zeros(len(array), np.int64)
        if not filled.any():
            return cls.from_rings([], [], counts)
        _, coords, offsets = shapely.to_ragged_array(multis[filled], include_z=False)
        rings, parts, geoms = (np.asarray(part, np.int64) for part in offsets)
        counts[filled] = np.diff(geoms)
        points = to_lattice(coords[:, 0], coords[:, 1], source=source)
        return cls._cleaned(points, rings, parts, np.concatenate([[0], np.cumsum(counts)]))

    @classmethod
    def from_rings(cls, rings: list[npt.ArrayLike], parts: npt.ArrayLike, geoms: npt.ArrayLike) -> LatticePolygons:
        """Return polygons from closed integer rings, rings per part and parts per geometry."""
        arrays = [np.asarray(ring, np.int32).reshape(-1, 2) for ring in rings]
        coords = np.concatenate(arrays) if arrays else np.empty((0, 2), np.int32)
        lengths = np.array([len(ring) for ring in arrays], np.int64)

        def offsets(counts: npt.ArrayLike) -> IntArray:
            return np.concatenate([[0], np.cumsum(np.asarray(counts, np.int64))]).astype(np.int64)

        return cls._cleaned(coords, offsets(lengths), offsets(parts), offsets(geoms))

    @classmethod
    def from_ragged(
        cls,
        coords: npt.ArrayLike,
        ring_offsets: npt.ArrayLike,
        part_offsets: npt.ArrayLike,
        geom_offsets: npt.ArrayLike,
    ) -> LatticePolygons:
        """Return polygons from flat arrays of closed rings in any direction (layout as in the class)."""
        offsets = (np.asarray(part, np.int64) for part in (ring_offsets, part_offsets, geom_offsets))
        return cls._cleaned(np.asarray(coords, np.int32).reshape(-1, 2), *offsets)

    @classmethod
    def _cleaned(cls, coords: Int32Array, rings: IntArray, parts: IntArray, geoms: IntArray) -> LatticePolygons:
        """Drop repeated vertices, collapsed rings and parts; orient shells and holes."""
        ring_of = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
        keep = np.ones(len(coords), bool)
        if len(coords):
            same = (coords[1:] == coords[:-1]).all(axis=1) & (ring_of[1:] == ring_of[:-1])
            keep[1:] = ~same
        coords, ring_of = coords[keep], ring_of[keep]
        sizes = np.bincount(ring_of, minlength=len(rings) - 1)
        area2 = _ring_area2(coords, np.concatenate([[0], np.cumsum(sizes)]))
        alive = (sizes >= 4) & (area2 != 0)
        part_of = np.repeat(np.arange(len(parts) - 1), np.diff(parts))
        first = np.zeros(len(rings) - 1, bool)
        first[parts[:-1][np.diff(parts) > 0]] = True
        shell_alive = np.zeros(len(parts) - 1, bool)
        shell_alive[part_of[first]] = alive[first]
        alive &= shell_alive[part_of] if len(part_of) else alive
        keep = alive[ring_of] if len(ring_of) else np.zeros(0, bool)
        coords, sizes = coords[keep], sizes[alive]
        ring_offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        backwards = (area2[alive] > 0) != first[alive]
        coords = _reverse_rings(coords, ring_offsets, np.flatnonzero(backwards))
        rings_per_part = np.bincount(part_of[alive], minlength=len(parts) - 1)
        geom_of = np.repeat(np.arange(len(geoms) - 1), np.diff(geoms))
        parts_per_geom = np.bincount(geom_of[shell_alive], minlength=len(geoms) - 1)
        part_offsets = np.concatenate([[0], np.cumsum(rings_per_part[shell_alive])])
        geom_offsets = np.concatenate([[0], np.cumsum(parts_per_geom)])
        return cls(
            np.ascontiguousarray(coords, np.int32), ring_offsets,
            part_offsets.astype(np.int64), geom_offsets.astype(np.int64),
        )  # fmt: skip

    def to_shapely(self) -> npt.NDArray[np.object_]:
        """Return (n,) shapely geometries in degrees, WGS 84; one part gives a Polygon."""
        return self._build(self.coords.astype(np.float64) / STEPS_PER_DEGREE)

    def to_shapely_steps(self, origin: npt.ArrayLike = (0, 0)) -> npt.NDArray[np.object_]:
        """Return (n,) shapely geometries whose coordinates are whole lattice steps from `origin`."""
        return self._build((self.coords.astype(np.int64) - np.asarray(origin, np.int64)).astype(np.float64))

    def _build(self, coords: FloatArray) -> npt.NDArray[np.object_]:
        result = np.full(len(self), None, dtype=object)
        if len(self) == 0:
            return result
        if len(coords) == 0:
            result[:] = shapely.Polygon()
            return result
        offsets = (self.ring_offsets, self.part_offsets, self.geom_offsets)
        result[:] = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, coords, offsets)
        parts = np.diff(self.geom_offsets)
        result[parts == 1] = shapely.get_geometry(result[parts == 1], 0)
        result[parts == 0] = shapely.Polygon()
        return result

    def take(self, rows: npt.ArrayLike) -> LatticePolygons:
        """Return the geometries at `rows` (integers or a boolean mask), in that order."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        parts, geoms = _gather(self.geom_offsets, index)
        rings, part_offsets = _gather(self.part_offsets, parts)
        points, ring_offsets = _gather(self.ring_offsets, rings)
        return LatticePolygons(self.coords[points], ring_offsets, part_offsets, geoms)

    @classmethod
    def concatenate(cls, pieces: list[LatticePolygons]) -> LatticePolygons:
        """Return all geometries of `pieces`, one after another."""

        def joined(name: str) -> IntArray:
            steps = [np.diff(getattr(piece, name)) for piece in pieces]
            return np.concatenate([[0], np.cumsum(np.concatenate(steps) if steps else [])]).astype(np.int64)

        coords = [piece.coords for piece in pieces] or [np.empty((0, 2), np.int32)]
        return cls(np.concatenate(coords), joined("ring_offsets"), joined("part_offsets"), joined("geom_offsets"))

    @property
    def ring_geometry(self) -> IntArray:
        """(rings,) int64: the geometry each ring belongs to."""
        part_of = np.repeat(np.arange(len(self.part_offsets) - 1), np.diff(self.part_offsets))
        geom_of = np.repeat(np.arange(len(self)), np.diff(self.geom_offsets))
        return np.asarray(geom_of[part_of], np.int64)

    def edges(self) -> tuple[Int32Array, Int32Array, IntArray]:
        """Return every directed edge: starts (e, 2), ends (e, 2), owning geometry (e,)."""
        last = np.zeros(len(self.coords), bool)
        last[self.ring_offsets[1:] - 1] = True
        start = np.flatnonzero(~last)
        geometry = np.repeat(self.ring_geometry, np.diff(self.ring_offsets))
        return self.coords[start], self.coords[start + 1], geometry[start]

    def bounds(self) -> IntArray:
        """Return (n, 4) int64 west, south, east, north in steps; an empty geometry gives 0."""
        result = np.zeros((len(self), 4), np.int64)
        counts = np.diff(self.ring_offsets[self.part_offsets[self.geom_offsets]])
        filled = counts > 0
        starts = self.ring_offsets[self.part_offsets[self.geom_offsets[:-1]]][filled]
        if len(starts):
            result[filled, :2] = np.minimum.reduceat(self.coords, starts, axis=0)
            result[filled, 2:] = np.maximum.reduceat(self.coords, starts, axis=0)
        return result

    def require_filled(self, names: npt.ArrayLike | None = None, *, source: object = None) -> LatticePolygons:
        """Return self, or raise CoordinateError naming geometries that are empty on the lattice."""
        empty = np.flatnonzero(np.diff(self.geom_offsets) == 0)
        if len(empty):
            labels = [str(np.asarray(names)[i]) if names is not None else str(i) for i in empty[:10]]
            raise CoordinateError(
                f"{len(empty)} geometries are empty or smaller than the lattice",
                given=", ".join(labels), allowed="an area of at least 1 cm²", source=source,
            )  # fmt: skip
        return self


def _gather(offsets: IntArray, index: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return the positions that runs `index` of `offsets` cover, and the new offsets."""
    starts, counts = offsets[:-1][index], np.diff(offsets)[index]
    new = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    positions = np.arange(new[-1]) - np.repeat(new[:-1], counts) + np.repeat(starts, counts)
    return positions.astype(np.int64), new


def _ring_area2(coords: Int32Array, offsets: IntArray) -> IntArray:
    """Return twice the signed area of each closed ring, exact in int64, in steps²."""
    rings = len(offsets) - 1
    filled = np.diff(offsets) > 0
    result = np.zeros(rings, np.int64)
    if not filled.any():
        return result
    ring_of = np.repeat(np.arange(rings), np.diff(offsets))
    origin = coords[np.minimum(offsets[:-1], len(coords) - 1)].astype(np.int64)
    local = coords.astype(np.int64) - origin[ring_of]
    cross = local[:-1, 0] * local[1:, 1] - local[1:, 0] * local[:-1, 1]
    same = ring_of[1:] == ring_of[:-1]
    # Wrap-around in partial sums is harmless: the total of a ring fits 63 bits.
    np.add.at(result, ring_of[:-1][same], cross[same])
    return result


def _reverse_rings(coords: Int32Array, offsets: IntArray, which: IntArray) -> Int32Array:
    """Return `coords` with the rings `which` run the other way."""
    if len(which) == 0:
        return coords
    order = np.arange(len(coords))
    positions, runs = _gather(offsets, which)
    starts, counts = offsets[:-1][which], np.diff(runs)
    mirrored = np.repeat(2 * starts + counts - 1, counts) - positions
    order[positions] = mirrored
    return coords[order]
