"""One tile: the bands of rows in which the order of its edges does not change, and who owns what."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_winding import add_open, first_open
from geogrid.compiled import Whole, compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["crossing", "tile_nodes"]


@compiled
def crossing(line: Int32Array, e: Whole, row: Whole) -> tuple[Whole, Whole]:
    """Return where an edge crosses a lattice row: whole steps, and the rest in 1/rise steps."""
    rise = np.int64(line[e, 3])
    run = (row - line[e, 1]) * np.int64(line[e, 2])
    whole = run // rise
    return line[e, 0] + whole, run - whole * rise


@compiled
def _in_order(rows: IntArray, line: Int32Array,
              active: IntArray, count: Whole) -> bool:  # fmt: skip
    """Sort active edges by where they cross the first, then the last row; tell if one order serves both.

    `rows` holds the first and the last row of the band.
    """
    at = np.empty((count, 4), np.int64)
    for i in range(count):
        e = active[i]
        for side in range(2):
            whole, rest = crossing(line, e, rows[side])
            at[i, 2 * side], at[i, 2 * side + 1] = whole, rest
    for i in range(1, count):
        j = i
        while j > 0:
            p, q = active[j - 1], active[j]
            order = np.int64(0)
            for side in range(2):
                if order == 0:
                    order = at[j - 1, 2 * side] - at[j, 2 * side]
                if order == 0:
                    order = at[j - 1, 2 * side + 1] * np.int64(line[q, 3]) - at[j, 2 * side + 1] * np.int64(line[p, 3])
            if order < 0 or (order == 0 and p < q):
                break
            active[j - 1], active[j] = q, p
            for c in range(4):
                at[j - 1, c], at[j, c] = at[j, c], at[j - 1, c]
            j -= 1
    for i in range(1, count):
        p, q = active[i - 1], active[i]
        if at[i - 1, 2] > at[i, 2]:
            return False
        if at[i - 1, 2] == at[i, 2] and at[i - 1, 3] * np.int64(line[q, 3]) > at[i, 3] * np.int64(line[p, 3]):
            return False
    return True


@compiled
def _same_line(rows: IntArray, line: Int32Array, p: Whole, q: Whole) -> bool:
    """Tell whether two edges cross the first and the last row of a band at the same places."""
    for side in range(2):
        w1, r1 = crossing(line, p, rows[side])
        w2, r2 = crossing(line, q, rows[side])
        if w1 != w2 or r1 * np.int64(line[q, 3]) != r2 * np.int64(line[p, 3]):
            return False
    return True


@compiled
def tile_nodes(
    line: Int32Array, turn: npt.NDArray[np.int8], polygon: Int32Array,
    record: IntArray, records: Whole, state: IntArray, steps: Whole,
    south: Whole, north: Whole, east: Whole, node: IntArray, before: npt.NDArray[np.bool_],
) -> Whole:  # fmt: skip
    """Fill `node` with (first row, end row, edge or -1, owner) and who must stand before whom.

    Returns the number of nodes, or -1 if they do not fit.
    """
    cuts = np.empty(2 * records + steps + 2, np.int64)
    cuts[0], cuts[1] = south, north
    count = 2
    for i in range(records):
        cuts[count], cuts[count + 1] = record[i, 1], record[i, 2]
        count += 2
    for i in range(steps):
        cuts[count] = state[i, 0]
        count += 1
    cuts = np.sort(cuts[:count])
    active = np.empty(max(records, 1), np.int64)
    opened = np.empty((steps + records + 1, 2), np.int64)
    rows = np.empty(2, np.int64)
    nodes = 0
    earlier = np.empty(records + 1, np.int64)
    chain = np.empty(records + 1, np.int64)
    n_earlier = 0
    band = 1
    r0 = cuts[0]
    pending = np.empty(64, np.int64)
    n_pending = 0
    while band < count or n_pending > 0:
        if n_pending > 0:
            n_pending -= 1
            r1 = pending[n_pending]
        else:
            r1 = cuts[band]
            band += 1
        if r1 <= r0:
            continue
        n_active = 0
        for i in range(records):
            if record[i, 1] <= r0 and record[i, 2] > r0:
                active[n_active] = record[i, 0]
                n_active += 1
        rows[0], rows[1] = r0, r1 - 1
        if not _in_order(rows, line, active, n_active):
            pending[n_pending], pending[n_pending + 1] = r1, (r0 + r1) // 2
            n_pending += 2
            continue
        n_open = 0
        for i in range(steps):
            if state[i, 0] <= r0:
                n_open = add_open(opened, n_open, state[i, 1], state[i, 2])
        n_chain = 0
        i = 0
        owner = first_open(opened, n_open)
        while i <= n_active:
            edge = np.int64(-1)
            ahead = owner
            if i < n_active:
                edge = active[i]
                j = i
                while j < n_active and _same_line(rows, line, edge, active[j]):
                    n_open = add_open(opened, n_open, np.int64(polygon[active[j]]), np.int64(turn[active[j]]))
                    j += 1
                i = j
                # Nothing of the tile lies east of an edge that runs between this tile and the next.
                reach = np.int64(2**62)
                for side in range(2):
                    whole, rest = crossing(line, edge, rows[side])
                    reach = min(reach, whole + (1 if rest > 0 else 0))
                if reach > east - 1:
                    continue
                owner = first_open(opened, n_open)
                if owner == ahead:
                    continue
            else:
                i += 1
            found = np.int64(-1)
            for j in range(n_earlier):
                if node[earlier[j], 2] == edge and node[earlier[j], 3] == ahead and node[earlier[j], 1] == r0:
                    found = earlier[j]
            if found < 0:
                if nodes == len(node):
                    return -1
                found = np.int64(nodes)
                node[nodes, 0], node[nodes, 2], node[nodes, 3] = r0, edge, ahead
                before[nodes, :] = False
                before[:, nodes] = False
                nodes += 1
            node[found, 1] = r1
            if n_chain > 0:
                before[chain[n_chain - 1], found] = True
            chain[n_chain] = found
            n_chain += 1
        for j in range(n_chain):
            earlier[j] = chain[j]
        n_earlier = n_chain
        r0 = r1
    return nodes
