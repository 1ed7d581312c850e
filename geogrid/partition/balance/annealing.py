"""Simulated annealing that moves border cells and never breaks a grid (compiled).

Between two temperatures borders are listed anew, with their prices where most proposals are refused; the proposals are in
`proposing`. Prices are integers wherever a sum is kept over time; the logarithms of Metropolis' rule come from
a table of 1,024 (it stays in the nearest cache), so that every machine takes the same decisions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.borders import list_borders
from geogrid.partition.balance.contiguity import rings_of
from geogrid.partition.balance.network import Limits, Network, Wishes, unsigned
from geogrid.partition.balance.proposing import Sheet, propose_moves
from geogrid.partition.balance.rises import distance, excess, unroundness
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
    indptr, nbr, weight, place, warmth = net.indptr, net.nbr, net.weight, net.place, net.warmth
    rows, whose = unsigned(net), part.view(np.uint32)
    n, grids, kinds, halves = len(part), len(limits.low), weight.shape[1], len(nbr)
    held, size, moment = np.zeros((grids, kinds, 3), np.int64), np.zeros(grids, np.int64), np.zeros((grids, 4))
    ring, bridge, rung = rows.nbr, net.bridge, len(net.bridge) == halves
    widest = 1
    for v in range(n):
        widest = max(widest, indptr[v + 1] - indptr[v])
    cuts, spot, priced = np.empty(halves, np.uint32), np.empty(halves, np.uint32), np.empty(halves, np.int64)
    limit, sums, ends = np.empty(n, np.int64), np.zeros(grids, np.int64), np.zeros(2, np.int64)
    sheet = Sheet(
        held, size, moment, cuts, spot, priced, limit, sums, ends,
        np.full(n, -1, np.int64), np.empty(n, np.uint32), np.empty(widest, np.int64), np.empty(widest, np.int64),
    )  # fmt: skip
    homes, pairs, anchored = False, len(net.apart) > 0, False
    for g in range(grids):
        anchored = anchored or not np.isnan(limits.anchor[g, 0])
        for j in range(kinds):
            held[g, j, 1], held[g, j, 2] = limits.low[g, j], limits.high[g, j]
    for v in range(n):
        mine = part[v]
        size[mine] += 1
        homes = homes or (net.home[v] >= 0 and net.stay[v] > 0)
        for j in range(kinds):
            held[mine, j, 0] += weight[v, j]
        area, x, y = place[v, 0], place[v, 1], place[v, 2]
        moment[mine, 0] += area
        moment[mine, 1] += area * x
        moment[mine, 2] += area * y
        moment[mine, 3] += area * (x * x + y * y) + area * area / (2 * np.pi)
    plain = not (wishes.roundness > 0 or anchored or pairs)
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    stamp, taken, before, keen, priced_before = 0, 0, 0, False, False
    factor = (cold / hot) ** (1.0 / max(stages - 1, 1)) if hot > 0 else 1.0
    temperature = hot
    asked = moves // stages
    for stage in range(-1, stages):
        if stage >= 0:
            # Where anything but load outweighs borders, one that is dear in border alone may well be taken.
            keen = plain and not homes and taken - before < _KEEN * asked
        if stage == 0 and not rung and taken * _PROBE * stages > _WORTH * n:
            order, bridge = rings_of(indptr, nbr)
            ring, rung = rows.nbr[order], True
        asked, before = moves // (stages if stage >= 0 else stages * _PROBE), taken
        if keen or priced_before or stage < 0:
            # Without prices the list is kept from stage to stage.
            for v in range(n):
                limit[v] = np.int64(temperature * warmth[v] * thresholds[0])
            list_borders(
                rows.indptr, rows.nbr, rows.cost, rows.twin, whose, priced, sums, limit, ends, cuts, spot, keen
            )  # fmt: skip
        priced_before = keen
        if ends[1] == 0:
            break
        state, stamp, more = propose_moves(
            rows, limits, wishes, whose, sheet, ring, bridge, penalty, temperature, asked, state, stamp, keen, homes,
            plain, anchored, thresholds,
        )  # fmt: skip
        taken += more
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
            cost[mine] += wishes.pull * place[v, 3] * distance(place[v], limits.anchor[mine])
        if wishes.roundness > 0:
            area, x, y = place[v, 0], place[v, 1], place[v, 2]
            moment[mine, 0] += area
            moment[mine, 1] += area * x
            moment[mine, 2] += area * y
            moment[mine, 3] += area * (x * x + y * y) + area * area / (2 * np.pi)
    outside = loads_of(net.weight, part, grids)
    for g in range(grids):
        if wishes.roundness > 0:
            cost[g] += wishes.roundness * unroundness(moment[g], 0.0, place[0])
        for j in range(outside.shape[1]):
            outside[g, j] = excess(outside[g, j], low[g, j], high[g, j])
    return cost, outside


@compiled
def price(net: Network, limits: Limits, wishes: Wishes, part: Int32Array) -> Any:
    """Return the price of all wishes, mm, and (m,) int64 the weight outside the grids' ranges."""
    cost, outside = price_each(net, limits, wishes, part)
    return cost.sum(), outside.sum(axis=0)
