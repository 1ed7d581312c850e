"""One parent: from its outline and what is on the ground to its cells."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.absorb import absorb_slivers
from geogrid.partition.blocks.arrangement import NODING_STEP_M, Edges, build_mesh, face_polygons, node_lines
from geogrid.partition.blocks.buildings import lines_between, obstacles_of, round_buildings
from geogrid.partition.blocks.chords import Obstacles, face_chords, is_clear, read_ring
from geogrid.partition.blocks.deadends import carry_on
from geogrid.partition.blocks.divide import divide_atoms
from geogrid.partition.blocks.flags import are_corridors, flags_of
from geogrid.partition.blocks.gaps import closed_gaps
from geogrid.partition.blocks.ground import Ground, OwnAreas, Seams
from geogrid.partition.blocks.mesh import AREA, BUILDING, CUT, LEGAL, LINK, SEAM, TESSELLATION, Mesh, components
from geogrid.partition.blocks.outline import trace_outlines
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["REASONS", "ParentCut", "Recipe", "cut_parent"]

REASONS = {
    SEAM: "seam", LEGAL: "legal border", BUILDING: "building", CUT: "cut", TESSELLATION: "between buildings",
    AREA: "special area",
}  # fmt: skip
"""Why a stretch of border is where it is, by the kind of its edge."""

CORNER_M = 0.016
"""A step of the lattice and a half: what is nearer to a corner could be carried past it by the snap."""

_LEAST_ATOM = 0.01
_BLOCK = 0.5
"""A row of houses of this share of a cell, and the street around it, may have to be parted together."""

_PASSES = 1
_ROOM = 16


@dataclass(frozen=True)
class Recipe:
    """What is asked of the cells.

    Parameters
    ----------
    target_m2, tolerance : float
    effort : float
    seed : int
    """

    target_m2: float
    tolerance: float = 0.1
    effort: float = 1.0
    seed: int = 1


@dataclass(frozen=True, eq=False)
class ParentCut:
    """The cells of one parent, and why their borders are where they are.

    Parameters
    ----------
    polygons : (n,) shapely Polygon, metres
    kinds, names : (n,) object arrays of str
        ``"ground"``, or the kind and name of the area the cell is.
    flags : (n,) object array of str
        Why a cell is off its size, ``""`` where it is not.
    start, end : (e, 2) float64, metres
        Border edges; `left` and `right` are cells, -1 outside.
    reason : (e,) int8
        Key of `REASONS`.
    source : (e,) int64
        Row of the seams, -1 for none.
    """

    polygons: npt.NDArray[np.object_]
    kinds: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    flags: npt.NDArray[np.object_]
    start: FloatArray
    end: FloatArray
    left: Int32Array
    right: Int32Array
    reason: npt.NDArray[np.int8]
    source: IntArray


def cut_parent(parent: shapely.Geometry, ground: Ground, recipe: Recipe) -> ParentCut:
    """Return the cells of one parent; a parent of several parts is cut part by part.

    Parameters
    ----------
    parent : Polygon or MultiPolygon, metres
    ground : Ground, metres in the same CRS
    recipe : Recipe
    """
    done = [_cut_part(part, ground, recipe) for part in shapely.get_parts(parent)]
    if len(done) == 1:
        return done[0]
    before = np.cumsum([0, *(len(cut.polygons) for cut in done)])

    def cells(name: str) -> Int32Array:
        sides = [getattr(cut, name) for cut in done]
        return np.concatenate([np.where(side >= 0, side + n, -1) for side, n in zip(sides, before, strict=False)])

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(cut, name) for cut in done])

    return ParentCut(
        joined("polygons"), joined("kinds"), joined("names"), joined("flags"), joined("start"), joined("end"),
        cells("left"), cells("right"), joined("reason"), joined("source"),
    )  # fmt: skip


def _cut_part(part: shapely.Geometry, everything: Ground, recipe: Recipe) -> ParentCut:
    origin = np.floor(np.asarray(shapely.bounds(part)[:2]))
    ground, seam_rows = everything.near(part, origin)
    border = shapely.transform(part, lambda xy: xy - origin)
    closed, owner = closed_gaps(_with_outlines(ground), border)
    seams, rows, solids = round_buildings(closed, ground.buildings)
    rows = np.where(rows >= 0, owner[rows], -1) if len(closed) else rows
    # Rows of outlines of areas are beyond the seams themselves.
    known = np.concatenate([seam_rows, np.full(len(ground.areas) + 1, -1)])
    obstacles = obstacles_of(ground.buildings, shapely.bounds(border))
    edges = node_lines(
        border, seams.lines, seams.kind, seams.worth, seams.hard, np.arange(len(seams), dtype=np.int32)
    )  # fmt: skip
    nodes = len(edges.xy)
    edges = carry_on(edges, obstacles)
    atoms, mesh = _atoms(border, edges, ground.areas, solids, obstacles, recipe)
    extra = _between_buildings(mesh, atoms, ground.buildings, obstacles, recipe)
    if len(extra):
        seams = seams.join(Seams.of(extra, worth=0.0, layer="between buildings", kind=TESSELLATION))
        rows = np.concatenate([rows, np.full(len(seams) - len(rows), -1)])
        edges = node_lines(
            border, seams.lines, seams.kind, seams.worth, seams.hard, np.arange(len(seams), dtype=np.int32)
        )  # fmt: skip
        nodes = len(edges.xy)
        edges = carry_on(edges, obstacles)
        atoms, mesh = _atoms(border, edges, ground.areas, solids, obstacles, recipe)
    seed = zlib.crc32(shapely.to_wkb(shapely.normalize(border), byte_order=1)) ^ recipe.seed
    cell, component = divide_atoms(
        mesh, atoms.targets, recipe.tolerance, obstacles, seed, recipe.effort, _PASSES
    )  # fmt: skip
    outlines = trace_outlines(mesh, cell, len(component), nodes)
    zone = np.zeros(len(component), np.int64)
    alive = mesh.start[: mesh.used[2]] >= 0
    zone[cell[alive]] = mesh.zone[: mesh.used[2]][alive]
    kinds = np.array(["ground", *ground.areas.kinds], dtype=object)[zone]
    names = np.array(["", *ground.areas.names], dtype=object)[zone]
    legal = outlines.kind == LEGAL
    on_border = np.concatenate([outlines.start[legal], outlines.end[legal]])
    placed = shapely.transform(outlines.polygons, _official(border, on_border, origin))
    flags = flags_of(
        outlines.polygons, component, np.isinf(atoms.targets[zone]), parent_m2=shapely.area(border),
        target_m2=recipe.target_m2, tolerance=recipe.tolerance, kinds=kinds,
        buildings=ground.buildings, beside=(outlines.left, outlines.right, np.hypot(*(outlines.end - outlines.start).T)),
    )  # fmt: skip
    safe = np.maximum(outlines.source, 0)
    back = np.where(outlines.source >= 0, rows[safe] if len(rows) else -1, -1)
    source = np.where(back >= 0, known[np.minimum(np.maximum(back, 0), len(known) - 1)], -1)
    return ParentCut(
        np.asarray(shapely.remove_repeated_points(placed), object), kinds, names, flags,
        outlines.start + origin, outlines.end + origin, outlines.left, outlines.right, outlines.kind, source,
    )  # fmt: skip


def _official(
    border: shapely.Geometry, on_border: FloatArray, origin: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """Return what takes noded vertices back to the CRS; the parent's own come back exactly as they were.

    A vertex put on the border closer to a corner of it than a lattice step and a half becomes that corner: on the
    lattice the two could change sides, and the border would turn back on itself. All such vertices do, though
    noding has moved some by more than its own step: one left where it is would stand behind the corner its
    neighbour went to.

    Parameters
    ----------
    border : Polygon
        The parent, metres from `origin`.
    on_border : (k, 2) float64
        The vertices of its border as noded, exactly.
    origin : (2,) float64
    """
    own = shapely.get_coordinates(border)
    vertices: Any = shapely.points(own)
    corners = shapely.STRtree(vertices)
    outline = shapely.boundary(border)
    shapely.prepare(outline)
    chain = np.unique(on_border @ (1, 1j))

    def placed(xy: FloatArray) -> FloatArray:
        points = np.asarray(shapely.points(xy), dtype=object)
        row, corner = corners.query_nearest(points, max_distance=CORNER_M, all_matches=False)
        on = np.isin(xy[row] @ (1, 1j), chain) | shapely.dwithin(outline, points[row], NODING_STEP_M)
        result = xy.copy()
        result[row[on]] = own[corner[on]]
        return result + origin

    return placed


def _with_outlines(ground: Ground) -> Seams:
    """Return the seams, followed by the outlines of the areas; a water's bank is hard by its zone."""
    seams = ground.seams
    if len(ground.areas) == 0:
        return seams
    outlines = Seams.of(ground.areas.polygons, worth=0.9, layer="areas", kind=AREA)
    return seams.join(outlines)


