"""Rebalance: the least change for new weights, and several plans compared."""

import numpy as np
import pytest

from geogrid.errors import PlanError
from geogrid.partition.balance import Budget, Measure, alternatives, rebalance, side_by_side
from geogrid.partition.balance.rebalance import matched, share_of_step


@pytest.fixture
def grown_town(make_town, make_problem):
    """Six columns by two; three grids of two columns; the westmost column has doubled."""
    graph = make_town(6, 2)
    start = (np.arange(12) % 6 // 2).astype(np.int32)
    values = np.where(np.arange(12) % 6 == 0, 2.0, 1.0)
    return make_problem(graph, values, tolerance=0.15, start=start)


def test_the_front_runs_from_as_it_is_to_balanced(grown_town):
    front = rebalance(grown_town, tolerances=(0.3, 0.1), budget=Budget(effort=1000))
    assert front.steps[0].moved == 0
    assert front.steps[0].worst == pytest.approx(6 / (14 / 3) - 1)
    moved = [step.moved for step in front.front]
    worst = [step.worst for step in front.front]
    assert moved == sorted(moved)
    assert worst == sorted(worst, reverse=True)
    assert front.total == 14


def test_the_narrowest_balance_gets_most_of_the_time_and_none_is_lost():
    for steps in (1, 2, 3, 7):
        shares = [share_of_step(row, steps) for row in range(steps)]
        assert sum(shares) == pytest.approx(steps)
        assert shares[-1] == max(shares)
    assert share_of_step(6, 7) == pytest.approx(2.8)


def test_progress_tells_how_many_balances_there_are_and_how_long_each_may_take(grown_town):
    told = {}
    rebalance(
        grown_town, tolerances=(0.3, 0.1), budget=Budget(effort=100, seconds=9.0),
        progress=lambda step, done, total: told.update({step: (done, total)}),
    )  # fmt: skip
    assert told["rebalance, 2 balances of 9 s each"] == (3, 3)
    assert {"least change within ±30 %", "least change within ±10 %"} < set(told)


def test_only_what_must_move_moves(grown_town):
    step = rebalance(grown_town, tolerances=(0.15,), budget=Budget(effort=1000)).within(0.15)
    assert step is not None
    # 6, 4, 4 people and a target of 4.67: one person must leave the west and stop next door.
    assert step.moved == 1
    assert sorted(step.result.load[:, 0].tolist()) == [4, 5, 5]


def test_what_counts_as_moved_can_be_chosen(grown_town):
    from dataclasses import replace

    dear = np.ones(12)
    dear[[1]] = 100.0
    dearly = replace(grown_town, moving=dear)
    step = rebalance(dearly, tolerances=(0.15,), keep=5000.0, budget=Budget(effort=1000)).within(0.15)
    assert step is not None
    assert step.moved == 1
    assert step.result.membership[1] == 0


def test_there_must_be_grids_to_rebalance(make_town, make_problem):
    with pytest.raises(PlanError, match="nothing to rebalance"):
        rebalance(make_problem(make_town(2, 2), count=2))


def test_matching_gives_a_fresh_cut_the_old_names():
    old, new = np.array([0, 0, 1, 1, 2]), np.array([2, 2, 0, 1, 1])
    assert matched(old, new, np.ones(5)).tolist() == [0, 0, 1, 2, 2] or matched(old, new, np.ones(5))[0] == 0


def test_alternatives_are_ranked_and_drawn(make_town, make_problem, make_squares):
    plans = alternatives(make_problem(make_town(9, 9), count=7, tolerance=0.3), 3, budget=Budget(effort=100))
    rows = [plan.row() for plan in plans]
    assert [row["valid"] for row in rows] == [True] * 3
    assert all(row["differs"] > 0 for row in rows[1:])
    assert [row["weighted_km"] for row in rows] == sorted(row["weighted_km"] for row in rows)
    assert rows[0]["differs"] == 0
    page = side_by_side(make_squares([(i % 9, i // 9) for i in range(81)]), plans, title="<Town>", note="a & b")
    assert page.count("<svg") == 3
    assert page.count("<path") == 21
    assert "&lt;Town&gt;" in page
    assert "a &amp; b" in page
    for words in ("最大偏差 worst", "网格数 grids", "蓝色网格低于目标", "Blue grids weigh less", "方案 Plan 3"):
        assert words in page


def test_grids_that_are_the_same_are_one_plan_whatever_their_seeds(make_town, make_problem):
    # Four quarters are the only ones of least border.
    plans = alternatives(make_problem(make_town(4, 4), count=4), 2, seed=5, budget=Budget(effort=1000))
    assert [(plan.seed, plan.same) for plan in plans] == [(5, (6, 7, 8, 9, 10))]


def test_after_ctrl_c_there_are_the_plans_made_so_far(make_town, make_problem, ctrl_c):
    def after_the_first(step: str, done: int, total: int | None) -> None:
        ctrl_c()

    plans = alternatives(make_problem(make_town(4, 4), count=3), 3, budget=Budget(effort=300), progress=after_the_first)
    assert [plan.seed for plan in plans] == [1]


def settled(make_town, make_problem, values, **more):
    """Return six columns by two in three grids of two columns, as they are."""
    start = (np.arange(12) % 6 // 2).astype(np.int32)
    return make_problem(make_town(6, 2), values, start=start, **more)


def as_it_is(problem, *tolerances):
    front = rebalance(problem, tolerances=tolerances, budget=Budget(effort=300))
    assert np.isinf(front.steps[0].tolerance)
    return front, front.steps[0]


def test_grids_within_the_narrowest_balance_are_valid_as_they_are_and_stay(make_town, make_problem):
    values = np.where(np.arange(12) % 6 == 0, 1.1, 1.0)  # 4.2, 4 and 4 people
    front, first = as_it_is(settled(make_town, make_problem, values), 0.2, 0.05)
    assert first.valid
    assert first.worst == pytest.approx(4.2 / (12.2 / 3) - 1)
    assert front.within(0.05) is first
    assert front.within(0.2) is first


def test_grids_that_only_the_widest_balance_allows_are_not_valid_as_they_are(make_town, make_problem):
    values = np.where(np.arange(12) % 6 == 0, 1.5, 1.0)  # 5, 4 and 4 people: 15 % above the mean
    front, first = as_it_is(settled(make_town, make_problem, values), 0.2, 0.15)
    assert not first.valid
    assert front.within(0.2) is first
    assert front.within(0.15) is not first


def test_grids_as_they_are_are_measured_against_the_target_of_their_own_area(make_town, make_problem):
    # West: grids of 2 and 2 people; east: one of 8. The mean of all, 4, is nobody's target.
    start = np.array([0, 1, 2, 2, 2, 2], np.int32)
    problem = make_problem(
        make_town(6, 1), [2.0, 2, 2, 2, 2, 2], area=(np.arange(6) >= 2).astype(np.int64), start=start
    )
    front, first = as_it_is(problem, 0.05)
    assert (first.worst, first.valid) == (0.0, True)
    assert first.result.low[:, 0].tolist() == pytest.approx([1.9, 1.9, 7.6])
    assert front.within(0.05) is first


def test_a_cell_heavier_than_a_grid_is_a_full_one_in_grids_as_they_are(make_town, make_problem):
    # One cell of 90 people and a grid of its own; the others share 12, not a third of 102.
    problem = make_problem(make_town(5, 1), [90.0, 3, 3, 3, 3], start=np.array([0, 1, 1, 2, 2], np.int32))
    front, first = as_it_is(problem, 0.05)
    assert first.valid
    assert first.result.low[:, 0].tolist() == pytest.approx([5.7, 5.7, 5.7])
    assert front.within(0.05) is first
    assert front.within(0.01) is None


def test_grids_in_pieces_are_not_valid_as_they_are_however_balanced(make_town, make_problem):
    problem = make_problem(make_town(6, 1), np.ones(6), start=np.array([0, 1, 0, 1, 1, 0], np.int32))
    front, first = as_it_is(problem, 0.1)
    assert first.worst == 0
    assert not first.valid
    chosen = front.within(0.1)
    assert chosen is not None
    assert chosen.moved > 0


def test_a_further_weight_out_of_its_range_is_not_made_good_by_the_first(make_town, make_problem):
    from dataclasses import replace

    problem = settled(make_town, make_problem, np.ones(12))
    reports = np.where(np.arange(12) % 6 == 0, 3.0, 1.0)
    both = replace(problem, measures=(*problem.measures, Measure("reports", reports, 0.3)))
    front, first = as_it_is(both, 0.26)
    assert (first.worst, first.valid) == (0.0, False)
    assert front.within(0.26) is not first
