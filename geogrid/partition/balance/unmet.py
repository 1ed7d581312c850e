"""What to say of cells and areas that fit no grid."""

from __future__ import annotations

import numpy as np

from geogrid.partition.balance.amounts import spelled
from geogrid.partition.balance.counts import capped_target
from geogrid.partition.balance.problem import Problem
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["has_no_cut", "heavier_than_a_grid", "heavier_than_elsewhere", "spelled_loads"]

_SHOWN = 20
"""Loads named at each end where an area has many grids."""


def heavier_than_a_grid(problem: Problem, j: int, cell: int, most: float) -> Finding:
    """Return that a cell weighs more in measure `j` than the `most` that a grid may hold."""
    measure, name = problem.measures[j], problem.area_names[int(problem.area[cell])]
    weight = float(measure.values[cell])
    said = (
        f"{measure.name} {spelled(weight)} in {name} is more than a grid may hold ({spelled(most)}); "
        f"the cell counts as one full grid"
    )
    return Finding("cell_fits_a_grid", said, (str(problem.graph.codes[cell]),), amount=weight)


def heavier_than_elsewhere(problem: Problem, grids: int, known: list[Finding]) -> list[Finding]:
    """Return the cells that are heavier than a grid of the place, though not of their own area."""
    measure = problem.measures[0]
    if measure.is_range or problem.target is not None or problem.counts or problem.capacity is not None:
        return []
    named = {code for finding in known if finding.rule == "cell_fits_a_grid" for code in finding.subjects}
    target, heavy = capped_target(measure.values, grids, measure.spread)
    most = measure.around(target)[1]
    cells = [cell for cell in heavy.tolist() if str(problem.graph.codes[cell]) not in named]
    return [heavier_than_a_grid(problem, 0, cell, most) for cell in cells]


def has_no_cut(
    problem: Problem, name: str, rows: IntArray, j: int, asked: tuple[float, float], loads: FloatArray
) -> Finding:
    """Return that an area weighs too much or too little for its grids, whatever the cut, and by how much.

    Parameters
    ----------
    name : str
        What the area is called.
    rows : (c,) int64
        Its cells.
    j : int
        The measure.
    asked : (float, float)
        What a grid should weigh.
    loads : (k,) float64
        What the grids found weigh.
    """
    measure, (low, high), grids = problem.measures[j], asked, len(loads)
    values = measure.values[rows]
    heavy = values > high * (1 + 1e-12)
    over = float(values[~heavy].sum()) > high * (grids - int(heavy.sum()))
    weight = float(np.where(heavy, high if over else low, values).sum())
    full = problem.target if j == 0 and problem.target is not None else high if np.isfinite(high) else low
    beyond = f"outside {spelled(low)} to {spelled(high)}" if np.isfinite(high) else f"below {spelled(low)}"
    said = (
        f"{name} weighs {weight / full:.2f} of a grid and has {grids}: "
        f"{measure.name} {spelled(weight / grids)} a grid, {beyond} whatever the cut; found: {spelled_loads(loads)}"
    )
    return Finding("area_can_be_met", said, (str(problem.graph.codes[rows[0]]),), amount=weight / full)


def spelled_loads(loads: FloatArray) -> str:
    """Return what grids weigh, from light to heavy; of many the ends."""
    shown = [spelled(load) for load in sorted(loads.tolist())]
    return ", ".join(shown if len(shown) <= 2 * _SHOWN else [*shown[:_SHOWN], "…", *shown[-_SHOWN:]])
