"""The search for sites: the cells and the ways to them, and the best choice among places for stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.crs import Metric, parse_crs
from geogrid.errors import InputError, PlanError
from geogrid.lattice import owners_by_brute_force, to_lattice
from geogrid.partition.balance.layer import problem_of
from geogrid.partition.balance.sections import BalanceSection, WeightSection
from geogrid.partition.balance.stations import cover_cells, exchanged, finite_ways, place_stations
from geogrid.partition.balance.streets import Streets, straight
from geogrid.partition.candidates import gaps_closed, nearest_cells, spread_out
from geogrid.partition.division import Division
from geogrid.partition.nearest_station import Stations
from geogrid.types import BoolArray, Finding, FloatArray, IntArray, Progress

__all__ = ["Found", "Ground", "Sites", "Town", "best_anywhere", "best_of"]

_PAIRS = 24_000_000
"""Ways from cells to candidates that are held at a time: 192 MB, and a few times that while they are made."""

_MOST, _MOST_ALONG_STREETS = 1000, 300
"""Candidates where the cells' own places are meant; along streets, unless the way is limited, each takes a walk through the whole
town."""

_CLOSER, _CLOSER_ALONG_STREETS = 20, 3
_GAIN = 1e-4
"""Looking closer ends after so many rounds, or when one shortens the ways by less than this share."""


Found: TypeAlias = tuple[IntArray, FloatArray, int, bool]
"""Chosen sites, (n, p) ways to them, the number of candidates, whether it is proved."""


@dataclass(frozen=True, eq=False)
class Town:
    """The cells: places, demand, what they are called."""

    shapes: Any
    metric: Metric
    xy: FloatArray
    weights: FloatArray
    codes: npt.NDArray[np.object_]
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, division: Division, weight: WeightSection, progress: Progress) -> Town:
        """Return the cells of a division with their demand.

        Raises
        ------
        InputError
            If no cell has any.
        """
        progress("read cells", 0, 1)
        section = BalanceSection(name="stations", of=division.base.name, count=1, weight=weight)
        problem, findings = problem_of(division, section)
        weights = problem.measures[0].values
        if not weights.any():
            told = "; ".join(finding.message for finding in findings[:-1]) or "every cell has 0"
            raise InputError(f"no cell has any {weight.name}", given=told, mend="check the points and their datum")
        progress("read cells", 1, 1)
        graph = problem.graph
        metric = Metric(parse_crs(division.metric_crs))
        return cls(division.shapes(division.base.name), metric, graph.xy, weights, graph.codes, findings)

    def __len__(self) -> int:
        return len(self.xy)

    def inside(self, stations: Stations) -> IntArray:
        """Return the stations that stand in a cell."""
        return np.flatnonzero(owners_by_brute_force(self.shapes, to_lattice(*stations.lonlat.T)) >= 0)

    def outside(self, stations: Stations, rule: str, said: str) -> list[Finding]:
        """Return a finding for the stations that stand in no cell.

        Raises
        ------
        InputError
            If none stands in one.
        """
        lost = np.setdiff1d(np.arange(len(stations)), self.inside(stations))
        if not len(lost):
            return []
        lon, lat = stations.lonlat[lost[0]].tolist()
        if len(lost) == len(stations):
            raise InputError(
                f"all {len(lost)} points lie outside the place", given=f"the first at {lon:.6f}, {lat:.6f}",
                mend="check the file and its CRS",
            )  # fmt: skip
        named = tuple(_label(stations, row) for row in lost[:10].tolist())
        return [Finding(rule, f"{len(lost)} of {len(stations)}: {said}", named, lon, lat, float(len(lost)))]


class Ground:
    """How ways are measured, up to `within_m` if that is given."""

    def __init__(self, town: Town, lines: npt.NDArray[np.object_] | None, within_m: float | None) -> None:
        self._xy, self._limit_m = town.xy, np.inf if within_m is None else within_m
        walks = lines is not None and within_m is None
        self._streets = None if lines is None else Streets(lines)
        self.most_pairs = max(_PAIRS // len(town.xy), 1)
        self.most = min(_MOST_ALONG_STREETS if walks else _MOST, self.most_pairs)
        self.rounds = _CLOSER_ALONG_STREETS if walks else _CLOSER

    def require_few(self, sites: int) -> None:
        """Raise PlanError if there are more candidates than can be held."""
        if sites > self.most_pairs:
            raise PlanError(
                "too many candidates for so many cells", given=f"{sites:,} places, {len(self._xy):,} cells",
                allowed=f"up to {self.most_pairs:,}", mend="leave some out, or place stations district by district",
            )  # fmt: skip

    def ways(self, sites: FloatArray, progress: Progress) -> FloatArray:
        """Return (n, c) metres from the cells to places."""
        if self._streets is None:
            return straight(self._xy, sites)
        return self._streets.ways(self._xy, sites, limit_m=self._limit_m, progress=progress)


@dataclass(frozen=True, eq=False)
class Sites:
    """Places for stations; the first ones stand already."""

    stations: Stations
    existing: int

    def __len__(self) -> int:
        return len(self.stations)

    @property
    def fixed(self) -> IntArray:
        """The rows of those that stand already."""
        return np.arange(self.existing)

    def joined(self, more: Stations) -> Sites:
        """Return the sites with further candidates; one on the very place of an existing station is that station."""
        held = {tuple(place) for place in to_lattice(*self.stations.lonlat.T).tolist()}
        new = [row for row, place in enumerate(to_lattice(*more.lonlat.T).tolist()) if tuple(place) not in held]
        more = more.take(np.array(new, np.int64))
        ours, theirs = self.stations, more
        twice = sorted({code for code in ours.codes if code} & {code for code in theirs.codes if code})
        if twice:
            raise InputError(
                f"{len(twice)} code(s) stand for an existing station and for a candidate elsewhere", given=", ".join(twice[:10]),
                mend="give each place a code of its own",
            )  # fmt: skip
        return Sites(
            Stations(
                np.concatenate([ours.codes, theirs.codes]), np.concatenate([ours.names, theirs.names]),
                np.concatenate([ours.lonlat, theirs.lonlat]).round(7),
            ),
            self.existing,
        )  # fmt: skip


def _own(town: Town, rows: IntArray) -> Stations:
    """Return the cells' own places."""
    blank = np.full(len(rows), "", dtype=object)
    return Stations(blank, blank.copy(), town.metric.to_degrees(town.xy[rows]).round(7))


