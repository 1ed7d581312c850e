"""Bad input has a stated result or a clear error, at every door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks._locator_data import city, random_places, window_mismatches
from geogrid.assign import locator_build
from geogrid.assign.locator import Locator
from geogrid.errors import CoordinateError, DatumError, InputError
from geogrid.lattice import LatticePolygons
from geogrid.testing import toy_city

LOCATOR = Locator.of(toy_city())


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ([121.25, np.nan], [31.38, 31.38], "NaN or infinite, first at position 1"),
        ([121.25], [np.inf], "NaN or infinite"),
        ([121.25, 31.38], [31.38, 121.25], "longitude comes first"),
        ([500_000.0], [3_470_000.0], "may be metres"),
        (["x"], [31.38], "not numbers"),
        ([None], [31.38], "NaN or infinite"),
        ([121.25, 121.25], [31.38], "different shapes"),
        ([[121.25]], [31.38], "different shapes"),
        ([121.25], [90.0000001], "out of range"),
        (np.ma.masked_array([121.25, 121.25], [False, True]), [31.38, 31.38], "position 1"),
        ([{}], [31.38], "not numbers"),
    ],
)
@pytest.mark.parametrize("datum", ["wgs84", "bd09"])
def test_what_is_no_place_is_refused_with_the_reason(lon: Any, lat: Any, message: str, datum: str) -> None:
    with pytest.raises(CoordinateError, match=message):
        LOCATOR.locate(lon, lat, datum=datum)


@pytest.mark.parametrize("value", [np.nan, np.inf, "x", None, [1.0, 2.0], 200.0, {}])
def test_the_scalar_door_refuses_what_is_no_number(value: Any) -> None:
    with pytest.raises(CoordinateError):
        LOCATOR.at(lon=value, lat=31.38, datum="wgs84")
    with pytest.raises(CoordinateError):
        LOCATOR.cell_at(lon=121.25, lat=value, datum="gcj02")


def test_a_bad_value_deep_in_a_long_array_is_found_with_several_threads() -> None:
    lon, lat = np.full(400_000, 121.2505), np.full(400_000, 31.3805)
    lon[333_333] = np.nan
    for threads in (1, 3):
        with pytest.raises(CoordinateError, match=r"1 coordinate.*position 333333"):
            LOCATOR.locate(lon, lat, datum="wgs84", threads=threads)


def test_the_datum_is_never_guessed() -> None:
    with pytest.raises(DatumError):
        LOCATOR.locate([121.25], [31.38], datum="")
    with pytest.raises(TypeError):
        LOCATOR.locate([121.25], [31.38])  # type: ignore[call-arg]


def test_empty_scalar_and_many_dimensional_arrays_keep_their_shape() -> None:
    assert LOCATOR.locate([], [], datum="wgs84").shape == (0,)
    assert LOCATOR.locate(121.2505, 31.3805, datum="wgs84").shape == ()
    assert int(LOCATOR.locate(np.array(121.2505), np.array(31.3805), datum="gcj02")) == -1
    assert LOCATOR.locate(np.full((2, 3, 0), 1.0), np.full((2, 3, 0), 1.0), datum="bd09").shape == (2, 3, 0)
    assert LOCATOR.locate(np.full((4, 5), 121.2505), np.full((4, 5), 31.3805), datum="wgs84").tolist() == [[0] * 5] * 4


def test_any_memory_layout_and_number_type_gives_the_same() -> None:
    rng = np.random.default_rng(9)
    pair = rng.uniform((121.2495, 31.3795), (121.2545, 31.3845), (6_000, 2))
    want = LOCATOR.locate(pair[:, 0].copy(), pair[:, 1].copy(), datum="wgs84")
    read_only = pair.copy()
    read_only.flags.writeable = False
    for arrays in (
        (pair[:, 0], pair[:, 1]),
        (read_only[:, 0], read_only[:, 1]),
        (np.asfortranarray(pair)[:, 0], np.asfortranarray(pair)[:, 1]),
        (pair[:, 0].astype(object), pair[:, 1].astype(object)),
        (pair[:, 0].astype(">f8"), pair[:, 1].astype(">f8")),
        (pair[:, 0].tolist(), pair[:, 1].tolist()),
        (np.array([f"{x!r}" for x in pair[:, 0].tolist()]), np.array([f"{y!r}" for y in pair[:, 1].tolist()])),
    ):
        np.testing.assert_array_equal(LOCATOR.locate(*arrays, datum="wgs84"), want)
    np.testing.assert_array_equal(
        LOCATOR.locate(pair[::-2, 0], pair[::-2, 1], datum="wgs84", threads=2), want[::-2]
    )  # fmt: skip


def test_negative_zero_is_zero() -> None:
    ring = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)])
    locator = Locator.build(LatticePolygons.from_rings([ring], [1], [1]))
    assert locator.locate([-0.0, 0.0, -1e-9, -1e-7], [0.0, -0.0, -0.0, 0.0], datum="wgs84").tolist() == [0, 0, 0, -1]
    assert locator.at(lon=-0.0, lat=-0.0, datum="wgs84") == {"cell": 0}


def test_a_coordinate_is_rounded_once_with_ties_to_the_even_step() -> None:
    ring = np.array([(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)])
    locator = Locator.build(LatticePolygons.from_rings([ring], [1], [1]))
    halves = np.array([-1.5, -0.5, 0.5, 1.5, 2.5, 3.5]) / 1e7
    found = locator.locate(halves, np.full(6, 1e-7), datum="wgs84")
    assert found.tolist() == [0 if 0 <= np.rint(value * 1e7) < 3 else -1 for value in halves]
    assert [locator.cell_at(lon=value, lat=1e-7, datum="wgs84") for value in halves] == found.tolist()


def test_the_poles_and_the_antimeridian_are_ordinary_places() -> None:
    edge = 18 * 10**8
    east = np.array([(edge - 10**7, 0), (edge, 0), (edge, 9 * 10**8), (edge - 10**7, 9 * 10**8), (edge - 10**7, 0)])
    west = east - [2 * edge - 10**7, 0]
    locator = Locator.build(LatticePolygons.from_rings([east, west], [1, 1], [1, 1]))
    found = locator.locate([179.5, 180.0, -180.0, -179.5, 179.5], [10, 10, 10, 10, 90.0], datum="wgs84")
    # 180 is not turned into -180, and the north pole is the northern border of its cell.
    assert found.tolist() == [0, -1, 1, 1, -1]


@pytest.mark.parametrize("points", [np.zeros(3, np.int32), np.zeros((2, 3), np.int32), np.zeros((2, 2)), np.zeros(())])
def test_lattice_points_of_the_wrong_shape_or_type_are_refused(points: Any) -> None:
    with pytest.raises(CoordinateError, match="lattice points"):
        LOCATOR.locate_lattice(points)


def test_lattice_points_beyond_32_bits_are_refused() -> None:
    with pytest.raises(CoordinateError, match="32 bits"):
        LOCATOR.locate_lattice(np.array([[2**31, 0]]))
    assert LOCATOR.locate_lattice(np.empty((0, 2), np.int64)).tolist() == []


def test_layers_that_do_not_fit_the_cells_are_refused() -> None:
    shapes = toy_city().base.shapes
    with pytest.raises(InputError, match="does not fit the cells"):
        Locator.build(shapes, {"grid": np.zeros(3, np.int32)})
    with pytest.raises(InputError, match="one name"):
        Locator.build(shapes, {"cell": np.zeros(16, np.int32)})
    with pytest.raises(InputError, match="not a row"):
        Locator.build(shapes, {"grid": np.full(16, -2, np.int32)})
    with pytest.raises(InputError, match="not a distance"):
        LOCATOR.nearest([121.25], [31.38], datum="wgs84", limit_m=np.nan)


@pytest.mark.parametrize("lon", [-179.9999, -180.0, 179.9999, 180.0])
def test_the_nearest_cell_may_lie_across_the_antimeridian(lon: float) -> None:
    # A gap of 0.001 degrees on the other side of the antimeridian, and one of 0.01 on this side.
    edge = 18 * 10**8
    box = np.array([(0, 0), (10**6, 0), (10**6, 10**6), (0, 10**6), (0, 0)])
    for cells in ([box + (edge - 10**6 - 10**4, 0), box + (-edge + 10**5, 0)],
                  [box + (edge - 10**6 - 10**5, 0), box + (-edge + 10**4, 0)]):  # fmt: skip
        locator = Locator.build(LatticePolygons.from_rings(cells, [1, 1], [1, 1]))
        near = 0 if cells[0][:, 0].max() == edge - 10**4 else 1
        rows, metres = locator.nearest([lon], [0.05], datum="wgs84", limit_m=5_000)
        assert rows.tolist() == [near]
        assert metres[0] == pytest.approx(111.3, abs=12.0)


def test_more_borders_than_an_index_can_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locator_build, "_MOST_NUMBERED", 40)
    with pytest.raises(InputError, match="too many borders for one index"):
        Locator.of(toy_city())


def test_a_city_of_many_crooked_cells_answers_as_the_oracle_does_in_windows() -> None:
    # The benchmark does the same with ten million cells.
    rng = np.random.default_rng(4)
    cells = city(140, 110, rng)
    locator = Locator.build(cells, workers=2)
    assert window_mismatches(locator.locate_lattice, 140, 110, cells, rng, windows=5) == (0, 10_000)
    lon, lat = random_places(cells, 300_000, rng)
    few = slice(0, 50_000)
    np.testing.assert_array_equal(
        locator.locate(lon, lat, datum="wgs84", threads=2)[few], locator.locate(lon[few], lat[few], datum="wgs84")
    )
