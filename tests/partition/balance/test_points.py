"""Weights from points."""

import numpy as np
import pytest

from geogrid.errors import InputError, NotFoundError, StorageError
from geogrid.partition.balance.points import count_points, read_points, smoothed
from geogrid.testing import toy_city


def test_points_are_counted_in_the_cell_that_owns_them():
    cells = toy_city().shapes("cell")
    lon, lat = [121.2505, 121.2505, 121.251, 0.0], [31.3805, 31.3806, 31.3805, 0.0]
    counts, outside = count_points(cells, lon, lat, datum="wgs84")
    # The third lies on a border: it belongs to the cell in the east.
    assert counts[:2].tolist() == [2, 1]
    assert outside == 1


def test_points_can_count_more_than_one():
    cells = toy_city().shapes("cell")
    counts, _ = count_points(cells, [121.2505], [31.3805], datum="wgs84", values=[7.5])
    assert counts[0] == 7.5


def test_smoothing_hands_on_and_loses_nothing(make_town):
    graph = make_town(3, 1)
    values = smoothed(graph, np.array([0.0, 8.0, 0.0]), 0.5)
    assert np.allclose(values, [2, 4, 2])
    assert smoothed(graph, np.array([1.0, 2, 3]), 0.0).tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="smoothing is a share"):
        smoothed(graph, values, 2)


def test_a_table_of_points_needs_columns_and_a_datum(tmp_path):
    file = tmp_path / "reports.csv"
    file.write_text("Longitude,Latitude,n\n121.2505,31.3805,2\n,31.4,3\n")
    lon, lat, datum, worth, findings = read_points(file, datum="gcj02", value="n")
    assert (lon.tolist(), lat.tolist(), datum.value, worth.tolist()) == ([121.2505], [31.3805], "gcj02", [2.0])
    assert findings[0].subjects == ("3",)
    with pytest.raises(InputError, match="no datum"):
        read_points(file)
    with pytest.raises(InputError, match="no such column"):
        read_points(file, datum="wgs84", lon="east")
    with pytest.raises(InputError, match="no such column"):
        read_points(file, datum="wgs84", value="people")


def test_features_without_a_shape_are_left_out_with_their_value(tmp_path):
    import geopandas
    import shapely

    file = tmp_path / "reports.gpkg"
    shapes = [None, shapely.Point(121.2505, 31.3805)]
    geopandas.GeoDataFrame({"n": [5, 2]}, geometry=shapes, crs=4326).to_file(file)
    lon, _, _, worth, findings = read_points(file, value="n")
    assert (lon.tolist(), worth.tolist()) == ([121.2505], [2.0])
    assert findings[0].subjects == ("1",)


def test_points_that_are_not_there_are_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"no such file; given: .*none.csv"):
        read_points(tmp_path / "none.csv", datum="wgs84")


def test_a_table_saved_by_chinese_excel_is_read_as_it_is(tmp_path):
    file = tmp_path / "上报.csv"
    file.write_bytes("经度,纬度,户数\n121.2505,31.3805,2\n".encode("gbk"))
    lon, lat, _, worth, _ = read_points(file, datum="wgs84", value="户数")
    assert (lon.tolist(), lat.tolist(), worth.tolist()) == ([121.2505], [31.3805], [2.0])
    file.write_bytes("经度,纬度\n121.2505,31.3805\n".encode("utf-8-sig"))
    assert read_points(file, datum="wgs84")[0].tolist() == [121.2505]
    file.write_bytes(b"lon,lat\n121.2505,\xff\xff\n")
    with pytest.raises(StorageError, match="neither UTF-8 nor GB 18030"):
        read_points(file, datum="wgs84")
