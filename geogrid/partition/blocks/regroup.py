"""The best division of a few neighbouring cells into the pieces there are: no line is drawn for it."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.mesh import Mesh
from geogrid.partition.blocks.region import atom_hulls
from geogrid.partition.blocks.shape import edge_cost, hull_area, shape_cost, size_cost
from geogrid.partition.blocks.trees import NARROW_M
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["redivide_window"]

MOST_PIECES = 26
"""A window of more pieces is left alone."""

MOST_SETS = 700
"""So is one with more sets of a fitting size."""

MOST_STEPS = 6000
"""Choices tried before the best so far is taken."""

REACH = 1.25
"""How many tolerances off the target a new set may be."""

DEAREST = 400.0
"""A set that costs so much more than the whole window did is no use even where hard borders earn."""


@compiled
def redivide_window(
    mesh: Mesh, cells: IntArray, heads: Int32Array, chain: Int32Array, cell: Int32Array, cost: FloatArray,
    target: float, tolerance: float, loc: Int32Array,
) -> bool:  # fmt: skip
    """Give the pieces of a few cells anew if that is better; return whether it is.

    All connected sets of pieces of a fitting size are listed, besides the cells as they are; then
    the cheapest choice of as many sets as there are cells that covers the window is found, by
    branch and bound: what is left costs at least what each piece's cheapest set costs, by area.

    Parameters
    ----------
    cells : (k,) int64
        The window.
    heads : (cells,) int32; chain : (faces,) int32
        First piece of each cell, and the next after each piece; -1 ends a list. Written.
    cell : (faces,) int32
        The cell of each piece. Written.
    cost : (cells,) float64
        What each cell costs. Written.
    loc : (faces,) int32
        Scratch, all -1, and all -1 again on return.
    """
    k = len(cells)
    n = 0
    before = 0.0
    for c in cells:
        before += cost[c]
        f = np.int64(heads[c])
        while f >= 0:
            n += 1
            f = np.int64(chain[f])
    if n > MOST_PIECES or n <= k:
        return False
    faces = np.empty(n, np.int32)
    current = np.zeros(k, np.int64)
    n = 0
    for j in range(k):
        f = np.int64(heads[cells[j]])
        while f >= 0:
            faces[n] = f
            loc[f] = n
            current[j] |= np.int64(1) << n
            n += 1
            f = np.int64(chain[f])
    joint, between, tie = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    around, toll = np.zeros(n), np.zeros(n)
    for i in range(n):
        at = first = mesh.start[faces[i]]
        while True:
            other = mesh.face[at ^ 1]
            j = np.int64(-1) if other < 0 else np.int64(loc[other])
            if j != i:
                a, b = mesh.origin[at], mesh.origin[at ^ 1]
                length = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
                around[i] += length
                if other >= 0:
                    e = at >> 1
                    price = edge_cost(length, mesh.kind[e], mesh.worth[e], mesh.hard[e])
                    toll[i] += price
                    if j >= 0:
                        joint[i, j] += length
                        between[i, j] += price
                        if not mesh.hard[at >> 1] and mesh.zone[other] == mesh.zone[faces[i]]:
                            tie[i, j] += length
            at = mesh.succ[at]
            if at == first:
                break
    for i in range(n):
        loc[faces[i]] = -1
    near = np.zeros(n, np.int64)
    for i in range(n):
        for j in range(n):
            if tie[i, j] >= NARROW_M:
                near[i] |= np.int64(1) << j
    hx, hy, hull_of = atom_hulls(mesh, faces)
    px, py = np.empty(len(hx)), np.empty(len(hx))
    low, high = target * (1 - REACH * tolerance), target * (1 + REACH * tolerance)

    sets, price_of = np.empty(MOST_SETS, np.int64), np.empty(MOST_SETS)
    group = np.zeros(n + 1, np.int64)
    count = 0
    stack = np.empty((256, 3), np.int64)
    stack_area = np.empty(256)
    for v in range(n):
        # Connected sets whose first piece is v.
        stack[0, 0] = np.int64(1) << v
        stack[0, 1] = near[v] & ~((np.int64(1) << (v + 1)) - 1)
        stack[0, 2] = (np.int64(1) << (v + 1)) - 1
        stack_area[0] = mesh.area[faces[v]]
        top = 1
        while top > 0:
            top -= 1
            members, more, barred = stack[top, 0], stack[top, 1], stack[top, 2]
            area = stack_area[top]
            wanted = area >= low and area <= high
            for j in range(k):
                wanted = wanted or members == current[j]
            if wanted:
                perimeter, border = 0.0, 0.0
                for i in range(n):
                    if members >> i & 1:
                        perimeter += around[i]
                        border += toll[i]
                        for j in range(i + 1, n):
                            if members >> j & 1:
                                perimeter -= 2 * joint[i, j]
                                border -= 2 * between[i, j]
                price = size_cost(area, 1, target, tolerance) + border / 2
                if price < before + DEAREST:
                    p = 0
                    for j in range(len(hx)):
                        if members >> hull_of[j] & 1:
                            px[p], py[p] = hx[j], hy[j]
                            p += 1
                    hull, _ = hull_area(px, py, p, False)
                    price += shape_cost(area, hull, perimeter, target, 1)
                    if count >= MOST_SETS:
                        return False
                    sets[count], price_of[count] = members, price
                    count += 1
            for b in range(v + 1, n):
                bit = np.int64(1) << b
                if more & bit:
                    more ^= bit
                    barred |= bit
                    if area + mesh.area[faces[b]] <= high and top < 255:
                        stack[top, 0] = members | bit
                        stack[top, 1] = (more | near[b]) & ~barred & ~members
                        stack[top, 2] = barred
                        stack_area[top] = area + mesh.area[faces[b]]
                        top += 1
        # A cell off its size may stay as it is.
        for j in range(k):
            if current[j] & ((np.int64(1) << (v + 1)) - 1) == np.int64(1) << v:
                known = False
                for s in range(group[v], count):
                    known = known or sets[s] == current[j]
                if not known:
                    if count >= MOST_SETS:
                        return False
                    sets[count], price_of[count] = current[j], cost[cells[j]]
                    count += 1
        group[v + 1] = count
        if group[v + 1] > group[v]:
            order = np.argsort(price_of[group[v] : count]) + group[v]
            sets[group[v] : count], price_of[group[v] : count] = sets[order], price_of[order]
    # The least a piece can cost, by its part of the area of the sets it is in.
    least = np.full(n, np.inf)
    for s in range(count):
        area = 0.0
        for i in range(n):
            if sets[s] >> i & 1:
                area += mesh.area[faces[i]]
        for i in range(n):
            if sets[s] >> i & 1:
                least[i] = min(least[i], price_of[s] * mesh.area[faces[i]] / area)
    floor = np.zeros(count)
    for s in range(count):
        for i in range(n):
            if sets[s] >> i & 1:
                floor[s] += least[i]
    best = before - 0.5
    chosen, found = np.empty(k, np.int64), np.zeros(k, np.int64)
    better = False
    at_set, rest_of, paid = np.empty(k + 1, np.int64), np.empty(k + 1, np.int64), np.zeros(k + 1)
    bound = np.zeros(k + 1)
    rest_of[0] = (np.int64(1) << n) - 1
    bound[0] = least.sum()
    at_set[0] = group[0]
    depth, steps = 0, 0
    while depth >= 0 and steps < MOST_STEPS:
        steps += 1
        rest = rest_of[depth]
        v = 0
        while not rest >> v & 1:
            v += 1
        s = at_set[depth]
        while s < group[v + 1] and ((sets[s] & ~rest) or paid[depth] + price_of[s] + bound[depth] - floor[s] >= best):
            s += 1
        if s == group[v + 1]:
            depth -= 1
            continue
        at_set[depth] = s + 1
        chosen[depth] = s
        if sets[s] == rest:
            if depth == k - 1:
                best = paid[depth] + price_of[s]
                found[:] = chosen
                better = True
            continue
        if depth == k - 1:
            continue
        rest_of[depth + 1] = rest & ~sets[s]
        paid[depth + 1] = paid[depth] + price_of[s]
        bound[depth + 1] = bound[depth] - floor[s]
        u = 0
        while not rest_of[depth + 1] >> u & 1:
            u += 1
        at_set[depth + 1] = group[u]
        depth += 1
    if not better:
        return False
    for j in range(k):
        head = np.int64(-1)
        for i in range(n - 1, -1, -1):
            if sets[found[j]] >> i & 1:
                chain[faces[i]] = head
                head = np.int64(faces[i])
                cell[faces[i]] = cells[j]
        heads[cells[j]] = head
        cost[cells[j]] = price_of[found[j]]
    return True
