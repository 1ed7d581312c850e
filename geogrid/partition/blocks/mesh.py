"""Atoms as a half-edge table: one parent's arrangement in integers.

Half-edges come in pairs, ``2e`` and ``2e + 1`` are the two directions of edge ``e``, so the
twin of ``h`` is ``h ^ 1``. Every half-edge has the atom to its left in ``face``; -1 is
outside the parent. All connectivity questions are answered from these arrays; geometry is
only touched to measure.
"""

# Kernels: numba infers these types, and mypy's view of numpy scalars is not its.
# mypy: disable-error-code="no-untyped-call, no-any-return, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.blocks.edge_kinds import AREA, BUILDING, CUT, LEGAL, LINK, SEAM, TESSELLATION
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = [
    "AREA",
    "BUILDING",
    "CUT",
    "LEGAL",
    "LINK",
    "SEAM",
    "TESSELLATION",
    "Mesh",
    "components",
    "cycle_area",
    "insert_chord",
    "prune",
    "remove_antenna",
    "remove_edge",
    "restore_edge",
    "split_edge",
    "trace_faces",
    "undo_until",
]


class Mesh(NamedTuple):
    """The atoms of one parent, with room for chords to come.

    Parameters
    ----------
    x, y : (nodes,) float64
        Metres from the parent's own origin, whole millimetres.
    origin : (half-edges,) int32
        Node a half-edge starts from.
    succ, pred : (half-edges,) int32
        Next and previous half-edge around the atom to the left, counter-clockwise.
    face : (half-edges,) int32
        The atom to the left; -1 outside, -2 for a removed edge.
    kind : (edges,) int8
        One of the module's constants.
    worth : (edges,) float64
        Importance as a border, 0 to 1; negative where no border may run.
    hard : (edges,) bool
        Never inside a cell.
    source : (edges,) int32
        Row of the seam it lies on; -1 for none.
    area : (faces,) float64
        Square metres.
    start : (faces,) int32
        One half-edge of each atom.
    zone : (faces,) int32
        Atoms of different zones never share a cell; 0 is ordinary ground.
    solid : (faces,) bool
        No chord may pass: the atom is a building.
    split_of : (edges,) int32
        The half-edge a later edge was split from; -1 for the others.
    used : (3,) int64
        Nodes, edges and faces in use; the arrays are longer.
    """

    x: FloatArray
    y: FloatArray
    origin: Int32Array
    succ: Int32Array
    pred: Int32Array
    face: Int32Array
    kind: np.ndarray[tuple[int], np.dtype[np.int8]]
    worth: FloatArray
    hard: BoolArray
    source: Int32Array
    area: FloatArray
    start: Int32Array
    zone: Int32Array
    solid: BoolArray
    split_of: Int32Array
    used: IntArray


@compiled
def trace_faces(
    count: int, order: IntArray, origin: Int32Array, x: FloatArray, y: FloatArray
) -> tuple[Int32Array, Int32Array, Int32Array, FloatArray]:
    """Link half-edges into cycles.

    Parameters
    ----------
    count : int
        Half-edges.
    order : (count,) int64
        Half-edges sorted by origin, then counter-clockwise by direction.
    origin : (count,) int32
    x, y : (nodes,) float64

    Returns
    -------
    succ, pred : (count,) int32; cycle : (count,) int32; area : (cycles,) float64, signed
    """
    succ = np.empty(count, np.int32)
    pred = np.empty(count, np.int32)
    first = 0
    while first < count:
        last = first
        while last + 1 < count and origin[order[last + 1]] == origin[order[first]]:
            last += 1
        for i in range(first, last + 1):
            out = order[i]
            before = order[i - 1] if i > first else order[last]
            # Arriving along the twin of `out`, the sharpest left-hand turn keeps the face to the left.
            succ[out ^ 1] = before
            pred[before] = out ^ 1
        first = last + 1
    cycle = np.full(count, -1, np.int32)
    areas = np.empty(count, np.float64)
    cycles = 0
    for h in range(count):
        if cycle[h] >= 0:
            continue
        twice = 0.0
        x0, y0 = x[origin[h]], y[origin[h]]
        at = h
        while cycle[at] < 0:
            cycle[at] = cycles
            a, b = origin[at], origin[at ^ 1]
            twice += (x[a] - x0) * (y[b] - y0) - (x[b] - x0) * (y[a] - y0)
            at = succ[at]
        areas[cycles] = twice / 2
        cycles += 1
    return succ, pred, cycle, areas[:cycles]


