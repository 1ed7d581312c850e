"""Exactly one: the half-open rule, on borders and corners too, against plain Python integers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.lattice import LatticePolygons, covers, owners_by_brute_force, side_of_edge, winding
from geogrid.testing import toy_boundaries

# Four unit squares, numbered from the south-west corner eastward, then northward.
SQUARES = LatticePolygons.from_rings(
    [np.array([(x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10), (x, y)]) for y in (0, 10) for x in (0, 10)],
    [1] * 4,
    [1] * 4,
)


def at(*points: tuple[int, int]) -> np.ndarray:
    return np.array(points, np.int32)


def winding_in_python(ring: list[tuple[int, int]], point: tuple[int, int]) -> int:
    """Return the winding number by the half-open rule, with Python's unbounded integers."""
    total, (px, py) = 0, point
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        side = (bx - ax) * (py - ay) - (px - ax) * (by - ay)
        if ay <= py < by and side > 0:
            total += 1
        if by <= py < ay and side < 0:
            total -= 1
    return total


def test_a_border_point_belongs_to_the_east_and_a_corner_to_the_north_east() -> None:
    assert owners_by_brute_force(SQUARES, at((10, 5), (5, 10), (10, 10))).tolist() == [1, 2, 3]


def test_the_outer_border_belongs_to_the_place_in_the_south_and_west_only() -> None:
    points = at((0, 0), (0, 5), (5, 0), (20, 5), (5, 20), (20, 20), (0, 20), (20, 0))
    assert owners_by_brute_force(SQUARES, points).tolist() == [0, 0, 0, -1, -1, -1, -1, -1]


def test_a_hole_owns_its_south_and_west_border() -> None:
    outer = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0)]
    hole = [(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)]
    ring = LatticePolygons.from_rings([np.array(outer), np.array(hole)], [2], [1])
    assert covers(ring, 0, at((10, 15), (15, 10), (20, 15), (15, 20), (15, 15))).tolist() == [
        False,
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("backwards", [False, True])
def test_ring_start_and_direction_change_nothing(start: int, backwards: bool) -> None:
    corners = [(0, 0), (10, 2), (12, 12), (3, 9)]
    turned = corners[start:] + corners[:start]
    if backwards:
        turned = turned[::-1]
    polygon = LatticePolygons.from_rings([np.array([*turned, turned[0]])], [1], [1])
    points = at(*[(x, y) for x in range(-1, 14) for y in range(-1, 14)])
    reference = [winding_in_python(corners, (x, y)) != 0 for x, y in points.tolist()]
    assert covers(polygon, 0, points).tolist() == reference


@settings(max_examples=60)
@given(st.data())
def test_every_point_of_triangulated_squares_has_exactly_one_owner(data: st.DataObject) -> None:
    """Cut a square by any point inside into four triangles: all points, corners included, have one owner."""
    x, y = data.draw(st.integers(1, 29)), data.draw(st.integers(1, 29))
    corners = [(0, 0), (30, 0), (30, 30), (0, 30)]
    rings = [np.array([a, b, (x, y), a]) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    cells = LatticePolygons.from_rings(rings, [1] * 4, [1] * 4)
    points = at(*[(i, j) for i in range(-2, 33) for j in range(-2, 33)])
    owners = owners_by_brute_force(cells, points)
    inside = np.array([0 <= i < 30 and 0 <= j < 30 for i, j in points.tolist()])
    assert (owners[inside] >= 0).all()
    assert (owners[~inside] == -1).all()


corner = st.tuples(st.integers(-20, 20), st.integers(-20, 20))


@given(st.lists(corner, min_size=3, max_size=9), st.lists(corner, min_size=1, max_size=20))
def test_the_winding_number_equals_plain_python(ring: list[tuple[int, int]], points: list[tuple[int, int]]) -> None:
    starts, ends = at(*ring), at(*(ring[1:] + ring[:1]))
    assert winding(starts, ends, at(*points)).tolist() == [winding_in_python(ring, point) for point in points]


big = st.tuples(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))


@given(big, st.tuples(st.integers(-899_999_999, 899_999_999), st.integers(-899_999_999, 899_999_999)), big)
def test_the_side_of_an_edge_is_exact_where_it_is_promised(
    start: tuple[int, int], step: tuple[int, int], point: tuple[int, int]
) -> None:
    end = (start[0] + step[0], start[1] + step[1])
    away = (
        np.clip(point[0] - start[0], -899_999_999, 899_999_999),
        np.clip(point[1] - start[1], -899_999_999, 899_999_999),
    )
    p = (start[0] + int(away[0]), start[1] + int(away[1]))
    expected = (end[0] - start[0]) * (p[1] - start[1]) - (p[0] - start[0]) * (end[1] - start[1])
    assert int(side_of_edge(start, end, p)) == expected


def test_a_whole_degree_long_edge_is_told_apart_from_its_neighbouring_step() -> None:
    start, end = (1_210_000_000, 310_000_000), (1_220_000_001, 320_000_000)
    middle = (1_215_000_000, 315_000_000)
    assert int(side_of_edge(start, end, middle)) == 10_000_001 * 5_000_000 - 5_000_000 * 10_000_000 == 5_000_000
    assert int(side_of_edge(start, end, (middle[0] + 1, middle[1]))) < 0


def test_two_owners_are_told_apart_from_none() -> None:
    twice = LatticePolygons.concatenate([SQUARES, SQUARES.take([0])])
    assert owners_by_brute_force(twice, at((5, 5), (15, 5), (50, 50))).tolist() == [-2, 1, -1]


def test_the_order_of_polygons_and_points_changes_nothing() -> None:
    polygons = toy_boundaries().finest.polygons
    rng = np.random.default_rng(7)
    west, south, east, north = polygons.bounds()[:, :2].min(0).tolist() + polygons.bounds()[:, 2:].max(0).tolist()
    points = np.column_stack([rng.integers(west - 9, east + 9, 500), rng.integers(south - 9, north + 9, 500)]).astype(
        np.int32
    )
    points = np.concatenate([points, polygons.coords])
    owners = owners_by_brute_force(polygons, points)
    turned = rng.permutation(len(polygons))
    shuffled = rng.permutation(len(points))
    again = owners_by_brute_force(polygons.take(turned), points[shuffled])
    assert np.array_equal(np.where(again >= 0, turned[again], again), owners[shuffled])


def test_points_inside_agree_with_geos() -> None:
    shape = shapely.Polygon([(0, 0), (900, 100), (700, 800), (300, 400), (100, 900)])
    polygon = LatticePolygons.from_shapely([shapely.transform(shape, lambda xy: xy / 1e7)])
    rng = np.random.default_rng(1)
    points = rng.integers(-50, 950, (2000, 2)).astype(np.int32)
    clear = shapely.distance(shape.boundary, shapely.points(points)) > 0
    ours, theirs = covers(polygon, 0, points), shapely.contains_xy(shape, *points.T)
    assert np.array_equal(ours[clear], theirs[clear])
