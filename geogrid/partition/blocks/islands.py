"""Connect islands of an arrangement to what surrounds them, so that every atom is simple."""

# Kernels: plain comparisons, as numba compiles them best.
# ruff: noqa: PLR1714

# Kernels: numba infers these types.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["connect_islands", "nearest_on_edge"]


@compiled
def nearest_on_edge(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> tuple[float, float, float]:
    """Return the nearest point of an edge to a point, and the square of the distance."""
    dx, dy = bx - ax, by - ay
    size = dx * dx + dy * dy
    t = 0.0
    if size > 0:
        t = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / size))
    qx, qy = ax + t * dx, ay + t * dy
    return qx, qy, (qx - px) ** 2 + (qy - py) ** 2


@compiled
def _find(root: IntArray, a: int) -> int:
    while root[a] != a:
        root[a] = root[root[a]]
        a = root[a]
    return a


@compiled
def connect_islands(
    x: FloatArray, y: FloatArray, ends: IntArray, alive: BoolArray, root: IntArray, nodes: int, edges: int,
    origin: IntArray, outline: BoolArray,
) -> tuple[Whole, Whole]:  # fmt: skip
    """Add two short links from every island to its surroundings.

    The first is the shortest way out, the second leaves the far side in the opposite
    direction; links never cross an edge, because each ends at the first one it meets.

    Parameters
    ----------
    x, y : (capacity,) float64, metres; `nodes` in use
    ends : (capacity, 2) int64; `edges` in use
    alive : (capacity,) bool
    root : (capacity,) int64
        The component of each node.
    origin : (capacity,) int64
        The edge each edge is a piece of; -1 for a link. Pieces are appended.
    outline : (capacity,) bool
        Whether the edge belongs to the parent's border.

    Returns
    -------
    nodes, edges : int
        Now in use. Growth is at most 2 nodes and 4 edges for each island.
    """
    count = nodes
    is_root = np.zeros(count, np.bool_)
    for e in range(edges):
        if alive[e]:
            is_root[root[ends[e, 0]]] = True
    # The main component is that of the westernmost node: nothing surrounds it.
    main, west = -1, np.inf
    for e in range(edges):
        if alive[e]:
            for side in range(2):
                n = ends[e, side]
                if x[n] < west:
                    west, main = x[n], root[n]
    islands = np.flatnonzero(is_root)
    for island in islands:
        here = _find(root, int(island))
        if here == _find(root, main):
            continue
        best, bn, be, bx, by, inward = np.inf, -1, -1, 0.0, 0.0, False
        own = np.zeros(nodes + 4, np.bool_)
        for e in range(edges):
            if alive[e] and _find(root, ends[e, 0]) == here:
                own[ends[e, 0]] = True
                own[ends[e, 1]] = True
        box = np.array([np.inf, np.inf, -np.inf, -np.inf])
        for n in range(nodes):
            if own[n]:
                box[0], box[1] = min(box[0], x[n]), min(box[1], y[n])
                box[2], box[3] = max(box[2], x[n]), max(box[3], y[n])
        mine = np.flatnonzero(own)
        for e in range(edges):
            if not alive[e] or own[ends[e, 0]]:
                continue
            a, b = ends[e, 0], ends[e, 1]
            gx = max(0.0, min(x[a], x[b]) - box[2], box[0] - max(x[a], x[b]))
            gy = max(0.0, min(y[a], y[b]) - box[3], box[1] - max(y[a], y[b]))
            if gx * gx + gy * gy >= best:
                continue
            for n in mine:
                qx, qy, d = nearest_on_edge(x[n], y[n], x[a], y[a], x[b], y[b])
                if d < best:
                    best, bn, be, bx, by, inward = d, int(n), e, qx, qy, False
        for e in range(edges):
            if not alive[e] or not own[ends[e, 0]]:
                continue
            a, b = ends[e, 0], ends[e, 1]
            for f in range(edges):
                if not alive[f] or own[ends[f, 0]]:
                    continue
                for side in range(2):
                    n = ends[f, side]
                    gx = max(0.0, x[n] - box[2], box[0] - x[n])
                    gy = max(0.0, y[n] - box[3], box[1] - y[n])
                    if gx * gx + gy * gy >= best:
                        continue
                    qx, qy, d = nearest_on_edge(x[n], y[n], x[a], y[a], x[b], y[b])
                    if d < best:
                        best, bn, be, bx, by, inward = d, n, e, qx, qy, True
        if be < 0:
            continue
        at, nodes, edges = _node_on(x, y, ends, alive, root, nodes, edges, origin, outline, be, bx, by)
        ux, uy = x[at] - x[bn], y[at] - y[bn]
        if inward:
            ux, uy = -ux, -uy
            own_more = at
        else:
            own_more = bn
        edges = _link(ends, alive, origin, outline, edges, bn, at)
        # Opposite side: the island's farthest node against the first link, straight on outwards.
        far, low = own_more, np.inf
        for n in mine:
            run = x[n] * ux + y[n] * uy
            if run < low:
                low, far = run, n
        root[here] = _find(root, at if not inward else bn)
        size = np.hypot(ux, uy)
        if size > 0:
            ux, uy = -ux / size, -uy / size
            hit, hx, hy, reach = -1, 0.0, 0.0, np.inf
            for e in range(edges):
                if not alive[e]:
                    continue
                a, b = ends[e, 0], ends[e, 1]
                if a == far or b == far:
                    continue
                ex, ey = x[b] - x[a], y[b] - y[a]
                cross = ux * ey - uy * ex
                if cross == 0:
                    continue
                wx, wy = x[a] - x[far], y[a] - y[far]
                t = (wx * ey - wy * ex) / cross
                s = (wx * uy - wy * ux) / cross
                if t > 1e-3 and t < reach and s >= 0 and s <= 1:
                    reach, hit = t, e
                    hx, hy = x[far] + t * ux, y[far] + t * uy
            if hit >= 0 and not (own[ends[hit, 0]] and own[ends[hit, 1]]):
                at2, nodes, edges = _node_on(x, y, ends, alive, root, nodes, edges, origin, outline, hit, hx, hy)
                if at2 != far:
                    edges = _link(ends, alive, origin, outline, edges, far, at2)
                    # The far side may have met yet another island.
                    one, two = _find(root, far), _find(root, at2)
                    if one != two:
                        root[one] = two
    return nodes, edges


@compiled
def _link(ends: IntArray, alive: BoolArray, origin: IntArray, outline: BoolArray, edges: int, a: int, b: int) -> int:
    ends[edges, 0], ends[edges, 1] = a, b
    alive[edges], origin[edges], outline[edges] = True, -1, False
    return edges + 1


@compiled
def _node_on(
    x: FloatArray, y: FloatArray, ends: IntArray, alive: BoolArray, root: IntArray, nodes: int, edges: int,
    origin: IntArray, outline: BoolArray, e: int, px: float, py: float,
) -> tuple[Whole, Whole, Whole]:  # fmt: skip
    """Return the node at (px, py) on edge `e`, made new unless an end is within 5 mm."""
    for side in range(2):
        n = ends[e, side]
        if abs(x[n] - px) < 0.005 and abs(y[n] - py) < 0.005:
            return n, nodes, edges
    node = nodes
    x[node], y[node] = np.round(px * 1000) / 1000, np.round(py * 1000) / 1000
    root[node] = root[ends[e, 0]]
    ends[edges, 0], ends[edges, 1] = node, ends[e, 1]
    alive[edges], origin[edges], outline[edges] = True, origin[e], outline[e]
    ends[e, 1] = node
    return node, nodes + 1, edges + 1
