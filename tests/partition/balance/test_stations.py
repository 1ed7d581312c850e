"""Where stations stand."""

import numpy as np
import pytest
import shapely

from geogrid.errors import PlanError
from geogrid.partition.balance.stations import along_streets, cover_cells, place_stations, straight

LINE = np.column_stack([np.arange(7) * 100.0, np.zeros(7)])


def test_one_station_stands_at_the_median():
    demand = np.array([1.0, 1, 1, 1, 1, 1, 50])
    found = place_stations(straight(LINE, LINE), demand, 1)
    assert found.sites.tolist() == [6]
    assert found.proved
    assert place_stations(straight(LINE, LINE), np.ones(7), 1).sites.tolist() == [3]


def test_existing_stations_stay():
    found = place_stations(straight(LINE, LINE), np.ones(7), 2, existing=np.array([0]))
    assert found.sites[0] == 0
    assert found.sites[1] in (4, 5)
    assert found.serves.tolist()[0] == 0


def test_the_fewest_stations_reach_every_cell():
    found = cover_cells(straight(LINE, LINE), 100.0)
    assert len(found.sites) == 3
    assert found.distance_m.max() <= 100


def test_a_given_number_reaches_as_many_as_can_be():
    found = cover_cells(straight(LINE, LINE), 100.0, stations=1, demand=np.array([9.0, 9, 9, 1, 1, 1, 1]))
    assert found.sites.tolist() == [1]
    assert (found.serves >= 0).tolist() == [True] * 3 + [False] * 4


def test_demands_that_cannot_be_are_refused():
    with pytest.raises(PlanError, match="reached from no candidate"):
        cover_cells(straight(LINE, LINE[:1]), 100.0)
    with pytest.raises(PlanError, match="cannot be placed"):
        place_stations(straight(LINE, LINE), np.ones(7), 8)


def test_ways_along_streets_go_round_the_corner():
    streets = np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (100, 100)])])
    way = along_streets(np.array([[0.0, 0.0]]), np.array([[100.0, 100.0]]), streets)
    assert way[0, 0] == pytest.approx(200)
    lone = np.array([*streets, shapely.LineString([(500, 500), (600, 500)])])
    assert np.isinf(along_streets(np.array([[0.0, 0.0]]), np.array([[600.0, 500.0]]), lone)[0, 0])
