"""What is told of an area: that no cut of it can be in range, that cells are not apart, that its borders are shortest."""

from __future__ import annotations

import numpy as np

from geogrid.partition.balance.amounts import ranged, spelled
from geogrid.partition.balance.exact import Exact
from geogrid.partition.balance.instances import AreaInstance
from geogrid.partition.balance.islands import Joined
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.unmet import spelled_loads
from geogrid.partition.balance.verdict import Verdict
from geogrid.types import Finding, Int32Array, IntArray

__all__ = ["as_short_as_can_be", "cannot_be_met", "not_apart", "part_name"]


def part_name(problem: Problem, joined: Joined, cell: int) -> str:
    """Return the name of the area that holds a cell, or what part of it if that stands alone."""
    name, row = problem.area_names[int(problem.area[cell])], int(joined.area[cell])
    if not joined.cut_off[row]:
        return name
    first = problem.graph.codes[np.flatnonzero(joined.area == row)[0]]
    return f"the part of {name} with {first} ({joined.cut_off[row]})"


def cannot_be_met(
    problem: Problem, name: str, rows: IntArray, made: AreaInstance, part: Int32Array, verdict: Verdict
) -> Finding:
    """Return that an area's grids are out of range, why, and what comes nearest, for the measure it hangs on."""
    asked, nearest, off = [], [], 0.0
    for j in range(len(problem.measures)) if verdict.measure is None else [verdict.measure]:
        measure = problem.measures[j]
        loads = np.bincount(part, weights=measure.values[rows], minlength=made.grids).astype(np.float64)
        low, high = float(made.low[:, j].min()), float(made.high[:, j].max())
        asked.append(
            f"{measure.name} {spelled(loads.sum())} for {made.grids} grid{'s' * (made.grids > 1)} of {ranged(low, high)}"
        )
        nearest.append(("" if verdict.measure is not None or len(problem.measures) == 1 else f"{measure.name} ") + (
            spelled_loads(loads)
        ))  # fmt: skip
        if j == 0 or verdict.measure is not None:
            off = float(np.maximum(loads - made.high[:, j], made.low[:, j] - loads).clip(0).sum())
    as_one = " (cells that stay together counted as one)" * (
        verdict.amount is None and int(made.node.max()) + 1 < len(rows)
    )
    said = (
        f"{name} has {len(rows)} cell{'s' * (len(rows) > 1)} and {' and '.join(asked)}: {verdict.why}{as_one}; "
        f"the nearest found are {'; '.join(nearest)}"
    )
    # What hangs on certain cells names them; else the first cell leads to the area.
    named = rows[np.isin(made.node, verdict.cells)] if verdict.cells else rows[:1]
    codes = tuple(str(code) for code in problem.graph.codes[named])
    return Finding("area_can_be_met", said, codes, amount=off if verdict.amount is None else verdict.amount)


def not_apart(problem: Problem, joined: Joined, membership: Int32Array) -> list[Finding]:
    """Return a finding for each two cells that must be apart and are not."""
    found = []
    for pair in problem.apart:
        if membership[pair[0]] != membership[pair[1]]:
            continue
        alone = len(np.unique(membership[joined.area == joined.area[pair[0]]])) == 1
        why = f"{part_name(problem, joined, pair[0])} has one grid" if alone else "no grids were found that part them"
        codes = tuple(str(problem.graph.codes[cell]) for cell in pair)
        found.append(Finding("kept_apart", f"cells that must be apart are in one grid: {why}", codes))
    return found


def as_short_as_can_be(problem: Problem, name: str, rows: IntArray, exact: Exact) -> Finding:
    """Return what HiGHS has proved of the border of an area."""
    proof = "no grids in range have less" if exact.proved else (
        f"none in range have less than {exact.bound_mm / 1000:,.0f} m (a gap of {exact.gap:.1%} after {exact.seconds:.0f} s)"
    )  # fmt: skip
    said = f"{name}: {exact.cost_mm / 1000:,.0f} m of weighted border between its grids; proved by HiGHS: {proof}"
    return Finding(
        "border_is_shortest", said, (str(problem.graph.codes[rows[0]]),), amount=exact.cost_mm / 1000, unit="m"
    )
