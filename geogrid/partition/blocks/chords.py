"""Candidate chords of one atom: short, square to the border, clear of buildings."""

# Kernels: plain comparisons, as numba compiles them best.
# ruff: noqa: PLR1714, SIM109
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.mesh import BUILDING, Mesh
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Obstacles", "Ring", "face_chords", "is_clear", "read_ring", "segments_meet"]


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
    succ, origin, mesh_x, mesh_y = mesh.succ, mesh.origin, mesh.x, mesh.y
    n = 0
    at = first = mesh.start[face]
    while True:
        n += 1
        at = succ[at]
        if at == first:
            break
    half = np.empty(n, np.int64)
    x, y = np.empty(n + 1), np.empty(n + 1)
    at = first
    for i in range(n):
        half[i] = at
        x[i], y[i] = mesh_x[origin[at]], mesh_y[origin[at]]
        at = succ[at]
    x[n], y[n] = x[0], y[0]
    length, cross = np.empty(n), np.zeros(n + 1)
    for i in range(n):
        length[i] = np.hypot(x[i + 1] - x[i], y[i + 1] - y[i])
        cross[i + 1] = cross[i] + (x[i] - x[0]) * (y[i + 1] - y[0]) - (x[i + 1] - x[0]) * (y[i] - y[0])
    return Ring(half, x, y, length, cross)


