"""From a planner's problem to grids: area by area, side by side, explained where it cannot be met."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import cache

import numpy as np

from geogrid.errors import MissingPartError, PlanError
from geogrid.partition.balance.annealing import price
from geogrid.partition.balance.assembling import Balanced, Solved, assembled
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.counts import apportion, grids_for_range, grids_for_target, in_full_grids
from geogrid.partition.balance.engine import search
from geogrid.partition.balance.exact import solve_exactly
from geogrid.partition.balance.instances import make_instance, stations_in
from geogrid.partition.balance.interruption import ctrl_c_sets
from geogrid.partition.balance.islands import Joined, areas_of
from geogrid.partition.balance.network import Limits, Wishes, build_network
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.restarts import search_again
from geogrid.partition.balance.sums import misfit
from geogrid.partition.balance.verdict import Verdict, is_plain, judge
from geogrid.types import IntArray, Progress, no_progress

__all__ = ["balance"]


def balance(
    problem: Problem, *, seed: int = 1, budget: Budget | None = None, progress: Progress = no_progress
) -> Balanced:
    """Return grids in balance.

    Parameters
    ----------
    problem : Problem
    seed : int
        The same seed and effort give the same grids, whatever the number of workers.
    budget : Budget, optional
        Ctrl-C gives the best grids so far: areas under way end with theirs, and those not begun get grids that are
        whole but not searched for. A second Ctrl-C ends everything.
    progress : callable

    Raises
    ------
    PlanError
        If the demands cannot be carried out at all (more grids than cells, contradicting locks).

    Examples
    --------
    >>> from geogrid.crs import Metric
    >>> from geogrid.testing import toy_city
    >>> from geogrid.partition.balance import Problem, build_graph, measure_of
    >>> city = toy_city()
    >>> graph = build_graph(city.shapes("cell"), Metric.around(121.25, 31.38), codes=city.base.codes)
    >>> equal = measure_of("cells", np.ones(16), codes=graph.codes, tolerance=0.0)
    >>> done = balance(Problem(graph, (equal,), np.zeros(16, int), ("all",), count=4), budget=Budget(effort=500))
    >>> done.valid, np.bincount(done.membership).tolist()
    (True, [4, 4, 4, 4])
    """
    budget = budget or Budget()
    _ready()
    joined, areas = areas_of(problem)
    counts = _counts(problem, areas)
    # An area of one grid needs no search.
    cells = sum(len(rows) for rows, (_, most) in zip(areas, counts, strict=True) if most > 1)
    workers = 1 if len(areas) > 1 else budget.workers
    stop = budget.stop or threading.Event()

    def work(number: int) -> Solved:
        rows = areas[number]
        share = len(rows) / max(cells, 1)
        name = problem.area_names[int(problem.area[rows[0]])]
        own = zlib.crc32(f"{seed}/{name}/{problem.graph.codes[rows[0]]}".encode())
        told = progress if len(areas) == 1 else no_progress
        part_budget = replace(budget, workers=workers, stop=stop)
        if budget.seconds is not None and len(areas) > 1:
            part_budget = replace(budget, stop=stop).share(share, workers=1)
        return _solve_area(problem, joined, rows, counts[number], part_budget, 1 + own, told, proof=proof)

    # A proof comes after the search; whoever allows the search ten seconds can wait for it.
    proof = 20.0 if budget.seconds is None or budget.seconds >= 10 else budget.seconds
    with ctrl_c_sets(stop):
        done = _side_by_side(work, [len(rows) for rows in areas], budget.workers, progress)
    return assembled(problem, joined, areas, done, budget)


def _side_by_side(
    work: Callable[[int], Solved], sizes: list[int], workers: int, progress: Progress
) -> list[Solved]:  # fmt: skip
    """Return `work` done for each area, the largest first."""
    order = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    if len(sizes) == 1:
        return [work(0)]
    done: dict[int, Solved] = {}
    if workers == 1:
        for number in order:
            done[number] = work(number)
            progress("balance areas", len(done), len(sizes))
    else:
        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(work, number): number for number in order}
            for future in as_completed(futures):
                done[futures[future]] = future.result()
                progress("balance areas", len(done), len(sizes))
    return [done[number] for number in range(len(sizes))]


@cache
def _ready() -> None:
    """Load the compiled search before any clock runs."""
    net = build_network(np.array([0, 1, 2]), np.array([1, 2, 3]), np.ones(3, np.int64), np.ones((4, 1), np.int64))
    limits = Limits(
        np.full((2, 1), 2), np.full((2, 1), 2), np.zeros(2, np.uint8), np.full((2, 2), np.nan)
    )  # fmt: skip
    search(Instance(net, limits, Wishes(0.0, 0.0, np.inf, 0.0)), budget=Budget(effort=50), seed=1)


def _counts(problem: Problem, areas: list[IntArray]) -> list[tuple[int, int]]:
    """Return the fewest and the most grids of each area; equal where the number is given."""
    measure = problem.measures[0]
    if problem.stations is not None and len(areas) > 1:
        standing = [len(stations_in(problem, problem.graph.xy, rows)[0]) for rows in areas]
        for rows, number in zip(areas, standing, strict=True):
            if number == 0:
                name = problem.area_names[int(problem.area[rows[0]])]
                raise PlanError(
                    "an area without a station", given=f"{name}, its {len(rows)} cell(s) with {problem.graph.codes[rows[0]]}",
                    mend="place one there, leave out `within`, or name `bridges` or `ferries` that lead there",
                )  # fmt: skip
        return [(number, number) for number in standing]
    if problem.start is not None and problem.count is None and problem.target is None and not problem.counts:
        existing = [len(np.unique(problem.start[rows][problem.start[rows] >= 0])) for rows in areas]
        return [(max(number, 1), max(number, 1)) for number in existing]
    if problem.count is not None:
        names = [problem.area_names[int(problem.area[rows[0]])] for rows in areas]
        claims = (
            np.minimum(measure.values, measure.high) if measure.high is not None
            else in_full_grids(measure.values, problem.count, measure.spread)
        )  # fmt: skip
        weights = np.array([claims[rows].sum() for rows in areas])
        most = np.array([len(rows) for rows in areas])
        return [(int(n), int(n)) for n in apportion(weights, problem.count, most=most, names=names)]
    if problem.counts:
        given = [problem.counts.get(int(problem.area[rows[0]]), 1) for rows in areas]
        for rows, number in zip(areas, given, strict=True):
            if not 1 <= number <= len(rows):
                name = problem.area_names[int(problem.area[rows[0]])]
                raise PlanError("more grids than cells", given=f"{number} grids in {name}", allowed=f"1 to {len(rows)}")
        return [(number, number) for number in given]
    if problem.target is not None:
        numbers = [grids_for_target(measure.values[rows], problem.target, measure.spread) for rows in areas]
        return [(number, number) for number in numbers]
    ranged = [m for m in problem.measures if m.is_range]
    if not ranged:
        raise PlanError(
            "the plan does not say how many grids", allowed="count, weight_target, or weight_min and weight_max"
        )
    result = []
    for rows in areas:
        fits = [grids_for_range(m.values[rows], m.low or 0.0, m.high or np.inf) for m in ranged]
        fewest = min(max(fit.fewest for fit in fits), len(rows))
        result.append((fewest, max(fewest, min(fit.most for fit in fits))))
    return result


def _solve_area(
    problem: Problem, joined: Joined, rows: IntArray, counts: tuple[int, int], budget: Budget, seed: int,
    progress: Progress, *, proof: float,
) -> Solved:  # fmt: skip
    """Return the grids of one area; with a range, the fewest that fit; a proof takes up to `proof` seconds."""
    fewest, most = counts

    def attempt(grids: int) -> Solved:
        made = make_instance(problem, joined, rows, grids)
        outcome = search_again(
            made.instance, budget=budget, seed=seed, start=made.start, keep_start=problem.keep > 0, progress=progress
        )
        return Solved(made, outcome, made.to_cells(outcome.part))

    first = attempt(fewest)
    if not first.valid and fewest == most:
        made, values = first.instance, np.column_stack([measure.values[rows] for measure in problem.measures])
        found = misfit(problem.measures, values, made.low, made.high)
        # What a target cannot be met by is told as a share of it.
        if found is not None and (problem.target is None or found.measure > 0):
            return replace(first, verdict=Verdict(None, found.why, measure=found.measure, amount=found.amount))
    if first.outcome.stopped == "interrupt":
        return first
    if first.valid:
        return first if problem.exact_seconds <= 0 else _proved(first, problem.exact_seconds, moved=problem.keep > 0)
    if fewest == most:
        return first if problem.keep > 0 or first.instance.unmet else _judged(first, proof)
    return _fewest_that_fit(attempt, first, fewest, most)


def _judged(solved: Solved, seconds: float) -> Solved:
    """Return grids in range that the search missed, or why there are none, where that can be told."""
    made, outcome = solved.instance, solved.outcome
    verdict = judge(made.instance, seconds=seconds)
    if verdict.part is None:
        return replace(solved, verdict=verdict if verdict.why else None)
    cost, outside = price(made.instance.net, made.instance.limits, made.instance.wishes, verdict.part)
    outcome = replace(outcome, part=verdict.part, outside=outside, price_mm=float(cost))
    return Solved(made, outcome, made.to_cells(verdict.part))


def _proved(solved: Solved, seconds: float, *, moved: bool) -> Solved:
    """Return the grids of least border, with what is proved of it, where the area is small and nothing else is wished."""
    made = solved.instance
    if moved or not is_plain(made.instance):
        return solved
    try:
        exact = solve_exactly(made.instance, seconds=seconds, start=solved.outcome.part)
    except MissingPartError:
        return solved
    outcome = replace(solved.outcome, part=exact.part, price_mm=exact.cost_mm)
    return Solved(made, outcome, made.to_cells(exact.part), exact=exact)


def _fewest_that_fit(attempt: Callable[[int], Solved], first: Solved, fewest: int, most: int) -> Solved:
    """Return the solution with the fewest grids that is valid; steps double, then halve."""
    best, failed, step = first, fewest, 1
    while failed < most:
        grids = min(failed + step, most)
        tried = attempt(grids)
        if tried.valid:
            best = tried
            break
        if _off(tried) < _off(best):
            best = tried
        if tried.outcome.stopped == "interrupt":
            return best
        failed, step = grids, step * 2
    else:
        return best
    good = best.instance.grids
    while good - failed > 1:
        middle = (good + failed) // 2
        tried = attempt(middle)
        if tried.valid:
            best, good = tried, middle
        else:
            failed = middle
    return best


def _off(solved: Solved) -> tuple[int, float]:
    return len(solved.instance.unmet), float(solved.outcome.outside.sum())
