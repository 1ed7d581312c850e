"""Drafts of grids in balance: figures and areas are those of the edited grids, or are gone and it is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geogrid.atlas import Atlas
from geogrid.lattice import area_m2, perimeter_m
from geogrid.partition import Plan, divide
from geogrid.partition.balance.reasons import GridReasons
from geogrid.testing import toy_city

STEP, WEST, SOUTH = 0.001, 121.25, 31.38

CELLS = """
[place]
boundaries = "areas.gpkg"
name = "Town"
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
within = "area"
count = 8
weight = { name = "calls", points = "calls.csv", datum = "wgs84" }
tolerance = 0.2
effort = 200
[[layer]]
name = "station"
method = "balance"
of = "responsibility"
within = "area"
count = 4
weight = "homes"
tolerance = 0.1
effort = 200
"""

OTHER = """
[[layer]]
name = "post"
method = "balance"
of = "cell"
count = 2
weight = "homes"
effort = 200
"""


def box(x, y, columns=1, rows=1):
    return shapely.box(WEST + x * STEP, SOUTH + y * STEP, WEST + (x + columns) * STEP, SOUTH + (y + rows) * STEP)


@pytest.fixture
def town(tmp_path):
    """Write eight columns by four rows of cells, one home and two calls in each; two areas of four columns."""
    import geopandas

    places = [(x, y) for y in range(4) for x in range(8)]
    names = [f"c{x}_{y}" for x, y in places]
    cells = {"code": names, "name": names, "homes": [1.0] * 32}
    geopandas.GeoDataFrame(cells, geometry=[box(*place) for place in places], crs=4326).to_file(tmp_path / "cells.gpkg")
    areas = {"code": ["A0", "A1"], "name": ["West", "East"]}
    shapes = [box(0, 0, 4, 4), box(4, 0, 4, 4)]
    geopandas.GeoDataFrame(areas, geometry=shapes, crs=4326).to_file(tmp_path / "areas.gpkg")
    calls = [f"{WEST + (x + 0.5) * STEP:.5f},{SOUTH + (y + 0.5) * STEP:.5f}\n" for x, y in places]
    (tmp_path / "calls.csv").write_text("lon,lat\n" + "".join(calls * 2))
    return tmp_path


def drafted(town, text=CELLS + GRIDS + OTHER):
    """Return a draft of the edition that a plan has made."""
    (town / "plan.toml").write_text(text)
    atlas = Atlas.create(town / "town.gpkg")
    atlas.publish(divide(Plan.read(town / "plan.toml")), valid_from="2026-01-01")
    return atlas.start_draft("spring")


def cells_of(division, layer, area=None):
    """Return the codes of the cells of each grid (of those in an area)."""
    member, codes = division.from_cells(layer), division.base.codes
    found = division.layer(layer)
    return {
        code: codes[member == row].tolist()
        for row, code in enumerate(found.codes.tolist())
        if area in (None, found.areas[row])
    }


def touching(division, area):
    """Return two grids of an area such that the first can give the second a cell that touches it."""
    grids = cells_of(division, "responsibility", area)
    places = {code: {tuple(map(int, cell[1:].split("_"))) for cell in cells} for code, cells in grids.items()}
    return next(
        (one, other, f"c{x}_{y}")
        for one in grids for other in grids if one != other
        for x, y in sorted(places[one])
        if {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)} & places[other]
    )  # fmt: skip


def assert_told(division, layer, each):
    """Assert that weight, shape and border of a layer are those of its cells, each of which weighs `each`."""
    found, size = division.layer(layer), [len(cells) for cells in cells_of(division, layer).values()]
    assert found.attributes["weight"].tolist() == [each * cells for cells in size]
    shapes = division.shapes(layer)
    round_ = 4 * np.pi * area_m2(shapes) / perimeter_m(shapes) ** 2
    assert found.attributes["polsby_popper"] == pytest.approx(round_)
    assert len(found.attributes["why"]) == len(found)


def without_figures(layer):
    return not [column for column in layer.attributes if GridReasons.holds(column)]


def said(division):
    return [one.message for one in division.findings if one.rule == "figures_can_be_made"]


def test_a_moved_cell_changes_the_figures_of_its_layer_and_of_those_above(town):
    draft = drafted(town)
    before = draft.division()
    source, to, cell = touching(before, "A0")
    draft.move([cell], layer="responsibility", to=to)
    after = draft.publish(valid_from="2026-06-01").division
    assert_told(after, "responsibility", 2)
    assert_told(after, "station", 1)
    grids = after.layer("responsibility")
    row = grids.codes.tolist().index(to)
    assert grids.attributes["deviation"][row] == pytest.approx(10 / 8 - 1)
    assert not grids.attributes["in_range"][row]
    assert grids.attributes["why"][row].startswith("calls 10, over 9.6: ")
    off = {one.subjects[0] for one in after.findings if one.rule == "grid_in_tolerance"}
    assert {source, to} <= off
    for layer in ("cell", "post"):
        for column, values in before.layer(layer).attributes.items():
            np.testing.assert_array_equal(values, after.layer(layer).attributes[column])
    exported = Atlas.open(town / "town.gpkg").edition(2).layer("responsibility").to_geopandas()
    assert exported.set_index("code").loc[[source, to], "weight"].tolist() == [6, 10]


def test_merged_and_new_grids_have_figures_of_their_own_and_undone_steps_leave_those_of_the_edition(town):
    draft = drafted(town)
    before = draft.division()
    gone, into, _ = touching(before, "A1")
    home = before.layer("station")
    alone = {row for row in home.membership if (home.membership == row).sum() == 1}
    codes = before.layer("responsibility").codes.tolist()
    if home.membership[codes.index(gone)] in alone:
        gone, into = into, gone
    draft.merge(gone, layer="responsibility", into=into)
    cells = cells_of(before, "responsibility")
    whole = next(code for code in cells_of(before, "responsibility", "A0"))
    draft.add(cells[whole][:2], layer="responsibility", name="New estate")
    after = draft.division()
    assert len(after.layer("responsibility")) == 8
    assert_told(after, "responsibility", 2)
    assert_told(after, "station", 1)
    assert draft.undo()
    assert draft.undo()
    back = draft.division()
    for layer in ("responsibility", "station"):
        assert back.layer(layer).attributes["weight"].tolist() == before.layer(layer).attributes["weight"].tolist()
        assert back.layer(layer).areas.tolist() == before.layer(layer).areas.tolist()
    assert back.findings == before.findings


def test_without_the_files_of_its_weight_a_layer_loses_its_figures_and_is_published(town):
    draft = drafted(town)
    _, to, cell = touching(draft.division(), "A0")
    draft.move([cell], layer="responsibility", to=to)
    (town / "calls.csv").unlink()
    after = draft.publish(valid_from="2026-06-01").division
    assert without_figures(after.layer("responsibility"))
    # Homes are a column of the cells: the layer above can still be told.
    assert_told(after, "station", 1)
    (message,) = said(after)
    assert (
        "layer 'responsibility' was edited, and its figures cannot be made anew: files that the plan of the" in message
    )
    assert str(town / "calls.csv") in message
    assert message.endswith(
        "dropped: area_to_hull, border_m, deviation, farthest_m, in_range, polsby_popper, seam_share, weight, why"
    )
    assert not without_figures(after.layer("post"))


def test_without_a_plan_figures_of_edited_layers_are_dropped_and_others_stay(town):
    (town / "plan.toml").write_text(CELLS + GRIDS + OTHER)
    atlas = Atlas.create(town / "town.gpkg")
    atlas.publish(replace(divide(Plan.read(town / "plan.toml")), plan=""), valid_from="2026-01-01")
    draft = atlas.start_draft("spring")
    _, to, cell = touching(draft.division(), "A0")
    after = draft.move([cell], layer="responsibility", to=to).division()
    assert [without_figures(after.layer(name)) for name in ("responsibility", "station", "post")] == [True, True, False]
    assert ["the edition remembers no plan" in message for message in said(after)] == [True, True]


def test_figures_of_another_weight_than_the_plan_names_are_not_mixed_with_its_own(town):
    draft = drafted(town)
    _, to, cell = touching(draft.division(), "A0")
    with (town / "calls.csv").open("a") as file:
        file.write(f"{WEST + 0.5 * STEP},{SOUTH + 0.5 * STEP}\n")
    after = draft.move([cell], layer="responsibility", to=to).division()
    assert without_figures(after.layer("responsibility"))
    assert "the weight of the plan is not the one that the grids had (calls of A0-" in said(after)[0]
    assert " is 9, and was 8)" in said(after)[0]


def test_areas_are_those_of_the_cells_in_every_layer_and_a_grid_over_two_areas_is_in_none(town):
    draft = drafted(town)
    before = draft.division()
    east = next(iter(cells_of(before, "responsibility", "A1")))
    draft.move(["c3_0"], layer="responsibility", to=east)
    over = draft.division()
    homes = dict(zip(over.layer("responsibility").codes, over.layer("responsibility").areas, strict=True))
    was = dict(zip(before.layer("responsibility").codes, before.layer("responsibility").areas, strict=True))
    assert homes == was | {east: ""}
    station = before.layer("station").codes[before.from_cells("station")[before.base.codes.tolist().index("c7_0")]]
    assert {*over.layer("station").areas} <= {"A0", "A1", ""}
    assert (over.layer("station").areas == "").sum() == 1
    assert station in over.layer("station").codes
    # The plan keeps grids within areas: what it would say of such a grid is unknown.
    assert "existing grids reach over the border of an area" in said(over)[0]
    draft.add(["c3_0"], layer="responsibility", name="Corner")
    corner = draft.division().layer("responsibility")
    assert (corner.codes[-1], corner.areas[-1]) == ("A0-responsibility-005", "A0")
    assert dict(zip(corner.codes, corner.areas, strict=True))[east] == "A1"


@pytest.mark.parametrize("level", ["street", "community"])
def test_areas_stay_of_their_level_in_layers_of_other_methods_too(atlas, level):
    division = toy_city()
    digits = {"street": 9, "community": 12}[level]
    grids = division.layer("responsibility")
    areas = np.array([code[:digits] for code in grids.areas], dtype=object)
    division = replace(division, layers=(division.base, replace(grids, areas=areas), *division.layers[2:]))
    atlas.publish(division, valid_from="2026-01-01")
    draft = atlas.start_draft("spring").move(["990100001001001"], layer="responsibility", to="G02")
    found = draft.publish(valid_from="2026-02-01").layer("responsibility").layer
    assert found.areas.tolist() == [areas[0], areas[1] if level == "street" else "", *areas[2:]]
    over = atlas.start_draft("summer").move(["990100001001002"], layer="responsibility", to="G03").division()
    assert over.layer("responsibility").areas[2] == ""
