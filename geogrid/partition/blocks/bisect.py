"""Bisect a region along its seams, or by one chord, into parts of whole cells."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.partition.blocks.chords import Obstacles, face_chords, read_ring
from geogrid.partition.blocks.compiled import compiled
from geogrid.partition.blocks.mesh import CUT, Mesh, insert_chord, split_edge
from geogrid.partition.blocks.shape import CHORD_RATE, FORBIDDEN, border_rate, hull_area, shape_cost, size_cost
from geogrid.types import Int32Array, IntArray

__all__ = ["bisect_region", "border_cost", "region_cost"]

HULL_ATOMS = 60
"""Above this many atoms a region's shape is judged by its perimeter alone."""

NARROW_M = 8.0
"""Atoms that share less border than this are joined last: a cell with such a waist is a dumbbell."""

OPEN_CELLS = 6.0
"""An atom of more cells is an open place, a park say: its chords may be as long as it is wide."""

CHORD_TOLL = 40.0
"""What a chord costs besides its length, metres."""


@compiled
def next_random(state: IntArray) -> float:
    """Return a number in [0, 1) and step the state: the same sequence on every machine."""
    s = state[0]
    s = (s * 1103515245 + 12345) & 0x7FFFFFFF
    s = (s * 1103515245 + 12345 + (s >> 16)) & 0x7FFFFFFF
    state[0] = s
    return (s >> 7) / 16777216.0


@compiled
def _pairs(mesh: Mesh, faces: Int32Array, loc: Int32Array):  # type: ignore[no-untyped-def]
    """Return neighbouring atoms of a region: a, b, shared length, free length, cost, worth."""
    n = len(faces)
    room = 0
    for i in range(n):
        at = first = mesh.start[faces[i]]
        while True:
            other = mesh.face[at ^ 1]
            if other >= 0 and loc[other] > i:
                room += 1
            at = mesh.succ[at]
            if at == first:
                break
    key = np.empty(room, np.int64)
    length, worth, cost = np.empty(room), np.empty(room), np.empty(room)
    free = np.empty(room)
    k = 0
    for i in range(n):
        at = first = mesh.start[faces[i]]
        while True:
            other = mesh.face[at ^ 1]
            if other >= 0 and loc[other] > i:
                e = at >> 1
                a, b = mesh.origin[at], mesh.origin[at ^ 1]
                size = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
                key[k] = i * n + loc[other]
                length[k] = size
                free[k] = 0.0 if mesh.hard[e] else size
                worth[k] = size * mesh.worth[e]
                cost[k] = size * border_rate(mesh, e)
                k += 1
            at = mesh.succ[at]
            if at == first:
                break
    order = np.argsort(key, kind="mergesort")
    pa, pb = np.empty(room, np.int64), np.empty(room, np.int64)
    pl, pf, pc, pw = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    m = 0
    for k in range(room):
        o = order[k]
        if k == 0 or key[o] != key[order[k - 1]]:
            pa[m], pb[m] = key[o] // n, key[o] % n
            pl[m], pf[m], pc[m], pw[m] = 0.0, 0.0, 0.0, 0.0
            m += 1
        pl[m - 1] += length[o]
        pf[m - 1] += free[o]
        pc[m - 1] += cost[o]
        pw[m - 1] += worth[o]
    return pa[:m], pb[:m], pl[:m], pf[:m], pc[:m], pw[:m]


@compiled
def _hulls(mesh: Mesh, faces: Int32Array):  # type: ignore[no-untyped-def]
    """Return the corners of the atoms' convex hulls: x, y, and (n + 1,) offsets."""
    n = len(faces)
    total = 0
    longest = 0
    for i in range(n):
        at = first = mesh.start[faces[i]]
        size = 0
        while True:
            size += 1
            at = mesh.succ[at]
            if at == first:
                break
        total += size
        longest = max(longest, size)
    hx, hy, offset = np.empty(total), np.empty(total), np.zeros(n + 1, np.int64)
    bx, by = np.empty(longest), np.empty(longest)
    for i in range(n):
        at = first = mesh.start[faces[i]]
        size = 0
        while True:
            bx[size], by[size] = mesh.x[mesh.origin[at]], mesh.y[mesh.origin[at]]
            size += 1
            at = mesh.succ[at]
            if at == first:
                break
        _, corners = hull_area(bx, by, size, True)
        for j in range(corners):
            hx[offset[i] + j], hy[offset[i] + j] = bx[j], by[j]
        offset[i + 1] = offset[i] + corners
    return hx, hy, offset


