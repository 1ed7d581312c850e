"""Healing: every strip has one owner afterwards, and the report says who gained what."""

import numpy as np
import pytest
import shapely

from geogrid.errors import BoundaryError
from geogrid.partition.heal import heal


def names(*codes):
    return np.array(codes, dtype=object)


def test_a_narrow_gap_goes_to_the_neighbour_with_the_longest_side():
    drawn = np.array([shapely.box(0, 0, 100, 100), shapely.box(102, 0, 200, 60), shapely.box(102, 60, 200, 100)])
    healed = heal(drawn, names("a", "b", "c"), place=shapely.box(0, 0, 200, 100))
    (change,) = healed.changes
    assert (change.kind, change.gained, change.area_m2) == ("gap", "a", pytest.approx(200))
    assert shapely.coverage_is_valid(healed.polygons)
    assert shapely.area(healed.polygons).sum() == pytest.approx(20_000)


def test_a_wide_gap_stays_a_hole_and_is_listed():
    drawn = np.array([shapely.box(0, 0, 100, 100), shapely.box(130, 0, 200, 100)])
    healed = heal(drawn, names("a", "b"), place=shapely.box(0, 0, 200, 100))
    assert [(c.kind, round(c.area_m2)) for c in healed.holes] == [("hole", 3_000)]
    assert shapely.area(healed.polygons).tolist() == [10_000, 7_000]


def test_an_overlap_goes_to_one_claimant_and_names_the_other():
    drawn = np.array([shapely.box(0, 0, 100, 100), shapely.box(97, 0, 200, 100)])
    healed = heal(drawn, names("a", "b"))
    (change,) = healed.changes
    assert (change.kind, change.area_m2, {change.gained, *change.lost}) == ("overlap", pytest.approx(300), {"a", "b"})
    assert shapely.coverage_is_valid(healed.polygons)


def test_what_lies_outside_the_place_is_cut_off_and_listed():
    healed = heal(np.array([shapely.box(-10, 0, 100, 100)]), names("a"), place=shapely.box(0, 0, 100, 100))
    assert [(c.kind, c.lost, round(c.area_m2)) for c in healed.changes] == [("outside", ("a",), 1_000)]


def test_a_clean_division_comes_back_unchanged():
    drawn = np.array([shapely.box(x, 0, x + 50, 100) for x in (0, 50, 100)])
    healed = heal(drawn, names("a", "b", "c"))
    assert healed.changes == ()
    assert shapely.equals(healed.polygons, drawn).all()


def test_the_report_is_a_geopackage(tmp_path):
    import geopandas

    drawn = np.array([shapely.box(0, 0, 100, 100), shapely.box(97, 0, 200, 100)])
    heal(drawn, names("a", "b")).write_changes(tmp_path / "changes.gpkg", "EPSG:4549")
    rows = geopandas.read_file(tmp_path / "changes.gpkg")
    assert list(rows.columns) == ["kind", "area_m2", "width_m", "gained", "lost", "geometry"]


def test_a_bow_tie_is_refused_by_name():
    with pytest.raises(BoundaryError, match="tie"):
        heal(np.array([shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])]), names("tie"))
