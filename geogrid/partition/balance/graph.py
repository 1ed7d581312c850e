"""The graph of a layer: which cells share border, how many metres, along which seams.

Adjacency is integer matching: in a proved layer both sides of a border have the same lattice
edges, so an edge found twice joins its two cells. Corners never connect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import Metric
from geogrid.lattice import LatticePolygons, area_m2, edge_length_m
from geogrid.partition.balance.seams import Seam, along_seams
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["CellGraph", "build_graph", "components"]


@dataclass(frozen=True, eq=False)
class CellGraph:
    """n cells and the b borders between them.

    Parameters
    ----------
    codes : (n,) object array of str
        For messages; row numbers as text where cells have no code yet.
    xy : (n, 2) float64
        A point inside each cell, metres in the division's CRS.
    area_m2, outline_m : (n,) float64
        The cell's area, and its border on the outside of the layer.
    first, second : (b,) int64, first < second, in order, each pair once
    length_m : (b,) float64
        Shared border; 0 for a link over water or a gap.
    seam_m : mapping of str to (b,) float64
        How much of it runs along each kind of seam.
    cost_m : (b,) float64
        What it costs where it separates two grids: metres times the factor of the seam.
    barred : mapping of str to (p, 2) int64
        The pairs of cells whose border is none of these because a barrier runs along it, by the barrier's name.
    in_barrier : (n,) bool, optional
        Cells that lie in a barrier, such as those of the river itself.
    """

    codes: npt.NDArray[np.object_]
    xy: FloatArray
    area_m2: FloatArray
    outline_m: FloatArray
    first: IntArray
    second: IntArray
    length_m: FloatArray
    cost_m: FloatArray
    seam_m: Mapping[str, FloatArray] = field(default_factory=dict)
    barred: Mapping[str, IntArray] = field(default_factory=dict)
    in_barrier: BoolArray | None = None

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.codes)

    def where(self, keep: BoolArray) -> CellGraph:
        """Return the graph with only the borders that `keep` marks."""
        seams = {name: metres[keep] for name, metres in self.seam_m.items()}
        return replace(
            self, first=self.first[keep], second=self.second[keep], length_m=self.length_m[keep],
            cost_m=self.cost_m[keep], seam_m=seams,
        )  # fmt: skip

    def linked(self, pairs: IntArray) -> CellGraph:
        """Return the graph with links of no length between further pairs of cells (bridges, ferries)."""
        known = set(zip(self.first.tolist(), self.second.tolist(), strict=True))
        new = sorted({(min(a, b), max(a, b)) for a, b in np.asarray(pairs).reshape(-1, 2).tolist() if a != b} - known)
        if not new:
            return self
        first = np.concatenate([self.first, [a for a, _ in new]]).astype(np.int64)
        second = np.concatenate([self.second, [b for _, b in new]]).astype(np.int64)
        order = np.lexsort((second, first))
        none = np.zeros(len(new))

        def longer(metres: FloatArray) -> FloatArray:
            return np.concatenate([metres, none])[order]

        return replace(
            self, first=first[order], second=second[order], length_m=longer(self.length_m),
            cost_m=longer(self.cost_m), seam_m={name: longer(metres) for name, metres in self.seam_m.items()},
        )  # fmt: skip

    def border_m(self, grid_of: IntArray | Int32Array) -> tuple[float, float]:
        """Return the metres of border between different grids, plain and weighted."""
        cut = np.asarray(grid_of)[self.first] != np.asarray(grid_of)[self.second]
        return float(self.length_m[cut].sum()), float(self.cost_m[cut].sum())


def build_graph(
    polygons: LatticePolygons,
    metric: Metric,
    *,
    codes: npt.NDArray[np.object_] | None = None,
    seams: Sequence[Seam] = (),
    other: Sequence[tuple[IntArray | Int32Array, float]] = (),
) -> CellGraph:
    """Return the rook graph of a proved layer.

    Parameters
    ----------
    polygons : LatticePolygons, n cells
    metric : Metric
        The CRS in which nearness to seams is measured.
    codes : (n,) object array of str, optional
    seams : sequence of Seam
        A border within a seam's distance costs its factor; where several apply, the least. A
        barrier takes the border out of the graph, unless a bridge crosses it.
    other : sequence of ((n,) int, factor)
        Other layers to align with: a border that is also a border of that layer costs its factor.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> graph = build_graph(toy_city().shapes("cell"), Metric.around(121.25, 31.38))
    >>> len(graph), len(graph.first), round(float(graph.length_m[0]))
    (16, 24, 111)
    """
    starts, ends, owner = polygons.edges()
    a, b = ((part[:, 0].astype(np.int64) << 32) + part[:, 1].astype(np.int64) + 2**31 for part in (starts, ends))
    order = np.lexsort((owner, np.maximum(a, b), np.minimum(a, b)))
    low, high, rows = np.minimum(a, b)[order], np.maximum(a, b)[order], owner[order]
    same = np.flatnonzero((low[1:] == low[:-1]) & (high[1:] == high[:-1]) & (rows[1:] != rows[:-1]))
    matched = np.zeros(len(order), bool)
    matched[same] = matched[same + 1] = True
    edge = order[same]
    metres = edge_length_m(starts[edge], ends[edge])
    near = along_seams(seams, metric, starts[edge], ends[edge])
    factor = np.ones(len(edge))
    for seam, mask in zip(seams, near.along, strict=True):
        factor[mask] = np.minimum(factor[mask], seam.factor)
    for membership, discount in other:
        group = np.asarray(membership)
        apart = group[rows[same]] != group[rows[same + 1]]
        factor[apart] *= discount
    count = len(polygons)
    pair, back = np.unique(rows[same] * np.int64(max(count, 1)) + rows[same + 1], return_inverse=True)

    def summed(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(back.ravel(), weights=values, minlength=len(pair)), np.float64)

    outer = order[~matched]
    outline = np.bincount(owner[outer], weights=edge_length_m(starts[outer], ends[outer]), minlength=count)
    inside = shapely.get_coordinates(shapely.point_on_surface(polygons.to_shapely()))
    names: dict[str, FloatArray] = {}
    blocked, blocked_by = np.zeros(len(edge), bool), dict[str, FloatArray]()
    for seam, mask in zip(seams, near.along, strict=True):
        names[seam.name] = names.get(seam.name, np.zeros(len(pair))) + summed(metres * mask)
        if seam.barrier:
            closed = mask & ~near.bridged
            blocked |= closed
            blocked_by[seam.name] = blocked_by.get(seam.name, np.zeros(len(pair))) + summed(metres * closed)
    labels = np.array([str(row) for row in range(count)], dtype=object)
    if codes is not None:
        labels = np.where(codes == "", labels, codes).astype(object)
    length = summed(metres)
    open_ = summed(metres * blocked) < 0.5 * length
    pairs = np.column_stack([pair // max(count, 1), pair % max(count, 1)])
    graph = CellGraph(
        labels, metric.to_metres(inside), area_m2(polygons), np.asarray(outline, np.float64),
        pairs[:, 0], pairs[:, 1], length, summed(metres * factor), names,
        {name: pairs[~open_ & (along > 0)] for name, along in blocked_by.items()}, _in_barriers(inside, seams),
    )  # fmt: skip
    graph = graph.where(open_)
    return graph.linked(_bridge_ends(polygons, [seam for seam in seams if seam.bridges is not None]))


def _in_barriers(points: FloatArray, seams: Sequence[Seam]) -> BoolArray:
    """Return which points (n, 2), degrees, lie in a barrier that has an inside."""
    inside = np.zeros(len(points), bool)
    for seam in seams:
        if seam.barrier:
            tree = shapely.STRtree(np.atleast_1d(np.asarray(seam.shapes, dtype=object)))
            found = tree.query(np.asarray(shapely.points(points), dtype=object), predicate="within")
            inside[found[0]] = True
    return inside


def _bridge_ends(polygons: LatticePolygons, seams: list[Seam]) -> IntArray:
    """Return the cells at both ends of each bridge."""
    lines = [line for seam in seams for line in np.asarray(seam.bridges, dtype=object)]
    if not lines:
        return np.empty((0, 2), np.int64)
    tree = shapely.STRtree(polygons.to_shapely())
    ends = [tree.nearest(shapely.get_point(shapely.line_merge(lines), position)) for position in (0, -1)]
    return np.column_stack(ends).astype(np.int64)


def components(count: int, first: IntArray, second: IntArray) -> IntArray:
    """Return (count,) the connected component of each cell, numbered by its lowest row.

    Examples
    --------
    >>> components(4, np.array([0, 2]), np.array([3, 1])).tolist()
    [0, 1, 1, 0]
    """
    label = np.arange(count)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, first, label[second])
        np.minimum.at(lowest, second, label[first])
        lowest = lowest[lowest]
        lowest = np.minimum(lowest, label[lowest])
        if (lowest == label).all():
            break
        label = lowest
    return np.unique(label, return_inverse=True)[1].astype(np.int64).ravel()
