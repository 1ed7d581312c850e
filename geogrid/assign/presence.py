"""Who is present for each duty: hours, service, leave and substitutes as intervals."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from geogrid.assign.hours import ALWAYS, Hours
from geogrid.assign.intervals import EMPTY, common_time, merge_intervals, time_without
from geogrid.assign.roster import Duty, Roster
from geogrid.types import IntArray

__all__ = ["Presence"]


class Presence:
    """Intervals of a period in which somebody is present for each duty, worked out when asked.

    Parameters
    ----------
    roster : Roster
    first, last : int
        The half-open period, seconds since 1970 UTC.
    """

    def __init__(self, roster: Roster, first: int, last: int) -> None:
        self.roster, self.first, self.last = roster, first, last
        self._patterns: dict[str, IntArray] = {}
        self._of_duty: dict[int, tuple[tuple[int, IntArray], ...]] = {}

    def of_duty(self, row: int) -> tuple[tuple[int, IntArray], ...]:
        """Return (person row, (n, 2) intervals) of everybody present for duty `row`, holder first."""
        if row not in self._of_duty:
            duty = self.roster.duties[row]
            due = common_time(self.pattern(self._hours(duty)), self._between(duty.valid_from, duty.valid_to))
            self._of_duty[row] = tuple(self._taken(due, duty.person, frozenset()))
        return self._of_duty[row]

    def pattern(self, hours: Hours) -> IntArray:
        """Return the intervals of a pattern in the period."""
        if hours.text not in self._patterns:
            self._patterns[hours.text] = hours.intervals(self.first, self.last, self.roster.calendar)
        return self._patterns[hours.text]

    def away(self, person: str) -> IntArray:
        """Return the intervals of the period in which the person is on leave."""
        spans = [leave for leave, _ in self._leaves.get(person, ())]
        return merge_intervals(np.concatenate(spans)) if spans else EMPTY

    def _hours(self, duty: Duty) -> Hours:
        if duty.hours is not None:
            return duty.hours
        if duty.layer == "station":
            for station in self.roster.stations:
                if station.code == duty.code:
                    return station.hours
        return ALWAYS

    def _between(self, start: object, end: object) -> IntArray:
        second = self.roster.calendar.second_of
        low = self.first if start is None else max(self.first, second(start))  # type: ignore[arg-type]
        high = self.last if end is None else min(self.last, second(end))  # type: ignore[arg-type]
        return np.array([[low, high]], np.int64) if low < high else EMPTY

    def _taken(self, due: IntArray, id: str, seen: frozenset[str]) -> list[tuple[int, IntArray]]:
        """Split due time among the person and the substitutes of the person's leaves."""
        row = self._rows[id]
        person = self.roster.persons[row]
        due = common_time(due, self._between(person.valid_from, person.valid_to))
        if len(due) == 0:
            return []
        leaves = self._leaves.get(id, ())
        own = time_without(due, self.away(id)) if leaves else due
        present = [(row, own)] if len(own) else []
        for leave, substitute in leaves:
            if substitute and substitute != id and substitute not in seen:
                present += self._taken(common_time(due, leave), substitute, seen | {id})
        return present

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {person.id: row for row, person in enumerate(self.roster.persons)}

    @cached_property
    def _leaves(self) -> dict[str, list[tuple[IntArray, str]]]:
        by_person: dict[str, list[tuple[IntArray, str]]] = {}
        for leave in self.roster.leaves:
            span = self._between(leave.start, leave.end)
            if len(span):
                by_person.setdefault(leave.person, []).append((span, leave.substitute))
        return by_person
