"""Cut a tree of atoms through one of them, by a chord."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.partition.blocks.chords import Obstacles, Ring, face_chords, read_ring
from geogrid.partition.blocks.mesh import Mesh, split_edge
from geogrid.partition.blocks.region import Region, SideArray, side_shape
from geogrid.partition.blocks.shape import CHORD_RATE, CHORD_TOLL, edge_cost, size_cost
from geogrid.partition.blocks.trees import Tree
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Chords", "corner_at", "cut_by_chord", "find_chords"]

LEAST_ATOM = 0.12
"""Of the target: a smaller atom is not cut."""

OPEN_CELLS = 6.0
"""An atom of more cells is an open place, a park say: its chords may be as long as it is wide."""


class Chords(NamedTuple):
    """The candidate chords of a region's atoms.

    Parameters
    ----------
    first : (n + 1,) int64
        Where each atom's chords start.
    p, q, area, cost : (chords,) float64
        As `face_chords` returns them.
    at : (n + 1,) int64
        Where each atom's border starts in the arrays that follow; of an atom without chords it is empty.
    half : (edges,) int64; x, y, length : (edges,) float64
        As in `Ring`; each atom's first corner is repeated as its last.
    beyond : (edges,) int64
        The atom of the region beyond the edge, -1 for none.
    price : (edges,) float64
        What the edge costs as a border.
    rank : (edges,) int64
        The corners' numbers sorted by x, then y.
    """

    first: IntArray
    p: FloatArray
    q: FloatArray
    area: FloatArray
    cost: FloatArray
    at: IntArray
    half: IntArray
    x: FloatArray
    y: FloatArray
    length: FloatArray
    beyond: IntArray
    price: FloatArray
    rank: IntArray


@compiled
def find_chords(mesh: Mesh, faces: Int32Array, loc: Int32Array, obstacles: Obstacles, target: float) -> Chords:
    """Return the chords of all atoms that are worth cutting, and those atoms' borders."""
    n = len(faces)
    first, at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    p, q, area, cost = np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    half, beyond, rank = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    x, y, length, price = np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    side_m = np.sqrt(target)
    for i in range(n):
        if mesh.area[faces[i]] > LEAST_ATOM * target:
            ring = read_ring(mesh, faces[i])
            step = max(0.06 * side_m, ring.length.sum() / 160)
            # A wide open place needs a chord right across it.
            wide = mesh.area[faces[i]] > OPEN_CELLS * target
            longest = 1.6 * np.sqrt(mesh.area[faces[i]]) if wide else 2.5 * side_m
            p_, q_, area_, cost_ = face_chords(mesh, faces[i], ring, obstacles, step, longest)
            if len(p_):
                p, q = np.append(p, p_), np.append(q, q_)
                area, cost = np.append(area, area_), np.append(cost, cost_)
                beyond_, price_ = _beyond(mesh, ring.half, ring.length, loc)
                half, length = np.append(half, np.append(ring.half, -1)), np.append(length, np.append(ring.length, 0.0))
                x, y = np.append(x, ring.x), np.append(y, ring.y)
                beyond, price = np.append(beyond, np.append(beyond_, -1)), np.append(price, np.append(price_, 0.0))
                rank = np.append(rank, np.append(_rank(ring.x, ring.y), -1))
        first[i + 1], at[i + 1] = len(p), len(x)
    return Chords(first, p, q, area, cost, at, half, x, y, length, beyond, price, rank)


@compiled
def _beyond(mesh: Mesh, half: IntArray, length: FloatArray, loc: Int32Array) -> tuple[IntArray, FloatArray]:
    """Return of each edge of a border the atom of the region beyond (-1: none) and what it costs."""
    beyond, price = np.empty(len(half), np.int64), np.empty(len(half))
    for i in range(len(half)):
        other, e = mesh.face[half[i] ^ 1], half[i] >> 1
        beyond[i] = loc[other] if other >= 0 else -1
        price[i] = edge_cost(length[i], mesh.kind[e], mesh.worth[e], mesh.hard[e])
    return beyond, price


