"""Regions: sets of neighbouring grids that are searched on their own, side by side.

The grids of a region exchange cells only among themselves during a round, so regions do not
touch each other's cells and may run in any order, on any number of threads, with the same result. Each round
draws other regions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from geogrid.partition.balance.clock import Clock
from geogrid.partition.balance.network import Limits, Network, Wishes, extract
from geogrid.types import Int32Array, IntArray

__all__ = ["Instance", "Region", "draw_regions", "in_parallel", "regions_around", "take_region"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Instance:
    """One connected problem for the search: cells, what each grid may hold, prices."""

    net: Network
    limits: Limits
    wishes: Wishes

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.net.weight)

    @property
    def grids(self) -> int:
        """Number of grids."""
        return len(self.limits.low)


@dataclass(frozen=True, eq=False)
class Region:
    """The cells (rows) and grids of a region, and the problem they make."""

    nodes: IntArray
    grids: IntArray
    instance: Instance
    part: Int32Array


def draw_regions(instance: Instance, part: Int32Array, grids_each: float, *, seed: int) -> list[IntArray]:
    """Return sets of about `grids_each` neighbouring grids: halving by grid centres at random angles."""
    rng = np.random.default_rng(seed)
    area = instance.net.place[:, 0] + 1e-9
    mass = np.bincount(part, weights=area, minlength=instance.grids)
    centres = np.column_stack(
        [np.bincount(part, weights=area * instance.net.place[:, c], minlength=instance.grids) / mass for c in (1, 2)]
    )
    regions: list[IntArray] = []
    pending = [np.arange(instance.grids)]
    while pending:
        grids = pending.pop()
        if len(grids) < 1.5 * grids_each or len(grids) < 2:
            regions.append(np.sort(grids))
            continue
        angle = rng.uniform(0, np.pi)
        along = centres[grids] @ np.array([np.cos(angle), np.sin(angle)])
        order = np.argsort(along, kind="stable")
        middle = len(grids) // 2
        if len(grids) > 3:
            middle += int(rng.integers(-(len(grids) // 8), len(grids) // 8 + 1))
        pending += [grids[order[middle:]], grids[order[:middle]]]
    return regions


def regions_around(instance: Instance, part: Int32Array, grids: IntArray, grids_each: int) -> list[IntArray]:
    """Return for each of `grids` a set of about `grids_each` grids around it, without overlap; some are left out."""
    net = instance.net
    cut = part[net.src] != part[net.nbr]
    pairs = np.unique(np.column_stack([part[net.src[cut]], part[net.nbr[cut]]]), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(instance.grids + 1))
    taken = np.zeros(instance.grids, bool)
    regions = []
    for grid in grids.tolist():
        if taken[grid]:
            continue
        found, queue = [grid], [grid]
        taken[grid] = True
        while queue and len(found) < grids_each:
            grid = queue.pop(0)
            for other in pairs[starts[grid] : starts[grid + 1], 1].tolist():
                if not taken[other] and len(found) < grids_each:
                    taken[other] = True
                    found.append(other)
                    queue.append(other)
        regions.append(np.sort(np.array(found)))
    return regions


def take_region(instance: Instance, part: Int32Array, grids: IntArray) -> Region:
    """Return the problem of some grids with everything else left as it is."""
    number = np.full(instance.grids, -1, np.int32)
    number[grids] = np.arange(len(grids))
    inside = number[part]
    nodes = np.flatnonzero(inside >= 0)
    net = extract(instance.net, nodes, np.full(instance.cells, -1, np.int32), number)
    limits = Limits(
        instance.limits.low[grids],
        instance.limits.high[grids],
        instance.limits.closed[grids],
        instance.limits.anchor[grids],
    )
    return Region(nodes, grids, Instance(net, limits, instance.wishes), inside[nodes])


def in_parallel(
    work: Callable[[_Item], _Result], items: Sequence[_Item], pool: ThreadPoolExecutor | None, clock: Clock
) -> list[_Result]:
    """Return the results of `work` in the order of `items`, the threads' time counted on `clock`."""
    if pool is None or len(items) < 2:
        return [work(item) for item in items]

    def timed(item: _Item) -> tuple[_Result, float]:
        start = time.thread_time()
        return work(item), time.thread_time() - start

    results = list(pool.map(timed, items))
    times = [seconds for _, seconds in results]
    lanes = min(clock.budget.workers, len(items))
    clock.add(max(sum(times), max(times) * lanes), lanes)
    return [result for result, _ in results]
