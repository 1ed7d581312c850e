"""Open gaps: strips between rows that run out of a division, as part of the ground it covers."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geogrid.crs import Metric
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons
from geogrid.partition.adopted_faults import filled_union

__all__ = ["with_open_gaps"]

_OVERLAP_M = 0.02
_LONG = 3.0
_SLIGHT_M2 = 0.01


def with_open_gaps(rows: LatticePolygons, metric: Metric, width_m: float) -> LatticePolygons | None:
    """Return what rows cover and enclose, with the open strips between them; None if there are none.

    A strip counts if it is no wider than `width_m`, has two rows or more beside it, and is at least
    three times as long as wide: a corner that two rows leave between them at the outer border stays as drawn.

    Parameters
    ----------
    rows : LatticePolygons
    metric : Metric
    width_m : float
    """
    whole = filled_union(rows)
    covered: Any = _in_metres(whole, metric)[0]
    closed = shapely.buffer(shapely.buffer(covered, width_m / 2, join_style="mitre"), -width_m / 2, join_style="mitre")
    pieces = shapely.get_parts(shapely.difference(closed, covered))
    pieces = pieces[(shapely.get_type_id(pieces) == 3) & (shapely.area(pieces) > _SLIGHT_M2)]
    if len(pieces) == 0:
        return None
    shapes = shapely.make_valid(_in_metres(rows, metric))
    piece, _ = shapely.STRtree(shapes).query(pieces, predicate="dwithin", distance=_OVERLAP_M)
    beside = np.bincount(piece, minlength=len(pieces))
    width = 2 * shapely.area(pieces) / shapely.length(pieces)
    pieces = pieces[(beside >= 2) & (shapely.length(pieces) > 2 * (1 + _LONG) * width)]
    if len(pieces) == 0:
        return None
    # Grown into the rows beside it, never out of its own mouth.
    grown = shapely.intersection(shapely.buffer(pieces, _OVERLAP_M, join_style="mitre"), closed)
    steps = shapely.transform(shapely.get_parts(grown), lambda xy: np.rint(metric.to_degrees(xy) * STEPS_PER_DEGREE))
    together = shapely.union_all([*whole.to_shapely_steps(), *shapely.make_valid(steps)], grid_size=1)
    parts = [shapely.Polygon(part.exterior) for part in shapely.get_parts(together) if part.geom_type == "Polygon"]
    outline: Any = shapely.union_all(parts)
    return LatticePolygons.from_shapely([shapely.transform(outline, lambda xy: xy / STEPS_PER_DEGREE)])


def _in_metres(polygons: LatticePolygons, metric: Metric) -> Any:
    return shapely.transform(polygons.to_shapely(), metric.to_metres)
