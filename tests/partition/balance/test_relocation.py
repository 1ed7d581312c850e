"""Whole grids that are dissolved and founded anew, the bounds beside them, and Ctrl-C."""

import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from geogrid.partition.balance import Budget, balance, explain, rebalance
from geogrid.partition.balance.bounds import least_by_shapes_at_will, least_by_touching
from geogrid.partition.balance.founding import founded
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands
from geogrid.partition.balance.least_change import how_many
from geogrid.partition.balance.relocation import Relocation, quotient_of, relocations

EFFORT = Budget(effort=2500)


@pytest.fixture(scope="module")
def grown():
    """Return a town of 18 x 6 squares in 12 grids of 3 x 3 whose six easternmost columns grow fourfold."""
    from geogrid.partition.balance import Measure, Problem

    from .conftest import town

    graph = town(18, 6)
    column, row = np.arange(108) % 18, np.arange(108) // 18
    start = (column // 3 + 6 * (row // 3)).astype(np.int32)
    people = np.where(column >= 12, 40.0, 10.0)
    return Problem(graph, (Measure("people", people, 0.15),), np.zeros(108, np.int64), ("all",), start=start)


def instance_of(problem):
    joined = join_islands(problem.graph, problem.area, problem.area_names, "nearest")
    grids = len(np.unique(problem.start))
    return make_instance(replace(problem, keep=500.0), joined, np.arange(len(problem.graph)), grids)


def test_relocating_grids_moves_fewer_people_than_handing_them_on(grown, is_whole):
    there = rebalance(grown, tolerances=(0.15,), bound_seconds=2.0, budget=EFFORT).within(0.15)
    in_place = rebalance(grown, tolerances=(0.15,), relocate=False, budget=EFFORT).within(0.15)
    assert there is not None
    assert in_place is not None
    assert there.valid
    assert there.relocated
    assert there.moved < in_place.moved
    # Of what passes between grids that touch, nothing moves less than the bound; whole cells cost a little more.
    assert there.least_touching is not None
    assert there.least_touching <= there.moved <= 1.06 * there.least_touching
    assert is_whole(grown.graph, there.result.membership)
    assert sorted(np.unique(there.result.membership).tolist()) == list(range(12))


def test_what_moved_is_everyone_whose_code_changed(grown):
    step = rebalance(grown, tolerances=(0.15,), budget=EFFORT).within(0.15)
    assert step is not None
    people = grown.measures[0].values
    assert step.moved == people[step.result.membership != grown.start].sum()
    for code in step.relocated:
        stayed = (grown.start == code) & (step.result.membership == code)
        assert people[stayed].sum() < 0.1 * people[grown.start == code].sum()


def test_no_step_moves_less_than_is_proved(grown):
    front = rebalance(grown, tolerances=(0.5, 0.3, 0.15), bound_seconds=2.0, budget=Budget(effort=400))
    for step in front.steps[1:]:
        assert 0 <= step.least <= step.least_touching + 1e-6
        assert not step.valid or step.least <= step.moved
    assert front.steps[0].moved == 0


def test_the_same_seed_moves_the_same_on_any_number_of_threads(grown):
    one, three = (
        rebalance(grown, tolerances=(0.15,), budget=Budget(effort=300, workers=workers)).steps[-1].result.membership
        for workers in (1, 3)
    )
    assert np.array_equal(one, three)


def test_locked_grids_are_neither_dissolved_nor_touched(grown):
    locked = replace(grown, locked_grids=(0, 6))
    step = rebalance(locked, tolerances=(0.15,), budget=EFFORT).steps[-1]
    assert not {0, 6} & set(step.relocated)
    assert np.array_equal(
        step.result.membership[np.isin(grown.start, (0, 6))], grown.start[np.isin(grown.start, (0, 6))]
    )


def test_grids_are_founded_where_the_load_is_and_everyone_stays_whole(grown, is_whole):
    made = instance_of(grown)
    choice = relocations(quotient_of(made.instance, made.start, made.instance.net.stay), tries=3, seed=1)[0]
    assert choice.dissolved
    assert all(site % 6 >= 4 for site in choice.sites)
    assert all(code % 6 < 4 for code in choice.dissolved)
    part = founded(made.instance.net, made.start, choice)
    assert is_whole(grown.graph, part)
    assert sorted(np.unique(part).tolist()) == list(range(12))
    for code in choice.dissolved:
        assert (np.arange(108)[part == code] % 18).mean() > 10


def test_choices_differ_in_more_than_one_grid_and_the_best_comes_first(grown):
    made = instance_of(grown)
    quotient = quotient_of(made.instance, made.start, made.instance.net.stay)
    choices = relocations(quotient, tries=2, seed=1, choices=4)
    moved = [choice.moved for choice in choices if choice.dissolved]
    assert len(moved) == 4
    assert moved == sorted(moved)
    for row, one in enumerate(choices):
        for other in choices[:row]:
            changed = len(set(one.dissolved) ^ set(other.dissolved)) / 2
            changed += (Counter(one.sites) - Counter(other.sites)).total()
            assert changed > 1 or len(one.dissolved) != len(other.dissolved)


def test_more_beginnings_are_tried_where_there_is_time_to_tell_them_apart():
    few, some, many = (how_many(Budget(effort=effort), 10_000) for effort in (300, 12_000, 1e9))
    assert few < some < many
    assert how_many(Budget(effort=1e9, seconds=1), 10_000) == few
    assert how_many(Budget(effort=1e9, seconds=500, workers=2), 10_000) == many


def test_a_choice_without_a_place_still_leaves_every_code_a_cell(grown):
    made = instance_of(grown)
    part = founded(made.instance.net, made.start, Relocation((0,), (4,), {}, {}, 0.0))
    assert sorted(np.unique(part).tolist()) == list(range(12))


def test_bounds_are_those_of_the_pencil(make_town, make_problem):
    graph = make_town(9, 1)
    values = np.array([2, 2, 2, 2, 1, 1, 1, 1, 2.0])
    problem = make_problem(graph, values, 0.15, start=np.repeat([0, 1, 2], 3).astype(np.int32))
    made = instance_of(problem)
    # Loads of 6, 4 and 4, and 4 to 5.4 allowed: at least one person leaves the west, and stops next door.
    people = made.instance.net.weight[:, 0]
    assert least_by_shapes_at_will(made.instance, made.start, people) == 1
    assert least_by_touching(quotient_of(made.instance, made.start, people), seconds=2.0) == pytest.approx(1, abs=0.01)


def test_the_bound_between_neighbours_is_the_best_of_all_flows_whatever_the_workers(grown):
    made = instance_of(grown)
    people = made.instance.net.stay
    flows = quotient_of(made.instance, made.start, people)
    bounds = [least_by_touching(flows, seconds=20.0, workers=workers) for workers in (1, 2)]
    # The linear programs of single choices know nothing of the branches; none of them moves less.
    best = min(choice.moved for choice in relocations(flows, tries=3, seed=1))
    assert bounds[0] == pytest.approx(bounds[1], rel=0.002)
    assert bounds[0] <= best * 1.002
    assert bounds[0] >= 0.5 * best


def test_ctrl_c_gives_whole_grids_in_every_area(make_town, make_problem, is_whole, ctrl_c):
    graph = make_town(24, 12)
    area = (np.arange(288) % 24 // 4).astype(np.int64)
    problem = make_problem(graph, tolerance=0.3, count=24, area=area)
    calls = []

    def interrupting(step: str, done: int, total: int | None) -> None:
        calls.append(step)
        if len(calls) == 2:
            ctrl_c()

    for workers in (1, 2):
        calls.clear()
        done = balance(problem, budget=Budget(effort=2000, workers=workers), progress=interrupting)
        assert done.stopped == "interrupt"
        assert all(why.endswith("the search was interrupted") for why in explain(problem, done).why if why)
        assert is_whole(graph, done.membership)
        assert len(np.unique(done.membership)) == 24
        assert all(len(set(area[done.membership == grid].tolist())) == 1 for grid in range(24))


def test_a_second_ctrl_c_ends_everything(make_town, make_problem, ctrl_c):
    area = (np.arange(64) % 8 // 2).astype(np.int64)
    problem = make_problem(make_town(8, 8), tolerance=0.3, count=8, area=area)

    def interrupting(step: str, done: int, total: int | None) -> None:
        ctrl_c()

    with pytest.raises(KeyboardInterrupt):
        balance(problem, budget=Budget(effort=100, workers=2), progress=interrupting)


def test_ctrl_c_in_a_rebalance_gives_the_steps_so_far(grown, ctrl_c):
    steps = []

    def at_the_first_pass(step: str, done: int, total: int | None) -> None:
        if step.startswith("least change"):
            steps.append(step)
            if len(steps) == 1:
                ctrl_c()

    front = rebalance(grown, tolerances=(0.3, 0.15), budget=Budget(effort=500), progress=at_the_first_pass)
    # The grids as they are, and the narrowest balance, which is searched first.
    assert [step.tolerance for step in front.steps if np.isfinite(step.tolerance)] == [0.15]
    assert next(step for step in front.steps if np.isfinite(step.tolerance)).result.stopped == "interrupt"


def test_a_stopped_budget_ends_at_once_with_the_best_so_far(grown):
    stop = threading.Event()
    stop.set()
    front = rebalance(grown, tolerances=(0.3, 0.15), budget=Budget(effort=1e9, stop=stop))
    assert len(front.steps) == 2
    assert front.steps[0].moved == 0
