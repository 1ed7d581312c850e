"""The frame: the finest areas in metres, ready to be cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.crs import Metric
from geogrid.errors import BoundaryError
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, from_lattice
from geogrid.partition.borders import Borders, distinct
from geogrid.partition.joining import joined
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["JOIN_STEPS", "STRAIGHT_M", "Cut", "Frame", "crs_name", "densified", "metric_of"]

STRAIGHT_M = 0.001
"""How far an edge straight in metres may stand from the same edge straight in degrees."""

JOIN_STEPS = 0.75
"""How far, in lattice steps, a neighbour's vertex may stand off an edge it is put into."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The areas a base layer is cut in.

    Parameters
    ----------
    parents : (n,) shapely polygons, metres in `metric`
        The finest areas, sorted by code. Neighbours share every vertex of a common border;
        long edges carry extra vertices, so that they are straight in degrees and in metres to
        within `STRAIGHT_M`.
    codes : (n,) object array of str
    metric : Metric
    workers : int
        Processes a method may use; its result must not depend on it.
    """

    parents: npt.NDArray[np.object_]
    codes: npt.NDArray[np.object_]
    metric: Metric
    workers: int = 1

    @classmethod
    def of(cls, areas: Areas, metric: Metric, *, workers: int = 1) -> Frame:
        """Return the frame of `areas`, in order of their codes.

        Raises
        ------
        BoundaryError
            If an area is empty, or not a valid polygon.
        """
        order = np.argsort(areas.codes.astype(str), kind="stable")
        polygons, codes = areas.polygons.take(order), areas.codes[order]
        _require_valid(polygons, codes, areas.level)
        steps = _joined(Borders.of(polygons.to_shapely_steps()))
        steps = densified(steps, lambda xy: metric.to_metres(xy / STEPS_PER_DEGREE), STRAIGHT_M)
        parents = steps.to_shapely(lambda xy: metric.to_metres(xy / STEPS_PER_DEGREE))
        return cls(parents, codes, metric, workers)

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self.parents)


@dataclass(frozen=True, eq=False)
class Cut:
    """What a base method returns: polygons that divide the frame's parents.

    Parameters
    ----------
    polygons : (n,) shapely Polygon, metres in the frame's metric CRS
        Without gap or overlap to within `tolerance_m`; they need not share every vertex.
    parent : (n,) int
        Row of the frame each polygon belongs to.
    attributes : mapping of str to (n,) array
    tolerance_m : float
        How far a border that should be common may stand apart.
    findings : tuple of Finding
        What the method could not do.
    """

    polygons: npt.NDArray[np.object_]
    parent: IntArray
    attributes: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    tolerance_m: float = 1e-6
    findings: tuple[Finding, ...] = ()


def metric_of(place: Boundaries, named: str = "auto") -> Metric:
    """Return the metric CRS a place is cut in: the one named, or the automatic one of its middle."""
    bounds = place.finest.polygons.bounds()
    lon, lat = from_lattice((bounds[:, :2].min(axis=0) + bounds[:, 2:].max(axis=0))[None] / 2)[0]
    return Metric.named(named, lon=float(lon), lat=float(lat))


def crs_name(metric: Metric) -> str:
    """Return ``EPSG:4549``, or the WKT of a CRS without such a number."""
    authority = metric.crs.to_authority()
    return ":".join(authority) if authority else str(metric.crs.to_wkt())


def densified(
    borders: Borders, elsewhere: Callable[[FloatArray], FloatArray], tolerance: float, *, shorter_than: float = 0.0
) -> Borders:
    """Return the borders with extra vertices, so that their edges are straight elsewhere, too.

    Parameters
    ----------
    borders : Borders
    elsewhere : callable
        Takes (k, 2) vertices to (k, 2) coordinates in the other CRS.
    tolerance : float
        How far an edge's middle may stand off there, in the other CRS's unit.
    shorter_than : float
        Edges not longer than this, in the unit of `borders`, are left alone.

    Notes
    -----
    An undirected edge is filled once, so both sides get the same vertices. The distance between
    an edge and its image grows with the square of its length, which gives the number of pieces.
    """
    start, end, _ = borders.edges()
    low, high = np.minimum(start, end), np.maximum(start, end)
    a, b = borders.vertices[low], borders.vertices[high]
    far = np.abs(b - a).max(axis=1, initial=0.0) > shorter_than
    size = np.int64(len(borders.vertices))
    low, high = np.divmod(distinct(low[far] * size + high[far]), size)
    if len(low) == 0:
        return borders
    a, b = borders.vertices[low], borders.vertices[high]
    bend = np.hypot(*(elsewhere((a + b) / 2) - (elsewhere(a) + elsewhere(b)) / 2).T)
    pieces = np.ceil(np.sqrt(bend / tolerance)).astype(np.int64)
    extra = np.maximum(pieces - 1, 0)
    edge = np.repeat(np.arange(len(low)), extra)
    if len(edge) == 0:
        return borders
    step = np.arange(len(edge)) - np.repeat(np.cumsum(extra) - extra, extra) + 1
    along = step / pieces[edge]
    return borders.with_points(low[edge], high[edge], along, a[edge] + (b - a)[edge] * along[:, None])


def _joined(steps: Borders) -> Borders:
    """Return the areas' outlines with each other's vertices where they run along one another.

    A vertex within `JOIN_STEPS` of a neighbour's edge is put into that edge; nothing else
    changes. Edges that two areas share already are left out of the comparison.
    """
    return joined(steps, outlines=0, tolerance_m=JOIN_STEPS)


def _require_valid(polygons: LatticePolygons, codes: npt.NDArray[np.object_], level: str) -> None:
    polygons.require_filled(codes, source=level)
    shapes = polygons.to_shapely_steps()
    bad = np.flatnonzero(~shapely.is_valid(shapes))
    if len(bad):
        reasons = [f"{codes[row]} ({shapely.is_valid_reason(shapes[row])}, in lattice steps)" for row in bad[:5]]
        raise BoundaryError(
            f"{len(bad)} area(s) are not simple polygons",
            given="; ".join(reasons),
            source=level,
            mend="repair the outlines when reading them, and look at the report of what moved",
        )
