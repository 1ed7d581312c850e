"""``method = "balance"`` in a plan, and the two verbs."""

import json

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from geogrid.cli.app import build_app
from geogrid.errors import InputError, NotFoundError, PlanError
from geogrid.partition import Plan, divide
from geogrid.testing import assert_is_partition, toy_boundaries

CELLS = """
[place]
code = "990100"
[[layer]]
name = "cell"
method = "squares"
target_area_m2 = 2_600
"""


def planned(text: str, folder=None):
    return divide(Plan.parse(CELLS + text, folder=folder), boundaries=toy_boundaries())


GRIDS = """
[[layer]]
name = "responsibility"
method = "balance"
of = "cell"
within = "street"
count = 6
tolerance = 0.2
effort = 300
"""


def test_a_plan_makes_grids_in_balance_inside_their_street():
    division = planned(GRIDS)
    assert_is_partition(division)
    layer = division.layer("responsibility")
    assert len(layer) == 6
    assert sorted(layer.areas.tolist()) == ["990100001"] * 3 + ["990100002"] * 3
    assert np.abs(layer.attributes["deviation"]).max() <= 0.2
    assert set(layer.attributes) >= {"weight", "polsby_popper", "area_to_hull", "farthest_m", "seam_share", "why"}
    again = planned(GRIDS)
    assert np.array_equal(layer.membership, again.layer("responsibility").membership)


def test_grids_can_stand_on_grids_and_follow_another_layer(tmp_path):
    division = planned(
        GRIDS
        + """
[[layer]]
name = "station"
method = "balance"
of = "responsibility"
count = 2
tolerance = 0.3
weight = "cells"
effort = 300
align = [{ layer = "responsibility", factor = 0.5 }]
"""
    )
    assert len(division.layer("station")) == 2
    assert np.bincount(division.layer("station").membership).tolist() == [3, 3]


def points_file(path, *lonlat):
    import geopandas

    shapes = [None if place is None else shapely.Point(place) for place in lonlat]
    geopandas.GeoDataFrame({"code": [f"s{row}" for row in range(len(shapes))]}, geometry=shapes, crs=4326).to_file(path)


def test_a_station_outside_every_cell_is_said_and_one_that_is_no_point_refused(tmp_path):
    cells = planned(GRIDS).shapes("cell").to_shapely()
    west, east = cells[0].centroid, cells[-1].centroid
    text = GRIDS.replace("count = 6", 'stations = "stations.gpkg"').replace('within = "street"', "")
    points_file(tmp_path / "stations.gpkg", (west.x, west.y), (east.x + 1, east.y))
    said = [found for found in planned(text, folder=tmp_path).findings if found.rule == "station_in_a_cell"]
    assert len(said) == 1
    assert said[0].message.startswith("station s1 stands in no cell")
    assert 80_000 < said[0].amount < 110_000
    points_file(tmp_path / "stations.gpkg", (west.x, west.y), None)
    with pytest.raises(InputError, match="stations are points; given: row 2: nothing"):
        planned(text, folder=tmp_path)
    with pytest.raises(NotFoundError, match="starts from the plan's own folder"):
        planned(text.replace("stations.gpkg", "none.gpkg"), folder=tmp_path)


def test_a_station_stands_in_the_cell_that_owns_it_not_in_the_one_whose_middle_is_nearest(tmp_path):
    # A cell of 60 by 10 beside one of 4 by 10 (steps of 0.0001 degrees): 55 is nearer to the middle of the small one.
    long, short = shapely.box(121.25, 31.38, 121.256, 31.381), shapely.box(121.256, 31.38, 121.2564, 31.381)
    import geopandas

    frame = geopandas.GeoDataFrame({"code": ["long", "short"], "name": ["", ""]}, geometry=[long, short], crs=4326)
    frame.to_file(tmp_path / "areas.gpkg")
    points_file(tmp_path / "stations.gpkg", (121.2555, 31.3805), (121.2563, 31.3805))
    text = """
[place]
boundaries = "areas.gpkg"
[[layer]]
name = "cell"
method = "adopt"
path = "areas.gpkg"
[[layer]]
name = "grids"
method = "balance"
of = "cell"
within = "area"
stations = "stations.gpkg"
weight = "cells"
effort = 50
"""
    division = divide(Plan.parse(text, folder=tmp_path))
    assert not [found for found in division.findings if found.rule == "station_in_a_cell"]
    assert division.layer("grids").membership.tolist() == [0, 1]


