"""Threads that share a list of parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_threads"]

_Part = TypeVar("_Part")


def in_threads(run: Callable[[_Part], object], parts: Sequence[_Part], threads: int) -> None:
    """Run a function on every part; each thread takes the next part that nobody has taken.

    The calling thread is one of them. The function must release the GIL for the threads to gain anything.

    Parameters
    ----------
    run : callable
    parts : sequence
        More parts than threads let a fast thread do more.
    threads : int
        At most so many.

    Examples
    --------
    >>> seen = []
    >>> in_threads(seen.append, [1, 2, 3], threads=2)
    >>> sorted(seen)
    [1, 2, 3]
    """
    waiting = iter(parts)
    helpers = min(threads, len(parts)) - 1

    def work() -> None:
        for part in waiting:
            run(part)

    if helpers < 1:
        work()
        return
    with ThreadPoolExecutor(helpers) as pool:
        others = [pool.submit(work) for _ in range(helpers)]
        work()
    for other in others:
        other.result()
