"""Siting: where the stations of a division could stand, what each would serve, and which cells none reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import InputError, PlanError
from geogrid.partition.balance.sections import WeightSection
from geogrid.partition.division import Division
from geogrid.partition.nearest_station import Stations
from geogrid.partition.site_search import Ground, Sites, Town, best_anywhere, best_of
from geogrid.types import BoolArray, Finding, FloatArray, IntArray, Progress, no_progress

__all__ = ["Sited", "site_stations"]


@dataclass(frozen=True, eq=False)
class Sited:
    """Stations and whom they serve.

    Parameters
    ----------
    stations : Stations, p of them
        In order of code, name and place: the order in which `nearest-station` reads them.
    existing : (p,) bool
        Whether each stands already.
    cells : (p,) int64
        How many cells each serves.
    demand : (p,) float64
        And how much demand.
    mean_m, farthest_m : (p,) float64
        The way to its cells: the mean weighted by demand, and the longest; 0 if it serves none.
    serves : (n,) int64
        The station of each cell; -1 if none reaches it.
    distance_m : (n,) float64
        The way to the nearest station; inf if none leads there.
    weights : (n,) float64
        The demand of each cell.
    codes : (n,) object array of str
        What the cells are called.
    candidates : int
        Among how many places was chosen, existing stations included.
    proved : bool
        HiGHS proved that no choice among them is better.
    findings : tuple of Finding
    """

    stations: Stations
    existing: BoolArray
    cells: IntArray
    demand: FloatArray
    mean_m: FloatArray
    farthest_m: FloatArray
    serves: IntArray
    distance_m: FloatArray
    weights: FloatArray
    codes: npt.NDArray[np.object_]
    candidates: int
    proved: bool
    findings: tuple[Finding, ...]

    @property
    def unreached(self) -> tuple[str, ...]:
        """The codes of the cells that no station reaches."""
        return tuple(str(code) for code in self.codes[self.serves < 0])

    @property
    def total_mean_m(self) -> float:
        """The way of all demand that is reached, on average."""
        reached = np.where(self.serves >= 0, self.weights, 0.0)
        way = np.where(self.serves >= 0, self.distance_m, 0.0)
        return float(reached @ way / reached.sum()) if reached.any() else 0.0

    def to_geopandas(self) -> Any:
        """Return the stations as points, EPSG:4326, with what each serves; a plan's `stations` reads them back.

        They have codes if one of them had one.
        """
        import geopandas

        columns: dict[str, Any] = {"code": self.stations.codes} if any(self.stations.codes) else {}
        columns |= {
            "name": self.stations.names, "existing": self.existing, "cells": self.cells, "demand": self.demand.round(6),
            "mean_m": self.mean_m.round(1), "farthest_m": self.farthest_m.round(1),
        }  # fmt: skip
        return geopandas.GeoDataFrame(columns, geometry=shapely.points(self.stations.lonlat), crs="EPSG:4326")


def site_stations(
    division: Division,
    weight: WeightSection,
    *,
    stations: int | None = None,
    within_m: float | None = None,
    existing: Stations | None = None,
    candidates: Stations | None = None,
    streets: npt.NDArray[np.object_] | None = None,
    seconds: float = 60.0,
    progress: Progress = no_progress,
) -> Sited:
    """Return stations for the cells of a division.

    With `stations` alone, where people walk least; with `within_m` alone, as few as reach every cell; with both, those that
    reach most demand.

    Parameters
    ----------
    division : Division
    weight : WeightSection
        The demand of the cells.
    stations : int, optional
        In all, existing ones included.
    within_m : float, optional
        The longest way.
    existing : Stations, optional
        They stand already and stay.
    candidates : Stations, optional
        Where one may stand; the cells' own places if left out. Of very many cells, those spread evenly are tried first, and
        then those around each station found (without `within_m`).
    streets : (s,) shapely lines, degrees, WGS 84, optional
        Ways are measured along them, instead of straight.
    seconds : float
        For HiGHS to look for better and to prove.

    Raises
    ------
    InputError
        If nothing is asked for, the points lie elsewhere, or no cell has any demand.
    PlanError
        If that many stations cannot be placed, or among so many candidates.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> found = site_stations(toy_city(), WeightSection(name="cells"), within_m=160.0)
    >>> len(found.stations), found.unreached, found.proved
    (4, (), True)
    """
    if stations is None and within_m is None:
        raise InputError(
            "nothing says how many stations", allowed="a number of stations, or how far a cell may be, or both"
        )
    if within_m is not None and not 0 < within_m < np.inf:
        raise InputError("the longest way is a distance", given=within_m, allowed="metres, more than 0")
    known = 0 if existing is None else len(existing)
    if stations is not None and stations < max(known, 1):
        raise PlanError(
            "more stations exist than are asked for" if known else "no stations", given=f"{stations} in all",
            allowed=f"{max(known, 1)} or more", mend="existing stations count, too",
        )  # fmt: skip
    town = Town.of(division, weight, progress)
    ground = Ground(town, None if streets is None else shapely.transform(streets, town.metric.to_metres), within_m)
    findings = [*town.findings]
    standing = Stations(*(np.empty(0, object),) * 2, np.empty((0, 2))) if existing is None else existing
    findings += town.outside(standing, "station_in_a_cell", "stands in no cell; it serves all the same")
    sites = Sites(standing, known)
    if candidates is not None:
        away = town.outside(candidates, "candidate_in_a_cell", "stands in no cell and was left out")
        findings += away
        sites = sites.joined(candidates.take(town.inside(candidates)))
        ground.require_few(len(sites))
        found = best_of(town, ground, sites, stations, within_m, seconds, progress)
    else:
        sites, found, told = best_anywhere(town, ground, sites, stations, within_m, seconds, progress)
        findings += told
    return _told(town, sites, *found, within_m=within_m, findings=findings)


def _named(stations: Stations, existing: BoolArray) -> Stations:
    """Return the stations with names; those without are numbered, existing ones first, then from west to east."""
    names = np.where(stations.names == "", stations.codes, stations.names).astype(object)
    place = stations.lonlat
    order = np.lexsort((place[:, 1], place[:, 0], ~existing))
    width = len(str(len(stations)))
    for number, row in enumerate(order.tolist(), start=1):
        names[row] = names[row] or f"station {number:0{width}d}"
    return replace(stations, names=names)


def _told(
    town: Town, sites: Sites, chosen: IntArray, ways: FloatArray, candidates: int, proved: bool, *,
    within_m: float | None, findings: list[Finding],
) -> Sited:  # fmt: skip
    """Return what the stations chosen serve."""
    existing = chosen < sites.existing
    stations = _named(sites.stations.take(chosen), existing)
    order = stations.order()
    stations, existing, ways = stations.take(order), existing[order], ways[:, order]
    serves = np.argmin(ways, axis=1)
    way = ways[np.arange(len(ways)), serves]
    reached = np.isfinite(way) & (way <= (np.inf if within_m is None else within_m))
    mine, count = serves[reached], len(stations)
    cells = np.bincount(mine, minlength=count)
    demand: FloatArray = np.bincount(mine, weights=town.weights[reached], minlength=count).astype(np.float64)
    walked = np.bincount(mine, weights=(town.weights * np.where(reached, way, 0.0))[reached], minlength=count)
    farthest = np.zeros(count)
    np.maximum.at(farthest, mine, way[reached])
    mean = np.divide(walked, demand, out=np.zeros(count), where=demand > 0)
    if not reached.all():
        lost = town.codes[~reached]
        how = "by any street" if within_m is None else f"within {within_m:g} m"
        said = f"{len(lost)} cell(s) are reached by no station {how}"
        findings = [*findings, Finding("station_in_reach", said, tuple(map(str, lost[:10])), amount=float(len(lost)))]
    return Sited(
        stations, existing, cells, demand, mean, farthest, np.where(reached, serves, -1), way, town.weights, town.codes,
        candidates, proved, tuple(findings),
    )  # fmt: skip