def best_of(
    town: Town, ground: Ground, sites: Sites, stations: int | None, within_m: float | None, seconds: float,
    progress: Progress,
) -> Found:  # fmt: skip
    """Return the best choice among sites."""
    ways = ground.ways(town.metric.to_metres(sites.stations.lonlat), progress)
    if within_m is None:
        if stations is None:
            raise InputError("nothing says how many stations")
        done = place_stations(ways, town.weights, stations, existing=sites.fixed, seconds=seconds, progress=progress)
    else:
        near = (ways <= within_m).any(axis=1)
        if not near.any():
            raise PlanError(
                "no candidate reaches any cell", given=f"within {within_m:g} m", mend="allow a longer way, or add candidates"
            )  # fmt: skip
        progress("cover cells", 0, 1)
        done = cover_cells(
            ways[near] if stations is None else ways, within_m, demand=None if stations is None else town.weights,
            stations=stations, existing=sites.fixed, seconds=seconds,
        )  # fmt: skip
        progress("cover cells", 1, 1)
    return done.sites, ways[:, done.sites], len(sites), done.proved


def best_anywhere(
    town: Town, ground: Ground, known: Sites, stations: int | None, within_m: float | None, seconds: float,
    progress: Progress,
) -> tuple[Sites, Found, list[Finding]]:  # fmt: skip
    """Return the best choice among the cells' own places, of very many among some of them."""
    room = ground.most - known.existing
    wanted = 1 if stations is None else stations - known.existing
    if room < 2 * wanted and room < len(town):
        raise PlanError(
            "too many stations for so many cells", given=f"{wanted} new ones, {len(town):,} cells",
            allowed=f"up to {max(room // 2, 0)}", mend="place them district by district, each in an atlas of its own",
        )  # fmt: skip
    if len(town) <= room:
        sites = known.joined(_own(town, np.arange(len(town))))
        return sites, best_of(town, ground, sites, stations, within_m, seconds, progress), []
    rows, side = spread_out(town.xy, room if within_m is None else 3 * room // 4)
    if within_m is not None:
        rows = gaps_closed(
            town.xy, rows, room, within_m,
            lambda places: _any_within(ground.ways(places, progress), within_m),
            town.metric.to_metres(known.stations.lonlat),
        )  # fmt: skip
    sites = known.joined(_own(town, rows))
    if within_m is None:
        # What is proved of some places says nothing of the others.
        sites, found = _closer(town, ground, sites, int(stations or 0), progress)
        said = "then those around each station found"
    else:
        found = best_of(town, ground, sites, stations, within_m, seconds, progress)
        said = "and those that close gaps; what is proved holds among these"
    told = (
        f"{len(town):,} cells: {len(rows):,} of their places were tried, one for each square of {side:,.0f} m, {said}"
    )
    return sites, found, [Finding("every_cell_tried", told, amount=float(len(rows)))]


def _closer(
    town: Town, ground: Ground, sites: Sites, stations: int, progress: Progress
) -> tuple[Sites, Found]:  # fmt: skip
    """Return the stations after looking at the cells around each of them, as long as that shortens the ways."""
    done = best_of(town, ground, sites, stations, None, 0.0, progress)
    tried = done[2]
    each = (ground.most - sites.existing) // max(stations - sites.existing, 1)
    for number in range(ground.rounds if stations > sites.existing else 0):
        progress("look closer", number, ground.rounds)
        walked = float(town.weights @ finite_ways(done[1]).min(axis=1))
        now = sites.stations.take(done[0])
        around = nearest_cells(town.xy, town.metric.to_metres(now.lonlat[sites.existing :]), each)
        near = Sites(now, sites.existing).joined(_own(town, around))
        ways = ground.ways(town.metric.to_metres(near.stations.lonlat), progress)
        chosen = exchanged(
            finite_ways(ways), town.weights, stations, near.fixed, begin=np.arange(stations), progress=progress
        )
        tried += len(near) - stations
        sites, done = near, (chosen, ways[:, chosen], tried, False)
        if float(town.weights @ finite_ways(done[1]).min(axis=1)) > walked * (1 - _GAIN):
            break
    progress("look closer", ground.rounds, ground.rounds)
    return sites, done


def _any_within(ways: FloatArray, within_m: float) -> BoolArray:
    return np.asarray((ways <= within_m).any(axis=1), bool)


def _label(stations: Stations, row: int) -> str:
    return str(stations.names[row] or stations.codes[row] or f"row {row + 1}")