@compiled
def _rank(x: FloatArray, y: FloatArray) -> IntArray:
    """Return the corners of a ring, its last being its first again, sorted by x, then y."""
    rank = np.argsort(x[:-1])
    for i in range(1, len(rank)):
        j = i
        while j > 0 and x[rank[j - 1]] == x[rank[j]] and y[rank[j - 1]] > y[rank[j]]:
            rank[j - 1], rank[j] = rank[j], rank[j - 1]
            j -= 1
    return rank


@compiled
def cut_by_chord(
    mesh: Mesh, region: Region, tree: Tree, chords: Chords, cells: int, target: float,
    tolerance: float, slack: float, best: float, best_side: SideArray,
) -> tuple[float, Whole, Whole, Whole, Whole]:  # fmt: skip
    """Return cost, cells of the first part, atom and ends of the best chord.

    The branches of the tree at the atom go to the side of the chord they are attached to.

    Parameters
    ----------
    slack : float
        How far a part may be from a whole number of cells, relative.
    best : float
        What is to be beaten.
    best_side : (n + 1,) int8
        Written if it is: 0 for the first part, 1 for the other, 2 for the atom.

    Returns
    -------
    cost : float; count : int; atom : int; p, q : float
        `count` is 0 if no chord beats `best`.
    """
    n, m = len(region.faces), len(region.one)
    one_of, two_of, shared_of, cost_of, outer = region.one, region.two, region.shared, region.cost, region.outer
    total, unit = region.total, region.total / cells
    order, enter, leave, parent, below = tree.order, tree.enter, tree.leave, tree.parent, tree.below
    hard = mesh.hard
    side = np.empty(n, np.int8)
    count, best_x, best_p, best_q = 0, -1, 0.0, 0.0
    first, borders = chords.first, chords.at
    all_half, all_x, all_y, all_length = chords.half, chords.x, chords.y, chords.length
    all_beyond, all_price, all_rank = chords.beyond, chords.price, chords.rank
    chord_p, chord_q, chord_area, chord_cost = chords.p, chords.q, chords.area, chords.cost
    tree_first, tree_to, following = tree.first, tree.to, tree.following
    branch_to, branch_at = np.empty(n, np.int64), np.empty(n)
    for x in range(n):
        if first[x + 1] == first[x]:
            continue
        start, stop = borders[x], borders[x + 1]
        half, rx, ry, length = (
            all_half[start:stop],
            all_x[start:stop],
            all_y[start:stop],
            all_length[start:stop],
        )
        beyond, price, rank = all_beyond[start:stop], all_price[start:stop], all_rank[start:stop]
        size = stop - start - 1
        # Where the tree's branches are attached: the longest free edge shared with each.
        branches = 0
        link = tree_first[x]
        while link >= 0:
            v = tree_to[link]
            longest, where = -1.0, 0.0
            for i in range(size):
                if beyond[i] == v and not hard[half[i] >> 1] and length[i] > longest:
                    longest, where = length[i], i + 0.5
            branch_to[branches], branch_at[branches] = v, where
            branches += 1
            link = following[link]
        ex, ey = np.empty(size + 2), np.empty(size + 2)
        fx, fy = np.empty(size + 2), np.empty(size + 2)
        for c in range(first[x], first[x + 1]):
            base = CHORD_RATE * chord_cost[c] + CHORD_TOLL
            if base >= best:
                continue
            p, q = chord_p[c], chord_q[c]
            span = _onward(p, q, size)
            one = chord_area[c]
            for k in range(branches):
                if _onward(p, branch_at[k], size) < span:
                    v = branch_to[k]
                    one += below[v] if parent[v] == x else total - below[x]
            two = total - one
            guess = int(np.round(one / unit))
            if guess < 1 or guess >= cells:
                continue
            if abs(one / (guess * target) - 1) > slack or abs(two / ((cells - guess) * target) - 1) > slack:
                continue
            cost = base + size_cost(one, guess, target, tolerance) + size_cost(two, cells - guess, target, tolerance)
            if cost >= best:
                continue
            # Side 0 is the arc's; the atom itself counts as neither.
            side[:] = 1
            for k in range(branches):
                if _onward(p, branch_at[k], size) < span:
                    v = branch_to[k]
                    if parent[v] == x:
                        for j in range(enter[v], leave[v]):
                            side[order[j]] = 0
                    else:
                        for j in range(tree.seen):
                            if j < enter[x] or j >= leave[x]:
                                side[order[j]] = 0
            side[x] = 2
            shared, around = 0.0, 0.0
            for k in range(m):
                if side[one_of[k]] + side[two_of[k]] == 1:
                    cost += cost_of[k]
                    shared += shared_of[k]
            if cost >= best:
                continue
            for j in range(n):
                if side[j] == 0:
                    around += outer[j]
            for i in range(size):
                arc = _part_in_arc(i, p, q, size)
                if beyond[i] < 0:
                    around += arc * length[i]
                elif beyond[i] != x:
                    crossing = arc if side[beyond[i]] == 1 else 1 - arc
                    cost += crossing * price[i]
                    shared += crossing * length[i]
            if cost >= best:
                continue
            i, j = int(p), int(q)
            px, py = rx[i] + (p - i) * (rx[i + 1] - rx[i]), ry[i] + (p - i) * (ry[i + 1] - ry[i])
            qx, qy = rx[j] + (q - j) * (rx[j + 1] - rx[j]), ry[j] + (q - j) * (ry[j + 1] - ry[j])
            shared += np.hypot(px - qx, py - qy)
            e, f = 0, 0
            for r in range(size):
                i = rank[r]
                if _onward(p, i, size) < span:
                    ex[e], ey[e] = rx[i], ry[i]
                    e += 1
                else:
                    fx[f], fy[f] = rx[i], ry[i]
                    f += 1
            _insert(ex, ey, e, px, py)
            _insert(ex, ey, e + 1, qx, qy)
            _insert(fx, fy, f, px, py)
            _insert(fx, fy, f + 1, qx, qy)
            cost += side_shape(region, side, 0, ex, ey, e + 2, one, around + shared, target, guess)
            if cost >= best:
                continue
            cost += side_shape(
                region, side, 1, fx, fy, f + 2, two, region.around - around + shared, target, cells - guess
            )
            if cost < best:
                best, count, best_x, best_p, best_q = cost, guess, x, p, q
                best_side[:n] = side
    return best, count, best_x, best_p, best_q


