"""The partition proof: in exact integers, cells' directed edges cancel to their parent's.

If the edges of all cells of a parent, shells counter-clockwise and holes clockwise, sum as
chains to the edges of the parent, then the cells' winding numbers sum to the parent's at
every point of the plane. If each cell is also simple, its winding number is 0 or 1: so every
point of the parent lies in exactly one cell, and none outside it does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity

from geogrid.errors import PartitionError
from geogrid.lattice.area import area_m2
from geogrid.lattice.coordinates import from_lattice
from geogrid.lattice.polygons import LatticePolygons
from geogrid.lattice.predicates import side_of_edge
from geogrid.types import Finding, Int32Array, IntArray

__all__ = ["PartitionProof", "prove_partition", "uncancelled_edges"]


@dataclass(frozen=True)
class PartitionProof:
    """What the proof found; it holds when there is no finding.

    Parameters
    ----------
    cells, parents : int
        How many were compared.
    edges : int
        Directed edges summed.
    findings : tuple of Finding
        ``is_simple``, ``no_gap``, ``no_overlap``, ``inside_parent``; amounts in m².
    """

    cells: int
    parents: int
    edges: int
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether the cells are a partition of their parents."""
        return not self.findings

    def total_m2(self, rule: str) -> float:
        """Return the summed amount of one rule's findings."""
        return float(sum(f.amount or 0.0 for f in self.findings if f.rule == rule))

    def require(self) -> PartitionProof:
        """Return self, or raise PartitionError listing the first findings."""
        if self.holds:
            return self
        shown = "\n  ".join(str(finding) for finding in self.findings[:10])
        more = f"\n  … and {len(self.findings) - 10} more" if len(self.findings) > 10 else ""
        raise PartitionError(
            f"the cells are not a partition of their parents, {len(self.findings)} finding(s):\n  {shown}{more}\n",
            mend="heal the division first, or adopt it with the findings accepted",
        )


def prove_partition(
    cells: LatticePolygons,
    parents: LatticePolygons,
    parent_of: npt.ArrayLike,
    *,
    cell_names: Sequence[str] | npt.NDArray[np.object_] | None = None,
    parent_names: Sequence[str] | npt.NDArray[np.object_] | None = None,
) -> PartitionProof:
    """Return the proof that `cells` divide `parents` without gap or overlap.

    Parameters
    ----------
    cells : LatticePolygons, n geometries
    parents : LatticePolygons, m geometries
    parent_of : (n,) int
        The parent each cell belongs to.
    cell_names, parent_names : sequences of str, optional
        Codes for the findings; row numbers otherwise.

    Examples
    --------
    >>> import shapely
    >>> cells = LatticePolygons.from_shapely([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> parent = LatticePolygons.from_shapely([shapely.Polygon([(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)])])
    >>> prove_partition(cells, parent, [0, 0]).holds
    True
    """
    belongs = np.asarray(parent_of, np.int64)
    names = _names(cell_names, len(cells))
    homes = _names(parent_names, len(parents))
    findings = [*_not_simple(cells, names, "cell"), *_not_simple(parents, homes, "parent")]
    cs, ce, owner = cells.edges()
    ps, pe, parent = parents.edges()
    starts, ends = np.concatenate([cs, pe]), np.concatenate([ce, ps])
    group = np.concatenate([belongs[owner], parent])
    a, b, weight, where = uncancelled_edges(starts, ends, group)
    for home in np.unique(where):
        mine = where == home
        findings += _located(
            a[mine], b[mine], weight[mine], cells, np.flatnonzero(belongs == home), parents, int(home), names, homes
        )
    return PartitionProof(len(cells), len(parents), len(starts), tuple(findings))


def _names(given: Sequence[str] | npt.NDArray[np.object_] | None, count: int) -> list[str]:
    return [str(i) for i in range(count)] if given is None else [str(name) for name in given]


