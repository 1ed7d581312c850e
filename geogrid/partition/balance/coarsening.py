"""Coarser networks: cells matched in pairs along their longest borders, level by level."""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.network import Network, build_network
from geogrid.types import Int32Array, IntArray

__all__ = ["coarsen", "contract"]


@compiled
def _match(first: Any, second: Any, count: int) -> Any:
    mate = np.arange(count)
    for i in range(len(first)):
        a, b = first[i], second[i]
        if mate[a] == a and mate[b] == b:
            mate[a] = b
            mate[b] = a
    return mate


def coarsen(net: Network, part: Int32Array, heaviest: IntArray, *, seed: int) -> tuple[Network, Int32Array]:
    """Return a network of about half the cells, and the coarse cell of each cell.

    Only cells of the same grid and the same home are joined, none that is fixed or has to stay
    apart from another, and none heavier together than `heaviest`. Pairs are rated by the share of
    their outlines they have in common (Holtgrewe, Sanders, Schulz 2010), shaken by `seed`.

    Parameters
    ----------
    part : (n,) int32
    heaviest : (m,) int64
    """
    half = np.flatnonzero(net.src < net.nbr)
    first, second = net.src[half], net.nbr[half]
    single = (net.fixed != 0) | (np.diff(net.apart_ptr) > 0)
    joinable = (part[first] == part[second]) & (net.home[first] == net.home[second])
    joinable &= ~single[first] & ~single[second]
    joinable &= (net.weight[first] + net.weight[second] <= heaviest).all(axis=1)
    half = half[joinable]
    first, second = first[joinable], second[joinable]
    outline = np.bincount(net.src, weights=net.cost, minlength=len(part)) + 1.0
    shake = np.random.default_rng(seed).uniform(0.5, 1.0, len(half))
    rating = net.cost[half].astype(np.float64) ** 2 / (outline[first] * outline[second]) * shake
    order = np.argsort(-rating, kind="stable")
    mate = _match(first[order], second[order], len(part))
    _, group = np.unique(np.minimum(np.arange(len(part)), mate), return_inverse=True)
    return contract(net, group), group.astype(np.int32)


def contract(net: Network, group: IntArray) -> Network:
    """Return the network whose cells are the groups: weights, borders and prices add up.

    The group's home is that of its dearest member.
    """
    count = int(group.max()) + 1
    first, second = group[net.src], group[net.nbr]
    forward = first < second
    keys, inverse = np.unique(first[forward].astype(np.int64) * count + second[forward], return_inverse=True)
    cost = np.zeros(len(keys), np.int64)
    np.add.at(cost, inverse, net.cost[forward])
    weight = np.zeros((count, net.weight.shape[1]), np.int64)
    np.add.at(weight, group, net.weight)
    area = net.place[:, :1]
    sums = np.zeros((count, 4))
    np.add.at(sums, group, np.column_stack([area, area * net.place[:, 1:3], net.place[:, 3:]]))
    safe = np.where(sums[:, :1] > 0, sums[:, :1], 1.0)
    sums[:, 1:3] /= safe
    fixed = np.zeros(count, np.uint8)
    np.maximum.at(fixed, group, net.fixed)
    home, stay = np.full(count, -1, np.int32), np.zeros(count, np.int64)
    by_price = np.argsort(net.stay, kind="stable")
    home[group[by_price]] = net.home[by_price]
    np.add.at(stay, group, np.where(net.home == home[group], net.stay, -net.stay * (net.home >= 0)))
    pairs = np.column_stack([np.repeat(np.arange(len(group)), np.diff(net.apart_ptr)), net.apart])
    pairs = np.unique(np.sort(group[pairs], axis=1), axis=0)
    return build_network(
        keys // count, keys % count, cost, weight,
        fixed=fixed, home=home, stay=np.maximum(stay, 0), place=sums, apart=pairs,
    )  # fmt: skip
