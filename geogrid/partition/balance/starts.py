"""Grids to begin with: existing ones made whole, and cells without a grid given to the nearest."""

from __future__ import annotations

import heapq

import numpy as np

from geogrid.partition.balance.graph import components
from geogrid.partition.balance.network import Network
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["grown", "seeded", "whole"]


def whole(net: Network, part: Int32Array, anchored: BoolArray | None = None) -> Int32Array:
    """Return the grids with every piece but the main one let go (-1).

    The main piece is the one with most anchored (locked, station) cells, then with most primary weight,
    then with most cells.
    """
    same = (part[net.src] == part[net.nbr]) & (part[net.src] >= 0) & (net.src < net.nbr)
    piece = components(len(part), net.src[same].astype(np.int64), net.nbr[same].astype(np.int64))
    count = int(piece.max()) + 1
    locked = np.zeros(len(part)) if anchored is None else anchored.astype(np.float64)
    rank = [np.bincount(piece, weights=w, minlength=count) for w in (locked, net.weight[:, 0], np.ones(len(part)))]
    grid = np.full(count, -1, np.int64)
    grid[piece] = part
    order = np.lexsort((np.arange(count), -rank[2], -rank[1], -rank[0], grid))
    main = np.zeros(count, bool)
    main[order[np.concatenate([[True], np.diff(grid[order]) != 0])]] = True
    return np.where(main[piece] & (part >= 0), part, -1).astype(np.int32)


def grown(net: Network, part: Int32Array) -> Int32Array:
    """Return the grids with every cell of -1 taken by the grid that reaches it first, cell by cell.

    The way is measured between the middles of neighbouring cells, so each grid stays connected.
    """
    result = part.copy()
    xy = net.place[:, 1:3]
    best = np.where(part >= 0, 0.0, np.inf)
    queue = [(0.0, int(part[v]), int(v)) for v in np.flatnonzero(part >= 0)]
    heapq.heapify(queue)
    done = np.zeros(len(part), bool)
    while queue:
        way, grid, v = heapq.heappop(queue)
        if done[v]:
            continue
        done[v] = True
        result[v] = grid
        for u in net.nbr[net.indptr[v] : net.indptr[v + 1]].tolist():
            if not done[u] and part[u] < 0:
                step = way + float(np.hypot(*(xy[u] - xy[v])))
                if step < best[u]:
                    best[u] = step
                    heapq.heappush(queue, (step, grid, u))
    return result


def seeded(net: Network, seeds: IntArray, grids: int) -> Int32Array:
    """Return grids grown from seed cells; further grids start where it is farthest from all seeds."""
    part = np.full(len(net.weight), -1, np.int32)
    part[seeds] = np.arange(len(seeds))
    xy: FloatArray = net.place[:, 1:3]
    for grid in range(len(seeds), grids):
        taken = np.flatnonzero(part >= 0)
        away = np.min(np.hypot(*(xy[:, None, :] - xy[None, taken, :]).transpose(2, 0, 1)), axis=1) if len(taken) else (
            np.arange(len(xy), 0, -1, dtype=np.float64)
        )  # fmt: skip
        away[taken] = -1.0
        part[int(np.argmax(away))] = grid
    return grown(net, part)
