"""The stories from which the contract of one answerable person comes (the 133-of-174 squad: see test_fit)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from geogrid.assign.answering import Desk
from geogrid.assign.catalogue import read_catalogue
from geogrid.assign.hours import Hours
from geogrid.assign.roster import Department, Duty, Person, Roster, Served, Station
from geogrid.assign.rulebook import Asset, Category, Condition, Power, Route, Rulebook
from geogrid.coverage import cover, prove_staffing
from geogrid.partition import Division
from geogrid.testing import toy_city

NOON = dt.datetime(2026, 11, 23, 12, 0)
WEEK = (dt.date(2026, 11, 23), dt.date(2026, 11, 30))
HERE = {"lon": 121.2505, "lat": 31.3805, "datum": "wgs84"}
GRIDS = ("G01", "G02", "G03", "G04")


def town(*, land: str = "", head_hours: str = "24h", head_for: str = "*") -> tuple[Division, Roster]:
    """Return the toy city with a head in every grid and three departments with an officer each."""
    import numpy as np

    city = toy_city()
    base = replace(city.base, attributes={"land": np.full(16, land, dtype=object)})
    city = replace(city, layers=(base, *city.layers[1:]))
    heads = tuple(Person(f"h{i}", f"Head {i}") for i in range(4))
    officers = (Person("traffic", "Traffic officer", "D-TRF"), Person("green", "Gardener", "D-GRN"),
                Person("lamp", "Electrician", "D-LMP", ("登高证",)))  # fmt: skip
    duties = tuple(
        Duty(f"h{i}", "grid_head", "responsibility", code, Hours.parse(head_hours), head_for)
        for i, code in enumerate(GRIDS)
    )
    duties += tuple(Duty(p.id, "duty_officer", "department", p.department) for p in officers)
    departments = (
        Department("D-TRF", "Traffic police"),
        Department("D-GRN", "Greening office"),
        Department("D-LMP", "City lighting"),
    )
    station = Station("S", "Station")
    serves = tuple(Served("responsibility", code, "S") for code in GRIDS)
    return city, Roster(departments, (*heads, *officers), (station,), serves, duties)


def test_the_car_on_the_green_belt() -> None:
    """Traffic police: not a road. Greening office: not a plant. The detector sees it before any report comes."""
    city, roster = town(land="green")
    car = Category("0501", "car parked")
    powers = (Power("D-TRF", "0501", "road"), Power("D-GRN", "04*", "green"))
    desk = Desk(city, roster, Rulebook((car,), powers=powers))
    found = [f for f in cover(desk, first=WEEK[0], last=WEEK[1]).findings if f.rule == "power_is_not_split"]
    assert len(found) == 1
    assert "suggested lead: Greening office, helper: Traffic police" in found[0].message
    assert found[0].amount == pytest.approx(168747, abs=1)
    rule = Route("R1", "department:D-GRN", land="green", category="0501", helpers=("department:D-TRF",))
    settled = Desk(city, roster, Rulebook((car,), (rule,), powers=powers))
    assert {f.rule for f in cover(settled, first=WEEK[0], last=WEEK[1]).findings} == {"load_within_limit"}
    answer = settled.answer(**HERE, category="0501", at=NOON)
    assert (answer.person.id, [helper.id for helper in answer.helpers]) == ("green", ["traffic"])


def test_the_manhole_cover_at_the_traffic_light() -> None:
    """The cover belongs to the traffic light: its registered owner answers, not whoever puts up a sign."""
    city, roster = town()
    cover_kind = Category("0108", "manhole cover", "component", bodies=("Water works", "各产权单位"),
                          conditions=(Condition("1", "missing", "2紧急工作时"),))  # fmt: skip
    cover_there = Asset("A1", "0108", 121.2505, 31.3805, owner="D-TRF", maintainer="D-LMP")
    desk = Desk(city, roster, Rulebook((cover_kind,), assets=(cover_there,)))
    answer = desk.answer(**HERE, category="0108", condition="1", at=NOON)
    assert (answer.person.id, answer.rules) == ("traffic", ("owner",))
    assert answer.deadline == dt.datetime(2026, 11, 23, 14, 0, tzinfo=roster.calendar.tz)
    assert any("owner first" in reason.en for reason in answer.why)
    elsewhere = desk.answer(lon=121.2515, lat=31.3805, datum="wgs84", category="0108", condition="1", at=NOON)
    assert (elsewhere.person.id, elsewhere.rules) == ("h0", ("duty",))


def test_the_climbing_certificate() -> None:
    """The grid head cannot climb: the lead moves to the one who may, and the answer says why."""
    city, roster = town()
    climber = Duty("lamp", "grid_member", "responsibility", "G01")
    roster = replace(roster, duties=(*roster.duties, climber))
    lamp = Category("0117", "street lamp", "event", qualification="登高证")
    answer = Desk(city, roster, Rulebook((lamp,))).answer(**HERE, category="0117", at=NOON)
    assert answer.person.id == "lamp"
    english = [reason.en for reason in answer.why]
    assert "responsibility G01: Head 0 is on duty but holds no 登高证." in english
    assert "Electrician holds 登高证 and takes the lead." in english
    nobody = Desk(city, replace(roster, duties=roster.duties[:4]), Rulebook((lamp,)))
    assert nobody.answer(**HERE, category="0117", at=NOON).outcome == "hole"


def test_from_8_hours_to_24_hours() -> None:
    """A grid kept eight hours a day is open 112 hours a week; shifts round the clock close it."""
    city, roster = town(head_hours="daily 09:00-17:00")
    proof = prove_staffing(Desk(city, roster), *WEEK)
    assert sorted((one.unit, one.hours_per_week) for one in proof.open) == [(code, 112.0) for code in GRIDS]
    nights = tuple(
        Duty("traffic", "grid_head", "responsibility", code, Hours.parse("daily 17:00-01:00")) for code in GRIDS
    ) + tuple(Duty("green", "grid_head", "responsibility", code, Hours.parse("daily 01:00-09:00")) for code in GRIDS)
    closed = prove_staffing(Desk(city, replace(roster, duties=(*roster.duties, *nights))), *WEEK)
    assert closed.holds
    assert closed.answered_share == pytest.approx(1.0)


def test_the_town_without_power_over_a_city_owned_lamp() -> None:
    """A town is marked down for lamps the city owns: the detector names who should lead."""
    city, roster = town()
    roster = replace(roster, departments=(*roster.departments, Department("TOWN", "Town office")),
                     persons=(*roster.persons, Person("clerk", "Clerk", "TOWN")),
                     duties=(*roster.duties, Duty("clerk", "duty_officer", "department", "TOWN")))  # fmt: skip
    lamp = Category("0117", "street lamp", "component")
    rule = Route("R1", "department:TOWN", category="0117")
    powers = (Power("D-LMP", "0117"), Power("TOWN", "05*"))
    desk = Desk(city, roster, Rulebook((lamp,), (rule,), powers=powers))
    found = [f for f in cover(desk, first=WEEK[0], last=WEEK[1]).findings if f.rule == "lead_has_power"]
    assert len(found) == 1
    assert (
        "the lead Town office has no power over it; suggested lead: City lighting, helper: Town office"
        in found[0].message
    )
    owned = Rulebook((lamp,), assets=(Asset("L1", "0117", 121.2505, 31.3805, owner="D-LMP"),), powers=powers)
    assert Desk(city, roster, owned).answer(**HERE, category="0117", at=NOON).person.id == "lamp"


@pytest.mark.acceptance
def test_a_published_standard_is_full_of_holes_without_owners_and_has_none_with_the_fallback(
    acceptance_data: Path,
) -> None:
    standard = read_catalogue(acceptance_data / "category_standard_yuncheng.csv")
    assert (len(standard.categories), standard.conditions, standard.unparsed) == (66, 279, ())
    assert sum(len(category.bodies) > 1 for category in standard.categories) == 66
    assert sum("各产权单位" in category.bodies for category in standard.categories) == 60
    city, roster = town(head_for="event")
    empty = prove_staffing(Desk(city, roster, Rulebook(standard.categories, fallback=False)), *WEEK)
    assert (empty.categories, empty.answered_share) == (279, 0.0)
    assert {one.unit for one in empty.open} == set(GRIDS)
    assert all(len(one.categories) == 279 and one.hours_per_week == 168.0 for one in empty.open)
    filled = prove_staffing(Desk(city, roster, Rulebook(standard.categories)), *WEEK)
    assert filled.holds
    assert filled.answered_share == pytest.approx(1.0)
    report = cover(Desk(city, roster, Rulebook(standard.categories, fallback=False)), first=WEEK[0], last=WEEK[1])
    assert (report.figures["holes"], report.figures["answered_share"]) == (4, 0.0)
