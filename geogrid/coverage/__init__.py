"""Step 5, PROVE: where nobody, or more than one person, is answerable.

report
    `cover`: ground, stations, people, powers and reach in one `CoverageReport`
figures
    figures as people read them
ground
    how much of the outline the cells cover
staffing, pieces
    the sweep over every place, category, condition and instant
people, reach, powers
    loads and leave, distances to stations, the buck-passing detector
past, fit
    `past_reports`, `fit_reports`: how past reports fall on grids, stations, people and departments
placing, load, mixture, families, nearness
    where past reports lie and who answers; how evenly; of which categories; which are one thing
daily, zero, colours
    daily reports of stations, also of nothing; green, blue or red for stations, streets, departments
thresholds
    what is flagged, as data
"""

from geogrid.coverage.fit import Fit, fit_reports
from geogrid.coverage.ground import Ground, cover_ground
from geogrid.coverage.past import PastReports, past_reports
from geogrid.coverage.people import Limits
from geogrid.coverage.powers import Split, find_splits
from geogrid.coverage.report import CoverageReport, cover
from geogrid.coverage.staffing import Open, StaffingProof, prove_staffing
from geogrid.coverage.thresholds import Thresholds

__all__ = [
    "CoverageReport", "Fit", "Ground", "Limits", "Open", "PastReports", "Split", "StaffingProof", "Thresholds", "cover",
    "cover_ground", "find_splits", "fit_reports", "past_reports", "prove_staffing",
]  # fmt: skip
