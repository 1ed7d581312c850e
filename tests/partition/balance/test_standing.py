"""Grids put in balance again: the rules of their plan hold, and what is published is what they are."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from geogrid.atlas import Atlas
from geogrid.cli.app import build_app
from geogrid.errors import ConflictError, InputError, NotFoundError, PlanError
from geogrid.partition import Plan, divide
from geogrid.partition.balance import Budget, rebalance
from geogrid.partition.balance.figures import regrouped
from geogrid.partition.balance.layer import problem_of
from geogrid.partition.balance.standing import nested_level, rules_of
from geogrid.types import Finding

STEP = 0.001
WEST, SOUTH = 121.25, 31.38

PLAN = """
[place]
boundaries = "areas.gpkg"
name = "Town"
[[layer]]
name = "cell"
method = "adopt"
path = "cells.gpkg"
[[layer]]
name = "responsibility"
method = "balance"
of = "cell"
within = "area"
count = 8
weight = "homes"
tolerance = 0.2
effort = 200
islands = "alone"
seams = [{ file = "river.gpkg", barrier = true }]
"""

STATIONS = """
[[layer]]
name = "station"
method = "balance"
of = "responsibility"
count = 4
within = "area"
weight = "homes"
tolerance = 0.1
effort = 200
islands = "alone"
seams = [{ file = "river.gpkg", barrier = true }]
"""


def box(x, y, columns=1, rows=1):
    return shapely.box(WEST + x * STEP, SOUTH + y * STEP, WEST + (x + columns) * STEP, SOUTH + (y + rows) * STEP)


@pytest.fixture
def town(tmp_path):
    """Write eight columns by four rows of cells; two areas of four columns; a river between the second and third row.

    One home a cell; next year five in the north-east corner, c7_3.
    """
    import geopandas

    def save(file, shapes, **columns):
        geopandas.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(tmp_path / file)

    places = [(x, y) for y in range(4) for x in range(8)]
    later = [5.0 if place == (7, 3) else 1.0 for place in places]
    save(
        "cells.gpkg", [box(*place) for place in places], code=[f"c{x}_{y}" for x, y in places], name=[""] * 32,
        homes=[1.0] * 32, later=later,
    )  # fmt: skip
    save("areas.gpkg", [box(0, 0, 4, 4), box(4, 0, 4, 4)], code=["A0", "A1"], name=["West", "East"])
    save("river.gpkg", [shapely.LineString([(WEST, SOUTH + 2 * STEP), (WEST + 8 * STEP, SOUTH + 2 * STEP)])], n=[1])
    return tmp_path


def published(town, text=PLAN, **changes):
    (town / "plan.toml").write_text(text)
    division = replace(divide(Plan.read(town / "plan.toml")), **changes)
    Atlas.create(town / "town.gpkg").publish(division, valid_from="2026-01-01")
    return Atlas.open(town / "town.gpkg")


def run(town, *words):
    told = ["--atlas", town / "town.gpkg", "--layer", "responsibility", "--seconds", 0.5, *words]
    return CliRunner().invoke(build_app("rebalance"), ["rebalance", *map(str, told)])


def picked(town, *words):
    """Return what a choice within ±20 % printed as JSON, and the edition it has become."""
    asked = run(town, "--tolerance", 0.2, "--pick", 0.2, "--valid-from", "2026-06-01", "--json", *words)
    assert asked.exit_code == 0, asked.output
    return json.loads(asked.stdout), Atlas.open(town / "town.gpkg").edition(2).division


def places(division, layer="responsibility"):
    """Return the columns and rows of the cells of each grid."""
    xy = np.array([[int(word) for word in code[1:].split("_")] for code in division.base.codes])
    member = division.from_cells(layer)
    return [xy[member == grid] for grid in range(len(division.layer(layer)))]


def crossing(division):
    """Return how many grids cross the river, and how many the border of the areas."""
    grids = places(division)
    return (
        sum(len(set((xy[:, 1] >= 2).tolist())) > 1 for xy in grids),
        sum(len(set((xy[:, 0] >= 4).tolist())) > 1 for xy in grids),
    )


def test_what_is_published_is_what_the_method_says_of_these_grids(town):
    published(town)
    _, after = picked(town, "--weight", "later")
    layer = after.layer("responsibility")
    later = np.asarray(after.base.attributes["later"], float)
    assert layer.attributes["weight"].tolist() == np.bincount(layer.membership, weights=later).tolist()
    # The corner's quarter has 12 homes in two grids; every other quarter 8.
    target = np.where([((xy[:, 0] >= 4) & (xy[:, 1] >= 2)).any() for xy in places(after)], 6, 4)
    assert layer.attributes["deviation"] == pytest.approx(layer.attributes["weight"] / target - 1)
    assert np.abs(layer.attributes["deviation"]).max() <= 0.2
    sides = [2 * (len(set(xy[:, 0].tolist())) + len(set(xy[:, 1].tolist()))) for xy in places(after)]
    shapes = 4 * np.pi * np.array([len(xy) for xy in places(after)]) / np.array(sides) ** 2
    assert np.corrcoef(shapes, layer.attributes["polsby_popper"])[0, 1] > 0.9
    assert set(layer.attributes["why"]) == {""}
    assert [set(after.base.areas[layer.membership == grid]) for grid in range(8)] == [{area} for area in layer.areas]


def test_layers_above_are_measured_anew_and_findings_are_those_of_the_new_grids(town):
    before = published(town, PLAN + STATIONS).edition().division
    assert not [one for one in before.findings if one.rule == "grid_in_tolerance"]
    told, after = picked(town, "--weight", "later")
    stations = after.layer("station")
    later = np.asarray(after.base.attributes["later"], float)
    # By the same new weight: the plan gave both layers the same one.
    assert stations.attributes["weight"].tolist() == np.bincount(after.from_cells("station"), weights=later).tolist()
    assert sorted(stations.attributes["weight"].tolist()) == [8, 8, 8, 12]
    # Each stands alone in its quarter, so that none is out of its own range; the quarters are, of the town's.
    assert [one.rule for one in after.findings if "grid" in one.rule] == []
    assert len([one for one in after.findings if one.rule == "connected_area"]) == 4
    assert told["notes"] == []


def test_a_layer_above_that_no_plan_explains_loses_its_figures(town):
    published(town, PLAN + STATIONS, plan="")
    told, after = picked(town, "--weight", "later")
    assert set(after.layer("station").attributes) == set()
    assert any(
        "layer 'station': left out of date and so dropped: area_to_hull, border_m, deviation" in one
        for one in told["notes"]
    )
    assert np.isfinite(after.layer("responsibility").attributes["polsby_popper"]).all()


def test_a_layer_above_whose_grids_fall_apart_is_told_and_findings_of_other_layers_stay(town):
    division = published(town).edition().division
    xy = np.array([[int(word) for word in code[1:].split("_")] for code in division.base.codes])
    layer = division.layer("responsibility")
    # Columns 0 and 1, 2 and 3, … as they are and with the first and the last exchanged, and a layer of both halves above.
    pairs = (xy[:, 0] // 2).astype(np.int32)
    blank = np.array([""] * 4, dtype=object)
    grids = replace(
        layer, codes=np.array(list("abcd"), dtype=object), names=blank, areas=np.array(["A0", "A0", "A1", "A1"], dtype=object),
        membership=pairs, attributes={},
    )  # fmt: skip
    halves = replace(
        grids, name="half", of="responsibility", codes=np.array(["W", "E"], dtype=object), names=blank[:2],
        areas=blank[:2], membership=np.array([0, 0, 1, 1], np.int32),
    )  # fmt: skip
    old = [
        Finding("grid_in_tolerance", "too heavy", ("responsibility 3",)), Finding("grid_in_tolerance", "too heavy", ("b",)),
        Finding("grid_in_tolerance", "too heavy", ("police 3",)), Finding("area_can_be_met", "too light", ("c0_0",)),
        Finding("within_tolerance", "of the cells", ("c0_0",)),
    ]  # fmt: skip
    standing = replace(division, layers=(division.base, grids, halves), findings=tuple(old))
    rules = rules_of(standing, "responsibility", folders=[town], within="none")
    with pytest.raises(PlanError, match="reach over parts of their area that do not connect; given: c"):
        rebalance(problem_of(standing, rules.section)[0])
    problem, _ = problem_of(standing, rules.section.model_copy(update={"seams": ()}))
    exchanged = np.where(pairs == 0, 3, np.where(pairs == 3, 0, pairs)).astype(np.int32)
    made = regrouped(standing, "responsibility", exchanged, problem, others=True)
    assert made.notes == (
        "layer 'half': its grids are no longer in one piece: W (2 pieces), E (2 pieces)",
    )  # fmt: skip
    assert made.division.layer("responsibility").areas.tolist() == ["A1", "A0", "A1", "A0"]
    assert [one for one in made.division.findings if one in old] == old[2:]
    alone = regrouped(standing, "responsibility", exchanged, problem)
    assert [one for one in alone.division.findings if one in old] == old[4:]


def test_the_rules_of_the_plan_that_the_edition_remembers_hold(town):
    assert crossing(published(town).edition().division) == (0, 0)
    told, after = picked(town, "--weight", "later")
    assert told["rules"] == "the plan of the edition"
    assert told["notes"] == []
    assert crossing(after) == (0, 0)


def test_without_a_plan_the_level_that_holds_now_holds_and_what_is_unknown_is_said(town):
    published(town, plan="")
    told, after = picked(town, "--weight", "later")
    assert told["rules"] == ""
    assert told["notes"][0].startswith("the edition remembers no plan: its seams, barriers, bridges, locks")
    assert "--plan plan.toml" in told["notes"][0]
    assert told["notes"][1].startswith("each grid stays within its area of level 'area'")
    assert crossing(after)[1] == 0
    said = run(town, "--weight", "later", "--tolerance", 0.2, "--within", "none", "--json")
    assert len(json.loads(said.stdout)["notes"]) == 1


def test_a_plan_that_made_the_layer_otherwise_or_cannot_be_read_is_said(town):
    division = published(town).edition().division
    other = PLAN.partition('method = "balance"')[0] + 'method = "per-area"\nwithin = "area"\n'
    rules = rules_of(replace(division, plan=other), "responsibility", folders=[town])
    assert rules.notes[0].startswith("the plan of the edition made layer 'responsibility' by method \"per-area\"")
    assert rules.section.within == "area"
    rules = rules_of(replace(division, plan="[place]"), "responsibility")
    assert rules.notes[0].startswith("the plan of the edition cannot be read (the plan has no [[layer]] tables)")


def test_the_level_that_holds_is_the_finest_that_no_grid_crosses(town):
    division = published(town).edition().division
    assert nested_level(division, "responsibility") == "area"
    layer = division.layer("responsibility")
    across = replace(layer, membership=np.roll(layer.membership, 1))
    assert nested_level(replace(division, layers=(division.base, across)), "responsibility") is None


def test_a_plan_file_comes_before_the_remembered_plan_and_its_locks_hold(town):
    before = published(town).edition().division
    layer = before.layer("responsibility")
    row = before.base.codes.tolist().index("c7_3")
    corner = int(layer.membership[row])
    own = PLAN + f'locked_grids = ["{layer.codes[corner]}"]\nlocked_cells = ["c0_0"]\n'
    (town / "own.toml").write_text(own)
    words = ["--weight", "later", "--tolerance", 0.2, "--plan", town / "own.toml"]
    asked = run(town, *words)
    assert asked.exit_code == 1
    assert "±20.0% is not met" in asked.output
    assert f"{layer.codes[corner]} has later 8, 0.8 over its range" in asked.output
    # Where nothing is locked there is a way.
    (town / "own.toml").write_text(PLAN)
    assert json.loads(run(town, *words, "--json").stdout)["rules"] == f"the plan {town / 'own.toml'}"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (PLAN.replace('"responsibility"', '"other"'), NotFoundError, "no such layer; given: responsibility; allowed: cell, o"),
        (PLAN.partition('method = "balance"')[0] + 'method = "per-area"\n', PlanError, 'given: method = "per-area"'),
        (PLAN + 'locked_grids = ["nowhere"]', PlanError, "a locked grid is none of its grids; given: nowhere; allowed: A0-"),
        (PLAN.replace("river.gpkg", "none.gpkg"), NotFoundError, "none.gpkg; in: layer 'responsibility'; mend: a relative"),
        (PLAN + 'together = [["row 1", "row 2"]]', PlanError, "given: row 1; allowed: its code or name; mend: the atlas"),
    ],
)  # fmt: skip
def test_a_plan_file_that_does_not_fit_the_layer_is_refused_in_words(town, text, kind, words):
    published(town)
    (town / "own.toml").write_text(text)
    refused = run(town, "--plan", town / "own.toml").exception
    assert isinstance(refused, kind)
    assert words in str(refused)


def test_files_of_the_remembered_plan_are_looked_for_beside_the_atlas_and_never_left_out(town):
    published(town)
    (town / "river.gpkg").rename(town / "moved.gpkg")
    refused = run(town, "--weight", "later").exception
    assert isinstance(refused, NotFoundError)
    assert "files that the plan of the edition names are not there" in str(refused)
    assert str(town / "river.gpkg") in str(refused)
    assert "--plan plan.toml" in str(refused)


def test_a_locked_grid_of_the_layer_a_plan_started_from_is_the_grid_that_has_its_cells(town):
    text = (
        PLAN
        + """
