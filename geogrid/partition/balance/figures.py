"""Figures: what a layer of grids says of itself and what was found, the same for new grids and for grids that stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.errors import GeogridError, PlanError
from geogrid.partition.balance.amounts import spelled
from geogrid.partition.balance.existing import as_they_are
from geogrid.partition.balance.layer import problem_of
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.reasons import GridReasons, figures_of, weight_columns
from geogrid.partition.balance.sections import BalanceSection
from geogrid.partition.balance.standing import for_standing_grids, section_of
from geogrid.partition.division import Division, Layer, labels_of
from geogrid.partition.grouping import rehomed
from geogrid.types import Finding, Int32Array

__all__ = ["Regrouped", "redrawn", "regrouped"]

_OF_BALANCE = frozenset(
    {
        "area_can_be_met", "border_is_shortest", "cell_fits_a_grid", "connected_area", "figures_can_be_made",
        "grid_in_tolerance", "has_coordinates", "kept_apart", "points_inside", "search_ended", "station_in_a_cell", "station_in_reach", "weight_as_counted",
        "weight_is_there",
    }
)  # fmt: skip
"""Rules of findings that a layer in balance brings; they do not say of which layer they are."""


@dataclass(frozen=True, eq=False)
class Regrouped:
    """A division of which one layer has its rows in other grids.

    Parameters
    ----------
    division : Division
    notes : tuple of str
        What became of the layers stacked on it.
    """

    division: Division
    notes: tuple[str, ...] = ()


def regrouped(
    division: Division,
    name: str,
    membership: Int32Array,
    problem: Problem,
    *,
    found: Sequence[Finding] = (),
    sections: Mapping[str, BalanceSection] | None = None,
    others: bool = False,
) -> Regrouped:
    """Return the division with the rows of a layer in other grids: figures, areas and layers above as they are then.

    Codes and names stay with their grids. A layer above keeps its grids in its own; its areas and figures are made anew.

    Parameters
    ----------
    division : Division
    name : str
        The layer.
    membership : (rows below,) int32
        The grid of each row, in the order of the layer's grids.
    problem : Problem
        By which the grids are judged.
    found : sequence of Finding
        What was found reading the problem.
    sections : mapping of layer name to BalanceSection, optional
        How layers above were made, as far as it is known.
    others : bool
        Whether the division has further layers in balance, whose findings must stay.
    """
    layer = division.layer(name)
    moved = replace(division, layers=_with(division, replace(layer, membership=np.asarray(membership, np.int32))))
    moved = rehomed(division, moved)
    changed, findings, notes = {name}, list(found), list[str]()
    moved, told = _judged(moved, name, replace(problem, start=np.asarray(membership, np.int32)))
    findings += told
    for above in division.layers:
        if above.of not in changed:
            continue
        changed.add(above.name)
        section = (sections or {}).get(above.name)
        if section is None:
            moved, dropped = _without_figures(moved, above.name)
            notes += [f"layer {above.name!r}: left out of date and so dropped: {', '.join(dropped)}"] if dropped else []
        else:
            posed, read = problem_of(moved, for_standing_grids(moved, section))
            moved, told = _judged(moved, above.name, posed)
            findings += [*read, *told]
            notes += [f"layer {above.name!r}: {finding}" for finding in told if finding.rule == "grid_in_tolerance"]
        notes += _torn(division, moved, above.name)
    return Regrouped(_with_findings(division, moved, changed, findings, others=others), tuple(notes))


def redrawn(before: Division, after: Division, *, folders: Sequence[str | Path] = ()) -> Division:
    """Return a division whose grids were edited by hand, with figures of balance and areas as the grids are then.

    Layers whose grids and layers below are as they were stay untouched. Where the plan that the division remembers cannot
    tell how figures were made, those of the layer are dropped, and a finding ``figures_can_be_made`` says why.

    Parameters
    ----------
    before, after : Division
        The same cells; grids of the same code are the same.
    folders : sequence of path
        From where relative paths of the plan may start; the first that has all files counts.
    """
    result, findings = rehomed(before, after), list[Finding]()
    changed, judged = set[str](), set[str]()
    figured = {layer.name for layer in before.layers if GridReasons.are_in(layer.attributes)}
    for layer in after.layers:
        if layer.of not in changed and not _is_regrouped(before.layer(layer.name), layer):
            continue
        if layer.name in figured:
            judged.add(layer.name)
            try:
                made, told = _judged_by_plan(before, result, layer.name, folders, same_rows=layer.of not in changed)
            except GeogridError as error:
                made, dropped = _without_figures(result, layer.name)
                told = (_no_figures(layer.name, dropped, error),)
            result, findings = made, [*findings, *told]
        changed.add(layer.name)
    if not judged:
        return result
    return _with_findings(before, result, judged, findings, others=bool(figured - judged))


def _is_regrouped(before: Layer, after: Layer) -> bool:
    """Whether rows of a layer below, the same rows as before, are in other grids."""
    if before.membership is None or after.membership is None:
        return False
    return not np.array_equal(before.codes[before.membership], after.codes[after.membership])


def _judged_by_plan(
    before: Division, after: Division, name: str, folders: Sequence[str | Path], *, same_rows: bool
) -> tuple[Division, tuple[Finding, ...]]:
    """Return the division with the figures of a layer as its plan says, and what was found.

    Raises
    ------
    GeogridError
        If the plan cannot tell.
    """
    section = section_of(after, name, folders=folders)
    problem, read = problem_of(after, section)
    was = problem if same_rows else problem_of(before, section_of(before, name, folders=folders))[0]
    _require_same_weights(before.layer(name), was)
    made, told = _judged(after, name, problem)
    return made, (*read, *told)


def _require_same_weights(layer: Layer, problem: Problem) -> None:
    """Refuse weights that are not those by which a layer got its figures: another choice, or other numbers, came since."""
    for column, measure in zip(weight_columns(problem), problem.measures, strict=True):
        loads = np.bincount(np.asarray(layer.membership), weights=measure.values, minlength=len(layer))
        known = layer.attributes.get(column)
        off = np.ones(len(layer), bool) if known is None else ~np.isclose(loads, np.asarray(known, np.float64))
        if off.any():
            row = int(np.flatnonzero(off)[0])
            had = "no such weight" if known is None else spelled(float(known[row]))
            raise PlanError(
                "the weight of the plan is not the one that the grids had",
                given=f"{measure.name} of {labels_of(layer)[row]} is {spelled(float(loads[row]))}, and was {had}",
            )


def _no_figures(name: str, dropped: Sequence[str], error: GeogridError) -> Finding:
    why = " ".join(error.problem.split()) + (f" ({error.given})" if error.given else "")
    said = f"layer {name!r} was edited, and its figures cannot be made anew: {why}; dropped: {', '.join(dropped)}"
    return Finding("figures_can_be_made", said, (name,))


def _with_findings(
    before: Division, after: Division, changed: set[str], findings: Sequence[Finding], *, others: bool
) -> Division:
    """Return the division with the findings of changed layers in place of those they had."""
    labels = {label for one in changed for label in labels_of(before.layer(one))}
    kept = [one for one in before.findings if not _is_stale(one, changed, labels, others=others)]
    return replace(after, findings=(*kept, *(one for one in findings if one not in kept)))


def _with(division: Division, layer: Layer) -> tuple[Layer, ...]:
    return tuple(layer if other.name == layer.name else other for other in division.layers)


def _judged(division: Division, name: str, problem: Problem) -> tuple[Division, tuple[Finding, ...]]:
    """Return the division with the figures of a layer as its grids are, and what was found."""
    layer = division.layer(name)
    figures = figures_of(problem, as_they_are(problem), division.shapes(str(layer.of)), labels_of(layer))
    stays = {key: values for key, values in layer.attributes.items() if not GridReasons.holds(key)}
    made = replace(layer, attributes=stays | figures.attributes)
    return replace(division, layers=_with(division, made)), figures.findings


def _without_figures(division: Division, name: str) -> tuple[Division, list[str]]:
    """Return the division without the figures of a layer that nobody can make anew, and which these are."""
    layer = division.layer(name)
    dropped = sorted(key for key in layer.attributes if GridReasons.holds(key))
    stays: dict[str, Any] = {key: values for key, values in layer.attributes.items() if key not in dropped}
    made = replace(layer, attributes=stays)
    return replace(division, layers=_with(division, made)), dropped


def _torn(before: Division, after: Division, name: str) -> list[str]:
    """Return a note that names the grids of a layer above that fall into more pieces than before."""
    was, now = (np.diff(division.shapes(name).geom_offsets) for division in (before, after))
    rows = np.flatnonzero(now > was).tolist()
    labels = labels_of(after.layer(name))
    if not rows:
        return []
    said = ", ".join(f"{labels[row]} ({now[row]} pieces)" for row in rows[:10]) + (" …" if len(rows) > 10 else "")
    return [f"layer {name!r}: its grids are no longer in one piece: {said}"]


def _is_stale(finding: Finding, layers: set[str], labels: set[str], *, others: bool) -> bool:
    """Whether a finding is about grids as they were before."""
    if finding.rule not in _OF_BALANCE:
        return False
    if finding.rule == "figures_can_be_made":
        return bool(layers & set(finding.subjects))
    if not others:
        return True
    if finding.rule != "grid_in_tolerance":
        return False
    # Before the atlas numbers them, grids are called by their layer and place.
    return any(
        word in labels or (word.rpartition(" ")[0] in layers and word.rpartition(" ")[2].isdigit())
        for word in finding.subjects
    )
