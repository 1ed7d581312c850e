"""What ails a feed of coordinates: swapped axes, another datum than declared, truncated, one spot repeated.

Every suspicion comes with its evidence. Nothing is corrected: who runs the feed decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.assign.locator import Locator
from geogrid.crs import Metric, geodesic_distance_m, to_wgs84
from geogrid.errors import CoordinateError
from geogrid.lattice import from_lattice, to_lattice
from geogrid.types import BoolArray, Datum, Finding, FloatArray

__all__ = ["Diagnosis", "Reading", "diagnose"]

_SIGMAS = 4.0
_FEWEST = 10
_SPOT_SHARE = 0.01
_SAMPLE = 20_000
_METRES_PER_DECIMAL = {0: 111_000, 1: 11_000, 2: 1_100, 3: 110}


@dataclass(frozen=True)
class Reading:
    """One way to read the feed, and how well it fits.

    Parameters
    ----------
    datum : Datum
    swapped : bool
        Longitude and latitude exchanged.
    places : int
        Rows that are places at all when read so.
    inside : int
        Of them, rows inside the atlas.
    shift_m : float
        Median distance from the places as declared, metres.
    seam_m : float or None
        Median distance of the places inside to the nearest road or building, metres.
    """

    datum: Datum
    swapped: bool
    places: int
    inside: int
    shift_m: float
    seam_m: float | None


@dataclass(frozen=True)
class Diagnosis:
    """What was found about a feed.

    Parameters
    ----------
    rows : int
    declared : Datum
    readings : tuple of Reading
        As declared first.
    findings : tuple of Finding
        ``is_a_place``, ``lon_before_lat``, ``datum_as_declared``, ``enough_decimals``, ``no_default_spot``.
        None: nothing was found wrong.
    """

    rows: int
    declared: Datum
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]


def diagnose(
    locator: Locator, lon: npt.ArrayLike, lat: npt.ArrayLike, *, declared: str | Datum, seams: Any = None
) -> Diagnosis:
    """Return what ails a feed of reports.

    Two readings of the feed are compared row by row: those inside the atlas only when read one way against
    those only when read the other (McNemar's test), and, with `seams`, those nearer to a road or
    building one way against the other way. A reading is suspected beyond four standard deviations.

    Parameters
    ----------
    locator : Locator
    lon, lat : (n,) array_like of float
        Degrees as they stand in the feed; NaN for rows without a number.
    declared : Datum or str
        The datum the feed says it is in.
    seams : array of shapely geometries, optional
        Roads or buildings, degrees, WGS 84.

    Raises
    ------
    DatumError
    CoordinateError
        If the columns hold what is no number, or are of different length.
    """
    given = Datum.of(declared)
    try:
        x, y = np.asarray(lon, np.float64).ravel(), np.asarray(lat, np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise CoordinateError("not numbers", given=error, mend="give NaN for a row without a number") from None
    if len(x) != len(y):
        raise CoordinateError("lon and lat are of different length", given=f"{len(x)} and {len(y)}")
    near = _Nearness(seams, locator) if seams is not None and len(seams) else None
    base = _read(locator, x, y, given, False, None, near)
    others = [
        _read(locator, x, y, datum, swapped, base, near)
        for swapped in (False, True)
        for datum in ((given,) if swapped else (Datum.WGS84, Datum.GCJ02, Datum.BD09))
        if swapped or datum is not (Datum.WGS84 if given is Datum.CGCS2000 else given)
    ]
    findings = [*_no_places(x, y, base), *_swapped(others[-1], base)]
    # A feed that is swapped says nothing about its datum yet.
    if not findings or findings[-1].rule != "lon_before_lat":
        findings += _other_datum(others[:-1], base)
    findings += [*_truncated(x, y), *_one_spot(base)]
    return Diagnosis(len(x), given, tuple(r.reading for r in (base, *others)), tuple(findings))


@dataclass(frozen=True, eq=False)
class _Read:
    reading: Reading
    lon: FloatArray
    lat: FloatArray
    good: BoolArray
    inside: BoolArray
    seam_m: FloatArray | None


def _read(
    locator: Locator, x: FloatArray, y: FloatArray, datum: Datum, swapped: bool, base: _Read | None,
    near: _Nearness | None,
) -> _Read:  # fmt: skip
    a, b = (y, x) if swapped else (x, y)
    good = (np.abs(a) <= 180.0) & (np.abs(b) <= 90.0)
    lon, lat = np.full(len(a), np.nan), np.full(len(a), np.nan)
    lon[good], lat[good] = to_wgs84(a[good], b[good], datum=datum)
    inside = np.zeros(len(a), bool)
    inside[good] = locator.locate(lon[good], lat[good], datum=Datum.WGS84) >= 0
    seam = near.distance_m(lon, lat, inside) if near is not None else None
    shift = 0.0
    if base is not None:
        both = np.flatnonzero(good & base.good)[:_SAMPLE]
        far = geodesic_distance_m(lon[both], lat[both], base.lon[both], base.lat[both])
        shift = float(np.median(far)) if len(far) else float("nan")
    known = None if seam is None else seam[~np.isnan(seam)]
    middle = float(np.median(known)) if known is not None and len(known) else None
    reading = Reading(datum, swapped, int(good.sum()), int(inside.sum()), shift, middle)
    return _Read(reading, lon, lat, good, inside, seam)


class _Nearness:
    """Distances to the nearest seam, in the metric CRS of the atlas's middle."""

    def __init__(self, seams: Any, locator: Locator) -> None:
        west, south, bits, width, height = locator.base.corner
        middle = from_lattice([[west + (width << bits) / 2, south + (height << bits) / 2]])[0]
        self._metric = Metric.around(float(middle[0]), float(middle[1]))
        self._tree = shapely.STRtree(shapely.transform(np.asarray(seams, object), self._metric.to_metres))

    def distance_m(self, lon: FloatArray, lat: FloatArray, inside: BoolArray) -> FloatArray:
        """Return the distances of (a sample of) the places inside, NaN elsewhere."""
        result = np.full(len(lon), np.nan)
        # The sample depends on the row alone, so that two readings are compared on the same rows.
        step = max(len(lon) // _SAMPLE, 1)
        rows = np.flatnonzero(inside & (np.arange(len(lon)) % step == 0))
        if len(rows):
            points = shapely.points(self._metric.to_metres(np.column_stack([lon[rows], lat[rows]])))
            (who, _), far = self._tree.query_nearest(points, return_distance=True, all_matches=False)
            result[rows[who]] = far
        return result


def _no_places(x: FloatArray, y: FloatArray, base: _Read) -> list[Finding]:
    found = []
    missing = int((~(np.isfinite(x) & np.isfinite(y))).sum())
    if missing:
        found.append(Finding("is_a_place", f"{missing} of {len(x)} rows have no coordinate", amount=missing))
    origin = int(((x == 0) & (y == 0)).sum())
    if origin:
        text = f"{origin} of {len(x)} rows lie at 0, 0: an empty field written as a number"
        found.append(Finding("is_a_place", text, amount=origin))
    beyond = len(x) - missing - base.reading.places
    if beyond:
        found.append(Finding("is_a_place", f"{beyond} of {len(x)} rows are out of range", amount=beyond))
    return found


def _ahead(only_other: int, only_base: int) -> float:
    """Return by how many standard deviations one reading is ahead of the other (McNemar)."""
    total = only_other + only_base
    return (only_other - only_base) / np.sqrt(total) if total >= _FEWEST else 0.0


def _swapped(other: _Read, base: _Read) -> list[Finding]:
    won, lost = int((other.inside & ~base.inside).sum()), int((base.inside & ~other.inside).sum())
    if _ahead(won, lost) <= _SIGMAS:
        return []
    rows = len(base.inside)
    text = (
        f"longitude and latitude look swapped: {other.reading.inside} of {rows} rows lie inside the atlas when "
        f"exchanged, {base.reading.inside} as declared"
    )
    return [Finding("lon_before_lat", text, amount=won)]


def _other_datum(others: list[_Read], base: _Read) -> list[Finding]:
    best: tuple[float, _Read, str] | None = None
    for other in others:
        won, lost = int((other.inside & ~base.inside).sum()), int((base.inside & ~other.inside).sum())
        by_inside = _ahead(won, lost)
        evidence = (
            f"{won} rows lie inside the atlas only when read as {other.reading.datum}, {lost} only as declared"
        )  # fmt: skip
        by_seam = 0.0
        if other.seam_m is not None and base.seam_m is not None:
            both = ~np.isnan(other.seam_m) & ~np.isnan(base.seam_m)
            nearer = int((other.seam_m[both] < base.seam_m[both]).sum())
            by_seam = _ahead(nearer, int((other.seam_m[both] > base.seam_m[both]).sum()))
            evidence += (
                f"; {nearer} of {int(both.sum())} rows are nearer to a road or building then (median "
                f"{np.median(other.seam_m[both]):.1f} m against {np.median(base.seam_m[both]):.1f} m)"
                if both.any() else ""
            )  # fmt: skip
        # Roads decide where they speak; the share inside alone is weak far from the border.
        score = by_seam if abs(by_seam) > _SIGMAS else by_inside
        if score > _SIGMAS and (best is None or score > best[0]):
            best = score, other, evidence
    if best is None:
        return []
    score, other, evidence = best
    text = (
        f"declared as {base.reading.datum}, but it looks like {other.reading.datum} (a shift of "
        f"{other.reading.shift_m:.0f} m): {evidence}; {score:.0f} standard deviations"
    )
    return [Finding("datum_as_declared", text, amount=other.reading.shift_m, unit="m")]


def _truncated(x: FloatArray, y: FloatArray) -> list[Finding]:
    there = np.isfinite(x) & np.isfinite(y)
    count = int(there.sum())
    if count < _FEWEST:
        return []
    for decimals, metres in _METRES_PER_DECIMAL.items():
        fits = np.ones(count, bool)
        for values in (x[there], y[there]):
            fits &= np.abs(np.round(values, decimals) - values) < 1e-9
        share = float(fits.mean())
        if share >= 0.5:
            text = f"{share:.0%} of the rows have {decimals} decimals or fewer: a place is known to {metres:,} m only"
            return [Finding("enough_decimals", text, amount=float(metres), unit="m")]
    return []


def _one_spot(base: _Read) -> list[Finding]:
    if not base.good.any():
        return []
    points = to_lattice(base.lon[base.good], base.lat[base.good])
    spots, counts = np.unique(points, axis=0, return_counts=True)
    fewest = max(_FEWEST, _SPOT_SHARE * len(points))
    found = []
    for i in np.argsort(-counts, kind="stable")[:5]:
        if counts[i] < fewest or not spots[i].any():
            continue
        place = from_lattice(spots[i])
        text = f"{counts[i]} of {len(points)} rows lie on exactly one spot: a default, or an office's own address"
        found.append(Finding("no_default_spot", text, (), float(place[0]), float(place[1]), float(counts[i])))
    return found
