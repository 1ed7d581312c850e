"""Mending: cells that the snap has folded are laid out again, in integers.

Snapping moves a vertex by up to half a step, which can carry it over an edge of its own ring
where two borders run less than a step apart. Snap rounding (Hobby 1999) says what to do: an edge that
passes through the pixel of a vertex goes through that vertex. The cell then touches itself
instead of crossing, and what is pinched off goes to the neighbour it shares most border with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, area_m2, edge_length_m, uncancelled_edges
from geogrid.partition.borders import Borders, Insertion, distinct
from geogrid.types import Finding, FloatArray, Int32Array, IntArray

__all__ = ["Mended", "enclosed", "folded_rows", "laid_out_again", "through_own_pixels", "turned_rows"]


@dataclass(frozen=True, eq=False)
class Mended:
    """Cells after mending.

    Parameters
    ----------
    cells : LatticePolygons
    kept : (k,) int64
        Which of the cells before these are.
    findings : tuple of Finding
        One for each piece that changed hands, or that vanished.
    """

    cells: LatticePolygons
    kept: IntArray
    findings: tuple[Finding, ...]


def folded_rows(polygons: LatticePolygons) -> IntArray:
    """Return the rows that are not one simple polygon."""
    shapes = polygons.to_shapely_steps()
    return np.flatnonzero(~shapely.is_valid(shapes) | (shapely.get_type_id(shapes) != 3) | shapely.is_empty(shapes))


def turned_rows(borders: Borders, steps: FloatArray, points: Int32Array) -> IntArray:
    """Return the polygons with a ring that the snap has turned over, or laid flat.

    A ring so thin that one of its corners has crossed to the other side is still simple, but its
    inside is now where its neighbours are.

    Parameters
    ----------
    borders : Borders
    steps : (v, 2) float64
        Vertices in lattice steps, not yet rounded.
    points : (v, 2) int32
        The same, rounded.
    """
    ring_of = np.repeat(np.arange(len(borders.ring_offsets) - 1), np.diff(borders.ring_offsets))
    first = borders.ring[borders.ring_offsets[:-1]][ring_of]
    signs = []
    for vertices in (steps, points.astype(np.float64)):
        local = vertices[borders.ring] - vertices[first]
        cross = local[:-1, 0] * local[1:, 1] - local[1:, 0] * local[:-1, 1]
        inner = ring_of[1:] == ring_of[:-1]
        signs.append(np.sign(np.bincount(ring_of[1:][inner], weights=cross[inner], minlength=ring_of[-1] + 1)))
    part_of = np.repeat(np.arange(len(borders.part_offsets) - 1), np.diff(borders.part_offsets))
    geom_of = np.repeat(np.arange(len(borders)), np.diff(borders.geom_offsets))
    return distinct(geom_of[part_of][signs[0] != signs[1]])


def through_own_pixels(borders: Borders, steps: FloatArray, rows: IntArray) -> Insertion:
    """Return the vertices of some polygons through whose pixel another of its edges passes.

    Parameters
    ----------
    borders : Borders
    steps : (v, 2) float64
        Vertices in lattice steps, not yet rounded.
    rows : (k,) int64
    """
    start, end, owner = borders.edges()
    mine = np.isin(owner, rows)
    start, end, owner = start[mine], end[mine], owner[mine]
    if len(start) == 0:
        return Insertion(start, start, np.empty(0), start)
    found: list[tuple[IntArray, IntArray, FloatArray, IntArray]] = []
    for row in rows:
        a, b = start[owner == row], end[owner == row]
        low, high = np.minimum(a, b), np.maximum(a, b)
        pixel = np.rint(steps[a])
        edge, vertex, along = _crossings(steps[low], steps[high], pixel)
        ends = np.rint(steps[low[edge]]), np.rint(steps[high[edge]])
        inner = (pixel[vertex] != ends[0]).any(axis=1) & (pixel[vertex] != ends[1]).any(axis=1)
        edge, vertex, along = edge[inner], vertex[inner], along[inner]
        found.append((low[edge], high[edge], along, a[vertex]))
    columns = [np.concatenate(part) for part in zip(*found, strict=True)]
    keep = np.unique(np.column_stack([columns[0], columns[1], columns[3]]), axis=0, return_index=True)[1]
    return Insertion(*(column[keep] for column in columns))


def _crossings(a: FloatArray, b: FloatArray, pixel: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return which segments a-b meet which unit squares around `pixel`, and where along they do."""
    low = np.zeros((len(a), len(pixel)))
    high = np.ones((len(a), len(pixel)))
    hit = np.ones((len(a), len(pixel)), bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in (0, 1):
            run = (b - a)[:, axis][:, None]
            near = (pixel[None, :, axis] - 0.5 - a[:, axis][:, None]) / run
            far = (pixel[None, :, axis] + 0.5 - a[:, axis][:, None]) / run
            level = run == 0
            hit &= ~level | (np.abs(a[:, axis][:, None] - pixel[None, :, axis]) <= 0.5)
            low = np.maximum(low, np.where(level, 0.0, np.minimum(near, far)))
            high = np.minimum(high, np.where(level, 1.0, np.maximum(near, far)))
    segment, square = np.nonzero(hit & (low <= high))
    return segment, square, ((low + high) / 2)[segment, square]


def laid_out_again(cells: LatticePolygons, rows: IntArray, parent: IntArray) -> Mended:
    """Return the cells with `rows` made simple: their largest piece stays, others change hands.

    Parameters
    ----------
    cells : LatticePolygons
    rows : (k,) int64
        Cells that touch or fold onto themselves, all vertices in place.
    parent : (n,) int64
        Pieces stay within their parent.
    """
    findings: list[Finding] = []
    changed: dict[int, LatticePolygons] = {}
    for row in rows.tolist():
        pieces = enclosed(*cells.take([row]).edges()[:2])
        sizes = area_m2(pieces)
        changed[row] = pieces.take([int(np.argmax(sizes))]) if len(pieces) else pieces
        for piece in np.argsort(-sizes, kind="stable")[1:]:
            strip = pieces.take([int(piece)])
            taker = _taker(cells, changed, strip, np.flatnonzero(parent == parent[row]), row)
            if taker is None:
                continue
            whole = changed.get(taker, cells.take([taker]))
            edges = [np.concatenate(part) for part in zip(whole.edges()[:2], strip.edges()[:2], strict=True)]
            changed[taker] = enclosed(*edges)
            place = strip.to_shapely()[0].representative_point()
            message = f"{sizes[piece]:.4f} m² pinched off by the snap went to the neighbour"
            findings.append(
                Finding("one_piece", message, (str(row), str(taker)), place.x, place.y, float(sizes[piece]), "m2")
            )
    kept = np.array([row for row in range(len(cells)) if len(changed.get(row, (0,)))], np.int64)
    return Mended(_with(cells, changed, kept), kept, tuple(findings))


def enclosed(starts: Int32Array, ends: Int32Array) -> LatticePolygons:
    """Return the polygons that a closed set of directed edges goes around once."""
    a, b, weight, _ = uncancelled_edges(starts, ends, np.zeros(len(starts), np.int64))
    if len(a) == 0:
        return LatticePolygons.from_rings([], [], [])
    origin = a.min(axis=0).astype(np.int64)
    lines = shapely.linestrings(np.stack([a, b], axis=1).astype(np.float64) - origin)
    faces = [face for face in shapely.get_parts(shapely.polygonize(list(lines))) if face.area > 0]
    # Windings are 0 or 1, so a face is inside where an edge runs around it with the face on its left.
    forward = {(*p, *q) for p, q, w in zip(a.tolist(), b.tolist(), weight.tolist(), strict=True) if w > 0}
    forward |= {(*q, *p) for p, q, w in zip(a.tolist(), b.tolist(), weight.tolist(), strict=True) if w < 0}
    inside = []
    for face in faces:
        shell = shapely.get_coordinates(shapely.orient_polygons(face).exterior).astype(np.int64) + origin
        if (*shell[0].tolist(), *shell[1].tolist()) in forward:
            inside.append(shapely.transform(face, lambda xy: (xy + origin) / STEPS_PER_DEGREE))
    return LatticePolygons.from_shapely(np.array(inside, dtype=object))


def _taker(
    cells: LatticePolygons, changed: dict[int, LatticePolygons], strip: LatticePolygons, near: IntArray, giver: int
) -> int | None:
    """Return the cell among `near` that shares most border with a strip, None if none does."""
    back: set[tuple[int, ...]] = {(*b, *a) for a, b in zip(*(part.tolist() for part in strip.edges()[:2]), strict=True)}
    west, south, east, north = strip.bounds()[0]
    bounds = cells.bounds()[near]
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    best: tuple[float, int] | None = None
    for row in near[meets & (near != giver)].tolist():
        starts, ends, _ = changed.get(row, cells.take([row])).edges()
        shared = [(*a, *b) in back for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        metres = float(edge_length_m(starts[shared], ends[shared]).sum())
        if metres > 0 and (best is None or metres > best[0]):
            best = metres, row
    return None if best is None else best[1]


def _with(cells: LatticePolygons, changed: dict[int, LatticePolygons], kept: IntArray) -> LatticePolygons:
    position = np.arange(len(cells))
    for number, row in enumerate(row for row in sorted(changed) if len(changed[row])):
        position[row] = len(cells) + number
    new = [changed[row] for row in sorted(changed) if len(changed[row])]
    return LatticePolygons.concatenate([cells, *new]).take(position[kept])