[[layer]]
name = "next"
method = "balance"
of = "cell"
within = "area"
weight = "homes"
start = "responsibility"
locked_grids = ["responsibility 3"]
effort = 100
"""
    )
    (town / "plan.toml").write_text(text)
    division = divide(Plan.read(town / "plan.toml"))
    names = division.layer("responsibility").names.tolist()
    made = replace(division.layer("next"), names=np.array([f"n{row}" for row in range(8)], dtype=object))
    division = replace(division, layers=(*division.layers[:2], made))
    rules = rules_of(division, "next", folders=[town])
    locked = problem_of(division, rules.section)[0].locked_grids
    held = division.from_cells("responsibility") == names.index("responsibility 3")
    assert set(division.from_cells("next")[held].tolist()) == set(locked)


def test_ranges_capacities_and_group_sizes_of_a_plan_give_way_or_hold_as_they_can(town):
    (town / "plan.toml").write_text(PLAN)
    division = divide(Plan.read(town / "plan.toml"))
    ranged = PLAN.replace("count = 8", "weight_min = 2\nweight_max = 6")
    rules = rules_of(replace(division, plan=ranged), "responsibility", folders=[town])
    assert rules.notes == ("the tolerance takes the place of the plan's range of homes: 2 to 6 a grid",)
    assert not problem_of(division, rules.section)[0].measures[0].is_range
    sized = PLAN.replace("count = 8", "cells_min = 1\ncells_max = 5")
    measures = problem_of(division, rules_of(replace(division, plan=sized), "responsibility", folders=[town]).section)[
        0
    ].measures
    assert [(measure.name, measure.high) for measure in measures] == [("homes", None), ("cells", 5.0)]


def test_what_moves_may_be_counted_in_points(town):
    published(town)
    # Ten open reports in c6_3, which must not be what moves.
    (town / "open.csv").write_text("lon,lat\n" + f"{WEST + 6.5 * STEP},{SOUTH + 3.5 * STEP}\n" * 10 + "0,0\n")
    words = ["--weight", "later", "--tolerance", 0.2, "--moving-points", town / "open.csv"]
    told = json.loads(run(town, *words, "--moving-datum", "wgs84", "--json").stdout)
    assert told["notes"] == ["points_inside [open]: 1 of 11 point(s) lie outside the place and were not counted"]
    assert told["steps"][-1]["valid"]
    assert told["steps"][-1]["moved"] in (0, 10)
    assert isinstance(run(town, *words).exception, InputError)
    both = run(town, *words, "--moving", "homes").exception
    assert "a column or a file of points, not both" in str(both)
    alone = run(town, "--moving-datum", "wgs84").exception
    assert "a datum without points" in str(alone)


def test_a_choice_that_is_not_met_names_the_grids_that_stay_out_and_publishes_nothing(town):
    published(town)
    words = ["--weight", "later", "--tolerance", 0.01, "--pick", 0.01, "--valid-from", "2026-06-01"]
    (town / "own.toml").write_text(PLAN + 'locked_cells = ["c7_3", "c6_3", "c7_2", "c6_2", "c5_3", "c5_2"]\n')
    asked = run(town, *words, "--plan", town / "own.toml", "--json")
    told = json.loads(asked.stdout)
    assert (asked.exit_code, told["edition"]) == (1, None)
    assert told["out_of_range"]
    assert told["notes"][-1].startswith("±1.0% is not met; the nearest found is within ±")
    assert told["notes"][-1].endswith("; nothing was published")
    assert all(row["grid"] in told["notes"][-1] for row in told["out_of_range"][:10])
    assert {abs(row["out_by"]) for row in told["out_of_range"]} == {1.94}
    assert len(Atlas.open(town / "town.gpkg").editions()) == 1


def test_a_day_that_is_taken_is_refused_before_the_search_unless_it_is_to_be_replaced(town):
    store = published(town)
    words = ["--weight", "later", "--tolerance", 0.2, "--pick", 0.2, "--valid-from", "2026-01-01"]
    refused = run(town, *words).exception
    assert isinstance(refused, ConflictError)
    assert "edition 1 already begins on 2026-01-01" in str(refused)
    assert run(town, *words, "--replace").exit_code == 0
    first, last = store.editions()
    assert (first.withdrawn, last.withdrawn) == (True, False)


def test_the_last_edition_is_rebalanced_even_if_it_is_not_in_force_yet(town):
    store = published(town)
    store.publish(store.edition().division, valid_from="2990-01-01")
    told = json.loads(run(town, "--weight", "homes", "--tolerance", 0.2, "--json").stdout)
    assert told["notes"] == ["from edition 2, the last one, which is in force from 2990-01-01 on"]


def test_grids_with_a_station_each_begin_as_they_are_whatever_the_order_of_the_file(town):
    import geopandas

    seats = [box(x, y) for x, y in ((6, 1), (1, 1), (1, 2), (6, 2))]
    middles = [seat.centroid for seat in seats]
    geopandas.GeoDataFrame({"n": range(4)}, geometry=middles, crs=4326).to_file(town / "stations.gpkg")
    text = PLAN.replace("count = 8", 'stations = "stations.gpkg"')
    division = published(town, text).edition().division
    problem, _ = problem_of(division, rules_of(division, "responsibility", folders=[town]).section)
    front = rebalance(problem, tolerances=(0.2,), budget=Budget(effort=100))
    assert front.steps[0].valid
    assert [step.moved for step in front.steps] == [0, 0]
    layer = division.layer("responsibility")
    twice = replace(layer, membership=np.where(layer.membership == 3, 2, layer.membership))
    twice = replace(twice, membership=np.where(np.arange(32) == 0, 3, twice.membership).astype(np.int32))
    wrong = replace(division, layers=(division.base, twice))
    problem, _ = problem_of(wrong, rules_of(wrong, "responsibility", folders=[town], within="none").section)
    with pytest.raises(PlanError, match="existing grids that do not have one station each; given: the grid of cell"):
        rebalance(problem, tolerances=(0.2,), budget=Budget(effort=100))


def test_grids_as_they_are_do_not_pass_for_sound_where_cells_are_not_together_as_they_must(town):
    division = published(town).edition().division
    rules = rules_of(division, "responsibility", folders=[town])
    layer = division.layer("responsibility")
    codes = division.base.codes.tolist()
    first = layer.membership[codes.index("c0_0")]
    other = next(
        code for code in ("c0_1", "c1_0", "c1_1", "c2_0", "c3_0") if layer.membership[codes.index(code)] != first
    )
    between = [code for code in ("c0_1", "c1_0", "c1_1", "c2_0", "c3_0") if code < other and code[3:] == other[3:]]
    together = rules.section.model_copy(update={"together": (("c0_0", *between, other),)})
    problem, _ = problem_of(division, together)
    front = rebalance(problem, tolerances=(0.5,), budget=Budget(effort=100))
    assert (front.steps[0].valid, front.steps[0].worst) == (False, 0)


@pytest.mark.parametrize("bound", [0.0, 5.0])
def test_ctrl_c_between_searches_gives_the_balances_found_so_far(town, bound, ctrl_c):
    division = published(town).edition().division
    from geogrid.partition.balance.sections import WeightSection

    rules = rules_of(division, "responsibility", folders=[town], weight=WeightSection(name="later"))
    problem, _ = problem_of(division, rules.section)
    told = []

    def interrupting(step: str, done: int, total: int | None) -> None:
        if step.startswith("rebalance") and done == 1:
            told.append(step)
            ctrl_c()

    front = rebalance(
        problem, tolerances=(0.3, 0.2), bound_seconds=bound, budget=Budget(effort=100), progress=interrupting
    )
    assert told
    assert front.interrupted
    assert sorted(step.tolerance for step in front.steps) == [0.2, np.inf]
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        rebalance(problem, tolerances=(0.3, 0.2), budget=Budget(effort=100, stop=stop), progress=interrupting)
