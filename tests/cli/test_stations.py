"""``geogrid stations`` on the toy city: 4 x 4 cells, about 95 m by 111 m, cell i in column i % 4 and row i // 4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geogrid import Atlas
from geogrid.partition import Plan, divide
from geogrid.testing import toy_boundaries

from .conftest import Run

WEST, SOUTH = 121.2505, 31.3805


def middle(cell: int) -> shapely.Point:
    """Return the middle of a cell."""
    return shapely.Point(WEST + cell % 4 * 0.001, SOUTH + cell // 4 * 0.001)


def written(path: Path, shapes: list[Any], **columns: list[Any]) -> Path:
    """Return the path of a file with these shapes."""
    geopandas = pytest.importorskip("geopandas")
    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path


def told(run: Run, city: Path, *words: object) -> tuple[int, Any]:
    """Return exit code and JSON."""
    code, out, err = run("stations", "--atlas", city, *words, "--json")
    assert err == ""
    return code, json.loads(out)


def test_stations_stand_where_the_reports_come_from(run: Run, city: Path) -> None:
    lines = [f"{middle(cell).x},{middle(cell).y}" for cell in [0] * 5 + [15] * 7]
    city.with_name("reports.csv").write_text("\n".join(["lon,lat", *lines]))
    code, found = told(run, city, "--place", 2, "--points", "reports.csv", "--datum", "wgs84")
    assert code == 0
    assert [(row["lon"], row["lat"]) for row in found["stations"]] == [(WEST, SOUTH), (WEST + 0.003, SOUTH + 0.003)]
    assert [row["demand"] for row in found["stations"]] == [5, 7]
    assert sum(row["cells"] for row in found["stations"]) == 16
    assert found["total"]["mean_m"] == 0
    assert found["total"]["proved"]
    assert found["total"]["candidates"] == 16


def test_a_person_sees_a_table_the_way_on_average_and_whether_it_is_proved(run: Run, city: Path) -> None:
    code, out, err = run("stations", "--atlas", city, "--place", 4, "--weight", "cells")
    assert (code, err) == (0, "")
    assert "Toy district: 4 stations" in out
    for word in ("station 1", "station 4", "lon", "lat", "cells", "demand", "mean_m", "farthest_m"):
        assert word in out
    assert "16 of 16 cells and 16.0 of 16.0 cells reached" in out
    assert "chosen among 16 places: no choice among them is better" in out


def test_as_few_stations_as_reach_every_cell(run: Run, city: Path) -> None:
    # One step straight, none across a corner: a domination of the 4 x 4 board takes four.
    code, found = told(run, city, "--within-m", 115)
    assert code == 0
    assert len(found["stations"]) == 4
    assert found["total"]["cells_reached"] == 16
    assert found["total"]["farthest_m"] <= 115
    assert found["unreached"] == []


def test_cells_that_no_station_reaches_are_named_and_the_exit_code_says_so(run: Run, city: Path) -> None:
    written(city.with_name("sites.geojson"), [middle(0)], name=["fire house"])
    code, found = told(run, city, "--within-m", 115, "--candidates", "sites.geojson")
    assert code == 1
    assert [row["station"] for row in found["stations"]] == ["fire house"]
    assert found["total"]["cells_reached"] == 3
    assert len(found["unreached"]) == 13
    code, out, _ = run("stations", "--atlas", city, "--within-m", 115, "--candidates", "sites.geojson")
    assert code == 1
    assert "13 cell(s) are reached by no station within 115 m" in out
    assert found["unreached"][0] in out
    assert "and 3 more cells; --json lists all" in out


def test_a_given_number_within_a_distance_reaches_as_many_as_can_be(run: Run, city: Path) -> None:
    code, found = told(run, city, "--within-m", 115, "--place", 1, "--weight", "cells")
    assert code == 1
    assert found["total"]["demand_reached"] == 5  # a cell inside and its four neighbours


def test_existing_stations_stay_with_their_codes_and_count(run: Run, city: Path) -> None:
    written(city.with_name("old.gpkg"), [middle(0)], code=["S7"], name=["Old hall"])
    code, found = told(run, city, "--place", 2, "--existing", "old.gpkg", "--weight", "cells", "--out", "new.gpkg")
    assert code == 0
    old = next(row for row in found["stations"] if row["existing"])
    assert (old["station"], old["code"], old["lon"], old["lat"]) == ("Old hall", "S7", WEST, SOUTH)
    code, again = told(run, city, "--place", 2, "--existing", "new.gpkg", "--weight", "cells")
    assert [row["existing"] for row in again["stations"]] == [True, True]
    assert {row["station"] for row in again["stations"]} == {row["station"] for row in found["stations"]}


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "fgb", "shp", "parquet"])
def test_a_plan_reads_the_stations_back_and_gives_each_the_same_cells(run: Run, city: Path, ending: str) -> None:
    code, found = told(run, city, "--place", 3, "--weight", "cells", "--out", f"stations.{ending}")
    assert (code, found["out"]) == (0, f"stations.{ending}")
    plan = f"""
