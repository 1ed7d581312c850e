"""Siting stations in a division, against every choice and among some of many cells."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely

from geogrid.errors import PlanError
from geogrid.lattice import to_lattice
from geogrid.partition import site_search
from geogrid.partition.balance.covering import fewest_reaching, reaching_most
from geogrid.partition.balance.sections import WeightSection
from geogrid.partition.candidates import gaps_closed, nearest_cells, spread_out
from geogrid.partition.nearest_station import Stations
from geogrid.partition.siting import site_stations
from geogrid.testing import shuffled, toy_city

NONE = np.empty(0, np.int64)
CELLS = WeightSection(name="cells")


def square(columns: int, rows: int) -> np.ndarray:
    return np.array([(x * 100.0, y * 100.0) for y in range(rows) for x in range(columns)])


@pytest.mark.parametrize("seed", range(6))
def test_coverings_are_those_of_trying_every_choice(seed):
    rng = np.random.default_rng(seed)
    reach = rng.random((12, 8)) < 0.3
    reach[np.arange(12), rng.integers(8, size=12)] = True
    demand, fixed = rng.integers(0, 9, 12).astype(float), rng.integers(8, size=seed % 2)
    choices = [list(c) for k in range(1, 9) for c in combinations(range(8), k) if set(fixed) <= set(c)]
    fewest = min(len(c) for c in choices if reach[:, c].any(axis=1).all())
    sites, proved = fewest_reaching(reach, fixed, 10.0)
    assert (len(sites), proved) == (fewest, True)
    assert reach[:, sites].any(axis=1).all()
    assert set(fixed) <= set(sites.tolist())
    for stations in (1, 2, 3, 8):
        most = max(demand[reach[:, c].any(axis=1)].sum() for c in choices if len(c) == stations)
        sites, proved = reaching_most(reach, demand, stations, fixed, 10.0)
        assert (len(sites), proved) == (stations, True)
        assert demand[reach[:, sites].any(axis=1)].sum() == most


@pytest.mark.parametrize("seconds", [1e-3, 10.0])
def test_a_covering_that_runs_out_of_time_is_a_covering(seconds):
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 5000, (1500, 2))
    reach = np.hypot(*(places[:, None] - places[None, :300]).transpose(2, 0, 1)) <= 600
    reach = reach[reach.any(axis=1)]
    sites, proved = fewest_reaching(reach, NONE, seconds)
    assert reach[:, sites].any(axis=1).all()
    assert not proved or seconds > 1
    sites, _ = reaching_most(reach, np.ones(len(reach)), 5, NONE, seconds)
    assert len(sites) == 5


def test_nothing_is_added_where_existing_stations_reach_every_cell():
    reach = np.ones((4, 3), bool)
    assert fewest_reaching(reach, np.array([2]), 1.0)[0].tolist() == [2]
    assert len(fewest_reaching(reach, NONE, 1.0)[0]) == 1


@pytest.mark.parametrize("seed", range(3))
def test_stations_of_the_toy_city_are_those_of_trying_every_choice(seed):
    city = toy_city()
    weights = np.random.default_rng(seed).integers(1, 20, 16).astype(float)
    city.base.attributes["people"] = weights  # type: ignore[index]
    found = site_stations(city, WeightSection(name="people"), stations=3)
    xy = site_search.Town.of(city, CELLS, lambda *_: None).xy
    far = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    least = min((weights * far[:, list(c)].min(axis=1)).sum() for c in combinations(range(16), 3))
    assert found.proved
    assert found.total_mean_m == pytest.approx(least / weights.sum(), abs=0.02)
    assert found.demand.sum() == weights.sum()
    assert found.cells.sum() == 16
    assert (found.demand @ found.mean_m) / weights.sum() == pytest.approx(found.total_mean_m)
    assert found.distance_m.max() == found.farthest_m.max()


def test_the_order_of_rows_changes_nothing():
    city = toy_city()
    city.base.attributes["people"] = np.arange(1.0, 17.0)  # type: ignore[index]
    one, other = (site_stations(town, WeightSection(name="people"), stations=3) for town in (city, shuffled(city, 5)))
    assert one.stations.lonlat.tolist() == other.stations.lonlat.tolist()
    assert one.cells.tolist() == other.cells.tolist()


def test_stations_without_names_are_numbered_from_west_to_east_after_those_that_exist():
    blank = np.array([""], dtype=object)
    old = Stations(blank, blank.copy(), np.array([[121.2535, 31.3805]]))
    found = site_stations(toy_city(), CELLS, stations=3, existing=old)
    assert found.stations.names.tolist() == ["station 1", "station 2", "station 3"]
    assert found.existing.tolist() == [True, False, False]
    west_to_east = found.stations.lonlat[1:, 0]
    assert west_to_east[0] <= west_to_east[1]
    assert "code" not in found.to_geopandas().columns


def test_a_candidate_on_the_place_of_an_existing_station_is_that_station():
    place = np.array([[121.2505, 31.3805], [121.2535, 31.3835]])
    names = np.array(["a", "b"], dtype=object)
    blank = np.array(["", ""], dtype=object)
    sites = Stations(blank, names, place)
    found = site_stations(toy_city(), CELLS, stations=2, existing=sites.take(np.array([0])), candidates=sites)
    assert (found.candidates, found.stations.names.tolist()) == (2, ["a", "b"])


def test_every_square_has_its_middle_cell_for_a_candidate():
    xy = square(9, 9)
    rows, side = spread_out(xy, 9)
    assert len(rows) == 9
    assert side == pytest.approx(300, abs=33)
    assert {tuple(place) for place in xy[rows].tolist()} == {(x, y) for x in (100, 400, 700) for y in (100, 400, 700)}
    assert spread_out(xy, 81)[0].tolist() == list(range(81))


def test_cells_that_no_candidate_reaches_get_candidates_of_their_own():
    xy = square(10, 1)

    def reached(places):
        return (np.hypot(*(xy[:, None] - places[None]).transpose(2, 0, 1)) <= 150).any(axis=1)

    rows = gaps_closed(xy, np.array([1]), 10, 150.0, reached, np.array([[900.0, 0.0]]))
    assert rows.tolist() == [1, 3, 5, 7]
    assert reached(np.concatenate([xy[rows], [[900.0, 0.0]]])).all()
    assert len(gaps_closed(xy, np.array([1]), 2, 150.0, reached, np.empty((0, 2)))) == 2


def test_a_cell_that_not_even_its_own_place_reaches_is_reached_from_a_neighbour():
    xy = square(10, 1)

    def reached(places):
        # The last cell stands so far from its street that the way there and back is too long.
        way = np.abs(xy[:, :1] - places[None, :, 0])
        way[9] += np.where(places[:, 0] == 900, 200, 20)
        return (way <= 150).any(axis=1)

    rows = gaps_closed(xy, np.array([1, 4, 7]), 10, 150.0, reached, np.empty((0, 2)))
    assert 8 in rows
    assert reached(xy[rows]).all()


def test_the_nearest_cells_are_in_order_and_named_once():
    assert nearest_cells(square(5, 1), np.array([[0.0, 0.0], [100.0, 0.0]]), 3).tolist() == [0, 1, 2]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a town of 16 cells be one of very many."""
    monkeypatch.setattr(site_search, "_MOST", 8)


