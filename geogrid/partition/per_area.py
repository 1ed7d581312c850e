"""Method ``per-area``: one grid for each area of a level."""

from __future__ import annotations

from typing import Literal

import numpy as np

from geogrid.boundaries.areas import Boundaries
from geogrid.partition.division import Division
from geogrid.partition.grouping import Grouping, area_rows
from geogrid.partition.section import StackedSection
from geogrid.types import Progress, no_progress

__all__ = ["PerAreaSection", "group_per_area"]


class PerAreaSection(StackedSection):
    """``method = "per-area"``: `within` names the level (the finest if it is left out)."""

    method: Literal["per-area"] = "per-area"


def group_per_area(division: Division, section: PerAreaSection, progress: Progress = no_progress) -> Grouping:
    """Return one grid for each area of the level that has cells, named after it, in order of codes.

    Raises
    ------
    NotFoundError
        If the place has no such level.
    """
    progress("group", 0, 1)
    boundaries = Boundaries(division.code, division.name, division.areas)
    areas = boundaries.finest if section.within is None else boundaries.level(section.within)
    of_cell = area_rows(division, section.within)
    of_row = np.full(len(division.layer(section.of)), -1, np.int64)
    of_row[division.from_cells(section.of)] = of_cell
    used, membership = np.unique(of_row, return_inverse=True)
    progress("group", 1, 1)
    return Grouping(
        membership.astype(np.int32).ravel(),
        names=areas.names[used],
        attributes={"area_code": areas.codes[used]},
    )
