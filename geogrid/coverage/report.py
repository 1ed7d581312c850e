"""The coverage report: ground and people, as figures, findings, table and page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geogrid.assign.answering import Desk
from geogrid.atlas.export import write_whole
from geogrid.coverage.ground import Ground, cover_ground
from geogrid.coverage.people import Limits, people_findings
from geogrid.coverage.pieces import pieces_of
from geogrid.coverage.powers import split_findings
from geogrid.coverage.reach import reach_findings
from geogrid.coverage.staffing import StaffingProof, prove_staffing
from geogrid.errors import InputError
from geogrid.types import Finding, FloatArray, Progress, no_progress

__all__ = ["CoverageReport", "cover"]


@dataclass(frozen=True)
class CoverageReport:
    """What is covered and what is not.

    Parameters
    ----------
    place : str
        Name of the division.
    edition : int
    zone : str
        Time zone of the moments shown.
    ground : Ground
    staffing : StaffingProof
    findings : tuple of Finding
        Everything open: gaps and overlaps of the ground, places without a station, holes, clashes.
    figures : mapping of str to number
    outline : tuple of (n, 2) float64 arrays
        Rings of the finest areas, degrees, for the page's map.
    notices : tuple of Finding
        What a reader should know though nothing is open, e.g. make-up days not announced yet.
    """

    place: str
    edition: int
    zone: str
    ground: Ground
    staffing: StaffingProof
    findings: tuple[Finding, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    outline: tuple[FloatArray, ...] = field(default=(), repr=False, compare=False)
    notices: tuple[Finding, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is open."""
        return not self.findings

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "place": self.place,
            "edition": self.edition,
            "holds": self.holds,
            "figures": dict(self.figures),
            "notices": [notice.message for notice in self.notices],
            "findings": [
                {"rule": f.rule, "message": f.message, "subjects": list(f.subjects), "lon": f.lon, "lat": f.lat,
                 "amount": f.amount, "unit": f.unit}
                for f in self.findings
            ],
        }  # fmt: skip

    def to_geopandas(self) -> Any:
        """Return what is open as points (rule, message, subjects, amount, unit; EPSG:4326)."""
        import geopandas

        located = [f for f in self.findings if f.lon is not None]
        return geopandas.GeoDataFrame(
            {
                "rule": [f.rule for f in located],
                "message": [f.message for f in located],
                "subjects": [" ".join(f.subjects) for f in located],
                "amount": [f.amount for f in located],
                "unit": [f.unit for f in located],
            },
            geometry=geopandas.points_from_xy([f.lon for f in located], [f.lat for f in located]),
            crs="EPSG:4326",
        )

    def to_geopackage(self, path: str | Path) -> Path:
        """Write what is open as layer ``open`` of a GeoPackage; return its path."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        found = self.to_geopandas()
        write_whole(target, lambda fresh: found.to_file(fresh, layer="open", driver="GPKG"))
        return target

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one page that needs no network; return its path."""
        from geogrid.coverage.page import write_page

        return write_page(self, path)


def cover(
    desk: Desk,
    *,
    first: dt.date | dt.datetime | None = None,
    last: dt.date | dt.datetime | None = None,
    limits: Limits | None = None,
    streets: Sequence[Any] | None = None,
    progress: Progress = no_progress,
) -> CoverageReport:
    """Return what of a division is covered, by cells, by stations and by people.

    Parameters
    ----------
    desk : Desk
        `Atlas.desk()` gives the one of an edition.
    first, last : date or datetime, optional
        The half-open period; from today for a year unless told.
    limits : Limits, optional
        Thresholds of load and distance.
    streets : sequence of shapely lines, optional
        Degrees, WGS 84; with them, distances to stations along streets are checked, too.
    progress : Progress
    """
    begin = first or dt.datetime.now(desk.roster.calendar.tz).date()
    end = last or begin + dt.timedelta(days=365)
    if type(begin) is type(end) and end <= begin:
        raise InputError("the period is empty", given=f"{begin} to {end}", mend="let it end after it begins")
    ground = cover_ground(desk.division)
    staffing = prove_staffing(desk, begin, end, progress=progress)
    bounds = limits or Limits()
    findings = (
        *ground.findings,
        *_without_station(desk),
        *(_finding(one) for one in staffing.open),
        *split_findings(desk, pieces_of(desk)),
        *people_findings(desk, staffing.first, staffing.last, bounds),
        *reach_findings(desk, bounds.station_m),
        *(reach_findings(desk, bounds.street_m, streets) if streets is not None else ()),
    )
    return CoverageReport(
        desk.division.name, desk.edition, desk.roster.calendar.zone, ground, staffing, findings,
        _figures(desk, ground, staffing), _outline(desk),
        tuple(_calendar_findings(desk, begin, end)),
    )  # fmt: skip


