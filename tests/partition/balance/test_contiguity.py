"""The quick test of contiguity says what a search through the whole grid says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.balance.contiguity import hangs_together, holds_together, links_of, stays_whole
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
    link, corner, known = links_of(net.indptr, net.nbr)
    widest = int(np.diff(net.indptr).max())
    mark, queue = np.full(len(part), -1, np.int64), np.empty(len(part), np.int32)
    boss, waiting = np.empty(widest, np.int64), np.empty(widest, np.int64)
    return [
        bool(hangs_together(known, v, mates(net, part, v)) or stays_whole(
            net.indptr, net.nbr, part, link, corner, mark, queue, boss, waiting, v * widest, v, int(part[v]), 20_000
        ))
        for v in range(len(part))
    ]  # fmt: skip


def mates(net: Network, part: Int32Array, v: int) -> int:
    """Return which of the first 62 neighbours of `v` are in its grid, as bits."""
    row = net.nbr[net.indptr[v] : net.indptr[v + 1]][:62]
    return sum(1 << i for i, u in enumerate(row) if part[u] == part[v])


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


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), side=st.integers(2, 7))
def test_every_set_of_up_to_six_neighbours_is_known(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    net = squares(side, rng.uniform(size=(side - 1) ** 2) < 0.4, rng.uniform(size=3 * side * side) < 0.1)
    known = links_of(net.indptr, net.nbr)[2]
    near = {(int(a), int(b)) for a, b in zip(net.src, net.nbr, strict=True)}
    for v in range(side * side):
        row = net.nbr[net.indptr[v] : net.indptr[v + 1]].tolist()
        for members in range(1, 1 << len(row)):
            chosen = [u for i, u in enumerate(row) if members >> i & 1]
            met = {chosen[0]}
            while more := {u for u in chosen if u not in met and any((u, w) in near for w in met)}:
                met |= more
            assert hangs_together(known, v, members) == (len(met) == len(chosen) and len(row) <= 6)


@pytest.mark.parametrize("spokes", [3, 63, 64, 200])
def test_a_cell_with_more_neighbours_than_bits_is_searched(spokes: int) -> None:
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
