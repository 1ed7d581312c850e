"""A connected set of atoms, measured once: who touches whom, what borders cost, what shapes there are."""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.compiled import compiled
from geogrid.partition.blocks.mesh import Mesh
from geogrid.partition.blocks.shape import edge_cost, hull_area, shape_cost, size_cost, sort_points
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Region", "SideArray", "atom_hulls", "measure_region", "region_cost", "side_shape"]

HULL_ATOMS = 60
"""Above this many atoms a region's shape is judged by its perimeter alone."""

SideArray: TypeAlias = npt.NDArray[np.int8]
"""Which of two parts each atom of a region is in."""


class Region(NamedTuple):
    """Some atoms, numbered from 0.

    Parameters
    ----------
    faces : (n,) int32
    area, outer : (n,) float64
        Square metres, and metres of border with what is not of the region.
    total, around : float
        Their sums.
    one, two : (m,) int64
        Neighbours, the smaller number first, each pair once.
    shared, free : (m,) float64
        Metres of border between them, and of that not hard.
    cost, worth : (m,) float64
        What it costs as a border, metres; its importance times metres.
    exact : bool
        Whether there are hulls.
    hull_x, hull_y : (corners,) float64; hull_of : (corners,) int64
        Corners of the atoms' convex hulls, sorted by x, then y, and the atom of each.
    """

    faces: Int32Array
    area: FloatArray
    outer: FloatArray
    total: float
    around: float
    one: IntArray
    two: IntArray
    shared: FloatArray
    free: FloatArray
    cost: FloatArray
    worth: FloatArray
    exact: bool
    hull_x: FloatArray
    hull_y: FloatArray
    hull_of: IntArray


@compiled
def measure_region(mesh: Mesh, faces: Int32Array, loc: Int32Array) -> Region:
    """Return the region of some atoms.

    Parameters
    ----------
    loc : (faces,) int32
        The number of each of the atoms, -1 for all others.
    """
    x, y, origin, succ, owner = mesh.x, mesh.y, mesh.origin, mesh.succ, mesh.face
    kind, worth_of, hard, start = mesh.kind, mesh.worth, mesh.hard, mesh.start
    n = len(faces)
    area, outer = np.empty(n), np.zeros(n)
    room = 0
    for i in range(n):
        area[i] = mesh.area[faces[i]]
        at = first = start[faces[i]]
        while True:
            other = owner[at ^ 1]
            number = loc[other] if other >= 0 else -1
            if number > i:
                room += 1
            elif number < 0:
                outer[i] += np.hypot(x[origin[at ^ 1]] - x[origin[at]], y[origin[at ^ 1]] - y[origin[at]])
            at = succ[at]
            if at == first:
                break
    key = np.empty(room, np.int64)
    length, worth, cost, free = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    k = 0
    for i in range(n):
        at = first = start[faces[i]]
        while True:
            other = owner[at ^ 1]
            if other >= 0 and loc[other] > i:
                e = at >> 1
                size = np.hypot(x[origin[at ^ 1]] - x[origin[at]], y[origin[at ^ 1]] - y[origin[at]])
                key[k] = i * n + loc[other]
                length[k] = size
                free[k] = 0.0 if hard[e] else size
                worth[k] = size * worth_of[e]
                cost[k] = edge_cost(size, kind[e], worth_of[e], hard[e])
                k += 1
            at = succ[at]
            if at == first:
                break
    order = np.argsort(key, kind="mergesort")
    one, two = np.empty(room, np.int64), np.empty(room, np.int64)
    sums = np.zeros((4, room))
    m = 0
    for k in range(room):
        o = order[k]
        if k == 0 or key[o] != key[order[k - 1]]:
            one[m], two[m] = key[o] // n, key[o] % n
            m += 1
        sums[0, m - 1] += length[o]
        sums[1, m - 1] += free[o]
        sums[2, m - 1] += cost[o]
        sums[3, m - 1] += worth[o]
    exact = n <= HULL_ATOMS
    if exact:
        hull_x, hull_y, hull_of = atom_hulls(mesh, faces)
    else:
        hull_x, hull_y, hull_of = np.empty(0), np.empty(0), np.empty(0, np.int64)
    return Region(
        faces, area, outer, area.sum(), outer.sum(), one[:m], two[:m], sums[0, :m], sums[1, :m], sums[2, :m],
        sums[3, :m], exact, hull_x, hull_y, hull_of,
    )  # fmt: skip


