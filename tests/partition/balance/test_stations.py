"""Where stations stand."""

from itertools import combinations

import numpy as np
import pytest
import shapely

from geogrid.errors import InputError, PlanError
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


def test_exchanging_alone_is_as_good_as_the_proved_best_on_a_line():
    demand = np.array([1.0, 1, 1, 1, 1, 1, 50])
    for stations in (1, 2, 3):
        quick = place_stations(straight(LINE, LINE), demand, stations, existing=np.array([0]), seconds=1e-6)
        proved = place_stations(straight(LINE, LINE), demand, stations, existing=np.array([0]))
        assert (quick.proved, proved.proved) == (False, True)
        assert quick.mean_m == proved.mean_m
        assert quick.sites[0] == 0
        assert len(quick.sites) == stations


def test_a_demand_that_is_no_amount_names_its_row():
    with pytest.raises(InputError, match=r"missing for 1 cell\(s\): row 2"):
        place_stations(straight(LINE, LINE), np.array([1, 1, np.nan, 1, 1, 1, 1]), 1)
    with pytest.raises(InputError, match="differ in length; given: 3"):
        cover_cells(straight(LINE, LINE), 100.0, demand=np.ones(3), stations=1)


def test_cells_out_of_reach_are_called_by_their_codes():
    codes = np.array(list("abcdefg"), dtype=object)
    with pytest.raises(PlanError, match=r"2 cell\(s\) are reached from no candidate within 450 m; given: f, g"):
        cover_cells(straight(LINE, LINE[:1]), 450.0, codes=codes)


def test_covering_along_streets_needs_more_stations_where_the_street_goes_round():
    # Two rows of houses, 50 m apart, and a street along both that joins them only at its west end.
    street = shapely.LineString([(300, 0), (0, 0), (0, 50), (300, 50)])
    houses = np.array([(x, y) for y in (0.0, 50.0) for x in (0.0, 100.0, 200.0, 300.0)])
    across, along = straight(houses, houses), along_streets(houses, houses, np.array([street], dtype=object))
    assert along[3, 7] == pytest.approx(650)
    assert len(cover_cells(across, 150.0).sites) == 2
    found = cover_cells(along, 150.0)
    assert len(found.sites) == 3
    assert found.distance_m.max() <= 150
    # One station for all walks least at the joined end, straight anywhere in the middle.
    assert place_stations(along, np.ones(8), 1).sites[0] in (0, 4)


def test_many_candidates_are_measured_a_few_at_a_time():
    street = shapely.LineString([(0, 0), (2000, 0)])
    places = np.column_stack([np.arange(80) * 20.0, np.zeros(80)])
    ways = along_streets(places, places, np.array([street], dtype=object))
    np.testing.assert_allclose(ways, straight(places, places), atol=1e-6)
