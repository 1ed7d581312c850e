"""Divide a parent's atoms into cells: components, bisection, then a second look at pairs."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.bisect import bisect_region
from geogrid.partition.blocks.chords import Obstacles
from geogrid.partition.blocks.mesh import CUT, Mesh, remove_antenna, remove_edge, restore_edge, undo_until
from geogrid.partition.blocks.region import region_cost
from geogrid.partition.blocks.shape import edge_cost
from geogrid.partition.blocks.windows import look_through_windows, neighbours
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["cells_for", "divide_atoms"]


TREES = 12
"""Spanning trees tried for a region of a few atoms."""

FAIR_COST = 0.7
"""A cell that costs less, in sides of a target cell, is not divided anew: a square on local streets."""


MOST_TRIPLES = 3
"""Triples tried for a cell off its size."""


@compiled
def cells_for(area: float, target: float) -> int:
    """Return into how many cells an area is best divided: the least relative miss."""
    low = max(1, int(area / target))
    return low if abs(area / low / target - 1) <= abs(area / (low + 1) / target - 1) else low + 1


@compiled
def _free_components(mesh: Mesh) -> Int32Array:
    """Return (faces,) the component each atom is connected with across borders not hard, in its zone."""
    faces = mesh.used[2]
    part = np.full(faces, -1, np.int32)
    stack = np.empty(faces, np.int64)
    count = 0
    for f in range(faces):
        if part[f] >= 0 or mesh.start[f] < 0:
            continue
        part[f] = count
        stack[0] = f
        top = 1
        while top > 0:
            top -= 1
            u = stack[top]
            at = first = mesh.start[u]
            while True:
                v = mesh.face[at ^ 1]
                if v >= 0 and part[v] < 0 and not mesh.hard[at >> 1] and mesh.zone[v] == mesh.zone[u]:
                    part[v] = count
                    stack[top] = v
                    top += 1
                at = mesh.succ[at]
                if at == first:
                    break
        count += 1
    return part


@compiled
def _members(chain: Int32Array, head: int) -> Int32Array:
    """Return the atoms of a linked list."""
    n = 0
    f = head
    while f >= 0:
        n += 1
        f = chain[f]
    result = np.empty(n, np.int32)
    f = head
    for i in range(n):
        result[i] = f
        f = chain[f]
    return result


@compiled
def _split_region(
    mesh: Mesh, chain: Int32Array, head: int, count: int, target: float, tolerance: float, obstacles: Obstacles,
    loc: Int32Array, state: IntArray, effort: float, limit: float,
) -> IntArray:  # fmt: skip
    """Bisect the linked atoms until each part is one cell; return the heads of the parts.

    With a finite `limit` a bisection that costs as much is not made, nor one beyond the tolerance.
    """
    heads = np.empty(count, np.int64)
    done = 0
    stack_head, stack_count = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    stack_head[0], stack_count[0] = head, count
    top = 1
    while top > 0:
        top -= 1
        head, count = stack_head[top], stack_count[top]
        if count > 1:
            members = _members(chain, head)
            n = len(members)
            trials = max(1, int(effort * (TREES if n > 4 else TREES // 2) * min(1.0, 30.0 / n)))
            if n <= 3:
                trials = 1 if n < 3 else 3
            first, side = 0, np.empty(0, np.int8)
            for loosened in (tolerance, 2 * tolerance, 6 * tolerance):
                _, first, side = bisect_region(
                    mesh, members, count, target, loosened, obstacles, loc, state, trials, limit
                )
                if first > 0 or limit < np.inf:
                    break
            if first > 0:
                one, two = np.int64(-1), np.int64(-1)
                for i in range(len(side) - 1, -1, -1):
                    f = np.int64(members[i]) if i < n else mesh.used[2] - 1
                    if side[i] == 0:
                        chain[f] = one
                        one = f
                    else:
                        chain[f] = two
                        two = f
                stack_head[top], stack_count[top] = two, count - first
                stack_head[top + 1], stack_count[top + 1] = one, first
                top += 2
                continue
        heads[done] = head
        done += 1
    return heads[:done]


@compiled
def _cost_of(mesh: Mesh, chain: Int32Array, head: int, cell: Int32Array, target: float, tolerance: float) -> float:
    return region_cost(mesh, _members(chain, head), cell, target, tolerance)


@compiled
def _dissolve(mesh: Mesh, group: Int32Array, cell: Int32Array, cells: IntArray, log: IntArray) -> int:
    """Take out chords inside a group of cells; return how many edges `log` names."""
    taken = 0
    for i in range(len(group)):
        f = group[i]
        again = True
        while again and mesh.start[f] >= 0:
            again = False
            at = first = mesh.start[f]
            while True:
                other = mesh.face[at ^ 1]
                if other >= 0 and mesh.kind[at >> 1] == CUT and taken < len(log):
                    if other != f:
                        inside = False
                        for c in cells:
                            inside = inside or cell[other] == c
                        if inside:
                            remove_edge(mesh, at >> 1)
                            log[taken] = at >> 1
                            taken += 1
                            again = True
                            break
                    elif remove_antenna(mesh, at >> 1):
                        log[taken] = at >> 1
                        taken += 1
                        again = True
                        break
                at = mesh.succ[at]
                if at == first:
                    break
    return taken


@compiled
def _outer_cost(mesh: Mesh, face: int, cell: Int32Array, cells: IntArray) -> float:
    """Return what the borders of an atom with cells other than `cells` cost."""
    result = 0.0
    at = first = mesh.start[face]
    while True:
        other = mesh.face[at ^ 1]
        if other >= 0:
            inside = False
            for c in cells:
                inside = inside or cell[other] == c
            if not inside:
                a, b, e = mesh.origin[at], mesh.origin[at ^ 1], at >> 1
                length = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
                result += edge_cost(length, mesh.kind[e], mesh.worth[e], mesh.hard[e])
        at = mesh.succ[at]
        if at == first:
            return result


@compiled
def _retry(
    mesh: Mesh, cells: IntArray, heads: Int32Array, chain: Int32Array, cell: Int32Array, cost: FloatArray,
    target: float, tolerance: float, obstacles: Obstacles, loc: Int32Array, state: IntArray, effort: float,
) -> bool:  # fmt: skip
    """Divide a few cells anew and keep the result if it is better; return whether it is."""
    k = len(cells)
    if mesh.used[1] + 3 * k >= len(mesh.kind) or mesh.used[2] + k >= len(mesh.area):
        return False
    before = 0.0
    n = 0
    for c in cells:
        before += cost[c]
        f = heads[c]
        while f >= 0:
            n += 1
            f = chain[f]
    group = np.empty(n, np.int32)
    n = 0
    for c in cells:
        f = heads[c]
        while f >= 0:
            group[n] = f
            n += 1
            f = chain[f]
    old_cell = cell[group]
    old_chain = chain[group]
    log = np.empty(256, np.int64)
    taken = _dissolve(mesh, group, cell, cells, log)
    marks = mesh.used.copy()
    outer = 0.0
    for i in range(n):
        if mesh.start[group[i]] >= 0:
            outer += _outer_cost(mesh, group[i], cell, cells) / 2
    head = np.int64(-1)
    total = 0.0
    for i in range(n - 1, -1, -1):
        f = group[i]
        if mesh.start[f] >= 0:
            chain[f] = head
            head = np.int64(f)
            total += mesh.area[f]
    better = False
    if cells_for(total, target) == k:
        found = _split_region(mesh, chain, head, k, target, tolerance, obstacles, loc, state, effort, before - outer)
        if len(found) == k:
            for i in range(k):
                f = found[i]
                while f >= 0:
                    cell[f] = cells[i]
                    f = chain[f]
            after = np.empty(k)
            for i in range(k):
                after[i] = _cost_of(mesh, chain, found[i], cell, target, tolerance)
            if after.sum() < before - 0.5:
                better = True
                for i in range(k):
                    heads[cells[i]] = found[i]
                    cost[cells[i]] = after[i]
    if not better:
        undo_until(mesh, marks[0], marks[1])
        for i in range(taken - 1, -1, -1):
            restore_edge(mesh, log[i])
        cell[group] = old_cell
        chain[group] = old_chain
    return better


@compiled
def divide_atoms(
    mesh: Mesh, targets: FloatArray, tolerance: float, obstacles: Obstacles, seed: int, effort: float, passes: int
) -> tuple[Int32Array, Int32Array]:  # fmt: skip
    """Return (faces in use,) the cell of each atom, and (cells,) the component each cell is of.

    Every component, that is what hard borders and zones leave connected, is bisected down to
    cells. Then neighbouring cells are taken together by twos and threes, their chords
    forgotten, and divided anew; what is better stays.

    Parameters
    ----------
    mesh : Mesh
        Chords are added to it.
    targets : (zones,) float64
        Target area of each zone, m²; infinite for zones kept whole.
    tolerance : float
        As a part of the target.
    seed : int
    effort : float
        Factor on the number of trees tried.
    passes : int
        Rounds of dividing anew.
    """
    part = _free_components(mesh)
    faces = len(mesh.area)
    loc = np.full(faces, -1, np.int32)
    cell = np.full(faces, -1, np.int32)
    chain = np.full(faces, -1, np.int32)
    state = np.array([seed & 0x7FFFFFFF], np.int64)
    used = mesh.used[2]
    components = 0
    for f in range(used):
        components = max(components, part[f] + 1)
    heads = np.full(components, -1, np.int32)
    for f in range(used - 1, -1, -1):
        if part[f] >= 0:
            chain[f] = heads[part[f]]
            heads[part[f]] = f
    cell_part, cell_head = np.empty(faces, np.int32), np.empty(faces, np.int32)
    cells = 0
    for c in range(components):
        area = 0.0
        f = heads[c]
        target = targets[mesh.zone[f]]
        while f >= 0:
            area += mesh.area[f]
            f = chain[f]
        count = 1 if np.isinf(target) else cells_for(area, target)
        found = _split_region(mesh, chain, heads[c], count, target, tolerance, obstacles, loc, state, effort, np.inf)
        for head in found:
            f = np.int64(head)
            while f >= 0:
                cell[f] = cells
                f = chain[f]
            cell_part[cells], cell_head[cells] = c, head
            cells += 1
    cost = np.empty(cells)
    for c in range(cells):
        target = targets[mesh.zone[cell_head[c]]]
        cost[c] = 0.0
        if not np.isinf(target):
            cost[c] = _cost_of(mesh, chain, cell_head[c], cell, target, tolerance)
    changed = np.zeros(cells, np.int64)
    for turn in range(1, passes + 1):
        for c in range(cells):
            target = targets[mesh.zone[cell_head[c]]]
            if np.isinf(target):
                continue
            fair = FAIR_COST * np.sqrt(target)
            near = neighbours(mesh, chain, cell_head[c], cell)
            for d in near:
                if d < c and cost[d] > cost[c]:
                    continue
                if (turn > 1 and max(changed[c], changed[d]) < turn - 1) or cost[c] + cost[d] < 2 * fair:
                    continue
                if _retry(mesh, np.array([c, d]), cell_head, chain, cell, cost, target, tolerance, obstacles, loc,
                          state, effort):  # fmt: skip
                    changed[c] = changed[d] = turn
            off = 0.0
            f = np.int64(cell_head[c])
            while f >= 0:
                off += mesh.area[f]
                f = chain[f]
            if abs(off / target - 1) < 0.97 * tolerance and cost[c] < 3 * fair:
                continue
            near = neighbours(mesh, chain, cell_head[c], cell)
            left = MOST_TRIPLES
            for d in near:
                for e in neighbours(mesh, chain, cell_head[d], cell):
                    if e == c or left == 0:
                        continue
                    left -= 1
                    if _retry(mesh, np.array([c, d, e]), cell_head, chain, cell, cost, target, tolerance, obstacles,
                              loc, state, effort):  # fmt: skip
                        changed[c] = changed[d] = changed[e] = turn
                        left = 0
    look_through_windows(mesh, targets, tolerance, cell_head[:cells], chain, cell, cost, loc, state)
    return cell[: mesh.used[2]], cell_part[:cells]