def test_smoothing_is_stated_with_the_result(tmp_path):
    rows = [f"121.25{i:02d},31.38{i % 40:02d}" for i in range(0, 40)]
    (tmp_path / "reports.csv").write_text("lon,lat\n" + "\n".join(rows) + "\n")
    weight = 'weight = { name = "reports", points = "reports.csv", datum = "wgs84", smooth = 0.2 }'
    division = planned(GRIDS.replace("count = 6", f"count = 2\n{weight}"), folder=tmp_path)
    said = [found.message for found in division.findings if found.rule == "weight_as_counted"]
    assert said == ["smoothed: each cell hands 20% of its reports to its neighbours, by shared border"]


def test_points_are_a_weight(tmp_path):
    rows = [f"121.25{i:02d},31.38{i % 40:02d}" for i in range(0, 40)]
    (tmp_path / "reports.csv").write_text("lon,lat\n" + "\n".join(rows) + "\n0,0\n")
    text = GRIDS.replace(
        "count = 6", 'count = 2\nweight = { name = "reports", points = "reports.csv", datum = "wgs84" }'
    )
    division = planned(text, folder=tmp_path)
    assert division.layer("responsibility").attributes["weight"].sum() == 40
    assert any(finding.rule == "points_inside" for finding in division.findings)
    assert not any(finding.rule == "weight_is_there" for finding in division.findings)


