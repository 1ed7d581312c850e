"""What a map can say of a cell or grid: its own columns, the grids above it, and what the caller adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, NotFoundError
from geogrid.partition.division import Division

__all__ = ["Language", "layer_columns", "require_column", "title_of"]

Language: TypeAlias = Literal["en", "zh-CN"]

_TITLES = {
    "code": "编码",
    "name": "名称",
    "area": "行政区域",
    "area_m2": "面积 (m²)",
    "cell": "单元网格",
    "management": "管理网格",
    "responsibility": "责任网格",
    "station": "工作站",
    "police": "警务网格",
    "extension": "扩展网格",
    "person": "责任人",
    "role": "岗位",
    "deputy": "副网格长",
    "phone": "电话",
    "weight": "权重",
    "district": "区",
    "street": "街道/镇",
    "community": "社区/居村",
}


def title_of(name: str, language: Language) -> str:
    """Return what a page calls a column or layer.

    Examples
    --------
    >>> title_of("area_m2", "en"), title_of("person", "zh-CN"), title_of("floors", "zh-CN")
    ('area (m²)', '责任人', 'floors')
    """
    if language == "zh-CN":
        return _TITLES.get(name, name)
    return name.replace("area_m2", "area (m²)").replace("_", " ")


def layer_columns(division: Division, name: str, extra: Mapping[str, Any] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of a layer by name, each (n,), in the order a popup shows them.

    ``code``, ``name`` (if it says more than the code), ``area`` (its name and code), ``area_m2``, the
    name of the grid of every stacked layer above, the layer's attributes, then `extra`.

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
    columns["area"] = _area_texts(division, layer.areas)
    columns["area_m2"] = np.round(division.area_m2(name), 1)
    above, membership = name, np.arange(len(layer), dtype=np.int32)
    while True:
        upper = next((other for other in division.layers if other.kind == "stacked" and other.of == above), None)
        if upper is None or upper.membership is None:
            break
        membership = np.asarray(upper.membership[membership], np.int32)
        columns[upper.name] = _labels(upper.names, upper.codes)[membership]
        above = upper.name
    columns |= {key: np.asarray(values) for key, values in layer.attributes.items() if key not in columns}
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


def require_column(columns: Mapping[str, npt.NDArray[Any]], name: str, layer: str) -> npt.NDArray[Any]:
    """Return one column, or raise NotFoundError that lists what there is."""
    if name not in columns:
        raise NotFoundError(
            "no such column to colour by", given=name, allowed=", ".join(columns), source=f"layer {layer!r}"
        )
    return columns[name]


def _area_texts(division: Division, codes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    names = {code: name for areas in division.areas for code, name in zip(areas.codes, areas.names, strict=True)}
    text = {code: f"{names[code]} ({code})" if names.get(code) else str(code) for code in set(codes.tolist())}
    return np.array([text[code] for code in codes], dtype=object)


def _labels(names: npt.NDArray[np.object_], codes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the names, with codes where a name is empty or given twice."""
    distinct, counts = np.unique(names.astype(str), return_counts=True)
    several = set(distinct[counts > 1].tolist())
    pairs = zip(names, codes, strict=True)
    return np.array(
        [str(name) if name and name not in several else f"{name} {code}".strip() for name, code in pairs], dtype=object
    )
