"""Whether a rulebook and a roster fit together: roles, departments, places, categories."""

from __future__ import annotations

from collections.abc import Iterator

from geogrid.assign.roster import Roster
from geogrid.assign.rulebook import Rulebook, matches_category
from geogrid.errors import RowProblem
from geogrid.partition.division import Division

__all__ = ["rule_problems"]


def rule_problems(rulebook: Rulebook, roster: Roster, division: Division | None = None) -> Iterator[RowProblem]:
    """Yield everything in a rulebook that names what does not exist.

    Parameters
    ----------
    rulebook : Rulebook
    roster : Roster
    division : Division, optional
        For the places that routes name; they are not checked without it.
    """
    known = {
        "role": {role.code for role in roster.roles},
        "department": {department.code for department in roster.departments},
        "person": {person.id for person in roster.persons},
    }
    for number, route in enumerate(rulebook.routes, start=2):
        for column, value in (("lead", route.lead), *(("helpers", helper) for helper in route.helpers)):
            kind, _, code = value.partition(":")
            if code not in known.get(kind, set()):
                yield RowProblem(number, f"routes.{column}", value, _unknown(kind, known.get(kind, set())))
        if not _names_a_category(route.category, rulebook):
            yield RowProblem(number, "routes.category", route.category, "no category matches this pattern")
        if route.condition:
            row = rulebook.category_rows.get(route.category)
            codes = [] if row is None else [c.code for c in rulebook.categories[row].conditions]
            if route.condition not in codes:
                yield RowProblem(
                    number,
                    "routes.condition",
                    route.condition,
                    f"no such condition; known: {', '.join(codes) or 'none'}",
                )
        if division is not None and route.place_unit is not None:
            reason = _place_problem(division, *route.place_unit)
            if reason:
                yield RowProblem(number, "routes.place", route.place, reason)
    for number, category in enumerate(rulebook.categories, start=2):
        if category.role and category.role not in known["role"]:
            yield RowProblem(number, "categories.role", category.role, _unknown("role", known["role"]))
    yield from _holders(rulebook, known["department"])


def _holders(rulebook: Rulebook, departments: set[str]) -> Iterator[RowProblem]:
    for number, asset in enumerate(rulebook.assets, start=2):
        for column in ("owner", "manager", "maintainer"):
            code = getattr(asset, column)
            if code and code not in departments:
                yield RowProblem(number, f"assets.{column}", code, _unknown("department", departments))
        if asset.category not in rulebook.category_rows:
            yield RowProblem(number, "assets.category", asset.category, "no such category")
    for number, power in enumerate(rulebook.powers, start=2):
        if power.department not in departments:
            yield RowProblem(number, "powers.department", power.department, _unknown("department", departments))


def _names_a_category(pattern: str, rulebook: Rulebook) -> bool:
    words = pattern.replace(",", " ").split()
    if not rulebook.categories or {"*", "component", "event"} & set(words):
        return True
    return any(matches_category(pattern, category) for category in rulebook.categories)


def _place_problem(division: Division, layer: str, code: str) -> str:
    for areas in division.areas:
        if areas.level == layer:
            return "" if code in set(areas.codes.tolist()) else f"no such {layer}"
    if layer not in division.layer_names:
        known = ", ".join([*(areas.level for areas in division.areas), *division.layer_names])
        return f"no such layer or level; known: {known}"
    return "" if code in set(division.layer(layer).codes.tolist()) else f"no such code in layer {layer}"


def _unknown(kind: str, known: set[str]) -> str:
    shown = ", ".join(sorted(known)[:12]) or "none"
    return f"no such {kind or 'lead'} in the roster; known: {shown}{' …' if len(known) > 12 else ''}"
