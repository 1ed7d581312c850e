"""Near-duplicates: reports of one kind, near in place and time, joined into families with one owner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import Metric
from geogrid.types import FloatArray, IntArray

__all__ = ["Family", "find_families"]


@dataclass(frozen=True, slots=True)
class Family:
    """Reports of one matter.

    Parameters
    ----------
    category : str
    reports : tuple of int
        Positions, by time.
    owner : str
        The grid of the first report: it keeps the matter.
    grids : tuple of str
        All grids reported from; more than one means it lies across a border.
    """

    category: str
    reports: tuple[int, ...]
    owner: str
    grids: tuple[str, ...]

    @property
    def crosses_border(self) -> bool:
        """Whether reports of it came from more than one grid."""
        return len(self.grids) > 1


def find_families(
    category: npt.NDArray[np.object_],
    lon: FloatArray,
    lat: FloatArray,
    seconds: npt.ArrayLike,
    grid: npt.NDArray[np.object_],
    *,
    near_m: float = 50.0,
    within_hours: float = 24.0,
) -> tuple[Family, ...]:
    """Return the families of two and more reports.

    Two reports belong together if they are of one category, at most `near_m` metres and
    `within_hours` hours apart; families are what is connected by that.

    Parameters
    ----------
    category, grid : (n,) object arrays of str
    lon, lat : (n,) float64, degrees, WGS 84
    seconds : (n,) int
    near_m, within_hours : float
    """
    count = len(category)
    if count == 0:
        return ()
    when = np.asarray(seconds, np.int64)
    metric = Metric.around(float(np.median(lon)), float(np.median(lat)))
    points = np.asarray(shapely.points(metric.to_metres(np.column_stack([lon, lat]))), dtype=object)
    _, kind = np.unique(category.astype(str), return_inverse=True)
    root = np.arange(count)
    for row in range(int(kind.max()) + 1):
        mine = np.flatnonzero(kind == row)
        if len(mine) < 2:
            continue
        a, b = shapely.STRtree(points[mine]).query(points[mine], predicate="dwithin", distance=near_m)
        a, b = mine[a], mine[b]
        close = (a < b) & (np.abs(when[a] - when[b]) <= within_hours * 3600)
        _join(root, a[close], b[close])
    top = np.array([_root(root, i) for i in range(count)])
    order = np.lexsort((np.arange(count), when, top))
    edges = np.flatnonzero(np.diff(top[order], prepend=-1, append=-1) != 0)
    families = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if last - first > 1:
            rows = order[first:last]
            grids = tuple(dict.fromkeys(str(grid[i]) for i in rows))
            families.append(Family(str(category[rows[0]]), tuple(int(i) for i in rows), str(grid[rows[0]]), grids))
    return tuple(sorted(families, key=lambda f: (-len(f.reports), f.reports)))


def _root(root: IntArray, i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = int(root[i])
    return i


def _join(root: IntArray, a: IntArray, b: IntArray) -> None:
    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        low, high = sorted((_root(root, one), _root(root, other)))
        root[high] = low
