"""Buildings: never cut. What crosses one goes round it, and chords keep clear of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.chords import Obstacles
from geogrid.partition.blocks.edge_kinds import BUILDING
from geogrid.partition.blocks.ground import Seams
from geogrid.types import FloatArray

__all__ = ["CLEARANCE_M", "lines_between", "no_obstacles", "obstacles_of", "round_buildings"]

CLEARANCE_M = 0.15
"""A chord keeps this far from every wall: more than the lattice can take away."""

_BUCKET_M = 25.0
_SLIGHT_M = 0.02
_OVERLAP_M2 = 0.01
_DENSE_M = 1.5


def no_obstacles() -> Obstacles:
    """Return the obstacles of a place without buildings."""
    none = np.empty(0)
    return Obstacles(none, none, none, none, np.zeros(1, np.int64), np.empty(0, np.int32), np.zeros(5))


def obstacles_of(buildings: npt.NDArray[np.object_], bounds: FloatArray) -> Obstacles:
    """Return the buildings' outlines, `CLEARANCE_M` out, in a bucket grid over `bounds`."""
    if len(buildings) == 0:
        return no_obstacles()
    grown = shapely.buffer(buildings, CLEARANCE_M, quad_segs=1, join_style="mitre")
    rings = shapely.get_rings(shapely.get_parts(grown))
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    west, south = bounds[0] - _BUCKET_M, bounds[1] - _BUCKET_M
    columns = int((bounds[2] - west) / _BUCKET_M) + 2
    rows = int((bounds[3] - south) / _BUCKET_M) + 2

    def bucket(values: FloatArray, start: float, count: int) -> npt.NDArray[np.int64]:
        return np.clip(((values - start) / _BUCKET_M).astype(np.int64), 0, count - 1)

    c0, c1 = bucket(np.minimum(a, b)[:, 0], west, columns), bucket(np.maximum(a, b)[:, 0], west, columns)
    r0, r1 = bucket(np.minimum(a, b)[:, 1], south, rows), bucket(np.maximum(a, b)[:, 1], south, rows)
    wide, high = c1 - c0 + 1, r1 - r0 + 1
    times = wide * high
    segment = np.repeat(np.arange(len(a)), times)
    step = np.arange(len(segment)) - np.repeat(np.cumsum(times) - times, times)
    place = (r0[segment] + step // wide[segment]) * columns + c0[segment] + step % wide[segment]
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(columns * rows + 1)).astype(np.int64)
    return Obstacles(
        np.ascontiguousarray(a[:, 0]), np.ascontiguousarray(a[:, 1]), np.ascontiguousarray(b[:, 0]),
        np.ascontiguousarray(b[:, 1]), first, segment[order].astype(np.int32),
        np.array([west, south, _BUCKET_M, columns, rows], np.float64),
    )  # fmt: skip


