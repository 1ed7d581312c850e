"""What the files named in a section hold: seams, and stations with their capacities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from geogrid.errors import PlanError
from geogrid.partition.balance.problem import measure_of
from geogrid.partition.balance.seams import Seam
from geogrid.partition.plan_files import features_named, points_of
from geogrid.partition.section import PlanPath, Reading, Section
from geogrid.types import FloatArray

__all__ = ["SeamSection", "seam_of", "stations_of"]


class SeamSection(Section):
    """A file of seams: what a metre of border along them costs.

    Parameters
    ----------
    file : path
    name : str, optional
    factor, within_m, barrier : see `Seam`
    bridges : path, optional
        Lines over which a barrier can be crossed.
    reading : Reading
        How the file is read: layer, crs, datum, encoding, where.
    """

    file: PlanPath
    name: str | None = None
    factor: Annotated[float, Field(ge=0)] = 0.3
    within_m: Annotated[float, Field(ge=0)] = 10.0
    barrier: bool = False
    bridges: PlanPath | None = None
    reading: Reading = Field(default_factory=Reading)


def seam_of(section: SeamSection) -> Seam:
    """Return the seam with its lines and bridges read."""
    shapes = np.asarray(features_named(section.file, **section.reading.words()).geometry.array, dtype=object)
    bridges = None
    if section.bridges is not None:
        bridges = np.asarray(features_named(section.bridges).geometry.array, dtype=object)
    name = section.name or section.file.stem
    return Seam(name, shapes, section.factor, section.within_m, section.barrier, bridges)


def stations_of(file: Path, column: str | None) -> tuple[FloatArray, FloatArray | None]:
    """Return (k, 2) degrees (WGS 84) where stations stand, and (k,) their capacities if a column is named.

    Raises
    ------
    NotFoundError, PlanError
        If there is no such file, or no such column.
    InputError
        If the file does not hold points, or a capacity is not an amount.
    """
    frame = features_named(file)
    lonlat = points_of(frame, what="station", source=file)
    capacity = None
    if column is not None:
        if column not in frame.columns:
            raise PlanError(
                "the stations have no such column", given=column, source=file,
                allowed=", ".join(str(column) for column in frame.columns if column != "geometry"),
            )  # fmt: skip
        rows = np.array([f"station {row + 1}" for row in range(len(frame))], dtype=object)
        capacity = measure_of(column, frame[column].to_numpy(object), codes=rows).values
    return lonlat, capacity
