"""Where stations stand."""

from itertools import combinations

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


@pytest.mark.parametrize("seed", range(4))
def test_placements_are_those_of_trying_every_choice(seed):
    rng = np.random.default_rng(seed)
    cells, candidates = rng.uniform(0, 1000, (12, 2)), rng.uniform(0, 1000, (7, 2))
    demand, far = rng.integers(1, 20, 12).astype(float), straight(cells, candidates)
    existing = np.array([int(rng.integers(7))])
    choices = [np.array(c) for c in combinations(range(7), 3) if existing[0] in c]
    walked = min((demand * far[:, choice].min(axis=1)).sum() for choice in choices)
    found = place_stations(far, demand, 3, existing=existing)
    assert found.proved
    assert existing[0] in found.sites
    assert (demand * found.distance_m).sum() == pytest.approx(walked)
    reach = 450.0
    best = max(demand[(far[:, choice] <= reach).any(axis=1)].sum() for choice in choices)
    covering = cover_cells(far, reach, demand=demand, stations=3, existing=existing)
    assert demand[covering.serves >= 0].sum() == pytest.approx(best)
    wide = float(far.min(axis=1).max()) + 1.0
    fewest = next(
        k for k in range(1, 8) for c in combinations(range(7), k) if (far[:, list(c)] <= wide).any(axis=1).all()
    )
    assert len(cover_cells(far, wide).sites) == fewest


def test_ways_are_measured_from_the_nearest_point_of_a_long_street():
    street = np.array([shapely.LineString([(0, 0), (1000, 0)])])
    way = along_streets(np.array([[500.0, 30.0]]), np.array([[700.0, 0.0]]), street)
    assert way[0, 0] == pytest.approx(230, abs=20)


def test_ways_along_streets_go_round_the_corner():
    streets = np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (100, 100)])])
    way = along_streets(np.array([[0.0, 0.0]]), np.array([[100.0, 100.0]]), streets)
    assert way[0, 0] == pytest.approx(200)
    lone = np.array([*streets, shapely.LineString([(500, 500), (600, 500)])])
    assert np.isinf(along_streets(np.array([[0.0, 0.0]]), np.array([[600.0, 500.0]]), lone)[0, 0])
