"""Repair of outlines, only what was asked for, with a report of every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.levels import RawLevel
from geogrid.boundaries.parents import parents_by_containment
from geogrid.boundaries.shapes import (
    clean_steps,
    farthest_move_m,
    is_areal,
    place_of,
    square_metres,
    steps_of,
    symmetric_difference_m2,
    thick_parts,
    thickness_m,
    to_degrees,
)  # fmt: skip
from geogrid.boundaries.siblings import gaps, overlapping_pairs
from geogrid.lattice import STEPS_PER_DEGREE

__all__ = ["Change", "Repairs", "repair_levels", "snap_levels"]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What may be changed; everything is off unless it is named.

    Parameters
    ----------
    drop_empty : bool
        Leave out features without geometry.
    unite_same_code : bool
        Unite features of one level that have the same code (islands given one by one).
    untangle : bool
        Make outlines simple that cross themselves: rings become what they enclose.
    clip_to_parent : bool
        Cut off what sticks out of the parent.
    overlaps_up_to_m2 : float
        Give an overlap up to this size to the area whose code comes first.
    gaps_up_to_m2 : float
        Give a gap up to this size to the neighbour with the longest common border.
    """

    drop_empty: bool = False
    unite_same_code: bool = False
    untangle: bool = False
    clip_to_parent: bool = False
    overlaps_up_to_m2: float = 0.0
    gaps_up_to_m2: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """One change that repair made to one area.

    Parameters
    ----------
    rule : str
        The rule that the change serves.
    level, code : str
    message : str
        What was done, in words.
    before_m2, after_m2 : float
        The area of the outline.
    changed_m2 : float
        What belongs to only one of the two.
    moved_m : float
        How far a point of the border moved at most (Hausdorff distance).
    lon, lat : float or None
        Where, degrees, WGS 84.
    """

    rule: str
    level: str
    code: str
    message: str
    before_m2: float
    after_m2: float
    changed_m2: float
    moved_m: float
    lon: float | None
    lat: float | None

    def __str__(self) -> str:
        """Return one readable line."""
        place = "" if self.lon is None else f" at {self.lon:.7f}, {self.lat:.7f}"
        return (
            f"{self.rule} [{self.code}]: {self.message}; {self.changed_m2:,.2f} m² changed, "
            f"border moved by up to {self.moved_m:,.2f} m{place}"
        )


def repair_levels(
    levels: Sequence[RawLevel], repairs: Repairs, *, noise_m: float
) -> tuple[list[RawLevel], tuple[Change, ...]]:
    """Return the levels after the repairs that were asked for, and every change made.

    Coarse levels are repaired first and then stand fast: an area is fitted to its parent, never
    the other way round.

    Parameters
    ----------
    levels : sequence of RawLevel, coarse to fine
    repairs : Repairs
    noise_m : float
        Slivers thinner than this are left alone.
    """
    result: list[RawLevel] = []
    log: list[Change] = []
    for raw in levels:
        level = raw
        if repairs.drop_empty:
            level = _drop_empty(level, log)
        if repairs.untangle:
            level = _untangle(level, log)
        if repairs.unite_same_code:
            level = _unite_same_code(level, log)
        upper = result[-1] if result else None
        shapes = clean_steps(level.shapes)
        if upper is not None and repairs.clip_to_parent:
            shapes = _clip(level, shapes, upper, noise_m, log)
        if repairs.overlaps_up_to_m2 > 0:
            shapes = _resolve_overlaps(level, shapes, repairs.overlaps_up_to_m2, noise_m, log)
        if repairs.gaps_up_to_m2 > 0:
            shapes = _fill_gaps(level, shapes, upper, repairs.gaps_up_to_m2, noise_m, log)
        moved = ~shapely.equals_exact(clean_steps(level.shapes), shapes, 0.0)
        result.append(replace(level, shapes=_replaced(level.shapes, shapes, moved)))
    return result, tuple(log)


def snap_levels(levels: Sequence[RawLevel]) -> tuple[list[RawLevel], tuple[Change, ...]]:
    """Return the levels with outlines that rounding to the lattice would tangle rounded more carefully.

    Where a border comes nearer to itself than a step (1 cm), rounding each vertex on its own may
    make it cross itself. Such an outline is rounded as a whole (snap rounding: a border moves by
    about a step at most), and the change is reported.
    """
    result, log = [], []
    for level in levels:
        steps = steps_of(level.shapes)
        tangled = is_areal(level.shapes) & shapely.is_valid(level.shapes) & ~shapely.is_valid(steps)
        shapes = level.shapes.copy()
        for row in np.flatnonzero(tangled).tolist():
            before = shapely.make_valid(steps[row], method="structure", keep_collapsed=False)
            after = _areal(_on_lattice(shapely.transform(level.shapes[row], lambda xy: xy * STEPS_PER_DEGREE)))
            shapes[row] = to_degrees(after)
            text = "rounding to the lattice would have tangled the outline; it was rounded as a whole"
            log.append(_change("is_simple", level, row, text, before, after, after))
        result.append(replace(level, shapes=shapes))
    return result, tuple(log)


def _replaced(
    shapes: npt.NDArray[np.object_], steps: npt.NDArray[np.object_], which: npt.NDArray[np.bool_]
) -> npt.NDArray[np.object_]:
    result = shapes.copy()
    for row in np.flatnonzero(which):
        result[row] = to_degrees(steps[row])
    return result


def _change(rule: str, level: RawLevel, row: int, message: str, before: Any, after: Any, at: Any) -> Change:
    return Change(
        rule, level.level, str(level.codes[row]), message, square_metres(before), square_metres(after),
        symmetric_difference_m2(before, after), farthest_move_m(before, after), *place_of(to_degrees(at)),
    )  # fmt: skip


