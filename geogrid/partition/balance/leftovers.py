"""Leftovers: the last few people too many or too few, mended among a few grids instead of heating all of them again."""

from __future__ import annotations

import numpy as np

from geogrid.partition.balance.annealing import THRESHOLDS, anneal, loads_of, price
from geogrid.partition.balance.network import Limits
from geogrid.partition.balance.regions import Instance, regions_around, take_region
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["mended"]

_LEVELS = 8
"""Each looks at two grids more around those out of range, and warmer, than the one before."""

_COOLEST, _WARMER = 0.02, 1.7
_SEEDS = 3
_MOVES = 400
_DEAR, _DEARER = 30.0, 2.0
"""What a unit out of range costs, in units that move, when two ways to mend are compared; more from level to level."""

_PRESSED = 15.0
_BENT_FROM, _BEND = 4, 20.0
"""From this level on overload grows with itself, so that a crowded grid hands on to a full one."""


def mended(
    instance: Instance, limits: Limits, part: Int32Array, *, unit: float, mean: FloatArray, seeds: np.random.Generator,
    moves: int,
) -> Int32Array:  # fmt: skip
    """Return the grids with what is out of range mended at least cost, as far as `moves` proposals go.

    Parameters
    ----------
    limits : Limits
        The ranges to aim at, a little narrower than the instance's own.
    part : (n,) int32
        Nearly in range.
    unit : float
        Price of moving a mean cell, mm.
    mean : (m,) float64
        Weight of a mean cell.
    moves : int
        Where much is out of range, annealing all of it again is cheaper than place by place.
    """
    aim = Instance(instance.net, limits, instance.wishes)
    here, level = part, 0
    while level < _LEVELS:
        load = loads_of(instance.net.weight, here, instance.grids)
        off = np.maximum(load - instance.limits.high, instance.limits.low - load).clip(0).sum(axis=1)
        wrong = np.flatnonzero(off)
        if not len(wrong):
            break
        better = here
        for grids in regions_around(instance, here, seeds.permutation(wrong), 3 + 2 * level):
            moves -= _SEEDS * _MOVES * int(np.isin(here, grids).sum())
            if moves < 0:
                return better
            if len(grids) > 1:
                better = _region_mended(instance, aim, better, np.sort(grids), level, unit, mean, seeds)
        level += int(better is here)
        here = better
    return here


def _region_mended(
    instance: Instance, aim: Instance, part: Int32Array, grids: IntArray, level: int, unit: float, mean: FloatArray,
    seeds: np.random.Generator,
) -> Int32Array:  # fmt: skip
    """Return `part` with the best of some annealings of the region, if it is better."""
    real, region = take_region(instance, part, grids), take_region(aim, part, grids)
    wishes = region.instance.wishes._replace(bend=_BEND) if level >= _BENT_FROM else region.instance.wishes

    def value(own: Int32Array) -> float:
        cost, outside = price(real.instance.net, real.instance.limits, real.instance.wishes, own)
        return float(cost) + _DEAR * _DEARER**level * unit * float((outside / mean).sum())

    best, least = None, value(real.part)
    heat = _COOLEST * _WARMER**level * unit
    for _ in range(_SEEDS):
        own = region.part.copy()
        anneal(
            region.instance.net, region.instance.limits, wishes, own, _PRESSED * unit / mean, heat, 0.1 * heat, 6,
            _MOVES * len(own), int(seeds.integers(1, 2**31)), THRESHOLDS,
        )  # fmt: skip
        worth = value(own)
        if worth < least:
            best, least = own, worth
    if best is None:
        return part
    result = part.copy()
    result[region.nodes] = region.grids[best]
    return result
