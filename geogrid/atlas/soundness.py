"""What a division must be before it can be published."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError
from geogrid.partition.division import Division, Layer

__all__ = ["require_sound", "require_unique"]


def require_sound(division: Division) -> None:
    """Raise InputError unless columns fit together and every row has a place.

    Whether the cells are a partition is not asked here: an adopted division with known faults may
    be published, its findings beside it.

    Raises
    ------
    InputError
        Naming the layer and what is wrong with it.
    CoordinateError
        If a geometry is empty on the lattice.
    """
    if not division.layers or division.base.kind != "base":
        raise InputError("a division begins with its base layer", given=division.layer_names, source=division.name)
    require_unique(division.layer_names, what="layer", source=division.name)
    require_unique((areas.level for areas in division.areas), what="level", source=division.name)
    known = {""}
    for areas in division.areas:
        _same_length(areas.level, len(areas), names=areas.names, parents=areas.parents, polygons=areas.polygons)
        require_unique(areas.codes.tolist(), what="code", source=areas.level)
        areas.polygons.require_filled(areas.codes, source=areas.level)
        known |= set(areas.codes.tolist())
    below: dict[str, int] = {}
    for layer in division.layers:
        _require_layer(layer, below)
        unknown = sorted(set(layer.areas.tolist()) - known)
        if unknown:
            raise InputError(
                "a layer names areas that the division does not have", given=unknown[:5], source=layer.name
            )
        below[layer.name] = len(layer)


def _require_layer(layer: Layer, below: dict[str, int]) -> None:
    if layer.name.startswith("area_"):
        raise InputError("the name of a layer may not begin with area_", given=layer.name, mend="areas are kept so")
    require_unique((code for code in layer.codes.tolist() if code), what="code", source=layer.name)
    _same_length(layer.name, len(layer), names=layer.names, areas=layer.areas, **dict(layer.attributes))
    if layer.kind != "stacked":
        if layer.shapes is None or len(layer.shapes) != len(layer):
            raise InputError(f"a {layer.kind} layer needs one geometry per row", source=layer.name)
        layer.shapes.require_filled(layer.codes, source=layer.name)
        return
    if layer.of not in below or layer.membership is None:
        raise InputError(
            "a stacked layer stands on a layer before it and holds the membership of its rows",
            given=layer.of, allowed=", ".join(below), source=layer.name,
        )  # fmt: skip
    if len(layer.membership) != below[layer.of]:
        raise InputError(
            f"the membership must name a grid for each row of {layer.of}", given=f"{len(layer.membership)} rows",
            allowed=f"{below[layer.of]} rows", source=layer.name,
        )  # fmt: skip
    counts = np.zeros(len(layer), np.int64)
    inside = (layer.membership >= 0) & (layer.membership < len(layer))
    if not inside.all():
        row = int(np.flatnonzero(~inside)[0])
        raise InputError(
            f"row {row} of {layer.of} belongs to a grid that does not exist", given=int(layer.membership[row]),
            allowed=f"0 to {len(layer) - 1}", source=layer.name,
        )  # fmt: skip
    np.add.at(counts, layer.membership, 1)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        raise InputError(
            f"{len(empty)} grids have no cells", given=", ".join(layer.codes[empty[:5]].tolist()), source=layer.name,
            mend="give them cells or leave them out",
        )  # fmt: skip


def require_unique(values: Iterable[str], *, what: str, source: object) -> None:
    """Raise InputError naming values that are empty or stand twice."""
    seen: set[str] = set()
    twice: set[str] = set()
    for value in values:
        if value in seen or not value:
            twice.add(value or "(empty)")
        seen.add(value)
    if twice:
        raise InputError(f"each {what} must be given once", given=", ".join(sorted(twice)[:5]), source=source)


def _same_length(name: str, count: int, **columns: npt.NDArray[np.object_] | object) -> None:
    for column, values in columns.items():
        length = len(values)  # type: ignore[arg-type]
        if length != count:
            raise InputError(f"column {column} has {length} rows where the layer has {count}", source=name)
