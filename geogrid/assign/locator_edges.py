"""The edges of polygons as the locator takes them: sloped lines, the borders they share, and the outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_border import RECORD_WORDS
from geogrid.compiled import Whole, compiled
from geogrid.errors import InputError
from geogrid.types import Int32Array, IntArray

__all__ = ["Edges", "outline"]

_LONGEST_STEPS = 900_000_000
"""Up to 90 degrees a cross product of local coordinates fits 64 bits."""
_NOBODY_YET = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges that are not horizontal, and the borders they lie on.

    Parameters
    ----------
    line : (e, 4) int32
        Lon and lat of the lower end, eastward run, northward rise > 0.
    turn : (e,) int8
        What the winding number of `polygon` gains when the edge is passed eastward.
    polygon : (e,) int32
    same_as : (e,) int32
        The record of each edge; edges with the same ends share one.
    records : (r, 8) int32
        The borders as they are expected, one polygon on each side; see
        `geogrid.assign.locator_border.RECORD_WORDS`. In order of the row of tiles of the lower end, in each
        from west to east.
    """

    line: Int32Array
    turn: npt.NDArray[np.int8]
    polygon: Int32Array
    same_as: Int32Array
    records: Int32Array

    @classmethod
    def of(cls, starts: Int32Array, ends: Int32Array, owner: IntArray, south: int, bits: int) -> Edges:
        """Return the edges of polygons, given every directed edge and its polygon.

        Parameters
        ----------
        starts, ends : (n, 2) int32
        owner : (n,) int64
        south, bits : int
            Where the rows of tiles begin, and the power of two of lattice rows that makes one.

        Raises
        ------
        InputError
            If a sloped edge is longer than 90 degrees.
        """
        count = int(np.count_nonzero(starts[:, 1] != ends[:, 1]))
        line, turn, polygon = np.empty((count, 4), np.int32), np.empty(count, np.int8), np.empty(count, np.int32)
        long = _fill_lines(starts, ends, owner, line, turn, polygon)
        if long >= 0:
            raise InputError(
                f"polygon {owner[long]} has a sloped edge longer than 90 degrees",
                allowed="edges of at most 90 degrees", mend="divide the edge; at the antimeridian, split the polygon",
            )  # fmt: skip
        rows = ((line[:, 1].astype(np.int64) - south) >> bits).astype(np.int32)
        order = np.lexsort((_pair(line[:, 2], line[:, 3]), _pair(line[:, 0], line[:, 1]), rows))
        del rows
        same_as = np.empty(count, np.int32)
        records = np.zeros((_number_borders(line, order, same_as), RECORD_WORDS), np.int32)
        _fill_records(line, turn, polygon, same_as, records)
        return cls(line, turn, polygon, same_as, records)


def outline(starts: Int32Array, ends: Int32Array, owner: IntArray) -> tuple[Int32Array, Int32Array]:
    """Return the edges that no other polygon runs along, (r, 4) int32 from lon, lat to lon, lat, and whose they are."""
    a, b = _pair(starts[:, 0], starts[:, 1]), _pair(ends[:, 0], ends[:, 1])
    low = np.minimum(a, b)
    high = np.maximum(a, b, out=a)
    del b
    order = np.lexsort((high, low))
    low, high = low[order], high[order]
    same = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    alone = np.ones(len(order), bool)
    alone[1:] &= ~same
    alone[:-1] &= ~same
    rows = np.sort(order[alone])
    rim = np.column_stack([starts[rows], ends[rows]]).astype(np.int32)
    return np.ascontiguousarray(rim), owner[rows].astype(np.int32)


def _pair(first: Int32Array, second: Int32Array) -> IntArray:
    """Return one number for each pair, different for different pairs."""
    packed = first.astype(np.int64)
    packed <<= 32
    packed |= second.astype(np.uint32)
    return packed


@compiled
def _fill_lines(
    starts: Int32Array, ends: Int32Array, owner: IntArray,
    line: Int32Array, turn: npt.NDArray[np.int8], polygon: Int32Array,
) -> Whole:  # fmt: skip
    """Fill `line`, `turn` and `polygon` with the edges that are not horizontal; return one too long, or -1.

    One pass without temporary arrays: ten million cells have forty million edges.
    """
    n: Whole = 0
    for e in range(len(starts)):
        rise = np.int64(ends[e, 1]) - np.int64(starts[e, 1])
        if rise == 0:
            continue
        run = np.int64(ends[e, 0]) - np.int64(starts[e, 0])
        if run != 0 and (abs(rise) > _LONGEST_STEPS or abs(run) > _LONGEST_STEPS):
            return e
        up = rise > 0
        line[n, 0] = starts[e, 0] if up else ends[e, 0]
        line[n, 1] = starts[e, 1] if up else ends[e, 1]
        line[n, 2], line[n, 3] = (run, rise) if up else (-run, -rise)
        turn[n] = -1 if up else 1
        polygon[n] = owner[e]
        n += 1
    return -1


@compiled
def _number_borders(line: Int32Array, order: IntArray, same_as: Int32Array) -> Whole:
    """Give each different line of `order` a number; equal ones stand together there. Return how many there are."""
    count: Whole = 0
    for i in range(len(order)):
        e = order[i]
        if i == 0:
            count = 1
        else:
            last = order[i - 1]
            if (
                line[e, 0] != line[last, 0] or line[e, 1] != line[last, 1]
                or line[e, 2] != line[last, 2] or line[e, 3] != line[last, 3]
            ):  # fmt: skip
                count += 1
        same_as[e] = count - 1
    return count


@compiled
def _fill_records(
    line: Int32Array, turn: npt.NDArray[np.int8], polygon: Int32Array, same_as: Int32Array, records: Int32Array
) -> None:
    """Fill the records: an edge that runs up has its polygon in the west; of several the first row owns."""
    records[:, 4:6] = _NOBODY_YET
    for e in range(len(line)):
        record = same_as[e]
        for c in range(4):
            records[record, c] = line[e, c]
        side = 4 if turn[e] < 0 else 5
        records[record, side] = min(records[record, side], polygon[e])
    for record in range(len(records)):
        for side in range(4, 6):
            if records[record, side] == _NOBODY_YET:
                records[record, side] = -1
