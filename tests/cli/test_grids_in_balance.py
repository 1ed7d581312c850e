"""What a planner gets of balanced grids in the toy district: 4 x 4 equal cells, two streets, four communities."""

from __future__ import annotations

import csv
import json
import signal
from importlib import import_module
from pathlib import Path

import pytest

from geogrid import Atlas
from geogrid.partition import Plan, divide
from geogrid.testing import toy_boundaries

from .conftest import Run

CELLS = """
[place]
boundaries = "communities.gpkg"

[[layer]]
name = "cell"
method = "adopt"
path = "cells.gpkg"
"""

GRIDS = """
[[layer]]
name = "responsibility"
method = "balance"
of = "cell"
weight = "homes"
effort = 200
"""


@pytest.fixture
def plan(run: Run, city: Path) -> Path:
    """Return the path of a plan that takes the toy city's cells as they are, of ten homes each but one; its layer of grids is to be added."""
    run("export", "--layer", "area_community", "--out", "communities.gpkg", "--atlas", city)
    geopandas = pytest.importorskip("geopandas")
    cells = Atlas.open(city).edition().layer("cell").to_geopandas()[["code", "name", "geometry"]]
    geopandas.GeoDataFrame(cells.assign(homes=[13] + 15 * [10])).to_file("cells.gpkg")
    path = city.with_name("plan.toml")
    path.write_text(CELLS + GRIDS)
    return path


def add(plan: Path, text: str) -> None:
    """Add keys to the plan's last layer."""
    with plan.open("a") as file:
        file.write(text + "\n")