@compiled
def _insert(px: FloatArray, py: FloatArray, n: int, x: float, y: float) -> None:
    """Put a point where it belongs among the first `n`, sorted by x, then y."""
    j = n - 1
    while j >= 0 and (px[j] > x or (px[j] == x and py[j] > y)):
        px[j + 1], py[j + 1] = px[j], py[j]
        j -= 1
    px[j + 1], py[j + 1] = x, y


@compiled
def _onward(p: float, q: float, size: int) -> float:
    """Return how far it is from position `p` on to `q` round a ring."""
    way = q - p
    return way + size if way < 0 else way


@compiled
def _part_in_arc(i: int, p: float, q: float, size: int) -> float:
    """Return how much of ring edge `i` lies on the way from `p` on to `q`."""
    a, b = int(p), int(q)
    if i == a and i == b:
        return 1.0 - (p - q) if p > q else q - p
    if i == a:
        return 1.0 - (p - a)
    if i == b:
        return q - b
    return 1.0 if _onward(a, i, size) < _onward(a, b, size) else 0.0


@compiled
def corner_at(mesh: Mesh, ring: Ring, position: float) -> int:
    """Return the half-edge of the ring that starts at a position, splitting its edge if need be."""
    i = int(position)
    h = ring.half[i]
    if position == i:
        return h
    x = np.round((ring.x[i] + (position - i) * (ring.x[i + 1] - ring.x[i])) * 1000) / 1000
    y = np.round((ring.y[i] + (position - i) * (ring.y[i + 1] - ring.y[i])) * 1000) / 1000
    split_edge(mesh, h, x, y)
    return mesh.succ[h]
