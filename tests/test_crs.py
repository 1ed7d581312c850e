"""Datums against independent packages, exact inverses, and the automatic metric CRS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geogrid.crs import (
    CHINA_BOX,
    Metric,
    convert_datum,
    crs_to_lonlat,
    from_wgs84,
    geodesic_distance_m,
    metric_crs,
    parse_crs,
    require_lonlat,
    to_wgs84,
)
from geogrid.errors import CoordinateError, CrsError, DatumError
from geogrid.types import Datum

# China from the Pamirs to the Ussuri, from the Spratlys to the Amur.
CHINA_LON, CHINA_LAT = (73.4, 135.2), (3.4, 53.7)
KRASOVSKY, EVILTRANSFORM = 6378245.0, 6378137.0

lons = st.floats(*CHINA_LON)
lats = st.floats(*CHINA_LAT)


def china_grid(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return count² places all over China, with some on the lines where the formula has a corner."""
    lon, lat = np.meshgrid(np.linspace(*CHINA_LON, count), np.linspace(*CHINA_LAT, count))
    lon[:, 0], lat[0, :] = 105.0, 35.0
    return lon.ravel(), lat.ravel()


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_there_and_back_closes_below_a_billionth_of_a_degree_all_over_china(datum: str) -> None:
    lon, lat = china_grid()
    there = from_wgs84(lon, lat, datum=datum)
    back = to_wgs84(*there, datum=datum)
    assert max(np.abs(back[0] - lon).max(), np.abs(back[1] - lat).max()) < 1e-9
    again = from_wgs84(*to_wgs84(lon, lat, datum=datum), datum=datum)
    assert max(np.abs(again[0] - lon).max(), np.abs(again[1] - lat).max()) < 1e-9


@given(lon=lons, lat=lats, datum=st.sampled_from(["gcj02", "bd09"]))
@example(lon=105.0, lat=35.0, datum="gcj02")
@example(lon=105.0 + 1e-12, lat=35.0, datum="bd09")
@example(lon=104.99999999999999, lat=20.0, datum="gcj02")
@example(lon=105.00000001, lat=30.0, datum="gcj02")
def test_there_and_back_closes_at_any_place_of_china(lon: float, lat: float, datum: str) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum=datum), datum=datum)
    assert abs(float(back[0]) - lon) < 1e-9
    assert abs(float(back[1]) - lat) < 1e-9


def test_the_shift_agrees_with_coord_convert() -> None:
    from coord_convert import transform

    lon, lat = china_grid(60)
    for datum, other in (("gcj02", transform.wgs2gcj), ("bd09", transform.wgs2bd)):
        ours = np.column_stack(from_wgs84(lon, lat, datum=datum))
        theirs = np.array([other(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)])
        assert np.abs(ours - theirs).max() < 1e-9


def test_the_shift_agrees_with_eviltransform_but_for_its_earth_radius() -> None:
    """eviltransform divides the same metres by the radius of WGS 84 instead of Krasovsky's (108 m less)."""
    import eviltransform

    lon, lat = china_grid(60)
    ours = np.column_stack(from_wgs84(lon, lat, datum="gcj02")) - np.column_stack([lon, lat])
    theirs = np.array([eviltransform.wgs2gcj(y, x)[::-1] for x, y in zip(lon.tolist(), lat.tolist(), strict=True)])
    theirs -= np.column_stack([lon, lat])
    assert np.abs(theirs - ours * (KRASOVSKY / EVILTRANSFORM)).max() < 1e-9
    assert np.abs(theirs - ours).max() < 3e-7, "two centimetres is all the radius makes"


def test_cgcs2000_is_taken_for_wgs84() -> None:
    assert from_wgs84(121.25, 31.38, datum=Datum.CGCS2000) == (121.25, 31.38)
    assert to_wgs84(121.25, 31.38, datum="CGCS 2000") == (121.25, 31.38)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (-76.6, 39.3),
        (9.52, 47.14),
        (CHINA_BOX[0] - 1e-6, 30.0),
        (CHINA_BOX[2] + 1e-6, 30.0),
        (100.0, -0.5),
        (100.0, 55.9),
    ],
)
def test_outside_china_the_shift_is_zero(lon: float, lat: float, datum: str) -> None:
    assert tuple(map(float, from_wgs84(lon, lat, datum=datum))) == (lon, lat)
    assert tuple(map(float, to_wgs84(lon, lat, datum=datum))) == (lon, lat)


def test_between_shifted_datums_the_way_leads_over_wgs84() -> None:
    from coord_convert import transform

    lon, lat = from_wgs84(121.25, 31.38, datum="gcj02")
    bd = convert_datum(lon, lat, source="gcj02", target="bd09")
    assert np.allclose(bd, transform.gcj2bd(float(lon), float(lat)), rtol=0, atol=1e-9)
    assert convert_datum(1.0, 2.0, source="bd09", target="BD-09") == (1.0, 2.0)


