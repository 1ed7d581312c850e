"""What is asked for judges the grids: the target and the range, not the mean of what an area happens to weigh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geogrid.errors import PlanError
from geogrid.partition.balance import Measure, alternatives, balance, explain
from geogrid.partition.balance.reasons import area_findings


def test_areas_that_no_cut_brings_near_the_target_are_out_of_range(make_town, make_problem, quick):
    # 15 cells and 4 cells of ten: 150 makes two grids of 75, 40 makes one.
    area = np.array([0] * 15 + [1] * 4)
    problem = make_problem(
        make_town(19, 1), np.full(19, 10.0), 0.2, area=area, area_names=("Hill", "Nook"), target=100.0
    )
    done = balance(problem, budget=quick)
    assert not done.valid
    assert done.low[:, 0].tolist() == [80.0] * 3
    assert done.high[:, 0].tolist() == [120.0] * 3
    reasons = explain(problem, done)
    assert sorted(reasons.deviation[:, 0].round(2).tolist()) == [-0.6, -0.3, -0.2]
    assert reasons.why[2] == "people 40, under 80: Nook has this one grid, and no other to share with"
    (hill, nook) = [finding for finding in done.findings if finding.rule == "area_can_be_met"]
    assert hill.message == (
        "Hill weighs 1.50 of a grid and has 2: people 75 a grid, outside 80 to 120 whatever the cut; found: 70, 80"
    )
    assert nook.amount == pytest.approx(0.4)
    assert area_findings(problem, done) == ()


def test_a_part_of_an_area_that_stands_alone_is_judged_by_itself(make_squares, make_problem, quick):
    from geogrid.crs import Metric
    from geogrid.partition.balance import build_graph

    places = [(0, 0), (1, 0), (2, 0), (5, 0)]
    graph = build_graph(make_squares(places), Metric.around(121.25, 31.38))
    problem = make_problem(graph, [30, 30, 40, 40], 0.2, target=100.0, area_names=("Hill",), islands="alone")
    done = balance(problem, budget=quick)
    assert not done.valid
    (found,) = [finding for finding in done.findings if finding.rule == "area_can_be_met"]
    assert found.message.startswith(
        "the part of Hill with 3 (not connected to the rest) weighs 0.40 of a grid and has 1"
    )


def test_grids_within_the_target_are_valid_though_their_mean_is_beside_it(make_town, make_problem, quick):
    # 33 ones at ten a grid: three grids of eleven.
    problem = make_problem(make_town(11, 3), None, 0.2, target=10.0)
    done = balance(problem, budget=quick)
    assert done.valid
    assert 8 <= done.load.min() <= done.load.max() <= 12
    assert explain(problem, done).why == ("",) * 3


def test_a_range_that_a_count_makes_impossible_is_missed_evenly(make_town, make_problem, quick):
    values = np.full(48, 19.0)
    measure = Measure("households", values, 0.05, 100.0, 150.0)
    problem = replace(make_problem(make_town(8, 6), values, area_names=("Hill",), count=3), measures=(measure,))
    done = balance(problem, budget=quick)
    assert done.load[:, 0].tolist() == [304.0] * 3
    assert not done.valid
    (found,) = done.findings
    assert found.message == (
        "Hill has 48 cells and households 912 for 3 grids of 100 to 150: 3 grids hold 450 at most, 462 less than there is; "
        "it takes 7 to 9; the nearest found are 304, 304, 304"
    )
    # Without a tolerance the range itself says how wide: a fifth.
    wide = balance(replace(problem, measures=(replace(measure, tolerance=None),)), budget=quick)
    assert 304 * 0.8 <= wide.load.min() <= wide.load.max() <= 304 * 1.2
    few = balance(replace(problem, count=12), budget=quick)
    assert "12 grids need 1,200 at least, 288 more than there is" in few.findings[0].message
    assert few.load[:, 0].tolist() == [76.0] * 12


def test_a_plan_with_cells_out_of_reach_is_not_valid(make_town, make_problem, quick):
    graph = make_town(12, 1)
    problem = make_problem(graph, count=2, tolerance=0.5, stations=graph.xy[[0, 5]], reach_m=300.0)
    assert not balance(problem, budget=quick).valid
    assert balance(replace(problem, reach_m=900.0), budget=quick).valid
    (plan,) = alternatives(problem, 1, budget=quick)
    assert [finding.rule for finding in plan.findings] == ["station_in_reach"]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"target": 0.0}, "must be positive; given: 0"),
        ({"target": 4.0, "count": 4}, "one of target, count, counts and stations"),
        ({"target": 4.0, "counts": {0: 4}}, "one of target, count, counts and stations"),
    ],
)
def test_a_target_beside_another_number_of_grids_is_refused(make_town, make_problem, wishes, words):
    with pytest.raises(PlanError, match=words):
        make_problem(make_town(4, 4), **wishes)


def test_a_target_beside_a_range_is_refused(make_town, make_problem):
    problem = make_problem(make_town(4, 4), count=4)
    with pytest.raises(PlanError, match="a target with a tolerance, or a range"):
        replace(problem, count=None, target=4.0, measures=(Measure("people", np.ones(16), None, 3.0, 5.0),))
