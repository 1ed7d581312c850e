"""Open ground: a place without paths is cut to size like any other."""

import numpy as np
import shapely

from geogrid.partition.blocks import Seams

from .sketch import cells_of, line


def test_a_wide_park_without_paths_is_cut_to_size():
    done = cells_of(shapely.box(0, 0, 800, 750))
    area = shapely.area(done.cut.polygons)
    assert len(area) == 60
    assert np.abs(area / 10_000 - 1).max() <= 0.10


def test_a_park_beside_streets_is_cut_to_size_too():
    streets = [line((x, 0), (x, 300)) for x in range(100, 1000, 100)] + [line((0, 300), (1_000, 300))]
    done = cells_of(shapely.box(0, 0, 1_000, 1_000), Seams.of(streets))
    area = shapely.area(done.cut.polygons)
    assert area.max() < 12_500
    assert (np.abs(area / 10_000 - 1) <= 0.10).mean() > 0.95
