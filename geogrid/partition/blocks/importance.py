"""How much a line counts as a cell's border: tables from class to importance, 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from geogrid.types import FloatArray

__all__ = ["OTHER", "TABLES", "importance_of"]

OTHER = 0.3
"""Importance of a class that no table names."""

OSM_HIGHWAY: Mapping[str, float] = {
    "motorway": 1.0, "trunk": 1.0, "primary": 0.9, "secondary": 0.8, "tertiary": 0.7, "unclassified": 0.55,
    "residential": 0.5, "living_street": 0.45, "pedestrian": 0.45, "road": 0.4, "motorway_link": 0.6,
    "trunk_link": 0.6, "primary_link": 0.55, "secondary_link": 0.5, "tertiary_link": 0.5, "service": 0.25,
    "track": 0.25, "cycleway": 0.2, "footway": 0.15, "path": 0.15, "steps": 0.1, "bridleway": 0.15,
}  # fmt: skip
OSM_WATERWAY: Mapping[str, float] = {
    "river": 0.95, "riverbank": 0.95, "canal": 0.9, "dock": 0.8, "stream": 0.6, "drain": 0.4, "ditch": 0.4,
}  # fmt: skip
OSM_RAILWAY: Mapping[str, float] = {
    "rail": 0.95, "light_rail": 0.85, "narrow_gauge": 0.8, "funicular": 0.6, "tram": 0.4, "monorail": 0.4,
}  # fmt: skip
OSM_BARRIER: Mapping[str, float] = {
    "wall": 0.6, "city_wall": 0.8, "retaining_wall": 0.5, "fence": 0.45, "hedge": 0.3,
}  # fmt: skip

TABLES: Mapping[str, Mapping[str, float]] = {
    "highway": OSM_HIGHWAY,
    "waterway": OSM_WATERWAY,
    "railway": OSM_RAILWAY,
    "barrier": OSM_BARRIER,
}
"""The built-in tables, by the OpenStreetMap key (and column) they are for."""


def importance_of(classes: npt.NDArray[np.object_], table: Mapping[str, float], other: float = OTHER) -> FloatArray:
    """Return (n,) importance of (n,) class names; a class the table does not name gets `other`."""
    names, number = np.unique(classes.astype(str), return_inverse=True)
    return np.array([table.get(name, other) for name in names], np.float64)[number]
