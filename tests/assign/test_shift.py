"""The compiled datum shift gives the bits of `geogrid.crs`, so all doors round to one lattice point."""

from __future__ import annotations

import eviltransform
import numpy as np
import pytest

from geogrid.assign.locator import Locator
from geogrid.assign.shift import shift_one, shift_to_wgs84
from geogrid.crs import CHINA_BOX, from_wgs84, to_wgs84
from geogrid.lattice import to_lattice
from geogrid.testing import toy_city
from geogrid.types import Datum, FloatArray

SHIFTED = [Datum.GCJ02, Datum.BD09]


def places(count: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(11)
    west, south, east, north = CHINA_BOX
    lon, lat = rng.uniform(west - 1, east + 1, count), rng.uniform(south - 1, north + 1, count)
    lon[:40] = np.repeat([west, np.nextafter(west, 0), east, np.nextafter(east, 200), 105.0], 8)
    lat[:40] = np.tile([south, np.nextafter(south, 0), north, np.nextafter(north, 90), 35.0, 30.0, 1.0, 50.0], 5)
    lon.flags.writeable = lat.flags.writeable = False
    return lon, lat


@pytest.mark.parametrize("datum", SHIFTED)
def test_compiled_vectorised_and_single_shifts_have_the_same_bits(datum: Datum) -> None:
    lon, lat = places(100_003)
    x, y = shift_to_wgs84(lon, lat, datum)
    ex, ey = to_wgs84(lon, lat, datum=datum)
    np.testing.assert_array_equal(x, ex)
    np.testing.assert_array_equal(y, ey)
    for i in range(0, 2_000, 7):
        assert shift_one(float(lon[i]), float(lat[i]), datum) == (x[i], y[i])
        assert tuple(map(float, to_wgs84(lon[i], lat[i], datum=datum))) == (x[i], y[i])


@pytest.mark.parametrize("datum", SHIFTED)
def test_the_inverse_is_exact_to_a_hundred_billionth_of_a_degree(datum: Datum) -> None:
    lon, lat = places(50_000)
    x, y = shift_to_wgs84(lon, lat, datum)
    back = from_wgs84(x, y, datum=datum)
    west, south, east, north = CHINA_BOX
    # Near the box's border a place and its shifted self may lie on different sides.
    inner = (lon > west + 0.1) & (lon < east - 0.1) & (lat > south + 0.1) & (lat < north - 0.1)
    assert np.abs(back[0] - lon)[inner].max() < 1e-12
    assert np.abs(back[1] - lat)[inner].max() < 1e-12


def test_the_forward_shift_is_the_one_everybody_uses() -> None:
    rng = np.random.default_rng(2)
    for lon, lat in zip(rng.uniform(75, 130, 200), rng.uniform(20, 50, 200), strict=True):
        theirs = eviltransform.wgs2gcj(lat, lon)
        mine = from_wgs84(lon, lat, datum="gcj02")
        # That library takes the radius of WGS 84 where the formula has Krasovsky's: 2e-5 of the shift.
        assert abs(mine[0] - theirs[1]) < 2e-7
        assert abs(mine[1] - theirs[0]) < 2e-7


@pytest.mark.parametrize("datum", list(Datum))
def test_scalar_batch_and_lattice_doors_agree_in_every_datum(datum: Datum) -> None:
    rng = np.random.default_rng(4)
    locator = Locator.of(toy_city())
    lon, lat = from_wgs84(rng.uniform(121.2495, 121.2545, 5_000), rng.uniform(31.3795, 31.3845, 5_000), datum=datum)
    rows = locator.locate(lon, lat, datum=datum)
    assert (rows >= 0).sum() > 2_000
    np.testing.assert_array_equal(rows, locator.locate_lattice(to_lattice(*to_wgs84(lon, lat, datum=datum))))
    for i in range(0, 5_000, 37):
        assert locator.cell_at(lon=lon[i], lat=lat[i], datum=datum) == rows[i]