@compiled
def prune(ends: IntArray, alive: BoolArray, nodes: int) -> int:
    """Drop dangling edges from `alive` until every node has none or at least two; return how many."""
    degree = np.zeros(nodes, np.int64)
    # The exclusive-or of a node's edges names its last one when only one is left.
    last = np.zeros(nodes, np.int64)
    for e in range(len(ends)):
        if alive[e]:
            for side in range(2):
                degree[ends[e, side]] += 1
                last[ends[e, side]] ^= e
    dropped = 0
    for n in range(nodes):
        at = n
        while degree[at] == 1:
            e = last[at]
            alive[e] = False
            dropped += 1
            other = ends[e, 0] + ends[e, 1] - at
            degree[at] = 0
            degree[other] -= 1
            last[other] ^= e
            at = other
    return dropped


@compiled
def components(ends: IntArray, alive: BoolArray, nodes: int) -> IntArray:
    """Return (nodes,) the smallest node each node is connected with."""
    root = np.arange(nodes)
    for e in range(len(ends)):
        if not alive[e]:
            continue
        a, b = ends[e, 0], ends[e, 1]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        if a < b:
            root[b] = a
        else:
            root[a] = b
    for n in range(nodes):
        a = n
        while root[a] != a:
            a = root[a]
        root[n] = a
    return root


@compiled
def split_edge(mesh: Mesh, h: int, px: float, py: float) -> int:
    """Put a node at (px, py) on half-edge `h` and return it; `h` then ends there."""
    node, e = mesh.used[0], mesh.used[1]
    mesh.used[0] += 1
    mesh.used[1] += 1
    mesh.x[node], mesh.y[node] = px, py
    old = h >> 1
    mesh.kind[e], mesh.worth[e], mesh.hard[e], mesh.source[e] = (
        mesh.kind[old], mesh.worth[old], mesh.hard[old], mesh.source[old],
    )  # fmt: skip
    mesh.split_of[e] = h
    t = h ^ 1
    # h: a→b becomes a→p, ahead: p→b; t: b→a becomes p→a, back: b→p (the twin pairs stay pairs).
    ahead, back = 2 * e, 2 * e + 1
    mesh.origin[ahead] = node
    mesh.origin[back] = mesh.origin[t]
    mesh.origin[t] = node
    mesh.face[ahead], mesh.face[back] = mesh.face[h], mesh.face[t]
    after = mesh.succ[h]
    before = mesh.pred[t]
    if after == t:  # the end of an antenna
        mesh.succ[h], mesh.pred[ahead] = ahead, h
        mesh.succ[ahead], mesh.pred[back] = back, ahead
        mesh.succ[back], mesh.pred[t] = t, back
        return node
    mesh.succ[h], mesh.pred[ahead] = ahead, h
    mesh.succ[ahead], mesh.pred[after] = after, ahead
    mesh.succ[before], mesh.pred[back] = back, before
    mesh.succ[back], mesh.pred[t] = t, back
    return node


@compiled
def cycle_area(mesh: Mesh, h: int) -> float:
    """Return the signed area to the left of the cycle through half-edge `h`, m²."""
    twice = 0.0
    x0, y0 = mesh.x[mesh.origin[h]], mesh.y[mesh.origin[h]]
    at = h
    while True:
        a, b = mesh.origin[at], mesh.origin[at ^ 1]
        twice += (mesh.x[a] - x0) * (mesh.y[b] - y0) - (mesh.x[b] - x0) * (mesh.y[a] - y0)
        at = mesh.succ[at]
        if at == h:
            return twice / 2


@compiled
def insert_chord(mesh: Mesh, hp: int, hq: int, kind: int) -> int:
    """Join the origins of two half-edges of one atom by an edge; return the new atom.

    The old atom keeps what lies left of the chord from `hq`'s origin to `hp`'s (the arc from
    `hp` to `hq`); the new one has the rest.
    """
    e, new = mesh.used[1], mesh.used[2]
    mesh.used[1] += 1
    mesh.used[2] += 1
    old = mesh.face[hp]
    mesh.kind[e], mesh.worth[e], mesh.hard[e], mesh.source[e] = kind, 0.0, False, -1
    mesh.split_of[e] = -1
    forth, back = 2 * e, 2 * e + 1  # forth: q→p closes the arc p…q; back: p→q closes the rest
    mesh.origin[forth], mesh.origin[back] = mesh.origin[hq], mesh.origin[hp]
    before_p, before_q = mesh.pred[hp], mesh.pred[hq]
    mesh.succ[before_q], mesh.pred[forth] = forth, before_q
    mesh.succ[forth], mesh.pred[hp] = hp, forth
    mesh.succ[before_p], mesh.pred[back] = back, before_p
    mesh.succ[back], mesh.pred[hq] = hq, back
    mesh.face[forth] = old
    at = back
    while True:
        mesh.face[at] = new
        at = mesh.succ[at]
        if at == back:
            break
    mesh.start[old], mesh.start[new] = forth, back
    mesh.area[old], mesh.area[new] = cycle_area(mesh, forth), cycle_area(mesh, back)
    mesh.zone[new], mesh.solid[new] = mesh.zone[old], mesh.solid[old]
    return new


