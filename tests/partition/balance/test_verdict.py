"""Where no grids in range were found: they exist after all, there are none, or nobody can say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geogrid.errors import PlanError
from geogrid.partition.balance import Budget, Measure, Problem, balance
from geogrid.partition.balance.bottleneck import bottleneck
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands
from geogrid.partition.balance.verdict import judge


def instance_of(problem, count):
    joined = join_islands(problem.graph, problem.area, problem.area_names, "nearest")
    return make_instance(problem, joined, np.arange(len(problem.graph)), count).instance


def test_a_sum_no_cells_can_reach_is_told_without_asking_the_solver(make_town, make_problem):
    # Three sixes: a half would weigh 9.
    problem = make_problem(make_town(3, 1), [6, 6, 6], 0.1, count=2)
    assert "wherever they lie" in judge(instance_of(problem, 2)).why


def test_cells_that_add_up_but_do_not_touch_are_proved_impossible(make_town, make_problem):
    # 1 1 1 below 2 5 2: a half of 6 has the five and one of its neighbours, and splits the rest or weighs 7.
    problem = make_problem(make_town(3, 2), [1, 1, 1, 2, 5, 2], 0.0, count=2)
    verdict = judge(instance_of(problem, 2))
    assert verdict.part is None
    assert "proved by HiGHS" in verdict.why


def test_a_cell_that_is_the_only_way_to_too_much_is_named(make_town, make_problem, quick):
    # 5 5 1 1 in a row: the outer five is too light for a grid of 6 and reaches the rest over the inner one only.
    problem = make_problem(make_town(4, 1), [5, 5, 1, 1], 0.0, count=2)
    verdict = judge(instance_of(problem, 2))
    assert "only way" in verdict.why
    assert verdict.cells == (1,)
    (finding,) = [found for found in balance(problem, budget=quick).findings if found.rule == "area_can_be_met"]
    assert finding.subjects == (str(problem.graph.codes[1]),)


def test_a_cell_that_separates_nothing_is_no_bottleneck(make_town):
    # Nine twos in a square are no grids of 17 each; without its corner the square is still one piece.
    graph, twos = make_town(3, 3), np.full(9, 2.0)
    ranged = Problem(graph, (Measure("people", twos, None, 17.0, 17.0),), np.zeros(9, np.int64), ("all",), count=2)
    assert bottleneck(instance_of(ranged, 2)) is None


def test_no_bottleneck_is_seen_where_grids_in_range_exist(make_town, make_problem):
    rng = np.random.default_rng(3)
    for _ in range(60):
        values = rng.integers(0, 6, 8).tolist()
        instance = instance_of(
            make_problem(make_town(4, 2) if rng.uniform() < 0.5 else make_town(8, 1), values, 0.3, count=3), 3
        )
        found = bottleneck(instance)
        if found is not None:
            with pytest.raises(PlanError):
                brute_force(instance)


def brute_force(instance):
    """Return contiguous grids in range by trying all assignments of 8 cells to 3 grids; PlanError if there are none."""
    net, limits = instance.net, instance.limits
    for number in range(3**instance.cells):
        part = number // 3 ** np.arange(instance.cells) % 3
        load = np.bincount(part, weights=net.weight[:, 0], minlength=3)
        if (load < limits.low[:, 0]).any() or (load > limits.high[:, 0]).any() or len(np.unique(part)) < 3:
            continue
        same = (part[net.src] == part[net.nbr]) & (net.src < net.nbr)
        if len(np.unique(components(len(part), net.src[same].astype(int), net.nbr[same].astype(int)))) == 3:
            return part
    raise PlanError("none")


def test_grids_in_range_are_given_where_there_are_some(make_town, make_problem, is_whole):
    graph = make_town(4, 1)
    verdict = judge(instance_of(make_problem(graph, [5, 1, 1, 5], 0.0, count=2), 2))
    assert verdict.why == ""
    assert is_whole(graph, verdict.part)
    assert verdict.part.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])


@pytest.mark.parametrize("values", [[5, 5, 1, 1], [6, 6, 6, 0]])
def test_an_area_that_cannot_be_met_is_named_with_the_reason(make_town, make_problem, quick, values):
    done = balance(make_problem(make_town(4, 1), values, 0.0, count=2, area_names=("Hill",)), budget=quick)
    (finding,) = [found for found in done.findings if found.rule == "area_can_be_met"]
    assert finding.message.startswith("Hill has 4 cells and people")
    assert "the nearest found are" in finding.message
    assert not done.valid


def test_small_areas_are_solved_exactly_if_asked_and_the_proof_is_told(make_town, make_problem):
    # Three rows of four: halves side by side share three borders, all others more.
    graph = make_town(4, 3)
    problem = replace(make_problem(graph, [1] * 12, 0.0, count=2, area_names=("Hill",)), exact_seconds=20.0)
    done = balance(problem, budget=Budget(effort=50))
    (finding,) = [found for found in done.findings if found.rule == "border_is_shortest"]
    assert finding.message.startswith("Hill: ")
    assert "proved by HiGHS: no grids in range have less" in finding.message
    assert finding.amount == pytest.approx(done.cost_m, abs=0.01)
    assert done.valid
    assert len({frozenset(np.flatnonzero(done.membership == grid).tolist()) for grid in (0, 1)} & LEFT_AND_RIGHT) == 2


LEFT_AND_RIGHT = {frozenset({0, 1, 4, 5, 8, 9}), frozenset({2, 3, 6, 7, 10, 11})}


def test_areas_with_locks_are_left_as_the_search_found_them(make_town, make_problem, quick):
    locked = np.zeros(12, bool)
    locked[0] = True
    problem = make_problem(make_town(4, 3), [1] * 12, 0.0, start=(np.arange(12) % 4 // 2).astype(np.int32))
    done = balance(replace(problem, locked_cells=locked, exact_seconds=20.0), budget=quick)
    assert not [found for found in done.findings if found.rule == "border_is_shortest"]
