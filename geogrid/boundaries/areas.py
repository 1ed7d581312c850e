"""Areas of one administrative level, and the levels of a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons, area_m2
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["Areas", "Boundaries", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where outlines come from, as `source.toml` states it.

    Parameters
    ----------
    publisher, licence, date, datum : str
    files : tuple of str
        What was read.
    sha256 : str
        Of the bytes read; the files in order, one digest.
    """

    publisher: str = ""
    licence: str = ""
    date: str = ""
    datum: str = "wgs84"
    files: tuple[str, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, eq=False)
class Areas:
    """All areas of one level, as columns.

    Parameters
    ----------
    level : str
        ``"district"``, ``"street"``, ``"community"`` or the place's own word.
    codes, names : (n,) object arrays of str
        Codes are unique.
    parents : (n,) object array of str
        Code of the area one level up; ``""`` at the top.
    polygons : LatticePolygons, n geometries
    """

    level: str
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    parents: npt.NDArray[np.object_]
    polygons: LatticePolygons

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self.codes)

    def row_of(self, code: str) -> int:
        """Return the row of the area with this code, or raise NotFoundError."""
        rows = np.flatnonzero(self.codes == code)
        if len(rows) == 0:
            raise NotFoundError(f"no {self.level} with this code", given=code)
        return int(rows[0])

    def area_m2(self) -> FloatArray:
        """Return (n,) areas in m² on the ellipsoid."""
        return area_m2(self.polygons)

    def to_geopandas(self) -> Any:
        """Return a GeoDataFrame (code, name, parent, area_m2; EPSG:4326)."""
        import geopandas

        columns = {"code": self.codes, "name": self.names, "parent": self.parents, "area_m2": self.area_m2()}
        return geopandas.GeoDataFrame(columns, geometry=self.polygons.to_shapely(), crs="EPSG:4326")


@dataclass(frozen=True, eq=False)
class Boundaries:
    """A place with its levels of areas, coarsest first.

    Parameters
    ----------
    code, name : str
        Of the place, e.g. ``"310114"`` and ``"嘉定区"``.
    levels : tuple of Areas
        At least one; each level's areas name their parents in the level before.
    source : Source
    findings : tuple of Finding
        What the checks found and the caller accepted.
    changes : tuple of Change
        What repair changed, where it was asked for.
    """

    code: str
    name: str
    levels: tuple[Areas, ...]
    source: Source = field(default_factory=Source)
    findings: tuple[Finding, ...] = ()
    changes: tuple[Any, ...] = ()

    @property
    def finest(self) -> Areas:
        """The lowest level given: cells nest in its areas."""
        return self.levels[-1]

    def level(self, name: str) -> Areas:
        """Return the level called `name`, or raise NotFoundError."""
        for areas in self.levels:
            if areas.level == name:
                return areas
        raise NotFoundError(
            "no such level of areas", given=name, allowed=", ".join(a.level for a in self.levels), source=self.name
        )

    def ancestors(self, name: str) -> IntArray:
        """Return (n_finest,) rows in level `name` that hold each finest area."""
        target = self.level(name)
        rows = np.arange(len(self.finest))
        for upper, lower in zip(self.levels[-2::-1], self.levels[:0:-1], strict=True):
            if lower.level == target.level:
                break
            index = {code: row for row, code in enumerate(upper.codes)}
            step = np.array([index[parent] for parent in lower.parents], np.int64)
            rows = step[rows]
        return np.asarray(rows, np.int64)
