"""Reasons: what each grid is like, and why it is out of tolerance if it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.lattice import LatticePolygons, perimeter_m
from geogrid.lattice import area_m2 as areas_of
from geogrid.partition.balance.amounts import spelled
from geogrid.partition.balance.area_reasons import part_name
from geogrid.partition.balance.assembling import Balanced
from geogrid.partition.balance.counts import capped_target
from geogrid.partition.balance.obstacles import Obstacles
from geogrid.partition.balance.problem import Measure, Problem
from geogrid.partition.division import dissolve
from geogrid.partition.measures import area_to_hull
from geogrid.types import BoolArray, Finding, FloatArray, IntArray

__all__ = [
    "Figures", "GridReasons", "area_findings", "explain", "figures_of", "findings_of", "out_of_range", "reach_findings",
    "weight_columns",
]  # fmt: skip


_ALWAYS = frozenset(
    {
        "weight", "deviation", "polsby_popper", "area_to_hull", "farthest_m", "border_m", "seam_share", "in_range", "why",
    }
)  # fmt: skip
"""Columns of every layer in balance; further weights bring columns of their own."""


@dataclass(frozen=True, eq=False)
class GridReasons:
    """One row for each of g grids.

    Parameters
    ----------
    weight : (g, m) float64
        Of each measure.
    deviation : (g, m) float64
        Share by which it differs from the middle of its range.
    polsby_popper, area_to_hull : (g,) float64
    farthest_m : (g,) float64
        From the station, or from the middle of the grid, to its farthest cell.
    border_m, seam_share : (g,) float64
        Border with other grids, and the share of it that runs along seams.
    in_range : (g,) bool
        Whether the grid is within its ranges; a cell heavier than a grid counts as one full grid.
    why : tuple of str
        Why the grid is out of its range; "" if it is not.
    """

    weight: FloatArray
    deviation: FloatArray
    polsby_popper: FloatArray
    area_to_hull: FloatArray
    farthest_m: FloatArray
    border_m: FloatArray
    seam_share: FloatArray
    in_range: BoolArray
    why: tuple[str, ...]

    def attributes(self, problem: Problem) -> dict[str, object]:
        """Return the columns a layer keeps."""
        columns: dict[str, object] = {}
        for j, word in enumerate(weight_columns(problem)):
            columns[word] = self.weight[:, j]
            columns[word.replace("weight", "deviation", 1)] = self.deviation[:, j]
        columns |= {
            "polsby_popper": self.polsby_popper, "area_to_hull": self.area_to_hull, "farthest_m": self.farthest_m,
            "border_m": self.border_m, "seam_share": self.seam_share, "in_range": self.in_range,
            "why": np.array(self.why, dtype=object),
        }  # fmt: skip
        return columns

    @staticmethod
    def holds(column: str) -> bool:
        """Return whether a column is one of those that `attributes` gives."""
        return column in _ALWAYS or column.partition("_")[0] in ("weight", "deviation")

    @staticmethod
    def are_in(columns: Collection[str]) -> bool:
        """Return whether a layer with these columns has what `attributes` gives."""
        return set(columns) >= _ALWAYS


def weight_columns(problem: Problem) -> list[str]:
    """Return what the column of each weight is called."""
    return ["weight" if j == 0 else f"weight_{measure.name}" for j, measure in enumerate(problem.measures)]


@dataclass(frozen=True, eq=False)
class Figures:
    """What a layer keeps of its grids.

    Parameters
    ----------
    attributes : dict of str to (g,) array
    findings : tuple of Finding
    """

    attributes: dict[str, npt.NDArray[Any]]
    findings: tuple[Finding, ...]


def figures_of(
    problem: Problem,
    done: Balanced,
    cells: LatticePolygons,
    labels: Sequence[str],
    order: Sequence[int] | None = None,
) -> Figures:
    """Return the columns a layer keeps, and what was found of its grids.

    Parameters
    ----------
    problem : Problem
    done : Balanced
        g grids.
    cells : LatticePolygons
        The layer below.
    labels : (g,) str
        What each grid is called in a finding.
    order : (g,) int, optional
        The grids in the order of the columns; as they are numbered if left out.
    """
    reasons = explain(problem, done, cells)
    rows = list(range(len(done.area))) if order is None else list(order)
    off = [Finding("grid_in_tolerance", reasons.why[grid], (labels[grid],)) for grid in rows if reasons.why[grid]]
    attributes = {key: np.asarray(column)[rows] for key, column in reasons.attributes(problem).items()}
    return Figures(attributes, (*findings_of(problem, done), *off))


def explain(problem: Problem, done: Balanced, cells: LatticePolygons | None = None) -> GridReasons:
    """Return what each grid is like and why it is out of its range.

    Parameters
    ----------
    cells : LatticePolygons, optional
        The layer below, for the shapes; without it shape is measured from areas and borders alone and
        the hull is left out (NaN).
    """
    graph, member = problem.graph, done.membership
    grids = len(done.area)
    cut = member[graph.first] != member[graph.second]
    ends = np.concatenate([member[graph.first[cut]], member[graph.second[cut]]])

    def around(metres: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(ends, weights=np.tile(metres[cut], 2), minlength=grids), np.float64)

    border = around(graph.length_m)
    along = around(np.minimum(np.sum(list(graph.seam_m.values()), axis=0), graph.length_m)) if graph.seam_m else (
        np.zeros(grids)
    )  # fmt: skip
    area: FloatArray = np.bincount(member, weights=graph.area_m2, minlength=grids).astype(np.float64)
    outline = border + np.bincount(member, weights=graph.outline_m, minlength=grids)
    hull = np.full(grids, np.nan)
    if cells is not None:
        shapes = dissolve(cells, member, grids)
        outline, area, hull = perimeter_m(shapes), areas_of(shapes), area_to_hull(shapes)
    centre = np.column_stack(
        [np.bincount(member, weights=graph.area_m2 * graph.xy[:, c], minlength=grids) for c in (0, 1)]
    ) / np.bincount(member, weights=graph.area_m2, minlength=grids)[:, None]  # fmt: skip
    if problem.stations is not None and len(problem.stations) == grids:
        centre = problem.stations
    away = np.hypot(*(graph.xy - centre[member]).T)
    farthest = np.zeros(grids)
    np.maximum.at(farthest, member, away)
    middle = (done.low + np.where(np.isfinite(done.high), done.high, done.low)) / 2
    deviation = np.where(middle > 0, done.load / np.where(middle > 0, middle, 1.0) - 1, 0.0)
    # A whole city's exchanges are looked at only if some grid is out of range.
    obstacles = cache(lambda: Obstacles.of(problem, done))
    why = tuple(_why(problem, done, obstacles, grid) for grid in range(grids))
    return GridReasons(
        done.load, deviation, 4 * np.pi * area / np.maximum(outline, 1e-9) ** 2, hull, farthest,
        border, along / np.maximum(border, 1e-9), done.in_range, why,
    )  # fmt: skip


def _why(problem: Problem, done: Balanced, obstacles: Callable[[], Obstacles], grid: int) -> str:
    """Return why a grid is out of its range, "" if it is not."""
    said = []
    for j, measure in enumerate(problem.measures):
        load, low, high = done.load[grid, j], done.low[grid, j], done.high[grid, j]
        if not _off(measure, load, low, high):
            continue
        cells = np.flatnonzero(done.membership == grid)
        heaviest = cells[np.argmax(measure.values[cells])]
        over = load > high
        name = part_name(problem, done.joined, int(cells[0]))
        none_left, forbidden = obstacles().against(grid, gains=not over)
        words = f"{measure.name} {spelled(load)}, {'over' if over else 'under'} {spelled(high if over else low)}: "
        if measure.values[heaviest] > high:
            words += f"cell {problem.graph.codes[heaviest]} alone weighs {spelled(measure.values[heaviest])}"
        elif (done.membership[done.joined.area == done.joined.area[cells[0]]] == grid).all():
            words += f"{name} has this one grid, and no other to share with"
        elif done.hopeless[grid, j]:
            words += f"no cut of {name} meets it in all grids" + f"; {forbidden}" * none_left
        elif over and len(cells) == 1:
            words += "a single cell cannot be divided"
        elif none_left:
            words += forbidden
        elif done.stopped == "standing":
            words += "its cells are as they were, and no others were searched for"
        else:
            if done.stopped == "time":
                words += "the search ended by its time limit; give it more time or a wider tolerance"
            elif done.stopped == "interrupt":
                words += "the search was interrupted"
            else:
                words += "no exchange of cells with its neighbours was found that meets it"
            words += f"; {forbidden}" * bool(forbidden)
        said.append(words)
    return "; ".join(said)


def _off(measure: Measure, load: float, low: float, high: float) -> float:
    """Return by how much a grid is over its range, or under it (negative); 0 if it is in it, as far as whole units allow."""
    slack = 1e-9 * max(high if np.isfinite(high) else low, 1.0)
    least, most = low - slack, high + slack
    if bool((measure.values == np.rint(measure.values)).all()) and np.ceil(low - 1e-6) > np.floor(high + 1e-6):
        # No whole number lies in the range: as near as whole units allow is in it.
        least, most = np.floor(low), np.ceil(high)
    return float(load - high if load > most else load - low if load < least else 0.0)


def out_of_range(problem: Problem, done: Balanced) -> list[tuple[int, str, float, float]]:
    """Return grid, weight, amount and by how much that is over (or, negative, under) its range; the farthest first."""
    found = []
    for j, measure in enumerate(problem.measures):
        for grid, (load, low, high) in enumerate(
            zip(done.load[:, j].tolist(), done.low[:, j].tolist(), done.high[:, j].tolist(), strict=True)
        ):
            if by := _off(measure, load, low, high):
                found.append((abs(by) / max(high if np.isfinite(high) else low, 1e-300), grid, measure.name, load, by))
    return [row[1:] for row in sorted(found, key=lambda row: (-row[0], row[1], row[2]))]


def findings_of(problem: Problem, done: Balanced) -> tuple[Finding, ...]:
    """Return all that is to be said of a layer: what `balance` found, areas unlike the others, cells out of reach."""
    return (*done.findings, *area_findings(problem, done), *reach_findings(problem, done))


def area_findings(problem: Problem, done: Balanced) -> tuple[Finding, ...]:
    """Return which areas (or parts that stand alone) have lighter or heavier grids than the place, and by how much.

    An area of weight W in k grids has grids of W / k on average. Where only the number of grids is given, they are
    balanced around that; if it is outside the tolerance around the place's own target, no cut of the area helps. A cell too
    heavy for a grid counts as one full grid. What a range or a target cannot be met by is among the findings of `done`.
    """
    measure = problem.measures[0]
    if measure.is_range or problem.target is not None or problem.counts or problem.capacity is not None:
        return ()
    part, parts = done.joined.area, len(done.joined.origin)
    part_of_grid = np.zeros(len(done.area), np.int64)
    part_of_grid[done.membership] = part
    grids: IntArray = np.bincount(part_of_grid, minlength=parts)
    target, heavy = capped_target(measure.values, len(done.area), measure.spread)
    low, high = measure.around(target)
    counted = measure.values.copy()
    counted[heavy] = 0.0
    light = np.bincount(part, weights=counted, minlength=parts)
    alone = np.bincount(part[heavy], minlength=parts)
    found = []
    for row in np.flatnonzero(grids).tolist():
        below = light[row] + alone[row] * high < low * grids[row] - 1e-9
        above = light[row] + alone[row] * low > high * grids[row] * (1 + 1e-12)
        if target <= 0 or not (below or above):
            continue
        weight = light[row] + alone[row] * (high if below else low)
        weighs, first = weight / target, int(np.flatnonzero(part == row)[0])
        said = (
            f"{part_name(problem, done.joined, first)} weighs {weighs:.2f} of a grid and has {grids[row]}: "
            f"{measure.name} {spelled(weight / grids[row])} a grid, outside {spelled(low)} to {spelled(high)} whatever the cut"
        )
        found.append(Finding("area_can_be_met", said, (str(problem.graph.codes[first]),), amount=float(weighs)))
    return tuple(found)


def reach_findings(problem: Problem, done: Balanced) -> tuple[Finding, ...]:
    """Return which cells are farther from the station of their grid than `reach_m`, one finding a grid."""
    beyond = problem.beyond_reach(done.membership)
    if problem.stations is None or not beyond.any():
        return ()
    away = np.hypot(*(problem.graph.xy - problem.stations[done.membership]).T)
    found = []
    for grid in np.unique(done.membership[beyond]).tolist():
        cells = np.flatnonzero((done.membership == grid) & beyond)
        codes = tuple(str(code) for code in problem.graph.codes[cells[:10]])
        every = np.hypot(*(problem.graph.xy[cells][:, None] - problem.stations[None]).transpose(2, 0, 1)).min(axis=1)
        lost = int((every > problem.reach_m).sum())
        farthest = problem.graph.codes[cells[np.argmax(away[cells])]]
        said = (
            f"{len(cells)} cell(s) are farther than {problem.reach_m:,.0f} m from {problem.station_label(grid)}, the "
            f"farthest {away[cells].max():,.0f} m ({farthest}); {lost} of them reach no station within that"
        )
        found.append(Finding("station_in_reach", said, codes, amount=float(away[cells].max()), unit="m"))
    return tuple(found)
