"""Alternatives: several good plans side by side."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np

from geogrid.lattice import LatticePolygons
from geogrid.partition.balance.assembling import Balanced
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.interruption import ctrl_c_sets
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.reasons import GridReasons, explain, findings_of
from geogrid.partition.balance.rebalance import matched
from geogrid.partition.balance.solving import balance
from geogrid.types import Finding, Int32Array, Progress, no_progress

__all__ = ["Alternative", "alternatives"]

_SEEDS = 3
"""Seeds that are tried for each plan asked for."""


@dataclass(frozen=True, eq=False)
class Alternative:
    """One plan among several.

    Parameters
    ----------
    seed : int
    result : Balanced
    reasons : GridReasons
    differs : float
        Share of the primary weight in another grid than in the first plan, grids matched as well as can be.
    findings : tuple of Finding
        What could not be met: areas, cells out of reach, and what else was found on the way.
    same : tuple of int
        Further seeds that gave the same grids.
    """

    seed: int
    result: Balanced
    reasons: GridReasons
    differs: float
    findings: tuple[Finding, ...]
    same: tuple[int, ...] = ()

    def row(self) -> dict[str, float | int | bool]:
        """Return the line of the comparison."""
        hull = self.reasons.area_to_hull
        shape = {"area_to_hull": round(float(hull.mean()), 3)} if np.isfinite(hull).all() else {}
        return {
            "seed": self.seed,
            "grids": len(self.result.area),
            "valid": self.result.valid,
            "worst": round(float(np.abs(self.reasons.deviation[:, 0]).max()), 4),
            "border_km": round(self.result.border_m / 1000, 2),
            "weighted_km": round(self.result.cost_m / 1000, 2),
            "polsby_popper": round(float(self.reasons.polsby_popper.mean()), 3),
            **shape,
            "farthest_m": round(float(self.reasons.farthest_m.max()), 1),
            "seam_share": round(float(self.reasons.seam_share.mean()), 3),
            "differs": round(self.differs, 3),
        }


def alternatives(
    problem: Problem,
    count: int,
    *,
    seed: int = 1,
    budget: Budget | None = None,
    cells: LatticePolygons | None = None,
    progress: Progress = no_progress,
) -> tuple[Alternative, ...]:
    """Return `count` different plans by different seeds, valid ones first, then by weighted border.

    Parameters
    ----------
    seed : int
        The first one. A seed that gives the grids of another is followed by a further one, up to three for each plan
        asked for; then there are fewer plans.
    budget : Budget
        Of each seed. Ctrl-C gives the plans made so far, the one under way with its best grids.
    cells : LatticePolygons, optional
        The layer below, for the grids' shapes; without it the hull is left out.
    """
    budget = budget or Budget()
    stop = budget.stop or threading.Event()
    budget = replace(budget, stop=stop)
    found: dict[bytes, tuple[list[int], Balanced]] = {}
    with ctrl_c_sets(stop):
        for own in range(seed, seed + count * _SEEDS):
            result = balance(problem, seed=own, budget=budget)
            found.setdefault(_grids(result.membership), ([], result))[0].append(own)
            progress("alternatives", len(found), count)
            if len(found) == count or stop.is_set():
                break
    results = sorted(found.values(), key=lambda one: (not one[1].valid, one[1].cost_m, one[0]))
    first = results[0][1].membership
    weight = problem.measures[0].values
    total = float(weight.sum()) or 1.0
    made = []
    for (own, *same), result in results:
        named = matched(first, result.membership, weight)
        differs = float(weight[named != first].sum()) / total
        reasons, said = explain(problem, result, cells), findings_of(problem, result)
        made.append(Alternative(own, result, reasons, differs, said, tuple(same)))
    return tuple(made)


def _grids(membership: Int32Array) -> bytes:
    """Return the same for the same grids, however they are numbered."""
    _, where, grid = np.unique(membership, return_index=True, return_inverse=True)
    return where[grid.ravel()].tobytes()
