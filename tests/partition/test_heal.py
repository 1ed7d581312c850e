"""Hand-drawn gaps, overlaps and slivers become a proved partition; nothing moves further than stated."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from geogrid.boundaries.areas import Boundaries
from geogrid.cli.app import build_app
from geogrid.errors import InputError, PlanError
from geogrid.lattice import LatticePolygons, prove_partition
from geogrid.partition import HealRule, Plan, adopt_and_heal, divide
from geogrid.partition.adopted_faults import filled_union, on_lattice
from geogrid.partition.changes import save_changes
from geogrid.partition.heal import heal
from geogrid.partition.strips import width_m
from geogrid.testing import assert_is_partition

from .drawing import METRIC, ORIGIN, areas, degrees, place

geopandas = pytest.importorskip("geopandas")

STEP_M = 0.016
"""The diagonal of a lattice step, metres."""


def saved(path, shapes, **columns):
    frame = geopandas.GeoDataFrame(columns, geometry=[degrees(shape) for shape in shapes], crs="EPSG:4326")
    frame.to_file(path)
    return path


def healed(tmp_path, shapes, width=1.0, *, boundaries=None, overlaps="list"):
    codes = [chr(ord("a") + row) for row in range(len(shapes))]
    file = saved(tmp_path / "drawn.gpkg", shapes, code=codes)
    return adopt_and_heal(file, rule=HealRule(width, overlaps), boundaries=boundaries)


def metres(polygons: LatticePolygons) -> np.ndarray:
    return shapely.transform(polygons.to_shapely(), lambda xy: METRIC.to_metres(xy) - ORIGIN)


def one(changes):
    assert len(changes) == 1
    return changes[0]


def moved_m(before: np.ndarray, after: np.ndarray) -> float:
    """Return how far ground that changed hands lies from what its new row had, or its old row keeps.

    Sampled: the furthest of the points along the borders of what was gained and of what was lost.
    """
    furthest = 0.0
    for old, new in zip(shapely.make_valid(before), after, strict=True):
        for changed, kept in ((new - old, old), (old - new, new & old)):
            if changed.area > 1e-6:
                points = shapely.points(shapely.get_coordinates(shapely.segmentize(changed, 0.5)))
                furthest = max(furthest, float(shapely.distance(points, kept).max()))
    return furthest


def test_a_gap_goes_to_the_neighbour_with_the_longest_shared_side(tmp_path):
    # The strip is 0.6 m wide; row b runs along all of it, a and c along half each.
    west, middle, east = shapely.box(0, 0, 100, 50), shapely.box(0, 50.6, 200, 100), shapely.box(100, 0, 200, 50)
    shapes = [
        west,
        shapely.union(middle, shapely.box(-5, 0, 0, 100)),
        shapely.union(east, shapely.box(200, 0, 205, 100)),
    ]
    result = healed(tmp_path, [shapes[0], shapes[1], shapes[2]])
    change = one(result.changes)
    assert (change.kind, change.done, change.gained, change.lost) == ("gap", True, "b", ())
    assert change.m2 == pytest.approx(120, rel=0.02)
    assert change.width_m == pytest.approx(0.6, abs=0.02)
    spot = (METRIC.to_metres([[change.lon, change.lat]]) - ORIGIN)[0]
    assert 50 < spot[1] < 50.6
    assert result.division.findings == ()
    assert_is_partition(result.division)


def test_an_overlap_stays_with_the_owner_that_shares_the_longest_side(tmp_path):
    # b reaches 0.8 m into a with a tongue that is 40 m long and hangs on b.
    result = healed(
        tmp_path, [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100) | shapely.box(99.2, 30, 100, 70)]
    )
    change = one(result.changes)
    assert (change.kind, change.gained, change.lost) == ("overlap", "a", ("b",))
    assert change.m2 == pytest.approx(32, rel=0.03)
    assert result.division.findings == ()


def test_what_is_wider_stays_as_drawn_and_is_listed(tmp_path):
    frame = shapely.box(0, 0, 100, 100)
    hole, tongue = shapely.box(20, 40, 30, 60), shapely.box(95, 10, 100, 30)
    result = healed(tmp_path, [frame - hole, shapely.box(100, 0, 200, 100) | tongue])
    overlap, gap = sorted(result.changes, key=lambda change: -len(change.lost))
    assert (overlap.done, gap.done) == (False, False)
    assert (overlap.lost, gap.lost) == (("a", "b"), ())
    assert gap.reason == "wider than 1 m"
    assert overlap.width_m == pytest.approx(5, abs=0.05)
    assert gap.width_m == pytest.approx(10, abs=0.1)
    # Without official outlines the place as published leaves the hole out; the overlap is a fault.
    assert [finding.rule for finding in result.division.findings] == ["no_overlap"]
    assert metres(result.division.areas[-1].polygons)[0].area == pytest.approx(20_000 - 200, rel=1e-3)


def test_under_an_official_outline_a_wide_gap_stays_a_fault(tmp_path):
    shapes = [shapely.box(0, 0, 100, 100) - shapely.box(20, 40, 30, 60)]
    result = healed(tmp_path, shapes, boundaries=place(shapely.box(0, 0, 100, 100)))
    assert one(result.changes).done is False
    assert [finding.rule for finding in result.division.findings] == ["no_gap"]


@pytest.mark.parametrize(("rule", "winner"), [("smaller", "b"), ("larger", "a")])
def test_a_rule_of_the_plan_decides_wide_overlaps(tmp_path, rule, winner):
    result = healed(tmp_path, [shapely.box(0, 0, 100, 100), shapely.box(80, 20, 120, 60)], overlaps=rule)
    change = one(result.changes)
    assert (change.done, change.gained) == (True, winner)
    assert change.m2 == pytest.approx(800, rel=0.01)
    assert result.division.findings == ()


def test_a_row_drawn_on_top_of_a_larger_one_is_not_swallowed(tmp_path):
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(20, 20, 60, 60)]
    assert healed(tmp_path, shapes, overlaps="larger").changes[0].done is False
    result = healed(tmp_path, shapes, overlaps="smaller")
    assert result.division.area_m2("cell")[1] == pytest.approx(1_600, rel=0.01)
    assert result.division.findings == ()


def test_two_rows_drawn_twice_are_left_to_the_planner(tmp_path):
    thin = shapely.box(100, 0, 100.5, 50)
    result = healed(tmp_path, [shapely.box(0, 0, 100, 100), thin, thin])
    change = one(result.changes)
    assert (change.done, change.lost) == (False, ("b", "c"))
    assert [finding.rule for finding in result.division.findings] == ["no_overlap"]


def test_official_outlines_stay_and_rows_are_cut_and_grown_to_them(tmp_path):
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    boundaries = Boundaries(
        "T", "Drawn", (areas("district", [shapely.union(west, east)], ["D"]), areas("street", [west, east], parent="D"))
    )
    # Drawn 0.5 m too far east, and 0.4 m short of the northern border.
    shapes = [shapely.box(0, 0, 100.5, 99.6), shapely.box(100.5, 0, 200.3, 99.6)]
    result = healed(tmp_path, shapes, boundaries=boundaries)
    assert result.division.findings == ()
    assert_is_partition(result.division)
    assert result.division.base.areas.tolist() == ["A1", "A2"]
    assert all(change.done for change in result.changes)
    assert {change.kind for change in result.changes} >= {"outside", "gap"}
    np.testing.assert_allclose(result.division.area_m2("cell"), 10_000, rtol=2e-3)


def test_rows_that_do_not_nest_are_healed_in_the_whole_place(tmp_path):
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    boundaries = Boundaries(
        "T", "Drawn", (areas("district", [shapely.union(west, east)], ["D"]), areas("street", [west, east], parent="D"))
    )
    shapes = [shapely.box(0, 0, 130, 100), shapely.box(130.4, 0, 200, 100)]
    result = healed(tmp_path, shapes, boundaries=boundaries)
    change = one(result.changes)
    assert (change.kind, change.done) == ("gap", True)
    assert [finding.rule for finding in result.division.findings] == ["nests_in_area"]


def test_a_street_network_left_out_is_split_between_the_blocks_beside_it(tmp_path):
    blocks = [shapely.box(x, y, x + 90, y + 90) for x in (0, 98, 196) for y in (0, 98, 196)]
    ring = shapely.box(-20, -20, 306, 306) - shapely.box(-8, -8, 294, 294)
    shapes = [*blocks, ring]
    result = healed(tmp_path, shapes, width=12)
    assert result.division.findings == ()
    assert len(result.changes) > 12
    assert all(change.done for change in result.changes)
    before = metres(on_lattice(np.array([degrees(shape) for shape in shapes], dtype=object)))
    assert moved_m(before, metres(result.division.shapes("cell"))) <= 12 + STEP_M
    # No block swallows the network: each stays within a ring of 12 m around what was drawn.
    assert result.division.area_m2("cell")[:9].max() < 114**2


def test_a_ring_that_crosses_itself_is_laid_out_and_reported(tmp_path):
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    result = healed(tmp_path, [bow, shapely.box(100, 0, 200, 100)])
    change = one(result.changes)
    assert (change.kind, change.gained) == ("fold", "a")
    assert result.division.area_m2("cell")[0] == pytest.approx(5_000, rel=0.01)
    assert {finding.rule for finding in result.division.findings} == {"one_piece"}


def test_a_sound_division_does_not_change(tmp_path):
    result = healed(tmp_path, [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)])
    assert result.changes == ()
    assert result.division.findings == ()


def test_the_width_of_a_strip_is_the_largest_circle_that_fits():
    assert width_m(shapely.box(0, 0, 50, 3)) == pytest.approx(3, rel=0.01)
    assert width_m(shapely.Point(0, 0).buffer(2, quad_segs=64)) == pytest.approx(4, rel=0.01)


def perturbed(seed: int, width: float) -> tuple[list[shapely.Polygon], np.ndarray]:
    """Return nine blocks of 60 m, each drawn by another hand: every vertex up to `width` off."""
    rng = np.random.default_rng(seed)
    drawn = []
    for x in (0, 60, 120):
        for y in (0, 60, 120):
            ring = shapely.get_coordinates(shapely.segmentize(shapely.box(x, y, x + 60, y + 60), 31))[:-1]
            turn, far = rng.uniform(0, 2 * np.pi, len(ring)), width * np.sqrt(rng.uniform(0, 1, len(ring)))
            drawn.append(shapely.Polygon(ring + np.column_stack([np.cos(turn), np.sin(turn)]) * far[:, None]))
    return drawn, np.array([degrees(shape) for shape in drawn], dtype=object)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), width=st.sampled_from([0.05, 0.3, 1.5]), official=st.booleans())
def test_rows_drawn_up_to_w_off_become_a_partition_with_a_width_of_2w(seed, width, official):
    _, shapes = perturbed(seed, width)
    cells = on_lattice(shapes)
    outline = on_lattice(np.array([degrees(shapely.box(0, 0, 180, 180))], dtype=object)) if official else None
    # A corner where four rows meet may stand apart by twice the width in both directions.
    rule = HealRule(2 * width * np.sqrt(2) + STEP_M)
    names = [f"n{row}" for row in range(9)]
    result = heal(cells, names, METRIC, rule, areas=outline, home=np.zeros(9, int))
    parent = result.areas if official else filled_union(result.cells, fill=False)
    proof = prove_partition(result.cells, parent, np.zeros(9, int))
    assert proof.holds, proof.findings
    assert all(change.done for change in result.changes)
    assert moved_m(metres(cells), metres(result.cells)) <= rule.width_m + STEP_M


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_means_nothing(seed):
    _, shapes = perturbed(seed, 0.5)
    order = np.random.default_rng(seed).permutation(9)
    names = np.array([f"n{row}" for row in range(9)])
    cells = on_lattice(shapes)
    rule = HealRule(1.5)
    first = heal(cells, names, METRIC, rule)
    second = heal(cells.take(order), names[order], METRIC, rule)
    assert first.changes == second.changes
    back = second.cells.take(np.argsort(order))
    assert all(a.normalize() == b.normalize() for a, b in zip(first.cells.to_shapely(), back.to_shapely(), strict=True))


def test_the_changes_are_written_as_a_geopackage(tmp_path):
    result = healed(
        tmp_path,
        [
            shapely.box(0, 0, 100, 100),
            shapely.box(100.4, 0, 200, 100),
            shapely.box(0, -50, 200, 0),
            shapely.box(0, 100, 200, 150),
        ],
    )
    save_changes(result.changes, tmp_path / "changes.gpkg")
    frame = geopandas.read_file(tmp_path / "changes.gpkg", layer="changes")
    assert frame.crs.to_epsg() == 4326
    assert frame["gained"].tolist() == ["a"]
    assert frame["m2"].tolist() == pytest.approx([40], rel=0.05)
    assert frame.geometry.iloc[0].area > 0
    with pytest.raises(InputError, match="gpkg"):
        save_changes(result.changes, tmp_path / "changes.csv")


PLAN = """
[place]
code = "T"
[[layer]]
name = "cell"
method = "adopt"
path = "drawn.gpkg"
heal_width_m = 1
changes = "changes.gpkg"
"""


def test_a_plan_heals_and_says_so_in_a_finding(tmp_path):
    saved(tmp_path / "drawn.gpkg", [shapely.box(0, 0, 99.5, 100), shapely.box(100, 0, 200, 100)], code=["a", "b"])
    division = divide(Plan.parse(PLAN, folder=tmp_path), boundaries=place(shapely.box(0, 0, 200, 100)))
    assert [finding.rule for finding in division.findings] == ["healed"]
    assert division.findings[0].amount == pytest.approx(50, rel=0.05)
    assert_is_partition(division)
    assert len(geopandas.read_file(tmp_path / "changes.gpkg")) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [("heal_width_m = 0", "greater than 0"), ('heal_width_m = 1\nof = "cell"', "no borders of its own"), ('changes = "c.gpkg"', "only with heal_width_m")],
)  # fmt: skip
def test_a_plan_that_cannot_heal_is_refused_with_its_line(line, words):
    text = PLAN.replace("heal_width_m = 1\n", "").replace('changes = "changes.gpkg"', line)
    with pytest.raises(PlanError, match=words):
        Plan.parse(text)


def test_a_width_that_is_no_width_is_refused():
    with pytest.raises(InputError, match="above 0"):
        HealRule(0.0)
    with pytest.raises(InputError, match="list, smaller, larger"):
        HealRule(1.0, "biggest")  # type: ignore[arg-type]


def test_the_verb_heals_shows_the_table_and_publishes(tmp_path):
    file = str(
        saved(tmp_path / "drawn.gpkg", [shapely.box(0, 0, 99.5, 100), shapely.box(99, 0, 200, 100)], code=["a", "b"])
    )

    def run(*words):
        return CliRunner().invoke(build_app("adopt"), ["adopt", file, *words])

    assert run().exit_code == 1
    dry = run("--heal", "1")
    assert dry.exit_code == 0, dry.output
    assert "1 strip(s) healed" in dry.stdout
    assert "not published" in dry.stdout
    words = ("--heal", "1", "--changes", str(tmp_path / "c.gpkg"), "--atlas", str(tmp_path / "city.gpkg"), "--json")
    printed = json.loads(run(*words).stdout)
    assert printed["edition"] == 1
    assert printed["changes"][0]["kind"] == "overlap"
    assert printed["findings"] == []
    assert len(geopandas.read_file(tmp_path / "c.gpkg")) == 1
    wrong = run("--changes", str(tmp_path / "c.gpkg"))
    assert isinstance(wrong.exception, InputError)


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("file", "width", "kinds", "m2"),
    [("neighborhoods", 2.0, {"gap", "overlap"}, 138.5), ("council_districts", 0.5, {"gap"}, 15.15)],
)
def test_the_divisions_of_baltimore_are_healed(acceptance_data, file, width, kinds, m2):
    result = adopt_and_heal(acceptance_data / "baltimore" / f"{file}.gpkg", rule=HealRule(width))
    assert_is_partition(result.division)
    assert {change.kind for change in result.changes} == kinds
    assert all(change.done and change.width_m <= width for change in result.changes)
    assert sum(change.m2 for change in result.changes) == pytest.approx(m2, abs=0.1)
    assert {finding.rule for finding in result.division.findings} <= {"one_piece"}


def test_a_strip_between_two_rows_that_runs_out_of_the_division_is_healed(tmp_path):
    # A quarter of a metre between b and c, open at both ends, and a wedge between a and d, open in the west.
    shapes = [
        shapely.box(0, 0, 200, 100), shapely.box(200, 0, 300, 100), shapely.box(300.25, 0, 400, 100),
        shapely.Polygon([(0, 100.2), (200, 100), (200, 200), (0, 200)]),
    ]  # fmt: skip
    done = healed(tmp_path, shapes, 0.5)
    assert [(change.kind, change.done, round(change.m2)) for change in done.changes] == [
        ("gap", True, 25),
        ("gap", True, 20),
    ]
    assert {change.gained for change in done.changes} <= {"a", "b", "c", "d"}
    assert done.division.findings == ()
    after = metres(done.division.shapes("cell"))
    assert shapely.area(after).sum() == pytest.approx(shapely.area(np.array(shapes)).sum() + 45, abs=2)
    assert moved_m(np.array(shapes), after) <= 0.5 + STEP_M
    assert shapely.union_all(after, grid_size=0.05).bounds == pytest.approx((0, 0, 400, 200), abs=0.06)


@pytest.mark.parametrize(
    "shapes",
    [
        [shapely.box(0, 0, 100, 100), shapely.box(101, 0, 200, 100)],  # a metre wide
        [shapely.Polygon([(0, 0), (100, 0), (100, 50), (10, 50), (10, 50.3), (100, 50.3), (100, 100), (0, 100)])],
        [shapely.box(0, 0, 100, 100), shapely.box(100, 50, 200, 150)],  # a corner, no strip
    ],
)
def test_an_outer_border_stays_as_drawn_where_no_narrow_strip_lies_between_rows(tmp_path, shapes):
    done = healed(tmp_path, shapes, 0.5)
    assert done.changes == ()
    assert shapely.area(metres(done.division.shapes("cell"))) == pytest.approx(shapely.area(np.array(shapes)), abs=0.5)