def _not_simple(polygons: LatticePolygons, names: list[str], what: str) -> list[Finding]:
    """Find rings that cross or touch themselves along an edge.

    Coordinates are whole numbers below 2**53, for which GEOS' orientation test is exact.
    """
    shapes = polygons.to_shapely_steps()
    found = [
        Finding("is_simple", f"the {what} is empty on the lattice", (names[row],), amount=0.0, unit="m2")
        for row in np.flatnonzero(np.diff(polygons.geom_offsets) == 0)
    ]
    for row in np.flatnonzero(~shapely.is_valid(shapes)):
        reason = str(shapely.is_valid_reason(shapes[row]))
        spot = re.search(r"\[(\S+) (\S+)\]", reason)
        steps = shapely.get_coordinates(shapes[row])[0] if spot is None else (float(spot[1]), float(spot[2]))
        point = from_lattice([steps])[0].tolist()
        found.append(
            Finding(
                "is_simple", f"the {what} is not a simple polygon ({reason}, in lattice steps)", (names[row],), *point
            )
        )
    return found


def uncancelled_edges(
    starts: Int32Array, ends: Int32Array, group: IntArray
) -> tuple[Int32Array, Int32Array, IntArray, IntArray]:
    """Return the edges left after opposite ones of the same group have cancelled.

    Edges that overlap without sharing both ends (a vertex of one lies exactly on the other)
    are split there first, so only true differences are left.

    Returns
    -------
    starts, ends : (k, 2) int32; weight : (k,) int64 ≠ 0, group : (k,) int64
    """
    result = _cancel(starts, ends, np.ones(len(starts), np.int64), group)
    while len(result[0]):
        split = _split_at_vertices(*result)
        again = _cancel(*split)
        if len(split[0]) == len(result[0]):
            return again
        result = again
    return result


