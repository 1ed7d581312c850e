"""The arrays the compiled search works on: a network of cells and the grids they belong to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geogrid.compiled import compiled
from geogrid.partition.balance.contiguity import rings_of
from geogrid.types import Int32Array, IntArray

__all__ = ["Limits", "Network", "Wishes", "build_network", "extract", "unsigned", "warmth_of"]

_UINT8 = npt.NDArray[np.uint8]


class Network(NamedTuple):
    """Cells and their borders, as compressed rows of half-edges.

    indptr (n + 1,), nbr, src, twin (h,) int32 : half-edge ``e`` runs from cell ``src[e]`` to cell
        ``nbr[e]``; ``twin[e]`` is the same border seen from the other side
    cost (h,) int64 : what the border costs when it separates two grids, weighted millimetres
    weight (n, m) int64 : the scaled weights
    fixed (n,) uint8 : 1 where the cell may not change its grid
    home (n,) int32, stay (n,) int64 : the grid a cell should stay in (-1: none) and what leaving costs, mm
    place (n, 4) float64 : area, x, y (m²; metres from the middle), the primary weight in mean cells
    apart_ptr (n + 1,), apart int32 : the cells that must not share a grid with each cell
    bridge (h,) int32 : what joins ``nbr[e]`` to the next of its row, see `rings_of`; the rows stand in that order.
        Empty where that is not known: cells were joined
    warmth (n,) float64 : how much hotter than the rest the cell is annealed, see `warmth_of`
    """

    indptr: Int32Array
    nbr: Int32Array
    cost: IntArray
    src: Int32Array
    twin: Int32Array
    weight: IntArray
    fixed: _UINT8
    home: Int32Array
    stay: IntArray
    place: npt.NDArray[np.float64]
    apart_ptr: Int32Array
    apart: Int32Array
    warmth: npt.NDArray[np.float64]
    bridge: Int32Array


class Limits(NamedTuple):
    """What each of k grids may hold.

    low, high (k, m) int64 : the range of each scaled weight
    closed (k,) uint8 : 1 where no cell may enter or leave
    anchor (k, 2) float64 : the station's x, y, metres from the middle; NaN for none
    """

    low: IntArray
    high: IntArray
    closed: _UINT8
    anchor: npt.NDArray[np.float64]


class Wishes(NamedTuple):
    """Prices of the soft aims, in millimetres of border (0: not asked for).

    roundness : of one unit of ``2 pi I / A²`` (1 for a disc) of a grid
    pull : of one metre between a mean cell and its station
    reach : metres; a cell does not enter a grid whose station is farther (infinite: no bound)
    apart : of one pair that shares a grid though it must not
    bend : how much dearer overload grows with itself (0: each unit costs the same); above 0 a crowded grid hands
        on to a full one, so that load finds its way across several grids
    step : of a grid out of range at all, be it by one unit: the last few people are not worth a price by the unit
    """

    roundness: float
    pull: float
    reach: float
    apart: float
    bend: float = 0.0
    step: float = 0.0


def build_network(
    first: IntArray,
    second: IntArray,
    cost: IntArray,
    weight: IntArray,
    *,
    fixed: Any = None,
    home: Any = None,
    stay: Any = None,
    place: Any = None,
    apart: Any = None,
) -> Network:
    """Return the network of n cells whose borders are the pairs ``first[i]``, ``second[i]``.

    Parameters
    ----------
    first, second : (b,) int, each pair once
    cost : (b,) int64, millimetres
    weight : (n, m) int64
    fixed, home, stay, place : see `Network`; None for no such demand
    apart : (p, 2) int, optional
        Pairs that must not share a grid.
    """
    count = len(weight)
    ends = np.concatenate([first, second]).astype(np.int64)
    other = np.concatenate([second, first]).astype(np.int64)
    order, indptr = np.lexsort((other, ends)), _offsets(ends, count)
    around, bridge = rings_of(indptr, other[order].astype(np.int32))
    order = order[around]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    twin = np.empty(len(order), np.int32)
    half = len(first)
    twin[rank[:half]], twin[rank[half:]] = rank[half:], rank[:half]
    pairs = np.empty((0, 2), np.int64) if apart is None else np.asarray(apart, np.int64).reshape(-1, 2)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return Network(
        indptr,
        other[order].astype(np.int32),
        np.concatenate([cost, cost])[order].astype(np.int64),
        ends[order].astype(np.int32),
        twin,
        np.ascontiguousarray(weight, np.int64),
        np.zeros(count, np.uint8) if fixed is None else np.asarray(fixed, np.uint8),
        np.full(count, -1, np.int32) if home is None else np.asarray(home, np.int32),
        np.zeros(count, np.int64) if stay is None else np.asarray(stay, np.int64),
        np.zeros((count, 4)) if place is None else np.asarray(place, np.float64),
        _offsets(both[:, 0], count),
        both[:, 1].astype(np.int32),
        np.ones(count),
        bridge,
    )


def _offsets(ends: IntArray, count: int) -> Int32Array:
    return np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=count))]).astype(np.int32)


@compiled
def unsigned(net: Network) -> Any:
    """Return the same network, its memory shared, with row numbers that cannot be negative.

    A signed number could count from the end of an array, which compiled code asks at every access.
    """
    return Network(
        net.indptr.view(np.uint32), net.nbr.view(np.uint32), net.cost, net.src.view(np.uint32), net.twin.view(np.uint32),
        net.weight, net.fixed, net.home, net.stay, net.place, net.apart_ptr, net.apart, net.warmth, net.bridge,
    )  # fmt: skip


@compiled
def extract(net: Network, nodes: IntArray, local: Int32Array, grid: Int32Array) -> Any:
    """Return the sub-network of `nodes`; `local` is scratch, (n,) of -1, and is left so.

    `grid` (k,) int32 maps each grid to its number in the sub-problem, -1 where it is outside.
    """
    indptr, nbr, cost, twin = net.indptr, net.nbr, net.cost, net.twin
    apart_ptr, apart = net.apart_ptr, net.apart
    count = len(nodes)
    for i in range(count):
        local[nodes[i]] = i
    halves, pairs = 0, 0
    for i in range(count):
        v = nodes[i]
        for e in range(indptr[v], indptr[v + 1]):
            if local[nbr[e]] >= 0:
                halves += 1
        for a in range(apart_ptr[v], apart_ptr[v + 1]):
            if local[apart[a]] >= 0:
                pairs += 1
    s_indptr, s_apart_ptr = np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32)
    s_nbr, s_src, s_twin = np.empty(halves, np.int32), np.empty(halves, np.int32), np.empty(halves, np.int32)
    s_cost, s_apart = np.empty(halves, np.int64), np.empty(pairs, np.int32)
    told = len(net.bridge) == len(nbr)
    s_bridge = np.empty(halves if told else 0, np.int32)
    s_weight, s_place = np.empty((count, net.weight.shape[1]), np.int64), np.empty((count, 4))
    s_warmth = np.empty(count)
    s_fixed, s_home, s_stay = np.empty(count, np.uint8), np.empty(count, np.int32), np.empty(count, np.int64)
    h, p = 0, 0
    for i in range(count):
        v = nodes[i]
        s_fixed[i], s_stay[i], s_warmth[i] = net.fixed[v], net.stay[v], net.warmth[v]
        s_home[i] = grid[net.home[v]] if net.home[v] >= 0 else -1
        for j in range(s_weight.shape[1]):
            s_weight[i, j] = net.weight[v, j]
        for j in range(4):
            s_place[i, j] = net.place[v, j]
        begin, end = indptr[v], indptr[v + 1]
        for e in range(begin, end):
            u = local[nbr[e]]
            if u >= 0:
                s_nbr[h], s_src[h], s_cost[h] = u, i, cost[e]
                if told:
                    # Where the next of the row is left out, nothing joins those on its sides: it is in another grid.
                    after, by = nbr[e + 1 if e + 1 < end else begin], net.bridge[e]
                    s_bridge[h] = local[by] if by >= 0 and local[after] >= 0 else -1
                # The twin's place is known once both of its rows are: count within the row.
                s_twin[h] = twin[e]
                h += 1
        s_indptr[i + 1] = h
        for a in range(apart_ptr[v], apart_ptr[v + 1]):
            if local[apart[a]] >= 0:
                s_apart[p] = local[apart[a]]
                p += 1
        s_apart_ptr[i + 1] = p
    for i in range(count):
        for e in range(s_indptr[i], s_indptr[i + 1]):
            u = s_nbr[e]
            for f in range(s_indptr[u], s_indptr[u + 1]):
                if s_nbr[f] == i:
                    s_twin[e] = f
    for i in range(count):
        local[nodes[i]] = -1
    return Network(
        s_indptr, s_nbr, s_cost, s_src, s_twin, s_weight, s_fixed, s_home, s_stay, s_place, s_apart_ptr, s_apart,
        s_warmth, s_bridge,
    )  # fmt: skip


def warmth_of(net: Network, power: float) -> npt.NDArray[np.float64]:
    """Return (n,) how much hotter than the rest each cell is to be annealed.

    Cells in the country have borders of a kilometre where those in town have borders of fifty metres. At one temperature for all,
    the country is frozen long before the town is; so each cell has a temperature in proportion to the
    borders around it, and all places are settled in the same rounds.
    """
    rows = np.diff(net.indptr)
    total = np.bincount(net.src, weights=net.cost, minlength=len(rows))
    halves = rows.astype(np.float64)
    for _ in range(2):
        total = total + np.bincount(net.src, weights=total[net.nbr], minlength=len(rows))
        halves = halves + np.bincount(net.src, weights=halves[net.nbr], minlength=len(rows))
    mean = total / np.maximum(halves, 1.0)
    usual = float(net.cost.mean()) if len(net.cost) else 1.0
    return np.clip((mean / max(usual, 1.0)) ** power, 0.25, 16.0)
