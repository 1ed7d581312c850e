"""What a planner asks for, each on a town that a pencil can check."""

from dataclasses import replace

import numpy as np
import pytest

from geogrid.crs import Metric
from geogrid.errors import PlanError
from geogrid.partition.balance import Budget, Measure, Problem, Seam, balance, build_graph
from geogrid.partition.balance.reasons import reach_findings

QUICK = Budget(effort=1000)


def loads(done):
    return done.load[:, 0].tolist()


def test_each_station_holds_no_more_than_its_capacity(make_town, make_problem, is_whole):
    graph = make_town(6, 2)
    problem = make_problem(graph, count=2, stations=graph.xy[[0, 11]], capacity=np.array([3.0, 9.0]))
    done = balance(problem, budget=QUICK)
    assert done.valid
    assert done.high[:, 0].tolist() == [3, 9]
    assert loads(done) == [3, 9]
    assert is_whole(graph, done.membership)
    turned = balance(replace(problem, capacity=np.array([9.0, 3.0])), budget=QUICK)
    assert loads(turned) == [9, 3]


def test_stations_that_cannot_hold_everybody_are_told_how_much_is_missing(make_town, make_problem):
    graph = make_town(6, 2)
    problem = make_problem(graph, count=2, stations=graph.xy[[0, 11]], capacity=np.array([3.0, 4.0]))
    with pytest.raises(PlanError, match=r"hold less than its cells weigh.*7 in all, people 12.*room for 5 more"):
        balance(problem, budget=QUICK)


def test_an_area_has_as_many_grids_as_stations_stand_in_it(make_town, make_problem):
    graph = make_town(6, 2)
    area = (np.arange(12) % 6 >= 2).astype(np.int64)
    stations = graph.xy[[5, 0, 8]]
    done = balance(make_problem(graph, tolerance=0.3, area=area, stations=stations), budget=QUICK)
    assert done.membership[[5, 0, 8]].tolist() == [0, 1, 2]
    assert done.area.tolist() == [1, 0, 1]
    with pytest.raises(PlanError, match="an area without a station; given: area 0"):
        balance(make_problem(graph, area=area, stations=graph.xy[[5, 8]]), budget=QUICK)


def test_no_cell_joins_a_station_out_of_reach(make_town, make_problem):
    graph = make_town(12, 1)
    problem = make_problem(graph, count=2, stations=graph.xy[[0, 7]])
    free = balance(problem, budget=QUICK)
    assert np.bincount(free.membership).tolist() == [6, 6]
    near = replace(problem, reach_m=390.0)
    done = balance(near, budget=QUICK)
    away = np.hypot(*(graph.xy - near.stations[done.membership]).T)
    assert away.max() <= 390
    assert np.bincount(done.membership).tolist() == [5, 7]
    assert not done.valid
    assert reach_findings(near, done) == ()


def test_cells_that_no_station_reaches_are_named_with_the_distance(make_town, make_problem):
    graph = make_town(12, 1)
    problem = make_problem(graph, count=2, tolerance=0.5, stations=graph.xy[[0, 5]], reach_m=300.0)
    found = reach_findings(problem, balance(problem, budget=QUICK))
    assert [finding.subjects for finding in found] == [("c9", "c10", "c11")]
    assert "farthest 571 m" in found[0].message
    assert "3 of them reach no station" in found[0].message


def test_borders_of_another_layer_draw_the_grids_to_them(make_squares):
    cells = make_squares([(i % 6, i // 6) for i in range(24)])
    beats = (np.arange(24) % 6 >= 4).astype(np.int64)
    metric = Metric.around(121.25, 31.38)
    area = np.zeros(24, np.int64)

    def split(factor):
        graph = build_graph(cells, metric, other=[(beats, factor)])
        done = balance(Problem(graph, (Measure("cells", np.ones(24), 0.4),), area, ("all",), count=2), budget=QUICK)
        return bool((np.unique(np.column_stack([beats, done.membership]), axis=0).shape[0]) == 2)

    assert split(0.1)


def test_no_grid_crosses_a_river_without_a_bridge(make_squares, is_whole):
    import shapely

    cells = make_squares([(i % 6, i // 6) for i in range(24)])
    river = np.array([shapely.LineString([(121.25, 31.382), (121.256, 31.382)])])
    metric = Metric.around(121.25, 31.38)
    dry = build_graph(cells, metric, seams=[Seam("river", river, barrier=True)])
    south = np.arange(24) < 12
    problem = Problem(dry, (Measure("cells", np.ones(24), 0.1),), np.zeros(24, np.int64), ("all",), count=4)
    done = balance(replace(problem, islands="alone"), budget=QUICK)
    assert all(len(set(south[done.membership == grid].tolist())) == 1 for grid in range(4))
    assert "stand alone" in done.findings[0].message
    three = balance(replace(problem, count=3, measures=(Measure("cells", np.ones(24), 0.0),)), budget=QUICK)
    crossing = [grid for grid in range(3) if len(set(south[three.membership == grid].tolist())) == 2]
    assert len(crossing) == 1
    assert "linked to cell" in three.findings[0].message


def test_grids_of_one_to_five_cells_stay_in_their_community(make_town):
    graph = make_town(9, 4)
    area = (np.arange(36) % 9 // 3).astype(np.int64)
    size = Measure("cells", np.ones(36), None, 1.0, 5.0)
    done = balance(Problem(graph, (size,), area, ("a", "b", "c")), budget=QUICK)
    assert done.valid
    assert np.bincount(done.membership).max() <= 5
    assert all(len(set(area[done.membership == grid].tolist())) == 1 for grid in range(len(done.area)))
    assert len(done.area) == 9


def test_households_between_100_and_150_take_as_few_grids_as_fit(make_town, is_whole):
    graph = make_town(8, 5)
    households = np.random.default_rng(4).integers(5, 40, 40).astype(float)
    measure = Measure("households", households, None, 100.0, 150.0)
    done = balance(Problem(graph, (measure,), np.zeros(40, np.int64), ("all",)), budget=QUICK)
    assert done.valid
    assert 100 <= min(loads(done)) <= max(loads(done)) <= 150
    assert is_whole(graph, done.membership)
    assert len(done.area) <= np.ceil(households.sum() / 150) + 1


def test_each_weight_keeps_its_own_tolerance(make_town):
    graph = make_town(8, 8)
    rng = np.random.default_rng(2)
    people, reports = rng.integers(5, 15, 64).astype(float), rng.integers(0, 9, 64).astype(float)
    measures = (Measure("people", people, 0.05), Measure("reports", reports, 0.25))
    done = balance(Problem(graph, measures, np.zeros(64, np.int64), ("all",), count=4), budget=Budget(effort=3000))
    assert done.valid
    share = np.abs(done.load / (np.array([people.sum(), reports.sum()]) / 4) - 1).max(axis=0)
    assert share[0] <= 0.05 + 4 / people.sum()
    assert share[1] <= 0.25 + 4 / reports.sum()
