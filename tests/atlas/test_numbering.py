"""Codes: issued once, in reading order, appended afterwards, never given out twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.atlas import BY_AREA, UNIT_GRID, Numbering, reading_order
from geogrid.atlas.numbering import numbering_for
from geogrid.errors import CodeError, NotFoundError
from geogrid.lattice import LatticePolygons


def boxes(*corners):
    rings = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)] for x, y, w, h in corners]
    return LatticePolygons.from_rings(rings, [1] * len(rings), [1] * len(rings))


def test_cells_are_read_like_a_page_west_to_east_then_north_to_south():
    # 0 1 2 stand in the northern row, 3 4 in the southern; they are given in another order.
    page = [(0, 10, 10, 10), (10, 10, 10, 10), (20, 10, 10, 10), (0, 0, 10, 10), (10, 0, 20, 10)]
    given_order = [4, 2, 0, 3, 1]
    order = reading_order(boxes(*(page[i] for i in given_order)))
    assert [given_order[row] for row in order] == [0, 1, 2, 3, 4]


def test_a_cell_a_little_lower_still_stands_in_its_line():
    page = [(0, 13, 10, 8), (10, 10, 10, 10), (20, 7, 10, 13), (0, 0, 10, 9), (10, 0, 10, 8)]
    assert reading_order(boxes(*page)).tolist() == [0, 1, 2, 3, 4]


def test_cells_with_the_same_middle_are_told_apart_by_their_vertices():
    ring = LatticePolygons.from_rings(
        [[(0, 0), (30, 0), (30, 30), (0, 30), (0, 0)], [(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)]], [2], [1]
    )
    inner = boxes((10, 10, 10, 10))
    there = reading_order(LatticePolygons.concatenate([ring, inner]))
    back = reading_order(LatticePolygons.concatenate([inner, ring]))
    assert there.tolist() == [1 - row for row in back.tolist()]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=30, unique=True), st.randoms())
def test_the_order_of_rows_does_not_change_the_reading_order(corners, random):
    cells = [(x * 10, y * 10, 10, 10) for x, y in corners]
    mixed = cells.copy()
    random.shuffle(mixed)
    read = [[rows[i] for i in reading_order(boxes(*rows))] for rows in (cells, mixed)]
    assert read[0] == read[1]
    assert read[0] == sorted(cells, key=lambda cell: (-cell[1], cell[0]))


def test_a_15_digit_code_is_written_and_read_by_its_community():
    assert UNIT_GRID.code("310114001001", 7) == "310114001001007"
    assert UNIT_GRID.sequence_of("310114001001007", "310114001001") == 7
    assert UNIT_GRID.sequence_of("310114001001000", "310114001001") is None
    assert UNIT_GRID.sequence_of("310114001002007", "310114001001") is None
    assert UNIT_GRID.sequence_of("31011400100107", "310114001001") is None


def test_without_an_area_no_dash_is_left_over():
    grids = Numbering("{area}-{layer}-{seq:03d}")
    assert grids.code("", 5, layer="police") == "police-005"
    assert grids.sequence_of("police-005", "", layer="police") == 5
    assert BY_AREA.code("", 12) == "00012"
    assert BY_AREA.sequence_of("00012", "") == 12


@given(st.text("0123456789-AZ", max_size=12).filter(lambda area: not area.startswith("-")), st.integers(1, 10**7))
def test_a_number_is_read_back_from_its_code(area, sequence):
    assert BY_AREA.sequence_of(BY_AREA.code(area, sequence), area) == sequence


def test_the_numbering_follows_the_areas_codes():
    assert numbering_for(["310114001001", "310114001002"]) is UNIT_GRID
    assert numbering_for(["310114", "310112"]) is BY_AREA
    assert numbering_for([]) is BY_AREA
    # The whole district in the statistical form with twelve digits is no community.
    assert numbering_for(["310114000000"]) is BY_AREA
    assert numbering_for(["Fells Point"]) is BY_AREA


@pytest.mark.parametrize("template", ["{area}", "{seq}{seq}", "{city}{seq}", "{seq:xyz}"])
def test_a_template_that_cannot_number_is_refused(template):
    with pytest.raises(CodeError):
        Numbering(template)


def test_any_scheme_that_counts_can_number_a_layer():
    assert Numbering("unit-grid") == UNIT_GRID
    with pytest.raises(NotFoundError, match="unit-grid"):
        Numbering("plain")
    with pytest.raises(CodeError, match="number by a template instead"):
        UNIT_GRID.code("Canton", 1)
    for scheme, limit in (("community", None), ("unit-grid", 99)):
        with pytest.raises(CodeError, match="its own sequence"):
            Numbering(scheme, limit)


def test_numbers_are_appended_after_the_last_one_ever_issued():
    codes = UNIT_GRID.issue(
        ["", "990100001001004", ""], ["990100001001"] * 3, boxes((10, 0, 9, 9), (0, 0, 9, 9), (20, 0, 9, 9)),
        last={"990100001001": 7}, taken={"990100001001007", "990100001001008"},
    )  # fmt: skip
    assert codes.tolist() == ["990100001001009", "990100001001004", "990100001001010"]


def test_a_community_with_more_than_999_cells_is_named():
    count = 1000
    cells = boxes(*((10 * i, 0, 10, 10) for i in range(count)))
    with pytest.raises(CodeError, match="310114001001 has no number left: a unit grid code counts to 999"):
        UNIT_GRID.issue([""] * count, ["310114001001"] * count, cells, last={}, taken=set())
    full = UNIT_GRID.issue([""] * 999, ["310114001001"] * 999, cells.take(np.arange(999)), last={}, taken=set())
    assert full[-1] == "310114001001999"


def test_each_community_counts_for_itself(atlas, draw):
    edition = atlas.publish(draw((0, 3, 1, 1), (1, 3, 3, 1), (0, 0, 4, 3)), valid_from="2026-01-01")
    assert edition.layer("cell").codes.tolist() == [f"990100001001{n:03d}" for n in (1, 2, 3)]
    assert edition.division.shapes("cell").bounds()[0].tolist()[:2] == [1_212_500_000, 313_830_000]


def test_a_plans_own_numbering_is_used(atlas, draw):
    city = draw((0, 0, 2, 4), (2, 0, 2, 4), grids=[0, 1], grid_codes=["", ""])
    chosen = {"cell": Numbering("C{seq:04d}"), "responsibility": Numbering("{area}R{seq:02d}", limit=99)}
    edition = atlas.publish(city, valid_from="2026-01-01", numbering=chosen)
    assert edition.layer("cell").codes.tolist() == ["C0001", "C0002"]
    assert edition.layer("responsibility").codes.tolist() == ["990100001001R01", "990100001001R02"]
