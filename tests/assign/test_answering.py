"""One place, one person, and why."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from geogrid.assign import locator
from geogrid.assign.answering import Desk
from geogrid.assign.hours import Hours
from geogrid.assign.roster import Department, Duty, Leave, Person, Roster, Served, Station
from geogrid.assign.rulebook import Category, Condition, Route, Rulebook
from geogrid.assign.shift import shift_one
from geogrid.crs import from_wgs84
from geogrid.errors import NotFoundError
from geogrid.testing import toy_city

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY_NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
MONDAY_NIGHT = dt.datetime(2026, 11, 23, 23, 0, tzinfo=ZONE)
SOUTH_WEST = {"lon": 121.2505, "lat": 31.3805, "datum": "wgs84"}
NORTH_EAST = {"lon": 121.2535, "lat": 31.3835, "datum": "wgs84"}


def a_roster(**changes: object) -> Roster:
    tables = {
        "departments": (Department("D1", "Greening office"),),
        "persons": (Person("p1", "Ann"), Person("p2", "Bo"), Person("p3", "Cy"), Person("p4", "Di", "D1")),
        "stations": (Station("S1", "First station", parent="C"), Station("C", "Centre", tier="centre")),
        "serves": (Served("responsibility", "G01", "S1"), Served("street", "990100002", "C")),
        "duties": (
            Duty("p1", "grid_head", "responsibility", "G01", Hours.parse("workdays 08:30-17:30")),
            Duty("p2", "grid_deputy", "responsibility", "G01", Hours.parse("workdays 08:30-20:00")),
            Duty("p3", "station_head", "station", "S1"),
            Duty("p4", "duty_officer", "department", "D1"),
        ),
    }
    return Roster(**(tables | changes))


def test_the_head_of_the_grid_answers_at_working_hours() -> None:
    answer = Desk(toy_city(), a_roster()).answer(**SOUTH_WEST, at=MONDAY_NOON)
    assert (answer.outcome, answer.person.name, answer.person.role) == ("answered", "Ann", "grid_head")
    assert answer.layers["responsibility"].code == "G01"
    assert answer.areas["community"].code == "990100001001"
    assert answer.station.name == "First station"
    assert [deputy.name for deputy in answer.deputies] == ["Bo"]
    assert [(tier.unit.code, tier.person and tier.person.name) for tier in answer.escalation] == [
        ("S1", "Cy"),
        ("C", None),
    ]


def test_the_deputy_then_the_tier_above_answer_after_hours_and_why_says_so() -> None:
    desk = Desk(toy_city(), a_roster())
    evening = desk.answer(**SOUTH_WEST, at=MONDAY_NOON.replace(hour=19))
    assert evening.person.name == "Bo"
    night = desk.answer(**SOUTH_WEST, at=MONDAY_NIGHT)
    assert night.person.name == "Cy"
    english = [reason.en for reason in night.why]
    assert "responsibility G01: grid head Ann is off duty." in english
    assert "responsibility G01: deputy grid head Bo is off duty." in english
    assert english[-1] == "station S1: station head Cy is on duty and answers."
    assert any("网格长Ann不在岗" in reason.zh for reason in night.why)


def test_a_place_whose_station_has_nobody_is_a_hole_with_a_reason() -> None:
    answer = Desk(toy_city(), a_roster()).answer(**NORTH_EAST, at=MONDAY_NOON)
    assert (answer.outcome, answer.person, answer.station.code) == ("hole", None, "C")
    assert answer.why[-1].zh == "无人负责：责任空白。"


def test_a_point_outside_names_the_nearest_cell_and_its_distance() -> None:
    answer = Desk(toy_city(), a_roster()).answer(lon=121.2495, lat=31.3805, datum="wgs84", at=MONDAY_NOON)
    assert answer.outcome == "outside"
    assert answer.cell.code == "990100001001001"
    assert answer.distance_m == pytest.approx(47.6, abs=0.3)


def test_a_substitute_stands_in_for_the_one_on_leave() -> None:
    leave = Leave("p1", dt.datetime(2026, 11, 23), dt.datetime(2026, 11, 24), "p4")
    answer = Desk(toy_city(), a_roster(leaves=(leave,))).answer(**SOUTH_WEST, at=MONDAY_NOON)
    assert (answer.person.name, answer.person.instead_of) == ("Di", "p1")
    assert "Di stands in for Ann, who is on leave." in [reason.en for reason in answer.why]


def test_two_heads_of_equal_order_are_a_clash_and_still_one_person_answers() -> None:
    roster = a_roster()
    twice = a_roster(duties=(*roster.duties, Duty("p4", "grid_head", "responsibility", "G01")))
    answer = Desk(toy_city(), twice).answer(**SOUTH_WEST, at=MONDAY_NOON)
    assert (answer.person.id, answer.clash) == ("p1", True)
    later = a_roster(duties=(*roster.duties, Duty("p4", "grid_head", "responsibility", "G01", order=2)))
    assert not Desk(toy_city(), later).answer(**SOUTH_WEST, at=MONDAY_NOON).clash


def test_the_most_specific_rule_wins_and_rules_of_equal_rank_clash() -> None:
    tree = Category("0401", "fallen tree")
    wide = Route("R1", "role:station_head", category="04*")
    narrow = Route("R2", "department:D1", place="responsibility=G01", category="0401")
    desk = Desk(toy_city(), a_roster(), Rulebook((tree,), (wide, narrow)))
    answer = desk.answer(**SOUTH_WEST, category="0401", at=MONDAY_NOON)
    assert (answer.person.name, answer.rules) == ("Di", ("R2",))
    rival = Route("R3", "role:grid_head", place="responsibility=G01", category="0401")
    desk = Desk(toy_city(), a_roster(), Rulebook((tree,), (wide, narrow, rival)))
    assert desk.answer(**SOUTH_WEST, category="0401", at=MONDAY_NOON).clash


def test_a_rule_holds_only_at_its_hours() -> None:
    tree = Category("0401", "fallen tree")
    night = Route("R1", "department:D1", category="0401", hours=Hours.parse("daily 22:00-06:00"))
    desk = Desk(toy_city(), a_roster(), Rulebook((tree,), (night,)))
    assert desk.answer(**SOUTH_WEST, category="0401", at=MONDAY_NIGHT).person.name == "Di"
    day = desk.answer(**SOUTH_WEST, category="0401", at=MONDAY_NOON)
    assert day.person.name == "Ann"
    assert "Rule R1 does not hold at this hour (daily 22:00-06:00)." in [reason.en for reason in day.why]


def test_a_rule_may_name_a_grid_of_an_overlay() -> None:
    car = Category("0501", "abandoned car")
    beat = Route("R1", "department:D1", place="police=P2", category="0501")
    desk = Desk(toy_city(), a_roster(), Rulebook((car,), (beat,)))
    inside = desk.answer(lon=121.2505, lat=31.3815, datum="wgs84", category="0501", at=MONDAY_NOON)
    assert (inside.layers["police"].code, inside.person.name) == ("P2", "Di")
    assert desk.answer(**SOUTH_WEST, category="0501", at=MONDAY_NOON).person.name == "Ann"


def test_an_unknown_category_is_refused() -> None:
    desk = Desk(toy_city(), a_roster(), Rulebook((Category("0401", "fallen tree"),)))
    with pytest.raises(NotFoundError, match="no category"):
        desk.answer(**SOUTH_WEST, category="9999", at=MONDAY_NOON)


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_an_answer_names_the_place_that_the_locator_looked_up_shifted_once(
    datum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(toy_city(), a_roster())
    x, y = (float(value) for value in from_wgs84(121.2505, 31.3805, datum=datum))
    shifted = []

    def counted(*place: Any) -> tuple[float, float]:
        shifted.append(place)
        return shift_one(*place)

    monkeypatch.setattr(locator, "shift_one", counted)
    answer = desk.answer(lon=x, lat=y, datum=datum, at=MONDAY_NOON)
    assert len(shifted) == (datum in ("gcj02", "bd09"))
    assert (answer.lon, answer.lat) == desk.locator.placed(lon=x, lat=y, datum=datum)[:2]
    assert (answer.lon, answer.lat) == pytest.approx((121.2505, 31.3805), abs=1e-9)
    assert answer.cell.code == desk.answer(**SOUTH_WEST, at=MONDAY_NOON).cell.code


def test_where_the_grid_has_no_duties_a_station_is_still_above_it_and_any_head_stands_in() -> None:
    roster = a_roster(duties=(Duty("p3", "station_head", "station", "S1"), Duty("p2", "grid_head", "station", "S1")))
    rules = Rulebook(routes=(Route("R1", "role:grid_head"),))
    answer = Desk(toy_city(), roster, rules).answer(**SOUTH_WEST, at=MONDAY_NOON)
    assert (answer.person.name, answer.clash) == ("Bo", True)


LATE = ("deputies", "helpers", "escalation", "deadline", "steps")
LAMP = Category("0102", "lamp", "component", conditions=(Condition("1", "dark", "4紧急工作时"),))


@pytest.mark.parametrize("order", [LATE, LATE[::-1], LATE[2:] + LATE[:2]])
def test_what_an_answer_tells_does_not_depend_on_when_it_is_asked(order: tuple[str, ...]) -> None:
    desk = Desk(toy_city(), a_roster(), Rulebook(categories=(LAMP,)))
    asked = {**SOUTH_WEST, "category": "0102", "at": MONDAY_NOON}
    answer, other = desk.answer(**asked), desk.answer(**asked)
    for name in order:
        getattr(answer, name)
    assert answer.deadline == MONDAY_NOON.replace(hour=16)
    assert answer.escalation[0].at == MONDAY_NOON.replace(hour=15, minute=12)
    assert answer == other
    assert answer.to_dict() == other.to_dict()
    assert desk.answer(**asked).verdict == answer.verdict


def test_an_answer_is_copied_and_sent_whole() -> None:
    desk = Desk(toy_city(), a_roster(), Rulebook(categories=(LAMP,)))
    answer = desk.answer(**SOUTH_WEST, category="0102", at=MONDAY_NOON)
    for again in (pickle.loads(pickle.dumps(answer)), copy.copy(answer), replace(answer, edition=3)):
        assert again.steps == answer.steps
        assert again.escalation == answer.escalation
        assert "_later" not in vars(again)
    assert "Desk" not in repr(answer)
    with pytest.raises(AttributeError, match="no attribute 'phone'"):
        answer.phone  # noqa: B018
