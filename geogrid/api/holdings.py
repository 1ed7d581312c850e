"""The editions a server holds open: the one in force always, others when they are asked for."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict

from geogrid.api.settings import Settings
from geogrid.assign.desk import Atlas, Edition
from geogrid.errors import NotFoundError

__all__ = ["Holdings"]


class Holdings:
    """The atlas of a server and its open editions; shared by all requests of a process.

    An edition is opened by the first request that needs it, while others wait for that one opening and
    do not start their own. What was opened stays until `Settings.editions_open` is exceeded.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._atlas: Atlas | None = None
        self._editions: tuple[Edition, ...] = ()
        self._checked = float("-inf")
        self._open: OrderedDict[int, Edition] = OrderedDict()

    @property
    def open_count(self) -> int:
        """How many editions are open."""
        return len(self._open)
