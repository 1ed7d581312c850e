"""Splitting a strip where its neighbours change, along chords between its own vertices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely

from geogrid.partition.ground import Ground
from geogrid.partition.strips import Edge, HealRule, Settled, Strip
from geogrid.types import FloatArray, IntArray

__all__ = ["feet_of_junctions", "split_between", "split_to_triangles"]

_CORNER = -0.3
"""Sine of the turn to the right from which a vertex is a corner that the strip goes round."""

_Key = frozenset[int] | int


def split_between(ground: Ground, strip: Strip, beside: Mapping[Edge, int | None]) -> list[Strip]:
    """Return the pieces of a strip, each between the same rows, or at a junction.

    A street network left out by its blocks becomes a piece for each stretch of street between
    two blocks, and one for each crossing. The chords are edges of the constrained Delaunay
    triangulation, so no vertex is added.

    Parameters
    ----------
    ground : Ground
    strip : Strip
    beside : mapping of Edge to int or None
        The row on the other side of each of the strip's edges.
    """
    triangles = _triangles(ground, strip)
    rows_at: dict[int, set[int]] = {}
    for (u, v), row in beside.items():
        if row is not None:
            rows_at.setdefault(u, set()).add(row)
            rows_at.setdefault(v, set()).add(row)
    keys: list[_Key] = []
    for edges in triangles:
        along = {row for edge in edges if (row := beside.get(edge)) is not None}
        ends = {vertex for edge in edges if edge in beside for vertex in edge}
        across = [rows_at.get(u, set()) for u, _ in edges if u not in ends]
        for rows in across:
            if along and not rows & along:
                along |= rows
        keys.append(frozenset(along))
    return _united(ground, strip, triangles, keys)


def feet_of_junctions(ground: Ground, settled: Sequence[Settled], rule: HealRule) -> FloatArray:
    """Return where gaps that do not go to one row need a vertex, to be split straight across.

    A strip between rows and one long edge has no vertex opposite to where its neighbours
    change. The foot of the perpendicular from there is given, rounded to the lattice.

    Returns
    -------
    (k, 2) float64, whole lattice steps
    """
    whole = {id(outcome.strip) for outcome in settled if outcome.done}
    feet: list[FloatArray] = []
    for strip in ground.strips:
        if id(strip) in whole or strip.rightful or strip.area < 0 or strip.width_m > rule.width_m:
            continue
        junctions = _junctions(ground, strip)
        if len(junctions) == 0:
            continue
        ends = np.array(strip.edges, np.int64)
        lines = np.asarray(shapely.linestrings(ground.metres[ends]), dtype=object)
        spots = np.asarray(shapely.points(ground.metres[junctions]), dtype=object)
        spot, line = shapely.STRtree(lines).query(spots, predicate="dwithin", distance=rule.width_m)
        a, b = ground.metres[ends[line, 0]], ground.metres[ends[line, 1]]
        along = ((ground.metres[junctions[spot]] - a) * (b - a)).sum(axis=1) / ((b - a) ** 2).sum(axis=1)
        inner = (along > 0) & (along < 1) & (ends[line] != junctions[spot, None]).all(axis=1)
        low, high = (ground.vertices[ends[line[inner], side]].astype(np.float64) for side in (0, 1))
        feet.append(np.floor(low + (high - low) * along[inner, None] + 0.5))
    return np.unique(np.concatenate(feet), axis=0) if feet else np.empty((0, 2))


def _junctions(ground: Ground, strip: Strip) -> IntArray:
    """Return the vertices of a strip where its neighbours change, or where it turns round a corner."""
    rows_at: dict[int, set[tuple[int, ...]]] = {}
    from_vertex: dict[int, list[int]] = {}
    for u, v in strip.edges:
        rows = ground.beyond(strip, (u, v))
        rows_at.setdefault(u, set()).add(rows)
        rows_at.setdefault(v, set()).add(rows)
        from_vertex.setdefault(u, []).append(v)
    found = {vertex for vertex, rows in rows_at.items() if len(rows) > 1}
    for u, v in strip.edges:
        before = ground.metres[v] - ground.metres[u]
        for w in from_vertex.get(v, ()):
            after = ground.metres[w] - ground.metres[v]
            turn = before[0] * after[1] - before[1] * after[0]
            if turn < _CORNER * np.hypot(*before) * np.hypot(*after):
                found.add(v)
    return np.array(sorted(found), np.int64)


def split_to_triangles(ground: Ground, strip: Strip) -> list[Strip]:
    """Return the triangles of a strip."""
    triangles = _triangles(ground, strip)
    return _united(ground, strip, triangles, [*range(len(triangles))])


def _triangles(ground: Ground, strip: Strip) -> list[list[Edge]]:
    """Return the directed edges of each triangle of the constrained Delaunay triangulation."""
    number_of = {(*ground.metres[v].tolist(),): v for edge in strip.edges for v in edge}
    found = []
    for triangle in shapely.get_parts(shapely.constrained_delaunay_triangles(strip.shape)):
        ring = shapely.get_coordinates(shapely.orient_polygons(triangle)).tolist()
        found.append(list(pairwise(number_of[x, y] for x, y in ring)))
    return sorted(found, key=sorted)


def _united(ground: Ground, strip: Strip, triangles: list[list[Edge]], keys: list[_Key]) -> list[Strip]:
    side = {edge: number for number, edges in enumerate(triangles) for edge in edges}
    if set(strip.edges) - set(side):
        return [strip]  # The triangulation did not keep the border; the strip is left whole.
    pieces: list[list[int]] = []
    seen: set[int] = set()
    for number in range(len(triangles)):
        if number in seen:
            continue
        seen.add(number)
        piece, queue = [], [number]
        while queue:
            one = queue.pop()
            piece.append(one)
            for u, v in triangles[one]:
                other = side.get((v, u))
                if other is not None and other not in seen and keys[other] == keys[one]:
                    seen.add(other)
                    queue.append(other)
        pieces.append(piece)
    found = []
    for piece in pieces:
        inner = {edge for one in piece for edge in triangles[one]}
        around = tuple(sorted(edge for edge in inner if (edge[1], edge[0]) not in inner))
        found.append(replace(strip, edges=around, shape=ground.shape_of(around)))
    return found
