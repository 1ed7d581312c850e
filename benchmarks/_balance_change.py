"""T5: one quarter of the town grows by half. What must change its grid, and what a cut from scratch would change.

The town is quartered twice, at the medians of the blocks' positions and through the middle of its bounding box; all
eight quarters are run, each from the same grids of T2. People count with their new number, everywhere. Re-cuts are
named by the matching that keeps most people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._balance_peers import absent, metis
from geogrid.partition.balance import Budget, Measure, Problem, balance, rebalance
from geogrid.partition.balance.rebalance import matched

TOLERANCES = (0.30, 0.25, 0.20, 0.15, 0.10, 0.07, 0.05)
LEAST_PEOPLE = 3000.0
"""What a mean block kept is worth in metres of border where people count and borders hardly do."""


BOUND_S = 60.0
"""How long the bound of flows between grids that touch is raised, on two cores, by the clock."""


def quarters(xy: Any) -> dict[str, Any]:
    """Return (n,) bool for each quarter, cut at the medians and through the middle of the bounding box."""
    result = {}
    for how, (x, y) in (("medians", np.median(xy, axis=0)), ("box", (xy.min(axis=0) + xy.max(axis=0)) / 2)):
        east, north = xy[:, 0] > x, xy[:, 1] > y
        for name, inside in (
            ("NE", east & north),
            ("NW", ~east & north),
            ("SE", east & ~north),
            ("SW", ~east & ~north),
        ):
            result[f"{name}, {how}"] = inside
    return result


def regrown(city: Any, before: Any, judged: Callable[..., Any], *, seconds: float = 25.0) -> None:
    """Print what ±5 % moves in each quarter, against re-cuts and bounds."""
    area = np.zeros(len(city.graph), np.int64)
    print(
        "\n| T5: grows by half | of the people | moved | engine re-cut, mean of 3 | METIS re-cut | of the engine's | of METIS' | relocated "
        "| bound, between grids that touch | bound, any shapes | border km | valid | s | bar: a quarter |"
    )
    print("|" + "---|" * 14, flush=True)
    for name, inside in quarters(city.graph.xy).items():
        people = city.people * np.where(inside, 1.5, 1.0)
        fresh = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), count=80)
        # What a re-cut moves is a lottery: the mean of some.
        cuts = [balance(fresh, seed=seed, budget=Budget(effort=1e9, seconds=5, workers=2)) for seed in (1, 2, 3)]
        afresh = cuts[0]
        recut = float(np.mean([_moved(before, cut.membership, people) for cut in cuts]))
        part = _metis(city, people)
        other = None if part is None else _moved(before, part, people)
        problem = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), start=before)
        front = rebalance(
            problem, tolerances=(0.05,), keep=LEAST_PEOPLE, bound_seconds=BOUND_S,
            budget=Budget(effort=1e9, seconds=seconds, workers=2),
        )  # fmt: skip
        step = next(step for step in front.steps if np.isfinite(step.tolerance))
        ruler = judged("T5", "geogrid", city.graph, people, step.result.membership, 0.05, step.result.seconds, 0.0)
        valid = step.valid and ruler.grids_off == 0 and ruler.torn == 0
        bar = "reached" if valid and step.moved <= recut / 4 else "MISSED"
        if bar == "MISSED" and (step.least_touching or 0.0) > recut / 4:
            bar = "missed; proved: only grids that reach out between two others could meet it"
        print(
            f"| {name} | {city.people[inside].sum() / city.people.sum():.1%} | {step.moved:,.0f} | {recut:,.0f} "
            f"| {'' if other is None else f'{other:,.0f}'} | {step.moved / recut:.1%} "
            f"| {'' if other is None else f'{step.moved / other:.1%}'} | {len(step.relocated)} grids | {step.least_touching:,.0f} "
            f"| {step.least:,.0f} | {step.border_m / 1000:.1f} (re-cut {afresh.border_m / 1000:.1f}) | {valid} "
            f"| {step.result.seconds:.0f} | ≤ {recut / 4:,.0f} {bar} |",
            flush=True,
        )


def fronts(city: Any, before: Any, judged: Callable[..., Any], *, seconds: float = 4.0) -> None:
    """Print the whole front of the first quarter: people first, borders too, and with every grid in its place."""
    name, inside = next(iter(quarters(city.graph.xy).items()))
    people = city.people * np.where(inside, 1.5, 1.0)
    area = np.zeros(len(people), np.int64)
    problem = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), start=before)
    print(f"\n| T5 front, {name} | asked | worst | people moved | relocated | border km | valid | on the front |")
    print("|---|---|---|---|---|---|---|---|")
    for how, keep, relocate, tolerances in (
        ("people first", LEAST_PEOPLE, True, TOLERANCES),
        ("borders count", 300.0, True, TOLERANCES[1::2]),
        ("every grid keeps its place", LEAST_PEOPLE, False, TOLERANCES[1::2]),
    ):
        budget = Budget(effort=1e9, seconds=seconds, workers=2)
        front = rebalance(problem, tolerances=tolerances, keep=keep, relocate=relocate, budget=budget)
        for step in front.steps:
            if np.isinf(step.tolerance):
                asked, valid = "as it is", step.valid
            else:
                asked = f"±{step.tolerance:.0%}"
                ruler = judged("T5", how, city.graph, people, step.result.membership, step.tolerance, 0.0, 0.0)
                valid = step.valid and ruler.grids_off == 0 and ruler.torn == 0
            print(
                f"| {how} | {asked} | {step.worst:.1%} | {step.moved:,.0f} | {len(step.relocated)} "
                f"| {step.border_m / 1000:.1f} | {valid} | {step.on_front} |",
                flush=True,
            )


def _moved(before: Any, part: Any, people: Any) -> float:
    return float(people[matched(before, part, people) != before].sum())


def _metis(city: Any, people: Any) -> Any:
    if absent("pymetis"):
        return None
    values = np.minimum(people, people.sum() / 80).astype(np.int64)
    cost = np.maximum(np.rint(city.graph.cost_m), 1).astype(np.int64)
    return np.asarray(list(metis(city, city.graph, values, cost, 80))[-1][0], np.int32)
