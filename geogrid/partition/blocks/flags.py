"""Flags: why a cell is off its size, in words a planner reads."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.divide import cells_for
from geogrid.types import BoolArray, FloatArray, Int32Array

__all__ = ["Beside", "are_corridors", "flags_of"]

Beside: TypeAlias = tuple[Int32Array, Int32Array, FloatArray]

_CORRIDOR = 1.5

STRIP_M = 25.0
"""Ground narrower than this between hard seams is called a strip; a motorway's median is."""


def flags_of(
    polygons: npt.NDArray[np.object_], component: Int32Array, whole: BoolArray, *, parent_m2: float, target_m2: float,
    tolerance: float, kinds: npt.NDArray[np.object_] | None = None, buildings: npt.NDArray[np.object_] | None = None,
    beside: Beside | None = None,
) -> npt.NDArray[np.object_]:  # fmt: skip
    """Return why each cell is off its size: ``""`` where it is not, or where it is an area kept whole.

    Parameters
    ----------
    polygons : (n,) shapely polygons, metres
    component : (n,) int32
        The ground between hard seams that each cell lies in.
    whole : (n,) bool
        Whether it is an area of its own that is kept whole.
    parent_m2, target_m2, tolerance : float
    kinds : (n,) object array of str, optional
        What each cell is; all ground if left out. Crossings cut a corridor into pieces of any length: one that is
        small for that reason is as it should be, and so is one up to half as large again as the target.
    buildings : (m,) shapely polygons, optional
        A large cell so filled by one of them that the rest is no cell says so.
    beside : (left, right, length_m), optional
        The edges between cells, -1 outside: what confines a cell is what most of its border to others is.
    """
    area = shapely.area(polygons)
    room = np.bincount(component, weights=area)[component]
    count = np.array([cells_for(float(a), target_m2) for a in room])
    flags = np.full(len(area), "", dtype=object)
    off = (np.abs(area / target_m2 - 1) > tolerance) & ~whole
    stuck = np.abs(room / count / target_m2 - 1) > tolerance
    roads = np.zeros(len(area), bool) if kinds is None else are_corridors(kinds)
    off &= ~(roads & stuck & (area <= _CORRIDOR * target_m2))
    by = _confined_by(component, kinds, beside)
    width = 2 * area / np.maximum(shapely.length(polygons), 1e-9)
    large = np.flatnonzero(off & ~stuck & (area > target_m2))
    filled = np.zeros(len(area), bool)
    filled[large] = _filled(polygons[large], buildings, (1 - tolerance) * target_m2)
    for row in np.flatnonzero(off):
        if roads[row] and stuck[row]:
            flags[row] = f"a corridor no crossing parts, {area[row]:,.0f} m²"
        elif filled[row]:
            flags[row] = f"one building fills it, {area[row]:,.0f} m²"
        elif not stuck[row]:
            flags[row] = f"no seam or chord fits the size, {area[row]:,.0f} m²"
        elif room[row] >= parent_m2 - 1:
            flags[row] = f"the whole area measures {parent_m2:,.0f} m²"
        elif width[row] < STRIP_M and _is_long(polygons[row], width[row]):
            flags[row] = f"a strip between {by[component[row]]}, {width[row]:.0f} m wide, {area[row]:,.0f} m²"
        else:
            flags[row] = f"confined by {by[component[row]]}, {room[row]:,.0f} m²"
    return flags


def are_corridors(kinds: npt.NDArray[np.object_]) -> BoolArray:
    """Return which cells, or areas, are pieces of a corridor, by what they are called."""
    return np.array([str(kind).startswith("corridor ") for kind in kinds], dtype=bool)


def _confined_by(
    component: Int32Array, kinds: npt.NDArray[np.object_] | None, beside: Beside | None
) -> npt.NDArray[np.object_]:
    """Return what most of each component's border to other cells is."""
    count = int(component.max(initial=-1)) + 1
    words = np.full(count, "hard seams", dtype=object)
    if kinds is None or beside is None or (kinds == "ground").all():
        return words
    left, right, length = beside
    inner = (left >= 0) & (right >= 0)
    one, other, metres = left[inner], right[inner], length[inner]
    apart = component[one] != component[other]
    near = np.concatenate([one[apart], other[apart]])
    far, metres = np.concatenate([other[apart], one[apart]]), np.tile(metres[apart], 2)
    what = np.where(kinds[far] == "ground", 0, np.where(are_corridors(kinds[far]), 1, 2))
    total = np.zeros((count, 3))
    np.add.at(total, (component[near], what), metres)
    words[total.argmax(axis=1) == 1] = "corridors"
    words[total.argmax(axis=1) == 2] = "areas of their own"
    return words


def _is_long(polygon: Any, width_m: float) -> bool:
    """Return whether ground is at least about five times as long as wide."""
    return bool(polygon.length > 15 * width_m)


def _filled(cells: npt.NDArray[np.object_], buildings: npt.NDArray[np.object_] | None, least_m2: float) -> BoolArray:
    """Return which cells hold a building, its courtyards with it, beside which no ground of `least_m2` is left."""
    result = np.zeros(len(cells), bool)
    if buildings is None or len(buildings) == 0 or len(cells) == 0:
        return result
    solid: Any = shapely.polygons(shapely.get_exterior_ring(buildings))
    house, cell = shapely.STRtree(cells).query(shapely.point_on_surface(buildings), predicate="intersects")
    inside = shapely.area(shapely.intersection(cells[cell], solid[house]))
    most = np.zeros(len(cells))
    np.maximum.at(most, cell, inside)
    return np.asarray(shapely.area(cells) - most < least_m2)
