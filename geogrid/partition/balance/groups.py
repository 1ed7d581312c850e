"""What of a changed plan is kept: grids that exchanged cells form groups, and each group is judged on its own.

A group holds the same cells before and after, so its border to everything else stays and its price does not depend on what
the other groups do. Each may be taken or taken back, and all grids stay whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.compiled import compiled
from geogrid.partition.balance.annealing import price_each
from geogrid.partition.balance.network import Limits, Network, Wishes
from geogrid.partition.balance.trees import leader_of
from geogrid.types import FloatArray, Int32Array

__all__ = ["keep_better_groups"]


@compiled
def keep_better_groups(
    net: Network, limits: Limits, wishes: Wishes, part: Int32Array, changed: Int32Array, hard: FloatArray,
    allowed: FloatArray,
) -> Any:  # fmt: skip
    """Return `part` with the groups of `changed` that are less out of range, or as much and not dearer than allowed.

    Parameters
    ----------
    part, changed : (n,) int32
        The plan before and after; each grid connected in both.
    hard : (m,) float64
        Price of one unit of each scaled weight outside its grid's range, mm; tells which of two is less out of range.
    allowed : (k,) float64
        What a group may cost more, mm; that of its first grid counts.

    Returns
    -------
    (n,) int32
    """
    grids = len(limits.low)
    leader = np.arange(grids)
    for v in range(len(part)):
        if part[v] != changed[v]:
            a, b = leader_of(leader, part[v]), leader_of(leader, changed[v])
            leader[max(a, b)] = min(a, b)
    rise, off = np.zeros(grids), np.zeros((grids, len(hard)), np.int64)
    for plan, sign in ((part, -1.0), (changed, 1.0)):
        cost, outside = price_each(net, limits, wishes, plan)
        for g in range(grids):
            group = leader_of(leader, g)
            rise[group] += sign * cost[g]
            for j in range(len(hard)):
                off[group, j] += np.int64(sign) * outside[g, j]
    kept = part.copy()
    for v in range(len(part)):
        if part[v] != changed[v]:
            group = leader_of(leader, part[v])
            over = 0.0
            for j in range(len(hard)):
                over += off[group, j] * hard[j]
            if over < 0 or (over == 0 and rise[group] <= allowed[group]):
                kept[v] = changed[v]
    return kept
