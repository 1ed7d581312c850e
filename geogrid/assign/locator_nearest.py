"""The nearest polygon of a place outside all of them, in metres on the ellipsoid."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely

from geogrid.crs import geodesic_distance_m
from geogrid.lattice import from_lattice
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Rim"]

_METRES_PER_DEGREE = 110_000.0
"""A little less than a degree of latitude anywhere, so that a box in degrees is never too small."""
_BLOCK = 4096


class Rim:
    """The outline of a layer: edges with nobody on the other side.

    Parameters
    ----------
    edges : (r, 4) int32
        From lon, lat to lon, lat in lattice steps.
    owners : (r,) int32
        The polygon each belongs to.
    """

    def __init__(self, edges: Int32Array, owners: Int32Array) -> None:
        self._edges = from_lattice(edges)
        self._owners = owners

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(np.asarray(shapely.linestrings(self._edges.reshape(-1, 2, 2))))

    def nearest(self, lon: FloatArray, lat: FloatArray, limit_m: float) -> tuple[Int32Array, FloatArray]:
        """Return the nearest polygon of each place and its distance; -1 and NaN beyond `limit_m`.

        Parameters
        ----------
        lon, lat : (n,) float64, degrees, WGS 84
        limit_m : float, metres

        Returns
        -------
        owners : (n,) int32
            Of equally near polygons the lowest row.
        distance_m : (n,) float64, on the WGS 84 ellipsoid
        """
        rows, distance = np.full(len(lon), -1, np.int32), np.full(len(lon), np.nan)
        if len(self._edges) == 0:
            return rows, distance
        for first in range(0, len(lon), _BLOCK):
            part = slice(first, first + _BLOCK)
            self._fill(lon[part], lat[part], limit_m, rows[part], distance[part])
        return rows, distance

    def _fill(
        self, lon: FloatArray, lat: FloatArray, limit_m: float, rows: Int32Array, distance: FloatArray
    ) -> None:  # fmt: skip
        # Widen the search until every place has a candidate that is nearer than the box is wide.
        waiting = np.arange(len(lon))
        reach = min(limit_m, 250.0)
        while len(waiting):
            high = reach / _METRES_PER_DEGREE
            wide = high / np.maximum(np.cos(np.radians(np.minimum(np.abs(lat[waiting]) + high, 90.0))), 1e-6)
            who, edge, turn = self._near(lon[waiting], lat[waiting], wide, high)
            place = waiting[who]
            far = self._distance(lon[place] + turn, lat[place], edge)
            order = np.lexsort((self._owners[edge], far, place))
            place, edge, far = place[order], edge[order], far[order]
            nearest = np.ones(len(place), bool)
            nearest[1:] = place[1:] != place[:-1]
            nearest &= far <= reach
            rows[place[nearest]] = self._owners[edge[nearest]]
            distance[place[nearest]] = far[nearest]
            waiting = waiting[rows[waiting] < 0]
            if reach >= limit_m:
                break
            reach = min(limit_m, reach * 8.0)

    def _near(
        self, lon: FloatArray, lat: FloatArray, wide: FloatArray, high: float
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return places and edges within boxes around places, and by how many degrees a place was turned for it.

        At the antimeridian a box has a second half on the other side.
        """
        found = []
        for turn, there in ((0.0, slice(None)), (360.0, lon - wide < -180.0), (-360.0, lon + wide > 180.0)):
            rows = np.arange(len(lon))[there]
            x, y, w = lon[rows] + turn, lat[rows], wide[rows]
            who, edge = self._tree.query(shapely.box(x - w, y - high, x + w, y + high))
            found.append((rows[who], edge, np.full(len(who), turn)))
        who, edge, turns = (np.concatenate(part) for part in zip(*found, strict=True))
        return who.astype(np.int64), edge.astype(np.int64), turns

    def _distance(self, lon: FloatArray, lat: FloatArray, edge: IntArray) -> FloatArray:
        """Return the geodesic distance from places to the nearest points of edges."""
        ax, ay, bx, by = self._edges[edge].T
        # The foot of the perpendicular, on the plane scaled at the place's own latitude; the foot's
        # own error is of second order in the distance.
        shrink = np.cos(np.radians(lat))
        dx, dy, px, py = (bx - ax) * shrink, by - ay, (lon - ax) * shrink, lat - ay
        along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        return geodesic_distance_m(lon, lat, ax + along * (bx - ax), ay + along * (by - ay))
