"""The locator agrees with the brute-force oracle everywhere, on borders and corners too."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.assign import locator_batch, locator_strips
from geogrid.assign.locator import Locator
from geogrid.assign.locator_build import build_surface
from geogrid.assign.locator_kernel import locate_degrees, locate_steps
from geogrid.assign.locator_strips import locate_by_strip
from geogrid.errors import CoordinateError, InputError, NotFoundError
from geogrid.lattice import LatticePolygons, covers, owners_by_brute_force
from geogrid.testing import toy_city
from geogrid.types import Int32Array

CORNER = np.array([1_212_500_000, 313_800_000])


def polygons_at(*rings: list[tuple[int, int]], corner: npt.ArrayLike = CORNER) -> LatticePolygons:
    closed = [np.array([*ring, ring[0]]) + np.asarray(corner) for ring in rings]
    return LatticePolygons.from_rings(closed, [1] * len(rings), [1] * len(rings))


def every_point(polygons: LatticePolygons, margin: int = 3) -> Int32Array:
    west, south = polygons.coords.min(axis=0) - margin
    east, north = polygons.coords.max(axis=0) + margin
    x, y = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.int32)


def first_owner(polygons: LatticePolygons, points: Int32Array) -> Int32Array:
    result = np.full(len(points), -1, np.int32)
    for row in range(len(polygons) - 1, -1, -1):
        result[covers(polygons, row, points)] = row
    return result


def assert_agrees(polygons: LatticePolygons, points: Int32Array, bits: int | None = None) -> None:
    surface = build_surface(polygons, tile_bits=bits)
    found = np.empty(len(points), np.int32)
    view = points.view()
    view.flags.writeable = False
    locate_steps(view, surface.head, *surface.parts, found)
    np.testing.assert_array_equal(found, first_owner(polygons, points))


@pytest.mark.parametrize("bits", [0, 1, 3, 4, 6, 12, 20, 32])
def test_every_lattice_point_of_a_small_fan_has_the_oracles_owner_at_any_tile_size(bits: int) -> None:
    hub = (20, 17)
    ring = [(0, 0), (23, -2), (41, 3), (40, 20), (44, 38), (19, 40), (-3, 36), (1, 17)]
    fan = polygons_at(*[[hub, a, b] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)])
    assert_agrees(fan, every_point(fan), bits)


@pytest.mark.parametrize("bits", [0, 2, 5, 32])
def test_overlapping_polygons_belong_to_the_lowest_row(bits: int) -> None:
    crossed = polygons_at(
        [(0, 0), (30, 4), (25, 33), (3, 28)], [(10, -5), (40, 20), (12, 38)], [(5, 5), (9, 6), (7, 12)]
    )
    assert_agrees(crossed, every_point(crossed), bits)


@pytest.mark.parametrize("bits", [1, 4, 32])
def test_a_hole_and_a_second_part_are_respected(bits: int) -> None:
    shell = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0)]
    hole = [(10, 10), (10, 20), (20, 18), (10, 10)]
    island = [(35, 5), (44, 9), (37, 22), (35, 5)]
    rings = [np.array(ring) + CORNER for ring in (shell, hole, island)]
    holed = LatticePolygons.from_rings(rings, [2, 1], [2])
    assert_agrees(holed, every_point(holed), bits)


def test_four_hundred_edges_at_one_vertex_are_told_apart() -> None:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.rint(np.column_stack([np.cos(angle), np.sin(angle)]) * 50_000).astype(int).tolist()
    fan = polygons_at(*[[(0, 0), a, b] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)])
    near = every_point(polygons_at([(-20, -20), (20, -20), (20, 20), (-20, 20)]))
    rng = np.random.default_rng(7)
    wide = (rng.integers(-51_000, 51_000, (2_000, 2)) + CORNER).astype(np.int32)
    assert_agrees(fan, np.concatenate([near, wide]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-9, 40), st.integers(-9, 40)), min_size=3, max_size=7), min_size=1, max_size=6
    ),
    st.sampled_from([0, 1, 2, 3, 5, 8]),
)
def test_any_heap_of_rings_even_self_crossing_agrees_with_the_oracle(
    rings: list[list[tuple[int, int]]], bits: int
) -> None:
    heap = polygons_at(*rings)
    points = every_point(polygons_at([(-12, -12), (45, -12), (45, 45), (-12, 45)]), margin=0)
    assert_agrees(heap, points, bits)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_a_random_triangulation_gives_every_vertex_and_edge_point_one_owner(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = shapely.MultiPoint(rng.integers(0, 60, (count, 2)) * 3)
    faces = [face for face in shapely.delaunay_triangles(places).geoms if face.area > 0]
    if faces:
        cells = polygons_at(*[[(int(x), int(y)) for x, y in face.exterior.coords[:-1]] for face in faces])
        points = np.concatenate([cells.coords, cells.coords + 1, cells.coords - 1, every_point(cells, 1)[::7]])
        truth = owners_by_brute_force(cells, points)
        assert (truth >= -1).all()
        for workers in (1, 3):
            found = Locator.build(cells, workers=workers).locate_lattice(points)
            np.testing.assert_array_equal(found, truth)


def test_the_index_has_the_same_bytes_whatever_the_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    boxes = [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in rng.uniform((100, 30), (100.3, 30.3), (200, 2))]
    polygons = LatticePolygons.from_shapely(boxes)
    one, many = build_surface(polygons), build_surface(polygons, workers=5)
    for name in ("head", "table", "records", "entries", "rim", "rim_owner"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))


def test_edges_that_cross_the_whole_world_are_divided_or_refused() -> None:
    world = polygons_at([(-(18 * 10**8), -(9 * 10**8)), (18 * 10**8, -(9 * 10**8)), (18 * 10**8, 9 * 10**8),
                         (-(18 * 10**8), 9 * 10**8)], corner=(0, 0))  # fmt: skip
    locator = Locator.build(world)
    assert locator.locate([0, -180, 179.9999999, 180], [0, -90, 89.9999999, 0], datum="wgs84").tolist() == [0, 0, 0, -1]
    slope = polygons_at([(-(18 * 10**8), -(9 * 10**8)), (18 * 10**8, 0), (0, 9 * 10**8)], corner=(0, 0))
    with pytest.raises(InputError, match="longer than 90 degrees"):
        Locator.build(slope)


def test_all_layers_come_from_one_lookup() -> None:
    city = toy_city()
    locator = Locator.of(city)
    grid = every_point(polygons_at([(0, 0), (82, 0), (82, 82), (0, 82)], corner=(0, 0)), margin=0)
    points = (grid * 500 + CORNER - 500 + (grid.sum(axis=1) % 3 - 1)[:, None]).astype(np.int32)
    lon, lat = points[:, 0] / 1e7, points[:, 1] / 1e7
    found = locator.locate_all(lon, lat, datum="wgs84")
    assert list(found) == ["cell", "responsibility", "police"]
    for name in found:
        np.testing.assert_array_equal(found[name], owners_by_brute_force(city.shapes(name), points))
    for i in range(0, len(points), 11):
        place = locator.at(lon=lon[i], lat=lat[i], datum="wgs84")
        assert place == {name: int(rows[i]) for name, rows in found.items()}


def test_an_unknown_layer_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="cell, responsibility, police"):
        Locator.of(toy_city()).locate([121.25], [31.38], datum="wgs84", layer="fire")


def test_no_cell_and_one_cell_are_stated_results() -> None:
    none = Locator.build(LatticePolygons.from_rings([], [], []), {"grid": np.empty(0, np.int32)})
    assert none.at(lon=121.25, lat=31.38, datum="wgs84") == {"cell": -1, "grid": -1}
    assert none.locate([121.25], [31.38], datum="wgs84").tolist() == [-1]
    rows, far = none.nearest([121.25], [31.38], datum="wgs84", limit_m=1e7)
    assert rows.tolist() == [-1]
    assert np.isnan(far).all()
    one = Locator.build(polygons_at([(0, 0), (100, 0), (100, 100), (0, 100)]))
    assert one.locate_lattice(np.array([[0, 0], [100, 0]]) + CORNER).tolist() == [0, -1]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bits", [9, 12, 32])
def test_points_taken_strip_by_strip_get_the_same_owners(
    bits: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locator_strips, "_RUN", 700)
    surface = build_surface(toy_city().base.shapes, tile_bits=bits)
    rng = np.random.default_rng(10)
    lon, lat = rng.uniform(121.2495, 121.2545, 5_000), rng.uniform(31.3795, 31.3845, 5_000)
    lon[:50], lat[:50] = np.tile([-180.0, 180.0], 25), np.tile([90.0, -90.0], 25)
    lon.flags.writeable = lat.flags.writeable = False
    plain, sorted_ = np.empty(5_000, np.int32), np.empty(5_000, np.int32)
    assert locate_degrees(lon, lat, surface.head, *surface.parts, plain) == -1
    assert locate_by_strip(surface, lambda part: (lon[part], lat[part]), sorted_, threads)
    np.testing.assert_array_equal(plain, sorted_)
    bad = lon.copy()
    bad[4_321] = np.nan
    bad.flags.writeable = False
    assert not locate_by_strip(surface, lambda part: (bad[part], lat[part]), sorted_, threads)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_many_points_in_blocks_of_strips_are_what_few_are(datum: str, monkeypatch: pytest.MonkeyPatch) -> None:
    city = Locator.of(toy_city())
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(121.249, 121.26, 20_000), rng.uniform(31.378, 31.385, 20_000)
    want = city.locate(lon, lat, datum=datum)
    assert len(np.unique(want)) == 17
    for name, value in (("MANY", 1_000), ("_SORT_BLOCK", 6_000), ("_SORT_BYTES", 0)):
        monkeypatch.setattr(locator_batch, name, value)
    np.testing.assert_array_equal(city.locate(lon, lat, datum=datum), want)
    np.testing.assert_array_equal(city.locate(lon, lat, datum=datum, threads=2), want)
    lat[17_000] = np.inf
    with pytest.raises(CoordinateError, match="position 17000"):
        city.locate(lon, lat, datum=datum)
