"""Turns: who answers a place from when on, over some hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from geogrid.assign.answer import OnDuty

__all__ = ["Turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start` until the next turn one person answers, or nobody.

    Parameters
    ----------
    start : datetime
    person : OnDuty or None
    clash : bool
    rule : str
        The rule or stage that decides, ``""`` for nobody.
    """

    start: dt.datetime
    person: OnDuty | None
    clash: bool = False
    rule: str = ""
