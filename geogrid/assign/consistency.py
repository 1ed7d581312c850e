"""What contradicts itself in a roster: found in one pass, reported together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.assign.workdays import WorkCalendar

if TYPE_CHECKING:
    from geogrid.assign.roster import Duty, Roster

__all__ = ["Problem", "roster_problems"]

Problem = tuple[int, str, str, str]
"""(row, column, value, reason); the row as a spreadsheet shows it, the column with its table."""


def roster_problems(roster: Roster) -> list[Problem]:
    """Return every contradiction within the roster, in table and row order."""
    return [
        *_duplicates(roster),
        *_unknown_codes(roster),
        *_validity(roster),
        *_cycles(roster),
        *_double_service(roster),
        *_overlaps(roster),
    ]


def _rows(rows: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    return enumerate(rows, start=2)


def _duplicates(roster: Roster) -> Iterator[Problem]:
    keyed = (
        ("departments", "code", roster.departments), ("persons", "id", roster.persons),
        ("stations", "code", roster.stations), ("roles", "code", roster.roles),
        ("contacts", "person", roster.contacts),
    )  # fmt: skip
    for table, column, rows in keyed:
        seen: dict[str, int] = {}
        for number, row in _rows(rows):
            key = getattr(row, column)
            if not key:
                yield number, f"{table}.{column}", "", "must not be empty"
            elif key in seen:
                yield number, f"{table}.{column}", key, f"already used in row {seen[key]}"
            seen.setdefault(key, number)


def _unknown_codes(roster: Roster) -> Iterator[Problem]:
    persons = {person.id for person in roster.persons}
    departments = {department.code for department in roster.departments}
    stations = {station.code for station in roster.stations}
    roles = {role.code for role in roster.roles}
    allowed = {
        "person": (persons, "no such person in the roster (still named here after being deleted?)"),
        "substitute": (persons, "no such person in the roster"),
        "department": (departments, "no such department"),
        "station": (stations, "no such station"),
        "role": (roles, f"no such role; known: {', '.join(sorted(roles))}"),
    }
    parents = {"departments": (departments, "no such department"), "stations": (stations, "no such station")}
    columns = {
        "departments": ["parent"], "persons": ["department"], "stations": ["parent", "department"],
        "serves": ["station"], "duties": ["person", "role"], "leaves": ["person", "substitute"], "contacts": ["person"],
    }  # fmt: skip
    required = {("serves", "station"), ("duties", "person"), ("duties", "role"), ("leaves", "person")}
    for table, names in columns.items():
        for number, row in _rows(getattr(roster, table)):
            for column in names:
                value = getattr(row, column)
                known, reason = parents[table] if column == "parent" else allowed[column]
                if (value or (table, column) in required) and value not in known:
                    yield number, f"{table}.{column}", value, reason
    for number, duty in _rows(roster.duties):
        known_units = {"station": stations, "department": departments}.get(duty.layer)
        if duty.layer == "department" and known_units is not None and duty.code not in known_units:
            yield number, "duties.code", duty.code, "no such department"
        if not duty.layer or not duty.code:
            yield number, "duties.code", f"{duty.layer}/{duty.code}", "layer and code must both be given"


def _validity(roster: Roster) -> Iterator[Problem]:
    for table in ("persons", "duties"):
        for number, row in _rows(getattr(roster, table)):
            start, end = row.valid_from, row.valid_to
            if start is not None and end is not None and end <= start:
                reason = "zero-length" if end == start else "ends before it starts"
                yield (
                    number,
                    f"{table}.valid_to",
                    str(end),
                    f"{reason}: valid_from is {start}, and valid_to is exclusive",
                )
    for number, leave in _rows(roster.leaves):
        try:
            backwards = roster.calendar.second_of(leave.end) <= roster.calendar.second_of(leave.start)
        except (OverflowError, OSError):
            backwards = True
        if backwards:
            yield number, "leaves.end", str(leave.end), f"does not come after the start {leave.start}"
        if leave.substitute and leave.substitute == leave.person:
            yield number, "leaves.substitute", leave.substitute, "a person cannot substitute for himself"


def _cycles(roster: Roster) -> Iterator[Problem]:
    for table in ("departments", "stations"):
        rows = getattr(roster, table)
        parent = {row.code: row.parent for row in rows}
        for number, row in _rows(rows):
            path, code = [row.code], row.parent
            while code and code not in path and code in parent:
                path.append(code)
                code = parent[code]
            if code == row.code:
                yield number, f"{table}.parent", row.parent, f"cyclic tiers: {' → '.join([*path, row.code])}"


def _double_service(roster: Roster) -> Iterator[Problem]:
    served: dict[tuple[str, str], tuple[int, str]] = {}
    for number, row in _rows(roster.serves):
        key = (row.layer, row.code)
        if key in served and served[key][1] != row.station:
            first, station = served[key]
            yield (
                number,
                "serves.station",
                row.station,
                f"{row.layer} {row.code} is served by {station} (row {first}) already",
            )
        served.setdefault(key, (number, row.station))


def _overlaps(roster: Roster) -> Iterator[Problem]:
    """Find duties of one person, role and unit that are valid and on at the same time."""
    groups: dict[tuple[str, str, str, str], list[tuple[int, Duty]]] = defaultdict(list)
    for number, duty in _rows(roster.duties):
        groups[duty.person, duty.role, duty.layer, duty.code].append((number, duty))
    for group in groups.values():
        for position, (number, duty) in enumerate(group):
            for earlier, other in group[:position]:
                if duty.categories == other.categories and _meet(duty, other):
                    yield (
                        number,
                        "duties.hours",
                        str(duty.hours or "24h"),
                        f"overlaps the same person's duty in row {earlier}",
                    )
                    break


def _meet(one: Duty, other: Duty) -> bool:
    low, high = dt.date(1900, 1, 1), dt.date(9999, 1, 1)
    start = max(one.valid_from or low, other.valid_from or low)
    end = min(one.valid_to or high, other.valid_to or high)
    if start >= end:
        return False
    if one.hours is None or other.hours is None or one.hours.always or other.hours.always:
        return True
    # Patterns repeat within four weeks unless they follow a rota; workdays are met on a plain week.
    plain = WorkCalendar(zone="UTC", country="")
    first = plain.second_of(max(start, dt.date(2024, 1, 1)))
    last = first + 7 * 12 * 86400
    if one.valid_to or other.valid_to:
        last = min(last, plain.second_of(end))
    a, b = one.hours.intervals(first, last, plain), other.hours.intervals(first, last, plain)
    if len(a) == 0 or len(b) == 0:
        return False
    behind = np.searchsorted(b[:, 1], a[:, 0], side="right")
    inside = behind < len(b)
    return bool((b[behind[inside], 0] < a[inside, 1]).any())
