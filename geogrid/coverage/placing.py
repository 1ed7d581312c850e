"""Past reports put into a division: grid of every layer, area of every level, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.assign.limits import TimeLimit
from geogrid.coverage.moments import NEVER
from geogrid.coverage.past import PastReports
from geogrid.crs import Metric
from geogrid.errors import InputError
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["PlacedReports", "place_reports"]

Texts = npt.NDArray[np.object_]

_REACH_DEGREES = 0.2


@dataclass(frozen=True, eq=False)
class PlacedReports:
    """Reports with the places they lie in and the people who answer for them.

    Parameters
    ----------
    desk : Desk
    past : PastReports
    cell : (n,) int32
        -1 outside the division.
    of_layer : mapping of layer or level name to (n,) object array of str
        Code of the grid or area; ``""`` outside.
    answers : mapping of {"station", "person", "department"} to (n,) object arrays of str
        As roster and rules say for the moment of the report; ``""`` for nobody.
    unknown_category : (n,) bool
        The rulebook does not know the category; it was answered by territory.
    """

    desk: Desk
    past: PastReports
    cell: Int32Array
    of_layer: Mapping[str, Texts]
    answers: Mapping[str, Texts]
    unknown_category: BoolArray

    @cached_property
    def metres(self) -> FloatArray:
        """(n, 2) float64: metres in the division's metric CRS; NaN where it does not reach."""
        bounds = self.desk.division.areas[-1].polygons.bounds() / 1e7
        west, south = bounds[:, :2].min(axis=0).tolist()
        east, north = bounds[:, 2:].max(axis=0).tolist()
        metric = Metric.named(self.desk.division.metric_crs, lon=(west + east) / 2, lat=(south + north) / 2)
        lon, lat = self.past.lon, self.past.lat
        # A local CRS is true to scale near its place only; nobody here answers for what lies beyond.
        near = (np.abs(lon - (west + east) / 2) <= (east - west) / 2 + _REACH_DEGREES) & (
            np.abs(lat - (south + north) / 2) <= (north - south) / 2 + _REACH_DEGREES
        )
        xy = np.full((len(self.past), 2), np.nan)
        if near.any():
            xy[near] = metric.to_metres(np.column_stack([lon[near], lat[near]]))
        return xy

    @cached_property
    def due(self) -> IntArray:
        """(n,) int64: seconds since 1970 UTC by which each report must be closed, `NEVER` without a limit.

        What the file says goes before what the rulebook says.
        """
        found = np.full(len(self.past), NEVER, np.int64) if self.past.due is None else self.past.due.copy()
        rulebook, grade = self.desk.rulebook, self.desk.places.grade
        open_rows = np.flatnonzero((found == NEVER) & ~self.unknown_category & bool(rulebook.categories))
        groups: dict[str, list[int]] = {}
        for row in open_rows.tolist():
            cell = int(self.cell[row])
            text = self._limit(row, str(grade[cell]) if cell >= 0 else "")
            if text:
                groups.setdefault(text, []).append(row)
        for text, rows in groups.items():
            try:
                limit = TimeLimit.parse(text)
            except InputError:
                continue
            found[rows] = self.desk.work_clock.deadlines(limit, self.past.filed[rows])
        return found

    def _limit(self, row: int, grade: str) -> str:
        category = self.desk.rulebook.category(str(self.past.category[row]))
        wanted = str(self.past.condition[row])
        cases = [case for case in category.conditions if case.code == wanted] if wanted else category.conditions
        if len(cases) != 1:
            return ""
        return dict(cases[0].limits).get(grade, cases[0].limit) if grade else cases[0].limit


def place_reports(desk: Desk, past: PastReports) -> PlacedReports:
    """Return where reports lie and who answers for them.

    A category that the rulebook does not know is answered by territory and marked.
    """
    import pandas as pd

    known = desk.rulebook.category_rows
    unknown = np.array([bool(known) and code not in known for code in past.category.tolist()], bool)
    conditions = {category.code: {case.code for case in category.conditions} for category in desk.rulebook.categories}
    condition = np.array(
        [
            case if case in conditions.get(code, ()) else ""
            for code, case in zip(past.category.tolist(), past.condition.tolist(), strict=True)
        ],
        dtype=object,
    )
    frame = pd.DataFrame(
        {
            "lon": past.lon,
            "lat": past.lat,
            "category": np.where(unknown, "", past.category),
            "condition": condition,
            "at": pd.to_datetime(past.filed, unit="s", utc=True),
        }
    )
    answers = answer_frame(desk, frame, datum="wgs84")
    layers = {layer.name: _texts(answers[layer.name]) for layer in desk.places.layers}
    base = desk.places.base
    cell = np.array([base.rows.get(code, -1) for code in layers[base.name].tolist()], np.int32)
    inside = cell >= 0
    for level in desk.places.areas:
        codes = np.full(len(past), "", dtype=object)
        rows = level.of_cell[cell[inside]]
        codes[inside] = np.where(rows >= 0, level.codes[np.maximum(rows, 0)], "")
        layers.setdefault(level.name, codes)
    who = {what: _texts(answers[what]) for what in ("station", "person", "department")}
    return PlacedReports(desk, past, cell, layers, who, unknown)


def _texts(column: object) -> Texts:
    import pandas as pd

    return np.asarray(pd.Series(column, dtype=object).fillna("").to_numpy(object))
