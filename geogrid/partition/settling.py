"""Settling: who gets a strip. Rules first, then the longest shared side, never beyond the width."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely

from geogrid.errors import InputError
from geogrid.lattice import edge_length_m
from geogrid.partition.splitting import split_between, split_to_triangles
from geogrid.partition.strips import Edge, Ground, Strip, width_m

__all__ = ["HealRule", "Settled", "settle"]

_ROUND_ARC = 64


@dataclass(frozen=True)
class HealRule:
    """What may change hands.

    Parameters
    ----------
    width_m : float
        Strips up to this width are healed, and no ground goes further than this from what its
        new row had, or from what its old row keeps.
    wide_overlaps : {"list", "smaller", "larger"}
        Wider overlaps are left to the planner, or go to the smaller or the larger of their rows.

    Raises
    ------
    InputError
        If the width is not above 0, or there is no such rule.
    """

    width_m: float
    wide_overlaps: Literal["list", "smaller", "larger"] = "list"

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 < self.width_m < float("inf"):
            raise InputError("a width to heal is above 0", given=self.width_m, allowed="metres, e.g. 0.5")
        if self.wide_overlaps not in ("list", "smaller", "larger"):
            raise InputError("no such rule", given=self.wide_overlaps, allowed="list, smaller, larger")


@dataclass(frozen=True, eq=False)
class Settled:
    """What becomes of a strip.

    Parameters
    ----------
    strip : Strip
    width_m : float
    winner : int, optional
        The row that has it alone now; None for nobody, or if nothing is done.
    done : bool
        Whether it changes hands.
    why_not : str
        Why it stays as it is.
    """

    strip: Strip
    width_m: float
    winner: int | None = None
    done: bool = False
    why_not: str = ""


def settle(ground: Ground, rule: HealRule) -> list[Settled]:
    """Return what becomes of every strip of a ground.

    Notes
    -----
    Overlaps are settled before gaps, so that a gap beside an overlap has a neighbour. A gap that
    reaches further than the width from every neighbour (a street network left out) is split
    where its neighbours change. Equal sides go to the row that comes first.
    """
    return _Court(ground, rule).verdicts()


class _Court:
    """The strips still open, and who has settled ground beside them."""

    def __init__(self, ground: Ground, rule: HealRule) -> None:
        self.ground, self.rule = ground, rule
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
        narrow, splittable, whole_m = [], [], {}
        for strip in self.ground.strips:
            width = width_m(strip.shape)
            if width <= self.rule.width_m:
                narrow.append(strip)
                whole_m[id(strip)] = width
            else:
                self._decide_wide(strip, width)
        overlaps, gaps = _parted(narrow, lambda strip: bool(strip.rightful) or strip.area < 0)
        while overlaps or gaps or splittable:
            left = self._round(overlaps, whole_m)
            if len(left) < len(overlaps):
                overlaps = left
                continue
            left = self._round(gaps, whole_m)
            if len(left) < len(gaps):
                gaps = left
                continue
            far = next((strip for strip in gaps if any(self._sides(strip).values())), None)
            pieces = [] if far is None else self._split(far)
            if far is None or len(pieces) < 2:
                break
            gaps = [strip for strip in gaps if strip is not far] + pieces
            whole_m.update({id(piece): width_m(piece.shape) for piece in pieces})
        why = f"reaches further than {self.rule.width_m:g} m from every row that could have it"
        self.settled += [Settled(strip, whole_m[id(strip)], why_not=why) for strip in (*overlaps, *gaps)]
        return self.settled

    def _round(self, strips: list[Strip], width: dict[int, float]) -> list[Strip]:
        """Settle what can be by the ground settled before; return the rest."""
        decided = [(strip, self._winner(strip)) for strip in strips]
        for strip, verdict in decided:
            if verdict is not None:
                self._give(Settled(strip, width[id(strip)], verdict[0], done=True))
        return [strip for strip, verdict in decided if verdict is None]

    def _give(self, outcome: Settled) -> None:
        self.settled.append(outcome)
        self.taken.update(dict.fromkeys(outcome.strip.edges, outcome.winner))

    def _decide_wide(self, strip: Strip, width: float) -> None:
        by_size = {"smaller": 1, "larger": -1}.get(self.rule.wide_overlaps)
        if strip.kind == "overlap" and by_size:
            sizes = {row: by_size * self._shape(row).area for row in strip.rightful}
            winner = min(strip.rightful, key=lambda row: (sizes[row], row))
            if all(not self._kept(row).is_empty for row in strip.owners if row != winner):
                self._give(Settled(strip, width, winner, done=True))
                return
        self.settled.append(Settled(strip, width, why_not=f"wider than {self.rule.width_m:g} m"))

    def _winner(self, strip: Strip) -> tuple[int | None] | None:
        """Return who gets a strip as a tuple, or None while that is open."""
        candidates: list[int | None]
        if strip.area < 0:
            candidates = [None]
        elif len(strip.rightful) == 1:
            candidates = list(strip.rightful)
        else:
            sides = self._sides(strip)
            if not sides:
                return None
            rows = set(strip.rightful or sides)
            candidates = sorted(rows, key=lambda row: (-sides.get(row, 0.0), row))  # type: ignore[arg-type, return-value]
        for row in candidates:
            gains = row is not None and row not in strip.owners
            losers = [owner for owner in strip.owners if owner != row]
            if all(
                self._reaches(other, strip.shape) for other in (*losers, *([row] if gains and row is not None else []))
            ):
                return (row,)
        return None

    def _sides(self, strip: Strip) -> dict[int, float]:
        """Return metres of border with settled ground of rows that may have the strip."""
        found: dict[int, float] = {}
        for edge in strip.edges:
            row = self._beside(strip, edge)
            if row is not None and self.ground.home[row] == strip.area:
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
        for piece in pieces:
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


def _parted(strips: Iterable[Strip], first: Any) -> tuple[list[Strip], list[Strip]]:
    one: list[Strip] = []
    other: list[Strip] = []
    for strip in strips:
        (one if first(strip) else other).append(strip)
    return one, other


def _lengths(ground: Ground) -> Any:
    known: dict[Edge, float] = {}

    def metres(edge: Edge) -> float:
        low, high = min(edge), max(edge)
        if (low, high) not in known:
            ends = ground.vertices[[low, high]].astype(np.int32)
            known[low, high] = float(edge_length_m(ends[:1], ends[1:])[0])
        return known[low, high]

    return metres
