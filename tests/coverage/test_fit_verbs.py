"""The verbs ``fit`` and ``daily``, and real reports of a city."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
from typer.testing import CliRunner

from geogrid.assign.desk import Atlas
from geogrid.assign.roster import Department, Duty, Person, Roster, Served, Station
from geogrid.cli.app import build_app
from geogrid.testing import toy_city

HEADER = "编号,经度,纬度,类别,上报时间,部门,结案时间\n"


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    path = tmp_path / "toy.gpkg"
    store = Atlas.create(path)
    store.publish(toy_city(), valid_from="2026-01-01")
    store.replace_roster(
        Roster(
            departments=(Department("D1", "West squad"),),
            persons=(Person("p1", "Ann", "D1"), Person("p2", "Bo", "D1")),
            stations=(Station("S1", "West", department="D1", lon=121.251, lat=31.381), Station("S2", "East")),
            serves=(Served("street", "990100001", "S1"), Served("street", "990100002", "S2")),
            duties=(Duty("p1", "station_head", "station", "S1"), Duty("p2", "station_head", "station", "S2")),
        )
    )
    store.close()
    return path


def run(*arguments: object) -> tuple[int, str]:
    words = [str(argument) for argument in arguments]
    result = CliRunner().invoke(build_app(words[0]), words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_fit_prints_tables_json_and_files_and_tells_by_its_exit_code(atlas: Path, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(HEADER + "1,121.2505,31.3805,0101,2026-01-05 10:00,D1,2026-01-05 12:00\n", encoding="utf-8")
    code, printed = run("fit", path, "--atlas", atlas, "--datum", "wgs84")
    assert (code, "nothing is flagged" in printed) == (0, True)
    across = "".join(f"{i},{121.252 + 0.00005 * (-1) ** i},31.3805,0101,2026-01-05 1{i}:00,D1,\n" for i in range(1, 4))
    path.write_text(HEADER + across + "4,,31.38,0101,2026-01-05 10:00,D1,\n", encoding="utf-8")
    code, printed = run("fit", path, "--atlas", atlas, "--datum", "wgs84", "--out", tmp_path / "fit.gpkg")
    assert code == 1
    assert "family_has_one_owner" in printed
    assert "grid_responsibility" in dict(pyogrio.list_layers(tmp_path / "fit.gpkg"))
    code, printed = run("fit", path, "--atlas", atlas, "--datum", "wgs84", "--json")
    told = json.loads(printed)
    assert code == 1
    assert told["figures"]["duplicates"] == 2
    assert told["family"][0]["reports"] == "1 2 3"
    assert told["refused"] == [{"row": 5, "column": "经度", "value": "", "reason": "no coordinate"}]
    assert {finding["rule"] for finding in told["findings"]} == {"family_has_one_owner", "row_can_be_judged"}


def test_daily_takes_reports_and_shows_who_is_missing_and_what_is_red(atlas: Path, tmp_path: Path) -> None:
    path, limits = tmp_path / "daily.csv", tmp_path / "limits.toml"
    path.write_text("station,at,count\nS1,2026-11-23 09:00,0\nS1,2026-11-24 09:00,1\n")
    limits.write_text('[[expected]]\nhours = "workdays 08:30-17:30"\n[colours]\nred = { missing = 2 }\n')
    assert run("daily", "take", path, "--atlas", atlas, "--dry-run")[1].strip() == "2 of 2 daily report(s) are new"
    assert json.loads(run("daily", "take", path, "--atlas", atlas, "--json")[1])["new"] == 2
    at = ("--at", "2026-11-24T18:00", "--days", "2", "--thresholds", limits, "--atlas", atlas)
    code, printed = run("daily", "show", *at, "--out", tmp_path / "colours.gpkg")
    assert code == 1
    assert "2 daily report(s) received, 2 missing, 0 awaited" in printed
    code, printed = run("daily", "show", *at, "--json")
    told = json.loads(printed)
    colours = {(state["of"], state["code"]): state["colour"] for state in told["states"]}
    assert colours == {
        ("station", "S2"): "red", ("station", "S1"): "green", ("street", "990100002"): "red",
        ("street", "990100001"): "green", ("department", "D1"): "green",
    }  # fmt: skip
    assert [finding["rule"] for finding in told["findings"]] == ["station_has_reported"] * 2 + ["nothing_is_red"] * 2
    assert dict(pyogrio.list_layers(tmp_path / "colours.gpkg")) == {
        "colour_street": "MultiPolygon", "colour_station": "Point", "colour_department": None, "daily": None,
    }  # fmt: skip


def test_daily_is_content_when_everybody_reported_and_nothing_is_overdue(atlas: Path, tmp_path: Path) -> None:
    daily, reports = tmp_path / "daily.csv", tmp_path / "reports.csv"
    daily.write_text("station,at,count\nS1,2026-11-23 09:00,0\nS2,2026-11-23 09:05,0\n")
    run("daily", "take", daily, "--atlas", atlas)
    row = "1,121.2505,31.3805,0101,2026-11-23 10:00,D1,{}\n"
    reports.write_text((HEADER + row.format("2026-11-23 11:00")).replace("部门", "Due"), encoding="utf-8")
    reports.write_text(reports.read_text(encoding="utf-8").replace("D1", "2026-11-23 12:00"), encoding="utf-8")
    show = ("daily", "show", "--atlas", atlas, "--days", "1", "--reports", reports, "--datum", "wgs84")
    assert run(*show, "--at", "2026-11-24T00:00", "--column", "due=Due")[0] == 0
    reports.write_text(reports.read_text(encoding="utf-8").replace("2026-11-23 11:00", ""), encoding="utf-8")
    code, printed = run(*show, "--at", "2026-11-24T00:00", "--column", "due=Due")
    assert (code, "1 open report(s) past the deadline" in printed) == (1, True)


@pytest.mark.acceptance
def test_real_reports_of_a_city_fall_on_its_council_districts(acceptance_data: Path, tmp_path: Path) -> None:
    folder, store, out = acceptance_data / "baltimore", tmp_path / "city.gpkg", tmp_path / "fit.gpkg"
    assert run("adopt", folder / "council_districts.gpkg", "--atlas", store, "--layer", "district",
               "--code-column", "id", "--accept-faults", "--valid-from", "2014-01-01", "--json")[0] == 0  # fmt: skip
    code, printed = run(
        "fit", folder / "reports_311.csv", "--atlas", store, "--datum", "wgs84", "--lon", "Longitude",
        "--lat", "Latitude", "--category", "SRType", "--at", "CreatedDate", "--id", "ServiceRequestNum",
        "--time-format", "%m/%d/%Y %I:%M:%S %p", "--out", out, "--json",
    )  # fmt: skip
    told = json.loads(printed)
    assert code == 1
    assert told["figures"]["reports"] + told["figures"]["rows_refused"] == 4259
    assert told["figures"]["categories"] == 194
    (load,), (mixture,) = told["loads"], told["mixtures"]
    assert load["reports"] + load["without"] == 4259
    assert load["gini_by_chance"] < load["gini"] < 0.3
    # The centre is not like its surroundings, and the district that holds it says so.
    assert [finding["subjects"] for finding in told["findings"] if finding["rule"] == "grid_is_of_one_kind"] == [
        "district 11"
    ]
    assert 0 < mixture["hidden_bits"] < mixture["shown_bits"] < 0.5
    assert all(family["span_m"] <= 30 for family in told["family"])
    assert pyogrio.read_info(out, layer="grid_district")["features"] == 14
