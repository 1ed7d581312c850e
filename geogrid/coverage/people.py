"""Coverage by persons: who has too much, and whose absence leaves a grid alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from geogrid.assign.answering import Desk
from geogrid.assign.intervals import common_time, merge_intervals
from geogrid.assign.presence import Presence
from geogrid.types import Finding

__all__ = ["Limits", "people_findings"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of a coverage report.

    Parameters
    ----------
    hours_per_week : float
        On duty, per person.
    grids_per_person : int
        That one person is head or deputy of.
    station_m : float
        From a cell to its station, straight.
    street_m : float
        From a cell to its station, along streets.
    """

    hours_per_week: float = 84.0
    grids_per_person: int = 5
    station_m: float = 5_000.0
    street_m: float = 7_500.0


def people_findings(desk: Desk, first: int, last: int, limits: Limits) -> list[Finding]:
    """Return persons over a limit, and grids whose only person is on leave without a substitute."""
    presence = Presence(desk.roster, first, last)
    return [*_overloaded(desk, presence, limits), *_alone_on_leave(desk, presence)]


def _overloaded(desk: Desk, presence: Presence, limits: Limits) -> list[Finding]:
    weeks = (presence.last - presence.first) / (7 * 86400)
    spans = defaultdict(list)
    units = defaultdict(set)
    for row, duty in enumerate(desk.roster.duties):
        for person, intervals in presence.of_duty(row):
            spans[person].append(intervals)
        if desk.roster.role_by_code[duty.role].position != "member":
            units[duty.person].add(duty.unit)
    found = []
    for person, pieces in sorted(spans.items()):
        merged = merge_intervals(np.concatenate(pieces))
        hours = float((merged[:, 1] - merged[:, 0]).sum()) / 3600 / weeks
        if hours > limits.hours_per_week:
            who = desk.roster.persons[person]
            text = f"{who.name} ({who.id}) is on duty {hours:.1f} h a week, more than {limits.hours_per_week:g}"
            found.append(Finding("load_within_limit", text, (who.id,), amount=hours))
    for id, many in sorted(units.items()):
        if len(many) > limits.grids_per_person:
            text = f"{desk.roster.person(id).name} ({id}) answers for {len(many)} units, more than {limits.grids_per_person}"
            found.append(Finding("load_within_limit", text, (id,), amount=float(len(many))))
    return found


def _alone_on_leave(desk: Desk, presence: Presence) -> list[Finding]:
    holders = defaultdict(set)
    for duty in desk.roster.duties:
        if duty.layer not in ("station", "department"):
            holders[duty.unit].add(duty.person)
    substituted = defaultdict(list)
    for leave in desk.roster.leaves:
        if leave.substitute:
            second = desk.roster.calendar.second_of
            substituted[leave.person].append((second(leave.start), second(leave.end)))
    found = []
    for unit, people in sorted(holders.items()):
        if len(people) != 1:
            continue
        id = next(iter(people))
        away = presence.away(id)
        if len(away) == 0:
            continue
        covered = np.array(substituted[id], np.int64).reshape(-1, 2)
        alone = float((away[:, 1] - away[:, 0]).sum()) / 3600
        if len(covered):
            both = common_time(away, merge_intervals(covered))
            alone -= float((both[:, 1] - both[:, 0]).sum()) / 3600
        if alone > 0:
            when = desk.roster.calendar.moment_of(int(away[0, 0])).isoformat(" ", "minutes")
            text = f"{unit[0]} {unit[1]}: its only person {desk.roster.person(id).name} is on leave {alone:.0f} h from {when}, without a substitute"
            found.append(Finding("leave_is_substituted", text, (unit[1], id), amount=alone))
    return found
