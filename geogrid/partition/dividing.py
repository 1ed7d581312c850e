"""Dividing: a plan and outlines become a division, proved before anybody sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.errors import PlanError
from geogrid.partition.division import Division, Layer
from geogrid.partition.frame import Cut, Frame, crs_name, metric_of
from geogrid.partition.grouping import stacked_layer
from geogrid.partition.methods import METHODS
from geogrid.partition.outlines import require_still, upper_levels
from geogrid.partition.place import read_place
from geogrid.partition.plan import Plan
from geogrid.partition.rules import plan_findings
from geogrid.partition.section import LayerSection
from geogrid.partition.snapping import snap
from geogrid.types import Progress, no_progress

__all__ = ["divide"]


def divide(
    plan: Plan, *, boundaries: Boundaries | None = None, progress: Progress = no_progress, workers: int = 1
) -> Division:
    """Return the division that a plan makes of a place.

    Parameters
    ----------
    plan : Plan
    boundaries : Boundaries, optional
        The outlines; read from where the plan says if left out.
    progress : callable
        Called with (step, done, total).
    workers : int
        Processes or threads that a method may use where the plan does not say; the result is the same for any number.

    Returns
    -------
    Division
        Its cells are proved to divide the finest areas. What the plan asked for and could not
        be met is in its findings.

    Raises
    ------
    PlanError
        If the plan does not fit the boundaries.
    BoundaryError
        If an outline is not a simple polygon.
    PartitionError
        If the result is not a partition.

    Examples
    --------
    >>> from geogrid.testing import toy_boundaries
    >>> plan = Plan.parse('''
    ... [place]
    ... code = "990100"
    ... [[layer]]
    ... name = "cell"
    ... method = "squares"
    ... target_area_m2 = 2_500
    ... ''')
    >>> division = divide(plan, boundaries=toy_boundaries())
    >>> bool(division.area_m2("cell").min() >= 1_250)
    True
    """
    place = read_place(plan.place) if boundaries is None else boundaries
    place = replace(
        place,
        code=plan.place.code or place.code,
        name=plan.place.name or place.name,
        levels=tuple(_by_code(areas) for areas in place.levels),
    )
    base, *others = plan.layers
    method = METHODS[base.method]
    make = _cut if method.cut else _adopted
    division = make(plan, base, place, progress, workers)
    for position, section in enumerate(others, start=1):
        division = _with_layer(division, plan, position, section.with_workers(workers), place, progress)
    return division


def _cut(plan: Plan, section: LayerSection, place: Boundaries, progress: Progress, workers: int) -> Division:
    metric = metric_of(place, plan.place.metric_crs)
    frame = Frame.of(place.finest, metric, workers=workers)
    cut: Cut = METHODS[section.method].function("cut")(frame, section, progress)
    snapped = snap(frame, cut, progress)
    finest = replace(place.finest, polygons=snapped.outlines)
    require_still(place.finest, finest)
    blank = np.full(len(snapped.cells), "", dtype=object)
    layer = Layer(
        section.name, "base", blank, blank.copy(), frame.codes[snapped.parent],
        shapes=snapped.cells, attributes=snapped.attributes,
    )  # fmt: skip
    division = Division(
        place.code, place.name, (*upper_levels(place, finest), finest), (layer,), crs_name(metric), plan.text,
        snapped.findings,
    )  # fmt: skip
    return replace(division, findings=(*division.findings, *plan_findings(division, section)))


def _adopted(plan: Plan, section: LayerSection, place: Boundaries, progress: Progress, _workers: int) -> Division:
    adopted = METHODS[section.method].function("adopt")(place, section, progress)
    metric = metric_of(place, plan.place.metric_crs)
    layers = (replace(adopted.layer, kind="base"),)
    return Division(place.code, place.name, adopted.place.levels, layers, crs_name(metric), plan.text, adopted.findings)


def _with_layer(
    division: Division, plan: Plan, position: int, section: LayerSection, place: Boundaries, progress: Progress
) -> Division:
    method = METHODS[section.method]
    if plan.kind_of(position) == "overlay":
        adopted = method.function("adopt")(place, section, progress)
        layer, findings = replace(adopted.layer, kind="overlay"), adopted.findings
    else:
        stacked: Any = section
        levels = [areas.level for areas in division.areas]
        if stacked.within is not None and stacked.within not in levels:
            raise PlanError(
                f"layer {section.name!r}: the place has no such level", given=f"within = {stacked.within!r}",
                allowed=", ".join(levels), source=plan.source,
            )  # fmt: skip
        grouping = method.function("group")(division, section, progress)
        layer = stacked_layer(division, grouping, name=section.name, of=stacked.of, within=stacked.within)
        findings = grouping.findings
    return replace(division, layers=(*division.layers, layer), findings=(*division.findings, *findings))


def _by_code(areas: Areas) -> Areas:
    """Return the areas in order of their codes, so that the order of rows in a file means nothing."""
    order = np.argsort(areas.codes.astype(str), kind="stable")
    return Areas(
        areas.level, areas.codes[order], areas.names[order], areas.parents[order], areas.polygons.take(order)
    )  # fmt: skip
