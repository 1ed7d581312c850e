"""One surface's index: tiles, lists of edges, and the outline; and how it is built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geogrid.assign.locator_border import RECORD_WORDS
from geogrid.assign.locator_edges import Edges, outline
from geogrid.assign.locator_sweep import CHILD_BITS, edges_by_strip, renumber, sweep
from geogrid.errors import InputError
from geogrid.lattice import LatticePolygons
from geogrid.types import Int32Array, IntArray

__all__ = ["Surface", "build_surface"]

_TABLE_SIZES = ((4 << 20, 400), (64 << 20, 100), (1 << 40, 32))
"""Most bytes of a table, and of them for each polygon: of a town, of a large city, of anything."""
_MOST_NUMBERED = 1 << 29
"""An entry of the table has two bits for its kind and one for its sign."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The index of one layer of polygons, as flat arrays.

    Parameters
    ----------
    head : (8,) int64
        West and south lattice column and row of the first tile, tile size as a power of two,
        tiles eastward, tiles northward, polygons, records in order of tile rows, 0.
    table : (t,) int32
        A tile's owner, or -1; or ``-2 - 4 * record`` of the straight border that divides it; or
        ``-3 - 4 * entry`` where its list begins; or ``-4 - 4 * tile`` where its own 16 × 16 tiles begin.
    records : (r, 8) int32
        Borders; see `geogrid.assign.locator_border.RECORD_WORDS`. The first ``head[6]`` stand in order of the row
        of tiles that their lower end lies in, so that what a strip of the plane needs lies together.
    entries : (m, 2) int32
        The lists; see `geogrid.assign.locator_sweep.sweep`.
    rim : (r, 4) int32
        Edges with nobody on the other side: from lon, lat to lon, lat.
    rim_owner : (r,) int32
    """

    head: IntArray
    table: Int32Array
    records: Int32Array
    entries: Int32Array
    rim: Int32Array
    rim_owner: Int32Array

    def __post_init__(self) -> None:
        """Make the arrays read-only: nothing changes an index, and kernels are compiled for one type."""
        for values in (self.head, self.table, self.records, self.entries, self.rim, self.rim_owner):
            values.flags.writeable = False

    @cached_property
    def corner(self) -> tuple[int, int, int, int, int]:
        """West, south, tile size as a power of two, tiles eastward, tiles northward."""
        west, south, bits, width, height = (int(value) for value in self.head[:5])
        return west, south, bits, width, height

    @cached_property
    def parts(self) -> tuple[Int32Array, Int32Array, Int32Array]:
        """What the kernels read: the table, and the records and entries as flat runs."""
        return self.table, self.records.reshape(-1), self.entries.reshape(-1)

    @cached_property
    def views(self) -> tuple[Any, Any, Any]:
        """The same parts for the interpreted kernel: a view gives plain integers fast."""
        table, records, entries = (memoryview(part) for part in self.parts)  # type: ignore[arg-type]
        return table, records, entries

    def __getstate__(self) -> dict[str, object]:
        """Leave out the views: they cannot be pickled, and are made again when they are asked for."""
        return {name: value for name, value in vars(self).items() if name != "views"}

    def __len__(self) -> int:
        """Return the number of polygons."""
        return int(self.head[5])


def build_surface(polygons: LatticePolygons, *, workers: int = 1, tile_bits: int | None = None) -> Surface:
    """Return the index of `polygons`; the same bytes whatever `workers` is.

    Where polygons overlap, the one with the lowest row owns the place.

    Parameters
    ----------
    polygons : LatticePolygons, n geometries
    workers : int
        Threads.
    tile_bits : int, optional
        A tile is ``2**tile_bits`` steps wide; chosen from the density of edges otherwise.

    Raises
    ------
    InputError
        If a sloped edge is longer than 90 degrees, or there are more borders, lists or tiles than an entry
        of the table can number (537 million; ten million cells have 20 million borders).
    """
    starts, ends, owner = polygons.edges()
    if not (starts[:, 1] != ends[:, 1]).any():
        head = np.array([0, 0, 0, 0, 0, len(polygons), 0, 0], np.int64)
        none = np.empty(0, np.int32)
        return Surface(head, none, none.reshape(0, RECORD_WORDS), none.reshape(0, 2), none.reshape(0, 4), none.copy())
    low, high = polygons.coords.min(axis=0).astype(np.int64), polygons.coords.max(axis=0).astype(np.int64)
    west, south = int(low[0]) - 1, int(low[1])
    bits = _tile_bits(high - (west, south) + 1, len(polygons)) if tile_bits is None else tile_bits
    rim, rim_owner = outline(starts, ends, owner)
    edges = Edges.of(starts, ends, owner, south, bits)
    del starts, ends, owner
    width, height = ((high - (west, south)) >> bits) + 1
    offsets, by_strip = edges_by_strip(edges.line, south, bits, int(height))
    strip = np.arange(height, dtype=np.int64)
    none = np.zeros(height, np.int64)
    jobs = np.column_stack([south + (strip << bits), none + west, offsets[:-1], offsets[1:], none, none, strip * width])
    table = np.empty(width * height, np.int32)
    table, records, entries = _fill(edges, jobs, by_strip, int(bits), int(width), table, workers)
    head = np.array([west, south, bits, width, height, len(polygons), len(edges.records), 0], np.int64)
    return Surface(head, table, records, entries, rim, rim_owner)


def _tile_bits(extent: IntArray, count: int) -> int:
    """Return the tile size that spends the memory allowed: small tiles seldom hold an edge.

    A small place gets many tiles per polygon, as its table stays in the cache all the same.
    """
    allowed = max(min(most, each * count) for most, each in _TABLE_SIZES)
    for bits in range(4, 33):
        if 4 * int(((extent[0] >> bits) + 1) * ((extent[1] >> bits) + 1)) <= max(allowed, 4096):
            return bits
    return 32


def _fill(
    edges: Edges, jobs: IntArray, job_edges: Int32Array, bits: int, width: int, table: Int32Array, workers: int
) -> tuple[Int32Array, Int32Array, Int32Array]:
    """Sweep all strips, then the tiles of crowded tiles, level by level."""
    state = np.empty((0, 3), np.int64)
    pieces, more = [np.empty((0, 2), np.int32)], [edges.records]
    n_entries, n_records = 0, len(edges.records)
    while len(jobs):
        chunks = np.array_split(jobs, min(len(jobs), max(1, 4 * workers)))

        def run(
            chunk: IntArray,
            level: tuple[Int32Array, IntArray, int, int, Int32Array] = (job_edges, state, bits, width, table),
        ) -> tuple[Int32Array, Int32Array, IntArray, Int32Array, IntArray]:
            return sweep(edges.line, edges.turn, edges.polygon, edges.same_as, edges.records, chunk, *level)

        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(run, chunks))
        crowded: list[IntArray] = []
        n_edges = n_state = 0
        for chunk, (extra, entries, crowd, crowd_edges, crowd_state) in zip(chunks, results, strict=True):
            # Each chunk numbered its own entries from 0 and its own records after the shared ones.
            added = n_records - len(edges.records)
            renumber(table, chunk, width, n_entries, added, len(edges.records))
            entries[entries[:, 0] >= len(edges.records), 0] += added
            pieces.append(entries)
            more.append(extra)
            n_entries += len(entries)
            n_records += len(extra)
            crowded.append(crowd + np.array([0, 0, n_edges, n_edges, n_state, n_state, 0], np.int64))
            n_edges += len(crowd_edges)
            n_state += len(crowd_state)
        if max(n_entries, n_records, len(table) + sum(map(len, crowded)) * 4**CHILD_BITS) >= _MOST_NUMBERED:
            raise InputError(
                "too many borders for one index", given=f"{n_records:,} borders, {n_entries:,} entries of lists",
                allowed=f"less than {_MOST_NUMBERED:,}", mend="divide the layer",
            )  # fmt: skip
        below = min(CHILD_BITS, bits)
        job_edges = np.concatenate([r[3] for r in results])[:, 0]
        state = np.concatenate([r[4] for r in results])
        jobs, table = _divided(np.concatenate(crowded), table, bits, below)
        bits, width = bits - below, 1 << below
    return table, np.concatenate(more), np.concatenate(pieces)


def _divided(crowded: IntArray, table: Int32Array, bits: int, below: int) -> tuple[IntArray, Int32Array]:
    """Give each crowded tile a square of tiles at the table's end; return their strips as jobs."""
    if len(crowded) == 0:
        return crowded, table
    side = 1 << below
    first = len(table) + np.arange(len(crowded), dtype=np.int64) * side * side
    table = np.concatenate([table, np.full(len(crowded) * side * side, -1, np.int32)])
    table[crowded[:, 6]] = -4 - 4 * first
    jobs = np.repeat(crowded, side, axis=0)
    strip = np.tile(np.arange(side, dtype=np.int64), len(crowded))
    jobs[:, 0] += strip << (bits - below)
    jobs[:, 6] = np.repeat(first, side) + strip * side
    return jobs, table
