"""Overlaps and gaps between the areas of one level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.levels import RawLevel
from geogrid.boundaries.shapes import place_of, square_metres, thick_parts, thickness_m, to_degrees
from geogrid.types import Finding, IntArray

__all__ = ["find_gaps", "find_overlaps"]


def find_overlaps(level: RawLevel, shapes: npt.NDArray[np.object_], noise_m: float) -> list[Finding]:
    """Return the places that belong to two areas of a level, with m².

    Parameters
    ----------
    level : RawLevel
    shapes : (n,) object array of valid polygons in lattice steps
    noise_m : float
        Overlaps thinner than this are rounding.
    """
    first, second, common = overlapping_pairs(shapes)
    found = []
    for one, two, shape in zip(first.tolist(), second.tolist(), common, strict=True):
        thick = thick_parts(shape, noise_m)
        if not thick:
            continue
        amount = sum(square_metres(part) for part in thick)
        names = " and ".join(level.label(row) for row in (one, two))
        place = place_of(to_degrees(max(thick, key=square_metres)))
        who = (str(level.codes[one]), str(level.codes[two]))
        text = f"{amount:,.2f} m² belong both to {names} (level {level.level})"
        found.append(Finding("no_overlap", text, who, *place, amount, "m2", to_degrees(shapely.multipolygons(thick))))
    return found


def overlapping_pairs(shapes: npt.NDArray[np.object_]) -> tuple[IntArray, IntArray, npt.NDArray[np.object_]]:
    """Return pairs of rows (the lower first) whose interiors meet, and what they share."""
    if len(shapes) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, dtype=object)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    ordered = first < second
    first, second = first[ordered], second[ordered]
    meet = shapely.relate_pattern(shapes[first], shapes[second], "T********")
    first, second = first[meet], second[meet]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    common = shapely.intersection(shapes[first], shapes[second])
    return first.astype(np.int64), second.astype(np.int64), _polygons_only(common)


def find_gaps(
    level: RawLevel, shapes: npt.NDArray[np.object_], upper: RawLevel | None, above: npt.NDArray[np.object_] | None,
    parent_of: IntArray, noise_m: float,
) -> list[Finding]:  # fmt: skip
    """Return what the areas of a level leave uncovered, with m².

    With a level above: of each parent that has children. Without: what the areas of the level
    enclose together.
    """
    found = []
    for home, gap in gaps(shapes, above, parent_of):
        amount, width = square_metres(gap), thickness_m(gap)
        if width < noise_m:
            continue
        shape = to_degrees(gap)
        near = shapely.STRtree(shapes).query(gap, predicate="intersects")
        codes = tuple(str(level.codes[row]) for row in np.sort(near)[:6])
        if upper is not None and above is not None:
            text = f"{amount:,.2f} m² of {upper.level} {upper.label(home)} belong to no {level.level}"
            codes = (str(upper.codes[home]), *codes)
        else:
            text = f"{amount:,.2f} m² between areas of level {level.level} belong to none"
        found.append(Finding("no_gap", text, codes, *place_of(shape), amount, "m2", shape))
    return found


def gaps(
    shapes: npt.NDArray[np.object_], above: npt.NDArray[np.object_] | None, parent_of: IntArray
) -> list[tuple[int, shapely.Polygon]]:
    """Return each uncovered polygon in steps with the row of the parent it lies in (0 without)."""
    filled = ~shapely.is_empty(shapes)
    if above is None:
        if filled.sum() < 2:
            return []
        parts = shapely.get_parts(shapely.union_all(shapes[filled]))
        rings = [ring for part in parts for ring in part.interiors]
        return [(0, shapely.Polygon(ring)) for ring in rings]
    found = []
    for home in np.unique(parent_of[parent_of >= 0]).tolist():
        mine = shapes[(parent_of == home) & filled]
        if len(mine):
            rest = shapely.difference(above[home], shapely.union_all(mine))
            found += [(home, part) for part in shapely.get_parts(rest).tolist() if part.geom_type == "Polygon"]
    return found


def _polygons_only(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the areal part of each shape; lines and points of contact are dropped."""
    result = shapes.copy()
    for row in np.flatnonzero(shapely.get_type_id(shapes) == 7):
        areal = [part for part in shapely.get_parts(shapes[row]).tolist() if part.geom_type == "Polygon"]
        result[row] = shapely.multipolygons(areal)
    return result
