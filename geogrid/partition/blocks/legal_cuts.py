"""Buildings that borders cut: which building, and which legal border it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.partition.shift import border_edges
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["LegalCut", "buildings_entered", "cut_findings", "legal_cuts"]

DEEP_M = 0.05
"""A border is in a building where it runs this far from every wall: a survey's error is no cut."""

_BESIDE_M = 0.03
_SLIGHT_M = 0.01


@dataclass(frozen=True, slots=True)
class LegalCut:
    """A building that a legal border runs through.

    Parameters
    ----------
    building : int
        Row of the buildings.
    label : str
        What it is called: its id, or ``row 7`` of its file.
    parents : (str, str)
        Codes of the areas on either side, in order; ``""`` for outside the place.
    length_m : float
        How much of the border runs in it.
    area_m2 : float
        Of the building.
    x, y : float
        A place on that stretch, metres in the CRS of the buildings.
    """

    building: int
    label: str
    parents: tuple[str, str]
    length_m: float
    area_m2: float
    x: float
    y: float

    @property
    def border(self) -> str:
        """``Balzers | Triesen``, or ``Balzers | outside``."""
        return " | ".join(code or "outside" for code in sorted(self.parents, key=lambda code: (code == "", code)))


def legal_cuts(
    parents: npt.NDArray[np.object_], codes: npt.NDArray[np.object_], buildings: npt.NDArray[np.object_],
    labels: npt.NDArray[np.object_],
) -> tuple[LegalCut, ...]:  # fmt: skip
    """Return the buildings that borders of areas run through, one row for each building and pair of areas.

    Parameters
    ----------
    parents : (n,) shapely polygons, metres
    codes : (n,) object array of str
    buildings : (m,) shapely polygons, same CRS
    labels : (m,) object array of str

    Notes
    -----
    Which two areas a stretch of border lies between is asked three centimetres to its left and right, so
    outlines that miss each other by less still count as common.
    """
    starts, ends = border_edges(parents)
    building, _, pieces = _inside(buildings, starts, ends)
    if len(building) == 0:
        return ()
    building, a, b = _noded(building, pieces)
    middle, way = (a + b) / 2, b - a
    across = np.column_stack([-way[:, 1], way[:, 0]]) / np.hypot(*way.T)[:, None] * _BESIDE_M
    tree = shapely.STRtree(parents)
    pair = np.sort(np.column_stack([_owner(tree, middle + across), _owner(tree, middle - across)]), axis=1)
    real = pair[:, 0] != pair[:, 1]
    key = np.column_stack([building, pair])[real]
    length, middle = np.hypot(*way.T)[real], middle[real]
    found, group = np.unique(key, axis=0, return_inverse=True)
    group = group.ravel()
    metres = np.bincount(group, weights=length, minlength=len(found))
    order = np.lexsort((-length, group))
    spot = middle[order[np.searchsorted(group[order], np.arange(len(found)))]] if len(found) else middle
    size = shapely.area(buildings)
    return tuple(
        LegalCut(
            int(row), str(labels[row]), (_code(codes, a), _code(codes, b)), float(metres[i]), float(size[row]),
            float(spot[i, 0]), float(spot[i, 1]),
        )
        for i, (row, a, b) in enumerate(found.tolist())
    )  # fmt: skip


def buildings_entered(
    buildings: npt.NDArray[np.object_], starts: FloatArray, ends: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return the rows of buildings that edges enter, and how many metres run in each."""
    building, _, pieces = _inside(buildings, starts, ends)
    metres = np.asarray(np.bincount(building, weights=shapely.length(pieces), minlength=len(buildings)), np.float64)
    rows = np.flatnonzero(metres > _SLIGHT_M).astype(np.int64)
    return rows, metres[rows]


def cut_findings(cuts: tuple[LegalCut, ...], to_degrees: Any) -> tuple[Finding, ...]:
    """Return a finding for each building that a legal border cuts.

    Parameters
    ----------
    cuts : tuple of LegalCut
    to_degrees : callable
        From (k, 2) metres to lon-lat.
    """
    if not cuts:
        return ()
    lonlat = to_degrees(np.array([(cut.x, cut.y) for cut in cuts]))
    return tuple(
        Finding(
            "building_whole",
            f"the legal border {cut.border} cuts a building of {cut.area_m2:,.0f} m²; {cut.length_m:.1f} m run in it",
            (cut.label, *(code for code in cut.parents if code)), float(lon), float(lat), round(cut.length_m, 2), "m",
        )
        for cut, (lon, lat) in zip(cuts, lonlat, strict=True)
    )  # fmt: skip


def _inside(
    buildings: npt.NDArray[np.object_], starts: FloatArray, ends: FloatArray
) -> tuple[IntArray, IntArray, npt.NDArray[np.object_]]:
    """Return building, edge and the piece of it that runs well inside the building."""
    if len(buildings) == 0 or len(starts) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, dtype=object)
    lines: Any = shapely.linestrings(np.stack([starts, ends], axis=1))
    deep = shapely.buffer(buildings, -DEEP_M, quad_segs=1, join_style="mitre")
    line, building = shapely.STRtree(deep).query(lines, predicate="intersects")
    pieces = shapely.intersection(deep[building], lines[line])
    long = shapely.length(pieces) > _SLIGHT_M
    parts, row = shapely.get_parts(pieces[long], return_index=True)
    linear = shapely.get_type_id(parts) == 1
    return building[long][row][linear], line[long][row][linear], np.asarray(parts[linear], dtype=object)


def _noded(building: IntArray, pieces: npt.NDArray[np.object_]) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the straight stretches that the pieces in each building consist of: building, start, end.

    Outlines that do not share their vertices give the same stretch twice, or one along two areas.
    """
    rows = np.unique(building)
    united = [shapely.union_all(pieces[building == row]) for row in rows]
    parts, at = shapely.get_parts(united, return_index=True)
    coords, part = shapely.get_coordinates(parts, return_index=True)
    same = (part[1:] == part[:-1]) & (coords[1:] != coords[:-1]).any(axis=1)
    return rows[at][part[:-1][same]], coords[:-1][same], coords[1:][same]


def _owner(tree: shapely.STRtree, xy: FloatArray) -> IntArray:
    """Return the first area each point lies in, -1 outside all."""
    owner = np.full(len(xy), len(tree.geometries), np.int64)
    points: Any = shapely.points(xy)
    point, area = tree.query(points, predicate="intersects")
    np.minimum.at(owner, point, area)
    return np.where(owner == len(tree.geometries), -1, owner)


def _code(codes: npt.NDArray[np.object_], row: int) -> str:
    return "" if row < 0 else str(codes[row])
