"""The cells of `blocks`: nested, to size, on seams, through no building."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.crs import Metric, parse_crs
from geogrid.partition.blocks import BlocksSection, Ground, OwnAreas, Seams, cut_ground
from geogrid.partition.blocks.mesh import CUT, LEGAL
from geogrid.partition.frame import Frame

METRIC = Metric(parse_crs("EPSG:4549"))
AT = np.array([600_000.0, 3_470_000.0])


def here(shape):
    return shapely.transform(shape, lambda xy: xy + AT)


def frame_of(*parents, workers=1):
    codes = np.array([f"p{i}" for i in range(len(parents))], dtype=object)
    return Frame(np.array([here(p) for p in parents], dtype=object), codes, METRIC, workers)


def line(*points):
    return here(shapely.LineString(points))


def street_grid(width, height, step):
    across = [line((0, y), (width, y)) for y in range(step, height, step)]
    along = [line((x, 0), (x, height)) for x in range(step, width, step)]
    return across + along


def section(**more):
    return BlocksSection(name="cell", method="blocks", **{"fit": "off", **more})


def assert_divides(frame, cut):
    assert shapely.is_valid(cut.polygons).all()
    assert set(shapely.get_type_id(cut.polygons)) == {3}
    for row, parent in enumerate(frame.parents):
        mine = cut.polygons[cut.parent == row]
        assert shapely.area(mine).sum() == pytest.approx(parent.area, abs=0.5)
        assert shapely.area(shapely.symmetric_difference(shapely.union_all(mine), parent)) < 0.5


def test_a_street_grid_of_one_hectare_blocks_is_taken_as_it_is():
    frame = frame_of(shapely.box(0, 0, 400, 300))
    done = cut_ground(frame, Ground(Seams.of(street_grid(400, 300, 100))), section())
    assert_divides(frame, done.cut)
    assert len(done.cut.polygons) == 12
    assert not (done.stretches.reason == CUT).any()
    assert np.allclose(shapely.area(done.cut.polygons), 10_000)


def test_small_blocks_are_merged_across_the_least_important_street():
    seams = Seams.of(
        [line((0, 100), (200, 100)), line((50, 0), (50, 200)), line((100, 0), (100, 200)), line((150, 0), (150, 200))],
        worth=[0.9, 0.1, 0.9, 0.1],
    )
    done = cut_ground(frame_of(shapely.box(0, 0, 200, 200)), Ground(seams), section())
    corners = {tuple(np.round(np.array(p.bounds) - np.tile(AT, 2)).astype(int)) for p in done.cut.polygons}
    assert corners == {(0, 0, 100, 100), (100, 0, 200, 100), (0, 100, 100, 200), (100, 100, 200, 200)}


def test_without_seams_a_rectangle_is_cut_square_and_to_size():
    frame = frame_of(shapely.box(0, 0, 300, 100))
    done = cut_ground(frame, Ground(), section())
    assert_divides(frame, done.cut)
    assert np.abs(shapely.area(done.cut.polygons) / 10_000 - 1).max() <= 0.10
    ours = done.stretches.reason == CUT
    way = np.abs(done.stretches.end - done.stretches.start)[ours]
    assert (way.min(axis=1) < 0.01).all()


def test_a_hard_seam_is_never_inside_a_cell_and_the_confined_cell_says_so():
    seams = Seams.of([line((30, 0), (30, 100))], hard=True, worth=1.0)
    done = cut_ground(frame_of(shapely.box(0, 0, 130, 100)), Ground(seams), section())
    assert sorted(np.round(shapely.area(done.cut.polygons))) == [3_000, 10_000]
    flags = done.cut.attributes["flag"]
    assert flags[np.argmin(shapely.area(done.cut.polygons))] == "confined by hard seams, 3,000 m²"
    assert [f.amount for f in done.cut.findings if f.rule == "near_target"] == [3_000]


def test_a_parent_smaller_than_a_cell_is_one_cell_and_says_so():
    done = cut_ground(frame_of(shapely.box(0, 0, 40, 40)), Ground(), section())
    assert list(done.cut.attributes["flag"]) == ["the whole area measures 1,600 m²"]


def test_a_strip_between_border_and_street_is_absorbed_and_the_border_stays():
    parent = shapely.box(0, 0, 200, 100)
    seams = Seams.of([line((0, 0.7), (200, 0.7)), line((100, -20), (100, 120))])
    frame = frame_of(parent)
    done = cut_ground(frame, Ground(seams), section())
    assert_divides(frame, done.cut)
    assert len(done.cut.polygons) == 2


def test_dangling_duplicate_and_outside_seams_change_nothing():
    frame = frame_of(shapely.box(0, 0, 200, 100))
    good = [line((100, -50), (100, 150))]
    noise = [good[0], line((10, 50), (60, 50)), line((500, 500), (900, 500)), line((100, 0), (100, 100))]
    plain = cut_ground(frame, Ground(Seams.of(good)), section()).cut
    noisy = cut_ground(frame, Ground(Seams.of(good + noise)), section()).cut
    assert [p.normalize().wkt for p in plain.polygons] == [p.normalize().wkt for p in noisy.polygons]


def test_a_seam_through_a_building_goes_round_it():
    house = here(shapely.box(85, 40, 115, 60))
    frame = frame_of(shapely.box(0, 0, 200, 100))
    ground = Ground(Seams.of([line((100, 0), (100, 100))]), np.array([house], dtype=object))
    done = cut_ground(frame, ground, section())
    assert_divides(frame, done.cut)
    inside = shapely.area(shapely.intersection(done.cut.polygons, house))
    assert sorted(np.round(inside)) == [0, 600]


def test_chords_pass_between_buildings():
    houses = np.array([here(shapely.box(x, 10, x + 24, 90)) for x in range(3, 390, 30)], dtype=object)
    frame = frame_of(shapely.box(0, 0, 400, 100))
    done = cut_ground(frame, Ground(buildings=houses), section())
    assert_divides(frame, done.cut)
    assert len(done.cut.polygons) == 4
    inner = shapely.buffer(houses, -0.05)
    ours = done.stretches.reason != LEGAL
    borders = shapely.linestrings(np.stack([done.stretches.start[ours], done.stretches.end[ours]], axis=1))
    assert len(shapely.STRtree(inner).query(borders, predicate="intersects")[0]) == 0


def test_a_school_and_a_lake_are_cells_of_their_own():
    shapes = [here(shapely.box(20, 20, 90, 90)), here(shapely.box(120, 0, 300, 100))]
    areas = OwnAreas(
        np.array(shapes, dtype=object), np.array(["own", "own"], dtype=object), np.array([1_000.0, 1_000.0]),
        np.array(["special", "water"], dtype=object), np.array(["No. 1 School", "Lake"], dtype=object),
    )  # fmt: skip
    frame = frame_of(shapely.box(0, 0, 300, 100))
    done = cut_ground(frame, Ground(areas=areas), section())
    assert_divides(frame, done.cut)
    of = dict(zip(done.cut.attributes["place"], shapely.area(done.cut.polygons), strict=True))
    assert of["No. 1 School"] == pytest.approx(4_900)
    assert of["Lake"] == pytest.approx(18_000)


def test_islands_of_seams_and_holes_of_parents_are_divided_too():
    parent = shapely.Polygon(shapely.box(0, 0, 300, 300).exterior, [shapely.box(120, 120, 180, 180).exterior])
    ring = here(shapely.box(40, 40, 80, 80).exterior)
    frame = frame_of(parent)
    done = cut_ground(frame, Ground(Seams.of([ring])), section())
    assert_divides(frame, done.cut)


def test_a_parent_of_two_parts_is_cut_part_by_part():
    parent = shapely.MultiPolygon([shapely.box(0, 0, 200, 100), shapely.box(500, 0, 600, 100)])
    frame = frame_of(parent)
    done = cut_ground(frame, Ground(), section())
    assert_divides(frame, done.cut)
    assert len(done.cut.polygons) == 3


def test_the_order_of_seams_and_the_number_of_workers_change_nothing():
    streets = street_grid(400, 300, 70)
    parents = [shapely.box(0, 0, 200, 300), shapely.box(200, 0, 400, 300)]
    one = cut_ground(frame_of(*parents), Ground(Seams.of(streets)), section()).cut
    two = cut_ground(frame_of(*parents, workers=2), Ground(Seams.of(streets[::-1])), section()).cut
    assert [p.wkb for p in one.polygons] == [p.wkb for p in two.polygons]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    frame = frame_of(shapely.box(0, 0, 200, 100), shapely.box(200, 0, 400, 100))
    first = cut_ground(frame, Ground(), section(keep=tmp_path)).cut
    kept = sorted(tmp_path.glob("*.cut"))
    assert len(kept) == 2
    before = kept[1].stat().st_mtime_ns
    kept[0].unlink()
    again = cut_ground(frame, Ground(), section(keep=tmp_path)).cut
    assert kept[1].stat().st_mtime_ns == before
    assert [p.wkb for p in first.polygons] == [p.wkb for p in again.polygons]


def test_a_systematic_shift_is_found_reported_and_taken_out_of_the_seams():
    frame = frame_of(*(shapely.box(x, y, x + 500, y + 500) for x in range(0, 1500, 500) for y in range(0, 1500, 500)))
    lines = shapely.get_parts(shapely.boundary(frame.parents))
    shifted = Seams.of(shapely.transform(lines, lambda xy: xy + (0.6, -0.5)))
    reported = cut_ground(frame, Ground(shifted), section(fit="report", target_area_m2=250_000))
    assert reported.fit.dx_m == pytest.approx(-0.6, abs=0.02)
    assert reported.fit.dy_m == pytest.approx(0.5, abs=0.02)
    assert [f.rule for f in reported.cut.findings] == ["seams_fit"]
    moved = cut_ground(frame, Ground(shifted), section(fit="move", target_area_m2=250_000))
    assert_divides(frame, moved.cut)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-20, 320)] * 4), max_size=12), st.integers(0, 3))
def test_whatever_the_seams_the_cells_divide_the_parent(ends, hard):
    lines = [line((a, b), (c, d)) for a, b, c, d in ends if (a, b) != (c, d)]
    seams = Seams.of(lines, hard=[i < hard for i in range(len(lines))]) if lines else Seams()
    frame = frame_of(shapely.box(0, 0, 300, 200))
    done = cut_ground(frame, Ground(seams), section())
    assert_divides(frame, done.cut)


def test_the_link_to_an_island_of_seams_is_no_border_through_a_building():
    ring = here(shapely.box(130, 130, 270, 270).exterior)
    houses = np.array([here(shapely.box(100, 100, 300, 300).difference(shapely.box(125, 125, 275, 275)))], dtype=object)
    frame = frame_of(shapely.box(0, 0, 400, 400))
    done = cut_ground(frame, Ground(Seams.of([ring]), houses), section())
    assert_divides(frame, done.cut)
    ours = done.stretches.reason != LEGAL
    borders = shapely.linestrings(np.stack([done.stretches.start[ours], done.stretches.end[ours]], axis=1))
    assert not shapely.intersects(shapely.buffer(houses[0], -0.05), borders).any()
