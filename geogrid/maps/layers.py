"""What geogrid adds to folium: a map that can carry its own assets, packed shapes, labels, a legend."""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import Layer
from folium.template import Template

from geogrid.atlas.export import write_whole
from geogrid.errors import InputError
from geogrid.maps.leaflet import inline_script, inline_style, own_script, own_style

__all__ = ["CityMap", "Labels", "Legend", "PackedShapes", "page_json"]


def page_json(value: Any) -> str:
    r"""Return `value` as JSON that may stand inside a script element.

    Examples
    --------
    >>> page_json({"名": "</script>"})
    '{"名":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


class _Assets(Element):
    """The style sheets and scripts of the page; as values, since Leaflet's text is no template."""

    _template = Template("<style>{{ this.style }}</style>\n<script>{{ this.script }}</script>")

    def __init__(self, style: str, script: str) -> None:
        super().__init__()
        self._name = "Assets"
        self.style = style
        self.script = script


class CityMap(folium.Map):
    """A folium map that works without a network when `offline` is set.

    Parameters
    ----------
    offline : bool
        Put Leaflet itself into the page and use no tile server. Folium's other scripts (jQuery,
        Bootstrap, Font Awesome) are then left out: what only needs Leaflet (lines, circles, GeoJSON)
        can be added to the map, ``folium.Popup`` and ``folium.Icon`` cannot.
    title : str
        Of the page.
    language : str
        Of the page, ``"en"`` or ``"zh-CN"``.
    """

    def __init__(self, *, offline: bool, title: str, language: str) -> None:
        super().__init__(tiles=None if offline else "OpenStreetMap", control_scale=True, zoom_start=12)
        if offline:
            self.default_js: list[tuple[str, str]] = []
            self.default_css: list[tuple[str, str]] = []
        self.offline = offline
        self.language = language
        self._page().title = html.escape(title)

    def _page(self) -> Figure:
        root = self.get_root()
        if not isinstance(root, Figure):
            raise InputError("a map must stand in a page", given=type(root).__name__, allowed="branca.element.Figure")
        return root

    def write(self, path: str | Path) -> None:
        """Write the map as one HTML file; an older one is replaced only by a whole new one.

        Raises
        ------
        ConflictError
            If it would replace an atlas.
        StorageError
            If it cannot be written.
        """
        write_whole(Path(path), lambda fresh: fresh.write_text(self._page().render(), encoding="utf-8"))

    def name_by_content(self) -> None:
        """Name every element by what it holds instead of at random, so that the same map is the same bytes."""
        held = [child._id for child in self._children.values() if isinstance(child, _NAMED)]
        for place, child in enumerate(self._children.values()):
            if not isinstance(child, _NAMED):
                _fixed_name(child, str(place), *held)
        _fixed_name(self, "map", *held)

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Render into the page: the links of folium or the assets themselves, then the map."""
        lang = f"document.documentElement.lang = {page_json(self.language)};\n"
        header = self._page().header
        if self.offline:
            header.add_child(_Assets(inline_style(), lang + inline_script()), name="leaflet_inlined")
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        # After folium's own links: it extends Leaflet.
        header.add_child(_Assets(own_style(), ("" if self.offline else lang) + own_script()), name="geogrid_inlined")


def _fixed_name(element: Element, *content: str) -> None:
    """Name an element by its content instead of at random, so that the same map is the same bytes."""
    element._id = hashlib.sha256("\n".join(content).encode("utf-8")).hexdigest()[:24]


class PackedShapes(Layer):
    """A layer of packed polygons or lines, drawn on canvas tiles.

    Parameters
    ----------
    name : str
        Shown in the layers switch.
    data : dict
        ``geometry`` from `geogrid.maps.packing`; for filled shapes also ``fill``, ``palette``,
        ``columns`` and ``brief`` (the columns of the tooltip).
    show : bool
        Switched on when the page opens.
    options : object
        Of the layer in ``assets/cells.js``: ``stroke``, ``weight``, ``opacity``, ``closed``, ``dash``, …
    """

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "var {{ this.get_name() }} = L.geogrid.shapes({{ this.data }}, {{ this.drawing }});\n"
        "{% endmacro %}"
    )

    def __init__(self, name: str, data: dict[str, Any], *, show: bool = True, **options: Any) -> None:
        super().__init__(name=html.escape(name), overlay=True, control=True, show=show)
        self._name = "PackedShapes"
        self.data = page_json(data)
        self.drawing = page_json(options)
        _fixed_name(self, name, self.data, self.drawing)


class Labels(Layer):
    """Names at their places.

    Parameters
    ----------
    name : str
        Shown in the layers switch.
    labels : list of (lat, lon, text)
    """

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "var {{ this.get_name() }} = L.geogrid.labels({{ this.labels }});\n"
        "{% endmacro %}"
    )

    def __init__(self, name: str, labels: list[tuple[float, float, str]], *, show: bool = True) -> None:
        super().__init__(name=html.escape(name), overlay=True, control=True, show=show)
        self._name = "Labels"
        self.labels = page_json(labels)
        _fixed_name(self, name, self.labels)


class Legend(MacroElement):
    """The legend: a line per category, or a ramp.

    Parameters
    ----------
    content : dict
        ``title``, ``ramp`` (list of colour, value), ``entries`` (list of colour, text, count), ``note``, ``signs`` (list
        of ``"line"``, ``"fill"`` or ``"hatch"``, colour, text, count: what lies over and under the cells).
    """

    _template = Template(
        "{% macro script(this, kwargs) %}\n"
        "L.geogrid.legend({{ this.content }}).addTo({{ this._parent.get_name() }});\n"
        "{% endmacro %}"
    )

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Legend"
        self.content = page_json(content)
        _fixed_name(self, self.content)


_NAMED = (PackedShapes, Labels, Legend)
