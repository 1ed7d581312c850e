"""Grids in balance: what is promised, on towns that a pencil can check."""

import signal
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.errors import PlanError
from geogrid.partition.balance import Budget, Measure, Problem, balance, explain, run
from geogrid.partition.balance.annealing import price
from geogrid.partition.balance.reasons import area_findings


def test_sixteen_squares_make_four_equal_whole_grids_of_least_border(make_town, make_problem, is_whole, quick):
    graph = make_town(4, 4)
    done = balance(make_problem(graph, count=4), budget=quick)
    assert done.valid
    assert np.bincount(done.membership).tolist() == [4, 4, 4, 4]
    assert is_whole(graph, done.membership)
    # Four quarters have 8 sides of border; strips would have 12.
    assert (done.membership[graph.first] != done.membership[graph.second]).sum() == 8


def test_a_grid_follows_the_cheap_border(make_town, make_problem, quick):
    graph = make_town(4, 4)
    crossing = (graph.second - graph.first == 4) & (graph.first // 4 == 0)
    cheap = replace(graph, cost_m=np.where(crossing, 0.01, graph.cost_m))
    done = balance(make_problem(cheap, count=2, tolerance=0.6), budget=quick)
    assert len({int(done.membership[cell]) for cell in range(4)}) == 1
    assert int(done.membership[0]) != int(done.membership[4])


def test_the_same_seed_gives_the_same_grids_on_any_number_of_threads(make_town, make_problem):
    rng = np.random.default_rng(1)
    problem = make_problem(make_town(24, 24), rng.integers(0, 9, 576), tolerance=0.1, count=24)
    one, two = (balance(problem, seed=7, budget=Budget(effort=150, workers=workers)) for workers in (1, 3))
    assert np.array_equal(one.membership, two.membership)
    assert not np.array_equal(one.membership, balance(problem, seed=8, budget=Budget(effort=150)).membership)


def test_areas_are_solved_alike_side_by_side(make_town, make_problem):
    graph = make_town(12, 6)
    area = (np.arange(72) % 12 // 4).astype(np.int64)
    problem = make_problem(graph, tolerance=0.2, count=9, area=area)
    results = [balance(problem, budget=Budget(effort=100, workers=workers)).membership for workers in (1, 2)]
    assert np.array_equal(*results)


def test_no_grid_reaches_over_the_border_of_an_area(make_town, make_problem, quick):
    area = np.array([0, 0, 1, 1] * 4)
    done = balance(make_problem(make_town(4, 4), count=4, area=area), budget=quick)
    assert all(len(set(area[done.membership == grid])) == 1 for grid in range(4))
    assert done.area.tolist() == [int(area[done.membership == grid][0]) for grid in range(4)]


@settings(max_examples=12)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(1, 6), st.integers(0, 10_000))
def test_grids_are_whole_none_is_empty_and_loads_add_up(columns, rows, count, seed):
    from .conftest import town, whole

    graph = town(columns, rows)
    values = np.random.default_rng(seed).integers(0, 20, len(graph)).astype(float)
    count = min(count, len(graph))
    problem = Problem(graph, (Measure("people", values, 0.1),), np.zeros(len(graph), np.int64), ("all",), count=count)
    done = balance(problem, seed=seed, budget=Budget(effort=30))
    assert sorted(np.unique(done.membership).tolist()) == list(range(count))
    assert whole(graph, done.membership)
    assert done.load.sum() == values.sum()
    inside = (done.load >= done.low - 1) & (done.load <= done.high + 1)
    assert not done.valid or inside.all() or done.findings


def test_a_range_is_met_with_as_few_grids_as_possible(make_town, quick):
    graph = make_town(6, 4)
    measure = Measure("households", np.full(24, 25.0), None, 100.0, 150.0)
    done = balance(Problem(graph, (measure,), np.zeros(24, np.int64), ("all",)), budget=quick)
    assert done.valid
    assert len(done.area) == 4


def test_groups_hold_one_to_five_cells(make_town, is_whole, quick):
    graph = make_town(7, 3)
    size = Measure("cells", np.ones(21), None, 1.0, 5.0)
    done = balance(Problem(graph, (size,), np.zeros(21, np.int64), ("all",)), budget=quick)
    assert np.bincount(done.membership).max() <= 5
    assert len(done.area) == 5
    assert is_whole(graph, done.membership)


def test_two_weights_are_balanced_at_once(make_town, quick):
    graph = make_town(6, 6)
    west = (np.arange(36) % 6 < 3).astype(float)
    both = (Measure("people", np.ones(36), 0.01), Measure("reports", west * 2, 0.01))
    done = balance(Problem(graph, both, np.zeros(36, np.int64), ("all",), count=3), budget=Budget(effort=4000))
    assert done.valid
    assert done.load.tolist() == [[12.0, 12.0]] * 3


def test_a_target_weight_decides_how_many_grids(make_town, make_problem, quick):
    assert len(balance(make_problem(make_town(4, 4), target=4.2, tolerance=0.1), budget=quick).area) == 4


def test_locked_cells_and_locked_grids_do_not_move(make_town, make_problem, is_whole, quick):
    graph = make_town(6, 2)
    start = np.array([0, 0, 0, 0, 1, 2] * 2, np.int32)
    locked = np.zeros(12, bool)
    locked[3] = True
    done = balance(
        make_problem(graph, tolerance=0.2, start=start, locked_grids=(2,), locked_cells=locked), budget=quick
    )
    assert (done.membership[[5, 11]] == 2).all()
    assert (done.membership == 2).sum() == 2
    assert done.membership[3] == 0
    assert is_whole(graph, done.membership)


def test_cells_stay_together_and_apart(make_town, make_problem, quick):
    graph = make_town(4, 4)
    done = balance(
        make_problem(graph, count=4, tolerance=0.3, together=((1, 2),), apart=((0, 4), (3, 7))), budget=quick
    )
    assert done.membership[1] == done.membership[2]
    assert done.membership[0] != done.membership[4]
    assert done.membership[3] != done.membership[7]


def test_each_station_has_its_own_grid_around_it(make_town, make_problem, quick):
    graph = make_town(6, 2)
    stations = graph.xy[[0, 11]]
    done = balance(make_problem(graph, count=2, stations=stations, pull_m=0.01), budget=quick)
    assert done.membership[0] == 0
    assert done.membership[11] == 1
    assert np.bincount(done.membership).tolist() == [6, 6]


def test_roundness_is_rewarded_where_borders_are_free(make_town, make_problem, quick):
    graph = make_town(8, 8)
    free = replace(graph, cost_m=np.zeros(len(graph.cost_m)))

    def raggedness(roundness: float) -> int:
        done = balance(make_problem(free, count=4, roundness_m=roundness), budget=quick)
        return int((done.membership[graph.first] != done.membership[graph.second]).sum())

    assert raggedness(10.0) <= 20 < raggedness(0.0)


def test_a_cell_heavier_than_a_grid_is_named_and_counts_as_one(make_town, make_problem, quick):
    values = np.array([100.0, *[1.0] * 15])
    problem = make_problem(make_town(4, 4), values, count=4, tolerance=0.0)
    done = balance(problem, budget=quick)
    assert done.valid
    assert sorted(done.load[:, 0].tolist()) == [5.0, 5.0, 5.0, 100.0]
    assert done.findings[0].subjects == ("c0",)
    assert "cell c0 alone weighs 100" in "".join(explain(problem, done).why)


def test_zero_weights_are_balanced_by_nothing_but_stay_whole(make_town, make_problem, is_whole, quick):
    graph = make_town(4, 4)
    done = balance(make_problem(graph, np.zeros(16), count=4, tolerance=0.05), budget=quick)
    assert done.valid
    assert len(np.unique(done.membership)) == 4
    assert is_whole(graph, done.membership)


def test_a_tolerance_of_zero_is_met_as_nearly_as_whole_people_allow(make_town, make_problem, quick):
    done = balance(make_problem(make_town(5, 1), count=2, tolerance=0.0), budget=quick)
    assert sorted(done.load[:, 0].tolist()) == [2.0, 3.0]
    assert done.valid


def test_an_area_of_one_cell_is_one_grid_and_its_misfit_is_explained(make_town, make_problem, quick):
    graph = make_town(5, 1)
    area = np.array([0, 1, 1, 1, 1])
    problem = make_problem(graph, [2, 5, 5, 5, 5], count=3, tolerance=0.1, area=area, area_names=("Nook", "Field"))
    done = balance(problem, budget=quick)
    assert np.bincount(done.membership).tolist() == [1, 2, 2]
    found = area_findings(problem, done)
    assert "Nook weighs 0.27 of a grid and has 1" in found[0].message


def test_an_area_in_two_parts_is_linked_and_said(make_squares, make_problem, quick):
    from geogrid.crs import Metric
    from geogrid.partition.balance import build_graph

    graph = build_graph(make_squares([(0, 0), (1, 0), (3, 0), (4, 0)]), Metric.around(121.25, 31.38))
    done = balance(make_problem(graph, count=2), budget=quick)
    assert done.membership[0] == done.membership[1] != done.membership[2] == done.membership[3]
    assert done.findings[0].rule == "connected_area"


def test_existing_grids_and_another_count_contradict_each_other(make_town, make_problem):
    with pytest.raises(PlanError, match="differ"):
        balance(make_problem(make_town(4, 1), count=3, start=np.array([0, 0, 1, 1], np.int32)))


def test_a_time_limit_stops_the_search_with_the_best_so_far(make_town, make_problem, is_whole):
    graph = make_town(30, 30)
    done = balance(make_problem(graph, count=30, tolerance=0.1), budget=Budget(effort=1e9, seconds=0.05))
    assert done.stopped == "time"
    assert is_whole(graph, done.membership)


def test_an_interrupt_gives_the_best_so_far(make_town, make_problem, is_whole, quick, ctrl_c):
    graph = make_town(20, 20)
    calls = []

    def interrupting(step: str, done: int, total: int | None) -> None:
        calls.append(step)
        if len(calls) == 3:
            ctrl_c()

    done = balance(make_problem(graph, count=10, tolerance=0.1), budget=quick, progress=interrupting)
    assert done.stopped == "interrupt"
    assert is_whole(graph, done.membership)
    # Not one round more: the next look at the flag is the last.
    assert len(calls) == 3


def test_ctrl_c_inside_compiled_code_comes_to_light_after_it(make_town, make_problem, ctrl_c, monkeypatch):
    problem = make_problem(make_town(20, 20), count=10, tolerance=0.1)
    balance(problem, budget=Budget(effort=1))  # loads what is compiled
    asked = []

    def as_if_typed_in_a_call(*words):
        asked.append(words)
        if len(asked) == 3:
            ctrl_c()
        return price(*words)

    monkeypatch.setattr(run, "price", as_if_typed_in_a_call)
    assert balance(problem, budget=Budget(effort=1e6)).stopped == "interrupt"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_is_left_to_whoever_answers_it_already(make_town, make_problem, quick, ctrl_c):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    done = balance(make_problem(make_town(6, 6), count=3), budget=quick, progress=lambda *_: ctrl_c())
    assert heard
    assert done.stopped == "effort"


def test_a_cell_too_heavy_for_a_grid_makes_no_area_impossible(make_town, make_problem, quick):
    # 50 counts as one full grid of 2 to 3; the five ones beside it fit two more.
    problem = make_problem(make_town(6, 1), [50, 1, 1, 1, 1, 1], 0.2, count=3)
    ranged = replace(problem, count=None, measures=(Measure("people", problem.measures[0].values, None, 2.0, 3.0),))
    done = balance(ranged, budget=quick)
    assert [found.rule for found in done.findings] == ["cell_fits_a_grid"]
    assert len(done.area) == 3
    assert area_findings(ranged, done) == ()
    # And with a tolerance: the target of the others is 2.5.
    done = balance(problem, budget=quick)
    assert area_findings(problem, done) == ()
