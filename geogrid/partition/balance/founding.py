"""Founding: a choice of relocations becomes grids of cells, to be put in balance afterwards (compiled)."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.contiguity import holds_together
from geogrid.partition.balance.network import Network
from geogrid.partition.balance.relocation import Relocation
from geogrid.partition.balance.starts import grown
from geogrid.types import FloatArray, Int32Array

__all__ = ["founded"]

_LIMIT = 1_000_000
"""Cells looked at to tell whether a giving grid stays whole."""

_SLACK = 1.1
"""A founded grid may take this much more from one donor than told, where another gives less."""


def founded(net: Network, part: Int32Array, choice: Relocation) -> Int32Array:
    """Return the grids after a relocation: dissolved ones shared out, founded ones grown inside their donors.

    Parameters
    ----------
    part : (n,) int32, each grid connected
    choice : Relocation
        Each code that is dissolved names one founded grid.
    """
    weight = net.weight[:, 0].astype(np.float64)
    grids = int(part.max()) + 1
    load = np.maximum(np.bincount(part, weights=weight, minlength=2 * grids), 1.0)
    # The land of a dissolved grid has a number of its own until it is shared out; its code names a founded grid.
    result = part.copy()
    land = np.isin(part, choice.dissolved)
    result[land] += grids
    codes = list(choice.dissolved)
    for site in sorted(set(choice.sites)):
        number = choice.sites.count(site)
        quota = np.zeros(2 * grids)
        for (grid, place), given in choice.taken.items():
            if place == site:
                quota[grid] = given / number
        if not quota.any():
            quota[site] = load[site] / 2
        # The new grid stands where its donors' people are, each donor as heavy as what it gives.
        pull = weight * (quota / load)[part]
        middle = (net.place[:, 1:3] * pull[:, None]).sum(axis=0) / max(float(pull.sum()), 1e-9)
        away = np.hypot(net.place[:, 1] - middle[0], net.place[:, 2] - middle[1])
        for _ in range(number):
            donors = np.flatnonzero((quota > 0)[result] & (net.fixed == 0))
            code = codes.pop(0)
            if len(donors):
                _grow(
                    *net[:2],
                    net.fixed,
                    weight,
                    away,
                    result,
                    quota * _SLACK,
                    code,
                    donors[np.argmin(away[donors])][None],
                )
    _hand_on(net, part, result, weight, choice, grids)
    result[result >= grids] = -1
    lost = [code for code in choice.dissolved if not (result == code).any()]
    result = grown(net, result)
    for code in lost:
        _spare_a_cell(net, result, code)
    return result


def _hand_on(
    net: Network, part: Int32Array, result: Int32Array, weight: FloatArray, choice: Relocation, grids: int
) -> None:
    """Move cells along the flows, in place: each grid grows into those that hand on to it."""
    area = net.place[:, 0] + 1e-9
    mass = np.bincount(part, weights=area, minlength=grids)
    x, y = (np.bincount(part, weights=area * net.place[:, c], minlength=grids) / np.maximum(mass, 1e-9) for c in (1, 2))
    gone = set(choice.dissolved)
    for taker in sorted({b for _, b in choice.flows} - gone):
        quota = np.zeros(2 * grids)
        for (giver, other), given in choice.flows.items():
            if other == taker:
                quota[giver + grids if giver in gone else giver] = given
        away = np.hypot(net.place[:, 1] - x[taker], net.place[:, 2] - y[taker])
        edge = (result[net.src] == taker) & (quota > 0)[result[net.nbr]]
        _grow(*net[:2], net.fixed, weight, away, result, quota, taker, np.unique(net.nbr[edge]).astype(np.int64))


@compiled
def _grow(
    indptr: Any, nbr: Any, fixed: Any, weight: Any, away: Any, part: Any, quota: FloatArray, code: int, seeds: Any
) -> float:
    """Grow grid `code` from the cells `seeds` by nearness (`away`); each giver stays whole and gives at most its quota.

    `part` (n,) int32 is changed in place; `quota` (2 g,) is what each grid may give, in its second half the land of
    dissolved grids, which need not stay whole. Return the weight gained.
    """
    grids = len(quota) // 2
    given = np.zeros(len(quota))
    mark, queue = np.zeros(len(part), np.int64), np.empty(len(part), np.int32)
    total, reached, stamp = quota.sum(), 0.0, 0
    heap = [(0.0, np.int64(-1))]
    for v in seeds:
        heapq.heappush(heap, (away[v], np.int64(v)))
    while len(heap) > 0 and reached < total:
        _, v = heapq.heappop(heap)
        if v < 0:
            continue
        grid = part[v]
        if grid == code or fixed[v] or given[grid] + weight[v] > quota[grid]:
            continue
        stamp += 2
        if grid < grids and not holds_together(indptr, nbr, part, mark, queue, stamp, v, grid, _LIMIT):
            continue
        part[v] = code
        given[grid] += weight[v]
        reached += weight[v]
        for e in range(indptr[v], indptr[v + 1]):
            if part[nbr[e]] != code:
                heapq.heappush(heap, (away[nbr[e]], np.int64(nbr[e])))
    return reached


def _spare_a_cell(net: Network, part: Int32Array, code: int) -> None:
    """Give `code` the first cell that any grid of several cells can spare, in place."""
    mark, queue = np.zeros(len(part), np.int64), np.empty(len(part), np.int32)
    size = np.bincount(part)
    for stamp, v in enumerate(np.flatnonzero(net.fixed == 0).tolist(), start=1):
        grid = int(part[v])
        if size[grid] > 1 and holds_together(net.indptr, net.nbr, part, mark, queue, 2 * stamp, v, grid, _LIMIT):
            part[v] = code
            return
