"""A condition selects rows, means the same in every format, and can do nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import geopandas
import numpy as np
import pytest
from shapely import Point

from geogrid.boundaries import read_features
from geogrid.boundaries.selection import rows_where
from geogrid.errors import InputError

STREETS = geopandas.GeoDataFrame(
    {
        "class": ["motorway", "residential", None, "motorway"], "lanes": [4, 2, 1, 6], "toll": [True, False, False, False],
        "width m": [20.5, 6.0, np.nan, 30.0], "名": ["高速", "小路", "弄", "高速"],
    },
    geometry=[Point(121 + i / 100, 31) for i in range(4)], crs="EPSG:4326",
)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("class = 'motorway'", [0, 3]),
        ("class = 'motorway' AND lanes > 4", [3]),
        ("class IN ('residential', 'track') OR lanes = 1", [1, 2]),
        ("class IS NULL", [2]),
        ('"width m" >= 20', [0, 3]),
        ("\"名\" LIKE '高%'", [0, 3]),
        ("NOT (lanes BETWEEN 2 AND 4)", [2, 3]),
        ("lanes = 99", []),
    ],
)
@pytest.mark.parametrize("ending", ["parquet", "gpkg", "geojson"])
def test_a_condition_means_the_same_in_every_format(tmp_path: Path, where: str, rows: list[int], ending: str) -> None:
    path = tmp_path / f"streets.{ending}"
    if ending == "parquet":
        STREETS.to_parquet(path)
    else:
        STREETS.to_file(path)
    assert sorted(read_features(path, where=where).lanes) == sorted(STREETS.lanes.to_numpy()[rows].tolist())
    assert rows_where(STREETS, where).tolist() == rows


@pytest.mark.parametrize(
    "where",
    [
        "@__import__('os').system('true')",
        "1) UNION SELECT name FROM sqlite_master --",
        "lanes IN (SELECT rootpage FROM sqlite_master)",
        "load_extension('x')",
        "randomblob(1000000000) IS NOT NULL",
        "1; DROP TABLE rows",
        "lanes = 1 ORDER BY 1; --",
        "1 IN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)",
        "colour = 'red'",
        "",
    ],
)
def test_anything_but_a_condition_is_refused(tmp_path: Path, where: str) -> None:
    with pytest.raises((sqlite3.Error, sqlite3.Warning)):
        rows_where(STREETS, where)
    STREETS.to_parquet(tmp_path / "streets.parquet")
    if where:
        with pytest.raises(InputError, match="cannot select by this condition"):
            read_features(tmp_path / "streets.parquet", where=where)
