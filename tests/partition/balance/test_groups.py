"""Groups of grids that exchanged cells are kept or taken back one by one, and the whole is never worse for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.balance.annealing import THRESHOLDS, anneal, price
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.groups import keep_better_groups
from geogrid.partition.balance.network import Limits, Network, Wishes, build_network
from geogrid.types import Int32Array

HARD = np.array([1000.0])


def town(side: int, seed: int) -> tuple[Network, Limits, Wishes, Int32Array]:
    """Return squares in four by four blocks of grids, with uneven people, homes, pairs apart and a price for shape."""
    rng = np.random.default_rng(seed)
    cell = np.arange(side * side).reshape(side, side)
    borders = np.vstack(
        [
            np.column_stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()]),
            np.column_stack([cell[:-1].ravel(), cell[1:].ravel()]),
        ]
    )
    cost = rng.integers(1, 9, len(borders))
    y, x = np.divmod(np.arange(side * side), side)
    part = (y * 4 // side * 4 + x * 4 // side).astype(np.int32)
    place = np.column_stack([np.ones(side * side), x, y, np.ones(side * side)]).astype(float)
    home = np.where(rng.uniform(size=len(part)) < 0.3, part, -1).astype(np.int32)
    people = rng.integers(0, 9, (side * side, 1))
    net = build_network(
        borders[:, 0], borders[:, 1], cost, people, place=place, home=home, stay=np.full(len(part), 3, np.int64)
    )
    mean = people.sum() / 16
    limits = Limits(
        np.full((16, 1), int(mean * 0.8)),
        np.full((16, 1), int(mean * 1.2)),
        np.zeros(16, np.uint8),
        np.full((16, 2), np.nan),
    )
    return net, limits, Wishes(0.5, 0.0, np.inf, 2.0), part


def changed_by(net: Network, limits: Limits, wishes: Wishes, part: Int32Array, moves: int, seed: int) -> Int32Array:
    """Return the plan after some hot annealing, so that parts of it are better and parts worse."""
    after = part.copy()
    anneal(net, limits, wishes, after, np.array([1.0]), 4.0, 4.0, 1, moves, seed, THRESHOLDS)
    return after


def cost_of(net: Network, limits: Limits, wishes: Wishes, part: Int32Array) -> tuple[int, float]:
    cost, outside = price(net, limits, wishes, part)
    return int(outside.sum()), float(cost)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(1, 2**31), side=st.integers(8, 16), moves=st.integers(1, 60))
def test_each_group_is_kept_exactly_when_it_alone_makes_the_plan_no_worse(seed: int, side: int, moves: int) -> None:
    net, limits, wishes, part = town(side, seed)
    after = changed_by(net, limits, wishes, part, moves, seed)
    kept = keep_better_groups(net, limits, wishes, part, after, HARD, np.zeros(16))
    off = part != after
    group = components(16, part[off].astype(np.int64), after[off].astype(np.int64))
    before = cost_of(net, limits, wishes, part)
    for g in np.unique(group[part[off]]):
        inside = off & (group[part] == g)
        alone = np.where(inside, after, part)
        out, cost = cost_of(net, limits, wishes, alone)
        better = out < before[0] or (out == before[0] and cost <= before[1] + 1e-9)
        assert np.array_equal(kept[inside], (after if better else part)[inside])
    out, cost = cost_of(net, limits, wishes, kept)
    assert out < before[0] or (out == before[0] and cost <= before[1] + 1e-6)
    for grid in range(16):
        same = (kept[net.src] == grid) & (kept[net.nbr] == grid) & (net.src < net.nbr)
        piece = components(len(kept), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
        assert len(np.unique(piece[kept == grid])) == 1


@pytest.mark.parametrize(("allowed", "kept"), [(0.0, [0, 0, 1, 1]), (1.0, [0, 0, 1, 1]), (2.0, [0, 1, 1, 1])])
def test_a_group_may_be_dearer_by_what_is_allowed(allowed: float, kept: list[int]) -> None:
    # Four cells in a row: the border moves from 3 mm to one of 5 mm.
    net = build_network(np.arange(3), np.arange(1, 4), np.array([5, 3, 9]), np.ones((4, 1), np.int64))
    limits = Limits(np.ones((2, 1), np.int64), np.full((2, 1), 3), np.zeros(2, np.uint8), np.full((2, 2), np.nan))
    part, after = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 1], np.int32)
    wishes = Wishes(0.0, 0.0, np.inf, 0.0)
    assert keep_better_groups(net, limits, wishes, part, after, HARD, np.full(2, allowed)).tolist() == kept


def test_a_group_that_comes_into_range_is_kept_whatever_it_costs() -> None:
    net = build_network(np.arange(3), np.arange(1, 4), np.array([500, 3, 9]), np.ones((4, 1), np.int64))
    limits = Limits(np.ones((2, 1), np.int64), np.array([[1], [3]]), np.zeros(2, np.uint8), np.full((2, 2), np.nan))
    part, after = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 1], np.int32)
    wishes = Wishes(0.0, 0.0, np.inf, 0.0)
    assert keep_better_groups(net, limits, wishes, part, after, HARD, np.zeros(2)).tolist() == after.tolist()
    assert keep_better_groups(net, limits, wishes, after, part, HARD, np.full(2, 1e9)).tolist() == after.tolist()
