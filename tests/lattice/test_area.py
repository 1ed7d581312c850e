"""Areas and lengths in metres, against an independent geodesic computation."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.boundaries import bundled
from geogrid.lattice import LatticePolygons, area_m2, edge_length_m, perimeter_m

GEOD = pyproj.Geod(ellps="WGS84")


def geodesic_area(shape: shapely.Geometry, longest: float = 0.001) -> float:
    """Return the area with edges straight in lon/lat: cut short, geodesics are the same lines."""
    area, _ = GEOD.geometry_area_perimeter(shapely.segmentize(shapely.geometry.polygon.orient(shape), longest))
    return area


@pytest.mark.parametrize("lat", [0.0, 31.38, -45.0, 70.0])
def test_areas_agree_with_geodesic_areas(lat: float) -> None:
    shape = shapely.Polygon([(121.0, lat), (121.02, lat + 0.003), (121.013, lat + 0.02), (120.99, lat + 0.011)])
    ours = float(area_m2(LatticePolygons.from_shapely([shape]))[0])
    snapped = LatticePolygons.from_shapely([shape]).to_shapely()[0]
    assert ours == pytest.approx(geodesic_area(snapped), rel=1e-7)


def test_a_district_has_its_area() -> None:
    place = bundled("310114").finest
    ours = float(place.area_m2()[0])
    assert ours == pytest.approx(geodesic_area(place.polygons.to_shapely()[0]), rel=1e-7)
    assert 460e6 < ours < 466e6


@settings(max_examples=50)
@given(st.integers(1, 999_999), st.integers(1, 999_999), st.floats(-80, 80))
def test_cells_add_up_to_their_parent(x: int, y: int, lat: float) -> None:
    west, south = 1_210_000_000, round(lat * 1e7)
    corners = [
        (west, south),
        (west + 1_000_000, south),
        (west + 1_000_000, south + 1_000_000),
        (west, south + 1_000_000),
    ]
    middle = (west + x, south + y)
    rings = [np.array([a, b, middle, a]) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    cells = LatticePolygons.from_rings(rings, [1] * 4, [1] * 4)
    parent = LatticePolygons.from_rings([np.array([*corners, corners[0]])], [1], [1])
    assert area_m2(cells).sum() == pytest.approx(float(area_m2(parent)[0]), rel=1e-11)


def test_a_hole_is_not_counted_and_its_border_is() -> None:
    box, hole = shapely.box(121, 31, 121.003, 31.003), shapely.box(121.001, 31.001, 121.002, 31.002)
    ring = LatticePolygons.from_shapely([box.difference(hole)])
    whole, gone = LatticePolygons.from_shapely([box]), LatticePolygons.from_shapely([hole])
    assert area_m2(ring)[0] == pytest.approx(area_m2(whole)[0] - area_m2(gone)[0], abs=1e-6)
    assert perimeter_m(ring)[0] == pytest.approx(perimeter_m(whole)[0] + perimeter_m(gone)[0], abs=1e-6)


@given(st.floats(-85, 85), st.integers(-900_000, 900_000), st.integers(-900_000, 900_000))
def test_lengths_agree_with_geodesics(lat: float, dx: int, dy: int) -> None:
    start = np.array([[1_210_000_000, round(lat * 1e7)]], np.int32)
    end = start + np.array([[dx, dy]], np.int32)
    (lon0, lat0), (lon1, lat1) = start[0] / 1e7, end[0] / 1e7
    _, _, geodesic = GEOD.inv(lon0, lat0, lon1, lat1)
    # Near the poles an edge straight in lon/lat is not the shortest way.
    allowed = 2e-6 if abs(lat) < 60 else 2e-4
    assert float(edge_length_m(start, end)[0]) == pytest.approx(geodesic, rel=allowed, abs=1e-6)


def test_an_empty_polygon_has_neither_area_nor_border() -> None:
    empty = LatticePolygons.from_shapely([shapely.Polygon(), shapely.box(0, 0, 1e-3, 1e-3)])
    assert area_m2(empty)[0] == 0.0
    assert perimeter_m(empty)[0] == 0.0
    assert area_m2(empty)[1] > 0
