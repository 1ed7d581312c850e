"""The whole front of a real town, of which one quarter grows by half."""

from pathlib import Path

import numpy as np
import pytest

from geogrid.crs import Metric, parse_crs
from geogrid.lattice import LatticePolygons
from geogrid.partition.balance import Budget, Measure, Problem, balance, build_graph, rebalance


@pytest.fixture(scope="module")
def town_of_blocks(acceptance_data: Path):
    """Return the graph of Baltimore's census blocks and their people."""
    geopandas = pytest.importorskip("geopandas")
    blocks = geopandas.read_file(acceptance_data / "baltimore" / "blocks2020.gpkg")
    cells = LatticePolygons.from_shapely(blocks.to_crs(4326).geometry.values)
    graph = build_graph(cells, Metric(parse_crs("EPSG:32618")), codes=blocks.geoid20.to_numpy(object))
    return graph, blocks.pop20.to_numpy(np.float64)


def test_every_step_of_a_towns_front_is_whole_and_as_balanced_as_it_says(town_of_blocks, is_whole):
    graph, people = town_of_blocks
    area = np.zeros(len(graph), np.int64)

    def asked(values, **more):
        return Problem(graph, (Measure("people", values, 0.05),), area, ("Baltimore",), **more)

    before = balance(asked(people, count=80), budget=Budget(seconds=2)).membership
    grown = people * np.where((graph.xy > np.median(graph.xy, axis=0)).all(axis=1), 1.5, 1.0)
    front = rebalance(asked(grown, start=before), tolerances=(0.2, 0.05), keep=3000.0, budget=Budget(seconds=2))
    target = grown.sum() / 80
    for step in front.steps[1:]:
        load = np.bincount(step.result.membership, weights=grown, minlength=80)
        assert step.valid
        assert np.abs(load - target).max() <= step.tolerance * target + 1
        assert is_whole(graph, step.result.membership)
        assert step.least <= step.moved < 0.25 * grown.sum()
    assert len(front.front) == 3
    moved = [step.moved for step in front.front]
    assert moved == sorted(moved)
