"""The shift between WGS 84 and the datums of Chinese web maps.

The GCJ-02 and BD-09 formulas are the ones that became public with the first reverse engineering of the
Chinese web-map shift; they have no official publication. The forward shift is a closed formula; the inverse
is found by fixed-point iteration of it, so that a round trip closes below 1e-9 degrees. Both are additions,
multiplications, divisions and square roots in a fixed order: a place has the same bits whatever the machine
and however many places are converted at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.crs.places import require_lonlat
from geogrid.types import Datum, FloatArray

__all__ = ["BD_STEPS", "CHINA_BOX", "GCJ_STEPS", "convert_datum", "from_wgs84", "is_shifted", "to_wgs84"]

CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""(west, south, east, north), degrees: the box outside which GCJ-02 equals WGS 84."""

_KRASOVSKY_A = 6378245.0
_KRASOVSKY_EE = 0.00669342162296594323
_BD_TURNS = 3000.0 / 180.0
_DEGREES = 180.0 / np.pi
_sqrt = np.sqrt
_TWO_THIRDS, _THIRD, _SIXTH = 2.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0
_TWELFTH, _THIRTIETH, _HALF_TURN = 1.0 / 12.0, 1.0 / 30.0, 1.0 / 180.0
GCJ_STEPS, BD_STEPS = 7, 9
"""Steps of the inverses: the error left is below 1e-14 degrees."""


