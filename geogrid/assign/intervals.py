"""Sets of half-open intervals of seconds: (n, 2) int64, sorted, not touching, none empty."""

from __future__ import annotations

import numpy as np

from geogrid.types import IntArray

__all__ = ["EMPTY", "clip_intervals", "common_time", "merge_intervals", "time_without"]

EMPTY: IntArray = np.zeros((0, 2), np.int64)
"""No time at all."""


def merge_intervals(intervals: IntArray) -> IntArray:
    """Return the set that covers the same time as any (n, 2) int64 intervals.

    Examples
    --------
    >>> merge_intervals(np.array([[5, 9], [0, 5], [12, 12]])).tolist()
    [[0, 9]]
    """
    kept = intervals[intervals[:, 0] < intervals[:, 1]]
    if len(kept) == 0:
        return EMPTY
    kept = kept[np.argsort(kept[:, 0], kind="stable")]
    reach = np.maximum.accumulate(kept[:, 1])
    opens = np.ones(len(kept), bool)
    opens[1:] = kept[1:, 0] > reach[:-1]
    heads = np.flatnonzero(opens)
    return np.column_stack([kept[heads, 0], np.maximum.reduceat(kept[:, 1], heads)]).astype(np.int64)


def clip_intervals(intervals: IntArray, first: int, last: int) -> IntArray:
    """Return the part of a set within [`first`, `last`)."""
    if len(intervals) == 0 or (intervals[0, 0] >= first and intervals[-1, 1] <= last):
        return intervals
    clipped = np.clip(intervals, first, last)
    return np.asarray(clipped[clipped[:, 0] < clipped[:, 1]], np.int64)


def common_time(one: IntArray, other: IntArray) -> IntArray:
    """Return the time that two sets share.

    Examples
    --------
    >>> common_time(np.array([[0, 10], [20, 30]]), np.array([[5, 25]])).tolist()
    [[5, 10], [20, 25]]
    """
    if len(one) == 0 or len(other) == 0:
        return EMPTY
    if len(one) < len(other):
        one, other = other, one
    pieces = [clip_intervals(_reach(one, a, b), a, b) for a, b in other.tolist()]
    return np.concatenate(pieces)


def _reach(intervals: IntArray, first: int, last: int) -> IntArray:
    """Return the intervals that meet [first, last)."""
    return intervals[
        np.searchsorted(intervals[:, 1], first, side="right") : np.searchsorted(intervals[:, 0], last, side="left")
    ]


def time_without(one: IntArray, other: IntArray) -> IntArray:
    """Return the time of `one` that is not in `other`.

    Examples
    --------
    >>> time_without(np.array([[0, 10]]), np.array([[3, 5]])).tolist()
    [[0, 3], [5, 10]]
    """
    if len(one) == 0 or len(other) == 0:
        return one
    low, high = int(one[0, 0]), int(one[-1, 1])
    between = np.column_stack(
        [
            np.concatenate([[min(low, int(other[0, 0]))], other[:, 1]]),
            np.concatenate([other[:, 0], [max(high, int(other[-1, 1]))]]),
        ]
    )
    return common_time(one, between[between[:, 0] < between[:, 1]].astype(np.int64))
