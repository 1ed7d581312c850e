"""Grids stacked on cells: per area, by the nearest station, kept in one piece."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from geogrid.errors import InputError, NotFoundError, PartitionError, PlanError
from geogrid.partition import Plan, divide
from geogrid.partition.contiguity import reattached
from geogrid.partition.grouping import Grouping, stacked_layer
from geogrid.partition.measures import Adjacency, adjacency, pieces
from geogrid.partition.nearest_station import Stations, nearest_grouping
from geogrid.testing import toy_boundaries, toy_city

from .drawing import degrees, text

TOY = '[place]\ncode = "990100"\n[[layer]]\nname = "cell"\nmethod = "squares"\ntarget_area_m2 = 2_500\n'


def stations(*lonlat, codes=None):
    names = text([f"S{row + 1}" for row in range(len(lonlat))])
    return Stations(text(codes or [""] * len(lonlat)), names, np.array(lonlat, np.float64))


def test_per_area_makes_one_grid_for_each_street_named_after_it():
    division = divide(
        Plan.parse(TOY + '[[layer]]\nname = "street"\nmethod = "per-area"\nwithin = "street"\n'),
        boundaries=toy_boundaries(),
    )
    layer = division.layer("street")
    assert layer.names.tolist() == ["West Street", "East Street"]
    assert layer.areas.tolist() == ["990100001", "990100002"]
    np.testing.assert_allclose(division.area_m2("street"), division.areas[1].area_m2(), rtol=1e-9)


def test_per_area_of_a_level_that_is_not_there_is_an_error_with_those_that_are():
    plan = Plan.parse(TOY + '[[layer]]\nname = "g"\nmethod = "per-area"\nwithin = "town"\n')
    with pytest.raises(PlanError, match="district, street, community"):
        divide(plan, boundaries=toy_boundaries())


def test_each_cell_goes_to_the_nearest_of_two_stations():
    grouping = nearest_grouping(toy_city(), stations((121.2505, 31.3805), (121.2535, 31.3835)))
    below_the_diagonal = [i for i in range(16) if i % 4 + i // 4 < 3]
    assert all(grouping.membership[i] == 0 for i in below_the_diagonal)
    assert set(grouping.membership.tolist()) == {0, 1}
    assert grouping.attributes["farthest_m"].max() < 400


def test_at_equal_distance_the_station_that_comes_first_takes_the_cell():
    at = (121.2505, 31.3805)
    grouping = nearest_grouping(toy_city(), stations(at, at))
    assert grouping.names.tolist() == ["S1"]
    assert [finding.subjects for finding in grouping.findings] == [("S2",)]


def test_within_a_level_only_stations_of_the_same_area_count():
    # Both stations stand close to the middle line, each on its own side.
    grouping = nearest_grouping(toy_city(), stations((121.2519, 31.3805), (121.2521, 31.3835)), within="street")
    assert [grouping.membership[i] for i in range(16)] == [0, 0, 1, 1] * 4


def test_an_area_with_cells_but_no_station_is_named():
    with pytest.raises(PlanError, match="990100002 East Street"):
        nearest_grouping(toy_city(), stations((121.2505, 31.3805)), within="street")


def test_a_piece_cut_off_from_its_station_goes_to_the_neighbour_with_most_border():
    # A row of five: 0 0 1 0 1. Row 3 is cut off from group 0 and touches only group 1.
    pairs = Adjacency(np.arange(4), np.arange(1, 5), np.ones(4))
    result = reattached(np.array([0, 0, 1, 0, 1]), pairs, np.array([0.0, 1, 0, 3, 2]))
    assert result.group.tolist() == [0, 0, 1, 1, 1]
    assert result.moved.tolist() == [3]


def test_an_island_stays_with_its_station_and_is_reported():
    pairs = Adjacency(np.array([0]), np.array([1]), np.ones(1))
    result = reattached(np.array([0, 0, 0]), pairs, np.array([0.0, 1, 9]))
    assert result.group.tolist() == [0, 0, 0]
    assert result.islands.tolist() == [2]


def test_grids_by_station_are_each_in_one_piece():
    division = toy_city()
    grouping = nearest_grouping(division, stations((121.2501, 31.3801), (121.2522, 31.3828), (121.2539, 31.3802)))
    pairs = adjacency(division.shapes("cell"))
    assert pieces(pairs, grouping.membership).max() + 1 == len(grouping.names)


def test_stations_are_read_from_a_file_with_their_codes(tmp_path):
    rows = [("W2", "East", 121.2535, 31.382), ("W1", "West", 121.2505, 31.382)]
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name},
            "geometry": {"type": "Point", "coordinates": [x, y]},
        }
        for code, name, x, y in rows
    ]
    (tmp_path / "stations.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    text_ = (
        TOY + '[[layer]]\nname = "station"\nmethod = "nearest-station"\nof = "cell"\nstations = "stations.geojson"\n'
    )
    division = divide(Plan.parse(text_, folder=tmp_path), boundaries=toy_boundaries())
    layer = division.layer("station")
    assert layer.codes.tolist() == ["W1", "W2"]
    assert layer.names.tolist() == ["West", "East"]
    assert layer.areas.tolist() == ["", ""]


def test_along_streets_the_nearest_station_is_another_one_than_straight():
    division = toy_city()
    # The town is 0.004 by 0.004 degrees; two stations in the south, a street from the west one along three sides.
    stations = Stations(text(["W", "E"]), text(["West", "East"]), np.array([(121.2502, 31.3802), (121.2538, 31.3802)]))
    path = [(121.2502, 31.3802), (121.2502, 31.3838), (121.2538, 31.3838), (121.2538, 31.3815)]
    streets = np.array([shapely.LineString(path), shapely.LineString([(121.2538, 31.3802), (121.2538, 31.3805)])])
    straight = nearest_grouping(division, stations, contiguous=False)
    walked = nearest_grouping(division, stations, contiguous=False, streets=streets)
    middles = shapely.get_coordinates(shapely.centroid(division.shapes("cell").to_shapely()))
    north_east = int(np.argmax(middles.sum(axis=1)))
    assert straight.codes[straight.membership[north_east]] == "E"
    assert walked.codes[walked.membership[north_east]] == "W"
    assert walked.attributes["farthest_m"].max() > straight.attributes["farthest_m"].max()


def test_rows_that_no_street_reaches_are_named_and_go_straight():
    division = toy_city()
    stations = Stations(text(["W", "E"]), text(["West", "East"]), np.array([(121.2502, 31.3802), (121.2538, 31.3802)]))
    lone = np.array([shapely.LineString([(121.2500, 31.3839), (121.2539, 31.3839)])])
    lead = np.array([shapely.LineString([(121.2502, 31.3801), (121.2502, 31.3803)])])
    found = nearest_grouping(division, stations, contiguous=False, streets=np.concatenate([lone, lead]))
    assert any(finding.rule == "street_to_a_station" for finding in found.findings)
    assert len(found.membership) == 16


def test_a_file_of_polygons_is_not_a_file_of_stations(tmp_path):
    square = shapely.geometry.mapping(degrees(shapely.box(0, 0, 50, 50)))
    features = [{"type": "Feature", "properties": {}, "geometry": square}]
    (tmp_path / "s.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    text_ = TOY + '[[layer]]\nname = "station"\nmethod = "nearest-station"\nof = "cell"\nstations = "s.geojson"\n'
    with pytest.raises(InputError, match="stations are points"):
        divide(Plan.parse(text_, folder=tmp_path), boundaries=toy_boundaries())


def test_a_grouping_that_forgets_a_cell_or_a_grid_is_refused():
    division = toy_city()
    with pytest.raises(PartitionError, match="not every row"):
        stacked_layer(division, Grouping(np.full(16, -1, np.int32)), name="g", of="cell")
    with pytest.raises(PartitionError, match="no cell"):
        stacked_layer(division, Grouping(np.zeros(16, np.int32), names=text(["a", "b"])), name="g", of="cell")
    with pytest.raises(NotFoundError):
        stacked_layer(division, Grouping(np.zeros(16, np.int32)), name="g", of="cells")
