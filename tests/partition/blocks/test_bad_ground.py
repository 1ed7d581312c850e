"""Bad input: handled by a stated rule, or refused with place and mend; never a crash half-way."""

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.errors import BoundaryError, CrsError, NotFoundError, PlanError
from geogrid.partition import Plan
from geogrid.partition.blocks import Ground, Seams, cut_ground, read_ground
from geogrid.partition.blocks.mesh import LEGAL
from geogrid.partition.blocks.section import BlocksSection
from geogrid.partition.snapping import snap

from .sketch import METRIC, assert_divides, cells_of, frame_of, here, line, objects, section

PLACE = shapely.box(0, 0, 300, 200)


def cut_buildings(done, *houses):
    """Return which drawn buildings a border that is not a legal one enters by more than 5 cm."""
    ours = done.stretches.reason != LEGAL
    borders = shapely.linestrings(np.stack([done.stretches.start[ours], done.stretches.end[ours]], axis=1))
    return [i for i, house in enumerate(houses) if shapely.intersects(here(house).buffer(-0.05), borders).any()]


def write(folder, name, shapes, crs="EPSG:4549", **columns):
    frame = geopandas.GeoDataFrame(columns, geometry=list(shapes), crs=crs)
    frame.to_file(folder / name)
    return folder / name


def read(folder, **more):
    layer = {"name": "cell", "method": "blocks", **more}
    return read_ground(BlocksSection.model_validate(layer, context={"folder": folder}), METRIC)


def test_short_dangling_seams_bound_nothing():
    dangling = [line((20, 60), (35, 60)), line((150, 50), (165, 50))]
    done = cells_of(PLACE, Seams.of([line((150, 0), (150, 200)), *dangling]))
    middle = shapely.points((done.stretches.start + done.stretches.end) / 2)
    assert not shapely.dwithin(shapely.multilinestrings(dangling), middle, 0.01).any()
    assert shapely.area(done.cut.polygons) == pytest.approx([10_000] * 6, rel=0.1)


def test_a_seam_given_twice_counts_once():
    once = [line((150, 0), (150, 200))]
    plain, double = (cells_of(PLACE, Seams.of(once * times)) for times in (1, 2))
    assert [p.wkb for p in plain.cut.polygons] == [p.wkb for p in double.cut.polygons]


def test_a_seam_that_crosses_parents_divides_each_and_moves_no_border():
    frame = frame_of(shapely.box(0, 0, 150, 200), shapely.box(150, 0, 300, 200))
    done = cut_ground(frame, Ground(Seams.of(line((-30, 60), (330, 140)))), section())
    assert_divides(frame, done.cut)
    assert snap(frame, done.cut).proof.holds


def test_parents_that_overlap_are_each_divided_and_proved():
    frame = frame_of(shapely.box(0, 0, 152, 200), shapely.box(150, 0, 300, 200))
    done = cut_ground(frame, Ground(Seams.of([line((-30, 100), (330, 100)), line((151, 0), (151, 200))])), section())
    assert_divides(frame, done.cut)
    assert snap(frame, done.cut).proof.holds


def test_a_parent_of_several_parts_gives_cells_of_one_part_each():
    parent = shapely.MultiPolygon([shapely.box(0, 0, 200, 100), shapely.box(300, 0, 310, 10)])
    done = cells_of(parent, Seams.of(line((100, -5), (100, 105))))
    assert sorted(shapely.area(done.cut.polygons).round()) == [100, 10_000, 10_000]


def test_a_lake_in_a_parent_is_a_hole_and_an_island_in_it_a_part():
    lake = shapely.box(60, 60, 240, 140)
    island = shapely.box(140, 90, 160, 110)
    parent = shapely.MultiPolygon([PLACE.difference(lake), island])
    done = cells_of(parent, Seams.of(line((150, -10), (150, 210))))
    assert shapely.area(done.cut.polygons).min() == pytest.approx(400, abs=0.1)


def test_a_parent_smaller_than_a_cell_is_one_cell_whatever_seams_cross_it():
    done = cells_of(shapely.box(0, 0, 60, 60), Seams.of([line((30, -5), (30, 65)), line((-5, 30), (65, 30))]))
    assert list(done.cut.attributes["flag"]) == ["the whole area measures 3,600 m²"]


def test_buildings_that_overlap_are_gone_round_together():
    houses = shapely.box(90, 60, 130, 100), shapely.box(120, 80, 160, 120)
    done = cells_of(PLACE, Seams.of(line((125, 0), (125, 200))), houses)
    assert cut_buildings(done, *houses) == []


def test_a_building_on_the_border_is_cut_by_the_border_alone():
    house = shapely.box(130, 80, 170, 120)
    frame = frame_of(shapely.box(0, 0, 150, 200), shapely.box(150, 0, 300, 200))
    ground = Ground(Seams.of(line((-10, 100), (310, 100))), objects(here(house)))
    done = cut_ground(frame, ground, section())
    assert_divides(frame, done.cut)
    assert cut_buildings(done, house) == []


def test_a_courtyard_belongs_to_its_building_where_a_seam_runs_through():
    house = shapely.box(80, 60, 160, 140).difference(shapely.box(100, 80, 140, 120))
    done = cells_of(PLACE, Seams.of(line((120, 0), (120, 200))), [house])
    assert cut_buildings(done, house) == []
    court = here(shapely.box(100, 80, 140, 120))
    assert shapely.area(shapely.intersection(done.cut.polygons, court)).max() == pytest.approx(1_600, abs=0.1)


