"""Weights from points: reports, households or assets counted per cell, and smoothed if asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.boundaries.encoding import encoding_of
from geogrid.crs import to_wgs84
from geogrid.errors import InputError, NotFoundError, StorageError
from geogrid.lattice import LatticePolygons, owners_by_brute_force, to_lattice
from geogrid.partition.balance.graph import CellGraph
from geogrid.types import Datum, Finding, FloatArray, Int32Array, IntArray

__all__ = ["count_points", "read_points", "smoothed"]

_Points: TypeAlias = tuple[FloatArray, FloatArray, Datum, FloatArray | None, tuple[Finding, ...]]

_LON = ("lon", "lng", "longitude", "x", "经度")
_LAT = ("lat", "latitude", "y", "纬度")


def count_points(
    cells: LatticePolygons,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    *,
    datum: str | Datum,
    values: npt.ArrayLike | None = None,
    locate: Callable[[Int32Array], IntArray | Int32Array] | None = None,
) -> tuple[FloatArray, int]:
    """Return (n,) the number (or the sum of `values`) of points in each cell, and how many lie in none.

    Parameters
    ----------
    cells : LatticePolygons, n cells
    lon, lat : (p,) float, degrees in `datum`
    values : (p,) float, optional
        What each point counts; 1 if left out.
    locate : callable, optional
        ``Locator.locate_lattice`` of an edition; without it every cell is asked, by the same exact rule.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> counts, outside = count_points(toy_city().shapes("cell"), [121.2505, 0.0], [31.3805, 0.0], datum="wgs84")
    >>> int(counts[0]), outside
    (1, 1)
    """
    points = to_lattice(*to_wgs84(lon, lat, datum=datum))
    owner = np.asarray(owners_by_brute_force(cells, points) if locate is None else locate(points), np.int64)
    counted = np.ones(len(points)) if values is None else np.asarray(values, np.float64)
    inside = owner >= 0
    sums = np.bincount(owner[inside], weights=counted[inside], minlength=len(cells))
    return np.asarray(sums, np.float64), int((~inside).sum())


def smoothed(graph: CellGraph, values: FloatArray, share: float) -> FloatArray:
    """Return small counts smoothed: each cell hands `share` of its value to its neighbours.

    A neighbour gets as much as it has of the cell's shared border; the total does not change.
    Cells without neighbours keep everything.

    Raises
    ------
    InputError
        If `share` is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise InputError("smoothing is a share", given=share, allowed="0 (none) to 1")
    around = np.zeros(len(graph))
    np.add.at(around, graph.first, graph.length_m)
    np.add.at(around, graph.second, graph.length_m)
    given = np.where(around > 0, share * values, 0.0)
    result = values - given
    rate = given / np.where(around > 0, around, 1.0)
    np.add.at(result, graph.second, graph.length_m * rate[graph.first])
    np.add.at(result, graph.first, graph.length_m * rate[graph.second])
    return result


def read_points(
    path: str | Path, *, datum: str | Datum | None = None, lon: str | None = None, lat: str | None = None,
    value: str | None = None,
) -> _Points:  # fmt: skip
    """Return longitude, latitude, datum and values of the points in a file, and what was left out.

    A CSV or Excel file has columns of coordinates and needs `datum`; any other file is read as features.
    CSV is UTF-8, or else GB 18030 (GBK), which Chinese Excel writes.

    Raises
    ------
    InputError
        If the columns are not there, or the datum is not given.
    NotFoundError, StorageError
        If there is no such file, or it cannot be read.
    """
    file = Path(path)
    if not file.exists():
        mend = "check the path; in a plan, a relative one starts from the plan's own folder"
        raise NotFoundError("no such file", given=file, mend=mend)
    if file.suffix.lower() not in (".csv", ".xlsx", ".parquet"):
        return _features(file, datum, value)
    import pandas

    try:
        readers: dict[str, Callable[..., Any]] = {
            ".csv": lambda file: pandas.read_csv(file, encoding=encoding_of(file)),
            ".xlsx": pandas.read_excel,
            ".parquet": pandas.read_parquet,
        }
        frame = readers[file.suffix.lower()](file)
    except (OSError, ValueError) as error:
        raise StorageError("the points cannot be read", given=error, source=file) from None
    if datum is None:
        raise InputError(
            "no datum", source=file, allowed="wgs84, cgcs2000, gcj02, bd09", mend="declare the points' datum"
        )
    columns = [_column(frame, told, usual, file) for told, usual in ((lon, _LON), (lat, _LAT))]
    xy = frame[columns].apply(pandas.to_numeric, errors="coerce").to_numpy(np.float64)
    good = np.isfinite(xy).all(axis=1)
    worth = None if value is None else _values(frame, value, file)[good]
    return xy[good, 0], xy[good, 1], Datum.of(datum), worth, _left_out(file, np.flatnonzero(~good))


def _features(file: Path, datum: str | Datum | None, value: str | None) -> _Points:
    import shapely

    from geogrid.boundaries import read_features

    frame = read_features(file, datum=datum)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    xy = shapely.get_coordinates(shapely.centroid(shapes[there]))
    worth = None if value is None else _values(frame, value, file)[there]
    return xy[:, 0], xy[:, 1], Datum.WGS84, worth, _left_out(file, np.flatnonzero(~there), first=1)


def _column(frame: Any, told: str | None, usual: tuple[str, ...], file: Path) -> str:
    if told is not None and told in frame.columns:
        return told
    by_word = {str(column).lower(): str(column) for column in frame.columns}
    found = next((by_word[word] for word in usual if word in by_word), None) if told is None else None
    if found is None:
        raise InputError(
            "no such column of coordinates", given=told or "/".join(usual), allowed=", ".join(map(str, frame.columns)),
            source=file,
        )  # fmt: skip
    return found


def _values(frame: Any, column: str, file: Path) -> FloatArray:
    import pandas

    if column not in frame.columns:
        raise InputError("no such column", given=column, allowed=", ".join(map(str, frame.columns)), source=file)
    values: FloatArray = pandas.to_numeric(frame[column], errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(bad):
        raise InputError(
            f"{len(bad)} value(s) are not amounts, first in row {bad[0] + 2}", given=frame[column].iloc[bad[0]],
            allowed="a number, 0 or more", source=f"{file}, {column}",
        )  # fmt: skip
    return values


def _left_out(file: Path, rows: IntArray, *, first: int = 2) -> tuple[Finding, ...]:
    if not len(rows):
        return ()
    said = f"{len(rows)} row(s) of {file.name} have no coordinates and were not counted"
    return (Finding("has_coordinates", said, tuple(str(row + first) for row in rows[:10]), amount=float(len(rows))),)
