"""Cases: every category and condition a report can name, as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from geogrid.assign.limits import TimeLimit, WorkClock
from geogrid.assign.profiles import Profile, Profiles
from geogrid.assign.rulebook import Category, Rulebook
from geogrid.errors import InputError
from geogrid.types import Int32Array, IntArray

__all__ = ["NO_DEADLINE", "Cases"]

NO_DEADLINE = np.iinfo(np.int64).min
"""The deadline of a report that has none."""


class Cases:
    """Rows for reports without a category (row 0), and for each category without and with each condition.

    Parameters
    ----------
    rulebook : Rulebook
    profiles : Profiles
    """

    def __init__(self, rulebook: Rulebook, profiles: Profiles) -> None:
        self.rulebook = rulebook
        counts = np.array([1 + len(category.conditions) for category in rulebook.categories], np.int64)
        self.first = np.concatenate([[1], 1 + np.cumsum(counts)]).astype(np.int32)
        """(categories + 1,) int32: the row of each category without a condition."""
        named: list[tuple[Category | None, str]] = [(None, "")]
        for category in rulebook.categories:
            named += [(category, ""), *((category, condition.code) for condition in category.conditions)]
        found: dict[Profile, int] = {}
        rows = [found.setdefault(profiles.of(category, condition), len(found)) for category, condition in named]
        self.profile_of = np.array(rows, np.int32)
        """(cases,) int32: row of each case's profile in `profiles`."""
        self.profiles: Sequence[Profile] = tuple(found)
        self.is_component = np.array([c is not None and c.kind == "component" for c, _ in named], bool)
        self.category_of = np.array([-1 if c is None else rulebook.category_rows[c.code] for c, _ in named], np.int32)
        self._named = named

    def rows(self, category: Int32Array, condition: Int32Array) -> Int32Array:
        """Return the case of each report; categories and conditions are rows, -1 for none."""
        known = category >= 0
        rows = np.where(known, self.first[np.maximum(category, 0)] + np.maximum(condition + 1, 0), 0)
        return rows.astype(np.int32)

    @cached_property
    def limits(self) -> tuple[tuple[str, ...], dict[str, Int32Array]]:
        """Distinct limits, and for each grade (``""``: no grade) the limit row of each case, -1 for none."""
        known: dict[str, int] = {}
        grades = {""} | {grade for c in self.rulebook.categories for one in c.conditions for grade, _ in one.limits}
        tables: dict[str, Int32Array] = {}
        for grade in sorted(grades):
            rows = []
            for category, code in self._named:
                text = "" if category is None else _limit_text(category, code, grade)
                rows.append(known.setdefault(text, len(known)) if text else -1)
            tables[grade] = np.array(rows, np.int32)
        return tuple(known), tables

    def deadlines(
        self, clock: WorkClock, case: Int32Array, grade_row: Int32Array, grades: Sequence[str], filed: IntArray
    ) -> IntArray:
        """Return (n,) int64 deadlines, `NO_DEADLINE` where there is none.

        Parameters
        ----------
        clock : WorkClock
        case : (n,) int32
        grade_row : (n,) int32
            Row of `grades` of each report's place.
        grades : sequence of str
        filed : (n,) int64 seconds
        """
        texts, tables = self.limits
        result = np.full(len(filed), NO_DEADLINE, np.int64)
        if not texts:
            return result
        table = np.stack([tables.get(grade, tables[""]) for grade in grades])
        limit = table[0][case] if len(grades) == 1 else table[grade_row, case]
        for row, text in enumerate(texts):
            mine = np.flatnonzero(limit == row)
            if len(mine):
                try:
                    result[mine] = clock.deadlines(TimeLimit.parse(text), filed[mine])
                except InputError:
                    continue
        return result


def _limit_text(category: Category, condition: str, grade: str) -> str:
    if not condition and len(category.conditions) != 1:
        return ""
    case = category.condition(condition) if condition else category.conditions[0]
    return dict(case.limits).get(grade, case.limit)
