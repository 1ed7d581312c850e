"""Stations: where to put p of them, or how few reach every cell within d metres.

The models are spopt's (p-median, set covering, maximal covering), solved by HiGHS; distances are straight, or
along streets given as lines.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.errors import InputError, MissingPartError, PlanError
from geogrid.partition.balance.problem import measure_of
from geogrid.types import FloatArray, IntArray

__all__ = ["Placement", "along_streets", "cover_cells", "place_stations", "straight"]

_AT_ONCE = 32
_PAIRS_A_SECOND = 10_000
"""Pairs of cell and candidate for which a p-median model is written down in a second: larger ones are not given to HiGHS."""


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


def straight(cells: FloatArray, candidates: FloatArray) -> FloatArray:
    """Return (n, c) metres straight from each cell to each candidate (both (·, 2) metres)."""
    return np.asarray(np.hypot(*(cells[:, None, :] - candidates[None]).transpose(2, 0, 1)), np.float64)


def along_streets(cells: FloatArray, candidates: FloatArray, streets: npt.NDArray[np.object_]) -> FloatArray:
    """Return (n, c) metres along streets; inf where no street leads.

    Parameters
    ----------
    cells, candidates : (·, 2) float64, metres
    streets : (s,) shapely lines, same CRS, joined where they share a vertex
        Each place is put on the nearest point of a street (to within 10 m), and the way there counts too.
    """
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped]

    parts = shapely.get_parts(np.asarray(streets, dtype=object))
    xy, line = shapely.get_coordinates(shapely.segmentize(parts, 20.0) if len(parts) else parts, return_index=True)
    if len(xy) == 0:
        raise InputError("no streets to go along")
    vertex, number = np.unique(np.round(xy, 2), axis=0, return_inverse=True)
    number = number.ravel()
    step = np.flatnonzero(line[1:] == line[:-1])
    a, b = number[step], number[step + 1]
    length = np.hypot(*(vertex[a] - vertex[b]).T)
    moving = a != b
    pair, first = np.unique(
        np.minimum(a, b)[moving] * np.int64(len(vertex)) + np.maximum(a, b)[moving], return_index=True
    )
    graph = coo_array(
        (length[moving][first], (pair // len(vertex), pair % len(vertex))), shape=(len(vertex), len(vertex))
    ).tocsr()  # fmt: skip
    tree = shapely.STRtree(np.asarray(shapely.points(vertex), dtype=object))

    def onto(places: FloatArray) -> tuple[IntArray, FloatArray]:
        near = tree.query_nearest(np.asarray(shapely.points(places), dtype=object), all_matches=False)[1]
        return near, np.asarray(np.hypot(*(places - vertex[near]).T), np.float64)

    at_cell, to_cell = onto(cells)
    at_site, to_site = onto(candidates)
    used, back = np.unique(at_site, return_inverse=True)
    way = np.empty((len(used), len(at_cell)))
    for begin in range(0, len(used), _AT_ONCE):
        # Ways to every vertex of the town are more than memory holds for a thousand candidates; to the cells they are not.
        few = used[begin : begin + _AT_ONCE]
        way[begin : begin + len(few)] = dijkstra(graph, directed=False, indices=few)[:, at_cell]
    return np.asarray(way[back.ravel()].T + to_cell[:, None] + to_site[None, :], np.float64)


def place_stations(
    distance_m: FloatArray,
    demand: FloatArray,
    stations: int,
    *,
    existing: IntArray | None = None,
    seconds: float = 60.0,
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

    Raises
    ------
    InputError
        If a demand is not an amount (the cells are named).
    PlanError
        If there are fewer candidates than stations, or more existing ones.
    """
    fixed = np.empty(0, np.int64) if existing is None else np.asarray(existing, np.int64)
    candidates = distance_m.shape[1]
    if not max(len(fixed), 1) <= stations <= candidates:
        raise PlanError(
            "that many stations cannot be placed", given=stations,
            allowed=f"{max(len(fixed), 1)} (those that exist) to {candidates} (the candidates)",
        )  # fmt: skip
    amounts = _amounts(demand, len(distance_m))
    far = np.where(np.isfinite(distance_m), distance_m, 1e7)
    sites, proved = exchanged(far, amounts, stations, fixed), False
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
    covering); without, every cell is reached by as few as possible (set covering).

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
        If some cell is reached from no candidate (they are named), or nothing was found in time.
    """
    fixed = np.empty(0, np.int64) if existing is None else np.asarray(existing, np.int64)
    weights = np.ones(len(distance_m)) if demand is None else _amounts(demand, len(distance_m))
    far = np.where(np.isfinite(distance_m), distance_m, 1e12)
    known = fixed if len(fixed) else None
    if stations is None:
        lost = np.flatnonzero((distance_m > within_m).all(axis=1))
        if len(lost):
            raise PlanError(
                f"{len(lost)} cell(s) are reached from no candidate within {within_m:g} m",
                given=", ".join(str(row if codes is None else codes[row]) for row in lost[:10]), mend="add candidates, or allow a longer way",
            )  # fmt: skip
        model, proved = _solved(seconds, "LSCP", far, within_m, predefined_facilities_arr=known)
    else:
        model, proved = _solved(
            seconds, "MCLP", far, weights, within_m, p_facilities=stations, predefined_facilities_arr=known
        )
    sites = _chosen(model)
    if len(sites) == 0:
        raise PlanError("no placement was found in time", given=f"{seconds:g} s", mend="give more seconds")
    return _placement(sites, distance_m, weights, fixed, proved, within_m)


def exchanged(distance_m: FloatArray, demand: FloatArray, stations: int, fixed: IntArray) -> IntArray:
    """Return (p,) candidates that no exchange of one for another makes better; `fixed` ones stay.

    Parameters
    ----------
    distance_m : (n, c) float64, finite
    demand : (n,) float64
    stations : int
    fixed : (e,) int64
    """
    sites = fixed.tolist()
    while len(sites) < stations:
        nearest = distance_m[:, sites].min(axis=1) if sites else np.full(len(distance_m), np.inf)
        sites.append(_best(distance_m, demand, nearest, sites))
    better = True
    while better:
        better = False
        for place in range(len(fixed), stations):
            rest = [*sites[:place], *sites[place + 1 :]]
            nearest = distance_m[:, rest].min(axis=1) if rest else np.full(len(distance_m), np.inf)
            best = _best(distance_m, demand, nearest, rest)
            tried = [*sites[:place], best, *sites[place + 1 :]]
            if _walked(distance_m, demand, tried) < _walked(distance_m, demand, sites) * (1 - 1e-9):
                sites, better = tried, True
    return np.array(sites, np.int64)


def _best(distance_m: FloatArray, demand: FloatArray, nearest: FloatArray, taken: list[int]) -> int:
    """Return the candidate that, added to those `taken`, leaves the demand the shortest ways."""
    total = demand @ np.minimum(distance_m, nearest[:, None])
    total[taken] = np.inf
    return int(np.argmin(total))


def _walked(distance_m: FloatArray, demand: FloatArray, sites: IntArray | list[int]) -> float:
    return float(demand @ distance_m[:, sites].min(axis=1))


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
    mean = float((weights * np.where(reached, way, 0.0)).sum() / weights.sum()) if weights.sum() > 0 else 0.0
    return Placement(sites, np.where(reached, serves, -1), way, mean, proved)
