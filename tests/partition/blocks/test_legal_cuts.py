"""Which buildings legal borders cut, and which border it is: drawn with a pencil."""

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.errors import PlanError
from geogrid.partition.blocks import Ground, Seams, cut_ground, legal_cuts

from .sketch import METRIC, frame_of, here, line, objects, section
from .test_bad_ground import read, write

WEST, EAST = shapely.box(0, 0, 150, 200), shapely.box(150, 0, 300, 200)
ASTRIDE = shapely.box(140, 80, 160, 120)
OUT_OF_PLACE = shapely.box(290, 10, 310, 20)
INSIDE = shapely.box(20, 20, 40, 40)
BESIDE = shapely.box(150, 20, 170, 40)
"""Wall to border: not cut."""


def cuts(*houses, parents=(WEST, EAST)):
    names = objects(*(f"h{i}" for i in range(len(houses))))
    return legal_cuts(objects(*parents), objects(*"AB"[: len(parents)]), objects(*houses), names)


def test_a_building_astride_a_border_is_named_with_both_areas():
    (cut,) = cuts(INSIDE, ASTRIDE, BESIDE)
    assert (cut.label, cut.parents, cut.border) == ("h1", ("A", "B"), "A | B")
    assert cut.length_m == pytest.approx(40, abs=0.2)
    assert cut.area_m2 == 800
    assert (cut.x, cut.y) == pytest.approx((150, 100))


def test_a_building_that_sticks_out_of_the_place_is_cut_by_its_outer_border():
    (cut,) = cuts(OUT_OF_PLACE)
    assert cut.parents == ("", "B")
    assert cut.border == "B | outside"


def test_a_building_on_three_areas_is_named_with_each_pair():
    north = shapely.box(0, 200, 300, 300)
    found = legal_cuts(
        objects(WEST, EAST, north), objects("A", "B", "N"), objects(shapely.box(140, 190, 160, 210)), objects("hall")
    )
    assert [cut.parents for cut in found] == [("A", "B"), ("A", "N"), ("B", "N")]
    assert [round(cut.length_m) for cut in found] == [10, 10, 10]


@pytest.mark.parametrize("gap", [-0.02, 0.02])
def test_outlines_that_miss_each_other_by_two_centimetres_count_as_one_border(gap):
    (cut,) = cuts(ASTRIDE, parents=(WEST, shapely.box(150 + gap, 0, 300, 200)))
    assert cut.parents == ("A", "B")


def test_a_wall_a_few_centimetres_over_the_border_is_no_cut():
    assert cuts(shapely.box(149.96, 20, 170, 40)) == ()


def test_a_courtyard_on_the_border_counts_no_metres():
    ring = shapely.box(130, 60, 170, 140).difference(shapely.box(140, 80, 160, 120))
    (cut,) = cuts(ring)
    assert cut.length_m == pytest.approx(40, abs=0.3)


def test_the_cut_of_a_place_names_building_and_border_and_no_cell_cuts_any():
    frame = frame_of(WEST, EAST)
    names = objects("town hall", "barn")
    ground = Ground(Seams.of(line((-10, 100), (310, 100))), objects(here(ASTRIDE), here(INSIDE)), building_names=names)
    done = cut_ground(frame, ground, section())
    found = [f for f in done.cut.findings if f.rule in ("building_whole", "building_uncut")]
    assert [(f.rule, f.subjects, f.unit) for f in found] == [("building_whole", ("town hall", "p0", "p1"), "m")]
    assert "p0 | p1 cuts a building of 800 m²" in found[0].message
    spot = METRIC.to_metres(np.array([[found[0].lon, found[0].lat]]))[0]
    assert shapely.contains(here(ASTRIDE), shapely.Point(spot))


def test_buildings_are_called_by_their_id_or_their_row(tmp_path):
    houses = [here(shapely.box(x, 0, x + 10, 10)) for x in (40, 0, 20)]
    write(tmp_path, "ids.gpkg", houses, osm_id=["7", None, "9"], osm_way_id=["1", "8", None])
    ground = read(tmp_path, buildings="ids.gpkg")
    assert dict(zip(ground.labels, shapely.bounds(ground.buildings)[:, 0], strict=True)).keys() == {"7", "8", "9"}
    order = np.argsort(shapely.bounds(ground.buildings)[:, 0])
    assert ground.labels[order].tolist() == ["8", "9", "7"]
    geopandas.GeoDataFrame(geometry=houses, crs="EPSG:4549").to_file(tmp_path / "plain.gpkg")
    ground = read(tmp_path, buildings="plain.gpkg")
    order = np.argsort(shapely.bounds(ground.buildings)[:, 0])
    assert ground.labels[order].tolist() == ["row 2", "row 3", "row 1"]
    with pytest.raises(PlanError, match=r"no such column.*hausnr.*osm_id"):
        read(tmp_path, buildings={"file": "ids.gpkg", "name": "hausnr"})
