"""Candidate chords of one atom: short, square to the border, clear of buildings."""

# Kernels: plain comparisons, as numba compiles them best.
# ruff: noqa: PLR1714, SIM109
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geogrid.partition.blocks.compiled import compiled
from geogrid.partition.blocks.mesh import BUILDING, Mesh
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Obstacles", "Ring", "face_chords", "is_clear", "read_ring"]


class Obstacles(NamedTuple):
    """Outlines of buildings in a bucket grid.

    Parameters
    ----------
    ax, ay, bx, by : (segments,) float64
        Metres from the parent's origin.
    first : (columns * rows + 1,) int64; listed : (entries,) int32
        The segments of each bucket.
    box : (5,) float64
        West, south, bucket size, columns, rows.
    """

    ax: FloatArray
    ay: FloatArray
    bx: FloatArray
    by: FloatArray
    first: IntArray
    listed: Int32Array
    box: FloatArray


class Ring(NamedTuple):
    """The border of one atom, unrolled."""

    half: IntArray
    x: FloatArray
    y: FloatArray
    length: FloatArray
    cross: FloatArray


@compiled
def read_ring(mesh: Mesh, face: int) -> Ring:
    """Return half-edges, corners, edge lengths and running cross products of an atom's border."""
    n = 0
    at = first = mesh.start[face]
    while True:
        n += 1
        at = mesh.succ[at]
        if at == first:
            break
    half = np.empty(n, np.int64)
    x, y = np.empty(n + 1), np.empty(n + 1)
    at = first
    for i in range(n):
        half[i] = at
        x[i], y[i] = mesh.x[mesh.origin[at]], mesh.y[mesh.origin[at]]
        at = mesh.succ[at]
    x[n], y[n] = x[0], y[0]
    length, cross = np.empty(n), np.zeros(n + 1)
    for i in range(n):
        length[i] = np.hypot(x[i + 1] - x[i], y[i + 1] - y[i])
        cross[i + 1] = cross[i] + (x[i] - x[0]) * (y[i + 1] - y[0]) - (x[i + 1] - x[0]) * (y[i] - y[0])
    return Ring(half, x, y, length, cross)


