"""Real districts, cut, published, read back and looked up: exact, and the same on every machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid import Atlas, Division, Edition, Locator, Plan, bundled, divide
from geogrid.lattice import LatticePolygons, winding
from geogrid.testing import assert_is_partition, shuffled
from geogrid.types import Int32Array

GOLDEN = "2e2177bb9d4a47c42f03215ae6c81a6a8ff40ccd45f9018f0770df640cd42223"
JINGAN, JIADING = "310106", "310114"


def cut(code: str, method: str) -> Division:
    plan = f'[place]\ncode = "{code}"\n[[layer]]\nname = "cell"\nmethod = "{method}"\ntarget_area_m2 = 10_000\n'
    return divide(Plan.parse(plan))


@pytest.fixture(scope="module")
def jingan() -> Division:
    return cut(JINGAN, "squares")


@pytest.fixture(scope="module")
def published(jingan: Division, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    atlas = Atlas.create(tmp_path_factory.mktemp("golden") / "jingan.gpkg")
    edition = atlas.publish(jingan, valid_from="2026-01-01")
    assert isinstance(edition, Edition)
    return edition


def file_of(edition: Edition) -> Path:
    return Path(str(edition.engine.url.database))


def test_the_published_bytes_of_a_real_district_are_the_same_on_every_machine(published: Edition) -> None:
    assert len(published.layer("cell")) == 3679
    assert published.content_hash == GOLDEN


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_and_the_start_and_direction_of_rings_change_nothing(
    jingan: Division, tmp_path: Path, seed: int
) -> None:
    atlas = Atlas.create(tmp_path / "again.gpkg")
    assert atlas.publish(shuffled(jingan, seed), valid_from="2026-01-01").content_hash == GOLDEN


def test_cutting_again_gives_the_same_cells(jingan: Division) -> None:
    again = cut(JINGAN, "squares")
    np.testing.assert_array_equal(again.base.shapes.coords, jingan.base.shapes.coords)


def test_saved_loaded_and_saved_again_is_identical(published: Edition, tmp_path: Path) -> None:
    loaded = Atlas.open(file_of(published)).edition(1).verify().division
    assert_is_partition(loaded)
    twice = Atlas.create(tmp_path / "twice.gpkg").publish(loaded, valid_from="2026-01-01")
    assert twice.content_hash == GOLDEN
    back = twice.division
    assert back.base.codes.tolist() == loaded.base.codes.tolist()
    for mine, other in zip((*back.areas, back.base), (*loaded.areas, loaded.base), strict=True):
        mine_shapes, other_shapes = (getattr(one, "polygons", None) or one.shapes for one in (mine, other))
        np.testing.assert_array_equal(mine_shapes.coords, other_shapes.coords)
        np.testing.assert_array_equal(mine_shapes.geom_offsets, other_shapes.geom_offsets)


def test_pyogrio_lists_every_layer_with_its_count_and_crs(published: Edition) -> None:
    path = file_of(published)
    shown = {name for name, kind in pyogrio.list_layers(path) if kind is not None}
    assert set(published.tables.values()) <= shown
    for name, count in (("cell", 3679), *((f"area_{level.level}", len(level)) for level in published.division.areas)):
        facts = pyogrio.read_info(path, layer=published.tables[name])
        assert (facts["features"], facts["crs"], facts["geometry_type"]) == (count, "EPSG:4326", "MultiPolygon")


def test_ogrinfo_lists_every_layer_with_its_count_and_crs(published: Edition) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("no ogrinfo: apt-get install gdal-bin")
    done = subprocess.run(
        ["ogrinfo", "-so", "-al", str(file_of(published))], check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    blocks = dict(re.findall(r"^Layer name: (\S+)\n(.*?)(?=^Layer name: |\Z)", done.stdout, re.S | re.M))
    for name, count in (("cell", 3679), *((f"area_{level.level}", len(level)) for level in published.division.areas)):
        block = blocks[published.tables[name]]
        assert f"Feature Count: {count}\n" in block
        assert 'ID["EPSG",4326]' in block


# ── exactly one, on the district of the demonstration ──


@pytest.fixture(scope="module", params=["squares", "hexagons"])
def jiading(request: pytest.FixtureRequest) -> tuple[Division, Locator]:
    division = cut(JIADING, request.param)
    return division, Locator.of(division)


def owners(polygons: LatticePolygons, points: Int32Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return of each point the last polygon that owns it, -1 for none, and how many do, by exact integers alone.

    Every polygon is asked about every point of its bounding box; outside it, it owns none.
    """
    box = polygons.bounds()
    row, place = shapely.STRtree(shapely.points(points)).query(shapely.box(*box.T.astype(np.float64)))
    order = np.argsort(row, kind="stable")
    places = np.split(place[order], np.searchsorted(row[order], np.arange(1, len(polygons))))
    owner, count = np.full(len(points), -1, np.int64), np.zeros(len(points), np.int64)
    start, end, of = polygons.edges()
    edge = np.searchsorted(of, np.arange(len(polygons) + 1))
    for number, near in enumerate(places):
        if len(near):
            its = slice(edge[number], edge[number + 1])
            held = near[winding(start[its], end[its], points[near]) != 0]
            owner[held] = number
            count[held] += 1
    return owner, count