@compiled
def _side_shape(  # type: ignore[no-untyped-def]
    side, which, skip, hx, hy, offset, extra_x, extra_y, extra, area, perimeter, target, cells, exact
):  # fmt: skip
    """Return the shape cost of the atoms with ``side == which`` and some extra points."""
    if not exact:
        return shape_cost(area, area / 0.9, perimeter, target, cells)
    n = len(side)
    total = extra
    for i in range(n):
        if side[i] == which and i != skip:
            total += offset[i + 1] - offset[i]
    px, py = np.empty(total), np.empty(total)
    k = 0
    for i in range(n):
        if side[i] == which and i != skip:
            for j in range(offset[i], offset[i + 1]):
                px[k], py[k] = hx[j], hy[j]
                k += 1
    for j in range(extra):
        px[k], py[k] = extra_x[j], extra_y[j]
        k += 1
    hull, _ = hull_area(px, py, total, False)
    return shape_cost(area, hull, perimeter, target, cells)


@compiled
def border_cost(mesh: Mesh, h: int) -> float:
    """Return what half-edge `h` costs as a border, in metres."""
    a, b = mesh.origin[h], mesh.origin[h ^ 1]
    e = h >> 1
    cost = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a]) * border_rate(mesh, e)
    return cost + CHORD_TOLL if mesh.kind[e] == CUT else cost


@compiled
def region_cost(mesh: Mesh, faces: Int32Array, cell: Int32Array, target: float, tolerance: float) -> float:
    """Return the size and shape cost of the cell that consists of `faces`, and half its borders' cost."""
    n = len(faces)
    mine = cell[faces[0]]
    area, perimeter, border = 0.0, 0.0, 0.0
    for i in range(n):
        area += mesh.area[faces[i]]
        at = first = mesh.start[faces[i]]
        while True:
            other = mesh.face[at ^ 1]
            if other < 0 or cell[other] != mine:
                a, b = mesh.origin[at], mesh.origin[at ^ 1]
                length = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
                perimeter += length
                if other >= 0:
                    border += border_cost(mesh, at)
            at = mesh.succ[at]
            if at == first:
                break
    hx, hy, offset = _hulls(mesh, faces)
    hull, _ = hull_area(hx, hy, offset[n], False)
    return shape_cost(area, hull, perimeter, target, 1) + size_cost(area, 1, target, tolerance) + border / 2


