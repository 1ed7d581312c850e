"""A window: which rows of a layer a map of one area shows."""

from __future__ import annotations

import numpy as np

from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division
from geogrid.types import IntArray

__all__ = ["meeting", "rows_within"]


def rows_within(division: Division, layer: str, area: str) -> IntArray:
    """Return the rows of a layer that lie in an area of any level, given by its code or name.

    Of a layer that does not nest in areas, the rows whose box meets the area's box.

    Raises
    ------
    NotFoundError
        If there is no such area, or nothing of the layer lies in it.
    """
    inside, shape = _area(division, area)
    codes = division.layer(layer).areas
    rows = np.flatnonzero([code in inside for code in codes.tolist()])
    if len(rows) == 0:
        rows = meeting(division.shapes(layer), shape.bounds()[0])
    if len(rows) == 0:
        raise NotFoundError(f"nothing of layer {layer!r} lies in this area", given=area, source=division.name)
    return rows


def meeting(polygons: LatticePolygons, box: IntArray) -> IntArray:
    """Return the rows whose bounding box meets a box: west, south, east, north in lattice steps."""
    bounds = polygons.bounds()
    west, south, east, north = box
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    return np.flatnonzero(meets)


def _area(division: Division, wanted: str) -> tuple[set[str], LatticePolygons]:
    """Return the codes of an area and of all areas below it, and its outline."""
    for height, areas in enumerate(division.areas):
        rows = np.flatnonzero((areas.codes == wanted) | (areas.names == wanted))
        if len(rows) == 0:
            continue
        inside = {str(areas.codes[row]) for row in rows}
        found = set(inside)
        for finer in division.areas[height + 1 :]:
            inside = {
                str(code) for code, parent in zip(finer.codes, finer.parents, strict=True) if str(parent) in inside
            }
            found |= inside
        return found, areas.polygons.take(rows)
    some = [str(code) for areas in division.areas for code in areas.codes[:3]]
    raise NotFoundError(
        "no area with this code or name", given=wanted, allowed=", ".join(some) + ", …", source=division.name
    )
