"""Polygons as flat integer arrays: what goes in comes out, cleaned and oriented."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import CoordinateError, InputError
from geogrid.lattice import LatticePolygons

RING = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
HOLE = [(1, 1), (3, 1), (3, 3), (1, 3), (1, 1)]


def steps(*rings: list[tuple[int, int]]) -> LatticePolygons:
    """Return one polygon with these rings, in steps."""
    return LatticePolygons.from_rings([np.array(ring, np.int32) for ring in rings], [len(rings)], [1])


def test_shells_run_counter_clockwise_and_holes_clockwise_however_they_came() -> None:
    for shell in (RING, RING[::-1]):
        for hole in (HOLE, HOLE[::-1]):
            polygon = steps(shell, hole).to_shapely_steps()[0]
            assert shapely.is_ccw(polygon.exterior)
            assert not shapely.is_ccw(polygon.interiors[0])


def test_repeated_vertices_are_merged_and_collapsed_rings_vanish() -> None:
    twice = [(0, 0), (0, 0), (4, 0), (4, 4), (4, 4), (0, 4), (0, 0)]
    line = [(1, 1), (2, 2), (1, 1), (1, 1)]
    polygon = steps(twice, line)
    assert len(polygon.ring_offsets) == 2
    assert len(polygon.coords) == 5


def test_a_shell_that_collapses_takes_its_holes_with_it_and_is_named() -> None:
    speck = shapely.Polygon([(0, 0), (1e-9, 0), (0, 1e-9)])
    both = LatticePolygons.from_shapely([speck, shapely.box(0, 0, 1, 1)])
    assert np.diff(both.geom_offsets).tolist() == [0, 1]
    with pytest.raises(CoordinateError, match="speck"):
        both.require_filled(["speck", "box"])


def test_empty_and_multipart_geometries_keep_their_place() -> None:
    given = [
        shapely.Polygon(),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]),
        shapely.box(5, 5, 6, 6),
    ]
    back = LatticePolygons.from_shapely(given).to_shapely()
    assert [shape.geom_type for shape in back] == ["Polygon", "MultiPolygon", "Polygon"]
    assert all(a.equals(b) for a, b in zip(given, back, strict=True))


def test_what_is_no_polygon_is_refused_by_its_row() -> None:
    with pytest.raises(InputError, match="geometry 1 is not a polygon; given: Point"):
        LatticePolygons.from_shapely([shapely.box(0, 0, 1, 1), shapely.Point(0, 0)])


def test_no_polygons_at_all_are_fine() -> None:
    none = LatticePolygons.from_shapely([])
    assert len(none) == 0
    assert none.to_shapely().tolist() == []
    assert LatticePolygons.concatenate([none, none]).bounds().shape == (0, 4)


def test_edges_close_every_ring_and_name_their_owner() -> None:
    both = LatticePolygons.concatenate([steps(RING, HOLE), steps(RING)])
    starts, ends, owner = both.edges()
    assert owner.tolist() == [0] * 8 + [1] * 4
    assert sorted(map(tuple, starts.tolist())) == sorted(map(tuple, ends.tolist()))


def test_bounds_are_those_of_all_parts() -> None:
    two = LatticePolygons.from_shapely([shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(-3, 5, -2, 6)])])
    assert two.bounds().tolist() == [[-30_000_000, 0, 10_000_000, 60_000_000]]


@given(st.lists(st.integers(0, 4), max_size=8))
def test_taking_rows_is_the_same_before_and_after_the_lattice(rows: list[int]) -> None:
    shapes = np.array(
        [
            shapely.box(0, 0, 1, 1),
            shapely.Polygon(RING, [HOLE]),
            shapely.MultiPolygon([shapely.box(7, 7, 8, 8), shapely.box(9, 9, 10, 10)]),
            shapely.Polygon(),
            shapely.Polygon([(0, 0), (2, 1), (1, 2)]),
        ],
        dtype=object,
    )
    taken = LatticePolygons.from_shapely(shapes).take(rows)
    direct = LatticePolygons.from_shapely(shapes[rows])
    assert len(taken) == len(rows)
    for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets"):
        assert np.array_equal(getattr(taken, name), getattr(direct, name))


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=12))
def test_steps_to_degrees_and_back_changes_nothing(points: list[tuple[int, int]]) -> None:
    hull = shapely.MultiPoint(points).convex_hull
    if hull.geom_type != "Polygon":
        return
    once = LatticePolygons.from_shapely([shapely.transform(hull, lambda xy: xy / 1e7)])
    again = LatticePolygons.from_shapely(once.to_shapely())
    assert np.array_equal(once.coords, again.coords)
    assert once.to_shapely_steps()[0].equals(hull)
