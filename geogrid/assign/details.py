"""What an answer tells beyond the person: deputies, helpers, the tiers above, the deadline."""

from __future__ import annotations

import datetime as dt
from functools import cached_property, partial

from geogrid.assign.answer import Escalation, Named, OnDuty
from geogrid.assign.classes import PlaceClass
from geogrid.assign.limits import TimeLimit, WorkClock
from geogrid.assign.lines import Lines
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.rulebook import Category, Route, Rulebook
from geogrid.errors import InputError

__all__ = ["Details"]


class Details:
    """Fills in an answer; what can be made once is kept.

    Parameters
    ----------
    roster : Roster
    rulebook : Rulebook
    lines : Lines
    clock : WorkClock
    """

    def __init__(self, roster: Roster, rulebook: Rulebook, lines: Lines, clock: WorkClock) -> None:
        self.roster, self.rulebook, self.lines, self.clock = roster, rulebook, lines, clock
        self._people: dict[tuple[int, int], OnDuty] = {}
        self._names: dict[Unit, tuple[Named, str]] = {}

    def on_duty(self, duty_row: int, person_row: int) -> OnDuty:
        """Return the person of a row, present for the duty of a row."""
        key = (duty_row, person_row)
        if key not in self._people:
            duty, person = self.roster.duties[duty_row], self.roster.persons[person_row]
            role = self.roster.role_by_code[duty.role]
            department = self.roster.department_names.get(person.department, "")
            self._people[key] = OnDuty(
                person.id, person.name, role.code, role.name, role.name_zh, person.department, department,
                duty.layer, duty.code, "" if duty.person == person.id else duty.person,
            )  # fmt: skip
        return self._people[key]

    def deputies(self, unit: Unit, answering: int, resolution: Resolution, second: int) -> tuple[OnDuty, ...]:
        """Return the deputies of a unit who are on duty besides the person row that answers."""
        found: dict[int, int] = {}
        for row in self._deputy_duties.get(unit, ()):
            for person, spans in resolution.presence.of_duty(row):
                after = spans[:, 0].searchsorted(second, side="right")
                if person != answering and after > spans[:, 1].searchsorted(second, side="right"):
                    found.setdefault(person, row)
        return tuple(self.on_duty(row, person) for person, row in found.items())

    def helpers(
        self, rule: str, answering: int, place: PlaceClass, resolution: Resolution, second: int
    ) -> tuple[OnDuty, ...]:
        """Return who helps by the rule that decided, as far as they are on duty."""
        route = self._routes.get(rule)
        if route is None or not route.helpers:
            return ()
        found: dict[int, OnDuty] = {}
        for helper in route.helpers:
            posts = partial(self.lines.lead_posts, helper, place.units, "", "helper")
            value = resolution.of_key((helper, place), posts).at(second)
            if value >= 0:
                duty, person, _ = resolution.posts.state(value)
                if person != answering:
                    found.setdefault(person, self.on_duty(duty, person))
        return tuple(found.values())

    def tiers_above(
        self, unit: Unit, place: PlaceClass, resolution: Resolution, second: int, deadline: dt.datetime | None
    ) -> tuple[Escalation, ...]:
        """Return the tiers above a unit, with who answers there and when an overdue report climbs to them."""
        units = place.units[place.units.index(unit) + 1 :] if unit in place.units else place.units
        tiers = []
        for number, upper in enumerate(units):
            value = resolution.of_key(upper, partial(self.lines.head_posts, (upper,))).at(second)
            person = self.on_duty(*resolution.posts.state(value)[:2]) if value >= 0 else None
            tiers.append(Escalation(*self._named(upper), person, self._climbs_at(number, second, deadline)))
        return tuple(tiers)

    def deadline(
        self, category: Category | None, condition: str, grade: str, second: int
    ) -> tuple[dt.datetime | None, list[Step]]:
        """Return until when a case must be closed, and how that was counted.

        Parameters
        ----------
        category : Category or None
        condition : str
            Code; needed where the category has several conditions.
        grade : str
            Of the place.
        second : int
            When it was filed.
        """
        if category is None or not category.conditions:
            return None, []
        if not condition and len(category.conditions) > 1:
            return None, [Step("no_deadline", ("no filing condition was given", "未给出立案条件"))]
        case = category.condition(condition) if condition else category.conditions[0]
        text = dict(case.limits).get(grade, case.limit) if grade else case.limit
        if not text:
            return None, [Step("no_deadline", ("the standard gives none", "标准未规定"))]
        steps = [Step("grade", (grade, text))] if grade and text != case.limit else []
        try:
            limit = TimeLimit.parse(text)
            due = self.clock.deadline(limit, second)
        except InputError as error:
            return None, [*steps, Step("no_deadline", (error.problem, error.problem))]
        return self.roster.calendar.moment_of(due), [*steps, *self.clock.explain(limit, second, due)]

    def _named(self, unit: Unit) -> tuple[Named, str]:
        if unit not in self._names:
            if unit[0] == "station":
                station = self.roster.station(unit[1])
                self._names[unit] = Named(unit[1], station.name), station.tier
            else:
                self._names[unit] = Named(unit[1], unit[1]), unit[0]
        return self._names[unit]

    def _climbs_at(self, tier: int, second: int, deadline: dt.datetime | None) -> dt.datetime | None:
        """Return when a report reaches a tier; half a limit later for each beyond the last share."""
        shares = self.rulebook.escalation
        if deadline is None or not shares:
            return None
        share = shares[tier] if tier < len(shares) else shares[-1] + 0.5 * (tier - len(shares) + 1)
        return self.roster.calendar.moment_of(second + int(share * (int(deadline.timestamp()) - second)))

    @cached_property
    def _deputy_duties(self) -> dict[Unit, tuple[int, ...]]:
        roles = self.roster.role_by_code
        at: dict[Unit, tuple[int, ...]] = {}
        for row, duty in enumerate(self.roster.duties):
            if roles[duty.role].position == "deputy":
                at[duty.unit] = (*at.get(duty.unit, ()), row)
        return at

    @cached_property
    def _routes(self) -> dict[str, Route]:
        return {route.id: route for route in self.rulebook.routes}
