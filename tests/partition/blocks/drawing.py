"""Hand-drawn ground, in metres from one corner."""

import numpy as np
import pytest
import shapely

from geogrid.crs import Metric, parse_crs
from geogrid.partition.blocks import BlocksSection
from geogrid.partition.frame import Frame

METRIC = Metric(parse_crs("EPSG:4549"))
AT = np.array([600_000.0, 3_470_000.0])


def here(shape):
    return shapely.transform(shape, lambda xy: xy + AT)


def frame_of(*parents, workers=1):
    codes = np.array([f"p{i}" for i in range(len(parents))], dtype=object)
    return Frame(np.array([here(p) for p in parents], dtype=object), codes, METRIC, workers)


def line(*points):
    return here(shapely.LineString(points))


def street_grid(width, height, step):
    across = [line((0, y), (width, y)) for y in range(step, height, step)]
    along = [line((x, 0), (x, height)) for x in range(step, width, step)]
    return across + along


def section(**more):
    return BlocksSection(name="cell", method="blocks", **{"fit": "off", **more})


def assert_divides(frame, cut):
    assert shapely.is_valid(cut.polygons).all()
    assert set(shapely.get_type_id(cut.polygons)) == {3}
    for row, parent in enumerate(frame.parents):
        mine = cut.polygons[cut.parent == row]
        assert shapely.area(mine).sum() == pytest.approx(parent.area, abs=0.5)
        assert shapely.area(shapely.symmetric_difference(shapely.union_all(mine), parent)) < 0.5