def test_a_weight_that_nothing_has_is_said(tmp_path):
    (tmp_path / "reports.csv").write_text("lon,lat\n0,0\n")
    text = GRIDS.replace(
        "count = 6", 'count = 2\nweight = { name = "reports", points = "reports.csv", datum = "wgs84" }'
    )
    division = planned(text, folder=tmp_path)
    said = [finding for finding in division.findings if finding.rule == "weight_is_there"]
    assert [finding.subjects for finding in said] == [("reports",)]
    assert "every cell weighs 0" in said[0].message


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("count = 6", "say how many grids"),
        ("count = 6\nweight_target = 3", "leave one out"),
        ('count = 6\nweight = "households"', "no such weight; given: households; allowed: .*area_m2"),
        ("count = 100000", "more grids than cells"),
        (
            'count = 6\nweight = { name = "cells", smooth = 3 }',
            "layer.2..weight.smooth: input should be less than or eq",
        ),
        ("count = 6\ntogether = [[]]", "a list should have at least 2 items"),
        ('count = 6\nferries = [["row 1", "row 1"]]', "a ferry links two cells; given: row 1"),
        ('count = 6\nlocked_cells = ["nowhere"]', "no such row of 'cell'; given: nowhere"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_words(key, words):
    text = GRIDS.replace("count = 6", "" if words.startswith("say") else key)
    with pytest.raises((PlanError, InputError), match=words):
        planned(text)


@pytest.fixture
def atlas(tmp_path):
    from geogrid.atlas import Atlas

    path = tmp_path / "toy.gpkg"
    Atlas.create(path).publish(planned(GRIDS), valid_from="2026-01-01")
    return path


def run(verb: str, *words: object):
    return CliRunner().invoke(build_app(verb), [verb, *map(str, words)])


def test_rebalance_shows_the_choice_and_publishes_it_with_codes_kept(atlas, tmp_path):
    from geogrid.atlas import Atlas

    before = Atlas.open(atlas).edition().layer("responsibility")
    heavy = "\n".join(f"121.2{501 + i % 9},31.3{801 + i // 9}" for i in range(80))
    spread = "\n".join(f"121.25{5 * i:02d},31.38{5 * j:02d}" for i in range(8) for j in range(8))
    (tmp_path / "people.csv").write_text(f"lon,lat\n{heavy}\n{spread}\n")
    words = ["--atlas", atlas, "--layer", "responsibility", "--within", "street", "--points", tmp_path / "people.csv"]
    words += ["--datum", "wgs84", "--tolerance", 0.6, "--tolerance", 0.4]
    result = run("rebalance", *words, "--json")
    steps = json.loads(result.stdout)["steps"]
    assert steps[0]["asked"] == "as it is"
    assert steps[0]["moved"] == 0
    assert len(steps) == 3
    assert all(step["at_least"] <= step["moved"] for step in steps if step["valid"])
    result = run("rebalance", *words, "--pick", 0.6, "--valid-from", "2026-06-01")
    assert result.exit_code == 0, result.output
    after = Atlas.open(atlas).edition(2).layer("responsibility")
    assert sorted(after.codes.tolist()) == sorted(before.codes.tolist())


def test_rebalance_names_grids_that_moved_and_says_a_percentage_is_none(atlas):
    words = ["--atlas", atlas, "--layer", "responsibility", "--tolerance", 0.3, "--bound", 1, "--json"]
    result = run("rebalance", *words)
    step = json.loads(result.stdout)["steps"][-1]
    assert {"relocated", "at_least", "at_least_between_neighbours"} <= set(step)
    wrong = run("rebalance", "--atlas", atlas, "--layer", "responsibility", "--tolerance", 5)
    assert isinstance(wrong.exception, InputError)
    assert "share, not a percentage" in str(wrong.exception)
    nowhere = run("rebalance", "--atlas", atlas, "--layer", "cell")
    assert "not a layer of grids" in str(nowhere.exception)


def test_rebalance_publishes_nothing_where_the_grids_fit_as_they_are(atlas):
    from geogrid.atlas import Atlas

    words = ["--atlas", atlas, "--layer", "responsibility", "--within", "street", "--tolerance", 0.3, "--json"]
    asked = run("rebalance", *words, "--pick", 0.3, "--valid-from", "2026-06-01")
    told = json.loads(asked.stdout)
    assert (asked.exit_code, told["edition"]) == (0, None)
    assert (told["steps"][0]["asked"], told["steps"][0]["valid"]) == ("as it is", True)
    assert told["notes"] == ["nothing was published: the grids are within ±30.0% as they are"]
    assert len(Atlas.open(atlas).editions()) == 1


def test_rebalance_checks_the_day_before_it_searches(atlas):
    asked = run("rebalance", "--atlas", atlas, "--layer", "responsibility", "--pick", "0.3", "--valid-from", "tomorrow")
    assert isinstance(asked.exception, InputError)
    assert "not a date" in str(asked.exception)


def test_compare_prints_a_table_and_draws_a_page(tmp_path):
    from geogrid.boundaries import Boundaries  # noqa: F401 - the outlines are written as a file below

    outlines = toy_boundaries().finest.to_geopandas()
    outlines.to_file(tmp_path / "toy.gpkg", layer="community")
    text = CELLS.replace('code = "990100"', 'code = "990100"\nboundaries = "toy.gpkg"') + GRIDS.replace(
        'within = "street"\n', ""
    )
    (tmp_path / "plan.toml").write_text(text)
    result = run("compare", tmp_path / "plan.toml", "--plans", 2, "--html", tmp_path / "plans.html", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert all(row["valid"] for row in told["plans"])
    assert told["notes"] == []
    assert (tmp_path / "plans.html").read_text().count("<svg") == len(told["plans"])
    (tmp_path / "reports.csv").write_text("lon,lat\n0,0\n")
    points = 'weight = { name = "reports", points = "reports.csv", datum = "wgs84" }'
    (tmp_path / "plan.toml").write_text(text + points)
    said = run("compare", tmp_path / "plan.toml", "--plans", 1).stdout
    assert "1 of 1 point(s) lie outside the place" in " ".join(said.split())
    nowhere = run("compare", tmp_path / "plan.toml", "--html", tmp_path / "none" / "plans.html").exception
    assert isinstance(nowhere, NotFoundError)
    assert "no such folder" in str(nowhere)