@pytest.mark.usefixtures("narrow")
def test_of_very_many_cells_some_are_tried_and_then_those_around_the_stations_found():
    city = toy_city()
    weights = np.ones(16)
    weights[[0, 15]] = 100.0
    city.base.attributes["people"] = weights  # type: ignore[index]
    found = site_stations(city, WeightSection(name="people"), stations=2)
    # The corners are no middles of squares: they are found by looking closer.
    assert to_lattice(*found.stations.lonlat.T).tolist() == [[1212505000, 313805000], [1212535000, 313835000]]
    assert not found.proved
    said = " ".join(map(str, found.findings))
    assert "16 cells: 7 of their places were tried, one for each square of" in said
    assert "then those around each station found" in said


@pytest.mark.usefixtures("narrow")
def test_of_very_many_cells_candidates_still_reach_every_one():
    found = site_stations(toy_city(), CELLS, within_m=160.0)
    assert found.unreached == ()
    assert found.distance_m.max() <= 160
    assert "what is proved holds among these" in str(found.findings[-1])


@pytest.mark.usefixtures("narrow")
def test_too_many_stations_or_candidates_for_so_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(PlanError, match=r"too many stations for so many cells; given: 5 new ones.*up to 4"):
        site_stations(toy_city(), CELLS, stations=5)
    monkeypatch.setattr(site_search, "_PAIRS", 16)
    place = shapely.get_coordinates(shapely.points([[121.2505, 31.3805], [121.2515, 31.3805]]))
    blank = np.array(["", ""], dtype=object)
    with pytest.raises(PlanError, match=r"too many candidates for so many cells; given: 2 places.*up to 1"):
        site_stations(toy_city(), CELLS, stations=1, candidates=Stations(blank, blank, place))
