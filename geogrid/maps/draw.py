"""One layer of a division as a map: coloured, explained, and complete without a network."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import MissingPartError, NotFoundError
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons
from geogrid.maps.colours import DISTINCT, shade
from geogrid.maps.columns import Language, layer_columns, require_column, title_of
from geogrid.maps.packing import pack_columns, pack_lines, pack_polygons
from geogrid.partition.division import Division

if TYPE_CHECKING:
    from geogrid.maps.layers import CityMap

__all__ = ["draw_map"]

_LABELS_AT_MOST = 400
_TIP = ("code", "name", "area", "station", "person")
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "by": "{layer} by {column}", "none": "(none)", "border": "borders: {name}", "labels": "names",
        "seams": "seams", "many": "{count} values share {colours} colours; neighbours differ.",
    },
    "zh-CN": {
        "by": "{layer}(按{column}着色)", "none": "(无)", "border": "边界:{name}", "labels": "名称",
        "seams": "自然边界", "many": "共 {count} 个取值,使用 {colours} 种颜色,相邻不同色。",
    },
}  # fmt: skip


def draw_map(
    of: Any,
    *,
    layer: str | None = None,
    colour_by: str | None = None,
    columns: Mapping[str, Any] | None = None,
    seams: Sequence[Any] | npt.NDArray[np.object_] | None = None,
    offline: bool = True,
    language: Language = "en",
) -> CityMap:
    """Return a folium map of one layer; ``.save("map.html")`` writes it as one file.

    Tens of thousands of cells are drawn on canvas from packed lattice integers. Hovering shows code,
    name, area, station and person; a click shows every column. The borders of the other layers and of
    the areas, the names, and the seams can be switched on and off.

    Parameters
    ----------
    of : Division, or an edition with a ``division``
    layer : str, optional
        The layer to fill; the base layer if not given.
    colour_by : str, optional
        A column of the layer, the name of a stacked layer above it, or one of `columns`. Numbers are shown
        on a ramp, anything else as categories. By default ``station`` if there is one, else the layer
        stacked on top of this one, else the area.
    columns : mapping of str to (n,) array_like, optional
        Further columns in the row order of the layer, e.g. ``station`` and ``person``.
    seams : sequence of shapely lines or polygons, optional
        Degrees, WGS 84, lon-lat.
    offline : bool
        Put Leaflet's script, style sheet and images into the page and ask no tile server for a background.
    language : {"en", "zh-CN"}
        Of the page's own words.

    Raises
    ------
    NotFoundError
        If there is no such layer or column.
    InputError
        If a column of `columns` has another length than the layer.
    MissingPartError
        If folium is not installed.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> page = draw_map(toy_city(), colour_by="responsibility").get_root().render()
    >>> "North-east" in page, "https://cdn" in page
    (True, False)
    """
    try:
        import folium

        from geogrid.maps.layers import CityMap, Labels, Legend, PackedShapes
    except ImportError as missing:
        raise MissingPartError(
            "drawing maps needs folium", given=missing.name, mend='pip install "geogrid[maps]"'
        ) from None
    division: Division = of if isinstance(of, Division) else of.division
    name = layer or division.base.name
    polygons = division.shapes(name)
    if len(polygons.coords) == 0:
        raise NotFoundError("the layer has nothing to draw", given=name, source=division.name)
    facts = layer_columns(division, name, columns)
    column = colour_by or _default_column(division, name, facts)
    words = _TEXTS[language]
    titles = {key: title_of(key, language) for key in facts}
    shading = shade(
        require_column(facts, column, name),
        polygons,
        no_value=words["none"],
        many=lambda count: words["many"].format(count=count, colours=DISTINCT),
    )
    caption = words["by"].format(layer=title_of(name, language), column=titles[column])
    data = {
        "geometry": pack_polygons(polygons),
        "fill": shading.fill.tolist(),
        "palette": shading.palette,
        "columns": pack_columns(facts, titles),
        "brief": [key for key in (*_TIP, column) if key in facts],
    }
    chart = CityMap(offline=offline, title=division.name, language=language)
    chart.add_child(PackedShapes(caption, data, opacity=0.82, attribution=html.escape(_attribution(of, division))))
    for title, outline, options in _borders(division, name):
        label = words["border"].format(name=title_of(title, language))
        chart.add_child(PackedShapes(label, {"geometry": pack_polygons(outline)}, **options))
    if seams is not None and len(seams):
        chart.add_child(
            PackedShapes(words["seams"], {"geometry": pack_lines(seams)}, stroke="#0057b8", weight=1.4, closed=False)
        )
    labels = _labels(division, name, column)
    if labels:
        chart.add_child(Labels(words["labels"], labels))
    entries = [(entry.colour, entry.text, entry.count) for entry in shading.entries]
    chart.add_child(Legend({"title": caption, "ramp": shading.ramp, "entries": entries, "note": shading.note}))
    chart.add_child(folium.LayerControl(collapsed=False))
    west, south, east, north = _bounds(polygons)
    chart.fit_bounds([[south, west], [north, east]])
    chart.name_by_content()
    return chart


def _default_column(division: Division, name: str, facts: Mapping[str, Any]) -> str:
    if "station" in facts:
        return "station"
    above = (other.name for other in division.layers if other.of == name)
    return next(above, "area")


def _attribution(of: Any, division: Division) -> str:
    place = f"{division.name} {division.code}".strip()
    number = getattr(of, "number", None)
    return place if number is None else f"{place} · edition {number}, valid from {of.valid_from}"


def _borders(division: Division, filled: str) -> list[tuple[str, LatticePolygons, dict[str, Any]]]:
    """Return what to draw over the filled layer: name, shapes, how; coarser is thicker."""
    found: list[tuple[str, LatticePolygons, dict[str, Any]]] = []
    for layer in division.layers:
        if layer.name != filled and len(layer) < len(division.base):
            dash = [6, 4] if layer.kind == "overlay" else []
            shown = layer.kind == "stacked"
            found.append(
                (
                    layer.name,
                    division.shapes(layer.name),
                    {"stroke": "#333333", "weight": 1.2, "dash": dash, "show": shown},
                )
            )
    for height, areas in enumerate(reversed(division.areas)):
        found.append((areas.level, areas.polygons, {"stroke": "#111111", "weight": 1.4 + 0.6 * height, "show": True}))
    return found


def _labels(division: Division, name: str, column: str) -> list[tuple[float, float, str]]:
    """Return lat, lon and text of the grids or areas that the colours stand for, if they are few enough to read."""
    above = [layer for layer in division.layers if layer.name == column and layer.kind == "stacked"]
    named = above or [layer for layer in division.layers if layer.name == name]
    texts, shapes = named[0].names, division.shapes(named[0].name)
    if len(texts) > _LABELS_AT_MOST:
        fitting = [areas for areas in division.areas if len(areas) <= _LABELS_AT_MOST]
        if not fitting:
            return []
        texts, shapes = fitting[-1].names, fitting[-1].polygons
    points = shapely.point_on_surface(shapes.to_shapely())
    return [
        (round(point.y, 6), round(point.x, 6), str(text))
        for point, text in zip(points, texts, strict=True)
        if text and not point.is_empty
    ]


def _bounds(polygons: LatticePolygons) -> list[float]:
    low, high = polygons.coords.min(axis=0), polygons.coords.max(axis=0)
    return [float(step) / STEPS_PER_DEGREE for step in (*low.tolist(), *high.tolist())]
