"""Give slivers to a neighbour by label: nothing moves, a border merely stops being one."""

from __future__ import annotations

import numpy as np

from geogrid.partition.blocks.mesh import Mesh
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["SLIVER_WIDTH_M", "absorb_slivers", "face_perimeters"]

SLIVER_WIDTH_M = 5.0
"""Atoms narrower than this (twice the area over the perimeter) are nobody's place."""


def face_perimeters(mesh: Mesh) -> FloatArray:
    """Return (faces,) perimeters in metres."""
    _, _, left, length = _half_edges(mesh)
    inside = left >= 0
    return np.asarray(np.bincount(left[inside], weights=length[inside], minlength=int(mesh.used[2])), np.float64)


def _half_edges(mesh: Mesh) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    edges = int(mesh.used[1])
    h = np.arange(2 * edges)
    a, b = mesh.origin[h], mesh.origin[h ^ 1]
    return h, h >> 1, mesh.face[h].astype(np.int64), np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])


def absorb_slivers(
    mesh: Mesh, *, zone: IntArray, solid: BoolArray, least_m2: float, width_m: float = SLIVER_WIDTH_M
) -> IntArray:
    """Return (faces,) the label of each atom after slivers have joined a neighbour.

    A sliver is an atom narrower than `width_m` or smaller than `least_m2`. It joins the
    neighbour of its own zone with which it shares the longest border that is not hard; if
    all of it is hard, the longest of all: a strip of a metre beside a motorway is no place.
    A building piece joins likewise and makes the atom it joins no building.

    Parameters
    ----------
    mesh : Mesh
    zone : (faces,) int64; solid : (faces,) bool
    least_m2 : float
    """
    faces = int(mesh.used[2])
    _, edge, left, length = _half_edges(mesh)
    right = left.reshape(-1, 2)[:, ::-1].ravel()
    ok = (left >= 0) & (right >= 0) & (left != right)
    ok[ok] = zone[left[ok]] == zone[right[ok]]
    left_, right_ = left[ok], right[ok]
    pull = length[ok] * np.where(mesh.hard[edge[ok]], 1e-4, 1.0 - 0.5 * mesh.worth[edge[ok]])
    shared_length = length[ok]
    area = mesh.area[:faces].copy()
    perimeter = face_perimeters(mesh)
    label = np.arange(faces)
    for _ in range(20):
        a, b = label[left_], label[right_]
        differ = a != b
        key = a[differ] * faces + b[differ]
        pairs, index = np.unique(key, return_inverse=True)
        strength = np.bincount(index, weights=pull[differ], minlength=len(pairs))
        shared = np.bincount(index, weights=shared_length[differ], minlength=len(pairs))
        small = (label == np.arange(faces)) & (mesh.start[:faces] >= 0)
        small &= (2 * area < width_m * perimeter) | (area < least_m2)
        small &= ~(solid & (area >= least_m2))
        from_, to = pairs // faces, pairs % faces
        wanted = small[from_]
        if not wanted.any():
            break
        rows = np.flatnonzero(wanted)
        rows = rows[np.lexsort((to[rows], -strength[rows], from_[rows]))]
        best = rows[np.unique(from_[rows], return_index=True)[1]]
        moved = False
        busy = np.zeros(faces, bool)
        for row in best[np.lexsort((from_[best], area[from_[best]]))]:
            s, t = int(from_[row]), int(to[row])
            if busy[s] or busy[t]:
                continue
            busy[s] = busy[t] = True
            area[t] += area[s]
            perimeter[t] += perimeter[s] - 2 * shared[row]
            label[label == s] = t
            moved = True
        if not moved:
            break
    return label
