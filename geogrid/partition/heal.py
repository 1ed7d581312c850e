"""Heal: a hand-drawn division with gaps, overlaps and slivers becomes a partition.

Strips up to a stated width change hands; everything else stays where it was drawn, and is
listed. All borders stay on the lattice: a healed row is its own directed edges plus those of
the strips it gained, minus those it lost, summed as chains of integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geogrid.crs import Metric
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons, area_m2, prove_partition, uncancelled_edges
from geogrid.partition.adopted_faults import filled_union
from geogrid.partition.changes import Change
from geogrid.partition.ground import Ground
from geogrid.partition.mending import enclosed
from geogrid.partition.settling import settle
from geogrid.partition.splitting import feet_of_junctions
from geogrid.partition.strips import Edge, HealRule, Settled
from geogrid.partition.unfolding import unfolded
from geogrid.types import FloatArray, IntArray

__all__ = ["HealRule", "Healed", "heal"]

_ROUNDS = 4

CRACK_M = 0.05
"""How wide a strip may be that noding left."""


@dataclass(frozen=True, eq=False)
class Healed:
    """A division after healing.

    Parameters
    ----------
    cells : LatticePolygons
        The rows, in their order.
    areas : LatticePolygons, optional
        The outlines, with the vertices that healed borders add.
    changes : tuple of Change
        The largest first.
    """

    cells: LatticePolygons
    areas: LatticePolygons | None
    changes: tuple[Change, ...]


def heal(
    cells: LatticePolygons,
    labels: Sequence[str],
    metric: Metric,
    rule: HealRule,
    *,
    areas: LatticePolygons | None = None,
    home: IntArray | None = None,
) -> Healed:
    """Return a division without the gaps, overlaps and slivers that a rule allows to heal.

    Parameters
    ----------
    cells : LatticePolygons, n rows
    labels : sequence of str
        What each row is called in the report.
    metric : Metric
        Widths are measured there.
    rule : HealRule
    areas : LatticePolygons, optional
        Official outlines; they never move. Left out: ground that the rows enclose and give to
        nobody is a gap, and a border to the outside stays as drawn.
    home : (n,) int, optional
        The area each row belongs to; needed with `areas`. Where a row crosses the border of
        its area by more than the width, rows are healed in the whole place instead.

    Raises
    ------
    InputError
        If a row crosses itself and cannot be laid out on the lattice.

    Notes
    -----
    The width of a strip is the diameter of the largest circle that fits in. An overlap goes to
    the row among its owners with the longest shared side, a gap to the neighbour with the
    longest; what lies outside a row's area is cut off it. The result does not depend on the
    order of rows: of equal sides the row whose label comes first has it.
    """
    homes = np.zeros(len(cells), np.int64) if home is None else np.asarray(home, np.int64)
    labels = [str(label) for label in labels]
    rank = np.argsort(np.argsort(np.array(labels), kind="stable"), kind="stable")
    done: list[Change] = []
    cells, folds = unfolded(cells, labels)
    done += folds
    whole = areas is None
    ground = _ground(cells, areas, homes, metric, whole=whole)
    settled = [] if ground is None else settle(ground, rule, rank)
    if not whole and any(_divides_rows(outcome, rule) for outcome in settled):
        whole = True
        ground = _ground(cells, areas, homes, metric, whole=True)
        settled = [] if ground is None else settle(ground, rule, rank)
    if ground is not None and (feet := feet_of_junctions(ground, settled, rule)).size:
        ground = _ground(cells, areas, homes, metric, whole=whole, extra=feet)
        settled = [] if ground is None else settle(ground, rule, rank)
    left = [] if ground is None else [_change(ground, outcome, labels) for outcome in settled if not outcome.done]
    # Noding may leave cracks a step wide beside edges that took no part; nothing wider moves again.
    cracks = HealRule(min(rule.width_m, CRACK_M))
    for _ in range(_ROUNDS):
        if ground is None or not any(outcome.done for outcome in settled):
            break
        done += [_change(ground, outcome, labels) for outcome in settled if outcome.done]
        areas, cells = _handed_over(ground, settled)
        ground = _ground(cells, areas, homes, metric, whole=whole)
        settled = [] if ground is None else settle(ground, cracks, rank)
    ordered = sorted((*done, *left), key=lambda change: (-change.m2, change.lon, change.lat, change.kind))
    return Healed(cells, areas, tuple(ordered))


def _divides_rows(outcome: Settled, rule: HealRule) -> bool:
    """Return whether a strip shows that rows do not nest in their areas, even to within the width."""
    strip = outcome.strip
    strangers = len(strip.owners) > len(strip.rightful)
    return strip.area >= 0 and strangers and strip.width_m > rule.width_m


def _ground(
    cells: LatticePolygons, areas: LatticePolygons | None, home: IntArray, metric: Metric, *, whole: bool,
    extra: FloatArray | None = None,
) -> Ground | None:  # fmt: skip
    """Return the noded ground around the faults, None if there are none."""
    parents = filled_union(cells) if areas is None else filled_union(areas, fill=False) if whole else areas
    group = np.zeros(len(cells), np.int64) if whole else home
    proof = prove_partition(cells, parents, group)
    if not any(finding.rule != "is_simple" for finding in proof.findings):
        return None
    faults = [finding.geometry for finding in proof.findings if finding.geometry is not None]
    steps = [*shapely.transform(faults, lambda xy: xy * STEPS_PER_DEGREE), *_loose(cells, parents, group)]
    count = 0 if areas is None else len(areas)
    polygons = cells if areas is None else LatticePolygons.concatenate([areas, cells])
    return Ground(
        polygons.to_shapely_steps(), count, home, whole=whole, faults=steps, extra=extra,
        to_metres=lambda xy: metric.to_metres(xy / STEPS_PER_DEGREE),
    )  # fmt: skip


def _loose(cells: LatticePolygons, parents: LatticePolygons, group: IntArray) -> list[Any]:
    """Return the edges that do not cancel: the border of every fault, found without any rounding."""
    starts, ends, owner = cells.edges()
    first, last, parent = parents.edges()
    a, b, _, _ = uncancelled_edges(
        np.concatenate([starts, last]), np.concatenate([ends, first]), np.concatenate([group[owner], parent])
    )
    return list(np.asarray(shapely.linestrings(np.stack([a, b], axis=1).astype(np.float64)), dtype=object))


def _handed_over(ground: Ground, settled: Sequence[Settled]) -> tuple[LatticePolygons | None, LatticePolygons]:
    """Return areas and rows with their new vertices and their strips gained and lost."""
    noded = ground.borders.on_lattice(ground.vertices.astype(np.int32))
    count = ground.areas
    gained: dict[int, list[Edge]] = {}
    for outcome in settled:
        if not outcome.done:
            continue
        strip, winner = outcome.strip, outcome.winner
        if winner is not None and winner not in strip.owners:
            gained.setdefault(winner, []).extend(strip.edges)
        for row in strip.owners:
            if row != winner:
                gained.setdefault(row, []).extend((v, u) for u, v in strip.edges)
    rows = {row: _as_one(_enclosed(ground, [*ground.edges_of(row + count), *edges])) for row, edges in gained.items()}
    for row in _folded(noded, count):
        rows.setdefault(row, _as_one(_enclosed(ground, ground.edges_of(row + count))))
    position = np.arange(count, len(noded))
    for number, row in enumerate(sorted(rows)):
        position[row] = len(noded) + number
    together = LatticePolygons.concatenate([noded, *(rows[row] for row in sorted(rows))])
    return (noded.take(np.arange(count)) if count else None), together.take(position)


def _folded(polygons: LatticePolygons, count: int) -> list[int]:
    """Return the rows that touch themselves along an edge since they were noded."""
    shapes = polygons.take(np.arange(count, len(polygons))).to_shapely_steps()
    return [int(row) for row in np.flatnonzero(~shapely.is_valid(shapes))]


def _enclosed(ground: Ground, edges: Sequence[Edge]) -> LatticePolygons:
    ends = ground.vertices[np.array(edges, np.int64).reshape(-1, 2)].astype(np.int32)
    return enclosed(ends[:, 0], ends[:, 1])


def _as_one(pieces: LatticePolygons) -> LatticePolygons:
    """Return polygons as the parts of one geometry."""
    offsets = np.array([0, len(pieces.part_offsets) - 1], np.int64)
    return LatticePolygons(pieces.coords, pieces.ring_offsets, pieces.part_offsets, offsets)


def _change(ground: Ground, outcome: Settled, labels: Sequence[str]) -> Change:
    strip = outcome.strip
    shape = _as_one(_enclosed(ground, strip.edges))
    geometry: Any = shape.to_shapely()[0]
    point = shapely.point_on_surface(geometry)
    gained = "" if outcome.winner is None else labels[outcome.winner]
    lost = tuple(sorted(labels[row] for row in strip.owners if row != outcome.winner))
    return Change(
        strip.kind, outcome.done, float(area_m2(shape)[0]), strip.width_m, point.x, point.y, gained, lost,
        outcome.why_not, geometry,
    )  # fmt: skip
