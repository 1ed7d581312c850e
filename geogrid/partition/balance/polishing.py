"""Polishing: small sets of neighbouring grids are re-cut along trees or reheated; what is not worse is kept."""

from __future__ import annotations

import numpy as np

from geogrid.partition.balance.annealing import THRESHOLDS, loads_of, price
from geogrid.partition.balance.levels import anneal_scales
from geogrid.partition.balance.regions import Region, draw_regions, in_parallel, regions_around, take_region
from geogrid.partition.balance.run import Run, Schedule
from geogrid.partition.balance.trees import cut_into_grids
from geogrid.types import Int32Array, IntArray

__all__ = ["polish"]

_CELLS = (70, 150, 300, 400, 700, 1000)
"""Cells of the regions: large enough that grids change their order, small enough that many are tried."""

_TO_MEND = (5, 8, 16, 24)
"""Grids of the regions around one that is out of range."""

_COOLER, _HOTTER = 0.2, 0.5
"""First temperatures of a reheating, in mean borders."""

_EFFORTS = (150, 300, 600)
"""Proposals a cell: rather more regions than more for each."""

_MELTED, _MELTING, _STEPS, _SCALES = 0.2, 5.0, 12, 4
"""Share of the rounds that melt large regions and cool them on many scales: empty land with borders of a kilometre
is frozen in whatever shape it had long before the town around it."""


def polish(run: Run, part: Int32Array) -> None:
    """Re-cut and reheat regions of the best plan, keeping what is not worse, until the budget is spent."""
    instance = run.root
    part, pressed = part.copy(), run.pressed(part)
    stuck, pressure = 0, 1.0
    recuttable = not (instance.net.fixed.any() or instance.limits.closed.any() or (instance.net.home >= 0).any())
    while run.done(0.0, 1.0) < 1:
        if run.best_part is not None and run.best <= (0.0, pressed[1]):
            part, pressed = run.best_part.copy(), run.best
        valid = pressed[0] == 0
        cells_a_grid = instance.cells / instance.grids
        size = max(float(run.seeds.choice(_CELLS)) / cells_a_grid, 2.0)
        heat = float(run.seeds.uniform(_COOLER, _HOTTER))
        effort = float(run.seeds.choice(_EFFORTS))
        if not valid:
            size = float(run.seeds.choice(_TO_MEND))
        elif run.seeds.uniform() < _MELTED:
            size = max(_CELLS[-1] / cells_a_grid, 2.0)
            heat = float(_HOTTER * (_MELTING / _HOTTER) ** run.seeds.uniform())
            effort = float(2 * _EFFORTS[-1])
        recut = recuttable and run.seeds.uniform() < (0.15 if valid else 0.3)
        regions = _regions_to_polish(run, part, size, valid)
        seeds = [run.seed() for _ in regions]
        cells = int(np.isin(part, np.concatenate(regions)).sum())
        effort = min(effort, run.clock.left() * run.speed / max(cells, 1))
        before = run.clock.elapsed

        def work(
            number: int, regions: list[IntArray] = regions, seeds: list[int] = seeds, effort: float = effort,
            heat: float = heat, pressure: float = pressure, recut: bool = recut, part: Int32Array = part,
            valid: bool = valid,
        ) -> Region | None:  # fmt: skip
            region = take_region(instance, part, regions[number])
            return _reheat(run, region, effort, heat, recut, pressure, seeds[number], valid=valid)

        for region in in_parallel(work, range(len(regions)), run.pool, run.clock):
            if region is not None:
                part[region.nodes] = region.grids[region.part]
        run.count(max(effort * cells, 0.1 * instance.cells), run.clock.elapsed - before)
        known, pressed = pressed, run.pressed(part)
        run.note(part)
        stuck = stuck + 1 if pressed == known else 0
        # Grids that stay out of range are pressed harder and harder, whatever it costs in border.
        pressure = 1.0 if pressed[0] == 0 else min(pressure * 1.3, 100.0)
        if stuck > 400 and run.clock.budget.seconds is None:
            break


def _regions_to_polish(run: Run, part: Int32Array, size: float, valid: bool) -> list[IntArray]:
    """Return small regions: all over the place, or around the grids that are out of range."""
    instance = run.root
    if not valid:
        load = loads_of(instance.net.weight, part, instance.grids)
        off = np.maximum(load - instance.limits.high, instance.limits.low - load).clip(0).sum(axis=1)
        wrong = np.flatnonzero(off)
        if len(wrong):
            return regions_around(instance, part, run.seeds.permutation(wrong), max(int(size), 3))
    drawn = draw_regions(instance, part, size, seed=run.seed())
    return [grids for grids in drawn if 1 < len(grids) <= 2 * size + 2] or [np.arange(instance.grids)]


def _reheat(
    run: Run,
    region: Region,
    effort: float,
    heat: float,
    recut: bool,
    pressure: float,
    seed: int,
    *,
    valid: bool,
) -> Region | None:
    """Return the region improved (or changed at the same price), or None; `pressure` raises the price of overload."""
    plan, small = run.schedule, region.instance
    hard = pressure * plan.hard * run.unit

    def value(part: Int32Array) -> tuple[float, float]:
        cost, outside = price(small.net, small.limits, small.wishes, part)
        over = float((outside * hard).sum())
        return (over, float(cost)) if valid else (0.0, float(cost) + over)

    part = region.part.copy()
    if recut and len(part) > len(region.grids):
        fresh = cut_into_grids(small.net, small.grids, 3, seed)
        if len(fresh):
            part = fresh
    moves = max(int(effort * len(part)), 16)
    for step, (share, first, last, penalty, scales) in enumerate(_cooling(heat, plan)):
        anneal_scales(
            small.net, small.limits, run.wishes(pressure * penalty), part, pressure * penalty * run.unit,
            first * run.border, last * run.border, int(moves * share), seed + step, THRESHOLDS, scales, 6 if scales == 1 else 2,
        )  # fmt: skip
    if value(part) > value(region.part):
        return None
    return Region(region.nodes, region.grids, small, part)


def _cooling(heat: float, plan: Schedule) -> list[tuple[float, float, float, float, int]]:
    """Return the steps of a reheating: share of the proposals, first and last temperature, penalty, scales."""
    cold = plan.cold * 0.7
    if heat <= _HOTTER:
        return [(0.5, heat, heat / 3, 2.5, 1), (0.5, heat / 3, cold, plan.hard, 1)]
    at = [heat * (cold / heat) ** (step / _STEPS) for step in range(_STEPS + 1)]
    dear = [max(plan.soft, t) * (plan.hard / max(plan.soft, t)) ** (step / (_STEPS - 1)) for step, t in enumerate(at)]
    return [(1 / _STEPS, at[step], at[step + 1], dear[step], _SCALES) for step in range(_STEPS)]
