"""The timelines, the single answer, the batch and the proof agree with the minute-by-minute oracle."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.assign.hours import Hours
from geogrid.assign.locator import Locator
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Department, Duty, Leave, Person, Roster, Served, Station
from geogrid.assign.rulebook import Asset, Category, Condition, Route, Rulebook
from geogrid.assign.workdays import WorkCalendar
from geogrid.coverage import prove_staffing
from geogrid.errors import RowsError
from geogrid.testing import toy_city

from .minute_oracle import HOLIDAYS, MAKE_UP, PATTERNS, Oracle

CITY = toy_city()
LOCATOR = Locator.of(CITY)
CALENDAR = WorkCalendar(country="", holidays=frozenset(HOLIDAYS), make_up_days=frozenset(MAKE_UP))
IDS = ("p1", "p2", "p3", "p4")
UNITS = (
    ("responsibility", "G01"),
    ("responsibility", "G02"),
    ("station", "S1"),
    ("station", "C"),
    ("department", "D1"),
)
ROLES = ("grid_head", "grid_deputy", "grid_member", "station_head", "police")
CATEGORIES = (
    Category("0101", "cover", "component", conditions=(Condition("1", "broken"), Condition("2", "dirty"))),
    Category("0102", "lamp", "component", qualification="climbing"),
    Category("0501", "car", "event", role="police"),
)
ASSETS = (Asset("a1", "0101", 121.2505, 31.3805, owner="D1"),)
DEPTH = {"district": 1, "street": 2, "community": 3, "police": 4, "responsibility": 5, "cell": 6}
DAYS = (dt.date(2026, 10, 1), dt.date(2026, 10, 2), dt.date(2026, 10, 9), dt.date(2026, 10, 10))
TEXTS = st.sampled_from(sorted(PATTERNS))
HOURS = st.one_of(st.none(), TEXTS.map(Hours.parse))
DATES = st.one_of(st.none(), st.sampled_from(DAYS))


@st.composite
def duties(draw: st.DrawFn) -> Duty:
    layer, code = draw(st.sampled_from(UNITS))
    start, end = draw(DATES), draw(DATES)
    return Duty(
        draw(st.sampled_from(IDS)), draw(st.sampled_from(ROLES)), layer, code, draw(HOURS),
        draw(st.sampled_from(("*", "event", "01*", "0101 0501"))), draw(st.integers(1, 2)), start, end,
    )  # fmt: skip


@st.composite
def leaves(draw: st.DrawFn) -> Leave:
    start = dt.datetime.combine(draw(st.sampled_from(DAYS)), dt.time(draw(st.integers(0, 23)), 30))
    return Leave(
        draw(st.sampled_from(IDS)), start, start + dt.timedelta(hours=draw(st.integers(1, 30))),
        draw(st.sampled_from(("", *IDS))),
    )  # fmt: skip


@st.composite
def routes(draw: st.DrawFn) -> Route:
    leads = ("role:grid_head", "role:police", "role:station_head", "department:D1", "person:p1")
    places = ("*", "responsibility=G01", "community=990100001002", "street=990100001", "police=P1")
    category = draw(st.sampled_from(("*", "component", "01*", "0101", "0501")))
    condition = draw(st.sampled_from(("", "1"))) if category == "0101" else ""
    return Route(
        f"R{draw(st.integers(0, 10**6)):07d}", draw(st.sampled_from(leads)), draw(st.sampled_from(places)), "",
        category, condition, draw(HOURS),
    )  # fmt: skip


@st.composite
def desks(draw: st.DrawFn) -> Desk:
    persons = tuple(
        Person(id, id, "", ("climbing",) if draw(st.booleans()) else (), valid_to=draw(DATES)) for id in IDS
    )
    chosen = draw(st.lists(duties(), min_size=1, max_size=8))
    away = draw(st.lists(leaves(), max_size=3))
    rules = draw(st.lists(routes(), max_size=4, unique_by=lambda route: route.id))
    stations = (Station("S1", "First", parent="C"), Station("C", "Centre", "centre"))
    serves = (Served("responsibility", "G01", "S1"), Served("street", "990100001", "C"))
    fitting: list[Duty] = []
    for duty in chosen:
        try:
            _roster(persons, (*fitting, duty), (), stations, serves)
        except RowsError:
            continue
        fitting.append(duty)
    kept: list[Leave] = []
    for leave in away:
        try:
            _roster(persons, tuple(fitting), (*kept, leave), stations, serves)
        except RowsError:
            continue
        kept.append(leave)
    roster = _roster(persons, tuple(fitting), tuple(kept), stations, serves)
    rulebook = Rulebook(CATEGORIES, tuple(rules), ASSETS, fallback=draw(st.booleans()))
    return Desk(CITY, roster, rulebook, given_locator=LOCATOR)


def _roster(persons, fitting, away, stations, serves) -> Roster:
    return Roster((Department("D1", "Office"),), persons, stations, serves, fitting, away, calendar=CALENDAR)


CASES = ((CATEGORIES[0], "1"), (CATEGORIES[0], "2"), (CATEGORIES[1], ""), (CATEGORIES[2], ""), (None, ""))
PLACES = {
    # cell row: the tiers above it, and what it lies in
    0: ([("responsibility", "G01"), ("station", "S1"), ("station", "C")],
        {("responsibility", "G01"), ("community", "990100001001"), ("street", "990100001"), ("police", "P1")}),
    8: ([("responsibility", "G02"), ("station", "C")],
        {("responsibility", "G02"), ("community", "990100001002"), ("street", "990100001"), ("police", "P2")}),
    10: ([("responsibility", "G04")],
         {("responsibility", "G04"), ("community", "990100002002"), ("street", "990100002"), ("police", "P2")}),
}  # fmt: skip
POLICE = {0: 0, 8: 1, 10: 1}


def _minutes(first: dt.datetime, last: dt.datetime) -> list[dt.datetime]:
    return [first + dt.timedelta(minutes=m) for m in range(int((last - first).total_seconds() // 60))]


def _overlays(desk: Desk, cell: int) -> tuple[tuple[str, int], ...]:
    return tuple((name, POLICE[cell]) for name in desk.classes.overlays)


@given(desks(), st.sampled_from(DAYS), st.sampled_from(sorted(PLACES)), st.sampled_from(CASES), st.booleans())
@settings(max_examples=60)
def test_every_minute_of_a_day_is_answered_as_the_oracle_says(desk, day, cell, case, with_owner) -> None:
    category, condition = case
    holders = ("D1",) if with_owner and category is not None and category.kind == "component" else ()
    first, last = dt.datetime.combine(day, dt.time(0)), dt.datetime.combine(day, dt.time(0)) + dt.timedelta(hours=26)
    resolution = Resolution(desk.roster, CALENDAR.second_of(first), CALENDAR.second_of(last))
    place = desk.classes.at(cell, _overlays(desk, cell))
    timeline = resolution.timeline(desk.lines.of(place, category, condition, holders))
    oracle = Oracle(desk.roster, desk.rulebook)
    units, inside = PLACES[cell]
    seconds = CALENDAR.second_of(first) + 60 * np.arange(26 * 60)
    values = timeline.values[np.searchsorted(timeline.times, seconds, side="right") - 1]
    for minute, value in zip(_minutes(first, last), values.tolist(), strict=True):
        expected = oracle.answer(units, inside, DEPTH, minute, category, condition, holders)
        found = desk.roster.persons[resolution.posts.states[value // 2][1]].id if value >= 0 else None
        assert (found, value >= 0 and value % 2 == 1) == (expected.person, expected.clash), minute


@given(desks(), st.sampled_from(DAYS))
@settings(max_examples=12, phases=(Phase.generate,))
def test_the_proof_reports_no_hole_that_is_not_there_and_misses_none(desk, day) -> None:
    first, last = dt.datetime.combine(day, dt.time(17)), dt.datetime.combine(day, dt.time(23)) + dt.timedelta(hours=3)
    proof = prove_staffing(desk, first, last)
    oracle = Oracle(desk.roster, desk.rulebook)
    grids = {0: "G01", 8: "G02", 10: "G04"}
    for cell, (units, inside) in PLACES.items():
        for category, condition in CASES[:-1]:
            label = f"{category.code}/{condition}" if condition else category.code
            open_minutes = {"hole": set(), "clash": set()}
            for one in proof.open:
                row = int(one.cell[-3:]) - 1
                same_strip = (row // 2 == 0 and one.unit == "G01" and cell == 0) or cell != 0
                if one.unit == grids[cell] and label in one.categories and same_strip and _same_piece(desk, one, cell):
                    for a, b in one.intervals.tolist():
                        open_minutes[one.kind] |= set(range(a, b, 60))
            for minute in _minutes(first, last):
                expected = oracle.answer(units, inside, DEPTH, minute, category, condition)
                second = CALENDAR.second_of(minute)
                assert (second in open_minutes["hole"]) == (expected.person is None), (cell, label, minute, expected)
                # An asset of the first category stands in cell 0: there its owner's own clashes count, too.
                owned = ("D1",) if cell == 0 and category.code == "0101" else ()
                with_owner = oracle.answer(units, inside, DEPTH, minute, category, condition, owned)
                said = (cell, label, minute, expected, with_owner)
                assert (second in open_minutes["clash"]) == (expected.clash or with_owner.clash), said


def _same_piece(desk: Desk, one, cell: int) -> bool:
    """Return whether a finding is about the same class of places as a cell."""
    found = int(LOCATOR.cell_at(lon=one.lon, lat=one.lat, datum="wgs84"))
    police = {0: 0, 1: 1}.get(0 if one.lat < 31.381 else 1)
    overlays = tuple((name, police) for name in desk.classes.overlays)
    return desk.classes.number(found, overlays) == desk.classes.number(cell, _overlays(desk, cell))


@given(desks(), st.sampled_from(DAYS), st.integers(0, 26 * 60 - 1))
@settings(max_examples=40)
def test_one_by_one_and_in_a_batch_the_answers_are_the_same(desk, day, minute) -> None:
    at = dt.datetime.combine(day, dt.time(0)) + dt.timedelta(minutes=minute)
    lon = [121.2505, 121.25051, 121.2535, 121.2525, 121.2505, 121.2]
    lat = [31.3805, 31.38052, 31.3835, 31.3822, 31.3835, 31.3]
    frame = pd.DataFrame({"lon": lon, "lat": lat, "category": ["0101", "0101", "0501", "0102", "", "0501"]})
    frame["condition"] = ["1", "2", "", "", "", ""]
    answers = answer_frame(desk, frame, datum="wgs84", at=at)
    for row in frame.itertuples():
        one = desk.answer(
            lon=row.lon, lat=row.lat, datum="wgs84", category=row.category, condition=row.condition, at=at
        )
        many = answers.loc[row.Index]
        person = None if pd.isna(many.person) else many.person
        assert (many.outcome, person, bool(many.clash)) == (one.outcome, one.person and one.person.id, one.clash)
        assert len([one.person] if one.person else []) <= 1
        if one.outcome == "answered":
            assert many.rule == one.rules[0]
