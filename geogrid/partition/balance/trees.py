"""Cutting along spanning trees: a balanced start, and the re-cut of merged grids (compiled).

A random spanning tree that prefers long borders is drawn; taking out one of its edges cuts the
cells in two connected halves. The edge whose halves weigh closest to whole numbers of grids is taken, and the
halves are cut again until every piece is one grid (DeFord, Duchin, Solomon 2021, "Recombination",
with the number of grids of each side left free instead of one grid a side).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.network import Network
from geogrid.types import Int32Array

__all__ = ["cut_into_grids", "leader_of"]


@compiled
def leader_of(boss: Any, v: int) -> int:
    """Return the one that stands for the set of `v`, and shorten the way to it: ``boss[v]`` leads there."""
    while boss[v] != v:
        boss[v] = boss[boss[v]]
        v = boss[v]
    return v


@compiled
def _tree(count: int, ends: Any, others: Any, keys: Any) -> Any:
    """Return parent (count,) and visiting order of the least spanning tree by `keys`, from cell 0."""
    boss = np.arange(count)
    chosen = np.empty(max(count - 1, 0), np.int64)
    degree = np.zeros(count + 1, np.int64)
    found = 0
    for e in np.argsort(keys):
        a, b = leader_of(boss, ends[e]), leader_of(boss, others[e])
        if a != b:
            boss[a] = b
            chosen[found] = e
            found += 1
            degree[ends[e] + 1] += 1
            degree[others[e] + 1] += 1
            if found == count - 1:
                break
    start = np.cumsum(degree)
    fill = start[:-1].copy()
    near = np.empty(2 * found, np.int64)
    for i in range(found):
        a, b = ends[chosen[i]], others[chosen[i]]
        near[fill[a]] = b
        fill[a] += 1
        near[fill[b]] = a
        fill[b] += 1
    parent, order = np.full(count, -1), np.empty(count, np.int64)
    order[0] = 0
    tail = 1
    for head in range(count):
        if head >= tail:
            break
        v = order[head]
        for i in range(start[v], start[v + 1]):
            if near[i] != parent[v]:
                parent[near[i]] = v
                order[tail] = near[i]
                tail += 1
    return parent, order[:tail]


@compiled
def _best_cut(parent: Any, order: Any, weight: Any, grids: int) -> Any:
    """Return the cell whose subtree is cut off, its number of grids and how far off it weighs."""
    count, kinds = weight.shape
    below, cells = weight.copy(), np.ones(count)
    for i in range(count - 1, 0, -1):
        v = order[i]
        for j in range(kinds):
            below[parent[v], j] += below[v, j]
        cells[parent[v]] += cells[v]
    total = below[order[0]].copy()
    best, best_grids, best_score = -1, 1, np.inf
    for i in range(1, count):
        v = order[i]
        share = below[v, 0] / total[0] if total[0] > 0 else cells[v] / count
        mine = int(np.rint(share * grids))
        mine = min(max(mine, 1, grids - int(count - cells[v])), grids - 1, int(cells[v]))
        off = 0.0
        for j in range(kinds):
            part = below[v, j] / total[j] if total[j] > 0 else cells[v] / count
            off = max(off, abs(part * grids - mine) / mine, abs(part * grids - mine) / (grids - mine))
        score = off + 0.05 * abs(2 * mine - grids) / grids
        if score < best_score:
            best, best_grids, best_score = v, mine, score
    return best, best_grids, best_score


@compiled
def cut_into_grids(net: Network, grids: int, trials: int, seed: int) -> Int32Array:
    """Return (n,) int32: connected cells cut into `grids` connected grids of about equal weight.

    Cells that are not connected give an empty array.

    Parameters
    ----------
    net : Network, at least `grids` cells
    trials : int
        Trees drawn for each cut; the best is taken.
    """
    n, kinds = net.weight.shape
    part = np.zeros(n, np.int32)
    wanted = np.zeros(max(grids, 1), np.int64)
    wanted[0] = grids
    local = np.full(n, -1, np.int64)
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    used = 1
    for piece in range(grids):
        while wanted[piece] > 1:
            nodes = np.flatnonzero(part == piece)
            count = len(nodes)
            for i in range(count):
                local[nodes[i]] = i
            borders = 0
            for i in range(count):
                for e in range(net.indptr[nodes[i]], net.indptr[nodes[i] + 1]):
                    if local[net.nbr[e]] > i:
                        borders += 1
            ends, others = np.empty(borders, np.int64), np.empty(borders, np.int64)
            length, keys = np.empty(borders), np.empty(borders)
            weight = np.empty((count, kinds))
            b = 0
            for i in range(count):
                for j in range(kinds):
                    weight[i, j] = net.weight[nodes[i], j]
                for e in range(net.indptr[nodes[i]], net.indptr[nodes[i] + 1]):
                    u = local[net.nbr[e]]
                    if u > i:
                        ends[b], others[b], length[b] = i, u, net.cost[e] + 1.0
                        b += 1
            for i in range(count):
                local[nodes[i]] = -1
            best_score, best_grids = np.inf, 1
            side = np.zeros(count, np.bool_)
            for _ in range(trials):
                for b in range(borders):
                    state ^= state >> np.uint64(12)
                    state ^= state << np.uint64(25)
                    state ^= state >> np.uint64(27)
                    drawn = (state * np.uint64(2685821657736338717)) >> np.uint64(40)
                    keys[b] = (float(drawn) + 1.0) / length[b]
                parent, order = _tree(count, ends, others, keys)
                if len(order) < count:
                    return np.empty(0, np.int32)
                top, mine, score = _best_cut(parent, order, weight, wanted[piece])
                if score < best_score:
                    best_score, best_grids = score, mine
                    side[:] = False
                    side[top] = True
                    for i in range(1, count):
                        if side[parent[order[i]]]:
                            side[order[i]] = True
            for i in range(count):
                if side[i]:
                    part[nodes[i]] = used
            wanted[used] = best_grids
            wanted[piece] -= best_grids
            used += 1
    return part