def _calendar_findings(desk: Desk, first: dt.date, last: dt.date) -> list[Finding]:
    """Return one finding per year of the period whose make-up days are not announced yet."""
    calendar = desk.roster.calendar
    return [
        Finding("calendar_is_known", f"the make-up working days of {year} are not announced yet", (str(year),))
        for year in range(first.year, last.year + 1)
        if (year < last.year or (last.month, last.day) > (1, 1)) and not calendar.make_up_days_announced(year)
    ]


def _outline(desk: Desk) -> tuple[FloatArray, ...]:
    """Return the rings of the finest areas, thinned to what a page can show."""
    import shapely

    shapes = shapely.simplify(desk.division.areas[-1].polygons.to_shapely(), 2e-4)
    parts = shapely.get_parts(shapes)
    return tuple(
        shapely.get_coordinates(ring) for ring in shapely.get_exterior_ring(parts[shapely.get_type_id(parts) == 3])
    )


def _figures(desk: Desk, ground: Ground, staffing: StaffingProof) -> dict[str, float]:
    cells = desk.places
    unserved = desk.classes.station_of_cell == ""
    holes = [one for one in staffing.open if one.kind == "hole"]
    uncovered = _hole_cells(desk, staffing)
    return {
        "outline_m2": ground.outline_m2,
        "covered_m2": ground.covered_m2,
        "covered_share": ground.share,
        "gap_m2": ground.gap_m2,
        "overlap_m2": ground.overlap_m2,
        "cells": len(cells),
        "cells_without_station": int(unserved.sum()),
        "km2_without_station": float(cells.area_m2[unserved].sum()) / 1e6,
        "cells_with_hours_without_person": int(uncovered.sum()),
        "km2_with_hours_without_person": float(cells.area_m2[uncovered].sum()) / 1e6,
        "answered_share": staffing.answered_share,
        "cases": staffing.cases,
        "holes": len(holes),
        "clashes": len(staffing.open) - len(holes),
    }


def _hole_cells(desk: Desk, staffing: StaffingProof) -> Any:
    import numpy as np

    flags = np.zeros(len(desk.places), bool)
    for rows in staffing.hole_cells:
        flags[rows] = True
    return flags


def _without_station(desk: Desk) -> list[Finding]:
    """Return one finding per finest area that has cells no station serves."""
    import numpy as np

    cells = np.flatnonzero(desk.classes.station_of_cell == "")
    if len(cells) == 0:
        return []
    level = desk.places.areas[0]
    found = []
    for row in np.unique(level.of_cell[cells]):
        here = cells[level.of_cell[cells] == row]
        point = desk.places.shapes.take(here[:1]).to_shapely()[0].representative_point()
        code = str(level.codes[row]) if row >= 0 else ""
        area = float(desk.places.area_m2[here].sum())
        text = f"{len(here)} cells of {level.name} {code} are served by no station"
        found.append(Finding("has_station", text, (code,), point.x, point.y, area, "m2"))
    return found


def _finding(one: Any) -> Finding:
    rule = "has_answerable_person" if one.kind == "hole" else "has_one_answerable_person"
    what = f" for {_shortened(one.categories)}" if one.categories else ""
    who = f"; nearest to filling it: {one.nearest}" if one.nearest else ""
    text = (
        f"{one.layer} {one.unit}: {'nobody' if one.kind == 'hole' else 'more than one person'} is answerable"
        f" {one.hours_per_week:.1f} h a week{what}: {one.why}{who}"
    )
    return Finding(rule, text, (one.unit, one.cell), one.lon, one.lat, one.area_m2, "m2")


def _shortened(categories: tuple[str, ...]) -> str:
    shown = ", ".join(categories[:5])
    return shown if len(categories) <= 5 else f"{shown} and {len(categories) - 5} more categories"
