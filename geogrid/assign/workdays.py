"""Working days of a city: weekends, public holidays, make-up days, time zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, MissingPartError
from geogrid.types import BoolArray, IntArray

__all__ = ["DayArray", "WorkCalendar", "days_between"]

DayArray = npt.NDArray[np.datetime64]


def days_between(first: dt.date, last: dt.date) -> DayArray:
    """Return the days of the half-open range [`first`, `last`), datetime64[D]."""
    return np.arange(np.datetime64(first, "D"), np.datetime64(last, "D"), dtype="datetime64[D]")


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked, and where the clock stands.

    Parameters
    ----------
    zone : str
        IANA time zone of the city, e.g. ``"Asia/Shanghai"``.
    country, subdivision : str
        ISO codes understood by the `holidays` library; ``""`` uses only the city's own days.
    rest_weekdays : tuple of int
        Weekly days of rest, Monday = 0.
    holidays : frozenset of date
        The city's own days off.
    make_up_days : frozenset of date
        The city's own days worked although they would be off.
    until : date, optional
        First day the city's own table says nothing about; later days are refused.

    Examples
    --------
    >>> calendar = WorkCalendar()
    >>> calendar.is_workday(days_between(dt.date(2026, 10, 9), dt.date(2026, 10, 12))).tolist()
    [True, True, False]
    """

    zone: str = "Asia/Shanghai"
    country: str = "CN"
    subdivision: str = ""
    rest_weekdays: tuple[int, ...] = (5, 6)
    holidays: frozenset[dt.date] = frozenset()
    make_up_days: frozenset[dt.date] = frozenset()
    until: dt.date | None = None
    _years: dict[int, tuple[frozenset[dt.date], frozenset[dt.date]]] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    @cached_property
    def tz(self) -> ZoneInfo:
        """The time zone.

        Raises
        ------
        InputError
            If there is no such zone.
        """
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InputError("unknown time zone", given=self.zone, allowed="an IANA name, e.g. Asia/Shanghai") from None

    def is_workday(self, days: DayArray) -> BoolArray:
        """Return which of (n,) datetime64[D] days are worked.

        A make-up day is worked even on a weekend; a holiday is off even on a weekday; of the
        city's own table and the country's, the city's wins.

        Raises
        ------
        InputError
            If a day lies at or beyond `until`, or in a year the country's table does not know.
        """
        if len(days) == 0:
            return np.zeros(0, bool)
        last = days.max().astype(object)
        if self.until is not None and last >= self.until:
            raise InputError(
                "the city's table of holidays ends before the period", given=f"{last}", allowed=f"before {self.until}",
                mend="import the calendar of the coming year, or end the period earlier",
            )  # fmt: skip
        weekday = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7
        worked = ~np.isin(weekday, self.rest_weekdays)
        years = {int(year) for year in np.unique(days.astype("datetime64[Y]").astype(np.int64) + 1970)}
        off: set[dt.date] = set()
        made_up: set[dt.date] = set()
        for year in years:
            more_off, more_worked = self._country_year(year)
            off |= more_off
            made_up |= more_worked
        for change, value in ((off, False), (made_up, True), (self.holidays, False), (self.make_up_days, True)):
            if change:
                worked[np.isin(days, np.array(sorted(change), "datetime64[D]"))] = value
        return worked

    def make_up_days_announced(self, year: int) -> bool:
        """Return whether the make-up days of `year` are known (China announces them each autumn)."""
        if self.country != "CN" or any(day.year == year for day in (*self.make_up_days, *self.holidays)):
            return True
        return bool(self._country_year(year)[1])

    def _country_year(self, year: int) -> tuple[frozenset[dt.date], frozenset[dt.date]]:
        if not self.country:
            return frozenset(), frozenset()
        if year not in self._years:
            table = self._load(year)
            worked = getattr(table, "weekend_workdays", ())
            self._years[year] = (
                frozenset(table), frozenset(day for day in worked if day.year == year)
            )  # fmt: skip
        return self._years[year]

    def _load(self, year: int) -> Any:
        try:
            import holidays
        except ImportError:
            raise MissingPartError("public holidays need the library holidays", mend="pip install 'geogrid[calendar]'") from None  # fmt: skip
        try:
            table = holidays.country_holidays(self.country, subdiv=self.subdivision or None, years=year)
        except NotImplementedError as error:
            raise InputError("no public holidays for this country", given=self.country, mend=str(error)) from None
        if not table.start_year <= year <= table.end_year:
            raise InputError(
                "the country's table of holidays does not reach this year", given=year,
                allowed=f"{table.start_year} to {table.end_year}",
            )  # fmt: skip
        return table

    def to_seconds(self, days: DayArray, minutes: int) -> IntArray:
        """Return (n,) int64 seconds since 1970 UTC of wall-clock `minutes` after local midnight.

        A wall time skipped in spring counts with the offset before the change; one that comes
        twice in autumn means the first.
        """
        later, minute = divmod(minutes, 1440)
        moved = days + np.timedelta64(later, "D")
        if self._offset_is_constant(moved):
            offset = self._offset(moved[0]) if len(moved) else 0
            return np.asarray(moved.astype("datetime64[s]").astype(np.int64) + minute * 60 - offset, np.int64)
        clock = dt.time(minute // 60, minute % 60)
        local = [dt.datetime.combine(day, clock, tzinfo=self.tz) for day in moved.astype(object).tolist()]
        return np.array([int(moment.timestamp()) for moment in local], np.int64)

    def second_of(self, moment: dt.datetime | dt.date) -> int:
        """Return seconds since 1970 UTC; a date is its midnight, a naive time the city's own clock."""
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.tz)
        return int(moment.timestamp() // 1)

    def moment_of(self, second: int) -> dt.datetime:
        """Return the city's local time of seconds since 1970 UTC."""
        return dt.datetime.fromtimestamp(second, self.tz)

    def _offset(self, day: Any) -> int:
        moment = dt.datetime.combine(day.astype(object), dt.time(), tzinfo=self.tz)
        delta = moment.utcoffset()
        return int(delta.total_seconds()) if delta else 0

    def _offset_is_constant(self, days: DayArray) -> bool:
        if len(days) == 0:
            return True
        # Zones change at most a few times a year and stay changed for weeks: weekly samples see it.
        last = days[-1] + np.timedelta64(1, "D")
        samples = np.append(days[::7], [days[-1], last])
        return len({self._offset(day) for day in samples}) == 1
