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
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.rulebook import Category, Route, Rulebook, category_rank, matches_category

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
    """Makes the lines of places and categories.

    Parameters
    ----------
    places : Places
        For the order of layers and levels, from the district down to the cell.
    roster : Roster
    rulebook : Rulebook
    """

    def __init__(self, places: Places, roster: Roster, rulebook: Rulebook) -> None:
        self.roster, self.rulebook = roster, rulebook
        order = [*reversed(places.areas), *(layer for layer in places.layers if layer.kind == "overlay")]
        order += reversed(places.own_layers)
        self._depth = {layer.name: depth for depth, layer in enumerate(order, start=1)}

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
        lines = self._route_lines(place, category, condition)
        owner = self._owner_line(category, holders)
        body = self._body_line(category)
        duty = self._duty_line(place, category)
        lines += [owner, body, duty] if category and category.kind == "component" else [duty, owner, body]
        if self.rulebook.fallback and category is not None:
            posts = self._head_posts(place.units, None, category.qualification, "fallback")
            lines.append(Line("fallback", (Option("fallback", posts),)))
        return tuple(line for line in lines if line.options and any(option.posts for option in line.options))

    def matching_routes(self, place: PlaceClass, category: Category | None, condition: str) -> list[Route]:
        """Return the routes that name this place, category and condition; the most specific first."""
        found = []
        for route in self.rulebook.routes:
            unit = route.place_unit
            if unit is not None and unit not in place.members:
                continue
            if route.land and route.land != place.land:
                continue
            if category is None:
                if route.category != "*":
                    continue
            elif not matches_category(route.category, category):
                continue
            if route.condition and route.condition != condition:
                continue
            found.append(route)
        return sorted(found, key=lambda route: (tuple(-part for part in self.specificity(route, category)), route.id))

    def specificity(self, route: Route, category: Category | None) -> tuple[int, ...]:
        """Return how specific a route is: place, land, category, condition, hours, in this order."""
        unit = route.place_unit
        depth = self._depth.get(unit[0], 0) if unit else 0
        rank = category_rank(route.category, category) if category else 0
        return depth, int(bool(route.land)), rank, int(bool(route.condition)), int(route.hours is not None)

    def lead_posts(self, lead: str, units: tuple[Unit, ...], category: Category | None, label: str) -> tuple[Post, ...]:
        """Return the posts that a lead (``role:…``, ``department:…``, ``person:…``) means, in order."""
        kind, _, code = lead.partition(":")
        needed = category.qualification if category else ""
        if kind == "person":
            rows = tuple(row for row, duty in enumerate(self.roster.duties) if duty.person == code)
            return (Post(("person", code), label, rows, needed, ranked=True),) if rows else ()
        if kind == "department":
            return self._department_posts(code, needed, label)
        return self._role_posts(units, code, None, needed, label)

    def _route_lines(self, place: PlaceClass, category: Category | None, condition: str) -> list[Line]:
        lines = []
        routes = self.matching_routes(place, category, condition)
        for _, group in groupby(routes, key=lambda route: self.specificity(route, category)):
            options = tuple(
                Option(route.id, self.lead_posts(route.lead, place.units, category, route.id), route.hours)
                for route in group
            )
            lines.append(Line("route", options))
            if any(option.hours is None for option in options):
                break
        return lines

    def _owner_line(self, category: Category | None, holders: tuple[str, ...]) -> Line:
        if category is None or category.kind != "component" or not holders:
            return Line("owner", ())
        posts = [post for code in holders for post in self._department_posts(code, category.qualification, "owner")]
        return Line("owner", (Option("owner", tuple(posts)),))

    def _body_line(self, category: Category | None) -> Line:
        bodies = category.bodies if category else ()
        if category is None or len(bodies) != 1:
            return Line("body", ())
        code = self._department_code(bodies[0])
        posts = self._department_posts(code, category.qualification, "body") if code else ()
        return Line("body", (Option("body", posts),))

    def _duty_line(self, place: PlaceClass, category: Category | None) -> Line:
        needed = category.qualification if category else ""
        if category is not None and category.role:
            posts = self._role_posts(place.units, category.role, category, needed, "duty")
        else:
            posts = self._head_posts(place.units, category, needed, "duty")
        return Line("duty", (Option("duty", posts),))

    def _department_posts(self, code: str, needed: str, label: str) -> tuple[Post, ...]:
        rows = self._duties_at.get(("department", code), ())
        return (Post(("department", code), label, rows, needed, ranked=True),) if rows else ()

    def _role_posts(
        self, units: tuple[Unit, ...], role: str, category: Category | None, needed: str, label: str
    ) -> tuple[Post, ...]:
        """Role, its deputies, somebody qualified; at each tier. Above the first a head's place is any head's."""
        posts: list[Post] = []
        is_head = self.roster.role_by_code[role].position == "head" if role in self.roster.role_by_code else False
        deputies = frozenset(r.code for r in self.roster.roles if r.deputy_of == role)
        for tier, unit in enumerate(units):
            lead = self._heads | {role} if is_head and tier else frozenset({role})
            second = self._deputies | deputies if is_head and tier else deputies
            posts += self._posts_at(unit, (lead, second), category, needed, label)
        return tuple(posts)

    def head_posts(self, units: tuple[Unit, ...]) -> tuple[Post, ...]:
        """Return the posts of heads and deputies of units, whatever the category."""
        return self._head_posts(units, None, "", "duty")

    def _head_posts(
        self, units: tuple[Unit, ...], category: Category | None, needed: str, label: str
    ) -> tuple[Post, ...]:
        return tuple(
            post
            for unit in units
            for post in self._posts_at(unit, (self._heads, self._deputies), category, needed, label)
        )

    def _posts_at(
        self, unit: Unit, roles: tuple[frozenset[str], ...], category: Category | None, needed: str, label: str
    ) -> list[Post]:
        posts = []
        rows = self._duties_at.get(unit, ())
        for wanted in roles:
            chosen = tuple(row for row in rows if self._suits(row, wanted, category))
            if chosen:
                posts.append(Post(unit, label, chosen, needed))
        if needed and rows:
            posts.append(Post(unit, "qualified" if label != "fallback" else label, rows, needed, anyone=True))
        return posts

    def _suits(self, row: int, roles: frozenset[str], category: Category | None) -> bool:
        duty = self.roster.duties[row]
        if duty.role not in roles:
            return False
        return category is None or matches_category(duty.categories, category)

    def _department_code(self, body: str) -> str:
        """Return the code of a department given by code or name, ``""`` if the roster has none."""
        if body in self.roster.department_names:
            return body
        return next((code for code, name in self.roster.department_names.items() if name == body), "")

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
