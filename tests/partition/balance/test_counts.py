"""How many grids each area gets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import PlanError
from geogrid.partition.balance.counts import apportion, capped_target, grids_for_range


def test_each_area_gets_a_grid_and_the_heavy_ones_the_rest():
    assert apportion(np.array([100.0, 49.0, 1.0]), 6, most=np.array([9, 9, 9]), names=["a", "b", "c"]).tolist() == [
        3,
        2,
        1,
    ]


def test_an_area_gets_no_more_grids_than_it_has_cells():
    assert apportion(np.array([100.0, 1.0]), 5, most=np.array([2, 9]), names=["a", "b"]).tolist() == [2, 3]


@pytest.mark.parametrize(("count", "words"), [(1, "fewer grids than areas"), (9, "more grids than cells")])
def test_a_count_that_cannot_be_is_refused(count, words):
    with pytest.raises(PlanError, match=words):
        apportion(np.ones(2), count, most=np.array([2, 2]), names=["a", "b"])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12), st.integers(0, 60))
def test_shares_add_up_and_more_weight_never_means_fewer_grids(weights, extra):
    values = np.array(weights, np.float64)
    shares = apportion(values, len(values) + extra, most=np.full(len(values), 99), names=[""] * len(values))
    assert shares.sum() == len(values) + extra
    order = np.argsort(-values, kind="stable")
    assert all(a >= b for a, b in zip(shares[order], shares[order][1:], strict=False) if a != b)


def test_a_cell_too_heavy_for_a_grid_counts_as_one_full_grid():
    target, heavy = capped_target(np.array([100.0, *[1.0] * 9]), 4, 0.05)
    assert heavy.tolist() == [0]
    assert target == pytest.approx(3.0)


def test_a_range_says_the_fewest_and_the_most_grids():
    assert (
        grids_for_range(np.full(100, 10.0), 100, 150).fewest,
        grids_for_range(np.full(100, 10.0), 100, 150).most,
    ) == (7, 10)
    none = grids_for_range(np.full(3, 60.0), 100, 150)
    assert none.fewest > none.most
