"""The buck-passing detector: places and categories for which no one department may act alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from geogrid.assign.answering import Desk
from geogrid.assign.rulebook import Category, Power, Route, matches_category
from geogrid.coverage.pieces import Pieces
from geogrid.types import Finding

__all__ = ["Split", "find_splits", "split_findings"]


@dataclass(frozen=True, slots=True)
class Split:
    """A land class and category whose lead lacks power over the thing or over the place.

    Parameters
    ----------
    rule : {"power_is_not_split", "lead_has_power"}
        No department may act on this category on this land; or another than the lead may.
    land, category : str
    lead : str
        Department that the rules make lead, ``""`` where the territory leads.
    over_thing, over_place : tuple of str
        Departments with power over the category elsewhere, and over this land for other things.
    suggested_lead, suggested_helper : str
    """

    rule: str
    land: str
    category: str
    lead: str
    over_thing: tuple[str, ...]
    over_place: tuple[str, ...]
    suggested_lead: str
    suggested_helper: str


def find_splits(desk: Desk, lands: tuple[str, ...]) -> Iterator[Split]:
    """Yield every land class × category that would be passed on between departments.

    A department may act where one of its powers matches both the category and the land. A rule
    that names this land and category settles the matter if its lead and helpers together have power
    over the thing and over the place.

    Parameters
    ----------
    desk : Desk
    lands : tuple of str
        The land classes there are.
    """
    powers = desk.rulebook.powers
    for land in lands:
        for category in desk.rulebook.categories:
            thing = _departments(p for p in powers if matches_category(p.category, category))
            place = _departments(p for p in powers if p.land == land)
            may_act = _departments(
                p for p in powers if matches_category(p.category, category) and p.land in ("*", land)
            )
            route = _settling(desk, land, category)
            lead = route.lead.partition(":")[2] if route and route.lead.startswith("department:") else ""
            if may_act:
                if lead and lead not in may_act:
                    yield Split("lead_has_power", land, category.code, lead, thing, place, may_act[0], lead)
                continue
            if not thing or not place:
                continue
            team = {lead, *(h.partition(":")[2] for h in route.helpers)} if route and route.land == land else set()
            if team & set(thing) and team & set(place):
                continue
            yield Split("power_is_not_split", land, category.code, lead, thing, place, place[0], thing[0])


def split_findings(desk: Desk, pieces: Pieces) -> list[Finding]:
    """Return one finding per split, with the area it concerns and a place where it can be seen."""
    if not desk.rulebook.powers:
        return []
    of_land: dict[str, list[int]] = {}
    for number in pieces.classes_met:
        of_land.setdefault(desk.classes.found[number].land, []).append(number)
    names = desk.roster.department_names
    found = []
    for split in find_splits(desk, tuple(of_land)):
        numbers = of_land[split.land]
        area = sum(pieces.class_area_m2(number) for number in numbers)
        lon, lat = pieces.point_in(int(pieces.of_class(numbers[0])[0]))
        land = split.land or "land of no class"
        name = desk.rulebook.category(split.category).name
        lead, helper = (names.get(code, code) for code in (split.suggested_lead, split.suggested_helper))
        if split.rule == "power_is_not_split":
            thing = ", ".join(names.get(code, code) for code in split.over_thing)
            place = ", ".join(names.get(code, code) for code in split.over_place)
            text = f"{name} on {land}: {thing} may act on the thing but not there, {place} there but not on the thing"
        else:
            text = f"{name} on {land}: the lead {names.get(split.lead, split.lead)} has no power over it"
        text += f"; suggested lead: {lead}, helper: {helper}"
        found.append(Finding(split.rule, text, (split.category, split.land), lon, lat, area, "m2"))
    return found


def _departments(powers: Iterator[Power]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(power.department for power in powers))


def _settling(desk: Desk, land: str, category: Category) -> Route | None:
    """Return the most specific rule for a category on a land class, whatever the place and hour."""
    fitting = [
        route
        for route in desk.rulebook.routes
        if route.land in ("", land) and matches_category(route.category, category) and not route.condition
    ]
    return max(fitting, key=lambda route: (bool(route.land), len(route.category), route.id), default=None)
