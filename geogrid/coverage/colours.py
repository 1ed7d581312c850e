"""Zero reports and colours: who reported today, also nothing, and how each unit stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Case", "Colour", "DayReport", "State", "Thresholds", "states_of"]

Colour = Literal["green", "blue", "red"]


@dataclass(frozen=True, slots=True)
class Case:
    """An open or closed case of a unit.

    Parameters
    ----------
    unit : str
        Station, street or department.
    deadline : datetime
    closed_at : datetime, optional
    """

    unit: str
    deadline: dt.datetime
    closed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class DayReport:
    """A unit's daily report; zero cases is a report, too (零报告)."""

    unit: str
    day: dt.date
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a unit turns blue or red.

    Parameters
    ----------
    blue_hours : float
        An open case due within so many hours turns it blue.
    red_overdue : int
        So many overdue cases turn it red.
    blue_missing_days, red_missing_days : int
        So many daily reports missing in a row, up to the day before, turn it blue or red.
    """

    blue_hours: float = 4.0
    red_overdue: int = 1
    blue_missing_days: int = 1
    red_missing_days: int = 2


@dataclass(frozen=True, slots=True)
class State:
    """How a unit stands.

    Parameters
    ----------
    unit : str
    colour : {"green", "blue", "red"}
    overdue, due_soon, missing_days : int
    reported_today : bool
    """

    unit: str
    colour: Colour
    overdue: int
    due_soon: int
    missing_days: int
    reported_today: bool


def states_of(
    units: Iterable[str],
    cases: Iterable[Case],
    reports: Iterable[DayReport],
    *,
    at: dt.datetime,
    since: dt.date,
    thresholds: Thresholds | None = None,
) -> tuple[State, ...]:
    """Return the state of every unit expected to report daily.

    Parameters
    ----------
    units : iterable of str
    cases : iterable of Case
    reports : iterable of DayReport
    at : datetime
        Now; with a time zone if the cases have one.
    since : date
        First day on which reports are expected.
    thresholds : Thresholds, optional

    Examples
    --------
    >>> now = dt.datetime(2026, 11, 24, 9)
    >>> said = [DayReport("S1", dt.date(2026, 11, 23))]
    >>> [s.colour for s in states_of(["S1", "S2"], [], said, at=now, since=dt.date(2026, 11, 23))]
    ['green', 'blue']
    """
    rule = thresholds or Thresholds()
    said = {(report.unit, report.day) for report in reports}
    by_unit: dict[str, list[Case]] = {}
    for case in cases:
        by_unit.setdefault(case.unit, []).append(case)
    states = []
    for unit in dict.fromkeys(units):
        mine = [case for case in by_unit.get(unit, []) if case.closed_at is None or case.closed_at > at]
        overdue = sum(case.deadline < at for case in mine)
        soon = sum(at <= case.deadline <= at + dt.timedelta(hours=rule.blue_hours) for case in mine)
        missing, day = 0, at.date() - dt.timedelta(days=1)
        while day >= since and (unit, day) not in said:
            missing, day = missing + 1, day - dt.timedelta(days=1)
        colour: Colour = "green"
        if soon or missing >= rule.blue_missing_days:
            colour = "blue"
        if overdue >= rule.red_overdue or missing >= rule.red_missing_days:
            colour = "red"
        states.append(State(unit, colour, overdue, soon, missing, (unit, at.date()) in said))
    return tuple(states)
