"""Shapes on the lattice for checking and repair: steps in, metres and places out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.lattice import STEPS_PER_DEGREE, edge_length_m
from geogrid.types import BoolArray, FloatArray

__all__ = [
    "clean_steps", "farthest_move_m", "is_areal", "place_of", "square_metres", "steps_of", "symmetric_difference_m2",
    "thick_parts", "thickness_m", "to_degrees", "total_bounds", "trouble_spot",
]  # fmt: skip


def is_areal(shapes: npt.NDArray[np.object_]) -> BoolArray:
    """Return which geometries are polygons or multipolygons."""
    return np.asarray(np.isin(shapely.get_type_id(shapes), (3, 6)))


def steps_of(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return shapes in degrees as shapes in whole lattice steps, each vertex rounded, half to even."""
    return np.asarray(shapely.transform(shapes, lambda xy: np.rint(xy * STEPS_PER_DEGREE)), dtype=object)


def clean_steps(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return valid polygons on the lattice for measuring, in steps; what is no area becomes empty."""
    result = np.full(len(shapes), shapely.Polygon(), dtype=object)
    areal = is_areal(shapes) & ~shapely.is_empty(shapes)
    steps = steps_of(shapes[areal])
    bad = ~shapely.is_valid(steps)
    if bad.any():
        steps[bad] = shapely.make_valid(steps[bad], method="structure", keep_collapsed=False)
    result[areal] = steps
    result[~is_areal(result)] = shapely.Polygon()
    return result


def _metres_per_step(lat: float) -> tuple[float, float]:
    at = int(np.clip(round(lat * STEPS_PER_DEGREE), -890_000_000, 890_000_000))
    start = np.array([[0, at], [0, at]], np.int32)
    end = np.array([[10_000, at], [0, at + 10_000]], np.int32)
    east, north = edge_length_m(start, end) / 10_000
    return float(east), float(north)


def square_metres(shape: Any) -> float:
    """Return the area in m² of one small shape in steps, by the scale at its middle latitude."""
    if shapely.is_empty(shape):
        return 0.0
    _, south, _, north = shapely.bounds(shape)
    east_m, north_m = _metres_per_step((south + north) / 2 / STEPS_PER_DEGREE)
    return float(shapely.area(shape)) * east_m * north_m


def thickness_m(shape: Any) -> float:
    """Return twice area by perimeter in metres: the width of a sliver, half the side of a square."""
    if shapely.is_empty(shape):
        return 0.0
    _, south, _, north = shapely.bounds(shape)
    scale = _metres_per_step((south + north) / 2 / STEPS_PER_DEGREE)
    flat = shapely.transform(shape, lambda xy: xy * np.array(scale))
    length = float(shapely.length(flat))
    return 2 * float(shapely.area(flat)) / length if length else 0.0


def thick_parts(shape: Any, noise_m: float) -> list[Any]:
    """Return the polygons of a shape in steps that are at least `noise_m` thick (see `thickness_m`)."""
    parts = shapely.get_parts(shape).tolist()
    return [part for part in parts if part.geom_type == "Polygon" and thickness_m(part) >= noise_m]


def to_degrees(shape: Any) -> Any:
    """Return a shape in steps as a shape in degrees."""
    return shapely.transform(shape, lambda xy: xy / STEPS_PER_DEGREE)


def place_of(shape: Any) -> tuple[float | None, float | None]:
    """Return lon, lat of a point on a shape in degrees; None, None for an empty one."""
    if shape is None or shapely.is_empty(shape):
        return None, None
    point = shapely.point_on_surface(shape)
    return float(point.x), float(point.y)


def trouble_spot(shape: Any) -> tuple[str, float | None, float | None]:
    """Return why GEOS finds a shape invalid and where: reason, x, y."""
    reason = str(shapely.is_valid_reason(shape))
    found = re.search(r"^(.*?)\s*\[(\S+) (\S+)\]", reason)
    if found is None:
        return reason, None, None
    return found[1], float(found[2]), float(found[3])


def symmetric_difference_m2(before: Any, after: Any) -> float:
    """Return the m² that belong to one of two valid shapes in steps but not to the other."""
    return square_metres(shapely.symmetric_difference(before, after))


def farthest_move_m(before: Any, after: Any) -> float:
    """Return the Hausdorff distance in metres between two shapes in steps."""
    if shapely.is_empty(before) or shapely.is_empty(after):
        return 0.0
    _, south, _, north = shapely.bounds(before)
    scale = np.array(_metres_per_step((south + north) / 2 / STEPS_PER_DEGREE))
    flat = [shapely.transform(shape, lambda xy: xy * scale) for shape in (before, after)]
    return float(shapely.hausdorff_distance(*flat))


def total_bounds(shapes: npt.NDArray[np.object_]) -> FloatArray:
    """Return west, south, east, north of all shapes together."""
    return np.asarray(shapely.total_bounds(shapes), np.float64)
