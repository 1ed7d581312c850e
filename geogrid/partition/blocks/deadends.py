"""Carry seams that end blindly on to the next border, so that a cell may end at them too."""

# Kernels: plain comparisons, as numba compiles them best.
# ruff: noqa: PLR1714
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.partition.blocks.arrangement import Edges
from geogrid.partition.blocks.chords import Obstacles, is_clear, segments_meet
from geogrid.partition.blocks.edge_kinds import LEGAL, LINK
from geogrid.partition.blocks.islands import nearest_on_edge
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["carry_on"]

LEAST_M = 20.0
"""A shorter blind end is a driveway: nobody's border."""

FARTHEST_M = 90.0
"""Most that is added to a blind end."""

_WAY_M = 8.0
_OBLIQUE = 0.5
_TIDY_M = 3.0


def carry_on(edges: Edges, obstacles: Obstacles) -> Edges:
    """Return the edges with a link from each blind end to the next border ahead.

    A link runs straight on, or square to a border that is much nearer; it crosses no edge and no
    building, and costs as a border what a chord costs. An end that nothing is near to stays blind.

    Parameters
    ----------
    edges : Edges
    obstacles : Obstacles
        Buildings, in the same frame.
    """
    nodes, count = len(edges.xy), len(edges.ends)
    degree = np.bincount(edges.ends.ravel(), minlength=nodes)
    tips = int((degree == 1).sum())
    if tips == 0:
        return edges
    x, y = np.zeros(nodes + tips), np.zeros(nodes + tips)
    x[:nodes], y[:nodes] = edges.xy[:, 0], edges.xy[:, 1]
    ends = np.zeros((count + 2 * tips, 2), np.int64)
    ends[:count] = edges.ends
    piece_of = np.full(count + 2 * tips, -1, np.int64)
    piece_of[:count] = np.arange(count)
    legal = np.zeros(nodes, bool)
    legal[edges.ends[edges.kind == LEGAL].ravel()] = True
    nodes, count = _carry(x, y, ends, piece_of, nodes, count, legal, obstacles)
    piece_of, ends = piece_of[:count], ends[:count]
    linked = piece_of < 0
    return Edges(
        np.column_stack([x[:nodes], y[:nodes]]), ends, np.where(linked, LINK, edges.kind[piece_of]).astype(np.int8),
        np.where(linked, 0.0, edges.worth[piece_of]), np.where(linked, False, edges.hard[piece_of]),
        np.where(linked, -1, edges.source[piece_of]).astype(np.int32),
    )  # fmt: skip


@compiled
def _carry(
    x: FloatArray, y: FloatArray, ends: IntArray, piece_of: IntArray, nodes: int, edges: int, legal: BoolArray,
    obstacles: Obstacles,
) -> tuple[Whole, Whole]:  # fmt: skip
    """Add the links; return nodes and edges now in use."""
    # The exclusive-or of a node's edges names its last one when only one is left; both grow with the links.
    degree, last = np.zeros(len(x), np.int64), np.zeros(len(x), np.int64)
    for e in range(edges):
        for side in range(2):
            degree[ends[e, side]] += 1
            last[ends[e, side]] ^= e
    own = np.full(len(ends), -1, np.int64)
    for tip in range(len(legal)):
        if degree[tip] != 1 or legal[tip]:
            continue
        # Back along the blind end: its length, and the way its last metres point.
        e, at, length = last[tip], tip, 0.0
        wx, wy = x[tip], y[tip]
        while True:
            own[e] = tip
            other = ends[e, 0] + ends[e, 1] - at
            if length < _WAY_M:
                wx, wy = x[other], y[other]
            length += np.hypot(x[other] - x[at], y[other] - y[at])
            at = other
            if degree[at] != 2 or length > FARTHEST_M:
                break
            e = last[at] ^ e
        if length < LEAST_M or _is_inside(obstacles, x[tip], y[tip]):
            continue
        size = np.hypot(x[tip] - wx, y[tip] - wy)
        if size < 0.5:
            continue
        ux, uy = (x[tip] - wx) / size, (y[tip] - wy) / size
        hit, qx, qy = _ahead(x, y, ends, own, edges, tip, ux, uy)
        if hit < 0:
            continue
        # A corner close by is a tidier end than a place on the edge.
        node = -1
        for side in range(2):
            n = ends[hit, side]
            if np.hypot(x[n] - qx, y[n] - qy) < _TIDY_M and _is_free(x, y, ends, edges, tip, n, x[n], y[n], -1):
                node = n
                break
        if node < 0:
            qx, qy = np.round(qx * 1000) / 1000, np.round(qy * 1000) / 1000
            # The edge bends by less than a millimetre there: neither half may meet anything for it.
            if not (
                _is_free(x, y, ends, edges, tip, -1, qx, qy, hit)
                and _is_free(x, y, ends, edges, ends[hit, 0], -1, qx, qy, hit)
                and _is_free(x, y, ends, edges, ends[hit, 1], -1, qx, qy, hit)
            ):
                continue
        else:
            qx, qy = x[node], y[node]
        if not is_clear(obstacles, x[tip], y[tip], qx, qy):
            continue
        if node < 0:
            node = nodes
            x[node], y[node] = qx, qy
            nodes += 1
            beyond = ends[hit, 1]
            ends[edges, 0], ends[edges, 1] = node, beyond
            piece_of[edges] = piece_of[hit]
            ends[hit, 1] = node
            degree[node], last[node] = 2, hit ^ edges
            last[beyond] ^= hit ^ edges
            edges += 1
        elif node < len(degree):
            degree[node] += 1  # It may have been a blind end itself.
        ends[edges, 0], ends[edges, 1] = tip, node
        for n in (tip, node):
            degree[n] += 1
            last[n] ^= edges
        edges += 1
    return nodes, edges


