"""Method ``balance`` of a plan: a stacked layer of grids in balance."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import Field, model_validator

from geogrid.boundaries.areas import Boundaries
from geogrid.crs import Metric, parse_crs
from geogrid.errors import PlanError
from geogrid.lattice import owners_by_brute_force, to_lattice
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.graph import CellGraph, build_graph
from geogrid.partition.balance.points import count_points, read_points, smoothed
from geogrid.partition.balance.problem import Measure, Problem, measure_of
from geogrid.partition.balance.reading import SeamSection, seam_of, stations_of
from geogrid.partition.balance.reasons import area_findings, explain, reach_findings
from geogrid.partition.balance.solving import Balanced, balance
from geogrid.partition.division import Division
from geogrid.partition.grouping import Grouping, area_rows
from geogrid.partition.section import PlanPath, Section, StackedSection
from geogrid.types import Finding, FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["AlignSection", "BalanceSection", "SeamSection", "WeightSection", "group_in_balance", "problem_of"]


class WeightSection(Section):
    """A weight: a column of the layer below, ``"area_m2"``, ``"cells"``, or a file of points counted per cell.

    Parameters
    ----------
    name : str
    points : path, optional
        Points to count; else `name` is a column.
    datum, lon, lat, value : str, optional
        Of the points' file; `value` is the column to add up instead of counting.
    smooth : float
        Share of each cell's count handed to its neighbours.
    missing : {"error", "zero"}
        What a missing value means.
    tolerance : float, optional
        The layer's own if left out.
    min, max : float, optional
        A range instead.
    """

    name: str
    points: PlanPath | None = None
    datum: str | None = None
    lon: str | None = None
    lat: str | None = None
    value: str | None = None
    smooth: Annotated[float, Field(ge=0, le=1)] = 0.0
    missing: Literal["error", "zero"] = "error"
    tolerance: Annotated[float, Field(ge=0, lt=1)] | None = None
    min: Annotated[float, Field(ge=0)] | None = None
    max: Annotated[float, Field(gt=0)] | None = None


class AlignSection(Section):
    """Another layer of the plan whose borders are cheap to follow (police, market: 网格耦合)."""

    layer: str
    factor: Annotated[float, Field(ge=0)] = 0.5


class BalanceSection(StackedSection):
    """``method = "balance"``.

    Parameters
    ----------
    count : int, optional
        Grids in all. Exactly one of `count`, `weight_target`, `weight_max`, `stations` says how many.
    weight_target : float, optional
    weight_min, weight_max : float, optional
        A range: as few grids as possible.
    cells_min, cells_max : int, optional
        Rows of the layer below in a grid (1 to 5 cells).
    weight : str or WeightSection
        The primary weight; further ones in `weights`.
    tolerance : float
    seams, align : list
    stations : path, optional
        Points; one grid for each. With `within`, an area has as many grids as stations.
    capacity : str, optional
        A column of the stations: the most primary weight the grid of each may hold.
    pull_m, reach_m, roundness_m : float
        See `Problem`.
    start : str, optional
        An earlier layer on the same rows: its grids are kept as far as `keep_m` says.
    keep_m : float
        Metres of border that moving a mean row out of its grid costs.
    locked_cells, locked_grids : list of str
        Codes (or names) of rows of the layer below; of grids of `start`.
    together, apart : list of lists of str
        Codes of rows of the layer below.
    ferries : list of pairs of str
        Rows that connect though they share no border.
    islands : {"nearest", "alone"}
    exact_s : float
        Seconds HiGHS may take, after the search, to prove the shortest borders of each area of up to 80 rows.
    effort, seconds, workers, seed
        What the search may spend: see `Budget`. `workers` are as many as whoever runs the plan says, if left out.
    """

    method: Literal["balance"] = "balance"
    count: Annotated[int, Field(gt=0)] | None = None
    weight_target: Annotated[float, Field(gt=0)] | None = None
    weight_min: Annotated[float, Field(ge=0)] | None = None
    weight_max: Annotated[float, Field(gt=0)] | None = None
    cells_min: Annotated[int, Field(ge=1)] | None = None
    cells_max: Annotated[int, Field(ge=1)] | None = None
    weight: str | WeightSection = "area_m2"
    weights: tuple[WeightSection, ...] = ()
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    seams: tuple[SeamSection, ...] = ()
    align: tuple[AlignSection, ...] = ()
    stations: PlanPath | None = None
    capacity: str | None = None
    pull_m: Annotated[float, Field(ge=0)] = 0.0
    reach_m: Annotated[float, Field(gt=0)] | None = None
    roundness_m: Annotated[float, Field(ge=0)] = 0.0
    start: str | None = None
    keep_m: Annotated[float, Field(ge=0)] = 50.0
    locked_cells: tuple[str, ...] = ()
    locked_grids: tuple[str, ...] = ()
    together: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    ferries: tuple[tuple[str, str], ...] = ()
    islands: Literal["nearest", "alone"] = "nearest"
    exact_s: Annotated[float, Field(ge=0)] = 0.0
    effort: Annotated[float, Field(gt=0)] = 3000.0
    seconds: Annotated[float, Field(gt=0)] | None = None
    workers: Annotated[int, Field(ge=1)] | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _one_way_to_count(self) -> BalanceSection:
        told = [
            word for word in ("count", "weight_target", "weight_max", "cells_max", "stations", "start")
            if getattr(self, word) is not None
        ]  # fmt: skip
        if not told:
            raise ValueError("say how many grids: count, weight_target, weight_max, cells_max, stations or start")
        if self.count is not None and self.weight_target is not None:
            raise ValueError("count and weight_target both say how many grids; leave one out")
        for key in ("capacity", "reach_m"):
            if getattr(self, key) is not None and self.stations is None:
                raise ValueError(f"{key} is about stations: name their file as `stations`")
        return self

    def with_workers(self, workers: int) -> Self:
        """Return the section with so many threads, unless the plan says how many."""
        return self if self.workers is not None else self.model_copy(update={"workers": workers})

    @property
    def budget(self) -> Budget:
        """What the search may spend."""
        return Budget(self.effort, self.seconds, self.workers or 1)


def group_in_balance(division: Division, section: BalanceSection, progress: Progress = no_progress) -> Grouping:
    """Return the rows of the layer below in grids of balanced weight.

    Raises
    ------
    PlanError
        If the plan's demands cannot be carried out or contradict each other.
    InputError
        If a weight is not a number for some row.
    """
    problem, findings = problem_of(division, section)
    done = balance(problem, seed=section.seed, budget=section.budget, progress=progress)
    reasons = explain(problem, done, division.shapes(section.of))
    order = np.argsort(_reading_order(problem, done.membership, len(done.area)), kind="stable")
    rank = np.argsort(order, kind="stable")
    off = [
        Finding("grid_in_tolerance", reasons.why[grid], (f"{section.name} {rank[grid] + 1}",))
        for grid in order.tolist() if reasons.why[grid]
    ]  # fmt: skip
    attributes = {key: np.asarray(column)[order] for key, column in reasons.attributes(problem).items()}
    names = None
    if section.start is not None and section.count is None and section.weight_target is None:
        names = division.layer(section.start).names[order] if len(division.layer(section.start)) == len(order) else None
    return Grouping(
        rank[done.membership].astype(np.int32),
        names=np.array([f"{section.name} {row + 1}" for row in range(len(order))], dtype=object) if names is None else names,
        attributes=attributes,
        findings=(*findings, *done.findings, *area_findings(problem, done), *reach_findings(problem, done), *off, *_ended(done)),
    )  # fmt: skip


def _ended(done: Balanced) -> tuple[Finding, ...]:
    if done.stopped != "interrupt":
        return ()
    return (Finding("search_ended", "interrupted: these are the best grids found until then", ()),)


def _reading_order(problem: Problem, membership: Int32Array, grids: int) -> IntArray:
    """Return (g,) a rank: by area, then from west to east by the grids' middles."""
    area = np.zeros(grids, np.int64)
    area[membership] = problem.area
    size = np.bincount(membership, minlength=grids)
    x = np.bincount(membership, weights=problem.graph.xy[:, 0], minlength=grids) / size
    y = np.bincount(membership, weights=problem.graph.xy[:, 1], minlength=grids) / size
    if problem.start is not None:
        return np.arange(grids)
    order = np.lexsort((-y, x, area))
    rank = np.empty(grids, np.int64)
    rank[order] = np.arange(grids)
    return rank


