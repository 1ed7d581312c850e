"""Polishing: small sets of neighbouring grids are heated and cooled again; of what changed, each group of grids is kept or not.

Where grids are out of range, regions around them are re-cut along trees or reheated and kept whole, if they are not dearer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geogrid.partition.balance.annealing import THRESHOLDS, loads_of, price, price_each
from geogrid.partition.balance.groups import keep_better_groups
from geogrid.partition.balance.levels import anneal_scales
from geogrid.partition.balance.regions import Region, draw_regions, in_parallel, regions_around, take_region
from geogrid.partition.balance.run import Run
from geogrid.partition.balance.trees import cut_into_grids
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["polish"]

_CELLS = (500, 1000, 2000)
"""Cells of the regions: large enough that grids change their order, small enough that threads share them evenly."""

_FIRST, _LAST = (0.7, 1.5), (0.3, 0.7)
"""Temperatures from which the first and the last cycles cool, in mean borders."""

_EFFORT, _SLOWEST, _PACE = 550.0, 1500.0, 95.0
"""Proposals a cell of each cycle, at least and at most, and how many of them the whole search makes for one of a cycle in between:
a long search gains more by slower cycles than by more of them, but not where grids are crowded."""

_MELTED, _MELTING, _MELTED_CELLS, _MELTED_EFFORT = 0.1, 5.0, 1000, 1200
"""Share of the rounds that melt regions: empty land with borders of a kilometre is frozen in whatever shape it had long
before the town around it. The highest temperature from which these cool, their cells and proposals a cell."""

_DEAR, _DEAREST, _DEAR_GRIDS, _DEAR_HEAT = 0.02, 6, (8, 12, 20), 6.0
"""Share of the rounds that melt only around the dearest grids, among how many of these they choose half, the grids of the regions,
and the temperature from which they cool: a bad shape of the empty land costs kilometres, and is mended at once, but only when it is hot and slow."""

_DEAR_EFFORT, _DEAR_PACE = 6000.0, 30.0
"""Proposals a cell of these at most, and how many of them the whole search makes for one."""

_STEPS, _SCALES, _SOFT = 12, 4, 0.3
"""Steps of a cycle, each with cells joined anew on so many scales (one more where grids are crowded), and the share of it in which
overload is cheap."""

_QUENCH = 0.1
"""Share of a cycle's proposals that bring single cells to rest at its end."""

_ALLOWED, _STRICT = 1.6, 0.95
"""What a group may cost more in mean borders, at first, and the share of polishing from which it may not: by taking what
is a little dearer, the town as a whole cools as a cell does in annealing."""

_TO_MEND, _TO_MEND_EFFORTS = (5, 8, 16, 24), (150, 300, 600)
"""Grids of the regions around one that is out of range, and proposals a cell."""

_MEND_COOLER, _MEND_HOTTER, _RECUT = 0.2, 0.5, 0.3
"""First temperatures of a reheating that mends, in mean borders, and the share of the rounds that re-cut first."""


def polish(run: Run, part: Int32Array) -> None:
    """Heat and cool regions again and again, more and more strictly, until the budget is spent."""
    begun = run.done(0.0, 1.0)
    part, pressed = part.copy(), run.pressed(part)
    stuck, pressure = 0, 1.0
    while (done := run.done(begun, 1.0)) < 1:
        loose = max(1.0 - done / _STRICT, 0.0)
        if (loose == 0 or pressed[0] > 0) and run.best <= (0.0, pressed[1]):
            part, pressed = run.best_part.copy(), run.best
        if pressed[0] > 0:
            _mend(run, part, pressure)
        else:
            _cycle(run, part, loose)
        known, pressed = pressed, run.pressed(part)
        run.note(part)
        stuck = stuck + 1 if pressed == known else 0
        # Grids that stay out of range are pressed harder and harder, whatever it costs in border.
        pressure = 1.0 if pressed[0] == 0 else min(pressure * 1.3, 100.0)
        if stuck > 400 and run.clock.budget.seconds is None:
            break


def _cycle(run: Run, part: Int32Array, loose: float) -> None:
    """Heat and cool regions of `part` all over the place, in place; `loose` falls from 1, for the first cycle, to 0."""
    instance, seeds = run.root, run.seeds
    cooler, hotter = (last + loose * (first - last) for first, last in zip(_FIRST, _LAST, strict=True))
    kind = seeds.uniform()
    if kind < _DEAR:
        heat, effort = _DEAR_HEAT, max(min(run.pace / _DEAR_PACE, _DEAR_EFFORT), _EFFORT)
        regions = _around_dearest(run, part)
    elif kind < _DEAR + _MELTED:
        heat, effort = float(hotter * (_MELTING / hotter) ** seeds.uniform()), float(_MELTED_EFFORT)
        regions = _all_over(run, part, _MELTED_CELLS)
    else:
        cells, heat = int(seeds.choice(_CELLS)), float(seeds.uniform(cooler, hotter))
        effort = max(min(run.pace / _PACE, _SLOWEST) * (1.0 - run.crowded), _EFFORT)
        regions = _all_over(run, part, cells)
    regions = regions or [np.arange(instance.grids)]
    # The largest first: threads end together.
    held = np.bincount(part, minlength=instance.grids)
    regions.sort(key=lambda grids: -int(held[grids].sum()))
    numbers = [run.seed() for _ in regions]
    # The quantiles of Metropolis' rule, for groups.
    slack = [loose * _ALLOWED * run.border * seeds.exponential(size=len(grids)) for grids in regions]
    _replace(run, part, regions, effort, lambda region, k, each: _cooled(run, region, heat, each, slack[k], numbers[k]))


