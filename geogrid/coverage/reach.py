"""Coverage by distance: cells too far from the station that serves them, straight or along streets."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.assign.answering import Desk
from geogrid.crs import Metric
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["StreetGraph", "reach_findings", "station_distance_m"]


def station_distance_m(desk: Desk, streets: Sequence[Any] | None = None) -> FloatArray:
    """Return (cells,) float64 metres from each cell to its station, NaN where there is none or it has no place.

    Parameters
    ----------
    desk : Desk
    streets : sequence of shapely LineString, optional
        Degrees, WGS 84, meeting at shared vertices. With them the way leads straight to the
        nearest vertex of a street, along streets, and straight to the station; infinite where
        streets do not connect.
    """
    distance = np.full(len(desk.places), np.nan)
    station_of = desk.classes.station_of_cell
    stations = {s.code: s for s in desk.roster.stations if s.lon is not None and s.lat is not None}
    if not stations:
        return distance
    anchor = next(iter(stations.values()))
    metric = Metric.named(desk.division.metric_crs, lon=float(anchor.lon or 0), lat=float(anchor.lat or 0))
    middle = shapely.get_coordinates(shapely.point_on_surface(desk.places.shapes.to_shapely()))
    cells = metric.to_metres(middle)
    graph = StreetGraph(streets, metric) if streets is not None else None
    doors = graph.nearest(cells) if graph else None
    for code, station in stations.items():
        mine = np.flatnonzero(station_of == code)
        if len(mine) == 0:
            continue
        here = metric.to_metres([[float(station.lon or 0), float(station.lat or 0)]])
        if graph is None or doors is None:
            distance[mine] = np.hypot(*(cells[mine] - here).T)
        else:
            entry, walk = graph.nearest(here)
            along = graph.distances(int(entry[0]))
            distance[mine] = doors[1][mine] + along[doors[0][mine]] + walk[0]
    return distance


def reach_findings(desk: Desk, limit_m: float, streets: Sequence[Any] | None = None) -> list[Finding]:
    """Return one finding per station with cells farther than `limit_m`, at the farthest of them."""
    distance = station_distance_m(desk, streets)
    station_of = desk.classes.station_of_cell
    far = distance > limit_m
    found = []
    for code in sorted(set(station_of[far].tolist())):
        mine = np.flatnonzero(far & (station_of == code))
        worst = mine[np.argmax(distance[mine])]
        point = desk.places.shapes.take([int(worst)]).to_shapely()[0].representative_point()
        way = "along streets" if streets is not None else "in a straight line"
        reach = "not connected" if np.isinf(distance[worst]) else f"up to {distance[worst]:,.0f} m"
        text = f"station {code}: {len(mine)} cells lie more than {limit_m:,.0f} m away {way}, {reach}"
        cell = str(desk.places.base.codes[worst])
        found.append(Finding("station_within_reach", text, (code, cell), point.x, point.y, float(distance[worst]), "m"))
    return found


class StreetGraph:
    """Streets as a graph of their vertices.

    Parameters
    ----------
    streets : sequence of shapely lines, degrees, WGS 84
    metric : Metric
    """

    def __init__(self, streets: Sequence[Any], metric: Metric) -> None:
        lines = shapely.get_parts(np.asarray(streets, dtype=object))
        lines = lines[shapely.get_type_id(lines) == 1]
        coords, line = shapely.get_coordinates(lines, return_index=True)
        keys = np.rint(coords * 1e7).astype(np.int64)
        _, first, node = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        node = node.ravel()
        self.points = metric.to_metres(coords[first]) if len(coords) else np.zeros((0, 2))
        joined = line[1:] == line[:-1]
        a, b = node[:-1][joined], node[1:][joined]
        length = np.hypot(*(self.points[a] - self.points[b]).T) if len(a) else np.zeros(0)
        source, target = np.concatenate([a, b]), np.concatenate([b, a])
        order = np.argsort(source, kind="stable")
        self._target, self._length = target[order], np.concatenate([length, length])[order]
        self._start = np.searchsorted(source[order], np.arange(len(self.points) + 1))
        nodes = np.asarray(shapely.points(self.points), dtype=object)
        self._tree = shapely.STRtree(nodes) if len(self.points) else None

    def nearest(self, xy: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
        """Return the nearest vertex to each of (n, 2) metres, and the way to it in metres."""
        if self._tree is None:
            count = len(np.asarray(xy))
            return np.zeros(count, np.int64), np.full(count, np.inf)
        points = np.asarray(xy, np.float64)
        rows = np.asarray(self._tree.nearest(shapely.points(points)), np.int64)
        return rows, np.asarray(np.hypot(*(points - self.points[rows]).T), np.float64)

    def distances(self, start: int) -> FloatArray:
        """Return the shortest way along streets from a vertex to every other, infinite where there is none."""
        best = np.full(max(len(self.points), 1), np.inf)
        best[start] = 0.0
        queue = [(0.0, start)]
        while queue:
            far, node = heapq.heappop(queue)
            if far > best[node]:
                continue
            for edge in range(self._start[node], self._start[node + 1]) if len(self.points) else ():
                reached = far + self._length[edge]
                if reached < best[self._target[edge]]:
                    best[self._target[edge]] = reached
                    heapq.heappush(queue, (reached, int(self._target[edge])))
        return best