def round_buildings(
    seams: Seams, buildings: npt.NDArray[np.object_]
) -> tuple[Seams, npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Return seams that go round the buildings they crossed, the row each came from, and those buildings.

    A building that a seam runs through, with all it overlaps, becomes one solid without courtyards;
    the seam inside is dropped and the outline takes its place. Rows of outlines are -1.
    """
    rows = np.arange(len(seams))
    none = np.empty(0, dtype=object)
    if len(buildings) == 0 or len(seams) == 0:
        return seams, rows, none
    tree = shapely.STRtree(buildings)
    line, building = tree.query(seams.lines, predicate="intersects")
    inside = shapely.length(shapely.intersection(seams.lines[line], buildings[building])) > _SLIGHT_M
    # A seam along a wall is not through it: what counts is the length well inside.
    line, building = line[inside], building[inside]
    core = shapely.buffer(buildings[building], -_SLIGHT_M, quad_segs=1, join_style="mitre")
    deep = shapely.length(shapely.intersection(seams.lines[line], core)) > _SLIGHT_M
    crossed = np.zeros(len(buildings), bool)
    crossed[building[deep]] = True
    if not crossed.any():
        return seams, rows, none
    left, right = tree.query(buildings, predicate="intersects")
    pair = left < right
    left, right = left[pair], right[pair]
    overlap = shapely.area(shapely.intersection(buildings[left], buildings[right])) > 0.01
    left, right = left[overlap], right[overlap]
    while True:
        grown = crossed.copy()
        np.logical_or.at(grown, left, crossed[right])
        np.logical_or.at(grown, right, crossed[left])
        if (grown == crossed).all():
            break
        crossed = grown
    parts = shapely.get_parts(shapely.union_all(buildings[crossed], grid_size=0.001))
    filled = shapely.polygons(shapely.get_exterior_ring(parts))
    solid = shapely.get_parts(shapely.union_all(filled))
    near, which = shapely.STRtree(solid).query(seams.lines, predicate="intersects")
    touched = np.unique(near)
    lines = seams.lines.copy()
    for row in touched:
        lines[row] = shapely.difference(lines[row], shapely.union_all(solid[which[near == row]]))
    parts, row = shapely.get_parts(lines, return_index=True)
    keep = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)
    parts, row = parts[keep], row[keep]
    outer = shapely.get_exterior_ring(solid)
    coords, index = shapely.get_coordinates(outer, return_index=True)
    outlines: Any = shapely.linestrings(coords, indices=index)
    walls = Seams.of(outlines, worth=0.0, layer="buildings", kind=BUILDING)
    kept = seams.take(row)
    kept.lines[:] = parts
    return kept.join(walls), np.concatenate([rows[row], np.full(len(walls), -1)]), np.asarray(solid, object)


def lines_between(
    buildings: npt.NDArray[np.object_], place: shapely.Geometry, *, straight_m: float = 2.0
) -> npt.NDArray[np.object_]:
    """Return lines that divide the free space between buildings, half-way, straightened, and party walls.

    Parameters
    ----------
    buildings : (n,) polygons that touch `place`
    place : Polygon
        The atom to be divided.
    straight_m : float
        How far a line may be straightened, where it then still keeps clear of every building.

    Returns
    -------
    (k,) object array of LineString
    """
    none = np.empty(0, dtype=object)
    if len(buildings) < 2:
        return none
    houses = _apart(buildings)
    if len(houses) < 2:
        return none
    walls = _party_walls(houses)
    dense = shapely.segmentize(houses, _DENSE_M)
    coords, owner = shapely.get_coordinates(dense, return_index=True)
    steps, first = np.unique(np.round(coords * 100).astype(np.int64), axis=0, return_index=True)
    points, owner = steps / 100.0, owner[first]
    fan = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=place))
    point, face = shapely.STRtree(fan).query(shapely.points(points), predicate="intersects")
    group = np.full(len(fan), -1, np.int64)
    group[face] = owner[point]
    fields = [shapely.coverage_union_all(fan[group == g]) for g in range(len(houses))]
    borders = shapely.line_merge(shapely.union_all(shapely.boundary(np.array(fields, object))))
    free = shapely.difference(place, shapely.union_all(houses))
    lines = shapely.get_parts(shapely.line_merge(shapely.intersection(borders, free)))
    lines = lines[shapely.get_type_id(lines) == 1]
    straight = shapely.simplify(lines, straight_m)
    inner = shapely.STRtree(shapely.buffer(houses, -_SLIGHT_M / 2, quad_segs=1, join_style="mitre"))
    blocked = np.unique(inner.query(straight, predicate="intersects")[0])
    straight[blocked] = lines[blocked]
    joints = _joints(straight, walls)
    result = np.concatenate([straight, walls, joints])
    blocked = np.unique(inner.query(result, predicate="intersects")[0])
    return np.asarray(np.delete(result, blocked), object)


def _apart(buildings: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the buildings without courtyards, those that overlap as one; those that only touch stay apart."""
    filled: Any = shapely.polygons(shapely.get_exterior_ring(buildings))
    left, right = shapely.STRtree(filled).query(filled, predicate="intersects")
    pair = left < right
    left, right = left[pair], right[pair]
    overlap = shapely.area(shapely.intersection(filled[left], filled[right])) > _OVERLAP_M2
    group = np.arange(len(filled))
    for a, b in zip(left[overlap], right[overlap], strict=True):
        one, two = group[a], group[b]
        group[group == max(one, two)] = min(one, two)
    joined = [shapely.union_all(filled[group == g], grid_size=0.001) for g in np.unique(group)]
    parts = shapely.get_parts(joined)
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(parts)), object)


def _party_walls(houses: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the lines where two houses stand wall to wall."""
    left, right = shapely.STRtree(houses).query(houses, predicate="intersects")
    pair = left < right
    edges = shapely.boundary(houses)
    shared = shapely.line_merge(shapely.intersection(edges[left[pair]], edges[right[pair]]))
    parts = shapely.get_parts(shapely.get_parts(shared))
    return np.asarray(parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)], object)


def _joints(lines: npt.NDArray[np.object_], walls: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return short lines from the ends of lines to the ends of party walls close by."""
    if len(lines) == 0 or len(walls) == 0:
        return np.empty(0, dtype=object)
    ends: Any = shapely.points(
        np.concatenate([shapely.get_coordinates(shapely.get_point(line, (0, -1))) for line in lines])
    )
    corners = np.concatenate([shapely.get_coordinates(shapely.get_point(wall, (0, -1))) for wall in walls])
    places: Any = shapely.points(corners)
    row, corner = shapely.STRtree(places).query_nearest(
        ends, max_distance=_DENSE_M, all_matches=False
    )  # fmt: skip
    pairs = np.stack([shapely.get_coordinates(ends[row]), corners[corner]], axis=1)
    return np.asarray(shapely.linestrings(pairs[(pairs[:, 0] != pairs[:, 1]).any(axis=1)]), object)
