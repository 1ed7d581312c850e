"""The rulebook: categories, routes, assets, powers; a frozen value, checked when made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from geogrid.assign.hours import Hours
from geogrid.errors import InputError, NotFoundError, RowProblem, RowsError

__all__ = ["Asset", "Category", "Condition", "Power", "Route", "Rulebook", "matches_category"]

Kind = Literal["component", "event"]
_LEADS = ("role", "department", "person")


@dataclass(frozen=True, slots=True)
class Condition:
    """A filing condition of a category: when it is a case, how fast it must be closed.

    Parameters
    ----------
    code : str
        Unique within the category.
    text : str
        What must be the case for filing.
    limit : str
        Time limit as the standard writes it, e.g. ``"2紧急工作时"``; ``""`` for none.
    limits : tuple of (grade, limit)
        Other limits in places of grade A, B, C.
    closing : str
        What closes the case.
    """

    code: str
    text: str
    limit: str = ""
    limits: tuple[tuple[str, str], ...] = ()
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of problem.

    Parameters
    ----------
    code, name : str
    kind : {"component", "event"}
        A component is a thing with an owner (owner first); an event belongs to the territory first.
    major, major_name : str
    role : str
        Role that handles it in a grid; ``""`` for the grid's head.
    qualification : str
        Certificate that the lead must hold; ``""`` for none.
    bodies, supervisors : tuple of str
        Departments, by code or name, that the standard makes responsible and that supervise.
    conditions : tuple of Condition
    """

    code: str
    name: str
    kind: Kind = "event"
    major: str = ""
    major_name: str = ""
    role: str = ""
    qualification: str = ""
    bodies: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def condition(self, code: str) -> Condition:
        """Return the condition, or raise NotFoundError."""
        for condition in self.conditions:
            if condition.code == code:
                return condition
        allowed = ", ".join(condition.code for condition in self.conditions) or "none"
        raise NotFoundError(f"category {self.code} has no such condition", given=code, allowed=allowed)


@dataclass(frozen=True, slots=True)
class Route:
    """A rule: at this place, for this category, at these hours, this lead and these helpers.

    Parameters
    ----------
    id : str
    lead : str
        ``role:<role>``, ``department:<code>`` or ``person:<id>``.
    place : str
        ``*`` or ``<layer or level>=<code>``, e.g. ``responsibility=G01``, ``street=310114001``.
    land : str
        Land class, e.g. ``green``; ``""`` for any.
    category : str
        A pattern, see `matches_category`.
    condition : str
        Code of a filing condition; ``""`` for any.
    hours : Hours, optional
        None for always.
    helpers : tuple of str
        As `lead`.
    """

    id: str
    lead: str
    place: str = "*"
    land: str = ""
    category: str = "*"
    condition: str = ""
    hours: Hours | None = None
    helpers: tuple[str, ...] = ()

    @property
    def place_unit(self) -> tuple[str, str] | None:
        """(layer, code) of the place, None for everywhere."""
        layer, equals, code = self.place.partition("=")
        return (layer, code) if equals else None


@dataclass(frozen=True, slots=True)
class Asset:
    """A registered thing (部件) with the departments that own, manage and maintain it."""

    id: str
    category: str
    lon: float
    lat: float
    owner: str = ""
    manager: str = ""
    maintainer: str = ""

    @property
    def holders(self) -> tuple[str, ...]:
        """Departments to be asked, the owner first."""
        return tuple(dict.fromkeys(code for code in (self.owner, self.manager, self.maintainer) if code))


@dataclass(frozen=True, slots=True)
class Power:
    """What a department may act on: categories, and land classes (``*`` or one class)."""

    department: str
    category: str = "*"
    land: str = "*"