@dataclass(frozen=True, eq=False)
class _Atoms:
    targets: FloatArray


def _atoms(
    border: shapely.Geometry,
    edges: Edges,
    areas: OwnAreas,
    solids: npt.NDArray[np.object_],
    obstacles: Obstacles,
    recipe: Recipe,
) -> tuple[_Atoms, Mesh]:
    """Return the mesh of the atoms that count: slivers absorbed, areas kept whole."""
    target = recipe.target_m2
    mesh, piece_of = build_mesh(border, edges, 0)
    zone, solid, whole = _belonging(mesh, areas, solids)
    targets = np.full(len(areas) + 1, target)
    targets[1:][areas.rule == "own"] = np.inf
    label = absorb_slivers(mesh, zone=zone, solid=solid, least_m2=_LEAST_ATOM * target)
    label = _united(mesh, label, whole)
    used = int(mesh.used[1])
    face = mesh.face[: 2 * used]
    side = np.where(face >= 0, label[np.maximum(face, 0)], -1)
    differ = (side[0::2] != side[1::2]) & (piece_of >= 0) & ~_inside_corridors(side, zone, areas)
    keep = np.zeros(len(edges.ends), bool)
    keep[piece_of[differ]] = True
    hard = edges.hard.copy()
    hard[piece_of[differ & _beyond_hard_seams(mesh, label)]] = True
    edges = replace(edges, hard=hard)
    spare = int(_ROOM * shapely.area(border) / target) + 60
    fine, fine_piece = build_mesh(border, edges.take(keep), spare)
    # A new atom takes its zone from any old one inside it: the one left of the same half-edge.
    old_row = np.full(len(edges.ends), -1)
    old_row[piece_of[piece_of >= 0]] = np.flatnonzero(piece_of >= 0)
    kept = np.flatnonzero(keep)
    used = int(fine.used[1])
    rows = np.flatnonzero(fine_piece >= 0)
    before = old_row[kept[fine_piece[rows]]]
    for way in (0, 1):
        new, old = fine.face[2 * rows + way], face[2 * before + way]
        ok = (new >= 0) & (old >= 0)
        fine.zone[new[ok]] = zone[label[old[ok]]]
        whole_ = (whole >= 0) | solid
        fine.solid[new[ok]] |= whole_[label[old[ok]]]
    for e in np.flatnonzero(fine.kind[:used] == LINK):
        a, b = fine.origin[2 * e], fine.origin[2 * e + 1]
        if not is_clear(obstacles, fine.x[a], fine.y[a], fine.x[b], fine.y[b]):
            fine.worth[e] = -1.0
    return _Atoms(targets), fine


