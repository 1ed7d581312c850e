"""Method ``blocks``: cells whose borders follow the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geogrid.errors import BoundaryError, InputError
from geogrid.partition.blocks.edge_kinds import LEGAL
from geogrid.partition.blocks.flags import are_corridors
from geogrid.partition.blocks.ground import Ground
from geogrid.partition.blocks.legal_cuts import buildings_entered, cut_findings, legal_cuts
from geogrid.partition.blocks.measures import arterial_metres
from geogrid.partition.blocks.parent import Recipe
from geogrid.partition.blocks.reading import read_ground
from geogrid.partition.blocks.section import BlocksSection
from geogrid.partition.blocks.stretches import Stretches, gather_stretches, require_geopackage, save_stretches
from geogrid.partition.blocks.unused import far_away
from geogrid.partition.blocks.work import cut_parents
from geogrid.partition.frame import Cut, Frame
from geogrid.partition.shift import Shift, seam_shift_in_metres, shift_findings
from geogrid.types import Finding, Progress, no_progress

__all__ = ["BlocksCut", "cut_blocks", "cut_ground"]

_TOLERANCE_M = 0.003


@dataclass(frozen=True, eq=False)
class BlocksCut:
    """A cut with what explains it.

    Parameters
    ----------
    cut : Cut
        For the driver; attributes ``kind``, ``place``, ``flag``, ``on_seams`` and ``arterial_m`` of each cell.
    ground : Ground
        What was on the ground, as it was used.
    stretches : Stretches
        Why each stretch of border is where it is.
    fit : Shift or None
        How seams and legal borders fit; None if it was not asked for, or too few run side by side.
    """

    cut: Cut
    ground: Ground
    stretches: Stretches
    fit: Shift | None


def cut_blocks(frame: Frame, section: BlocksSection, progress: Progress = no_progress) -> Cut:
    """Return cells that follow the seams, of about the target area, nested in the frame's areas.

    Parameters
    ----------
    frame : Frame
    section : BlocksSection
    progress : callable
        Called with cells done and expected.

    Raises
    ------
    PlanError, CrsError, StorageError
        If a file that the section names cannot be used.
    InputError
        If the reasons are asked for in another format than GeoPackage.
    """
    require_geopackage(section.reasons)
    done = cut_ground(frame, read_ground(section, frame.metric), section, progress)
    if section.reasons is not None:
        areas = frame.codes[done.cut.parent]
        save_stretches(done.stretches, done.ground.seams, areas, frame.metric, section.reasons)
    return done.cut


def cut_ground(frame: Frame, ground: Ground, section: BlocksSection, progress: Progress = no_progress) -> BlocksCut:
    """Return the cut of a frame on a ground that is read already, with what explains it.

    Raises
    ------
    BoundaryError
        If a seam or building is not finite.
    """
    _require_finite(ground)
    ground = ground.in_order()
    fit = None if section.fit == "off" else _fit(frame, ground)
    findings: list[Finding] = [*ground.findings, *far_away(ground, frame.parents)]
    if fit is not None and fit.is_systematic:
        moved = section.fit == "move"
        if moved:
            ground = replace(ground, seams=ground.seams.moved(fit.dx_m, fit.dy_m))
        offer = "the seams were moved by that" if moved else 'fit = "move" moves the seams by that'
        findings += shift_findings(fit, source="seams", offer=offer)
    recipe = Recipe(section.target_area_m2, section.tolerance, section.effort, section.seed)
    cuts = cut_parents(
        frame.parents, ground, recipe, progress=progress, workers=frame.workers, keep=section.keep
    )  # fmt: skip
    polygons = np.concatenate([cut.polygons for cut in cuts])
    parent = np.repeat(np.arange(len(cuts)), [len(cut.polygons) for cut in cuts])
    stretches = gather_stretches(cuts)
    flags, kinds = (np.concatenate([getattr(cut, name) for cut in cuts]) for name in ("flags", "kinds"))
    findings += _flag_findings(flags, polygons, parent, frame)
    findings += _building_findings(ground, stretches, frame)
    attributes = {
        "kind": kinds,
        "place": np.concatenate([cut.names for cut in cuts]),
        "flag": flags,
        "on_seams": np.round(stretches.share(len(polygons)), 4),
        "arterial_m": np.where(are_corridors(kinds), 0.0, np.round(arterial_metres(polygons, ground.seams), 1)),
    }
    cut = Cut(polygons, parent, attributes, tolerance_m=_TOLERANCE_M, findings=tuple(findings))
    return BlocksCut(cut, ground, stretches, fit)


def _require_finite(ground: Ground) -> None:
    for what, shapes in (("seams", ground.seams.lines), ("buildings", ground.buildings)):
        if len(shapes) and not np.isfinite(shapely.get_coordinates(shapes)).all():
            raise BoundaryError(
                f"the {what} have coordinates that are not finite",
                mend="check the file's CRS: the place may lie outside the area it is made for",
            )


def _fit(frame: Frame, ground: Ground) -> Shift | None:
    """Return how seams and borders fit, None where too few of them run side by side to tell."""
    try:
        return seam_shift_in_metres(frame.parents, ground.seams.lines)
    except InputError:
        return None


def _building_findings(ground: Ground, stretches: Stretches, frame: Frame) -> tuple[Finding, ...]:
    """Return the buildings that legal borders cut, each with the border; and, if there were any, those that cells cut."""
    if len(ground.buildings) == 0:
        return ()
    to_degrees = frame.metric.to_degrees
    legal = cut_findings(legal_cuts(frame.parents, frame.codes, ground.buildings, ground.labels), to_degrees)
    ours = stretches.reason != LEGAL
    rows, metres = buildings_entered(ground.buildings, stretches.start[ours], stretches.end[ours])
    inside = to_degrees(shapely.get_coordinates(shapely.point_on_surface(ground.buildings[rows])))
    return legal + tuple(
        Finding(
            "building_uncut", f"a border between cells runs {length:.1f} m through a building", (str(ground.labels[row]),),
            float(lon), float(lat), round(float(length), 2), "m",
        )
        for row, length, (lon, lat) in zip(rows, metres, inside, strict=True)
    )  # fmt: skip


def _flag_findings(flags: np.ndarray, polygons: np.ndarray, parent: np.ndarray, frame: Frame) -> list[Finding]:
    rows = np.flatnonzero(flags != "")
    if len(rows) == 0:
        return []
    inside = shapely.get_coordinates(shapely.point_on_surface(polygons[rows]))
    lonlat = frame.metric.to_degrees(inside)
    area = shapely.area(polygons[rows])
    return [
        Finding(
            "near_target", f"the cell is off its size: {flags[row]}", (str(frame.codes[parent[row]]),),
            float(lonlat[i, 0]), float(lonlat[i, 1]), round(float(area[i]), 1), "m2",
        )
        for i, row in enumerate(rows)
    ]  # fmt: skip
