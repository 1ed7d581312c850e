"""Seams that grid borders may follow: along a big road or a river a border is cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import Metric
from geogrid.errors import InputError
from geogrid.lattice import from_lattice
from geogrid.types import BoolArray, Int32Array

__all__ = ["AlongSeams", "Seam", "along_seams"]


@dataclass(frozen=True, eq=False)
class Seam:
    """One class of seams.

    Parameters
    ----------
    name : str
        ``"major road"``, ``"water"``, …
    shapes : (s,) shapely lines or polygons, degrees, WGS 84
        A polygon counts as its outline and its inside.
    factor : float
        What a metre of border along it costs: below 1 cheap, 1 as any other, above 1 dear.
    within_m : float
        A stretch of border whose middle lies this near runs along the seam.
    barrier : bool
        Cells on its two sides do not connect.
    bridges : (k,) shapely lines, optional
        Where a barrier can be crossed.
    """

    name: str
    shapes: npt.NDArray[np.object_]
    factor: float = 0.3
    within_m: float = 10.0
    barrier: bool = False
    bridges: npt.NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (np.isfinite(self.factor) and self.factor >= 0):
            raise InputError("a seam's factor is not a price", given=self.factor, allowed="0 or more", source=self.name)
        if not (np.isfinite(self.within_m) and self.within_m >= 0):
            raise InputError("within_m is not a distance", given=self.within_m, allowed="metres", source=self.name)


@dataclass(frozen=True, eq=False)
class AlongSeams:
    """Which edges run along which seams.

    Parameters
    ----------
    along : list of (e,) bool, one for each seam
    bridged : (e,) bool
        A bridge crosses the edge.
    """

    along: list[BoolArray]
    bridged: BoolArray


def along_seams(seams: Sequence[Seam], metric: Metric, starts: Int32Array, ends: Int32Array) -> AlongSeams:
    """Return which of e lattice edges run along each seam, by their middles, and which a bridge crosses."""
    bridged = np.zeros(len(starts), bool)
    if not seams:
        return AlongSeams([], bridged)
    tail, head = metric.to_metres(from_lattice(starts)), metric.to_metres(from_lattice(ends))
    middles = np.asarray(shapely.points((tail + head) / 2), dtype=object)
    along = []
    for seam in seams:
        mask = np.zeros(len(starts), bool)
        tree = shapely.STRtree(_in_metres(seam.shapes, metric))
        mask[tree.query(middles, predicate="dwithin", distance=seam.within_m)[0]] = True
        along.append(mask)
        if seam.bridges is not None:
            lines = np.asarray(shapely.linestrings(np.stack([tail, head], axis=1)), dtype=object)
            crossed = shapely.STRtree(_in_metres(seam.bridges, metric)).query(lines, predicate="intersects")[0]
            bridged[crossed] = True
    return AlongSeams(along, bridged)


def _in_metres(shapes: Any, metric: Metric) -> npt.NDArray[np.object_]:
    array = np.atleast_1d(np.asarray(shapes, dtype=object))
    return np.asarray(shapely.transform(array, metric.to_metres), dtype=object)
