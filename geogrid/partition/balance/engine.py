"""The search for good grids: start by trees, anneal from coarse to fine, then polish.

1. *Start.* Spanning trees are cut into grids of about equal weight (`trees`), or the given grids are taken.
2. *Anneal.* Cells are joined in pairs, level by level (`coarsening`); the coarsest level is annealed
   hot, each finer one colder. A hot coarse level settles which grid takes which quarter of the
   town; a cold fine level straightens borders.
3. *Polish.* Small sets of neighbouring grids are re-cut along trees or reheated, and the result is
   kept where it is not worse, until the budget is spent.

Every step works on disjoint regions with a random stream of their own (`regions`), so the number
of threads does not change the result. At every moment the best plan so far is known.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.annealing import THRESHOLDS, anneal, loads_of, price
from geogrid.partition.balance.clock import Budget, Clock
from geogrid.partition.balance.coarsening import coarsen
from geogrid.partition.balance.regions import Instance, Region, draw_regions, in_parallel, regions_around, take_region
from geogrid.partition.balance.trees import cut_into_grids
from geogrid.types import FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["Outcome", "Schedule", "search"]

_FEWEST = 400
"""A smaller problem is searched as if it had this many cells: it costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the search goes about it; temperatures are in mean borders, penalties in mean borders a mean cell.

    Parameters
    ----------
    hottest, hot : float
        First temperature of the coarsest and of the finest level.
    coldest, cold : float
        Last temperature of the coarsest and of the finest level.
    firm, soft, hard : float
        Price of overload: `firm` times the temperature, so that loads fluctuate by about the same at any heat and
        cells keep moving; at least `soft`; at the end `hard`.
    squeeze : float
        From this share of the finest level's rounds on the price rises to `hard`.
    coarse_share, fine_share : float
        Shares of the budget for the coarse levels and for the finest; the rest polishes.
    rounds : int
        Rounds per level, each with other regions and a lower temperature.
    cells_a_region : int
    """

    hottest: float = 2.4
    hot: float = 0.65
    coldest: float = 0.6
    cold: float = 0.09
    firm: float = 1.0
    soft: float = 0.7
    hard: float = 8.0
    squeeze: float = 0.4
    coarse_share: float = 0.35
    fine_share: float = 0.50
    rounds: int = 24
    cells_a_region: int = 2500


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a search ended with.

    Parameters
    ----------
    part : (n,) int32
        The grid of each cell.
    outside : (m,) int64
        Scaled weight outside the grids' ranges; all 0 for a valid plan.
    price_mm : float
        Total price, millimetres of border.
    seconds : float
        Spent, as the budget counts.
    stopped : {"effort", "time", "interrupt"}
    """

    part: Int32Array
    outside: IntArray
    price_mm: float
    seconds: float
    stopped: str


@dataclass(slots=True)
class _Run:
    """The state of one search: what it may spend, has spent and has found."""

    root: Instance
    clock: Clock
    schedule: Schedule
    pool: ThreadPoolExecutor | None
    seeds: np.random.Generator
    progress: Progress
    unit: FloatArray
    border: float
    heat: float
    speed: float = 4e6
    best: tuple[float, float] = (np.inf, np.inf)
    best_part: Int32Array | None = None
    best_outside: IntArray | None = None

    def seed(self) -> int:
        return int(self.seeds.integers(1, 2**31))

    def note(self, instance: Instance, part: Int32Array, to_root: Callable[[Int32Array], Int32Array]) -> None:
        """Remember `part` if it is the best so far."""
        cost, outside = price(instance.net, instance.limits, instance.wishes, part)
        rank = (float((outside * self.unit).sum()), float(cost))
        if rank < self.best:
            self.best, self.best_part, self.best_outside = rank, to_root(part), outside
        spent = self.clock.elapsed
        limit = self.clock.budget.seconds
        self.progress("balance", round(1000 * spent), None if limit is None else round(1000 * limit))

    def moves(self, cells: int, effort: float, until: float, rounds_left: int, lanes: int) -> int:
        """Return how many proposals a round may make: by effort, or by the time left until a share of it."""
        by_effort = self.clock.budget.effort * effort * max(cells, _FEWEST)
        left = self.clock.left(until)
        if left == float("inf"):
            return int(by_effort)
        by_time = max(left, 0.0) / max(rounds_left, 1) * self.speed * lanes
        return int(min(by_effort, by_time))