def test_no_seams_and_empty_layers_leave_ground_that_chords_divide(tmp_path):
    empty = geopandas.GeoDataFrame({"highway": []}, geometry=[], crs="EPSG:4549")
    empty.to_file(tmp_path / "roads.gpkg")
    ground = read(tmp_path, seams=["roads.gpkg"], buildings="roads.gpkg", water="roads.gpkg")
    assert (len(ground.seams), len(ground.buildings), len(ground.areas)) == (0, 0, 0)
    done = cut_ground(frame_of(PLACE), ground, section(fit="report"))
    assert shapely.area(done.cut.polygons) == pytest.approx([10_000] * 6, rel=0.1)


def test_a_seam_file_without_crs_is_refused_with_the_file_and_the_mend(tmp_path):
    write(tmp_path, "walls.shp", [line((0, 0), (1, 1))], kind=["wall"]).with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"walls\.shp") as caught:
        read(tmp_path, seams=["walls.shp"])
    assert "crs" in str(caught.value)
    told = read(tmp_path, seams=[{"file": "walls.shp", "crs": "EPSG:4549"}])
    assert len(told.seams) == 1


def test_a_column_that_a_seam_file_lacks_is_refused_with_those_it_has(tmp_path):
    write(tmp_path, "walls.gpkg", [line((0, 0), (1, 1))], kind=["wall"])
    with pytest.raises(PlanError, match=r"no such column.*sha_class.*kind"):
        read(tmp_path, seams=[{"file": "walls.gpkg", "classes": "sha_class"}])


def test_coordinates_that_are_not_finite_are_refused():
    with pytest.raises(BoundaryError, match="not finite"):
        cut_ground(frame_of(PLACE), Ground(Seams.of(shapely.LineString([(0, 0), (np.inf, 1)]))), section())


def test_what_a_file_holds_and_nobody_can_use_is_said(tmp_path):
    write(
        tmp_path, "mixed.gpkg", [here(shapely.Point(5, 5)), None, line((150, 0), (150, 200))], highway=["a", "b", "c"]
    )
    write(tmp_path, "signs.gpkg", [here(shapely.Point(5, 5))])
    empty = geopandas.GeoDataFrame({"highway": []}, geometry=[], crs="EPSG:4549")
    empty.to_file(tmp_path / "empty.gpkg")
    ground = read(tmp_path, seams=["mixed.gpkg", "empty.gpkg"], buildings="signs.gpkg")
    told = {finding.subjects[0]: finding.message for finding in ground.findings}
    assert told["mixed.gpkg"] == "2 of 3 features are passed over: no geometry, or no lines or polygons"
    assert told["empty.gpkg"] == "the file has no features"
    assert told["signs.gpkg"] == "1 of 1 features are passed over: no geometry, or no polygons"
    done = cut_ground(frame_of(PLACE), ground, section())
    assert {finding.rule for finding in done.cut.findings} >= {"features_used"}


def test_a_class_that_no_feature_has_is_a_finding_with_those_there_are(tmp_path):
    write(tmp_path, "roads.gpkg", [line((150, 0), (150, 200))], highway=["motorway"])
    corridor = {"file": "roads.gpkg", "widths": {"primry": 20}}
    ground = read(tmp_path, seams=[{"file": "roads.gpkg", "hard": ["motorwy", "*"]}], corridors=[corridor])
    assert [finding.message for finding in ground.findings if finding.rule == "class_occurs"] == [
        "hard names 'motorwy', and no feature has that class; there are: motorway",
        "widths names 'primry', and no feature has that class; there are: motorway",
    ]


def test_seams_of_another_place_are_a_finding_with_the_distance():
    ground = Ground(
        Seams.of([line((90_000, 0), (90_000, 200))], layer="roads"), objects(here(shapely.box(5, 5, 15, 15)))
    )
    done = cut_ground(frame_of(PLACE), ground, section())
    (finding,) = [finding for finding in done.cut.findings if finding.rule == "lies_in_place"]
    assert finding.subjects == ("roads",)
    assert "89.7 km away: check its CRS and datum" in finding.message


def test_a_file_that_is_not_there_is_refused_with_where_a_plan_looks(tmp_path):
    with pytest.raises(NotFoundError, match=r"not there; given: .*roads\.gpkg; mend: .*the plan's own folder"):
        read(tmp_path, seams=["roads.gpkg"])


def test_a_key_a_seam_file_does_not_know_is_answered_with_those_it_knows():
    with pytest.raises(PlanError, match=r"hrad: unknown key; .*allowed: classes, crs, .*did you mean 'hard'"):
        Plan.parse(
            '[place]\ncode = "1"\n[[layer]]\nname = "cell"\nmethod = "blocks"\nseams = [{ file = "a.gpkg", hrad = ["x"] }]'
        )


def test_a_corridor_has_no_arterial_inside(tmp_path):
    write(tmp_path, "roads.gpkg", [line((-5, 100), (305, 100))], highway=["primary"])
    ground = read(tmp_path, seams=["roads.gpkg"], corridors=[{"file": "roads.gpkg", "widths": {"primary": 20}}])
    done = cut_ground(frame_of(PLACE), ground, section())
    assert any(kind.startswith("corridor") for kind in done.cut.attributes["kind"])
    assert done.cut.attributes["arterial_m"].sum() == 0
