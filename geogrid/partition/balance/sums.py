"""What the sums alone say: so many grids hold less than an area weighs, or need more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.partition.balance.amounts import ranged, spelled
from geogrid.partition.balance.counts import grids_for_range
from geogrid.partition.balance.problem import Measure
from geogrid.types import FloatArray

__all__ = ["Misfit", "misfit"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A measure that no cut of an area can bring into range.

    Parameters
    ----------
    measure : int
        Its place among the measures.
    why : str
    amount : float
        By how much the area weighs too much or too little, in all.
    """

    measure: int
    why: str
    amount: float


def misfit(measures: tuple[Measure, ...], values: FloatArray, low: FloatArray, high: FloatArray) -> Misfit | None:
    """Return the measure whose sum is farthest from what the grids hold and need; None if the sums are in order.

    A cell too heavy for a grid counts as one full grid.

    Parameters
    ----------
    measures : tuple of m Measure
    values : (n, m) float64
        Of the area's cells.
    low, high : (k, m) float64
        What each of its grids must weigh, and may.

    Examples
    --------
    >>> people = Measure("people", np.full(48, 5.0), None, 100.0, 101.0)
    >>> found = misfit((people,), people.values[:, None], np.full((3, 1), 100.0), np.full((3, 1), 101.0))
    >>> found.why
    '3 grids need 300 at least, 60 more than there is; no number fits, 2 hold 202 at most'
    """
    found = []
    for j in range(len(measures)):
        column, most = values[:, j], high[:, j].max()
        heavy = column > most
        held, needed = float(high[:, j].sum()), float(low[:, j].sum())
        lightest, heaviest = (
            float(np.where(heavy, np.minimum(full, most), column).sum()) for full in (low[:, j].min(), most)
        )
        grids = _grids(len(low))
        if lightest > held * (1 + 1e-12):
            over, words = lightest - held, f"{grids} hold{'s' * (len(low) == 1)} {spelled(held)} at most, "
            found.append((over / max(held, 1e-300), Misfit(j, words + f"{spelled(over)} less than there is", over)))
        elif heaviest < needed - 1e-9 * max(needed, 1.0):
            under, words = needed - heaviest, f"{grids} need{'s' * (len(low) == 1)} {spelled(needed)} at least, "
            found.append((under / needed, Misfit(j, words + f"{spelled(under)} more than there is", under)))
    if not found:
        return None
    worst = max(found, key=lambda one: one[0])[1]
    number = _number(measures, values, worst.measure)
    return Misfit(worst.measure, f"{worst.why}{number}", worst.amount)


def _grids(number: int) -> str:
    return f"{number} grid{'s' * (number != 1)}"


def _number(measures: tuple[Measure, ...], values: FloatArray, own: int) -> str:
    """Return which numbers of grids a measure allows, and which other measure does not; "" if it has no range."""
    if not measures[own].is_range:
        return ""
    fits = {
        j: grids_for_range(values[:, j], measure.low or 0.0, measure.high or np.inf)
        for j, measure in enumerate(measures) if measure.is_range
    }  # fmt: skip
    fit, most = fits[own], float(measures[own].high or np.inf)
    if fit.fewest > fit.most:
        return (
            f"; no number fits, {fit.most} hold {spelled(fit.most * most)} at most" if fit.most else "; no number fits"
        )
    words = f"; it takes {fit.fewest}" + (
        " at least" if not measures[own].low else f" to {fit.most}" if fit.most > fit.fewest else ""
    )
    for j, other in fits.items():
        if other.fewest > fit.most or other.most < fit.fewest:
            total, end = spelled(float(values[:, j].sum())), "at least" if other.fewest > fit.most else "at most"
            number = other.fewest if other.fewest > fit.most else other.most
            words += f", but {measures[j].name} {total} in grids of {ranged(measures[j].low or 0.0, measures[j].high or np.inf)} takes {number} {end}"
    return words
