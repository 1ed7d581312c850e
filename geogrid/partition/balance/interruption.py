"""Ctrl-C as a flag that a search looks at between compiled calls, never an exception inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ctrl_c_sets"]


@contextmanager
def ctrl_c_sets(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C inside; the second one raises KeyboardInterrupt as ever.

    An exception that comes up while numba hands over arguments is lost or becomes a SystemError, and one between two
    steps loses what was found. Nothing changes in threads that get no signals, and where somebody else answers
    Ctrl-C, an outer search among them.

    Parameters
    ----------
    stop : threading.Event
        That of the `Budget` which all searches inside share.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
