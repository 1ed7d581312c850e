"""Coverage of the ground: how much of the outline the cells cover, gaps and overlaps located."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.lattice import area_m2, prove_partition
from geogrid.partition.division import Division
from geogrid.types import Finding

__all__ = ["Ground", "cover_ground"]


@dataclass(frozen=True)
class Ground:
    """How the cells of a division cover its outline.

    Parameters
    ----------
    outline_m2, covered_m2, gap_m2, overlap_m2 : float
        On the ellipsoid.
    findings : tuple of Finding
        Each gap and overlap, with its place.
    """

    outline_m2: float
    covered_m2: float
    gap_m2: float
    overlap_m2: float
    findings: tuple[Finding, ...] = ()

    @property
    def share(self) -> float:
        """Covered part of the outline, 0 to 1."""
        return self.covered_m2 / self.outline_m2 if self.outline_m2 else 0.0


def cover_ground(division: Division) -> Ground:
    """Return how the cells of a division cover the areas of its finest level."""
    finest = division.areas[-1]
    rows = {code: row for row, code in enumerate(finest.codes.tolist())}
    parent_of = np.array([rows.get(code, -1) for code in division.base.areas.tolist()], np.int64)
    proof = prove_partition(
        division.shapes(division.base.name), finest.polygons, parent_of,
        cell_names=division.base.codes, parent_names=finest.codes,
    )  # fmt: skip
    gap = sum(finding.amount or 0.0 for finding in proof.findings if finding.rule == "no_gap")
    overlap = sum(finding.amount or 0.0 for finding in proof.findings if finding.rule == "no_overlap")
    outline = float(area_m2(finest.polygons).sum())
    return Ground(outline, outline - gap, gap, overlap, tuple(proof.findings))
