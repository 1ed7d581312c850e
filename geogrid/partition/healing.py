"""Healing an adopted layer: within official outlines, or on its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geogrid.boundaries.areas import Boundaries
from geogrid.crs import Metric
from geogrid.lattice import LatticePolygons
from geogrid.partition.adopted_faults import joined_to_outlines, most_of
from geogrid.partition.changes import Change
from geogrid.partition.division import Layer, labels_of
from geogrid.partition.frame import metric_of
from geogrid.partition.heal import heal
from geogrid.partition.open_gaps import with_open_gaps
from geogrid.partition.outlines import require_still, upper_levels
from geogrid.partition.strips import HealRule

__all__ = ["healed_alone", "healed_within"]


def healed_within(layer: Layer, place: Boundaries, rule: HealRule) -> tuple[Layer, Boundaries, tuple[Change, ...]]:
    """Return a layer healed within official outlines, the outlines with its vertices, and the changes.

    Raises
    ------
    PartitionError
        If an official outline would move.
    """
    shapes = _shapes(layer)
    home, _ = most_of(shapes, place.finest.polygons)
    shapes, noded = joined_to_outlines(shapes, place, home)
    healed = heal(
        shapes, labels_of(layer), metric_of(place), rule, areas=noded.finest.polygons, home=np.maximum(home, 0)
    )
    finest = replace(noded.finest, polygons=healed.areas if healed.areas is not None else noded.finest.polygons)
    require_still(place.finest, finest)
    place = replace(place, levels=(*upper_levels(place, finest), finest))
    return replace(layer, shapes=healed.cells), place, healed.changes


def healed_alone(layer: Layer, metric: Metric, rule: HealRule) -> tuple[Layer, tuple[Change, ...]]:
    """Return a layer healed without official outlines, and the changes.

    Its outer border stays as drawn, but for the mouths of narrow strips between two rows that run out of it: they are
    closed straight across.
    """
    shapes = _shapes(layer)
    outline = with_open_gaps(shapes, metric, rule.width_m)
    home = None if outline is None else np.zeros(len(shapes), np.int64)
    healed = heal(shapes, labels_of(layer), metric, rule, areas=outline, home=home)
    return replace(layer, shapes=healed.cells), healed.changes


def _shapes(layer: Layer) -> LatticePolygons:
    return layer.shapes if layer.shapes is not None else LatticePolygons.from_rings([], [], [])
