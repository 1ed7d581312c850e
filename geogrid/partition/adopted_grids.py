"""Adopted grids as a stacked layer: each row below goes to the polygon its inner point lies in."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geogrid.errors import InputError
from geogrid.lattice import STEPS_PER_DEGREE, area_m2
from geogrid.partition.adopting import AdoptSection, read_layer
from geogrid.partition.division import Division, Layer, labels_of
from geogrid.partition.grouping import Grouping
from geogrid.types import Finding, FloatArray, IntArray, Progress, no_progress

__all__ = ["group_by_adopted", "group_by_layer"]


def group_by_adopted(division: Division, section: AdoptSection, progress: Progress = no_progress) -> Grouping:
    """Return the rows of the layer below grouped by the polygons of a file.

    Raises
    ------
    InputError
        If no row lies in any polygon.
    """
    progress("adopt", 0, 2)
    drawn = read_layer(section)
    progress("adopt", 1, 2)
    grouping = group_by_layer(division, drawn, of=str(section.of))
    progress("adopt", 2, 2)
    return grouping


def group_by_layer(division: Division, drawn: Layer, *, of: str = "cell") -> Grouping:
    """Return the rows of layer `of` grouped by the polygons of a layer drawn on its own.

    A row goes to the polygon that holds its representative point; of several, and where there
    is none, to the one that holds most of it; else to the nearest. What lies on the other side
    of a drawn border is counted, not moved.

    Raises
    ------
    InputError
        If no row meets any polygon.
    """
    rows, shapes = division.shapes(of), drawn.shapes
    if shapes is None:
        raise InputError("a stacked layer has no geometry of its own to adopt", given=drawn.name)
    cells, polygons = (shapely.make_valid(part.to_shapely_steps()) for part in (rows, shapes))
    row, home, share = _shares(cells, polygons)
    if len(row) == 0:
        raise InputError(
            "no row of the layer below lies in the adopted division", given=drawn.name,
            mend="check the datum and the CRS of the file: the two do not meet",
        )  # fmt: skip
    points = shapely.point_on_surface(cells)
    holds = shapely.intersects(polygons[home], points[row])
    order = np.lexsort((home, -share, ~holds, row))
    first = order[np.diff(row[order], prepend=-1) != 0]
    target, held = np.full(len(cells), -1, np.int64), np.zeros(len(cells))
    target[row[first]], held[row[first]] = home[first], share[first]
    lost = np.flatnonzero(target < 0)
    if len(lost):
        target[lost] = shapely.STRtree(polygons).nearest(points[lost])
    labels = labels_of(drawn)
    place = (shapely.get_coordinates(points) / STEPS_PER_DEGREE).tolist()
    sizes = area_m2(rows)
    findings = _findings(target, held, lost, sizes, place, labels)
    used, membership = np.unique(target, return_inverse=True)
    membership = membership.ravel()
    total = np.bincount(membership, weights=sizes)
    attributes: dict[str, Any] = {key: column[used] for key, column in drawn.attributes.items()}
    attributes["share_inside"] = np.bincount(membership, weights=sizes * held) / total
    findings += [
        Finding("has_cells", "no row of the layer below goes to it", (labels[idle],), *_middle(polygons[idle]))
        for idle in np.setdiff1d(np.arange(len(polygons)), used).tolist()
    ]
    return Grouping(
        membership.astype(np.int32), names=drawn.names[used], codes=drawn.codes[used], attributes=attributes,
        findings=tuple(findings),
    )  # fmt: skip


def _shares(cells: Any, polygons: Any) -> tuple[IntArray, IntArray, FloatArray]:
    """Return pairs of row and polygon that meet, and the share of the row that lies in it."""
    row, home = shapely.STRtree(polygons).query(cells, predicate="intersects")
    shapely.prepare(polygons)
    share = np.ones(len(row))
    part = ~shapely.covers(polygons[home], cells[row])
    share[part] = shapely.area(shapely.intersection(cells[row[part]], polygons[home[part]])) / shapely.area(
        cells[row[part]]
    )
    return row, home, share


def _findings(
    target: IntArray, held: FloatArray, lost: IntArray, sizes: FloatArray, place: list[list[float]], labels: list[str]
) -> list[Finding]:
    found = [
        Finding(
            "in_adopted", "it meets no polygon of the adopted division and went to the nearest",
            (labels[target[row]],), place[row][0], place[row][1], float(sizes[row]), "m2",
        )
        for row in lost.tolist()
    ]  # fmt: skip
    split = np.flatnonzero((held < 0.999) & (held > 0))
    if len(split):
        away = sizes[split] * (1 - held[split])
        worst = int(split[np.argmax(away)])
        message = (
            f"{len(split):,} rows lie across its borders, {away.sum():,.0f} m² on the other side; "
            f"the worst is only {held[worst]:.0%} inside"
        )
        found.append(
            Finding(
                "inside_adopted",
                message,
                (labels[target[worst]],),
                place[worst][0],
                place[worst][1],
                float(away.sum()),
                "m2",
            )
        )
    return found


def _middle(shape: Any) -> tuple[float, float]:
    point = shape.representative_point()
    return point.x / STEPS_PER_DEGREE, point.y / STEPS_PER_DEGREE
