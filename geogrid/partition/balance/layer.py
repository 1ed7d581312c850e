"""Method ``balance`` of a plan: a stacked layer of grids in balance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.areas import Boundaries
from geogrid.crs import Metric, parse_crs
from geogrid.errors import PlanError
from geogrid.lattice import owners_by_brute_force, to_lattice
from geogrid.partition.balance.assembling import Balanced
from geogrid.partition.balance.graph import CellGraph, build_graph
from geogrid.partition.balance.instances import station_seats
from geogrid.partition.balance.naming import Rows
from geogrid.partition.balance.points import count_points, read_points, smoothed
from geogrid.partition.balance.problem import Measure, Problem, measure_of
from geogrid.partition.balance.reading import seam_of, stations_of, stations_outside
from geogrid.partition.balance.reasons import figures_of
from geogrid.partition.balance.sections import BalanceSection, WeightSection
from geogrid.partition.balance.solving import balance
from geogrid.partition.division import Division
from geogrid.partition.grouping import Grouping, area_rows
from geogrid.types import Finding, Int32Array, IntArray, Progress, no_progress

__all__ = ["group_in_balance", "measured", "problem_of"]


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
    order = np.argsort(_reading_order(problem, done.membership, len(done.area)), kind="stable")
    rank = np.argsort(order, kind="stable")
    names = np.array([f"{section.name} {row + 1}" for row in range(len(order))], dtype=object)
    if section.start is not None and section.count is None and section.weight_target is None:
        existing = division.layer(section.start).names
        names = existing[order] if len(existing) == len(order) else names
    labels = names[rank].tolist()
    figures = figures_of(problem, done, division.shapes(section.of), labels, order.tolist())
    return Grouping(
        rank[done.membership].astype(np.int32),
        names=names,
        attributes=figures.attributes,
        findings=(*findings, *figures.findings, *_ended(done)),
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
    rows = Rows.of(section.of, below.codes, below.names)
    other = [(_rows_of(division, align.layer, section.of), align.factor) for align in section.align]
    graph = build_graph(
        shapes, metric, codes=rows.labels, seams=[seam_of(seam) for seam in section.seams], other=other
    )  # fmt: skip

    # A plan of grids that stand cannot call the rows by their place any more.
    numbered = "the atlas has numbered the rows: name them by their codes in a plan of your own (--plan)"
    mend = numbered if section.start == section.name else None

    def row_of(word: str) -> int:
        return rows.row(word, f"layer {section.name!r}", mend)

    if section.ferries:
        alone = [a for a, b in section.ferries if row_of(a) == row_of(b)]
        if alone:
            raise PlanError("a ferry links two cells", given=", ".join(alone), source=f"layer {section.name!r}")
        graph = graph.linked(np.array([[row_of(code) for code in pair] for pair in section.ferries]))
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
        locked[[row_of(code) for code in section.locked_cells]] = True
    stations, seats, capacity, called = None, None, None, None
    if section.stations is not None:
        lonlat, capacity, called = stations_of(section.stations, section.capacity)
        stations, seats = (
            metric.to_metres(lonlat),
            owners_by_brute_force(shapes, to_lattice(*lonlat.T)).astype(np.int64),
        )
        findings += stations_outside(graph, lonlat, stations, seats, called)
        # Each existing grid has the station that stands in it.
        home = None if start is None else start[station_seats(graph.xy, stations, seats)]
        if home is not None and np.array_equal(np.sort(home), np.unique(home)):
            order = np.argsort(home)
            stations, seats, called = stations[order], seats[order], tuple(called[row] for row in order.tolist())
            capacity = None if capacity is None else capacity[order]
    problem = Problem(
        graph, measures, area, names,
        count=len(stations) if stations is not None else section.count, target=section.weight_target,
        start=start, keep=section.keep_m if start is not None else 0.0, locked_cells=locked,
        locked_grids=_grids(division, section),
        together=tuple(tuple(row_of(code) for code in members) for members in section.together),
        apart=tuple((row_of(a), row_of(b)) for a, b in section.apart),
        stations=stations, station_cells=seats, station_names=called, capacity=capacity, pull_m=section.pull_m,
        reach_m=section.reach_m or float("inf"),
        roundness_m=section.roundness_m, islands=section.islands, exact_seconds=section.exact_s,
    )  # fmt: skip
    return problem, findings


def _grids(division: Division, section: BalanceSection) -> tuple[int, ...]:
    if not section.locked_grids:
        return ()
    if section.start is None:
        raise PlanError(
            "locked grids without existing ones", given=", ".join(section.locked_grids), mend="name `start`"
        )
    layer = division.layer(section.start)
    rows = Rows.of(section.start, layer.codes, layer.names)
    lost = [word for word in section.locked_grids if word not in rows.called]
    if lost:
        raise PlanError(
            "no such grid", given=", ".join(lost), allowed=", ".join(sorted(rows.called)[:20]), source=section.start
        )
    return tuple(rows.row(word, f"layer {section.name!r}") for word in section.locked_grids)


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
    measures, findings = [], list[Finding]()
    for weight in (section.primary, *section.weights):
        values, found = measured(division, section, weight, graph)
        findings += found
        measures.append(
            measure_of(
                weight.name, values, codes=graph.codes, low=weight.min, high=weight.max, missing=weight.missing,
                tolerance=section.tolerance if weight.tolerance is None else weight.tolerance,
            )
        )  # fmt: skip
        if not measures[-1].values.any():
            findings.append(Finding("weight_is_there", "every cell weighs 0: any grids are in balance", (weight.name,)))
    if section.cells_max is not None or section.cells_min is not None:
        size = measure_of(
            "cells", np.ones(len(graph)), codes=graph.codes, low=section.cells_min or 1, high=section.cells_max or np.inf,
            tolerance=section.tolerance if section.cells_max is None else None,
        )  # fmt: skip
        told = [word for word in ("count", "weight_target", "stations", "start") if getattr(section, word) is not None]
        # Where only the group size says how many, the primary weight is kept in no range of its own.
        measures = [*measures, size] if told or section.primary.max is not None else [size, *measures[1:]]
    return tuple(measures), tuple(findings)


def measured(
    division: Division, section: BalanceSection, weight: WeightSection, graph: CellGraph
) -> tuple[Any, tuple[Finding, ...]]:
    """Return (rows,) the values of a weight, not checked yet, and what was left out reading it.

    Parameters
    ----------
    division : Division
    section : BalanceSection
        Of the layer; the values are of the rows it stands on.
    weight : WeightSection
    graph : CellGraph
        Of these rows.

    Raises
    ------
    PlanError
        If there is no such column.
    NotFoundError, InputError, StorageError
        If the points cannot be read.
    """
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
