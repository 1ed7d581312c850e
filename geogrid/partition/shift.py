"""Fit check: how far a seam layer stands off the legal borders as a whole, east and north.

Two surveys of the same city often differ by a constant metre or so. Where a border runs along a
seam, the distance straight across tells one component of that shift; borders in two directions
tell both. The seams may be moved by it, the border never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.areas import Areas
from geogrid.crs import Metric
from geogrid.errors import InputError
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["Shift", "border_edges", "moved_seams", "seam_shift", "seam_shift_in_metres", "shift_findings"]

_TUNING = 1.345
_NORMAL_MAD = 1.4826
_ROUNDS = 60
_BINS = 8
_LEAST_USED = 30
_SIDE = 5
"""The city is parted in so many columns and rows for the standard error."""


@dataclass(frozen=True)
class Shift:
    """How far seams lie from the borders they follow.

    Parameters
    ----------
    dx_m, dy_m : float
        What to add to the seams, metres east and north, so that they fit the borders.
    sigma_m : float
        Standard error of both together, from the spread between parts of the city.
    spread_m : float
        How far single stretches still stand off after the shift: the median of the distances.
    spread_before_m : float
        The same before it.
    used : int
        Pairs of a stretch of border and a seam alongside.
    """

    dx_m: float
    dy_m: float
    sigma_m: float
    spread_m: float
    spread_before_m: float
    used: int

    @property
    def length_m(self) -> float:
        """How far the seams would move, metres."""
        return float(np.hypot(self.dx_m, self.dy_m))

    @property
    def is_systematic(self) -> bool:
        """Whether the shift is surely there: above three standard errors, and above 5 cm."""
        return self.length_m > max(3 * self.sigma_m, 0.05)

    def __str__(self) -> str:
        """Return one readable line."""
        return (
            f"the seams fit the borders best when moved {self.dx_m:+.2f} m east, {self.dy_m:+.2f} m north "
            f"({self.length_m:.2f} ± {self.sigma_m:.2f} m; median distance {self.spread_before_m:.2f} m before, "
            f"{self.spread_m:.2f} m after; {self.used:,} pairs)"
        )


def seam_shift(
    areas: Areas,
    lines: npt.NDArray[np.object_],
    metric: Metric,
    *,
    within_m: float = 5.0,
    parallel_degrees: float = 10.0,
    step_m: float = 10.0,
) -> Shift:
    """Return the shift that brings seams onto the borders, estimated robustly.

    Parameters
    ----------
    areas : Areas
        Legal borders.
    lines : (n,) shapely LineString, MultiLineString or polygons, degrees, WGS 84
        The seams.
    metric : Metric
        The estimate is made there.
    within_m : float
        A stretch of border further from every seam than this follows none.
    parallel_degrees : float
        Nor does one that runs at a larger angle to its seam.
    step_m : float
        Borders are looked at every so many metres.

    Raises
    ------
    InputError
        If fewer than 30 stretches of border lie along a seam, or all run the same way.

    Notes
    -----
    Huber's M-estimate by reweighted least squares (Huber 1981) of normal · shift = offset, started
    from the densest shift so that borders along something else do not pull it; the tuning constant
    1.345 keeps 95 % of the efficiency under normal errors. The standard error is that of a
    jackknife over square parts of the city, since neighbouring stretches err alike.
    """
    starts, ends, _ = areas.polygons.edges()
    swap = (starts[:, 0] > ends[:, 0]) | ((starts[:, 0] == ends[:, 0]) & (starts[:, 1] > ends[:, 1]))
    edges = np.unique(np.where(swap[:, None], np.hstack([ends, starts]), np.hstack([starts, ends])), axis=0)
    borders = metric.to_metres(edges[:, :2] / 1e7), metric.to_metres(edges[:, 2:] / 1e7)
    metres = shapely.transform(np.asarray(lines, dtype=object), metric.to_metres)
    return _estimated(borders, metres, within_m, parallel_degrees, step_m)


def seam_shift_in_metres(
    parents: npt.NDArray[np.object_],
    lines: npt.NDArray[np.object_],
    *,
    within_m: float = 5.0,
    parallel_degrees: float = 10.0,
    step_m: float = 10.0,
) -> Shift:
    """Return the shift that brings seams onto the borders, as `seam_shift` does, for what is in metres already.

    Parameters
    ----------
    parents : (n,) shapely polygons, metres
        Neighbours share the vertices of a common border.
    lines : (m,) shapely LineString, MultiLineString or polygons, same CRS
    within_m, parallel_degrees, step_m : float
        As in `seam_shift`.

    Raises
    ------
    InputError
        As `seam_shift` does.
    """
    return _estimated(border_edges(parents), lines, within_m, parallel_degrees, step_m)


def border_edges(parents: npt.NDArray[np.object_]) -> tuple[FloatArray, FloatArray]:
    """Return the edges of all outlines, (k, 2) where each starts and ends; one that two neighbours share comes once.

    Parameters
    ----------
    parents : (n,) shapely polygons
        Neighbours share the vertices of a common border.
    """
    rings = shapely.get_rings(shapely.get_parts(np.asarray(parents, dtype=object)))
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    edges = np.unique(np.where(swap[:, None], np.hstack([b, a]), np.hstack([a, b])), axis=0)
    return edges[:, :2], edges[:, 2:]


def _estimated(
    borders: tuple[FloatArray, FloatArray], lines: npt.NDArray[np.object_], within_m: float, parallel_degrees: float,
    step_m: float,
) -> Shift:  # fmt: skip
    """Return the shift of lines against border edges from a to b, all in metres."""
    middle, along = _stretches(*borders, step_m)
    seams, direction = _segments(lines)
    if len(seams) == 0 or len(middle) == 0:
        raise InputError(
            "there is nothing to compare", given=f"{len(middle)} stretches of border, {len(seams)} of seam"
        )
    row, normal, offset = _pairs(middle, along, seams, direction, within_m, np.cos(np.radians(parallel_degrees)))
    if len(row) < _LEAST_USED or _all_one_way(normal):
        raise InputError(
            "the seams do not lie along the borders in two directions", given=f"{len(row)} stretches",
            allowed=f"at least {_LEAST_USED} within {within_m:g} m and {parallel_degrees:g}°",
            mend="check the CRS and the datum of the seams, or look further with within_m",
        )  # fmt: skip
    shift = _robust(normal, offset, _start(normal, offset, within_m))
    error = _jackknife(middle[row], normal, offset, shift)
    left = offset - normal @ shift
    return Shift(
        float(shift[0]), float(shift[1]), error, float(np.median(np.abs(left))), float(np.median(np.abs(offset))), len(row)
    )  # fmt: skip


def moved_seams(lines: npt.NDArray[np.object_], shift: Shift, metric: Metric) -> npt.NDArray[np.object_]:
    """Return seams in degrees moved by a shift; the borders they are compared with stay."""
    add = np.array([shift.dx_m, shift.dy_m])
    moved = shapely.transform(lines, lambda xy: metric.to_degrees(metric.to_metres(xy) + add))
    return np.asarray(moved, dtype=object)


def shift_findings(shift: Shift, *, source: str, offer: str = "move the seams by that") -> tuple[Finding, ...]:
    """Return a finding if a shift is systematic, with the offer to move the seams."""
    if not shift.is_systematic:
        return ()
    message = f"{shift}; {offer}, never the border"
    return (Finding("seams_fit", message, (source,), amount=shift.length_m, unit="m"),)


def _stretches(a: FloatArray, b: FloatArray, step_m: float) -> tuple[FloatArray, FloatArray]:
    """Return middle and unit direction of each stretch of the edges from a to b."""
    length = np.hypot(*(b - a).T)
    # An edge counts once for every step: long edges are cut, and of short ones some stand for all.
    count = np.floor(np.cumsum(length) / step_m).astype(np.int64)
    pieces = np.diff(count, prepend=0)
    edge = np.repeat(np.arange(len(a)), pieces)
    place = (np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5) / np.maximum(pieces[edge], 1)
    way = (b - a)[edge]
    return a[edge] + way * place[:, None], way / length[edge][:, None]


def _segments(lines: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], FloatArray]:
    """Return every segment of the seams, and its unit direction."""
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    areal = shapely.get_dimensions(parts) == 2
    parts = shapely.get_parts(np.concatenate([parts[~areal], np.atleast_1d(shapely.boundary(parts[areal]))]))
    coords, owner = shapely.get_coordinates(parts, return_index=True)
    if len(coords) < 2:
        return np.empty(0, object), np.empty((0, 2))
    same = owner[1:] == owner[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    length = np.hypot(*(b - a).T)
    a, b, length = a[length > 0], b[length > 0], length[length > 0]
    return np.asarray(shapely.linestrings(np.stack([a, b], axis=1)), dtype=object), (b - a) / length[:, None]


def _pairs(
    middle: FloatArray, along: FloatArray, seams: npt.NDArray[np.object_], direction: FloatArray, within_m: float,
    least_cosine: float,
) -> tuple[IntArray, FloatArray, FloatArray]:  # fmt: skip
    """Return stretches with a seam alongside, the seam's normal, and how far border lies from seam along it.

    Every seam alongside counts, not the nearest only: of several that err at random the nearest
    would always make the shift too small.
    """
    points = np.asarray(shapely.points(middle), dtype=object)
    row, seam = shapely.STRtree(seams).query(points, predicate="dwithin", distance=within_m)
    parallel = np.abs((along[row] * direction[seam]).sum(axis=1)) >= least_cosine
    row, seam = row[parallel], seam[parallel]
    distance = shapely.distance(points[row], seams[seam])
    normal = np.column_stack([-direction[seam][:, 1], direction[seam][:, 0]])
    base = shapely.get_coordinates(seams[seam])[::2]
    offset = ((middle[row] - base) * normal).sum(axis=1)
    # Beyond the end of a seam the distance is not straight across.
    across = np.abs(offset) >= distance - 1e-6
    return row[across], normal[across], offset[across]


def _all_one_way(normal: FloatArray) -> bool:
    least = float(np.linalg.eigvalsh(normal.T @ normal / len(normal))[0])
    return least < 0.01


def _start(normal: FloatArray, offset: FloatArray, within_m: float) -> FloatArray:
    """Return the shift with which most stretches agree, from a lattice of trial shifts refined twice."""
    best, size = np.zeros(2), within_m / 2
    for _ in range(3):
        steps = np.linspace(-size, size, 2 * _BINS + 1)
        trials = best + np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
        near = size / _BINS
        score = [np.exp(-0.5 * ((offset - normal @ trial) / near) ** 2).sum() for trial in trials]
        best, size = trials[int(np.argmax(score))], 2 * near
    return np.asarray(best, np.float64)


def _robust(normal: FloatArray, offset: FloatArray, start: FloatArray) -> FloatArray:
    """Return Huber's M-estimate from a start; stretches beyond four scales of it take no part."""
    shift = start
    for _ in range(_ROUNDS):
        left = np.abs(offset - normal @ shift)
        scale = max(_NORMAL_MAD * float(np.median(left)), 1e-6)
        weight = np.minimum(1.0, _TUNING * scale / np.maximum(left, 1e-12)) * (left <= 4 * scale)
        weighted = normal * weight[:, None]
        new = np.linalg.solve(weighted.T @ normal, weighted.T @ offset)
        if np.abs(new - shift).max() < 1e-6:
            return np.asarray(new, np.float64)
        shift = new
    return np.asarray(shift, np.float64)


def _jackknife(middle: FloatArray, normal: FloatArray, offset: FloatArray, shift: FloatArray) -> float:
    """Return the standard error of a shift from leaving out one part of the city at a time."""
    low, high = middle.min(axis=0), middle.max(axis=0)
    cell = np.minimum(((middle - low) / np.maximum(high - low, 1e-9) * _SIDE).astype(np.int64), _SIDE - 1)
    block = cell[:, 0] * _SIDE + cell[:, 1]
    present = np.unique(block)
    left_out: list[Any] = []
    for one in present:
        keep = block != one
        if keep.sum() >= _LEAST_USED and not _all_one_way(normal[keep]):
            left_out.append(_robust(normal[keep], offset[keep], shift))
    if len(left_out) < 2:
        return float("inf")
    spread = np.array(left_out) - np.mean(left_out, axis=0)
    return float(np.sqrt((len(left_out) - 1) / len(left_out) * (spread**2).sum()))