def test_partition_tells_the_balance_and_every_grid(run: Run, plan: Path) -> None:
    add(plan, "count = 4\ntolerance = 0.1")
    code, out, err = run("partition", plan, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    balance = told["layers"][1]["balance"]
    # Quarters of 2 x 2: each has four edges to others, of about 95 m east-west or 111 m north-south.
    assert balance["border_km"] == pytest.approx(4 * 0.0951 + 4 * 0.1109, abs=0.01)
    assert (balance["worst"], balance["out_of_range"], balance["valid"]) == (round(43 / 40.75 - 1, 4), 0, True)
    assert [row["weight"] for row in balance["grids"]] == [43.0, 40.0, 40.0, 40.0]
    assert set(balance["grids"][0]) == {
        "grid", "weight", "deviation", "polsby_popper", "area_to_hull", "farthest_m", "seam_share", "in_range", "why",
    }  # fmt: skip
    assert told["not_met"] == []
    assert "balance" not in told["layers"][0]
    shown = run("partition", plan)[1]
    for word in ("worst", "border_km", "out_of_range", "valid", "farthest_m", "seam_share", "responsibility 4"):
        assert word in shown


def test_grids_out_of_range_are_published_and_named_with_exit_code_1(run: Run, plan: Path) -> None:
    add(plan, "count = 3")
    code, out, err = run("partition", plan, "--atlas", "three.gpkg", "--valid-from", "2026-02-01", "--json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert told["edition"] == 1
    balance = told["layers"][1]["balance"]
    assert not balance["valid"]
    # 163 homes in 3 grids: of five cells or six, only the five with the one of 13 are within 54.3 ± 5 %.
    assert sorted(row["weight"] for row in balance["grids"]) == [50, 53, 60]
    assert balance["grids"][0]["weight"] == 60
    assert balance["out_of_range"] == 2
    assert [bool(row["why"]) for row in balance["grids"]] == [True, True, False]
    assert told["not_met"][0].startswith("responsibility: 2 of 3 grids are out of range: responsibility ")
    code, shown, _ = run("partition", plan)
    assert code == 1
    assert "not met: responsibility: 2 of 3 grids are out of range: responsibility " in shown
    assert "not met: 1 area(s) cannot be met by any grids" in shown
    assert len(Atlas.open("three.gpkg").editions()) == 1


def test_of_many_grids_the_ten_worst_are_shown(run: Run, plan: Path) -> None:
    add(plan, "count = 12\ntolerance = 0.9")
    shown = run("partition", plan)[1]
    assert "responsibility, the 10 worst of 12 grids" in shown
    assert len(json.loads(run("partition", plan, "--json")[1])["layers"][1]["balance"]["grids"]) == 12


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_every_grid_comes_out_as_a_row_of_a_table(run: Run, plan: Path, ending: str) -> None:
    add(plan, 'count = 3\ncodes = { template = "00{seq}" }')
    run("partition", plan, "--atlas", "three.gpkg", "--valid-from", "2026-02-01")
    code, out, err = run("export", "--atlas", "three.gpkg", "--layer", "responsibility", "--out", f"grids.{ending}")
    assert (code, err) == (0, "")
    assert "3 rows of layer responsibility" in out
    if ending == "csv":
        path = plan.with_name("grids.csv")
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        head, *rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    else:
        openpyxl = pytest.importorskip("openpyxl")
        sheet = openpyxl.load_workbook(plan.with_name("grids.xlsx"))["responsibility"]
        head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        notes = {cell.value: cell.comment.text for cell in sheet[1] if cell.comment}
        assert (notes["weight"], notes["why"]) == ("权重", "超出范围的原因")
        assert sheet.freeze_panes == "A2"
    assert {"code", "name", "weight", "deviation", "polsby_popper", "area_to_hull", "farthest_m", "seam_share"} < set(
        head
    )
    assert {"border_m", "in_range", "why"} < set(head)
    assert "geometry" not in head
    assert sorted(row[head.index("code")] for row in rows) == ["001", "002", "003"]
    assert sorted(float(row[head.index("weight")]) for row in rows) == [50, 53, 60]
    assert sum("homes 60, over 57.05" in (row[head.index("why")] or "") for row in rows) == 1


def test_stations_come_out_as_a_table_with_their_places(run: Run, city: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    assert run("stations", "--atlas", city, "--place", 2, "--out", "stations.xlsx")[0] == 0
    head, *rows = list(openpyxl.load_workbook("stations.xlsx")["stations"].iter_rows(values_only=True))
    assert {"name", "cells", "demand", "farthest_m", "lon", "lat"} <= set(head)
    assert [row[head.index("name")] for row in rows] == ["station 1", "station 2"]
    assert all(121.25 < row[head.index("lon")] < 121.26 for row in rows)


def test_a_text_is_no_formula_and_an_unknown_ending_names_tables_too(run: Run, city: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    frame = pytest.importorskip("pandas").DataFrame({"name": ["=1+1", "响\x01铃"], "n": [float("nan"), 2.0]})
    from geogrid.atlas.sheets import write_workbook

    write_workbook(frame, city.with_name("texts.xlsx"), sheet="a" * 40)
    sheet = openpyxl.load_workbook(city.with_name("texts.xlsx")).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [["=1+1", None], ["响铃", 2]]
    assert sheet["A2"].data_type == "s"
    code, _, err = run("export", "--atlas", city, "--layer", "cell", "--out", "cells.ods")
    assert code == 2
    assert ".xlsx" in err


def test_workers_reach_the_sections_that_do_not_say_and_change_nothing() -> None:
    text = CELLS.replace('boundaries = "communities.gpkg"', 'code = "990100"').replace(
        'method = "adopt"\npath = "cells.gpkg"', 'method = "squares"\ntarget_area_m2 = 2_600'
    )
    plan = Plan.parse(text + GRIDS.replace("homes", "cells") + 'count = 8\nwithin = "street"\ntolerance = 0.2\n')
    section = plan.layers[1]
    assert section.with_workers(3).budget.workers == 3
    assert section.model_copy(update={"workers": 2}).with_workers(3).budget.workers == 2
    one, three = (divide(plan, boundaries=toy_boundaries(), workers=workers) for workers in (1, 3))
    assert one.layer("responsibility").membership.tolist() == three.layer("responsibility").membership.tolist()


def test_compare_says_how_many_plans_differ(run: Run, plan: Path) -> None:
    add(plan, "count = 4\ntolerance = 0.1")
    code, out, err = run("compare", plan, "--plans", 2, "--workers", 2, "--html", "plans.html", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    # Four quarters are the only grids of least border.
    assert [(row["seed"], row["same_by_seed"], row["stopped"]) for row in told["plans"]] == [
        (1, [2, 3, 4, 5, 6], "effort")
    ]
    assert (told["asked"], told["interrupted"]) == (2, False)
    sentence = "6 seeds gave 1 plan(s) that differ, not 2: the others end with the same grids"
    assert sentence in run("compare", plan, "--plans", 2)[1]
    page = plan.with_name("plans.html").read_text(encoding="utf-8")
    assert sentence in page
    assert "网格间边界 (km) border km" in page


def test_compare_says_that_it_was_interrupted(run: Run, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alternatives = import_module("geogrid.partition.balance.alternatives")
    add(plan, "count = 3")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    made = alternatives.balance

    def interrupted_at_the_second(*words: object, seed: int, **more: object) -> object:
        if seed == 2:
            signal.raise_signal(signal.SIGINT)
        return made(*words, seed=seed, **more)

    monkeypatch.setattr(alternatives, "balance", interrupted_at_the_second)
    told = json.loads(run("compare", plan, "--plans", 4, "--json")[1])
    assert told["interrupted"]
    assert {row["seed"]: row["stopped"] for row in told["plans"]} == {1: "effort", 2: "interrupt"}
    shown = run("compare", plan, "--plans", 4)[1]
    signal.signal(signal.SIGINT, before)
    assert "interrupted: 2 of 4 plans were made; seed 2 ended with its best grids until then" in shown
