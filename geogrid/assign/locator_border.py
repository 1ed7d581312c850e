"""What a tile comes to: one straight border, or a list of borders in order, and their records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_tile import crossing
from geogrid.assign.locator_winding import longer
from geogrid.compiled import Whole, compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["RECORD_WORDS", "ordered", "record_of", "straight"]

RECORD_WORDS = 8
"""int32 words of a border record: ax, ay, run, rise, owner west of it, owner east of it, 0, 0."""


@compiled
def ordered(node: IntArray, before: npt.NDArray[np.bool_], nodes: Whole, order: IntArray) -> bool:
    """Fill `order` so that every node stands after those before it; False if there is none."""
    waiting = np.zeros(nodes, np.int64)
    for i in range(nodes):
        for j in range(nodes):
            if before[i, j]:
                waiting[j] += 1
    done = np.zeros(nodes, np.bool_)
    for n in range(nodes):
        best = -1
        for i in range(nodes):
            if done[i] or waiting[i] > 0:
                continue
            # Edges first, then the plain runs of rows at the tile's eastern side; long runs first.
            if best < 0:
                best = i
            elif (node[i, 2] >= 0) != (node[best, 2] >= 0):
                if node[i, 2] >= 0:
                    best = i
            elif node[i, 1] - node[i, 0] > node[best, 1] - node[best, 0]:
                best = i
        if best < 0:
            return False
        done[best] = True
        order[n] = best
        for j in range(nodes):
            if before[best, j]:
                waiting[j] -= 1
    return True


@compiled
def straight(
    line: Int32Array, node: IntArray, nodes: Whole, south: Whole, north: Whole, west: Whole, east: Whole
) -> Whole:  # fmt: skip
    """Return the node of the one straight border that divides a tile, or -1.

    The border is taken as endless: every row must then give the owner that the nodes give.
    """
    border = -1
    for n in range(nodes):
        if node[n, 2] >= 0:
            if border >= 0:
                return -1
            border = n
    if border < 0:
        # No edge, two owners: divided from west to east. The upper run of rows stands for it.
        if nodes == 2:
            return 0 if node[0, 0] > node[1, 0] else 1
        return -1
    edge, ahead, behind = node[border, 2], node[border, 3], np.int64(-2)
    for n in range(nodes):
        if n == border:
            continue
        for part in range(2):
            # The rows of this run below and above those that the border crosses.
            lo = node[n, 0] if part == 0 else max(node[n, 0], node[border, 1])
            hi = min(node[n, 1], node[border, 0]) if part == 0 else node[n, 1]
            if lo >= hi:
                continue
            for side in range(2):
                whole, rest = crossing(line, edge, lo if side == 0 else hi - 1)
                last_west = whole + (1 if rest > 0 else 0) - 1
                if node[n, 3] == ahead:
                    if last_west < east - 1:
                        return -1
                elif last_west >= west:
                    return -1
        if node[n, 3] != ahead:
            if behind != -2 and behind != node[n, 3]:
                return -1
            behind = node[n, 3]
        elif max(node[n, 0], node[border, 0]) < min(node[n, 1], node[border, 1]):
            return -1
    return border


@compiled
def record_of(
    line: Int32Array, same_as: Int32Array, records: Int32Array, node: IntArray, at: Whole, nodes: Whole,
    extra: Int32Array, n_extra: Whole,
) -> tuple[Whole, Int32Array, Whole]:  # fmt: skip
    """Return the record of a border with its owner west and, if `nodes` > 0, east of it.

    One that is not as expected is added to `extra`, after all that are.
    """
    edge, ahead = node[at, 2], node[at, 3]
    behind = np.int64(-2)
    for n in range(nodes):
        if n != at and node[n, 3] != ahead:
            behind = node[n, 3]
    if edge >= 0:
        known = np.int64(same_as[edge])
        if records[known, 4] == ahead and (nodes == 0 or records[known, 5] == behind):
            return known, extra, n_extra
    extra = longer(extra, n_extra + 1)
    extra[n_extra, :] = 0
    if edge < 0:
        # A point is "west" of a border that runs due east when it lies in or above row `node[at, 0]`.
        extra[n_extra, 1], extra[n_extra, 2] = node[at, 0] - 1, 1
    else:
        for c in range(4):
            extra[n_extra, c] = line[edge, c]
    extra[n_extra, 4] = ahead
    extra[n_extra, 5] = max(behind, np.int64(-1))
    return len(records) + n_extra, extra, n_extra + 1
