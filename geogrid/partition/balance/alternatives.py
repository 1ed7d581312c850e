"""Alternatives: several good plans side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.lattice import LatticePolygons
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.problem import Problem
from geogrid.partition.balance.reasons import GridReasons, explain, findings_of
from geogrid.partition.balance.rebalance import matched
from geogrid.partition.balance.solving import Balanced, balance
from geogrid.types import Finding, Progress, no_progress

__all__ = ["Alternative", "alternatives"]


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
    """

    seed: int
    result: Balanced
    reasons: GridReasons
    differs: float
    findings: tuple[Finding, ...]

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
    """Return `count` plans by different seeds, valid ones first, then by weighted border.

    Parameters
    ----------
    cells : LatticePolygons, optional
        The layer below, for the grids' shapes; without it the hull is left out.

    Ctrl-C gives the plans made so far, the one under way with its best grids.
    """
    results: list[tuple[int, Balanced]] = []
    for number in range(count):
        results.append((seed + number, balance(problem, seed=seed + number, budget=budget)))
        progress("alternatives", number + 1, count)
        if results[-1][1].stopped == "interrupt":
            break
    results.sort(key=lambda pair: (not pair[1].valid, pair[1].cost_m, pair[0]))
    first = results[0][1].membership
    weight = problem.measures[0].values
    total = float(weight.sum()) or 1.0
    made = []
    for own, result in results:
        named = matched(first, result.membership, weight)
        differs = float(weight[named != first].sum()) / total
        made.append(Alternative(own, result, explain(problem, result, cells), differs, findings_of(problem, result)))
    return tuple(made)
