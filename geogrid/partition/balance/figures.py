"""Figures: what a layer of grids says of itself and what was found, the same for new grids and for grids that stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geogrid.lattice import LatticePolygons
from geogrid.partition.balance.existing import as_they_are
from geogrid.partition.balance.layer import BalanceSection, problem_of
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.reasons import GridReasons, figures_of
from geogrid.partition.balance.standing import for_standing_grids
from geogrid.partition.division import Division, Layer, labels_of
from geogrid.partition.grouping import home_codes
from geogrid.types import Finding, Int32Array

__all__ = ["Regrouped", "regrouped"]

_OF_BALANCE = frozenset(
    {
        "area_can_be_met", "border_is_shortest", "cell_fits_a_grid", "connected_area", "grid_in_tolerance", "has_coordinates",
        "kept_apart", "points_inside", "search_ended", "station_in_a_cell", "station_in_reach", "weight_as_counted",
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
    labels = {label for one in changed for label in labels_of(division.layer(one))}
    kept = [one for one in division.findings if not _is_stale(one, changed, labels, others=others)]
    return Regrouped(replace(moved, findings=(*kept, *findings)), tuple(notes))


def _with(division: Division, layer: Layer) -> tuple[Layer, ...]:
    return tuple(layer if other.name == layer.name else other for other in division.layers)


def _judged(division: Division, name: str, problem: Problem) -> tuple[Division, tuple[Finding, ...]]:
    """Return the division with the figures and areas of a layer as its grids are, and what was found."""
    layer = division.layer(name)
    figures = figures_of(problem, as_they_are(problem), _shapes_below(division, layer), labels_of(layer))
    stays = {key: values for key, values in layer.attributes.items() if not GridReasons.holds(key)}
    made = replace(layer, attributes=stays | figures.attributes, areas=home_codes(division, name))
    return replace(division, layers=_with(division, made)), figures.findings


def _shapes_below(division: Division, layer: Layer) -> LatticePolygons:
    return division.shapes(str(layer.of))


def _without_figures(division: Division, name: str) -> tuple[Division, list[str]]:
    """Return the division with the areas of a layer made anew, and without figures that nobody can make anew."""
    layer = division.layer(name)
    dropped = sorted(key for key in layer.attributes if GridReasons.holds(key))
    stays: dict[str, Any] = {key: values for key, values in layer.attributes.items() if key not in dropped}
    made = replace(layer, attributes=stays, areas=home_codes(division, name))
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
    if not others:
        return True
    if finding.rule != "grid_in_tolerance":
        return False
    # Before the atlas numbers them, grids are called by their layer and place.
    return any(
        word in labels or (word.rpartition(" ")[0] in layers and word.rpartition(" ")[2].isdigit())
        for word in finding.subjects
    )
