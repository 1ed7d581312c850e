"""Time limits as standards write them, and the deadline they give, step by step."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from geogrid.assign.hours import Hours
from geogrid.assign.plainness import plain_text
from geogrid.assign.reasons import Step
from geogrid.assign.workdays import WorkCalendar, days_between
from geogrid.errors import InputError
from geogrid.types import BoolArray, IntArray

__all__ = ["Season", "TimeLimit", "WorkClock"]

Season = tuple[str, str, str]
"""(name, first month-day, month-day after the last), half-open, each year."""

_UNITS = {
    "紧急工作时": "clock_hours", "小时": "clock_hours", "urgent hours": "clock_hours", "hours": "clock_hours",
    "工作时": "working_hours", "工作小时": "working_hours", "working hours": "working_hours",
    "工作日": "working_days", "个工作日": "working_days", "working days": "working_days",
    "自然日": "days", "天": "days", "日": "days", "days": "days",
}  # fmt: skip
_PATTERN = re.compile(rf"^(\D*?)(\d+(?:\.\d+)?)\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")
_SHOWN = {
    "clock_hours": ("clock hours (round the clock)", "紧急工作时"), "working_hours": ("working hours", "工作时"),
    "working_days": ("working days", "工作日"), "days": ("calendar days", "自然日"),
}  # fmt: skip
_HORIZON_DAYS = 45


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long a case may take.

    Parameters
    ----------
    amount : float
    unit : {"clock_hours", "working_hours", "working_days", "days"}
    season : str
        Name of the season in which the time runs, ``""`` for all year.

    Examples
    --------
    >>> TimeLimit.parse("2紧急工作时")
    TimeLimit(amount=2.0, unit='clock_hours', season='')
    >>> TimeLimit.parse("种植季节15工作日")
    TimeLimit(amount=15.0, unit='working_days', season='种植季节')
    """

    amount: float
    unit: str
    season: str = ""

    @classmethod
    def parse(cls, text: str) -> TimeLimit:
        """Return the limit that `text` says.

        Raises
        ------
        InputError
            If it is not understood, or is not a whole number of days.
        """
        return _parse(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> TimeLimit:
    match = _PATTERN.match(plain_text(text).lower())
    if match is None:
        raise InputError(
            "time limit not understood", given=repr(text),
            allowed="a number and 紧急工作时, 工作时, 工作日 or 自然日, with a season before it if need be",
        )  # fmt: skip
    season, amount, unit = match.group(1).strip(" ,，:："), float(match.group(2)), _UNITS[match.group(3)]
    if unit in ("working_days", "days") and not amount.is_integer():
        raise InputError("a limit in days is a whole number of days", given=repr(text))
    return TimeLimit(amount, unit, season)


class WorkClock:
    """Counts time limits: working hours and working days of a city.

    Parameters
    ----------
    calendar : WorkCalendar
    hours : Hours
        Working hours, in which 工作时 count.
    seasons : sequence of Season
    """

    def __init__(self, calendar: WorkCalendar, hours: Hours, seasons: Sequence[Season] = ()) -> None:
        self.calendar, self.hours, self.seasons = calendar, hours, tuple(seasons)
        self._spans: dict[tuple[int, int], _Span] = {}

    def deadline(self, limit: TimeLimit, filed: int) -> int:
        """Return the second by which a case filed at second `filed` must be closed.

        Clock hours run round the clock from filing. Working hours run in working time only.
        Of days, the day of filing does not count; working days end with the working time of the
        last one, calendar days at its midnight.

        Raises
        ------
        InputError
            If the limit names an unknown season, or the city's table of holidays ends before.
        """
        if limit.unit == "clock_hours" and not limit.season:
            return filed + int(limit.amount * 3600)
        return int(self.deadlines(limit, np.array([filed], np.int64))[0])

    def deadlines(self, limit: TimeLimit, filed: IntArray) -> IntArray:
        """Return (n,) int64 deadlines of cases filed at (n,) seconds; see `deadline`."""
        if len(filed) == 0:
            return filed
        start = self.counting_from(limit, filed)
        if limit.unit == "clock_hours":
            return start + int(limit.amount * 3600)
        need = limit.amount if limit.unit.endswith("days") else limit.amount / 4
        reach = int(need * 2) + _HORIZON_DAYS
        while True:
            span = self._span(int(start.min()), int(start.max()), reach)
            found = span.after(limit, start, start != filed)
            if (found >= 0).all():
                return found
            reach *= 2
            if reach > 40_000:
                raise InputError("no working time within a century", given=str(self.hours))

    def counting_from(self, limit: TimeLimit, filed: IntArray) -> IntArray:
        """Return (n,) seconds from which time counts: of filing, or the start of the limit's season."""
        if not limit.season:
            return filed
        spans = [(low, high) for name, low, high in self.seasons if name == limit.season]
        if not spans:
            known = ", ".join(dict.fromkeys(name for name, _, _ in self.seasons)) or "none"
            raise InputError(
                "no such season", given=limit.season, allowed=known, mend="add it to the rulebook's seasons"
            )
        first = self.calendar.moment_of(int(filed.min())).year - 1
        last = self.calendar.moment_of(int(filed.max())).year + 1
        edges = []
        for year in range(first, last + 1):
            for low, high in spans:
                begin, end = dt.date.fromisoformat(f"{year}-{low}"), dt.date.fromisoformat(f"{year}-{high}")
                if end <= begin:
                    end = end.replace(year=year + 1)
                edges.append((self.calendar.second_of(begin), self.calendar.second_of(end)))
        table = np.array(sorted(edges), np.int64)
        next_one = np.searchsorted(table[:, 1], filed, side="right")
        return np.asarray(np.maximum(filed, table[np.minimum(next_one, len(table) - 1), 0]), np.int64)

    def explain(self, limit: TimeLimit, filed: int, due: int) -> list[Step]:
        """Return the steps by which the deadline `due` was found."""
        english, chinese = _SHOWN[limit.unit]
        start = int(self.counting_from(limit, np.array([filed], np.int64))[0]) if limit.season else filed
        steps = [Step("filed", (self._shown(filed),))]
        if start != filed:
            steps.append(Step("season", (limit.season, self._shown(start))))
        steps.append(Step("limit", (f"{limit.amount:g}", english, chinese)))
        if limit.unit in ("working_days", "days") and start == filed:
            steps.append(Step("day_not_counted"))
        steps.append(Step("due", (self._shown(due),)))
        return steps

    def _shown(self, second: int) -> str:
        return self.calendar.moment_of(second).isoformat(" ", "minutes")

    def _span(self, low: int, high: int, reach: int) -> _Span:
        # Whole quarters, so that neighbouring questions share a table.
        first = self.calendar.moment_of(low).date().replace(day=1)
        last = self.calendar.moment_of(high).date() + dt.timedelta(days=reach)
        last = last.replace(day=28) + dt.timedelta(days=4)
        key = (first.toordinal(), last.toordinal())
        if key not in self._spans:
            if len(self._spans) > 64:
                self._spans.clear()
            self._spans[key] = _Span(self.calendar, self.hours, first, last)
        return self._spans[key]


class _Span:
    """Working time of some days as tables."""

    def __init__(self, calendar: WorkCalendar, hours: Hours, first: dt.date, last: dt.date) -> None:
        if calendar.until is not None and first < calendar.until < last:
            last = calendar.until
        self.calendar, self.hours = calendar, hours
        self.days = days_between(first, last)
        self.midnights = calendar.to_seconds(self.days, 0)
        self.end = int(calendar.to_seconds(self.days[-1:], 1440)[0])
        self.ends_known = calendar.until is not None and last == calendar.until

    def after(self, limit: TimeLimit, start: IntArray, waited: BoolArray) -> IntArray:
        """Return the deadlines, -1 where the table is too short; who waited for a season counts its first day."""
        if limit.unit == "working_hours":
            found = self._after_hours(limit.amount, start)
        else:
            found = self._after_days(limit, start, waited)
        if self.ends_known and (found < 0).any():
            raise InputError(
                "the city's table of holidays ends before the deadline", allowed=f"before {self.calendar.until}",
                mend="import the calendar of the coming year",
            )  # fmt: skip
        return found

    @cached_property
    def _working(self) -> tuple[IntArray, IntArray]:
        work = self.hours.intervals(int(self.midnights[0]), self.end, self.calendar)
        return work, np.concatenate([[0], np.cumsum(work[:, 1] - work[:, 0])]).astype(np.int64)

    def _after_hours(self, amount: float, start: IntArray) -> IntArray:
        work, total = self._working
        if len(work) == 0:
            return np.full(len(start), -1, np.int64)
        row = np.searchsorted(work[:, 1], start, side="right")
        inside = np.minimum(row, len(work) - 1)
        spent = total[row] + np.where(row < len(work), np.maximum(start - work[inside, 0], 0), 0)
        goal = spent + int(amount * 3600)
        end = np.searchsorted(total, goal, side="left") - 1
        fits = end < len(work)
        last = np.clip(end, 0, len(work) - 1)
        return np.where(fits, work[last, 0] + goal - total[last], -1)

    def _after_days(self, limit: TimeLimit, start: IntArray, waited: BoolArray) -> IntArray:
        day = np.searchsorted(self.midnights, start, side="right") - 1 - waited
        amount = int(limit.amount)
        if limit.unit == "days":
            target = day + amount
            return np.asarray(np.where(target < len(self.days), self._midnight_after(target), -1), np.int64)
        rows = self._workdays
        if amount == 0 or len(rows) == 0:
            return start if amount == 0 else np.full(len(start), -1, np.int64)
        wanted = np.searchsorted(rows, day, side="right") + amount - 1
        target = rows[np.minimum(wanted, len(rows) - 1)]
        return np.where(wanted < len(rows), self._end_of_work[target], -1)

    def _midnight_after(self, day: IntArray) -> IntArray:
        edges = np.append(self.midnights, self.end)
        return np.asarray(edges[np.minimum(day + 1, len(edges) - 1)], np.int64)

    @cached_property
    def _workdays(self) -> IntArray:
        return np.flatnonzero(self.calendar.is_workday(self.days)).astype(np.int64)

    @cached_property
    def _end_of_work(self) -> IntArray:
        """(days,) int64: when working time ends on each day, its midnight if there is none."""
        work, _ = self._working
        ends = np.append(self.midnights[1:], self.end)
        if len(work):
            last = np.searchsorted(work[:, 0], ends, side="left") - 1
            starts_today = (last >= 0) & (work[np.maximum(last, 0), 0] >= self.midnights)
            ends = np.where(starts_today, work[np.maximum(last, 0), 1], ends)
        return np.asarray(ends, np.int64)
