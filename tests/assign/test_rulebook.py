"""Rulebooks, assets and published standards."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.assign.answering import Desk
from geogrid.assign.assets import AssetIndex
from geogrid.assign.catalogue import read_catalogue
from geogrid.assign.frame import answer_frame
from geogrid.assign.hours import Hours
from geogrid.assign.rule_files import read_rulebook, write_rulebook
from geogrid.assign.rulebook import Asset, Category, Condition, Power, Route, Rulebook
from geogrid.assign.sample import sample_roster, sample_rulebook
from geogrid.coverage import prove_staffing
from geogrid.crs import geodesic_distance_m
from geogrid.errors import InputError, RowsError
from geogrid.lattice import to_lattice
from geogrid.testing import toy_city

HEADER = "大类代码,大类名称,小类代码,小类名称,立案条件,处置时限,结案条件,监管主体,责任主体\n"


def full_rulebook() -> Rulebook:
    return Rulebook(
        (
            Category("0108", "井盖", "component", "01", "公用设施", bodies=("水务", "各产权单位"),
                     conditions=(Condition("1", "缺失", "2紧急工作时", (("A", "1紧急工作时"),), "恢复"), Condition("2", "破损", "4工作时"))),
            Category("0501", "停车", "event", role="police", qualification="驾照"),
        ),
        (Route("R1", "role:police", "responsibility=G01", "road", "0501", "", Hours.parse("daily 22:00-06:00"), ("role:grid_head",)),),
        (Asset("A1", "0108", 121.2505, 31.3805, "D1", "", "D2"),),
        (Power("D1", "01*", "road"),),
        fallback=False,
        asset_reach_m=20.0,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["rules.xlsx", "rules"])
def test_a_written_rulebook_reads_back_the_same(tmp_path: Path, name: str) -> None:
    assert read_rulebook(write_rulebook(full_rulebook(), tmp_path / name)) == full_rulebook()


def test_a_standard_is_read_as_it_is_and_what_is_not_understood_is_listed_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "standard.csv"
    path.write_text(
        HEADER + '01,公用设施,01,上水井盖,缺失,2紧急工作时,恢复,城管局,"节水中心、各产权单位"\n'
        ",,,,破损,尽快,更换,,\n,,02,污水井盖,缺失,１工作日,恢复,城管局,排水中心\n",
        encoding="utf-8",
    )
    standard = read_catalogue(path)
    first, second = standard.categories
    assert (first.code, first.bodies, [c.limit for c in first.conditions]) == (
        "0101",
        ("节水中心", "各产权单位"),
        ["2紧急工作时", "尽快"],
    )
    assert (second.code, second.bodies, second.conditions[0].limit) == ("0102", ("排水中心",), "1工作日")
    assert [(problem.row, problem.value) for problem in standard.unparsed] == [(3, "尽快")]
    path.write_text(
        HEADER + "01,公用,01,井盖,缺失,1工作日,,,\n,,01,路灯,缺失,1工作日,,,\n01,公用,02,灯,,1工作日,,,\n",
        encoding="utf-8",
    )
    with pytest.raises(RowsError) as error:
        read_catalogue(path)
    assert [(problem.row, problem.column) for problem in error.value.problems] == [(3, "小类代码"), (4, "立案条件")]
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a standard of this kind"):
        read_catalogue(path)


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=1, max_size=12),
    st.integers(-40, 40),
    st.integers(-40, 40),
)
@settings(max_examples=60)
def test_the_nearest_asset_is_the_one_that_measuring_every_distance_finds(offsets, dx, dy) -> None:
    assets = [
        Asset(f"a{i:02d}", "01", 121.25 + x * 1e-5, 31.38 + y * 1e-5, owner="D") for i, (x, y) in enumerate(offsets)
    ]
    lon, lat = 121.25 + dx * 1e-5, 31.38 + dy * 1e-5
    row, metres = AssetIndex(assets, {"01": 0}, 15.0).nearest(np.zeros(1, np.int32), to_lattice([lon], [lat]))
    every = geodesic_distance_m(lon, lat, [a.lon for a in assets], [a.lat for a in assets])
    if every.min() > 15.0 + 1e-4:
        assert row[0] == -1
    elif every.min() < 15.0 - 1e-4:
        assert metres[0] == pytest.approx(every.min(), abs=1e-3)
        assert every[row[0]] == pytest.approx(every.min(), abs=1e-3)


def test_places_of_grade_a_have_shorter_limits_and_the_batch_says_so_too() -> None:
    from dataclasses import replace

    city = toy_city()
    grades = np.array(["A"] + [""] * 15, dtype=object)
    city = replace(city, layers=(replace(city.base, attributes={"grade": grades}), *city.layers[1:]))
    desk = Desk(city, sample_roster(city, seed=1), sample_rulebook(city, seed=1))
    frame = pd.DataFrame({"lon": [121.2505, 121.2515], "lat": [31.3805, 31.3805], "category": "0101", "condition": "1"})
    at = dt.datetime(2026, 11, 23, 9)
    answers = answer_frame(desk, frame, datum="wgs84", at=at)
    one, two = (
        desk.answer(lon=r.lon, lat=r.lat, datum="wgs84", category="0101", condition="1", at=at)
        for r in frame.itertuples()
    )
    assert one.deadline == dt.datetime(2026, 11, 23, 11, tzinfo=desk.roster.calendar.tz)
    assert list(answers["deadline"]) == [one.deadline, two.deadline]
    assert any(reason.en.startswith("The place is of grade A") for reason in one.why)
    # The report climbs at 80 % and 100 % of its time.
    assert [tier.at for tier in one.escalation][:1] == [one.at + 0.8 * (one.deadline - one.at)]


def test_the_sample_district_has_151_categories_and_proves_without_a_hole() -> None:
    city = toy_city()
    desk = Desk(city, sample_roster(city, seed=7), sample_rulebook(city, seed=7))
    assert len(desk.rulebook.categories) == 151
    assert all("样例" in category.name for category in desk.rulebook.categories)
    assert all("样例" in person.name for person in desk.roster.persons)
    assert sample_roster(city, seed=7) == sample_roster(city, seed=7)
    assert prove_staffing(desk, dt.date(2026, 1, 1), dt.date(2026, 3, 1)).holds


def test_rows_that_cannot_be_answered_are_refused_on_their_own() -> None:
    city = toy_city()
    desk = Desk(city, sample_roster(city, seed=1), sample_rulebook(city, seed=1))
    frame = pd.DataFrame(
        {
            "lon": [121.2505, float("nan"), 200.0, 121.2505, 121.2505, 121.2505, 0.0],
            "lat": [31.3805, 31.3805, 31.3805, 31.3805, 31.3805, 31.3805, 0.0],
            "category": ["0101", "0101", "0101", "9999", "0101", "0101", "0101"],
            "condition": ["1", "1", "1", "1", "77", "1", "1"],
            "at": ["2026-11-22T20:15+08:00"] * 5 + ["yesterday", "2026-11-22T20:15+08:00"],
        },
        index=list("abcdefg"),
    )
    answers = answer_frame(desk, frame, datum="wgs84")
    assert list(answers.index) == list("abcdefg")
    assert list(answers["outcome"]) == ["answered", *["refused"] * 5, "outside"]
    assert [text.split(":")[0] for text in answers["problem"]][1:6] == [
        "the coordinate is not finite",
        "the coordinate is out of range",
        "no category with this code",
        "the category has no such condition",
        "the time is not understood",
    ]
    with pytest.raises(InputError, match="no datum"):
        answer_frame(desk, frame)
