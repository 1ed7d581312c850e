"""Answers for the places of one edition: one place in full, or a whole frame."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from geogrid.assign.answer import Answer, Escalation, Named, OnDuty
from geogrid.assign.assets import AssetIndex
from geogrid.assign.classes import PlaceClass, PlaceClasses
from geogrid.assign.limits import TimeLimit, WorkClock
from geogrid.assign.lines import Line, Lines
from geogrid.assign.locator import Locator
from geogrid.assign.places import Places
from geogrid.assign.posts import Post
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.rulebook import Asset, Category, Route, Rulebook
from geogrid.assign.walk import Holder, Walk, walk_lines
from geogrid.crs import to_wgs84
from geogrid.errors import InputError
from geogrid.lattice import to_lattice
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
        rows = self.locator.at(lon=x, lat=y, datum=Datum.WGS84)
        cell = rows[self.places.base.name]
        if cell < 0:
            return self._outside(blank)
        overlays = tuple((name, rows[name]) for name in self.classes.overlays)
        place = self.classes.at(cell, overlays)
        asset, metres = self._asset_at(kind, x, y)
        lines = self.lines_of(place, kind, condition, asset.holders if asset else ())
        resolution = self.resolution_at(second)
        walk = walk_lines(lines, resolution, second, fallback=self.rulebook.fallback or kind is None)
        located = self._located(blank, rows, cell)
        steps = [Step("place", (self.places.base.name, located.cell.code)), *self._kind_steps(category, kind)]
        steps += self._owner_steps(kind, lines, asset, metres)
        if not place.station:
            steps.append(Step("no_station"))
        due, counted = self._deadline(kind, condition, cell, second)
        located = replace(located, steps=(*steps, *walk.steps, *counted), deadline=due)
        return self._filled(located, walk, place, kind, resolution, second)

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
        category: Category | None,
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
            helpers=self._helpers(walk, place, category, resolution, second),
            escalation=self._tiers_above(unit, place, resolution, second, answer.deadline),
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
        self, unit: Unit, place: PlaceClass, resolution: Resolution, second: int, deadline: dt.datetime | None
    ) -> tuple[Escalation, ...]:
        units = place.units[place.units.index(unit) + 1 :] if unit in place.units else place.units
        tiers = []
        for number, upper in enumerate(units):
            posts: tuple[Post, ...] = self.lines.head_posts((upper,))
            value = resolution.of_posts(posts).at(second)
            person = self.on_duty(*resolution.posts.states[value // 2][:2]) if value >= 0 else None
            name, tier = upper[1], upper[0]
            if upper[0] == "station":
                station = self.roster.station(upper[1])
                name, tier = station.name, station.tier
            tiers.append(Escalation(Named(upper[1], name), tier, person, self._climbs_at(number, second, deadline)))
        return tuple(tiers)

    def _climbs_at(self, tier: int, second: int, deadline: dt.datetime | None) -> dt.datetime | None:
        """Return when an overdue report reaches the next tier but `tier`; half a limit later for each beyond the last."""
        shares = self.rulebook.escalation
        if deadline is None or not shares:
            return None
        share = shares[tier] if tier < len(shares) else shares[-1] + 0.5 * (tier - len(shares) + 1)
        limit = int(deadline.timestamp()) - second
        return self.roster.calendar.moment_of(second + int(share * limit))

    def _helpers(
        self, walk: Walk, place: PlaceClass, category: Category | None, resolution: Resolution, second: int
    ) -> tuple[OnDuty, ...]:
        """Return who helps by the rule that decided, as far as they are on duty."""
        found: dict[int, OnDuty] = {}
        route = self._routes.get(walk.rule)
        for helper in route.helpers if route else ():
            posts = self.lines.lead_posts(helper, place.units, None, "helper")
            value = resolution.of_posts(posts).at(second)
            if value >= 0:
                duty, person, _ = resolution.posts.states[value // 2]
                if walk.holder is None or person != walk.holder.person:
                    found.setdefault(person, self.on_duty(duty, person))
        return tuple(found.values())

    def lines_of(
        self, place: PlaceClass, category: Category | None, condition: str = "", holders: tuple[str, ...] = ()
    ) -> tuple[Line, ...]:
        """Return the lines of a class of places and a category; each made once."""
        key = (place, category.code if category else "", condition, holders)
        if key not in self._made_lines:
            self._made_lines[key] = self.lines.of(place, category, condition, holders)
        return self._made_lines[key]

    @cached_property
    def asset_index(self) -> AssetIndex:
        """Registered assets, to be found by place."""
        return AssetIndex(self.rulebook.assets, self.rulebook.category_rows, self.rulebook.asset_reach_m)

    @cached_property
    def work_clock(self) -> WorkClock:
        """What counts time limits."""
        return WorkClock(self.roster.calendar, self.rulebook.work_hours, self.rulebook.seasons)

    def _asset_at(self, category: Category | None, lon: float, lat: float) -> tuple[Asset | None, float]:
        if category is None or category.kind != "component" or not self.rulebook.assets:
            return None, 0.0
        row = self.rulebook.category_rows[category.code]
        rows, metres = self.asset_index.nearest(np.array([row], np.int32), to_lattice([lon], [lat]))
        return (self.asset_index.assets[rows[0]], float(metres[0])) if rows[0] >= 0 else (None, 0.0)

    def _owner_steps(
        self, category: Category | None, lines: tuple[Line, ...], asset: Asset | None, metres: float
    ) -> list[Step]:
        if category is None:
            return []
        steps = [] if any(line.stage == "route" for line in lines) else [Step("no_route")]
        if category.kind == "component":
            if asset is not None:
                named = [self.roster.department_names.get(code, code) for code in asset.holders]
                steps.append(Step("owner", (category.name, asset.id, metres, ", ".join(named))))
            else:
                steps.append(Step("no_owner", (self.rulebook.asset_reach_m,)))
        if len(category.bodies) == 1:
            steps.append(Step("body", category.bodies))
        elif category.bodies:
            steps.append(Step("bodies", (len(category.bodies), ", ".join(category.bodies))))
        return steps

    def _deadline(
        self, category: Category | None, condition: str, cell: int, second: int
    ) -> tuple[dt.datetime | None, list[Step]]:
        """Return until when the case must be closed, and how that was counted."""
        if category is None or not category.conditions:
            return None, []
        if not condition and len(category.conditions) > 1:
            return None, [Step("no_deadline", ("no filing condition was given", "未给出立案条件"))]
        case = category.condition(condition) if condition else category.conditions[0]
        grade = str(self.places.grade[cell])
        text = dict(case.limits).get(grade, case.limit) if grade else case.limit
        steps = [Step("grade", (grade, text))] if grade and text != case.limit else []
        try:
            limit = TimeLimit.parse(text)
            due = self.work_clock.deadline(limit, second)
            return self.roster.calendar.moment_of(due), [*steps, *self.work_clock.explain(limit, second)]
        except InputError as error:
            return None, [*steps, Step("no_deadline", (error.problem, error.problem))]

    def deadline(
        self, *, lon: float, lat: float, datum: str | Datum, category: str, condition: str, filed_at: dt.datetime
    ) -> Answer:
        """Return the answer whose `deadline` and `why` tell until when a case must be closed there."""
        return self.answer(lon=lon, lat=lat, datum=datum, category=category, condition=condition, at=filed_at)

    @cached_property
    def _routes(self) -> dict[str, Route]:
        return {route.id: route for route in self.rulebook.routes}

    @cached_property
    def _made_lines(self) -> dict[tuple[PlaceClass, str, str, tuple[str, ...]], tuple[Line, ...]]:
        return {}

    @cached_property
    def _months(self) -> dict[dt.date, Resolution]:
        return {}
