"""From labelled atoms back to polygons, and to the stretches their borders consist of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.compiled import compiled
from geogrid.partition.blocks.mesh import CUT, LINK, Mesh
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Outlines", "trace_outlines"]

_STRAIGHT_M = 0.002


class Outlines(NamedTuple):
    """Cells as polygons, and the edges between them.

    Parameters
    ----------
    polygons : (cells,) shapely Polygon
    start, end : (edges, 2) float64
        Border edges, the first cell to the left.
    left, right : (edges,) int32
        Cells; -1 outside the parent.
    kind : (edges,) int8; source : (edges,) int32
        As in `Mesh`.
    """

    polygons: npt.NDArray[np.object_]
    start: FloatArray
    end: FloatArray
    left: Int32Array
    right: Int32Array
    kind: npt.NDArray[np.int8]
    source: Int32Array


@compiled
def _rings(border: BoolArray, succ: Int32Array, count: int) -> tuple[IntArray, IntArray]:
    """Return the next border half-edge of each: inside a cell, turn past its own inner edges."""
    follow = np.full(count, -1, np.int64)
    for h in range(count):
        if border[h]:
            n = succ[h]
            while not border[n]:
                n = succ[n ^ 1]
            follow[h] = n
    number = np.full(count, -1, np.int64)
    flat = np.empty(count, np.int64)
    offset = np.zeros(count + 1, np.int64)
    rings, used = 0, 0
    for h in range(count):
        if not border[h] or number[h] >= 0:
            continue
        at = h
        while number[at] < 0:
            number[at] = rings
            flat[used] = at
            used += 1
            at = follow[at]
        rings += 1
        offset[rings] = used
    return flat[:used], offset[: rings + 1]


def trace_outlines(mesh: Mesh, cell: Int32Array, cells: int, nodes: int) -> Outlines:
    """Return the polygons of the cells and their border edges.

    Parameters
    ----------
    mesh : Mesh
    cell : (faces in use,) int32
        The cell of each atom.
    cells : int
    nodes : int
        Nodes there were before links and chords: a later one that no border needs is left out.
    """
    edges = int(mesh.used[1])
    face = mesh.face[: 2 * edges]
    owner = np.where(face >= 0, cell[np.maximum(face, 0)], -1).astype(np.int32)
    live = face >= -1
    other = owner.reshape(-1, 2)[:, ::-1].ravel()
    border = live & (owner != other)
    flat, offset = _rings(border & (owner >= 0), mesh.succ, 2 * edges)
    xy = np.column_stack([mesh.x, mesh.y])
    idle = _idle_nodes(mesh, border, nodes, xy)
    ring = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    keep = ~idle[mesh.origin[flat]]
    corners, ring_of = mesh.origin[flat][keep].astype(np.int64), ring[keep]
    polygons = _polygons(xy, corners, ring_of, owner[flat[offset[:-1]]], cells)
    rows = np.flatnonzero(border.reshape(-1, 2)[:, 0])
    # The side that has a cell comes first.
    flip = owner[2 * rows] < 0
    h = 2 * rows + flip
    kind = mesh.kind[rows].copy()
    kind[kind == LINK] = CUT
    return Outlines(
        polygons, xy[mesh.origin[h]], xy[mesh.origin[h ^ 1]], owner[h], owner[h ^ 1], kind, mesh.source[rows]
    )  # fmt: skip


def _idle_nodes(mesh: Mesh, border: npt.NDArray[np.bool_], nodes: int, xy: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which nodes were put on an edge for a chord that came to nothing."""
    idle = np.zeros(len(xy), bool)
    h = np.flatnonzero(border)
    degree = np.bincount(mesh.origin[h], minlength=len(xy))
    candidates = np.flatnonzero((np.arange(len(xy)) >= nodes) & (degree == 2))
    if len(candidates) == 0:
        return idle
    out = h[np.isin(mesh.origin[h], candidates)]
    out = out[np.argsort(mesh.origin[out], kind="stable")].reshape(-1, 2)
    a, b = xy[mesh.origin[out[:, 0] ^ 1]], xy[mesh.origin[out[:, 1] ^ 1]]
    p = xy[mesh.origin[out[:, 0]]]
    way = b - a
    off = np.abs(way[:, 0] * (p - a)[:, 1] - way[:, 1] * (p - a)[:, 0]) / np.maximum(np.hypot(*way.T), 1e-9)
    between = ((p - a) * (p - b)).sum(axis=1) < 0
    idle[mesh.origin[out[:, 0]][(off < _STRAIGHT_M) & between]] = True
    return idle


def _polygons(
    xy: FloatArray, corners: IntArray, ring_of: IntArray, cell_of: Int32Array, cells: int
) -> npt.NDArray[np.object_]:
    """Return one polygon for each cell from its rings of corners."""
    ends = np.flatnonzero(np.diff(ring_of, append=-1))
    starts = np.concatenate([[0], ends[:-1] + 1])
    pieces: list[IntArray] = []
    owners: list[int] = []
    for k, (a, b) in enumerate(zip(starts, ends + 1, strict=True)):
        for piece in _simple(corners[a:b]):
            pieces.append(piece)
            owners.append(int(cell_of[ring_of[starts[k]]]))
    sizes = np.array([len(piece) for piece in pieces])
    points = xy[np.concatenate(pieces)]
    rings: Any = shapely.linearrings(points, indices=np.repeat(np.arange(len(pieces)), sizes))
    area = shapely.area(shapely.polygons(rings))
    turn = shapely.is_ccw(rings)
    owner = np.array(owners)
    # The shell is the largest counter-clockwise ring, the others are holes.
    order = np.lexsort((-np.where(turn, area, 0), owner))
    first = np.ones(len(order), bool)
    first[1:] = owner[order][1:] != owner[order][:-1]
    shells = np.empty(cells, dtype=object)
    shells[owner[order][first]] = shapely.polygons(rings[order][first])
    holes = order[~first]
    for c in np.unique(owner[holes]):
        shell = shapely.get_exterior_ring(shells[c])
        shells[c] = shapely.Polygon(shell, list(rings[holes[owner[holes] == c]]))
    return shells


def _simple(corners: IntArray) -> list[IntArray]:
    """Return a ring cut at corners it passes twice; what encloses nothing, there and back, is left out."""
    if len(np.unique(corners)) == len(corners):
        return [corners] if len(corners) >= 3 else []
    done: list[IntArray] = []
    path: list[int] = []
    for corner in corners.tolist():
        if corner in path:
            at = path.index(corner)
            done.append(np.array(path[at:]))
            del path[at:]
        path.append(corner)
    done.append(np.array(path))
    return [ring for ring in done if len(ring) >= 3]
