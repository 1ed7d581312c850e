"""How long a search may go on: an effort that is the same everywhere, and a limit of time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Literal

from geogrid.errors import InputError

__all__ = ["Budget", "Clock"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may spend.

    Parameters
    ----------
    effort : float
        Proposals per cell. A search that ends by its effort gives the same grids on every
        machine and for every number of workers.
    seconds : float, optional
        Stop earlier than the effort says; where this bites, the result depends on the machine.
    workers : int
        Threads.
    clock : {"cpu", "wall"}
        What `seconds` counts: processor time of a worker (as on an idle machine with `workers`
        cores), or time by the clock on the wall.
    stop : threading.Event, optional
        Once it is set, nothing is left: every search that shares it ends with its best so far.
    """

    effort: float = 3000.0
    seconds: float | None = None
    workers: int = 1
    clock: Literal["cpu", "wall"] = "cpu"
    stop: threading.Event | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.effort > 0:
            raise InputError("effort must be positive", given=self.effort, allowed="proposals per cell, e.g. 3000")
        if self.seconds is not None and not self.seconds > 0:
            raise InputError("the time limit must be positive", given=self.seconds, allowed="seconds, or none")
        if self.workers < 1:
            raise InputError("no worker", given=self.workers, allowed="1 or more threads")

    @property
    def stopped(self) -> bool:
        """Whether `stop` is set."""
        return self.stop is not None and self.stop.is_set()

    def shortened(self, share: float) -> Budget:
        """Return a share of the budget, of its effort as of its time."""
        return replace(self, effort=self.effort * share, seconds=None if self.seconds is None else self.seconds * share)

    def share(self, part: float, *, workers: int) -> Budget:
        """Return the budget of one of several problems that are solved side by side."""
        seconds = None if self.seconds is None else max(self.seconds * part * self.workers, 1e-3)
        return replace(self, seconds=seconds, workers=workers)


@dataclass(slots=True)
class Clock:
    """Measures what a search has spent; `add` counts work done by other threads."""

    budget: Budget
    spent_elsewhere: float = 0.0
    _start: float = field(default=0.0)

    def __post_init__(self) -> None:
        """Start."""
        self._start = self._now()

    def _now(self) -> float:
        return time.thread_time() if self.budget.clock == "cpu" else time.monotonic()

    def add(self, seconds: float, lanes: int) -> None:
        """Count processor time of other threads, worked off in `lanes` side by side."""
        if self.budget.clock == "cpu":
            self.spent_elsewhere += seconds / max(lanes, 1)

    @property
    def elapsed(self) -> float:
        """Seconds spent."""
        return self._now() - self._start + self.spent_elsewhere

    @property
    def ended(self) -> str:
        """What ended a search that is over: ``"interrupt"``, ``"time"`` or ``"effort"``."""
        return "interrupt" if self.budget.stopped else "time" if self.left() <= 0 else "effort"

    def left(self, share: float = 1.0) -> float:
        """Return the seconds left until `share` of the limit (infinite without one, 0 once stopped)."""
        if self.budget.stopped:
            return 0.0
        return float("inf") if self.budget.seconds is None else self.budget.seconds * share - self.elapsed
