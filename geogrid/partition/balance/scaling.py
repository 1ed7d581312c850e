"""Measures as the search takes them: whole numbers, in the range asked for or the nearest that an area's weight allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.counts import capped_target
from geogrid.partition.balance.graph import components
from geogrid.partition.balance.network import Network
from geogrid.partition.balance.problem import Measure
from geogrid.types import BoolArray, FloatArray, IntArray

__all__ = ["Scaled", "aims_of", "kept_alone"]

_FINE = 1e9
"""Weights that are not whole numbers are counted in billionths of a grid."""

_MOST = 2.0**50
"""Whole weights beyond this in all are counted in billionths of a grid, too: sums stay exact in 64 bits."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A measure as whole numbers.

    Parameters
    ----------
    values : (cells,) int64
        A cell too heavy for a grid counts as one.
    low, high : int
        The range that the search aims at.
    aim : (float, float)
        The same, in the units of the measure.
    heavy : (h,) int64
        The cells above it.
    scale : float
    """

    values: IntArray
    low: int
    high: int
    aim: tuple[float, float]
    heavy: IntArray
    scale: float

    def full(self) -> int:
        """Return what a cell too heavy for a grid counts."""
        return (self.low + self.high) // 2

    def is_met_by(self, grids: int) -> bool:
        """Return whether so many grids are in range on average: those of heavy cells alone, the rest sharing the rest."""
        alone = len(self.heavy)
        rest, light = grids - alone, int(np.delete(self.values, self.heavy).sum())
        if rest <= 0:
            return rest == 0 and light <= alone * (self.high - self.full())
        rounding = 0 if self.scale == 1.0 else len(self.values)
        return rest * self.low - rounding <= light <= rest * self.high + rounding


def _scaled_to(values: FloatArray, asked: tuple[float, float]) -> Scaled:
    low, high = asked[0], asked[1] if np.isfinite(asked[1]) else 2 * max(float(values.sum()), asked[0], 1.0)
    whole_numbers = bool((values == np.rint(values)).all()) and float(values.sum()) < _MOST
    scale = 1.0 if whole_numbers else _FINE / max(high, 1e-300)
    least, most = int(np.ceil(low * scale - 1e-6)), int(np.floor(high * scale + 1e-6))
    if least > most:
        # No whole number lies in the range: as equal as whole units allow.
        least, most = int(np.floor(low * scale)), int(np.ceil(high * scale))
    heavy = values > high * (1 + 1e-12)
    counted = np.where(heavy, (least + most) // 2, np.rint(values * scale)).astype(np.int64)
    return Scaled(counted, least, most, asked, np.flatnonzero(heavy), scale)


def aims_of(measure: Measure, values: FloatArray, grids: int, target: float | None) -> tuple[Scaled, Scaled]:
    """Return a measure with the range asked for, and with the one to aim at.

    They differ where the area's weight fits no grids in the range. The price of weight out of range is linear, so that any
    split would be as good as an even one: the search then aims at the mean.
    """
    if measure.high is not None:
        asked = _scaled_to(values, (float(measure.low or 0.0), measure.high))
    elif target is not None:
        asked = _scaled_to(values, measure.around(target))
    else:
        asked = None
    if asked is not None and asked.is_met_by(grids):
        return asked, asked
    even = _scaled_to(values, measure.around(capped_target(values, grids, measure.spread)[0]))
    return asked or even, even


def kept_alone(net: Network, scaled: list[Scaled], free: BoolArray) -> Network:
    """Return the network with heavy cells counted so high that their grids take no more cells than they must.

    They must take pieces that are too light for a grid and that nothing else touches. A cell that is too light in another
    measure, or not `free`, (n,) bool, must take more anyhow.
    """
    weight = net.weight.copy()
    for j, s in enumerate(scaled):
        others = [one.values[s.heavy] >= one.low for i, one in enumerate(scaled) if i != j]
        alone = s.heavy[np.all([free[s.heavy], *others], axis=0)]
        if not len(alone):
            continue
        heavy = np.zeros(len(weight), bool)
        heavy[s.heavy] = True
        kept = (net.src < net.nbr) & ~heavy[net.src] & ~heavy[net.nbr]
        piece = components(len(weight), net.src[kept].astype(np.int64), net.nbr[kept].astype(np.int64))
        load = np.bincount(piece, weights=np.where(heavy, 0, s.values)).astype(np.int64)
        edge = np.flatnonzero(~heavy[net.src] & heavy[net.nbr] & (load[piece[net.src]] < s.low))
        # Between several heavy cells, the first has the room.
        edge = edge[np.lexsort((net.nbr[edge], piece[net.src[edge]]))]
        first = edge[np.unique(piece[net.src[edge]], return_index=True)[1]]
        room = np.bincount(net.nbr[first], weights=load[piece[net.src[first]]], minlength=len(weight)).astype(np.int64)
        weight[alone, j] = np.maximum(s.full(), s.high - room[alone])
    return net._replace(weight=weight)
