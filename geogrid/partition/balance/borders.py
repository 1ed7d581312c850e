"""The list of borders between grids that annealing draws from (compiled).

While many proposals are taken the list holds each cut border once, by its lower half-edge, and a price is summed when it is drawn.
In the cold most proposals are refused for their border alone. Then each side of a cut border is listed with its price, which is
kept up to date, and those that may be taken at the temperature, the live ones, stand in front: the others are
hardly ever drawn, and what is spared is counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import ONE, Whole, inlined, uncounted

__all__ = ["after_move", "list_borders"]


@uncounted
def list_borders(
    indptr: Any, nbr: Any, cost: Any, twin: Any, part: Any, priced: Any, sums: Any, limit: Any,
    ends: Any, cuts: Any, spot: Any, keen: Whole,
) -> None:  # fmt: skip
    """List the cut borders anew: both sides with their prices if `keen`, else the lower half-edges.

    Parameters
    ----------
    priced (h,) int64
        What passing the cell on costs in border, written if `keen`.
    sums (k,) int64, all 0 : scratch
    limit (n,) int64
        Highest price of a live border of each cell.
    ends (2,) int64
        How many half-edges are live and how many are listed: ``cuts[: ends[0]]`` and ``cuts[: ends[1]]``.
    cuts, spot (h,) uint32
        The list, and where in it each half-edge stands.
    """
    ends[0] = ends[1] = 0
    for v in range(len(indptr) - 1):
        begin, end, mine = indptr[v], indptr[v + 1], part[v]
        for e in range(begin, end):
            if part[nbr[e]] != mine and (keen or e < twin[e]):
                _enter(ends, cuts, spot, e)
        if keen:
            for e in range(begin, end):
                sums[part[nbr[e]]] += cost[e]
            for e in range(begin, end):
                priced[e] = sums[mine] - sums[part[nbr[e]]]
                if part[nbr[e]] != mine:
                    _sort(ends, cuts, spot, e, priced[e] <= limit[v])
            for e in range(begin, end):
                sums[part[nbr[e]]] = 0


@inlined
def after_move(
    indptr: Any, nbr: Any, cost: Any, twin: Any, part: Any, priced: Any, sums: Any, limit: Any,
    ends: Any, cuts: Any, spot: Any, keen: Whole, v: int, old: int, new: int,
) -> None:  # fmt: skip
    """Repair the list, and the prices if `keen`, after cell `v` went from `old` to `new`; the rest as `list_borders` has it."""
    if keen:
        _after_priced_move(indptr, nbr, cost, twin, part, priced, sums, limit, ends, cuts, spot, v, old, new)
    else:
        _after_plain_move(indptr, nbr, twin, part, ends, cuts, spot, v, old, new)


@inlined
def _after_plain_move(
    indptr: Any, nbr: Any, twin: Any, part: Any, ends: Any, cuts: Any, spot: Any, v: int, old: int, new: int
) -> None:
    """Repair the list of lower half-edges after cell `v` went from `old` to `new`."""
    count = ends[1]
    for g in range(np.uint64(indptr[v]), np.uint64(indptr[v + ONE])):
        mine = part[nbr[g]]
        if mine == new:
            count -= 1
            last, q = cuts[count], spot[min(g, twin[g])]
            cuts[q] = last
            spot[last] = q
        elif mine == old:
            e = min(g, twin[g])
            cuts[count] = e
            spot[e] = count
            count += 1
    ends[1] = count


@uncounted
def _after_priced_move(
    indptr: Any, nbr: Any, cost: Any, twin: Any, part: Any, priced: Any, sums: Any, limit: Any,
    ends: Any, cuts: Any, spot: Any, v: int, old: int, new: int,
) -> None:  # fmt: skip
    """Repair the list of both sides, and their prices, after cell `v` went from `old` to `new`."""
    for g in range(np.uint64(indptr[v]), np.uint64(indptr[v + ONE])):
        w, c, back = nbr[g], cost[g], twin[g]
        mine, most = part[w], limit[w]
        sums[mine] += c
        if mine == old:
            _enter(ends, cuts, spot, g)
            _enter(ends, cuts, spot, back)
        elif mine == new:
            _leave(ends, cuts, spot, g)
            _leave(ends, cuts, spot, back)
        apart = c * ((mine == new) - (mine == old))
        own, other = 0, 0
        for h in range(np.uint64(indptr[w]), np.uint64(indptr[w + ONE])):
            q = part[nbr[h]]
            own += cost[h] * (q == mine)
            other += cost[h] * (q == new)
            was = priced[h]
            now = was + apart + c * ((q == old) - (q == new))
            priced[h] = now
            if (was <= most) != (now <= most) and q != mine and h != back:
                _sort(ends, cuts, spot, h, now <= most)
        # This one has a new grid behind it, so what it cost before says nothing.
        priced[back] = own - other
        if mine != new:
            _sort(ends, cuts, spot, back, priced[back] <= most)
    for g in range(np.uint64(indptr[v]), np.uint64(indptr[v + ONE])):
        mine = part[nbr[g]]
        priced[g] = sums[new] - sums[mine]
        if mine != new:
            _sort(ends, cuts, spot, g, priced[g] <= limit[v])
    for g in range(np.uint64(indptr[v]), np.uint64(indptr[v + ONE])):
        sums[part[nbr[g]]] = 0


@uncounted
def _enter(ends: Any, cuts: Any, spot: Any, e: Whole) -> None:
    """Put half-edge `e` at the end of the list."""
    cuts[ends[1]] = e
    spot[e] = ends[1]
    ends[1] += 1


@uncounted
def _leave(ends: Any, cuts: Any, spot: Any, e: Whole) -> None:
    """Take half-edge `e` off the list."""
    if spot[e] < ends[0]:
        ends[0] -= 1
        _swap(cuts, spot, spot[e], ends[0])
    ends[1] -= 1
    _swap(cuts, spot, spot[e], ends[1])


@uncounted
def _sort(ends: Any, cuts: Any, spot: Any, e: Whole, live: Whole) -> None:
    """Put half-edge `e` among the live ones at the front of the list, or behind them."""
    if live:
        if spot[e] >= ends[0]:
            _swap(cuts, spot, spot[e], ends[0])
            ends[0] += 1
    elif spot[e] < ends[0]:
        ends[0] -= 1
        _swap(cuts, spot, spot[e], ends[0])


@uncounted
def _swap(cuts: Any, spot: Any, a: Whole, b: Whole) -> None:
    e, f = cuts[a], cuts[b]
    cuts[a], cuts[b] = f, e
    spot[e], spot[f] = b, a
