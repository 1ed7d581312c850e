"""From lines to atoms: node once, drop what bounds nothing, link islands, trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.islands import connect_islands
from geogrid.partition.blocks.mesh import LEGAL, LINK, SEAM, Mesh, components, prune, trace_faces
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["NODING_STEP_M", "Edges", "build_mesh", "face_polygons", "node_lines"]

NODING_STEP_M = 0.001
"""All lines of a parent are snap-rounded to this grid, once."""

_ON_LINE_M = 0.0025

_ON_BORDER_M = 0.00075
"""Snap rounding moves a point by at most half a pixel's diagonal; what stands off more is not the border."""


@dataclass(frozen=True)
class Edges:
    """Noded straight edges, each pair of nodes at most once.

    Parameters
    ----------
    xy : (nodes, 2) float64
        Metres from the parent's origin, whole millimetres, sorted by x, then y.
    ends : (edges, 2) int64, smaller node first, sorted
    kind : (edges,) int8; worth : (edges,) float64; hard : (edges,) bool; source : (edges,) int32
        As in `Mesh`.
    """

    xy: FloatArray
    ends: IntArray
    kind: npt.NDArray[np.int8]
    worth: FloatArray
    hard: BoolArray
    source: Int32Array

    def take(self, keep: BoolArray) -> Edges:
        """Return the edges that `keep` says; nodes stay."""
        return Edges(
            self.xy, self.ends[keep], self.kind[keep], self.worth[keep], self.hard[keep], self.source[keep]
        )  # fmt: skip


def node_lines(
    border: shapely.Geometry, lines: npt.NDArray[np.object_], kind: npt.NDArray[np.int8], worth: FloatArray,
    hard: BoolArray, source: Int32Array,
) -> Edges:  # fmt: skip
    """Return the noded edges of a parent's border and of the lines inside it.

    Parameters
    ----------
    border : Polygon
        The parent, metres from its own origin.
    lines : (n,) object array of LineString, same frame
    kind, worth, hard, source : (n,) arrays
        What each line is. Where several lie on one another, the hard one counts, then the
        most important, then the first.
    """
    outline = shapely.boundary(border)
    merged = shapely.union_all([outline, *lines], grid_size=NODING_STEP_M)
    parts = shapely.get_parts(merged)
    coords, owner = shapely.get_coordinates(parts, return_index=True)
    steps = np.round(coords / NODING_STEP_M).astype(np.int64)
    same = (owner[1:] == owner[:-1]) & (steps[1:] != steps[:-1]).any(axis=1)
    packed = (steps[:, 0] << 32) + (steps[:, 1] + 2**31)
    keys, node = np.unique(packed, return_inverse=True)
    xy = np.column_stack([keys >> 32, (keys & 0xFFFFFFFF) - 2**31]) * NODING_STEP_M
    ends = np.column_stack([node[:-1][same], node[1:][same]])
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    middle = (xy[ends[:, 0]] + xy[ends[:, 1]]) / 2
    points = shapely.points(middle)
    shapely.prepare(outline)
    on_border = shapely.dwithin(outline, points, _ON_BORDER_M)
    shapely.prepare(border)
    keep = on_border | shapely.contains_xy(border, middle[:, 0], middle[:, 1])
    ends, on_border, points = ends[keep], on_border[keep], points[keep]
    row = _line_of(points, lines, worth, hard)
    known = row >= 0
    safe = np.where(known, row, 0)

    def of(values: npt.NDArray[Any], other: Any) -> npt.NDArray[Any]:
        return np.where(known, values[safe], other) if len(values) else np.full(len(ends), other, values.dtype)

    kinds = np.where(on_border, LEGAL, of(kind, SEAM)).astype(np.int8)
    return Edges(
        xy, ends, kinds, np.where(on_border, 1.0, of(worth, 0.0)).astype(np.float64),
        (on_border | of(hard, False)).astype(bool), of(source, -1).astype(np.int32),
    )  # fmt: skip


