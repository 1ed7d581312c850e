"""Reading the place that a plan names: its own outlines, or the bundled ones."""

from __future__ import annotations

from dataclasses import replace

from geogrid.boundaries import bundled, read_boundaries
from geogrid.boundaries.areas import Boundaries
from geogrid.partition.plan import Place

__all__ = ["read_place"]


def read_place(place: Place) -> Boundaries:
    """Return the boundaries that ``[place]`` names, under the plan's own code and name.

    Raises
    ------
    NotFoundError, BoundaryError, StorageError
    """
    boundaries = (
        bundled(str(place.code))
        if place.boundaries is None
        else read_boundaries(place.boundaries, **place.reading.words())
    )
    return replace(boundaries, code=place.code or boundaries.code, name=place.name or boundaries.name)
