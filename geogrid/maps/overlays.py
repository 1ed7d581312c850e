"""Overlays: the ground under the cells, and the flagged cells over them, each with its line in the legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.lattice import LatticePolygons
from geogrid.maps.columns import layer_columns
from geogrid.maps.ground import MapGround
from geogrid.maps.packing import pack_columns, pack_lines, pack_polygons
from geogrid.maps.sizes import kinds_in
from geogrid.partition.blocks.flag_words import in_chinese, reason_of
from geogrid.partition.division import Division
from geogrid.partition.titles import Language, title_of
from geogrid.types import IntArray

__all__ = ["Overlay", "flagged_overlay", "ground_overlays", "in_words"]

SEAM, HARD, HOUSE, FLAG = "#0057b8", "#c2185b", "#8d6e63", "#d6006c"
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {"seams": "seams", "hard": "hard seams: no cell crosses them", "buildings": "buildings", "flagged": "flagged cells"},
    "zh-CN": {"seams": "自然边界", "hard": "不可跨越的边界", "buildings": "建筑物", "flagged": "有标记的单元网格"},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Overlay:
    """What can be switched on and off over a map.

    Parameters
    ----------
    title : str
    data : dict
        For `PackedShapes`.
    options : dict
        How it is drawn.
    signs : tuple of (sign, colour, text, count)
        Its lines in the legend.
    """

    title: str
    data: dict[str, Any]
    options: dict[str, Any]
    signs: tuple[tuple[str, str, str, int], ...]


def ground_overlays(ground: MapGround, language: Language) -> list[Overlay]:
    """Return buildings, seams and hard seams, as far as there are any."""
    words, found = _TEXTS[language], []
    if len(ground.buildings):
        data = {"geometry": pack_polygons(_filled(ground.buildings))}
        options = {"solid": HOUSE, "stroke": "#5d4037", "weight": 0.4, "opacity": 0.55}
        found.append(
            Overlay(words["buildings"], data, options, (("fill", HOUSE, words["buildings"], len(ground.buildings)),))
        )
    hard = ground.hard if len(ground.hard) else np.zeros(len(ground.seams), bool)
    for name, colour, weight, which in (("seams", SEAM, 1.2, ~hard), ("hard", HARD, 2.6, hard)):
        if which.any():
            options = {"stroke": colour, "weight": weight, "closed": False, "thins": True}
            sign = ("line", colour, words[name], int(which.sum()))
            found.append(Overlay(words[name], {"geometry": pack_lines(ground.seams[which])}, options, (sign,)))
    return found


def flagged_overlay(division: Division, filled: str, rows: IntArray, language: Language) -> Overlay | None:
    """Return the cells that carry a flag, hatched; None if there are none.

    Parameters
    ----------
    division : Division
    filled : str
        The layer that the map fills. If it is the cells themselves, its own tooltip tells the reason.
    rows : (k,) int64
        The cells to look at.
    language : {"en", "zh-CN"}
    """
    cells = division.base
    if "flag" not in cells.attributes:
        return None
    flags = np.asarray(cells.attributes["flag"], dtype=object)
    rows = rows[[bool(flag) for flag in flags[rows].tolist()]]
    if len(rows) == 0:
        return None
    title = _TEXTS[language]["flagged"]
    data: dict[str, Any] = {"geometry": pack_polygons(division.shapes(cells.name).take(rows))}
    if filled != cells.name:
        facts = {key: column[rows] for key, column in layer_columns(division, cells.name).items()}
        facts = in_words(facts, language)
        data["columns"] = pack_columns(facts, {key: title_of(key, language) for key in facts})
        data["brief"] = ["code", "area_m2", "flag"]
    counts = Counter(reason_of(flag) for flag in flags[rows].tolist())
    signs = tuple(
        ("hatch", FLAG, in_chinese(reason) if language == "zh-CN" else reason, count)
        for reason, count in counts.most_common()
    )
    return Overlay(title, data, {"hatch": FLAG, "stroke": FLAG, "weight": 2.0, "tip": "bottom"}, signs)


def in_words(facts: Mapping[str, npt.NDArray[Any]], language: Language) -> dict[str, npt.NDArray[Any]]:
    """Return the columns with flags and kinds in the page's language."""
    result = dict(facts)
    if language == "zh-CN":
        if "flag" in result:
            result["flag"] = np.array([in_chinese(str(flag or "")) for flag in result["flag"]], dtype=object)
        if "kind" in result:
            result["kind"] = kinds_in(language, result["kind"])
    return result


def _filled(shapes: npt.NDArray[np.object_]) -> LatticePolygons:
    polygons = LatticePolygons.from_shapely(shapes)
    return polygons.take(np.flatnonzero(np.diff(polygons.geom_offsets) > 0))
