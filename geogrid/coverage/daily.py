"""Daily reports: stations report every day, also that there was nothing; who did not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geogrid.assign import columns as c
from geogrid.assign.columns import Column, Sheet
from geogrid.assign.hours import Hours
from geogrid.assign.roster import Roster, Station
from geogrid.assign.workbook import read_tables, write_tables
from geogrid.assign.workdays import WorkCalendar, days_between
from geogrid.coverage.thresholds import Expected
from geogrid.errors import InputError, RowProblem, RowsError

__all__ = [
    "DAILY_SHEET", "DailyReport", "DailyStatus", "daily_statuses", "expected_hours", "read_daily_reports",
    "write_daily_template",
]  # fmt: skip

Status = Literal["in time", "late", "missing", "awaited"]


@dataclass(frozen=True, slots=True)
class DailyReport:
    """What a station said of a day.

    Parameters
    ----------
    station : str
        Code.
    at : datetime
        When it was received; in the city's own clock where it carries no zone.
    count : int
        How many cases there were; 0 is a report, too.
    day : date, optional
        The day it is about; else the last one it could be about.
    note : str
    """

    station: str
    at: dt.datetime
    count: int = 0
    day: dt.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DailyStatus:
    """One expected report and what came.

    Parameters
    ----------
    station : str
    start, end : int
        Half-open: received from `start` up to, not at, `end` is in time; seconds since 1970 UTC.
    status : {"in time", "late", "missing", "awaited"}
        ``awaited``: not there, and not yet due.
    received : int or None
    count : int or None
    """

    station: str
    start: int
    end: int
    status: Status
    received: int | None = None
    count: int | None = None


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise InputError("not a whole number", allowed="0, 1, 2, …") from None
    if number < 0:
        raise InputError("less than nothing", allowed="0, 1, 2, …")
    return number


DAILY_SHEET = Sheet("daily_reports", "每日报告", DailyReport, (
    c.text("station", "工作站", "code"), c.moment("at", "时间", "when it was received"),
    Column("count", "数量", _count, str, "number of cases; 0 for nothing"), c.date("day", "日期", "the day it is about, if another"),
    c.text("note", "备注"),
))  # fmt: skip
"""The columns of a file of daily reports."""


def read_daily_reports(path: str | Path, roster: Roster) -> tuple[DailyReport, ...]:
    """Return the daily reports of a CSV file or workbook.

    Raises
    ------
    RowsError
        With every row that cannot be taken: unknown station, no count, no time, one report twice.
    """
    tables = read_tables(path, (DAILY_SHEET,))
    reports: tuple[DailyReport, ...] = tables.values.get(DAILY_SHEET.name, ())
    known = {station.code for station in roster.stations}
    problems: list[RowProblem] = []
    seen: dict[tuple[str, int], int] = {}
    for number, report in enumerate(reports, start=2):
        if report.station not in known:
            problems.append(
                RowProblem(number, "daily_reports.station", report.station, "no such station in the roster")
            )
        key = (report.station, roster.calendar.second_of(report.at))
        if key in seen:
            problems.append(
                RowProblem(number, "daily_reports.at", str(report.at), f"the station reported then in row {seen[key]}")
            )
        seen.setdefault(key, number)
    if problems:
        raise tables.renumbered(RowsError(problems), source=path)
    return reports


def write_daily_template(path: str | Path) -> Path:
    """Write an empty table of daily reports to fill in; return its path."""
    return write_tables(path, (DAILY_SHEET,), {DAILY_SHEET.name: ()})


def expected_hours(stations: Sequence[Station], expected: Sequence[Expected]) -> dict[str, Hours]:
    """Return when each station is to report; stations of which nothing is expected are left out.

    Raises
    ------
    InputError
        If a code or tier is unknown, or a station is named twice in the same way.

    Examples
    --------
    >>> stations = (Station("S1", "First"), Station("S2", "Second"))
    >>> rules = (Expected(), Expected(stations=("S2",), hours="workdays 08:30-17:30"))
    >>> {code: str(hours) for code, hours in expected_hours(stations, rules).items()}
    {'S1': 'daily 00:00-24:00', 'S2': 'workdays 08:30-17:30'}
    """
    by_word: dict[str, Hours] = {}
    words = {"*", *(station.code for station in stations), *(f"tier:{station.tier}" for station in stations)}
    for rule in expected:
        for word in rule.stations:
            if word in by_word:
                raise InputError("expected twice", given=word, mend="name each station, tier or * once")
            if word not in words:
                raise InputError("no such station or tier", given=word, allowed=", ".join(sorted(words)))
            by_word[word] = Hours.parse(rule.hours)
    found = {}
    for station in stations:
        for word in (station.code, f"tier:{station.tier}", "*"):
            if word in by_word:
                found[station.code] = by_word[word]
                break
    return found


def daily_statuses(
    roster: Roster,
    reports: Iterable[DailyReport],
    expected: Sequence[Expected],
    *,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
) -> tuple[DailyStatus, ...]:
    """Return every report that was expected in a period and what came, by station and time.

    A report counts for the day it names, else for the last turn that had begun when it came.

    Parameters
    ----------
    roster : Roster
    reports : iterable of DailyReport
    expected : sequence of Expected
    first, last : date
        Half-open, by the day on which a turn begins.
    now : datetime
        Turns that begin later are not looked at; one that has not ended is awaited.
    """
    calendar, moment = roster.calendar, roster.calendar.second_of(now)
    by_station: dict[str, list[DailyReport]] = {}
    for report in reports:
        if calendar.second_of(report.at) <= moment:
            by_station.setdefault(report.station, []).append(report)
    turns: dict[str, list[tuple[int, int]]] = {}
    found: list[DailyStatus] = []
    for code, hours in sorted(expected_hours(roster.stations, expected).items()):
        if hours.text not in turns:
            turns[hours.text] = _turns(hours, calendar, first, last)
        found += _matched(code, [turn for turn in turns[hours.text] if turn[0] <= moment], by_station.get(code, ()),
                          calendar, moment)  # fmt: skip
    return tuple(found)


def _matched(
    code: str, turns: Sequence[tuple[int, int]], reports: Sequence[DailyReport], calendar: WorkCalendar, moment: int
) -> Iterable[DailyStatus]:
    came: dict[int, DailyReport] = {}
    for report in sorted(reports, key=lambda one: calendar.second_of(one.at)):
        second = calendar.second_of(report.at)
        for row in range(len(turns) - 1, -1, -1):
            start = turns[row][0]
            about = report.day is None or calendar.moment_of(start).date() == report.day
            if start <= second and about:
                came.setdefault(row, report)
                break
    for row, (start, end) in enumerate(turns):
        got = came.get(row)
        if got is None:
            yield DailyStatus(code, start, end, "missing" if end <= moment else "awaited")
        else:
            second = calendar.second_of(got.at)
            yield DailyStatus(code, start, end, "in time" if second < end else "late", second, got.count)


def _turns(hours: Hours, calendar: WorkCalendar, first: dt.date, last: dt.date) -> list[tuple[int, int]]:
    """Return the half-open turns that begin in a period: each stretch of each day is one."""
    days = days_between(first, last)
    turns: set[tuple[int, int]] = set()
    for span in hours.spans:
        starting = days[span.starts_on(days, calendar)]
        begin, end = calendar.to_seconds(starting, span.start), calendar.to_seconds(starting, span.end)
        turns.update(zip(begin.tolist(), end.tolist(), strict=True))
    return sorted(turns)
