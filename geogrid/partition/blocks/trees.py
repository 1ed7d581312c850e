"""Random spanning trees of a region's atoms: every edge of one is a way to divide it in two."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.region import Region
from geogrid.types import FloatArray, IntArray

__all__ = ["NARROW_M", "Tree", "grow_tree", "next_random"]

NARROW_M = 8.0
"""Atoms that share less border than this are joined last: a cell with such a waist is a dumbbell."""


class Tree(NamedTuple):
    """A spanning tree, rooted at atom 0.

    Parameters
    ----------
    first : (n,) int64; following, to : (2n,) int64
        Links of each atom as chained lists; -1 ends one.
    order : (n,) int64
        Atoms depth first; `enter` and `leave` are where each one's branch starts and ends in it.
    parent : (n,) int64
        -1 for the root, -2 where the tree does not reach.
    below : (n,) float64
        Square metres of the branch.
    seen : int
        Atoms reached.
    """

    first: IntArray
    following: IntArray
    to: IntArray
    order: IntArray
    enter: IntArray
    leave: IntArray
    parent: IntArray
    below: FloatArray
    seen: int


@compiled
def next_random(state: IntArray) -> float:
    """Return a number in [0, 1) and step the state: the same sequence on every machine."""
    s = state[0]
    s = (s * 1103515245 + 12345) & 0x7FFFFFFF
    s = (s * 1103515245 + 12345 + (s >> 16)) & 0x7FFFFFFF
    state[0] = s
    return (s >> 7) / 16777216.0


@compiled
def grow_tree(region: Region, side_m: float, state: IntArray) -> Tree:
    """Return a spanning tree that crosses the least important seams first, give or take.

    Parameters
    ----------
    side_m : float
        Side of a cell.
    state : (1,) int64
        Of the random numbers.
    """
    one, two, shared, free, worth = region.one, region.two, region.shared, region.free, region.worth
    n, m = len(region.faces), len(one)
    key = np.empty(m)
    for k in range(m):
        key[k] = np.inf
        if free[k] > 0:
            key[k] = worth[k] / shared[k] + 0.6 * next_random(state) - 0.15 * min(1.0, shared[k] / side_m)
            if free[k] < NARROW_M:
                key[k] += 2.0
    ranked = np.argsort(key, kind="mergesort")
    root = np.arange(n)
    first = np.full(n, -1, np.int64)
    following, to = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64)
    links = 0
    for k in ranked:
        if key[k] == np.inf:
            break
        a, b = one[k], two[k]
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
            u, v = (one[k], two[k]) if way == 0 else (two[k], one[k])
            to[links] = v
            following[links] = first[u]
            first[u] = links
            links += 1
    order, enter, leave = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    parent, below = np.full(n, -2, np.int64), np.empty(n)
    stack = np.empty(n, np.int64)
    top, clock = 1, 0
    stack[0] = 0
    parent[0] = -1
    while top > 0:
        top -= 1
        u = stack[top]
        enter[u] = clock
        order[clock] = u
        clock += 1
        link = first[u]
        while link >= 0:
            v = to[link]
            if parent[v] == -2:
                parent[v] = u
                stack[top] = v
                top += 1
            link = following[link]
    for i in range(clock):
        u = order[i]
        below[u] = region.area[u]
        leave[u] = enter[u] + 1
    for i in range(clock - 1, 0, -1):
        u = order[i]
        below[parent[u]] += below[u]
        leave[parent[u]] = max(leave[parent[u]], leave[u])
    return Tree(first, following, to, order, enter, leave, parent, below, clock)