def _line_of(
    points: npt.NDArray[np.object_], lines: npt.NDArray[np.object_], worth: FloatArray, hard: BoolArray
) -> IntArray:
    """Return (points,) the row of the line each point lies on, -1 for none."""
    result = np.full(len(points), -1, np.int64)
    if len(lines) == 0:
        return result
    point, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=_ON_LINE_M)
    order = np.lexsort((-line, worth[line], hard[line]))
    result[point[order]] = line[order]
    return result


def build_mesh(border: shapely.Geometry, edges: Edges, spare: int) -> tuple[Mesh, IntArray]:
    """Return the atoms that `edges` bound, and the edge each of the mesh's edges is a piece of.

    Parameters
    ----------
    border : Polygon
        The parent; atoms outside it (in its holes) get face -1.
    edges : Edges
        Dangling edges and bridges are dropped: they separate nothing.
    spare : int
        Chords to leave room for.

    Returns
    -------
    mesh : Mesh
    piece_of : (edges in use,) int64
        Row of `edges`; -1 for a link to an island.
    """
    nodes = len(edges.xy)
    alive = np.ones(len(edges.ends), bool)
    while True:
        prune(edges.ends, alive, nodes)
        rows = np.flatnonzero(alive)
        origin, order = _sorted_half_edges(edges.xy, edges.ends[rows])
        _, _, cycle, _ = trace_faces(len(origin), order, origin, edges.xy[:, 0], edges.xy[:, 1])
        bridge = cycle[0::2] == cycle[1::2]
        if not bridge.any():
            break
        alive[rows[bridge]] = False
    root = components(edges.ends, alive, nodes)
    islands = max(0, len(np.unique(root[edges.ends[alive].ravel()])) - 1)
    xy, ends, piece_of = _linked(edges, rows, root, islands)
    origin, order = _sorted_half_edges(xy, ends)
    succ, pred, cycle, area = trace_faces(len(origin), order, origin, xy[:, 0], xy[:, 1])
    inside = area > 0
    number = np.full(len(area), -1, np.int32)
    number[inside] = np.arange(inside.sum())
    linked = piece_of >= 0
    kind = np.where(linked, edges.kind[piece_of], LINK).astype(np.int8)
    mesh = _roomy(
        xy, origin, succ, pred, number[cycle], kind, np.where(linked, edges.worth[piece_of], 0.0),
        np.where(linked, edges.hard[piece_of], False), np.where(linked, edges.source[piece_of], -1),
        area[inside], spare,
    )  # fmt: skip
    if shapely.get_num_interior_rings(border):
        _leave_holes(border, mesh)
    return mesh, piece_of


def _sorted_half_edges(xy: FloatArray, ends: IntArray) -> tuple[Int32Array, IntArray]:
    """Return (2e,) origins of half-edges and their order by origin, then angle."""
    origin = ends.ravel().astype(np.int32)
    target = ends[:, ::-1].ravel()
    way = xy[target] - xy[origin]
    order = np.lexsort((np.arctan2(way[:, 1], way[:, 0]), origin))
    return origin, order.astype(np.int64)


