"""A layer comes out as valid GeoJSON with exactly the vertices of the lattice."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from geogrid.api.geojson import rows_within, stream_collection
from geogrid.errors import InputError
from geogrid.lattice import LatticePolygons
from geogrid.testing import toy_city


def test_every_vertex_comes_back_to_its_lattice_point() -> None:
    shapes, codes = toy_city().shapes("cell"), toy_city().base.codes
    text = b"".join(stream_collection(shapes, {"code": codes}, np.arange(16), {"numberMatched": 16}))
    found = json.loads(text)
    back = LatticePolygons.from_shapely([shapely.geometry.shape(feature["geometry"]) for feature in found["features"]])
    assert np.array_equal(back.coords, shapes.coords)
    assert [feature["id"] for feature in found["features"]] == codes.tolist()
    assert b"121.2500000" not in text
    assert max(len(part) for part in text.decode().replace("]", ",").split(",") if part.startswith("[121")) <= 12


def test_holes_and_parts_are_kept_and_rings_follow_the_right_hand_rule() -> None:
    holed = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    shapes = LatticePolygons.from_shapely([shapely.MultiPolygon([holed, shapely.box(5, 0, 6, 1)]), holed])
    columns = {"code": np.array(["a", "b"], dtype=object), "weight": np.array([1.5, np.nan])}
    two, one = json.loads(b"".join(stream_collection(shapes, columns, np.arange(2), {})))["features"]
    assert two["geometry"]["type"] == "MultiPolygon"
    assert shapely.geometry.shape(two["geometry"]).area == 9
    rings = [shapely.LinearRing(ring) for ring in one["geometry"]["coordinates"]]
    assert [ring.is_ccw for ring in rings] == [True, False]
    assert (two["properties"]["weight"], one["properties"]["weight"]) == (1.5, None)


def test_an_empty_page_is_still_a_collection() -> None:
    shapes = toy_city().shapes("cell")
    assert json.loads(b"".join(stream_collection(shapes, {}, np.empty(0, np.int64), {})))["features"] == []


def test_a_box_takes_what_it_touches_and_may_cross_the_180th_meridian() -> None:
    shapes = toy_city().shapes("cell")
    assert rows_within(shapes, "121.2511,31.3811,121.2519,31.3819").tolist() == [5]
    assert rows_within(shapes, "121.251,31.381,121.2519,31.3819").tolist() == [0, 1, 4, 5]
    assert rows_within(shapes, "121.2531,-90,-179,90").tolist() == [3, 7, 11, 15]
    assert rows_within(shapes, "0,0,1,1").tolist() == []


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "0,10,1,5", "nan,0,1,1", "0,0,400,1", "1,2,3,4,5"])
def test_what_is_not_a_box_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="west,south,east,north"):
        rows_within(toy_city().shapes("cell"), text)
