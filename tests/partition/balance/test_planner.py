"""What a planner asks for, each on a town that a pencil can check."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

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


@pytest.fixture
def river_town(make_squares):
    """Return what makes a town of 6 by 4 cells with a river between its second and third row."""

    def make(shape=RIVER, skip=(), **words):
        places = [(i % 6, i // 6) for i in range(24) if (i % 6, i // 6) not in skip]
        codes = np.array([f"c{x}_{y}" for x, y in places], dtype=object)
        seam = Seam("river", np.array([shape]), barrier=True, **words)
        return build_graph(make_squares(places), Metric.around(121.25, 31.38), codes=codes, seams=[seam])

    return make


RIVER = shapely.LineString([(121.25, 31.382), (121.256, 31.382)])


def divided(graph, count, water="", **wishes):
    cells = Measure("cells", np.ones(len(graph)), 0.1)
    problem = Problem(graph, (cells,), np.zeros(len(graph), np.int64), ("Town",), count=count, **wishes)
    done = balance(problem, budget=QUICK)
    south = [
        {code[-1] in "01" for code in graph.codes[done.membership == grid] if code[-1] != water}
        for grid in range(count)
    ]
    return [finding.message for finding in done.findings], sum(len(banks) == 2 for banks in south)


def test_no_grid_crosses_a_river_without_a_bridge(river_town):
    said, crossing = divided(river_town(), 3)
    assert crossing == 0
    assert said[0].startswith("12 cell(s) of Town are cut off by barrier 'river'; they stand alone: name `bridges`")


def test_grids_cross_a_river_where_that_is_asked_for_or_a_bridge_leads(river_town):
    said, crossing = divided(river_town(), 3, islands="nearest")
    assert crossing == 1
    assert "linked to cell c0_1, 111 m away over it" in said[0]
    bridge = np.array([shapely.LineString([(121.2515, 31.3815), (121.2515, 31.3825)])])
    said, crossing = divided(river_town(bridges=bridge), 3)
    assert (said, crossing) == ([], 1)


def test_an_island_is_linked_on_its_own_side_of_the_river(river_town):
    # c5_3 has lost its neighbours.
    said, crossing = divided(river_town(skip={(4, 2), (4, 3), (5, 2)}), 3)
    assert crossing == 0
    assert "not connected to the rest; linked to cell c3_3" in said[1]


def test_cells_of_the_river_itself_join_a_bank_and_connect_none(river_town):
    said, crossing = divided(river_town(shapely.box(121.249, 31.382, 121.257, 31.383)), 3, water="2")
    assert crossing == 0
    assert "6 cell(s) of Town are cut off by barrier 'river'; they stand alone" in said[0]
    assert [words.endswith("they lie in it") for words in said[1:]] == [True] * 6


def test_what_reaches_over_the_river_is_refused_with_the_way_out(river_town):
    graph = river_town()
    with pytest.raises(PlanError, match=r"fewer grids than parts .* 2 parts: c0_2 is cut off by barrier 'river'"):
        divided(graph, 1)
    with pytest.raises(PlanError, match=r"together lie in parts .* given: c0_1, c0_2; mend: name `bridges`"):
        divided(graph, 2, together=((6, 12),))
    with pytest.raises(
        PlanError, match=r"existing grids reach over parts .* given: c2_1 and c0_2; c5_1 and c3_2; allowed"
    ):
        divided(graph, 2, start=(np.arange(24) % 6 // 3).astype(np.int32))


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
