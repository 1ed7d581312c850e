"""Repair: nothing unless asked, and every change told in metres and m²."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from geogrid.boundaries import Change, Repairs, check_boundaries, read_boundaries
from geogrid.errors import BoundaryError
from geogrid.lattice import prove_partition
from tests.boundaries.conftest import SQUARE_M2, Draw, box, polygon


def only(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def test_nothing_is_repaired_unless_it_is_asked_for(draw: Draw) -> None:
    path = draw(
        "s",
        [{"code": "a", "name": "A", "shape": box(0, 0, 3, 4)}, {"code": "b", "name": "B", "shape": box(2, 0, 2, 4)}],
    )
    for repair in (None, Repairs(), Repairs(untangle=True, clip_to_parent=True, gaps_up_to_m2=1e9)):
        with pytest.raises(BoundaryError, match="no_overlap"):
            read_boundaries(path, repair=repair)
    place = read_boundaries(path, accept=("no_overlap",))
    assert place.changes == ()
    assert place.finest.area_m2().sum() == pytest.approx(20 * SQUARE_M2, rel=1e-3)


def test_sound_outlines_pass_every_repair_unchanged(district: Path, streets: Path) -> None:
    files = {"district": district, "street": streets}
    everything = Repairs(True, True, True, True, 1e9, 1e9)
    repaired, plain = read_boundaries(files, repair=everything), read_boundaries(files)
    assert repaired.changes == ()
    for ours, theirs in zip(repaired.levels, plain.levels, strict=True):
        assert np.array_equal(ours.polygons.coords, theirs.polygons.coords)


def test_an_overlap_goes_to_the_first_code_and_is_reported(draw: Draw) -> None:
    path = draw(
        "s",
        [{"code": "b", "name": "B", "shape": box(2, 0, 2, 4)}, {"code": "a", "name": "A", "shape": box(0, 0, 2.5, 4)}],
    )
    place = read_boundaries(path, repair=Repairs(overlaps_up_to_m2=2.1 * SQUARE_M2))
    change = only(place.changes)
    assert (change.rule, change.code) == ("no_overlap", "b")
    assert change.before_m2 - change.after_m2 == pytest.approx(2 * SQUARE_M2, rel=1e-3)
    assert change.changed_m2 == pytest.approx(2 * SQUARE_M2, rel=1e-3)
    assert change.moved_m == pytest.approx(47.6, rel=0.01)
    assert "m² changed, border moved by up to 47" in str(change)
    assert place.finest.area_m2().tolist() == pytest.approx([6 * SQUARE_M2, 10 * SQUARE_M2], rel=1e-3)


def test_an_overlap_larger_than_allowed_stays_an_error(draw: Draw) -> None:
    path = draw(
        "s",
        [{"code": "a", "name": "A", "shape": box(0, 0, 3, 4)}, {"code": "b", "name": "B", "shape": box(2, 0, 2, 4)}],
    )
    with pytest.raises(BoundaryError, match="no_overlap"):
        read_boundaries(path, repair=Repairs(overlaps_up_to_m2=SQUARE_M2))


def test_a_gap_goes_to_the_neighbour_with_the_longest_border(draw: Draw, district: Path) -> None:
    rows = [
        {"code": "a", "name": "A", "shape": box(0, 0, 1, 4)},
        {"code": "b", "name": "B", "shape": box(1.1, 0, 2.9, 4)},
        {"code": "c", "name": "C", "shape": box(0, 0, 0.001, 0.001)},
    ]
    rows[0]["shape"] = rows[0]["shape"].difference(rows[2]["shape"])
    files = {"district": district, "street": draw("s", rows)}
    place = read_boundaries(files, repair=Repairs(gaps_up_to_m2=SQUARE_M2), accept=())
    change = only(place.changes)
    assert (change.rule, change.code) == ("no_gap", "a")
    assert change.changed_m2 == pytest.approx(0.4 * SQUARE_M2, rel=1e-3)
    assert place.findings == ()
    proof = prove_partition(place.finest.polygons, place.levels[0].polygons, [0, 0, 0])
    assert proof.holds


def test_what_sticks_out_is_cut_and_the_parent_stands_fast(draw: Draw, district: Path) -> None:
    rows = [{"code": "a", "name": "A", "shape": box(0, 0, 5, 4)}]
    files = {"district": district, "street": draw("s", rows)}
    place = read_boundaries(files, repair=Repairs(clip_to_parent=True))
    change = only(place.changes)
    assert (change.rule, change.level, change.code) == ("inside_parent", "street", "a")
    assert change.changed_m2 == pytest.approx(4 * SQUARE_M2, rel=1e-3)
    assert np.array_equal(place.levels[0].polygons.coords, read_boundaries(district).finest.polygons.coords)
    assert place.finest.area_m2()[0] == pytest.approx(16 * SQUARE_M2, rel=1e-3)


def test_a_bow_is_untangled_into_its_two_halves(draw: Draw) -> None:
    path = draw("s", [{"code": "a", "name": "Bow", "shape": polygon((0, 0), (2, 2), (2, 0), (0, 2))}])
    place = read_boundaries(path, repair=Repairs(untangle=True))
    assert only(place.changes).rule == "is_simple"
    assert place.finest.area_m2()[0] == pytest.approx(2 * SQUARE_M2, rel=1e-3)
    assert shapely.is_valid(place.finest.polygons.to_shapely_steps()).all()


def test_features_of_one_code_are_united_and_empty_ones_left_out(draw: Draw) -> None:
    rows = [
        {"code": "a", "name": "Mainland", "shape": box(0, 0, 2, 2)},
        {"code": "a", "name": "Island", "shape": box(3, 0, 1, 1)},
        {"code": "b", "name": "Nowhere", "shape": None},
    ]
    place = read_boundaries(draw("s", rows), repair=Repairs(drop_empty=True, unite_same_code=True))
    assert place.finest.codes.tolist() == ["a"]
    assert [change.rule for change in place.changes] == ["not_empty", "unique_code"]
    assert place.finest.area_m2()[0] == pytest.approx(5 * SQUARE_M2, rel=1e-3)
    assert place.changes[1].changed_m2 == pytest.approx(SQUARE_M2, rel=1e-3)


def test_a_border_that_comes_nearer_to_itself_than_a_step_is_rounded_as_a_whole(draw: Draw) -> None:
    """The southern border rises by one step; the notch ends 0.05 steps above it, and would be rounded to below."""
    step = 1e-4
    notch = polygon((0, 0), (4, step), (4, 2), (1.5, 2), (1, 0.3 * step), (0.5, 2), (0, 2))
    assert notch.is_valid
    assert not shapely.transform(notch, lambda xy: np.rint(xy * 1e7)).is_valid
    place = read_boundaries(draw("s", [{"code": "a", "name": "A", "shape": notch}]))
    change = only(place.changes)
    assert shapely.is_valid(place.finest.polygons.to_shapely_steps()).all()
    assert change.rule == "is_simple"
    assert change.changed_m2 < 4 * 95 * 0.01
    assert place.finest.area_m2()[0] == pytest.approx(7 * SQUARE_M2, rel=1e-3)


def test_real_neighbourhoods_are_sound_after_their_repair(acceptance_data: Path) -> None:
    source = acceptance_data / "baltimore" / "neighborhoods.gpkg"
    place = read_boundaries(source, code="name", repair=Repairs(overlaps_up_to_m2=100, gaps_up_to_m2=50), accept=())
    assert place.findings == ()
    assert {change.rule for change in place.changes} == {"no_overlap", "no_gap"}
    assert sum(change.changed_m2 for change in place.changes) == pytest.approx(
        80.09 + 5.28 + 24.51 + 22.21 + 6.76, abs=1.5
    )
    assert check_boundaries(source, code="name"), "the file itself is as it was"
