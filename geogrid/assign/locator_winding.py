"""Which polygons have been entered and not left: winding numbers, carried from west to east.

They are kept as differences along the lattice rows, a short sorted list of (row, polygon, step).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["add_open", "add_step", "first_open", "longer", "merge_steps"]

_Rows = TypeVar("_Rows", Int32Array, IntArray)


@compiled
def longer(array: _Rows, least: Whole) -> _Rows:
    """Return the rows in room for at least `least` of them; twice as much if it had to grow."""
    if least <= len(array):
        return array
    bigger = np.empty((max(least, 2 * len(array)), array.shape[1]), array.dtype)
    bigger[: len(array)] = array
    return bigger


@compiled
def add_step(state: IntArray, count: Whole, row: Whole, polygon: Whole, step: Whole) -> Whole:
    """Add a step to the sorted list of (row, polygon, step); steps that sum to 0 vanish."""
    at = count
    while at > 0 and (state[at - 1, 0] > row or (state[at - 1, 0] == row and state[at - 1, 1] > polygon)):
        at -= 1
    if at > 0 and state[at - 1, 0] == row and state[at - 1, 1] == polygon:
        state[at - 1, 2] += step
        if state[at - 1, 2] == 0:
            for i in range(at, count):
                state[i - 1, 0], state[i - 1, 1], state[i - 1, 2] = state[i, 0], state[i, 1], state[i, 2]
            return count - 1
        return count
    for i in range(count, at, -1):
        state[i, 0], state[i, 1], state[i, 2] = state[i - 1, 0], state[i - 1, 1], state[i - 1, 2]
    state[at, 0], state[at, 1], state[at, 2] = row, polygon, step
    return count + 1


@compiled
def merge_steps(state: IntArray, count: Whole, new: IntArray, fresh: Whole) -> tuple[IntArray, int]:
    """Return the state with many unsorted steps added, in one sort."""
    total = count + fresh
    keys = np.empty(total, np.int64)
    steps = np.empty(total, np.int64)
    base = np.int64(2**62)
    for i in range(count):
        base = min(base, state[i, 0])
    for i in range(fresh):
        base = min(base, new[i, 0])
    for i in range(count):
        keys[i] = ((state[i, 0] - base) << 31) | state[i, 1]
        steps[i] = state[i, 2]
    for i in range(fresh):
        keys[count + i] = ((new[i, 0] - base) << 31) | new[i, 1]
        steps[count + i] = new[i, 2]
    order = np.argsort(keys)
    state = longer(state, total + 8)
    kept = 0
    i = 0
    while i < total:
        key = keys[order[i]]
        step = np.int64(0)
        while i < total and keys[order[i]] == key:
            step += steps[order[i]]
            i += 1
        if step != 0:
            state[kept, 0] = (key >> 31) + base
            state[kept, 1] = key & 0x7FFFFFFF
            state[kept, 2] = step
            kept += 1
    return state, kept


@compiled
def add_open(opened: IntArray, count: Whole, polygon: Whole, step: Whole) -> Whole:
    """Add to the winding number of a polygon in an unsorted set; zeros are taken out."""
    for i in range(count):
        if opened[i, 0] == polygon:
            opened[i, 1] += step
            if opened[i, 1] == 0:
                opened[i, 0], opened[i, 1] = opened[count - 1, 0], opened[count - 1, 1]
                return count - 1
            return count
    opened[count, 0], opened[count, 1] = polygon, step
    return count + 1


@compiled
def first_open(opened: IntArray, count: Whole) -> Whole:
    """Return the lowest polygon of an unsorted set, which is the owner; -1 of an empty one."""
    owner = np.int64(-1)
    for i in range(count):
        if owner == -1 or opened[i, 0] < owner:
            owner = opened[i, 0]
    return owner
