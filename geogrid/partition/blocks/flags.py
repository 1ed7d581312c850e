"""Flags: why a cell is off its size, in words a planner reads, in English and Chinese."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.divide import cells_for
from geogrid.types import BoolArray, FloatArray, Int32Array

__all__ = ["Beside", "are_corridors", "flags_of", "in_chinese", "reason_of"]

Beside: TypeAlias = tuple[Int32Array, Int32Array, FloatArray]

_CORRIDOR = 1.5

STRIP_M = 25.0
"""Ground narrower than this between hard seams is called a strip; a motorway's median is."""

_CHINESE = {
    "no seam or chord fits the size": "没有合适的边界或切分线",
    "one building fills it": "被一栋建筑占满",
    "the whole area measures": "整个区域面积",
    "confined by hard seams": "四周为不可跨越的边界",
    "confined by corridors": "四周为廊道",
    "confined by areas of their own": "四周为水域或专属网格",
    "a strip between hard seams": "不可跨越的边界之间的狭长地带",
    "a strip between corridors": "廊道之间的狭长地带",
    "a strip between areas of their own": "水域或专属网格之间的狭长地带",
    "a corridor no crossing parts": "廊道未被路口分段",
}
_SIZE = re.compile(r"[ ,]*([\d,]+) m²$")
_WIDTH = re.compile(r", (\d+) m wide")


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


def reason_of(flag: str) -> str:
    """Return a flag without its size, to count cells by it.

    Examples
    --------
    >>> reason_of("confined by hard seams, 3,200 m²")
    'confined by hard seams'
    """
    return _WIDTH.sub("", _SIZE.sub("", flag))


def in_chinese(flag: str) -> str:
    """Return a flag or its reason in Chinese; what is not known stays as it is.

    Examples
    --------
    >>> in_chinese("confined by hard seams, 3,200 m²")
    '四周为不可跨越的边界,3,200 m²'
    """
    reason, size = reason_of(flag), _SIZE.search(flag)
    words = _CHINESE.get(reason, reason)
    wide = f",宽 {width[1]} m" if (width := _WIDTH.search(flag)) else ""
    return f"{words}{wide},{size[1]} m²" if size else words