def problem_of(division: Division, section: BalanceSection) -> tuple[Problem, tuple[Finding, ...]]:
    """Return the problem that a section of a plan poses on a division, and what was left out reading it."""
    below = division.layer(section.of)
    shapes = division.shapes(section.of)
    metric = Metric(parse_crs(division.metric_crs))
    labels = np.where(below.codes == "", [f"row {row + 1}" for row in range(len(below))], below.codes).astype(object)
    other = [(_rows_of(division, align.layer, section.of), align.factor) for align in section.align]
    graph = build_graph(
        shapes, metric, codes=labels, seams=[seam_of(seam) for seam in section.seams], other=other
    )  # fmt: skip
    rows = {str(code): row for row, code in enumerate(labels)} | {
        str(name): row for row, name in enumerate(below.names) if name
    }
    if section.ferries:
        alone = [a for a, b in section.ferries if _row(rows, a, section) == _row(rows, b, section)]
        if alone:
            raise PlanError("a ferry links two cells", given=", ".join(alone), source=f"layer {section.name!r}")
        graph = graph.linked(np.array([[_row(rows, code, section) for code in pair] for pair in section.ferries]))
    area = np.zeros(len(below), np.int64)
    names: tuple[str, ...] = (division.name or division.code,)
    if section.within is not None:
        level = Boundaries(division.code, division.name, division.areas).level(section.within)
        area[division.from_cells(section.of)] = area_rows(division, section.within)
        names = tuple(f"{code} {name}".strip() for code, name in zip(level.codes, level.names, strict=True))
    measures, findings = _measures(division, section, graph)
    start = None if section.start is None else _rows_of(division, section.start, section.of).astype(np.int32)
    locked = None
    if section.locked_cells:
        locked = np.zeros(len(below), bool)
        locked[[_row(rows, code, section) for code in section.locked_cells]] = True
    stations, seats, capacity = None, None, None
    if section.stations is not None:
        lonlat, capacity = stations_of(section.stations, section.capacity)
        stations, seats = (
            metric.to_metres(lonlat),
            owners_by_brute_force(shapes, to_lattice(*lonlat.T)).astype(np.int64),
        )
        findings += _outside(graph, lonlat, stations, seats)
    problem = Problem(
        graph, measures, area, names,
        count=len(stations) if stations is not None else section.count, target=section.weight_target,
        start=start, keep=section.keep_m if start is not None else 0.0, locked_cells=locked,
        locked_grids=_grids(division, section),
        together=tuple(tuple(_row(rows, code, section) for code in members) for members in section.together),
        apart=tuple((_row(rows, a, section), _row(rows, b, section)) for a, b in section.apart),
        stations=stations, station_cells=seats, capacity=capacity, pull_m=section.pull_m, reach_m=section.reach_m or float("inf"),
        roundness_m=section.roundness_m, islands=section.islands, exact_seconds=section.exact_s,
    )  # fmt: skip
    return problem, findings


