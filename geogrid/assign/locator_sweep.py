"""Building one surface's index: a sweep from west to east through rows of tiles.

The plane is cut into square tiles of ``2**k`` lattice steps. Each row of tiles is swept once
from west to east. The sweep carries, for every lattice row, the polygons whose winding number
there is not zero; it is kept as its differences along the rows, a short sorted list of
``(row, polygon, step)``. Where an edge passes through a tile, the rows are cut into bands in which
the order of the edges does not change, and a band is a run of (edge, who owns the points west
of it). Joining the bands again gives the tile's list (see `locator_kernel.resolved`).

Only whole lattice rows are looked at, so edges may cross, overlap or repeat between and on them: what is
built is exactly the half-open rule of `geogrid.lattice.winding`, the lowest row
first where polygons overlap.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_border import RECORD_WORDS, ordered, record_of, straight
from geogrid.assign.locator_tile import crossing, tile_nodes
from geogrid.assign.locator_winding import add_open, add_step, first_open, longer, merge_steps
from geogrid.compiled import Whole, compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["CHILD_BITS", "edges_by_strip", "renumber", "sweep"]

CHILD_BITS = 4
"""A crowded tile is divided in 2**4 by 2**4 tiles."""
_MOST_RECORDS = 24
_MOST_ENTRIES = 8
_WIDEST = 16


@compiled
def edges_by_strip(
    line: Int32Array, y0: Whole, k: Whole, strips: int
) -> tuple[IntArray, Int32Array]:  # fmt: skip
    """Return the edges that cross each strip of rows, as offsets and edge numbers."""
    offsets = np.zeros(strips + 1, np.int64)
    for e in range(len(line)):
        if line[e, 3] > 0:
            first = (np.int64(line[e, 1]) - y0) >> k
            last = (np.int64(line[e, 1]) + line[e, 3] - 1 - y0) >> k
            for s in range(first, last + 1):
                offsets[s + 1] += 1
    for s in range(strips):
        offsets[s + 1] += offsets[s]
    fill = offsets[:-1].copy()
    edges = np.empty(offsets[-1], np.int32)
    for e in range(len(line)):
        if line[e, 3] > 0:
            first = (np.int64(line[e, 1]) - y0) >> k
            last = (np.int64(line[e, 1]) + line[e, 3] - 1 - y0) >> k
            for s in range(first, last + 1):
                edges[fill[s]] = e
                fill[s] += 1
    return offsets, edges


@compiled
def sweep(
    line: Int32Array, turn: npt.NDArray[np.int8], polygon: Int32Array,
    same_as: Int32Array, records: Int32Array,
    jobs: IntArray, job_edges: Int32Array, job_state: IntArray, k: Whole, width: Whole, table: Int32Array,
) -> tuple[Int32Array, Int32Array, IntArray, Int32Array, IntArray]:  # fmt: skip
    """Fill the tiles of some strips and return their lists and the tiles that are too crowded.

    Parameters
    ----------
    line : (e, 4) int32
        Edges as the lower end's lon and lat, eastward run and northward rise > 0 (horizontal
        edges own nothing and are left out).
    turn : (e,) int8
        What the winding number of `polygon` gains when the edge is passed eastward.
    jobs : (j, 7) int64
        Strips: south row, west column, first and end of its edges in `job_edges`, first and end
        of its western state in `job_state`, place of its first tile in `table`.
    k, width : int
        A tile is 2**k steps wide, a strip `width` tiles long.
    same_as : (e,) int32
        The record of each edge; edges with the same ends share one.
    records : (r, 8) int32
        The borders as they are expected: one polygon on each side.
    table : (t,) int32
        Written: the owner (-1 nobody), ``-2 - 4 * record``, ``-3 - 4 * entry`` or, for a crowded
        tile, ``-4``. Records beyond `records` are those returned.

    Returns
    -------
    more_records : (x, 8) int32
        Borders that are not as expected, and horizontal ones.
    entries : (m, 2) int32
        Lists: record, or ``-2 - owner``; first row | row span << 16, or -1 for the last.
    crowded : (c, 7) int64
        South, west, edges and state of each (like `jobs`), and its place in `table`.
    crowded_edges : (.., 1) int32
    crowded_state : (.., 3) int64
    """
    size = np.int64(1) << k
    entries, n_entries = np.empty((256, 2), np.int32), 0
    extra, n_extra = np.empty((64, RECORD_WORDS), np.int32), 0
    crowded, n_crowded = np.empty((16, 7), np.int64), 0
    crowded_edges, n_crowded_edges = np.empty((64, 1), np.int32), 0
    crowded_state, n_crowded_state = np.empty((64, 3), np.int64), 0
    state = np.empty((64, 3), np.int64)
    passes = np.empty((256, 4), np.int64)
    here = np.empty((64, 4), np.int64)
    news = np.empty((64, 3), np.int64)
    node = np.empty((4 * _MOST_RECORDS, 4), np.int64)
    before = np.zeros((len(node), len(node)), np.bool_)
    order = np.empty(len(node), np.int64)
    starts = np.zeros(width + 1, np.int64)
    for job in range(len(jobs)):
        south, west = jobs[job, 0], jobs[job, 1]
        north = south + size
        # The state at the western side, cut to the strip's rows.
        steps = 0
        n_news = 0
        for i in range(jobs[job, 4], jobs[job, 5]):
            if job_state[i, 0] < north:
                news = longer(news, n_news + 1)
                news[n_news, 0] = max(job_state[i, 0], south)
                news[n_news, 1], news[n_news, 2] = job_state[i, 1], job_state[i, 2]
                n_news += 1
        state, steps = merge_steps(state, 0, news, n_news)
        # Which rows of which edges pass through which tile.
        n_records = 0
        starts[:] = 0
        for i in range(jobs[job, 2], jobs[job, 3]):
            e = np.int64(job_edges[i])
            y, run, rise, x = np.int64(line[e, 1]), np.int64(line[e, 2]), np.int64(line[e, 3]), np.int64(line[e, 0])
            lo, hi = max(y, south), min(y + rise, north)
            if lo >= hi:
                continue
            w0, r0 = crossing(line, e, lo)
            w1, r1 = crossing(line, e, hi - 1)
            # The last lattice column strictly west of the crossing says which tile it is in.
            c0 = (w0 + (1 if r0 > 0 else 0) - 1 - west) >> k
            c1 = (w1 + (1 if r1 > 0 else 0) - 1 - west) >> k
            first, last = max(min(c0, c1), 0), min(max(c0, c1), width - 1)
            for column in range(first, last + 1):
                a, b = lo, hi
                if c0 != c1:
                    tile = west + column * size
                    if run > 0:
                        a = max(a, y + ((tile - x) * rise) // run + 1)
                        b = min(b, y + ((tile + size - x) * rise) // run + 1)
                    else:
                        a = max(a, y - ((tile + size - x) * rise) // -run)
                        b = min(b, y - ((tile - x) * rise) // -run)
                    if a >= b:
                        continue
                passes = longer(passes, n_records + 1)
                passes[n_records, 0], passes[n_records, 1] = e, a
                passes[n_records, 2], passes[n_records, 3] = b, column
                starts[column + 1] += 1
                n_records += 1
        for column in range(width):
            starts[column + 1] += starts[column]
        place = starts[:-1].copy()
        sorted_records = np.empty(n_records, np.int64)
        for i in range(n_records):
            column = passes[i, 3]
            sorted_records[place[column]] = i
            place[column] += 1
        last_value, last_plain = np.int64(0), False
        for column in range(width):
            base = jobs[job, 6] + column
            n_here = starts[column + 1] - starts[column]
            if n_here == 0 and last_plain:
                table[base] = last_value
                continue
            tile = west + column * size
            here = longer(here, n_here)
            for i in range(n_here):
                source = sorted_records[starts[column] + i]
                for c in range(3):
                    here[i, c] = passes[source, c]
            nodes = -1
            if k == 0 or (n_here == 0 and (steps == 0 or (steps == 1 and state[0, 0] == south))):
                # One owner: a single lattice point, or nothing in the way. Every edge of a
                # tile runs east of its westernmost column.
                n_open = 0
                opened = np.empty((steps + 1, 2), np.int64)
                for i in range(steps):
                    n_open = add_open(opened, n_open, state[i, 1], state[i, 2])
                nodes = 1
                node[0, 2], node[0, 3] = -1, first_open(opened, n_open)
            elif n_here <= _MOST_RECORDS and k <= _WIDEST and steps <= 4 * _MOST_RECORDS:
                nodes = tile_nodes(
                    line, turn, polygon, here, n_here, state, steps, south, north, tile + size, node, before
                )
            if nodes == 1 and node[0, 2] < 0:
                table[base] = node[0, 3]
            elif (
                nodes > 0
                and (nodes - 1 <= _MOST_ENTRIES or (n_here == 0 and k <= _WIDEST))
                and ordered(node, before, nodes, order)
            ):
                kind = straight(line, node, nodes, south, north, tile, tile + size)
                if kind >= 0:
                    record, extra, n_extra = record_of(line, same_as, records, node, kind, nodes, extra, n_extra)
                    table[base] = -2 - 4 * record
                else:
                    entries = longer(entries, n_entries + nodes)
                    table[base] = -3 - 4 * n_entries
                    for i in range(nodes):
                        n = order[i]
                        if node[n, 2] < 0:
                            entries[n_entries, 0] = -2 - node[n, 3]
                        else:
                            record, extra, n_extra = record_of(line, same_as, records, node, n, 0, extra, n_extra)
                            entries[n_entries, 0] = record
                        span = (node[n, 0] - south) | ((node[n, 1] - node[n, 0] - 1) << 16)
                        entries[n_entries, 1] = np.uint32(span) if i < nodes - 1 else np.uint32(0xFFFFFFFF)
                        n_entries += 1
            else:
                table[base] = -4
                crowded = longer(crowded, n_crowded + 1)
                crowded[n_crowded, 0], crowded[n_crowded, 1] = south, tile
                crowded[n_crowded, 2], crowded[n_crowded, 3] = n_crowded_edges, n_crowded_edges + n_here
                crowded[n_crowded, 4], crowded[n_crowded, 5] = n_crowded_state, n_crowded_state + steps
                crowded[n_crowded, 6] = base
                n_crowded += 1
                crowded_edges = longer(crowded_edges, n_crowded_edges + n_here)
                crowded_state = longer(crowded_state, n_crowded_state + steps)
                for i in range(n_here):
                    crowded_edges[n_crowded_edges + i, 0] = here[i, 0]
                for i in range(steps):
                    for c in range(3):
                        crowded_state[n_crowded_state + i, c] = state[i, c]
                n_crowded_edges += n_here
                n_crowded_state += steps
            # Carry the state to the next tile.
            if 2 * n_here <= 16:
                state = longer(state, steps + 2 * n_here + 8)
                for i in range(n_here):
                    e = here[i, 0]
                    steps = add_step(state, steps, here[i, 1], np.int64(polygon[e]), np.int64(turn[e]))
                    if here[i, 2] < north:
                        steps = add_step(state, steps, here[i, 2], np.int64(polygon[e]), -np.int64(turn[e]))
            else:
                news = longer(news, 2 * n_here)
                n_news = 0
                for i in range(n_here):
                    e = here[i, 0]
                    news[n_news, 0], news[n_news, 1], news[n_news, 2] = here[i, 1], polygon[e], turn[e]
                    n_news += 1
                    if here[i, 2] < north:
                        news[n_news, 0], news[n_news, 1], news[n_news, 2] = here[i, 2], polygon[e], -turn[e]
                        n_news += 1
                state, steps = merge_steps(state, steps, news, n_news)
            # A tile without edges repeats its western neighbour, unless that one held edges.
            last_value = np.int64(table[base])
            last_plain = n_here == 0 and last_value != -4
    return (
        extra[:n_extra],
        entries[:n_entries],
        crowded[:n_crowded],
        crowded_edges[:n_crowded_edges],
        crowded_state[:n_crowded_state],
    )


@compiled
def renumber(
    table: Int32Array, jobs: IntArray, width: Whole, entries: Whole, records: Whole, shared: Whole
) -> None:  # fmt: skip
    """Shift the numbers of entries, and of records after the shared ones, in the tiles of some strips."""
    for job in range(len(jobs)):
        for at in range(jobs[job, 6], jobs[job, 6] + width):
            place = -2 - table[at]
            if place < 0:
                continue
            if place & 3 == 1:
                table[at] -= 4 * entries
            elif place & 3 == 0 and place >> 2 >= shared:
                table[at] -= 4 * records
