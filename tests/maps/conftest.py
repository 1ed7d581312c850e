"""A city of 46,008 square cells in twelve stations with Chinese names, and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from geogrid.boundaries.areas import Areas
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer

COLUMNS, ROWS = 216, 213
_WEST, _SOUTH, _WIDE, _HIGH = 1_211_000_000, 312_300_000, 10_500, 9_000
_TOWNS = [
    "新成路街道",
    "真新街道",
    "菊园新区",
    "嘉定镇街道",
    "南翔镇",
    "安亭镇",
    "马陆镇",
    "徐行镇",
    "华亭镇",
    "外冈镇",
    "江桥镇",
    "工业区",
]


def _text(values: list[str]) -> npt.NDArray[np.object_]:
    return np.array(values, dtype=object)


def _rectangles(column: npt.NDArray[np.int64], row: npt.NDArray[np.int64], wide: int, high: int) -> LatticePolygons:
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high), (0, 0)])
    corner = np.stack([column, row], axis=1)[:, None, :] + corners[None]
    coords = (corner * (_WIDE, _HIGH) + (_WEST, _SOUTH)).reshape(-1, 2).astype(np.int32)
    count = np.arange(len(column) + 1)
    return LatticePolygons(coords, count * 5, count, count)


@pytest.fixture(scope="session")
def big_city() -> Division:
    """Return 216 × 213 cells of about 100 m, a station for each block of 54 × 71 cells."""
    cell = np.arange(COLUMNS * ROWS)
    column, row = cell % COLUMNS, cell // COLUMNS
    station = (column // 54 + 4 * (row // 71)).astype(np.int32)
    town = np.arange(12)
    shapes = _rectangles(town % 4 * 54, town // 4 * 71, 54, 71)
    streets = _text([f"310114{number:03d}" for number in range(1, 13)])
    district = Areas(
        "district",
        _text(["310114"]),
        _text(["嘉定区"]),
        _text([""]),
        _rectangles(*np.zeros((2, 1), int), COLUMNS, ROWS),
    )
    street = Areas("street", streets, _text(_TOWNS), _text(["310114"] * 12), shapes)
    codes = _text(
        [f"{streets[home]}{number // 999 + 1:03d}{number % 999 + 1:03d}" for number, home in enumerate(station)]
    )
    cells = Layer("cell", "base", codes, codes, streets[station], shapes=_rectangles(column, row, 1, 1))
    stations = Layer(
        "station", "stacked", _text([f"S{number:02d}" for number in range(12)]), _text([f"{name}工作站" for name in _TOWNS]),
        streets, of="cell", membership=station,
    )  # fmt: skip
    return Division("310114", "嘉定区", (district, street), (cells, stations), "EPSG:4549")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Yield a headless Chromium; without one, skip with the line that installs it, and fail in CI."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        missing = "no Chromium: apt-get install chromium, or set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
