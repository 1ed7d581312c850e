"""The search itself: what it found in range stays in range, and polishing goes on from there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geogrid.partition.balance import Budget
from geogrid.partition.balance.annealing import THRESHOLDS, anneal
from geogrid.partition.balance.engine import Schedule, search
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands
from geogrid.partition.balance.network import Limits, Wishes, build_network
from geogrid.partition.balance.regions import Instance


def strips(graph, columns, count, tolerance, make_problem):
    """Return an instance of `count` grids and strips of columns as a plan in range."""
    problem = make_problem(graph, None, tolerance, count=count)
    joined = join_islands(graph, problem.area, problem.area_names, "nearest")
    instance: Instance = make_instance(problem, joined, np.arange(len(graph)), count).instance
    return instance, (np.arange(len(graph)) % columns * count // columns).astype(np.int32)


def border(instance: Instance, part: np.ndarray) -> float:
    net = instance.net
    return float(net.cost[part[net.src] != part[net.nbr]].sum()) / 2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31), effort=st.integers(1, 400), tolerance=st.sampled_from([0.0, 0.05]))
def test_a_plan_in_range_is_never_left_for_one_that_is_not_or_a_dearer_one(
    make_town, make_problem, is_whole, seed, effort, tolerance
):
    graph = make_town(12, 6)
    instance, start = strips(graph, 12, 6, tolerance, make_problem)
    found = search(instance, budget=Budget(effort=effort), seed=seed, start=start)
    assert not found.outside.any()
    assert found.price_mm <= border(instance, start)
    assert is_whole(graph, found.part)


@pytest.mark.parametrize("workers", [1, 2])
def test_polishing_alone_straightens_strips_and_keeps_them_in_range(make_town, make_problem, workers):
    graph = make_town(24, 24)
    instance, start = strips(graph, 24, 12, 0.1, make_problem)
    lazy = Schedule(share=1e-6)
    found = search(instance, budget=Budget(effort=1500, workers=workers), seed=3, start=start, schedule=lazy)
    assert not found.outside.any()
    # Strips of 2 by 24 have 11 borders of 24; twelve blocks of 6 by 8 have 2 of 24 and 3 of 24.
    assert found.price_mm < 0.75 * border(instance, start)


def test_two_cells_change_places_where_neither_may_go_alone(make_town, make_problem):
    # 0 0 0 1        0 0 1 1
    # 0 1 1 1   to   0 0 1 1   at a temperature of a millimetre, with a grid of 5 priced out of reach
    instance, _ = strips(make_town(4, 2), 4, 2, 0.0, make_problem)
    part = np.array([0, 0, 0, 1, 0, 1, 1, 1], np.int32)
    anneal(instance.net, instance.limits, instance.wishes, part, np.array([1e12]), 1.0, 1.0, 1, 2000, 1, THRESHOLDS)
    assert part.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


@pytest.mark.parametrize(("step", "kept"), [(0.0, [0, 0, 1]), (20.0, [0, 1, 1])])
def test_the_last_person_too_many_is_brought_home_where_being_out_of_range_has_a_price(step, kept):
    # Three cells in a row weigh 5, 3 and 4, grids hold up to 7: the one person too many costs 5, a border of 25 for one of 10 more.
    net = build_network(np.array([0, 1]), np.array([1, 2]), np.array([25, 10]), np.array([[5], [3], [4]]))
    limits = Limits(np.zeros((2, 1), np.int64), np.full((2, 1), 7), np.zeros(2, np.uint8), np.full((2, 2), np.nan))
    part = np.array([0, 0, 1], np.int32)
    wishes = Wishes(0.0, 0.0, np.inf, 0.0, step=step)
    anneal(net, limits, wishes, part, np.array([5.0]), 0.01, 0.01, 1, 500, 1, THRESHOLDS)
    assert part.tolist() == kept
