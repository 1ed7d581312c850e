"""Each key of a balanced layer is honoured, or refused beside the one it contradicts; the verb says what was not met."""

import json

import geopandas
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from geogrid.cli.app import build_app
from geogrid.errors import PlanError
from geogrid.partition import Plan, divide

HEAD = """
[place]
boundaries = "areas.gpkg"
name = "Town"
[[layer]]
name = "cell"
method = "adopt"
path = "cells.gpkg"
[[layer]]
name = "grids"
method = "balance"
of = "cell"
effort = 300
weight = "people"
"""


def square(column, row, columns=1, rows=1):
    west, south = 121.25 + column / 1000, 31.38 + row / 1000
    return shapely.box(west, south, west + columns / 1000, south + rows / 1000)


def written(path, codes, names, shapes, **columns):
    geopandas.GeoDataFrame({"code": codes, "name": names, **columns}, geometry=shapes, crs=4326).to_file(path)


@pytest.fixture
def town(tmp_path):
    """Six columns and four rows of ten people each: two columns are Hill, four are Field."""
    places = [(i % 6, i // 6) for i in range(24)]
    codes = [f"c{x}_{y}" for x, y in places]
    names = ["market" if y == 0 else "" for _, y in places]
    written(tmp_path / "cells.gpkg", codes, names, [square(x, y) for x, y in places], people=np.full(24, 10.0))
    written(tmp_path / "areas.gpkg", ["A0", "A1"], ["Hill", "Field"], [square(0, 0, 2, 4), square(2, 0, 4, 4)])
    written(
        tmp_path / "posts.gpkg", ["s0", "s1"], ["", ""], [square(0, 0).centroid, square(1, 0).centroid], room=[9, 9]
    )
    return tmp_path


def planned(town, text):
    return divide(Plan.parse(HEAD + text, folder=town))


def compared(town, text, *words):
    (town / "plan.toml").write_text(HEAD + text)
    return CliRunner().invoke(build_app("compare"), ["compare", str(town / "plan.toml"), "--plans", "2", *words])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('count = 7\nstations = "posts.gpkg"', "count and stations both say how many grids"),
        ('weight_target = 40\nstations = "posts.gpkg"', "weight_target and stations both say how many grids"),
        ("weight_target = 40\nweight_max = 50", "weight_target and weight_max both say what a grid weighs"),
        ("weight_target = 40\nweight_min = 30", "weight_target and weight_min both say what a grid weighs"),
        ('stations = "posts.gpkg"\ncapacity = "room"\nweight_max = 90', "capacity and weight_max both say"),
        ("cells_min = 2", "say how many grids: count"),
    ],
)
def test_a_key_that_would_be_ignored_is_refused_with_the_other(town, keys, words):
    with pytest.raises(PlanError, match=words):
        planned(town, keys)


def test_a_range_may_stand_in_the_table_of_the_weight(town):
    text = HEAD.replace('weight = "people"', 'weight = { name = "people", min = 30, max = 40 }\ncells_max = 3')
    layer = divide(Plan.parse(text, folder=town)).layer("grids")
    assert layer.attributes["weight"].tolist() == [30.0] * 8


@pytest.mark.parametrize("key", ["count = 12", "weight_target = 20", "weight_max = 20"])
def test_a_grid_has_at_least_cells_min(town, key):
    layer = planned(town, f"{key}\ntolerance = 0.5\ncells_min = 2").layer("grids")
    assert np.bincount(layer.membership).tolist() == [2] * 12
    assert layer.attributes["why"].tolist() == [""] * 12


def test_more_cells_than_there_are_is_said(town):
    division = planned(town, "count = 12\ntolerance = 0.2\ncells_min = 3")
    said = [finding.message for finding in division.findings if finding.rule == "area_can_be_met"]
    assert said == [
        "Town has 24 cells and cells 24 for 12 grids of 3 at least: 12 grids need 36 at least, 12 more than there is; it takes "
        f"1 to 8; the nearest found are {', '.join('2' * 12)}"
    ]
    layer = division.layer("grids")
    assert np.bincount(layer.membership).tolist() == [2] * 12
    assert layer.attributes["why"][0] == "cells 2, under 3: no cut of Town meets it in all grids"


def test_a_name_of_several_rows_is_refused_with_their_codes(town):
    with pytest.raises(PlanError, match=r"6 rows of 'cell' have that name; given: market.*c0_0, c1_0, c2_0"):
        planned(town, 'count = 4\ntogether = [["market", "c0_1"]]')
    column = ["c5_0", "c5_3", "c5_1", "c5_2"]
    division = planned(town, f"count = 4\ntolerance = 0.4\ntogether = [{json.dumps(column)}]")
    cells = np.isin(division.layer("cell").codes.astype(str), column)
    assert len(set(division.layer("grids").membership[cells].tolist())) == 1


def test_compare_calls_no_plan_valid_that_misses_the_target_and_says_why(town):
    asked = compared(town, 'within = "area"\nweight_target = 58\ntolerance = 0.2', "--json")
    told = json.loads(asked.stdout)
    # Hill's 80 makes one grid of 80, 38 % above 58; Field's 160 makes three in range.
    assert asked.exit_code == 1
    assert [(row["valid"], row["worst"]) for row in told["plans"]] == [(False, 0.3793)] * 2
    assert any("A0 Hill weighs 1.38 of a grid and has 1" in note for note in told["notes"])
    assert any("A0 Hill has this one grid, and no other to share with" in note for note in told["notes"])
    printed = " ".join(compared(town, 'within = "area"\nweight_target = 58\ntolerance = 0.2').stdout.split())
    assert "A0 Hill weighs 1.38 of a grid and has 1" in printed
    met = compared(town, 'within = "area"\nweight_target = 40\ntolerance = 0.2', "--json")
    assert met.exit_code == 0
    assert json.loads(met.stdout)["notes"] == []


def test_compare_says_which_areas_are_unlike_the_place(town):
    asked = compared(town, 'within = "area"\ncount = 3\ntolerance = 0.05', "--json")
    assert asked.exit_code == 0
    assert json.loads(asked.stdout)["notes"] == []
    notes = json.loads(compared(town, 'within = "area"\ncount = 5\ntolerance = 0.05', "--json").stdout)["notes"]
    assert any("weighs 1.67 of a grid and has 2" in note for note in notes)


def test_compare_calls_no_plan_valid_with_cells_out_of_reach(town):
    asked = compared(town, 'stations = "posts.gpkg"\ntolerance = 0.9\nreach_m = 300', "--json")
    assert asked.exit_code == 1
    told = json.loads(asked.stdout)
    assert not any(row["valid"] for row in told["plans"])
    assert any(note.startswith("station_in_reach") for note in told["notes"])
