"""The least change: existing grids, new weights, and as little as possible that changes its grid.

The most promising choices of relocation are annealed side by side, with what is moved as the price beside the border, and
overload dearer and dearer until none is left; then the best ones once more, for longer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from geogrid.partition.balance.annealing import THRESHOLDS, anneal, price
from geogrid.partition.balance.clock import Budget, Clock
from geogrid.partition.balance.corridors import reached_out
from geogrid.partition.balance.engine import Outcome
from geogrid.partition.balance.founding import founded
from geogrid.partition.balance.instances import AreaInstance
from geogrid.partition.balance.interruption import ctrl_c_sets
from geogrid.partition.balance.leftovers import mended
from geogrid.partition.balance.network import Limits, Wishes, build_network
from geogrid.partition.balance.regions import Instance, in_parallel
from geogrid.partition.balance.relocation import Relocation, quotient_of, relocations
from geogrid.types import Int32Array, Progress, no_progress

__all__ = ["Change", "how_many", "least_change"]

_FEWEST = 400
_ROUNDS, _CYCLE = 48, 6
_CYCLES, _IF_OTHERS = 8, 5
_BEND = 20.0
"""How much dearer overload grows with itself where pressing it between neighbours was not enough."""

_PRESSING, _WARM = 40, 0.3
_PASSES = ((0.3, 0.5, 2), (0.7, 0.95, 0))
"""Share of the effort of each pass, of the time until which it may go on, and how many of the beginnings the next one
anneals once more, for longer."""

_SHORTEST = 600
"""Proposals a cell below which an annealing does not tell which beginning is good; it decides how many there are."""

_SPEED = 4e6
"""Proposals a second, before it is measured."""

_HOT, _IN_PLACE, _KNOWN, _COLD = 1.0, 0.6, 0.2, 0.02
"""First temperatures, of new grids, of grids that keep their place and of grids known already, and the last one, in what moving a mean cell costs."""

_LEFT_OVER = 3.0
"""What bringing the last mean cell into range costs, in mean cells moved."""

_MARGIN = 0.0008
"""Ranges are narrower by this share of themselves while annealing, so that the last few units fit."""

_CHOOSING = 0.3
"""At most this share of a limit of time goes into choosing what to relocate."""

_TRIES, _FEWEST_BEGINNINGS, _MOST_BEGINNINGS = 1, 4, 8

_NOISES = (None, 0.0, 0.5, 0.5)
"""Beginnings: without corridors, and with corridors of exact and of blurred prices."""

_DEAREST = 1.2
"""Corridors are laid as long as they cost less than relocation does: about 0.9 to 1.1 for each unit brought into range."""

_NEXT_TO_NOTHING = 0.1
"""A grid that keeps less than this share of what it had stands somewhere else."""


@dataclass(frozen=True, eq=False)
class Change:
    """What was found for one area.

    Parameters
    ----------
    outcome : Outcome
    relocated : tuple of int
        Grids that stand somewhere else now.
    """

    outcome: Outcome
    relocated: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Try:
    """Grids so far: relocated codes have no home any more.

    Rank is overload, then the price; worth is the price with what is left over counted as if it were mended dearly.
    """

    part: Int32Array
    relocated: tuple[int, ...]
    rank: tuple[float, float]
    outside: np.ndarray
    worth: float
    heat: float = _HOT


def least_change(
    made: AreaInstance,
    *,
    budget: Budget,
    seed: int,
    relocate: bool = True,
    begins: Sequence[Change] = (),
    afresh: bool = True,
    progress: Progress = no_progress,
) -> Change:
    """Return grids in balance that move as little as can be found from ``made.start``.

    Parameters
    ----------
    made : AreaInstance
        With a start, and a price of leaving it.
    budget : Budget
        Ctrl-C gives the best so far.
    seed : int
        The same seed and effort give the same grids, whatever the number of workers.
    relocate : bool
        Whole grids may be dissolved and founded anew elsewhere.
    begins : sequence of Change
        Grids known already, of a wider or a narrower tolerance: what is found is no worse than those in range.
    afresh : bool
        New grids are tried, too.

    Raises
    ------
    MissingPartError
        If HiGHS is not installed and grids may be relocated.
    """
    instance, start = made.instance, made.start
    if start is None:
        raise ValueError("least_change needs the existing grids")
    _ready()
    stop = budget.stop or threading.Event()
    budget = replace(budget, stop=stop)
    clock = Clock(budget)
    seeds = np.random.default_rng(seed)
    known = [_tried(instance, begin.outcome.part, begin.relocated) for begin in begins]
    tries = [_tried(instance, start, ()), *known]
    with ctrl_c_sets(stop):
        own = int(seeds.integers(2**31))
        lanes = _beginnings(made, start, relocate=relocate, clock=clock, seed=own) if afresh or not known else []
        lanes += [replace(one, heat=_KNOWN) for one in known]
        with ThreadPoolExecutor(budget.workers) as threads:
            pool = threads if budget.workers > 1 else None
            for number, (share, until, kept) in enumerate(_PASSES):
                fate = [int(seeds.integers(1, 2**31)) for _ in lanes]
                each = _share(clock, share, len(lanes), until)

                def work(
                    lane: int, lanes: list[_Try] = lanes, own: Budget = each, fate: list[int] = fate
                ) -> _Try:  # fmt: skip
                    return _annealed(instance, lanes[lane], own, fate[lane])

                found = in_parallel(work, range(len(lanes)), pool, clock)
                tries += found
                # The next pass begins where the best ones began, not where they ended: they are settled there.
                order = sorted(range(len(lanes)), key=lambda lane: found[lane].worth)
                lanes = [lanes[lane] for lane in (order * kept)[:kept]]
                progress("least change", number + 1, len(_PASSES))
            hopeful = min(tries, key=lambda one: one.worth)
            if hopeful.rank[0] > 0:
                # Where others are in range already it need not be forced.
                cycles = _IF_OTHERS if any(one.rank[0] == 0 for one in tries) else _CYCLES
                tries.append(_to_the_end(instance, hopeful, budget, int(seeds.integers(1, 2**31)), cycles))
    best = _renamed(instance, min(tries, key=lambda t: t.rank))
    return Change(Outcome(best.part, best.outside, best.rank[1], clock.elapsed, clock.ended), best.relocated)


@cache
def _ready() -> None:
    """Load what is compiled before any clock runs."""
    row = np.arange(5)
    net = build_network(
        row, row + 1, np.ones(5, np.int64), np.array([[3], [3], [3], [3], [1], [1]]), home=row.repeat(3)[:6] // 2,
        stay=np.ones(6, np.int64),
    )  # fmt: skip
    part = np.array([0, 0, 1, 1, 1, 2], np.int32)
    limits = Limits(np.full((3, 1), 3), np.full((3, 1), 6), np.zeros(3, np.uint8), np.full((3, 2), np.nan))
    instance = Instance(net, limits, Wishes(0.0, 0.0, np.inf, 0.0))
    reached_out(instance, part, dearest=9.0)
    founded(net, part, Relocation((2,), (1,), {(1, 1): 3.0}, {(1, 0): 1.0}, 0.0))
    _annealed(instance, _tried(instance, part, ()), Budget(effort=1), 1)


def _beginnings(made: AreaInstance, start: Int32Array, *, relocate: bool, clock: Clock, seed: int) -> list[_Try]:
    """Return the most promising choices of relocation as grids."""
    instance, stay = made.instance, made.instance.net.stay
    as_it_is = replace(_tried(instance, start, ()), heat=_IN_PLACE)
    if not relocate or instance.grids < 2 or not (stay > 0).any() or clock.left() <= 0:
        return [as_it_is]

    def late() -> bool:
        return bool(clock.left(_CHOOSING) <= 0)

    number = how_many(clock.budget, len(start)) // len(_NOISES)
    tries: list[_Try] = []
    for row, noise in enumerate(_NOISES):
        if tries and late():
            break
        # First from the grids as they are; then after light ones have reached out to heavy ones, by different ways.
        here = start
        if noise is not None:
            here = reached_out(instance, start, dearest=_DEAREST, noise=noise, seed=seed + row, over=late)
        choices = relocations(
            quotient_of(instance, here, stay), tries=_TRIES, choices=number, seed=seed + row, over=late
        )
        for choice in choices[:number]:
            if choice.dissolved:
                tries.append(_tried(instance, founded(instance.net, here, choice), choice.dissolved))
            else:
                tries.append(replace(_tried(instance, here, ()), heat=_IN_PLACE))
    return tries


def how_many(budget: Budget, cells: int) -> int:
    """Return how many beginnings the budget can tell apart."""
    effort = budget.effort * max(cells, _FEWEST)
    if budget.seconds is not None:
        effort = min(effort, _SPEED * budget.seconds * budget.workers)
    told = _PASSES[0][0] * effort / (_SHORTEST * max(cells, _FEWEST))
    return int(np.clip(told, _FEWEST_BEGINNINGS, _MOST_BEGINNINGS))


def _share(clock: Clock, share: float, lanes: int, until: float) -> Budget:
    """Return the budget of each of `lanes` annealings side by side, for a share of the effort and until a share of the time."""
    budget, left = clock.budget, clock.left(until)
    seconds = None if left == float("inf") else max(left * min(budget.workers, lanes) / lanes, 1e-3)
    return replace(budget, effort=budget.effort * share / lanes, seconds=seconds, workers=1)


def _tried(instance: Instance, part: Int32Array, relocated: tuple[int, ...]) -> _Try:
    cost, outside = price(instance.net, instance.limits, instance.wishes, part)
    weight = instance.net.weight.astype(np.float64)
    over = float((outside / np.maximum(weight.mean(axis=0), 1e-9)).sum())
    worth = float(cost) + _LEFT_OVER * over * _unit(instance)
    return _Try(part, relocated, (over, float(cost)), outside, worth)


def _unit(instance: Instance) -> float:
    """Return the price of moving a mean cell, mm."""
    net = instance.net
    border = float(net.cost.mean()) if len(net.cost) else 1.0
    moving = net.stay[net.stay > 0]
    return border + (float(moving.mean()) if len(moving) else 0.0)


def _to_the_end(instance: Instance, one: _Try, budget: Budget, seed: int, cycles: int) -> _Try:
    """Return `one` with nothing left over if it can be mended in so many warmings, out of time or not."""
    return _annealed(instance, one, replace(budget, effort=1e-3, seconds=None, workers=1), seed, cycles=cycles)


def _annealed(instance: Instance, begin: _Try, budget: Budget, seed: int, *, cycles: int = 0) -> _Try:
    """Return the best of an annealing from `begin`; temperatures are in what leaving home costs a mean cell.

    What is left over is mended place by place; with all of it warmed again `cycles` times at most, until nothing is, out of time or not.
    """
    net, start, hot, cold = instance.net, begin.part, begin.heat, _COLD
    limits, wishes = _narrowed(instance), instance.wishes
    loose = np.isin(net.home, begin.relocated) if begin.relocated else np.zeros(len(start), bool)
    free = net._replace(home=np.where(loose, -1, net.home).astype(np.int32))
    unit = _unit(instance)
    mean = np.array([w[w > 0].mean() if (w > 0).any() else 1.0 for w in net.weight.T.astype(np.float64)])
    seeds = np.random.default_rng(seed)
    clock, part, best = Clock(budget), begin.part.copy(), begin
    effort = budget.effort * max(len(start), _FEWEST)
    speed, proposed = _SPEED, 0
    step = (cold / hot) ** (1 / _ROUNDS)
    rounds = 0
    while rounds <= _ROUNDS + cycles * _CYCLE:
        done = min(rounds / _ROUNDS, 1.0)
        heat = unit * hot * (cold / hot) ** done
        # Overload costs a little more than mending it at first, and far more at the end.
        press = unit * 1.2 * 12 ** max((done - 0.3) / 0.7, 0.0)
        moves = int(effort / _ROUNDS)
        left = clock.left()
        if left != float("inf"):
            moves = min(moves, int(max(left, 0.0) / max(_ROUNDS - rounds, 1) * speed))
            if left <= 0:
                rounds = max(rounds, _ROUNDS)
        if rounds == _ROUNDS and best.rank[0] > 0 and not budget.stopped:
            mend = mended(
                Instance(free, instance.limits, instance.wishes), limits, best.part, unit=unit, mean=mean, seeds=seeds,
                moves=max(proposed if cycles else proposed // 4, _PRESSING * len(start)),
            )  # fmt: skip
            best = min(best, _tried(instance, mend, begin.relocated), key=lambda t: t.rank)
        if rounds >= _ROUNDS:
            more = rounds - _ROUNDS
            if more == cycles * _CYCLE or best.rank[0] == 0 or budget.stopped:
                break
            # A little is left over: warmed and pressed a few times more, out of time or not.
            if more % _CYCLE == 0:
                part = best.part.copy()
            heat = unit * _WARM * (cold / (2 * _WARM)) ** (more % _CYCLE / (_CYCLE - 1))
            press = 15.0 * unit * 2.0 ** (more // _CYCLE)
            moves = max(_PRESSING * len(start), 16)
            if more >= 2 * _CYCLE:
                # Still left: a crowded grid hands on to a full one, so that load finds its way across several.
                wishes = instance.wishes._replace(bend=_BEND)
        before = clock.elapsed
        anneal(
            free, limits, wishes, part, press / mean, heat, heat * step, 2, max(moves, 16),
            int(seeds.integers(1, 2**31)), THRESHOLDS,
        )  # fmt: skip
        proposed += moves
        spent = clock.elapsed - before
        if spent > 1e-3:
            speed = 0.5 * speed + 0.5 * moves / spent
        tried = _tried(instance, part.copy(), begin.relocated)
        if tried.rank < best.rank:
            best = tried
        rounds += 1
    return best


def _narrowed(instance: Instance) -> Limits:
    limits = instance.limits
    margin = np.minimum(_MARGIN * limits.low, 0.1 * (limits.high - limits.low).astype(np.float64)).astype(np.int64)
    return limits._replace(low=limits.low + margin, high=limits.high - margin)


def _renamed(instance: Instance, found: _Try) -> _Try:
    """Return the same grids with the codes that keep most in its place, and which codes keep next to nothing."""
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    net, named = instance.net, found.part
    held = net.home >= 0
    kept = np.zeros((instance.grids, instance.grids))
    np.add.at(kept, (named[held], net.home[held]), net.stay[held])
    rows, columns = linear_sum_assignment(-kept)
    name = np.empty(instance.grids, np.int32)
    name[rows] = columns
    rigid = net.fixed.astype(bool) | instance.limits.closed.astype(bool)[named]
    if (name[named][rigid] == named[rigid]).all():
        named = name[named]
    had = np.bincount(net.home[held], weights=net.stay[held], minlength=instance.grids)
    kept_of = np.bincount(
        named[held & (named == net.home)], weights=net.stay[held & (named == net.home)], minlength=instance.grids
    )
    return _tried(instance, named, tuple(np.flatnonzero((had > 0) & (kept_of < _NEXT_TO_NOTHING * had)).tolist()))
