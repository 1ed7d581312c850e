"""Lines of resolution: for a class of places and a category, who is asked in which order.

The order is fixed: the most specific rule; owner first for a component, territory first for an
event; the grid's duty, its deputy, the next tier up; the fallback.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from geogrid.assign.classes import PlaceClass
from geogrid.assign.hours import Hours
from geogrid.assign.places import Places
from geogrid.assign.posts import Post
from geogrid.assign.profiles import Profile, Profiles
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.rulebook import Category, Route, Rulebook

__all__ = ["Line", "Lines", "Option"]


@dataclass(frozen=True, slots=True)
class Option:
    """One claim within a line: its posts are asked one after another, at its hours only."""

    rule: str
    posts: tuple[Post, ...]
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the resolution.

    Parameters
    ----------
    stage : str
        ``"route"``, ``"owner"``, ``"body"``, ``"duty"`` or ``"fallback"``.
    options : tuple of Option
        Several only for rules of equal rank: if they name different persons it is a clash.
    """

    stage: str
    options: tuple[Option, ...]


class Lines:
    """Makes the lines of places and categories, each once.

    Parameters
    ----------
    places : Places
        For the order of layers and levels, from the district down to the cell.
    roster : Roster
    rulebook : Rulebook
    """

    def __init__(self, places: Places, roster: Roster, rulebook: Rulebook) -> None:
        self.roster, self.rulebook = roster, rulebook
        self.profiles = Profiles(roster, rulebook)
        order = [*reversed(places.areas), *(layer for layer in places.layers if layer.kind == "overlay")]
        order += reversed(places.own_layers)
        self._depth = {layer.name: depth for depth, layer in enumerate(order, start=1)}
        self._made: dict[tuple[PlaceClass, Profile, tuple[str, ...]], tuple[Line, ...]] = {}

    def of(
        self,
        place: PlaceClass,
        category: Category | None = None,
        condition: str = "",
        holders: tuple[str, ...] = (),
    ) -> tuple[Line, ...]:
        """Return the lines, in the order in which they are asked.

        Parameters
        ----------
        place : PlaceClass
        category : Category, optional
            None: the territory answers.
        condition : str
        holders : tuple of str
            Departments that hold the asset reported, the owner first; empty if none is known.
        """
        return self.of_profile(place, self.profiles.of(category, condition), holders)

    def of_profile(self, place: PlaceClass, profile: Profile, holders: tuple[str, ...] = ()) -> tuple[Line, ...]:
        """Return the lines of a place for all categories and conditions of a profile."""
        key = (place, profile, holders)
        if key not in self._made:
            self._made[key] = self._make(place, profile, holders)
        return self._made[key]

    def _make(self, place: PlaceClass, profile: Profile, holders: tuple[str, ...]) -> tuple[Line, ...]:
        lines = self._route_lines(place, profile)
        owner = self._owner_line(profile, holders)
        body = self._body_line(profile)
        duty = self._duty_line(place, profile)
        lines += [owner, body, duty] if profile.kind == "component" else [duty, owner, body]
        if self.rulebook.fallback and profile.kind:
            posts = self._head_posts(place.units, None, profile.qualification, "fallback")
            lines.append(Line("fallback", (Option("fallback", posts),)))
        # A rule that finds nobody still keeps less specific rules out at its hours.
        return tuple(line for line in lines if line.stage == "route" or any(option.posts for option in line.options))

    def matching_routes(self, place: PlaceClass, profile: Profile) -> list[tuple[tuple[int, ...], Route]]:
        """Return (how specific, route) of the routes for this place and profile, the most specific first.

        How specific: by place, land class, category, condition, hours, compared in this order.
        """
        found = []
        for row, rank in profile.routes:
            route = self.rulebook.routes[row]
            unit = route.place_unit
            if unit is not None and unit not in place.members:
                continue
            if route.land and route.land != place.land:
                continue
            depth = self._depth.get(unit[0], 0) if unit else 0
            rated = (depth, int(bool(route.land)), rank, int(bool(route.condition)), int(route.hours is not None))
            found.append((rated, route))
        return sorted(found, key=lambda pair: (tuple(-part for part in pair[0]), pair[1].id))

    def lead_posts(self, lead: str, units: tuple[Unit, ...], needed: str, label: str) -> tuple[Post, ...]:
        """Return the posts that a lead (``role:…``, ``department:…``, ``person:…``) means, in order.

        Parameters
        ----------
        lead : str
        units : tuple of Unit
            The tiers of the place, lowest first.
        needed : str
            Qualification the person must hold, ``""`` for none.
        label : str
            What asks: the rule's id.
        """
        kind, _, code = lead.partition(":")
        if kind == "person":
            rows = tuple(row for row, duty in enumerate(self.roster.duties) if duty.person == code)
            return (Post(("person", code), label, rows, needed, ranked=True),) if rows else ()
        if kind == "department":
            return self._department_posts(code, needed, label)
        return self._role_posts(units, code, None, needed, label)

    def head_posts(self, units: tuple[Unit, ...]) -> tuple[Post, ...]:
        """Return the posts of heads and deputies of units, whatever the category."""
        return self._head_posts(units, None, "", "duty")

    def _route_lines(self, place: PlaceClass, profile: Profile) -> list[Line]:
        lines = []
        for _, group in groupby(self.matching_routes(place, profile), key=lambda pair: pair[0]):
            options = tuple(
                Option(route.id, self.lead_posts(route.lead, place.units, profile.qualification, route.id), route.hours)
                for _, route in group
            )
            lines.append(Line("route", options))
            if any(option.hours is None for option in options):
                break
        return lines

    def _owner_line(self, profile: Profile, holders: tuple[str, ...]) -> Line:
        if profile.kind != "component":
            return Line("owner", ())
        posts = [post for code in holders for post in self._department_posts(code, profile.qualification, "owner")]
        return Line("owner", (Option("owner", tuple(posts)),))

    def _body_line(self, profile: Profile) -> Line:
        posts = self._department_posts(profile.body, profile.qualification, "body") if profile.body else ()
        return Line("body", (Option("body", posts),))

    def _duty_line(self, place: PlaceClass, profile: Profile) -> Line:
        if profile.role:
            posts = self._role_posts(place.units, profile.role, profile.patterns, profile.qualification, "duty")
        else:
            posts = self._head_posts(place.units, profile.patterns, profile.qualification, "duty")
        return Line("duty", (Option("duty", posts),))

    def _department_posts(self, code: str, needed: str, label: str) -> tuple[Post, ...]:
        rows = self._duties_at.get(("department", code), ())
        return (Post(("department", code), label, rows, needed, ranked=True),) if rows else ()

    def _role_posts(
        self, units: tuple[Unit, ...], role: str, patterns: frozenset[str] | None, needed: str, label: str
    ) -> tuple[Post, ...]:
        """Role, its deputies, somebody qualified; at each tier. Above the grid a head's place is any head's.

        A station is above the grid even where the grid itself has no duties, and so is no tier.
        """
        posts: list[Post] = []
        is_head = role in self._heads
        deputies = frozenset(r.code for r in self.roster.roles if r.deputy_of == role)
        for tier, unit in enumerate(units):
            above = tier > 0 or unit[0] == "station"
            lead = self._heads | {role} if is_head and above else frozenset({role})
            second = self._deputies | deputies if is_head and above else deputies
            posts += self._posts_at(unit, (lead, second), patterns, needed, label)
        return tuple(posts)

    def _head_posts(
        self, units: tuple[Unit, ...], patterns: frozenset[str] | None, needed: str, label: str
    ) -> tuple[Post, ...]:
        roles = (self._heads, self._deputies)
        return tuple(post for unit in units for post in self._posts_at(unit, roles, patterns, needed, label))

    def _posts_at(
        self, unit: Unit, roles: tuple[frozenset[str], ...], patterns: frozenset[str] | None, needed: str, label: str
    ) -> list[Post]:
        """Return the posts of a unit; `patterns` None asks for duties whatever their categories."""
        posts = []
        rows = self._duties_at.get(unit, ())
        for wanted in roles:
            duties = self.roster.duties
            chosen = tuple(
                row
                for row in rows
                if duties[row].role in wanted and (patterns is None or duties[row].categories in patterns)
            )
            if chosen:
                posts.append(Post(unit, label, chosen, needed))
        if needed and rows:
            posts.append(Post(unit, "qualified" if label != "fallback" else label, rows, needed, anyone=True))
        return posts

    @cached_property
    def _heads(self) -> frozenset[str]:
        return frozenset(role.code for role in self.roster.roles if role.position == "head")

    @cached_property
    def _deputies(self) -> frozenset[str]:
        return frozenset(role.code for role in self.roster.roles if role.position == "deputy")

    @cached_property
    def _duties_at(self) -> dict[Unit, tuple[int, ...]]:
        at: dict[Unit, list[int]] = {}
        for row, duty in enumerate(self.roster.duties):
            at.setdefault(duty.unit, []).append(row)
        return {unit: tuple(rows) for unit, rows in at.items()}
