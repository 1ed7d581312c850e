"""When a duty, a route or a station is on: weekly patterns, shifts over midnight, rotas."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geogrid.assign.intervals import merge_intervals
from geogrid.assign.workdays import DayArray, WorkCalendar, days_between
from geogrid.errors import InputError
from geogrid.types import BoolArray, IntArray

__all__ = ["ALWAYS", "Hours", "Span"]

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_ZH = {f"{word}{sign}": i for word in ("周", "星期") for i, sign in enumerate("一二三四五六日")}
_DAY = {name: i for i, name in enumerate(_WEEK)} | _WEEK_ZH | {"周天": 6, "星期天": 6}
_WORDS = {
    "workdays": "workdays", "工作日": "workdays",
    "restdays": "restdays", "休息日": "restdays", "节假日": "restdays", "holidays": "restdays",
    "daily": "daily", "每天": "daily", "每日": "daily",
}  # fmt: skip
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})(\+1)?$")
_ROTA = re.compile(r"^every\s*(\d+)\s*days\s*from\s*(\d{4}-\d{2}-\d{2})$")
_ALLOWED = (
    "24h; or days and times such as 'workdays 08:30-17:30', 'Mon-Fri 08:00-20:00; Sat,Sun 20:00-08:00', "
    "'restdays 09:00-17:00', 'every 3 days from 2026-01-01 08:00-08:00+1'"
)


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a pattern: on which days it starts, from which minute to which.

    Parameters
    ----------
    days : str
        ``"daily"``, ``"workdays"``, ``"restdays"``, ``"week:0,1,4"`` or ``"rota:3:2026-01-01"``.
    start, end : int
        Minutes after local midnight of the day it starts; `end` passes 1440 over midnight.
    """

    days: str
    start: int
    end: int

    def starts_on(self, days: DayArray, calendar: WorkCalendar) -> BoolArray:
        """Return on which of (n,) datetime64[D] days this stretch starts."""
        if self.days == "daily":
            return np.ones(len(days), bool)
        if self.days == "workdays":
            return calendar.is_workday(days)
        if self.days == "restdays":
            return ~calendar.is_workday(days)
        kind, _, rest = self.days.partition(":")
        number = days.astype(np.int64)
        if kind == "week":
            return np.asarray(np.isin((number + 3) % 7, [int(part) for part in rest.split(",")]))
        length, _, anchor = rest.partition(":")
        return np.asarray((number - np.datetime64(anchor, "D").astype(np.int64)) % int(length) == 0)