def _linked(edges: Edges, rows: IntArray, root: IntArray, islands: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Return nodes and ends with islands linked, and the row of `edges` of each."""
    if islands == 0:
        return edges.xy, edges.ends[rows], rows
    nodes, count = len(edges.xy), len(rows)
    room_n, room_e = nodes + 2 * islands + 2, count + 4 * islands + 4
    x, y = np.zeros(room_n), np.zeros(room_n)
    x[:nodes], y[:nodes] = edges.xy[:, 0], edges.xy[:, 1]
    ends = np.zeros((room_e, 2), np.int64)
    ends[:count] = edges.ends[rows]
    alive, origin, outline = np.zeros(room_e, bool), np.full(room_e, -1, np.int64), np.zeros(room_e, bool)
    alive[:count], origin[:count] = True, rows
    roots = np.zeros(room_n, np.int64)
    roots[:nodes] = root
    nodes, count = connect_islands(x, y, ends, alive, roots, nodes, count, origin, outline)
    return np.column_stack([x[:nodes], y[:nodes]]), ends[:count], origin[:count]


def _roomy(
    xy: FloatArray, origin: Int32Array, succ: Int32Array, pred: Int32Array, face: Int32Array,
    kind: npt.NDArray[np.int8], worth: FloatArray, hard: BoolArray, source: IntArray, area: FloatArray, spare: int,
) -> Mesh:  # fmt: skip
    """Return a mesh with room for `spare` chords (each: two nodes, three edges, one atom)."""
    nodes, edges, faces = len(xy), len(kind), len(area)

    def longer(values: npt.NDArray[Any], room: int, fill: Any, dtype: Any) -> npt.NDArray[Any]:
        result: npt.NDArray[Any] = np.full(room, fill, dtype)
        result[: len(values)] = values
        return result

    room_n, room_e, room_f = nodes + 2 * spare, edges + 3 * spare, faces + spare
    start = np.full(room_f, -1, np.int32)
    start[face[::-1][face[::-1] >= 0]] = np.arange(len(face), dtype=np.int32)[::-1][face[::-1] >= 0]
    return Mesh(
        longer(xy[:, 0], room_n, 0, np.float64), longer(xy[:, 1], room_n, 0, np.float64),
        longer(origin, 2 * room_e, -1, np.int32), longer(succ, 2 * room_e, -1, np.int32),
        longer(pred, 2 * room_e, -1, np.int32), longer(face, 2 * room_e, -2, np.int32),
        longer(kind, room_e, LINK, np.int8), longer(worth, room_e, 0, np.float64),
        longer(hard, room_e, False, np.bool_), longer(source, room_e, -1, np.int32),
        longer(area, room_f, 0, np.float64), start, np.zeros(room_f, np.int32), np.zeros(room_f, bool),
        np.full(room_e, -1, np.int32), np.array([nodes, edges, faces], np.int64),
    )  # fmt: skip


def face_polygons(mesh: Mesh) -> npt.NDArray[np.object_]:
    """Return (faces in use,) polygons of the atoms; one bounded by links may be invalid, a dead one is empty."""
    faces = int(mesh.used[2])
    rings = []
    for f in range(faces):
        h = first = int(mesh.start[f])
        ring = []
        while h >= 0:
            ring.append(int(mesh.origin[h]))
            h = int(mesh.succ[h])
            if h == first:
                break
        rings.append(ring)
    sizes = np.array([len(ring) for ring in rings])
    flat = np.array([n for ring in rings for n in ring], np.int64)
    xy = np.column_stack([mesh.x[flat], mesh.y[flat]])
    filled = np.flatnonzero(sizes >= 3)
    xy = xy[np.repeat(sizes >= 3, sizes)]
    rings_ = shapely.linearrings(xy, indices=np.repeat(np.arange(len(filled)), sizes[filled]))
    result = np.full(faces, shapely.Polygon(), dtype=object)
    result[filled] = shapely.polygons(rings_)
    return result


def _leave_holes(border: shapely.Geometry, mesh: Mesh) -> None:
    """Give face -1 to what lies in the parent's holes (bounded by its border alone)."""
    edges, faces = int(mesh.used[1]), int(mesh.used[2])
    face = mesh.face[: 2 * edges]
    other = np.repeat(mesh.kind[:edges] != LEGAL, 2) & (face >= 0)
    suspect = np.ones(faces, bool)
    suspect[face[other]] = False
    if not suspect.any():
        return
    rows = np.flatnonzero(suspect)
    points = shapely.point_on_surface(shapely.make_valid(face_polygons(mesh)[rows]))
    outside = rows[~shapely.contains(border, points)]
    face[np.isin(face, outside)] = -1
    mesh.area[outside] = 0
    mesh.start[outside] = -1
