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

from geogrid.assign.compiled import Whole, compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["CHILD_BITS", "RECORD_WORDS", "edges_by_strip", "renumber", "sweep"]

RECORD_WORDS = 8
"""int32 words of a border record: ax, ay, run, rise, owner west of it, owner east of it, 0, 0."""
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
def _longer(array: Int32Array, least: Whole) -> Int32Array:
    if least <= len(array):
        return array
    bigger = np.empty((max(least, 2 * len(array)), array.shape[1]), np.int32)
    bigger[: len(array)] = array
    return bigger


@compiled
def _longer64(array: IntArray, least: Whole) -> IntArray:
    if least <= len(array):
        return array
    bigger = np.empty((max(least, 2 * len(array)), array.shape[1]), np.int64)
    bigger[: len(array)] = array
    return bigger


@compiled
def _crossing(line: Int32Array, e: Whole, row: Whole) -> tuple[Whole, Whole]:
    """Return where an edge crosses a lattice row: whole steps, and the rest in 1/rise steps."""
    rise = np.int64(line[e, 3])
    run = (row - line[e, 1]) * np.int64(line[e, 2])
    whole = run // rise
    return line[e, 0] + whole, run - whole * rise


@compiled
def _add_step(state: IntArray, count: Whole, row: Whole, polygon: Whole, step: Whole) -> Whole:
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
def _merge_steps(state: IntArray, count: Whole, new: IntArray, fresh: Whole) -> tuple[IntArray, int]:
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
    state = _longer64(state, total + 8)
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
def _open_add(opened: IntArray, count: Whole, polygon: Whole, step: Whole) -> Whole:
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
def _first_open(opened: IntArray, count: Whole) -> Whole:
    owner = np.int64(-1)
    for i in range(count):
        if owner == -1 or opened[i, 0] < owner:
            owner = opened[i, 0]
    return owner


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
            whole, rest = _crossing(line, e, rows[side])
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
        w1, r1 = _crossing(line, p, rows[side])
        w2, r2 = _crossing(line, q, rows[side])
        if w1 != w2 or r1 * np.int64(line[q, 3]) != r2 * np.int64(line[p, 3]):
            return False
    return True


