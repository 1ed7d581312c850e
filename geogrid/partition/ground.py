"""Ground: rows and areas with a vertex wherever their borders meet, and the strips among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.borders import Borders, distinct
from geogrid.partition.noding import noded
from geogrid.partition.strips import Edge, Strip
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["Ground"]

NEAR_STEPS = 2.0
"""How near a fault an edge must come to take part."""


class Ground:
    """Rows and areas noded where a division has faults, and the strips there.

    Parameters
    ----------
    polygons : (n,) shapely geometries, whole lattice steps
        First the areas, then the rows.
    areas : int
        How many are areas; with none, all ground that the rows enclose is one area, 0.
    home : (rows,) int64
        The area each row belongs to.
    whole : bool
        All areas count as one, 0; their common borders divide no row.
    faults : (k,) shapely polygons, lattice steps
        Where to look.
    to_metres : callable
        From (k, 2) lattice steps to (k, 2) metres.
    extra : (k, 2) float64, optional
        Further vertices for the edges that pass them, whole lattice steps.
    """

    def __init__(
        self, polygons: npt.NDArray[np.object_], areas: int, home: IntArray, *, whole: bool,
        faults: Sequence[Any], to_metres: Any, extra: FloatArray | None = None,
    ) -> None:  # fmt: skip
        borders = Borders.of(polygons)
        self.areas, self.whole = areas, whole
        self.home = np.zeros(len(home), np.int64) if whole or not areas else home
        borders = noded(borders, _near(borders, faults))
        # Feet stand on noded edges; in one pass with the crossings, the edge before noding could miss them.
        self.borders = borders if extra is None else noded(borders, _near(borders, faults), extra)
        self.vertices = np.rint(self.borders.vertices).astype(np.int64)
        self._to_metres = to_metres
        self.metres: FloatArray = to_metres(self.borders.vertices)
        start, end, owner = self.borders.edges()
        order = np.argsort(owner, kind="stable")
        self.start, self.end, self.owner = start[order], end[order], owner[order]
        self.offsets = np.searchsorted(self.owner, np.arange(len(polygons) + 1))
        self._origin: IntArray = self.vertices.min(axis=0)
        spots = self.vertices[self.start] - self._origin
        low, high = (pick.reduceat(spots, self.offsets[:-1], axis=0) for pick in (np.minimum, np.maximum))
        self._boxes = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
        near = _near(self.borders, faults)[order]
        self._on: dict[Edge, list[int]] = {}
        for edge, polygon in zip(self._pairs(near), self.owner[near].tolist(), strict=True):
            self._on.setdefault(edge, []).append(polygon)
        self.strips = self._strips(near)

    def _pairs(self, which: BoolArray) -> list[Edge]:
        return list(zip(self.start[which].tolist(), self.end[which].tolist(), strict=True))

    def edges_of(self, polygon: int) -> list[Edge]:
        """Return the directed edges of an area or row, by its number among the polygons."""
        mine = slice(self.offsets[polygon], self.offsets[polygon + 1])
        return list(zip(self.start[mine].tolist(), self.end[mine].tolist(), strict=True))

    def beyond(self, strip: Strip, edge: Edge) -> tuple[int, ...]:
        """Return the rows that have the ground on the other side of a strip's edge."""
        ending = {polygon - self.areas for polygon in self._on.get(edge, ())}
        beginning = {polygon - self.areas for polygon in self._on.get((edge[1], edge[0]), ())}
        return tuple(sorted(row for row in (set(strip.owners) - ending) | beginning if row >= 0))

    def _strips(self, near: BoolArray) -> list[Strip]:
        pairs = {(min(edge), max(edge)) for edge in self._pairs(near)}
        if not pairs:
            return []
        numbers = np.array(sorted(pairs), np.int64)
        local = (self.vertices - self._origin).astype(np.float64)
        number_of = {tuple(local[v].astype(np.int64).tolist()): v for v in distinct(numbers.ravel()).tolist()}
        lines = np.asarray(shapely.linestrings(local[numbers]), dtype=object)
        faces = [face for face in shapely.get_parts(shapely.polygonize(lines)) if face.area > 0]
        faulty = [(face, key) for face in faces if (key := self._owned(face)) is not None]
        edges_of = [_directed(face, number_of) for face, _ in faulty]
        side = {edge: row for row, edges in enumerate(edges_of) for edge in edges}
        label = list(range(len(faulty)))
        for (u, v), row in side.items():
            other = side.get((v, u))
            if other is not None and faulty[other][1] == faulty[row][1]:
                low, high = sorted((_root(label, row), _root(label, other)))
                label[high] = low
        groups: dict[int, list[int]] = {}
        for row in range(len(faulty)):
            groups.setdefault(_root(label, row), []).append(row)
        return [
            self._strip([edge for row in rows for edge in edges_of[row]], *faulty[rows[0]][1])
            for rows in groups.values()
        ]

    def _strip(self, edges: list[Edge], area: int, owners: tuple[int, ...]) -> Strip:
        inner = set(edges)
        around = tuple(sorted(edge for edge in edges if (edge[1], edge[0]) not in inner))
        rightful = tuple(row for row in owners if area >= 0 and self.home[row] == area)
        return Strip(area, owners, rightful, around, self.shape_of(around))

    def shape_of(self, edges: Sequence[Edge]) -> Any:
        """Return the ground that directed edges go around, in metres."""
        ends = (self.vertices - self._origin)[np.array(edges, np.int64).reshape(-1, 2)].astype(np.float64)
        forward = set(map(tuple, ends.reshape(-1, 4).tolist()))
        lines = np.asarray(shapely.linestrings(ends), dtype=object)
        parts = []
        for face in shapely.get_parts(shapely.polygonize(lines)):
            a, b = shapely.get_coordinates(shapely.orient_polygons(face).exterior)[:2].tolist()
            if (*a, *b) in forward:
                parts.append(face)
        # A strip thinner than the bend of the projection may touch itself in metres.
        metric = shapely.transform(parts, lambda xy: self._to_metres(xy + self._origin))
        sound = shapely.make_valid(metric)
        return sound[0] if len(sound) == 1 else shapely.union_all(sound)

    def _owned(self, face: Any) -> tuple[int, tuple[int, ...]] | None:
        """Return area and rows of a face, or None if they are as they should be."""
        point = shapely.get_coordinates(shapely.point_on_surface(face))[0]
        inside = [
            polygon for polygon in self._boxes.query(shapely.points(point)).tolist()
            if self._winds(polygon, point)
        ]  # fmt: skip
        owners = tuple(sorted(polygon - self.areas for polygon in inside if polygon >= self.areas))
        homes = [polygon for polygon in inside if polygon < self.areas]
        area = (0 if self.whole else homes[0]) if homes else -1 if self.areas else 0
        if area < 0 and not owners:
            return None
        sound = area >= 0 and len(owners) == 1 and self.home[owners[0]] == area
        return None if sound else (area, owners)

    def _winds(self, polygon: int, point: FloatArray) -> bool:
        mine = slice(self.offsets[polygon], self.offsets[polygon + 1])
        a = (self.vertices[self.start[mine]] - self._origin) - point
        b = (self.vertices[self.end[mine]] - self._origin) - point
        up = (a[:, 1] <= 0).astype(np.int64) - (b[:, 1] <= 0)
        left = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
        return bool(up[(left > 0) & (up > 0)].sum() + up[(left < 0) & (up < 0)].sum())


def _near(borders: Borders, faults: Sequence[Any]) -> BoolArray:
    """Return which directed edges come within `NEAR_STEPS` of a fault."""
    start, end, _ = borders.edges()
    chosen = np.zeros(len(start), bool)
    lines = shapely.linestrings(np.stack([borders.vertices[start], borders.vertices[end]], axis=1))
    tree = shapely.STRtree(np.asarray(lines, dtype=object))
    chosen[tree.query(list(faults), predicate="dwithin", distance=NEAR_STEPS)[1]] = True
    return chosen


def _directed(face: Any, number_of: dict[tuple[int, ...], int]) -> list[Edge]:
    """Return the edges of a face, the face on the left."""
    turned = shapely.orient_polygons(face)
    edges: list[Edge] = []
    for ring in (turned.exterior, *turned.interiors):
        numbers = [number_of[tuple(spot)] for spot in shapely.get_coordinates(ring).astype(np.int64).tolist()]
        edges += pairwise(numbers)
    return edges


def _root(label: list[int], row: int) -> int:
    while label[row] != row:
        label[row] = label[label[row]]
        row = label[row]
    return row
