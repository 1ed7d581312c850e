"""Hours, working days and time limits, by the calendar on the wall."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.assign.hours import Hours
from geogrid.assign.intervals import common_time, merge_intervals, time_without
from geogrid.assign.limits import TimeLimit, WorkClock
from geogrid.assign.workdays import WorkCalendar, days_between
from geogrid.errors import InputError

from .minute_oracle import HOLIDAYS, MAKE_UP, PATTERNS

CITY = WorkCalendar(country="", holidays=frozenset(HOLIDAYS), make_up_days=frozenset(MAKE_UP))
CHINA = WorkCalendar()
SEASONS = (("种植季节", "03-01", "05-01"), ("种植季节", "10-15", "12-01"))
CLOCK = WorkClock(CHINA, Hours.parse("workdays 08:30-12:00,13:30-17:30"), SEASONS)


@pytest.mark.parametrize("text", sorted(PATTERNS))
def test_a_pattern_covers_exactly_the_minutes_it_says(text: str) -> None:
    first, last = dt.datetime(2026, 9, 28, 3, 17), dt.datetime(2026, 10, 12, 21, 5)
    spans = Hours.parse(text).intervals(CITY.second_of(first), CITY.second_of(last), CITY)
    on = np.zeros(int((last - first).total_seconds() // 60), bool)
    for a, b in ((spans - CITY.second_of(first)) // 60).tolist():
        on[a:b] = True
    assert on.tolist() == [PATTERNS[text](first + dt.timedelta(minutes=m)) for m in range(len(on))]


def test_a_day_with_a_clock_change_has_23_or_25_hours() -> None:
    berlin = WorkCalendar(zone="Europe/Berlin", country="")
    for day, hours in ((dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25), (dt.date(2026, 5, 1), 24)):
        first, last = berlin.second_of(day), berlin.second_of(day + dt.timedelta(days=1))
        spans = Hours.parse("daily 00:00-24:00").intervals(first, last, berlin)
        assert (spans[:, 1] - spans[:, 0]).sum() == hours * 3600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("08:00-08:00", "zero length"),
        ("08:00-25:00", "not a time of day"),
        ("someday 08:00-09:00", "days not understood"),
        ("", "no hours"),
        ("workdays", "not understood"),
        ("08:00-20:00+1", "longer than a day"),
        ("every 3 days from 2026-13-01 08:00-09:00", "not a date"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Hours.parse(text)


def test_full_width_and_chinese_hours_are_understood() -> None:
    assert Hours.parse("工作日　０８：３０－１７：３０").spans == Hours.parse("workdays 08:30-17:30").spans
    assert Hours.parse("周一至周五 22:00-06:00").spans == Hours.parse("Mon-Fri 22:00-06:00").spans


def test_chinas_holidays_and_make_up_days_of_2026_are_known() -> None:
    days = days_between(dt.date(2026, 10, 1), dt.date(2026, 10, 12))
    assert CHINA.is_workday(days).tolist() == [False] * 7 + [True, True, True, False]
    own = WorkCalendar(holidays=frozenset({dt.date(2026, 10, 8)}))
    assert not own.is_workday(days_between(dt.date(2026, 10, 8), dt.date(2026, 10, 9)))[0]


INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


@given(INTERVALS, INTERVALS)
def test_sets_of_intervals_behave_like_sets_of_seconds(one, other) -> None:
    def seconds(spans) -> set[int]:
        return {s for a, b in spans for s in range(a, b)}

    a, b = (merge_intervals(np.array(spans, np.int64).reshape(-1, 2)) for spans in (one, other))
    assert seconds(a.tolist()) == seconds(one)
    assert seconds(common_time(a, b).tolist()) == seconds(one) & seconds(other)
    assert seconds(time_without(a, b).tolist()) == seconds(one) - seconds(other)


@pytest.mark.parametrize(
    ("limit", "filed", "due"),
    [
        ("2紧急工作时", "2026-10-01 23:00", "2026-10-02 01:00"),
        ("4工作时", "2026-09-30 16:00", "2026-10-08 11:00"),  # 1.5 h before the holiday, 2.5 h after it
        ("4工作时", "2026-11-22 09:00", "2026-11-23 14:00"),  # a Sunday: counting starts on Monday
        ("1工作日", "2026-09-30 10:00", "2026-10-08 17:30"),
        ("3工作日", "2026-09-30 10:00", "2026-10-10 17:30"),  # the 10th is a make-up Saturday
        ("5自然日", "2026-09-30 10:00", "2026-10-06 00:00"),
        ("种植季节15工作日", "2026-06-01 10:00", "2026-11-04 17:30"),
        ("种植季节15工作日", "2026-03-02 10:00", "2026-03-23 17:30"),
        ("3.5工作时", "2026-09-30 08:30", "2026-09-30 12:00"),
    ],
)
def test_deadlines_are_counted_as_a_clerk_counts_them(limit: str, filed: str, due: str) -> None:
    second = CLOCK.deadline(TimeLimit.parse(limit), CHINA.second_of(dt.datetime.fromisoformat(filed)))
    assert CHINA.moment_of(second).replace(tzinfo=None) == dt.datetime.fromisoformat(due)


@given(
    st.lists(st.integers(0, 300 * 86400), min_size=1, max_size=20),
    st.sampled_from(["4工作时", "2工作日", "7自然日", "3紧急工作时"]),
)
def test_deadlines_of_many_are_the_deadlines_of_each(offsets, text) -> None:
    filed = CHINA.second_of(dt.date(2026, 1, 1)) + np.array(offsets, np.int64)
    limit = TimeLimit.parse(text)
    together = CLOCK.deadlines(limit, filed)
    assert together.tolist() == [CLOCK.deadline(limit, int(second)) for second in filed]
    assert (together > filed).all()


def test_a_limit_that_is_not_understood_or_names_no_season_is_refused() -> None:
    with pytest.raises(InputError, match="not understood"):
        TimeLimit.parse("尽快")
    with pytest.raises(InputError, match="no such season"):
        CLOCK.deadline(TimeLimit.parse("雨季3工作日"), CHINA.second_of(dt.date(2026, 1, 1)))
    with pytest.raises(InputError, match="whole number of days"):
        TimeLimit.parse("1.5工作日")
    short = WorkClock(WorkCalendar(country="", until=dt.date(2026, 2, 1)), Hours.parse("workdays 08:00-17:00"))
    with pytest.raises(InputError, match="ends before the deadline"):
        short.deadline(TimeLimit.parse("9工作日"), CITY.second_of(dt.date(2026, 1, 28)))
