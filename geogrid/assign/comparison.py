"""Answers against a column of labels: how often they agree, and how near the border where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geogrid.assign.answering import Desk
from geogrid.assign.plainness import plain_text
from geogrid.crs import Metric, to_wgs84
from geogrid.errors import NotFoundError
from geogrid.types import Datum

__all__ = ["Comparison", "compare_with_labels"]


@dataclass(frozen=True)
class Comparison:
    """How a layer's answers agree with labels.

    Parameters
    ----------
    layer, column : str
    labelled : int
        Rows with a label.
    agreeing : int
    disagreements : pandas.DataFrame
        Index of the reports; ``label``, ``answer``, ``lon``, ``lat`` and ``border_m``: metres from the
        point to the labelled grid, negative inside it, NaN where no grid has that code or name.
    """

    layer: str
    column: str
    labelled: int
    agreeing: int
    disagreements: Any

    @property
    def share(self) -> float:
        """Agreeing part of the labelled rows, 0 to 1; 1 if there is no label."""
        return self.agreeing / self.labelled if self.labelled else 1.0


def compare_with_labels(
    desk: Desk, frame: Any, answers: Any, *, column: str, datum: str | Datum, lon: str, lat: str, layer: str = ""
) -> Comparison:
    """Return how `answers` agree with the labels in a column of `frame`.

    Parameters
    ----------
    desk : Desk
    frame, answers : pandas.DataFrame
        Reports and what `answer_frame` made of them; same index.
    column : str
        Labels: codes or names of grids of `layer`; ``6.0`` means ``6``; blank for none.
    datum, lon, lat
        Of the reports' coordinates.
    layer : str
        The base layer if not given.

    Raises
    ------
    NotFoundError
        If there is no such column or layer.
    """
    import pandas as pd

    if column not in frame.columns:
        raise NotFoundError("no such column", given=column, allowed=", ".join(map(str, frame.columns)))
    rows = desk.places.layer(layer or desk.places.base.name)
    labels = np.array([_label(value) for value in frame[column]], dtype=object)
    by_label = {plain_text(name): row for row, name in enumerate(rows.names)} | {
        plain_text(code): row for row, code in enumerate(rows.codes)
    }
    wanted = np.array([by_label.get(label, -1) for label in labels], np.int64)
    given = answers[rows.name].astype(object).map(rows.rows).fillna(-1).to_numpy(np.int64)
    has_label = labels != ""
    agree = has_label & (wanted == given) & (given >= 0)
    wrong = np.flatnonzero(has_label & ~agree)
    x, y = (
        to_wgs84(pd.to_numeric(frame[lon])[wrong], pd.to_numeric(frame[lat])[wrong], datum=datum)
        if len(wrong)
        else ([], [])
    )
    table = pd.DataFrame(
        {
            "label": labels[wrong],
            "answer": [str(rows.codes[row]) if row >= 0 else "" for row in given[wrong]],
            "lon": x,
            "lat": y,
            "border_m": _distance_m(desk, rows.name, wanted[wrong], np.asarray(x), np.asarray(y)),
        },
        index=frame.index[wrong],
    )
    return Comparison(rows.name, column, int(has_label.sum()), int(agree.sum()), table)


def _label(value: object) -> str:
    text = plain_text(value)
    if text.lower() in ("nan", "none", "<na>"):
        return ""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def _distance_m(desk: Desk, layer: str, rows: np.ndarray[Any, Any], lon: Any, lat: Any) -> np.ndarray[Any, Any]:
    if len(rows) == 0:
        return np.zeros(0)
    metric = Metric.named(desk.division.metric_crs, lon=float(lon[0]), lat=float(lat[0]))
    shapes = np.asarray(shapely.transform(desk.division.shapes(layer).to_shapely(), metric.to_metres), dtype=object)
    points = np.asarray(shapely.points(metric.to_metres(np.column_stack([lon, lat]))), dtype=object)
    distance = np.full(len(rows), np.nan)
    known = rows >= 0
    borders = shapely.boundary(shapes[rows[known]])
    sign = np.where(shapely.contains_properly(shapes[rows[known]], points[known]), -1.0, 1.0)
    distance[known] = sign * shapely.distance(borders, points[known])
    return distance
