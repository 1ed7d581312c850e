"""The quick test of contiguity says what a search through the whole grid says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.balance.contiguity import hangs_together, holds_together, rings_of, stays_whole
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.network import Network, build_network
from geogrid.types import Int32Array


def whole_without(net: Network, part: Int32Array, v: int) -> bool:
    """Return by brute force whether the grid of `v` is one piece, and not empty, without it."""
    same = (part[net.src] == part[net.nbr]) & (net.src < net.nbr) & (net.src != v) & (net.nbr != v)
    piece = components(len(part), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    others = np.flatnonzero((part == part[v]) & (np.arange(len(part)) != v))
    return len(others) > 0 and len(np.unique(piece[others])) == 1


def quick(net: Network, part: Int32Array) -> list[bool]:
    """Return the quick answers for all cells, with scratch kept between them as the search does."""
    order, bridge = rings_of(net.indptr, net.nbr)
    ring = net.nbr[order]
    widest = int(np.diff(net.indptr).max())
    mark, queue = np.full(len(part), -1, np.int64), np.empty(len(part), np.int32)
    boss, waiting = np.empty(widest, np.int64), np.empty(widest, np.int64)
    return [
        bool(hangs_together(net.indptr, ring, bridge, part, v, int(part[v])) or stays_whole(
            net.indptr, net.nbr, part, mark, queue, boss, waiting, v * widest, v, int(part[v]), 20_000
        ))
        for v in range(len(part))
    ]  # fmt: skip


def searched(net: Network, part: Int32Array) -> list[bool]:
    """Return the answers of the plain search."""
    mark, queue = np.zeros(len(part), np.int64), np.empty(len(part), np.int32)
    return [
        bool(holds_together(net.indptr, net.nbr, part, mark, queue, 2 * v + 1, v, int(part[v]), 20_000))
        for v in range(len(part))
    ]


def squares(side: int, diagonals: np.ndarray, lost: np.ndarray) -> Network:
    """Return `side` × `side` squares, some joined across a corner, some borders lost."""
    cell = np.arange(side * side).reshape(side, side)
    pairs = [
        np.column_stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()]),
        np.column_stack([cell[:-1].ravel(), cell[1:].ravel()]),
        np.column_stack([cell[:-1, :-1].ravel(), cell[1:, 1:].ravel()])[diagonals],
    ]
    borders = np.concatenate(pairs)
    borders = borders[~lost[: len(borders)]]
    ones = np.ones(len(borders), np.int64)
    return build_network(borders[:, 0], borders[:, 1], ones, np.ones((side * side, 1), np.int64))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.integers(2, 9), grids=st.integers(1, 5))
def test_it_agrees_with_brute_force_on_any_grids(seed: int, side: int, grids: int) -> None:
    rng = np.random.default_rng(seed)
    net = squares(side, rng.uniform(size=(side - 1) ** 2) < 0.4, rng.uniform(size=3 * side * side) < 0.1)
    label = rng.integers(grids, size=side * side).astype(np.int32)
    # Grids as the search has them are whole: give every piece a number of its own.
    same = (label[net.src] == label[net.nbr]) & (net.src < net.nbr)
    part = components(len(label), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64)).astype(np.int32)
    assert searched(net, part) == quick(net, part) == [whole_without(net, part, v) for v in range(len(part))]


def test_what_meets_around_a_cell_is_known_without_a_search() -> None:
    # 0 1 2
    # 3 4 5   every set of the eight squares around the one in the middle
    # 6 7 8
    net = squares(3, np.zeros(4, bool), np.zeros(12, bool))
    order, bridge = rings_of(net.indptr, net.nbr)
    ring = net.nbr[order]
    around = [0, 1, 2, 5, 8, 7, 6, 3]
    for members in range(1 << 8):
        part = np.ones(9, np.int32)
        part[[4] + [u for i, u in enumerate(around) if members >> i & 1]] = 0
        same = (part[net.src] == 0) & (part[net.nbr] == 0) & (net.src != 4) & (net.nbr != 4)
        piece = components(9, net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
        beside = [u for u in (1, 3, 5, 7) if part[u] == 0]
        assert hangs_together(net.indptr, ring, bridge, part, 4, 0) == (len(set(piece[beside].tolist())) == 1)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.integers(2, 7))
def test_what_is_said_to_meet_around_a_cell_does(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    net = squares(side, rng.uniform(size=(side - 1) ** 2) < 0.4, rng.uniform(size=3 * side * side) < 0.1)
    order, bridge = rings_of(net.indptr, net.nbr)
    ring = net.nbr[order]
    assert np.array_equal(
        np.sort(net.src.astype(np.int64) * side**2 + ring), np.sort(net.src.astype(np.int64) * side**2 + net.nbr)
    )
    for _ in range(20):
        part = rng.integers(2, size=side * side).astype(np.int32)
        for v in range(side * side):
            grid = int(part[v])
            same = (part[net.src] == grid) & (part[net.nbr] == grid) & (net.src != v) & (net.nbr != v)
            piece = components(side * side, net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
            row = net.nbr[net.indptr[v] : net.indptr[v + 1]]
            if len(row) and hangs_together(net.indptr, ring, bridge, part, v, grid):
                assert len(np.unique(piece[row[part[row] == grid]])) == 1


@pytest.mark.parametrize("spokes", [3, 63, 64, 200])
def test_a_cell_with_very_many_neighbours_is_searched(spokes: int) -> None:
    rim = np.arange(1, spokes + 1)
    first = np.concatenate([np.zeros(spokes, np.int64), rim[:-1]])
    second = np.concatenate([rim, rim[1:]])
    net = build_network(first, second, np.ones(len(first), np.int64), np.ones((spokes + 1, 1), np.int64))
    part = np.zeros(spokes + 1, np.int32)
    assert quick(net, part)[0]
    part[1 + spokes // 2] = 1
    assert not quick(net, part)[0]


def test_a_ring_holds_together_the_long_way_round() -> None:
    ring = np.arange(12)
    net = build_network(ring, np.roll(ring, -1), np.ones(12, np.int64), np.ones((12, 1), np.int64))
    assert quick(net, np.zeros(12, np.int32)) == [True] * 12
    assert quick(net, (ring == 3).astype(np.int32)) == [False if v == 3 else v in (2, 4) for v in range(12)]
