"""The search for good grids: start by trees, anneal from coarse to fine, then polish.

1. *Start.* Spanning trees are cut into grids of about equal weight (`trees`), or the given grids are taken.
2. *Anneal.* At every temperature cells are joined in pairs, pairs in fours and so on (`levels`), and each scale is
   annealed, the coarsest first: blocks of cells shift a border as a whole, single cells straighten it.
3. *Polish.* Sets of neighbouring grids are heated and cooled again and again, until the budget is spent; each group of
   grids that exchanged cells is kept or taken back on its own (`groups`).

Every step works on disjoint regions with a random stream of their own (`regions`), so the number
of threads does not change the result. At every moment the best plan so far is known.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from geogrid.partition.balance.clock import Budget, Clock
from geogrid.partition.balance.levels import anneal_from_hot_to_cold
from geogrid.partition.balance.network import warmth_of
from geogrid.partition.balance.polishing import polish
from geogrid.partition.balance.regions import Instance
from geogrid.partition.balance.run import Run, Schedule
from geogrid.partition.balance.trees import cut_into_grids
from geogrid.types import Int32Array, IntArray, Progress, no_progress

__all__ = ["Outcome", "Schedule", "search"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a search ended with.

    Parameters
    ----------
    part : (n,) int32
        The grid of each cell.
    outside : (m,) int64
        Scaled weight outside the grids' ranges; all 0 for a valid plan.
    price_mm : float
        Total price, millimetres of border.
    seconds : float
        Spent, as the budget counts.
    stopped : {"effort", "time", "interrupt"}
    """

    part: Int32Array
    outside: IntArray
    price_mm: float
    seconds: float
    stopped: str


def search(
    instance: Instance,
    *,
    budget: Budget,
    seed: int,
    start: Int32Array | None = None,
    keep_start: bool = False,
    schedule: Schedule | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Return the best grids found for a connected instance.

    Parameters
    ----------
    instance : Instance
        At least as many cells as grids.
    seed : int
    start : (n,) int32, optional
        Connected grids to begin with; by default they are cut along trees.
    keep_start : bool
        The start is worth keeping (a rebalance): do not melt it, begin on the finest level.
    """
    schedule = schedule or Schedule()
    seeds = np.random.default_rng(seed)
    instance = replace(instance, net=instance.net._replace(warmth=warmth_of(instance.net, schedule.local)))
    part = np.zeros(instance.cells, np.int32) if start is None else np.ascontiguousarray(start, np.int32)
    half = instance.net.src < instance.net.nbr
    border = float(instance.net.cost[half].mean()) if half.any() else 1.0
    # What one move typically changes: a border, a tenth of a unit of shape, a cell's breadth of way.
    breadth = float(np.sqrt(instance.net.place[:, 0].mean()))
    border = max(border + 0.1 * instance.wishes.roundness + breadth * instance.wishes.pull, 1.0)
    weight = instance.net.weight
    mean = np.array([w[w > 0].mean() if (w > 0).any() else 1.0 for w in weight.T.astype(np.float64)])
    clock = Clock(budget)
    with ThreadPoolExecutor(budget.workers) as threads:
        pool = threads if budget.workers > 1 else None
        # Overload must cost more than leaving home, or nothing would move to mend it.
        stay = instance.net.stay[instance.net.stay > 0]
        dear = border + (float(stay.mean()) if len(stay) else 0.0)
        run = Run(instance, clock, schedule, pool, seeds, progress, dear / mean, border, dear / border)
        if start is None and instance.grids > 1:
            part = cut_into_grids(instance.net, instance.grids, 8, run.seed())
        run.note(part)
        if instance.grids > 1:
            part = anneal_from_hot_to_cold(run, part, keep_start)
            polish(run, part)
    return Outcome(run.best_part, run.best_outside, run.best[1], clock.elapsed, clock.ended)
