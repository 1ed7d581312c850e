"""Squares and hexagons: equal tiles, clipped, slivers absorbed, proved."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.lattice import LatticePolygons, area_m2, owners_by_brute_force, prove_partition
from geogrid.partition import divide
from geogrid.partition.measures import measure_layer
from geogrid.partition.outlines import drift_steps
from geogrid.partition.tiling import Hexagons, Squares, pieces_of
from geogrid.testing import assert_is_partition, toy_boundaries

from .drawing import METRIC, ORIGIN, place, plan


def test_a_block_of_three_by_two_squares_gives_six_cells_of_a_hectare():
    division = divide(plan("squares"), boundaries=place(shapely.box(0, 0, 300, 200)))
    assert len(division.base) == 6
    # Metric and ellipsoid areas differ by the scale of the projection, a few 1e-5 near the meridian.
    np.testing.assert_allclose(division.area_m2("cell"), 10_000, rtol=2e-4)
    assert division.findings == ()
    assert_is_partition(division)


def test_a_strip_below_the_least_share_joins_the_neighbour_it_shares_most_border_with():
    # 340 m wide: the last column is 40 m wide, 4,000 m² < 5,000 m², and joins the square to its west.
    division = divide(plan("squares"), boundaries=place(shapely.box(0, 0, 340, 100)))
    assert sorted(np.rint(division.area_m2("cell") / 100).tolist()) == [100, 100, 140]


def test_a_strip_above_the_least_share_stays_a_cell():
    division = divide(plan("squares", min_share=0.3), boundaries=place(shapely.box(0, 0, 340, 100)))
    assert sorted(np.rint(division.area_m2("cell") / 100).tolist()) == [40, 100, 100, 100]


def test_a_square_that_the_outline_cuts_in_two_becomes_two_cells():
    # A bay 20 m wide runs through the middle of the southern square and 5 m into the northern one.
    bay = shapely.box(0, 0, 100, 200) - shapely.box(40, -1, 60, 105)
    division = divide(plan("squares", min_share=0.1), boundaries=place(bay))
    assert np.diff(division.shapes("cell").geom_offsets).tolist() == [1] * len(division.base)
    assert sorted(np.rint(division.area_m2("cell") / 100).tolist()) == [40, 40, 99]


def test_slivers_never_cross_a_legal_border():
    west, east = shapely.box(0, 0, 130, 100), shapely.box(130, 0, 300, 100)
    division = divide(plan("squares"), boundaries=place(west, east))
    sizes = {code: [] for code in ["A1", "A2"]}
    for code, size in zip(division.base.areas, division.area_m2("cell"), strict=True):
        sizes[code].append(round(size / 100))
    assert sizes == {"A1": [130], "A2": [70, 100]}
    assert_is_partition(division)


def test_an_island_smaller_than_a_cell_stays_one_and_is_reported():
    islands = shapely.MultiPolygon([shapely.box(0, 0, 200, 100), shapely.box(500, 0, 530, 40)])
    division = divide(plan("squares"), boundaries=place(islands))
    found = [finding for finding in division.findings if finding.rule == "above_share"]
    assert len(found) == 1
    assert found[0].amount == pytest.approx(1200, rel=1e-3)
    at = (METRIC.to_metres([[found[0].lon, found[0].lat]]) - ORIGIN)[0]
    assert 500 < at[0] < 530
    assert 0 < at[1] < 40


def test_a_courtyard_of_another_area_is_left_out_and_filled():
    inner = shapely.box(130, 130, 270, 270)
    division = divide(plan("squares"), boundaries=place(shapely.box(0, 0, 400, 400) - inner, inner))
    assert_is_partition(division)
    assert area_m2(division.shapes("cell")).sum() == pytest.approx(160_000, rel=2e-4)


def test_hexagons_have_the_target_area_and_six_neighbours():
    division = divide(plan("hexagons"), boundaries=place(shapely.box(0, 0, 1500, 1500)))
    areas = division.area_m2("cell")
    assert np.median(areas) == pytest.approx(10_000, rel=2e-4)
    measures = measure_layer(division, "cell")
    # A hexagon has a Polsby-Popper score of 0.9069; those at the edge of the place have fewer neighbours.
    whole = (np.abs(measures.polsby_popper - 0.9069) < 1e-3) & (np.abs(areas - 10_000) < 5)
    assert whole.sum() > 150
    assert np.median(measures.neighbours[whole]) == 6
    assert measures.neighbours[whole].max() == 6
    assert_is_partition(division)


@pytest.mark.parametrize("tiling", [Squares(70.0), Hexagons(50.0)])
def test_tiles_of_a_tiling_meet_without_gap_or_overlap(tiling):
    tiles = tiling.tiles(tiling.near(np.array([0.0, 0.0, 900.0, 700.0])))
    window = shapely.box(0, 0, 900, 700)
    inside = shapely.intersection(tiles, window)
    assert shapely.area(inside).sum() == pytest.approx(window.area, rel=1e-12)
    assert shapely.coverage_is_valid(tiles)


def test_pieces_of_an_area_add_up_to_it_whatever_its_shape():
    ring = shapely.Point(0, 0).buffer(900, quad_segs=200) - shapely.Point(100, 50).buffer(300, quad_segs=100)
    for tiling in (Squares(100.0), Hexagons(60.0)):
        pieces = pieces_of(ring, tiling)
        assert shapely.area(pieces).sum() == pytest.approx(ring.area, rel=1e-12)
        assert set(shapely.get_type_id(pieces).tolist()) == {3}


def test_long_straight_borders_stay_within_a_lattice_step_of_the_official_ones():
    # Along a parallel 30 km long, a straight edge in metres would bow by metres.
    boundaries = place(shapely.box(0, 0, 30_000, 900))
    division = divide(plan("squares", target_area_m2=250_000), boundaries=boundaries)
    drift = drift_steps(boundaries.finest.polygons, division.areas[-1].polygons)
    assert 0 < drift.max() <= 1.0
    assert_is_partition(division)


def test_every_level_of_areas_gains_the_vertices_of_the_cells():
    boundaries = toy_boundaries()
    division = divide(plan("squares", target_area_m2=2_500), boundaries=boundaries)
    finest = division.areas[-1]
    for level in division.areas[:-1]:
        group = Boundaries("T", "T", division.areas).ancestors(level.level)
        assert prove_partition(finest.polygons, level.polygons, group).holds


def test_any_order_of_the_areas_gives_the_same_bytes():
    boxes = [shapely.box(x, y, x + 170, y + 130) for x, y in itertools.product((0, 170), (0, 130))]
    codes = ["D", "B", "A", "C"]
    results = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        boundaries = place(*(boxes[i] for i in order), codes=[codes[i] for i in order])
        division = divide(plan("squares", target_area_m2=900), boundaries=boundaries)
        results.append(
            (division.shapes("cell").coords.tobytes(), division.base.areas.tolist(), division.areas[-1].codes.tolist())
        )
    assert results[0] == results[1]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 359), st.integers(60, 400)), min_size=4, max_size=14, unique_by=lambda v: v[0]),
    st.sampled_from(["squares", "hexagons"]),
    st.sampled_from([900, 4_000, 10_000]),
    st.sampled_from([0.0, 0.5]),
)
def test_any_star_shaped_place_is_divided_so_that_each_point_has_one_cell(rays, method, target, share):
    angle = np.radians(sorted(ray[0] for ray in rays))
    reach = np.array([ray[1] for ray in sorted(rays)])
    star = shapely.Polygon(np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]))
    if not star.is_valid or star.area < 100:
        return
    boundaries = place(star)
    division = divide(plan(method, target_area_m2=target, min_share=share), boundaries=boundaries)
    assert_is_partition(division)
    outline, cells = division.areas[-1].polygons, division.shapes("cell")
    rng = np.random.default_rng(0)
    low, high = outline.bounds()[0, :2], outline.bounds()[0, 2:]
    points = rng.integers(low - 3, high + 4, (300, 2)).astype(np.int32)
    points = np.concatenate([points, cells.coords[:200]])
    inside = owners_by_brute_force(outline, points) == 0
    owners = owners_by_brute_force(cells, points)
    assert (owners[inside] >= 0).all()
    assert (owners[~inside] == -1).all()


@pytest.mark.acceptance
def test_the_neighbourhoods_of_baltimore_are_divided_and_proved(acceptance_data):
    geopandas = pytest.importorskip("geopandas")
    frame = geopandas.read_file(acceptance_data / "baltimore" / "neighborhoods.gpkg").iloc[::4]
    names = frame["name"].to_numpy(dtype=object)
    blank = np.full(len(names), "", dtype=object)
    level = Areas("neighbourhood", names, names, blank, LatticePolygons.from_shapely(frame.geometry.to_numpy()))
    division = divide(plan("squares"), boundaries=Boundaries("B", "Baltimore", (level,)))
    assert_is_partition(division)
    small = division.area_m2("cell") < 4_990
    assert small.sum() == sum(finding.rule == "above_share" for finding in division.findings)
    assert drift_steps(level.polygons.take(np.argsort(names.astype(str))), division.areas[-1].polygons).max() <= 1.5
