"""What is on the ground, in metres: seams, buildings and areas of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.edge_kinds import SEAM
from geogrid.types import BoolArray, Finding, FloatArray, IntArray

__all__ = ["Ground", "OwnAreas", "Seams"]


def _objects(values: object = ()) -> npt.NDArray[np.object_]:
    return np.array(values, dtype=object)


@dataclass(frozen=True, eq=False)
class Seams:
    """Lines a cell border may follow, in an order that does not depend on the files' row order.

    Parameters
    ----------
    lines : (n,) shapely LineString, metres
    worth : (n,) float64
        Importance as a border, 0 to 1.
    hard : (n,) bool
        Never inside a cell.
    layer, classes, names : (n,) object arrays of str
        Where each comes from, for the reasons.
    kind : (n,) int8
        `SEAM`, or `AREA` for the outline of an area of its own.
    """

    lines: npt.NDArray[np.object_] = field(default_factory=_objects)
    worth: FloatArray = field(default_factory=lambda: np.empty(0))
    hard: BoolArray = field(default_factory=lambda: np.empty(0, bool))
    layer: npt.NDArray[np.object_] = field(default_factory=_objects)
    classes: npt.NDArray[np.object_] = field(default_factory=_objects)
    names: npt.NDArray[np.object_] = field(default_factory=_objects)
    kind: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    @classmethod
    def of(
        cls, geometry: npt.ArrayLike, *, worth: npt.ArrayLike = 0.5, hard: npt.ArrayLike = False,
        layer: npt.ArrayLike = "", classes: npt.ArrayLike = "", names: npt.ArrayLike = "", kind: int = SEAM,
    ) -> Seams:  # fmt: skip
        """Return the seams of lines or polygons (their outlines); other arguments are one value or n."""
        shapes = np.atleast_1d(_objects(geometry))
        polygons = np.isin(shapely.get_type_id(shapes), (3, 6))
        shapes = shapes.copy()
        shapes[polygons] = shapely.boundary(shapes[polygons])
        parts, row = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
        inner, at = shapely.get_parts(parts, return_index=True)
        row = row[at]
        keep = np.isin(shapely.get_type_id(inner), (1, 2)) & (shapely.length(inner) > 0)
        inner, row = inner[keep], row[keep]

        def column(values: npt.ArrayLike, dtype: type) -> npt.NDArray[Any]:
            return np.broadcast_to(np.asarray(values, dtype), len(shapes))[row]

        coords, index = shapely.get_coordinates(inner, return_index=True)
        lines = shapely.linestrings(coords, indices=index) if len(inner) else inner  # rings become lines
        seams = cls(
            np.asarray(lines, object), column(worth, float), column(hard, bool), column(layer, object),
            column(classes, object), column(names, object), np.full(len(row), kind, np.int8),
        )  # fmt: skip
        return seams.sorted()

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.lines)

    def sorted(self) -> Seams:
        """Return the seams in the order of their coordinates."""
        if len(self) == 0:
            return self
        wkb = shapely.to_wkb(self.lines, byte_order=1)
        keys = [wkb, *(column.astype(str) for column in (self.layer, self.classes, self.names))]
        order = np.array(sorted(range(len(self)), key=lambda i: tuple(key[i] for key in keys)), np.int64)
        return self.take(order)

    def take(self, rows: npt.NDArray[Any]) -> Seams:
        """Return the seams at `rows`."""
        return Seams(
            self.lines[rows], self.worth[rows], self.hard[rows], self.layer[rows], self.classes[rows],
            self.names[rows], self.kind[rows],
        )  # fmt: skip

    def join(self, other: Seams) -> Seams:
        """Return these seams followed by the others."""
        return Seams(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__annotations__))

    def moved(self, dx: float, dy: float) -> Seams:
        """Return the seams moved by some metres."""
        return replace(self, lines=shapely.transform(self.lines, lambda xy: xy + (dx, dy)))


@dataclass(frozen=True, eq=False)
class OwnAreas:
    """Polygons that are places of their own.

    Parameters
    ----------
    polygons : (n,) shapely polygons, metres
    rule : (n,) object array of ``"own"``, ``"one"``, ``"split"``
    least_m2 : (n,) float64
    kinds, names : (n,) object arrays of str
    """

    polygons: npt.NDArray[np.object_] = field(default_factory=_objects)
    rule: npt.NDArray[np.object_] = field(default_factory=_objects)
    least_m2: FloatArray = field(default_factory=lambda: np.empty(0))
    kinds: npt.NDArray[np.object_] = field(default_factory=_objects)
    names: npt.NDArray[np.object_] = field(default_factory=_objects)

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self.polygons)

    def take(self, rows: npt.NDArray[Any]) -> OwnAreas:
        """Return the areas at `rows`."""
        return OwnAreas(*(getattr(self, name)[rows] for name in self.__annotations__))

    def join(self, other: OwnAreas) -> OwnAreas:
        """Return these areas followed by the others."""
        return OwnAreas(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__annotations__)
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ground:
    """Everything on the ground.

    Parameters
    ----------
    seams : Seams
    buildings : (n,) shapely polygons, metres
    areas : OwnAreas
    building_names : (n,) object array of str
        What each building is called in findings; empty if it has no name but its row.
    findings : tuple of Finding
        What of the files could not be used.
    """

    seams: Seams = field(default_factory=Seams)
    buildings: npt.NDArray[np.object_] = field(default_factory=_objects)
    areas: OwnAreas = field(default_factory=OwnAreas)
    building_names: npt.NDArray[np.object_] = field(default_factory=_objects)
    findings: tuple[Finding, ...] = ()

    @property
    def labels(self) -> npt.NDArray[np.object_]:
        """(n,) what each building is called: its name, else ``row 1`` and so on."""
        if len(self.building_names) == len(self.buildings):
            return self.building_names
        return _objects([f"row {row + 1}" for row in range(len(self.buildings))])

    def in_order(self) -> Ground:
        """Return the same ground with buildings in the order of their coordinates, whatever order they came in."""
        keys = shapely.to_wkb(self.buildings, byte_order=1)
        labels = self.labels
        order = np.array(sorted(range(len(keys)), key=lambda row: (keys[row], labels[row])), np.int64)
        return replace(self, buildings=self.buildings[order], building_names=labels[order])

    @cached_property
    def _trees(self) -> tuple[shapely.STRtree, shapely.STRtree, shapely.STRtree]:
        return shapely.STRtree(self.seams.lines), shapely.STRtree(self.buildings), shapely.STRtree(self.areas.polygons)

    def near(self, place: shapely.Geometry, origin: FloatArray) -> tuple[Ground, IntArray]:
        """Return what touches a place, in metres from `origin`, and the rows of its seams."""
        shapely.prepare(place)
        rows = [np.sort(tree.query(place, predicate="intersects")) for tree in self._trees]

        def local(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
            return np.asarray(shapely.transform(shapes, lambda xy: xy - origin), object)

        seams, areas = self.seams.take(rows[0]), self.areas.take(rows[2])
        return (
            Ground(
                replace(seams, lines=local(seams.lines)), local(self.buildings[rows[1]]),
                replace(areas, polygons=local(areas.polygons)),
            ),
            rows[0],
        )  # fmt: skip
