"""Stations: where to put p of them, or how few reach every cell within d metres.

The p-median is spopt's model, the coverings are in `covering`; HiGHS solves them. Distances are straight, or along streets
given as lines.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, MissingPartError, PlanError
from geogrid.partition.balance.covering import fewest_reaching, reaching_most
from geogrid.partition.balance.problem import measure_of
from geogrid.partition.balance.streets import along_streets, straight
from geogrid.types import FloatArray, IntArray, Progress, no_progress

__all__ = ["Placement", "along_streets", "cover_cells", "exchanged", "finite_ways", "place_stations", "straight"]

_PAIRS_A_SECOND = 10_000
"""Pairs of cell and candidate for which a p-median model is written down in a second: larger ones are not given to HiGHS."""

_ROWS_AT_ONCE = 2048
_SAME = 1e-9
"""Totals that differ by less than this share of themselves are the same, whatever order a machine adds them up in."""

_BEYOND = 1000.0
"""A cell out of reach counts as if it were so many times as far away as it may be."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where stations stand and whom they serve.

    Parameters
    ----------
    sites : (p,) int64
        Rows of the candidates chosen, existing ones first.
    serves : (n,) int64
        The position in `sites` of the station nearest to each cell; -1 if none reaches it.
    distance_m : (n,) float64
        To that station.
    mean_m : float
        Weighted by demand.
    proved : bool
        HiGHS proved that no choice is better.
    """

    sites: IntArray
    serves: IntArray
    distance_m: FloatArray
    mean_m: float
    proved: bool


def place_stations(
    distance_m: FloatArray,
    demand: FloatArray,
    stations: int,
    *,
    existing: IntArray | None = None,
    seconds: float = 60.0,
    progress: Progress = no_progress,
) -> Placement:
    """Return where `stations` stations stand so that the demand walks least (p-median).

    Stations are placed one by one and exchanged as long as that helps; then HiGHS looks for better and proves that there
    is none, where it can in the time given.

    Parameters
    ----------
    distance_m : (n, c) float64
        From each cell to each candidate.
    demand : (n,) float64
    stations : int
        In all, existing ones included.
    existing : (e,) int64, optional
        Candidates that stand already and stay.
    seconds : float
        For HiGHS. A model that would take longer to write down is not given to it, and nothing is proved.
    progress : callable
        Called with (step, done, total).

    Raises
    ------
    InputError
        If a demand is not an amount (the cells are named).
    PlanError
        If there are fewer candidates than stations, or more existing ones.
    """
    fixed = np.empty(0, np.int64) if existing is None else np.asarray(existing, np.int64)
    _require_room(stations, fixed, distance_m.shape[1])
    amounts = _amounts(demand, len(distance_m))
    far = finite_ways(distance_m)
    sites, proved = exchanged(far, amounts, stations, fixed, progress=progress), False
    if distance_m.size <= _PAIRS_A_SECOND * seconds:
        known = fixed if len(fixed) else None
        model, proved = _solved(
            seconds, "PMedian", far, amounts, p_facilities=stations, predefined_facilities_arr=known
        )
        chosen = _chosen(model)
        if len(chosen) == stations and _walked(far, amounts, chosen) < _walked(far, amounts, sites):
            sites = chosen
    return _placement(sites, distance_m, amounts, fixed, proved, np.inf)


def cover_cells(
    distance_m: FloatArray,
    within_m: float,
    *,
    demand: FloatArray | None = None,
    stations: int | None = None,
    existing: IntArray | None = None,
    codes: npt.NDArray[np.object_] | None = None,
    seconds: float = 60.0,
) -> Placement:
    """Return the fewest stations that reach every cell within `within_m`, or the best `stations` ones.

    With `stations`, that many are placed so that as much `demand` as possible is reached (maximal
    covering); without, every cell is reached by as few as possible (set covering). Of equally good ones those that exchanging
    one by one finds with shorter ways.

    Parameters
    ----------
    distance_m : (n, c) float64
        From each cell to each candidate: `straight` or `along_streets`.
    within_m : float
    codes : (n,) object array of str, optional
        What cells are called in messages; their rows if left out.

    Raises
    ------
    InputError
        If a demand is not an amount (the cells are named).
    PlanError
        If without `stations` some cell is reached from no candidate (they are named).
    """
    fixed = np.empty(0, np.int64) if existing is None else np.asarray(existing, np.int64)
    weights = np.ones(len(distance_m)) if demand is None else _amounts(demand, len(distance_m))
    reach = distance_m <= within_m
    if stations is None:
        lost = np.flatnonzero(~reach.any(axis=1))
        if len(lost):
            raise PlanError(
                f"{len(lost)} cell(s) are reached from no candidate within {within_m:g} m",
                given=", ".join(str(row if codes is None else codes[row]) for row in lost[:10]), mend="add candidates, or allow a longer way",
            )  # fmt: skip
        sites, proved = fewest_reaching(reach, fixed, seconds)
    else:
        _require_room(stations, fixed, distance_m.shape[1])
        sites, proved = reaching_most(reach, weights, stations, fixed, seconds)
    # A price beyond reach that no way can make up for: only ways between reached cells get shorter.
    priced = np.where(reach, distance_m, _BEYOND * within_m)
    free = np.concatenate([fixed, np.setdiff1d(sites, fixed)]).astype(np.int64)
    nearer = exchanged(priced, weights, len(sites), fixed, begin=free)
    if not (reach[:, sites].any(axis=1) & ~reach[:, nearer].any(axis=1)).any():
        sites = nearer
    return _placement(sites, distance_m, weights, fixed, proved, within_m)


def exchanged(
    distance_m: FloatArray, demand: FloatArray, stations: int, fixed: IntArray, *, begin: IntArray | None = None,
    progress: Progress = no_progress,
) -> IntArray:  # fmt: skip
    """Return (p,) candidates that no exchange of one for another makes better; `fixed` ones stay.

    Parameters
    ----------
    distance_m : (n, c) float64, finite
    demand : (n,) float64
    stations : int
    fixed : (e,) int64
    begin : (p,) int64, optional
        Candidates to begin with, `fixed` first; placed one by one if left out.
    progress : callable
        Called with (step, done, total).
    """
    sites = (fixed if begin is None else begin).tolist()
    while len(sites) < stations:
        nearest = distance_m[:, sites].min(axis=1) if sites else np.full(len(distance_m), np.inf)
        sites.append(_best(distance_m, demand, nearest, sites))
        progress("place stations", len(sites), stations)
    better, walked = True, _walked(distance_m, demand, sites)
    while better:
        better = False
        for place in range(len(fixed), stations):
            rest = [*sites[:place], *sites[place + 1 :]]
            nearest = distance_m[:, rest].min(axis=1) if rest else np.full(len(distance_m), np.inf)
            tried = [*sites[:place], _best(distance_m, demand, nearest, rest), *sites[place + 1 :]]
            now = _walked(distance_m, demand, tried)
            if now < walked * (1 - _SAME):
                sites, walked, better = tried, now, True
            progress("exchange stations", place + 1, stations)
    return np.array(sites, np.int64)


def _best(distance_m: FloatArray, demand: FloatArray, nearest: FloatArray, taken: list[int]) -> int:
    """Return the candidate that, added to those `taken`, leaves the demand the shortest ways; the first of equal ones."""
    total = np.zeros(distance_m.shape[1])
    for begin in range(0, len(distance_m), _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        total += demand[rows] @ np.minimum(distance_m[rows], nearest[rows, None])
    total[taken] = np.inf
    return int(np.flatnonzero(total <= total.min() * (1 + _SAME))[0])


def finite_ways(distance_m: FloatArray) -> FloatArray:
    """Return the distances, ten thousand kilometres where there is no way."""
    return distance_m if np.isfinite(distance_m).all() else np.where(np.isfinite(distance_m), distance_m, 1e7)


def _walked(distance_m: FloatArray, demand: FloatArray, sites: IntArray | list[int]) -> float:
    return float(demand @ distance_m[:, sites].min(axis=1))


def _require_room(stations: int, fixed: IntArray, candidates: int) -> None:
    if not max(len(fixed), 1) <= stations <= candidates:
        raise PlanError(
            "that many stations cannot be placed", given=stations,
            allowed=f"{max(len(fixed), 1)} (those that exist) to {candidates} (the candidates)",
        )  # fmt: skip


def _amounts(demand: FloatArray, cells: int) -> FloatArray:
    rows = np.array([f"row {row}" for row in range(cells)], dtype=object)
    if len(demand) != cells:
        raise InputError("demand and distances differ in length", given=len(demand), allowed=f"{cells}, one a cell")
    return measure_of("demand", demand, codes=rows).values


def _chosen(model: Any) -> IntArray:
    return np.flatnonzero([(variable.value() or 0) > 0.5 for variable in model.fac_vars]).astype(np.int64)


def _solved(seconds: float, kind: str, *args: Any, **options: Any) -> tuple[Any, bool]:
    """Return spopt's model `kind` solved, and whether its solution is proved to be best."""
    try:
        import pulp  # type: ignore[import-untyped]
        from spopt import locate
    except ImportError:
        raise MissingPartError("the location models are not installed", mend="pip install 'geogrid[balance]'") from None
    with warnings.catch_warnings():
        # spopt builds its models by pulp calls that pulp 4 will drop; none of the caller's business.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = getattr(locate, kind).from_cost_matrix(*args, **options)
        model.problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds, threads=1))
    if pulp.LpStatus[model.problem.status] == "Infeasible":
        raise PlanError("no placement meets the demands; proved by HiGHS")
    return model, bool(model.problem.sol_status == pulp.constants.LpSolutionOptimal)


def _placement(
    chosen: IntArray, distance_m: FloatArray, demand: FloatArray, fixed: IntArray, proved: bool, within_m: float
) -> Placement:
    sites = np.concatenate([fixed, np.setdiff1d(chosen, fixed)]).astype(np.int64)
    serves = np.argmin(distance_m[:, sites], axis=1).astype(np.int64)
    way = distance_m[np.arange(len(distance_m)), sites[serves]]
    reached = np.isfinite(way) & (way <= within_m)
    weights = np.where(reached, demand, 0.0)
    mean = float(weights @ np.where(reached, way, 0.0) / weights.sum()) if weights.sum() > 0 else 0.0
    return Placement(sites, np.where(reached, serves, -1), way, mean, proved)
