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
    from geogrid.errors import GeogridError as GeogridError
    from geogrid.types import Datum as Datum

__version__ = "0.1.0"

_PUBLIC = {
    "Datum": "geogrid.types",
    "GeogridError": "geogrid.errors",
}

__all__ = ["Datum", "GeogridError", "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import geogrid`` stays light."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'geogrid' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
