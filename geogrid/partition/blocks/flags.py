"""Flags: why a cell is off its size, in words a planner reads, in English and Chinese."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.divide import cells_for
from geogrid.types import BoolArray, Int32Array

__all__ = ["flags_of", "in_chinese", "reason_of"]

_CHINESE = {
    "no seam or chord fits the size": "没有合适的边界或切分线",
    "the whole area measures": "整个区域面积",
    "confined by hard seams": "四周为不可跨越的边界",
}
_SIZE = re.compile(r"[ ,]*([\d,]+) m²$")


def flags_of(
    polygons: npt.NDArray[np.object_], component: Int32Array, whole: BoolArray, *, parent_m2: float, target_m2: float,
    tolerance: float,
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
    """
    area = shapely.area(polygons)
    room = np.bincount(component, weights=area)[component]
    count = np.array([cells_for(float(a), target_m2) for a in room])
    flags = np.full(len(area), "", dtype=object)
    off = (np.abs(area / target_m2 - 1) > tolerance) & ~whole
    stuck = np.abs(room / count / target_m2 - 1) > tolerance
    for row in np.flatnonzero(off):
        if not stuck[row]:
            flags[row] = f"no seam or chord fits the size, {area[row]:,.0f} m²"
        elif room[row] >= parent_m2 - 1:
            flags[row] = f"the whole area measures {parent_m2:,.0f} m²"
        else:
            flags[row] = f"confined by hard seams, {room[row]:,.0f} m²"
    return flags


def reason_of(flag: str) -> str:
    """Return a flag without its size, to count cells by it.

    Examples
    --------
    >>> reason_of("confined by hard seams, 3,200 m²")
    'confined by hard seams'
    """
    return _SIZE.sub("", flag)


def in_chinese(flag: str) -> str:
    """Return a flag or its reason in Chinese; what is not known stays as it is.

    Examples
    --------
    >>> in_chinese("confined by hard seams, 3,200 m²")
    '四周为不可跨越的边界,3,200 m²'
    """
    reason, size = reason_of(flag), _SIZE.search(flag)
    words = _CHINESE.get(reason, reason)
    return f"{words},{size[1]} m²" if size else words
