"""The doctor names what ails a feed, with evidence, and is silent about a healthy one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from geogrid.assign.doctor import diagnose
from geogrid.assign.locator import Locator
from geogrid.crs import from_wgs84
from geogrid.errors import CoordinateError
from geogrid.lattice import LatticePolygons
from geogrid.types import FloatArray

WEST, SOUTH, EAST, NORTH = 121.20, 31.30, 121.26, 31.36
CITY = Locator.build(LatticePolygons.from_shapely([shapely.box(WEST, SOUTH, EAST, NORTH)]))
STREETS = np.array(
    [shapely.LineString([(x, SOUTH), (x, NORTH)]) for x in np.arange(WEST, EAST, 0.003)]
    + [shapely.LineString([(WEST, y), (EAST, y)]) for y in np.arange(SOUTH, NORTH, 0.003)]
)


def along_streets(count: int = 3_000, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return reports within some metres of streets."""
    rng = np.random.default_rng(seed)
    line = STREETS[rng.integers(0, len(STREETS), count)]
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, rng.uniform(0, 1, count), normalized=True))
    places = np.clip(
        places + rng.normal(0, 0.00004, places.shape), (WEST + 1e-6, SOUTH + 1e-6), (EAST - 1e-6, NORTH - 1e-6)
    )
    return places[:, 0], places[:, 1]


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])
@pytest.mark.parametrize("seams", [None, STREETS])
def test_a_healthy_feed_has_no_findings(datum: str, seams: object) -> None:
    lon, lat = from_wgs84(*along_streets(), datum=datum)
    result = diagnose(CITY, lon, lat, declared=datum, seams=seams)
    assert result.findings == ()
    assert result.readings[0].inside == 3_000


@pytest.mark.parametrize(("true", "low", "high"), [("gcj02", 450, 560), ("bd09", 1_050, 1_400)])
@pytest.mark.parametrize("seams", [None, STREETS])
def test_a_shifted_feed_declared_as_wgs84_is_named_with_its_shift(
    true: str, low: float, high: float, seams: object
) -> None:
    lon, lat = from_wgs84(*along_streets(), datum=true)
    found = diagnose(CITY, lon, lat, declared="wgs84", seams=seams).findings
    assert [finding.rule for finding in found] == ["datum_as_declared"]
    assert f"looks like {true}" in found[0].message
    assert low < (found[0].amount or 0) < high
    assert ("nearer to a road" in found[0].message) == (seams is not None)


def test_a_wgs84_feed_declared_as_gcj02_is_named_too() -> None:
    found = diagnose(CITY, *along_streets(), declared="gcj02", seams=STREETS).findings
    assert [finding.rule for finding in found] == ["datum_as_declared"]
    assert "looks like wgs84" in found[0].message


def test_far_from_the_border_only_roads_can_tell_and_without_them_nothing_is_claimed() -> None:
    lon, lat = along_streets()
    middle = (np.abs(lon - 121.23) < 0.012) & (np.abs(lat - 31.33) < 0.012)
    shifted = from_wgs84(lon[middle], lat[middle], datum="gcj02")
    assert diagnose(CITY, *shifted, declared="wgs84").findings == ()
    assert diagnose(CITY, *shifted, declared="wgs84", seams=STREETS).findings[0].rule == "datum_as_declared"


def test_swapped_axes_are_named_also_where_they_are_out_of_range() -> None:
    lon, lat = along_streets()
    found = diagnose(CITY, lat, lon, declared="wgs84").findings
    assert [finding.rule for finding in found] == ["is_a_place", "lon_before_lat"]
    assert "3000 of 3000 rows lie inside the atlas when exchanged, 0 as declared" in found[1].message


@pytest.mark.parametrize(("decimals", "metres"), [(2, 1_100), (3, 110)])
def test_truncated_coordinates_are_named_with_what_they_are_worth(decimals: int, metres: int) -> None:
    lon, lat = along_streets()
    scale = 10.0**decimals
    lon, lat = np.floor(lon * scale) / scale, np.floor(lat * scale) / scale
    found = [
        finding for finding in diagnose(CITY, lon, lat, declared="wgs84").findings if finding.rule == "enough_decimals"
    ]
    assert [finding.amount for finding in found] == [metres]


def test_a_spot_that_repeats_is_named_with_its_place() -> None:
    lon, lat = along_streets()
    lon[:90], lat[:90] = 121.2345678, 31.3123456
    found = diagnose(CITY, lon, lat, declared="wgs84").findings
    assert [(f.rule, f.amount, f.lon, f.lat) for f in found] == [("no_default_spot", 90.0, 121.2345678, 31.3123456)]


def test_missing_and_zero_coordinates_are_counted() -> None:
    lon, lat = along_streets()
    lon[:5] = np.nan
    lon[5:12] = lat[5:12] = 0.0
    found = diagnose(CITY, lon, lat, declared="wgs84").findings
    assert [(finding.rule, finding.amount) for finding in found] == [("is_a_place", 5), ("is_a_place", 7)]


def test_an_empty_feed_and_one_without_any_place_are_stated() -> None:
    assert diagnose(CITY, [], [], declared="wgs84", seams=STREETS).findings == ()
    nothing = diagnose(CITY, [np.nan] * 20, [np.nan] * 20, declared="bd09", seams=STREETS)
    assert [finding.rule for finding in nothing.findings] == ["is_a_place"]


@pytest.mark.parametrize(
    ("lon", "lat", "message"), [([1.0, 2.0], [1.0], "2 and 1"), (["x"], [1.0], "not numbers"), ([{}], [1.0], "not num")]
)
def test_columns_that_are_none_are_refused(lon: Any, lat: Any, message: str) -> None:
    with pytest.raises(CoordinateError, match=message):
        diagnose(CITY, lon, lat, declared="wgs84")


def test_a_feed_of_nothing_or_of_no_numbers_is_told_and_not_guessed_about() -> None:
    assert diagnose(CITY, [], [], declared="wgs84", seams=STREETS).findings == ()
    lost = np.array([np.nan, np.inf, -np.inf, 1e300])
    found = diagnose(CITY, lost, lost, declared="bd09", seams=STREETS).findings
    assert [finding.rule for finding in found] == ["is_a_place", "is_a_place"]