@compiled
def _label(mesh: Mesh, h: int, face: int) -> None:
    """Give the cycle through half-edge `h` to an atom."""
    at = h
    while True:
        mesh.face[at] = face
        at = mesh.succ[at]
        if at == h:
            break
    mesh.start[face] = h


@compiled
def remove_edge(mesh: Mesh, e: int) -> None:
    """Take out edge `e` between two atoms: the lower-numbered one keeps both.

    The edge keeps its own links, so `restore_edge` can undo this, last removed first.
    """
    h, t = 2 * e, 2 * e + 1
    keep, gone = mesh.face[h], mesh.face[t]
    if gone < keep:
        h, t = t, h
        keep, gone = gone, keep
    a, b = mesh.succ[h], mesh.pred[h]
    c, d = mesh.succ[t], mesh.pred[t]
    mesh.succ[b], mesh.pred[c] = c, b
    mesh.succ[d], mesh.pred[a] = a, d
    mesh.face[h], mesh.face[t] = -3 - keep, -3 - gone
    _label(mesh, a, keep)
    mesh.start[gone] = -1
    mesh.area[keep] += mesh.area[gone]


@compiled
def restore_edge(mesh: Mesh, e: int) -> None:
    """Undo the latest `remove_edge` or `remove_antenna`."""
    h, t = 2 * e, 2 * e + 1
    one, two = -3 - mesh.face[h], -3 - mesh.face[t]
    if one == two:
        if mesh.succ[h] != t:
            h, t = t, h
        mesh.succ[mesh.pred[h]] = h
        mesh.pred[mesh.succ[t]] = t
        mesh.face[h] = mesh.face[t] = one
        return
    for side in (h, t):
        mesh.succ[mesh.pred[side]] = side
        mesh.pred[mesh.succ[side]] = side
    _label(mesh, h, one)
    _label(mesh, t, two)
    if one < two:
        mesh.area[one] -= mesh.area[two]
    else:
        mesh.area[two] -= mesh.area[one]


@compiled
def remove_antenna(mesh: Mesh, e: int) -> bool:
    """Take out edge `e` if it dangles inside an atom; return whether it did."""
    h, t = 2 * e, 2 * e + 1
    if mesh.succ[h] != t:
        h, t = t, h
    if mesh.succ[h] != t or mesh.succ[t] == h:
        return False
    face = mesh.face[h]
    before, after = mesh.pred[h], mesh.succ[t]
    mesh.succ[before], mesh.pred[after] = after, before
    mesh.start[face] = after
    mesh.face[h] = mesh.face[t] = -3 - face
    return True


@compiled
def undo_until(mesh: Mesh, nodes: int, edges: int) -> None:
    """Undo chords and splits, latest first, until only `nodes` and `edges` are in use."""
    while mesh.used[1] > edges:
        e = mesh.used[1] - 1
        mesh.used[1] = e
        ahead, back = 2 * e, 2 * e + 1
        h = mesh.split_of[e]
        if h < 0:
            remove_edge(mesh, e)
            mesh.face[ahead] = mesh.face[back] = -2
            mesh.used[2] -= 1
            continue
        t = h ^ 1
        after, before = mesh.succ[ahead], mesh.pred[back]
        mesh.origin[t] = mesh.origin[back]
        for f in (mesh.face[h], mesh.face[t]):
            if f >= 0 and mesh.start[f] == ahead:
                mesh.start[f] = h
            if f >= 0 and mesh.start[f] == back:
                mesh.start[f] = t
        mesh.face[ahead] = mesh.face[back] = -2
        if after == back:
            mesh.succ[h], mesh.pred[t] = t, h
        else:
            mesh.succ[h], mesh.pred[after] = after, h
            mesh.succ[before], mesh.pred[t] = t, before
    mesh.used[0] = nodes
