"""What the files named in a section hold: seams, and stations with their capacities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from geogrid.errors import PlanError
from geogrid.partition.balance.graph import CellGraph
from geogrid.partition.balance.problem import measure_of
from geogrid.partition.balance.seams import Seam
from geogrid.partition.columns import found_column, text_column
from geogrid.partition.plan_files import features_named, points_of
from geogrid.partition.section import PlanPath, Reading, Section
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["SeamSection", "seam_of", "stations_of", "stations_outside"]


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


def stations_of(file: Path, column: str | None) -> tuple[FloatArray, FloatArray | None, tuple[str, ...]]:
    """Return where the stations of a file stand, what they hold, and what they are called.

    Returns
    -------
    lonlat : (k, 2) float64
        Degrees, WGS 84.
    capacity : (k,) float64 or None
        If a column is named.
    names : tuple of k str
        Code and name, "station 1" and so on where a station has neither.

    Raises
    ------
    NotFoundError, PlanError
        If there is no such file, or no such column.
    InputError
        If the file does not hold points, or a capacity is not an amount.
    """
    frame = features_named(file)
    lonlat = points_of(frame, what="station", source=file)
    known = [found_column(frame, None, "code"), found_column(frame, None, "name")]
    words = [text_column(frame, found).tolist() for found in known if found is not None]
    called = [" ".join(word for word in row if word) for row in zip(*words, strict=True)] or [""] * len(frame)
    names = tuple(f"station {name or row + 1}" for row, name in enumerate(called))
    capacity = None
    if column is not None:
        if column not in frame.columns:
            raise PlanError(
                "the stations have no such column", given=column, source=file,
                allowed=", ".join(str(column) for column in frame.columns if column != "geometry"),
            )  # fmt: skip
        values = frame[column].to_numpy(object)
        capacity = measure_of(column, values, codes=np.array(names, object), what="capacity", of="station").values
    return lonlat, capacity, names


def stations_outside(
    graph: CellGraph, lonlat: FloatArray, stations: FloatArray, seats: IntArray, called: tuple[str, ...]
) -> tuple[Finding, ...]:
    """Return a finding for each station that stands in no cell."""
    found = []
    for row in np.flatnonzero(seats < 0).tolist():
        away = np.hypot(*(graph.xy - stations[row]).T)
        nearest = int(away.argmin())
        said = (
            f"{called[row]} stands in no cell; its grid grows around {graph.codes[nearest]}, whose middle is the "
            f"nearest, {away[nearest]:,.0f} m away"
        )
        code, (lon, lat) = str(graph.codes[nearest]), lonlat[row].tolist()
        found.append(Finding("station_in_a_cell", said, (code,), lon, lat, float(away[nearest]), "m"))
    return tuple(found)
