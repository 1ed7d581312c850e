"""Step 5, PROVE: where nobody, or more than one person, is answerable.

report
    `cover`: ground, stations and people in one `CoverageReport`
ground
    how much of the outline the cells cover
staffing
    the sweep over every place, category, condition and instant
"""

from geogrid.coverage.ground import Ground, cover_ground
from geogrid.coverage.report import CoverageReport, cover
from geogrid.coverage.staffing import Open, StaffingProof, prove_staffing

__all__ = ["CoverageReport", "Ground", "Open", "StaffingProof", "cover", "cover_ground", "prove_staffing"]
