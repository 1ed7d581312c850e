"""Where no grids in range were found: they exist after all, there are none, or nobody can say."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.partition.balance import balance
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
    # 5 5 1 1 in a row: a half of 6 would be a five and a one, and the outer five touches none.
    problem = make_problem(make_town(4, 1), [5, 5, 1, 1], 0.0, count=2)
    verdict = judge(instance_of(problem, 2))
    assert verdict.part is None
    assert "proved by HiGHS" in verdict.why


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
