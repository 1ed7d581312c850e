"""Coarser networks: cells matched in pairs along their longest borders, and cells joined in groups (compiled)."""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.network import Network
from geogrid.types import Int32Array, IntArray

__all__ = ["contract", "matched"]


@compiled
def matched(net: Network, part: Int32Array, heaviest: IntArray, seed: int) -> Any:
    """Return (n,) int32: the pair each cell is in, and the number of pairs (some of a single cell).

    Only cells of the same grid and the same home are joined, none that is fixed or has to stay
    apart from another, and none heavier together than `heaviest`. Pairs are rated by the share of
    their outlines they have in common (Holtgrewe, Sanders, Schulz 2010), shaken by `seed`.

    Parameters
    ----------
    part : (n,) int32
    heaviest : (m,) int64
    """
    n, kinds = net.weight.shape
    outline = np.ones(n)
    for v in range(n):
        for e in range(net.indptr[v], net.indptr[v + 1]):
            outline[v] += net.cost[e]
    rating, border = np.empty(len(net.nbr) // 2), np.empty(len(net.nbr) // 2, np.int64)
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    found = 0
    for v in range(n):
        if net.fixed[v] or net.apart_ptr[v + 1] > net.apart_ptr[v]:
            continue
        for e in range(net.indptr[v], net.indptr[v + 1]):
            u = net.nbr[e]
            if u < v or part[u] != part[v] or net.home[u] != net.home[v] or net.fixed[u]:
                continue
            light = net.apart_ptr[u + 1] == net.apart_ptr[u]
            for j in range(kinds):
                light = light and net.weight[v, j] + net.weight[u, j] <= heaviest[j]
            if not light:
                continue
            state ^= state >> np.uint64(12)
            state ^= state << np.uint64(25)
            state ^= state >> np.uint64(27)
            shake = 0.5 + 0.5 * float((state * np.uint64(2685821657736338717)) >> np.uint64(40)) / (1 << 24)
            rating[found] = -(float(net.cost[e]) ** 2) / (outline[v] * outline[u]) * shake
            border[found] = e
            found += 1
    mate = np.arange(n)
    for i in np.argsort(rating[:found]):
        a, b = net.src[border[i]], net.nbr[border[i]]
        if mate[a] == a and mate[b] == b:
            mate[a] = b
            mate[b] = a
    group = np.empty(n, np.int32)
    count = 0
    for v in range(n):
        if mate[v] < v:
            group[v] = group[mate[v]]
        else:
            group[v] = count
            count += 1
    return group, count


@compiled
def contract(net: Network, group: Int32Array, count: int) -> Network:
    """Return the network whose cells are the groups: weights, borders and prices add up.

    The group's home is that of its dearest member. Rows stand in no order, and nothing is told of what joins them.

    Parameters
    ----------
    group : (n,) int32, 0 to `count` - 1, each taken
    """
    n, kinds = net.weight.shape
    start = np.zeros(count + 1, np.int64)
    for v in range(n):
        start[group[v] + 1] += 1
    start = np.cumsum(start)
    fill, member = start[:-1].copy(), np.empty(n, np.int64)
    for v in range(n):
        member[fill[group[v]]] = v
        fill[group[v]] += 1
    indptr, slot = np.zeros(count + 1, np.int32), np.full(count, -1, np.int64)
    nbr, src, cost = (
        np.empty(len(net.nbr), np.int32),
        np.empty(len(net.nbr), np.int32),
        np.empty(len(net.nbr), np.int64),
    )
    apart_ptr, apart = np.zeros(count + 1, np.int32), np.empty(len(net.apart), np.int32)
    weight, place = np.zeros((count, kinds), np.int64), np.zeros((count, 4))
    fixed, home, stay = np.zeros(count, np.uint8), np.full(count, -1, np.int32), np.zeros(count, np.int64)
    warmth = np.zeros(count)
    h, p = 0, 0
    for g in range(count):
        row, pairs, dearest = h, p, np.int64(-1)
        for i in range(start[g], start[g + 1]):
            v = member[i]
            for e in range(net.indptr[v], net.indptr[v + 1]):
                to = group[net.nbr[e]]
                if to == g:
                    continue
                if slot[to] < row:
                    slot[to] = h
                    nbr[h], src[h], cost[h] = to, g, 0
                    h += 1
                cost[slot[to]] += net.cost[e]
            for a in range(net.apart_ptr[v], net.apart_ptr[v + 1]):
                to = group[net.apart[a]]
                known = to == g
                for q in range(pairs, p):
                    known = known or apart[q] == to
                if not known:
                    apart[p] = to
                    p += 1
            for j in range(kinds):
                weight[g, j] += net.weight[v, j]
            area = net.place[v, 0]
            place[g, 0] += area
            place[g, 1] += area * net.place[v, 1]
            place[g, 2] += area * net.place[v, 2]
            place[g, 3] += net.place[v, 3]
            fixed[g] = max(fixed[g], net.fixed[v])
            warmth[g] += net.warmth[v] / (start[g + 1] - start[g])
            if net.stay[v] >= dearest:
                dearest, home[g] = net.stay[v], net.home[v]
        if place[g, 0] > 0:
            place[g, 1] /= place[g, 0]
            place[g, 2] /= place[g, 0]
        for i in range(start[g], start[g + 1]):
            v = member[i]
            if net.home[v] == home[g]:
                stay[g] += net.stay[v]
            elif net.home[v] >= 0:
                stay[g] -= net.stay[v]
        stay[g] = max(stay[g], 0)
        indptr[g + 1], apart_ptr[g + 1] = h, p
    twin = np.empty(h, np.int32)
    for e in range(h):
        for f in range(indptr[nbr[e]], indptr[nbr[e] + 1]):
            if nbr[f] == src[e]:
                twin[e] = f
    return Network(
        indptr, nbr[:h].copy(), cost[:h].copy(), src[:h].copy(), twin, weight, fixed, home, stay, place,
        apart_ptr, apart[:p].copy(), warmth, np.empty(0, np.int32),
    )  # fmt: skip
