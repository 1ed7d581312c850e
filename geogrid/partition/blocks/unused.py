"""What a plan names and the cut cannot use: said, never passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.blocks.ground import Ground, Seams
from geogrid.types import BoolArray, Finding

__all__ = ["far_away", "passed_over", "unknown_classes"]


def passed_over(file: Path, what: str, used: BoolArray) -> list[Finding]:
    """Return a finding if a file is empty, or holds features of another kind than `what`.

    Parameters
    ----------
    file : path
    what : str
        What is looked for, e.g. ``"polygons"``.
    used : (n,) bool
        Which features are that.
    """
    if len(used) == 0:
        return [Finding("features_used", "the file has no features", (file.name,))]
    left = int((~used).sum())
    if left == 0:
        return []
    message = f"{left:,} of {len(used):,} features are passed over: no geometry, or no {what}"
    return [Finding("features_used", message, (file.name,), amount=float(left))]


def unknown_classes(file: Path, seams: Seams, named: Mapping[str, Iterable[str]]) -> list[Finding]:
    """Return a finding for each class that a plan names and no feature has.

    Parameters
    ----------
    file : path
    seams : Seams
        What was read from it.
    named : mapping of str to iterable of str
        Key of the plan to classes.
    """
    there = sorted(set(seams.classes.tolist()) - {""})
    some = ", ".join(there[:12]) + (", …" if len(there) > 12 else "")
    return [
        Finding("class_occurs", f"{key} names {name!r}, and no feature has that class; there are: {some}", (file.name,))
        for key, names in named.items()
        for name in sorted(set(names) - set(there) - {"*"})
        if there
    ]


def far_away(ground: Ground, parents: npt.NDArray[np.object_]) -> list[Finding]:
    """Return a finding for each file of seams, and for buildings, that lies beside the place altogether."""
    place = shapely.total_bounds(parents)
    layers = {str(name): ground.seams.lines[ground.seams.layer == name] for name in np.unique(ground.seams.layer)}
    found = []
    for name, shapes in (*layers.items(), ("buildings", ground.buildings)):
        if len(shapes) == 0:
            continue
        west, south, east, north = shapely.total_bounds(shapes)
        if west > place[2] or east < place[0] or south > place[3] or north < place[1]:
            distance = float(shapely.distance(shapely.box(*place), shapely.box(west, south, east, north)))
            message = f"nothing of it lies in the place, the nearest is {distance / 1000:,.1f} km away: check its CRS and datum"
            found.append(Finding("lies_in_place", message, (name or "seams",), amount=distance, unit="m"))
    return found
