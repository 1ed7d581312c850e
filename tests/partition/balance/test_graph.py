"""The graph: who borders on whom, how long, along what."""

import numpy as np
import pytest
import shapely

from geogrid.crs import Metric
from geogrid.errors import InputError
from geogrid.partition.balance import Seam, build_graph
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.islands import join_islands

METRIC = Metric.around(121.25, 31.38)


def east_west_line(row: int, columns: int) -> np.ndarray:
    return np.array([shapely.LineString([(121.25, 31.38 + row / 1000), (121.25 + columns / 1000, 31.38 + row / 1000)])])


def test_squares_border_on_their_sides_and_never_over_a_corner(make_town):
    graph = make_town(3, 2)
    pairs = set(zip(graph.first.tolist(), graph.second.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)}


def test_border_lengths_are_metres_on_the_ground(make_town):
    graph = make_town(2, 2)
    length = dict(zip(zip(graph.first.tolist(), graph.second.tolist(), strict=True), graph.length_m, strict=True))
    assert length[0, 1] == pytest.approx(110.9, abs=0.1)
    assert length[0, 2] == pytest.approx(95.1, abs=0.1)


def test_the_outline_is_what_no_neighbour_shares(make_town):
    graph = make_town(3, 3)
    assert graph.outline_m[4] == 0
    assert graph.outline_m[1] == pytest.approx(95.1, abs=0.1)


def test_a_border_along_a_road_costs_the_roads_factor(make_squares):
    cells = make_squares([(i % 3, i // 3) for i in range(6)])
    road = Seam("road", east_west_line(1, 3), factor=0.3)
    graph = build_graph(cells, METRIC, seams=[road])
    crossing = graph.second - graph.first == 3
    assert np.allclose(graph.cost_m[crossing], 0.3 * graph.length_m[crossing])
    assert np.allclose(graph.cost_m[~crossing], graph.length_m[~crossing])
    assert np.allclose(graph.seam_m["road"][crossing], graph.length_m[crossing])


def test_a_river_parts_its_banks_unless_a_bridge_crosses_it(make_squares):
    cells = make_squares([(i % 3, i // 3) for i in range(6)])
    river = east_west_line(1, 3)
    dry = build_graph(cells, METRIC, seams=[Seam("river", river, barrier=True)])
    assert len(np.unique(components(6, dry.first, dry.second))) == 2
    bridge = np.array([shapely.LineString([(121.2515, 31.3805), (121.2515, 31.3815)])])
    crossed = build_graph(cells, METRIC, seams=[Seam("river", river, barrier=True, bridges=bridge)])
    assert {(1, 4)} == {
        (a, b) for a, b in zip(crossed.first.tolist(), crossed.second.tolist(), strict=True) if b - a == 3
    }


def test_borders_of_another_layer_are_cheap_to_follow(make_squares):
    cells = make_squares([(i % 2, i // 2) for i in range(4)])
    beats = np.array([0, 0, 1, 1])
    graph = build_graph(cells, METRIC, other=[(beats, 0.5)])
    across = graph.second - graph.first == 2
    assert np.allclose(graph.cost_m[across], 0.5 * graph.length_m[across])


def test_a_ferry_links_without_a_border(make_town):
    graph = make_town(2, 1).linked(np.array([[1, 0], [0, 1]]))
    assert len(graph.first) == 1
    far = make_town(3, 1).linked(np.array([[2, 0]]))
    assert (far.first.tolist(), far.second.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert far.length_m[1] == 0


def test_an_island_is_linked_to_the_nearest_cell_and_named(make_squares):
    cells = make_squares([(0, 0), (1, 0), (2, 0), (4, 0)])
    codes = np.array(["a", "b", "c", "island"], dtype=object)
    graph = build_graph(cells, METRIC, codes=codes)
    joined = join_islands(graph, np.zeros(4, np.int64), ("all",), "nearest")
    assert (2, 3) in set(zip(joined.graph.first.tolist(), joined.graph.second.tolist(), strict=True))
    assert joined.findings[0].subjects == ("island",)
    assert "cell c" in joined.findings[0].message


def test_an_island_that_stands_alone_is_an_area_of_its_own(make_squares):
    graph = build_graph(make_squares([(0, 0), (1, 0), (3, 0)]), METRIC)
    joined = join_islands(graph, np.zeros(3, np.int64), ("all",), "alone")
    assert joined.area.tolist() == [0, 0, 1]
    assert joined.origin.tolist() == [0, 0]


def test_areas_cut_the_graph(make_town):
    joined = join_islands(make_town(4, 1), np.array([0, 0, 1, 1]), ("west", "east"), "nearest")
    assert list(zip(joined.graph.first.tolist(), joined.graph.second.tolist(), strict=True)) == [(0, 1), (2, 3)]
    assert joined.findings == ()


def test_a_seam_refuses_a_price_that_is_none():
    with pytest.raises(InputError, match="not a price"):
        Seam("road", east_west_line(0, 1), factor=-1)
