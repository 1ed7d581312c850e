"""Hand-drawn divisions and atlases to publish them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from geogrid.atlas import Atlas
from geogrid.boundaries.areas import Areas
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer

STEP, WEST, SOUTH = 10_000, 1_212_500_000, 313_800_000


def boxes(*blocks: tuple[int, int, int, int]) -> LatticePolygons:
    """Return rectangles (column, row, width, height) in squares of 0.001 degrees."""
    rings = []
    for column, row, width, height in blocks:
        ring = [(column, row), (column + width, row), (column + width, row + height), (column, row + height)]
        rings.append(np.array([*ring, ring[0]]) * STEP + (WEST, SOUTH))
    return LatticePolygons.from_rings(rings, [1] * len(blocks), [1] * len(blocks))


def text(values: Sequence[str]) -> np.ndarray:
    result = np.empty(len(values), dtype=object)
    result[:] = list(values)
    return result


def draw(*cells: tuple[int, int, int, int], grids: Sequence[int] | None = None, codes: Sequence[str] = (),
         area: str = "990100001001", grid_codes: Sequence[str] = (), size: tuple[int, int] = (4, 4)) -> Division:  # fmt: skip
    """Return cells drawn as boxes in one community, and the grids they belong to."""
    community = Areas("community", text([area]), text(["Somewhere"]), text([""]), boxes((0, 0, *size)))
    given = list(codes) or [""] * len(cells)
    layers = [Layer("cell", "base", text(given), text(given), text([area] * len(cells)), shapes=boxes(*cells))]
    if grids is not None:
        count = max(grids) + 1
        named = list(grid_codes) or [f"G{row + 1}" for row in range(count)]
        layers.append(
            Layer("responsibility", "stacked", text(named), text([f"Grid {name}" for name in named]), text([area] * count),
                  of="cell", membership=np.array(grids, np.int32))
        )  # fmt: skip
    return Division("990100", "Toy", (community,), tuple(layers), "EPSG:4549")


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    return Atlas.create(tmp_path / "city.gpkg")


@pytest.fixture(name="draw")
def _draw() -> Callable[..., Division]:
    return draw


@pytest.fixture
def same() -> Callable[[Division, Division], None]:
    """Return an assertion that two divisions are equal in every column and vertex."""

    def assert_same(a: Division, b: Division) -> None:
        assert (a.code, a.name, a.metric_crs, a.plan, a.layer_names) == (
            b.code,
            b.name,
            b.metric_crs,
            b.plan,
            b.layer_names,
        )
        assert a.findings == b.findings
        for mine, other in zip(a.areas, b.areas, strict=True):
            assert mine.level == other.level
            for column in ("codes", "names", "parents"):
                assert getattr(mine, column).tolist() == getattr(other, column).tolist()
            assert_polygons(mine.polygons, other.polygons)
        for mine, other in zip(a.layers, b.layers, strict=True):
            assert (mine.name, mine.kind, mine.of) == (other.name, other.kind, other.of)
            for column in ("codes", "names", "areas"):
                assert getattr(mine, column).tolist() == getattr(other, column).tolist()
            assert list(mine.attributes) == list(other.attributes)
            for name, values in mine.attributes.items():
                np.testing.assert_array_equal(values, other.attributes[name])
                assert values.dtype == other.attributes[name].dtype
            if mine.membership is None:
                assert other.membership is None
            else:
                np.testing.assert_array_equal(mine.membership, other.membership)
            if mine.shapes is not None:
                assert_polygons(mine.shapes, other.shapes)

    return assert_same


def assert_polygons(a: LatticePolygons, b: LatticePolygons) -> None:
    for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype == getattr(b, name).dtype