def _cancel(
    starts: Int32Array, ends: Int32Array, weight: IntArray, group: IntArray
) -> tuple[Int32Array, Int32Array, IntArray, IntArray]:
    def packed(points: Int32Array) -> npt.NDArray[np.int64]:
        return (points[:, 0].astype(np.int64) << 32) + (points[:, 1].astype(np.int64) + 2**31)

    a, b = packed(starts), packed(ends)
    forward = a < b
    low, high = np.where(forward, a, b), np.where(forward, b, a)
    sign = np.where(forward, weight, -weight)
    order = np.lexsort((high, low, group))
    low, high, sign, group = low[order], high[order], sign[order], group[order]
    if len(low) == 0:
        return starts, ends, weight, group
    new = np.ones(len(low), bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(new)
    total = np.add.reduceat(sign, first)
    left = first[total != 0]
    total = total[total != 0]

    def unpacked(keys: npt.NDArray[np.int64]) -> Int32Array:
        return np.column_stack([keys >> 32, (keys & 0xFFFFFFFF) - 2**31]).astype(np.int32)

    return unpacked(low[left]), unpacked(high[left]), total, group[left]


def _split_at_vertices(
    starts: Int32Array, ends: Int32Array, weight: IntArray, group: IntArray
) -> tuple[Int32Array, Int32Array, IntArray, IntArray]:
    """Cut edges at vertices of other left-over edges of the group that lie exactly on them."""
    lines = shapely.linestrings(np.stack([starts, ends], axis=1).astype(np.float64))
    vertices = np.unique(np.concatenate([starts, ends]), axis=0)
    at_vertices = np.asarray(shapely.points(vertices.astype(np.float64)), dtype=object)
    edge, vertex = shapely.STRtree(at_vertices).query(lines)
    p = vertices[vertex]
    a, b = starts[edge], ends[edge]
    on = (side_of_edge(a, b, p) == 0) & (p != a).any(axis=1) & (p != b).any(axis=1)
    on &= ((p >= np.minimum(a, b)) & (p <= np.maximum(a, b))).all(axis=1)
    edge, vertex = edge[on], vertex[on]
    if len(edge) == 0:
        return starts, ends, weight, group
    # Order each edge's cutting points from its start and chain them into pieces.
    run = (starts[edge].astype(np.int64) - vertices[vertex]) ** 2
    owners = np.concatenate([np.arange(len(starts)), edge, np.arange(len(starts))])
    points = np.concatenate([starts, vertices[vertex], ends])
    along = np.concatenate([np.full(len(starts), -1), run.sum(axis=1), np.full(len(starts), 2**62)])
    order = np.lexsort((along, owners))
    owners, points = owners[order], points[order]
    link = owners[1:] == owners[:-1]
    source = owners[:-1][link]
    return points[:-1][link], points[1:][link], weight[source], group[source]


def _located(
    starts: Int32Array, ends: Int32Array, weight: IntArray, cells: LatticePolygons, members: IntArray,
    parents: LatticePolygons, home: int, names: list[str], homes: list[str],
) -> list[Finding]:  # fmt: skip
    """Turn one parent's left-over edges into gaps, overlaps and spills with place and m²."""
    origin = starts.min(axis=0).astype(np.int64)
    lines = shapely.linestrings(np.stack([starts, ends], axis=1).astype(np.float64) - origin)
    faces = [
        f for f in shapely.get_parts(shapely.polygonize(shapely.get_parts([shapely.unary_union(lines)]))) if f.area > 0
    ]
    if not faces:
        return []
    inside = shapely.get_coordinates(shapely.point_on_surface(np.array(faces))) + origin
    level = _winding_at(starts, ends, weight, inside)
    in_parent = _winding_at(*_edges_of(parents, [home]), inside) != 0
    found = []
    # A ring that crosses itself has a finding already; here it only lends its code.
    nearby = shapely.make_valid(cells.take(members).to_shapely_steps(origin)) if len(members) else np.empty(0, object)
    tree = shapely.STRtree(nearby)
    for face, value, within in zip(faces, level, in_parent, strict=True):
        if value == 0:
            continue
        touching = tree.query(face, predicate="intersects")
        shared = shapely.length(shapely.intersection(nearby[touching], face.boundary)) + shapely.area(
            shapely.intersection(nearby[touching], face)
        )
        codes = tuple(names[members[i]] for i in touching[np.argsort(-shared, kind="stable")][:4] if len(touching))
        coords = shapely.get_coordinates(face) + origin
        shape = shapely.affinity.affine_transform(face, [1e-7, 0, 0, 1e-7, origin[0] / 1e7, origin[1] / 1e7])
        size = _face_area_m2(face, origin)
        rule, text = (
            ("no_gap", f"{size:,.2f} m² of {homes[home]} belong to no cell") if value < 0
            else ("no_overlap", f"{size:,.2f} m² of {homes[home]} belong to {value + 1} cells") if within
            else ("inside_parent", f"{size:,.2f} m² lie outside {homes[home]}")
        )  # fmt: skip
        point = shapely.point_on_surface(shape) if shape.is_valid else shapely.Point(coords[0] / 1e7)
        found.append(Finding(rule, text, (homes[home], *codes), point.x, point.y, size, "m2", shape))
    return sorted(found, key=lambda f: (-(f.amount or 0), f.lon or 0, f.lat or 0))


def _edges_of(polygons: LatticePolygons, rows: list[int]) -> tuple[Int32Array, Int32Array, IntArray]:
    starts, ends, _ = polygons.take(rows).edges()
    return starts, ends, np.ones(len(starts), np.int64)


def _winding_at(starts: Int32Array, ends: Int32Array, weight: IntArray, points: npt.NDArray[np.float64]) -> IntArray:
    """Return weighted winding numbers at float points that lie on no edge."""
    result = np.zeros(len(points), np.int64)
    up = np.sign(ends[:, 1].astype(np.int64) - starts[:, 1])
    low = np.where((up >= 0)[:, None], starts, ends).astype(np.float64)
    high = np.where((up >= 0)[:, None], ends, starts).astype(np.float64)
    signed = up * weight
    block = max(1, 4_000_000 // max(len(low), 1))
    for first in range(0, len(points), block):
        p = points[first : first + block][:, None, :]
        hit = (low[:, 1] <= p[..., 1]) & (p[..., 1] < high[:, 1])
        d, e = high - low, p - low
        hit &= d[:, 0] * e[..., 1] - e[..., 0] * d[:, 1] > 0
        result[first : first + block] = hit @ signed
    return result


def _face_area_m2(face: shapely.Polygon, origin: IntArray) -> float:
    """Return a face's area; noding may give it fractional steps, so scale by its lattice box."""
    rounded = shapely.transform(face, lambda xy: np.rint(xy + origin))
    whole = LatticePolygons.from_shapely([shapely.transform(rounded, lambda xy: xy / 1e7)])
    steps = shapely.area(rounded)
    exact = float(area_m2(whole)[0])
    return exact * face.area / steps if steps > 0 and exact > 0 else face.area * 1.2e-4
