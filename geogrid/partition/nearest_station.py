"""Method ``nearest-station``: each row goes to the station nearest to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from pydantic import Field

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.crs import Metric, parse_crs
from geogrid.errors import PlanError
from geogrid.lattice import owners_by_brute_force, to_lattice
from geogrid.partition.balance.stations import along_streets
from geogrid.partition.columns import found_column, text_column
from geogrid.partition.contiguity import reattached
from geogrid.partition.division import Division
from geogrid.partition.grouping import Grouping, area_rows
from geogrid.partition.measures import adjacency
from geogrid.partition.plan_files import features_named, lines_of, points_of
from geogrid.partition.section import PlanPath, Reading, StackedSection
from geogrid.types import Finding, FloatArray, IntArray, Progress, no_progress

__all__ = ["NearestStationSection", "Stations", "group_nearest", "nearest_grouping", "read_stations"]


class NearestStationSection(StackedSection):
    """``method = "nearest-station"``.

    Parameters
    ----------
    stations : path
        A file of points.
    code_column, name_column : str, optional
        Its columns; found by their usual names if left out.
    reading : Reading
        How the file is read: layer, crs, datum, encoding, where.
    contiguous : bool
        Whether parts of a grid cut off from its station go to a neighbouring grid.
    streets : path, optional
        Lines, joined where they share a vertex: ways are measured along them instead of straight.
    """

    method: Literal["nearest-station"] = "nearest-station"
    stations: PlanPath
    code_column: str | None = None
    name_column: str | None = None
    reading: Reading = Field(default_factory=Reading)
    contiguous: bool = True
    streets: PlanPath | None = None


@dataclass(frozen=True, eq=False)
class Stations:
    """Places from which people serve.

    Parameters
    ----------
    codes, names : (s,) object array of str
        All "" where the file has none.
    lonlat : (s, 2) float64, degrees, WGS 84
    """

    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    lonlat: FloatArray

    def __len__(self) -> int:
        """Return the number of stations."""
        return len(self.codes)

    def take(self, rows: IntArray) -> Stations:
        """Return the stations of some rows."""
        return Stations(self.codes[rows], self.names[rows], self.lonlat[rows])

    def order(self) -> IntArray:
        """Return the rows in order of code, name and place, whatever their order in a file."""
        return np.lexsort((self.lonlat[:, 1], self.lonlat[:, 0], self.names.astype(str), self.codes.astype(str)))


def group_nearest(division: Division, section: NearestStationSection, progress: Progress = no_progress) -> Grouping:
    """Return the rows of the layer below grouped by their nearest station.

    Raises
    ------
    PlanError
        If an area of `within` has cells but no station.
    InputError
        If the file does not hold points, or no points at all.
    """
    return nearest_grouping(
        division, _read(section), of=section.of, within=section.within, contiguous=section.contiguous,
        streets=None if section.streets is None else _lines(section), progress=progress,
    )  # fmt: skip


def nearest_grouping(
    division: Division,
    stations: Stations,
    *,
    of: str = "cell",
    within: str | None = None,
    contiguous: bool = True,
    streets: npt.NDArray[np.object_] | None = None,
    progress: Progress = no_progress,
) -> Grouping:
    """Return the rows of layer `of` grouped by their nearest station.

    A row is measured from its representative point, in the division's metric CRS, straight or along `streets`
    (lines, degrees, WGS 84); at equal distance the station that comes first takes it. A row from which no
    street leads to any station goes to the nearest one straight, and is named. With `within`, only stations in the
    row's own area count.

    Raises
    ------
    PlanError
        If an area of `within` has cells but no station.
    """
    progress("nearest station", 0, 3)
    metric = Metric(parse_crs(division.metric_crs))
    shapes = division.shapes(of)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes.to_shapely()))
    rows, seats = metric.to_metres(points), metric.to_metres(stations.lonlat)
    homes, findings = np.zeros(len(rows), np.int64), list[Finding]()
    if within is None:
        nearest = _nearest(rows, seats)
    else:
        homes = np.zeros(len(rows), np.int64)
        homes[division.from_cells(of)] = area_rows(division, within)
        areas = Boundaries(division.code, division.name, division.areas).level(within)
        nearest, findings = _nearest_within(rows, homes, seats, stations, areas)
    progress("nearest station", 1, 3)
    ways: FloatArray | None = None
    if streets is not None:
        serves = np.ones((len(rows), len(seats)), bool)
        if within is not None:
            serves = owners_by_brute_force(areas.polygons, to_lattice(*stations.lonlat.T))[None] == homes[:, None]
        lines = shapely.transform(streets, metric.to_metres)
        ways, told = _along(rows, seats, lines, serves, division.layer(of).codes)
        findings += told
        nearest = np.asarray(np.argmin(np.where(serves, ways, np.inf), axis=1), np.int64)

    def way(group: IntArray) -> FloatArray:
        if ways is None:
            return np.asarray(np.hypot(*(rows - seats[group]).T), np.float64)
        return np.asarray(ways[np.arange(len(rows)), group], np.float64)

    distance = way(nearest)
    if contiguous:
        pairs = adjacency(shapes)
        pairs = pairs if within is None else pairs.where(homes[pairs.first] == homes[pairs.second])
        attached = reattached(nearest, pairs, distance)
        findings += _apart(attached.islands, attached.group, points, stations)
        nearest = attached.group
        distance = way(nearest)
    progress("nearest station", 2, 3)
    used, membership = np.unique(nearest, return_inverse=True)
    membership = membership.ravel()
    for idle in np.setdiff1d(np.arange(len(stations)), used).tolist():
        lon, lat = stations.lonlat[idle]
        findings.append(Finding("serves_cells", "no cell is nearest to it", (_label(stations, idle),), lon, lat))
    farthest = np.zeros(len(used))
    np.maximum.at(farthest, membership, distance)
    progress("nearest station", 3, 3)
    attributes = {
        "station_lon": stations.lonlat[used, 0],
        "station_lat": stations.lonlat[used, 1],
        "farthest_m": farthest,
    }
    return Grouping(
        np.asarray(membership, np.int32),
        names=stations.names[used],
        codes=stations.codes[used],
        attributes=attributes,
        findings=tuple(findings),
    )


def _along(
    rows: FloatArray, seats: FloatArray, streets: npt.NDArray[np.object_], serves: npt.NDArray[np.bool_],
    codes: npt.NDArray[np.object_],
) -> tuple[FloatArray, list[Finding]]:  # fmt: skip
    """Return (n, s) metres along streets; straight ones for rows joined to no station that may serve them, named."""
    ways = along_streets(rows, seats, streets)
    lost = np.flatnonzero(np.isinf(np.where(serves, ways, np.inf)).all(axis=1))
    if not len(lost):
        return ways, []
    ways[lost] = np.hypot(*(rows[lost, None, :] - seats[None]).transpose(2, 0, 1))
    named = tuple(str(code) for code in codes[lost[:10]] if code)
    said = f"no street leads from {len(lost)} row(s) to any station; they go to the nearest one straight"
    return ways, [Finding("street_to_a_station", said, named, amount=float(len(lost)))]


def _lines(section: NearestStationSection) -> npt.NDArray[np.object_]:
    return lines_of(features_named(Path(section.streets or "")), what="street", source=section.streets)


def read_stations(
    file: Path, *, what: str = "station", code_column: str | None = None, name_column: str | None = None,
    reading: Reading | None = None,
) -> Stations:  # fmt: skip
    """Return the stations of a file of points, in its order.

    Parameters
    ----------
    file : path
    what : str
        What messages call a point.
    code_column, name_column : str, optional
        Found by their usual names if left out.
    reading : Reading, optional
        How the file is read.

    Raises
    ------
    InputError
        If the file does not hold points, or has no such column.
    """
    frame = features_named(file, **(reading or Reading()).words())
    lonlat = points_of(frame, what=what, source=file)
    code = found_column(frame, code_column, "code", source=file)
    name = found_column(frame, name_column, "name", source=file)
    blank = np.full(len(frame), "", dtype=object)
    codes, names = (blank if column is None else text_column(frame, column) for column in (code, name))
    return Stations(codes, names, lonlat)


def _read(section: NearestStationSection) -> Stations:
    found = read_stations(
        section.stations, code_column=section.code_column, name_column=section.name_column, reading=section.reading
    )
    if not any(found.names):
        found = replace(found, names=np.array([str(row + 1) for row in range(len(found))], dtype=object))
    return found.take(found.order())


def _nearest(rows: FloatArray, seats: FloatArray) -> IntArray:
    """Return the nearest seat of each row, the first of equally near ones."""
    tree = shapely.STRtree(np.asarray(shapely.points(seats), dtype=object))
    row, seat = tree.query_nearest(np.asarray(shapely.points(rows), dtype=object), all_matches=True)
    result = np.full(len(rows), len(seats), np.int64)
    np.minimum.at(result, row, seat)
    return result


def _nearest_within(
    rows: FloatArray, homes: IntArray, seats: FloatArray, stations: Stations, areas: Areas
) -> tuple[IntArray, list[Finding]]:
    seat_home = owners_by_brute_force(areas.polygons, to_lattice(stations.lonlat[:, 0], stations.lonlat[:, 1]))
    without = np.setdiff1d(homes, seat_home)
    if len(without):
        listed = ", ".join(f"{areas.codes[row]} {areas.names[row]}" for row in without[:10])
        raise PlanError(
            f"{len(without)} area(s) have cells but no station", given=listed, allowed=f"a station in each {areas.level}",
            mend="add stations there, or leave out `within`",
        )  # fmt: skip
    result = np.empty(len(rows), np.int64)
    for home in np.unique(homes):
        mine, here = np.flatnonzero(homes == home), np.flatnonzero(seat_home == home)
        result[mine] = here[_nearest(rows[mine], seats[here])]
    outside = np.flatnonzero(seat_home < 0)
    return result, [
        Finding("in_an_area", f"the station lies in no {areas.level}", (_label(stations, row),), *stations.lonlat[row])
        for row in outside.tolist()
    ]


def _apart(islands: IntArray, group: IntArray, points: FloatArray, stations: Stations) -> list[Finding]:
    return [
        Finding(
            "one_piece", "cut off from the rest of its grid, and no neighbour to go to",
            (_label(stations, int(group[row])),), *points[row],
        )
        for row in islands
    ]  # fmt: skip


def _label(stations: Stations, row: int) -> str:
    return str(stations.names[row] or stations.codes[row])
