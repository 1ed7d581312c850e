"""Load: how many reports each grid, station, person and department has, and how unevenly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.coverage.placing import PlacedReports
from geogrid.coverage.thresholds import LoadLimits
from geogrid.types import BoolArray, Finding

__all__ = ["Holder", "Load", "coded", "gini", "gini_by_chance", "load_findings", "load_of", "loads_of"]

_MORE_THAN_EVEN = 1.5
"""Of two holders one always has half: only beyond this multiple of an even share is a load lopsided."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One grid, station, person or department with its reports.

    Parameters
    ----------
    code, name : str
    reports : int
    solved : int or None
        None where the file does not say.
    """

    code: str
    name: str
    reports: int
    solved: int | None = None

    @property
    def solved_share(self) -> float | None:
        """Solved part of the reports, 0 to 1; None if unknown or without reports."""
        return None if self.solved is None or not self.reports else self.solved / self.reports


@dataclass(frozen=True)
class Load:
    """How reports fall on the holders of one kind.

    Parameters
    ----------
    of : str
        A layer or level, ``station``, ``person`` or ``department``.
    basis : {"place", "file", "answer"}
        By what a report counts for a holder.
    holders : tuple of Holder
        The most reports first; those without reports count, too.
    without : int
        Reports that nobody of the kind has.
    gini, gini_by_chance : float
        See the functions of these names.
    """

    of: str
    basis: str
    holders: tuple[Holder, ...]
    without: int
    gini: float
    gini_by_chance: float

    @property
    def reports(self) -> int:
        """Reports that somebody has."""
        return sum(holder.reports for holder in self.holders)

    @property
    def top_share(self) -> float:
        """Share of the reports that the first holder has, 0 to 1."""
        return self.holders[0].reports / self.reports if self.reports else 0.0


def gini(counts: npt.ArrayLike) -> float:
    """Return the Gini coefficient of (n,) counts: 0 if all are alike, (n - 1) / n if one has everything.

    Examples
    --------
    >>> gini([5, 5, 5]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    x = np.sort(np.asarray(counts, np.float64))
    total = x.sum()
    if len(x) == 0 or total == 0:
        return 0.0
    rank = 2 * np.arange(1, len(x) + 1) - len(x) - 1
    return float((rank * x).sum() / (len(x) * total))


def gini_by_chance(reports: int, holders: int) -> float:
    """Return about what Gini coefficient reports have that fall on holders blindly, each as likely.

    Notes
    -----
    Half the relative mean difference of two Poisson counts: ``exp(-2m) (I0(2m) + I1(2m))`` with the
    mean ``m``; `I0` and `I1` together are the mean of ``exp(2m cos t) (1 + cos t)``.

    Examples
    --------
    >>> round(gini_by_chance(100, 100), 3), round(gini_by_chance(10_000, 100), 3)
    (0.524, 0.056)
    """
    if reports == 0 or holders < 2:
        return 0.0
    twice = 2.0 * reports / holders
    steps = max(256, int(8 * np.sqrt(twice)) * 16)
    angle = (np.arange(steps) + 0.5) * (np.pi / steps)
    return float(np.mean(np.exp(twice * (np.cos(angle) - 1.0)) * (1.0 + np.cos(angle))))


def load_of(
    of: str,
    basis: str,
    codes: npt.NDArray[np.object_],
    solved: BoolArray | None = None,
    names: Mapping[str, str] | None = None,
) -> Load:
    """Return the load of (n,) codes, one per report, ``""`` for none.

    Parameters
    ----------
    of, basis : str
        See `Load`.
    codes : (n,) object array of str
    solved : (n,) bool, optional
    names : mapping of code to name, optional
        Everybody who could have had a report; others are added as they come.
    """
    known = dict(names or {})
    unique, rows = np.unique(codes.astype(str), return_inverse=True)
    counts = np.bincount(rows, minlength=len(unique))
    done = None if solved is None else np.bincount(rows, weights=solved, minlength=len(unique)).astype(int)
    row_of = {str(code): row for row, code in enumerate(unique)}
    holders = []
    for code in dict.fromkeys([*known, *row_of]):
        row = row_of.get(code, -1)
        if code:
            count = int(counts[row]) if row >= 0 else 0
            solved_here = None if done is None else int(done[row]) if row >= 0 else 0
            holders.append(Holder(code, known.get(code, ""), count, solved_here))
    holders.sort(key=lambda one: (-one.reports, one.code))
    numbers = [one.reports for one in holders]
    without = int(counts[row_of[""]]) if "" in row_of else 0
    return Load(of, basis, tuple(holders), without, gini(numbers), gini_by_chance(sum(numbers), len(numbers)))


def loads_of(placed: PlacedReports) -> tuple[Load, ...]:
    """Return the load of grids, levels above the finest, stations, people and departments.

    Stations, people and departments count by what the file says, where it has the column, else by
    who answers; those of the roster who have a duty count with no reports as well.
    """
    desk, past = placed.desk, placed.past
    base, *others = desk.places.layers
    layers = [layer for layer in (*others, *desk.places.areas) if len(layer.codes) > 1] or [base]
    found = [
        load_of(layer.name, "place", placed.of_layer[layer.name], past.solved, _names(layer.codes, layer.names))
        for layer in layers
    ]
    roster = desk.roster
    on_duty = {duty.person for duty in roster.duties}
    persons = {one.id: one.name for one in roster.persons if one.id in on_duty}
    bodies = {one.department for one in roster.persons if one.id in on_duty} | {
        duty.code for duty in roster.duties if duty.layer == "department"
    }
    served = {place.station for place in desk.classes.found if place.station}
    kinds = {
        "station": {one.code: one.name for one in roster.stations if one.code in served},
        "person": persons,
        "department": {one.code: one.name for one in roster.departments if one.code in bodies},
    }
    for what, known in kinds.items():
        if what in past.handled:
            everybody = {"station": {one.code: one.name for one in roster.stations}, "person": persons,
                         "department": roster.department_names}[what]  # fmt: skip
            codes = coded(past.handled[what], everybody)
            # Labels of another list than the roster's say nothing about who of the roster had none.
            met = set(codes.tolist()) & set(everybody)
            named = known if met else {}
            found.append(load_of(what, "file", codes, past.solved, {**named, **{k: everybody[k] for k in sorted(met)}}))
        elif known:
            found.append(load_of(what, "answer", placed.answers[what], past.solved, known))
    return tuple(found)


def load_findings(load: Load, limits: LoadLimits) -> Iterable[Finding]:
    """Yield what is out of proportion in a load."""
    total = load.reports
    if total < limits.at_least:
        return
    top = load.holders[0]
    even = 1 / len(load.holders)
    if even < 1 and load.top_share > max(limits.top_share, _MORE_THAN_EVEN * even):
        solved = "" if top.solved_share is None else f" and solved {top.solved} of them ({top.solved_share:.1%})"
        text = (
            f"{load.of} {_called(top)} has {top.reports} of {total} reports ({load.top_share:.1%})"
            f" among {len(load.holders)}{solved}"
        )
        yield Finding("load_is_shared", text, (load.of, top.code), amount=float(top.reports))
    if load.gini > limits.gini and load.gini >= load.gini_by_chance + limits.gini_beyond_chance:
        text = (
            f"{total} reports fall on {len(load.holders)} of kind {load.of} with a Gini coefficient of {load.gini:.2f}"
            f" (above {limits.gini:.2f}; chance alone gives {load.gini_by_chance:.2f})"
        )
        yield Finding("load_is_even", text, (load.of,), amount=load.gini)
    for holder in load.holders:
        share = holder.solved_share
        if share is not None and holder.reports >= limits.at_least and share < limits.solved_share:
            text = f"{load.of} {_called(holder)} solved {holder.solved} of {holder.reports} reports ({share:.1%})"
            yield Finding("reports_are_solved", text, (load.of, holder.code), amount=share)


def _called(holder: Holder) -> str:
    return f"{holder.code} {holder.name}" if holder.name and holder.name != holder.code else holder.code


def _names(codes: npt.NDArray[np.object_], names: npt.NDArray[np.object_]) -> dict[str, str]:
    return dict(zip(codes.tolist(), map(str, names.tolist()), strict=True))


def coded(labels: npt.NDArray[np.object_], known: Mapping[str, str]) -> npt.NDArray[np.object_]:
    """Return codes for labels that are codes or unique names; other labels as they are.

    Examples
    --------
    >>> import numpy as np
    >>> coded(np.array(["D1", "Roads office", "Squad 7"], dtype=object), {"D1": "Parks", "D2": "Roads office"}).tolist()
    ['D1', 'D2', 'Squad 7']
    """
    by_name: dict[str, str] = {}
    for code, name in known.items():
        by_name[name] = "" if name in by_name else code
    table = {
        label: label if label in known else by_name.get(label) or label for label in dict.fromkeys(labels.tolist())
    }
    return np.array([table[label] for label in labels.tolist()], dtype=object)
