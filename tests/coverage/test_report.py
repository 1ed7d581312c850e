"""Each kind of fault, put in on purpose, is found and located; a sound district has none."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from geogrid.assign.answering import Desk
from geogrid.assign.hours import Hours
from geogrid.assign.roster import Department, Duty, Leave, Person, Roster, Served, Station
from geogrid.assign.rulebook import Asset, Category, Route, Rulebook
from geogrid.coverage import Limits, cover, prove_staffing
from geogrid.coverage.page import open_by_hour
from geogrid.coverage.reach import station_distance_m
from geogrid.testing import toy_city

WEEK = {"first": dt.date(2026, 11, 23), "last": dt.date(2026, 11, 30)}
GRIDS = ("G01", "G02", "G03", "G04")


def sound(**changes: object) -> Roster:
    """Return a roster with a head by day and one by night in each grid."""
    persons = tuple(Person(f"{when}{i}", f"{when} {i}") for when in ("day", "night") for i in range(4))
    duties = tuple(
        Duty(f"{when}{i}", "grid_head", "responsibility", code, Hours.parse(hours))
        for when, hours in (("day", "daily 08:00-20:00"), ("night", "daily 20:00-08:00"))
        for i, code in enumerate(GRIDS)
    )
    serves = tuple(Served("responsibility", code, "S") for code in GRIDS)
    return Roster(
        **({"persons": persons, "duties": duties, "stations": (Station("S", "S"),), "serves": serves} | changes)
    )


def found(roster: Roster, rulebook: Rulebook | None = None, **options: object) -> list:
    return list(cover(Desk(toy_city(), roster, rulebook or Rulebook()), **WEEK, **options).findings)


def test_a_sound_district_has_no_finding() -> None:
    report = cover(Desk(toy_city(), sound()), **WEEK)
    assert report.holds
    assert report.figures["covered_share"] == 1.0
    assert report.figures["answered_share"] == pytest.approx(1.0)


def test_a_shift_left_out_is_a_hole_with_its_hours_place_and_who_is_nearest() -> None:
    roster = sound()
    (finding,) = found(replace(roster, duties=tuple(d for d in roster.duties if d.person != "night2")))
    assert finding.rule == "has_answerable_person"
    assert "responsibility G03: nobody is answerable 84.0 h a week" in finding.message
    assert "nearest to filling it: day 2" in finding.message
    assert (finding.lon, finding.lat) == (pytest.approx(121.2525), pytest.approx(31.3805))
    assert finding.amount == pytest.approx(42187, abs=2)


def test_two_heads_at_once_and_two_equal_rules_are_clashes() -> None:
    roster = sound()
    twice = replace(
        roster,
        duties=(*roster.duties, Duty("day1", "grid_head", "responsibility", "G01", Hours.parse("Mon 08:00-10:00"))),
    )
    (finding,) = found(twice)
    assert finding.rule == "has_one_answerable_person"
    assert "G01: more than one person is answerable 2.0 h a week" in finding.message
    rules = (Route("R1", "person:day0", category="0501"), Route("R2", "person:day1", category="0501"))
    clashes = found(sound(), Rulebook((Category("0501", "car"),), rules))
    assert {f.rule for f in clashes} == {"has_one_answerable_person"}
    assert "rules R1, R2 are equally specific" in clashes[0].message


def test_an_owner_with_two_officers_of_equal_order_is_a_clash_where_its_assets_stand() -> None:
    roster = sound()
    two = replace(
        roster,
        departments=(Department("D", "Lighting"),),
        duties=(
            *roster.duties,
            *(Duty(f"night{i}", "duty_officer", "department", "D", Hours.parse("Mon 09:00-10:00")) for i in (0, 1)),
        ),
    )
    rules = Rulebook((Category("0117", "lamp", "component"),), assets=(Asset("L", "0117", 121.2525, 31.3805, "D"),))
    (finding,) = found(two, rules, limits=Limits(hours_per_week=90))
    assert (finding.rule, finding.subjects[0]) == ("has_one_answerable_person", "G03")
    assert "1.0 h a week for 0117" in finding.message
    assert finding.amount == pytest.approx(168747 / 16, rel=1e-3)


def test_a_rule_for_an_overlay_cuts_the_cells_and_the_finding_lies_in_it() -> None:
    only = Rulebook((Category("0501", "car"),), (Route("R1", "person:day0", "police=P1", category="0501"),
                                                 Route("R2", "person:day1", "police=P1", category="0501")))  # fmt: skip
    findings = found(sound(), only)
    assert {f.subjects[0] for f in findings} == {"G01", "G03"}
    assert all(f.lat < 31.381 for f in findings)
    assert sum(f.amount for f in findings) == pytest.approx(168747 / 4, rel=1e-4)


def test_a_grid_whose_only_person_is_on_leave_without_a_substitute_is_named() -> None:
    roster = sound()
    alone = replace(roster, duties=tuple(
        replace(d, hours=None) for d in roster.duties if d.person.startswith("day")
    ), leaves=(Leave("day1", dt.datetime(2026, 11, 25), dt.datetime(2026, 11, 26)),))  # fmt: skip
    findings = found(alone, limits=Limits(hours_per_week=200))
    assert {f.rule for f in findings} == {"has_answerable_person", "leave_is_substituted"}
    assert [f.subjects for f in findings if f.rule == "leave_is_substituted"] == [("G02", "day1")]
    covered = replace(alone, leaves=(replace(alone.leaves[0], substitute="night0"),))
    assert found(covered, limits=Limits(hours_per_week=200)) == []


def test_persons_over_a_limit_are_named() -> None:
    findings = found(sound(), limits=Limits(hours_per_week=80))
    assert {f.rule for f in findings} == {"load_within_limit"}
    assert len(findings) == 8


def test_stations_too_far_are_found_straight_and_along_streets() -> None:
    place = Station("S", "S", lon=121.2505, lat=31.3805)
    roster = sound(stations=(place,))
    (finding,) = found(roster, limits=Limits(station_m=400))
    assert (finding.rule, finding.subjects) == ("station_within_reach", ("S", "990100002002004"))
    assert finding.amount == pytest.approx(np.hypot(285, 333), abs=2)
    desk = Desk(toy_city(), roster)
    # One street along the southern row, one up the eastern column.
    streets = [
        shapely.LineString([(121.2505, 31.3805), (121.2535, 31.3805)]),
        shapely.LineString([(121.2535, 31.3805), (121.2535, 31.3835)]),
    ]
    along = station_distance_m(desk, streets)
    assert along[15] == pytest.approx(285 + 333, abs=2)
    assert along[0] == pytest.approx(0, abs=0.5)
    apart = station_distance_m(desk, [streets[1], shapely.LineString([(121.2505, 31.3805), (121.2506, 31.3805)])])
    assert np.isinf(apart[15])


def test_places_without_a_station_are_counted() -> None:
    roster = sound(serves=tuple(Served("responsibility", code, "S") for code in GRIDS[:3]))
    report = cover(Desk(toy_city(), roster), **WEEK)
    assert report.figures["cells_without_station"] == 4
    assert [f.subjects for f in report.findings] == [("990100002002",)]


def test_the_page_the_table_and_the_layer_show_what_is_open(tmp_path: Path) -> None:
    roster = sound()
    report = cover(Desk(toy_city(), replace(roster, duties=roster.duties[:4])), **WEEK)
    share = open_by_hour(report)
    assert share[:, 8:20].max() == 0.0
    assert share[:, 20:].min() == share[:, :8].min() == 1.0
    page = report.to_html(tmp_path / "coverage.html").read_text(encoding="utf-8")
    assert "周三 Wed" in page
    assert page.count("<circle") == 4
    assert "http" not in page
    with sqlite3.connect(report.to_geopackage(tmp_path / "open.gpkg")) as connection:
        assert connection.execute("SELECT count(*) FROM open").fetchone() == (4,)
    assert report.to_dict()["figures"]["holes"] == 4


def test_the_order_of_rows_changes_nothing() -> None:
    roster = sound()
    twisted = replace(roster, duties=roster.duties[::-1], persons=roster.persons[::-1])
    one, other = (prove_staffing(Desk(toy_city(), r), *WEEK.values()) for r in (roster, twisted))
    assert one.open == other.open == ()
