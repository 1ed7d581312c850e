"""What is packed into a page comes out again as it was."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.maps.packing import pack_columns, pack_integers, pack_lines, pack_polygons, unpack_integers
from geogrid.testing import toy_city


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_packed_integers_come_back(values: list[int]) -> None:
    assert unpack_integers(pack_integers(values)).tolist() == values


def test_a_small_step_takes_one_byte() -> None:
    assert pack_integers([63, -64, 0]) == "fn8A"
    assert len(unpack_integers("fn8A")) == 3


def test_packed_polygons_hold_every_vertex_but_the_closing_one() -> None:
    shapes = toy_city().shapes("cell")
    packed = pack_polygons(shapes)
    points = unpack_integers(packed["points"]).reshape(-1, 2).cumsum(axis=0)
    assert unpack_integers(packed["rows"]).tolist() == [1] * 16
    assert unpack_integers(packed["runs"]).tolist() == [4] * 16
    assert np.array_equal(points, shapes.coords.reshape(16, 5, 2)[:, :4].reshape(-1, 2))


def test_a_polygon_with_a_hole_and_two_parts_keeps_its_rings() -> None:
    from geogrid.lattice import LatticePolygons

    holed = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    packed = pack_polygons(LatticePolygons.from_shapely([shapely.MultiPolygon([holed, shapely.box(5, 0, 6, 1)])]))
    assert unpack_integers(packed["rows"]).tolist() == [3]
    assert unpack_integers(packed["runs"]).tolist() == [4, 4, 4]


def test_seams_may_be_lines_and_polygons_together() -> None:
    lines = [shapely.LineString([(121.2, 31.3), (121.3, 31.4)]), shapely.box(121, 31, 122, 32), shapely.Point(121, 31)]
    packed = pack_lines(lines)
    assert unpack_integers(packed["rows"]).tolist() == [1, 1, 0]
    assert unpack_integers(packed["runs"]).tolist() == [2, 5]
    assert unpack_integers(packed["points"])[:2].tolist() == [1_212_000_000, 313_000_000]


def test_repeated_texts_are_stored_once_and_missing_values_are_empty() -> None:
    columns = {
        "station": np.array(["安亭", None, "安亭", "安亭", float("nan")], dtype=object),
        "area_m2": np.array([1.005, np.nan, 3, 4, np.inf]),
        "code": np.array(list("abcde"), dtype=object),
    }
    station, area, code = pack_columns(columns, {"station": "工作站"})
    assert station == {"name": "station", "title": "工作站", "texts": ["安亭", ""], "index": [0, 1, 0, 0, 1]}
    assert area["numbers"] == [1.0, None, 3.0, 4.0, None]
    assert code == {"name": "code", "title": "code", "texts": list("abcde")}
