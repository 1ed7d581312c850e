"""Grids that reach out to far ones: what ways cost, and that nobody in between is torn apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.balance.corridors import reached_out
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.leftovers import mended
from geogrid.partition.balance.network import Limits, Wishes, build_network
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.ways import cut_off_joins, take_near, ways_from


def squares(columns, rows, people, part, low, high):
    """Return an instance of unit squares, whose cells have `people` and live in the grids of `part`."""
    number = np.arange(columns * rows).reshape(rows, columns)
    first = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    second = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    people = np.asarray(people, np.int64).ravel()
    x, y = np.arange(columns * rows) % columns, np.arange(columns * rows) // columns
    net = build_network(
        first, second, np.full(len(first), 10), people[:, None], home=part, stay=1000 * people,
        place=np.column_stack([np.ones(len(x)), x, y, people]),
    )  # fmt: skip
    grids = int(part.max()) + 1
    limits = Limits(
        np.full((grids, 1), low), np.full((grids, 1), high), np.zeros(grids, np.uint8), np.full((grids, 2), np.nan)
    )
    return Instance(net, limits, Wishes(0.0, 0.0, np.inf, 0.0))


def all_whole(net, part):
    same = (part[net.src] == part[net.nbr]) & (net.src < net.nbr)
    piece = components(len(part), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    return len(np.unique(piece)) == len(np.unique(part))


@pytest.fixture
def three_in_a_row():
    """Return three grids of 3 x 3: 2 people a cell in the west, 4 in the middle with nobody in its southern row, 8 in the east."""
    people = np.repeat([2, 4, 8], 3)[None].repeat(3, axis=0).copy()
    people[2, 3:6] = 0
    part = (np.arange(27) % 9 // 3).astype(np.int32)
    return squares(9, 3, people, part, 20, 56), part


def test_a_way_along_cells_without_people_costs_nobody(three_in_a_row):
    instance, part = three_in_a_row
    net = instance.net
    cost, before = ways_from(net.indptr, net.nbr, part, net.stay.astype(float), net.stay.astype(float), 0, 1e9)
    assert cost[18 + 5] == 0
    assert cost[18 + 6] == 8000
    assert before[18 + 3] == 18 + 2
    # By the south and up at the end: four people of the middle grid and eight of the eastern one.
    assert cost[9 + 6] == 12_000


def test_a_way_pays_for_those_it_cuts_off():
    # The way must cross the grid in the middle, and its smaller half has one person to the north of the gap.
    people = np.array([[1, 1, 1], [1, 0, 1], [1, 5, 1]])
    part = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2], np.int32)
    net = squares(3, 3, people, part, 1, 9).net
    price = net.stay.astype(float)
    cost, _ = ways_from(net.indptr, net.nbr, part, price, price, 0, 1e9)
    assert cost[4] == 1000
    assert cost[1] == 1000
    # And one more cuts the eastern grid.
    assert cost[5] == 3000


def test_a_light_grid_reaches_out_between_others_and_only_those_who_lack_move(three_in_a_row):
    instance, part = three_in_a_row
    after = reached_out(instance, part, dearest=2.0)
    assert all_whole(instance.net, after)
    people = instance.net.weight[:, 0]
    assert people[after != part].sum() == 16
    assert (people[after == 0].sum(), people[after == 1].sum(), people[after == 2].sum()) == (34, 24, 56)


def test_nothing_reaches_out_where_it_would_cost_more_than_allowed(three_in_a_row):
    instance, part = three_in_a_row
    assert np.array_equal(reached_out(instance, part, dearest=0.1), part)


def test_locked_cells_stay_where_they_are(three_in_a_row):
    instance, part = three_in_a_row
    fixed = instance.net.fixed.copy()
    fixed[18 + 3 : 18 + 6] = 1
    locked = Instance(instance.net._replace(fixed=fixed), instance.limits, instance.wishes)
    after = reached_out(locked, part, dearest=3.0)
    assert (after[18 + 3 : 18 + 6] == 1).all()
    assert all_whole(locked.net, after)


def test_pieces_that_are_cut_off_join_the_taker_but_the_dearest_stays():
    people = np.array([[3, 0, 7]])
    net = squares(3, 1, people, np.array([1, 0, 1], np.int32), 0, 9).net
    part = np.array([1, 0, 1], np.int32)
    cut_off_joins(net.indptr, net.nbr, net.stay.astype(float), part, 1, 0)
    assert part.tolist() == [0, 0, 1]


def test_taking_near_takes_no_more_than_allowed_and_leaves_the_giver_whole(three_in_a_row):
    instance, part = three_in_a_row
    net, after = instance.net, part.copy()
    weight = net.weight[:, 0].astype(float)
    gained = take_near(net.indptr, net.nbr, net.place, net.fixed, weight, after, 1, 2, 15, 20.0)
    assert gained == 16
    assert all_whole(net, after)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=48, max_size=48), st.integers(0, 50))
def test_whatever_lives_where_every_grid_stays_whole_and_less_is_out_of_range(people, seed):
    part = (np.arange(48) % 8 // 2).astype(np.int32)
    total = sum(people)
    instance = squares(8, 6, people, part, int(0.2 * total), int(0.3 * total) + 1)
    after = reached_out(instance, part, dearest=2.0, noise=0.5, seed=seed)
    assert all_whole(instance.net, after)

    def off(grids):
        load = np.bincount(grids, weights=instance.net.weight[:, 0], minlength=4)
        return np.maximum(load - instance.limits.high[:, 0], instance.limits.low[:, 0] - load).clip(0).sum()

    assert off(after) <= off(part)


def test_a_person_too_many_is_mended_without_moving_a_crowd():
    people = np.array([[5, 5, 1, 5, 5, 5, 5, 5]])
    part = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32)
    # 16 and 20: the range of 17 to 19 needs ones; shift a one and a five.
    people[0, 3] = 1
    people[0, 1] = 9
    instance = squares(8, 1, people, part, 17, 19)
    start = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32)
    assert people[0, :4].sum() == 16

    def after_mending(moves):
        return mended(
            instance,
            instance.limits,
            start,
            unit=5000.0,
            mean=np.array([4.5]),
            seeds=np.random.default_rng(1),
            moves=moves,
        )

    assert after_mending(100).tolist() == start.tolist()  # too few proposals to look at one region
    after = after_mending(10**6)
    assert all_whole(instance.net, after)
    # Nothing in a row of cells can mend it: it stays as it is.
    assert np.array_equal(after, start)
