"""What a planner asks for: measures to balance, how many grids, what must and must not happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, PlanError
from geogrid.partition.balance.graph import CellGraph
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Measure", "Problem", "measure_of"]


@dataclass(frozen=True, eq=False)
class Measure:
    """A weight to balance.

    Parameters
    ----------
    name : str
        ``"households"``, ``"reports"``, ``"area_m2"``, …
    values : (n,) float64, finite, not negative
    tolerance : float, optional
        Each grid within ±this share of the target.
    low, high : float, optional
        Instead: each grid between these amounts. The tolerance then says how even grids shall be where an area's weight
        fits no grids in the range; the width of the range says it if the tolerance is left out.
    """

    name: str
    values: FloatArray
    tolerance: float | None = 0.05
    low: float | None = None
    high: float | None = None

    @property
    def is_range(self) -> bool:
        """Whether it has a range instead of a tolerance."""
        return self.high is not None

    @property
    def spread(self) -> float:
        """The share by which grids may differ from their mean: the tolerance, or half the width of the range."""
        if self.tolerance is not None:
            return self.tolerance
        if self.high is None or not np.isfinite(self.high):
            return 1.0
        return (self.high - (self.low or 0.0)) / (self.high + (self.low or 0.0))

    def around(self, target: float) -> tuple[float, float]:
        """Return the least and the most within the tolerance of `target`."""
        return target * (1 - self.spread), target * (1 + self.spread)


def measure_of(
    name: str,
    values: Any,
    *,
    codes: npt.NDArray[np.object_],
    tolerance: float | None = None,
    low: float | None = None,
    high: float | None = None,
    missing: Literal["error", "zero"] = "error",
    what: str = "weight",
    of: str = "cell",
) -> Measure:
    """Return a measure from a column, checked.

    Parameters
    ----------
    values : (n,) numbers, or text that is a number
    missing : {"error", "zero"}
        What a missing value means.
    what, of : str
        What messages call the column, and what each value is of.

    Raises
    ------
    InputError
        If a value is text, missing, infinite or negative (its rows are named); if the tolerance or the range is
        not one.

    Examples
    --------
    >>> measure_of("people", ["3", 4], codes=np.array(["a", "b"], dtype=object), tolerance=0.1).values.tolist()
    [3.0, 4.0]
    """
    numbers, bad = np.full(len(values), np.nan), []
    for row, value in enumerate(values):
        try:
            numbers[row] = np.nan if value is None or value == "" else float(value)
        except (TypeError, ValueError):
            bad.append(row)

    def refuse(rows: IntArray, fault: str, given: str | None = None, mend: str | None = None) -> None:
        if len(rows):
            raise InputError(
                f"{what} {name!r} is {fault} for {len(rows)} {of}(s): {_named(codes, rows)}",
                given=str(values[rows[0]]) if given is None else given,
                allowed=f"a finite number, 0 or more, for every {of}", mend=mend,
            )  # fmt: skip

    refuse(np.array(bad, np.int64), "not a number")
    if missing == "zero":
        numbers = np.where(np.isnan(numbers), 0.0, numbers)
    mend = 'missing = "zero" counts them as 0' if what == "weight" else None
    refuse(np.flatnonzero(np.isnan(numbers)), "missing", "nothing", mend)
    refuse(np.flatnonzero(np.isinf(numbers)), "infinite", "infinity")
    refuse(np.flatnonzero(numbers < 0), "negative")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError("a tolerance is a share", given=tolerance, allowed="0 ≤ tolerance < 1", source=name)
    if high is None and low is None:
        return Measure(name, numbers, 0.05 if tolerance is None else tolerance)
    if high is None or not 0 <= (low or 0) <= high or high == 0:
        raise InputError(
            "not a range", given=f"{low} to {high}", allowed="0 ≤ weight_min ≤ weight_max, weight_max > 0", source=name
        )
    return Measure(name, numbers, tolerance, float(low or 0), float(high))


@dataclass(frozen=True, eq=False)
class Problem:
    """A whole layer to be put in balance.

    Parameters
    ----------
    graph : CellGraph, n cells
    measures : tuple of Measure
        The first is the primary one: it decides how many grids an area gets.
    area : (n,) int64
        The area that holds each cell; no grid reaches over an area's border.
    area_names : tuple of str
        Code and name of each area, for messages.
    count : int, optional
        Grids in all.
    counts : mapping of area row to int
        Grids of single areas, instead.
    target : float, optional
        The primary weight a grid should have, instead of a count. Each grid is to be within the tolerance of it.
    start : (n,) int32, optional
        Existing grids; -1 for a cell that has none.
    begin : (n,) int32, optional
        Where the search begins, in the numbers of `start`; `start` itself if left out.
    keep : float
        Metres of border that moving one mean cell out of its grid of `start` costs.
    moving : (n,) float64, optional
        What each cell counts in that; the primary weight if left out.
    locked_cells : (n,) bool, optional
        Cells that stay in their grid of `start`.
    locked_grids : tuple of int
        Grids of `start` that neither gain nor lose a cell.
    together : tuple of tuple of int
        Cells (rows) that share a grid.
    apart : tuple of (int, int)
        Cells that do not.
    stations : (k, 2) float64, optional
        Metres: each grid has one of these stations, in order; the station's cell is its seed. An area has as many
        grids as stations stand in it.
    station_cells : (k,) int64, optional
        The cell that each station stands in; the one with the nearest middle if left out or -1.
    station_names : tuple of str, optional
        Code and name of each station, for messages.
    capacity : (k,) float64, optional
        The most primary weight the grid of each station may hold, instead of a tolerance or range.
    pull_m : float
        Metres of border that a metre between a mean cell and its station costs.
    reach_m : float
        Cells do not join a grid whose station is farther.
    roundness_m : float
        Metres of border that one unit of shape (2 pi I / A², 1 for a disc) of a grid costs.
    islands : {"nearest", "alone"}, optional
        What becomes of cells that their area does not reach over borders: see `join_islands`.
    exact_seconds : float
        After the search HiGHS may take so long for each area of up to 80 cells to find the shortest borders and to prove it;
        0 for none. Areas with locks, existing grids, stations or a price of shape are left as the search found them.
    """

    graph: CellGraph
    measures: tuple[Measure, ...]
    area: IntArray
    area_names: tuple[str, ...]
    count: int | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    target: float | None = None
    start: Int32Array | None = None
    begin: Int32Array | None = None
    keep: float = 0.0
    moving: FloatArray | None = None
    locked_cells: BoolArray | None = None
    locked_grids: tuple[int, ...] = ()
    together: tuple[tuple[int, ...], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()
    stations: FloatArray | None = None
    station_cells: IntArray | None = None
    station_names: tuple[str, ...] | None = None
    capacity: FloatArray | None = None
    pull_m: float = 0.0
    reach_m: float = float("inf")
    roundness_m: float = 0.0
    islands: Literal["nearest", "alone"] | None = None
    exact_seconds: float = 0.0

    def beyond_reach(self, membership: Int32Array) -> BoolArray:
        """Return (n,) which cells are farther than `reach_m` from the station of their grid, given (n,) grids."""
        if self.stations is None or not np.isfinite(self.reach_m):
            return np.zeros(len(self.graph), bool)
        away: BoolArray = np.hypot(*(self.graph.xy - self.stations[membership]).T) > self.reach_m
        return away

    def station_label(self, row: int) -> str:
        """Return what messages call a station: its code and name, or its number."""
        return f"station {row + 1}" if self.station_names is None else self.station_names[row]

    def __post_init__(self) -> None:
        """Check that the demands do not contradict each other."""
        cells, codes = len(self.graph), self.graph.codes
        if not self.measures:
            raise PlanError("nothing to balance", allowed="at least one weight")
        for measure in self.measures:
            if measure.values.shape != (cells,):
                raise InputError(
                    f"weight {measure.name!r} has {len(measure.values)} values",
                    allowed=f"one for each of {cells} cells",
                )
        for word in ("keep", "pull_m", "roundness_m", "exact_seconds"):
            if not 0 <= getattr(self, word) < np.inf:
                raise InputError(f"{word} is an amount", given=getattr(self, word), allowed="0 or more")
        if not self.reach_m > 0:
            raise InputError("reach_m is a distance", given=self.reach_m, allowed="more than 0")
        if (self.locked_grids or (self.locked_cells is not None and self.locked_cells.any())) and self.start is None:
            raise PlanError("locks without existing grids", mend="give the grids that the locks refer to")
        if self.locked_cells is not None and self.start is not None:
            lost = np.flatnonzero(self.locked_cells & (self.start < 0))
            if len(lost):
                raise PlanError("locked cells that are in no grid", given=_named(codes, lost))
        _check_target(self)
        _check_areas(self)
        _check_pairs(self)
        count = self.count
        if count is not None and not 1 <= count <= cells:
            raise PlanError(
                "more grids than cells" if count > cells else "no grids", given=f"count = {count}",
                allowed=f"1 to {cells}", mend="lower count, or cut smaller cells",
            )  # fmt: skip


def _named(codes: npt.NDArray[np.object_], rows: Sequence[int] | IntArray) -> str:
    shown = ", ".join(str(codes[row]) for row in list(rows)[:10])
    return shown + (" …" if len(rows) > 10 else "")


def _check_target(problem: Problem) -> None:
    """Refuse a target that is none, or that something else contradicts."""
    if problem.target is None:
        return
    if not 0 < problem.target < np.inf:
        raise PlanError("the target weight must be positive", given=problem.target)
    if problem.count is not None or problem.counts or problem.stations is not None:
        raise PlanError(
            "a target weight says how many grids, and so does something else", given=f"target = {problem.target}",
            allowed="one of target, count, counts and stations",
        )  # fmt: skip
    if problem.measures[0].is_range:
        raise PlanError(
            "a target weight and a range both say what a grid should weigh", given=f"target = {problem.target}",
            allowed="a target with a tolerance, or a range", source=problem.measures[0].name,
        )  # fmt: skip


def _check_areas(problem: Problem) -> None:
    """Refuse existing grids that reach over the border of an area."""
    if problem.start is None:
        return
    rows = np.flatnonzero(problem.start >= 0)
    order = rows[np.argsort(problem.start[rows], kind="stable")]
    grid, area = problem.start[order], problem.area[order]
    over = np.flatnonzero((grid[1:] == grid[:-1]) & (area[1:] != area[:-1]))
    if len(over):
        pairs = [
            " and ".join(f"{problem.graph.codes[row]} ({problem.area_names[int(problem.area[row])]})" for row in pair)
            for pair in order[over[:5, None] + np.arange(2)].tolist()
        ]
        raise PlanError(
            "existing grids reach over the border of an area", given="; ".join(pairs) + (" …" if len(over) > 5 else ""),
            allowed="grids whose cells lie in one area", mend="choose a coarser level for `within` or leave it out, or cut anew without a start",
        )  # fmt: skip


def _check_pairs(problem: Problem) -> None:
    codes, cells = problem.graph.codes, len(problem.graph)
    group = np.arange(cells)
    if not all(problem.together):
        raise PlanError("cells that must stay together, and none is named", given="[]", allowed="two or more cells")
    for members in problem.together:
        root = group[members[0]]
        for member in members:
            group[group == group[member]] = root
    for members in problem.together:
        if len(set(problem.area[list(members)].tolist())) > 1:
            raise PlanError("cells that must stay together lie in different areas", given=_named(codes, members))
    for a, b in problem.apart:
        if group[a] == group[b]:
            raise PlanError("cells that must stay together and apart", given=_named(codes, [a, b]))
    if problem.start is None:
        return
    closed = np.isin(problem.start, problem.locked_grids)
    locked = closed if problem.locked_cells is None else closed | problem.locked_cells
    for members in problem.together:
        homes = {int(problem.start[member]) for member in members if locked[member]}
        if len(homes) > 1:
            raise PlanError(
                "contradicting locks: cells that must stay together are locked in different grids",
                given=_named(codes, members),
            )
        if closed[list(members)].any() and not closed[list(members)].all():
            raise PlanError(
                "contradicting locks: cells that must stay together, and some are in a locked grid, which gains no cell",
                given=_named(codes, members),
            )
    for a, b in problem.apart:
        if locked[a] and locked[b] and problem.start[a] == problem.start[b]:
            raise PlanError(
                "contradicting locks: cells that must be apart are locked in one grid", given=_named(codes, [a, b])
            )
