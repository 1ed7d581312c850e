"""Look again through windows: cells that cost much are grouped anew with a few of their neighbours."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.mesh import Mesh
from geogrid.partition.blocks.regroup import redivide_window
from geogrid.partition.blocks.trees import next_random
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["look_through_windows", "neighbours"]

WINDOWS = 20
"""Windows tried around a cell before it is left as it is."""

WINDOW_COST = 1.0
"""A cell that costs less, in sides of a target cell, is left as it is."""

LEAST_CELLS, SIZES = 3, 4
"""Windows have 3, 4, 5 or 6 cells in turn."""


@compiled
def neighbours(mesh: Mesh, chain: Int32Array, head: int, cell: Int32Array) -> IntArray:
    """Return the cells that share a border that is not hard with the cell at `head`, in its zone."""
    found = np.empty(64, np.int64)
    count = 0
    f = head
    while f >= 0:
        at = first = mesh.start[f]
        while True:
            other = mesh.face[at ^ 1]
            if other >= 0 and cell[other] != cell[f] and not mesh.hard[at >> 1] and mesh.zone[other] == mesh.zone[f]:
                known = False
                for i in range(count):
                    known = known or found[i] == cell[other]
                if not known and count < 64:
                    found[count] = cell[other]
                    count += 1
            at = mesh.succ[at]
            if at == first:
                break
        f = chain[f]
    return np.sort(found[:count])


@compiled
def _window(
    mesh: Mesh, c: int, size: int, heads: Int32Array, chain: Int32Array, cell: Int32Array, state: IntArray
) -> IntArray:
    """Return up to `size` cells that hang together, `c` first, at random."""
    window = np.empty(size, np.int64)
    window[0] = c
    n = 1
    misses = 0
    while n < size and misses < 6:
        near = neighbours(mesh, chain, heads[window[int(next_random(state) * n)]], cell)
        if len(near) == 0:
            break
        d = near[int(next_random(state) * len(near))]
        known = False
        for i in range(n):
            known = known or window[i] == d
        if known:
            misses += 1
            continue
        window[n] = d
        n += 1
    return window[:n]


@compiled
def look_through_windows(
    mesh: Mesh, targets: FloatArray, tolerance: float, heads: Int32Array, chain: Int32Array, cell: Int32Array,
    cost: FloatArray, loc: Int32Array, state: IntArray,
) -> None:  # fmt: skip
    """Group the pieces of costly cells anew, with a few neighbours each, as long as that finds something.

    Parameters
    ----------
    targets : (zones,) float64
        Target area of each zone, m²; infinite for zones kept whole.
    heads, chain, cell, cost, loc
        As `redivide_window` takes and writes them.
    state : (1,) int64
        Of the random numbers.
    """
    for c in range(len(heads)):
        target = targets[mesh.zone[heads[c]]]
        if np.isinf(target):
            continue
        tries = 0
        while tries < WINDOWS and cost[c] > WINDOW_COST * np.sqrt(target):
            tries += 1
            window = _window(mesh, c, LEAST_CELLS + tries % SIZES, heads, chain, cell, state)
            if len(window) >= LEAST_CELLS and redivide_window(
                mesh, window, heads, chain, cell, cost, target, tolerance, loc
            ):
                tries = 0
