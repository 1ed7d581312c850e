"""Many points against an index larger than the cache: taken from south to north, strip by strip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geogrid.assign.locator_build import Surface
from geogrid.assign.locator_kernel import BLOCK, resolve_block
from geogrid.assign.parallel import in_threads
from geogrid.compiled import Whole, compiled
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["locate_by_strip"]

_STRIP_BYTES = 1 << 19
_FEWEST, _MOST = 256, 2048
_RUN = 1 << 20
"""So many points are laid out in one go."""
_TOGETHER = 8
"""So many strips are one piece of work."""
_READ_AHEAD = 4
"""Read a strip where it has a point for every so many lines: in order they come as much faster."""
_LINE = 16
"""int32 words of a line of the cache."""
_WORDS = 3
"""int32 words that a point is laid out in: lon and lat in lattice steps, and where it stood."""


def locate_by_strip(
    surface: Surface, degrees: Callable[[slice], tuple[FloatArray, FloatArray]], owners: Int32Array, threads: int
) -> bool:
    """Fill `owners` strip by strip; return False, with `owners` not filled, if something is no place.

    What a strip needs of the index is read once, in order, and stays in the cache while the strip's points are
    looked up. That costs two passes over the points, and spares most of the waiting for memory.

    Parameters
    ----------
    surface : Surface
        With at least one tile.
    degrees : callable
        Returns lon and lat of a slice of the points: degrees, WGS 84, contiguous and read-only.
    owners : (n,) int32
        Written.
    threads : int
        The result does not depend on it.
    """
    shift, strips = _strip_shift(surface)
    runs = [slice(first, min(first + _RUN, len(owners))) for first in range(0, len(owners), _RUN)]
    # numpy gets large arrays in huge pages, compiled code does not: writing at random is faster there.
    points = np.empty((len(owners), _WORDS), np.int32)
    ends = np.zeros((len(runs), strips + 2), np.int64)
    bad: list[int] = []

    def lay_out(number: int) -> None:
        run = runs[number]
        x, y = degrees(run)
        if not _lay_out(x, y, surface.head[1], shift, run.start, ends[number], points):
            bad.append(number)

    def resolve(first: int) -> None:
        last = min(first + _TOGETHER, strips)
        _resolve_strips(first, last, shift, surface.head, *surface.parts, points, ends, owners)

    in_threads(lay_out, range(len(runs)), threads)
    if not bad:
        in_threads(resolve, range(0, strips, _TOGETHER), threads)
    return not bad


def _strip_shift(surface: Surface) -> tuple[int, int]:
    """Return how many lattice rows, as a power of two, make a strip, and how many strips there are.

    A strip is whole rows of tiles, and so high that it needs about half a megabyte of the index.
    """
    _, _, bits, _, height = surface.corner
    wanted = _FEWEST
    while wanted < _MOST and sum(part.nbytes for part in surface.parts) > wanted * _STRIP_BYTES:
        wanted *= 2
    shift = bits
    while (height << bits) >> shift >= wanted:
        shift += 1
    return shift, ((height << bits) >> shift) + 1


@compiled
def _lay_out(
    lon: FloatArray, lat: FloatArray, south: Whole, shift: Whole, first: Whole, ends: IntArray, points: Int32Array
) -> bool:
    """Lay one run of points out strip by strip; False if one is no place.

    Within a strip the order of the points stays, so that their owners are written in order, too.

    Parameters
    ----------
    lon, lat : (n,) float64, degrees, WGS 84
    south, shift : int
        Lattice row where the strips begin, and the power of two of rows that makes one.
    first : int
        The run's first place, in `points` and among the owners.
    ends : (strips + 2,) int64, zeros
        Written: the run's strip s is ``points[ends[s]:ends[s + 1]]``.
    points : (all, 3) int32
        Written: lon and lat in lattice steps, place among the owners.
    """
    last = len(ends) - 3
    good = np.int64(0)
    for i in range(len(lon)):
        good += np.int64((np.abs(lon[i]) <= 180.0) & (np.abs(lat[i]) <= 90.0))
        strip = (np.int64(np.rint(lat[i] * 1e7)) - south) >> shift
        ends[min(max(strip, 0), last) + 2] += 1
    if good < len(lon):
        return False
    ends[0] = ends[1] = first
    for strip in range(2, len(ends)):
        ends[strip] += ends[strip - 1]
    for i in range(len(lon)):
        y = np.int32(np.rint(lat[i] * 1e7))
        strip = min(max((np.int64(y) - south) >> shift, 0), last)
        place = ends[strip + 1]
        ends[strip + 1] += 1
        points[place, 0], points[place, 1], points[place, 2] = np.int32(np.rint(lon[i] * 1e7)), y, first + i
    return True


@compiled
def _read(words: Int32Array, first: Whole, end: Whole) -> Whole:
    """Read one word of each line, in order: what is read so comes far faster than line by line at random."""
    seen = np.int32(0)
    for i in range(first, end, _LINE):
        seen ^= words[i]
    return seen


@compiled
def _first_record(records: Int32Array, count: Whole, south: Whole, k: Whole, row: Whole) -> Whole:
    """Return the first of `count` ordered records that starts in a row of tiles, or north of it."""
    low: Whole = 0
    high: Whole = count
    while low < high:
        middle = (low + high) // 2
        if (np.int64(records[8 * middle + 1]) - south) >> k < row:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _resolve_strips(
    first_strip: Whole, end_strip: Whole, shift: Whole, head: IntArray,
    table: Int32Array, records: Int32Array, entries: Int32Array,
    points: Int32Array, ends: IntArray, owners: Int32Array,
) -> Whole:  # fmt: skip
    """Fill the owners of the points of some strips; the number returned means nothing.

    Parameters
    ----------
    first_strip, end_strip, shift : int
        Half-open range of strips, and the power of two of lattice rows that makes one.
    head, table, records, entries
        See `geogrid.assign.locator_build.Surface`.
    points, ends
        All runs; see `_lay_out`.
    owners : (n,) int32
        Written.
    """
    south, k, width, height, ordered = head[1], head[2], head[3], head[4], head[6]
    xs, ys, found = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    single, other = np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.int32)
    # What was only read has to be returned, or the compiler leaves the reading out.
    seen = np.int32(0)
    for strip in range(first_strip, end_strip):
        waiting = np.int64(0)
        for run in range(len(ends)):
            waiting += ends[run, strip + 1] - ends[run, strip]
        row = strip << (shift - k)
        above = min((strip + 1) << (shift - k), height)
        if waiting * _LINE * _READ_AHEAD > (above - row) * width:
            seen ^= _read(table, row * width, above * width)
            at = _first_record(records, ordered, south, k, row)
            seen ^= _read(records, 8 * at, 8 * _first_record(records, ordered, south, k, above))
        for run in range(len(ends)):
            for first in range(ends[run, strip], ends[run, strip + 1], BLOCK):
                count = min(BLOCK, ends[run, strip + 1] - first)
                for i in range(count):
                    xs[i], ys[i] = points[first + i, 0], points[first + i, 1]
                resolve_block(xs, ys, count, head, table, records, entries, found, single, other)
                for i in range(count):
                    owners[points[first + i, 2]] = found[i]
    return seen
