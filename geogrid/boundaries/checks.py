"""Checks of one level and of a level against the one above: each finds, locates and measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.levels import RawLevel
from geogrid.boundaries.parents import parents_by_containment
from geogrid.boundaries.shapes import (
    clean_steps,
    is_areal,
    place_of,
    square_metres,
    steps_of,
    thick_parts,
    to_degrees,
    total_bounds,
    trouble_spot,
)  # fmt: skip
from geogrid.boundaries.siblings import find_gaps, find_overlaps
from geogrid.types import Finding

__all__ = ["NOISE_M", "RULES", "check_levels"]

NOISE_M = 0.03
"""Slivers thinner than this are rounding to the lattice (steps of about 1 cm), not findings."""

RULES: dict[str, str] = {
    "crs_declared": "a file declares its CRS or datum",
    "longitude_first": "longitude comes before latitude",
    "encoding_declared": "text that is not ASCII has a declared encoding",
    "not_empty": "every area has a geometry",
    "is_polygon": "every area is a polygon",
    "is_simple": "no outline crosses or overlaps itself",
    "has_code": "every area has a code",
    "unique_code": "no two areas of a level have the same code",
    "has_parent": "every area lies in an area one level up that exists",
    "inside_parent": "no area sticks out of its parent",
    "no_overlap": "no two areas of a level overlap",
    "no_gap": "areas of a level leave nothing of their parent uncovered",
}
"""Every rule that is checked, as a claim, in the order in which findings are listed."""


def check_levels(levels: Sequence[RawLevel], *, noise_m: float = NOISE_M) -> list[Finding]:
    """Return what is wrong with the levels, coarse to fine, all of it.

    Parameters
    ----------
    levels : sequence of RawLevel
    noise_m : float
        Overlaps, gaps and protrusions thinner than this many metres are left out.

    Returns
    -------
    list of Finding
        In the order of `RULES`, the largest first within a rule. Amounts are m².
    """
    findings: list[Finding] = []
    upper: RawLevel | None = None
    above: npt.NDArray[np.object_] | None = None
    for level in levels:
        findings += _check_each(level)
        shapes = clean_steps(level.shapes)
        swapped = upper is not None and _looks_swapped(level, upper, findings)
        parent_of = np.zeros(len(level.codes), np.int64)
        if upper is not None and above is not None and not swapped:
            parent_of, more = parents_by_containment(level, shapes, upper, above)
            findings += more
            findings += _check_inside(level, shapes, upper, above, parent_of, noise_m)
        findings += find_overlaps(level, shapes, noise_m)
        if not swapped:
            findings += find_gaps(level, shapes, upper, above, parent_of, noise_m)
        upper, above = level, shapes
    order = {rule: number for number, rule in enumerate(RULES)}
    return sorted(findings, key=lambda f: (order.get(f.rule, len(order)), -(f.amount or 0.0)))


def _check_each(level: RawLevel) -> list[Finding]:
    found: list[Finding] = []
    empty = shapely.is_missing(level.shapes) | shapely.is_empty(level.shapes)
    found += [
        Finding("not_empty", f"{level.level} {level.label(row)} has no geometry", _who(level, row))
        for row in np.flatnonzero(empty).tolist()
    ]
    for row in np.flatnonzero(~empty & ~is_areal(level.shapes)).tolist():
        kind = level.shapes[row].geom_type
        place = place_of(level.shapes[row])
        text = f"{level.level} {level.label(row)} is a {kind}, not a polygon"
        found.append(Finding("is_polygon", text, _who(level, row), *place, geometry=level.shapes[row]))
    for row in np.flatnonzero(level.codes == "").tolist():
        place = place_of(level.shapes[row])
        text = f"{level.level} in row {row + 1} ({level.names[row] or 'no name'}) has no code"
        found.append(Finding("has_code", text, (f"row {row + 1}",), *place))
    for code, count in Counter(level.codes.tolist()).items():
        if count > 1 and code:
            rows = np.flatnonzero(level.codes == code)
            places = "; ".join(_at(level, row) for row in rows[:5])
            text = f"{count} areas of level {level.level} have the code {code} ({places})"
            found.append(Finding("unique_code", text, (code,), *place_of(level.shapes[rows[0]]), float(count)))
    areal = np.flatnonzero(is_areal(level.shapes) & ~empty)
    bad = areal[~shapely.is_valid(level.shapes[areal])]
    found += [_not_simple(level, int(row), steps) for row, steps in zip(bad, steps_of(level.shapes[bad]), strict=True)]
    return found


def _not_simple(level: RawLevel, row: int, steps: shapely.Geometry) -> Finding:
    reason, lon, lat = trouble_spot(level.shapes[row])
    enclosed = shapely.make_valid(steps, method="structure", keep_collapsed=False)
    even_odd = shapely.make_valid(steps, method="linework")
    doubtful = square_metres(shapely.symmetric_difference(enclosed, even_odd))
    text = f"{level.level} {level.label(row)} is not simple: {reason}; {doubtful:,.2f} m² in doubt"
    return Finding("is_simple", text, _who(level, row), lon, lat, doubtful, "m2")


def _looks_swapped(level: RawLevel, upper: RawLevel, findings: list[Finding]) -> bool:
    """Find a level that misses the level above and would meet it with its axes swapped."""
    if len(level.shapes) == 0 or len(upper.shapes) == 0:
        return False
    mine, above = total_bounds(level.shapes), total_bounds(upper.shapes)
    if not np.isfinite([*mine, *above]).all():
        return False
    box, swapped, target = shapely.box(*mine), shapely.box(mine[1], mine[0], mine[3], mine[2]), shapely.box(*above)
    if box.intersects(target) or not swapped.intersects(target):
        return False
    middle = swapped.centroid
    text = (
        f"level {level.level} ({level.source}) lies far from level {upper.level}; with longitude and latitude swapped "
        "it would lie there; mend: read it with swap_axes=True (--swap-axes)"
    )
    findings.append(Finding("longitude_first", text, (level.level,), middle.x, middle.y))
    return True


def _check_inside(
    level: RawLevel, shapes: npt.NDArray[np.object_], upper: RawLevel, above: npt.NDArray[np.object_],
    parent_of: npt.NDArray[np.int64], noise_m: float,
) -> list[Finding]:  # fmt: skip
    rows = np.flatnonzero(parent_of >= 0)
    rows = rows[~shapely.covers(above[parent_of[rows]], shapes[rows])]
    outside = shapely.difference(shapes[rows], above[parent_of[rows]])
    found = []
    for row, rest in zip(rows.tolist(), outside, strict=True):
        thick = thick_parts(rest, noise_m)
        if not thick:
            continue
        amount = sum(square_metres(part) for part in thick)
        shape = to_degrees(shapely.multipolygons(thick))
        widest = max(thick, key=square_metres)
        text = (
            f"{amount:,.2f} m² of {level.level} {level.label(row)} stick out of "
            f"{upper.level} {upper.label(int(parent_of[row]))}"
        )
        place = place_of(to_degrees(widest))
        found.append(Finding("inside_parent", text, _who(level, row), *place, amount, "m2", shape))
    return found


def _who(level: RawLevel, row: int) -> tuple[str, ...]:
    return (str(level.codes[row]) or f"row {row + 1}",)


def _at(level: RawLevel, row: int) -> str:
    lon, lat = place_of(level.shapes[row])
    place = "no geometry" if lon is None else f"{lon:.5f}, {lat:.5f}"
    return f"row {row + 1} {level.names[row]} at {place}"
