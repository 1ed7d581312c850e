"""Daily reports, also of nothing, and the colours of stations, streets and departments."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from geogrid.assign.answering import Desk
from geogrid.assign.desk import Atlas
from geogrid.assign.roster import Department, Duty, Person, Roster, Served, Station
from geogrid.assign.rulebook import Category, Condition, Rulebook
from geogrid.assign.workdays import WorkCalendar
from geogrid.coverage.colours import ColourState, colour_findings, colour_states
from geogrid.coverage.daily import DailyReport, DailyStatus, daily_statuses, read_daily_reports, write_daily_template
from geogrid.coverage.daily_store import keep_daily_reports, kept_daily_reports
from geogrid.coverage.past import past_reports
from geogrid.coverage.placing import PlacedReports, place_reports
from geogrid.coverage.thresholds import Colours, Expected
from geogrid.coverage.zero import zero_findings
from geogrid.errors import ConflictError, InputError, RowsError
from geogrid.testing import toy_city

MONDAY = dt.date(2026, 11, 23)
OFFICE = Expected(hours="workdays 08:30-17:30")


def on(day: int, clock: str) -> dt.datetime:
    """A moment of the week of 23 November 2026, in the city's own clock."""
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time.fromisoformat(clock))


def a_roster(calendar: WorkCalendar | None = None) -> Roster:
    return Roster(
        departments=(Department("D1", "West squad"), Department("D2", "East squad")),
        persons=(Person("p1", "Ann", "D1"), Person("p2", "Bo", "D2")),
        stations=(Station("S1", "West", department="D1", lon=121.251, lat=31.381),
                  Station("S2", "East", department="D2", lon=121.253, lat=31.381)),
        serves=(Served("street", "990100001", "S1"), Served("street", "990100002", "S2")),
        duties=(Duty("p1", "station_head", "station", "S1"), Duty("p2", "station_head", "station", "S2")),
        calendar=calendar or WorkCalendar(),
    )  # fmt: skip


def the_statuses(
    *reports: DailyReport, expected: Expected = OFFICE, now: dt.datetime, days: int = 7, first: dt.date = MONDAY,
    roster: Roster | None = None,
) -> list[tuple[str, str, int | None]]:  # fmt: skip
    found = daily_statuses(
        roster or a_roster(), reports, (expected,), first=first, last=first + dt.timedelta(days=days), now=now
    )
    return [(one.station, one.status, one.count) for one in found]


def test_a_station_that_says_nothing_happened_has_reported_and_one_that_says_nothing_has_not() -> None:
    said = DailyReport("S1", on(0, "09:00"), 0)
    assert the_statuses(said, now=on(0, "17:30")) == [("S1", "in time", 0), ("S2", "missing", None)]


def test_the_hours_are_half_open_a_report_at_the_end_is_late_and_a_turn_is_missing_from_its_end_on() -> None:
    one = Expected(stations=("S1",), hours="workdays 08:30-17:30")
    assert the_statuses(expected=one, now=on(0, "08:29")) == []
    assert the_statuses(expected=one, now=on(0, "08:30")) == [("S1", "awaited", None)]
    assert the_statuses(expected=one, now=on(0, "17:29")) == [("S1", "awaited", None)]
    assert the_statuses(expected=one, now=on(0, "17:30")) == [("S1", "missing", None)]
    for clock, status in (("08:30", "in time"), ("17:29", "in time"), ("17:30", "late"), ("23:59", "late")):
        report = DailyReport("S1", on(0, clock), 2)
        assert the_statuses(report, expected=one, now=on(1, "08:00")) == [("S1", status, 2)], clock
    early = DailyReport("S1", on(0, "08:29"))
    assert the_statuses(early, expected=one, now=on(0, "20:00")) == [("S1", "missing", None)]


def test_nothing_is_expected_on_days_of_rest_of_the_citys_calendar() -> None:
    one = Expected(stations=("S1",), hours="workdays 08:30-17:30")
    assert len(the_statuses(expected=one, now=on(7, "23:00"))) == 5
    saturday, tuesday = MONDAY + dt.timedelta(days=5), MONDAY + dt.timedelta(days=1)
    moved = a_roster(WorkCalendar(holidays=frozenset({tuesday}), make_up_days=frozenset({saturday})))
    found = daily_statuses(moved, (), (one,), first=MONDAY, last=MONDAY + dt.timedelta(days=7), now=on(7, "23:00"))
    days = [moved.calendar.moment_of(status.start).date() for status in found]
    assert [(day - MONDAY).days for day in days] == [0, 2, 3, 4, 5]


