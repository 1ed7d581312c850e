"""Blind ends that meet one another's last metres are each carried on, by one edge."""

import numpy as np
import shapely

from geogrid.partition.blocks import Seams
from geogrid.partition.blocks.arrangement import node_lines
from geogrid.partition.blocks.buildings import no_obstacles
from geogrid.partition.blocks.deadends import carry_on
from geogrid.partition.blocks.mesh import LINK


def carried(*drawn):
    seams = Seams.of(np.array([shapely.LineString(one) for one in drawn], dtype=object))
    edges = node_lines(
        shapely.box(0, 0, 300, 150), seams.lines, seams.kind, seams.worth, seams.hard, np.zeros(len(seams), np.int32)
    )  # fmt: skip
    return carry_on(edges, no_obstacles())


def links(edges):
    return {tuple(sorted(map(tuple, edges.xy[pair].tolist()))) for pair in edges.ends[edges.kind == LINK]}


def test_an_end_that_another_link_has_met_from_the_side_still_runs_straight_on():
    edges = carried([(0, 60), (100, 60)], [(150, 0), (150, 80)])
    assert links(edges) == {((100, 60), (150, 60)), ((150, 80), (150, 150))}


def test_no_two_edges_join_the_same_nodes():
    for x in range(110, 180, 7):
        edges = carried([(0, 60), (100, 60)], [(150, 0), (150, 80), (x, 100)], [(300, 110), (x + 20, 104)])
        pairs = np.sort(edges.ends, axis=1)
        assert len(np.unique(pairs, axis=0)) == len(pairs)
        assert (edges.ends < len(edges.xy)).all()


def test_an_end_that_another_link_has_reached_is_blind_no_more():
    edges = carried([(0, 60), (100, 60)], [(300, 60), (160, 60)])
    assert links(edges) == {((100, 60), (160, 60))}
