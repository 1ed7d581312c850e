"""Corridors: a grid that is too light reaches out to one that is too heavy, between the grids that lie there.

Who goes to a grid that already touches, or that has reached out along blocks where few live, changes once; handed on
from neighbour to neighbour, load changes grids at every step. The cheapest such move comes first, as long as
it costs less than `dearest` for each unit brought into range; what is left is for relocation.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.annealing import loads_of, price
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.ways import cut_off_joins, take_near, ways_from
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["reached_out"]

_INSIDE = 0.3
"""What it costs to go through the inside of a grid, in mean cells: such ways tend to cut."""

_FARTHEST = 0.2
"""Ways that cost more than this share of a mean grid are not looked at."""

_LOOKED_AT = 6
"""Grids to reach that are tried, the most promising first."""


@dataclass(frozen=True, eq=False)
class _Move:
    """A grid reached out: what it costs per unit brought into range, and the grids after it."""

    rate: float
    part: Int32Array


def reached_out(
    instance: Instance, part: Int32Array, *, dearest: float, noise: float = 0.0, seed: int = 1,
    over: Callable[[], bool] | None = None,
) -> Int32Array:  # fmt: skip
    """Return the grids after light ones have reached out to heavy ones, as long as it pays.

    Parameters
    ----------
    part : (n,) int32, each grid connected
    dearest : float
        What bringing one unit into range may cost, in units that move: one that goes straight from a heavy grid to a light
        one costs 1/2, as it helps both.
    noise : float
        Prices of cells are raised by up to this share at random (`seed`), for other ways.
    over : callable, optional
        Whether the time for it is over.
    """
    search = _Search(instance, part, dearest, noise, np.random.default_rng(seed))
    heap: list[tuple[float, int, int, Int32Array]] = []
    version = 0
    here = part
    for grid in np.flatnonzero(search.lack(search.load(here)) > 0).tolist():
        search.offer(heap, here, grid, version)
    while heap and not (over is not None and over()):
        _, grid, made_at, after = heapq.heappop(heap)
        if made_at == version:
            here, version = after, version + 1
        if search.lack(search.load(here))[grid] > 0:
            search.offer(heap, here, grid, version)
    return here


class _Search:
    """Prices and ranges, as corridors see them: by the primary weight."""

    def __init__(
        self, instance: Instance, part: Int32Array, dearest: float, noise: float, rng: np.random.Generator
    ) -> None:
        self.instance, self.dearest, self.noise, self.rng = instance, dearest, noise, rng
        net, limits = instance.net, instance.limits
        self.weight = net.weight[:, 0].astype(np.float64)
        self.low, self.high = limits.low[:, 0].astype(np.float64), limits.high[:, 0].astype(np.float64)
        self.unit = max(float(net.stay.sum()) / max(float(self.weight.sum()), 1e-9), 1e-9)
        self.cell = self.unit * float(self.weight.mean())
        self.border = float(net.cost.mean()) if len(net.cost) else 1.0
        self.stay = net.stay.astype(np.float64)
        self.shut = (net.fixed > 0) | (limits.closed[part] > 0)

    def load(self, part: Int32Array) -> FloatArray:
        return loads_of(self.instance.net.weight, part, self.instance.grids)[:, 0].astype(np.float64)

    def lack(self, load: FloatArray) -> FloatArray:
        return np.where(self.instance.limits.closed > 0, 0.0, np.maximum(self.low - load, 0.0))

    def offer(self, heap: list[tuple[float, int, int, Int32Array]], part: Int32Array, grid: int, version: int) -> None:
        move = self.best_move(part, grid)
        if move is not None and move.rate <= self.dearest:
            heapq.heappush(heap, (move.rate, grid, version, move.part))

    def prices(self, part: Int32Array) -> FloatArray:
        net = self.instance.net
        inside = np.ones(len(part), bool)
        inside[net.src[part[net.src] != part[net.nbr]]] = False
        drawn = 1 + self.noise * self.rng.random(len(part)) if self.noise > 0 else 1.0
        lives = np.where(part == net.home, self.stay * drawn, 0.0)
        return np.where(self.shut, np.inf, lives + 0.5 * self.border + _INSIDE * self.cell * inside)

    def best_move(self, part: Int32Array, grid: int) -> _Move | None:
        """Return the cheapest way in which `grid` can get what it lacks."""
        net = self.instance.net
        load = self.load(part)
        each = self.prices(part)
        farthest = _FARTHEST * self.unit * float(load.mean())
        worth = np.where(self.shut, np.inf, self.stay)
        cost, before = ways_from(net.indptr, net.nbr, part, each, worth, grid, farthest)
        at_door = np.where(before >= 0, cost[before], np.inf)
        lacks, room = max(self.low[grid] - load[grid], 0.0), self.high[grid] - load[grid]
        tried: list[tuple[float, int, int, float]] = []
        for other in np.flatnonzero((load > self.high) & (self.instance.limits.closed == 0)).tolist():
            if other == grid:
                continue
            rows = np.flatnonzero(part == other)
            entry = int(rows[np.argmin(at_door[rows])])
            if not np.isfinite(at_door[entry]):
                continue
            excess = load[other] - self.high[other]
            for amount in {min(excess, room), min(max(excess, min(lacks, load[other] - self.low[other])), room)}:
                helps = min(amount, excess) + min(amount, lacks)
                if helps > 0:
                    tried.append(((at_door[entry] / self.unit + amount) / helps, other, entry, amount))
        best: _Move | None = None
        for rate, other, entry, amount in sorted(tried)[:_LOOKED_AT]:
            if best is not None and rate > best.rate:
                break
            made = self._made(part, grid, other, entry, amount, before)
            if made is not None and (best is None or made.rate < best.rate):
                best = made
        return best

    def _made(
        self, part: Int32Array, grid: int, other: int, entry: int, amount: float, before: IntArray
    ) -> _Move | None:
        """Return the grids after `grid` has gone the way to `entry` and taken `amount` there, priced exactly."""
        net, result = self.instance.net, part.copy()
        way, v = [], int(before[entry])
        while v >= 0 and part[v] != grid:
            way.append(v)
            v = int(before[v])
        result[way] = grid
        for crossed in np.unique(part[way]).tolist():
            cut_off_joins(net.indptr, net.nbr, self.stay + 1.0, result, crossed, grid)
        if result[entry] != other:
            return None
        most = min(amount, float(self.high[grid] - self.load(result)[grid]))
        if most <= 0:
            return None
        take_near(net.indptr, net.nbr, net.place, net.fixed, self.weight, result, grid, other, entry, most)
        if self.shut.any() and (result[self.shut] != part[self.shut]).any():
            return None
        (cost, outside), (cost_before, outside_before) = (
            price(net, self.instance.limits, self.instance.wishes, p) for p in (result, part)
        )
        helped = float(outside_before[0] - outside[0])
        if helped <= 0 or (outside[1:] > outside_before[1:]).any():
            return None
        return _Move(float(cost - cost_before) / self.unit / helped, result)
