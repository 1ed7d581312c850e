"""Annealing on many scales at every temperature.

A round cuts the town into regions. In each, cells of the same grid are joined in random pairs, pairs in fours and so on (`coarsening`);
the coarsest network is annealed first, then each finer one, down to single cells, all at the same temperature. So at any heat
single cells straighten a border while blocks of eight shift it as a whole. The pairs are drawn anew in every round.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.annealing import THRESHOLDS, anneal
from geogrid.partition.balance.coarsening import contract, matched
from geogrid.partition.balance.network import Limits, Network, Wishes
from geogrid.partition.balance.regions import Region, draw_regions, in_parallel, take_region
from geogrid.partition.balance.run import Run
from geogrid.types import FloatArray, Int32Array

__all__ = ["anneal_from_hot_to_cold", "anneal_scales"]

_COARSEST = 5
"""Cells a grid below which no more are joined."""

_SETTLING = 10
"""Rounds that press what is still out of range after the last temperature."""

_ROUGH = 0.03
"""Share of the annealing that finds a first plan worth having, should there be no time for more."""


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
    own = moves // len(nets)
    for scale in range(len(nets) - 1, -1, -1):
        anneal(
            nets[scale], limits, wishes, parts[scale], penalty, hot, cold, stages, own, seed + 64 + scale, thresholds
        )
        if scale > 0:
            for v in range(len(parts[scale - 1])):
                parts[scale - 1][v] = parts[scale][groups[scale][v]]


def anneal_from_hot_to_cold(run: Run, part: Int32Array, keep_start: bool) -> Int32Array:
    """Return `part` melted, cooled and pressed into its ranges."""
    if keep_start:
        return _settled(run, _cooled(run, part, run.schedule.warm * run.heat, 0.0, run.schedule.share, scales=1))
    rough = _ROUGH * run.schedule.share
    _settled(run, _cooled(run, part, run.schedule.warm, 0.0, rough, scales=run.schedule.scales))
    return _settled(run, _cooled(run, part, run.schedule.hot, rough, run.schedule.share, scales=run.schedule.scales))


def _between(first: float, last: float, at: float) -> float:
    return float(first * (last / first) ** at)


def _cooled(run: Run, part: Int32Array, hot: float, begin: float, until: float, *, scales: int) -> Int32Array:
    """Return `part` annealed between two shares of the budget, round by round a little colder."""
    plan = run.schedule
    while (done := run.done(begin, until)) < 1:
        heat = hot + (plan.cold - hot) * done
        pressed = max((done - plan.squeeze) / (1 - plan.squeeze), 0.0)
        penalty = _between(max(plan.firm * heat, plan.soft), plan.hard, pressed)
        moves = run.moves(begin, until)
        part = _round(run, part, heat=heat, penalty=penalty, pressed=pressed, moves=moves, scales=scales)
    return part


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
