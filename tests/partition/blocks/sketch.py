"""Ground drawn in metres with a pencil, put down on EPSG:4549."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from geogrid.crs import Metric, parse_crs
from geogrid.partition.blocks import BlocksSection, Ground, OwnAreas, Seams, cut_ground
from geogrid.partition.blocks.cut import BlocksCut
from geogrid.partition.frame import Cut, Frame

METRIC = Metric(parse_crs("EPSG:4549"))
AT = np.array([600_000.0, 3_470_000.0])


def here(shape: Any) -> Any:
    """Return a shape drawn from (0, 0) at `AT`."""
    return shapely.transform(shape, lambda xy: xy + AT)


def back(shape: Any) -> Any:
    """Return a shape at `AT` as it was drawn."""
    return shapely.transform(shape, lambda xy: xy - AT)


def objects(*values: object) -> np.ndarray:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def frame_of(*parents: shapely.Geometry, workers: int = 1) -> Frame:
    return Frame(objects(*map(here, parents)), objects(*(f"p{i}" for i in range(len(parents)))), METRIC, workers)


def line(*points: tuple[float, float]) -> Any:
    return here(shapely.LineString(points))


def areas(*shapes: shapely.Geometry, rule: str = "own", least_m2: float = 1_000.0, names: str = "") -> OwnAreas:
    count = len(shapes)
    return OwnAreas(
        objects(*map(here, shapes)), objects(*[rule] * count), np.full(count, least_m2),
        objects(*["special"] * count), objects(*(names or "ABCDEFGH")[:count]),
    )  # fmt: skip


def section(**more: Any) -> BlocksSection:
    return BlocksSection(name="cell", method="blocks", **{"fit": "off", **more})


def cells_of(
    parent: shapely.Geometry, seams: Seams | None = None, buildings: Any = (), own: OwnAreas | None = None, **more: Any
) -> BlocksCut:
    """Return the checked cut of one parent."""
    frame = frame_of(parent)
    ground = Ground(seams if seams is not None else Seams(), objects(*map(here, buildings)), own or OwnAreas())
    done = cut_ground(frame, ground, section(**more))
    assert_divides(frame, done.cut)
    return done


def assert_divides(frame: Frame, cut: Cut) -> None:
    """Check that valid single polygons fill each parent, without overlap."""
    assert shapely.is_valid(cut.polygons).all()
    assert set(shapely.get_type_id(cut.polygons)) == {3}
    for row, parent in enumerate(frame.parents):
        mine = cut.polygons[cut.parent == row]
        assert shapely.area(mine).sum() == pytest.approx(parent.area, abs=0.5)
        assert shapely.area(shapely.symmetric_difference(shapely.union_all(mine), parent)) < 0.5


def metres_inside(cut: Cut, seams: Any, *, away_m: float = 1.0) -> float:
    """Return how many metres of lines run more than `away_m` inside a cell."""
    deep = shapely.buffer(cut.polygons, -away_m)
    return float(sum(shapely.length(shapely.intersection(deep, one)).sum() for one in np.atleast_1d(seams)))
