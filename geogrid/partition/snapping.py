"""Snapping: a cut goes to the lattice once, its outlines with it, and is proved there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import PartitionError
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, PartitionProof, prove_partition, to_lattice
from geogrid.partition.borders import Borders, distinct
from geogrid.partition.frame import STRAIGHT_M, Cut, Frame, densified
from geogrid.partition.joining import joined, welded
from geogrid.partition.mending import folded_rows, laid_out_again, through_own_pixels, turned_rows
from geogrid.types import Finding, FloatArray, Int32Array, IntArray, Progress, no_progress

__all__ = ["Snapped", "snap"]

_DEGREE_M = 111_320.0
_STRAIGHT_ANYWAY_M = 90.0
_ROUNDS = 8


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
    steps = frame.metric.to_degrees(borders.vertices) * STEPS_PER_DEGREE
    points = to_lattice(*(steps.T / STEPS_PER_DEGREE))
    outlines, cells = _taken_apart(borders.on_lattice(points), count)
    progress("snap", 2, 3)
    proof = prove_partition(cells, outlines, parent, parent_names=frame.codes)
    attributes, findings = dict(cut.attributes), cut.findings
    if not proof.holds:
        borders = _through_pixels(borders, steps, points, count)
        outlines, cells = _taken_apart(borders.on_lattice(points), count)
        mended = laid_out_again(cells, folded_rows(cells), parent)
        cells, parent = mended.cells, parent[mended.kept]
        attributes = {key: column[mended.kept] for key, column in attributes.items()}
        findings += mended.findings
        proof = prove_partition(cells, outlines, parent, parent_names=frame.codes)
    progress("snap", 3, 3)
    return Snapped(cells, outlines, parent, attributes, findings, proof.require())


def _taken_apart(polygons: LatticePolygons, count: int) -> tuple[LatticePolygons, LatticePolygons]:
    """Return the first `count` polygons, and the others."""
    return polygons.take(np.arange(count)), polygons.take(np.arange(count, len(polygons)))


def _through_pixels(borders: Borders, steps: FloatArray, points: Int32Array, outlines: int) -> Borders:
    """Return the borders with folded cells led through the vertices they pass, until that changes nothing."""
    for _ in range(_ROUNDS):
        folded = folded_rows(borders.on_lattice(points))
        rows = distinct(np.concatenate([folded, turned_rows(borders, steps, points)]))
        grown = borders.inserted(through_own_pixels(borders, steps, rows[rows >= outlines]))
        if len(grown.ring) == len(borders.ring):
            break
        borders = grown
    return borders


def _require_polygons(cut: Cut) -> None:
    wrong = np.flatnonzero((shapely.get_type_id(cut.polygons) != 3) | shapely.is_empty(cut.polygons))
    if len(wrong):
        raise PartitionError(
            f"the method gave {len(wrong)} cell(s) that are not polygons",
            given=str(cut.polygons[wrong[0]])[:80],
            allowed="one polygon for each cell",
        )
