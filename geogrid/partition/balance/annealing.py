"""Simulated annealing that moves border cells and never breaks a grid (compiled).

A proposal takes one stretch of border between two grids and offers the cell on its left to the
grid on its right. It is taken by Metropolis' rule on the change of the total price, in
millimetres of border: border, overload, leaving home, roundness, distance, pairs apart. Only then is
contiguity checked (`contiguity`). While it is hot a quarter of the proposals is taken, and summing five borders is cheaper
than repairing sums kept for each of them after every move; in the cold it is dearer, and they are kept (`borders`).

A cell that only its load keeps where it is may change places with one near it in the other grid; at a tolerance
of 1 % hardly any cell can go alone.

Prices are integers wherever a sum is kept over time; the logarithms of Metropolis' rule come from
a table of 1,024 (it stays in the nearest cache), so that every machine takes the same decisions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.partition.balance.borders import after_move, list_borders
from geogrid.partition.balance.contiguity import hangs_together, rings_of, stays_whole
from geogrid.partition.balance.network import Limits, Network, Wishes
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["THRESHOLDS", "anneal", "loads_of", "price", "price_each"]

THRESHOLDS: FloatArray = -np.log((np.arange(1024) + 0.5) / 1024)
"""(1024,) quantiles of the exponential distribution; a rise of T times one of them is taken."""

_PROBE = 16
"""The share of the first stage, one in so many, that tells how many proposals are taken."""

_KEEN = 0.06
"""Share of proposals taken below which prices are kept: repairing them after a move costs as much as summing sixteen."""

_WORTH = 3
"""Moves a cell from which it pays to put the neighbours in order first, where they are not."""

_SEARCH_LIMIT = 20_000
"""A cell is left where it is if telling whether its grid holds together takes longer than this."""


@compiled
def _excess(value: int, low: int, high: int) -> int:
    return max(value - high, 0) + max(low - value, 0)


@compiled
def _is_out(value: int, low: int, high: int) -> Whole:
    return np.int64(value > high) + np.int64(value < low)


@compiled
def _bent(value: int, low: int, high: int, bend: float) -> float:
    """Return the excess, growing with itself."""
    off = float(_excess(value, low, high))
    return off * (1.0 + bend * off / max(high, 1))


@compiled
def _overload_rise(place: Any, other: Any, more: Any, price: float, step: float) -> float:
    """Return what passing `more` on costs in overload; the grids are given as held, least and most.

    `price` is that of one unit, `step` that of being out of range at all.
    """
    a, least, most = place[0], place[1], place[2]
    b, lower, upper = other[0], other[1], other[2]
    units = _excess(a - more, least, most) - _excess(a, least, most)
    units += _excess(b + more, lower, upper) - _excess(b, lower, upper)
    grids = _is_out(a - more, least, most) - _is_out(a, least, most)
    grids += _is_out(b + more, lower, upper) - _is_out(b, lower, upper)
    return float(price * units + step * grids)


@compiled
def _unroundness(moment: Any, sign: float, place: Any) -> float:
    """Return ``2 pi I / A²`` of a grid with a cell's moments added (sign 1), removed (-1) or as it is (0)."""
    area, x, y = place[0], place[1], place[2]
    a = moment[0] + sign * area
    if a <= 0:
        return 0.0
    sx, sy = moment[1] + sign * area * x, moment[2] + sign * area * y
    own = area * area / (2 * np.pi)
    inertia = moment[3] + sign * (area * (x * x + y * y) + own) - (sx * sx + sy * sy) / a
    return float(2 * np.pi * inertia / (a * a))


@compiled
def _distance(place: Any, anchor: Any) -> float:
    return float(np.sqrt((place[1] - anchor[0]) ** 2 + (place[2] - anchor[1]) ** 2))


