"""Reasons: what each grid is like, and why it is out of tolerance if it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.lattice import LatticePolygons, perimeter_m
from geogrid.lattice import area_m2 as areas_of
from geogrid.partition.balance.amounts import spelled
from geogrid.partition.balance.counts import capped_target
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.solving import Balanced
from geogrid.partition.division import dissolve
from geogrid.partition.measures import area_to_hull
from geogrid.types import BoolArray, Finding, FloatArray, IntArray

__all__ = ["GridReasons", "area_findings", "explain", "reach_findings"]


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
        for j, measure in enumerate(problem.measures):
            word = "weight" if j == 0 else f"weight_{measure.name}"
            columns[word] = self.weight[:, j]
            columns[word.replace("weight", "deviation", 1)] = self.deviation[:, j]
        columns |= {
            "polsby_popper": self.polsby_popper, "area_to_hull": self.area_to_hull, "farthest_m": self.farthest_m,
            "border_m": self.border_m, "seam_share": self.seam_share, "in_range": self.in_range,
            "why": np.array(self.why, dtype=object),
        }  # fmt: skip
        return columns


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
    why = tuple(_why(problem, done, grid) for grid in range(grids))
    return GridReasons(
        done.load, deviation, 4 * np.pi * area / np.maximum(outline, 1e-9) ** 2, hull, farthest,
        border, along / np.maximum(border, 1e-9), done.in_range, why,
    )  # fmt: skip


def _why(problem: Problem, done: Balanced, grid: int) -> str:
    """Return why a grid is out of its range, "" if it is not."""
    said = []
    for j, measure in enumerate(problem.measures):
        load, low, high = done.load[grid, j], done.low[grid, j], done.high[grid, j]
        whole = bool((measure.values == np.rint(measure.values)).all())
        slack = 1.0 - 1e-9 if whole and not measure.is_range else 1e-9 * max(abs(high), 1.0)
        if low - slack <= load <= high + slack:
            continue
        cells = np.flatnonzero(done.membership == grid)
        heaviest = cells[np.argmax(measure.values[cells])]
        over = load > high
        words = f"{measure.name} {spelled(load)}, {'over' if over else 'under'} {spelled(high if over else low)}: "
        if measure.values[heaviest] > high:
            words += f"cell {problem.graph.codes[heaviest]} alone weighs {spelled(measure.values[heaviest])}"
        elif int((done.area == done.area[grid]).sum()) == 1:
            name = problem.area_names[int(done.area[grid])]
            words += f"{name} has this one grid, and no other grid of the area to share with"
        elif over and len(cells) == 1:
            words += "a single cell cannot be divided"
        elif done.stopped == "time":
            words += "the search ended by its time limit; give it more time or a wider tolerance"
        elif done.stopped == "interrupt":
            words += "the search was interrupted"
        else:
            words += "no exchange of cells with its neighbours was found that meets it"
        said.append(words)
    return "; ".join(said)


def area_findings(problem: Problem, done: Balanced) -> tuple[Finding, ...]:
    """Return which areas cannot be met by any grids, and by how much.

    An area of weight W in k grids has grids of W / k on average. Where that is outside the tolerance
    around the place's own target, no cut of the area helps. A cell too heavy for a grid counts as one full grid.
    """
    measure = problem.measures[0]
    values = measure.values
    grids: IntArray = np.bincount(done.area, minlength=len(problem.area_names))
    if measure.is_range:
        low, high = float(measure.low or 0.0), float(measure.high or np.inf)
        target = high
    else:
        tolerance = float(measure.tolerance or 0.0)
        target = problem.target or capped_target(values, len(done.area), tolerance)[0]
        low, high = target * (1 - tolerance), target * (1 + tolerance)
    lightest, heaviest = (
        np.bincount(
            problem.area, weights=np.where(values > high, min(full, high), values), minlength=len(problem.area_names)
        )
        for full in (low, high)
    )
    found = []
    for row in np.flatnonzero(grids).tolist():
        below = heaviest[row] / grids[row] < low - 1e-9
        if target <= 0 or not (below or lightest[row] / grids[row] > high * (1 + 1e-12)):
            continue
        weight = (heaviest if below else lightest)[row]
        mean = weight / grids[row]
        if problem.counts and not measure.is_range:
            continue
        weighs = weight / target
        said = (
            f"{problem.area_names[row]} weighs {weighs:.2f} of a grid and has {grids[row]}: "
            f"{measure.name} {spelled(mean)} a grid, outside {spelled(low)} to {spelled(high)} whatever the cut"
        )
        codes = problem.graph.codes[np.flatnonzero(problem.area == row)[:1]]
        found.append(Finding("area_can_be_met", said, tuple(str(code) for code in codes), amount=float(weighs)))
    return tuple(found)


def reach_findings(problem: Problem, done: Balanced) -> tuple[Finding, ...]:
    """Return which cells are farther from the station of their grid than `reach_m`, one finding a grid."""
    if problem.stations is None or not np.isfinite(problem.reach_m):
        return ()
    away = np.hypot(*(problem.graph.xy - problem.stations[done.membership]).T)
    found = []
    for grid in np.unique(done.membership[away > problem.reach_m]).tolist():
        cells = np.flatnonzero((done.membership == grid) & (away > problem.reach_m))
        codes = tuple(str(code) for code in problem.graph.codes[cells[:10]])
        every = np.hypot(*(problem.graph.xy[cells][:, None] - problem.stations[None]).transpose(2, 0, 1)).min(axis=1)
        lost = int((every > problem.reach_m).sum())
        said = (
            f"{len(cells)} cell(s) are farther than {problem.reach_m:,.0f} m from station {grid + 1}, the farthest "
            f"{away[cells].max():,.0f} m ({codes[0]}); {lost} of them reach no station within that"
        )
        found.append(Finding("station_in_reach", said, codes, amount=float(away[cells].max()), unit="m"))
    return tuple(found)
