"""The innermost loop of annealing: proposals at one temperature (compiled).

A proposal takes one stretch of border between two grids and offers the cell on its left to the
grid on its right. It is taken by Metropolis' rule on the change of the total price, in
millimetres of border: border, overload, leaving home, roundness, distance, pairs apart. Only then is
contiguity checked (`contiguity`). While it is hot a quarter of the proposals is taken, and summing five borders is cheaper
than repairing sums kept for each of them after every move; in the cold it is dearer, and they are kept (`borders`).

A cell that only its load keeps where it is may change places with one near it in the other grid; at a tolerance
of 1 % hardly any cell can go alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from geogrid.compiled import ONE, Whole, inlined, uncounted
from geogrid.partition.balance.borders import after_move
from geogrid.partition.balance.contiguity import hangs_together, stays_whole
from geogrid.partition.balance.network import Limits, Network, Wishes
from geogrid.partition.balance.rises import bent, distance, overload_rise, unroundness
from geogrid.types import FloatArray, Int32Array, IntArray, UInt32Array

__all__ = ["Sheet", "propose_moves"]

_SEARCH_LIMIT = 20_000
"""A cell is left where it is if telling whether its grid holds together takes longer than this."""


@inlined
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
    for e in range(np.uint64(indptr[u]), np.uint64(indptr[u + ONE])):
        q = part[nbr[e]]
        if nbr[e] == v or q == new:
            rise += cost[e]
        elif q == old:
            rise -= cost[e]
            touching = True
    if not touching or rise > 0:
        return -1
    for j in range(weight.shape[1]):
        rise += overload_rise(held[old, j], held[new, j], weight[v, j] - weight[u, j], penalty[j], step)
    return u if rise <= 0 else -1


class Sheet(NamedTuple):
    """What the loop keeps up to date, and its scratch.

    held (k, m, 3) int64 : what each grid holds of each weight, the least and the most it may: read together
    size (k,) int64 : cells of each grid
    moment (k, 4) float64 : area, its first moments in x and y, its polar moment
    cuts, spot (h,) uint32, priced (h,) int64, limit (n,) int64, sums (k,), ends (2,) int64 : see `list_borders`
    mark (n,) int64, queue (n,) uint32, boss, waiting (widest row,) int64 : see `stays_whole`
    """

    held: IntArray
    size: IntArray
    moment: FloatArray
    cuts: UInt32Array
    spot: UInt32Array
    priced: IntArray
    limit: IntArray
    sums: IntArray
    ends: IntArray
    mark: IntArray
    queue: UInt32Array
    boss: IntArray
    waiting: IntArray


@uncounted
def propose_moves(
    net: Network, limits: Limits, wishes: Wishes, part: UInt32Array, sheet: Sheet, ring: UInt32Array, bridge: Int32Array,
    penalty: FloatArray, temperature: float, asked: Whole, state: Any, stamp: Whole, keen: Whole, homes: Whole,
    plain: Whole, anchored: Whole, thresholds: FloatArray,
) -> Any:  # fmt: skip
    """Propose `asked` moves at one temperature; return the state of the random numbers, the stamp, and how many moves were taken.

    Parameters
    ----------
    net : Network
        See `unsigned`.
    part : (n,) uint32
        Changed in place, as is `sheet`.
    ring : (h,) uint32
    bridge : (h,) int32
        See `rings_of`; `bridge` is empty where they are not known.
    state : uint64
        Of the random numbers.
    stamp : int
        Above every number in ``sheet.mark``.
    keen : bool
        Prices are kept, see `list_borders`.
    homes, plain, anchored : bool
        Whether any cell has a home; whether nothing but load and homes is priced beside borders; whether there are stations.
    """
    indptr, nbr, cost, src, twin, weight = net.indptr, net.nbr, net.cost, net.src, net.twin, net.weight
    fixed, home, stay, place, warmth = net.fixed, net.home, net.stay, net.place, net.warmth
    apart_ptr, apart = net.apart_ptr, net.apart
    closed, anchor = limits.closed, limits.anchor
    round_price, pull, reach, apart_price = wishes.roundness, wishes.pull, wishes.reach, wishes.apart
    bend, step = wishes.bend, wishes.step
    held, size, moment = sheet.held, sheet.size, sheet.moment
    cuts, spot, priced, limit, sums, ends = sheet.cuts, sheet.spot, sheet.priced, sheet.limit, sheet.sums, sheet.ends
    mark, queue, boss, waiting = sheet.mark, sheet.queue, sheet.boss, sheet.waiting
    kinds, widest, pairs, rung = weight.shape[1], len(boss), len(apart) > 0, len(bridge) == len(nbr)
    taken, spent = 0, 0.0
    while spent < asked:
        state ^= state >> np.uint64(12)
        state ^= state << np.uint64(25)
        state ^= state >> np.uint64(27)
        drawn = state * np.uint64(2685821657736338717)
        count, border = ends[1], np.int64(0)
        if not keen:
            spent += 1.0
            edge = cuts[((drawn >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)]
            # The other side for half of them, without a branch.
            edge ^= (edge ^ twin[edge]) & (np.uint32(0) - np.uint32((drawn >> np.uint64(10)) & np.uint64(1)))
            v = src[edge]
            old, new = part[v], part[nbr[edge]]
            # Without a branch: which neighbour is whose cannot be guessed.
            for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + ONE])):
                q, c = part[nbr[e]], cost[e]
                border += (c & -np.int64(q == old)) - (c & -np.int64(q == new))
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
                    bent(a - w, least, most, bend) - bent(a, least, most, bend)
                    + bent(b + w, lower, upper, bend) - bent(b, lower, upper, bend)
                )  # fmt: skip
            else:
                rise += overload_rise(held[old, j], held[new, j], w, penalty[j], step)
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
                unroundness(moment[old], -1.0, place[v]) - unroundness(moment[old], 0.0, place[v])
                + unroundness(moment[new], 1.0, place[v]) - unroundness(moment[new], 0.0, place[v])
            )  # fmt: skip
        if anchored:
            near = 0.0 if np.isnan(anchor[old, 0]) else distance(place[v], anchor[old])
            far = 0.0 if np.isnan(anchor[new, 0]) else distance(place[v], anchor[new])
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
    return state, stamp, taken
