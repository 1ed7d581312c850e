"""Outlines drawn by hand: a district of two streets, in every way they can be wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

WEST, SOUTH, STEP = 121.25, 31.38, 0.001


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    """Return a rectangle in squares of 0.001° (95 m by 111 m) from 121.25° E, 31.38° N."""
    return shapely.box(WEST + x * STEP, SOUTH + y * STEP, WEST + (x + width) * STEP, SOUTH + (y + height) * STEP)


def polygon(*points: tuple[float, float]) -> shapely.Polygon:
    """Return a polygon of points in squares."""
    return shapely.Polygon([(WEST + x * STEP, SOUTH + y * STEP) for x, y in points])


SQUARE_M2 = 10_546.9
"""Of one square of 0.001°, on the ellipsoid."""

Draw = Callable[..., Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Return a function that writes features (code, name, shape, …) to a GeoPackage and returns its path."""

    def write(name: str, rows: list[dict[str, Any]], *, crs: str | None = "EPSG:4326", ending: str = "gpkg") -> Path:
        frame = geopandas.GeoDataFrame(rows, geometry="shape", crs=crs).rename_geometry("geometry")
        path = tmp_path / f"{name}.{ending}"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided")
            frame.to_parquet(path) if ending == "parquet" else frame.to_file(path)
        return path

    return write


@pytest.fixture
def district(draw: Draw) -> Path:
    return draw("district", [{"code": "D", "name": "District", "shape": box(0, 0, 4, 4)}])


@pytest.fixture
def streets(draw: Draw) -> Path:
    rows = [
        {"code": "D1", "name": "West", "parent": "D", "shape": box(0, 0, 2, 4)},
        {"code": "D2", "name": "East", "parent": "D", "shape": box(2, 0, 2, 4)},
    ]
    return draw("streets", rows)
