"""Lineage: unchanged cells keep their codes, and every code that ever existed is explained."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.atlas import Atlas, Passage
from geogrid.atlas.diff import compare_editions
from geogrid.atlas.exchange import exchange_of
from geogrid.errors import CodeError, NotFoundError
from geogrid.lattice import LatticePolygons, area_m2

A, B, C, D, E = (f"990100001001{n:03d}" for n in range(1, 6))
ROWS = ((0, 2, 4, 2), (0, 0, 4, 2))


def test_unchanged_cells_keep_their_codes_and_leave_no_trace(atlas, draw):
    first = atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    second = atlas.publish(draw(*reversed(ROWS)), valid_from="2026-02-01")
    assert second.layer("cell").codes.tolist() == [A, B]
    assert second.content_hash == first.content_hash
    (life,) = atlas.history(A)
    assert (life.issued_in, life.ended_in, life.came_from, life.became) == (1, None, (), ())


def test_a_split_cell_lives_on_in_its_larger_part_and_the_other_is_numbered_anew(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    split = draw((0, 2, 3, 2), (3, 2, 1, 2), ROWS[1])
    second = atlas.publish(split, valid_from="2026-02-01")
    assert second.layer("cell").codes.tolist() == [A, B, C]
    whole = first_m2(atlas, A)
    (life,) = atlas.history(A)
    assert life.ended_in is None
    assert [(p.edition, p.from_code, p.to_code) for p in life.became] == [(2, A, C)]
    assert life.became[0].area_m2 == pytest.approx(whole / 4, rel=1e-6)
    assert "m² to 990100001001003" in str(life)


def test_a_cell_cut_in_halves_ends_and_both_halves_get_new_codes(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    second = atlas.publish(draw((0, 2, 2, 2), (2, 2, 2, 2), ROWS[1]), valid_from="2026-02-01")
    assert second.layer("cell").codes.tolist() == [B, C, D]
    (life,) = atlas.history(A)
    assert life.ended_in == 2
    assert sorted(p.to_code for p in life.became) == [C, D]
    assert atlas.successors(A, layer="cell") == pytest.approx({C: 0.5, D: 0.5})


def test_merged_cells_live_on_only_if_one_is_most_of_the_whole(atlas, draw):
    atlas.publish(draw((0, 1, 4, 3), (0, 0, 4, 1)), valid_from="2026-01-01")
    second = atlas.publish(draw((0, 0, 4, 4)), valid_from="2026-02-01")
    assert second.layer("cell").codes.tolist() == [A]
    assert atlas.history(B)[0].ended_in == 2
    assert atlas.successors(B, layer="cell") == {A: 1.0}


def test_retired_codes_are_never_issued_again_and_followed_through_all_editions(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    atlas.publish(draw((0, 2, 2, 2), (2, 2, 2, 2), ROWS[1]), valid_from="2026-02-01")
    third = atlas.publish(draw(*ROWS), valid_from="2026-03-01")
    assert third.layer("cell").codes.tolist() == [B, E]
    assert atlas.successors(A, layer="cell") == pytest.approx({E: 1.0})
    assert [p.edition for p in atlas.history(C)[0].became] == [3]
    with pytest.raises(NotFoundError, match="ever had this code"):
        atlas.history("990100001001006")


def test_a_retired_code_comes_back_only_to_its_own_ground(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    atlas.publish(draw((0, 2, 2, 2), (2, 2, 2, 2), ROWS[1]), valid_from="2026-02-01")
    with pytest.raises(CodeError, match="stood for other ground"):
        atlas.publish(draw((0, 0, 2, 4), (2, 0, 2, 4), codes=[A, ""]), valid_from="2026-03-01")
    back = atlas.publish(draw(*ROWS, codes=[A, B]), valid_from="2026-03-01")
    assert back.layer("cell").codes.tolist() == [A, B]
    assert atlas.history(A)[0].ended_in is None
    assert atlas.history(C)[0].ended_in == 3


def test_a_code_that_names_its_community_does_not_follow_a_cell_into_another(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    moved = atlas.publish(draw(*ROWS, area="990100001002"), valid_from="2026-02-01")
    assert moved.layer("cell").codes.tolist() == ["990100001002001", "990100001002002"]
    assert [(p.from_code, p.to_code) for p in atlas.history(A)[0].became] == [(A, "990100001002001")]
    assert atlas.history("990100001001", layer="area_community")[0].ended_in == 2


def test_grids_are_compared_through_their_cells_to_the_square_metre(atlas, draw):
    quarters = ((0, 2, 2, 2), (2, 2, 2, 2), (0, 0, 2, 2), (2, 0, 2, 2))
    atlas.publish(draw(*quarters, grids=[0, 0, 1, 1]), valid_from="2026-01-01")
    atlas.publish(draw(*quarters, grids=[0, 0, 0, 1]), valid_from="2026-02-01")
    (life,) = atlas.history("G2", layer="responsibility")
    cell = atlas.edition(1).division.area_m2("cell")[2]
    assert life.became == (Passage(2, "G2", "G1", pytest.approx(cell, abs=1e-3)),)
    assert life.ended_in is None


def test_grids_without_codes_are_issued_and_carried_like_cells(atlas, draw):
    halves = ((0, 0, 2, 4), (2, 0, 2, 4))
    names = ["", ""]
    atlas.publish(draw(*halves, grids=[0, 1], grid_codes=names), valid_from="2026-01-01")
    second = atlas.publish(draw(*halves, grids=[1, 0], grid_codes=names), valid_from="2026-02-01")
    assert second.layer("responsibility").codes.tolist() == [
        "990100001001-responsibility-001", "990100001001-responsibility-002",
    ]  # fmt: skip
    assert second.division.layer("responsibility").membership.tolist() == [0, 1]


def test_a_layer_that_goes_and_comes_back_is_explained(atlas, draw):
    atlas.publish(draw(*ROWS, grids=[0, 1]), valid_from="2026-01-01")
    atlas.publish(draw(*ROWS), valid_from="2026-02-01")
    (away,) = atlas.history("G1")
    assert away.ended_in == 2
    assert away.became[0].to_code == ""
    atlas.publish(draw(*ROWS, grids=[0, 1]), valid_from="2026-03-01")
    assert atlas.history("G1")[0].ended_in is None


def test_ground_outside_is_named_as_such(atlas, draw):
    atlas.publish(draw((0, 0, 4, 3), size=(4, 3)), valid_from="2026-01-01")
    grown = atlas.publish(draw((0, 0, 4, 3), (0, 3, 4, 1)), valid_from="2026-02-01")
    (new,) = atlas.history(B)
    assert (new.came_from[0].from_code, new.issued_in) == ("", 2)
    assert new.came_from[0].area_m2 == pytest.approx(grown.division.area_m2("cell")[1], abs=1e-3)


def test_the_difference_of_two_editions_is_told_per_layer(atlas, draw):
    quarters = ((0, 2, 2, 2), (2, 2, 2, 2), (0, 0, 2, 2), (2, 0, 2, 2))
    before = atlas.publish(draw(*quarters, grids=[0, 0, 1, 1]), valid_from="2026-01-01")
    changed = draw(*quarters[:3], (2, 0, 1, 2), (3, 0, 1, 2), grids=[0, 0, 0, 1, 1])
    after = atlas.publish(changed, valid_from="2026-02-01")
    cells, grids = compare_editions(before, after)
    assert (cells.new, cells.gone, cells.unchanged) == ((E, "990100001001006"), (D,), 3)
    assert cells.moved_m2 == pytest.approx(before.division.area_m2("cell")[3], abs=1e-3)
    assert [(m.from_code, m.to_code) for m in grids.moves] == [("G2", "G1")]
    assert grids.changed == ("G1", "G2")
    assert all(part.is_empty for part in compare_editions(after, after))


def first_m2(atlas: Atlas, code: str) -> float:
    layer = atlas.edition(1).layer("cell")
    return float(layer.area_m2()[layer.codes.tolist().index(code)])


def strips(cuts: list[int], *, upright: bool) -> LatticePolygons:
    edges = [0, *cuts, 10_000]
    rings = []
    for low, high in pairwise(edges):
        ring = np.array([(low, 0), (high, 0), (high, 10_000), (low, 10_000), (low, 0)])
        rings.append((ring if upright else ring[:, ::-1]) + (1_212_500_000, 313_800_000))
    return LatticePolygons.from_rings(rings, [1] * len(rings), [1] * len(rings))


cuts = st.lists(st.integers(1, 9_999), max_size=5, unique=True).map(sorted)


@settings(max_examples=50)
@given(cuts, cuts, st.booleans())
def test_what_two_partitions_share_adds_up_to_both(old_cuts, new_cuts, upright):
    from geogrid.atlas.canonical import canonical_polygons

    old = canonical_polygons(strips(old_cuts, upright=True))
    new = canonical_polygons(strips(new_cuts, upright=upright))
    found = exchange_of(old, new)
    np.testing.assert_allclose(np.bincount(found.old, found.shared_m2, len(old)), area_m2(old), rtol=1e-6, atol=0.01)
    np.testing.assert_allclose(np.bincount(found.new, found.shared_m2, len(new)), area_m2(new), rtol=1e-6, atol=0.01)
    assert len(set(zip(found.old.tolist(), found.new.tolist(), strict=True))) == len(found.old)


def test_an_area_is_followed_by_the_name_of_its_level(atlas, draw):
    atlas.publish(draw(*ROWS), valid_from="2026-01-01")
    atlas.publish(draw(*ROWS, area="990100001002"), valid_from="2026-02-01")
    assert atlas.successors("990100001001", layer="community") == {"990100001002": 1.0}
    with pytest.raises(NotFoundError, match="ever had this code"):
        atlas.successors("990100001009", layer="community")


def test_grids_of_cells_that_do_not_share_their_vertices_are_united_all_the_same(atlas, draw):
    edition = atlas.publish(draw((0, 2, 2, 2), (2, 2, 2, 2), (0, 0, 4, 2), grids=[0, 1, 0]), valid_from="2026-01-01")
    assert edition.layer("responsibility").area_m2().sum() == pytest.approx(
        area_m2(edition.division.areas[0].polygons).sum()
    )
    assert len(edition.layer("responsibility").shapes.geom_offsets) == 3
