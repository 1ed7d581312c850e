"""Annealing on many scales at every temperature.

A round cuts the town into regions. In each, cells of the same grid are joined in random pairs, pairs in fours and so on (`coarsening`);
the coarsest network is annealed first, then each finer one, down to single cells, all at the same temperature. So at any heat
single cells straighten a border while blocks of eight shift it as a whole. The pairs are drawn anew in every round.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.annealing import THRESHOLDS, anneal
from geogrid.partition.balance.coarsening import contract, matched
from geogrid.partition.balance.network import Limits, Network, Wishes
from geogrid.partition.balance.regions import Instance, Region, draw_regions, in_parallel, take_region
from geogrid.partition.balance.run import Run, Schedule
from geogrid.types import FloatArray, Int32Array

__all__ = ["anneal_from_hot_to_cold", "anneal_scales"]

_COARSEST = 5
"""Cells a grid below which no more are joined."""

_TAPER = 0.7
"""Proposals of each scale as a share of those of the next finer one."""

_SETTLING = 10
"""Rounds that press what is still out of range after the last temperature."""

_ROUGH = 0.03
"""Share of the annealing that finds a first plan worth having, should there be no time for more."""

_CROWDED = (0.45, 0.6)
"""Overload in mean cells a grid, while it is cheap, from which grids are crowded, and from which as crowded as can be.
Where cheap borders hold grids out of range, what is pressed late is broken up and never grows together again."""

_LARGE = 125.0
"""Cells a grid from which the town is cooled from `Schedule.hot`; with fewer, grids are in equilibrium far below it."""

_MELTING = 2.0
"""Power of the time left in the temperature while melting: empty land freezes at the end of it."""

_PACE = (20_000.0, 60_000.0)
"""Proposals a cell up to which a search is short, and from which it is long: the temperature of crowded grids then spends all of
`Schedule.linger`'s time in the cold, and annealing has its `Schedule.long_share`."""

_NEARLY = 0.005
"""Overload in mean cells a grid that is mended place by place, while polishing, rather than pressed everywhere."""


