"""From a planner's problem to grids: area by area, side by side, explained where it cannot be met."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from geogrid.errors import MissingPartError, PlanError
from geogrid.partition.balance.annealing import loads_of, price
from geogrid.partition.balance.area_reasons import as_short_as_can_be, cannot_be_met, not_apart, part_name
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.counts import apportion, grids_for_range, grids_for_target, in_full_grids
from geogrid.partition.balance.engine import Outcome, search
from geogrid.partition.balance.exact import Exact, solve_exactly
from geogrid.partition.balance.instances import AreaInstance, make_instance, stations_in
from geogrid.partition.balance.interruption import ctrl_c_sets
from geogrid.partition.balance.islands import Joined, areas_of
from geogrid.partition.balance.network import Limits, Wishes, build_network
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.restarts import search_again
from geogrid.partition.balance.sums import misfit
from geogrid.partition.balance.unmet import has_no_cut, heavier_than_elsewhere
from geogrid.partition.balance.verdict import Verdict, is_plain, judge
from geogrid.types import BoolArray, Finding, FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["Balanced", "Solved", "assembled", "balance"]


@dataclass(frozen=True, eq=False)
class Balanced:
    """Grids in balance, and how they were found.

    Parameters
    ----------
    membership : (n,) int32
        The grid of each cell, 0 to g - 1. Existing grids keep their number.
    area : (g,) int64
        The area each grid lies in.
    low, high : (g, m) float64
        The range of each measure that was asked for.
    load : (g, m) float64
        What each grid weighs.
    border_m, cost_m : float
        Border between grids, plain and weighted.
    in_range : (g,) bool
        Whether a grid is within the ranges asked for (a cell heavier than a grid counts as one full grid).
    valid : bool
        Every grid is, and every cell within `reach_m` of the station of its grid.
    seconds : float
        Spent, as the budget counts.
    stopped : str
        ``"effort"``, ``"time"`` or ``"interrupt"``; ``"standing"`` for grids that nothing was searched for.
    findings : tuple of Finding
        What could not be met, and why.
    joined : Joined
        The borders that grids were made over, and the part of its area that each cell lies in.
    hopeless : (g, m) bool
        Measures that no cut of the grid's area brings into range in all grids. Where its weight alone tells so, even
        grids were aimed at.
    """

    membership: Int32Array
    area: IntArray
    low: FloatArray
    high: FloatArray
    load: FloatArray
    border_m: float
    cost_m: float
    in_range: BoolArray
    valid: bool
    seconds: float
    stopped: str
    findings: tuple[Finding, ...]
    joined: Joined
    hopeless: BoolArray


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


@dataclass(frozen=True, eq=False)
class Solved:
    """One area: its instance, what the search ended with, the grid of each of its cells, and what is known of it."""

    instance: AreaInstance
    outcome: Outcome
    part: Int32Array
    verdict: Verdict | None = None
    exact: Exact | None = None

    @property
    def valid(self) -> bool:
        """Whether every grid is in the range asked for."""
        return not self.instance.unmet and not bool(self.outcome.outside.any())


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


def assembled(problem: Problem, joined: Joined, areas: list[IntArray], done: list[Solved], budget: Budget) -> Balanced:
    """Return the areas' grids as one layer, numbered through."""
    membership = np.full(len(problem.graph), -1, np.int32)
    numbers: list[IntArray] = []
    used = 0
    for rows, solved in zip(areas, done, strict=True):
        own = solved.instance.numbers
        numbers.append(np.arange(used, used + solved.instance.grids) if own is None else own)
        used += solved.instance.grids
        membership[rows] = numbers[-1][solved.part]
    order = np.concatenate(numbers)
    # Existing grids keep their numbers as long as these are without gaps.
    rank = np.unique(order, return_inverse=True)[1].ravel()
    inverse = np.argsort(rank, kind="stable")
    membership = np.searchsorted(np.sort(order), membership).astype(np.int32)
    low = np.concatenate([solved.instance.low for solved in done])[inverse]
    high = np.concatenate([solved.instance.high for solved in done])[inverse]
    area = np.concatenate(
        [np.full(s.instance.grids, int(problem.area[rows[0]])) for rows, s in zip(areas, done, strict=True)]
    )[inverse]
    load: FloatArray = np.column_stack(
        [np.bincount(membership, weights=m.values, minlength=len(order)) for m in problem.measures]
    )
    border, cost = problem.graph.border_m(membership)
    findings = [*joined.findings]
    for solved in done:
        findings += solved.instance.findings
    findings += heavier_than_elsewhere(problem, len(order), findings)
    hopeless = np.zeros(load.shape, bool)
    for rows, solved in zip(areas, done, strict=True):
        name, grids, verdict = part_name(problem, joined, int(rows[0])), np.unique(membership[rows]), solved.verdict
        if verdict is not None:
            findings.append(cannot_be_met(problem, name, rows, solved.instance, solved.part, verdict))
            hopeless[grids, slice(None) if verdict.measure is None else verdict.measure] = True
        for j in solved.instance.unmet:
            hopeless[grids, j] = True
            if verdict is None or verdict.measure != j:
                asked = float(solved.instance.low[0, j]), float(solved.instance.high[0, j])
                findings.append(has_no_cut(problem, name, rows, j, asked, load[grids, j]))
        if solved.exact is not None:
            findings.append(as_short_as_can_be(problem, name, rows, solved.exact))
    findings += not_apart(problem, joined, membership)
    seconds = [solved.outcome.seconds for solved in done]
    stops = {solved.outcome.stopped for solved in done}
    stopped = next((stop for stop in ("interrupt", "time") if stop in stops), "effort")
    spent = seconds[0] if len(done) == 1 else sum(seconds) / budget.workers
    in_range = np.concatenate([_in_range(problem, rows, one) for rows, one in zip(areas, done, strict=True)])[inverse]
    valid = bool(in_range.all()) and not problem.beyond_reach(membership).any()
    return Balanced(
        membership,
        area,
        low,
        high,
        load,
        border,
        cost,
        in_range,
        valid,
        spent,
        stopped,
        tuple(findings),
        joined,
        hopeless,
    )


def _in_range(problem: Problem, rows: IntArray, solved: Solved) -> BoolArray:
    """Return (grids,) whether a grid is within its ranges, as the search counts; where that aimed elsewhere, as they were asked for."""
    made, limits = solved.instance, solved.instance.instance.limits
    load = loads_of(made.instance.net.weight, solved.outcome.part, made.grids)
    out = (load < limits.low) | (load > limits.high)
    for j in made.unmet:
        weight = np.bincount(solved.part, weights=problem.measures[j].values[rows], minlength=made.grids)
        out[:, j] = (weight < made.low[:, j]) | (weight > made.high[:, j])
    return np.asarray(~out.any(axis=1), np.bool_)
