"""Special areas: kept whole as cells, kept whole in one cell, or cut apart from their surroundings."""

import numpy as np
import pytest
import shapely

from geogrid.partition.blocks import Ground, Seams, cut_ground

from .sketch import areas, assert_divides, back, cells_of, frame_of, line, section

PLACE = shapely.box(0, 0, 300, 200)


def test_an_own_area_is_one_cell_whole_however_many_seams_cross_it():
    school = shapely.box(60, 40, 240, 160)
    streets = Seams.of([line((x, 0), (x, 200)) for x in (100, 150, 200)])
    done = cells_of(PLACE, streets, own=areas(school))
    (whole,) = back(done.cut.polygons[done.cut.attributes["kind"] == "special"])
    assert whole.symmetric_difference(school).area < 0.01


def test_an_area_given_to_one_neighbour_is_inside_one_cell():
    mall = shapely.box(80, 70, 130, 120)
    streets = Seams.of([line((100, 0), (100, 200)), line((0, 100), (300, 100)), line((200, 0), (200, 200))])
    done = cells_of(PLACE, streets, own=areas(mall, rule="one"))
    held = shapely.area(shapely.intersection(back(done.cut.polygons), mall))
    assert sorted(held.round(2))[-1] == pytest.approx(2_500, abs=0.1)
    assert set(done.cut.attributes["kind"]) == {"ground"}


def test_an_area_too_small_for_a_cell_is_kept_whole_inside_one():
    kiosk = shapely.box(90, 90, 110, 110)
    done = cells_of(PLACE, Seams.of([line((100, 0), (100, 200))]), own=areas(kiosk, least_m2=1_000))
    held = shapely.area(shapely.intersection(back(done.cut.polygons), kiosk))
    assert held.max() == pytest.approx(400, abs=0.1)


def test_a_split_area_is_cut_to_size_apart_from_its_surroundings():
    park = shapely.box(0, 0, 200, 200)
    done = cells_of(PLACE, own=areas(park, rule="split"))
    mine = done.cut.attributes["kind"] == "special"
    assert shapely.area(done.cut.polygons[mine]) == pytest.approx([10_000] * 4, rel=0.1)
    assert shapely.area(shapely.union_all(back(done.cut.polygons[mine])).symmetric_difference(park)) < 0.01


def test_an_area_that_straddles_two_parents_is_a_cell_in_each():
    frame = frame_of(shapely.box(0, 0, 150, 200), shapely.box(150, 0, 300, 200))
    park = areas(shapely.box(90, 50, 190, 150))
    done = cut_ground(frame, Ground(areas=park), section())
    assert_divides(frame, done.cut)
    mine = done.cut.attributes["kind"] == "special"
    assert dict(zip(done.cut.parent[mine].tolist(), shapely.area(done.cut.polygons[mine]).round().tolist(), strict=True)) == {
        0: 6_000, 1: 4_000,
    }  # fmt: skip


def test_of_an_area_that_straddles_two_parents_a_small_piece_joins_its_surroundings():
    frame = frame_of(shapely.box(0, 0, 150, 200), shapely.box(150, 0, 300, 200))
    park = areas(shapely.box(60, 50, 155, 150), least_m2=1_000)
    done = cut_ground(frame, Ground(areas=park), section())
    assert_divides(frame, done.cut)
    assert list(done.cut.parent[done.cut.attributes["kind"] == "special"]) == [0]


def test_where_areas_overlap_the_smaller_is_whole_and_the_larger_goes_round_it():
    park, museum = shapely.box(40, 40, 260, 160), shapely.box(100, 80, 160, 120)
    done = cells_of(PLACE, own=areas(park, museum, names="PM"))
    of = dict(zip(done.cut.attributes["place"], shapely.area(done.cut.polygons), strict=True))
    assert of["M"] == pytest.approx(2_400)
    assert of["P"] == pytest.approx(220 * 120 - 2_400)


def test_areas_that_overlap_in_part_divide_the_ground_without_overlap():
    one, other = shapely.box(40, 40, 160, 160), shapely.box(120, 60, 280, 150)
    for order in ((one, other), (other, one)):
        done = cells_of(PLACE, own=areas(*order))
        area = shapely.area(done.cut.polygons[done.cut.attributes["kind"] == "special"])
        assert area.sum() == pytest.approx(shapely.union(one, other).area, abs=0.1)
        assert area.max() == pytest.approx(max(one.area, other.area), abs=3_700)


def test_a_hard_seam_through_an_own_area_divides_it():
    done = cells_of(PLACE, Seams.of(line((150, 0), (150, 200)), hard=True), own=areas(shapely.box(60, 40, 240, 160)))
    mine = shapely.area(done.cut.polygons[done.cut.attributes["kind"] == "special"])
    assert np.sort(mine) == pytest.approx([10_800, 10_800])
