"""What is wrong with an adopted division: faults of shape, gaps, overlaps, and nesting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.areas import Boundaries
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, area_m2, prove_partition, to_lattice
from geogrid.partition.borders import Borders
from geogrid.partition.joining import joined
from geogrid.partition.mending import laid_out_again, through_own_pixels
from geogrid.partition.outlines import upper_levels
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["adopted_faults", "filled_union", "joined_to_outlines", "most_of", "on_lattice"]

_NOISE_SHARE = 1e-6


def on_lattice(geometries: npt.NDArray[np.object_], *, source: object = None) -> LatticePolygons:
    """Return polygons in degrees on the lattice.

    A corner within a lattice step (1 cm) of a neighbour's side becomes its vertex first, so that the
    rounding does not open a hair's breadth between them. Where the rounding would make a ring
    cross itself, it goes through its own vertices instead, and what that pinches off goes to
    the neighbour, as when cells are cut.
    """
    polygons = LatticePolygons.from_shapely(geometries, source=source)
    was_sound = shapely.is_valid(geometries) & ~shapely.is_empty(geometries)
    if not was_sound.all() or not np.diff(polygons.geom_offsets).all():
        return polygons
    borders = Borders.of(shapely.transform(geometries, lambda xy: xy * STEPS_PER_DEGREE))
    borders = joined(borders, tolerance_m=1.0)
    points = to_lattice(*(borders.vertices.T / STEPS_PER_DEGREE), source=source)
    polygons = borders.on_lattice(points)
    single = np.diff(borders.geom_offsets) == 1
    folded = np.flatnonzero(~shapely.is_valid(polygons.to_shapely_steps()) & single)
    if len(folded) == 0:
        return polygons
    borders = borders.inserted(through_own_pixels(borders, borders.vertices, folded))
    polygons = borders.on_lattice(points)
    folded = np.flatnonzero(~shapely.is_valid(polygons.to_shapely_steps()) & single)
    return laid_out_again(polygons, folded, np.zeros(len(polygons), np.int64)).cells


def joined_to_outlines(
    shapes: LatticePolygons, place: Boundaries, home: IntArray
) -> tuple[LatticePolygons, Boundaries]:
    """Return rows and outlines with each other's vertices where they run within a lattice step."""
    count = len(place.finest)
    steps = np.concatenate([place.finest.polygons.to_shapely_steps(), shapes.to_shapely_steps()])
    borders = joined(Borders.of(steps), outlines=count, parent=np.maximum(home, 0), tolerance_m=1.0)
    whole = borders.on_lattice(np.rint(borders.vertices).astype(np.int32))
    if not shapely.is_valid(whole.to_shapely_steps()).all():
        return shapes, place
    finest = replace(place.finest, polygons=whole.take(np.arange(count)))
    levels = (*upper_levels(place, finest), finest)
    return whole.take(np.arange(count, len(whole))), replace(place, levels=levels)


def most_of(shapes: LatticePolygons, areas: LatticePolygons) -> tuple[IntArray, FloatArray]:
    """Return the area that holds most of each shape (-1 for none), and the share it holds.

    Shares are of lattice steps²; of equal shares the area that comes first counts.
    """
    cells, homes = (shapely.make_valid(polygons.to_shapely_steps()) for polygons in (shapes, areas))
    cell, home = shapely.STRtree(homes).query(cells, predicate="intersects")
    shapely.prepare(homes)
    whole = shapely.covers(homes[home], cells[cell])
    size = shapely.area(cells)
    share = np.ones(len(cell))
    share[~whole] = shapely.area(shapely.intersection(cells[cell[~whole]], homes[home[~whole]])) / size[cell[~whole]]
    order = np.lexsort((home, -share, cell))
    cell, home, share = cell[order], home[order], share[order]
    first = np.flatnonzero(np.diff(cell, prepend=-1) != 0)
    first = first[share[first] > 0]
    best, held = np.full(len(cells), -1, np.int64), np.zeros(len(cells))
    best[cell[first]], held[cell[first]] = home[first], share[first]
    return best, held


def adopted_faults(
    shapes: LatticePolygons, labels: Sequence[str], place: Boundaries, home: IntArray, inside: FloatArray
) -> tuple[Finding, ...]:
    """Return every fault of an adopted layer, with its place and m².

    Gaps and overlaps are proved in the finest level in which all rows nest, else in the outline
    of the whole place.

    Parameters
    ----------
    shapes : LatticePolygons
    labels : sequence of str
        What each row is called in a finding.
    place : Boundaries
    home : (n,) int64
        The finest area that holds most of each row.
    inside : (n,) float64
        The share it holds.
    """
    nested = inside >= 1 - _NOISE_SHARE
    if nested.all():
        proof = prove_partition(
            shapes, place.finest.polygons, home, cell_names=list(labels), parent_names=place.finest.codes
        )
    else:
        outline = filled_union(place.finest.polygons, fill=False)
        proof = prove_partition(
            shapes, outline, np.zeros(len(shapes), np.int64), cell_names=list(labels), parent_names=[place.name]
        )
    return (*proof.findings, *_in_parts(shapes, labels), *_not_nested(shapes, labels, place, home, inside))


def filled_union(polygons: LatticePolygons, *, fill: bool = True) -> LatticePolygons:
    """Return one geometry: the union of polygons, with what it encloses if `fill`."""
    shapes = shapely.make_valid(polygons.to_shapely_steps())
    whole: Any = shapely.union_all(shapes)
    if fill:
        whole = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(whole)])
    return LatticePolygons.from_shapely([shapely.transform(whole, lambda xy: xy / STEPS_PER_DEGREE)])


def _in_parts(shapes: LatticePolygons, labels: Sequence[str]) -> list[Finding]:
    found = []
    for row in np.flatnonzero(np.diff(shapes.geom_offsets) > 1).tolist():
        parts = sorted(shapely.get_parts(shapes.take([row]).to_shapely()), key=lambda part: part.area)
        point = parts[0].representative_point()
        size = float(area_m2(LatticePolygons.from_shapely([parts[0]]))[0])
        message = f"{len(parts)} separate parts, the smallest of {size:,.2f} m²"
        found.append(Finding("one_piece", message, (labels[row],), point.x, point.y, size, "m2", parts[0]))
    return found


def _not_nested(
    shapes: LatticePolygons, labels: Sequence[str], place: Boundaries, home: IntArray, inside: FloatArray
) -> list[Finding]:
    if len(place.finest) == 1:
        return []
    found = []
    sizes = area_m2(shapes)
    for row in np.flatnonzero(inside < 1 - _NOISE_SHARE).tolist():
        point = shapes.take([row]).to_shapely()[0].representative_point()
        code = place.finest.codes[home[row]] if home[row] >= 0 else "no area"
        outside = float(sizes[row] * (1 - inside[row]))
        message = f"{inside[row]:.1%} of it lies in {code}, {outside:,.0f} m² do not"
        found.append(Finding("nests_in_area", message, (labels[row], str(code)), point.x, point.y, outside, "m2"))
    return found
