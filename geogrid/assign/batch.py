"""Answers for many reports at once: the same timelines, laid out in arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geogrid.assign.lines import Line
from geogrid.assign.resolve import Resolution
from geogrid.compiled import Whole, compiled
from geogrid.types import BoolArray, Int32Array, IntArray

if TYPE_CHECKING:
    from geogrid.assign.answering import Desk

__all__ = ["Batch", "BatchAnswers"]

_DAY_S = 86400


@dataclass(frozen=True, eq=False)
class BatchAnswers:
    """Who answers, as rows of the roster's tables; -1 for nobody.

    Parameters
    ----------
    person, duty : (n,) int32
    clash : (n,) bool
    label : (n,) int32
        Row of `labels`, the rule or stage that decided.
    labels : tuple of str
    """

    person: Int32Array
    duty: Int32Array
    clash: BoolArray
    label: Int32Array
    labels: tuple[str, ...]


@dataclass(eq=False)
class _Tables:
    """The timelines met so far, one after another, with the step each starts a day with."""

    times: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    values: Int32Array = field(default_factory=lambda: np.zeros(0, np.int32))
    day: Int32Array = field(default_factory=lambda: np.zeros((0, 1), np.int32))


class Batch:
    """Answers of a desk for a period, compiled to arrays as they are asked for.

    Parameters
    ----------
    desk : Desk
    first, last : int
        The half-open period, seconds since 1970 UTC.
    """

    def __init__(self, desk: Desk, first: int, last: int) -> None:
        self.desk, self.first, self.last = desk, first, last
        self.resolution = Resolution(desk.roster, first, last)
        self.holders: tuple[tuple[str, ...], ...] = ((), *dict.fromkeys(a.holders for a in desk.asset_index.assets))
        self._track_of: dict[tuple[Line, ...], int] = {}
        self._tables = _Tables()
        self._slot = np.full((0, len(desk.cases.profiles), len(self.holders)), -1, np.int32)

    @classmethod
    def around(cls, desk: Desk, seconds: IntArray) -> Batch:
        """Return the batch of the whole local months that hold `seconds`."""
        calendar = desk.roster.calendar
        low = calendar.moment_of(int(seconds.min())).date().replace(day=1)
        high = calendar.moment_of(int(seconds.max())).date().replace(day=1)
        after = (high + dt.timedelta(days=32)).replace(day=1)
        return cls(desk, calendar.second_of(low), calendar.second_of(after))

    def holder_rows(self, case: Int32Array, points: Int32Array) -> Int32Array:
        """Return the row of `holders` for each report: who holds the asset it means, 0 for nobody known."""
        index = self.desk.asset_index
        if len(index) == 0:
            return np.zeros(len(case), np.int32)
        cases = self.desk.cases
        wanted = np.where(cases.is_component[case], cases.category_of[case], -1).astype(np.int32)
        assets, _ = index.nearest(wanted, points)
        return np.append(self._holder_of_asset, np.int32(0))[assets]

    def answer(self, place: Int32Array, case: Int32Array, holder: Int32Array, seconds: IntArray) -> BatchAnswers:
        """Return who answers for n reports.

        Parameters
        ----------
        place : (n,) int32
            Class of each place, -1 outside.
        case : (n,) int32
            Row of the desk's cases.
        holder : (n,) int32
            Row of `holders`.
        seconds : (n,) int64
            Within the period.
        """
        self._compile(place, case, holder)
        tables = self._tables
        state = np.empty(len(place), np.int32)
        _look_up(
            place, case, holder, seconds, self.desk.cases.profile_of, self._slot, tables.times, tables.values, tables.day,
            self.first, state,
        )  # fmt: skip
        return self._unpacked(state)

    def _compile(self, place: Int32Array, case: Int32Array, holder: Int32Array) -> None:
        """Lay out the timelines that these reports need and that are not there yet."""
        classes = self.desk.classes.found
        grown = np.full((len(classes), *self._slot.shape[1:]), -1, np.int32)
        grown[: len(self._slot)] = self._slot
        self._slot = grown
        needed = np.zeros(grown.shape, bool)
        _mark(place, case, holder, self.desk.cases.profile_of, needed)
        missing = np.argwhere(needed & (grown < 0))
        if len(missing) == 0:
            return
        fresh = []
        for row, profile, held in missing.tolist():
            lines = self.desk.lines.of_profile(classes[row], self.desk.cases.profiles[profile], self.holders[held])
            if lines not in self._track_of:
                self._track_of[lines] = len(self._track_of)
                fresh.append(self.resolution.timeline(lines))
            grown[row, profile, held] = self._track_of[lines]
        self._append(fresh)

    def _append(self, fresh: list) -> None:  # type: ignore[type-arg]
        tables = self._tables
        days = self.first + _DAY_S * np.arange(-(-(self.last - self.first) // _DAY_S), dtype=np.int64)
        start = len(tables.times)
        rows, times, values = [], [tables.times], [tables.values]
        for timeline in fresh:
            rows.append(start + np.searchsorted(timeline.times, days, side="right") - 1)
            # A last step beyond the period saves the kernel a bound to check.
            times += [timeline.times, np.array([np.iinfo(np.int64).max])]
            values += [timeline.values, np.array([-1], np.int32)]
            start += len(timeline.times) + 1
        day = np.array(rows, np.int32).reshape(-1, len(days))
        kept = tables.day.reshape(-1, len(days)) if tables.day.size else day[:0]
        self._tables = _Tables(np.concatenate(times), np.concatenate(values), np.concatenate([kept, day]))

    def _unpacked(self, state: Int32Array) -> BatchAnswers:
        states = self.resolution.posts.states
        labels = tuple(dict.fromkeys(label for _, _, label in states))
        index = {label: row for row, label in enumerate(labels)}
        table = np.array([*((duty, person, index[label]) for duty, person, label in states), (-1, -1, -1)], np.int32)
        chosen = state >> 1
        columns = np.ascontiguousarray(table.T)
        return BatchAnswers(
            columns[1][chosen], columns[0][chosen], (state >= 0) & (state & 1 == 1), columns[2][chosen], labels
        )

    @cached_property
    def _holder_of_asset(self) -> Int32Array:
        rows = {holders: row for row, holders in enumerate(self.holders)}
        return np.array([rows[asset.holders] for asset in self.desk.asset_index.assets], np.int32)


@compiled
def _mark(place: Int32Array, case: Int32Array, holder: Int32Array, profile_of: Int32Array, needed: BoolArray) -> None:
    for i in range(len(place)):
        if place[i] >= 0:
            needed[place[i], profile_of[case[i]], holder[i]] = True


@compiled
def _look_up(
    place: Int32Array, case: Int32Array, holder: Int32Array, seconds: IntArray, profile_of: Int32Array, slot: Int32Array,
    times: IntArray, values: Int32Array, day: Int32Array, first: Whole, state: Int32Array,
) -> None:  # fmt: skip
    for i in range(len(place)):
        if place[i] < 0:
            state[i] = -1
            continue
        row = slot[place[i], profile_of[case[i]], holder[i]]
        k = day[row, (seconds[i] - first) // _DAY_S]
        while times[k + 1] <= seconds[i]:
            k += 1
        state[i] = values[k]