@dataclass(frozen=True, slots=True)
class Hours:
    """A pattern of hours; half-open, in the city's own clock.

    Parameters
    ----------
    text : str
        As written by the planner.
    spans : tuple of Span

    Examples
    --------
    >>> night = Hours.parse("Fri 22:00-06:00")
    >>> night.spans
    (Span(days='week:4', start=1320, end=1800),)
    >>> calendar = WorkCalendar(zone="UTC", country="")
    >>> night.intervals(0, 14 * 86400, calendar).tolist()
    [[165600, 194400], [770400, 799200]]
    """

    text: str
    spans: tuple[Span, ...]

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Return the hours that `text` says.

        Raises
        ------
        InputError
            If it is not understood, or a stretch has no length.
        """
        return _parse(text)

    @property
    def always(self) -> bool:
        """Whether every minute is covered by construction (``24h``)."""
        return self.spans == (Span("daily", 0, 1440),)

    def intervals(self, first: int, last: int, calendar: WorkCalendar) -> IntArray:
        """Return the (n, 2) int64 intervals of the period, sorted, merged, clipped to it.

        Parameters
        ----------
        first, last : int
            The half-open period, seconds since 1970 UTC.
        calendar : WorkCalendar
        """
        if first >= last:
            return np.zeros((0, 2), np.int64)
        if self.always:
            return np.array([[first, last]], np.int64)
        begin = calendar.moment_of(first).date() - dt.timedelta(days=2)
        end = calendar.moment_of(last - 1).date() + dt.timedelta(days=1)
        days = days_between(begin, end)
        pieces = []
        for span in self.spans:
            if span.days in ("workdays", "restdays"):
                # Ask the calendar only for days whose stretch can reach the period.
                reach = days_between(begin + dt.timedelta(days=2 - (span.end > 1440)), end)
            else:
                reach = days
            starting = reach[span.starts_on(reach, calendar)]
            pieces.append(
                np.column_stack([calendar.to_seconds(starting, span.start), calendar.to_seconds(starting, span.end)])
            )
        joined = np.clip(np.concatenate(pieces), first, last)
        return merge_intervals(joined)

    def __str__(self) -> str:
        """Return the text as written."""
        return self.text


@lru_cache(maxsize=4096)
def _parse(text: str) -> Hours:
    plain = unicodedata.normalize("NFKC", text).strip().replace("–", "-").replace("至", "-").replace("~", "-")
    if plain.lower() in ("24h", "24小时", "always", "全天", "24/7"):
        return ALWAYS
    spans: list[Span] = []
    for part in re.split(r"[;；\n]", plain.lower()):
        if part.strip():
            spans += _spans(part.strip(), text)
    if not spans:
        raise InputError("no hours", given=repr(text), allowed=_ALLOWED)
    return Hours(text, tuple(spans))


def _spans(part: str, text: str) -> list[Span]:
    clock = re.search(r"\d{1,2}:\d{2}\s*-", part)
    if clock is None:
        raise InputError("hours not understood", given=repr(text), allowed=_ALLOWED)
    days, times = _days(part[: clock.start()].strip(), text), part[clock.start() :]
    return [_span(days, piece, text) for piece in re.split(r"[,、]", times.replace(" ", "")) if piece]


def _span(days: str, piece: str, text: str) -> Span:
    match = _CLOCK.match(piece)
    if match is None:
        raise InputError("time of day not understood", given=f"{piece!r} in {text!r}", allowed="HH:MM-HH:MM")
    h0, m0, h1, m1 = (int(group) for group in match.groups()[:4])
    start, end = h0 * 60 + m0, h1 * 60 + m1
    if start >= 1440 or end > 1440 or m0 > 59 or m1 > 59:
        raise InputError("not a time of day", given=f"{piece!r} in {text!r}", allowed="00:00 to 24:00")
    if match.group(5):
        end += 1440
    elif end == start:
        raise InputError(
            "a stretch of zero length", given=f"{piece!r} in {text!r}",
            mend=f"write {piece}+1 for a full day, or 24h for always",
        )  # fmt: skip
    elif end < start:
        end += 1440
    if end - start > 1440:
        raise InputError("a stretch longer than a day", given=f"{piece!r} in {text!r}", allowed="at most 24 hours")
    return Span(days, start, end)


def _days(words: str, text: str) -> str:
    if not words:
        return "daily"
    if words in _WORDS:
        return _WORDS[words]
    rota = _ROTA.match(words)
    if rota:
        length, anchor = int(rota.group(1)), rota.group(2)
        try:
            dt.date.fromisoformat(anchor)
        except ValueError:
            raise InputError("not a date", given=f"{anchor!r} in {text!r}") from None
        if length < 1:
            raise InputError("a rota needs at least one day", given=repr(text))
        return f"rota:{length}:{anchor}"
    chosen: set[int] = set()
    for piece in re.split(r"[,、]", words):
        low, dash, high = (side.strip() for side in piece.partition("-"))
        if low not in _DAY or (dash and high not in _DAY):
            raise InputError("days not understood", given=f"{piece!r} in {text!r}", allowed=_ALLOWED)
        first, last = _DAY[low], _DAY[high] if dash else _DAY[low]
        chosen |= {(first + i) % 7 for i in range((last - first) % 7 + 1)}
    return "week:" + ",".join(str(day) for day in sorted(chosen))


ALWAYS = Hours("24h", (Span("daily", 0, 1440),))
"""Round the clock."""
