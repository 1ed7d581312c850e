"""Grouping: what a stacked method returns, and how it becomes a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.boundaries.areas import Boundaries
from geogrid.errors import PartitionError
from geogrid.partition.division import Division, Layer
from geogrid.types import Finding, Int32Array, IntArray

__all__ = ["Grouping", "area_rows", "home_codes", "stacked_layer"]


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
        _common_area(division, within, membership[division.from_cells(of)], count),
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


def home_codes(division: Division, name: str) -> npt.NDArray[np.object_]:
    """Return the codes of the areas that hold the grids of a stacked layer, of the level its `areas` are of already.

    ``""`` for a grid that lies in several.
    """
    layer = division.layer(name)
    told = next((code for code in layer.areas if code), None)
    level = next((areas.level for areas in reversed(division.areas) if told in areas.codes), None)
    return _common_area(division, level, division.from_cells(name), len(layer))


def _common_area(
    division: Division, level: str | None, grid_of_cell: Int32Array, count: int
) -> npt.NDArray[np.object_]:
    """Return the code of the area that holds all cells of each grid, "" where they lie in several."""
    areas = (
        division.areas[-1] if level is None else Boundaries(division.code, division.name, division.areas).level(level)
    )
    home = area_rows(division, level)
    first = np.full(count, -1, np.int64)
    first[grid_of_cell[::-1]] = home[::-1]
    several = np.zeros(count, bool)
    several[grid_of_cell[home != first[grid_of_cell]]] = True
    return np.where(several, "", areas.codes[first]).astype(object)
