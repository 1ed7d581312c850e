"""Slivers join a neighbour, and nothing else joins across a motorway."""

import numpy as np
import pytest
import shapely

from geogrid.partition.blocks import Seams

from .sketch import areas, cells_of, line, metres_inside

PLACE = shapely.box(0, 0, 400, 100)


def hard(*lines):
    return Seams.of(list(lines), worth=1.0, hard=True)


def test_a_pond_kept_whole_in_one_cell_does_not_join_cells_across_a_motorway():
    motorway = line((200, -10), (200, 110))
    pond = areas(shapely.box(180, 40, 220, 60), rule="one")
    done = cells_of(PLACE, hard(motorway), own=pond)
    assert metres_inside(done.cut, motorway) == 0


def test_a_sliver_between_two_motorways_is_not_hung_on_by_the_street_that_crosses_it():
    # 0.3 m apart up to y = 60, where a street crosses; then they part and leave a wedge between them.
    motorways = [line((100, -10), (100, 60), (90, 110)), line((100.3, -10), (100.3, 60), (110.3, 110))]
    seams = hard(*motorways).join(Seams.of(line((60, 60), (140, 60)), worth=0.5))
    done = cells_of(PLACE, seams)
    assert metres_inside(done.cut, motorways) == 0
    wedge = done.cut.polygons[np.argmin(shapely.area(done.cut.polygons))]
    assert wedge.bounds[3] - wedge.bounds[1] == pytest.approx(40, abs=0.01)


def test_a_place_that_takes_a_long_sliver_in_stays_a_place():
    # 2 m between border and motorway up to y = 80, where a street crosses; then a wedge, wide enough for a place.
    parent = shapely.box(100, 0, 300, 120)
    motorway = line((102, -10), (102, 80), (120, 130))
    seams = hard(motorway).join(Seams.of(line((90, 80), (140, 80)), worth=0.5))
    done = cells_of(parent, seams)
    assert metres_inside(done.cut, motorway, away_m=2.5) == 0


def test_what_lies_between_a_bank_and_the_border_joins_the_water():
    lake = areas(shapely.box(0.5, -5, 150, 105), least_m2=3_000.0)
    done = cells_of(PLACE, own=lake)
    kinds = done.cut.attributes["kind"]
    assert list(kinds).count("special") == 1
    assert shapely.area(done.cut.polygons[kinds == "special"])[0] == pytest.approx(15_000, abs=1)
    assert shapely.area(done.cut.polygons).min() > 5_000


def test_a_scrap_of_water_cut_off_by_the_border_is_no_cell():
    # The lake's tip sticks out of a notch of the parent: 20 m² of it are a piece of their own.
    parent = shapely.union(shapely.box(0, 0, 200, 100), shapely.box(200, 40, 240, 60))
    lake = areas(shapely.union(shapely.box(50, 0, 150, 100), shapely.box(230, 40, 231, 60)), least_m2=3_000.0)
    done = cells_of(parent, own=lake)
    assert list(done.cut.attributes["kind"]).count("special") == 1
    assert shapely.area(done.cut.polygons).min() > 1_000