@compiled
def atom_hulls(mesh: Mesh, faces: Int32Array) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the corners of the atoms' convex hulls, sorted by x, then y, and the number of each one's atom."""
    x, y, origin, succ, start = mesh.x, mesh.y, mesh.origin, mesh.succ, mesh.start
    n = len(faces)
    total, longest = 0, 0
    for i in range(n):
        at = first = start[faces[i]]
        size = 0
        while True:
            size += 1
            at = succ[at]
            if at == first:
                break
        total += size
        longest = max(longest, size)
    hull_x, hull_y, hull_of = np.empty(total), np.empty(total), np.empty(total, np.int64)
    bx, by = np.empty(longest), np.empty(longest)
    total = 0
    for i in range(n):
        at = first = start[faces[i]]
        size = 0
        while True:
            bx[size], by[size] = x[origin[at]], y[origin[at]]
            size += 1
            at = succ[at]
            if at == first:
                break
        sort_points(bx, by, size)
        _, corners = hull_area(bx, by, size, True)
        for j in range(corners):
            hull_x[total], hull_y[total], hull_of[total] = bx[j], by[j], i
            total += 1
    order = np.argsort(hull_x[:total])
    hull_x, hull_y, hull_of = hull_x[order], hull_y[order], hull_of[order]
    for i in range(1, total):
        j = i
        while j > 0 and hull_x[j - 1] == hull_x[j] and hull_y[j - 1] > hull_y[j]:
            hull_y[j - 1], hull_y[j] = hull_y[j], hull_y[j - 1]
            hull_of[j - 1], hull_of[j] = hull_of[j], hull_of[j - 1]
            j -= 1
    return hull_x, hull_y, hull_of


@compiled
def side_shape(
    region: Region, side: SideArray, which: int, extra_x: FloatArray, extra_y: FloatArray, extra: int, area: float,
    perimeter: float, target: float, cells: int,
) -> float:  # fmt: skip
    """Return the shape cost of the atoms with ``side == which`` and some extra points, sorted by x, then y."""
    if not region.exact:
        return shape_cost(area, area / 0.9, perimeter, target, cells)
    hull_x, hull_y, hull_of = region.hull_x, region.hull_y, region.hull_of
    px, py = np.empty(len(hull_x) + extra), np.empty(len(hull_x) + extra)
    k, e = 0, 0
    for i in range(len(hull_x)):
        if side[hull_of[i]] != which:
            continue
        while e < extra and (extra_x[e] < hull_x[i] or (extra_x[e] == hull_x[i] and extra_y[e] < hull_y[i])):
            px[k], py[k] = extra_x[e], extra_y[e]
            e += 1
            k += 1
        px[k], py[k] = hull_x[i], hull_y[i]
        k += 1
    while e < extra:
        px[k], py[k] = extra_x[e], extra_y[e]
        e += 1
        k += 1
    hull, _ = hull_area(px, py, k, False)
    return shape_cost(area, hull, perimeter, target, cells)


@compiled
def region_cost(mesh: Mesh, faces: Int32Array, cell: Int32Array, target: float, tolerance: float) -> float:
    """Return the size and shape cost of the cell that consists of `faces`, and half its borders' cost."""
    x, y, origin, succ, owner = mesh.x, mesh.y, mesh.origin, mesh.succ, mesh.face
    kind, worth, hard = mesh.kind, mesh.worth, mesh.hard
    mine = cell[faces[0]]
    area, perimeter, border = 0.0, 0.0, 0.0
    for i in range(len(faces)):
        area += mesh.area[faces[i]]
        at = first = mesh.start[faces[i]]
        while True:
            other = owner[at ^ 1]
            if other < 0 or cell[other] != mine:
                length = np.hypot(x[origin[at ^ 1]] - x[origin[at]], y[origin[at ^ 1]] - y[origin[at]])
                perimeter += length
                if other >= 0:
                    e = at >> 1
                    border += edge_cost(length, kind[e], worth[e], hard[e])
            at = succ[at]
            if at == first:
                break
    hull_x, hull_y, _ = atom_hulls(mesh, faces)
    hull, _ = hull_area(hull_x, hull_y, len(hull_x), False)
    return shape_cost(area, hull, perimeter, target, 1) + size_cost(area, 1, target, tolerance) + border / 2