@compiled
def _crosses(px: float, py: float, qx: float, qy: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Return whether two segments share a point."""
    d1 = (qx - px) * (ay - py) - (qy - py) * (ax - px)
    d2 = (qx - px) * (by - py) - (qy - py) * (bx - px)
    if (d1 > 0 and d2 > 0) or (d1 < 0 and d2 < 0):
        return False
    d3 = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
    d4 = (bx - ax) * (qy - ay) - (by - ay) * (qx - ax)
    return not ((d3 > 0 and d4 > 0) or (d3 < 0 and d4 < 0))


@compiled
def is_clear(obstacles: Obstacles, px: float, py: float, qx: float, qy: float) -> bool:
    """Return whether the segment touches no building."""
    if len(obstacles.ax) == 0:
        return True
    west, south, size = obstacles.box[0], obstacles.box[1], obstacles.box[2]
    columns, rows = int(obstacles.box[3]), int(obstacles.box[4])
    c0 = max(0, int((min(px, qx) - west) / size))
    c1 = min(columns - 1, int((max(px, qx) - west) / size))
    r0 = max(0, int((min(py, qy) - south) / size))
    r1 = min(rows - 1, int((max(py, qy) - south) / size))
    reach = 0.75 * size
    span = max(np.hypot(qx - px, qy - py), 1e-9)
    for c in range(c0, c1 + 1):
        for r in range(r0, r1 + 1):
            mx, my = west + (c + 0.5) * size, south + (r + 0.5) * size
            if abs((qx - px) * (my - py) - (qy - py) * (mx - px)) > reach * span:
                continue
            bucket = r * columns + c
            for i in range(obstacles.first[bucket], obstacles.first[bucket + 1]):
                s = obstacles.listed[i]
                if _crosses(px, py, qx, qy, obstacles.ax[s], obstacles.ay[s], obstacles.bx[s], obstacles.by[s]):
                    return False
    return True


@compiled
def _shoot(
    ring: Ring, px: float, py: float, ux: float, uy: float, skip_a: int, skip_b: int
) -> tuple[int, float, float]:
    """Return ring edge, position on it (0 to 1) and distance of the first hit of a ray."""
    hit, at, reach = -1, 0.0, np.inf
    n = len(ring.half)
    for i in range(n):
        if i == skip_a or i == skip_b:
            continue
        ex, ey = ring.x[i + 1] - ring.x[i], ring.y[i + 1] - ring.y[i]
        wx, wy = ring.x[i] - px, ring.y[i] - py
        cross = ux * ey - uy * ex
        if cross == 0:
            continue
        t = (wx * ey - wy * ex) / cross
        if t <= 1e-6 or t >= reach:
            continue
        s = (wx * uy - wy * ux) / cross
        if s >= -1e-9 and s <= 1 + 1e-9:
            hit, at, reach = i, min(1.0, max(0.0, s)), t
    return hit, at, reach


@compiled
def _enters(ring: Ring, i: int, corner: bool, px: float, py: float, ux: float, uy: float) -> bool:
    """Return whether a ray from ring edge `i`, or from its first corner, starts into the atom."""
    ax, ay = ring.x[i + 1] - px, ring.y[i + 1] - py
    left = ax * uy - ay * ux > 1e-6
    if not corner:
        return left
    before = (i + len(ring.half) - 1) % len(ring.half)
    bx, by = ring.x[before] - px, ring.y[before] - py
    right = ux * by - uy * bx > 1e-6
    if ax * by - ay * bx < 0:
        return left or right
    return left and right


@compiled
def _squareness(ring: Ring, i: int, at: float, ux: float, uy: float) -> float:
    """Return the sine of the angle between direction (ux, uy) and the border at a position."""
    n = len(ring.half)
    best = 0.0
    for side in range(2):
        j = i if side == 0 else (i + n - 1) % n
        if side == 1 and at > 0:
            break
        ex, ey = ring.x[j + 1] - ring.x[j], ring.y[j + 1] - ring.y[j]
        best = max(best, abs(ux * ey - uy * ex) / max(ring.length[j], 1e-9))
    return best


@compiled
def face_chords(mesh: Mesh, face: int, ring: Ring, obstacles: Obstacles, step: float, longest: float):  # type: ignore[no-untyped-def]
    """Return the candidate chords of an atom.

    Every corner and a point at least every `step` metres shoots square to its edge (a corner
    also straight on, where a border of the neighbours ends in it); the first border hit is
    the other end, moved to a corner within 3 m of it.

    Returns
    -------
    p, q : (n,) float64
        Positions on the ring: edge number plus the part of the edge gone.
    area : (n,) float64
        Square metres left of the chord from q to p, that is along the ring from p to q.
    cost : (n,) float64
        Length plus the toll for an oblique end, metres.
    """
    n = len(ring.half)
    total = ring.length.sum()
    room = int(total / step) + 4 * n + 8
    p, q, area, cost = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    count = 0
    if mesh.solid[face]:
        return p[:0], q[:0], area[:0], cost[:0]
    # An edge with the atom on both sides, a link to an island, is no place for a chord's end.
    bare = np.zeros(n, np.bool_)
    for i in range(n):
        bare[i] = mesh.face[ring.half[i] ^ 1] == face
    since = step
    for i in range(n):
        if bare[i] or bare[(i + n - 1) % n]:
            continue
        inner = int(ring.length[i] / step)
        # On a winding border not every corner is worth a try; a junction always is.
        junction = mesh.succ[ring.half[i] ^ 1] != ring.half[(i + n - 1) % n] ^ 1
        skips = since < 0.5 * step and not junction
        since = since + ring.length[i] if skips or inner == 0 else ring.length[i] / (inner + 1)
        if inner == 0 and not skips:
            since = ring.length[i]
        for s in range(1 if skips else 0, inner + 1):
            t = s / (inner + 1)
            px = ring.x[i] + t * (ring.x[i + 1] - ring.x[i])
            py = ring.y[i] + t * (ring.y[i + 1] - ring.y[i])
            if s > 0:
                if mesh.kind[ring.half[i] >> 1] == BUILDING:
                    continue
                px, py = np.round(px * 1000) / 1000, np.round(py * 1000) / 1000
            before = (i + n - 1) % n
            for way in range(3 if s == 0 else 1):
                if way == 2:
                    # Straight on from a border that ends here from outside.
                    out = mesh.succ[ring.half[i] ^ 1]
                    if out == ring.half[before] ^ 1:
                        continue
                    o = mesh.origin[out ^ 1]
                    ux, uy = px - mesh.x[o], py - mesh.y[o]
                    size = np.hypot(ux, uy)
                    if size == 0:
                        continue
                    ux, uy = ux / size, uy / size
                else:
                    j = i if way == 0 else before
                    if ring.length[j] < 1e-9:
                        continue
                    ux = -(ring.y[j + 1] - ring.y[j]) / ring.length[j]
                    uy = (ring.x[j + 1] - ring.x[j]) / ring.length[j]
                if not _enters(ring, i, s == 0, px, py, ux, uy):
                    continue
                skip_b = before if s == 0 else i
                hit, at, reach = _shoot(ring, px, py, ux, uy, i, skip_b)
                if hit < 0 or reach > longest or reach < 4.0:
                    continue
                qx = ring.x[hit] + at * (ring.x[hit + 1] - ring.x[hit])
                qy = ring.y[hit] + at * (ring.y[hit + 1] - ring.y[hit])
                if at * ring.length[hit] < 3.0:
                    at = 0.0
                elif (1 - at) * ring.length[hit] < 3.0:
                    hit, at = (hit + 1) % n, 0.0
                if bare[hit] or (at == 0.0 and bare[(hit + n - 1) % n]):
                    continue
                if at == 0.0:
                    if hit == i or hit == (i + 1) % n or (s == 0 and hit == before):
                        continue
                    qx, qy = ring.x[hit], ring.y[hit]
                    size = np.hypot(qx - px, qy - py)
                    if size < 4.0:
                        continue
                    vx, vy = (qx - px) / size, (qy - py) / size
                    blocked = not _enters(ring, i, s == 0, px, py, vx, vy)
                    for j in range(n):
                        if j == i or (s == 0 and j == before) or j == hit or j == (hit + n - 1) % n:
                            continue
                        if _crosses(px, py, qx, qy, ring.x[j], ring.y[j], ring.x[j + 1], ring.y[j + 1]):
                            blocked = True
                            break
                    if blocked:
                        continue
                    ux, uy, reach = vx, vy, size
                else:
                    if mesh.kind[ring.half[hit] >> 1] == BUILDING:
                        continue
                    qx, qy = np.round(qx * 1000) / 1000, np.round(qy * 1000) / 1000
                square_q = _squareness(ring, hit, at, ux, uy)
                square_p = _squareness(ring, i, t, ux, uy)
                if square_q < 0.5 or square_p < 0.5:
                    continue
                twice = _arc_cross(ring, i, px, py, hit, qx, qy)
                p[count], q[count] = i + t, hit + at
                area[count] = twice / 2
                cost[count] = reach + 40.0 * ((1 - square_p) + (1 - square_q))
                count += 1
                if count == room:
                    break
    good = 0
    for c in range(count):
        if area[c] < 50.0 or area[c] > mesh.area[face] - 50.0:
            continue
        i, j = int(p[c]), int(q[c])
        ax, ay = _at(ring, p[c])
        bx, by = _at(ring, q[c])
        if i == j or not is_clear(obstacles, ax, ay, bx, by):
            continue
        p[good], q[good], area[good], cost[good] = p[c], q[c], area[c], cost[c]
        good += 1
    return p[:good], q[:good], area[:good], cost[:good]


@compiled
def _at(ring: Ring, position: float) -> tuple[float, float]:
    i = int(position)
    t = position - i
    if t == 0.0:
        return ring.x[i], ring.y[i]
    x = ring.x[i] + t * (ring.x[i + 1] - ring.x[i])
    y = ring.y[i] + t * (ring.y[i + 1] - ring.y[i])
    return np.round(x * 1000) / 1000, np.round(y * 1000) / 1000


@compiled
def _arc_cross(ring: Ring, i: int, px: float, py: float, j: int, qx: float, qy: float) -> float:
    """Return twice the area of the polygon p, corners i+1 … j, q."""
    n = len(ring.half)
    x0, y0 = ring.x[0], ring.y[0]
    ax, ay = ring.x[i + 1] - x0, ring.y[i + 1] - y0
    px, py, qx, qy = px - x0, py - y0, qx - x0, qy - y0
    bx, by = ring.x[j] - x0, ring.y[j] - y0
    middle = ring.cross[j] - ring.cross[i + 1]
    if j < i + 1:
        middle += ring.cross[n]
    return (px * ay - ax * py) + middle + (bx * qy - qx * by) + (qx * py - px * qy)
