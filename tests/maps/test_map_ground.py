"""A planner sees sizes, seams, buildings and flagged cells, each with its line in the legend."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.cli import main
from geogrid.crs import Metric, parse_crs
from geogrid.errors import InputError, NotFoundError
from geogrid.maps import MapGround, draw_map, ground
from geogrid.maps.overlays import HARD, HOUSE, SEAM
from geogrid.maps.sizes import shade_sizes
from geogrid.partition.blocks import Ground, Seams
from geogrid.testing import toy_city

STREET = shapely.LineString([(121.25, 31.3815), (121.254, 31.3815)])
RAIL = shapely.LineString([(121.2515, 31.38), (121.2515, 31.384)])
HOUSE_SHAPE = shapely.box(121.2502, 31.3802, 121.2504, 31.3804)
FLAG = "confined by hard seams, 3,200 m²"


def _city(plan: str = "") -> Any:
    """Return the toy city with a flag on its first cell."""
    city = toy_city()
    flags = np.array([FLAG, *[""] * 15], dtype=object)
    cells = dataclasses.replace(city.base, attributes={"flag": flags})
    return dataclasses.replace(city, layers=(cells, *city.layers[1:]), plan=plan)


def _legend(chart: Any) -> dict[str, Any]:
    page = chart.get_root().render()
    found = re.search(r"L\.geogrid\.legend\((\{.*?\})\)\.addTo", page)
    assert found
    legend: dict[str, Any] = json.loads(found[1])
    return legend


def test_area_is_the_size_and_parent_the_administrative_area() -> None:
    by_size = _legend(draw_map(toy_city(), colour_by="area", target_area_m2=10_000))
    assert [(text, count) for _, text, count in by_size["entries"]] == [("9,000-11,000 m², as planned", 16)]
    assert by_size["title"] == "cell by area (m²)"
    for word in ("parent", "community"):
        by_area = _legend(draw_map(toy_city(), colour_by=word))
        assert [count for _, _, count in by_area["entries"]] == [4] * 4
    assert len(_legend(draw_map(toy_city(), colour_by="street"))["entries"]) == 2


def test_the_plan_says_what_sizes_are_compared_with() -> None:
    plan = '[[layer]]\nname = "cell"\nmethod = "blocks"\ntarget_area_m2 = 16_000\ntolerance = 0.2'
    entries = _legend(draw_map(_city(plan), colour_by="area"))["entries"]
    assert [text for _, text, _ in entries] == ["8,000-12,000 m²"]


def test_every_class_of_size_has_a_colour_of_its_own_and_what_was_kept_whole_is_apart() -> None:
    sizes = np.array([1_000.0, 6_000, 8_000, 9_000, 11_000, 12_000, 14_000, 18_000, 90_000, 90_000])
    kinds = np.array(["ground"] * 9 + ["water"], dtype=object)
    shading = shade_sizes(sizes, (10_000.0, 0.1), "zh-CN", kinds=kinds, flags=np.full(10, "", dtype=object))
    assert [entry.text for entry in shading.entries] == [
        "小于 5,000 m²", "5,000-7,500 m²", "7,500-9,000 m²", "9,000-11,000 m², 符合方案", "11,000-12,500 m²",
        "12,500-15,000 m²", "15,000-20,000 m²", "20,000 m² 及以上", "水域(整体保留)",
    ]  # fmt: skip
    assert [entry.count for entry in shading.entries] == [1, 1, 1, 2, 1, 1, 1, 1, 1]
    assert len({shading.palette[row] for row in shading.fill.tolist()}) == 9


def test_without_a_plan_sizes_are_shown_in_classes_of_their_own() -> None:
    entries = shade_sizes(np.arange(1.0, 61.0) * 100, None, "en").entries
    assert len(entries) == 6
    assert sum(entry.count for entry in entries) == 60
    assert max(entry.count for entry in entries) <= 12


def test_seams_buildings_and_flagged_cells_are_layers_with_a_legend() -> None:
    under = MapGround(
        np.array([STREET, RAIL], dtype=object), np.array([False, True]), np.array([HOUSE_SHAPE], dtype=object)
    )
    chart = draw_map(_city(), colour_by="area", ground=under)
    page = chart.get_root().render()
    for title in ("buildings", "seams", "hard seams: no cell crosses them", "flagged cells"):
        assert f'"{title}"' in page
    signs = [tuple(sign) for sign in _legend(chart)["signs"]]
    assert signs[:3] == [
        ("fill", HOUSE, "buildings", 1), ("line", SEAM, "seams", 1), ("line", HARD, "hard seams: no cell crosses them", 1),
    ]  # fmt: skip
    assert signs[3][2:] == ("confined by hard seams", 1)
    assert FLAG in page


def test_the_reason_is_chinese_on_a_chinese_page() -> None:
    page = draw_map(_city(), language="zh-CN").get_root().render()
    assert "四周为不可跨越的边界,3,200 m²" in page
    assert "confined" not in page


def test_flagged_cells_tell_their_reason_over_a_layer_of_grids() -> None:
    assert FLAG in draw_map(_city(), layer="responsibility").get_root().render()


def test_one_area_can_be_drawn_alone() -> None:
    far = shapely.box(121.2535, 31.3835, 121.2536, 31.3836)
    under = MapGround(buildings=np.array([HOUSE_SHAPE, far], dtype=object))
    for word in ("990100001", "West Street"):
        legend = _legend(draw_map(_city(), colour_by="area", within=word, ground=under, target_area_m2=10_000))
        assert [count for _, _, count in legend["entries"]] == [8]
        assert legend["signs"][0][3] == 1
    with pytest.raises(NotFoundError, match=r"no area with this code or name; given: Nowhere"):
        draw_map(_city(), within="Nowhere")


def test_more_than_a_page_holds_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "MOST_VERTICES", 82)
    assert draw_map(toy_city())
    with pytest.raises(InputError, match=r"too much for one page.*85 vertices: cells 80, .* 5; .*--within"):
        draw_map(toy_city(), ground=MapGround(buildings=np.array([HOUSE_SHAPE], dtype=object)))


def test_what_cells_were_cut_on_comes_back_in_degrees() -> None:
    metric = Metric(parse_crs("EPSG:4549"))
    line = shapely.transform(STREET, metric.to_metres)
    under = MapGround.of(Ground(Seams.of([line], hard=True)), metric)
    assert shapely.distance(under.seams[0], STREET) < 1e-9
    assert under.hard.tolist() == [True]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with a plan, its seams and buildings, and the atlas it was published in."""
    geopandas.GeoDataFrame(
        {"code": ["A"], "name": ["one"]}, geometry=[shapely.box(121.25, 31.38, 121.2535, 31.383)], crs=4326
    ).to_file(tmp_path / "areas.gpkg")
    geopandas.GeoDataFrame({"highway": ["primary", "motorway"]}, geometry=[STREET, RAIL], crs=4326).to_file(
        tmp_path / "roads.gpkg"
    )
    geopandas.GeoDataFrame(geometry=[HOUSE_SHAPE], crs=4326).to_file(tmp_path / "houses.gpkg")
    (tmp_path / "plan.toml").write_text("""
[place]
code = "A"
boundaries = "areas.gpkg"
[[layer]]
name = "cell"
method = "blocks"
seams = [{ file = "roads.gpkg", hard = ["motorway"] }]
buildings = "houses.gpkg"
""")
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["geogrid", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def test_the_command_finds_the_ground_by_the_editions_own_plan(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: object) -> dict[str, Any]:
        code, out, err = _run(capsys, monkeypatch, *words, "--json")
        assert code == 0, err
        told: dict[str, Any] = json.loads(out)
        return told

    run("partition", place / "plan.toml", "--atlas", place / "city.gpkg")
    words = ("map", "--atlas", place / "city.gpkg", "--layer", "cell", "--colour-by", "area", "--out", place / "m.html")
    facts = run(*words)
    assert (facts["seams"], facts["buildings"], facts["not_drawn"]) == (2, 1, "")
    page = (place / "m.html").read_text("utf-8")
    assert "hard seams" in page
    assert "as planned" in page  # though the level of areas is called "area" itself
    assert run(*words, "--no-ground")["seams"] == 0
    (place / "houses.gpkg").rename(place / "moved.gpkg")
    assert "houses.gpkg" in run(*words)["not_drawn"]
    facts = run(*words, "--seams", place / "roads.gpkg", "--buildings", place / "moved.gpkg")
    assert (facts["seams"], facts["buildings"], facts["not_drawn"]) == (2, 1, "")
    (place / "moved.gpkg").rename(place / "houses.gpkg")
    monkeypatch.chdir("/")
    (place / "city.gpkg").rename(place.parent / "moved.gpkg")
    words = ("map", "--atlas", place.parent / "moved.gpkg", "--out", place / "m.html", "--no-ground")
    assert run(*words)["buildings"] == 0
    words = (*words[:-1], "--plan", place / "plan.toml", "--within", "A")
    assert run(*words)["buildings"] == 1
