"""The frame door keeps the index and gives the same rows as the array door."""

from __future__ import annotations

from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from geogrid.assign.locate_frames import locate_arrow, locate_frame
from geogrid.assign.locator import Locator
from geogrid.crs import from_wgs84
from geogrid.errors import CoordinateError, InputError
from geogrid.testing import toy_city

CITY = toy_city()
LOCATOR = Locator.of(CITY)
RNG = np.random.default_rng(6)
LON, LAT = RNG.uniform(121.249, 121.255, 400), RNG.uniform(31.379, 31.385, 400)
WANT = LOCATOR.locate_all(LON, LAT, datum="wgs84")
CODES = {name: CITY.layer(name).codes for name in ("responsibility", "police")}
INDEX = pd.Index([f"r{i}" for i in RNG.permutation(400)], name="report")


def test_a_frame_of_columns_keeps_its_index() -> None:
    gx, gy = from_wgs84(LON, LAT, datum="bd09")
    found = locate_frame(LOCATOR, pd.DataFrame({"x": gx, "y": gy}, index=INDEX), datum="bd09", lon="x", lat="y")
    pd.testing.assert_frame_equal(found, pd.DataFrame(WANT, index=INDEX))


def test_a_geoframe_brings_its_crs_and_codes_are_categories() -> None:
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(LON, LAT), crs=4490, index=INDEX)
    found = locate_frame(LOCATOR, frame, codes=CODES)
    assert found.index.equals(INDEX)
    want = [CODES["police"][row] if row >= 0 else None for row in WANT["police"]]
    assert [None if pd.isna(code) else code for code in found["police"]] == want
    np.testing.assert_array_equal(found["cell"], WANT["cell"])
    metres = frame.to_crs(32651)
    assert (locate_frame(LOCATOR, metres)["cell"].to_numpy() != WANT["cell"]).mean() < 0.01


def point_columns() -> list[Any]:
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(LON, LAT), crs=4326)
    wkb = pa.table({"geometry": pa.array(list(shapely.to_wkb(frame.geometry.to_numpy())), pa.binary())})
    return [
        pa.table(frame.to_arrow(geometry_encoding="geoarrow", interleaved=True)),
        pa.table(frame.to_arrow(geometry_encoding="geoarrow", interleaved=False)),
        pa.table(frame.to_arrow(geometry_encoding="WKB")),
        pa.concat_tables([wkb.slice(0, 100), wkb.slice(100)]),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_geoarrow_and_wkb_points_are_understood(kind: int) -> None:
    table = point_columns()[kind]
    found = locate_arrow(LOCATOR, table, geometry="geometry", datum="wgs84", codes=CODES)
    assert found.column("cell").to_pylist() == [row if row >= 0 else None for row in WANT["cell"].tolist()]
    assert found.column("police").to_pylist() == [CODES["police"][r] if r >= 0 else None for r in WANT["police"]]
    if kind < 3:
        assert locate_arrow(LOCATOR, table, geometry="geometry").column("cell") == found.column("cell")
    else:
        with pytest.raises(InputError, match="no datum"):
            locate_arrow(LOCATOR, table, geometry="geometry")


def test_arrow_columns_and_batches_are_understood() -> None:
    batch = pa.record_batch({"lon": pa.array(LON), "lat": pa.array(LAT)})
    found = locate_arrow(LOCATOR, batch, datum="wgs84")
    assert found.column("responsibility").null_count == (WANT["responsibility"] < 0).sum()


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InputError, match="no such column; given: lon; allowed: x"):
        locate_frame(LOCATOR, pd.DataFrame({"x": [1.0]}), datum="wgs84")
    with pytest.raises(InputError, match="no datum"):
        locate_frame(LOCATOR, pd.DataFrame({"lon": [1.0], "lat": [1.0]}))
    lines = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    with pytest.raises(InputError, match="not all points"):
        locate_frame(LOCATOR, lines)
    nulls = pa.table({"geometry": pa.array([None, b""], pa.binary())})
    with pytest.raises(InputError, match="places are missing"):
        locate_arrow(LOCATOR, nulls, geometry="geometry", datum="wgs84")
    with pytest.raises(InputError, match="not a column of points"):
        locate_arrow(LOCATOR, pa.table({"geometry": ["POINT (1 1)"]}), geometry="geometry", datum="wgs84")


@pytest.mark.parametrize(
    ("values", "message"),
    [([121.25, pd.NA], "NaN or infinite, first at position 1"), ([121.25, "east"], "not numbers"),
     ([121.25, None], "position 1"), ([31.38, 121.25], "longitude comes first"), ([{}, []], "not numbers")],
)  # fmt: skip
def test_a_column_that_holds_what_is_no_place_is_refused_with_the_row(values: list[Any], message: str) -> None:
    lat = [31.38, 31.38] if message != "longitude comes first" else [121.25, 31.38]
    with pytest.raises(CoordinateError, match=message):
        locate_frame(LOCATOR, pd.DataFrame({"lon": pd.Series(values, dtype=object), "lat": lat}), datum="wgs84")


def test_nullable_numbers_and_frames_without_rows_are_fine() -> None:
    frame = pd.DataFrame({"lon": pd.array([121.2505], "Float64"), "lat": pd.array([31.3805], "Float64")})
    assert locate_frame(LOCATOR, frame, datum="wgs84")["cell"].tolist() == [0]
    assert locate_frame(LOCATOR, frame[:0], datum="wgs84", codes=CODES).shape == (0, 3)
    assert locate_arrow(LOCATOR, pa.table({"lon": pa.array([], "f8"), "lat": pa.array([], "f8")}), datum="gcj02").shape == (0, 3)  # fmt: skip


def test_arrow_text_nulls_and_empty_points_are_refused_and_no_row_is_lost() -> None:
    for column, message in ((["east"], "not numbers"), ([None], "NaN or infinite")):
        table = pa.table({"lon": pa.array(column, pa.string() if column[0] else pa.float64()), "lat": [31.38]})
        with pytest.raises(CoordinateError, match=message):
            locate_arrow(LOCATOR, table, datum="wgs84")
    points = [shapely.Point(121.2505, 31.3805), shapely.Point(), shapely.Point(121.2535, 31.3835)]
    wkb = pa.table({"geometry": pa.array(list(shapely.to_wkb(points)), pa.binary())})
    with pytest.raises(CoordinateError, match="position 1"):
        locate_arrow(LOCATOR, wkb, geometry="geometry", datum="wgs84")
    with pytest.raises(CoordinateError, match="position 1"):
        locate_frame(LOCATOR, geopandas.GeoDataFrame(geometry=points, crs=4326))


def test_two_columns_of_one_name_are_refused() -> None:
    frame = pd.DataFrame([[121.25, 121.26, 31.38]], columns=["lon", "lon", "lat"])
    with pytest.raises(InputError, match="two columns have one name; given: lon"):
        locate_frame(LOCATOR, frame, datum="wgs84")
