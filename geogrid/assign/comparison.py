"""Answers against a column of labels: how often they agree, and how near the border where not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geogrid.assign.answering import Desk
from geogrid.assign.places import PlaceLayer
from geogrid.assign.plainness import plain_text
from geogrid.assign.stream_read import degrees_of
from geogrid.crs import Metric, to_wgs84
from geogrid.errors import NotFoundError
from geogrid.types import Datum, FloatArray, IntArray

__all__ = ["Comparison", "Labels"]


@dataclass(frozen=True)
class Comparison:
    """How a layer's answers to some reports agree with labels.

    Parameters
    ----------
    labelled : int
        Rows with a label.
    agreeing : int
    disagreements : pandas.DataFrame
        ``row`` of the report, from 0; ``label``, ``answer``, ``lon``, ``lat`` and ``border_m``: metres from
        the point to the labelled grid, negative inside it, NaN where no grid has that code or name.
    """

    labelled: int
    agreeing: int
    disagreements: Any


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of reports, to be compared with a layer's answers block by block.

    Parameters
    ----------
    desk : Desk
    column : str
        Codes or names of grids of `layer`; ``6.0`` means ``6``; blank for none.
    answered : str
        The column of the layer's answers.
    places : (str, str)
        The columns of longitude and latitude.
    datum : Datum or str
        Of the places.
    layer : str
        The base layer if not given.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    """

    desk: Desk
    column: str
    answered: str
    places: tuple[str, str]
    datum: str | Datum
    layer: str = ""

    def __post_init__(self) -> None:
        """Find the layer now, not at the first block."""
        self.rows  # noqa: B018

    @cached_property
    def rows(self) -> PlaceLayer:
        """The layer's rows by code."""
        places = self.desk.places
        name = self.layer or places.base.name
        if name not in (layer.name for layer in places.layers):
            raise NotFoundError("no such layer", given=name, allowed=", ".join(layer.name for layer in places.layers))
        return places.layer(name)

    def compare(self, table: Any, first: int) -> Comparison:
        """Return how the answers in a table agree with its labels.

        Parameters
        ----------
        table : pyarrow.Table
            Reports with their answers.
        first : int
            Number of its first row.
        """
        import pandas as pd

        labels = np.array([_label(value) for value in table.column(self.column).to_pylist()], dtype=object)
        known, codes = self._by_label, self.rows.rows
        wanted = np.array([known.get(label, -1) for label in labels], np.int64)
        given = np.array([codes.get(code, -1) for code in table.column(self.answered).to_pylist()], np.int64)
        has_label = labels != ""
        agree = has_label & (wanted == given) & (given >= 0)
        wrong = np.flatnonzero(has_label & ~agree)
        x, y = (degrees_of(table.column(name))[wrong] for name in self.places)
        good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
        x[~good] = y[~good] = np.nan
        x[good], y[good] = to_wgs84(x[good], y[good], datum=self.datum)
        found = pd.DataFrame({
            "row": first + wrong,
            "label": labels[wrong],
            "answer": [str(self.rows.codes[row]) if row >= 0 else "" for row in given[wrong]],
            "lon": x,
            "lat": y,
            "border_m": self._distance_m(np.where(good, wanted[wrong], -1), x, y),
        })  # fmt: skip
        return Comparison(int(has_label.sum()), int(agree.sum()), found)

    @cached_property
    def _by_label(self) -> dict[str, int]:
        names = {plain_text(name): row for row, name in enumerate(self.rows.names)}
        return names | {plain_text(code): row for row, code in enumerate(self.rows.codes)}

    @cached_property
    def _shapes(self) -> tuple[Metric, Any]:
        """The layer's grids in metres."""
        shapes = self.desk.division.shapes(self.rows.name).to_shapely()
        centre = shapely.get_coordinates(shapely.centroid(shapes[0]))[0]
        metric = Metric.named(self.desk.division.metric_crs, lon=float(centre[0]), lat=float(centre[1]))
        return metric, np.asarray(shapely.transform(shapes, metric.to_metres), dtype=object)

    def _distance_m(self, rows: IntArray, lon: FloatArray, lat: FloatArray) -> FloatArray:
        distance = np.full(len(rows), np.nan)
        known = rows >= 0
        if not known.any():
            return distance
        metric, shapes = self._shapes
        points = np.asarray(shapely.points(metric.to_metres(np.column_stack([lon, lat])[known])), dtype=object)
        there = shapes[rows[known]]
        sign = np.where(shapely.contains_properly(there, points), -1.0, 1.0)
        distance[known] = sign * shapely.distance(shapely.boundary(there), points)
        return distance


def _label(value: object) -> str:
    text = plain_text(value)
    if text.lower() in ("nan", "none", "<na>"):
        return ""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
