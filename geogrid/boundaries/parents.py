"""Which area one level up an area belongs to: by its column, or by what holds most of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.levels import RawLevel
from geogrid.boundaries.shapes import place_of, to_degrees
from geogrid.types import Finding, IntArray

__all__ = ["parents_by_containment"]


def parents_by_containment(
    level: RawLevel, shapes: npt.NDArray[np.object_], upper: RawLevel, above: npt.NDArray[np.object_]
) -> tuple[IntArray, list[Finding]]:
    """Return the row of each area's parent, -1 where there is none, and the findings.

    A parent column decides where the level has one. Otherwise the parent is the area above
    that holds more than half of this one.

    Parameters
    ----------
    level, upper : RawLevel
    shapes, above : object arrays of valid polygons in lattice steps, in the order of the levels
    """
    largest, share = _largest_share(shapes, above)
    if level.parents is None:
        result = np.where(share > 0.5, largest, -1)
        told = np.full(len(shapes), "", dtype=object)
    else:
        rows = {code: row for row, code in reversed(list(enumerate(upper.codes.tolist())))}
        told = level.parents
        result = np.array([rows.get(code, -1) for code in told], np.int64)
    findings = []
    for row in np.flatnonzero(result < 0):
        if shapely.is_empty(shapes[row]) and not told[row]:
            continue
        name = level.label(int(row))
        if told[row]:
            text = f"{level.level} {name} names the parent {told[row]}, which level {upper.level} does not have"
        elif largest[row] >= 0:
            best = upper.label(int(largest[row]))
            text = f"no {upper.level} holds more than half of {level.level} {name}; {best} holds {share[row]:.0%}"
        else:
            text = f"{level.level} {name} lies in no {upper.level}"
        place = place_of(to_degrees(shapes[row]))
        findings.append(Finding("has_parent", text, (str(level.codes[row]),), *place))
    return result.astype(np.int64), findings


def _largest_share(
    shapes: npt.NDArray[np.object_], above: npt.NDArray[np.object_]
) -> tuple[IntArray, npt.NDArray[np.float64]]:
    """Return for each shape the row above that shares most area with it, and the share."""
    best = np.full(len(shapes), -1, np.int64)
    share = np.zeros(len(shapes))
    if len(above) == 0:
        return best, share
    tree = shapely.STRtree(above)
    mine, theirs = tree.query(shapes, predicate="intersects")
    within = shapely.covers(above[theirs], shapes[mine])
    area = np.where(within, shapely.area(shapes[mine]), 0.0)
    area[~within] = shapely.area(shapely.intersection(shapes[mine[~within]], above[theirs[~within]]))
    order = np.lexsort((theirs, -area, mine))
    first = np.ones(len(order), bool)
    first[1:] = mine[order][1:] != mine[order][:-1]
    top = order[first]
    whole = shapely.area(shapes[mine[top]])
    good = (area[top] > 0) & (whole > 0)
    best[mine[top][good]] = theirs[top][good]
    share[mine[top][good]] = area[top][good] / whole[good]
    return best, share
