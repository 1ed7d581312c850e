"""Give slivers to a neighbour by label: nothing moves, a border merely stops being one."""

from __future__ import annotations

import numpy as np

from geogrid.partition.blocks.mesh import Mesh
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["SLIVER_WIDTH_M", "absorb_slivers", "face_perimeters"]

SLIVER_WIDTH_M = 5.0
"""Atoms narrower than this (twice the area over the perimeter) are nobody's place."""

_HARD_PULL = 0.02
"""What a metre of hard border counts: a sliver between two motorways is not hung on by the metre they leave open."""


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
    nearly all of it is hard, the longest of all: a strip of a metre beside a motorway is no place.
    What slivers have joined stays a place, however ragged they make it. A sliver of ordinary
    ground with no such neighbour, between a bank and the parent's border say, joins the area beside it,
    and so does a scrap of another zone below `least_m2`.
    A building piece joins likewise and makes the atom it joins no building.

    Parameters
    ----------
    mesh : Mesh
    zone : (faces,) int64; solid : (faces,) bool
    least_m2 : float
    """
    groups = _Groups(mesh, solid, least_m2, width_m)
    left, right = groups.left, groups.right
    everywhere = np.ones(int(mesh.used[2]), bool)
    groups.join(zone[left] == zone[right], everywhere)
    groups.join(zone[left] != zone[right], (zone == 0) | (groups.area < least_m2))
    return groups.label


class _Groups:
    """Atoms under labels: each group's label is the atom that took the others in."""

    def __init__(self, mesh: Mesh, solid: BoolArray, least_m2: float, width_m: float) -> None:
        faces = int(mesh.used[2])
        _, edge, left, length = _half_edges(mesh)
        right = left.reshape(-1, 2)[:, ::-1].ravel()
        ok = (left >= 0) & (right >= 0) & (left != right)
        self.left, self.right, self.length = left[ok], right[ok], length[ok]
        self.pull = self.length * np.where(mesh.hard[edge[ok]], _HARD_PULL, 1.0 - 0.5 * mesh.worth[edge[ok]])
        self.area, self.perimeter = mesh.area[:faces].copy(), face_perimeters(mesh)
        self.label = np.arange(faces)
        self.least_m2, self.width_m = least_m2, width_m
        self.place = (solid & (self.area >= least_m2)) | ~self._narrow() | (mesh.start[:faces] < 0)

    def _narrow(self) -> BoolArray:
        return np.asarray((2 * self.area < self.width_m * self.perimeter) | (self.area < self.least_m2))

    def join(self, ok: BoolArray, allowed: BoolArray) -> None:
        """Join slivers that are `allowed` to, across the borders that are `ok`, the smallest first."""
        faces = len(self.label)
        left, right, pull, length = self.left[ok], self.right[ok], self.pull[ok], self.length[ok]
        for _ in range(20):
            a, b = self.label[left], self.label[right]
            small = (self.label == np.arange(faces)) & self._narrow() & ~self.place & allowed
            wanted = (a != b) & small[a]
            if not wanted.any():
                break
            pairs, index = np.unique(a[wanted] * faces + b[wanted], return_inverse=True)
            strength = np.bincount(index, weights=pull[wanted], minlength=len(pairs))
            shared = np.bincount(index, weights=length[wanted], minlength=len(pairs))
            from_, to = pairs // faces, pairs % faces
            rows = np.lexsort((to, -strength, from_))
            best = rows[np.unique(from_[rows], return_index=True)[1]]
            busy = np.zeros(faces, bool)
            for row in best[np.lexsort((from_[best], self.area[from_[best]]))]:
                s, t = int(from_[row]), int(to[row])
                if busy[s] or busy[t]:
                    continue
                busy[s] = busy[t] = True
                self.area[t] += self.area[s]
                self.perimeter[t] += self.perimeter[s] - 2 * shared[row]
                self.label[self.label == s] = t
