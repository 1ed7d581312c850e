"""Why each stretch of border is where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.ground import Seams
from geogrid.partition.blocks.mesh import AREA, LEGAL, SEAM
from geogrid.partition.blocks.parent import REASONS, ParentCut
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["Stretches", "gather_stretches"]


@dataclass(frozen=True, eq=False)
class Stretches:
    """The edges of all cell borders, each once for each parent it bounds.

    Parameters
    ----------
    start, end : (n, 2) float64, metres
    left, right : (n,) int64
        Cells; `right` is -1 across a legal border.
    reason : (n,) int8
        Key of `REASONS`.
    source : (n,) int64
        Row of the seams, -1 for none.
    """

    start: FloatArray
    end: FloatArray
    left: IntArray
    right: IntArray
    reason: npt.NDArray[np.int8]
    source: IntArray

    @property
    def length_m(self) -> FloatArray:
        """(n,) lengths in metres."""
        return np.asarray(np.hypot(*(self.end - self.start).T), np.float64)

    def share(self, cells: int) -> FloatArray:
        """Return (cells,) share of each cell's border that runs on a seam, an area's outline or a legal border."""
        good = np.isin(self.reason, (SEAM, AREA, LEGAL))
        total, on = np.zeros(cells), np.zeros(cells)
        for side in (self.left, self.right):
            inside = side >= 0
            total += np.bincount(side[inside], weights=self.length_m[inside], minlength=cells)
            on += np.bincount(side[inside & good], weights=self.length_m[inside & good], minlength=cells)
        return on / np.maximum(total, 1e-9)

    def to_geopandas(self, seams: Seams, crs: Any) -> Any:
        """Return one row per stretch: neighbours, reason, seam layer, class and name, length; as lines."""
        import geopandas

        key = np.column_stack(
            [np.minimum(self.left, self.right), np.maximum(self.left, self.right), self.reason, self.source]
        )
        unique, number = np.unique(key, axis=0, return_inverse=True)
        number = number.ravel()
        order = np.argsort(number, kind="stable")
        lines: Any = shapely.linestrings(np.stack([self.start, self.end], axis=1)[order])
        bundles = shapely.line_merge(shapely.multilinestrings(lines, indices=number[order]))
        known: BoolArray = unique[:, 3] >= 0
        row = np.maximum(unique[:, 3], 0)

        def of(column: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
            return np.where(known, column[row], "") if len(column) else np.full(len(row), "", dtype=object)

        return geopandas.GeoDataFrame(
            {
                "cell": unique[:, 0], "other": unique[:, 1], "reason": [REASONS[int(k)] for k in unique[:, 2]],
                "layer": of(seams.layer), "class": of(seams.classes), "name": of(seams.names),
                "length_m": np.bincount(number, weights=self.length_m),
            },
            geometry=bundles, crs=crs,
        )  # fmt: skip


def gather_stretches(cuts: list[ParentCut]) -> Stretches:
    """Return the stretches of all parents, cells numbered through."""
    before = np.cumsum([0, *(len(cut.polygons) for cut in cuts)])[:-1]

    def numbered(name: str) -> IntArray:
        sides = [getattr(cut, name).astype(np.int64) for cut in cuts]
        return np.concatenate([np.where(s >= 0, s + n, -1) for s, n in zip(sides, before, strict=True)])

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(cut, name) for cut in cuts])

    return Stretches(
        joined("start"), joined("end"), numbered("left"), numbered("right"), joined("reason"), joined("source")
    )
