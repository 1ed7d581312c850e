"""One search under way: how it goes about it, what it may spend and has spent, and the best plan so far."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from geogrid.partition.balance.annealing import price
from geogrid.partition.balance.clock import Clock
from geogrid.partition.balance.network import Wishes
from geogrid.partition.balance.regions import Instance
from geogrid.types import FloatArray, Int32Array, IntArray, Progress

__all__ = ["Run", "Schedule"]

_FEWEST = 400
"""A smaller problem is searched as if it had this many cells: it costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the search goes about it; temperatures are in mean borders, penalties in mean borders a mean cell.

    Parameters
    ----------
    molten, melt : float
        Temperature at which any grids are alike, empty land with borders of a kilometre included, and the share of the
        annealing in which it falls from there: what is not molten keeps the shape it happened to begin with.
    hot, warm, cold : float
        First temperature of the town, that of grids worth keeping, and the last.
    small : float
        Least share of `hot` for grids of few cells, which settle only when it is cooler.
    firm, soft, hard : float
        Price of overload: `firm` times the temperature, so that loads fluctuate by about the same at any heat and
        cells keep moving; at least `soft`; at the end `hard`.
    squeeze, early : float
        From this share of the annealing on the price rises to `hard`; from `early` on where grids are crowded.
    linger : float
        Power of the time left in the temperature of a long search for crowded grids: it stays longer in the cold.
    step : float
        Price of being out of range at all, in mean cells of overload: by the unit alone the last few people of a
        grid cost less than the border that would bring them home.
    share, long_share : float
        Share of the budget for annealing, of a short search and of a long one; the rest polishes.
    rounds, fewest_rounds : int
        Rounds, each with other regions and a lower temperature; fewer where less than `short` proposals a cell
        are left for each, more where it would be more than `long`.
    short, long : int
    scales : int
        How often cells are joined in pairs, and pairs in fours.
    cells_a_region : int
    local : float
        Power of the borders around a cell in its temperature, see `warmth_of`.
    """

    molten: float = 4.0
    melt: float = 0.1
    hot: float = 1.2
    warm: float = 0.65
    cold: float = 0.1
    small: float = 0.5
    firm: float = 1.0
    soft: float = 0.7
    hard: float = 12.0
    squeeze: float = 0.4
    early: float = 0.05
    linger: float = 1.8
    step: float = 0.1
    share: float = 0.3
    long_share: float = 0.2
    rounds: int = 64
    fewest_rounds: int = 24
    short: int = 60
    long: int = 150
    scales: int = 5
    cells_a_region: int = 2500
    local: float = 0.5


@dataclass(slots=True)
class Run:
    """The state of one search: what it may spend, has spent and has found; and how crowded grids are, 0 to 1, as far as is known."""

    root: Instance
    clock: Clock
    schedule: Schedule
    pool: ThreadPoolExecutor | None
    seeds: np.random.Generator
    progress: Progress
    unit: FloatArray
    border: float
    heat: float
    speed: float = 4e6
    spent: float = 0.0
    best: tuple[float, float] = (np.inf, np.inf)
    best_part: Int32Array = field(default_factory=lambda: np.empty(0, np.int32))
    best_outside: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    crowded: float = 0.0

    def wishes(self, penalty: float, pressed: float = 1.0) -> Wishes:
        """Return the wishes of an annealing where overload by a mean cell costs `penalty` mean borders.

        `pressed` is the share of `Schedule.step` that already counts.
        """
        return self.root.wishes._replace(step=pressed * self.schedule.step * penalty * self.heat * self.border)

    def seed(self) -> int:
        """Return a seed for a region, a tree or a matching."""
        return int(self.seeds.integers(1, 2**31))

    def note(self, part: Int32Array) -> None:
        """Remember `part` if it is the best so far."""
        cost, outside = price(self.root.net, self.root.limits, self.root.wishes, part)
        rank = (float((outside * self.unit).sum()), float(cost))
        if rank < self.best:
            self.best, self.best_part, self.best_outside = rank, part.copy(), outside
        spent = self.clock.elapsed
        limit = self.clock.budget.seconds
        self.progress("balance", round(1000 * spent), None if limit is None else round(1000 * limit))

    def pressed(self, part: Int32Array) -> tuple[float, float]:
        """Return by how much a plan is out of range, and its price with that brought home at the last price."""
        cost, outside = price(self.root.net, self.root.limits, self.root.wishes, part)
        off = float((outside * self.unit).sum())
        return off, float(cost) + self.schedule.hard * off

    def overload(self, part: Int32Array) -> float:
        """Return the weight outside the ranges, in mean cells a grid, the mean of several weights."""
        return self.pressed(part)[0] / (len(self.unit) * self.heat * self.border * self.root.grids)

    @property
    def pace(self) -> float:
        """Proposals a cell that the budget allows, as far as is known."""
        seconds, cells = self.clock.budget.seconds, max(self.root.cells, _FEWEST)
        effort = self.clock.budget.effort
        return effort if seconds is None else min(effort, seconds * self.speed / cells)

    def done(self, begin: float, until: float) -> float:
        """Return how much of the budget between two shares of it is spent, by effort or by time; 1 once stopped."""
        if self.clock.left() <= 0:
            return 1.0
        seconds = self.clock.budget.seconds
        used = self.spent / self._effort
        if seconds is not None:
            used = max(used, self.clock.elapsed / seconds)
        return min(max((used - begin) / (until - begin), 0.0), 1.0)

    def moves(self, begin: float, until: float) -> int:
        """Return how many proposals a round between two shares of the budget makes."""
        plan, cells = self.schedule, max(self.root.cells, _FEWEST)
        total, left = self._effort * (until - begin), self.clock.left(until)
        if left != float("inf"):
            seconds = self.clock.budget.seconds or 0.0
            total = min(total, seconds * (until - begin) * self.speed)
        moves = max(min(total / plan.rounds, plan.long * cells), min(total / plan.fewest_rounds, plan.short * cells))
        if left != float("inf"):
            moves = min(moves, max(left, 0.0) * self.speed)
        return max(int(moves), 16)

    def count(self, moves: float, seconds: float) -> None:
        """Count what was proposed and learn how fast."""
        self.spent += moves
        if seconds > 1e-3:
            self.speed = 0.5 * self.speed + 0.5 * moves / seconds

    @property
    def _effort(self) -> float:
        return self.clock.budget.effort * max(self.root.cells, _FEWEST)
