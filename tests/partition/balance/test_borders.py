"""The list of borders, repaired after every move, is what it would be listed anew."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.balance.borders import after_move, list_borders
from geogrid.partition.balance.network import build_network, unsigned


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.integers(2, 8), grids=st.integers(2, 6), keen=st.booleans())
def test_repaired_after_moves_it_is_the_list_made_anew(seed: int, side: int, grids: int, keen: bool) -> None:
    rng = np.random.default_rng(seed)
    cell = np.arange(side * side).reshape(side, side)
    a, b = np.r_[cell[:, :-1].ravel(), cell[:-1].ravel()], np.r_[cell[:, 1:].ravel(), cell[1:].ravel()]
    net = unsigned(build_network(a, b, rng.integers(1, 9, len(a)), np.ones((side * side, 1), np.int64)))
    part = rng.integers(grids, size=side * side).astype(np.uint32)
    halves = len(net.nbr)
    limit = rng.integers(-5, 6, side * side)

    def fresh() -> tuple[np.ndarray, ...]:
        return (
            np.zeros(halves, np.int64), np.zeros(grids, np.int64), np.zeros(2, np.int64), np.zeros(halves, np.uint32),
            np.zeros(halves, np.uint32),
        )  # fmt: skip

    priced, sums, ends, cuts, spot = fresh()
    list_borders(net.indptr, net.nbr, net.cost, net.twin, part, priced, sums, limit, ends, cuts, spot, keen)
    for _ in range(12):
        v, new = np.uint32(rng.integers(side * side)), np.uint32(rng.integers(grids))
        old = part[v]
        if new == old:
            continue
        part[v] = new
        after_move(
            net.indptr, net.nbr, net.cost, net.twin, part, priced, sums, limit, ends, cuts, spot, keen, v, old, new
        )
        assert not sums.any()
        anew, none, stops, listed, where = fresh()
        list_borders(net.indptr, net.nbr, net.cost, net.twin, part, anew, none, limit, stops, listed, where, keen)
        assert set(cuts[: ends[1]]) == set(listed[: stops[1]])
        assert ends[1] == stops[1]
        assert np.array_equal(spot[cuts[: ends[1]]], np.arange(ends[1]))
        if keen:
            assert ends[0] == stops[0]
            assert set(cuts[: ends[0]]) == set(listed[: stops[0]])
            cut = part[net.src] != part[net.nbr]
            assert np.array_equal(priced[cut], anew[cut])
