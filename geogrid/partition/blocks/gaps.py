"""Close the gaps between seams: an end that stops just short of a line was meant to meet it."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.partition.blocks.ground import Seams
from geogrid.types import IntArray

__all__ = ["GAP_M", "HARD_GAP_M", "closed_gaps"]

GAP_M = 2.0
"""How far a loose end is carried on: less than half a carriageway, more than surveys differ."""

HARD_GAP_M = 25.0
"""How far if the seam is hard: a motorway that ends at a junction is closed there, carriageway to carriageway."""

_TOUCHES_M = 0.001


def closed_gaps(seams: Seams, border: shapely.Geometry) -> tuple[Seams, IntArray]:
    """Return the seams with short links from loose ends, and the row of the seam each one belongs to.

    An end is loose if it lies inside `border` and touches no other seam nor the border. It is
    linked to the nearest of them within `GAP_M`, `HARD_GAP_M` for a hard seam; being the shortest way, the link
    crosses nothing. A link has the importance, hardness and name of the seam it carries on. Without it a
    motorway drawn with a gap of three centimetres would bound nothing at all.

    Parameters
    ----------
    seams : Seams
        Metres from the parent's origin.
    border : Polygon
        The parent, same frame.
    """
    rows = np.arange(len(seams))
    if len(seams) == 0:
        return seams, rows
    lines = np.concatenate([seams.lines, np.array([shapely.boundary(border)], dtype=object)])
    open_ = np.flatnonzero(~shapely.is_closed(seams.lines))
    ends = np.concatenate([shapely.get_point(seams.lines[open_], at) for at in (0, -1)])
    owner = np.tile(open_, 2)
    keys = np.round(shapely.get_coordinates(ends) / _TOUCHES_M).astype(np.int64)
    _, number, times = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    shapely.prepare(border)
    loose = (times[number.ravel()] == 1) & shapely.intersects(border, ends)
    ends, owner = ends[loose], owner[loose]
    end, line = shapely.STRtree(lines).query(
        ends, predicate="dwithin", distance=np.where(seams.hard[owner], HARD_GAP_M, GAP_M)
    )
    other = line != owner[end]
    end, line = end[other], line[other]
    distance = shapely.distance(ends[end], lines[line])
    order = np.lexsort((line, distance, end))
    nearest = order[np.unique(end[order], return_index=True)[1]]
    nearest = nearest[distance[nearest] > _TOUCHES_M]
    if len(nearest) == 0:
        return seams, rows
    tips, targets, carried = ends[end[nearest]], lines[line[nearest]], owner[end[nearest]]
    feet = shapely.line_interpolate_point(targets, shapely.line_locate_point(targets, tips))
    stretch = np.stack([shapely.get_coordinates(tips), shapely.get_coordinates(feet)], axis=1)
    links = seams.take(carried)
    links.lines[:] = shapely.linestrings(stretch)
    return seams.join(links), np.concatenate([rows, carried])