def test_a_day_is_one_turn_though_days_touch_and_a_night_shift_is_one_over_midnight() -> None:
    whole = Expected(stations=("S1",))
    assert len(the_statuses(expected=whole, now=on(2, "00:00"), days=2)) == 2
    midnight = DailyReport("S1", on(1, "00:00"))
    assert the_statuses(midnight, expected=whole, now=on(2, "00:00"), days=2) == [
        ("S1", "missing", None), ("S1", "in time", 0),
    ]  # fmt: skip
    night = Expected(stations=("S1",), hours="daily 22:00-06:00")
    report = DailyReport("S1", on(1, "05:59"))
    assert the_statuses(report, expected=night, now=on(1, "06:00"), days=1) == [("S1", "in time", 0)]


def test_the_day_of_a_clock_change_has_its_own_length() -> None:
    # New York, 8 March 2026: the clock jumps from 2:00 to 3:00, the day has 23 hours.
    roster = a_roster(WorkCalendar(zone="America/New_York", country="US"))
    (one,) = daily_statuses(
        roster, (), (Expected(stations=("S1",)),), first=dt.date(2026, 3, 8), last=dt.date(2026, 3, 9),
        now=dt.datetime(2026, 3, 9),
    )  # fmt: skip
    assert (one.end - one.start, one.status) == (23 * 3600, "missing")


def test_a_report_may_name_the_day_it_is_about() -> None:
    one = Expected(stations=("S1",), hours="workdays 08:30-17:30")
    belated = DailyReport("S1", on(1, "09:00"), 4, day=MONDAY)
    assert the_statuses(belated, expected=one, now=on(1, "18:00")) == [("S1", "late", 4), ("S1", "missing", None)]


def test_a_report_of_the_future_does_not_count_yet() -> None:
    later = DailyReport("S1", on(0, "12:00"))
    one = Expected(stations=("S1",), hours="workdays 08:30-17:30")
    assert the_statuses(later, expected=one, now=on(0, "11:00")) == [("S1", "awaited", None)]


def test_an_unknown_station_or_one_named_twice_is_refused() -> None:
    with pytest.raises(InputError, match="no such station or tier; given: S9"):
        the_statuses(expected=Expected(stations=("S9",)), now=on(0, "12:00"))
    with pytest.raises(InputError, match="expected twice"):
        the_statuses(expected=Expected(stations=("S1", "S1")), now=on(0, "12:00"))


def a_desk() -> Desk:
    lamp = Category("0501", "lamp", "component", conditions=(Condition("1", "dark", "2紧急工作时"),))
    return Desk(toy_city(), a_roster(), Rulebook((lamp,)))


def some_reports(desk: Desk, *rows: dict[str, object]) -> PlacedReports:
    base = {"lon": 121.2505, "lat": 31.3805, "category": "0501", "at": on(0, "10:00").isoformat(), "closed": ""}
    frame = pd.DataFrame([base | row for row in rows])
    return place_reports(desk, past_reports(frame, calendar=desk.roster.calendar, datum="wgs84"))


def the_states(
    desk: Desk, now: dt.datetime, placed: PlacedReports | None = None, statuses: tuple[DailyStatus, ...] = (),
    **colours: object,
) -> dict[str, ColourState]:  # fmt: skip
    states = colour_states(desk, Colours.model_validate(colours), now=now, placed=placed, statuses=statuses)
    return {state.code: state for state in states}


def test_a_report_turns_its_station_street_and_department_blue_then_red_at_its_deadline() -> None:
    desk = a_desk()
    placed = some_reports(desk, {"at": on(0, "10:00").isoformat()})
    soon = {"due_soon_hours": 1}
    for clock, colour in (
        ("09:59", "green"),
        ("11:00", "green"),
        ("11:01", "blue"),
        ("11:59", "blue"),
        ("12:00", "red"),
    ):
        states = the_states(desk, on(0, clock), placed, **soon)
        assert {code: states[code].colour for code in ("S1", "990100001", "D1")} == dict.fromkeys(
            ("S1", "990100001", "D1"), colour
        ), clock
        assert {states[code].colour for code in ("S2", "990100002", "D2")} == {"green"}
    assert states["S1"].why == "1 open report(s) past the deadline"


def test_a_report_closed_at_its_deadline_is_late_and_one_closed_before_is_not() -> None:
    desk = a_desk()
    late = some_reports(desk, {"closed": on(0, "12:00").isoformat()})
    assert the_states(desk, on(0, "13:00"), late)["S1"].why == "1 report(s) closed late"
    assert the_states(desk, on(0, "11:59"), late)["S1"].why == "1 open report(s) near the deadline"
    assert the_states(desk, on(8, "13:00"), late)["S1"].colour == "green"
    in_time = some_reports(desk, {"closed": on(0, "11:59").isoformat()})
    assert the_states(desk, on(0, "13:00"), in_time)["S1"].colour == "green"


