"""What a map can say of a cell or grid: its own columns, the grids above it, and what the caller adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, NotFoundError
from geogrid.partition.division import Division

__all__ = ["column_meant", "layer_columns", "require_column"]


def layer_columns(division: Division, name: str, extra: Mapping[str, Any] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a layer by name, each (n,), in the order a popup shows them.

    ``code``, ``name`` (if it says more than the code), ``area_m2``, the name of the grid of every stacked layer
    above, the administrative area under the name of its level and of each level above with several areas
    (``parent`` where a layer's rows lie on no one level), the layer's attributes, then `extra`.

    Parameters
    ----------
    division : Division
    name : str
        Of the layer.
    extra : mapping of str to (n,) array_like, optional
        Further columns in the layer's row order, e.g. ``station`` and ``person``; they win over columns
        of the same name.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    InputError
        If an extra column has another length.
    """
    layer = division.layer(name)
    columns: dict[str, npt.NDArray[Any]] = {"code": layer.codes}
    if not np.array_equal(layer.names, layer.codes):
        columns["name"] = layer.names
    columns["area_m2"] = np.round(division.area_m2(name), 1)
    above, membership = name, np.arange(len(layer), dtype=np.int32)
    while True:
        upper = next((other for other in division.layers if other.kind == "stacked" and other.of == above), None)
        if upper is None or upper.membership is None:
            break
        membership = np.asarray(upper.membership[membership], np.int32)
        columns[upper.name] = _labels(upper.names, upper.codes)[membership]
        above = upper.name
    for more in (_areas_of(division, layer.areas), layer.attributes):
        columns |= {key: np.asarray(values) for key, values in more.items() if key not in columns}
    for key, values in (extra or {}).items():
        array = np.asarray(values)
        if len(array) != len(layer):
            raise InputError(
                f"column {key!r} has another length than layer {name!r}",
                given=len(array),
                allowed=len(layer),
                mend="give one value per row, in the order of the layer",
            )
        columns[key] = array
    return columns


def column_meant(division: Division, columns: Mapping[str, Any], layer: str, word: str) -> str:
    """Return the column a word stands for: ``area`` is the size in m², ``parent`` the administrative area."""
    if word in columns:
        return word
    if word == "area":
        return "area_m2"
    levels = [key for key in _areas_of(division, division.layer(layer).areas) if key in columns]
    return levels[0] if word == "parent" and levels else word


def require_column(columns: Mapping[str, npt.NDArray[Any]], name: str, layer: str) -> npt.NDArray[Any]:
    """Return one column, or raise NotFoundError that lists what there is."""
    if name not in columns:
        raise NotFoundError(
            "no such column to colour by", given=name, allowed=", ".join(["area", *columns]), source=f"layer {layer!r}"
        )
    return columns[name]


def _areas_of(division: Division, codes: npt.NDArray[np.object_]) -> dict[str, npt.NDArray[np.object_]]:
    """Return name and code of the area that each row lies in, by level from the finest up."""
    if not any(codes):
        return {}
    heights = [height for height, areas in enumerate(division.areas) if set(codes.tolist()) <= set(areas.codes)]
    if not heights:
        return {"parent": _area_texts(division, codes)}
    found = {}
    for height in range(heights[-1], -1, -1):
        areas = division.areas[height]
        if len(areas) > 1 or height == heights[-1]:
            # A level may be called "area" itself; on a map that word is the size.
            found["parent" if areas.level == "area" else areas.level] = _area_texts(division, codes)
        above = dict(zip(areas.codes.tolist(), areas.parents.tolist(), strict=True))
        codes = np.array([above.get(code, "") for code in codes.tolist()], dtype=object)
        if not any(codes):
            break
    return found


def _area_texts(division: Division, codes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    names = {code: name for areas in division.areas for code, name in zip(areas.codes, areas.names, strict=True)}
    text = {
        code: f"{name} ({code})" if (name := names.get(code)) and name != code else str(code) for code in set(codes)
    }
    return np.array([text[code] for code in codes], dtype=object)


def _labels(names: npt.NDArray[np.object_], codes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the names, with codes where a name is empty or given twice."""
    distinct, counts = np.unique(names.astype(str), return_counts=True)
    several = set(distinct[counts > 1].tolist())
    pairs = zip(names, codes, strict=True)
    return np.array(
        [str(name) if name and name not in several else f"{name} {code}".strip() for name, code in pairs], dtype=object
    )