@compiled
def bisect_region(  # type: ignore[no-untyped-def]
    mesh: Mesh, faces: Int32Array, cells: int, target: float, tolerance: float, obstacles: Obstacles,
    loc: Int32Array, state: IntArray, trials: int, limit: float,
):  # fmt: skip
    """Divide a connected region into two for some number of cells each.

    Random spanning trees that cross the least important seams first are cut at each of
    their edges; where atoms are too coarse, one atom of the tree is cut by a chord.

    Parameters
    ----------
    faces : (n,) int32
        Atoms, connected across borders that are not hard.
    cells : int
        At least 2.
    loc : (faces,) int32
        Scratch, all -1, and all -1 again on return.
    state : (1,) int64
        Of the random numbers.
    trials : int
        Spanning trees to try.
    limit : float
        A division that costs this or more is not made.

    Returns
    -------
    cost : float
        Infinite if there is none below the limit.
    count : int
        Cells of the first part.
    side : (n or n + 1,) int8
        0 for the atoms of the first part; a last one is the new atom that a chord made.
    """
    n = len(faces)
    for i in range(n):
        loc[faces[i]] = i
    total = 0.0
    for i in range(n):
        total += mesh.area[faces[i]]
    pa, pb, pl, pf, pc, pw = _pairs(mesh, faces, loc)
    m = len(pa)
    outer = np.zeros(n)
    for i in range(n):
        at = first = mesh.start[faces[i]]
        while True:
            other = mesh.face[at ^ 1]
            if other < 0 or loc[other] < 0:
                a, b = mesh.origin[at], mesh.origin[at ^ 1]
                outer[i] += np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
            at = mesh.succ[at]
            if at == first:
                break
    around = outer.sum()
    exact = n <= HULL_ATOMS
    if exact:
        hx, hy, offset = _hulls(mesh, faces)
    else:
        hx, hy, offset = np.empty(0), np.empty(0), np.zeros(1, np.int64)
    unit = total / cells
    slack = max(tolerance * 0.97, abs(unit / target - 1.0) + 0.004)
    best, best_count = limit, 0
    best_side = np.zeros(n + 1, np.int8)
    best_face, best_p, best_q = -1, 0.0, 0.0
    side = np.zeros(n, np.int8)
    none = np.empty(0)

    key = np.empty(m)
    root = np.empty(n, np.int64)
    tree_first, tree_next, tree_to = np.empty(n, np.int64), np.empty(2 * n, np.int64), np.empty(2 * n, np.int64)
    order, parent = np.empty(n, np.int64), np.empty(n, np.int64)
    enter, leave = np.empty(n, np.int64), np.empty(n, np.int64)
    below = np.empty(n)
    # Chords are sought when a region is small, or when nothing else worked.
    with_chords = cells <= 8 and n <= 80
    chord_first = np.full(n + 1, -1, np.int64)
    chord_p, chord_q, chord_area, chord_cost = np.empty(0), np.empty(0), np.empty(0), np.empty(0)
    have_chords = False
    side_length = np.sqrt(target)

    attempt = 0
    while attempt < trials:
        attempt += 1
        if n == 1:
            attempt = trials
        for k in range(m):
            key[k] = np.inf
            if pf[k] > 0:
                key[k] = pw[k] / pl[k] + 0.6 * next_random(state) - 0.15 * min(1.0, pl[k] / side_length)
                if pf[k] < NARROW_M:
                    key[k] += 2.0
        ranked = np.argsort(key, kind="mergesort")
        for i in range(n):
            root[i] = i
            tree_first[i] = -1
        links = 0
        for r in range(m):
            k = ranked[r]
            if key[k] == np.inf:
                break
            a, b = pa[k], pb[k]
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]
            while root[b] != b:
                root[b] = root[root[b]]
                b = root[b]
            if a == b:
                continue
            root[a] = b
            for way in range(2):
                u, v = (pa[k], pb[k]) if way == 0 else (pb[k], pa[k])
                tree_to[links] = v
                tree_next[links] = tree_first[u]
                tree_first[u] = links
                links += 1
        # Depth first from atom 0: order, enter/leave times, area below.
        stack = np.empty(n, np.int64)
        top, clock = 1, 0
        stack[0] = 0
        for i in range(n):
            parent[i] = -2
        parent[0] = -1
        while top > 0:
            top -= 1
            u = stack[top]
            enter[u] = clock
            order[clock] = u
            clock += 1
            link = tree_first[u]
            while link >= 0:
                v = tree_to[link]
                if parent[v] == -2:
                    parent[v] = u
                    stack[top] = v
                    top += 1
                link = tree_next[link]
        seen = clock
        if seen < n:
            break  # Not connected: cells that were neighbours before one of them was divided anew.
        for i in range(seen):
            u = order[i]
            below[u] = mesh.area[faces[u]]
            leave[u] = enter[u] + 1
        for i in range(seen - 1, 0, -1):
            u = order[i]
            below[parent[u]] += below[u]
            leave[parent[u]] = max(leave[parent[u]], leave[u])

        for i in range(1, seen):
            u = order[i]
            one, two = below[u], total - below[u]
            guess = int(np.round(one / unit))
            if guess < 1 or guess >= cells:
                continue
            if abs(one / (guess * target) - 1) > slack or abs(two / ((cells - guess) * target) - 1) > slack:
                continue
            cost = size_cost(one, guess, target, tolerance) + size_cost(two, cells - guess, target, tolerance)
            if cost >= best:
                continue
            for j in range(n):
                side[j] = 1
            for j in range(enter[u], leave[u]):
                side[order[j]] = 0
            shared, first_around = 0.0, 0.0
            for k in range(m):
                if side[pa[k]] != side[pb[k]]:
                    cost += pc[k]
                    shared += pl[k]
            if cost >= best:
                continue
            for j in range(n):
                if side[j] == 0:
                    first_around += outer[j]
            cost += _side_shape(
                side, 0, -1, hx, hy, offset, none, none, 0, one, first_around + shared, target, guess, exact
            )
            if cost >= best:
                continue
            cost += _side_shape(
                side, 1, -1, hx, hy, offset, none, none, 0, two, around - first_around + shared, target,
                cells - guess, exact,
            )  # fmt: skip
            if cost < best:
                best, best_count, best_face = cost, guess, -1
                best_side[:n] = side

        if not with_chords and not (attempt == trials and best_count == 0):
            continue
        if mesh.used[1] + 3 >= len(mesh.kind) or mesh.used[2] + 1 >= len(mesh.area):
            continue
        if not have_chords:
            have_chords = True
            chord_first[0] = 0
            for i in range(n):
                ring = read_ring(mesh, faces[i])
                if mesh.area[faces[i]] > 0.12 * target:
                    step = max(0.06 * side_length, ring.length.sum() / 160)
                    # A wide open place needs a chord right across it.
                    wide = mesh.area[faces[i]] > OPEN_CELLS * target
                    longest = 1.6 * np.sqrt(mesh.area[faces[i]]) if wide else 2.5 * side_length
                    p, q, area, cost_ = face_chords(mesh, faces[i], ring, obstacles, step, longest)
                    chord_p, chord_q = np.append(chord_p, p), np.append(chord_q, q)
                    chord_area, chord_cost = np.append(chord_area, area), np.append(chord_cost, cost_)
                chord_first[i + 1] = len(chord_p)
        for x in range(n):
            if chord_first[x + 1] == chord_first[x] or (n > 1 and parent[x] == -2):
                continue
            ring = read_ring(mesh, faces[x])
            size = len(ring.half)
            # Where the tree's branches are attached: the longest free edge shared with each.
            branches = 0
            branch_to, branch_at = np.empty(n, np.int64), np.empty(n)
            link = tree_first[x]
            while link >= 0:
                v = tree_to[link]
                longest, where = -1.0, 0.0
                for i in range(size):
                    other = mesh.face[ring.half[i] ^ 1]
                    if other == faces[v] and not mesh.hard[ring.half[i] >> 1] and ring.length[i] > longest:
                        longest, where = ring.length[i], i + 0.5
                branch_to[branches], branch_at[branches] = v, where
                branches += 1
                link = tree_next[link]
            for c in range(chord_first[x], chord_first[x + 1]):
                base = CHORD_RATE * chord_cost[c] + CHORD_TOLL
                if base >= best:
                    continue
                p, q = chord_p[c], chord_q[c]
                span = (q - p) % size
                one = chord_area[c]
                for k in range(branches):
                    if (branch_at[k] - p) % size < span:
                        v = branch_to[k]
                        one += below[v] if parent[v] == x else total - below[x]
                two = total - one
                guess = int(np.round(one / unit))
                if guess < 1 or guess >= cells:
                    continue
                if abs(one / (guess * target) - 1) > slack or abs(two / ((cells - guess) * target) - 1) > slack:
                    continue
                cost = base + size_cost(one, guess, target, tolerance)
                cost += size_cost(two, cells - guess, target, tolerance)
                if cost >= best:
                    continue
                # Side 0 is the arc's; the atom itself counts as neither.
                for j in range(n):
                    side[j] = 1
                up = np.int8(1)
                for k in range(branches):
                    if (branch_at[k] - p) % size < span:
                        v = branch_to[k]
                        if parent[v] == x:
                            for j in range(enter[v], leave[v]):
                                side[order[j]] = 0
                        else:
                            up = np.int8(0)
                if up == 0:
                    for i in range(seen):
                        if i < enter[x] or i >= leave[x]:
                            side[order[i]] = 0
                side[x] = 2
                shared, first_around = 0.0, 0.0
                for k in range(m):
                    if side[pa[k]] + side[pb[k]] == 1:
                        cost += pc[k]
                        shared += pl[k]
                if cost >= best:
                    continue
                for j in range(n):
                    if side[j] == 0:
                        first_around += outer[j]
                one_around = 0.0
                for i in range(size):
                    arc = _part_in_arc(i, p, q, size)
                    other = mesh.face[ring.half[i] ^ 1]
                    beyond = loc[other] if other >= 0 else -1
                    if beyond < 0:
                        one_around += arc * ring.length[i]
                    elif beyond != x:
                        crossing = arc if side[beyond] == 1 else 1 - arc
                        cost += crossing * ring.length[i] * border_rate(mesh, ring.half[i] >> 1)
                        shared += crossing * ring.length[i]
                if cost >= best:
                    continue
                chord_length = np.hypot(_ring_x(ring, p) - _ring_x(ring, q), _ring_y(ring, p) - _ring_y(ring, q))
                first_around += one_around
                ex, ey = np.empty(size + 2), np.empty(size + 2)
                fx, fy = np.empty(size + 2), np.empty(size + 2)
                ex[0], ey[0] = _ring_x(ring, p), _ring_y(ring, p)
                ex[1], ey[1] = _ring_x(ring, q), _ring_y(ring, q)
                fx[0], fy[0], fx[1], fy[1] = ex[0], ey[0], ex[1], ey[1]
                e, f = 2, 2
                for i in range(size):
                    if (i - p) % size < span:
                        ex[e], ey[e] = ring.x[i], ring.y[i]
                        e += 1
                    else:
                        fx[f], fy[f] = ring.x[i], ring.y[i]
                        f += 1
                cost += _side_shape(
                    side, 0, x, hx, hy, offset, ex, ey, e, one, first_around + shared + chord_length, target, guess,
                    exact,
                )  # fmt: skip
                if cost >= best:
                    continue
                cost += _side_shape(
                    side, 1, x, hx, hy, offset, fx, fy, f, two, around - first_around + shared + chord_length,
                    target, cells - guess, exact,
                )  # fmt: skip
                if cost < best:
                    best, best_count, best_face = cost, guess, x
                    best_p, best_q = p, q
                    best_side[:n] = side
    for i in range(n):
        loc[faces[i]] = -1
    if best_count == 0 or best > FORBIDDEN / 10:
        return np.inf, 0, best_side[:n]
    if best_face < 0:
        return best, best_count, best_side[:n]
    ring = read_ring(mesh, faces[best_face])
    hp = _corner_at(mesh, ring, best_p)
    hq = _corner_at(mesh, ring, best_q)
    insert_chord(mesh, hp, hq, CUT)
    best_side[best_face], best_side[n] = 0, 1
    return best, best_count, best_side


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
    return 1.0 if (i - a) % size < (b - a) % size else 0.0


@compiled
def _ring_x(ring, position):  # type: ignore[no-untyped-def]
    i = int(position)
    return ring.x[i] + (position - i) * (ring.x[i + 1] - ring.x[i])


@compiled
def _ring_y(ring, position):  # type: ignore[no-untyped-def]
    i = int(position)
    return ring.y[i] + (position - i) * (ring.y[i + 1] - ring.y[i])


@compiled
def _corner_at(mesh: Mesh, ring, position: float) -> int:  # type: ignore[no-untyped-def]
    """Return the half-edge of the ring that starts at a position, splitting its edge if need be."""
    i = int(position)
    h = ring.half[i]
    if position == i:
        return h
    x = np.round(_ring_x(ring, position) * 1000) / 1000
    y = np.round(_ring_y(ring, position) * 1000) / 1000
    split_edge(mesh, h, x, y)
    return mesh.succ[h]
