"""GCJ-02 and BD-09 to WGS 84 in bulk: the arithmetic of `geogrid.crs`, compiled.

The formulas stand once, in `geogrid.crs`. They are made of additions, multiplications,
divisions and square roots, which IEEE 754 defines to the last bit, and are compiled without
re-association or contraction; so the compiled shift and `geogrid.crs.to_wgs84` give the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from geogrid.compiled import compiled
from geogrid.crs import datum as shift_of
from geogrid.types import Datum, FloatArray

__all__ = ["shift_one", "shift_to_wgs84"]

_WEST, _SOUTH, _EAST, _NORTH = shift_of.CHINA_BOX
_BLOCK = 1024
"""Places per pass: they stay in the first-level cache while every step goes over them."""


def _compiled_there(function: Callable[..., Any], **called: Any) -> Any:
    """Return a function of another module compiled, with the functions it calls compiled too."""
    plain = cast(FunctionType, function)
    names = {**plain.__globals__, "_sqrt": math.sqrt, **called}
    twin = FunctionType(plain.__code__, names, plain.__name__)
    twin.__module__, twin.__qualname__ = plain.__module__, plain.__qualname__
    return compiled(twin, inline=True)


_sin_pi = _compiled_there(shift_of._sin_pi)
_gcj_offset = _compiled_there(shift_of._gcj_offset, _sin_pi=_sin_pi)
_bd_offset = _compiled_there(shift_of._bd_offset, _sin_pi=_sin_pi)
_from_gcj = _compiled_there(shift_of._from_gcj, _gcj_offset=_gcj_offset)
_from_bd = _compiled_there(shift_of._from_bd, _bd_offset=_bd_offset)


@compiled
def _gcj_step(lon: FloatArray, lat: FloatArray, x: FloatArray, y: FloatArray) -> None:
    for i in range(len(lon)):
        dx, dy = _gcj_offset(x[i], y[i])
        x[i], y[i] = lon[i] - dx, lat[i] - dy


@compiled
def _bd_step(lon: FloatArray, lat: FloatArray, x: FloatArray, y: FloatArray) -> None:
    for i in range(len(lon)):
        dx, dy = _bd_offset(x[i], y[i])
        x[i], y[i] = lon[i] - dx, lat[i] - dy


@compiled
def _keep_outside(lon: FloatArray, lat: FloatArray, out_lon: FloatArray, out_lat: FloatArray) -> None:
    """Put back what lies outside the box of the shift (NaN too)."""
    for i in range(len(lon)):
        if not (_WEST <= lon[i] <= _EAST and _SOUTH <= lat[i] <= _NORTH):
            out_lon[i], out_lat[i] = lon[i], lat[i]


def shift_to_wgs84(lon: FloatArray, lat: FloatArray, datum: Datum) -> tuple[FloatArray, FloatArray]:
    """Return WGS 84 coordinates, the same bits as `geogrid.crs.to_wgs84`.

    Values are not checked: those that are no places come back as they are.

    Parameters
    ----------
    lon, lat : (n,) float64, contiguous and read-only, degrees in `datum`
    datum : Datum

    Returns
    -------
    lon, lat : (n,) float64, degrees, WGS 84
    """
    if datum in (Datum.WGS84, Datum.CGCS2000):
        return lon, lat
    x, y = lon.copy(), lat.copy()
    for first in range(0, len(lon), _BLOCK):
        part = slice(first, first + _BLOCK)
        a, b, p, q = lon[part], lat[part], x[part], y[part]
        if datum is Datum.BD09:
            for _ in range(shift_of.BD_STEPS):
                _bd_step(a, b, p, q)
            a, b = p.copy(), q.copy()
        for _ in range(shift_of.GCJ_STEPS):
            _gcj_step(a, b, p, q)
        _keep_outside(lon[part], lat[part], p, q)
    return x, y


def shift_one(lon: float, lat: float, datum: Datum) -> tuple[float, float]:
    """Return one place in WGS 84, the same bits as `shift_to_wgs84`."""
    if datum in (Datum.WGS84, Datum.CGCS2000) or not (_WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH):
        return lon, lat
    x, y = _from_bd(lon, lat) if datum is Datum.BD09 else (lon, lat)
    x, y = _from_gcj(x, y)
    return float(x), float(y)
