"""An existing division is taken as it is: nothing moves, and every fault is reported with place and m²."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.boundaries.areas import Boundaries
from geogrid.errors import InputError
from geogrid.lattice import LatticePolygons
from geogrid.partition import Plan, adopt, divide
from geogrid.testing import assert_is_partition, toy_boundaries

from .drawing import METRIC, ORIGIN, areas, degrees, place

geopandas = pytest.importorskip("geopandas")


def saved(path, shapes, **columns):
    frame = geopandas.GeoDataFrame(columns, geometry=[degrees(shape) for shape in shapes], crs="EPSG:4326")
    frame.to_file(path)
    return path


def rules_of(division):
    return sorted(finding.rule for finding in division.findings)


def test_a_sound_division_is_adopted_without_findings_and_to_the_vertex(tmp_path):
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 250, 100)]
    division = adopt(saved(tmp_path / "beats.gpkg", shapes, code=["B2", "B1"], name=["West", "East"], staff=[3, 4]))
    assert division.findings == ()
    assert division.base.codes.tolist() == ["B1", "B2"]
    assert division.base.attributes["staff"].tolist() == [4, 3]
    expected = LatticePolygons.from_shapely(np.array([degrees(shape) for shape in shapes[::-1]], dtype=object))
    np.testing.assert_array_equal(division.shapes("cell").coords, expected.coords)
    assert_is_partition(division)


def test_a_gap_and_an_overlap_are_found_with_their_place_and_size(tmp_path):
    shapes = [
        shapely.box(0, 0, 100, 100) - shapely.box(40, 40, 50, 60),
        shapely.box(95, 0, 200, 100),
    ]
    division = adopt(saved(tmp_path / "beats.gpkg", shapes, id=[1, 2]))
    assert rules_of(division) == ["no_gap", "no_overlap"]
    gap, overlap = sorted(division.findings, key=lambda finding: finding.rule)
    assert gap.amount == pytest.approx(200, rel=1e-2)
    assert overlap.amount == pytest.approx(500, rel=1e-2)
    assert set(overlap.subjects) >= {"1", "2"}
    at = (METRIC.to_metres([[gap.lon, gap.lat]]) - ORIGIN)[0]
    assert shapely.box(40, 40, 50, 60).contains(shapely.Point(at))


def test_against_the_official_outline_what_is_missing_and_what_sticks_out_is_found(tmp_path):
    file = saved(tmp_path / "beats.gpkg", [shapely.box(0, 0, 90, 100), shapely.box(90, 0, 210, 90)], id=["a", "b"])
    division = adopt(file, boundaries=place(shapely.box(0, 0, 200, 100)))
    amounts = {finding.rule: finding.amount for finding in division.findings}
    assert amounts["no_gap"] == pytest.approx(1_100, rel=1e-2)
    assert amounts["inside_parent"] == pytest.approx(900, rel=1e-2)


def test_a_row_that_crosses_a_legal_border_is_named_with_its_share(tmp_path):
    file = saved(tmp_path / "beats.gpkg", [shapely.box(0, 0, 120, 100), shapely.box(120, 0, 200, 100)], id=["a", "b"])
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    boundaries = Boundaries(
        "T", "Drawn", (areas("district", [shapely.union(west, east)], ["D"]), areas("street", [west, east], parent="D"))
    )
    division = adopt(file, boundaries=boundaries)
    assert rules_of(division) == ["nests_in_area"]
    assert division.findings[0].subjects == ("a", "A1")
    assert division.findings[0].amount == pytest.approx(2_000, rel=1e-2)
    assert division.base.areas.tolist() == ["A1", "A2"]


def test_a_row_in_two_parts_is_reported(tmp_path):
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(30, 0, 60, 10)])
    division = adopt(saved(tmp_path / "beats.gpkg", [parts], id=["a"]))
    assert rules_of(division) == ["one_piece"]


def test_a_ring_that_the_rounding_folds_is_laid_out_again(tmp_path):
    # A needle two millimetres wide runs out of the square; on the lattice its sides would cross.
    needle = shapely.Polygon([(0, 0), (100, 0), (100, 50), (180.003, 83.001), (99.999, 50.002), (100, 100), (0, 100)])
    division = adopt(saved(tmp_path / "beats.gpkg", [needle], id=["a"]))
    assert "is_simple" not in rules_of(division)
    assert division.area_m2("cell")[0] == pytest.approx(10_000, rel=1e-3)


def test_codes_that_are_not_unique_are_refused_with_the_column(tmp_path):
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    with pytest.raises(InputError, match="column code"):
        adopt(saved(tmp_path / "beats.gpkg", shapes, code=["x", "x"]))
    with pytest.raises(InputError, match="allowed: code"):
        adopt(tmp_path / "beats.gpkg", code_column="nummer")


def test_without_codes_unique_names_serve_and_else_the_atlas_numbers(tmp_path):
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    assert adopt(saved(tmp_path / "a.gpkg", shapes, name=["n2", "n1"])).base.codes.tolist() == ["n1", "n2"]
    assert adopt(saved(tmp_path / "b.gpkg", shapes, name=["n", "n"])).base.codes.tolist() == ["", ""]


def test_drawn_grids_over_cells_take_the_cells_whose_inner_point_they_hold(tmp_path):
    corner = toy_boundaries().finest.polygons.to_shapely()[0].bounds
    west = shapely.box(corner[0], corner[1], corner[0] + 0.0022, corner[1] + 0.004)
    east = shapely.box(corner[0] + 0.0022, corner[1], corner[0] + 0.004, corner[1] + 0.004)
    geopandas.GeoDataFrame({"code": ["E", "W"]}, geometry=[east, west], crs="EPSG:4326").to_file(
        tmp_path / "grids.gpkg"
    )
    text = """
[place]
code = "990100"
[[layer]]
name = "cell"
method = "squares"
target_area_m2 = 2_500
[[layer]]
name = "drawn"
method = "adopt"
of = "cell"
path = "grids.gpkg"
[[layer]]
name = "overlay"
method = "adopt"
path = "grids.gpkg"
"""
    division = divide(Plan.parse(text, folder=tmp_path), boundaries=toy_boundaries())
    drawn, overlay = division.layer("drawn"), division.layer("overlay")
    assert (drawn.kind, overlay.kind) == ("stacked", "overlay")
    assert drawn.codes.tolist() == overlay.codes.tolist() == ["E", "W"]
    middle = [shape.representative_point().x for shape in division.shapes("cell").to_shapely()]
    assert drawn.membership.tolist() == [int(x < corner[0] + 0.0022) for x in middle]
    assert 0.89 < drawn.attributes["share_inside"].min() < 1
    assert any(finding.rule == "inside_adopted" for finding in division.findings)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("file", "rows", "rules"),
    [
        ("council_districts", 14, {"no_gap", "no_overlap"}),
        ("police_districts", 9, {"no_gap", "no_overlap"}),
        ("neighborhoods", 278, {"no_gap", "no_overlap", "one_piece"}),
        ("blocks2020", 10_025, set()),
    ],
)
def test_the_divisions_of_baltimore_are_adopted_as_they_are(acceptance_data, file, rows, rules):
    division = adopt(acceptance_data / "baltimore" / f"{file}.gpkg")
    assert len(division.base) == rows
    assert set(rules_of(division)) <= rules
    again = {finding.rule for finding in division.findings}
    assert again == rules or again == rules - {"no_overlap"}
