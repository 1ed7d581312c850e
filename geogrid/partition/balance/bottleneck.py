"""Bottlenecks: a cell that is the only way to several light pieces must take all of them into its own grid."""

from __future__ import annotations

import numpy as np

from geogrid.partition.balance.graph import components
from geogrid.partition.balance.regions import Instance

__all__ = ["bottleneck"]


def bottleneck(instance: Instance) -> tuple[int, int] | None:
    """Return a cell whose grid cannot be in range, and the least primary weight it must have; None if there is none.

    Without the cell its area falls apart. Grids without it lie within a piece, so what a piece has beyond
    as many full grids as it can hold goes to the grid of the cell. Where all that is more than a grid may weigh,
    no contiguous grids are in range, whatever their shapes. All grids must have the same range. A cell that its area
    does not fall apart without is no bottleneck, whatever the sums say.

    Examples
    --------
    Three arms of 2 around a cell of 1, in grids of 3 to 4:

    >>> from geogrid.partition.balance.network import Limits, Wishes, build_network
    >>> star = build_network(np.zeros(3, int), np.arange(1, 4), np.ones(3, int), np.array([[1], [2], [2], [2]]))
    >>> limits = Limits(np.full((2, 1), 3), np.full((2, 1), 4), np.zeros(2, np.uint8), np.full((2, 2), np.nan))
    >>> bottleneck(Instance(star, limits, Wishes(0.0, 0.0, np.inf, 0.0)))
    (0, 7)
    """
    net, limits = instance.net, instance.limits
    low, high = int(limits.low[0, 0]), int(limits.high[0, 0])
    if (limits.low[:, 0] != low).any() or (limits.high[:, 0] != high).any() or low <= 0:
        return None
    weight = net.weight[:, 0]
    half = net.src < net.nbr
    for cell in np.flatnonzero(np.diff(net.indptr) > 1).tolist():
        kept = half & (net.src != cell) & (net.nbr != cell)
        piece = components(len(weight), net.src[kept].astype(np.int64), net.nbr[kept].astype(np.int64))
        others = np.delete(piece, cell)
        if (others == others[0]).all():
            continue
        loads = np.bincount(others, weights=np.delete(weight, cell)).astype(np.int64)
        # As few grids as hold a piece must still be grids: more of them only need more weight.
        rest = np.maximum(loads - loads // low * high, 0)
        least = int(weight[cell]) + int(rest.sum())
        if least > high:
            return cell, least
    return None
