"""The places of an edition: each cell with its rows in every layer and area level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division
from geogrid.types import FloatArray, Int32Array

__all__ = ["PlaceLayer", "Places"]


@dataclass(frozen=True, eq=False)
class PlaceLayer:
    """One layer or area level, seen from the cells.

    Parameters
    ----------
    name : str
    kind : str
        ``"base"``, ``"stacked"``, ``"overlay"`` or ``"area"``.
    codes, names : (n,) object arrays of str
    of_cell : (cells,) int32
        Row of each cell in this layer, -1 for none; all -1 for an overlay, which cuts cells.
    """

    name: str
    kind: str
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    of_cell: Int32Array

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each code."""
        return {code: row for row, code in enumerate(self.codes.tolist())}


@dataclass(frozen=True, eq=False)
class Places:
    """The cells of a division with all they belong to.

    Parameters
    ----------
    layers : tuple of PlaceLayer
        The base, then the stacked layers and overlays in the division's order.
    areas : tuple of PlaceLayer
        Levels of areas, finest first.
    shapes : LatticePolygons
        The cells.
    area_m2 : (cells,) float64
    land : (cells,) object array of str
        Land class of each cell (``"road"``, ``"green"``, ``"water"``, …), ``""`` where unknown.
    grade : (cells,) object array of str
        Area class that chooses time limits (``"A"``, ``"B"``, ``"C"``), ``""`` where unknown.
    """

    layers: tuple[PlaceLayer, ...]
    areas: tuple[PlaceLayer, ...]
    shapes: LatticePolygons
    area_m2: FloatArray
    land: npt.NDArray[np.object_]
    grade: npt.NDArray[np.object_]

    @classmethod
    def of(cls, division: Division) -> Places:
        """Return the places of a division.

        Land class and grade are the attributes ``land`` and ``grade`` of the base layer, where
        it has them.
        """
        base = division.base
        count = len(base)
        layers = []
        for layer in division.layers:
            nowhere = np.full(count, -1, np.int32)
            rows = nowhere if layer.kind == "overlay" else division.from_cells(layer.name)
            layers.append(PlaceLayer(layer.name, layer.kind, layer.codes, layer.names, rows))
        areas = _area_layers(division, base.areas)
        attribute = base.attributes.get
        blank = np.full(count, "", dtype=object)
        return cls(
            tuple(layers),
            areas,
            division.shapes(base.name),
            division.area_m2(base.name),
            _words(attribute("land"), blank),
            _words(attribute("grade"), blank),
        )

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.base.codes)

    @property
    def base(self) -> PlaceLayer:
        """The layer of cells."""
        return self.layers[0]

    @property
    def own_layers(self) -> tuple[PlaceLayer, ...]:
        """The base and stacked layers, from the cell up."""
        return tuple(layer for layer in self.layers if layer.kind != "overlay")

    def layer(self, name: str) -> PlaceLayer:
        """Return the layer or area level called `name`, or raise NotFoundError."""
        for layer in (*self.layers, *self.areas):
            if layer.name == name:
                return layer
        allowed = ", ".join(layer.name for layer in (*self.layers, *self.areas))
        raise NotFoundError("no such layer or level", given=name, allowed=allowed)

    @cached_property
    def grade_rows(self) -> tuple[tuple[str, ...], Int32Array]:
        """The grades there are, and (cells,) int32 the row of each cell's grade."""
        names, rows = np.unique(self.grade.astype(str), return_inverse=True)
        return tuple(names.tolist()), rows.astype(np.int32)

    @cached_property
    def by_name(self) -> Mapping[str, PlaceLayer]:
        """Layers and area levels by name; a layer hides a level of the same name."""
        return {layer.name: layer for layer in (*self.areas, *self.layers)}


def _area_layers(division: Division, finest_of_cell: Sequence[str] | npt.NDArray[np.object_]) -> tuple[PlaceLayer, ...]:
    levels = []
    codes_of_cell = np.asarray(finest_of_cell, dtype=object)
    for areas in reversed(division.areas):
        index = {code: row for row, code in enumerate(areas.codes.tolist())}
        rows = np.array([index.get(code, -1) for code in codes_of_cell.tolist()], np.int32)
        levels.append(PlaceLayer(areas.level, "area", areas.codes, areas.names, rows))
        parents = np.append(areas.parents, [""]).astype(object)
        codes_of_cell = parents[rows]
    return tuple(levels)


def _words(values: Any, blank: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    if values is None:
        return blank
    missing = {None, "nan", "None", "<NA>"}
    return np.array(["" if value is None or str(value) in missing else str(value) for value in values], dtype=object)
