"""Snapping: a cut goes to the lattice once, its outlines with it, and is proved there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import PartitionError
from geogrid.lattice import LatticePolygons, PartitionProof, prove_partition, to_lattice
from geogrid.partition.borders import Borders
from geogrid.partition.frame import STRAIGHT_M, Cut, Frame, densified
from geogrid.partition.joining import joined, welded
from geogrid.types import Finding, IntArray, Progress, no_progress

__all__ = ["Snapped", "snap"]

_DEGREE_M = 111_320.0
_STRAIGHT_ANYWAY_M = 90.0


@dataclass(frozen=True, eq=False)
class Snapped:
    """A cut on the lattice.

    Parameters
    ----------
    cells : LatticePolygons, one for each polygon of the cut
    outlines : LatticePolygons
        The frame's areas, with every vertex that a cell border adds.
    parent : (n,) int64
        Row of the frame each cell lies in.
    attributes : mapping of str to (n,) array
    findings : tuple of Finding
    proof : PartitionProof
        That the cells divide the outlines.
    """

    cells: LatticePolygons
    outlines: LatticePolygons
    parent: IntArray
    attributes: dict[str, npt.NDArray[Any]]
    findings: tuple[Finding, ...]
    proof: PartitionProof


def snap(frame: Frame, cut: Cut, progress: Progress = no_progress) -> Snapped:
    """Return a cut on the lattice, with its proof.

    Raises
    ------
    PartitionError
        If the method gave something that is not a polygon, or the cells do not divide the outlines.
    """
    progress("snap", 0, 3)
    _require_polygons(cut)
    count = len(frame)
    parent = np.asarray(cut.parent, np.int64)
    borders = Borders.of(np.concatenate([frame.parents, cut.polygons]))
    if cut.tolerance_m > 1e-6:
        borders = welded(borders, outlines=count, parent=parent, tolerance_m=cut.tolerance_m)
    borders = joined(borders, outlines=count, parent=parent, tolerance_m=max(cut.tolerance_m, 1e-6))
    progress("snap", 1, 3)
    borders = densified(borders, frame.metric.to_degrees, STRAIGHT_M / _DEGREE_M, shorter_than=_STRAIGHT_ANYWAY_M)
    lonlat = frame.metric.to_degrees(borders.vertices)
    points = to_lattice(lonlat[:, 0], lonlat[:, 1])
    polygons = borders.on_lattice(points)
    outlines, cells = polygons.take(np.arange(count)), polygons.take(np.arange(count, len(polygons)))
    progress("snap", 2, 3)
    proof = prove_partition(cells, outlines, parent, parent_names=frame.codes)
    progress("snap", 3, 3)
    return Snapped(cells, outlines, parent, dict(cut.attributes), cut.findings, proof.require())


def _require_polygons(cut: Cut) -> None:
    wrong = np.flatnonzero((shapely.get_type_id(cut.polygons) != 3) | shapely.is_empty(cut.polygons))
    if len(wrong):
        raise PartitionError(
            f"the method gave {len(wrong)} cell(s) that are not polygons",
            given=str(cut.polygons[wrong[0]])[:80],
            allowed="one polygon for each cell",
        )
