"""What is measured of cells, and why they are flagged: places small enough to count."""

import dataclasses

import numpy as np
import pytest
import shapely

from geogrid.partition.blocks import Ground, Seams, cut_ground, measure_ground
from geogrid.partition.blocks.flag_words import in_chinese, reason_of
from geogrid.partition.blocks.flags import flags_of
from geogrid.partition.blocks.measures import arterial_metres
from geogrid.partition.rules import within_tolerance
from geogrid.testing import toy_city

from .sketch import cells_of, frame_of, here, line, objects, section

ONE = np.zeros(1, np.int32)


def flag_of(polygon, *, room=(), parent_m2=1e6, corridor=False, buildings=()):
    """Return the flag of a cell that has the ground of `room` beside it between the same hard seams."""
    cells = objects(polygon, *room)
    return flags_of(
        cells, np.zeros(len(cells), np.int32), np.zeros(len(cells), bool), parent_m2=parent_m2, target_m2=10_000,
        tolerance=0.1, kinds=objects(*["corridor primary" if corridor else "ground"] * len(cells)), buildings=objects(*buildings),
    )[0]  # fmt: skip


def test_a_median_between_carriageways_is_called_a_strip_with_its_width():
    flag = flag_of(shapely.box(0, 0, 400, 15))
    assert flag == "a strip between hard seams, 14 m wide, 6,000 m²"
    assert reason_of(flag) == "a strip between hard seams"
    assert in_chinese(flag) == "不可跨越的边界之间的狭长地带,宽 14 m,6,000 m²"


def test_a_compact_place_between_hard_seams_is_confined():
    assert flag_of(shapely.box(0, 0, 80, 40)) == "confined by hard seams, 3,200 m²"


def test_a_block_that_one_building_fills_says_so():
    block = shapely.box(0, 0, 140, 120)
    court = shapely.box(40, 40, 100, 80)
    house = shapely.box(5, 5, 135, 115).difference(court)
    other = [shapely.box(200, 0, 332, 100)]
    assert flag_of(block, room=other, buildings=[house]) == "one building fills it, 16,800 m²"
    small = shapely.box(5, 5, 60, 60)
    assert flag_of(block, room=other, buildings=[small]) == "no seam or chord fits the size, 16,800 m²"


def test_a_short_piece_of_corridor_between_crossings_is_as_it_should_be():
    assert flag_of(shapely.box(0, 0, 100, 20), corridor=True) == ""
    assert flag_of(shapely.box(0, 0, 700, 20), corridor=True) == ""
    assert flag_of(shapely.box(0, 0, 800, 20), corridor=True) == "a corridor no crossing parts, 16,000 m²"


def test_what_confines_a_cell_is_what_most_of_its_border_is():
    cells = objects(shapely.box(0, 0, 60, 50), shapely.box(60, 0, 80, 50), shapely.box(0, 50, 60, 60))
    beside = np.array([0, 0], np.int32), np.array([1, 2], np.int32), np.array([50.0, 60.0])
    for kinds, word in (
        (("ground", "ground", "corridor primary"), "corridors"),
        (("ground", "corridor primary", "ground"), "hard seams"),
        (("ground", "corridor primary", "water"), "areas of their own"),
    ):
        flags = flags_of(
            cells, np.arange(3, dtype=np.int32), np.zeros(3, bool), parent_m2=1e6, target_m2=10_000, tolerance=0.1,
            kinds=objects(*kinds), beside=beside,
        )  # fmt: skip
        assert flags[0] == f"confined by {word}, 3,000 m²"
        assert in_chinese(flags[0]).endswith("3,000 m²")
        assert "confined" not in in_chinese(flags[0])


def test_arterials_are_measured_where_they_run_inside_a_cell():
    cells = objects(shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100))
    lines = [shapely.LineString([(0, 50), (100, 50)]), shapely.LineString([(102, 0), (102, 100)])]
    hard = Seams.of(lines, worth=0.2, hard=True)
    assert arterial_metres(cells, hard).tolist() == pytest.approx([90, 0])
    assert arterial_metres(cells, Seams.of(lines, worth=0.2)).tolist() == [0, 0]
    assert arterial_metres(cells, Seams.of(lines, worth=0.9)).tolist() == pytest.approx([90, 0])


def test_a_divisions_measures_leave_water_out_and_count_flags():
    city = toy_city()
    kinds = np.array(["water", *["ground"] * 15], dtype=object)
    flags = np.array(["", "confined by hard seams, 3,200 m²", *[""] * 14], dtype=object)
    columns = {"kind": kinds, "flag": flags, "on_seams": np.full(16, 0.75), "arterial_m": np.arange(16.0)}
    cells = dataclasses.replace(city.base, attributes=columns)
    divided = dataclasses.replace(city, layers=(cells, *city.layers[1:]))
    found = measure_ground(divided, target_m2=10_000)
    assert (found.cells, found.within_10, found.hollow) == (15, 1.0, 0.0)
    assert found.on_seams == pytest.approx(0.75)
    assert found.arterial_m == 120
    assert found.flagged == {"confined by hard seams": 1}
    assert measure_ground(city, target_m2=10_000) is None
    small = within_tolerance(divided, "cell", target_m2=5_000, tolerance=0.1)
    assert "15 of 15 rows" in small[0].message


def test_a_hard_seam_along_borders_has_nothing_inside_cells():
    seams = Seams.of([line((150, -5), (150, 205))], hard=True)
    done = cells_of(shapely.box(0, 0, 300, 200), seams)
    assert done.cut.attributes["arterial_m"].sum() == 0


def test_a_median_of_a_motorway_is_flagged_as_a_strip_and_stays_a_cell():
    carriageways = [line((-5, y), (405, y)) for y in (100, 112)]
    frame = frame_of(shapely.box(0, 0, 400, 212))
    done = cut_ground(frame, Ground(Seams.of(carriageways, hard=True)), section())
    flags = [flag for flag in done.cut.attributes["flag"] if flag]
    assert flags == ["a strip between hard seams, 12 m wide, 4,800 m²"]
    median = here(shapely.box(0, 100, 400, 112))
    assert shapely.area(shapely.symmetric_difference(done.cut.polygons, median)).min() < 1
