"""What the locator is measured on: real census blocks, and crooked cities of any size."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import shapely

from geogrid.crs import crs_to_lonlat
from geogrid.lattice import LatticePolygons, from_lattice, owners_by_brute_force
from geogrid.types import FloatArray, Int32Array

__all__ = ["blocks", "city", "mismatches", "on_borders", "random_places", "window_mismatches"]

DATA = Path(os.environ.get("GEOGRID_ACCEPTANCE_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
STEPS = 10_000
"""Lattice steps along a side of a made-up cell: about a hectare."""


def blocks(rng: np.random.Generator) -> LatticePolygons:
    """Return the census blocks of Baltimore; as many made-up cells where the acceptance data is not at hand."""
    if not (DATA / "baltimore").is_dir():
        return city(102, 98, rng)
    import geopandas

    frame = geopandas.read_file(DATA / "baltimore" / "blocks2020.gpkg")
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: crs_to_lonlat(xy, crs=frame.crs))
    return LatticePolygons.from_shapely(shapes)


def city(columns: int, rows: int, rng: np.random.Generator) -> LatticePolygons:
    """Return a patchwork of crooked four-sided cells of about a hectare, row by row from the south-west."""
    shift = rng.integers(-STEPS // 4, STEPS // 4, (rows + 1, columns + 1, 2), dtype=np.int32)
    shift[:, :, 0] += np.arange(columns + 1, dtype=np.int32) * STEPS + 1_210_000_000
    shift[:, :, 1] += np.arange(rows + 1, dtype=np.int32)[:, None] * STEPS + 305_000_000
    ring = np.stack([shift[:-1, :-1], shift[:-1, 1:], shift[1:, 1:], shift[1:, :-1], shift[:-1, :-1]], axis=2)
    flat = np.arange(columns * rows + 1, dtype=np.int64)
    return LatticePolygons(ring.reshape(-1, 2), flat * 5, flat, flat)


def random_places(polygons: LatticePolygons, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return random lon and lat, degrees, in the box of the polygons."""
    low, high = from_lattice(polygons.coords.min(axis=0)), from_lattice(polygons.coords.max(axis=0))
    return rng.uniform(low[0], high[0], count), rng.uniform(low[1], high[1], count)


def on_borders(polygons: LatticePolygons, count: int, rng: np.random.Generator) -> Int32Array:
    """Return (count, 2) int32 lattice points: two fifths on edges, two fifths rounded to them, the rest vertices."""
    starts, ends, _ = polygons.edges()
    edge = rng.integers(0, len(starts), 2 * count // 5)
    a, b = starts[edge].astype(np.int64), ends[edge].astype(np.int64)
    # Lattice points exactly on an edge lie at multiples of its step; and beside it, the rounded ones.
    parts = np.gcd(*np.abs(b - a).T)
    on = a + (b - a) // parts[:, None] * rng.integers(0, parts + 1)[:, None]
    beside = np.rint(a + (b - a) * rng.random((len(a), 1))).astype(np.int64)
    vertices = polygons.coords[rng.integers(0, len(polygons.coords), count - 2 * len(a))]
    return np.concatenate([on, beside, vertices]).astype(np.int32)


def mismatches(mine: Int32Array, polygons: LatticePolygons, points: Int32Array) -> int:
    """Return for how many points the exact integer oracle gives another owner."""
    truth = owners_by_brute_force(polygons, points)
    if (truth < -1).any():
        raise SystemExit("the polygons overlap: the oracle has no one owner")
    return int((mine != truth).sum())


def window_mismatches(
    locate: object, columns: int, rows: int, polygons: LatticePolygons, rng: np.random.Generator, windows: int = 60
) -> tuple[int, int]:
    """Compare a city too large for the oracle in some windows of 12 × 12 cells; return (wrong, points).

    Each window's points, half of them on borders, lie in its inner cells: nobody else can own them.
    """
    wrong = total = 0
    for _ in range(windows):
        column, row = rng.integers(0, columns - 12), rng.integers(0, rows - 12)
        here = ((row + np.arange(12))[:, None] * columns + column + np.arange(12)).ravel()
        inner = polygons.take(here.reshape(12, 12)[2:-2, 2:-2].ravel())
        low, high = inner.coords.min(axis=0), inner.coords.max(axis=0)
        points = np.concatenate([rng.integers(low, high, (1_000, 2)).astype(np.int32), on_borders(inner, 1_000, rng)])
        local = owners_by_brute_force(polygons.take(here), points)
        truth = np.where(local >= 0, here[np.maximum(local, 0)], local)
        wrong += int((locate(points) != truth).sum())  # type: ignore[operator]
        total += len(points)
    return wrong, total
