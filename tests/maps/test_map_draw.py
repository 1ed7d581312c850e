"""A map says what was asked for, safely and completely."""

from __future__ import annotations

import json
import re
from pathlib import Path

import folium
import pytest
import shapely

from geogrid.errors import ChecksumError, InputError, NotFoundError
from geogrid.maps import draw_map, leaflet
from geogrid.maps.columns import layer_columns
from geogrid.testing import toy_city


def _page(**options: object) -> str:
    return draw_map(toy_city(), **options).get_root().render()  # type: ignore[arg-type]


def _data(page: str) -> dict[str, object]:
    found = re.search(r"L\.geogrid\.shapes\((\{.*?\}), \{", page)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_the_columns_of_a_cell_name_its_area_and_the_grids_above_it() -> None:
    columns = layer_columns(toy_city(), "cell", {"person": ["王小明"] * 16})
    assert list(columns) == ["code", "area_m2", "responsibility", "community", "street", "person"]
    assert columns["community"][3] == "South-east (990100002001)"
    assert columns["street"][3] == "East Street (990100002)"
    assert (
        columns["responsibility"].tolist()
        == ["South-west"] * 2
        + ["South-east"] * 2
        + ["South-west"] * 2
        + ["South-east"] * 2
        + ["North-west"] * 2
        + ["North-east"] * 2
        + ["North-west"] * 2
        + ["North-east"] * 2
    )


def test_a_layer_is_coloured_by_the_layer_stacked_on_it_unless_told() -> None:
    data = _data(_page())
    assert len(data["palette"]) == 5  # four grids and the grey of no value
    assert len(set(data["fill"])) == 4


def test_a_station_column_is_the_first_choice() -> None:
    assert len(set(_data(_page(columns={"station": ["a", "b"] * 8}))["fill"])) == 2


def test_every_layer_can_be_drawn() -> None:
    for layer, count in (("cell", 16), ("responsibility", 4), ("police", 2)):
        assert len(_data(_page(layer=layer))["fill"]) == count


def test_an_unknown_layer_or_column_is_answered_with_what_there_is() -> None:
    with pytest.raises(NotFoundError, match="cell, responsibility, police"):
        _page(layer="ward")
    with pytest.raises(NotFoundError, match="area, code, area_m2, responsibility, community, street"):
        _page(colour_by="ward")


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match=r"'person'.*given: 2; allowed: 16"):
        _page(columns={"person": ["a", "b"]})


def test_an_offline_page_names_no_address_to_load_from() -> None:
    page = _page()
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "tile.openstreetmap" not in page
    assert not re.findall(r"url\((?!data:|#)", page)
    assert "BSD 2-Clause" in page


def test_an_online_page_links_leaflet_and_has_a_background() -> None:
    page = _page(offline=False)
    assert "leaflet.js" in page
    assert "tile.openstreetmap" in page


def test_what_a_planner_wrote_never_becomes_markup() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    page = draw_map(toy_city(), colour_by="person", columns={"person": [evil] * 16, evil: [1] * 16}).get_root().render()
    assert "alert(1)</script>" not in page
    assert "<img" not in page


def test_the_same_map_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw_map(toy_city(), colour_by="area_m2").save(str(tmp_path / name))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_page_speaks_chinese() -> None:
    page = _page(language="zh-CN", columns={"person": ["王小明"] * 16})
    assert "单元网格(按责任网格着色)" in page
    assert '"title":"责任人"' in page


def test_seams_and_further_folium_layers_can_be_added() -> None:
    city = draw_map(toy_city(), seams=[shapely.LineString([(121.25, 31.38), (121.254, 31.384)])])
    folium.PolyLine([(31.38, 121.25), (31.384, 121.254)]).add_to(city)
    page = city.get_root().render()
    assert '"seams"' in page
    assert "L.polyline" in page


def test_a_notebook_shows_the_map_in_a_frame() -> None:
    assert draw_map(toy_city())._repr_html_().startswith("<div")


def test_a_changed_copy_of_leaflet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(leaflet.__file__).parent / "assets" / "leaflet"
    (tmp_path / "leaflet").mkdir()
    for path in source.iterdir():
        (tmp_path / "leaflet" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "leaflet" / "leaflet.js").write_bytes(b"alert(1)")
    monkeypatch.setattr(leaflet, "_ASSETS", tmp_path)
    leaflet._vendored.cache_clear()
    with pytest.raises(ChecksumError, match=r"assets/leaflet/leaflet\.js"):
        leaflet._vendored("leaflet.js")
    leaflet._vendored.cache_clear()
