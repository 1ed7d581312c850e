"""T5: one quarter of the town grows by half. What must change its grid, and what a cut from scratch would change.

The town is quartered at the medians of the blocks' positions; all four quarters are run, each from the same grids of T2.
People count with their new number, everywhere. Re-cuts are named by the matching that keeps most people.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._balance_peers import absent, metis
from geogrid.partition.balance import Budget, Measure, Problem, balance, rebalance
from geogrid.partition.balance.rebalance import matched

TOLERANCES = (0.30, 0.25, 0.20, 0.15, 0.10, 0.07, 0.05)


def quarters(xy: Any) -> dict[str, Any]:
    """Return (n,) bool for each quarter, cut at the medians."""
    east, north = (xy > np.median(xy, axis=0)).T
    return {
        "north-east": east & north,
        "north-west": ~east & north,
        "south-east": east & ~north,
        "south-west": ~east & ~north,
    }


def regrown(city: Any, before: Any, *, seconds: float = 30.0) -> None:
    """Print what ±5 % moves in each quarter, against re-cuts and bounds; then the whole front of the first quarter."""
    area = np.zeros(len(city.graph), np.int64)
    print(
        "\n| T5: grows by half | who | people moved | of the re-cut | relocated | border km | valid | s | bar: a quarter |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name, inside in quarters(city.graph.xy).items():
        people = city.people * np.where(inside, 1.5, 1.0)
        problem = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), start=before)
        fresh = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), count=80)
        afresh = balance(fresh, budget=Budget(effort=1e9, seconds=5, workers=2))
        recut = _moved(before, afresh.membership, people)
        print(
            f"| {name} | re-cut, matched | {recut:,.0f} | 100% | | {afresh.border_m / 1000:.1f} | {afresh.valid} | {afresh.seconds:.0f} | |"
        )
        part = _metis(city, people)
        if part is not None:
            moved = _moved(before, part, people)
            border = city.graph.border_m(part)[0] / 1000
            print(f"| {name} | METIS re-cut, matched | {moved:,.0f} | {moved / recut:.0%} | | {border:.1f} | | | |")
        for keep in (150.0, 700.0):
            front = rebalance(
                problem, tolerances=(0.05,), keep=keep, bound_seconds=20.0 if keep == 150 else 0.0,
                budget=Budget(effort=1e9, seconds=seconds, workers=2),
            )  # fmt: skip
            step = max(front.steps, key=lambda step: step.moved)
            bar = "reached" if step.valid and step.moved <= recut / 4 else "MISSED"
            print(
                f"| {name} | geogrid, a mean block kept for {keep:g} m | {step.moved:,.0f} | {step.moved / recut:.1%} "
                f"| {len(step.relocated)} grids | {step.border_m / 1000:.1f} | {step.valid} | {step.result.seconds:.0f} "
                f"| ≤ {recut / 4:,.0f} {bar} |",
                flush=True,
            )
            if step.least_touching is not None:
                bound = step.least_touching
                print(
                    f"| {name} | none less by load that passes between grids that touch | {bound:,.0f} | {bound / recut:.1%} | | | | | |"
                )
                print(
                    f"| {name} | none less at all, whatever the shapes | {step.least:,.0f} | {step.least / recut:.1%} | | | | | |",
                    flush=True,
                )


def fronts(city: Any, before: Any, *, seconds: float = 5.0) -> None:
    """Print the whole front of the first quarter, with and without relocation."""
    name, inside = next(iter(quarters(city.graph.xy).items()))
    people = city.people * np.where(inside, 1.5, 1.0)
    area = np.zeros(len(people), np.int64)
    problem = Problem(city.graph, (Measure("people", people, 0.05),), area, ("Baltimore",), start=before)
    print(f"\n| T5 front, {name} | asked | worst | people moved | relocated | border km | valid | on the front |")
    print("|---|---|---|---|---|---|---|---|")
    for relocate in (True, False):
        front = rebalance(
            problem, tolerances=TOLERANCES, relocate=relocate, budget=Budget(effort=1e9, seconds=seconds, workers=2)
        )
        for step in front.steps:
            asked = "as it is" if np.isinf(step.tolerance) else f"±{step.tolerance:.0%}"
            how = "grids relocated" if relocate else "every grid keeps its place"
            print(
                f"| {how} | {asked} | {step.worst:.1%} | {step.moved:,.0f} | {len(step.relocated)} "
                f"| {step.border_m / 1000:.1f} | {step.valid} | {step.on_front} |",
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
