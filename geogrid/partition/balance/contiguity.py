"""Whether a grid stays in one piece when a cell leaves it (compiled).

Three tests, each dearer than the one before, and only the last can say no:

1. the cell's neighbours of the same grid border on each other (bits, no memory read; for cells of up to six
   borders the answer is looked up, `hangs_together`);
2. or meet in a cell across a corner;
3. else all pieces around the cell are grown side by side through the grid until they have met, or one of
   them can grow no more. This costs as many steps as the smaller piece has cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import Whole, compiled

__all__ = ["hangs_together", "holds_together", "links_of", "stays_whole"]

_CORNERS = 8
"""Corners kept for each cell; further ones are left to the third test."""

_WIDEST = 63
"""A cell with more borders is left to the third test: its neighbours do not fit into bits."""

_FEW = 6
"""Borders up to which the first test is answered beforehand for every set of neighbours: 64 sets, a bit each."""


@compiled
def links_of(indptr: Any, nbr: Any) -> Any:
    """Return what the two quick tests need to know of each cell's neighbourhood.

    Returns
    -------
    link : (h,) int64
        For half-edge e of a cell, the bits of those of its neighbours that border on ``nbr[e]``.
    corner : (n, 8, 3) int32
        Two places among the cell's neighbours and a cell that borders on both; -1 after the last.
    known : (n,) uint64
        For each set of up to six neighbours, as bits, one bit: whether they hang together by themselves.
    """
    n = len(indptr) - 1
    known = np.zeros(n, np.uint64)
    link = np.zeros(len(nbr), np.int64)
    corner = np.full((n, _CORNERS, 3), -1, np.int32)
    place, stamp = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for v in range(n):
        begin, end = indptr[v], indptr[v + 1]
        if end - begin > _WIDEST:
            continue
        for e in range(begin, end):
            place[nbr[e]] = e - begin
            stamp[nbr[e]] = v
        found = 0
        for e in range(begin, end):
            u, i = nbr[e], e - begin
            for f in range(indptr[u], indptr[u + 1]):
                w = nbr[f]
                if w == v:
                    continue
                if stamp[w] == v:
                    if place[w] >= 0:
                        link[e] |= np.int64(1) << np.int64(place[w])
                    elif found < _CORNERS and -2 - place[w] != i:
                        corner[v, found, 0], corner[v, found, 1], corner[v, found, 2] = -2 - place[w], i, w
                        found += 1
                else:
                    stamp[w] = v
                    place[w] = -2 - i
        if end - begin <= _FEW:
            known[v] = _sets_that_hang_together(link, begin, end - begin)
    return link, corner, known


@compiled
def _sets_that_hang_together(link: Any, begin: int, width: int) -> Any:
    """Return 64 bits: a set does if one of its members borders on the others and they do without it."""
    one, found = np.uint64(1), np.uint64(0)
    for members in range(1, 1 << width):
        for i in range(width):
            if (members >> i) & 1:
                others = members & ~(1 << i)
                if others == 0 or (link[begin + i] & others and (found >> np.uint64(others)) & one):
                    found |= one << np.uint64(members)
                    break
    return found


@compiled
def hangs_together(known: Any, v: Whole, ours: Whole) -> bool:
    """Return whether the neighbours `ours` (bits) of cell `v` are known to border on each other (False: not known)."""
    return bool(0 < ours < 64 and ((known[v] >> np.uint64(ours)) & np.uint64(1)) != 0)


@compiled
def stays_whole(
    indptr: Any, nbr: Any, part: Any, link: Any, corner: Any, mark: Any, queue: Any, boss: Any, waiting: Any,
    stamp: int, v: int, grid: int, limit: int,
) -> bool:  # fmt: skip
    """Return whether `grid` without cell `v` is connected (False also if the search grows too long).

    Parameters
    ----------
    link, corner : see `links_of`
    mark (n,) int64, queue (n,) int32, boss, waiting (widest row,) int64 : scratch
    stamp : int
        Above every number in `mark`; the next one must be higher by the length of `boss`.
    limit : int
        Cells looked at before giving up.
    """
    begin, end = indptr[v], indptr[v + 1]
    ours, one = np.int64(0), np.int64(1)
    if end - begin <= _WIDEST:
        for e in range(begin, end):
            if part[nbr[e]] == grid:
                ours |= one << np.int64(e - begin)
        if ours == 0:
            return False
        met = ours & -ours
        grown = met
        while grown != 0:
            grown = np.int64(0)
            for e in range(begin, end):
                if (met >> np.int64(e - begin)) & one:
                    grown |= link[e]
            grown &= ours & ~met
            met |= grown
        if met == ours:
            return True
        changed = True
        while changed:
            changed = False
            for c in range(_CORNERS):
                i, j, w = corner[v, c, 0], corner[v, c, 1], corner[v, c, 2]
                if i < 0:
                    break
                a, b = (met >> np.int64(i)) & one, (met >> np.int64(j)) & one
                if a == b or part[w] != grid:
                    continue
                fresh = (ours & ~met) & (one << np.int64(i if b else j))
                if fresh == 0:
                    continue
                while fresh != 0:
                    met |= fresh
                    grown = np.int64(0)
                    for e in range(begin, end):
                        if (fresh >> np.int64(e - begin)) & one:
                            grown |= link[e]
                    fresh = grown & ours & ~met
                changed = True
            if met == ours:
                return True
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
        for e in range(indptr[x], indptr[x + 1]):
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


@compiled
def holds_together(
    indptr: Any, nbr: Any, part: Any, mark: Any, queue: Any, stamp: int, v: Whole, grid: Whole, limit: int
) -> bool:
    """Return the same for a few cells, without `links_of`: a search through the grid from one neighbour of `v`.

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
        for e in range(indptr[x], indptr[x + 1]):
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
