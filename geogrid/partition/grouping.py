"""Grouping: what a stacked method returns, and how it becomes a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.boundaries.areas import Boundaries
from geogrid.errors import PartitionError
from geogrid.partition.division import Division, Layer, labels_of
from geogrid.types import BoolArray, Finding, Int32Array, IntArray

__all__ = ["Grouping", "area_rows", "home_code", "rehomed", "stacked_layer"]


@dataclass(frozen=True, eq=False)
class Grouping:
    """Which grid each row of the layer below belongs to.

    Parameters
    ----------
    membership : (rows below,) int32
        0 to g - 1; every grid has at least one row.
    names : (g,) object array of str, optional
    codes : (g,) object array of str, optional
        Codes that are given already (an adopted layer, an area's); otherwise the atlas numbers.
    attributes : mapping of str to (g,) array
    findings : tuple of Finding
    """

    membership: Int32Array
    names: npt.NDArray[np.object_] | None = None
    codes: npt.NDArray[np.object_] | None = None
    attributes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def stacked_layer(division: Division, grouping: Grouping, *, name: str, of: str, within: str | None = None) -> Layer:
    """Return the layer that a grouping makes of the layer below.

    Raises
    ------
    PartitionError
        If a row belongs to no grid, or a grid has no row.
    """
    below = division.layer(of)
    membership = np.asarray(grouping.membership, np.int32)
    if membership.shape != (len(below),) or (len(membership) and membership.min() < 0):
        raise PartitionError(
            f"layer {name!r}: not every row of {of!r} belongs to a grid",
            given=f"{membership.shape[0]} memberships, {int((membership < 0).sum())} of them negative",
            allowed=f"one grid for each of the {len(below)} rows",
        )
    sizes = np.bincount(membership)
    count = len(grouping.names) if grouping.names is not None else len(sizes)
    if len(sizes) > count or not np.bincount(membership, minlength=count).all():
        raise PartitionError(
            f"layer {name!r}: a grid has no cell, or a cell names a grid that is not there",
            given=f"{count} grids, {len(np.unique(membership))} of them with cells",
        )
    blank = np.full(count, "", dtype=object)
    return Layer(
        name, "stacked",
        blank.copy() if grouping.codes is None else grouping.codes,
        blank.copy() if grouping.names is None else grouping.names,
        _common_area(_areas_of_cells(division, within), membership[division.from_cells(of)], count),
        of=of, membership=membership, attributes=dict(grouping.attributes),
    )  # fmt: skip


def area_rows(division: Division, level: str | None = None) -> IntArray:
    """Return (cells,) rows of the areas of `level` (the finest if None) that the cells lie in.

    Raises
    ------
    NotFoundError
        If there is no such level.
    """
    finest = division.areas[-1]
    rows = {code: row for row, code in enumerate(finest.codes)}
    cells = np.array([rows[code] for code in division.base.areas], np.int64)
    if level is None:
        return cells
    return Boundaries(division.code, division.name, division.areas).ancestors(level)[cells]


def rehomed(before: Division, after: Division) -> Division:
    """Return a division whose cells went to other grids, with the areas of these grids as they are then.

    An area is of the level that the layer's `areas` are of already, ``""`` for a grid that lies in several.
    Layers and grids that have the cells they had keep their areas.

    Parameters
    ----------
    before, after : Division
        The same cells in other grids.
    """
    layers = []
    for layer in after.layers:
        if layer.kind == "stacked":
            changed = _changed_grids(before, after, layer)
            if changed.any():
                homes = _common_area(
                    _areas_of_cells(after, _level_of(after, layer)), after.from_cells(layer.name), len(layer)
                )
                layer = replace(layer, areas=np.where(changed, homes, layer.areas).astype(object))
        layers.append(layer)
    return replace(after, layers=tuple(layers))


def home_code(division: Division, name: str, members: IntArray) -> str:
    """Return the code of the area that holds these rows of the layer below, of the level of the layer's `areas`; "" if several do."""
    layer = division.layer(name)
    inside = np.isin(division.from_cells(str(layer.of)), members)
    homes = _areas_of_cells(division, _level_of(division, layer))[inside]
    return str(_common_area(homes, np.zeros(len(homes), np.int32), 1)[0])


def _changed_grids(before: Division, after: Division, layer: Layer) -> BoolArray:
    """Return (g,) whether a grid has other cells than the grid of the same code had."""
    was, now = before.from_cells(layer.name), after.from_cells(layer.name)
    place = {label: row for row, label in enumerate(labels_of(layer))}
    kept = np.array([place.get(label, -1) for label in labels_of(before.layer(layer.name))], np.int64)[was]
    moved = kept != now
    changed = np.zeros(len(layer), bool)
    changed[now[moved]] = True
    changed[kept[moved & (kept >= 0)]] = True
    return changed


def _level_of(division: Division, layer: Layer) -> str:
    """Return the level that the areas of a layer are of, the finest if it has none."""
    told = next((code for code in layer.areas if code), None)
    return next((areas.level for areas in reversed(division.areas) if told in areas.codes), division.areas[-1].level)


def _areas_of_cells(division: Division, level: str | None) -> npt.NDArray[np.object_]:
    """Return (cells,) codes of the areas of `level` (the finest if None) that the cells lie in; "" for none."""
    codes = division.base.areas
    if level is None or level == division.areas[-1].level:
        return codes
    bounds = Boundaries(division.code, division.name, division.areas)
    above = dict(zip(bounds.finest.codes, bounds.level(level).codes[bounds.ancestors(level)], strict=True))
    return np.array([above.get(code, "") for code in codes], dtype=object)


def _common_area(homes: npt.NDArray[np.object_], grid_of_cell: Int32Array, count: int) -> npt.NDArray[np.object_]:
    """Return the area that holds all cells of each grid, "" where they lie in several."""
    first = np.full(count, "", dtype=object)
    first[grid_of_cell[::-1]] = homes[::-1]
    first[grid_of_cell[homes != first[grid_of_cell]]] = ""
    return first