def held_by(outline: LatticePolygons, points: Int32Array) -> npt.NDArray[np.int64]:
    """Return 1 for each point that the outline owns, else 0: strip by strip, each with the edges that reach into it."""
    start, end, _ = outline.edges()
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    found = np.zeros(len(points), np.int64)
    for strip in np.array_split(np.argsort(points[:, 1], kind="stable"), 400):
        y = points[strip, 1]
        reach = (low <= y[-1]) & (high >= y[0])
        found[strip] = winding(start[reach], end[reach], points[strip]) != 0
    return found


def lattice_points_on_edges(polygons: LatticePolygons) -> Int32Array:
    """Return lattice points that lie exactly on edges, between their ends."""
    start, end = polygons.edges()[:2]
    step = end.astype(np.int64) - start
    parts = np.gcd(step[:, 0], step[:, 1])
    inner = parts > 1
    along = parts[inner] // 2
    return (start[inner] + step[inner] // parts[inner, None] * along[:, None]).astype(np.int32)


def test_on_vertices_edges_corners_and_200_000_places_the_locator_is_the_oracle_and_every_point_has_one_cell(
    jiading: tuple[Division, Locator],
) -> None:
    division, locator = jiading
    cells, outline = division.base.shapes, division.areas[-1].polygons
    rng = np.random.default_rng(310114)
    vertices = np.unique(cells.coords, axis=0)
    on_edges = np.unique(np.concatenate([lattice_points_on_edges(cells), lattice_points_on_edges(outline)]), axis=0)
    west, south, east, north = outline.bounds()[0]
    anywhere = np.column_stack([rng.integers(west - 9, east + 9, 120_000), rng.integers(south - 9, north + 9, 120_000)])
    beside = rng.permutation(vertices)[:40_000] + rng.integers(-1, 2, (min(40_000, len(vertices)), 2))
    on_outline = np.concatenate([outline.coords, lattice_points_on_edges(outline)])
    points = np.concatenate([vertices, on_edges, anywhere, beside, on_outline]).astype(np.int32)
    assert len(points) >= 200_000
    assert len(on_edges) > 1_000

    owner, count = owners(cells, points)
    np.testing.assert_array_equal(locator.locate_lattice(points), owner)
    # A place has one cell if the outline owns it, and none if not: no gap, no overlap, no seam without an owner.
    np.testing.assert_array_equal(count, held_by(outline, points))


def test_the_official_outline_is_kept_to_the_vertex(jiading: tuple[Division, Locator]) -> None:
    published = {tuple(vertex) for vertex in jiading[0].areas[-1].polygons.coords.tolist()}
    official = bundled(JIADING).finest.polygons.coords.tolist()
    assert all(tuple(vertex) in published for vertex in official)


@given(st.data())
def test_any_place_near_any_vertex_has_the_oracles_cell(jiading: tuple[Division, Locator], data: st.DataObject) -> None:
    division, locator = jiading
    cells = division.base.shapes
    corner = cells.coords[data.draw(st.integers(0, len(cells.coords) - 1))]
    steps = st.integers(-30, 30)
    offsets = data.draw(st.lists(st.tuples(steps, steps), min_size=1, max_size=60))
    points = (corner + np.array([(0, 0), *offsets])).astype(np.int32)
    box = cells.bounds()
    (low_x, low_y), (high_x, high_y) = points.min(axis=0), points.max(axis=0)
    near = np.flatnonzero((box[:, 0] <= high_x) & (box[:, 2] >= low_x) & (box[:, 1] <= high_y) & (box[:, 3] >= low_y))
    owner, count = owners(cells.take(near), points)
    np.testing.assert_array_equal(locator.locate_lattice(points), np.where(owner >= 0, near[owner], -1))
    assert count.max(initial=0) <= 1


def test_a_saved_index_and_a_shuffled_division_name_the_same_cells(jiading: tuple[Division, Locator]) -> None:
    division, locator = jiading
    named = replace(
        division,
        layers=(replace(division.base, codes=np.array([f"c{row}" for row in range(len(division.base))], object)),),
    )
    other = shuffled(named, 5)
    points = np.concatenate([division.base.shapes.coords[::7], division.areas[-1].polygons.coords])
    here, there = locator.locate_lattice(points), Locator.of(other).locate_lattice(points)
    np.testing.assert_array_equal(here >= 0, there >= 0)
    inside = here >= 0
    assert named.base.codes[here[inside]].tolist() == other.base.codes[there[inside]].tolist()