@compiled
def _ahead(
    x: FloatArray, y: FloatArray, ends: IntArray, own: IntArray, edges: int, tip: int, ux: float, uy: float
) -> tuple[Whole, float, float]:  # fmt: skip
    """Return the edge to link a blind end to, and the place on it; -1 where none is near."""
    px, py = x[tip], y[tip]
    hit, reach, square = -1, FARTHEST_M, 0.0
    near, best, nx, ny = -1, FARTHEST_M, 0.0, 0.0
    for e in range(edges):
        a, b = ends[e, 0], ends[e, 1]
        if a == tip or b == tip:
            continue
        if min(x[a], x[b]) > px + reach and min(x[a], x[b]) > px + best:
            continue
        ex, ey = x[b] - x[a], y[b] - y[a]
        wx, wy = x[a] - px, y[a] - py
        cross = ux * ey - uy * ex
        if cross != 0:
            t = (wx * ey - wy * ex) / cross
            s = (wx * uy - wy * ux) / cross
            if t > 1e-3 and t < reach and s >= 0 and s <= 1:
                hit, reach, square = e, t, abs(cross) / np.hypot(ex, ey)
        if e < len(own) and own[e] == tip:
            continue
        qx, qy, d = nearest_on_edge(px, py, x[a], y[a], x[b], y[b])
        d = np.sqrt(d)
        if d < best and d > 0.005 and (qx - px) * ux + (qy - py) * uy > 0.3 * d:
            near, best, nx, ny = e, d, qx, qy
    if hit >= 0 and square >= _OBLIQUE and (near < 0 or reach < 1.4 * best):
        return hit, px + reach * ux, py + reach * uy
    return near, nx, ny


@compiled
def _is_free(
    x: FloatArray, y: FloatArray, ends: IntArray, edges: int, tip: int, node: int, qx: float, qy: float, skip: int
) -> bool:  # fmt: skip
    """Return whether the way from node `tip` to (qx, qy) meets no edge.

    Edges at `tip` and at `node`, which stands at (qx, qy) if it is not -1, may meet it there only;
    edge `skip` does not count.
    """
    px, py = x[tip], y[tip]
    if np.hypot(qx - px, qy - py) < 0.01:
        return False
    for e in range(edges):
        if e == skip:
            continue
        a, b = ends[e, 0], ends[e, 1]
        if a in (tip, node) or b in (tip, node):
            far = b if a in (tip, node) else a
            if far in (tip, node):
                return False
            if _distance(x[far], y[far], px, py, qx, qy) < 0.002:
                return False
            near = a + b - far
            ox, oy = (qx, qy) if near == tip else (px, py)
            if _distance(ox, oy, x[a], y[a], x[b], y[b]) < 0.002:
                return False
        elif segments_meet(px, py, qx, qy, x[a], y[a], x[b], y[b]):
            return False
    return True


@compiled
def _is_inside(obstacles: Obstacles, px: float, py: float) -> bool:
    """Return whether a point is in a building or at its wall: a way from there crosses no outline, and is no way."""
    ax, ay, bx, by = obstacles.ax, obstacles.ay, obstacles.bx, obstacles.by
    winding = 0
    for i in range(len(ax)):
        if (ay[i] <= py) != (by[i] <= py):
            left = (bx[i] - ax[i]) * (py - ay[i]) - (px - ax[i]) * (by[i] - ay[i])
            if by[i] > ay[i] and left > 0:
                winding += 1
            elif by[i] < ay[i] and left < 0:
                winding -= 1
    return winding != 0


@compiled
def _distance(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    return np.sqrt(nearest_on_edge(px, py, ax, ay, bx, by)[2])
