"""Ground: the seams and buildings a map shows under its cells, from a plan or from files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries import read_features
from geogrid.crs import Metric
from geogrid.errors import GeogridError, InputError, NotFoundError
from geogrid.partition.blocks import BlocksSection, Ground, read_ground
from geogrid.partition.plan import Plan
from geogrid.types import BoolArray

__all__ = ["MOST_VERTICES", "MapGround"]

MOST_VERTICES = 3_000_000
"""What one page holds: the cells, streets and houses of a district; about 15 MB."""


def _none() -> npt.NDArray[np.object_]:
    return np.empty(0, dtype=object)


@dataclass(frozen=True, eq=False)
class MapGround:
    """What lies under the cells of a map; degrees, WGS 84, lon-lat.

    Parameters
    ----------
    seams : (n,) shapely lines or polygons
    hard : (n,) bool
        Which seams no cell may cross; empty if that is not known.
    buildings : (m,) shapely polygons
    """

    seams: npt.NDArray[np.object_] = field(default_factory=_none)
    hard: BoolArray = field(default_factory=lambda: np.empty(0, bool))
    buildings: npt.NDArray[np.object_] = field(default_factory=_none)

    @classmethod
    def of(cls, ground: Ground, metric: Metric) -> MapGround:
        """Return what cells were cut on, from the metres of its CRS.

        Parameters
        ----------
        ground : Ground
            As `read_ground` or a cut returns it.
        metric : Metric
        """
        seams, buildings = (
            np.asarray(shapely.transform(shapes, metric.to_degrees), dtype=object)
            for shapes in (ground.seams.lines, ground.buildings)
        )
        return cls(seams, ground.seams.hard, buildings)

    @classmethod
    def of_plan(cls, plan: Plan, metric: Metric) -> MapGround:
        """Return the seams and buildings that the base layer of a plan names, as they were used.

        Raises
        ------
        PlanError, BoundaryError, CrsError, StorageError
            If a file cannot be read.
        """
        base = plan.layers[0]
        return cls.of(read_ground(base, metric), metric) if isinstance(base, BlocksSection) else cls()

    @classmethod
    def of_files(cls, *, seams: Path | None = None, buildings: Path | None = None) -> MapGround:
        """Return the features of two files.

        Raises
        ------
        BoundaryError, CrsError, StorageError
        """
        lines, houses = (_none() if path is None else _shapes(path) for path in (seams, buildings))
        return cls(lines, np.empty(0, bool), houses[np.isin(shapely.get_type_id(houses), (3, 6))])

    def or_else(self, other: MapGround) -> MapGround:
        """Return this ground, with seams or buildings of another where it has none."""
        seams, hard = (self.seams, self.hard) if len(self.seams) else (other.seams, other.hard)
        return MapGround(seams, hard, self.buildings if len(self.buildings) else other.buildings)

    def near(self, bounds: npt.ArrayLike) -> MapGround:
        """Return what touches a box: west, south, east, north in degrees; seams are clipped to it."""
        west, south, east, north = np.asarray(bounds, float).tolist()
        window: Any = shapely.box(west, south, east, north)
        seams, houses = (
            np.sort(shapely.STRtree(shapes).query(window, predicate="intersects"))
            for shapes in (self.seams, self.buildings)
        )
        hard = self.hard[seams] if len(self.hard) else self.hard
        clipped = shapely.clip_by_rect(self.seams[seams], west, south, east, north)
        left = ~shapely.is_empty(clipped)
        return MapGround(clipped[left], hard[left] if len(hard) else hard, self.buildings[houses])

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return sum(int(shapely.get_num_coordinates(shapes).sum()) for shapes in (self.seams, self.buildings))

    def require_fitting(self, cells: int) -> None:
        """Raise InputError if a page with `cells` vertices of cells has no room for this."""
        total = cells + self.vertices
        if total > MOST_VERTICES:
            raise InputError(
                "too much for one page",
                given=f"{total:,} vertices: cells {cells:,}, seams and buildings {self.vertices:,}",
                allowed=f"up to {MOST_VERTICES:,}, about a district",
                mend="draw one area of it, e.g. --within 310114001, or leave the ground out with --no-ground",
            )


def _shapes(path: Path) -> npt.NDArray[np.object_]:
    shapes = np.asarray(read_features(path).geometry.array, dtype=object)
    return np.asarray(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))], dtype=object)


def ground_of_edition(plan: str, metric: Metric, folders: list[Path]) -> tuple[MapGround, str]:
    """Return what an edition's own plan names, looked for in some folders, and what to tell if it is not there.

    Parameters
    ----------
    plan : str
        The plan's text as the edition keeps it.
    metric : Metric
    folders : list of path
        From where a relative path of the plan may start; the first that has all files counts.
    """
    why = ""
    for folder in folders:
        try:
            return MapGround.of_plan(Plan.parse(plan, folder=folder), metric), ""
        except NotFoundError as missing:
            why = why or str(missing)
        except GeogridError as error:
            return MapGround(), str(error)
    return MapGround(), why
