"""Heal a hand-drawn division: gaps, overlaps and slivers become a partition, every change listed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import BoundaryError
from geogrid.partition.blocks.absorb import face_perimeters
from geogrid.partition.blocks.arrangement import build_mesh, face_polygons, node_lines
from geogrid.partition.blocks.mesh import Mesh
from geogrid.types import FloatArray, IntArray

__all__ = ["Change", "Healed", "heal"]

_LEAST_M2 = 1e-4


@dataclass(frozen=True)
class Change:
    """One strip that changed hands, or a gap that stayed.

    Parameters
    ----------
    kind : {"gap", "overlap", "outside", "hole"}
        A ``hole`` is a gap too wide to be given away; what lay ``outside`` the place was cut off.
    area_m2, width_m : float
        Width is twice the area over the perimeter.
    gained : str
        Who has it now, ``""`` for nobody.
    lost : tuple of str
        Who had it as well, and no longer has.
    geometry : shapely Polygon, metres
    """

    kind: Literal["gap", "overlap", "outside", "hole"]
    area_m2: float
    width_m: float
    gained: str
    lost: tuple[str, ...]
    geometry: Any


@dataclass(frozen=True, eq=False)
class Healed:
    """A division after healing.

    Parameters
    ----------
    polygons : (n,) shapely polygons, metres
        One for each that was given; they share their borders exactly.
    changes : tuple of Change
    """

    polygons: npt.NDArray[np.object_]
    changes: tuple[Change, ...]

    @property
    def holes(self) -> tuple[Change, ...]:
        """The gaps that were too wide to be given away."""
        return tuple(change for change in self.changes if change.kind == "hole")

    def to_geopandas(self, crs: Any) -> Any:
        """Return the report, one row per change, in the metric CRS it was healed in."""
        import geopandas

        columns: dict[str, list[Any]] = {
            "kind": [c.kind for c in self.changes],
            "area_m2": [round(c.area_m2, 3) for c in self.changes],
            "width_m": [round(c.width_m, 3) for c in self.changes],
            "gained": [c.gained for c in self.changes],
            "lost": [", ".join(c.lost) for c in self.changes],
        }
        return geopandas.GeoDataFrame(columns, geometry=[c.geometry for c in self.changes], crs=crs)

    def write_changes(self, path: str | Path, crs: Any) -> None:
        """Write the report as a GeoPackage."""
        self.to_geopandas(crs).to_file(path, driver="GPKG", layer="changes")


def heal(
    polygons: npt.NDArray[np.object_], codes: npt.NDArray[np.object_], *, place: shapely.Geometry | None = None,
    strip_m: float = 5.0,
) -> Healed:  # fmt: skip
    """Return a division without overlaps, and without gaps up to a width.

    All outlines are noded once to 1 mm; nothing else moves. A piece that two or more claim
    goes to the claimant with the longest side along it, whatever its width. A gap not wider than
    `strip_m` goes to the neighbour with the longest side; a wider one stays a hole and is
    listed. What lies outside `place` is cut off and listed.

    Parameters
    ----------
    polygons : (n,) valid shapely polygons, metres
    codes : (n,) str
    place : Polygon or MultiPolygon, optional
        What is to be covered; without it, the union of the polygons with its holes filled.
    strip_m : float

    Raises
    ------
    BoundaryError
        If a polygon is empty or not valid.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> drawn = np.array([shapely.box(0, 0, 100, 100), shapely.box(98, 0, 200, 100)])
    >>> healed = heal(drawn, np.array(["a", "b"], dtype=object))
    >>> [(c.kind, c.gained, c.lost, c.area_m2) for c in healed.changes]
    [('overlap', 'a', ('b',), 200.0)]
    """
    bad = np.flatnonzero(shapely.is_empty(polygons) | ~shapely.is_valid(polygons))
    if len(bad):
        raise BoundaryError(
            f"{len(bad)} polygon(s) are empty or not valid",
            given=", ".join(f"{codes[i]} ({shapely.is_valid_reason(polygons[i])})" for i in bad[:5]),
            mend="repair them when reading, and look at what moved",
        )
    names = [str(code) for code in codes]
    if place is None:
        parts = shapely.get_parts(shapely.union_all(polygons, grid_size=0.001))
        place = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
        changes: list[Change] = []
    else:
        changes = _cut_off(polygons, names, place)
    pieces: list[list[Any]] = [[] for _ in polygons]
    for part in shapely.get_parts(place):
        _heal_part(part, polygons, names, strip_m, pieces, changes)
    healed = np.array(
        [shapely.coverage_union_all(np.array(own, dtype=object)) if own else shapely.Polygon() for own in pieces],
        dtype=object,
    )
    changes.sort(key=lambda change: (change.kind, -change.area_m2, shapely.to_wkb(change.geometry, byte_order=1)))
    return Healed(healed, tuple(changes))


def _cut_off(polygons: npt.NDArray[np.object_], names: list[str], place: shapely.Geometry) -> list[Change]:
    outside = shapely.difference(polygons, place, grid_size=0.001)
    parts, row = shapely.get_parts(outside, return_index=True)
    return [
        Change("outside", float(shapely.area(part)), _width(part), "", (names[i],), part)
        for part, i in zip(parts, row, strict=True)
        if shapely.area(part) > _LEAST_M2
    ]


def _heal_part(
    part: shapely.Geometry, polygons: npt.NDArray[np.object_], names: list[str], strip_m: float,
    pieces: list[list[Any]], changes: list[Change],
) -> None:  # fmt: skip
    """Share out the atoms of one part of the place."""
    origin = np.floor(np.asarray(shapely.bounds(part)[:2]))
    rows = np.flatnonzero(shapely.intersects(polygons, part))
    border = shapely.transform(part, lambda xy: xy - origin)
    drawn = np.asarray(shapely.transform(polygons[rows], lambda xy: xy - origin), dtype=object)
    lines = shapely.get_parts(shapely.boundary(drawn))
    lines = shapely.get_parts(lines)
    count = len(lines)
    edges = node_lines(
        border, lines, np.zeros(count, np.int8), np.zeros(count), np.zeros(count, bool), np.arange(count, dtype=np.int32)
    )  # fmt: skip
    mesh, _ = build_mesh(border, edges, 0)
    faces = face_polygons(mesh)
    alive = np.flatnonzero(mesh.start[: len(faces)] >= 0)
    inside = shapely.point_on_surface(shapely.make_valid(faces[alive]))
    who, at = shapely.STRtree(inside).query(drawn, predicate="contains")
    claims: list[list[int]] = [[] for _ in faces]
    for claimant, face in sorted(zip(who.tolist(), alive[at].tolist(), strict=True)):
        claims[face].append(claimant)
    owner = np.array([c[0] if len(c) == 1 else -1 for c in claims], np.int64)
    area = mesh.area[: len(faces)]
    width = 2 * area / np.maximum(face_perimeters(mesh), 1e-9)
    left, right, length = _sides(mesh)
    # Overlaps first, then gaps from the widest contact inwards, until nothing changes.
    waiting = [int(f) for f in alive if owner[f] < 0 and (len(claims[f]) > 1 or width[f] <= strip_m)]
    while waiting:
        best = (-1.0, -1, -1)
        for f in waiting:
            for other, shared in _contacts(f, owner, left, right, length, claims[f]):
                if (shared, -f, -other) > (best[0], -best[1], -best[2]):
                    best = (shared, f, other)
        if best[1] < 0:
            alone = [f for f in waiting if claims[f]]
            if not alone:
                break
            best = (0.0, alone[0], claims[alone[0]][0])
        _, f, to = best
        owner[f] = to
        waiting.remove(f)
    for f in alive.tolist():
        shape = shapely.transform(faces[f], lambda xy: xy + origin)
        if owner[f] >= 0:
            pieces[rows[owner[f]]].append(shape)
        if len(claims[f]) == 1 or area[f] <= _LEAST_M2:
            continue
        gained = names[rows[owner[f]]] if owner[f] >= 0 else ""
        lost = tuple(names[rows[c]] for c in claims[f] if c != owner[f])
        kind: Literal["gap", "overlap", "hole"] = "overlap" if claims[f] else "gap" if gained else "hole"
        changes.append(Change(kind, float(area[f]), float(width[f]), gained, lost, shape))


def _sides(mesh: Mesh) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the two atoms and the length of every inner edge."""
    edges = int(mesh.used[1])
    a, b = mesh.origin[0 : 2 * edges : 2], mesh.origin[1 : 2 * edges : 2]
    length = np.hypot(mesh.x[b] - mesh.x[a], mesh.y[b] - mesh.y[a])
    face = mesh.face[: 2 * edges].reshape(-1, 2).astype(np.int64)
    inner = (face >= 0).all(axis=1) & (face[:, 0] != face[:, 1])
    return face[inner, 0], face[inner, 1], length[inner]


def _contacts(
    f: int, owner: IntArray, left: IntArray, right: IntArray, length: FloatArray, claimants: list[int]
) -> list[tuple[int, float]]:
    """Return (owner, metres shared) for those an atom may go to."""
    mine = (left == f) | (right == f)
    other = owner[np.where(left[mine] == f, right[mine], left[mine])]
    shared: dict[int, float] = {}
    for o, metres in zip(other.tolist(), length[mine].tolist(), strict=True):
        if o >= 0 and (not claimants or o in claimants):
            shared[o] = shared.get(o, 0.0) + metres
    return sorted(shared.items())


def _width(shape: shapely.Geometry) -> float:
    return float(2 * shapely.area(shape) / max(float(shapely.length(shape)), 1e-9))
