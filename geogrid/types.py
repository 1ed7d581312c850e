"""The small value types every step shares: datum, finding, progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.errors import DatumError

__all__ = [
    "BoolArray",
    "Datum",
    "Finding",
    "FloatArray",
    "Int32Array",
    "IntArray",
    "Progress",
    "UInt32Array",
    "no_progress",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Int32Array: TypeAlias = npt.NDArray[np.int32]
UInt32Array: TypeAlias = npt.NDArray[np.uint32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Called as ``progress(step, done, total)``; ``total`` is None while unknown."""


def no_progress(step: str, done: int, total: int | None) -> None:
    """Ignore progress; the default of every long-running function."""


class Datum(StrEnum):
    """The datum a longitude/latitude pair was measured or published in.

    ``wgs84`` (GPS), ``cgcs2000`` (China's national datum; within centimetres of WGS 84 and
    treated as equal), ``gcj02`` (the obfuscated datum of Chinese web maps and phones) and
    ``bd09`` (Baidu's further shift of it).

    Examples
    --------
    >>> Datum.of("GCJ-02")
    <Datum.GCJ02: 'gcj02'>
    """

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"

    @classmethod
    def of(cls, name: str | Datum) -> Datum:
        """Return the datum called `name`; case, spaces, ``-`` and ``_`` do not matter.

        Raises
        ------
        DatumError
            If there is no such datum.
        """
        if type(name) is cls:
            return name
        key = str(name).strip().lower().replace("-", "").replace("_", "").replace(" ", "")
        try:
            return cls(key)
        except ValueError:
            raise DatumError(
                "unknown datum",
                given=repr(str(name)),
                allowed=", ".join(datum.value for datum in cls),
                mend="declare the datum the coordinates were measured in",
            ) from None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check found: which rule, where, how much, and in words.

    Parameters
    ----------
    rule : str
        The rule as a claim, e.g. ``"no_overlap"``.
    message : str
        What was found, in words a planner can read.
    subjects : tuple of str
        Codes (or row numbers as text) of the features concerned.
    lon, lat : float or None
        A place where it can be seen, degrees, WGS 84.
    amount : float or None
        How much: m², m or a count, as `unit` says.
    unit : str
        ``"m2"``, ``"m"`` or ``""``.
    geometry : object or None
        The place as a shapely geometry in lon/lat WGS 84, where there is one.
    """

    rule: str
    message: str
    subjects: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    amount: float | None = None
    unit: str = ""
    geometry: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return one readable line."""
        who = f" [{', '.join(self.subjects)}]" if self.subjects else ""
        place = f" at {self.lon:.7f}, {self.lat:.7f}" if self.lon is not None else ""
        return f"{self.rule}{who}: {self.message}{place}"
