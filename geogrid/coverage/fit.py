"""Fit on real tickets: load, its concentration, and the mix of categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.coverage.families import Family, find_families
from geogrid.errors import InputError
from geogrid.types import Finding, FloatArray

__all__ = ["Fit", "Load", "entropy", "fit_reports", "gini"]


@dataclass(frozen=True, slots=True)
class Load:
    """How reports spread over the units of one column.

    Parameters
    ----------
    by : str
        ``"grid"``, ``"station"``, ``"person"`` or ``"department"``.
    total : int
        Reports with a unit.
    counts : tuple of (unit, reports)
        The most loaded first.
    gini : float
        0: all alike; towards 1: one has everything. Units without any report count.
    top_share : float
        Part of all reports that the most loaded unit has.
    solved : tuple of (unit, share)
        Part solved, where the reports say so.
    """

    by: str
    total: int
    counts: tuple[tuple[str, int], ...]
    gini: float
    top_share: float
    solved: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Fit:
    """How a division and a roster fit past reports.

    Parameters
    ----------
    loads : tuple of Load
    mix : tuple of (grid, entropy in bits, most frequent category, its share)
    families : tuple of Family
    findings : tuple of Finding
    """

    loads: tuple[Load, ...]
    mix: tuple[tuple[str, float, str, float], ...]
    families: tuple[Family, ...]
    findings: tuple[Finding, ...]


def gini(counts: npt.ArrayLike) -> float:
    """Return the Gini coefficient of non-negative counts.

    Examples
    --------
    >>> gini([5, 5, 5, 5]), gini([0, 0, 0, 20])
    (0.0, 0.75)
    """
    values = np.sort(np.asarray(counts, np.float64))
    total = values.sum()
    if len(values) == 0 or total == 0:
        return 0.0
    rank = np.arange(1, len(values) + 1)
    return float((2 * (rank * values).sum() / total - len(values) - 1) / len(values))


def entropy(counts: npt.ArrayLike) -> float:
    """Return the Shannon entropy of counts, in bits.

    Examples
    --------
    >>> entropy([1, 1]), entropy([3, 0])
    (1.0, 0.0)
    """
    values = np.asarray(counts, np.float64)
    share = values[values > 0] / max(values.sum(), 1)
    return float(-(share * np.log2(share)).sum() + 0.0)


def fit_reports(
    answers: Any,
    *,
    grid: str,
    category: Any = None,
    solved: Any = None,
    lon: FloatArray | None = None,
    lat: FloatArray | None = None,
    seconds: npt.ArrayLike | None = None,
    units: dict[str, int] | None = None,
    top_share: float = 0.5,
    near_m: float = 50.0,
    within_hours: float = 24.0,
) -> Fit:
    """Return how past reports fit.

    Parameters
    ----------
    answers : pandas.DataFrame
        What `answer_frame` returned for them.
    grid : str
        Column of `answers` with the grid.
    category, solved : array_like, optional
        Of each report; `solved` true or false.
    lon, lat : (n,) float64, optional
        Degrees, WGS 84; with `seconds` they find near-duplicates.
    seconds : (n,) int, optional
        When each was filed.
    units : mapping of ``"grid"``, ``"station"``, ``"person"``, ``"department"`` to int, optional
        How many units there are, so that those without any report count as such.
    top_share : float
        A unit with more of all reports is flagged.
    near_m, within_hours : float
        How near two reports of one category must be to count as one matter.
    """
    columns = {"grid": grid, "station": "station", "person": "person", "department": "department"}
    done = None if solved is None else np.asarray(solved, bool)
    loads = [
        _load(by, answers[column], done, (units or {}).get(by, 0))
        for by, column in columns.items()
        if column in answers.columns
    ]
    findings = [finding for load in loads for finding in _concentrated(load, top_share)]
    mix: tuple[tuple[str, float, str, float], ...] = ()
    families: tuple[Family, ...] = ()
    if category is not None:
        kinds = np.asarray(category, dtype=object)
        mix = _mix(answers[grid], kinds)
        if lon is not None and lat is not None and seconds is not None:
            if len(kinds) != len(lon):
                raise InputError("columns of different length", given=f"{len(kinds)} and {len(lon)}")
            owner = np.array([str(code) for code in answers[grid].astype(object)], dtype=object)
            families = find_families(kinds, lon, lat, seconds, owner, near_m=near_m, within_hours=within_hours)
    return Fit(tuple(loads), mix, families, tuple(findings))


def _load(by: str, column: Any, solved: npt.NDArray[np.bool_] | None, units: int) -> Load:
    import pandas as pd

    names = pd.Series(np.asarray(column.astype(object)), dtype=object)
    kept = names.notna() & (names != "")
    counts = names[kept].value_counts(sort=True)
    pairs = tuple(sorted(((str(name), int(count)) for name, count in counts.items()), key=lambda p: (-p[1], p[0])))
    values = [count for _, count in pairs] + [0] * max(units - len(pairs), 0)
    total = int(sum(values))
    shares: tuple[tuple[str, float], ...] = ()
    if solved is not None and total:
        rate = pd.Series(solved)[kept].groupby(names[kept]).mean()
        shares = tuple((name, float(rate[name])) for name, _ in pairs)
    return Load(by, total, pairs, gini(values), pairs[0][1] / total if total else 0.0, shares)


def _concentrated(load: Load, top_share: float) -> list[Finding]:
    if load.top_share <= top_share or len(load.counts) < 2:
        return []
    name, count = load.counts[0]
    solved = f", and solves {dict(load.solved)[name]:.0%} of them" if load.solved else ""
    text = f"{load.by} {name} gets {count} of {load.total} reports ({load.top_share:.0%}){solved}; Gini {load.gini:.2f}"
    return [Finding("load_is_spread", text, (name,), amount=float(count))]


def _mix(grids: Any, kinds: npt.NDArray[np.object_]) -> tuple[tuple[str, float, str, float], ...]:
    names, grid = np.unique(np.asarray(grids.astype(object)).astype(str), return_inverse=True)
    words, kind = np.unique(kinds.astype(str), return_inverse=True)
    table = np.zeros((len(names), len(words)), np.int64)
    np.add.at(table, (grid, kind), 1)
    rows = []
    for name, counts in zip(names.tolist(), table, strict=True):
        top = int(counts.argmax())
        rows.append((name, entropy(counts), str(words[top]), float(counts[top] / counts.sum())))
    return tuple(sorted(rows, key=lambda row: (row[1], row[0])))