def _outside(graph: CellGraph, lonlat: FloatArray, stations: FloatArray, seats: IntArray) -> tuple[Finding, ...]:
    """Return a finding for each station that stands in no cell."""
    found = []
    for row in np.flatnonzero(seats < 0).tolist():
        away = np.hypot(*(graph.xy - stations[row]).T)
        nearest = int(away.argmin())
        said = (
            f"station {row + 1} stands in no cell; its grid grows around {graph.codes[nearest]}, whose middle is the "
            f"nearest, {away[nearest]:,.0f} m away"
        )
        code, (lon, lat) = str(graph.codes[nearest]), lonlat[row].tolist()
        found.append(Finding("station_in_a_cell", said, (code,), lon, lat, float(away[nearest]), "m"))
    return tuple(found)


def _row(rows: dict[str, int], code: str, section: BalanceSection) -> int:
    if code not in rows:
        raise PlanError(
            f"layer {section.name!r}: no such row of {section.of!r}", given=code, allowed="its code or name"
        )
    return rows[code]


def _grids(division: Division, section: BalanceSection) -> tuple[int, ...]:
    if not section.locked_grids:
        return ()
    if section.start is None:
        raise PlanError(
            "locked grids without existing ones", given=", ".join(section.locked_grids), mend="name `start`"
        )
    layer = division.layer(section.start)
    known = {str(word): row for words in (layer.names, layer.codes) for row, word in enumerate(words) if word}
    lost = [word for word in section.locked_grids if word not in known]
    if lost:
        raise PlanError(
            "no such grid", given=", ".join(lost), allowed=", ".join(sorted(known)[:20]), source=section.start
        )
    return tuple(known[word] for word in section.locked_grids)


