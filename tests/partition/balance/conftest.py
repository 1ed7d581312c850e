"""Square towns: small enough to check with a pencil."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from geogrid.crs import Metric
from geogrid.lattice import LatticePolygons
from geogrid.partition.balance import Budget, CellGraph, Measure, Problem, build_graph

STEP = 10_000


def squares(places: list[tuple[int, int]]) -> LatticePolygons:
    """Return one square of 0.001 degrees for each (column, row)."""
    corner = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    rings = [((corner + place) * STEP + (1_212_500_000, 313_800_000)).astype(np.int32) for place in places]
    return LatticePolygons.from_rings(rings, [1] * len(rings), [1] * len(rings))


def town(columns: int, rows: int) -> CellGraph:
    """Return the graph of columns x rows squares, row by row from the south-west; codes c0, c1, …"""
    cells = squares([(i % columns, i // columns) for i in range(columns * rows)])
    codes = np.array([f"c{i}" for i in range(columns * rows)], dtype=object)
    return build_graph(cells, Metric.around(121.25, 31.38), codes=codes)


def whole(graph: CellGraph, membership: np.ndarray) -> bool:
    """Return whether every grid is connected, by walking it."""
    near: dict[int, list[int]] = {i: [] for i in range(len(graph))}
    for a, b in zip(graph.first.tolist(), graph.second.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    for grid in np.unique(membership):
        mine = set(np.flatnonzero(membership == grid).tolist())
        seen, queue = set(), [min(mine)]
        while queue:
            cell = queue.pop()
            if cell in mine and cell not in seen:
                seen.add(cell)
                queue += near[cell]
        if seen != mine:
            return False
    return True


@pytest.fixture
def make_town() -> Callable[[int, int], CellGraph]:
    return town


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Return a function that does what Ctrl-C does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def quick() -> Budget:
    return Budget(effort=1000)


@pytest.fixture
def make_problem() -> Callable[..., Problem]:
    def make(graph: CellGraph, values: object = None, tolerance: float = 0.0, **wishes: object) -> Problem:
        weights = np.ones(len(graph)) if values is None else np.asarray(values, np.float64)
        area = wishes.pop("area", np.zeros(len(graph), np.int64))
        names = wishes.pop("area_names", tuple(f"area {i}" for i in range(int(np.max(area)) + 1)))
        return Problem(graph, (Measure("people", weights, tolerance),), area, names, **wishes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def is_whole() -> Callable[[CellGraph, np.ndarray], bool]:
    return whole


@pytest.fixture
def make_squares() -> Callable[[list[tuple[int, int]]], LatticePolygons]:
    return squares
