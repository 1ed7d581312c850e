"""How well seams and legal borders fit: a systematic shift, estimated from stretches that run together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.types import FloatArray

__all__ = ["Fit", "seam_shift"]

_STEP_M = 10.0
_REACH_M = 8.0


@dataclass(frozen=True)
class Fit:
    """The shift that would bring the seams onto the legal borders.

    Parameters
    ----------
    dx, dy : float
        Metres, to add to the seams.
    error_m : float
        Standard error of the shift.
    samples : int
        Places compared.
    before_m, after_m : float
        Median distance between border and seam, before and after the shift.
    """

    dx: float
    dy: float
    error_m: float
    samples: int
    before_m: float
    after_m: float

    @property
    def size_m(self) -> float:
        """Length of the shift in metres."""
        return float(np.hypot(self.dx, self.dy))

    @property
    def is_systematic(self) -> bool:
        """Whether the shift is clearly more than chance and more than ten centimetres."""
        return self.samples >= 200 and self.size_m > max(0.1, 4 * self.error_m)


def seam_shift(parents: npt.NDArray[np.object_], lines: npt.NDArray[np.object_]) -> Fit:
    """Return the shift between seams and legal borders.

    Every 10 m of border the nearest seam within 8 m is taken if it runs the same way (within
    10°). Its distance across the border tells one component of the shift; all of them
    together, weighted to bear outliers (Huber), tell both.

    Parameters
    ----------
    parents : (n,) polygons, metres
    lines : (m,) LineString, metres
    """
    nothing = Fit(0.0, 0.0, np.inf, 0, np.nan, np.nan)
    if len(lines) == 0 or len(parents) == 0:
        return nothing
    rings = shapely.segmentize(shapely.get_rings(shapely.get_parts(parents)), _STEP_M)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    size = np.hypot(*(b - a).T)
    a, b, size = a[size > 2], b[size > 2], size[size > 2]
    if len(a) > 40_000:
        rows = np.linspace(0, len(a) - 1, 40_000).astype(np.int64)
        a, b, size = a[rows], b[rows], size[rows]
    middle = (a + b) / 2
    points = shapely.points(middle)
    hit, near = shapely.STRtree(lines).query_nearest(points, max_distance=_REACH_M, all_matches=False)
    if len(hit) == 0:
        return nothing
    run = shapely.line_locate_point(lines[near], points[hit])
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[near], run))
    length = shapely.length(lines[near])
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines[near], np.minimum(run + 1, length)))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(lines[near], np.maximum(run - 1, 0)))
    way, along = ahead - behind, (b - a)[hit] / size[hit][:, None]
    span = np.hypot(*way.T)
    ok = (run > 1) & (run < length - 1) & (span > 0.5)
    ok &= np.abs(way[:, 0] * along[:, 1] - way[:, 1] * along[:, 0]) < np.sin(np.radians(10)) * span
    normal = np.column_stack([-along[:, 1], along[:, 0]])[ok]
    across = ((middle[hit] - foot)[ok] * normal).sum(axis=1)
    if len(across) < 20:
        return nothing
    shift, error = _huber(normal, across)
    left = across - normal @ shift
    return Fit(
        float(shift[0]), float(shift[1]), error, len(across), float(np.median(np.abs(across))),
        float(np.median(np.abs(left))),
    )  # fmt: skip


def _huber(normal: FloatArray, across: FloatArray) -> tuple[FloatArray, float]:
    weight = np.ones(len(across))
    shift: FloatArray = np.zeros(2)
    for _ in range(30):
        left = normal.T @ (normal * weight[:, None])
        if np.linalg.cond(left) > 1e6:
            return np.zeros(2), np.inf
        new = np.asarray(np.linalg.solve(left, normal.T @ (weight * across)), np.float64)
        rest = np.abs(across - normal @ new)
        scale = max(1.4826 * float(np.median(rest)), 1e-3)
        weight = np.minimum(1.0, 1.345 * scale / np.maximum(rest, 1e-9))
        if np.abs(new - shift).max() < 1e-6:
            shift = new
            break
        shift = new
    cover = np.linalg.inv(normal.T @ (normal * weight[:, None])) * scale**2
    return shift, float(np.sqrt(np.trace(cover)))