def _rows_of(division: Division, layer: str, of: str) -> IntArray:
    """Return for each row of `of` the row of `layer` that holds it (an overlay: by a point inside)."""
    found = division.layer(layer)
    if found.kind == "overlay":
        inside = shapely.point_on_surface(division.shapes(of).to_shapely())
        tree = shapely.STRtree(division.shapes(layer).to_shapely())
        nearest: IntArray = tree.query_nearest(inside, all_matches=False)[1]
        return nearest
    result = np.full(len(division.layer(of)), -1, np.int64)
    result[division.from_cells(of)] = division.from_cells(layer)
    return result


def _measures(
    division: Division, section: BalanceSection, graph: CellGraph
) -> tuple[tuple[Measure, ...], tuple[Finding, ...]]:
    primary = WeightSection(name=section.weight) if isinstance(section.weight, str) else section.weight
    primary = primary.model_copy(
        update={
            "min": primary.min if primary.min is not None else section.weight_min,
            "max": primary.max if primary.max is not None else section.weight_max,
        }
    )
    measures, findings = [], list[Finding]()
    for weight in (primary, *section.weights):
        values, found = _values(division, section, weight, graph)
        findings += found
        measures.append(
            measure_of(
                weight.name, values, codes=graph.codes, low=weight.min, high=weight.max, missing=weight.missing,
                tolerance=None if weight.max is not None
                else section.tolerance if weight.tolerance is None else weight.tolerance,
            )
        )  # fmt: skip
        if not measures[-1].values.any():
            findings.append(Finding("weight_is_there", "every cell weighs 0: any grids are in balance", (weight.name,)))
    if section.cells_max is not None:
        ones = np.ones(len(graph))
        measures.append(
            measure_of("cells", ones, codes=graph.codes, low=section.cells_min or 1, high=section.cells_max)
        )
        if section.count is None and section.weight_target is None and section.weight_max is None:
            # Only the group size is asked for: the weight is then kept in no range of its own.
            measures = [measures[-1]]
    return tuple(measures), tuple(findings)


def _values(
    division: Division, section: BalanceSection, weight: WeightSection, graph: CellGraph
) -> tuple[Any, tuple[Finding, ...]]:
    rows = len(graph)
    if weight.points is not None:
        lon, lat, datum, worth, findings = read_points(
            weight.points, datum=weight.datum, lon=weight.lon, lat=weight.lat, value=weight.value
        )
        counts, outside = count_points(division.shapes(section.of), lon, lat, datum=datum, values=worth)
        if outside:
            said = f"{outside} of {len(lon)} point(s) lie outside the place and were not counted"
            findings = (*findings, Finding("points_inside", said, (weight.name,), amount=float(outside)))
        return smoothed(graph, counts, weight.smooth), (*findings, *_smoothing(weight))
    if weight.name == "area_m2":
        return division.area_m2(section.of), ()
    if weight.name == "cells":
        return np.ones(rows), ()
    values = _column(division, section, weight.name)
    if weight.smooth:
        measured = measure_of(weight.name, values, codes=graph.codes, missing=weight.missing)
        return smoothed(graph, measured.values, weight.smooth), _smoothing(weight)
    return values, ()


def _smoothing(weight: WeightSection) -> tuple[Finding, ...]:
    """Return that a weight was smoothed, if it was: whoever reads the loads must know."""
    if not weight.smooth:
        return ()
    said = f"smoothed: each cell hands {weight.smooth:.0%} of its {weight.name} to its neighbours, by shared border"
    return (Finding("weight_as_counted", said, (weight.name,), amount=weight.smooth),)


def _column(division: Division, section: BalanceSection, name: str) -> npt.NDArray[Any]:
    """Return a column of the layer below, or the sum of a column of the cells."""
    below = division.layer(section.of)
    if name in below.attributes:
        return below.attributes[name]
    base = division.base
    if name in base.attributes:
        cells = measure_of(name, base.attributes[name], codes=base.codes).values
        return np.bincount(division.from_cells(section.of), weights=cells, minlength=len(below))
    known = sorted({*below.attributes, *base.attributes, "area_m2", "cells"})
    raise PlanError(f"layer {section.name!r}: no such weight", given=name, allowed=", ".join(known))
