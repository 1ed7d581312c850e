"""What to say of an area whose grids stay out of range: met after all, proved impossible, or not known.

The search only ever says that it found nothing. For a small area HiGHS can say more: it finds grids in range, or
proves that there are none. A cheaper argument is tried first: if not even loose cells, wherever they
lie, add up to a load in range, no cut of the area can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.errors import MissingPartError, PlanError
from geogrid.partition.balance.bottleneck import bottleneck
from geogrid.partition.balance.exact import NoSuchGridsError, solve_exactly
from geogrid.partition.balance.regions import Instance
from geogrid.types import Int32Array, IntArray

__all__ = ["Verdict", "is_plain", "judge"]

_MOST_CELLS = 80
_MOST_SUMS = 5_000_000
_MOST_TAKEN_APART = 2000


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is known of an area.

    Parameters
    ----------
    part : (n,) int32 or None
        Grids in range.
    why : str
        Why there are none; "" if that is not known.
    cells : tuple of int
        The cells (nodes of the instance) it hangs on.
    measure : int, optional
        The measure it hangs on; None if it is not known, or all of them together.
    amount : float, optional
        By how much the area weighs too much or too little of it, where that is why.
    """

    part: Int32Array | None
    why: str
    cells: tuple[int, ...] = ()
    measure: int | None = None
    amount: float | None = None


def judge(instance: Instance, *, seconds: float = 5.0) -> Verdict:
    """Return whether an instance without locks and soft aims has grids in range.

    Parameters
    ----------
    seconds : float
        For HiGHS, which is asked about up to 80 cells.

    Examples
    --------
    >>> from geogrid.partition.balance.network import Limits, Wishes, build_network
    >>> row = build_network(np.array([0, 1]), np.array([1, 2]), np.ones(2, int), np.array([[1], [4], [1]]))
    >>> limits = Limits(np.full((2, 1), 3), np.full((2, 1), 3), np.zeros(2, np.uint8), np.full((2, 2), np.nan))
    >>> judge(Instance(row, limits, Wishes(0.0, 0.0, np.inf, 0.0))).why
    'no set of its cells, wherever they lie, weighs between the bounds'
    """
    limits, net = instance.limits, instance.net
    if not _is_free(instance) or instance.grids < 2:
        return Verdict(None, "")
    alike = bool((limits.low == limits.low[0]).all() and (limits.high == limits.high[0]).all())
    for j in range(net.weight.shape[1]):
        if alike and not _reaches(net.weight[:, j], int(limits.low[0, j]), int(limits.high[0, j])):
            return Verdict(None, "no set of its cells, wherever they lie, weighs between the bounds", measure=j)
    if instance.cells <= _MOST_TAKEN_APART:
        found = bottleneck(instance)
        if found is not None:
            share = found[1] / max(int(limits.high[0, 0]), 1)
            said = f"one cell is the only way to so many light pieces that its grid must hold {share:.2f} times the most it may"
            return Verdict(None, said, (found[0],), measure=0)
    if instance.cells > _MOST_CELLS:
        return Verdict(None, "")
    single = 0 if net.weight.shape[1] == 1 else None
    try:
        return Verdict(solve_exactly(instance, seconds=seconds).part, "")
    except NoSuchGridsError:
        return Verdict(None, "no whole grids of its cells weigh between the bounds (proved by HiGHS)", measure=single)
    except (MissingPartError, PlanError):
        return Verdict(None, "")


def _is_free(instance: Instance) -> bool:
    limits, net = instance.limits, instance.net
    bound = net.fixed.any() or limits.closed.any() or len(net.apart) > 0 or not np.isnan(limits.anchor).all()
    return not bound


def is_plain(instance: Instance) -> bool:
    """Return whether HiGHS solves the same problem as the search: up to 80 cells, no locks, no price but the border."""
    small = instance.cells <= _MOST_CELLS and instance.grids > 1
    return small and _is_free(instance) and instance.wishes.roundness == 0


def _reaches(weights: IntArray, low: int, high: int) -> bool:
    """Return whether some of the weights add up to between `low` and `high` (True if there are too many sums to try)."""
    if high > _MOST_SUMS:
        return True
    reached = 1
    for weight in weights[weights <= high].tolist():
        reached |= reached << weight
        reached &= (1 << (high + 1)) - 1
    return reached >> low != 0
