"""Settling: who gets a strip. Rules first, then the longest shared side, never beyond the width."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geogrid.lattice import edge_length_m
from geogrid.partition.ground import Ground
from geogrid.partition.splitting import split_between, split_to_triangles
from geogrid.partition.strips import Edge, HealRule, Settled, Strip
from geogrid.types import IntArray

__all__ = ["HealRule", "Settled", "settle"]

_ROUND_ARC = 64


def settle(ground: Ground, rule: HealRule, rank: IntArray) -> list[Settled]:
    """Return what becomes of every strip of a ground.

    Parameters
    ----------
    ground : Ground
    rule : HealRule
    rank : (rows,) int64
        Which row comes first among equals.

    Notes
    -----
    Overlaps are settled before gaps, so that a gap beside an overlap has a neighbour. A gap that
    reaches further than the width from every neighbour (a street network left out) is split
    where its neighbours change. Equal sides go to the row of the lowest rank.
    """
    return _Court(ground, rule, rank).verdicts()


class _Court:
    """The strips still open, and who has settled ground beside them."""

    def __init__(self, ground: Ground, rule: HealRule, rank: IntArray) -> None:
        self.ground, self.rule, self.rank = ground, rule, rank
        self.settled: list[Settled] = []
        self.taken: dict[Edge, int | None] = {}
        self.lost: dict[int, list[Any]] = {}
        self.kept: dict[int, Any] = {}
        for strip in ground.strips:
            for row in strip.owners:
                self.lost.setdefault(row, []).append(strip.shape)
            self.taken.update(dict.fromkeys(strip.edges, None))
        self.metres = _lengths(ground)

    def verdicts(self) -> list[Settled]:
        narrow: list[Strip] = []
        for strip in self.ground.strips:
            if strip.width_m <= self.rule.width_m:
                narrow.append(strip)
            else:
                self._decide_wide(strip)
        firm = [strip for strip in narrow if strip.rightful or strip.area < 0]
        gaps = [strip for strip in narrow if not strip.rightful and strip.area >= 0]
        while True:
            if (left := self._round(firm)) != firm:
                firm = left
            elif (left := self._round(gaps)) != gaps or (left := self._with_one_split(gaps)) != gaps:
                gaps = left
            else:
                break
        why = f"reaches further than {self.rule.width_m:g} m from every row that could have it"
        return [*self.settled, *(Settled(strip, why_not=why) for strip in (*firm, *gaps))]

    def _with_one_split(self, gaps: list[Strip]) -> list[Strip]:
        """Return the gaps with the first that can be split in pieces."""
        for strip in gaps:
            pieces = self._split(strip) if self._sides(strip) else [strip]
            if len(pieces) > 1:
                return [other for other in gaps if other is not strip] + pieces
        return gaps

    def _round(self, strips: list[Strip]) -> list[Strip]:
        """Settle what can be by the ground settled before; return the rest."""
        decided = [(strip, self._winner(strip)) for strip in strips]
        for strip, verdict in decided:
            if verdict is not None:
                self._give(Settled(strip, verdict[0], done=True))
        return [strip for strip, verdict in decided if verdict is None]

    def _give(self, outcome: Settled) -> None:
        self.settled.append(outcome)
        self.taken.update(dict.fromkeys(outcome.strip.edges, outcome.winner))

    def _decide_wide(self, strip: Strip) -> None:
        by_size = {"smaller": 1, "larger": -1}.get(self.rule.wide_overlaps)
        if strip.kind == "overlap" and by_size:
            sizes = {row: by_size * self._shape(row).area for row in strip.rightful}
            winner = min(strip.rightful, key=lambda row: (sizes[row], self.rank[row]))
            if all(not self._kept(row).is_empty for row in strip.owners if row != winner):
                self._give(Settled(strip, winner, done=True))
                return
        self.settled.append(Settled(strip, why_not=f"wider than {self.rule.width_m:g} m"))

    def _winner(self, strip: Strip) -> tuple[int | None] | None:
        """Return who gets a strip as a tuple, or None while that is open."""
        candidates = list(strip.rightful)
        if len(candidates) != 1 and strip.area >= 0:
            sides = self._sides(strip)
            if not sides:
                return None
            candidates = sorted(strip.rightful or sides, key=lambda row: (-sides.get(row, 0.0), self.rank[row]))
        heirs: list[int | None] = [None] if strip.area < 0 else [*candidates]
        for row in heirs:
            touched = {row, *strip.owners} - ({row} if row in strip.owners else set())
            if all(other is None or self._reaches(other, strip.shape) for other in touched):
                return (row,)
        return None

    def _sides(self, strip: Strip) -> dict[int, float]:
        """Return metres of border with settled ground of rows that may have the strip."""
        found: dict[int, float] = {}
        for edge in strip.edges:
            row = self._beside(strip, edge)
            if row is None or self.ground.home[row] != strip.area:
                continue
            if not strip.rightful or row in strip.rightful:
                found[row] = found.get(row, 0.0) + self.metres(edge)
        return {row: round(metres, 6) for row, metres in found.items()}

    def _beside(self, strip: Strip, edge: Edge) -> int | None:
        back = (edge[1], edge[0])
        if back in self.taken:
            return self.taken[back]
        rows = self.ground.beyond(strip, edge)
        return rows[0] if len(rows) == 1 else None

    def _split(self, strip: Strip) -> list[Strip]:
        beside = {edge: self._beside(strip, edge) for edge in strip.edges}
        pieces = split_between(self.ground, strip, beside)
        if len(pieces) < 2:
            pieces = split_to_triangles(self.ground, strip)
        for piece in pieces if len(pieces) > 1 else []:
            self.taken.update(dict.fromkeys(piece.edges, None))
        return pieces

    def _reaches(self, row: int, shape: Any) -> bool:
        """Return whether all of a strip lies within the width of ground that a row keeps for certain."""
        margin = 3 * self.rule.width_m + 1
        west, south, east, north = shape.bounds
        near = shapely.clip_by_rect(self._kept(row), west - margin, south - margin, east + margin, north + margin)
        if near.is_empty:
            return False
        return bool(near.buffer(self.rule.width_m, quad_segs=_ROUND_ARC).covers(shape))

    def _kept(self, row: int) -> Any:
        """Return a row's ground without any strip of it, in metres."""
        if row not in self.kept:
            whole, lost = self._shape(row), self.lost.get(row)
            self.kept[row] = shapely.difference(whole, shapely.union_all(lost)) if lost else whole
        return self.kept[row]

    def _shape(self, row: int) -> Any:
        return shapely.make_valid(self.ground.shape_of(self.ground.edges_of(row + self.ground.areas)))


def _lengths(ground: Ground) -> Any:
    known: dict[Edge, float] = {}

    def metres(edge: Edge) -> float:
        low, high = min(edge), max(edge)
        if (low, high) not in known:
            ends = ground.vertices[[low, high]].astype(np.int32)
            known[low, high] = float(edge_length_m(ends[:1], ends[1:])[0])
        return known[low, high]

    return metres