@compiled
def segments_meet(px: float, py: float, qx: float, qy: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Return whether two segments share a point."""
    if max(px, qx) < min(ax, bx) or max(ax, bx) < min(px, qx):
        return False
    if max(py, qy) < min(ay, by) or max(ay, by) < min(py, qy):
        return False
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
                if segments_meet(px, py, qx, qy, obstacles.ax[s], obstacles.ay[s], obstacles.bx[s], obstacles.by[s]):
                    return False
    return True


@compiled
def _shoot(
    ring: Ring, px: float, py: float, ux: float, uy: float, skip_a: int, skip_b: int
) -> tuple[int, float, float]:
    """Return ring edge, position on it (0 to 1) and distance of the first hit of a ray."""
    hit, at, reach = -1, 0.0, np.inf
    x, y = ring.x, ring.y
    # Which side of the ray each corner is on, times its distance from it.
    off = (x[0] - px) * uy - (y[0] - py) * ux
    for i in range(len(x) - 1):
        before = off
        off = (x[i + 1] - px) * uy - (y[i + 1] - py) * ux
        if (before > 0 and off > 0) or (before < 0 and off < 0) or before == off or i == skip_a or i == skip_b:
            continue
        ex, ey = x[i + 1] - x[i], y[i + 1] - y[i]
        t = ((x[i] - px) * ey - (y[i] - py) * ex) / (before - off)
        if t > 1e-6 and t < reach:
            hit, at, reach = i, min(1.0, max(0.0, before / (before - off))), t
    return hit, at, reach


@compiled
def _enters(x: FloatArray, y: FloatArray, i: int, corner: bool, px: float, py: float, ux: float, uy: float) -> bool:
    """Return whether a ray from ring edge `i`, or from its first corner, starts into the atom."""
    ax, ay = x[i + 1] - px, y[i + 1] - py
    left = ax * uy - ay * ux > 1e-6
    if not corner:
        return left
    before = (i + len(x) - 2) % (len(x) - 1)
    bx, by = x[before] - px, y[before] - py
    right = ux * by - uy * bx > 1e-6
    if ax * by - ay * bx < 0:
        return left or right
    return left and right


@compiled
def _sine(ux: float, uy: float, ex: float, ey: float) -> float:
    """Return the sine of the angle between a direction of length 1 and an edge."""
    return abs(ux * ey - uy * ex) / max(np.hypot(ex, ey), 1e-9)


@compiled
def face_chords(
    mesh: Mesh, face: int, ring: Ring, obstacles: Obstacles, step: float, longest: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
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
    half, x, y, length, cross = ring.half, ring.x, ring.y, ring.length, ring.cross
    succ, owner, origin, kind = mesh.succ, mesh.face, mesh.origin, mesh.kind
    n = len(half)
    total = length.sum()
    room = int(total / step) + 4 * n + 8
    p, q, area, cost = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    count = 0
    if mesh.solid[face]:
        return p[:0], q[:0], area[:0], cost[:0]
    # An edge with the atom on both sides, a link to an island, is no place for a chord's end.
    bare = np.zeros(n, np.bool_)
    for i in range(n):
        bare[i] = owner[half[i] ^ 1] == face
    since = step
    for i in range(n):
        if bare[i] or bare[(i + n - 1) % n]:
            continue
        inner = int(length[i] / step)
        # On a winding border not every corner is worth a try; a junction always is.
        junction = succ[half[i] ^ 1] != half[(i + n - 1) % n] ^ 1
        skips = since < 0.5 * step and not junction
        since = since + length[i] if skips or inner == 0 else length[i] / (inner + 1)
        if inner == 0 and not skips:
            since = length[i]
        for s in range(1 if skips else 0, inner + 1):
            t = s / (inner + 1)
            px = x[i] + t * (x[i + 1] - x[i])
            py = y[i] + t * (y[i + 1] - y[i])
            if s > 0:
                if kind[half[i] >> 1] == BUILDING:
                    continue
                px, py = np.round(px * 1000) / 1000, np.round(py * 1000) / 1000
            before = (i + n - 1) % n
            for way in range(3 if s == 0 else 1):
                if way == 2:
                    # Straight on from a border that ends here from outside.
                    out = succ[half[i] ^ 1]
                    if out == half[before] ^ 1:
                        continue
                    o = origin[out ^ 1]
                    ux, uy = px - mesh.x[o], py - mesh.y[o]
                    size = np.hypot(ux, uy)
                    if size == 0:
                        continue
                    ux, uy = ux / size, uy / size
                else:
                    j = i if way == 0 else before
                    if length[j] < 1e-9:
                        continue
                    ux = -(y[j + 1] - y[j]) / length[j]
                    uy = (x[j + 1] - x[j]) / length[j]
                if not _enters(x, y, i, s == 0, px, py, ux, uy):
                    continue
                skip_b = before if s == 0 else i
                hit, at, reach = _shoot(ring, px, py, ux, uy, i, skip_b)
                if hit < 0 or reach > longest or reach < 4.0:
                    continue
                qx = x[hit] + at * (x[hit + 1] - x[hit])
                qy = y[hit] + at * (y[hit + 1] - y[hit])
                if at * length[hit] < 3.0:
                    at = 0.0
                elif (1 - at) * length[hit] < 3.0:
                    hit, at = (hit + 1) % n, 0.0
                if bare[hit] or (at == 0.0 and bare[(hit + n - 1) % n]):
                    continue
                if at == 0.0:
                    if hit == i or hit == (i + 1) % n or (s == 0 and hit == before):
                        continue
                    qx, qy = x[hit], y[hit]
                    size = np.hypot(qx - px, qy - py)
                    if size < 4.0:
                        continue
                    vx, vy = (qx - px) / size, (qy - py) / size
                    blocked = not _enters(x, y, i, s == 0, px, py, vx, vy)
                    for j in range(n):
                        if j == i or (s == 0 and j == before) or j == hit or j == (hit + n - 1) % n:
                            continue
                        if segments_meet(px, py, qx, qy, x[j], y[j], x[j + 1], y[j + 1]):
                            blocked = True
                            break
                    if blocked:
                        continue
                    ux, uy, reach = vx, vy, size
                else:
                    if kind[half[hit] >> 1] == BUILDING:
                        continue
                    qx, qy = np.round(qx * 1000) / 1000, np.round(qy * 1000) / 1000
                square_q = _sine(ux, uy, x[hit + 1] - x[hit], y[hit + 1] - y[hit])
                if at == 0.0:
                    j = (hit + n - 1) % n
                    square_q = max(square_q, _sine(ux, uy, x[j + 1] - x[j], y[j + 1] - y[j]))
                square_p = _sine(ux, uy, x[i + 1] - x[i], y[i + 1] - y[i])
                if s == 0:
                    square_p = max(square_p, _sine(ux, uy, x[before + 1] - x[before], y[before + 1] - y[before]))
                if square_q < 0.5 or square_p < 0.5:
                    continue
                twice = _arc_cross(x, y, cross, i, px, py, hit, qx, qy)
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
        ax, ay = _at(x, y, p[c])
        bx, by = _at(x, y, q[c])
        if i == j or not is_clear(obstacles, ax, ay, bx, by):
            continue
        p[good], q[good], area[good], cost[good] = p[c], q[c], area[c], cost[c]
        good += 1
    return p[:good], q[:good], area[:good], cost[:good]


@compiled
def _at(x: FloatArray, y: FloatArray, position: float) -> tuple[float, float]:
    i = int(position)
    t = position - i
    if t == 0.0:
        return x[i], y[i]
    return np.round((x[i] + t * (x[i + 1] - x[i])) * 1000) / 1000, np.round(
        (y[i] + t * (y[i + 1] - y[i])) * 1000
    ) / 1000


@compiled
def _arc_cross(
    x: FloatArray, y: FloatArray, cross: FloatArray, i: int, px: float, py: float, j: int, qx: float, qy: float
) -> float:
    """Return twice the area of the polygon p, corners i+1 … j, q."""
    x0, y0 = x[0], y[0]
    ax, ay = x[i + 1] - x0, y[i + 1] - y0
    px, py, qx, qy = px - x0, py - y0, qx - x0, qy - y0
    bx, by = x[j] - x0, y[j] - y0
    middle = cross[j] - cross[i + 1]
    if j < i + 1:
        middle += cross[len(x) - 1]
    return (px * ay - ax * py) + middle + (bx * qy - qx * by) + (qx * py - px * qy)
