"""The pieces that a proof sweeps: cells, cut by the overlay layers that matter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.assign.answering import Desk
from geogrid.assign.places import PlaceLayer
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Pieces", "pieces_of"]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Parts of cells, each of one class of places.

    Parameters
    ----------
    desk : Desk
    cell : (n,) int32
    number : (n,) int32
        Class of each piece.
    area_m2 : (n,) float64
    shapes : (n,) object array or None
        Geometry in lattice steps where cells are cut; None when pieces are whole cells.
    """

    desk: Desk
    cell: Int32Array
    number: Int32Array
    area_m2: FloatArray
    shapes: npt.NDArray[np.object_] | None = None

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.cell)

    @cached_property
    def _order(self) -> tuple[IntArray, IntArray]:
        order = np.argsort(self.number, kind="stable")
        count = int(self.number.max(initial=-1)) + 1
        return order, np.searchsorted(self.number[order], np.arange(count + 1))

    @property
    def classes_met(self) -> list[int]:
        """Numbers of the classes that have a piece."""
        return [int(number) for number in np.unique(self.number)]

    def of_class(self, number: int) -> IntArray:
        """Return the pieces of a class."""
        order, edges = self._order
        return order[edges[number] : edges[number + 1]]

    def class_area_m2(self, number: int) -> float:
        """Return the area of a class in m²."""
        return float(self.area_m2[self.of_class(number)].sum())

    @cached_property
    def grid_layer(self) -> PlaceLayer:
        """The layer by which findings are named: the first stacked layer, else the base."""
        own = self.desk.places.own_layers
        return own[1] if len(own) > 1 else own[0]

    def point_in(self, piece: int) -> tuple[float, float]:
        """Return a point inside a piece, degrees, WGS 84."""
        if self.shapes is not None:
            shape = self.shapes[piece]
        else:
            shape = self.desk.places.shapes.take([int(self.cell[piece])]).to_shapely_steps()[0]
        point = shapely.point_on_surface(shape)
        return point.x / 1e7, point.y / 1e7


def pieces_of(desk: Desk) -> Pieces:
    """Return the pieces of a desk's places.

    Cells are cut only by the overlay layers that a rule, a service or a duty names.
    """
    cells = np.arange(len(desk.places), dtype=np.int32)
    numbers = desk.classes.of_cell
    if not desk.classes.overlays:
        return Pieces(desk, cells, numbers, desk.places.area_m2)
    shapes = desk.places.shapes.to_shapely_steps()
    rows: dict[str, Int32Array] = {}
    for name in desk.classes.overlays:
        cells, shapes, rows = _cut(desk, name, cells, shapes, rows)
    lattice = desk.places.shapes.to_shapely_steps()
    share = shapely.area(shapes) / shapely.area(lattice)[cells]
    keys = np.column_stack([desk.classes.of_cell[cells], *(rows[name] for name in rows)])
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    made = [desk.classes.number(int(cells[row]), tuple((name, int(rows[name][row])) for name in rows)) for row in first]
    return Pieces(desk, cells, np.array(made, np.int32)[group.ravel()], desk.places.area_m2[cells] * share, shapes)


def _cut(
    desk: Desk, name: str, cells: Int32Array, shapes: npt.NDArray[np.object_], rows: dict[str, Int32Array]
) -> tuple[Int32Array, npt.NDArray[np.object_], dict[str, Int32Array]]:
    """Cut pieces by one overlay; what lies in none of its rows stays as a piece of its own."""
    overlay = desk.division.shapes(name).to_shapely_steps()
    piece, row = shapely.STRtree(overlay).query(shapes, predicate="intersects")
    inside = shapely.covers(overlay[row], shapes[piece])
    parts = shapes[piece].copy()
    parts[~inside] = shapely.intersection(shapes[piece[~inside]], overlay[row[~inside]])
    solid = shapely.area(parts) > 0
    piece, row, parts = piece[solid], row[solid], parts[solid]
    whole = np.isin(np.arange(len(shapes)), piece[inside[solid]])
    rest = np.flatnonzero(~whole)
    touched = np.isin(rest, piece)
    left = shapes[rest].copy()
    for i in np.flatnonzero(touched):
        left[i] = shapely.difference(shapes[rest[i]], shapely.union_all(overlay[row[piece == rest[i]]]))
    # A sliver thinner than a lattice step holds no lattice point, so nobody can report from it.
    solid = ~shapely.is_empty(shapely.buffer(left, -1.0))
    rest, left = rest[solid], left[solid]
    source = np.concatenate([piece, rest])
    order = np.argsort(source, kind="stable")
    source = source[order]
    joined = np.concatenate([parts, left])[order]
    mine = np.concatenate([row, np.full(len(rest), -1)])[order].astype(np.int32)
    return cells[source], joined, {**{key: values[source] for key, values in rows.items()}, name: mine}
