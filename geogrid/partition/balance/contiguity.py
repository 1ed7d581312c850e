"""Whether a grid stays in one piece when a cell leaves it (compiled).

Two tests, and only the second can say no:

1. the neighbours of the cell that are in the same grid meet each other around it, border to border or in a cell across a corner;
2. else all pieces around the cell are grown side by side through the grid until they have met, or one of
   them can grow no more. This costs as many steps as the smaller piece has cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import ONE, Whole, compiled, inlined, uncounted

__all__ = ["hangs_together", "holds_together", "rings_of", "stays_whole"]

_WIDEST = 63
"""A cell with more borders is left to the search: its neighbours are not put in order."""


@compiled
def rings_of(indptr: Any, nbr: Any) -> Any:
    """Return how to put the neighbours of each cell so that those that meet stand side by side.

    Returns
    -------
    order : (h,) int32
        The rows of ``nbr[order]`` stand so.
    bridge : (h,) int32
        What joins a neighbour to the next of its row (the last to the first): the neighbour itself if they border on
        each other, else a cell that borders on both, -1 if there is none.
    """
    n = len(indptr) - 1
    order, bridge = np.arange(len(nbr), dtype=np.int32), np.full(len(nbr), -1, np.int32)
    place, stamp = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    widest = 1
    for v in range(n):
        widest = max(widest, indptr[v + 1] - indptr[v])
    widest = min(widest, _WIDEST)
    # What joins two neighbours: -1 nothing, -2 their own border, else a cell across a corner.
    join = np.full((widest, widest), -1, np.int32)
    degree, waiting = np.zeros(widest, np.int32), np.zeros(widest, np.bool_)
    for v in range(n):
        begin, end = indptr[v], indptr[v + 1]
        width = end - begin
        if width > _WIDEST:
            continue
        for i in range(width):
            degree[i], waiting[i] = 0, True
            place[nbr[begin + i]] = i
            stamp[nbr[begin + i]] = v
            for j in range(width):
                join[i, j] = -1
        for i in range(width):
            u = nbr[begin + i]
            for f in range(indptr[u], indptr[u + 1]):
                w = nbr[f]
                if w == v:
                    continue
                if stamp[w] != v:
                    stamp[w] = v
                    place[w] = -1 - i
                    continue
                if place[w] >= 0:
                    j, by = place[w], np.int32(-2)
                else:
                    j, by = -1 - place[w], w
                if i == j or join[i, j] == -2 or (by >= 0 and join[i, j] >= 0):
                    continue
                if join[i, j] == -1:
                    degree[i] += 1
                    degree[j] += 1
                join[i, j] = join[j, i] = by
        # From one with the fewest joins on and on to one it is joined to, a border before a corner.
        at = 0
        for i in range(width):
            if degree[i] < degree[at]:
                at = i
        first = at
        for k in range(width):
            waiting[at] = False
            order[begin + k] = begin + at
            after, rank = -1, 1 << 20
            for j in range(width):
                if waiting[j]:
                    here = degree[j] + (0 if join[at, j] == -2 else (100 if join[at, j] >= 0 else 10_000))
                    if here < rank:
                        after, rank = j, here
            to = first if after < 0 else after
            if to != at:
                by = join[at, to]
                bridge[begin + k] = nbr[begin + at] if by == -2 else by
            if after >= 0:
                at = after
    return order, bridge


@inlined
def hangs_together(indptr: Any, ring: Any, bridge: Any, part: Any, v: Whole, grid: Whole) -> bool:
    """Return whether the neighbours of cell `v` in `grid` are known to meet each other around it (False: not known).

    The cells in a ring, less the places where two of them meet, are as many as the pieces they make.
    """
    begin, end = np.uint64(indptr[v]), np.uint64(indptr[v + ONE])
    if begin == end:
        return False
    first = np.int64(part[ring[begin]] == grid)
    found, pieces, before, joined = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for e in range(begin, end):
        mine = np.int64(part[ring[e]] == grid)
        found |= mine
        pieces += mine - (before & mine & joined)
        by = bridge[e]
        joined = np.int64(by >= 0 and part[by] == grid)
        before = mine
    pieces -= before & first & joined
    return bool(found and pieces <= 1)


@uncounted
def stays_whole(
    indptr: Any, nbr: Any, part: Any, mark: Any, queue: Any, boss: Any, waiting: Any,
    stamp: int, v: int, grid: int, limit: int,
) -> bool:  # fmt: skip
    """Return whether `grid` without cell `v` is connected (False also if the search grows too long).

    All pieces around the cell are grown side by side through the grid until they have met, or one can grow no more.

    Parameters
    ----------
    mark (n,) int64, queue (n,) int32, boss, waiting (widest row,) int64 : scratch
    stamp : int
        Above every number in `mark`; the next one must be higher by the length of `boss`.
    limit : int
        Cells looked at before giving up.
    """
    begin, end = np.uint64(indptr[v]), np.uint64(indptr[v + ONE])
    pieces, tail = 0, 0
    for e in range(begin, end):
        u = nbr[e]
        if part[u] == grid:
            boss[pieces], waiting[pieces] = pieces, 1
            mark[u] = stamp + pieces
            queue[tail] = u
            pieces += 1
            tail += 1
    left, head = pieces, 0
    if left <= 1:
        return left == 1
    while head < tail:
        x = queue[head]
        head += 1
        mine = mark[x] - stamp
        while boss[mine] != mine:
            mine = boss[mine]
        waiting[mine] -= 1
        for e in range(np.uint64(indptr[x]), np.uint64(indptr[x + ONE])):
            u = nbr[e]
            if u == v or part[u] != grid:
                continue
            if mark[u] < stamp:
                mark[u] = stamp + mine
                waiting[mine] += 1
                queue[tail] = u
                tail += 1
                continue
            other = mark[u] - stamp
            while boss[other] != other:
                other = boss[other]
            if other != mine:
                left -= 1
                if left == 1:
                    return True
                boss[other] = mine
                waiting[mine] += waiting[other]
        if waiting[mine] == 0 or tail > limit:
            return False
    return False


@uncounted
def holds_together(
    indptr: Any, nbr: Any, part: Any, mark: Any, queue: Any, stamp: int, v: Whole, grid: Whole, limit: int
) -> bool:
    """Return the same for a few cells, a search through the grid from one neighbour of `v`.

    `mark` (n,) int64 and `queue` (n,) int32 are scratch; `stamp` is above every number in `mark`, the next one by 2.
    """
    wanted, first = 0, -1
    for e in range(indptr[v], indptr[v + 1]):
        u = nbr[e]
        if part[u] == grid:
            mark[u] = stamp
            wanted += 1
            if first < 0:
                first = u
    if wanted <= 1:
        return wanted == 1
    seen = stamp + 1
    mark[v], mark[first] = seen, seen
    queue[0] = first
    head, tail = 0, 1
    wanted -= 1
    while head < tail:
        x = queue[head]
        head += 1
        for e in range(np.uint64(indptr[x]), np.uint64(indptr[x + ONE])):
            u = nbr[e]
            if part[u] == grid and mark[u] != seen:
                if mark[u] == stamp:
                    wanted -= 1
                    if wanted == 0:
                        return True
                mark[u] = seen
                queue[tail] = u
                tail += 1
        if tail > limit:
            return False
    return False
