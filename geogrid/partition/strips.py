"""Strips: the connected pieces of ground that no row, or more than one, has in a drawn division."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import shapely

from geogrid.errors import InputError

__all__ = ["Edge", "HealRule", "Settled", "Strip", "width_m"]

Edge = tuple[int, int]
"""A directed edge: two vertex numbers."""


@dataclass(frozen=True, eq=False)
class Strip:
    """A connected piece of ground with the same owners, which are not exactly one.

    Parameters
    ----------
    area : int
        The area it lies in, -1 for none.
    owners : tuple of int
        Rows that have it, in order.
    rightful : tuple of int
        Those among them that belong to the area.
    edges : tuple of Edge
        Its border, the strip on the left.
    shape : shapely Polygon or MultiPolygon, metres
    """

    area: int
    owners: tuple[int, ...]
    rightful: tuple[int, ...]
    edges: tuple[Edge, ...]
    shape: Any

    @cached_property
    def width_m(self) -> float:
        """Its width: the diameter of the largest circle that fits in, metres."""
        return width_m(self.shape)

    @property
    def kind(self) -> str:
        """``gap``, ``overlap``, ``outside`` (of the place) or ``crossing`` (of a border between areas)."""
        if self.area < 0:
            return "outside"
        if len(self.rightful) > 1:
            return "overlap"
        return "crossing" if self.owners else "gap"


@dataclass(frozen=True)
class HealRule:
    """What may change hands.

    Parameters
    ----------
    width_m : float
        Strips up to this width are healed, and no ground goes further than this from what its
        new row had, or from what its old row keeps.
    wide_overlaps : {"list", "smaller", "larger"}
        Wider overlaps are left to the planner, or go to the smaller or the larger of their rows.

    Raises
    ------
    InputError
        If the width is not above 0, or there is no such rule.
    """

    width_m: float
    wide_overlaps: Literal["list", "smaller", "larger"] = "list"

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 < self.width_m < float("inf"):
            raise InputError("a width to heal is above 0", given=self.width_m, allowed="metres, e.g. 0.5")
        if self.wide_overlaps not in ("list", "smaller", "larger"):
            raise InputError("no such rule", given=self.wide_overlaps, allowed="list, smaller, larger")


@dataclass(frozen=True, eq=False)
class Settled:
    """What becomes of a strip.

    Parameters
    ----------
    strip : Strip
    winner : int, optional
        The row that has it alone now; None for nobody, or if nothing is done.
    done : bool
        Whether it changes hands.
    why_not : str
        Why it stays as it is.
    """

    strip: Strip
    winner: int | None = None
    done: bool = False
    why_not: str = ""


def width_m(shape: Any) -> float:
    """Return the width of a piece of ground: the diameter of the largest circle that fits in, metres.

    Parameters
    ----------
    shape : shapely Polygon or MultiPolygon, metres

    Examples
    --------
    >>> round(width_m(shapely.box(0, 0, 100, 0.5)), 2)
    0.5
    """
    parts = [part for part in shapely.get_parts(shape) if part.area > 1e-9]
    tolerance = [max(1e-4, min(part.area / part.length, 1.0) * 0.01) for part in parts]
    circles = [shapely.maximum_inscribed_circle(part, close) for part, close in zip(parts, tolerance, strict=True)]
    return 2 * max((float(circle.length) for circle in circles), default=0.0)