def test_the_deadline_of_the_file_goes_before_that_of_the_rulebook() -> None:
    desk = a_desk()
    placed = some_reports(desk, {"due": on(0, "18:00").isoformat()}, {"due": "", "category": "no such kind"})
    assert the_states(desk, on(0, "13:00"), placed, due_soon_hours=0)["S1"].colour == "green"
    assert the_states(desk, on(0, "18:00"), placed)["S1"].counts["overdue"] == 1


def test_missing_reports_colour_the_station_its_streets_and_its_department_by_the_thresholds() -> None:
    desk, now = a_desk(), on(2, "18:00")
    said = [DailyReport("S2", on(day, "09:00")) for day in range(3)]
    statuses = daily_statuses(
        desk.roster, said, (OFFICE,), first=MONDAY, last=on(2, "00:00").date() + dt.timedelta(1), now=now
    )
    states = the_states(desk, now, statuses=statuses)
    assert {code: state.colour for code, state in states.items()} == {
        "S1": "red", "990100001": "red", "D1": "red", "S2": "green", "990100002": "green", "D2": "green",
    }  # fmt: skip
    patient = the_states(desk, now, statuses=statuses, red={"missing": 4}, blue={"missing": 2})
    assert (patient["S1"].colour, patient["S1"].why) == ("blue", "3 daily report(s) missing")
    one_day = the_states(desk, now, statuses=statuses, days=1)
    assert (one_day["S1"].colour, one_day["S1"].counts["missing"]) == ("blue", 1)
    findings = colour_findings(states.values(), statuses, desk)
    assert [finding.rule for finding in findings] == ["station_has_reported"] * 3 + ["nothing_is_red"] * 3
    assert "due before 2026-11-23 17:30+08:00" in findings[0].message


def test_a_zero_report_is_held_against_the_reports_that_had_come_before_it() -> None:
    desk, now = a_desk(), on(0, "18:00")
    said = (DailyReport("S1", on(0, "12:00"), 0), DailyReport("S2", on(0, "12:00"), 0))
    statuses = daily_statuses(desk.roster, said, (OFFICE,), first=MONDAY, last=MONDAY + dt.timedelta(1), now=now)
    placed = some_reports(desk, *({"at": on(0, clock).isoformat()} for clock in ("08:29", "08:30", "11:59", "12:00")))
    assert [finding.message for finding in zero_findings(statuses, placed)] == [
        "station S1 West reported nothing at 2026-11-23 12:00+08:00, but 2 report(s) had come"
    ]


def test_a_file_of_daily_reports_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "daily_reports.csv"
    path.write_text(
        "station,at,count\nS1,2026-11-23 09:00,0\nS9,2026-11-23 09:00,1\nS2,2026-11-23 09:00,-1\nS2,soon,1\nS1,2026-11-23 09:00,1\n"
    )
    with pytest.raises(RowsError) as caught:
        read_daily_reports(path, a_roster())
    assert {problem.row for problem in caught.value.problems} == {4, 5}
    path.write_text("station,at,count\nS1,2026-11-23 09:00,0\nS9,2026-11-23 09:00,1\nS1,2026-11-23 09:00,1\n")
    with pytest.raises(RowsError, match="the station reported then in row 2") as caught:
        read_daily_reports(path, a_roster())
    assert [problem.row for problem in caught.value.problems] == [3, 4]


def test_daily_reports_are_kept_in_the_atlas_and_a_file_may_be_taken_twice(tmp_path: Path) -> None:
    atlas = Atlas.create(tmp_path / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    reports = (DailyReport("S1", on(0, "09:00"), 0, note="无"), DailyReport("S2", on(0, "09:00"), 3, day=MONDAY))
    assert kept_daily_reports(atlas) == ()
    assert keep_daily_reports(atlas, reports, dry_run=True) == 2
    assert kept_daily_reports(atlas) == ()
    assert (keep_daily_reports(atlas, reports), keep_daily_reports(atlas, reports)) == (2, 0)
    assert kept_daily_reports(atlas) == reports
    with pytest.raises(ConflictError, match="S1 reported 0"):
        keep_daily_reports(atlas, (DailyReport("S2", on(1, "09:00")), DailyReport("S1", on(0, "09:00"), 5)))
    assert kept_daily_reports(atlas) == reports
    atlas.close()


def test_the_template_can_be_filled_in_and_taken(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = write_daily_template(tmp_path / "daily.xlsx")
    book = load_workbook(path)
    sheet = book["daily_reports"]
    row = sheet.max_row + 1
    for column, value in enumerate(("S1", dt.datetime(2026, 11, 23, 9, 0), 0), start=1):
        sheet.cell(row, column, value)
    book.save(path)
    book.close()
    assert read_daily_reports(path, a_roster()) == (DailyReport("S1", on(0, "09:00"), 0),)
