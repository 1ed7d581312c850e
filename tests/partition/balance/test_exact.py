"""The exact solver against every possible division, and the search against the exact solver."""

from itertools import product

import numpy as np
import pytest

from geogrid.errors import InputError, PlanError
from geogrid.partition.balance import Budget, Measure, Problem
from geogrid.partition.balance.engine import search
from geogrid.partition.balance.exact import solve_exactly
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands


def instance_of(graph, values, count, tolerance):
    area = np.zeros(len(graph), np.int64)
    problem = Problem(
        graph, (Measure("people", np.asarray(values, np.float64), tolerance),), area, ("all",), count=count
    )
    return make_instance(problem, join_islands(graph, area, ("all",), "nearest"), np.arange(len(graph)), count).instance


def least_by_trying_all(instance, is_whole, graph):
    best = np.inf
    for grids in product(range(instance.grids), repeat=instance.cells):
        part = np.array(grids)
        loads = np.bincount(part, weights=instance.net.weight[:, 0], minlength=instance.grids)
        if (loads < instance.limits.low[:, 0]).any() or (loads > instance.limits.high[:, 0]).any():
            continue
        cost = instance.net.cost[part[instance.net.src] != part[instance.net.nbr]].sum() / 2
        if cost < best and is_whole(graph, part):
            best = cost
    return best


@pytest.mark.parametrize(("seed", "count"), [(1, 2), (2, 2), (3, 3)])
def test_the_optimum_is_that_of_trying_every_division(make_town, is_whole, seed, count):
    graph = make_town(3, 3)
    values = np.random.default_rng(seed).integers(1, 9, 9)
    instance = instance_of(graph, values, count, 0.25)
    exact = solve_exactly(instance)
    assert exact.proved
    assert exact.cost_mm == least_by_trying_all(instance, is_whole, graph)
    assert is_whole(graph, exact.part)


@pytest.mark.parametrize("seed", range(4))
def test_the_search_comes_within_two_percent_of_the_optimum(make_town, seed):
    values = np.random.default_rng(seed).integers(1, 30, 24)
    instance = instance_of(make_town(6, 4), values, 3, 0.1)
    found = search(instance, budget=Budget(effort=2000), seed=seed)
    assert not found.outside.any()
    exact = solve_exactly(instance, start=found.part, seconds=20)
    assert exact.bound_mm <= exact.cost_mm <= found.price_mm
    assert found.price_mm <= 1.02 * exact.cost_mm


def test_contiguity_is_demanded_where_the_border_alone_would_tear(make_town, is_whole):
    graph = make_town(5, 1)
    instance = instance_of(graph, [5, 1, 1, 1, 5], 2, 0.35)
    exact = solve_exactly(instance)
    assert is_whole(graph, exact.part)


def test_infeasible_is_proved(make_town):
    with pytest.raises(PlanError, match="only way"):
        solve_exactly(instance_of(make_town(3, 1), [2, 2, 2], 2, 0.1))


def test_too_many_cells_are_refused(make_town):
    with pytest.raises(InputError, match="up to 120"):
        solve_exactly(instance_of(make_town(11, 11), np.ones(121), 3, 0.1))


def test_no_grid_is_left_empty_where_nothing_is_the_least_it_may_weigh(make_town, is_whole):
    # Four ones in a row, two grids of 0 to 10: one grid of all would have no border at all.
    graph = make_town(4, 1)
    area = np.zeros(4, np.int64)
    problem = Problem(graph, (Measure("people", np.ones(4), None, 0.0, 10.0),), area, ("all",), count=2)
    joined = join_islands(graph, area, ("all",), "nearest")
    exact = solve_exactly(make_instance(problem, joined, np.arange(4), 2).instance)
    assert exact.proved
    assert len(np.unique(exact.part)) == 2
    assert (exact.part[graph.first] != exact.part[graph.second]).sum() == 1
    assert is_whole(graph, exact.part)
