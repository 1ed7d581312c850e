"""Divide a parent's atoms into cells: components, bisection, then a second look at pairs."""

from __future__ import annotations

import numpy as np

from geogrid.partition.blocks.bisect import bisect_region
from geogrid.partition.blocks.chords import Obstacles
from geogrid.partition.blocks.compiled import compiled
from geogrid.partition.blocks.mesh import Mesh
from geogrid.types import Int32Array, IntArray

__all__ = ["cells_for", "divide_atoms"]


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
def divide_atoms(  # type: ignore[no-untyped-def]
    mesh: Mesh, targets, tolerance: float, obstacles: Obstacles, seed: int, effort: float
):  # fmt: skip
    """Return (faces in use,) the cell of each atom, and (cells,) the component each cell is of.

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
    cell_part = np.empty(faces, np.int32)
    cells = 0
    stack_head, stack_count = np.empty(faces + 1, np.int64), np.empty(faces + 1, np.int64)
    for c in range(components):
        area = 0.0
        f = heads[c]
        target = targets[mesh.zone[f]]
        while f >= 0:
            area += mesh.area[f]
            f = chain[f]
        stack_head[0] = heads[c]
        stack_count[0] = 1 if np.isinf(target) else cells_for(area, target)
        top = 1
        while top > 0:
            top -= 1
            head, count = stack_head[top], stack_count[top]
            n = 0
            f = head
            while f >= 0:
                n += 1
                f = chain[f]
            members = np.empty(n, np.int32)
            f = head
            for i in range(n):
                members[i] = f
                f = chain[f]
            if count > 1:
                trials = int(effort * (12 if n <= 4 else 40 if n <= 30 else max(6, 1200 // n)))
                cost, first, side = bisect_region(
                    mesh, members, count, target, tolerance, obstacles, loc, state, max(trials, 1), np.inf
                )
                if first == 0 and count > 1:
                    cost, first, side = bisect_region(
                        mesh, members, count, target, 0.30, obstacles, loc, state, 2 * max(trials, 1), np.inf
                    )
                if first > 0:
                    one, two = np.int64(-1), np.int64(-1)
                    for i in range(len(side) - 1, -1, -1):
                        f = members[i] if i < n else np.int32(mesh.used[2] - 1)
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
            for i in range(n):
                cell[members[i]] = cells
            cell_part[cells] = c
            cells += 1
    return cell[: mesh.used[2]], cell_part[:cells]
