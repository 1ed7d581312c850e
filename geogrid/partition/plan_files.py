"""Files that a plan names, read with errors that a planner can act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import InputError, NotFoundError
from geogrid.types import FloatArray

__all__ = ["features_named", "lines_of", "points_of"]


def features_named(path: Path, **reading: Any) -> Any:
    """Return the features of a file as `read_features` does.

    Raises
    ------
    NotFoundError
        If there is no such file; the message says where relative paths start.
    """
    from geogrid.boundaries import read_features

    if not path.exists():
        mend = "a relative path in a plan starts from the plan's own folder"
        raise NotFoundError("the plan names a file that is not there", given=path, mend=mend)
    return read_features(path, **reading)


def points_of(frame: Any, *, what: str, source: Path) -> FloatArray:
    """Return (n, 2) degrees of the points of a frame in WGS 84.

    Raises
    ------
    InputError
        If there are none, or a row has none; the first such row is named.
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    wrong = np.flatnonzero((shapely.get_type_id(shapes) != 0) | shapely.is_empty(shapes))
    if len(shapes) == 0 or len(wrong):
        kind = "" if not len(wrong) else "nothing" if shapes[wrong[0]] is None else shapes[wrong[0]].geom_type
        raise InputError(
            f"{what}s are points" if len(wrong) else f"the file has no {what}s",
            given=f"row {wrong[0] + 1}: {kind}" if len(wrong) else "0 rows",
            allowed=f"a file with a point for each {what}", source=source,
        )  # fmt: skip
    return shapely.get_coordinates(shapes)


def lines_of(frame: Any, *, what: str, source: object) -> npt.NDArray[np.object_]:
    """Return (n,) lines of a frame, as they are.

    Raises
    ------
    InputError
        If a row has something else.
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if not np.isin(shapely.get_type_id(shapes), (1, 5)).all():
        raise InputError(f"{what}s are lines", source=source, allowed="a file of lines")
    return shapes
