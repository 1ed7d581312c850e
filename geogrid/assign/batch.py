"""Answers for many reports at once: the same timelines, looked up by arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.assign.answering import Desk
from geogrid.assign.resolve import Resolution
from geogrid.types import BoolArray, Int32Array, IntArray

__all__ = ["BatchAnswers", "answer_rows"]


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


def answer_rows(
    desk: Desk, place_class: Int32Array, category: Int32Array, condition: Int32Array, seconds: IntArray
) -> BatchAnswers:
    """Return who answers for n reports.

    Parameters
    ----------
    desk : Desk
    place_class : (n,) int32
        Class of each place, -1 outside.
    category, condition : (n,) int32
        Rows of the rulebook's categories and of the category's conditions, -1 for none.
    seconds : (n,) int64
        Seconds since 1970 UTC.
    """
    value = np.full(len(seconds), -1, np.int32)
    inside = np.flatnonzero(place_class >= 0)
    if len(inside) == 0:
        none = np.full(len(seconds), -1, np.int32)
        return BatchAnswers(none, none, np.zeros(len(seconds), bool), none, ())
    resolution = Resolution(desk.roster, int(seconds[inside].min()), int(seconds[inside].max()) + 1)
    keys = np.column_stack([place_class[inside], category[inside], condition[inside]])
    groups, group_of = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group_of, kind="stable")
    edges = np.searchsorted(group_of[order], np.arange(len(groups) + 1))
    found = desk.classes.found
    for row, (place, kind, case) in enumerate(groups.tolist()):
        mine = inside[order[edges[row] : edges[row + 1]]]
        known = desk.rulebook.categories[kind] if kind >= 0 else None
        code = known.conditions[case].code if known is not None and case >= 0 else ""
        timeline = resolution.timeline(desk.lines.of(found[place], known, code))
        value[mine] = timeline.values[np.searchsorted(timeline.times, seconds[mine], side="right") - 1]
    return _unpacked(resolution, value)


def _unpacked(resolution: Resolution, value: Int32Array) -> BatchAnswers:
    states = resolution.posts.states
    labels = tuple(dict.fromkeys(label for _, _, label in states))
    index = {label: row for row, label in enumerate(labels)}
    table = np.array([(duty, person, index[label]) for duty, person, label in states] or [(-1, -1, -1)], np.int32)
    chosen = np.where(value[:, None] >= 0, table[np.maximum(value, 0) // 2], np.int32(-1))
    clash = (value >= 0) & (value % 2 == 1)
    return BatchAnswers(chosen[:, 1], chosen[:, 0], clash, chosen[:, 2], labels)
