"""Measures agree with a pencil: squares of the toy city, circles, borders counted in metres."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.lattice import LatticePolygons, perimeter_m
from geogrid.partition import rules
from geogrid.partition.measures import adjacency, area_to_hull, measure_layer, pieces, polsby_popper, share_within
from geogrid.testing import toy_city

from .drawing import degrees


def drawn(*shapes):
    return LatticePolygons.from_shapely(np.array([degrees(shape) for shape in shapes], dtype=object))


def test_a_square_and_a_circle_have_their_known_compactness():
    scores = polsby_popper(drawn(shapely.box(0, 0, 200, 200), shapely.Point(0, 0).buffer(200, quad_segs=90)))
    assert scores == pytest.approx([np.pi / 4, 1.0], rel=1e-4)


def test_an_l_of_three_squares_fills_six_sevenths_of_its_hull():
    corner = shapely.union_all([shapely.box(0, 0, 200, 100), shapely.box(0, 100, 100, 200)])
    assert area_to_hull(drawn(corner, shapely.box(0, 0, 10, 10))) == pytest.approx([6 / 7, 1.0], rel=1e-3)


def test_borders_of_the_toy_city_are_one_square_long_and_corners_do_not_count():
    division = toy_city()
    pairs = adjacency(division.shapes("cell"))
    neighbours = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert neighbours == {(i, i + 1) for i in range(16) if i % 4 < 3} | {(i, i + 4) for i in range(12)}
    around = perimeter_m(division.shapes("cell"))
    inner = np.bincount(np.concatenate([pairs.first, pairs.second]), weights=np.tile(pairs.length_m, 2))
    assert inner[5] == pytest.approx(around[5], rel=1e-9)


def test_borders_between_groups_are_the_sum_of_their_cells_borders():
    division = toy_city()
    pairs = adjacency(division.shapes("cell"))
    grids = pairs.of_groups(division.from_cells("responsibility"))
    assert list(zip(grids.first.tolist(), grids.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert grids.length_m[0] == pytest.approx(pairs.length_m[(pairs.first == 4) & (pairs.second == 8)][0] * 2, rel=1e-4)


def test_pieces_are_found_through_shared_borders_only():
    division = toy_city()
    chess = np.array([(i % 4 + i // 4) % 2 for i in range(16)])
    assert pieces(adjacency(division.shapes("cell")), chess).max() + 1 == 16
    assert pieces(adjacency(division.shapes("cell")), np.zeros(16, np.int64)).max() == 0


def test_measures_of_a_stacked_layer_are_those_of_its_union():
    measures = measure_layer(toy_city(), "responsibility")
    frame = measures.to_pandas()
    assert frame["area_m2"].tolist() == pytest.approx(toy_city().area_m2("responsibility").tolist())
    assert frame["parts"].tolist() == [1] * 4


def test_the_share_within_tolerance_counts_the_limits_in():
    assert share_within(np.array([9_000.0, 11_000.0, 11_000.1]), target_m2=10_000, tolerance=0.1) == pytest.approx(
        2 / 3
    )
    assert share_within(np.empty(0), target_m2=1, tolerance=0.1) == 1.0


def test_rules_find_what_is_too_small_and_too_far_off_and_where():
    division = toy_city()
    assert rules.above_share(division, "cell", target_m2=10_000, share=0.5) == ()
    found = rules.within_tolerance(division, "cell", target_m2=20_000, tolerance=0.1)
    assert found[0].amount == 16
    assert rules.within_tolerance(division, "cell", target_m2=10_550, tolerance=0.1) == ()
    found = rules.above_share(division, "cell", target_m2=30_000, share=0.5)
    assert len(found) == 16
    assert found[0].subjects == ("990100001001001",)
    assert 121.25 < found[0].lon < 121.251