def _inside_corridors(side: IntArray, zone: IntArray, areas: OwnAreas) -> BoolArray:
    """Return (edges,) whether an edge runs inside a corridor: a road is parted along its length, by no centreline."""
    corridor = are_corridors(np.array(["ground", *areas.kinds], dtype=object))
    sides = side.reshape(-1, 2)
    of = zone[np.maximum(sides, 0)]
    return np.asarray((sides >= 0).all(axis=1) & (of[:, 0] == of[:, 1]) & corridor[of[:, 0]])


def _beyond_hard_seams(mesh: Mesh, label: IntArray) -> BoolArray:
    """Return (edges in use,) whether an edge bounds an atom that its label has only across a hard seam.

    To leave such an atom by a soft edge would be to cross the hard seam after all.
    """
    edges, faces = int(mesh.used[1]), int(mesh.used[2])
    sides = mesh.face[: 2 * edges].reshape(-1, 2).astype(np.int64)
    inner = (sides >= 0).all(axis=1)
    safe = np.maximum(sides, 0)
    joined = inner & ~mesh.hard[:edges] & (label[safe[:, 0]] == label[safe[:, 1]])
    part = components(safe, joined, faces)
    beyond = part != part[label]
    return np.asarray(inner & beyond[safe].any(axis=1))


