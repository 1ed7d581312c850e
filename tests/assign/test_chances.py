"""The chances of an uncertain place, bounded against dense sampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geogrid.assign.chances import chances, wrong_share
from geogrid.assign.locator import Locator
from geogrid.crs import from_wgs84
from geogrid.errors import InputError
from geogrid.lattice import LatticePolygons, edge_length_m
from geogrid.testing import toy_city
from geogrid.types import FloatArray

LOCATOR = Locator.of(toy_city())
LON, LAT = 121.252, 31.382
STEP_M = edge_length_m(
    np.array([[1_212_520_000, 313_820_000]] * 2), np.array([[1_212_530_000, 313_820_000], [1_212_520_000, 313_830_000]])
)


def sampled(lon: float, lat: float, accuracy_m: float, error: FloatArray) -> dict[int, float]:
    """Return the share of each cell among places drawn around one, by metres on the local plane."""
    there = np.array([lon, lat]) + error * accuracy_m * 0.001 / STEP_M
    rows, counts = np.unique(LOCATOR.locate(*there.T, datum="wgs84"), return_counts=True)
    return dict(zip(rows.tolist(), (counts / len(error)).tolist(), strict=True))


def test_the_error_of_a_chance_is_bounded_against_dense_sampling() -> None:
    rng = np.random.default_rng(1)
    # Where 68 % of a circular normal distribution lie within 1: the chance beyond r is exp(-r²/2s²).
    error = rng.normal(size=(200_000, 2)) / np.sqrt(-2 * np.log(0.32))
    assert np.isclose((np.hypot(*error.T) < 1).mean(), 0.68, atol=0.005)
    worst = []
    for accuracy in (4.0, 15.0, 60.0):
        places = rng.uniform((121.2501, 31.3801), (121.2539, 31.3839), (12, 2))
        places[0] = LON, LAT  # a corner of four cells
        places[1] = LON, LAT + 0.0005  # the middle of an edge
        found = chances(LOCATOR, *places.T, accuracy_m=accuracy, datum="wgs84")
        for i, (lon, lat) in enumerate(places):
            fast, slow = found.of(i), sampled(lon, lat, accuracy, error)
            worst.append(max(abs(fast.get(row, 0) - slow.get(row, 0)) for row in {*fast, *slow}))
    assert max(worst) < 0.02
    assert np.mean(worst) < 0.007


def test_the_chances_of_a_place_sum_to_one_with_the_likeliest_first() -> None:
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(121.249, 121.255, 300), rng.uniform(31.379, 31.385, 300)
    for layer in LOCATOR.layer_names:
        found = chances(LOCATOR, lon, lat, accuracy_m=rng.uniform(0, 200, 300), datum="wgs84", layer=layer)
        np.testing.assert_allclose(np.add.reduceat(found.chance, found.offsets[:-1]), 1.0)
        assert len(found) == 300
        for i in range(300):
            values = list(found.of(i).values())
            assert values == sorted(values, reverse=True)


def test_a_corner_of_four_cells_gives_each_a_quarter_and_the_person_on_two_of_them_a_half() -> None:
    cells = chances(LOCATOR, [LON], [LAT], accuracy_m=10, datum="wgs84")
    assert set(cells.of(0)) == {5, 6, 9, 10}
    assert all(abs(chance - 0.25) < 0.02 for chance in cells.of(0).values())
    person = np.zeros(16, np.int32)
    person[[6, 10]] = 1
    assert cells.by(person).of(0) == pytest.approx({0: 0.5, 1: 0.5}, abs=0.02)
    assert not cells.settled()[0]
    assert cells.by(np.zeros(16, np.int32)).settled(at_least=1.0)[0]


def test_a_better_fix_changes_the_cell_but_not_who_answers() -> None:
    found = chances(LOCATOR, [121.251], [31.3805], accuracy_m=8, datum="wgs84")
    assert not found.settled()[0]
    assert found.by(LOCATOR.memberships["responsibility"]).settled()[0]


def test_an_exact_place_is_certain_in_every_datum() -> None:
    lon, lat = from_wgs84([121.2505, 0.0], [31.3805, 0.0], datum="gcj02")
    found = chances(LOCATOR, lon, lat, accuracy_m=0, datum="gcj02", layer="responsibility")
    assert [found.of(0), found.of(1)] == [{0: 1.0}, {-1: 1.0}]


@pytest.mark.parametrize("accuracy", [-1, np.nan, np.inf, 1e6])
def test_an_accuracy_that_is_no_distance_is_refused(accuracy: float) -> None:
    with pytest.raises(InputError, match="accuracy"):
        chances(LOCATOR, [LON], [LAT], accuracy_m=accuracy, datum="wgs84")


def test_no_places_at_all_are_fine() -> None:
    found = chances(LOCATOR, [], [], accuracy_m=5, datum="wgs84", layer="responsibility")
    assert len(found) == 0
    assert found.likeliest[0].tolist() == []


def test_a_hundred_metre_cell_with_ten_metres_of_accuracy_is_wrong_for_a_tenth_of_the_places() -> None:
    shares = wrong_share(LOCATOR, [0, 10], places=4_000)
    assert shares["cell"][0] == 0.0
    assert shares["cell"][1] == pytest.approx(0.10, abs=0.01)
    assert shares["responsibility"][1] == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("accuracy", ["near", None, [1.0, 2.0, 3.0], {}])
def test_accuracies_that_do_not_fit_the_places_are_refused(accuracy: Any) -> None:
    locator = Locator.of(toy_city())
    with pytest.raises(InputError, match="accurac"):
        chances(locator, [121.2505, 121.2515], [31.3805, 31.3805], accuracy_m=accuracy, datum="wgs84")


def test_an_uncertain_place_at_the_antimeridian_reaches_the_other_side_and_at_a_pole_nowhere() -> None:
    edge = 18 * 10**8
    east = np.array([(edge - 10**7, 0), (edge, 0), (edge, 9 * 10**8), (edge - 10**7, 9 * 10**8), (edge - 10**7, 0)])
    west = east - [2 * edge - 10**7, 0]
    locator = Locator.build(LatticePolygons.from_rings([east, west], [1, 1], [1, 1]))
    for lon in (180.0, -180.0):
        halves = chances(locator, [lon], [10.0], accuracy_m=50.0, datum="wgs84").of(0)
        assert halves == pytest.approx({0: 0.5, 1: 0.5}, abs=0.02)
    polar = chances(locator, [179.5], [89.9999], accuracy_m=100_000.0, datum="wgs84").of(0)
    assert sum(polar.values()) == pytest.approx(1.0)
    # Around the pole nearly everything lies on other meridians, and half of it beyond.
    assert polar[-1] > 0.95
