"""Places drawn in metres with a pencil, put down near 121.25° E, 31.38° N."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.crs import Metric
from geogrid.lattice import LatticePolygons
from geogrid.partition import Plan

METRIC = Metric.around(121.25, 31.38)
ORIGIN = np.array([523_800.0, 3_472_900.0])
"""A corner of the 100 m squares of EPSG:4549, near 121.25° E, 31.38° N."""


def degrees(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape drawn in metres from `ORIGIN` in degrees."""
    return shapely.transform(shape, lambda xy: METRIC.to_degrees(xy + ORIGIN))


def text(values: Sequence[str]) -> np.ndarray:
    return np.array(list(values), dtype=object)


def areas(
    level: str, shapes: Sequence[shapely.Geometry], codes: Sequence[str] | None = None, parent: str = ""
) -> Areas:
    codes = codes or [f"A{row + 1}" for row in range(len(shapes))]
    polygons = LatticePolygons.from_shapely(np.array([degrees(shape) for shape in shapes], dtype=object))
    return Areas(level, text(codes), text([f"Area {code}" for code in codes]), text([parent] * len(codes)), polygons)


def place(*shapes: shapely.Geometry, codes: Sequence[str] | None = None) -> Boundaries:
    """Return a place whose one level, ``street``, has these areas."""
    return Boundaries("T", "Drawn", (areas("street", shapes, codes),))


def plan(method: str, *, more: str = "", **keys: object) -> Plan:
    """Return a plan with one base layer."""
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in keys.items()]
    return Plan.parse(
        "\n".join(['[place]\ncode = "T"\n[[layer]]\nname = "cell"', f'method = "{method}"', *lines, more])
    )