@dataclass(frozen=True)
class Rulebook:
    """What decides who leads.

    Parameters
    ----------
    categories, routes, assets, powers : tuples
    fallback : bool
        Whether the head of the grid answers when everything else fails (属地兜底).
    asset_reach_m : float
        How far from a registered asset a report still means it.
    escalation : tuple of float
        Shares of the time limit after which a report climbs to the first, second, … tier above.
    seasons : tuple of (name, start month-day, end month-day)
        Half-open; a limit may be bound to one, e.g. 种植季节.
    work_hours : Hours
        Working hours in which 工作时 count.

    Raises
    ------
    RowsError
        When made with contradictions; all of them are listed.
    """

    categories: tuple[Category, ...] = ()
    routes: tuple[Route, ...] = ()
    assets: tuple[Asset, ...] = ()
    powers: tuple[Power, ...] = ()
    fallback: bool = True
    asset_reach_m: float = 15.0
    escalation: tuple[float, ...] = (0.8, 1.0, 1.5, 2.0)
    seasons: tuple[tuple[str, str, str], ...] = (("种植季节", "03-01", "05-01"), ("种植季节", "10-15", "12-01"))
    work_hours: Hours = field(default_factory=lambda: Hours.parse("workdays 08:30-12:00,13:30-17:30"))

    def __post_init__(self) -> None:
        """Check the whole."""
        problems = [*self._duplicates(), *self._bad_routes()]
        if problems:
            raise RowsError(problems, source="rulebook (rows counted within each table)")

    def category(self, code: str) -> Category:
        """Return the category, or raise NotFoundError."""
        row = self.category_rows.get(code)
        if row is None:
            raise NotFoundError(
                "no category with this code", given=code, allowed=f"{len(self.categories)} categories of this atlas"
            )
        return self.categories[row]

    @cached_property
    def category_rows(self) -> dict[str, int]:
        """Row of each category code."""
        return {category.code: row for row, category in enumerate(self.categories)}

    def _duplicates(self) -> list[RowProblem]:
        found = []
        for table, column in (("categories", "code"), ("routes", "id"), ("assets", "id")):
            seen: dict[str, int] = {}
            for number, row in enumerate(getattr(self, table), start=2):
                key = getattr(row, column)
                if key in seen:
                    found.append(RowProblem(number, f"{table}.{column}", key, f"already used in row {seen[key]}"))
                seen.setdefault(key, number)
        return found

    def _bad_routes(self) -> list[RowProblem]:
        found = []
        for number, route in enumerate(self.routes, start=2):
            for column, value in (("lead", route.lead), *(("helpers", helper) for helper in route.helpers)):
                kind, _, code = value.partition(":")
                if kind not in _LEADS or not code:
                    found.append(RowProblem(number, f"routes.{column}", value, "role:…, department:… or person:…"))
            if route.place != "*" and route.place_unit is None:
                found.append(RowProblem(number, "routes.place", route.place, "* or <layer or level>=<code>"))
            if route.condition and route.category in ("*", "component", "event"):
                found.append(RowProblem(number, "routes.condition", route.condition, "needs a category code"))
        return found


def matches_category(patterns: str, category: Category) -> bool:
    """Return whether one of the patterns names the category.

    Patterns are separated by spaces or commas: ``*``, ``component``, ``event``, a code, or the
    beginning of codes with a star.

    Examples
    --------
    >>> lamp = Category("0117", "路灯", "component")
    >>> [matches_category(p, lamp) for p in ("*", "event", "01*", "0102 0117")]
    [True, False, True, True]
    """
    return category_rank(patterns, category) >= 0


def category_rank(patterns: str, category: Category) -> int:
    """Return how specific the best matching pattern is: -1 none, 0 ``*``, 1 kind, then by length.

    Raises
    ------
    InputError
        If there is no pattern.
    """
    best = -1
    words = patterns.replace(",", " ").replace("，", " ").split()
    if not words:
        raise InputError("no category pattern", given=repr(patterns), allowed="*, component, event, 01*, 0102")
    for word in words:
        if word == "*":
            rank = 0
        elif word == category.kind:
            rank = 1
        elif word == category.code:
            rank = 1000
        elif word.endswith("*") and category.code.startswith(word[:-1]):
            rank = 1 + len(word)
        else:
            continue
        best = max(best, rank)
    return best
