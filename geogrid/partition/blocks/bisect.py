"""Bisect a region along its seams, or by one chord, into parts of whole cells."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.partition.blocks.chordcut import Chords, corner_at, cut_by_chord, find_chords
from geogrid.partition.blocks.chords import Obstacles, read_ring
from geogrid.partition.blocks.mesh import CUT, Mesh, insert_chord
from geogrid.partition.blocks.region import Region, SideArray, measure_region, side_shape
from geogrid.partition.blocks.shape import FORBIDDEN, size_cost
from geogrid.partition.blocks.trees import Tree, grow_tree
from geogrid.types import Int32Array, IntArray

__all__ = ["bisect_region"]

CHORD_CELLS, CHORD_ATOMS = 8, 80
"""Chords are sought in a region of at most so many, or when nothing else worked."""


@compiled
def bisect_region(
    mesh: Mesh, faces: Int32Array, cells: int, target: float, tolerance: float, obstacles: Obstacles,
    loc: Int32Array, state: IntArray, trials: int, limit: float,
) -> tuple[float, Whole, SideArray]:  # fmt: skip
    """Divide a connected region into two for some number of cells each.

    Random spanning trees that cross the least important seams first are cut at each of
    their edges; where atoms are too coarse, one atom of the tree is cut by a chord.

    Parameters
    ----------
    faces : (n,) int32
        Atoms, connected across borders that are not hard.
    cells : int
        At least 2.
    loc : (faces,) int32
        Scratch, all -1, and all -1 again on return.
    state : (1,) int64
        Of the random numbers.
    trials : int
        Spanning trees to try.
    limit : float
        A division that costs this or more is not made.

    Returns
    -------
    cost : float
        Infinite if there is none below the limit.
    count : int
        Cells of the first part.
    side : (n or n + 1,) int8
        0 for the atoms of the first part; a last one is the new atom that a chord made.
    """
    n = len(faces)
    for i in range(n):
        loc[faces[i]] = i
    region = measure_region(mesh, faces, loc)
    slack = max(tolerance * 0.97, abs(region.total / cells / target - 1.0) + 0.004)
    best, count = limit, 0
    side = np.zeros(n + 1, np.int8)
    face, p, q = -1, 0.0, 0.0
    with_chords = cells <= CHORD_CELLS and n <= CHORD_ATOMS
    room = mesh.used[1] + 3 < len(mesh.kind) and mesh.used[2] + 1 < len(mesh.area)
    none = np.empty(0)
    nobody = np.empty(0, np.int64)
    chords = Chords(nobody, none, none, none, none, nobody, nobody, none, none, none, nobody, none, nobody)
    attempt = 0
    while attempt < trials:
        attempt += 1
        if n == 1:
            attempt = trials
        tree = grow_tree(region, np.sqrt(target), state)
        if tree.seen < n:
            break  # Not connected: cells that were neighbours before one of them was divided anew.
        cost, found = _cut_at_edge(region, tree, cells, target, tolerance, slack, best, side)
        if found > 0:
            best, count, face = cost, found, -1
        if not room or not (with_chords or (attempt == trials and count == 0)):
            continue
        if len(chords.first) == 0:
            chords = find_chords(mesh, faces, loc, obstacles, target)
        cost, found, x, p_, q_ = cut_by_chord(mesh, region, tree, chords, cells, target, tolerance, slack, best, side)
        if found > 0:
            best, count, face, p, q = cost, found, x, p_, q_
    for i in range(n):
        loc[faces[i]] = -1
    if count == 0 or best > FORBIDDEN / 10:
        return np.inf, 0, side[:n]
    if face < 0:
        return best, count, side[:n]
    ring = read_ring(mesh, faces[face])
    start, end = corner_at(mesh, ring, p), corner_at(mesh, ring, q)
    insert_chord(mesh, start, end, CUT)
    side[face], side[n] = 0, 1
    return best, count, side


@compiled
def _cut_at_edge(
    region: Region, tree: Tree, cells: int, target: float, tolerance: float, slack: float, best: float, best_side: SideArray
) -> tuple[float, Whole]:  # fmt: skip
    """Return cost and cells of the first part (0: none is below `best`) of the best cut at a tree's edge."""
    n, m = len(region.faces), len(region.one)
    one_of, two_of, shared_of, cost_of, outer = region.one, region.two, region.shared, region.cost, region.outer
    order, enter, leave = tree.order, tree.enter, tree.leave
    unit = region.total / cells
    side = np.empty(n, np.int8)
    none = np.empty(0)
    count = 0
    for i in range(1, tree.seen):
        u = order[i]
        one = tree.below[u]
        two = region.total - one
        guess = int(np.round(one / unit))
        if guess < 1 or guess >= cells:
            continue
        if abs(one / (guess * target) - 1) > slack or abs(two / ((cells - guess) * target) - 1) > slack:
            continue
        cost = size_cost(one, guess, target, tolerance) + size_cost(two, cells - guess, target, tolerance)
        if cost >= best:
            continue
        side[:] = 1
        for j in range(enter[u], leave[u]):
            side[order[j]] = 0
        shared, around = 0.0, 0.0
        for k in range(m):
            if side[one_of[k]] != side[two_of[k]]:
                cost += cost_of[k]
                shared += shared_of[k]
        if cost >= best:
            continue
        for j in range(n):
            if side[j] == 0:
                around += outer[j]
        cost += side_shape(region, side, 0, none, none, 0, one, around + shared, target, guess)
        if cost >= best:
            continue
        cost += side_shape(region, side, 1, none, none, 0, two, region.around - around + shared, target, cells - guess)
        if cost < best:
            best, count = cost, guess
            best_side[:n] = side
    return best, count