@compiled
def _tile_nodes(
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
                n_open = _open_add(opened, n_open, state[i, 1], state[i, 2])
        n_chain = 0
        i = 0
        owner = _first_open(opened, n_open)
        while i <= n_active:
            edge = np.int64(-1)
            ahead = owner
            if i < n_active:
                edge = active[i]
                j = i
                while j < n_active and _same_line(rows, line, edge, active[j]):
                    n_open = _open_add(opened, n_open, np.int64(polygon[active[j]]), np.int64(turn[active[j]]))
                    j += 1
                i = j
                # Nothing of the tile lies east of an edge that runs between this tile and the next.
                reach = np.int64(2**62)
                for side in range(2):
                    whole, rest = _crossing(line, edge, rows[side])
                    reach = min(reach, whole + (1 if rest > 0 else 0))
                if reach > east - 1:
                    continue
                owner = _first_open(opened, n_open)
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


@compiled
def _ordered(node: IntArray, before: npt.NDArray[np.bool_], nodes: Whole, order: IntArray) -> bool:
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
def _straight(
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
                whole, rest = _crossing(line, edge, lo if side == 0 else hi - 1)
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
def _record(
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
    extra = _longer(extra, n_extra + 1)
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
                news = _longer64(news, n_news + 1)
                news[n_news, 0] = max(job_state[i, 0], south)
                news[n_news, 1], news[n_news, 2] = job_state[i, 1], job_state[i, 2]
                n_news += 1
        state, steps = _merge_steps(state, 0, news, n_news)
        # Which rows of which edges pass through which tile.
        n_records = 0
        starts[:] = 0
        for i in range(jobs[job, 2], jobs[job, 3]):
            e = np.int64(job_edges[i])
            y, run, rise, x = np.int64(line[e, 1]), np.int64(line[e, 2]), np.int64(line[e, 3]), np.int64(line[e, 0])
            lo, hi = max(y, south), min(y + rise, north)
            if lo >= hi:
                continue
            w0, r0 = _crossing(line, e, lo)
            w1, r1 = _crossing(line, e, hi - 1)
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
                passes = _longer64(passes, n_records + 1)
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
            here = _longer64(here, n_here)
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
                    n_open = _open_add(opened, n_open, state[i, 1], state[i, 2])
                nodes = 1
                node[0, 2], node[0, 3] = -1, _first_open(opened, n_open)
            elif n_here <= _MOST_RECORDS and k <= _WIDEST and steps <= 4 * _MOST_RECORDS:
                nodes = _tile_nodes(
                    line, turn, polygon, here, n_here, state, steps, south, north, tile + size, node, before
                )
            if nodes == 1 and node[0, 2] < 0:
                table[base] = node[0, 3]
            elif (
                nodes > 0
                and (nodes - 1 <= _MOST_ENTRIES or (n_here == 0 and k <= _WIDEST))
                and _ordered(node, before, nodes, order)
            ):
                kind = _straight(line, node, nodes, south, north, tile, tile + size)
                if kind >= 0:
                    record, extra, n_extra = _record(line, same_as, records, node, kind, nodes, extra, n_extra)
                    table[base] = -2 - 4 * record
                else:
                    entries = _longer(entries, n_entries + nodes)
                    table[base] = -3 - 4 * n_entries
                    for i in range(nodes):
                        n = order[i]
                        if node[n, 2] < 0:
                            entries[n_entries, 0] = -2 - node[n, 3]
                        else:
                            record, extra, n_extra = _record(line, same_as, records, node, n, 0, extra, n_extra)
                            entries[n_entries, 0] = record
                        span = (node[n, 0] - south) | ((node[n, 1] - node[n, 0] - 1) << 16)
                        entries[n_entries, 1] = np.uint32(span) if i < nodes - 1 else np.uint32(0xFFFFFFFF)
                        n_entries += 1
            else:
                table[base] = -4
                crowded = _longer64(crowded, n_crowded + 1)
                crowded[n_crowded, 0], crowded[n_crowded, 1] = south, tile
                crowded[n_crowded, 2], crowded[n_crowded, 3] = n_crowded_edges, n_crowded_edges + n_here
                crowded[n_crowded, 4], crowded[n_crowded, 5] = n_crowded_state, n_crowded_state + steps
                crowded[n_crowded, 6] = base
                n_crowded += 1
                crowded_edges = _longer(crowded_edges, n_crowded_edges + n_here)
                crowded_state = _longer64(crowded_state, n_crowded_state + steps)
                for i in range(n_here):
                    crowded_edges[n_crowded_edges + i, 0] = here[i, 0]
                for i in range(steps):
                    for c in range(3):
                        crowded_state[n_crowded_state + i, c] = state[i, c]
                n_crowded_edges += n_here
                n_crowded_state += steps
            # Carry the state to the next tile.
            if 2 * n_here <= 16:
                state = _longer64(state, steps + 2 * n_here + 8)
                for i in range(n_here):
                    e = here[i, 0]
                    steps = _add_step(state, steps, here[i, 1], np.int64(polygon[e]), np.int64(turn[e]))
                    if here[i, 2] < north:
                        steps = _add_step(state, steps, here[i, 2], np.int64(polygon[e]), -np.int64(turn[e]))
            else:
                news = _longer64(news, 2 * n_here)
                n_news = 0
                for i in range(n_here):
                    e = here[i, 0]
                    news[n_news, 0], news[n_news, 1], news[n_news, 2] = here[i, 1], polygon[e], turn[e]
                    n_news += 1
                    if here[i, 2] < north:
                        news[n_news, 0], news[n_news, 1], news[n_news, 2] = here[i, 2], polygon[e], -turn[e]
                        n_news += 1
                state, steps = _merge_steps(state, steps, news, n_news)
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
