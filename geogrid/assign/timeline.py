"""Step functions over time, exact to the second: who is on when."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.compiled import compiled
from geogrid.types import Int32Array, IntArray

__all__ = ["NOBODY", "Timeline", "fold_intervals"]

NOBODY = -1
"""The value of a timeline where nobody is on."""

_NO_PERSONS = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False)
class Timeline:
    """A function of time that changes at `times` and is constant in between.

    Parameters
    ----------
    times : (k,) int64
        Strictly ascending seconds since 1970 UTC; the first is the start of the period.
    values : (k,) int32
        ``values[i]`` holds on ``[times[i], times[i + 1])``; the last up to the period's end.
    """

    times: IntArray
    values: Int32Array

    @classmethod
    def constant(cls, start: int, value: int = NOBODY) -> Timeline:
        """Return the timeline that always has `value`."""
        return cls(np.array([start], np.int64), np.array([value], np.int32))

    def at(self, second: int) -> int:
        """Return the value at `second`."""
        times, values = self._listed
        return values[max(bisect_right(times, second) - 1, 0)]

    @cached_property
    def _listed(self) -> tuple[list[int], list[int]]:
        """The same as plain numbers: asking for one second is several times faster."""
        return self.times.tolist(), self.values.tolist()

    def over(self, below: Timeline) -> Timeline:
        """Return this timeline where somebody is on, else `below`."""
        return Timeline(*_join(self.times, self.values, below.times, below.values, _NO_PERSONS))

    def only_during(self, intervals: IntArray) -> Timeline:
        """Return this timeline during the sorted (n, 2) `intervals`, nobody outside them."""
        return Timeline(*_mask(self.times, self.values, intervals, True))

    def except_during(self, intervals: IntArray) -> Timeline:
        """Return this timeline outside the sorted (n, 2) `intervals`, nobody during them."""
        return Timeline(*_mask(self.times, self.values, intervals, False))

    def beside(self, other: Timeline, person_of: Int32Array) -> Timeline:
        """Return both at once: where they name different persons, this one's value as a clash.

        Parameters
        ----------
        other : Timeline
        person_of : (states,) int32
            Person of each value; values come in pairs, the odd one being the clash.
        """
        return Timeline(*_join(self.times, self.values, other.times, other.values, person_of))

    def where(self, wanted: npt.NDArray[Any], end: int) -> IntArray:
        """Return the (n, 2) merged intervals on which the boolean `wanted` (per step) is true."""
        flags = np.concatenate([[False], wanted, [False]])
        edges = np.flatnonzero(flags[1:] != flags[:-1])
        bounds = np.minimum(np.append(self.times, end), end)[edges].reshape(-1, 2)
        return np.asarray(bounds[bounds[:, 0] < bounds[:, 1]], np.int64)

    def same_as(self, other: Timeline) -> bool:
        """Return whether both are the same function."""
        return np.array_equal(self.times, other.times) and np.array_equal(self.values, other.values)


def fold_intervals(
    starts: IntArray,
    ends: IntArray,
    rank: IntArray,
    person: Int32Array,
    value: Int32Array,
    start: int,
    *,
    tie_clashes: bool,
) -> Timeline:
    """Return the timeline of the best of the intervals that cover each second.

    The lowest `rank` answers; of equal ranks the lowest `person`, and if they are different
    persons the value is the clash variant (value + 1), unless ties are no clash.

    Parameters
    ----------
    starts, ends : (n,) int64, half-open, within the period
    rank : (n,) int64
    person, value : (n,) int32
    start : int
        Start of the period.
    """
    times = np.unique(np.concatenate([[start], starts, ends]).astype(np.int64))
    # Stable: of one person's equal duties the first in the roster counts.
    order = np.lexsort((person, rank))
    values = _fold(
        times, starts[order], ends[order], rank[order], person[order], value[order], tie_clashes
    )  # fmt: skip
    return Timeline(*_squeeze(times, values))


@compiled
def _fold(
    times: IntArray, starts: IntArray, ends: IntArray, rank: IntArray, person: Int32Array, value: Int32Array,
    tie_clashes: bool,
) -> Int32Array:  # fmt: skip
    values = np.full(len(times), -1, np.int32)
    best = np.full(len(times), -1, np.int32)
    for i in range(len(starts)):
        first = np.searchsorted(times, starts[i])
        last = np.searchsorted(times, ends[i])
        for k in range(first, last):
            if best[k] < 0:
                best[k] = i
                values[k] = value[i]
            elif tie_clashes and rank[best[k]] == rank[i] and person[best[k]] != person[i]:
                values[k] = value[best[k]] + 1
    return values


@compiled
def _squeeze(times: IntArray, values: Int32Array) -> tuple[IntArray, Int32Array]:
    keep = np.ones(len(times), np.bool_)
    for i in range(1, len(times)):
        keep[i] = values[i] != values[i - 1]
    return times[keep], values[keep]


@compiled
def _join(
    t1: IntArray, v1: Int32Array, t2: IntArray, v2: Int32Array, person_of: Int32Array
) -> tuple[IntArray, Int32Array]:
    # Without persons to compare (an empty `person_of`) the first simply stands over the second.
    times = np.empty(len(t1) + len(t2), np.int64)
    values = np.empty(len(t1) + len(t2), np.int32)
    i, j, n = 0, 0, 0
    a, b = v1[0], v2[0]
    while i < len(t1) or j < len(t2):
        now = t1[i] if j >= len(t2) or (i < len(t1) and t1[i] <= t2[j]) else t2[j]
        if i < len(t1) and t1[i] == now:
            a = v1[i]
            i += 1
        if j < len(t2) and t2[j] == now:
            b = v2[j]
            j += 1
        if a < 0:
            value = b
        elif b < 0:
            value = a
        elif len(person_of) and (person_of[a] != person_of[b] or b % 2 == 1):
            value = a | 1
        else:
            value = a
        if n == 0 or values[n - 1] != value:
            times[n] = now
            values[n] = value
            n += 1
    return times[:n].copy(), values[:n].copy()


@compiled
def _mask(times: IntArray, values: Int32Array, intervals: IntArray, inside: bool) -> tuple[IntArray, Int32Array]:
    flat = intervals.ravel()
    out_times = np.empty(len(times) + len(flat) + 1, np.int64)
    out_values = np.empty(len(times) + len(flat) + 1, np.int32)
    i, j, n = 0, 0, 0
    value = values[0]
    start = times[0]
    while j < len(flat) and flat[j] <= start:
        j += 1
    now = start
    while True:
        while i < len(times) and times[i] <= now:
            value = values[i]
            i += 1
        on = (j % 2 == 1) == inside
        shown = value if on else -1
        if n == 0 or out_values[n - 1] != shown:
            out_times[n] = now
            out_values[n] = shown
            n += 1
        if i >= len(times) and j >= len(flat):
            break
        if j >= len(flat) or (i < len(times) and times[i] < flat[j]):
            now = times[i]
        else:
            now = flat[j]
            while j < len(flat) and flat[j] <= now:
                j += 1
    return out_times[:n].copy(), out_values[:n].copy()
