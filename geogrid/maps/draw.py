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
from geogrid.maps.columns import column_meant, layer_columns, require_column
from geogrid.maps.ground import MapGround
from geogrid.maps.overlays import flagged_overlay, ground_overlays, in_words
from geogrid.maps.packing import pack_columns, pack_polygons
from geogrid.maps.sizes import shade_sizes
from geogrid.maps.window import meeting, rows_within
from geogrid.partition.division import Division
from geogrid.partition.rules import aim_of
from geogrid.partition.titles import Language, title_of
from geogrid.types import IntArray

if TYPE_CHECKING:
    from geogrid.maps.layers import CityMap

__all__ = ["draw_map"]

_LABELS_AT_MOST = 400
_TIP = ("code", "name", "parent", "area_m2", "flag", "station", "person")
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "by": "{layer} by {column}", "none": "(none)", "border": "borders: {name}", "labels": "names",
        "many": "{count} values share {colours} colours; neighbours differ.",
    },
    "zh-CN": {
        "by": "{layer}(按{column}着色)", "none": "(无)", "border": "边界:{name}", "labels": "名称",
        "many": "共 {count} 个取值,使用 {colours} 种颜色,相邻不同色。",
    },
}  # fmt: skip


def draw_map(
    of: Any,
    *,
    layer: str | None = None,
    colour_by: str | None = None,
    columns: Mapping[str, Any] | None = None,
    seams: Sequence[Any] | npt.NDArray[np.object_] | None = None,
    ground: MapGround | None = None,
    within: str | None = None,
    target_area_m2: float | None = None,
    offline: bool = True,
    language: Language = "en",
) -> CityMap:
    """Return a folium map of one layer; ``.save("map.html")`` writes it as one file.

    Tens of thousands of cells are drawn on canvas from packed lattice integers. Hovering shows code,
    name, size, why a cell is flagged, station and person; a click shows every column. The borders of the other layers
    and of the areas, the names, seams, buildings and flagged cells can be switched on and off.

    Parameters
    ----------
    of : Division, or an edition with a ``division``
    layer : str, optional
        The layer to fill; the base layer if not given.
    colour_by : str, optional
        ``area`` is the size in m², in classes around the plan's target; ``parent``, or the name of a level, the
        administrative area. Else a column of the layer, the name of a stacked layer above it, or one of
        `columns`: numbers on a ramp, anything else as categories. By default ``station`` if there is
        one, else the layer stacked on top of this one, else ``parent``.
    columns : mapping of str to (n,) array_like, optional
        Further columns in the row order of the layer, e.g. ``station`` and ``person``.
    seams : sequence of shapely lines or polygons, optional
        Degrees, WGS 84, lon-lat.
    ground : MapGround, optional
        Seams, hard ones apart, and buildings; what touches the drawn rows is shown.
    within : str, optional
        Code or name of an area of any level: nothing else is drawn.
    target_area_m2 : float, optional
        What sizes are compared with; what the division's plan says if not given.
    offline : bool
        Put Leaflet's script, style sheet and images into the page and ask no tile server for a background.
    language : {"en", "zh-CN"}
        Of the page's own words.

    Raises
    ------
    NotFoundError
        If there is no such layer, column or area.
    InputError
        If a column of `columns` has another length than the layer, or all is too much for one page.
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
    rows = np.arange(len(division.layer(name))) if within is None else rows_within(division, name, within)
    polygons = division.shapes(name).take(rows)
    if len(polygons.coords) == 0:
        raise NotFoundError("the layer has nothing to draw", given=name, source=division.name)
    window = _window(polygons)
    beneath = (ground or MapGround()).or_else(MapGround(np.asarray([] if seams is None else seams, dtype=object)))
    beneath = beneath.near(window / STEPS_PER_DEGREE)
    beneath.require_fitting(len(polygons.coords))
    facts = {key: values[rows] for key, values in layer_columns(division, name, columns).items()}
    column = column_meant(division, facts, name, colour_by or _default_column(division, name, facts))
    words = _TEXTS[language]
    titles = {key: title_of(key, language) for key in facts}
    if column == "area_m2":
        aim = aim_of(division, name) if target_area_m2 is None else (target_area_m2, 0.1)
        shading = shade_sizes(facts[column], aim, language, kinds=facts.get("kind"), flags=facts.get("flag"))
    else:
        shading = shade(
            require_column(facts, column, name),
            polygons,
            no_value=words["none"],
            many=lambda count: words["many"].format(count=count, colours=DISTINCT),
        )
    facts = in_words(facts, language)
    caption = words["by"].format(layer=title_of(name, language), column=titles[column])
    data = {
        "geometry": pack_polygons(polygons),
        "fill": shading.fill.tolist(),
        "palette": shading.palette,
        "columns": pack_columns(facts, titles),
        "brief": [key for key in dict.fromkeys((*_TIP, *_levels(division, facts)[:1], column)) if key in facts],
    }
    chart = CityMap(offline=offline, title=division.name, language=language)
    # Neighbours of one class of size have one colour: their border must be seen.
    stroke = "#7a7a7a" if column == "area_m2" else "#ffffff"
    attribution = html.escape(_attribution(of, division))
    chart.add_child(PackedShapes(caption, data, opacity=0.82, stroke=stroke, attribution=attribution))
    overlays = ground_overlays(beneath, language)
    cells = rows if name == division.base.name else _cells(division, within)
    if (flagged := flagged_overlay(division, name, cells, language)) is not None:
        overlays.append(flagged)
    for overlay in overlays:
        chart.add_child(PackedShapes(overlay.title, overlay.data, **overlay.options))
    for title, outline, options in _borders(division, name):
        label = words["border"].format(name=title_of(title, language))
        near = outline.take(meeting(outline, window))
        chart.add_child(PackedShapes(label, {"geometry": pack_polygons(near)}, **options))
    labels = _labels(division, name, column, window)
    if labels:
        chart.add_child(Labels(words["labels"], labels))
    entries = [(entry.colour, entry.text, entry.count) for entry in shading.entries]
    signs = [sign for overlay in overlays for sign in overlay.signs]
    legend = {"title": caption, "ramp": shading.ramp, "entries": entries, "note": shading.note, "signs": signs}
    chart.add_child(Legend(legend))
    chart.add_child(folium.LayerControl(collapsed=False))
    west, south, east, north = (window / STEPS_PER_DEGREE).tolist()
    chart.fit_bounds([[south, west], [north, east]])
    chart.name_by_content()
    return chart


def _cells(division: Division, within: str | None) -> IntArray:
    base = division.base.name
    return np.arange(len(division.base)) if within is None else rows_within(division, base, within)


def _levels(division: Division, facts: Mapping[str, Any]) -> list[str]:
    """Return the columns that name an administrative area, the finest first."""
    return [areas.level for areas in reversed(division.areas) if areas.level in facts]


def _default_column(division: Division, name: str, facts: Mapping[str, Any]) -> str:
    if "station" in facts:
        return "station"
    above = (other.name for other in division.layers if other.of == name)
    fallback = "parent" if _levels(division, facts) or "parent" in facts else "name" if "name" in facts else "code"
    return next(above, fallback)


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


def _labels(division: Division, name: str, column: str, window: IntArray) -> list[tuple[float, float, str]]:
    """Return lat, lon and text of the grids or areas that the colours stand for, if they are few enough to read."""
    west, south, east, north = (window / STEPS_PER_DEGREE).tolist()
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
        if text and not point.is_empty and west <= point.x <= east and south <= point.y <= north
    ]


def _window(polygons: LatticePolygons) -> IntArray:
    """Return west, south, east, north in lattice steps."""
    return np.concatenate([polygons.coords.min(axis=0), polygons.coords.max(axis=0)]).astype(np.int64)
