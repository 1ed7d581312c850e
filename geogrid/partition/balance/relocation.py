"""Relocation: which grids are dissolved into their neighbours, and where their codes are founded anew.

With more load in one quarter, grids that keep their place hand load on from neighbour to neighbour all over the
town. It is cheaper to dissolve a few light grids and to found them again where the load is. What a choice of
grids moves is told by a linear program of flows between grids that touch (HiGHS); a short annealing
over choices, a few milliseconds each, finds the best.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from geogrid.errors import MissingPartError
from geogrid.partition.balance.annealing import loads_of
from geogrid.partition.balance.regions import Instance
from geogrid.types import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Quotient", "Relocation", "quotient_of", "relocations"]

_BEYOND = 1.3
"""What a unit costs that goes to a grid one farther, which has reached out between two others."""

_LARGEST_SHARE = 0.75
"""A grid gives at most this share of its load to a founded one; the rest keeps its code."""

_WORTH_A_LOOK = 1.05
"""Choices that move more than this many times the least are not named."""

_SHARE_OF_OWN = 1.02
"""Founding takes from the grid at its site a little rather than from its neighbours."""


@dataclass(frozen=True, eq=False)
class Quotient:
    """The grids as the flows see them.

    Numbers are near 1,000, as a solver likes them; `weight_unit` and `price_unit` lead back.

    Parameters
    ----------
    load : (g,) float64
        The primary weight of each grid; 1,000 on average.
    low, high : (g,) float64
    rate : (g,) float64
        What counts as moved, for each unit of weight that leaves the grid.
    touching, beyond : (g, g) bool
        Grids with a common border; grids with two common neighbours but no border.
    rigid : (g,) bool
        Grids that stay where they are: locked, with locked cells or with a station.
    closed : (g,) bool
        Grids that neither gain nor lose.
    weight_unit, price_unit : float
        What one unit of `load` is in scaled weight, and one unit of flow at a rate of 1 in what counts as moved.
    """

    load: FloatArray
    low: FloatArray
    high: FloatArray
    rate: FloatArray
    touching: BoolArray
    beyond: BoolArray
    rigid: BoolArray
    closed: BoolArray
    weight_unit: float
    price_unit: float


@dataclass(frozen=True)
class Relocation:
    """A choice of grids.

    Parameters
    ----------
    dissolved : tuple of int
    sites : tuple of int
        The grids in whose place new ones are founded, as many as are dissolved.
    taken : mapping of (grid, site) to float
        What each grid gives to those founded at a site.
    flows : mapping of (from, to) to float
        What grids that touch hand on; from a dissolved grid, all it has.
    moved : float
        What the flows move at least.
    """

    dissolved: tuple[int, ...]
    sites: tuple[int, ...]
    taken: dict[tuple[int, int], float]
    flows: dict[tuple[int, int], float]
    moved: float


def quotient_of(instance: Instance, part: Int32Array, moving: IntArray) -> Quotient:
    """Return the grids of `part` as flows see them; `moving` (n,) is what each cell counts as moved."""
    net, grids = instance.net, instance.grids
    load = loads_of(net.weight, part, grids)[:, 0].astype(np.float64)
    counted = np.bincount(part, weights=moving, minlength=grids)
    closed = instance.limits.closed.astype(bool)
    touching = np.zeros((grids, grids), bool)
    cut = part[net.src] != part[net.nbr]
    touching[part[net.src[cut]], part[net.nbr[cut]]] = True
    touching[closed] = False
    touching[:, closed] = False
    common = touching.astype(np.int64) @ touching.astype(np.int64)
    beyond = (common >= 2) & ~touching
    np.fill_diagonal(beyond, False)
    rigid = closed | (np.bincount(part, weights=net.fixed, minlength=grids) > 0)
    rigid |= ~np.isnan(instance.limits.anchor[:, 0])
    weight_unit = max(float(load.mean()) / 1000, 1e-9)
    price_unit = max(float(counted.sum()) / max(float(load.sum()), 1e-9) * weight_unit, 1e-9)
    rate = counted / np.where(load > 0, load, 1.0) * weight_unit / price_unit
    low, high = (side[:, 0].astype(np.float64) / weight_unit for side in (instance.limits.low, instance.limits.high))
    return Quotient(
        load / weight_unit, low, high, np.maximum(rate, 1e-6), touching, beyond, rigid, closed, weight_unit, price_unit
    )


class _Flows:
    """The linear program of one quotient; choices of grids change only bounds, so that it starts warm."""

    def __init__(self, quotient: Quotient) -> None:
        highs = _highs()
        self.model, self.optimal = highs.Highs(), highs.HighsModelStatus.kOptimal
        model = self.model
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        load, rate, grids = quotient.load, quotient.rate, len(quotient.load)
        self.weight_unit, self.price_unit = quotient.weight_unit, quotient.price_unit
        target = (quotient.low + quotient.high) / 2
        movable = ~quotient.rigid & (load > 0)
        self.light = np.flatnonzero(movable & (load <= target)).tolist()
        self.sites = np.flatnonzero(~quotient.closed & (load > target)).tolist()
        most = float(quotient.high.max())
        arcs = [(a, b, 1.0) for a, b in np.argwhere(quotient.touching).tolist()]
        arcs += [(a, b, _BEYOND) for a, b in np.argwhere(quotient.beyond).tolist()]
        into: list[list[Any]] = [[] for _ in range(grids)]
        out: list[list[Any]] = [[] for _ in range(grids)]
        self.arcs: dict[tuple[int, int], Any] = {}
        self.beyond: list[Any] = []
        for a, b, way in arcs:
            flow = model.addVariable(0, highs.kHighsInf, way * rate[a])
            if way == 1.0:
                self.arcs[a, b] = flow
            else:
                self.beyond.append(flow)
            out[a].append(flow)
            into[b].append(flow)
        self.gone = {grid: model.addVariable(0, 0, 0.0) for grid in self.light}
        self.found = {site: model.addVariable(0, 0, 0.0) for site in self.sites}
        self.seen: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
        self.taken: dict[tuple[int, int], Any] = {}
        for site in self.sites:
            for grid in [site, *np.flatnonzero(quotient.touching[site]).tolist()]:
                price = rate[grid] * (1.0 if grid == site else _SHARE_OF_OWN)
                self.taken[grid, site] = model.addVariable(0, float(_LARGEST_SHARE * load[grid]), price)
                out[grid].append(self.taken[grid, site])
        for grid in range(grids):
            final = load[grid] + sum(into[grid]) - sum(out[grid])
            low, high = float(quotient.low[grid]), float(quotient.high[grid])
            if quotient.closed[grid] or not (into[grid] or out[grid]):
                continue
            if grid not in self.gone:
                model.addConstr(final <= max(high, load[grid] * (not out[grid])))
                model.addConstr(final >= min(low, load[grid]) if not into[grid] else final >= low)
                continue
            gone = self.gone[grid]
            model.addConstr(final <= high * (1 - gone))
            model.addConstr(final >= low * (1 - gone))
            # What only passes over the land of a dissolved grid changes its grid once.
            credit = model.addVariable(0, highs.kHighsInf, -float(rate[grid]))
            model.addConstr(credit <= sum(into[grid]))
            model.addConstr(credit <= 2 * most * gone)
        for site in self.sites:
            given = sum(flow for (_, place), flow in self.taken.items() if place == site)
            model.addConstr(given >= float(quotient.low[site]) * self.found[site])
            model.addConstr(given <= most * self.found[site])

    def moved(self, dissolved: list[int], sites: list[int]) -> float:
        """Return what the choice moves at least; infinite if no flow balances it."""
        name = (tuple(sorted(dissolved)), tuple(sorted(sites)))
        if name not in self.seen:
            self.seen[name] = self._solved(dissolved, sites)
        return self.seen[name]

    def _solved(self, dissolved: list[int], sites: list[int]) -> float:
        for grid, variable in self.gone.items():
            told = float(grid in dissolved)
            self.model.changeColBounds(variable.index, told, told)
        for site, variable in self.found.items():
            told = float(sites.count(site))
            self.model.changeColBounds(variable.index, told, told)
        self.model.run()
        if self.model.getModelStatus() != self.optimal:
            return float("inf")
        return float(self.model.getInfo().objective_function_value) * self.price_unit

    def chosen(self, dissolved: list[int], sites: list[int]) -> Relocation:
        """Return the choice with its flows, all between grids that touch."""
        moved = self.moved(dissolved, sites)
        for flow in self.beyond:
            self.model.changeColBounds(flow.index, 0, 0)
        feasible = np.isfinite(self._solved(dissolved, sites))
        values = self.model.getSolution().col_value if feasible else []
        for flow in self.beyond:
            self.model.changeColBounds(flow.index, 0, float("inf"))
        told = [
            {
                pair: float(values[flow.index]) * self.weight_unit
                for pair, flow in group.items()
                if feasible and values[flow.index] > 1e-6
            }
            for group in (self.taken, self.arcs)
        ]
        return Relocation(tuple(sorted(dissolved)), tuple(sorted(sites)), told[0], told[1], moved)


def relocations(
    quotient: Quotient, *, tries: int, seed: int, choices: int = 8, steps: int = 600,
    over: Callable[[], bool] | None = None,
) -> list[Relocation]:  # fmt: skip
    """Return good choices that differ, the best first; the first of all is to relocate nothing if no choice moves less.

    What cells make of a choice scatters more than what flows tell of the best hundred, so different ones are worth more than
    the best ones.

    Parameters
    ----------
    tries : int
        Annealings from different beginnings.
    choices : int
        At most so many, each with other grids or sites than the better ones; relocating nothing comes on top.
    steps : int
        Choices looked at in each annealing.
    over : callable, optional
        Whether the time for it is over; the best choices until then are returned.

    Raises
    ------
    MissingPartError
        If HiGHS is not installed.
    """
    flows = _Flows(quotient)
    if flows.light and flows.sites and len(quotient.load) > 3:
        for number in range(tries):
            if over is not None and over():
                break
            rng = np.random.default_rng([seed, number])
            _annealed(flows, quotient, min(steps, 30 * len(quotient.load)), rng, over)
    found = [flows.chosen([], [])]
    least = min(flows.seen.values(), default=np.inf)
    for (dissolved, sites), moved in sorted(flows.seen.items(), key=lambda one: (one[1], one[0])):
        if len(found) > choices or moved > _WORTH_A_LOOK * least or not np.isfinite(moved):
            break
        if dissolved and all(_apart(dissolved, sites, other) for other in found):
            found.append(flows.chosen(list(dissolved), list(sites)))
    kept = [choice for choice in found if np.isfinite(choice.moved)] or [Relocation((), (), {}, {}, np.inf)]
    return sorted(kept, key=lambda choice: (choice.moved, choice.dissolved))


def _apart(dissolved: tuple[int, ...], sites: tuple[int, ...], other: Relocation) -> bool:
    """Return whether the choice differs in more than one grid or site from another."""
    changed = sum((Counter(dissolved) - Counter(other.dissolved)).values())
    changed += sum((Counter(sites) - Counter(other.sites)).values())
    return len(dissolved) != len(other.dissolved) or changed > 1


def _annealed(
    flows: _Flows, quotient: Quotient, steps: int, rng: np.random.Generator, over: Callable[[], bool] | None
) -> None:
    """Look at choices, from none on; `flows` remembers them all."""
    here: tuple[list[int], list[int]] = ([], [])
    value = flows.moved(*here)
    warmth = 0.25 * float((quotient.load * quotient.rate).mean()) * quotient.price_unit
    for step in range(steps):
        if over is not None and over():
            break
        tried = _changed(flows, quotient, here, rng)
        tried_value = flows.moved(*tried)
        heat = warmth * (1 - step / steps)
        if tried_value < value + heat * rng.exponential() or (np.isinf(value) and len(tried[0]) > len(here[0])):
            here, value = tried, tried_value


def _changed(
    flows: _Flows, quotient: Quotient, here: tuple[list[int], list[int]], rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Return a choice next to `here`: one grid or site replaced, one pair more, or one less."""
    dissolved, sites = list(here[0]), list(here[1])
    kind = rng.uniform() if dissolved else 0.85
    free = [grid for grid in flows.light if grid not in dissolved]
    if kind < 0.4 and free:
        row = int(rng.integers(len(dissolved)))
        near = [grid for grid in free if quotient.touching[dissolved[row], grid]]
        dissolved[row] = int(rng.choice(near if near and rng.uniform() < 0.6 else free))
    elif kind < 0.8:
        row = int(rng.integers(len(sites)))
        near = [site for site in flows.sites if quotient.touching[sites[row], site]]
        sites[row] = int(rng.choice(near if near and rng.uniform() < 0.6 else flows.sites))
    elif kind < 0.9 and free:
        dissolved.append(int(rng.choice(free)))
        sites.append(int(rng.choice(flows.sites)))
    elif dissolved:
        dissolved.pop(int(rng.integers(len(dissolved))))
        sites.pop(int(rng.integers(len(sites))))
    return dissolved, sites


def _highs() -> Any:
    try:
        import highspy
    except ImportError:
        raise MissingPartError(
            "the linear solver is not installed", mend="pip install 'geogrid[balance]', or relocate nothing"
        ) from None
    return highspy