def search(
    instance: Instance,
    *,
    budget: Budget,
    seed: int,
    start: Int32Array | None = None,
    keep_start: bool = False,
    schedule: Schedule | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Return the best grids found for a connected instance.

    Parameters
    ----------
    instance : Instance
        At least as many cells as grids.
    seed : int
    start : (n,) int32, optional
        Connected grids to begin with; by default they are cut along trees.
    keep_start : bool
        The start is worth keeping (a rebalance): do not melt it, begin on the finest level.
    """
    schedule = schedule or Schedule()
    seeds = np.random.default_rng(seed)
    part = np.zeros(instance.cells, np.int32) if start is None else np.ascontiguousarray(start, np.int32)
    half = instance.net.src < instance.net.nbr
    border = float(instance.net.cost[half].mean()) if half.any() else 1.0
    # What one move typically changes: a border, a tenth of a unit of shape, a cell's breadth of way.
    breadth = float(np.sqrt(instance.net.place[:, 0].mean()))
    border = max(border + 0.1 * instance.wishes.roundness + breadth * instance.wishes.pull, 1.0)
    weight = instance.net.weight
    mean = np.array([w[w > 0].mean() if (w > 0).any() else 1.0 for w in weight.T.astype(np.float64)])
    clock = Clock(budget)
    with ThreadPoolExecutor(budget.workers) as threads:
        pool = threads if budget.workers > 1 else None
        # Overload must cost more than leaving home, or nothing would move to mend it.
        stay = instance.net.stay[instance.net.stay > 0]
        dear = border + (float(stay.mean()) if len(stay) else 0.0)
        run = _Run(instance, clock, schedule, pool, seeds, progress, dear / mean, border, dear / border)
        stopped = "effort"
        try:
            if start is None and instance.grids > 1:
                part = cut_into_grids(instance.net, instance.grids, 8, run.seed())
            run.note(instance, part, lambda p: p.copy())
            if instance.grids > 1:
                part = _anneal_levels(run, part, keep_start)
                _polish(run, part)
        except KeyboardInterrupt:
            stopped = "interrupt"
    if stopped == "effort" and clock.left() <= 0:
        stopped = "time"
    best, outside = run.best_part, run.best_outside
    if best is None or outside is None:
        raise KeyboardInterrupt
    return Outcome(best, outside, run.best[1], clock.elapsed, stopped)


def _levels(run: _Run, part: Int32Array, keep_start: bool) -> list[tuple[Instance, Int32Array]]:
    """Return the networks from fine to coarse, each with the coarse cell of each cell of the one before."""
    levels: list[tuple[Instance, Int32Array]] = [(run.root, np.arange(run.root.cells, dtype=np.int32))]
    if keep_start:
        return levels
    heaviest = np.maximum(run.root.limits.high.max(axis=0) // 3, 1)
    here = part
    while len(here) > 6 * run.root.grids and len(here) > 40:
        instance = levels[-1][0]
        net, group = coarsen(instance.net, here, heaviest, seed=run.seed())
        if len(net.weight) > 0.9 * len(here):
            break
        coarse = np.zeros(len(net.weight), np.int32)
        coarse[group] = here
        levels.append((Instance(net, instance.limits, instance.wishes), group))
        here = coarse
    return levels


def _between(first: float, last: float, at: float) -> float:
    return float(first * (last / first) ** at)


def _anneal_levels(run: _Run, part: Int32Array, keep_start: bool) -> Int32Array:
    """Return `part` annealed on every level, the coarsest first."""
    plan = run.schedule
    levels = _levels(run, part, keep_start)
    maps = [group for _, group in levels]
    here = part
    for group in maps[1:]:
        coarse = np.zeros(int(group.max()) + 1, np.int32)
        coarse[group] = here
        here = coarse
    coarse_levels = len(levels) - 1
    sizes = np.array([level.cells for level, _ in levels[1:]], np.float64)
    shares = plan.coarse_share * np.sqrt(sizes) / np.sqrt(sizes).sum() if coarse_levels else np.empty(0)
    until = 0.0
    for depth in range(coarse_levels, -1, -1):
        instance = levels[depth][0]
        at = 1.0 if not coarse_levels else 1 - depth / coarse_levels
        share = shares[depth - 1] if depth else plan.fine_share
        if not coarse_levels:
            share += plan.coarse_share
        until += share
        hot, cold = _between(plan.hottest, plan.hot, at), _between(plan.coldest, plan.cold, at)
        if not coarse_levels:
            hot = plan.hot * run.heat if keep_start else plan.hottest

        def to_root(coarse: Int32Array, depth: int = depth) -> Int32Array:
            for group in reversed(maps[1 : depth + 1]):
                coarse = coarse[group]
            return coarse.copy()

        for step in range(plan.rounds):
            if run.clock.left() <= 0:
                break
            f = step / plan.rounds
            now = _between(hot, cold, f)
            penalty = max(plan.firm * now, plan.soft)
            if depth == 0 and f > plan.squeeze:
                penalty = _between(penalty, plan.hard, (f - plan.squeeze) / (1 - plan.squeeze))
            here = _round(
                run, instance, here, hot=now, cold=_between(hot, cold, f + 1 / plan.rounds),
                penalty=penalty, effort=share / plan.rounds, until=until, left=plan.rounds - step,
            )  # fmt: skip
            run.note(instance, here, to_root)
        if depth:
            here = here[maps[depth]]
    return here


def _round(
    run: _Run, instance: Instance, part: Int32Array, *,
    hot: float, cold: float, penalty: float, effort: float, until: float, left: int,
) -> Int32Array:  # fmt: skip
    """Return `part` after annealing every region once."""
    each = max(run.schedule.cells_a_region / instance.cells * instance.grids, 8.0)
    regions = draw_regions(instance, part, each, seed=run.seed())
    lanes = min(run.clock.budget.workers, len(regions))
    moves = run.moves(run.root.cells, effort, until, left, lanes)
    seeds = [run.seed() for _ in regions]
    before = run.clock.elapsed

    def work(number: int) -> Region:
        region = take_region(instance, part, regions[number])
        own = max(int(moves * len(region.nodes) / instance.cells), 16)
        anneal(
            region.instance.net, region.instance.limits, region.instance.wishes, region.part,
            penalty * run.unit, hot * run.border, cold * run.border, 2, own, seeds[number], THRESHOLDS,
        )  # fmt: skip
        return region

    result = part.copy()
    for region in in_parallel(work, range(len(regions)), run.pool, run.clock):
        result[region.nodes] = region.grids[region.part]
    spent = run.clock.elapsed - before
    if spent > 1e-3:
        run.speed = 0.5 * run.speed + 0.5 * moves / spent / lanes
    return result


def _polish(run: _Run, part: Int32Array) -> None:
    """Re-cut and reheat small regions of the best plan, keeping what is not worse, until the budget is spent."""
    plan = run.schedule
    instance = run.root
    effort_left = max(1 - plan.coarse_share - plan.fine_share, 0.0) * run.clock.budget.effort
    effort_left *= max(instance.cells, _FEWEST) / instance.cells
    best, outside = run.best_part, run.best_outside
    part = part.copy() if best is None or outside is None else best.copy()
    stuck, pressure = 0, 1.0
    recuttable = not (instance.net.fixed.any() or instance.limits.closed.any() or (instance.net.home >= 0).any())
    while effort_left > 0 and run.clock.left() > 0:
        valid = run.best[0] == 0
        size = float(run.seeds.choice([2, 3, 4, 6, 8, 12] if valid else [3, 5, 8, 16]))
        heat = float(run.seeds.uniform(0.35, 0.9))
        effort = min(float(run.seeds.choice([150, 300, 600, 1500])), effort_left)
        recut = recuttable and run.seeds.uniform() < (0.15 if valid else 0.3)
        regions = _regions_to_polish(run, part, size, valid)
        seeds = [run.seed() for _ in regions]
        lanes = min(run.clock.budget.workers, len(regions))
        cells = int(np.isin(part, np.concatenate(regions)).sum())
        effort = min(effort, run.clock.left() * run.speed * lanes / max(cells, 1))
        before = run.clock.elapsed

        def work(
            number: int, regions: list[IntArray] = regions, seeds: list[int] = seeds, effort: float = effort,
            heat: float = heat, pressure: float = pressure, recut: bool = recut, part: Int32Array = part,
        ) -> Region | None:  # fmt: skip
            return _reheat(
                run, take_region(instance, part, regions[number]), effort, heat, recut, pressure, seeds[number]
            )

        for region in in_parallel(work, range(len(regions)), run.pool, run.clock):
            if region is not None:
                part[region.nodes] = region.grids[region.part]
        spent = run.clock.elapsed - before
        if spent > 1e-3:
            run.speed = 0.5 * run.speed + 0.5 * effort * cells / spent / lanes
        effort_left -= max(effort * cells / instance.cells, 0.1)
        known = run.best
        run.note(instance, part, lambda p: p.copy())
        stuck = stuck + 1 if run.best == known else 0
        # Grids that stay out of range are pressed harder and harder, whatever it costs in border.
        pressure = 1.0 if run.best[0] == 0 else min(pressure * 1.15, 50.0)
        if stuck > 400 and run.clock.budget.seconds is None:
            break


def _regions_to_polish(run: _Run, part: Int32Array, size: float, valid: bool) -> list[IntArray]:
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
    run: _Run, region: Region, effort: float, heat: float, recut: bool, pressure: float, seed: int
) -> Region | None:
    """Return the region improved (or changed at the same price), or None; `pressure` raises the price of overload."""
    plan, small = run.schedule, region.instance
    hard = pressure * plan.hard * run.unit

    def value(part: Int32Array) -> tuple[float, float]:
        cost, outside = price(small.net, small.limits, small.wishes, part)
        over = float((outside * hard).sum())
        return (over, float(cost)) if run.best[0] == 0 else (0.0, float(cost) + over)

    part = region.part.copy()
    if recut and len(part) > len(region.grids):
        fresh = cut_into_grids(small.net, small.grids, 3, seed)
        if len(fresh):
            part = fresh
    moves = max(int(effort * len(part)), 16)
    for share, first, last, penalty in (
        (0.5, heat, heat / 3, 2.5 * pressure),
        (0.5, heat / 3, plan.cold * 0.7, plan.hard * pressure),
    ):
        anneal(
            small.net, small.limits, small.wishes, part, penalty * run.unit,
            first * run.border, last * run.border, 6, int(moves * share), seed, THRESHOLDS,
        )  # fmt: skip
    if value(part) > value(region.part):
        return None
    return Region(region.nodes, region.grids, small, part)
