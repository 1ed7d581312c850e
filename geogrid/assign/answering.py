"""Answers for the places of one edition: one place in full, or a whole frame."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from geogrid.assign.answer import Answer, Escalation, Named, OnDuty
from geogrid.assign.classes import PlaceClass, PlaceClasses
from geogrid.assign.lines import Line, Lines
from geogrid.assign.locator import Locator
from geogrid.assign.places import Places
from geogrid.assign.posts import Post
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.rulebook import Category, Rulebook
from geogrid.assign.walk import Holder, Walk, walk_lines
from geogrid.crs import to_wgs84
from geogrid.errors import InputError
from geogrid.partition.division import Division
from geogrid.types import Datum

__all__ = ["Desk"]

_FAR_M = 1e7
_KINDS = {"component": ("a component", "部件"), "event": ("an event", "事件")}


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

    division: Division
    roster: Roster
    rulebook: Rulebook = field(default_factory=Rulebook)
    edition: int = 0
    given_locator: Locator | None = None

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

    def resolution_at(self, second: int) -> Resolution:
        """Return the resolution of the local month that holds `second`; the last twelve are kept."""
        month = self.roster.calendar.moment_of(second).date().replace(day=1)
        if month not in self._months:
            after = (month + dt.timedelta(days=32)).replace(day=1)
            if len(self._months) >= 12:
                self._months.pop(next(iter(self._months)))
            calendar = self.roster.calendar
            self._months[month] = Resolution(self.roster, calendar.second_of(month), calendar.second_of(after))
        return self._months[month]

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
            Now if not given; without a zone it is the city's own clock.

        Raises
        ------
        CoordinateError, DatumError
        NotFoundError
            If there is no such category or condition.
        """
        x, y = (float(value) for value in to_wgs84(lon, lat, datum=datum))
        second = self.roster.calendar.second_of(at or dt.datetime.now(dt.UTC))
        blank = Answer("outside", x, y, self.roster.calendar.moment_of(second), category, condition, self.edition)
        kind = self._category(category, condition)
        rows = self.locator.at(lon=lon, lat=lat, datum=datum)
        cell = rows[self.places.base.name]
        if cell < 0:
            return self._outside(blank)
        overlays = tuple((name, rows[name]) for name in self.classes.overlays)
        place = self.classes.at(cell, overlays)
        lines = self.lines.of(place, kind, condition)
        resolution = self.resolution_at(second)
        walk = walk_lines(lines, resolution, second, fallback=self.rulebook.fallback or kind is None)
        located = self._located(blank, rows, cell)
        steps = [Step("place", (self.places.base.name, located.cell.code)), *self._kind_steps(category, kind)]
        if kind is not None and not any(line.stage == "route" for line in lines):
            steps.append(Step("no_route"))
        if not place.station:
            steps.append(Step("no_station"))
        return self._filled(replace(located, steps=(*steps, *walk.steps)), walk, place, lines, resolution, second)

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

    def _kind_steps(self, code: str, category: Category | None) -> list[Step]:
        if not code:
            return [Step("no_category")]
        if category is None:
            return [Step("no_catalogue", (code,))]
        english, chinese = _KINDS[category.kind]
        return [Step("kind", (category.code, category.name, english, chinese))]

    def _outside(self, blank: Answer) -> Answer:
        rows, metres = self.locator.nearest([blank.lon], [blank.lat], datum="wgs84", limit_m=_FAR_M)
        if rows[0] < 0:
            return replace(blank, distance_m=float("nan"), steps=(Step("outside", ("-", float("nan"))),))
        cell = Named(str(self.places.base.codes[rows[0]]), str(self.places.base.names[rows[0]]))
        distance = float(metres[0])
        return replace(blank, cell=cell, distance_m=distance, steps=(Step("outside", (cell.code, distance)),))

    def _located(self, blank: Answer, rows: dict[str, int], cell: int) -> Answer:
        def named(layer: object, row: int) -> Named:
            return Named(str(layer.codes[row]), str(layer.names[row]))  # type: ignore[attr-defined]

        layers = {layer.name: named(layer, rows[layer.name]) for layer in self.places.layers if rows[layer.name] >= 0}
        areas = {
            level.name: named(level, int(level.of_cell[cell]))
            for level in self.places.areas
            if level.of_cell[cell] >= 0
        }
        return replace(blank, outcome="hole", cell=layers[self.places.base.name], layers=layers, areas=areas)

    def _filled(
        self,
        answer: Answer,
        walk: Walk,
        place: PlaceClass,
        lines: tuple[Line, ...],
        resolution: Resolution,
        second: int,
    ) -> Answer:
        station = None
        if place.station:
            station = Named(place.station, self.roster.station(place.station).name)
        if walk.holder is None:
            return replace(answer, station=station)
        unit = walk.holder.post.unit
        return replace(
            answer,
            outcome="answered",
            station=station,
            person=self.on_duty(walk.holder.duty, walk.holder.person),
            clash=walk.clash,
            rules=(walk.rule,),
            deputies=self._deputies(unit, walk.holder, resolution, second),
            escalation=self._tiers_above(unit, place, resolution, second),
        )

    def on_duty(self, duty_row: int, person_row: int) -> OnDuty:
        """Return the person of a row, present for the duty of a row."""
        duty, person = self.roster.duties[duty_row], self.roster.persons[person_row]
        role = self.roster.role_by_code[duty.role]
        department = self.roster.department_names.get(person.department, "")
        return OnDuty(
            person.id, person.name, role.code, role.name, role.name_zh, person.department, department,
            duty.layer, duty.code, "" if duty.person == person.id else duty.person,
        )  # fmt: skip

    def _deputies(self, unit: Unit, holder: Holder, resolution: Resolution, second: int) -> tuple[OnDuty, ...]:
        """Return the deputies of the unit who are on duty besides the one who answers."""
        found: dict[int, int] = {}
        for row, duty in enumerate(self.roster.duties):
            if duty.unit == unit and self.roster.role_by_code[duty.role].position == "deputy":
                for person, spans in resolution.presence.of_duty(row):
                    inside = np.searchsorted(spans[:, 0], second, side="right") > np.searchsorted(
                        spans[:, 1], second, side="right"
                    )
                    if inside and person != holder.person:
                        found.setdefault(person, row)
        return tuple(self.on_duty(row, person) for person, row in found.items())

    def _tiers_above(
        self, unit: Unit, place: PlaceClass, resolution: Resolution, second: int
    ) -> tuple[Escalation, ...]:
        units = place.units[place.units.index(unit) + 1 :] if unit in place.units else place.units
        tiers = []
        for upper in units:
            posts: tuple[Post, ...] = self.lines.head_posts((upper,))
            value = resolution.of_posts(posts).at(second)
            person = self.on_duty(*resolution.posts.states[value // 2][:2]) if value >= 0 else None
            name, tier = upper[1], upper[0]
            if upper[0] == "station":
                station = self.roster.station(upper[1])
                name, tier = station.name, station.tier
            tiers.append(Escalation(Named(upper[1], name), tier, person))
        return tuple(tiers)

    @cached_property
    def _months(self) -> dict[dt.date, Resolution]:
        return {}
