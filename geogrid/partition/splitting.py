"""Splitting a strip where its neighbours change, along chords between its own vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import shapely

from geogrid.partition.strips import Edge, Ground, Strip

__all__ = ["split_between", "split_to_triangles"]

_Key = frozenset[int] | tuple[int]


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
    for number, edges in enumerate(triangles):
        along = {row for edge in edges if (row := beside.get(edge)) is not None}
        ends = {vertex for edge in edges if edge in beside for vertex in edge}
        across = [rows_at.get(u, set()) for u, _ in edges if u not in ends]
        for rows in across:
            if along and not rows & along:
                along |= rows
        keys.append(frozenset(along) if along else (number,))
    return _united(ground, strip, triangles, keys)


def split_to_triangles(ground: Ground, strip: Strip) -> list[Strip]:
    """Return the triangles of a strip."""
    triangles = _triangles(ground, strip)
    return _united(ground, strip, triangles, [(number,) for number in range(len(triangles))])


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
