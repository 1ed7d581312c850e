"""Why each stretch of border is where it is, as a table and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import Metric
from geogrid.errors import InputError, StorageError
from geogrid.partition.blocks.edge_kinds import AREA, LEGAL, SEAM
from geogrid.partition.blocks.ground import Seams
from geogrid.partition.blocks.parent import REASONS, ParentCut
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["LAYER", "Stretches", "gather_stretches", "require_geopackage", "save_stretches"]

LAYER = "reasons"
"""Layer of the file that `save_stretches` writes."""


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
        """Return one row per stretch: its cells (`other` -1 across a legal border), reason, seam, length; as lines."""
        import geopandas

        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        inner = low >= 0
        key = np.column_stack([np.where(inner, low, high), np.where(inner, high, -1), self.reason, self.source])
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


def require_geopackage(path: Path | None) -> None:
    """Refuse another format before anything is cut.

    Raises
    ------
    InputError
    """
    if path is not None and path.suffix.lower() != ".gpkg":
        raise InputError("reasons are written as a GeoPackage", given=path.name, allowed="a name that ends in .gpkg")


def save_stretches(
    stretches: Stretches, seams: Seams, areas: npt.NDArray[np.object_], metric: Metric, path: Path
) -> None:
    """Write one row per stretch, in EPSG:4326; replace a file of that name.

    Parameters
    ----------
    areas : (cells,) object array of str
        Code of the area each cell lies in. Cells have no codes before they are published: `cell` and
        `other` are their rows in the cut, `other` is missing across a legal border.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    frame = stretches.to_geopandas(seams, metric.crs)
    frame.insert(0, "area", areas[frame["cell"]])
    frame["other"] = frame["other"].where(frame["other"] >= 0).astype("Int64")
    degrees = shapely.transform(np.asarray(frame.geometry.array, dtype=object), metric.to_degrees)
    try:
        path.unlink(missing_ok=True)
        frame.set_geometry(degrees, crs="EPSG:4326").to_file(
            path, layer=LAYER, driver="GPKG", geometry_type="MultiLineString", promote_to_multi=True
        )
    except (OSError, RuntimeError) as error:
        raise StorageError("the reasons cannot be written", given=str(error), source=path) from None