def _belonging(mesh: Mesh, areas: OwnAreas, solids: npt.NDArray[np.object_]) -> tuple[IntArray, BoolArray, IntArray]:
    """Return each atom's zone, whether it is a building, and the area it must not be parted from (-1)."""
    faces = int(mesh.used[2])
    zone, whole = np.zeros(faces, np.int64), np.full(faces, -1, np.int64)
    solid = np.zeros(faces, bool)
    if len(areas) == 0 and len(solids) == 0:
        return zone, solid, whole
    points = np.full(faces, None, dtype=object)
    alive = mesh.start[:faces] >= 0
    points[alive] = shapely.point_on_surface(shapely.make_valid(face_polygons(mesh)[alive]))
    if len(solids):
        solid[np.unique(shapely.STRtree(points).query(solids, predicate="contains")[1])] = True
    if len(areas):
        area, face = shapely.STRtree(points).query(areas.polygons, predicate="contains")
        # The smallest area counts where several overlap.
        size = shapely.area(areas.polygons)
        order = np.lexsort((area, -size[area]))
        within = np.full(faces, -1, np.int64)
        within[face[order]] = area[order]
        measured = np.bincount(within[within >= 0], weights=mesh.area[:faces][within >= 0], minlength=len(areas))
        own = (areas.rule != "one") & (measured >= areas.least_m2)
        inside = within >= 0
        zone[inside & own[within]] = within[inside & own[within]] + 1
        joined = inside & ~own[within]
        whole[joined] = within[joined]
    return zone, solid, whole


def _united(mesh: Mesh, label: IntArray, whole: IntArray) -> IntArray:
    """Return the labels with neighbouring atoms of one unparted area under one label, but for hard seams."""
    if (whole < 0).all():
        return label
    edges = int(mesh.used[1])
    face = mesh.face[: 2 * edges].reshape(-1, 2)
    ok = (face >= 0).all(axis=1) & ~mesh.hard[:edges]
    a, b = face[ok].T
    same = (whole[a] >= 0) & (whole[a] == whole[b])
    label = label.copy()
    for u, v in zip(a[same], b[same], strict=True):
        one, two = label[u], label[v]
        if one != two:
            label[label == max(one, two)] = min(one, two)
    return label


def _between_buildings(
    mesh: Mesh, atoms: _Atoms, buildings: npt.NDArray[np.object_], obstacles: Obstacles, recipe: Recipe
) -> npt.NDArray[np.object_]:
    """Return lines between buildings for atoms that no chord can halve."""
    none = np.empty(0, dtype=object)
    if len(buildings) < 2:
        return none
    faces = np.flatnonzero((mesh.area[: mesh.used[2]] > _BLOCK * recipe.target_m2) & ~mesh.solid[: mesh.used[2]])
    stuck = []
    side = np.sqrt(recipe.target_m2)
    for f in faces:
        if np.isinf(atoms.targets[mesh.zone[f]]):
            continue
        ring = read_ring(mesh, int(f))
        area = face_chords(mesh, int(f), ring, obstacles, 0.06 * side, 2.5 * side)[2]
        reach = np.sort(np.concatenate([[0.0], area, mesh.area[f] - area, [mesh.area[f]]]))
        if np.diff(reach).max() > 0.5 * recipe.target_m2:
            stuck.append(f)
    if not stuck:
        return none
    shapes = shapely.make_valid(face_polygons(mesh)[np.array(stuck)])
    tree = shapely.STRtree(buildings)
    lines = [lines_between(buildings[np.sort(tree.query(shape, predicate="intersects"))], shape) for shape in shapes]
    return np.concatenate([none, *lines])
