"""Step 5, PROVE: where nobody, or more than one person, is answerable.

report
    `cover`: ground, stations, people, powers and reach in one `CoverageReport`
ground
    how much of the outline the cells cover
staffing
    the sweep over every place, category, condition and instant
people, reach, powers
    loads and leave, distances to stations, the buck-passing detector
fit, families
    load and mix of past reports, near-duplicates
colours
    zero reports, and green, blue, red
"""

from geogrid.coverage.colours import Case, DayReport, State, Thresholds, states_of
from geogrid.coverage.families import Family, find_families
from geogrid.coverage.fit import Fit, Load, entropy, fit_reports, gini
from geogrid.coverage.ground import Ground, cover_ground
from geogrid.coverage.people import Limits
from geogrid.coverage.powers import Split, find_splits
from geogrid.coverage.report import CoverageReport, cover
from geogrid.coverage.staffing import Open, StaffingProof, prove_staffing

__all__ = [
    "Case", "CoverageReport", "DayReport", "Family", "Fit", "Ground", "Limits", "Load", "Open", "Split", "StaffingProof",
    "State", "Thresholds", "cover", "cover_ground", "entropy", "find_families", "find_splits", "fit_reports", "gini",
    "prove_staffing", "states_of",
]  # fmt: skip
