"""Measures of cells that follow the ground: sizes, seams, shape, what they cut, and why some are flagged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.lattice import perimeter_m
from geogrid.partition.blocks.flag_words import reason_of
from geogrid.partition.blocks.ground import Seams
from geogrid.partition.division import Division
from geogrid.partition.measures import area_to_hull, share_within
from geogrid.types import FloatArray

__all__ = ["GroundMeasures", "arterial_metres", "measure_ground"]

ARTERIAL = 0.7
"""Importance from which a seam counts as an arterial; a hard one always does."""

NEAR_M = 5.0
"""An arterial this near to a cell's border runs along it."""

HOLLOW = 0.75


@dataclass(frozen=True)
class GroundMeasures:
    """What the cells of a layer are like, water and other areas of their own left out of the shares.

    Parameters
    ----------
    cells : int
        On the ground.
    within_10, within_25 : float
        Share of them within that percentage of the target.
    on_seams : float
        Share of their border that runs on seams, outlines of areas or legal borders.
    hollow : float
        Share of them with less than three quarters of their convex hull.
    area_to_hull : float
        The mean.
    arterial_m : float
        Metres of arterials that run inside cells more than five metres from their border, corridors left out.
    buildings_cut : tuple of str
        The building and the legal border that cuts it, one text each.
    flagged : dict of str to int
        Cells by the reason why they are off their size.
    """

    cells: int
    within_10: float
    within_25: float
    on_seams: float
    hollow: float
    area_to_hull: float
    arterial_m: float
    buildings_cut: tuple[str, ...]
    flagged: dict[str, int]

    def __str__(self) -> str:
        """Return one readable line."""
        return (
            f"{self.within_10:.1%} of {self.cells:,} cells within ±10 %, {self.within_25:.1%} within ±25 % of the target; "
            f"{self.on_seams:.1%} of their border on seams; {self.hollow:.1%} hollow; {self.arterial_m:,.0f} m of "
            f"arterials inside; {len(self.buildings_cut)} building(s) cut by a legal border"
        )


def measure_ground(division: Division, *, target_m2: float) -> GroundMeasures | None:
    """Return the measures of a division's cells; None if they were not cut by ``method = "blocks"``."""
    cells = division.base
    columns = cells.attributes
    if not {"kind", "flag", "on_seams", "arterial_m"} <= set(columns):
        return None
    shapes = division.shapes(cells.name)
    ground = np.flatnonzero(np.asarray(columns["kind"], object) == "ground")
    areas, around = division.area_m2(cells.name)[ground], perimeter_m(shapes)[ground]
    hull = area_to_hull(shapes)[ground]
    on_seams = np.asarray(columns["on_seams"], np.float64)[ground]
    cut = tuple(
        f"{found.subjects[0]}: {' | '.join([*found.subjects[1:], 'outside'][:2])}"
        for found in division.findings
        if found.rule == "building_whole"
    )
    flagged = Counter(reason_of(flag) for flag in columns["flag"] if flag)
    return GroundMeasures(
        len(ground), share_within(areas, target_m2=target_m2, tolerance=0.1),
        share_within(areas, target_m2=target_m2, tolerance=0.25), float((on_seams * around).sum() / max(around.sum(), 1e-9)),
        float((hull < HOLLOW).mean()) if len(ground) else 0.0, float(hull.mean()) if len(ground) else 1.0,
        float(np.asarray(columns["arterial_m"], np.float64).sum()), cut, dict(flagged.most_common()),
    )  # fmt: skip


def arterial_metres(polygons: npt.NDArray[np.object_], seams: Seams) -> FloatArray:
    """Return (n,) metres of arterials inside each cell, more than `NEAR_M` from its border.

    Parameters
    ----------
    polygons : (n,) shapely polygons, metres
    seams : Seams
    """
    lines = seams.lines[seams.hard | (seams.worth >= ARTERIAL)]
    metres = np.zeros(len(polygons))
    if len(lines) == 0 or len(polygons) == 0:
        return metres
    tree = shapely.STRtree(lines)
    touched = np.unique(tree.query(polygons, predicate="intersects")[0])
    deep = shapely.buffer(polygons[touched], -NEAR_M, quad_segs=2)
    cell, line = tree.query(deep, predicate="intersects")
    inside = shapely.length(shapely.intersection(deep[cell], lines[line]))
    return metres + np.bincount(touched[cell], weights=inside, minlength=len(polygons))
