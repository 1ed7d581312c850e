"""Ways between the grids: how a grid may reach a far one, and what that costs those in between (compiled).

A grid that reaches out takes the cells on its way. Who lives there changes grid, and so does who is cut off
from the rest of a grid that is crossed; along the border between two grids, or where nobody lives, both are little.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.partition.balance.contiguity import holds_together

__all__ = ["cut_off_joins", "take_near", "ways_from"]

_LIMIT = 1_000_000
"""Cells looked at to tell whether a giving grid stays whole."""


@compiled
def _piece(
    indptr: Any, nbr: Any, worth: Any, part: Any, path: Any, mark: Any, queue: Any, first: Whole, on: Whole, seen: Whole
) -> float:
    """Return what the cells of one grid that hold together with `first` are worth, and `mark` them `seen`.

    Cells that `path` marks `on` are as if they were not there. `queue` is scratch, (n,) int32.
    """
    grid, value, head, tail = part[first], 0.0, 0, 1
    mark[first], queue[0] = seen, first
    while head < tail:
        x = queue[head]
        head += 1
        value += worth[x]
        for e in range(indptr[x], indptr[x + 1]):
            y = nbr[e]
            if part[y] == grid and path[y] != on and mark[y] != seen:
                mark[y] = seen
                queue[tail] = y
                tail += 1
    return value


@compiled
def _cut_off(
    indptr: Any, nbr: Any, worth: Any, part: Any, path: Any, mark: Any, queue: Any, u: Whole, on: Whole, seen: Whole
) -> float:
    """Return what the pieces of the grid of `u` around `u` are worth, all but the dearest, without the cells that `path` marks `on`."""
    grid, total, most = part[u], 0.0, 0.0
    for e in range(indptr[u], indptr[u + 1]):
        first = nbr[e]
        if part[first] != grid or path[first] == on or mark[first] == seen:
            continue
        value = _piece(indptr, nbr, worth, part, path, mark, queue, first, on, seen)
        total += value
        most = max(most, value)
    return total - most


@compiled
def _meets(
    indptr: Any, nbr: Any, part: Any, path: Any, mark: Any, queue: Any, u: Whole, on: Whole, wanted_at: Whole
) -> bool:
    """Return whether the neighbours of `u` in its grid hold together without `u` and the cells that `path` marks `on`.

    `wanted_at` and the number after it are above every number in `mark`.
    """
    grid, wanted, first = part[u], 0, -1
    for e in range(indptr[u], indptr[u + 1]):
        y = nbr[e]
        if part[y] == grid and path[y] != on:
            mark[y] = wanted_at
            wanted += 1
            if first < 0:
                first = y
    if wanted <= 1:
        return True
    seen = wanted_at + 1
    mark[first], queue[0] = seen, first
    wanted -= 1
    head, tail = 0, 1
    while head < tail:
        x = queue[head]
        head += 1
        for e in range(indptr[x], indptr[x + 1]):
            y = nbr[e]
            if part[y] == grid and path[y] != on and mark[y] != seen:
                if mark[y] == wanted_at:
                    wanted -= 1
                    if wanted == 0:
                        return True
                mark[y] = seen
                queue[tail] = y
                tail += 1
    return False


@compiled
def ways_from(indptr: Any, nbr: Any, part: Any, price: Any, worth: Any, grid: int, limit: float) -> Any:
    """Return what reaching each cell from `grid` costs, and the cell before it on the way (-1: not reached).

    Parameters
    ----------
    part : (n,) int32
    price : (n,) float64
        Of taking a cell; infinite where none may be taken.
    worth : (n,) float64
        Price of a cell that the way cuts off from the rest of its grid.
    grid : int
    limit : float
        Ways that have cost more go no farther.
    """
    n = len(part)
    cost, before = np.full(n, np.inf), np.full(n, -1, np.int64)
    paid = np.zeros(n)
    done = np.zeros(n, np.bool_)
    path, mark, queue = np.full(n, -1, np.int64), np.full(n, -1, np.int64), np.empty(n, np.int32)
    stamp = 0
    # Price so far, cell, cell before; and what was paid for those cut off, -1 before it is told.
    heap: Any = [(0.0, np.int64(-1), np.int64(-1), 0.0)]
    heap.pop()
    for v in range(n):
        if part[v] == grid:
            cost[v] = 0.0
            done[v] = True
            for e in range(indptr[v], indptr[v + 1]):
                if part[nbr[e]] != grid:
                    heapq.heappush(heap, (price[nbr[e]], np.int64(nbr[e]), np.int64(v), -1.0))
    while len(heap) > 0:
        here, u, v, told = heapq.heappop(heap)
        if done[u]:
            continue
        if told < 0:
            stamp += 3
            x = v
            while x >= 0 and part[x] != grid:
                path[x] = stamp
                x = before[x]
            path[u] = stamp
            told = paid[v] if part[v] == part[u] else 0.0
            if not _meets(indptr, nbr, part, path, mark, queue, u, stamp, stamp):
                lost = _cut_off(indptr, nbr, worth, part, path, mark, queue, u, stamp, stamp + 2)
                if lost > told:
                    heapq.heappush(heap, (here + lost - told, u, v, lost))
                    continue
        done[u] = True
        cost[u], before[u], paid[u] = here, v, told
        if here > limit:
            continue
        for e in range(indptr[u], indptr[u + 1]):
            y = nbr[e]
            if not done[y]:
                heapq.heappush(heap, (here + price[y], np.int64(y), np.int64(u), -1.0))
    return cost, before


@compiled
def cut_off_joins(indptr: Any, nbr: Any, worth: Any, part: Any, grid: int, taker: int) -> None:
    """Give to `taker`, in place, every piece of `grid` but the one worth most."""
    n = len(part)
    piece, free, queue = np.full(n, -1, np.int64), np.full(n, -1, np.int64), np.empty(n, np.int32)
    most, best, count = -1.0, -1, 0
    for v in range(n):
        if part[v] != grid or piece[v] >= 0:
            continue
        value = _piece(indptr, nbr, worth, part, free, piece, queue, v, 0, count)
        if value > most:
            most, best = value, count
        count += 1
    for v in range(n):
        if piece[v] >= 0 and piece[v] != best:
            part[v] = taker


@compiled
def take_near(
    indptr: Any, nbr: Any, place: Any, fixed: Any, weight: Any, part: Any, taker: int, giver: int, entry: int,
    most: float,
) -> float:  # fmt: skip
    """Let `taker` grow into `giver` from the cell `entry`, nearest first, in place; return the weight it gained, at most `most`.

    The giver stays whole. `place` as in `Network`, `weight` (n,) float64.
    """
    mark, queue, stamp = np.zeros(len(part), np.int64), np.empty(len(part), np.int32), 0
    gained = 0.0
    heap: Any = [(0.0, np.int64(entry))]
    while len(heap) > 0 and gained < most:
        _, v = heapq.heappop(heap)
        if part[v] != giver or fixed[v] or gained + weight[v] > most:
            continue
        stamp += 2
        if not holds_together(indptr, nbr, part, mark, queue, stamp, v, giver, _LIMIT):
            continue
        part[v] = taker
        gained += weight[v]
        for e in range(indptr[v], indptr[v + 1]):
            u = nbr[e]
            if part[u] == giver:
                away = np.hypot(place[u, 1] - place[entry, 1], place[u, 2] - place[entry, 2])
                heapq.heappush(heap, (away, np.int64(u)))
    return gained
