"""Responsibility grids for cities: who answers for this place.

geogrid divides a city into responsibility grids, keeps every edition of that division, and maps
any report (a point, a kind of problem, a moment) to its grid, its station and exactly one
accountable person.

The way data flows is the way the packages stand:
``boundaries → partition → atlas → assign → coverage → maps / api / cli``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geogrid.assign.answer import Answer as Answer
    from geogrid.assign.desk import Atlas as Atlas
    from geogrid.assign.desk import Edition as Edition
    from geogrid.assign.locator import Locator as Locator
    from geogrid.boundaries import Boundaries as Boundaries
    from geogrid.boundaries import bundled as bundled
    from geogrid.boundaries import read_boundaries as read_boundaries
    from geogrid.coverage import cover as cover
    from geogrid.errors import GeogridError as GeogridError
    from geogrid.maps import draw_map as draw_map
    from geogrid.partition import Division as Division
    from geogrid.partition import Plan as Plan
    from geogrid.partition import divide as divide
    from geogrid.types import Datum as Datum

__version__ = "0.1.0"

_PUBLIC = {
    "Answer": "geogrid.assign.answer",
    "Atlas": "geogrid.assign.desk",
    "Boundaries": "geogrid.boundaries",
    "Datum": "geogrid.types",
    "Division": "geogrid.partition",
    "Edition": "geogrid.assign.desk",
    "GeogridError": "geogrid.errors",
    "Locator": "geogrid.assign.locator",
    "Plan": "geogrid.partition",
    "bundled": "geogrid.boundaries",
    "cover": "geogrid.coverage",
    "divide": "geogrid.partition",
    "draw_map": "geogrid.maps",
    "read_boundaries": "geogrid.boundaries",
}

__all__ = [
    "Answer",
    "Atlas",
    "Boundaries",
    "Datum",
    "Division",
    "Edition",
    "GeogridError",
    "Locator",
    "Plan",
    "__version__",
    "bundled",
    "cover",
    "divide",
    "draw_map",
    "read_boundaries",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import geogrid`` stays light."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'geogrid' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