def test_arrays_keep_their_shape_and_inputs_are_not_changed() -> None:
    lon, lat = np.full((2, 3), 121.25), np.full((2, 3), 31.38)
    shifted = from_wgs84(lon, lat, datum="gcj02")
    assert shifted[0].shape == (2, 3)
    assert (lon == 121.25).all()
    assert from_wgs84([], [], datum="bd09")[0].shape == (0,)


@given(st.lists(st.tuples(lons, lats), min_size=1, max_size=20))
def test_many_places_at_once_give_what_each_gives_alone(places: list[tuple[float, float]]) -> None:
    lon, lat = np.array(places).T
    together = np.column_stack(to_wgs84(lon, lat, datum="bd09"))
    alone = np.array([[float(v) for v in to_wgs84(x, y, datum="bd09")] for x, y in places])
    # The steps stop when the whole batch has settled, so a place may take one step more.
    assert np.abs(together - alone).max() < 1e-12


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (31.38, 121.25, "swapped"),
        (np.nan, 31.0, "NaN"),
        (np.inf, 31.0, "NaN or infinite"),
        (350000.0, 3470000.0, "metres"),
        ([1.0, 2.0], [1.0], "different shapes"),
        ("east", "north", "not numbers"),
    ],
)
def test_what_is_no_place_is_refused_with_the_mend(lon: object, lat: object, words: str) -> None:
    with pytest.raises(CoordinateError, match=words):
        require_lonlat(lon, lat)  # type: ignore[arg-type]


def test_an_unknown_datum_names_those_there_are() -> None:
    with pytest.raises(DatumError, match="wgs84, cgcs2000, gcj02, bd09"):
        to_wgs84(121.0, 31.0, datum="wgs72")


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (121.25, 31.38, 4549),
        (116.4, 39.9, 4548),
        (-76.6, 39.3, 32618),
        (9.52, 47.14, 32632),
        (151.2, -33.9, 32756),
        (179.99, 10.0, 32660),
        (10.0, 86.0, 32661),
        (10.0, -85.0, 32761),
    ],
)
def test_the_automatic_metric_crs_is_the_local_zone(lon: float, lat: float, epsg: int) -> None:
    assert metric_crs(lon, lat).to_epsg() == epsg


def test_a_zone_border_of_china_goes_to_the_nearer_central_meridian() -> None:
    assert metric_crs(118.49, 31.0).to_epsg() == 4548
    assert metric_crs(118.51, 31.0).to_epsg() == 4549


@given(st.lists(st.tuples(st.floats(120.8, 122.0), st.floats(30.7, 31.9)), min_size=1, max_size=30))
def test_metres_and_back_stay_within_a_hundredth_of_a_lattice_step(places: list[tuple[float, float]]) -> None:
    metric = Metric.around(121.25, 31.38)
    back = metric.to_degrees(metric.to_metres(places))
    assert np.abs(back - np.array(places)).max() < 1e-9


def test_metres_are_metres_near_the_central_meridian() -> None:
    metric = Metric.around(120.0, 31.0)
    a, b = metric.to_metres([[120.0, 31.0], [120.01, 31.0]])
    assert np.hypot(*(b - a)) == pytest.approx(float(geodesic_distance_m(120.0, 31.0, 120.01, 31.0)), rel=1e-6)


def test_distances_keep_the_shape_of_the_places() -> None:
    assert geodesic_distance_m(120.0, 31.0, 120.0, 31.0).shape == ()
    assert geodesic_distance_m([120.0, 121.0], 31.0, 120.0, 31.0).shape == (2,)
    assert float(geodesic_distance_m(0.0, 0.0, 1.0, 0.0)) == pytest.approx(111_319.4908, abs=1e-3)


def test_a_crs_in_degrees_or_feet_is_no_metric_crs() -> None:
    for crs in ("EPSG:4326", "EPSG:2248"):
        with pytest.raises(CrsError, match="metres"):
            Metric(parse_crs(crs))


def test_an_unknown_or_missing_crs_is_an_error_with_the_mend() -> None:
    with pytest.raises(CrsError, match="unknown CRS"):
        parse_crs("EPSG:999999")
    with pytest.raises(CrsError, match="never guessed"):
        parse_crs(None)


def test_longitude_comes_first_whatever_axis_order_the_crs_declares() -> None:
    point = crs_to_lonlat([[121.25, 31.38]], crs="EPSG:4490")
    assert np.allclose(point, [[121.25, 31.38]], atol=1e-9)
