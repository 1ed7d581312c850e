"""Tilings of the plane, and the pieces of an area that their tiles make.

Tiles stand at fixed places of the metric CRS, so two neighbouring areas, or the same area
next year, are cut along the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import PlanError
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["Hexagons", "Squares", "Tiling", "pieces_of"]

_FEW_TILES = 24
_MOST_TILES = 30_000_000
_FEW_VERTICES = 64


class Tiling(Protocol):
    """A way to fill the plane with equal tiles, each known by (column, row)."""

    def near(self, bounds: FloatArray) -> IntArray:
        """Return (k, 2) tiles that may reach into (west, south, east, north), north row first."""
        ...

    def tiles(self, index: IntArray) -> npt.NDArray[np.object_]:
        """Return (k,) shapely polygons of tiles; shared corners are the same floats."""
        ...

    def centres(self, index: IntArray) -> FloatArray:
        """Return (k, 2) centres of tiles."""
        ...


@dataclass(frozen=True)
class Squares:
    """Squares of `side_m`, with a corner at the origin of the metric CRS.

    Examples
    --------
    >>> Squares(100.0).tiles(np.array([[2, 5]]))[0].bounds
    (200.0, 500.0, 300.0, 600.0)
    """

    side_m: float

    def near(self, bounds: FloatArray) -> IntArray:
        """Return the squares that meet `bounds`."""
        west, south, east, north = np.floor(np.asarray(bounds) / self.side_m).astype(np.int64)
        return _index(np.arange(west, east + 1), np.arange(south, north + 1))

    def tiles(self, index: IntArray) -> npt.NDArray[np.object_]:
        """Return the squares as polygons."""
        low, high = index * self.side_m, (index + 1) * self.side_m
        return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]), dtype=object)

    def centres(self, index: IntArray) -> FloatArray:
        """Return the middles of the squares."""
        return np.asarray((index + 0.5) * self.side_m, np.float64)


@dataclass(frozen=True)
class Hexagons:
    """Regular hexagons with a corner to the north, odd rows shifted by half a hexagon to the east.

    Parameters
    ----------
    side_m : float
        Length of a side; the area is 3/2 √3 side².

    Examples
    --------
    >>> round(Hexagons(62.04).tiles(np.array([[0, 0]]))[0].area)
    10000
    """

    side_m: float

    @property
    def width_m(self) -> float:
        """Distance of two centres in a row."""
        return float(np.sqrt(3.0) * self.side_m)

    def near(self, bounds: FloatArray) -> IntArray:
        """Return the hexagons that may meet `bounds`."""
        west, south, east, north = np.asarray(bounds, np.float64)
        columns = np.floor(np.array([west, east]) / self.width_m).astype(np.int64)
        rows = np.floor(np.array([south, north]) / (1.5 * self.side_m)).astype(np.int64)
        return _index(np.arange(columns[0] - 1, columns[1] + 2), np.arange(rows[0] - 1, rows[1] + 2))

    def tiles(self, index: IntArray) -> npt.NDArray[np.object_]:
        """Return the hexagons as polygons."""
        # Corners are counted in half widths and half sides, so neighbours compute the same floats.
        east = (2 * index[:, 0] + (index[:, 1] & 1))[:, None] + np.array([1, 2, 2, 1, 0, 0])
        north = (3 * index[:, 1])[:, None] + np.array([0, 1, 3, 4, 3, 1])
        corners = np.stack([east * (self.width_m / 2), north * (self.side_m / 2)], axis=2)
        return np.asarray(shapely.polygons(corners), dtype=object)

    def centres(self, index: IntArray) -> FloatArray:
        """Return the middles of the hexagons."""
        east = (2 * index[:, 0] + (index[:, 1] & 1) + 1) * (self.width_m / 2)
        north = (3 * index[:, 1] + 2) * (self.side_m / 2)
        return np.column_stack([east, north])


def _index(columns: IntArray, rows: IntArray) -> IntArray:
    if len(columns) * len(rows) > _MOST_TILES:
        raise PlanError(
            "too many tiles in one area", given=f"{len(columns) * len(rows):,}", allowed=f"up to {_MOST_TILES:,}",
            mend="give a larger target_area_m2",
        )  # fmt: skip
    row, column = np.meshgrid(rows[::-1], columns, indexing="ij")
    return np.column_stack([column.ravel(), row.ravel()])


def pieces_of(area: shapely.Geometry, tiling: Tiling) -> npt.NDArray[np.object_]:
    """Return the polygons into which a tiling cuts an area, north row first, then west to east.

    Tiles inside are taken as they are; only tiles on the border are intersected, each with the
    part of the area around it.

    Parameters
    ----------
    area : shapely Polygon or MultiPolygon, metres
    """
    index = tiling.near(shapely.bounds(area))
    tiles = tiling.tiles(index)
    border = _on_border(area, tiles)
    shapely.prepare(area)
    centres = tiling.centres(index)
    inside = np.zeros(len(index), bool)
    inside[~border] = shapely.contains_xy(area, centres[~border])
    result = tiles.copy()
    rows = np.flatnonzero(border)
    result[rows] = _clipped(area, tiles[rows], centres[rows])
    order = np.flatnonzero(border | inside)
    parts, source = shapely.get_parts(result[order], return_index=True)
    parts, source = np.asarray(parts, dtype=object), np.asarray(source)
    nested = shapely.get_type_id(parts) > 3
    if nested.any():
        parts = np.asarray(shapely.get_parts(parts), dtype=object)
    return np.asarray(parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)], dtype=object)


def _on_border(area: shapely.Geometry, tiles: npt.NDArray[np.object_]) -> BoolArray:
    coords, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(area)), return_index=True)
    same = ring[1:] == ring[:-1]
    edges = shapely.linestrings(np.stack([coords[:-1][same], coords[1:][same]], axis=1))
    border = np.zeros(len(tiles), bool)
    border[shapely.STRtree(tiles).query(edges, predicate="intersects")[1]] = True
    return border


def _clipped(area: shapely.Geometry, tiles: npt.NDArray[np.object_], centres: FloatArray) -> npt.NDArray[np.object_]:
    """Return each tile's share of the area; the area is halved along with the tiles.

    An overlay costs as much as the larger side has vertices, so a long outline is first cut down
    to the surroundings of the tiles. The margin keeps those cuts away from every tile.
    """
    if len(tiles) <= _FEW_TILES or shapely.get_num_coordinates(area) <= _FEW_VERTICES:
        return np.asarray(shapely.intersection(tiles, area), dtype=object)
    axis = int(np.argmax(np.ptp(centres, axis=0)))
    order = np.argsort(centres[:, axis], kind="stable")
    result = np.empty(len(tiles), dtype=object)
    for half in np.array_split(order, 2):
        west, south, east, north = shapely.total_bounds(tiles[half])
        margin = 0.05 * max(east - west, north - south)
        window = shapely.box(west - margin, south - margin, east + margin, north + margin)
        result[half] = _clipped(shapely.intersection(area, window), tiles[half], centres[half])
    return result
