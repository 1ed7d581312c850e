"""Profiles: categories and conditions that the roster and the rules cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from geogrid.assign.roster import Roster
from geogrid.assign.rulebook import Category, Rulebook, category_rank, matches_category

__all__ = ["Profile", "Profiles"]


@dataclass(frozen=True)
class Profile:
    """What decides about a category and condition.

    Parameters
    ----------
    kind : str
        ``"component"``, ``"event"``, or ``""`` where no category is given.
    role, qualification : str
    body : str
        Code of the department, if the standard names one body alone and the roster has it.
    patterns : frozenset of str
        Category patterns of duties that match.
    routes : tuple of (row, rank)
        Routes whose category and condition match, and how specific their category is.
    """

    kind: str
    role: str = ""
    qualification: str = ""
    body: str = ""
    patterns: frozenset[str] = frozenset()
    routes: tuple[tuple[int, int], ...] = ()


class Profiles:
    """Makes the profile of each category and condition once.

    Parameters
    ----------
    roster : Roster
    rulebook : Rulebook
    """

    def __init__(self, roster: Roster, rulebook: Rulebook) -> None:
        self.roster, self.rulebook = roster, rulebook
        self._made: dict[tuple[str, str], Profile] = {}
        self._shared: dict[Profile, Profile] = {}

    def of(self, category: Category | None, condition: str = "") -> Profile:
        """Return the profile of a category and condition; equal ones are the same object."""
        key = ("" if category is None else category.code, condition)
        if key not in self._made:
            made = self._territory() if category is None else self._make(category, condition)
            self._made[key] = self._shared.setdefault(made, made)
        return self._made[key]

    def cases(self) -> dict[Profile, list[str]]:
        """Return everything that can be reported, by profile: ``category`` or ``category/condition``."""
        grouped: dict[Profile, list[str]] = {}
        for category in self.rulebook.categories:
            for case in category.conditions:
                grouped.setdefault(self.of(category, case.code), []).append(f"{category.code}/{case.code}")
            if not category.conditions:
                grouped.setdefault(self.of(category), []).append(category.code)
        return grouped or {self.of(None): [""]}

    def _territory(self) -> Profile:
        everywhere = tuple(
            (row, 0) for row, route in enumerate(self.rulebook.routes) if route.category == "*" and not route.condition
        )
        return Profile("", patterns=self._patterns, routes=everywhere)

    def _make(self, category: Category, condition: str) -> Profile:
        routes = tuple(
            (row, category_rank(route.category, category))
            for row, route in enumerate(self.rulebook.routes)
            if matches_category(route.category, category) and route.condition in ("", condition)
        )
        patterns = frozenset(pattern for pattern in self._patterns if matches_category(pattern, category))
        body = self._department(category.bodies[0]) if len(category.bodies) == 1 else ""
        return Profile(category.kind, category.role, category.qualification, body, patterns, routes)

    @cached_property
    def _patterns(self) -> frozenset[str]:
        return frozenset(duty.categories for duty in self.roster.duties)

    def _department(self, body: str) -> str:
        """Return the code of a department given by code or name, ``""`` if the roster has none."""
        if body in self.roster.department_names:
            return body
        return next((code for code, name in self.roster.department_names.items() if name == body), "")
