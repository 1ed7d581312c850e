"""Geometry and columns packed small enough for tens of thousands of cells in one page.

A vertex is stored as its difference, in lattice steps, to the vertex before it: zigzag, then seven bits a
byte, then base64. A cell of about one hectare takes some thirty bytes. ``assets/cells.js`` reads it back.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.lattice import LatticePolygons, to_lattice
from geogrid.types import IntArray

__all__ = ["pack_columns", "pack_integers", "pack_lines", "pack_polygons", "text_of", "unpack_integers"]


def pack_integers(values: npt.ArrayLike) -> str:
    """Return signed integers as base64 of zigzag varints.

    Examples
    --------
    >>> pack_integers([0, -1, 1, 64])
    'AAECgAE='
    """
    signed = np.asarray(values, np.int64).ravel()
    zigzag = ((signed << 1) ^ (signed >> 63)).astype(np.uint64)
    size = np.ones(len(zigzag), np.int64)
    for septets in range(1, 10):
        size += zigzag >= (np.uint64(1) << np.uint64(7 * septets))
    start = np.concatenate([[0], np.cumsum(size)])
    packed = np.zeros(int(start[-1]), np.uint8)
    for place in range(int(size.max(initial=0))):
        rows = np.flatnonzero(size > place)
        septet = (zigzag[rows] >> np.uint64(7 * place)) & np.uint64(127)
        more = (size[rows] > place + 1).astype(np.uint64) << np.uint64(7)
        packed[start[rows] + place] = (septet | more).astype(np.uint8)
    return base64.b64encode(packed.tobytes()).decode("ascii")


def unpack_integers(text: str) -> IntArray:
    """Return the integers that `pack_integers` packed.

    Examples
    --------
    >>> unpack_integers(pack_integers([3, -70_000, 5])).tolist()
    [3, -70000, 5]
    """
    packed = np.frombuffer(base64.b64decode(text), np.uint8).astype(np.uint64)
    last = packed < 128
    if not len(packed):
        return np.empty(0, np.int64)
    starts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    place = np.arange(len(packed)) - np.repeat(starts, np.diff(np.append(starts, len(packed))))
    zigzag = np.add.reduceat((packed & np.uint64(127)) << (np.uint64(7) * place.astype(np.uint64)), starts)
    return np.asarray((zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64), np.int64)


def _pack_runs(points: npt.NDArray[Any], runs_per_row: IntArray, run_lengths: IntArray) -> dict[str, Any]:
    steps = np.diff(points.astype(np.int64), axis=0, prepend=np.zeros((1, 2), np.int64))
    return {
        "points": pack_integers(steps),
        "runs": pack_integers(run_lengths),
        "rows": pack_integers(runs_per_row),
    }


def pack_polygons(polygons: LatticePolygons) -> dict[str, Any]:
    """Return polygons as JSON-ready text: every ring without its closing vertex, and rings per geometry."""
    last = np.zeros(len(polygons.coords), bool)
    last[polygons.ring_offsets[1:] - 1] = True
    rings = np.bincount(polygons.ring_geometry, minlength=len(polygons))
    return _pack_runs(polygons.coords[~last], rings, np.diff(polygons.ring_offsets) - 1)


def pack_lines(lines: Sequence[Any] | npt.NDArray[np.object_]) -> dict[str, Any]:
    """Return (multi)lines, degrees, WGS 84, lon-lat, as JSON-ready text; polygons give their outlines."""
    shapes = np.asarray(lines, dtype=object)
    areal = shapely.get_dimensions(shapes) == 2
    shapes = np.where(areal, shapely.boundary(shapes), shapes)
    parts, row = shapely.get_parts(shapes, return_index=True)
    linear = shapely.get_dimensions(parts) == 1
    parts, row = parts[linear], row[linear]
    coords = shapely.get_coordinates(parts)
    lengths = shapely.get_num_coordinates(parts)
    points = to_lattice(coords[:, 0], coords[:, 1]) if len(coords) else np.empty((0, 2), np.int32)
    return _pack_runs(points, np.bincount(row, minlength=len(shapes)), lengths)


def pack_columns(columns: Mapping[str, npt.NDArray[Any]], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the columns of a layer for tooltips and popups, each value stored once.

    Parameters
    ----------
    columns : mapping of str to (n,) array
    titles : mapping of str to str
        What to call a column on the page; its own name if it has none.
    """
    packed: list[dict[str, Any]] = []
    for name, values in columns.items():
        column: dict[str, Any] = {"name": name, "title": titles.get(name, name)}
        if np.asarray(values).dtype.kind in "iuf":
            numbers = np.asarray(values, np.float64)
            column["numbers"] = [None if not np.isfinite(number) else round(number, 2) for number in numbers.tolist()]
        else:
            texts = [text_of(value) for value in np.asarray(values, dtype=object)]
            distinct = list(dict.fromkeys(texts))
            if len(distinct) > len(texts) // 2:
                column["texts"] = texts
            else:
                place = {text: index for index, text in enumerate(distinct)}
                column["texts"] = distinct
                column["index"] = [place[text] for text in texts]
        packed.append(column)
    return packed


def text_of(value: object) -> str:
    """Return a value as text; None and NaN are empty."""
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value)