def is_shifted(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return where GCJ-02 differs from WGS 84: inside `CHINA_BOX`, borders included."""
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    west, south, east, north = CHINA_BOX
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _sin_pi(turns: Any) -> Any:
    """Return sin(pi * turns) by IEEE additions and multiplications only.

    The C library's sine differs between machines in the last bit, and a compiled loop cannot
    be vectorised through it. The series is exact to 1e-11, a nanometre of shift.
    """
    whole = np.rint(turns)
    half = whole * 0.5
    sign = 1.0 - 4.0 * (half - np.floor(half))
    x = turns - whole
    z = x * x
    series = -2.1915353447830216e-05 * z + 4.6630280576761256e-04
    series = series * z - 7.3704309457143504e-03
    series = series * z + 8.2145886611128228e-02
    series = series * z - 5.9926452932079208e-01
    series = series * z + 2.5501640398773454
    series = series * z - 5.1677127800499700
    series = series * z + 3.1415926535897932
    return sign * x * series


def _gcj_offset(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Return how far GCJ-02 lies from WGS 84 at a WGS 84 place, degrees; arrays or floats."""
    x, y = lon - 105.0, lat - 35.0
    root = _sqrt(np.abs(x))
    sine, cosine = _sin_pi(x), _sin_pi(x + 0.5)
    twice = 2.0 * sine * cosine
    six_times = twice * (3.0 - 4.0 * twice * twice)
    wave = (20.0 * six_times + 20.0 * twice) * _TWO_THIRDS
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    dlat = dlat + (20.0 * _sin_pi(y) + 40.0 * _sin_pi(y * _THIRD)) * _TWO_THIRDS
    dlat = dlat + (160.0 * _sin_pi(y * _TWELFTH) + 320.0 * _sin_pi(y * _THIRTIETH)) * _TWO_THIRDS
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    dlon = dlon + (20.0 * sine + 40.0 * _sin_pi(x * _THIRD)) * _TWO_THIRDS
    dlon = dlon + (150.0 * _sin_pi(x * _TWELFTH) + 300.0 * _sin_pi(x * _THIRTIETH)) * _TWO_THIRDS
    half = lat * _HALF_TURN
    north = _sin_pi(half)
    magic = 1.0 - _KRASOVSKY_EE * north * north
    meridian = _KRASOVSKY_A * (1.0 - _KRASOVSKY_EE) / (magic * _sqrt(magic))
    parallel = _KRASOVSKY_A / _sqrt(magic) * _sin_pi(half + 0.5)
    return dlon / parallel * _DEGREES, dlat / meridian * _DEGREES


def _bd_offset(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Return how far BD-09 lies from GCJ-02 at a GCJ-02 place, degrees; arrays or floats."""
    radius = np.maximum(_sqrt(lon * lon + lat * lat), 1e-9)
    stretch = 1.0 + 0.00002 * _sin_pi(lat * _BD_TURNS) / radius
    # The published form turns by this angle with atan2, sin and cos; it is so small that two terms do.
    angle = 0.000003 * _sin_pi(lon * _BD_TURNS + 0.5)
    cosine, sine = 1.0 - 0.5 * angle * angle, angle * (1.0 - angle * angle * _SIXTH)
    x = stretch * (lon * cosine - lat * sine) + 0.0065
    y = stretch * (lat * cosine + lon * sine) + 0.006
    return x - lon, y - lat


def _from_gcj(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Solve ``p + offset(p) = (lon, lat)``: each step shrinks the error below a hundredth."""
    x, y = lon, lat
    for _ in range(GCJ_STEPS):
        dx, dy = _gcj_offset(x, y)
        x, y = lon - dx, lat - dy
    return x, y


def _from_bd(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Solve the same for BD-09: each step shrinks the error to a fiftieth."""
    x, y = lon, lat
    for _ in range(BD_STEPS):
        dx, dy = _bd_offset(x, y)
        x, y = lon - dx, lat - dy
    return x, y


def _in_blocks(function: Any, lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Apply `function` to stretches that stay in the processor's cache."""
    size = 4096
    if lon.size <= size:
        x, y = function(lon, lat)
        return x, y
    flat_lon, flat_lat = lon.ravel(), lat.ravel()
    result = np.empty((2, lon.size))
    for first in range(0, lon.size, size):
        part = slice(first, first + size)
        result[0, part], result[1, part] = function(flat_lon[part], flat_lat[part])
    return result[0].reshape(lon.shape), result[1].reshape(lon.shape)


def to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, *, datum: str | Datum) -> tuple[FloatArray, FloatArray]:
    """Return WGS 84 longitude and latitude of coordinates given in `datum`.

    Parameters
    ----------
    lon, lat : array_like of float, same shape
        Degrees in `datum`.
    datum : Datum or str
        CGCS 2000 is returned unchanged: it agrees with WGS 84 within centimetres.

    Returns
    -------
    lon, lat : ndarray of float64, same shape, degrees, WGS 84

    Raises
    ------
    DatumError, CoordinateError

    Examples
    --------
    >>> lon, lat = to_wgs84(121.2548, 31.3815, datum="gcj02")
    >>> round(float(lon), 5), round(float(lat), 5)
    (121.25036, 31.38346)
    """
    given = Datum.of(datum)
    x, y = require_lonlat(lon, lat)
    if given in (Datum.WGS84, Datum.CGCS2000):
        return x.copy(), y.copy()
    shifted = is_shifted(x, y)
    gx, gy = x, y
    if given is Datum.BD09:
        gx, gy = _in_blocks(_from_bd, x, y)
    gx, gy = _in_blocks(_from_gcj, gx, gy)
    return np.where(shifted, gx, x), np.where(shifted, gy, y)


def from_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike, *, datum: str | Datum) -> tuple[FloatArray, FloatArray]:
    """Return longitude and latitude in `datum` of WGS 84 coordinates.

    Parameters
    ----------
    lon, lat : array_like of float, same shape
        Degrees, WGS 84.
    datum : Datum or str
        The datum wanted.

    Returns
    -------
    lon, lat : ndarray of float64, same shape, degrees in `datum`

    Raises
    ------
    DatumError, CoordinateError
    """
    wanted = Datum.of(datum)
    x, y = require_lonlat(lon, lat)
    if wanted in (Datum.WGS84, Datum.CGCS2000):
        return x.copy(), y.copy()
    shifted = is_shifted(x, y)
    dx, dy = _gcj_offset(x, y)
    gx, gy = x + dx, y + dy
    if wanted is Datum.BD09:
        dx, dy = _bd_offset(gx, gy)
        gx, gy = gx + dx, gy + dy
    return np.where(shifted, gx, x), np.where(shifted, gy, y)


def convert_datum(
    lon: npt.ArrayLike, lat: npt.ArrayLike, *, source: str | Datum, target: str | Datum
) -> tuple[FloatArray, FloatArray]:
    """Return coordinates given in datum `source` in datum `target` (degrees both)."""
    if Datum.of(source) is Datum.of(target):
        x, y = require_lonlat(lon, lat)
        return x.copy(), y.copy()
    return from_wgs84(*to_wgs84(lon, lat, datum=source), datum=target)