def _drop_empty(level: RawLevel, log: list[Change]) -> RawLevel:
    empty = shapely.is_missing(level.shapes) | shapely.is_empty(level.shapes)
    for row in np.flatnonzero(empty).tolist():
        text = f"row {row + 1} {level.names[row]} has no geometry and was left out"
        log.append(Change("not_empty", level.level, str(level.codes[row]), text, 0.0, 0.0, 0.0, 0.0, None, None))
    return level.take(~empty) if empty.any() else level


def _untangle(level: RawLevel, log: list[Change]) -> RawLevel:
    areal = np.flatnonzero(is_areal(level.shapes) & ~shapely.is_empty(level.shapes))
    steps = steps_of(level.shapes[areal])
    bad = ~shapely.is_valid(level.shapes[areal])
    shapes = level.shapes.copy()
    for row, tangled in zip(areal[bad].tolist(), steps[bad], strict=True):
        # Before: what an even-odd reading of the rings encloses; after: what they enclose at all.
        before = shapely.make_valid(tangled, method="linework")
        after = _on_lattice(shapely.make_valid(tangled, method="structure", keep_collapsed=False))
        shapes[row] = to_degrees(after)
        log.append(_change("is_simple", level, row, "the outline was untangled", before, after, after))
    return replace(level, shapes=shapes)


def _on_lattice(shape: Any) -> Any:
    """Return a valid shape whose vertices are whole steps."""
    return shapely.set_precision(shape, 1.0)


def _unite_same_code(level: RawLevel, log: list[Change]) -> RawLevel:
    codes = level.codes.tolist()
    keep, shapes = np.ones(len(codes), bool), level.shapes.copy()
    for code in dict.fromkeys(codes):
        rows = np.flatnonzero(level.codes == code)
        if len(rows) < 2 or not code:
            continue
        pieces = clean_steps(level.shapes[rows])
        whole = _on_lattice(shapely.union_all(pieces))
        shapes[rows[0]] = to_degrees(whole)
        keep[rows[1:]] = False
        lost = float(sum(square_metres(piece) for piece in pieces)) - square_metres(whole)
        text = f"{len(rows)} features with this code were united ({lost:,.2f} m² lay in more than one)"
        log.append(_change("unique_code", level, int(rows[0]), text, pieces[0], whole, whole))
    return replace(level, shapes=shapes).take(keep)


def _clip(
    level: RawLevel, shapes: npt.NDArray[np.object_], upper: RawLevel, noise_m: float, log: list[Change]
) -> npt.NDArray[np.object_]:
    above = clean_steps(upper.shapes)
    parent_of, _ = parents_by_containment(level, shapes, upper, above)
    result = shapes.copy()
    for row in np.flatnonzero(parent_of >= 0).tolist():
        parent = above[parent_of[row]]
        thick = thick_parts(shapely.difference(shapes[row], parent), noise_m)
        if not thick:
            continue
        result[row] = _areal(_on_lattice(shapely.intersection(shapes[row], parent)))
        text = f"cut to {upper.level} {upper.codes[parent_of[row]]}"
        log.append(_change("inside_parent", level, row, text, shapes[row], result[row], max(thick, key=square_metres)))
    return result


def _resolve_overlaps(
    level: RawLevel, shapes: npt.NDArray[np.object_], limit_m2: float, noise_m: float, log: list[Change]
) -> npt.NDArray[np.object_]:
    result = shapes.copy()
    first, second, _ = overlapping_pairs(shapes)
    for one, two in zip(first.tolist(), second.tolist(), strict=True):
        keeper, loser = sorted((one, two), key=lambda row: (str(level.codes[row]), row))
        common = shapely.intersection(result[keeper], result[loser])
        thick = thick_parts(common, noise_m)
        if not thick or sum(square_metres(part) for part in thick) > limit_m2:
            continue
        before = result[loser]
        result[loser] = _areal(_on_lattice(shapely.difference(before, result[keeper])))
        text = f"the overlap with {level.codes[keeper]} was given to it"
        log.append(_change("no_overlap", level, loser, text, before, result[loser], common))
    return result


def _fill_gaps(
    level: RawLevel, shapes: npt.NDArray[np.object_], upper: RawLevel | None, limit_m2: float, noise_m: float,
    log: list[Change],
) -> npt.NDArray[np.object_]:  # fmt: skip
    result = shapes.copy()
    above = None if upper is None else clean_steps(upper.shapes)
    parent_of = np.zeros(len(shapes), np.int64)
    if upper is not None and above is not None:
        parent_of, _ = parents_by_containment(level, shapes, upper, above)
    for home, gap in gaps(shapes, above, parent_of):
        if square_metres(gap) > limit_m2 or thickness_m(gap) < noise_m:
            continue
        near = shapely.STRtree(result).query(gap, predicate="intersects")
        near = np.sort(near[parent_of[near] == home])
        if len(near) == 0:
            continue
        # Measured against a border two steps wide: the gap's vertices are rounded.
        shared = shapely.length(shapely.intersection(shapely.boundary(gap), shapely.buffer(result[near], 2.0)))
        row = int(near[np.argmax(shared)])
        before = result[row]
        result[row] = _areal(_on_lattice(shapely.union(before, gap)))
        log.append(_change("no_gap", level, row, "a gap beside it was added to it", before, result[row], gap))
    return result


def _areal(shape: Any) -> Any:
    """Return the areal part of a shape."""
    parts = [part for part in shapely.get_parts(shape).tolist() if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