[place]
code = "990100"
[[layer]]
name = "cell"
method = "adopt"
path = "cells.geojson"
[[layer]]
name = "station"
method = "nearest-station"
of = "cell"
stations = "stations.{ending}"
contiguous = false
"""
    run("export", "--layer", "cell", "--out", "cells.geojson", "--atlas", city)
    division = divide(Plan.parse(plan, folder=city.parent), boundaries=toy_boundaries())
    layer = division.layer("station")
    assert layer.names.tolist() == [row["station"] for row in found["stations"]]
    assert np.bincount(layer.membership).tolist() == [row["cells"] for row in found["stations"]]
    assert layer.attributes["farthest_m"].round(1).tolist() == [row["farthest_m"] for row in found["stations"]]


def test_ways_go_along_the_streets_that_are_given(run: Run, city: Path) -> None:
    # One street through the southern row, one through the others: nobody walks from one to the other.
    south = shapely.LineString([middle(0), middle(3)])
    north = shapely.LineString([middle(cell) for cell in (4, 5, 6, 7, 11, 10, 9, 8, 12, 13, 14, 15)])
    written(city.with_name("streets.gpkg"), [south, north])
    code, found = told(run, city, "--place", 1, "--streets", "streets.gpkg", "--weight", "cells")
    assert code == 1
    assert found["total"]["cells_reached"] == 12
    assert "4 cell(s) are reached by no station by any street" in found["notes"][-1]
    code, found = told(run, city, "--place", 2, "--streets", "streets.gpkg", "--weight", "cells")
    assert code == 0
    assert sorted(row["cells"] for row in found["stations"]) == [4, 12]


def test_the_same_question_has_the_same_answer(run: Run, city: Path) -> None:
    words = ("--place", 5, "--out", "a.geojson")
    assert told(run, city, *words) == told(run, city, *words)
    first = city.with_name("a.geojson").read_bytes()
    told(run, city, *words)
    assert city.with_name("a.geojson").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing says how many stations"),
        (("--place", 0), "--place"),
        (("--within-m", -5), "the longest way is a distance; given: -5"),
        (
            ("--place", 1, "--existing", "two.gpkg"),
            "more stations exist than are asked for; given: 1 in all; allowed: 2",
        ),
        (("--place", 17), "that many stations cannot be placed; given: 17; allowed: 1"),
        (("--place", 1, "--existing", "none.gpkg"), "no such file; given: none.gpkg; in: --existing"),
        (("--place", 1, "--candidates", "lines.gpkg"), "candidates are points; given: row 1: LineString"),
        (("--place", 1, "--candidates", "far.gpkg"), "all 1 points lie outside the place; given: the first at 0.5"),
        (("--place", 1, "--streets", "two.gpkg"), "streets are lines"),
        (("--place", 1, "--weight", "households"), "no such weight; given: households; allowed: .*area_m2"),
        (
            ("--place", 1, "--points", "far.csv", "--datum", "wgs84"),
            "no cell has any far; given: 1 of 1 point.* outside",
        ),
        (("--place", 1, "--points", "far.csv"), "no datum"),
        (("--place", 1, "--out", "nowhere/s.gpkg"), "no such folder; given: nowhere; in: --out"),
        (("--place", 1, "--out", "s.txt"), "no format of this ending; given: s.txt"),
        (("--place", 2, "--existing", "coded.gpkg", "--candidates", "coded2.gpkg"), "1 code.* elsewhere; given: A"),
    ],
)
def test_what_cannot_be_is_said_in_words(run: Run, city: Path, words: tuple[object, ...], said: str) -> None:
    import re

    written(city.with_name("two.gpkg"), [middle(0), middle(5)])
    written(city.with_name("lines.gpkg"), [shapely.LineString([middle(0), middle(5)])])
    written(city.with_name("far.gpkg"), [shapely.Point(0.5, 0.5)])
    written(city.with_name("coded.gpkg"), [middle(0)], code=["A"])
    written(city.with_name("coded2.gpkg"), [middle(1), middle(2)], code=["A", "B"])
    city.with_name("far.csv").write_text("lon,lat\n0.5,0.5\n")
    code, out, err = run("stations", "--atlas", city, *words)
    assert (code, out) == (2, "")
    assert re.search(said, " ".join(err.split())), err


def test_an_atlas_is_not_overwritten(run: Run, city: Path) -> None:
    before = city.read_bytes()
    code, _, err = run("stations", "--atlas", city, "--place", 1, "--out", city)
    assert code == 1
    assert "atlas" in err
    assert city.read_bytes() == before
    Atlas.open(city).close()


def test_points_outside_are_named_and_candidates_there_are_left_out(run: Run, city: Path) -> None:
    beyond = shapely.Point(WEST - 0.01, SOUTH)
    written(city.with_name("old.gpkg"), [middle(0), beyond], name=["Hall", "Beyond"])
    written(city.with_name("sites.gpkg"), [beyond, middle(15)], name=["Too far", "Yard"])
    code, found = told(run, city, "--place", 3, "--existing", "old.gpkg", "--candidates", "sites.gpkg")
    assert code == 0
    assert [row["station"] for row in found["stations"]] == ["Beyond", "Hall", "Yard"]
    assert [row["cells"] > 0 for row in found["stations"]] == [False, True, True]
    notes = " ".join(found["notes"])
    assert "station_in_a_cell [Beyond]: 1 of 2" in notes
    assert "candidate_in_a_cell [Too far]: 1 of 2" in notes
