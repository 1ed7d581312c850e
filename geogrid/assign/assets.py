"""The nearest registered asset of a category, within reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from geogrid.assign.rulebook import Asset
from geogrid.compiled import compiled
from geogrid.lattice import to_lattice
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["AssetIndex"]

_A = 6378137.0
_E2 = 0.0066943799901413165


class AssetIndex:
    """Assets in buckets as wide as the reach, one look-up at a time or many.

    Parameters
    ----------
    assets : sequence of Asset
    category_rows : mapping of str to int
        Row of each category code; assets of other categories are never found.
    reach_m : float
        On the WGS 84 ellipsoid, with the radii of curvature at the asset.
    """

    def __init__(self, assets: Sequence[Asset], category_rows: Mapping[str, int], reach_m: float) -> None:
        # By id, so that the order of rows decides nothing where two are equally near.
        self.assets = tuple(sorted((a for a in assets if a.category in category_rows), key=lambda a: a.id))
        self.reach_m = reach_m
        points = to_lattice([a.lon for a in self.assets], [a.lat for a in self.assets])
        phi = np.radians(points[:, 1] / 1e7)
        w2 = 1 - _E2 * np.sin(phi) ** 2
        self._metres = np.column_stack([_A * np.cos(phi) / np.sqrt(w2), _A * (1 - _E2) / w2**1.5]) * math.radians(1e-7)
        least = self._metres.min(axis=0) if len(self.assets) else np.ones(2)
        self._bucket = np.maximum(np.ceil(reach_m / np.maximum(least, 1e-9)), 1).astype(np.int64)
        kind = np.array([category_rows[a.category] for a in self.assets], np.int64)
        key = _keys(kind, points.astype(np.int64) // self._bucket)
        self._order = np.argsort(key, kind="stable")
        self._key, self._points = key[self._order], points[self._order].astype(np.int64)
        self._metres = np.ascontiguousarray(self._metres[self._order])
        self._holders = {row: asset.holders for row, asset in enumerate(self.assets)}

    def __len__(self) -> int:
        """Return the number of assets."""
        return len(self.assets)

    def nearest(self, category: Int32Array, points: Int32Array) -> tuple[Int32Array, FloatArray]:
        """Return the nearest asset of each report's category and its distance.

        Parameters
        ----------
        category : (n,) int32
            Rows of categories, -1 for none.
        points : (n, 2) int32
            Lattice points.

        Returns
        -------
        rows : (n,) int32, into `assets`, -1 where none is within reach
        distance_m : (n,) float64
        """
        rows = np.full(len(points), -1, np.int32)
        metres = np.full(len(points), np.inf)
        if len(self.assets):
            _nearest(
                np.ascontiguousarray(category, np.int32), np.ascontiguousarray(points, np.int32), self._key, self._points,
                self._metres, self._bucket, self.reach_m, self._order, rows, metres,
            )  # fmt: skip
        return rows, metres


def _keys(kind: IntArray, bucket: IntArray) -> IntArray:
    return np.asarray((kind << 46) + ((bucket[:, 0] & 0x7FFFFF) << 23) + (bucket[:, 1] & 0x7FFFFF), np.int64)


@compiled
def _nearest(
    category: Int32Array, points: Int32Array, keys: IntArray, places: IntArray, metres: FloatArray, bucket: IntArray,
    reach: float, order: IntArray, rows: Int32Array, best: FloatArray,
) -> None:  # fmt: skip
    for i in range(len(points)):
        if category[i] < 0:
            continue
        column, line = points[i, 0] // bucket[0], points[i, 1] // bucket[1]
        for dx in range(-1, 2):
            for dy in range(-1, 2):
                key = (np.int64(category[i]) << 46) + (((column + dx) & 0x7FFFFF) << 23) + ((line + dy) & 0x7FFFFF)
                k = np.searchsorted(keys, key)
                while k < len(keys) and keys[k] == key:
                    east = (places[k, 0] - points[i, 0]) * metres[k, 0]
                    north = (places[k, 1] - points[i, 1]) * metres[k, 1]
                    far = math.sqrt(east * east + north * north)
                    if far <= reach and (far < best[i] or (far == best[i] and order[k] < rows[i])):
                        best[i] = far
                        rows[i] = order[k]
                    k += 1
