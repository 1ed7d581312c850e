"""The desk: answers for the places of one edition, one in full or many in a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from geogrid.assign.answer import Answer, Named
from geogrid.assign.assets import AssetIndex
from geogrid.assign.batch import Batch
from geogrid.assign.cases import Cases
from geogrid.assign.classes import PlaceClasses
from geogrid.assign.details import Details
from geogrid.assign.limits import WorkClock
from geogrid.assign.lines import Lines
from geogrid.assign.locator import Locator
from geogrid.assign.places import Places
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Roster
from geogrid.assign.rulebook import Asset, Category, Rulebook
from geogrid.assign.turns import Turn
from geogrid.assign.unfolding import Unfolding
from geogrid.assign.walk import walk_lines
from geogrid.errors import InputError
from geogrid.lattice import to_lattice
from geogrid.partition.division import Division
from geogrid.types import Datum, IntArray

__all__ = ["Desk"]

_FAR_M = 1e7


@dataclass(frozen=True, eq=False)
class Desk:
    """Everything needed to answer: a division, a roster, a rulebook.

    Parameters
    ----------
    division : Division
    roster : Roster
    rulebook : Rulebook
    edition : int
        Number of the edition, 0 for a division that is not published.
    given_locator : Locator, optional
        Made from the division if not given.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> from geogrid.assign.roster import Duty, Person
    >>> roster = Roster(persons=(Person("p1", "Ann"),), duties=(Duty("p1", "grid_head", "responsibility", "G01"),))
    >>> desk = Desk(toy_city(), roster)
    >>> at = dt.datetime(2026, 11, 22, 20, 15)
    >>> desk.answer(lon=121.2505, lat=31.3805, datum="wgs84", at=at).person.name
    'Ann'
    """

    division: Division = field(repr=False)
    roster: Roster
    rulebook: Rulebook = field(default_factory=Rulebook)
    edition: int = 0
    given_locator: Locator | None = field(default=None, repr=False)

    @cached_property
    def places(self) -> Places:
        """The cells with all they belong to."""
        return Places.of(self.division)

    @cached_property
    def classes(self) -> PlaceClasses:
        """Classes of places that roster and rules treat alike."""
        return PlaceClasses(self.places, self.roster, self.rulebook)

    @cached_property
    def lines(self) -> Lines:
        """Who is asked in which order."""
        return Lines(self.places, self.roster, self.rulebook)

    @cached_property
    def locator(self) -> Locator:
        """The locator of the division's layers."""
        return self.given_locator or Locator.of(self.division)

    @cached_property
    def cases(self) -> Cases:
        """Every category and condition a report can name."""
        return Cases(self.rulebook, self.lines.profiles)

    @cached_property
    def asset_index(self) -> AssetIndex:
        """Registered assets, to be found by place."""
        return AssetIndex(self.rulebook.assets, self.rulebook.category_rows, self.rulebook.asset_reach_m)

    @cached_property
    def work_clock(self) -> WorkClock:
        """What counts time limits."""
        return WorkClock(self.roster.calendar, self.rulebook.work_hours, self.rulebook.seasons)

    @cached_property
    def details(self) -> Details:
        """What fills in an answer beyond the person."""
        return Details(self.roster, self.rulebook, self.lines, self.work_clock)

    def batch(self, seconds: IntArray) -> Batch:
        """Return the batch for the months that hold (n,) `seconds`; the last one is kept."""
        kept = self._batches[0] if self._batches else None
        if kept is None or not (kept.first <= int(seconds.min()) and int(seconds.max()) < kept.last):
            kept = Batch.around(self, seconds)
            self._batches[:] = [kept]
        return kept

    def resolution_at(self, second: int) -> Resolution:
        """Return the resolution of the local month that holds `second`; the last twelve are kept."""
        for kept in self._months:
            if kept.first <= second < kept.last:
                return kept
        calendar = self.roster.calendar
        month = calendar.moment_of(second).date().replace(day=1)
        after = (month + dt.timedelta(days=32)).replace(day=1)
        # The city's own table may end within the month; what it still says can be answered.
        if calendar.until is not None and month <= calendar.moment_of(second).date() < calendar.until < after:
            after = calendar.until
        made = Resolution(self.roster, calendar.second_of(month), calendar.second_of(after))
        self._months[:] = [*self._months[-11:], made]
        return made

    def answer(
        self,
        *,
        lon: float,
        lat: float,
        datum: str | Datum,
        category: str = "",
        condition: str = "",
        at: dt.datetime | None = None,
    ) -> Answer:
        """Return who answers for one place.

        Parameters
        ----------
        lon, lat : float
            Degrees in `datum`.
        datum : Datum or str
        category, condition : str
            Codes; ``""`` asks for the territory.
        at : datetime, optional
            Now if not given; without a zone it is the city's own clock. Deadlines count from it.

        Raises
        ------
        CoordinateError, DatumError
        NotFoundError
            If there is no such category or condition.
        """
        x, y, rows = self.locator.placed(lon=lon, lat=lat, datum=datum)
        second = self.roster.calendar.second_of(at or dt.datetime.now(dt.UTC))
        moment = self.roster.calendar.moment_of(second)
        kind = self._category(category, condition)
        cell = rows[self.places.base.name]
        if cell < 0:
            return self._outside(x, y, moment, category, condition)
        overlays = tuple((name, rows[name]) for name in self.classes.overlays)
        place = self.classes.at(cell, overlays)
        asset, metres = self._asset_at(kind, x, y)
        lines = self.lines.of(place, kind, condition, asset.holders if asset else ())
        resolution = self.resolution_at(second)
        fallback = self.rulebook.fallback or kind is None
        walk = walk_lines(lines, resolution, second, fallback=fallback)
        layers, areas = self._located(rows, cell)
        here = layers[self.places.base.name]
        known: dict[str, Any] = {
            "outcome": "hole" if walk.holder is None else "answered",
            "lon": x, "lat": y, "at": moment, "category": category, "condition": condition, "edition": self.edition,
            "cell": here, "layers": layers, "areas": areas,
            "station": self._stations[place.station] if place.station else None,
        }  # fmt: skip
        holder = walk.holder
        if holder is not None:
            known |= {
                "person": self.details.on_duty(holder.duty, holder.person), "clash": walk.clash, "rules": (walk.rule,),
            }  # fmt: skip
        rest = Unfolding(
            self, category, kind, condition, cell, here.code, place, asset, metres, lines, resolution, second, walk
        )
        return Answer.unfolding(known, rest)

    def turns(
        self,
        *,
        lon: float,
        lat: float,
        datum: str | Datum,
        category: str = "",
        condition: str = "",
        at: dt.datetime,
        hours: float = 24.0,
    ) -> tuple[Turn, ...]:
        """Return who answers a place from `at` on, change by change, for some hours; empty outside."""
        x, y, rows = self.locator.placed(lon=lon, lat=lat, datum=datum)
        kind = self._category(category, condition)
        cell = rows[self.places.base.name]
        if cell < 0:
            return ()
        place = self.classes.at(cell, tuple((name, rows[name]) for name in self.classes.overlays))
        asset, _ = self._asset_at(kind, x, y)
        first = self.roster.calendar.second_of(at)
        resolution = Resolution(self.roster, first, first + max(int(hours * 3600), 1))
        timeline = resolution.timeline(self.lines.of(place, kind, condition, asset.holders if asset else ()))
        turns = []
        for second, value in zip(timeline.times.tolist(), timeline.values.tolist(), strict=True):
            start = self.roster.calendar.moment_of(second)
            if second >= resolution.last:
                break
            if value < 0:
                turns.append(Turn(start, None))
                continue
            duty, person, label = resolution.posts.state(value)
            turns.append(Turn(start, self.details.on_duty(duty, person), value % 2 == 1, label))
        return tuple(turns)

    def _category(self, code: str, condition: str) -> Category | None:
        if not code:
            if condition:
                raise InputError("a condition without a category", given=condition, mend="give the category, too")
            return None
        if not self.rulebook.categories:
            return None
        found = self.rulebook.category(code)
        if condition:
            found.condition(condition)
        return found

    def _asset_at(self, category: Category | None, lon: float, lat: float) -> tuple[Asset | None, float]:
        if category is None or category.kind != "component" or not self.rulebook.assets:
            return None, 0.0
        row = self.rulebook.category_rows[category.code]
        rows, metres = self.asset_index.nearest(np.array([row], np.int32), to_lattice([lon], [lat]))
        return (self.asset_index.assets[rows[0]], float(metres[0])) if rows[0] >= 0 else (None, 0.0)

    def _outside(self, lon: float, lat: float, at: dt.datetime, category: str, condition: str) -> Answer:
        rows, metres = self.locator.nearest([lon], [lat], datum="wgs84", limit_m=_FAR_M)
        row, distance = int(rows[0]), float(metres[0])
        cell = Named("")
        if row >= 0:
            cell = Named(str(self.places.base.codes[row]), str(self.places.base.names[row]))
        step = Step("outside", (cell.code or "-", distance))
        return Answer("outside", lon, lat, at, category, condition, self.edition, cell, distance, steps=(step,))

    def _located(self, rows: Mapping[str, int], cell: int) -> tuple[dict[str, Named], dict[str, Named]]:
        named = self._named
        layers = {
            layer.name: named[layer.name][rows[layer.name]] for layer in self.places.layers if rows[layer.name] >= 0
        }
        of_cell = [(level.name, int(level.of_cell[cell])) for level in self.places.areas]
        return layers, {name: named[name][row] for name, row in of_cell if row >= 0}

    @cached_property
    def _named(self) -> dict[str, list[Named]]:
        """Each row of each layer and level of areas, as answers name it."""
        return {
            part.name: [Named(str(code), str(name)) for code, name in zip(part.codes, part.names, strict=True)]
            for part in (*self.places.areas, *self.places.layers)
        }

    @cached_property
    def _stations(self) -> dict[str, Named]:
        return {station.code: Named(station.code, station.name) for station in self.roster.stations}

    @cached_property
    def _batches(self) -> list[Batch]:
        return []

    @cached_property
    def _months(self) -> list[Resolution]:
        return []