@compiled
def anneal_scales(
    net: Network, limits: Limits, wishes: Wishes, part: Int32Array, penalty: FloatArray,
    hot: float, cold: float, moves: int, seed: int, thresholds: FloatArray, scales: int, stages: int = 2,
) -> Any:  # fmt: skip
    """Anneal `part` in place from joined cells down to single ones, `moves` proposals in all.

    Parameters
    ----------
    scales : int
        Networks at most, the given one among them; see `anneal` for the rest.
    """
    grids, kinds = limits.high.shape
    heaviest = np.ones(kinds, np.int64)
    for g in range(grids):
        for j in range(kinds):
            heaviest[j] = max(heaviest[j], limits.high[g, j] // 3)
    nets, parts, groups = [net], [part], [part]
    for scale in range(1, scales):
        here, fine = nets[-1], parts[-1]
        if len(fine) <= _COARSEST * grids or len(fine) <= 40:
            break
        group, count = matched(here, fine, heaviest, seed + scale)
        if count > 0.9 * len(fine):
            break
        coarse = np.zeros(count, np.int32)
        for v in range(len(fine)):
            coarse[group[v]] = fine[v]
        nets.append(contract(here, group, count))
        parts.append(coarse)
        groups.append(group)
    # Multiplied, not raised to a power: that may round differently on another machine.
    shares = np.ones(len(nets))
    for scale in range(1, len(nets)):
        shares[scale] = _TAPER * shares[scale - 1]
    for scale in range(len(nets) - 1, -1, -1):
        own = int(moves * shares[scale] / shares.sum())
        anneal(
            nets[scale], limits, wishes, parts[scale], penalty, hot, cold, stages, own, seed + 64 + scale, thresholds
        )
        if scale > 0:
            for v in range(len(parts[scale - 1])):
                parts[scale - 1][v] = parts[scale][groups[scale][v]]


def anneal_from_hot_to_cold(run: Run, part: Int32Array, keep_start: bool) -> Int32Array:
    """Return `part` melted, cooled and pressed into its ranges, but for the last few people: polishing mends those."""
    plan = run.schedule
    if keep_start:
        part, _ = _cooled(run, part, plan.warm * run.heat, 0.0, plan.share, scales=1)
        return _settled(run, part)
    rough = _ROUGH * plan.share
    first, crowding = _cooled(run, part, plan.warm, 0.0, rough, scales=plan.scales)
    _settled(run, first)
    run.crowded = crowded = _crowded(crowding)
    # Only where it is known that they are not crowded, small grids begin cooler.
    hot = plan.hot * (1.0 if crowding is None else _between(_small(plan, run.root), 1.0, crowded))
    squeeze = plan.squeeze + (plan.early - plan.squeeze) * crowded
    linger = _between(1.0, plan.linger, crowded * _long(run.pace))
    share = _between(plan.share, plan.long_share, _long(run.pace))
    melted = rough + plan.melt * share
    part, _ = _cooled(run, part, plan.molten, rough, melted, scales=plan.scales, cold=hot, squeeze=1.0, linger=_MELTING)
    part, _ = _cooled(run, part, hot, melted, share, scales=plan.scales, squeeze=squeeze, linger=linger)
    return part if run.overload(part) <= _NEARLY else _settled(run, part)


def _crowded(crowding: float | None) -> float:
    """Return how crowded grids are, 0 to 1, by their overload in a first, short annealing."""
    least, most = _CROWDED
    return 0.0 if crowding is None else min(max((crowding - least) / (most - least), 0.0), 1.0)


def _small(plan: Schedule, instance: Instance) -> float:
    """Return the share of the first temperature that grids of few cells need."""
    return min(max(sqrt(instance.cells / instance.grids / _LARGE), plan.small), 1.0)


def _long(pace: float) -> float:
    """Return how long a search is, 0 to 1."""
    least, most = _PACE
    return min(max(log(max(pace, 1.0) / least) / log(most / least), 0.0), 1.0)


def _between(first: float, last: float, at: float) -> float:
    return float(first * (last / first) ** at)


def _cooled(
    run: Run, part: Int32Array, hot: float, begin: float, until: float, *, scales: int, cold: float | None = None,
    squeeze: float | None = None, linger: float = 1.0,
) -> tuple[Int32Array, float | None]:  # fmt: skip
    """Return `part` annealed between two shares of the budget, from `hot` to `cold`, round by round a little colder.

    `squeeze` is the share of it from which overload is pressed, `linger` the power of the time left. The second value
    is the mean overload before it was pressed, see `Run.overload`; None if there was no such round.
    """
    plan = run.schedule
    cold = plan.cold if cold is None else cold
    squeeze = plan.squeeze if squeeze is None else squeeze
    soft: list[float] = []
    while (done := run.done(begin, until)) < 1:
        heat = cold + (hot - cold) * (1 - done) ** linger
        pressed = max((done - squeeze) / (1 - squeeze), 0.0) if squeeze < 1 else 0.0
        penalty = _between(max(plan.firm * heat, plan.soft), plan.hard, pressed)
        moves = run.moves(begin, until)
        part = _round(run, part, heat=heat, penalty=penalty, pressed=pressed, moves=moves, scales=scales)
        if pressed == 0:
            soft.append(run.overload(part))
    return part, float(np.mean(soft)) if soft else None


def _settled(run: Run, part: Int32Array) -> Int32Array:
    """Return annealed grids pressed into their ranges, at a price that doubles from round to round."""
    plan = run.schedule
    for step in range(1, _SETTLING + 1):
        if run.pressed(part)[0] == 0 or run.clock.left() <= 0:
            break
        penalty = plan.hard * 2.0**step
        moves = run.moves(0.0, 1.0) // 8
        part = _round(run, part, heat=plan.cold, penalty=penalty, pressed=1.0, moves=moves, scales=1)
    return part


def _round(
    run: Run, part: Int32Array, *, heat: float, penalty: float, pressed: float, moves: int, scales: int
) -> Int32Array:
    """Return `part` after annealing every region once."""
    instance = run.root
    each = max(run.schedule.cells_a_region / instance.cells * instance.grids, 8.0)
    regions = draw_regions(instance, part, each, seed=run.seed())
    seeds = [run.seed() for _ in regions]
    wishes, before = run.wishes(penalty, pressed), run.clock.elapsed

    def work(number: int) -> Region:
        region = take_region(instance, part, regions[number])
        if run.clock.budget.stopped:
            return region
        own = max(int(moves * len(region.nodes) / instance.cells), 16)
        anneal_scales(
            region.instance.net, region.instance.limits, wishes, region.part, penalty * run.unit,
            heat * run.border, heat * run.border, own, seeds[number], THRESHOLDS, scales,
        )  # fmt: skip
        return region

    result = part.copy()
    for region in in_parallel(work, range(len(regions)), run.pool, run.clock):
        result[region.nodes] = region.grids[region.part]
    run.count(moves, run.clock.elapsed - before)
    run.note(result)
    return result