@compiled
def _partner(
    indptr: Any, nbr: Any, cost: Any, part: Any, weight: Any, fixed: Any, held: Any, penalty: Any, step: float,
    rise: float, v: int, x: int, pick: Whole,
) -> int:  # fmt: skip
    """Return a cell of the grid of `x` that may go the other way when `v` joins it, -1 if the pair is too dear.

    `rise` is what moving `v` alone costs, overload left out; `pick` a random number that chooses among `x` and its neighbours.
    """
    old, new = part[v], part[x]
    u = nbr[indptr[x] + pick % (indptr[x + 1] - indptr[x])]
    if part[u] != new:
        u = x
    if fixed[u]:
        return -1
    touching = False
    for e in range(indptr[u], indptr[u + 1]):
        q = part[nbr[e]]
        if nbr[e] == v or q == new:
            rise += cost[e]
        elif q == old:
            rise -= cost[e]
            touching = True
    if not touching or rise > 0:
        return -1
    for j in range(weight.shape[1]):
        rise += _overload_rise(held[old, j], held[new, j], weight[v, j] - weight[u, j], penalty[j], step)
    return u if rise <= 0 else -1


@compiled
def anneal(
    net: Network,
    limits: Limits,
    wishes: Wishes,
    part: Int32Array,
    penalty: FloatArray,
    hot: float,
    cold: float,
    stages: int,
    moves: int,
    seed: int,
    thresholds: FloatArray,
) -> int:
    """Move border cells of `part` in place and return how many moves were taken.

    Parameters
    ----------
    part : (n,) int32, 0 to k - 1, each grid connected and not empty
        Changed in place.
    penalty : (m,) float64
        Price of one unit of each scaled weight outside its grid's range, mm.
    hot, cold : float
        First and last temperature, mm; `stages` steps between them, geometrically.
    moves : int
        Proposals in all, but for a sixteenth of a stage that tells how many are taken.
    seed : int, at least 1
    """
    indptr, nbr, cost, src, twin, weight = net.indptr, net.nbr, net.cost, net.src, net.twin, net.weight
    fixed, home, stay, place, warmth = net.fixed, net.home, net.stay, net.place, net.warmth
    apart_ptr, apart = net.apart_ptr, net.apart
    low, high, closed, anchor = limits.low, limits.high, limits.closed, limits.anchor
    round_price, pull, reach, apart_price = wishes.roundness, wishes.pull, wishes.reach, wishes.apart
    bend, step = wishes.bend, wishes.step
    n, grids, kinds, halves = len(part), len(low), weight.shape[1], len(nbr)
    held, size, moment = np.zeros((grids, kinds, 3), np.int64), np.zeros(grids, np.int64), np.zeros((grids, 4))
    cuts, spot = np.empty(halves, np.int32), np.empty(halves, np.int32)
    priced, limit = np.empty(halves, np.int64), np.empty(n, np.int64)
    sums, ends = np.zeros(grids, np.int64), np.zeros(2, np.int64)
    ring, bridge = nbr, net.bridge
    rung = len(bridge) == halves
    widest = 1
    for v in range(n):
        widest = max(widest, indptr[v + 1] - indptr[v])
    mark, queue = np.full(n, -1, np.int64), np.empty(n, np.int32)
    boss, waiting = np.empty(widest, np.int64), np.empty(widest, np.int64)
    homes, pairs, anchored = False, len(apart) > 0, False
    for g in range(grids):
        if not np.isnan(anchor[g, 0]):
            anchored = True
        for j in range(kinds):
            # What it holds beside what it may hold: read together for each proposal.
            held[g, j, 1], held[g, j, 2] = low[g, j], high[g, j]
    for v in range(n):
        mine = part[v]
        size[mine] += 1
        homes = homes or (home[v] >= 0 and stay[v] > 0)
        for j in range(kinds):
            held[mine, j, 0] += weight[v, j]
        area, x, y = place[v, 0], place[v, 1], place[v, 2]
        moment[mine, 0] += area
        moment[mine, 1] += area * x
        moment[mine, 2] += area * y
        moment[mine, 3] += area * (x * x + y * y) + area * area / (2 * np.pi)
    plain = not (round_price > 0 or anchored or pairs)
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    stamp, taken, before, keen = 0, 0, 0, False
    factor = (cold / hot) ** (1.0 / max(stages - 1, 1)) if hot > 0 else 1.0
    temperature = hot
    asked = moves // stages
    for stage in range(-1, stages):
        if stage >= 0:
            # Where anything but load outweighs borders, one that is dear in border alone may well be taken.
            keen = plain and not homes and taken - before < _KEEN * asked
        if stage == 0 and not rung and taken * _PROBE * stages > _WORTH * n:
            order, bridge = rings_of(indptr, nbr)
            ring, rung = nbr[order], True
        asked, before = moves // (stages if stage >= 0 else stages * _PROBE), taken
        for v in range(n):
            limit[v] = np.int64(temperature * warmth[v] * thresholds[0])
        list_borders(indptr, nbr, cost, twin, part, priced, sums, limit, ends, cuts, spot, keen)
        if ends[1] == 0:
            break
        spent = 0.0
        while spent < asked:
            state ^= state >> np.uint64(12)
            state ^= state << np.uint64(25)
            state ^= state >> np.uint64(27)
            drawn = state * np.uint64(2685821657736338717)
            count, border = ends[1], np.int64(0)
            if not keen:
                spent += 1.0
                edge = cuts[((drawn >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)]
                if drawn & np.uint64(1024):
                    edge = twin[edge]
                v = src[edge]
                old, new = part[v], part[nbr[edge]]
                # Without a branch: which neighbour is whose cannot be guessed. Unsigned: rows are never counted from the end.
                for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
                    q = part[np.uint64(nbr[e])]
                    border += cost[e] * (np.int64(q == old) - np.int64(q == new))
            else:
                # One in sixteen is drawn from all of them: overload may be worth more than any border.
                live = ends[0]
                spent += 0.0625 + 0.9375 * count / live if live > 0 else 16.0
                if live > 0 and drawn & np.uint64(0x3C00):
                    count = live
                edge = cuts[((drawn >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)]
                v = src[edge]
                old, new, border = part[v], part[nbr[edge]], priced[edge]
            rise = border - temperature * warmth[v] * thresholds[drawn & np.uint64(1023)]
            alone = rise
            for j in range(kinds):
                w = weight[v, j]
                if bend > 0:
                    a, least, most = held[old, j, 0], held[old, j, 1], held[old, j, 2]
                    b, lower, upper = held[new, j, 0], held[new, j, 1], held[new, j, 2]
                    rise += penalty[j] * (
                        _bent(a - w, least, most, bend) - _bent(a, least, most, bend)
                        + _bent(b + w, lower, upper, bend) - _bent(b, lower, upper, bend)
                    )  # fmt: skip
                else:
                    rise += _overload_rise(held[old, j], held[new, j], w, penalty[j], step)
            if homes:
                if home[v] == old:
                    rise += stay[v]
                elif home[v] == new:
                    rise -= stay[v]
            if rise > 0 and plain:
                if alone > 0 or homes or fixed[v] or closed[old] or closed[new] or size[old] == 1 or size[new] == 1:
                    continue
                # Only its load keeps it: let another cell go the other way at the same time.
                u = _partner(
                    indptr, nbr, cost, part, weight, fixed, held, penalty, step, alone, v, nbr[edge],
                    (drawn >> np.uint64(16)) & np.uint64(1023),
                )  # fmt: skip
                if u < 0:
                    continue
                stamp += widest
                if not (rung and hangs_together(indptr, ring, bridge, part, v, old)) and not stays_whole(
                    indptr, nbr, part, mark, queue, boss, waiting, stamp, v, old, _SEARCH_LIMIT
                ):
                    continue
                stamp += widest
                part[v] = new
                if not (rung and hangs_together(indptr, ring, bridge, part, u, new)) and not stays_whole(
                    indptr, nbr, part, mark, queue, boss, waiting, stamp, u, new, _SEARCH_LIMIT
                ):
                    part[v] = old
                    continue
                after_move(
                    indptr, nbr, cost, twin, part, priced, sums, limit, ends, cuts, spot, keen, v, old, new
                )  # fmt: skip
                part[u] = old
                after_move(
                    indptr, nbr, cost, twin, part, priced, sums, limit, ends, cuts, spot, keen, u, new, old
                )  # fmt: skip
                for j in range(kinds):
                    more = weight[v, j] - weight[u, j]
                    held[old, j, 0] -= more
                    held[new, j, 0] += more
                taken += 1
                continue
            if fixed[v] or closed[old] or closed[new] or size[old] == 1:
                continue
            if round_price > 0:
                rise += round_price * (
                    _unroundness(moment[old], -1.0, place[v]) - _unroundness(moment[old], 0.0, place[v])
                    + _unroundness(moment[new], 1.0, place[v]) - _unroundness(moment[new], 0.0, place[v])
                )  # fmt: skip
            if anchored:
                near = 0.0 if np.isnan(anchor[old, 0]) else _distance(place[v], anchor[old])
                far = 0.0 if np.isnan(anchor[new, 0]) else _distance(place[v], anchor[new])
                if far > reach and far > near:
                    continue
                rise += pull * place[v, 3] * (far - near)
            if pairs:
                for a in range(apart_ptr[v], apart_ptr[v + 1]):
                    if part[apart[a]] == new:
                        rise += apart_price
                    elif part[apart[a]] == old:
                        rise -= apart_price
            if rise > 0:
                continue
            stamp += widest
            if not (rung and hangs_together(indptr, ring, bridge, part, v, old)) and not stays_whole(
                indptr, nbr, part, mark, queue, boss, waiting, stamp, v, old, _SEARCH_LIMIT
            ):
                continue
            taken += 1
            part[v] = new
            size[old] -= 1
            size[new] += 1
            for j in range(kinds):
                held[old, j, 0] -= weight[v, j]
                held[new, j, 0] += weight[v, j]
            if round_price > 0:
                area, x, y = place[v, 0], place[v, 1], place[v, 2]
                r2 = area * (x * x + y * y) + area * area / (2 * np.pi)
                for g, sign in ((old, -1.0), (new, 1.0)):
                    moment[g, 0] += sign * area
                    moment[g, 1] += sign * area * x
                    moment[g, 2] += sign * area * y
                    moment[g, 3] += sign * r2
            after_move(
                indptr, nbr, cost, twin, part, priced, sums, limit, ends, cuts, spot, keen, v, old, new
            )  # fmt: skip
        if stage >= 0:
            temperature *= factor
    return taken


@compiled
def loads_of(weight: IntArray, part: Int32Array, grids: int) -> IntArray:
    """Return (grids, m) int64 sums of the weights over each grid."""
    load = np.zeros((grids, weight.shape[1]), np.int64)
    for v in range(len(part)):
        for j in range(weight.shape[1]):
            load[part[v], j] += weight[v, j]
    return load


@compiled
def price_each(net: Network, limits: Limits, wishes: Wishes, part: Int32Array) -> Any:
    """Return (k,) float64 the price of all wishes by grid, mm, and (k, m) int64 the weight outside each grid's range.

    Half of a border counts for either grid.
    """
    low, high, place = limits.low, limits.high, net.place
    grids = len(low)
    cost = np.zeros(grids)
    moment = np.zeros((grids, 4))
    for v in range(len(part)):
        mine = part[v]
        border = 0
        for e in range(net.indptr[v], net.indptr[v + 1]):
            if part[net.nbr[e]] != mine:
                border += net.cost[e]
        cost[mine] += border / 2
        if net.home[v] >= 0 and net.home[v] != mine:
            cost[mine] += net.stay[v]
        for a in range(net.apart_ptr[v], net.apart_ptr[v + 1]):
            if part[net.apart[a]] == mine:
                cost[mine] += wishes.apart / 2
        if not np.isnan(limits.anchor[mine, 0]):
            cost[mine] += wishes.pull * place[v, 3] * _distance(place[v], limits.anchor[mine])
        if wishes.roundness > 0:
            area, x, y = place[v, 0], place[v, 1], place[v, 2]
            moment[mine, 0] += area
            moment[mine, 1] += area * x
            moment[mine, 2] += area * y
            moment[mine, 3] += area * (x * x + y * y) + area * area / (2 * np.pi)
    outside = loads_of(net.weight, part, grids)
    for g in range(grids):
        if wishes.roundness > 0:
            cost[g] += wishes.roundness * _unroundness(moment[g], 0.0, place[0])
        for j in range(outside.shape[1]):
            outside[g, j] = _excess(outside[g, j], low[g, j], high[g, j])
    return cost, outside


@compiled
def price(net: Network, limits: Limits, wishes: Wishes, part: Int32Array) -> Any:
    """Return the price of all wishes, mm, and (m,) int64 the weight outside the grids' ranges."""
    cost, outside = price_each(net, limits, wishes, part)
    return cost.sum(), outside.sum(axis=0)
