"""Loose ends: what was meant to meet is closed, what was not stays open."""

import numpy as np
import pytest
import shapely

from geogrid.partition.blocks import Seams
from geogrid.partition.blocks.gaps import GAP_M, HARD_GAP_M, closed_gaps

from .sketch import cells_of, line, metres_inside

PLACE = shapely.box(0, 0, 200, 100)


def test_a_motorway_drawn_with_a_gap_of_three_centimetres_is_never_inside_a_cell():
    pieces = [line((60, -20), (60, 49.97)), line((60, 50), (60, 120))]
    done = cells_of(PLACE, Seams.of(pieces, worth=1.0, hard=True))
    assert metres_inside(done.cut, pieces) == 0
    assert sorted(shapely.area(done.cut.polygons).round()) == [6_000, 7_000, 7_000]


def test_an_end_just_short_of_the_border_is_carried_on_to_it():
    short = [line((60, 0.6), (60, 99.4))]
    done = cells_of(PLACE, Seams.of(short, worth=1.0, hard=True))
    assert metres_inside(done.cut, short) == 0
    row = np.flatnonzero(done.stretches.source == 0)
    assert done.stretches.length_m[row].sum() == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(("hard", "short_m", "closed"), [
    (False, GAP_M - 0.1, True), (False, GAP_M + 0.1, False),
    (True, HARD_GAP_M - 0.1, True), (True, HARD_GAP_M + 0.1, False),
])  # fmt: skip
def test_how_far_an_end_is_carried_on_depends_on_whether_the_seam_is_hard(hard, short_m, closed):
    seams = Seams.of(shapely.LineString([(60, 0), (60, 100 - short_m)]), hard=hard, names="Ring Road")
    longer, row = closed_gaps(seams, PLACE)
    assert list(row) == ([0, 0] if closed else [0])
    if closed:
        assert shapely.length(longer.lines[1]) == pytest.approx(short_m)
        assert (longer.names[1], bool(longer.hard[1])) == ("Ring Road", hard)


def test_ends_that_meet_something_or_lie_outside_get_no_link():
    drawn = [((0, 50), (200, 50)), ((60, 50), (60, 100)), ((60, 100), (90, 100)), ((300, 1), (300, 50))]
    seams = Seams.of([shapely.LineString(one) for one in drawn])
    longer, row = closed_gaps(seams, PLACE)
    assert len(longer) == len(row) == len(seams)


def test_rings_have_no_ends():
    seams = Seams.of(shapely.box(10, 1, 30, 20).exterior)
    assert len(closed_gaps(seams, PLACE)[0]) == 1
