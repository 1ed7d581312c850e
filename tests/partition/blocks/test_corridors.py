"""Corridors: a road is a strip of cells of its own, and every place on the carriageway has one owner."""

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.crs import Metric, parse_crs
from geogrid.partition.blocks import Ground, OwnAreas, Seams, cut_ground
from geogrid.partition.blocks.corridors import corridor_strips
from geogrid.partition.frame import Frame
from geogrid.partition.snapping import snap

from .sketch import assert_divides, back, frame_of, line, section

WIDTHS = {"primary": 20.0, "secondary": 12.0}


def road(*points, of="primary", name="", worth=0.9):
    return Seams.of(line(*points), worth=worth, classes=of, names=name)


def strips(*roads):
    seams = roads[0]
    for one in roads[1:]:
        seams = seams.join(one)
    return corridor_strips(seams.sorted(), WIDTHS)


def owners(cut, x, y):
    """Return the kinds of the cells that hold a drawn point."""
    point = shapely.Point(x, y)
    return [kind for kind, cell in zip(cut.attributes["kind"], back(cut.polygons), strict=True) if cell.covers(point)]


def test_a_road_is_as_wide_as_its_class_and_cut_to_size_along_its_length():
    frame = frame_of(shapely.box(0, 0, 1_000, 200))
    done = cut_ground(frame, Ground(areas=strips(road((-50, 100), (1_050, 100)))), section())
    assert_divides(frame, done.cut)
    carriageway = done.cut.attributes["kind"] == "corridor primary"
    pieces = back(done.cut.polygons[carriageway])
    assert shapely.area(pieces) == pytest.approx([10_000, 10_000], rel=0.01)
    assert {tuple(np.round(p.bounds[1::2]).tolist()) for p in pieces} == {(90.0, 110.0)}
    assert owners(done.cut, 250, 100) == ["corridor primary"]
    assert owners(done.cut, 250, 89) == ["ground"]


def test_at_a_crossing_the_wider_road_keeps_it_and_the_narrower_is_cut_there():
    frame = frame_of(shapely.box(0, 0, 400, 400))
    crossing = strips(
        road((-10, 200), (410, 200), name="High Street"), road((200, -10), (200, 410), of="secondary", name="Mill Lane")
    )  # fmt: skip
    done = cut_ground(frame, Ground(areas=crossing), section())
    assert_divides(frame, done.cut)
    assert owners(done.cut, 200, 200) == ["corridor primary"]
    lane = back(done.cut.polygons[done.cut.attributes["place"] == "Mill Lane"])
    assert sorted(tuple(np.round(p.bounds).tolist()) for p in lane) == [(194, 0, 206, 190), (194, 210, 206, 400)]


def test_among_equally_wide_roads_the_more_important_keeps_the_crossing():
    both = strips(
        road((-10, 200), (410, 200), name="A", worth=0.5), road((200, -10), (200, 410), name="B", worth=0.9)
    )  # fmt: skip
    frame = frame_of(shapely.box(0, 0, 400, 400))
    done = cut_ground(frame, Ground(areas=both), section())
    middle = [
        name
        for name, cell in zip(done.cut.attributes["place"], back(done.cut.polygons), strict=True)
        if cell.covers(shapely.Point(200, 200))
    ]
    assert middle == ["B"]


def test_a_road_along_several_communities_is_cut_at_their_borders():
    frame = frame_of(shapely.box(0, 0, 300, 200), shapely.box(300, 0, 600, 200))
    done = cut_ground(frame, Ground(areas=strips(road((-10, 100), (610, 100)))), section())
    assert_divides(frame, done.cut)
    carriageway = done.cut.attributes["kind"] == "corridor primary"
    assert sorted(done.cut.parent[carriageway]) == [0, 1]
    assert shapely.area(done.cut.polygons[carriageway]) == pytest.approx([6_000, 6_000])


def test_classes_without_a_width_are_no_corridors():
    assert len(strips(road((0, 0), (100, 0), of="footway"))) == 0


def test_strips_never_overlap_whatever_the_order_of_roads():
    roads = [road((0, y), (400, y + 60), name=f"E{y}") for y in (50, 150)]
    roads += [road((x, 0), (x - 30, 300), of="secondary", name=f"N{x}") for x in (100, 200, 300)]
    one, other = strips(*roads), strips(*roads[::-1])
    assert [p.wkb for p in one.polygons] == [p.wkb for p in other.polygons]
    total = shapely.area(one.polygons).sum()
    assert shapely.area(shapely.union_all(one.polygons)) == pytest.approx(total, abs=0.01)


def test_main_roads_of_a_real_neighbourhood_become_corridors_and_the_whole_is_proved(acceptance_data):
    folder = acceptance_data / "baltimore"
    place = geopandas.read_file(folder / "neighborhoods.gpkg").to_crs(2804)
    parents = np.asarray(place[place.name.isin(["Downtown", "Mount Vernon"])].geometry.array, object)
    streets = geopandas.read_file(folder / "streets.gpkg")
    streets = streets.iloc[
        np.unique(shapely.STRtree(streets.geometry.array).query(parents, predicate="intersects")[1])
    ]  # fmt: skip
    seams = Seams.of(
        np.asarray(streets.geometry.array, object), classes=streets.sha_class.fillna("").to_numpy(object),
        names=streets.fullname.fillna("").to_numpy(object),
    )  # fmt: skip
    areas = corridor_strips(seams, {"MART": 20.0, "PART": 24.0})
    frame = Frame(parents, np.array(["D", "M"], dtype=object), Metric(parse_crs("EPSG:2804")))
    done = cut_ground(frame, Ground(seams, areas=areas), section())
    snapped = snap(frame, done.cut)
    assert snapped.proof.holds
    kinds = done.cut.attributes["kind"].astype(str)
    paved = np.char.startswith(kinds, "corridor")
    assert paved.sum() > 20
    tree = shapely.STRtree(done.cut.polygons[paved])
    main = seams.lines[np.isin(seams.classes.astype(str), ("MART", "PART"))]
    inside = shapely.intersection(main, shapely.union_all(shapely.buffer(parents, -15)))
    middle = shapely.line_interpolate_point(inside[shapely.length(inside) > 20], 0.5, normalized=True)
    held = np.bincount(tree.query(middle, predicate="within")[0], minlength=len(middle))
    assert (held == 1).mean() > 0.97


def test_no_corridors_give_no_areas():
    assert len(corridor_strips(Seams(), WIDTHS)) == len(OwnAreas())
