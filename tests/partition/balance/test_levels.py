"""Annealing from hot to cold: how crowded grids are tells from when on they are pressed into their ranges."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.partition.balance import Budget, levels
from geogrid.partition.balance.clock import Clock
from geogrid.partition.balance.engine import search
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands
from geogrid.partition.balance.levels import anneal_from_hot_to_cold
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.run import Run, Schedule
from geogrid.types import no_progress


def town_in_grids(make_town, make_problem, columns, rows, count, tolerance) -> Instance:
    graph = make_town(columns, rows)
    problem = make_problem(graph, None, tolerance, count=count)
    joined = join_islands(graph, problem.area, problem.area_names, "nearest")
    return make_instance(problem, joined, np.arange(len(graph)), count).instance


def run_of(instance: Instance, effort: float) -> Run:
    border = float(instance.net.cost.mean())
    weight = instance.net.weight.mean(axis=0)
    clock, seeds = Clock(Budget(effort=effort)), np.random.default_rng(1)
    return Run(instance, clock, Schedule(), None, seeds, no_progress, border / weight, border, 1.0)


def test_overload_is_counted_in_mean_cells_a_grid(make_town, make_problem):
    # 0 0 0 1
    # 0 0 1 1   five cells and three where four are asked for: one too many here, one too few there
    run = run_of(town_in_grids(make_town, make_problem, 4, 2, 2, 0.0), effort=1)
    assert run.overload(np.array([0, 0, 0, 1, 0, 0, 1, 1], np.int32)) == pytest.approx(1.0)
    assert run.overload(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int32)) == 0.0


def with_cheap_roads(instance: Instance, columns: int, width: int) -> Instance:
    """Return the town with every border dear but those along a road after each `width` columns."""
    net = instance.net
    one, other = net.src % columns, net.nbr % columns
    road = (one != other) & (np.maximum(one, other) % width == 0)
    cost = np.where(road, net.cost // 20, net.cost)
    return Instance(net._replace(cost=cost), instance.limits, instance.wishes)


def test_grids_that_cheap_roads_hold_out_of_range_end_in_range(make_town, make_problem, is_whole):
    # Roads part the town in strips that hold 1.4 grids each: on the roads alone nobody is in range.
    instance = with_cheap_roads(town_in_grids(make_town, make_problem, 28, 10, 14, 0.1), 28, 7)
    found = search(instance, budget=Budget(effort=2000), seed=2)
    assert not found.outside.any()
    assert is_whole(make_town(28, 10), found.part)
    # Fourteen strips of two columns, on the roads where they meet one: what it must beat.
    strips = (np.arange(280) % 28 // 2).astype(np.int32)
    net = instance.net
    assert found.price_mm < net.cost[strips[net.src] != strips[net.nbr]].sum() / 2


def test_the_annealing_ends_with_next_to_nobody_out_of_range(make_town, make_problem):
    instance = with_cheap_roads(town_in_grids(make_town, make_problem, 28, 10, 14, 0.1), 28, 7)
    run = run_of(instance, effort=1500)
    begin = (np.arange(280) % 28 // 2).astype(np.int32)
    assert run.overload(anneal_from_hot_to_cold(run, begin, keep_start=False)) <= 0.005


@pytest.mark.parametrize(
    ("columns", "crowding", "first"), [(28, 0.3, 0.6), (28, 0.8, 1.2), (28, None, 1.2), (200, 0.3, 1.2)]
)
def test_small_grids_begin_cooler_where_they_are_known_not_to_be_crowded(
    make_town, make_problem, monkeypatch, columns, crowding, first
):
    run = run_of(town_in_grids(make_town, make_problem, columns, 10, 14, 0.1), effort=1)
    heats: list[float] = []

    def cooled(run, part, hot, *shares, **more):
        heats.append(hot)
        return part, crowding

    monkeypatch.setattr(levels, "_cooled", cooled)
    monkeypatch.setattr(levels, "_settled", lambda run, part: part)
    anneal_from_hot_to_cold(run, (np.arange(columns * 10) % 14).astype(np.int32), keep_start=False)
    assert heats[-1] == pytest.approx(first)
