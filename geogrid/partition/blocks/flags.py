"""Flags: why a cell is off its size, in words a planner reads, in English and Chinese."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.divide import cells_for
from geogrid.types import BoolArray, Int32Array

__all__ = ["flags_of", "in_chinese", "reason_of"]

STRIP_M = 25.0
"""Ground narrower than this between hard seams is called a strip; a motorway's median is."""

_CHINESE = {
    "no seam or chord fits the size": "没有合适的边界或切分线",
    "one building fills it": "被一栋建筑占满",
    "the whole area measures": "整个区域面积",
    "confined by hard seams": "四周为不可跨越的边界",
    "a strip between hard seams": "不可跨越的边界之间的狭长地带",
    "a corridor no crossing parts": "廊道未被路口分段",
}
_SIZE = re.compile(r"[ ,]*([\d,]+) m²$")
_WIDTH = re.compile(r", (\d+) m wide")


def flags_of(
    polygons: npt.NDArray[np.object_], component: Int32Array, whole: BoolArray, *, parent_m2: float, target_m2: float,
    tolerance: float, corridor: BoolArray | None = None, buildings: npt.NDArray[np.object_] | None = None,
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
    corridor : (n,) bool, optional
        Whether it is a piece of a corridor. Crossings cut a corridor into pieces of any length; one that is
        small for that reason is as it should be, and only a large one is flagged.
    buildings : (m,) shapely polygons, optional
        A large cell so filled by one of them that the rest is no cell says so.
    """
    area = shapely.area(polygons)
    room = np.bincount(component, weights=area)[component]
    count = np.array([cells_for(float(a), target_m2) for a in room])
    flags = np.full(len(area), "", dtype=object)
    off = (np.abs(area / target_m2 - 1) > tolerance) & ~whole
    stuck = np.abs(room / count / target_m2 - 1) > tolerance
    roads = np.zeros(len(area), bool) if corridor is None else corridor
    off &= ~(roads & stuck & (area < target_m2))
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
            flags[row] = f"a strip between hard seams, {width[row]:.0f} m wide, {area[row]:,.0f} m²"
        else:
            flags[row] = f"confined by hard seams, {room[row]:,.0f} m²"
    return flags


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
