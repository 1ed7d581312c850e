"""Corridors: roads, rivers and greens as strips of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from geogrid.partition.blocks.ground import OwnAreas, Seams

__all__ = ["corridor_strips"]


def corridor_strips(seams: Seams, widths: Mapping[str, float]) -> OwnAreas:
    """Return the strips of the classes that have a width, cut to size along their length later.

    All lines of one class and name make one strip with flat ends. Where two strips cross, the
    wider keeps the crossing, then the more important, then the first by class and name: every
    point of a carriageway has one owner.

    Parameters
    ----------
    seams : Seams
        Centrelines, metres.
    widths : mapping of str to float
        Class to full width, metres.
    """
    streets = sorted({(c, n) for c, n in zip(seams.classes, seams.names, strict=True) if c in widths})
    worth = {s: max(seams.worth[(seams.classes == s[0]) & (seams.names == s[1])], default=0.0) for s in streets}
    streets.sort(key=lambda s: (-widths[s[0]], -worth[s], s))
    polygons, names, kinds = [], [], []
    taken: list[shapely.Geometry] = []
    for cls, name in streets:
        lines = seams.lines[(seams.classes == cls) & (seams.names == name)]
        merged = shapely.line_merge(shapely.union_all(lines))
        strip: Any = shapely.buffer(merged, widths[cls] / 2, cap_style="flat", join_style="mitre", mitre_limit=2.0)
        if taken:
            near = np.array(taken, dtype=object)
            near = near[shapely.intersects(near, strip)]
            strip = shapely.difference(strip, shapely.union_all(near))
        taken.append(strip)
        for part in shapely.get_parts(strip):
            polygons.append(part)
            names.append(name)
            kinds.append(f"corridor {cls}")
    count = len(polygons)
    return OwnAreas(
        np.array(polygons, dtype=object), np.full(count, "split", dtype=object), np.full(count, 100.0),
        np.array(kinds, dtype=object), np.array(names, dtype=object),
    )  # fmt: skip
