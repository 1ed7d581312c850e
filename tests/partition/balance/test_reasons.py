"""What is told of grids and areas that are out of range: the true reason, with its own numbers."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geogrid.crs import Metric
from geogrid.errors import InputError, PlanError
from geogrid.partition import Plan, divide
from geogrid.partition.balance import Budget, Measure, Problem, Seam, balance, build_graph, explain
from geogrid.partition.balance.reasons import area_findings, reach_findings

QUICK = Budget(effort=300)
PEOPLE, CELLS = np.full(48, 19.0), np.ones(48)


def told(graph, *measures, **wishes):
    """Return the result and what is said of its areas; proofs by HiGHS are left out where the sums suffice."""
    problem = Problem(graph, measures, np.zeros(len(graph), np.int64), ("Town",), **wishes)
    done = balance(problem, budget=QUICK)
    said = [found for found in (*done.findings, *area_findings(problem, done)) if found.rule == "area_can_be_met"]
    return problem, done, said


def test_grids_that_hold_too_little_are_told_by_how_much(make_town):
    # 48 cells of 19 are 912 people.
    _, _, (said,) = told(make_town(8, 6), Measure("people", PEOPLE, None, 0.0, 150.0), count=3)
    assert "people 912 for 3 grids of 150 at most: 3 grids hold 450 at most, 462 less than there is; it takes 7" in str(
        said
    )
    assert said.amount == 462


def test_the_weight_that_is_impossible_is_named_not_the_first_one(make_town):
    area = Measure("area_m2", CELLS * 100, None, 0.0, 500.0)
    problem, done, (said,) = told(make_town(8, 6), Measure("people", PEOPLE, 0.3), area, count=4)
    assert (
        "area_m2 4,800 for 4 grids of 500 at most: 4 grids hold 2,000 at most, 2,800 less than there is" in said.message
    )
    assert "people" not in said.message
    assert {words.split(", ")[1] for words in explain(problem, done).why} == {
        "over 500: no cut of Town meets it in all grids"
    }


def test_the_other_weight_that_forces_the_number_of_grids_is_named(make_town):
    people, cells = Measure("people", PEOPLE, None, 100.0, 150.0), Measure("cells", CELLS, None, 1.0, 5.0)
    _, done, (said,) = told(make_town(8, 6), people, cells)
    assert len(done.area) == 10
    assert "people 912 for 10 grids of 100 to 150: 10 grids need 1,000 at least, 88 more than there is" in said.message
    assert "it takes 7 to 9, but cells 48 in grids of 1 to 5 takes 10 at least" in said.message


def test_a_range_that_no_number_of_grids_fits_is_told_by_the_sums_not_by_a_corner(make_town):
    _, _, (said,) = told(make_town(8, 6), Measure("people", PEOPLE, None, 100.0, 101.0))
    assert "10 grids need 1,000 at least, 88 more than there is; no number fits, 9 hold 909 at most" in said.message
    assert "only way" not in said.message


def test_weights_that_only_fail_together_are_all_named(make_town):
    # Two grids of a row of four: people ask for a cut in the middle, reports for one behind the first cell.
    people, reports = (
        Measure("people", np.array([1.0, 1, 1, 1]), 0.0),
        Measure("reports", np.array([3.0, 1, 1, 1]), 0.0),
    )
    _, _, (said,) = told(make_town(4, 1), people, reports, count=2)
    assert "people 4 for 2 grids of 2 to 2 and reports 6 for 2 grids of 3 to 3: no whole grids" in said.message
    assert "the nearest found are people " in said.message


def test_locked_grids_say_that_they_are_locked_and_their_neighbours_that_locks_bar_them(make_town):
    graph = make_town(6, 1)
    start, people = np.array([0, 0, 0, 1, 2, 2], np.int32), Measure("people", np.ones(6), 0.01)
    problem, done, _ = told(graph, people, start=start, locked_grids=(0, 2))
    west, middle, east = explain(problem, done).why
    assert (west, east) == ("people 3, over 2.02: it is locked", "")
    assert middle == "people 1, under 1.98: locks forbid it to gain any cell"


def test_a_station_too_far_is_the_reason_where_no_cell_is_in_its_reach(make_town):
    graph = make_town(12, 1)
    problem, done, _ = told(
        graph, Measure("people", np.ones(12), 0.1), stations=graph.xy[[0, 11]], count=2, reach_m=600
    )
    assert explain(problem, done).why == ("", "")
    near = replace(problem, stations=graph.xy[[0, 5]], reach_m=250.0)
    why = explain(near, balance(near, budget=QUICK)).why
    assert "reach_m = 250 forbids it to gain any cell" in why[0]


def test_cells_that_stay_together_or_apart_are_the_reason_where_they_bar_all_exchanges(make_town):
    # Three and one of a row: the east may only take its neighbour, which is apart from it.
    four = Measure("people", np.ones(4), 0.1)
    start = np.array([0, 0, 0, 1], np.int32)
    problem, done, _ = told(make_town(4, 1), four, start=start, apart=((2, 3),))
    assert explain(problem, done).why[1].endswith("`apart` forbids it to gain any cell")
    problem, done, (said,) = told(make_town(4, 1), four, start=start, together=((0, 1, 2),))
    assert "between the bounds (cells that stay together counted as one)" in said.message
    assert explain(problem, done).why[0].endswith("`together` forbids it to lose any cell")


def test_a_grid_alone_on_its_bank_names_the_barrier(make_squares):
    cells = make_squares([(i % 6, i // 6) for i in range(24)])
    river = np.array([shapely.LineString([(121.25, 31.383), (121.256, 31.383)])])
    graph = build_graph(cells, Metric.around(121.25, 31.38), seams=[Seam("river", river, barrier=True)])
    problem, _, said = told(graph, Measure("cells", np.ones(24), 0.1), count=2)
    part = "the part of Town with 18 (cut off by barrier 'river') weighs 0.50 of a grid and has 1"
    assert part in said[1].message
    ranged = replace(problem, measures=(Measure("cells", np.ones(24), None, 10.0, 20.0),), count=None)
    why = explain(ranged, balance(ranged, budget=QUICK)).why
    assert why[1] == (
        "cells 6, under 10: the part of Town with 18 (cut off by barrier 'river') has this one grid, "
        "and no other to share with"
    )


def test_the_farthest_cell_is_the_one_that_is_named(make_town):
    # The station stands in the second cell: the far end of the row is the last one.
    graph = make_town(12, 1)
    problem, done, _ = told(graph, Measure("people", np.ones(12), 0.9), stations=graph.xy[[1]], count=1, reach_m=150.0)
    (said,) = reach_findings(replace(problem, station_names=("station S1 甲",)), done)
    assert said.subjects[0] == "c3"
    assert "from station S1 甲, the farthest 951 m (c11)" in said.message


def town_file(folder):
    import geopandas

    places = [(i % 4, i // 4) for i in range(8)]
    shapes = [
        shapely.box(121.25 + x / 1000, 31.38 + y / 1000, 121.251 + x / 1000, 31.381 + y / 1000) for x, y in places
    ]
    codes = [f"c{x}_{y}" for x, y in places]
    people = [3.0, 1, 1, 1, 1, 1, 1, 1]
    frame = {"code": codes, "name": [""] * 8, "people": people}
    geopandas.GeoDataFrame(frame, geometry=shapes, crs=4326).to_file(folder / "cells.gpkg")
    town = {"code": ["T"], "name": ["Town"]}
    geopandas.GeoDataFrame(town, geometry=[shapely.union_all(shapes)], crs=4326).to_file(folder / "town.gpkg")


PLAN = """
[place]
boundaries = "town.gpkg"
[[layer]]
name = "cell"
method = "adopt"
path = "cells.gpkg"
[[layer]]
name = "old"
method = "balance"
of = "cell"
count = 2
weight = "cells"
effort = 50
[[layer]]
name = "new"
method = "balance"
of = "cell"
weight = "people"
effort = 50
"""


def test_grids_of_an_earlier_layer_are_named_as_they_are(tmp_path):
    town_file(tmp_path)
    division = divide(Plan.parse(PLAN + 'start = "old"\nlocked_grids = ["old 1", "old 2"]', folder=tmp_path))
    assert division.layer("new").names.tolist() == ["old 1", "old 2"]
    off = [found for found in division.findings if found.rule == "grid_in_tolerance"]
    assert [found.subjects for found in off] == [("old 1",), ("old 2",)]
    assert all("it is locked" in found.message for found in off)


def test_stations_are_called_by_code_and_name_and_their_capacity_is_theirs(tmp_path):
    import geopandas

    town_file(tmp_path)
    places = [shapely.Point(121.2505, 31.3805), shapely.Point(121.2535, 31.3815)]
    frame = {"code": ["S1", "S2"], "name": ["甲", "乙"], "room": ["x", "4"]}
    geopandas.GeoDataFrame(frame, geometry=places, crs=4326).to_file(tmp_path / "stations.gpkg")
    with pytest.raises(InputError) as refused:
        divide(Plan.parse(PLAN + 'stations = "stations.gpkg"\ncapacity = "room"', folder=tmp_path))
    assert str(refused.value).startswith("capacity 'room' is not a number for 1 station(s): station S1 甲; given: x")
    assert "for every station" in str(refused.value)
    division = divide(Plan.parse(PLAN + 'stations = "stations.gpkg"\nreach_m = 60', folder=tmp_path))
    said = [found.message for found in division.findings if found.rule == "station_in_reach"]
    assert "from station S1 甲" in said[0]
    geopandas.GeoDataFrame(frame, geometry=[places[0], places[0]], crs=4326).to_file(tmp_path / "stations.gpkg")
    with pytest.raises(PlanError, match="same cell; given: station S1 甲 and station S2 乙 in c0_0"):
        divide(Plan.parse(PLAN + 'stations = "stations.gpkg"', folder=tmp_path))
