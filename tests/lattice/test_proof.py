"""The partition proof: it holds for partitions, and names place and m² of what is none."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geogrid.errors import PartitionError
from geogrid.lattice import LatticePolygons, area_m2, owners_by_brute_force, prove_partition, uncancelled_edges
from geogrid.testing import assert_is_partition, toy_city

ORIGIN = np.array([1_212_500_000, 313_800_000])


def place(*rings: list[tuple[int, int]]) -> LatticePolygons:
    """Return polygons, one for each ring, in steps of 1,000 (about 95 m by 111 m over 1,000 steps of 1e-7)."""
    closed = [np.array([*ring, ring[0]]) * 1000 + ORIGIN for ring in rings]
    return LatticePolygons.from_rings(closed, [1] * len(rings), [1] * len(rings))


def box(x: int, y: int, width: int, height: int) -> list[tuple[int, int]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


PARENT = box(0, 0, 4, 4)


def m2(*ring: tuple[int, int]) -> float:
    return float(area_m2(place(list(ring)))[0])


def test_the_toy_city_is_a_partition() -> None:
    assert_is_partition(toy_city())


def test_a_t_junction_without_a_vertex_on_the_long_side_is_no_gap() -> None:
    cells = place(box(0, 0, 2, 4), box(2, 0, 2, 1), box(2, 1, 2, 3))
    assert prove_partition(cells, place(PARENT), [0, 0, 0]).holds


def test_a_vertex_one_step_over_the_border_is_found() -> None:
    west = np.array([*box(0, 0, 2, 4), (0, 0)]) * 1000 + ORIGIN
    west = np.insert(west, 2, (ORIGIN[0] + 2001, ORIGIN[1] + 2000), axis=0)
    rings = [west, np.array([*box(2, 0, 2, 4), (2, 0)]) * 1000 + ORIGIN]
    cells = LatticePolygons.from_rings(rings, [1, 1], [1, 1])
    proof = prove_partition(cells, place(PARENT), [0, 0], cell_names=["W", "E"])
    assert [finding.rule for finding in proof.findings] == ["no_overlap"]
    assert set(proof.findings[0].subjects) >= {"W", "E"}
    assert proof.findings[0].amount == pytest.approx(0.211, rel=0.01), "44.3 m by 9.5 mm, halved"


def test_a_gap_is_located_and_measured() -> None:
    cells = place(box(0, 0, 4, 1), box(0, 1, 1, 3), box(2, 1, 2, 3), box(1, 2, 1, 2))
    proof = prove_partition(cells, place(PARENT), [0] * 4, parent_names=["toy"])
    (gap,) = proof.findings
    assert gap.rule == "no_gap"
    assert gap.amount == pytest.approx(m2(*box(1, 1, 1, 1)), rel=1e-9)
    assert gap.geometry.contains(shapely.Point(gap.lon, gap.lat))
    assert shapely.transform(gap.geometry, lambda xy: np.rint(xy * 1e7 - ORIGIN)).bounds == (1000, 1000, 2000, 2000)
    assert "toy" in gap.subjects


def test_an_overlap_names_both_cells() -> None:
    cells = place(box(0, 0, 3, 4), box(2, 0, 2, 4))
    proof = prove_partition(cells, place(PARENT), [0, 0], cell_names=["a", "b"])
    (overlap,) = proof.findings
    assert overlap.rule == "no_overlap"
    assert overlap.amount == pytest.approx(m2(*box(2, 0, 1, 4)), rel=1e-9)
    assert {"a", "b"} <= set(overlap.subjects)


def test_the_same_cell_twice_and_another_forgotten_does_not_pass_by_equal_area() -> None:
    cells = place(box(0, 0, 2, 4), box(0, 0, 2, 4))
    proof = prove_partition(cells, place(PARENT), [0, 0])
    assert sorted(finding.rule for finding in proof.findings) == ["no_gap", "no_overlap"]


def test_what_sticks_out_of_the_parent_is_found() -> None:
    proof = prove_partition(place(box(0, 0, 4, 4), box(4, 1, 1, 1)), place(PARENT), [0, 0])
    (spill,) = proof.findings
    assert spill.rule == "inside_parent"
    assert spill.amount == pytest.approx(m2(*box(4, 1, 1, 1)), rel=1e-9)


def test_each_parent_is_proved_on_its_own() -> None:
    parents = place(box(0, 0, 2, 4), box(2, 0, 2, 4))
    cells = place(box(0, 0, 2, 4), box(2, 0, 2, 4))
    assert prove_partition(cells, parents, [0, 1]).holds
    assert not prove_partition(cells, parents, [1, 0]).holds


def test_a_parent_without_cells_is_one_gap() -> None:
    proof = prove_partition(place(box(0, 0, 2, 4)), place(box(0, 0, 2, 4), box(2, 0, 2, 4)), [0])
    assert [finding.rule for finding in proof.findings] == ["no_gap"]
    assert proof.total_m2("no_gap") == pytest.approx(m2(*box(2, 0, 2, 4)), rel=1e-9)


def test_a_cell_that_crosses_itself_is_found_though_its_edges_cancel() -> None:
    bow = [(0, 0), (6, 6), (6, 0), (0, 3)]
    proof = prove_partition(place(bow), place(bow), [0])
    assert {finding.rule for finding in proof.findings} == {"is_simple"}
    crossing = (np.array([2, 2]) * 1000 + ORIGIN) / 1e7
    assert (proof.findings[0].lon, proof.findings[0].lat) == pytest.approx(tuple(crossing), abs=1e-9)


def test_a_hole_filled_by_another_cell_is_a_partition() -> None:
    rings = [np.array([*ring, ring[0]]) * 1000 + ORIGIN for ring in (PARENT, box(1, 1, 2, 2), box(1, 1, 2, 2))]
    cells = LatticePolygons.from_rings(rings, [2, 1], [1, 1])
    assert prove_partition(cells, place(PARENT), [0, 0]).holds
    assert not prove_partition(cells.take([0]), place(PARENT), [0]).holds


def test_require_lists_the_findings() -> None:
    with pytest.raises(PartitionError, match="no_gap"):
        prove_partition(place(box(0, 0, 2, 4)), place(PARENT), [0]).require()


@st.composite
def guillotine(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """Draw a square cut again and again straight through: cells with many T-junctions."""
    cells = [box(0, 0, 16, 16)]
    for _ in range(draw(st.integers(0, 10))):
        cell = cells.pop(draw(st.integers(0, len(cells) - 1)))
        (x, y), (x2, y2) = cell[0], cell[2]
        upright = draw(st.booleans())
        low, high = (x, x2) if upright else (y, y2)
        if high - low < 2:
            cells.append(cell)
            continue
        cut = draw(st.integers(low + 1, high - 1))
        cells += (
            [box(x, y, cut - x, y2 - y), box(cut, y, x2 - cut, y2 - y)]
            if upright
            else [box(x, y, x2 - x, cut - y), box(x, cut, x2 - x, y2 - cut)]
        )
    return cells


@settings(max_examples=60)
@given(guillotine(), st.randoms(use_true_random=False))
def test_any_cutting_is_a_partition_whatever_the_order(rings: list[list[tuple[int, int]]], random: object) -> None:
    random.shuffle(rings)  # type: ignore[attr-defined]
    cells, parent = place(*rings), place(box(0, 0, 16, 16))
    assert prove_partition(cells, parent, [0] * len(rings)).holds
    assert area_m2(cells).sum() == pytest.approx(float(area_m2(parent)[0]), rel=1e-11)
    corners = np.unique(cells.coords, axis=0)
    inside = owners_by_brute_force(parent, corners) == 0
    assert np.array_equal(owners_by_brute_force(cells, corners) >= 0, inside)


@settings(max_examples=60)
@given(guillotine(), st.data())
def test_a_cell_taken_away_is_exactly_the_gap(rings: list[list[tuple[int, int]]], data: st.DataObject) -> None:
    assume(len(rings) > 1)
    gone = data.draw(st.integers(0, len(rings) - 1))
    left = rings[:gone] + rings[gone + 1 :]
    proof = prove_partition(place(*left), place(box(0, 0, 16, 16)), [0] * len(left))
    assert {finding.rule for finding in proof.findings} == {"no_gap"}
    assert proof.total_m2("no_gap") == pytest.approx(m2(*rings[gone]), rel=1e-6)


@settings(max_examples=60)
@given(guillotine(), st.data())
def test_a_moved_vertex_never_passes(rings: list[list[tuple[int, int]]], data: st.DataObject) -> None:
    """Move one vertex of one cell by a few steps of 1 cm: the proof fails, unless it slid along a straight border."""
    cells, parent = place(*rings), place(box(0, 0, 16, 16))
    vertex = data.draw(st.integers(0, len(cells.coords) - 1))
    shift = data.draw(st.tuples(st.integers(-3, 3), st.integers(-3, 3)).filter(lambda s: s != (0, 0)))
    coords = cells.coords.copy()
    same = (coords == coords[vertex]).all(axis=1) & (np.arange(len(coords)) // 5 == vertex // 5)
    coords[same] += np.array(shift, np.int32)
    moved = LatticePolygons(coords, cells.ring_offsets, cells.part_offsets, cells.geom_offsets)
    assert not prove_partition(moved, parent, [0] * len(rings)).holds


def test_opposite_edges_cancel_and_split_ones_too() -> None:
    a, b, c = (0, 0), (2, 0), (4, 0)
    starts, ends = np.array([a, c, b], np.int32), np.array([c, b, a], np.int32)
    assert len(uncancelled_edges(starts, ends, np.zeros(3, np.int64))[0]) == 0
    left = uncancelled_edges(starts[:2], ends[:2], np.zeros(2, np.int64))
    assert [side.tolist() for side in left[:3]] == [[[0, 0]], [[2, 0]], [1]]


def test_edges_of_different_groups_do_not_cancel() -> None:
    starts, ends = np.array([(0, 0), (1, 0)], np.int32), np.array([(1, 0), (0, 0)], np.int32)
    assert len(uncancelled_edges(starts, ends, np.array([0, 1]))[0]) == 2
