"""The workload of the answer and coverage benchmarks: a district of 46,000 cells, 292 grids, 12 stations."""

from __future__ import annotations

import numpy as np

from geogrid.assign.answering import Desk
from geogrid.assign.sample import sample_roster, sample_rulebook
from geogrid.boundaries.areas import Areas
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer

_WEST, _SOUTH, _STEP = 1_211_000_000, 312_000_000, 10_000


def _names(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{i + 1:05d}" for i in range(count)], dtype=object)


def district(columns: int = 230, rows: int = 200, grids: int = 292, stations: int = 12) -> Division:
    """Return a district of square cells, strips of cells as grids, runs of grids as stations."""
    count = columns * rows
    x, y = np.arange(count) % columns, np.arange(count) // columns
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    coords = (np.stack([x, y], axis=1)[:, None, :] + corners) * _STEP + (_WEST, _SOUTH)
    each = np.arange(count + 1, dtype=np.int64)
    cells = LatticePolygons(coords.reshape(-1, 2).astype(np.int32), each * 5, each, each)
    bottom = [(i, 0) for i in range(columns)] + [(columns, j) for j in range(rows)]
    top = [(columns - i, rows) for i in range(columns)] + [(0, rows - j) for j in range(rows)]
    ring = np.array([*bottom, *top, (0, 0)]) * _STEP + (_WEST, _SOUTH)
    outline = LatticePolygons.from_rings([ring.astype(np.int32)], [1], [1])
    area = Areas("community", _names("C", 1), _names("C", 1), np.array([""], dtype=object), outline)
    grid_of = (np.arange(count) * grids // count).astype(np.int32)
    station_of = (np.arange(grids) * stations // grids).astype(np.int32)
    here = np.full(count, area.codes[0], dtype=object)
    return Division(
        "990100", "Benchmark district", (area,),
        (
            Layer("cell", "base", _names("", count), _names("", count), here, shapes=cells),
            Layer("responsibility", "stacked", _names("G", grids), _names("G", grids), here[:grids], "cell", grid_of),
            Layer("station", "stacked", _names("S", stations), _names("S", stations), here[:stations], "responsibility",
                  station_of),
        ),
        "EPSG:4549",
    )  # fmt: skip


def desk() -> Desk:
    """Return a desk with about 1,000 people in shifts, 151 categories of two conditions each, and rules."""
    made = district()
    return Desk(made, sample_roster(made, seed=1), sample_rulebook(made, seed=1))