def _all_over(run: Run, part: Int32Array, cells: int) -> list[IntArray]:
    """Return regions of about so many cells that cover nearly all grids."""
    size = max(cells / run.root.cells * run.root.grids, 2.0)
    drawn = draw_regions(run.root, part, size, seed=run.seed())
    return [grids for grids in drawn if 1 < len(grids) <= 2 * size + 2]


def _around_dearest(run: Run, part: Int32Array) -> list[IntArray]:
    """Return regions around some of the dearest grids."""
    cost, _ = price_each(run.root.net, run.root.limits, run.root.wishes, part)
    dearest = run.seeds.permutation(np.argsort(-cost, kind="stable")[:_DEAREST])[: _DEAREST // 2]
    regions = regions_around(run.root, part, dearest, int(run.seeds.choice(_DEAR_GRIDS)))
    return [grids for grids in regions if len(grids) > 1]


def _cooled(run: Run, region: Region, heat: float, effort: float, slack: FloatArray, seed: int) -> Int32Array:
    """Return the grids of a region heated, cooled on many scales and brought to rest, as far as they are better."""
    plan, small = run.schedule, region.instance
    part, hard = region.part.copy(), plan.hard * run.unit
    moves = max(int(effort * len(part)), 16)
    for step in range(_STEPS):
        done = step / (_STEPS - 1)
        at = heat * (plan.cold / heat) ** done
        first, pressed = max(at, plan.soft), max((done - _SOFT) / (1 - _SOFT), 0.0)
        penalty = first * (plan.hard / first) ** pressed
        anneal_scales(
            small.net, small.limits, run.wishes(penalty, pressed), part, penalty * run.unit,
            at * run.border, at * run.border,
            int(moves * (1 - _QUENCH) / _STEPS), seed + step, THRESHOLDS, _SCALES + round(run.crowded),
        )  # fmt: skip
    cold = plan.cold * run.border
    anneal_scales(
        small.net, small.limits, run.wishes(plan.hard), part, hard,
        cold, cold / 2, int(moves * _QUENCH), seed + _STEPS, THRESHOLDS, 1, 6,
    )  # fmt: skip
    kept: Int32Array = keep_better_groups(small.net, small.limits, small.wishes, region.part, part, hard, slack)
    return kept


def _mend(run: Run, part: Int32Array, pressure: float) -> None:
    """Re-cut or reheat regions around the grids of `part` that are out of range, in place."""
    instance, seeds = run.root, run.seeds
    recuttable = not (instance.net.fixed.any() or instance.limits.closed.any() or (instance.net.home >= 0).any())
    heat, effort = float(seeds.uniform(_MEND_COOLER, _MEND_HOTTER)), float(seeds.choice(_TO_MEND_EFFORTS))
    size = max(int(seeds.choice(_TO_MEND)), 3)
    recut = recuttable and seeds.uniform() < _RECUT
    load = loads_of(instance.net.weight, part, instance.grids)
    off = np.maximum(load - instance.limits.high, instance.limits.low - load).clip(0).sum(axis=1)
    regions = regions_around(instance, part, seeds.permutation(np.flatnonzero(off)), size)
    numbers = [run.seed() for _ in regions]

    def work(region: Region, k: int, effort: float) -> Int32Array:
        return _reheated(run, region, heat, effort, recut, pressure, numbers[k])

    _replace(run, part, regions, effort, work)


def _reheated(
    run: Run, region: Region, heat: float, effort: float, recut: bool, pressure: float, seed: int
) -> Int32Array:  # fmt: skip
    """Return the grids of a region re-cut or reheated, if they are not dearer; `pressure` raises the price of overload."""
    plan, small = run.schedule, region.instance
    hard = pressure * plan.hard * run.unit
    part = region.part.copy()
    if recut and len(part) > len(region.grids):
        fresh = cut_into_grids(small.net, small.grids, 3, seed)
        if len(fresh):
            part = fresh
    moves = max(int(effort * len(part)), 16)
    cold = plan.cold * 0.7
    for step, (first, last, penalty) in enumerate([(heat, heat / 3, 2.5), (heat / 3, cold, plan.hard)]):
        anneal_scales(
            small.net, small.limits, run.wishes(pressure * penalty), part, pressure * penalty * run.unit,
            first * run.border, last * run.border, moves // 2, seed + step, THRESHOLDS, 1, 6,
        )  # fmt: skip

    def value(part: Int32Array) -> float:
        cost, outside = price(small.net, small.limits, small.wishes, part)
        return float(cost) + float((outside * hard).sum())

    return part if value(part) <= value(region.part) else region.part


def _replace(
    run: Run, part: Int32Array, regions: list[IntArray], effort: float,
    work: Callable[[Region, int, float], Int32Array],
) -> None:  # fmt: skip
    """Put in place of each region what `work` makes of it: given the region, its number and the proposals a cell."""
    instance, before = run.root, run.clock.elapsed
    cells = int(np.isin(part, np.concatenate(regions)).sum())
    each = min(effort, run.clock.left() * run.speed / max(cells, 1))

    def replaced(number: int) -> tuple[Region, Int32Array]:
        region = take_region(instance, part, regions[number])
        return region, region.part if run.clock.budget.stopped else work(region, number, each)

    for region, grids in in_parallel(replaced, range(len(regions)), run.pool, run.clock):
        part[region.nodes] = region.grids[grids]
    run.count(max(each * cells, 0.1 * instance.cells), run.clock.elapsed - before)
