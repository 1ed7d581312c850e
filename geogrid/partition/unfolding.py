"""Unfolding: a drawn ring that crosses itself becomes the ground it goes around."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from geogrid.errors import InputError
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, area_m2
from geogrid.partition.changes import Change

__all__ = ["unfolded"]

_ROUNDS = 4


def unfolded(polygons: LatticePolygons, labels: Sequence[str]) -> tuple[LatticePolygons, list[Change]]:
    """Return the polygons with rings that cross themselves laid out, and a change for each.

    Parameters
    ----------
    polygons : LatticePolygons
    labels : sequence of str
        What each row is called.

    Raises
    ------
    InputError
        If a ring cannot be laid out on the lattice; with its place.

    Notes
    -----
    All ground that the ring goes around belongs to the row, both loops of a figure of eight, too.
    A crossing is rounded to the lattice.
    """
    steps = polygons.to_shapely_steps()
    folded = np.flatnonzero(~shapely.is_valid(steps)).tolist()
    changes, position, fresh = [], np.arange(len(polygons)), [polygons]
    for row in folded:
        shape = steps[row]
        for _ in range(_ROUNDS):
            shape = shapely.transform(shapely.make_valid(shape, method="structure", keep_collapsed=False), np.rint)
            if shapely.is_valid(shape):
                break
        spot = shapely.get_coordinates(steps[row])[0] / STEPS_PER_DEGREE
        if shape.is_empty or not shapely.is_valid(shape):
            raise InputError(
                "a ring crosses itself and cannot be laid out", given=f"{labels[row]}, near {spot[0]:.7f}, {spot[1]:.7f}",
                allowed="rings that go around ground once", mend="draw this row again",
            )  # fmt: skip
        mended = LatticePolygons.from_shapely([shapely.transform(shape, lambda xy: xy / STEPS_PER_DEGREE)])
        position[row] = len(polygons) + len(fresh) - 1
        fresh.append(mended)
        changes.append(_change(polygons.take([row]), mended, labels[row]))
    return LatticePolygons.concatenate(fresh).take(position), changes


def _change(before: LatticePolygons, after: LatticePolygons, label: str) -> Change:
    geometry = after.to_shapely()[0]
    point = shapely.point_on_surface(geometry)
    reason = f"the ring crossed itself; {area_m2(before)[0]:,.2f} m² by its winding are {area_m2(after)[0]:,.2f} m² now"
    size = float(abs(area_m2(after)[0] - area_m2(before)[0]))
    return Change("fold", True, size, 0.0, point.x, point.y, label, (), reason, geometry)
