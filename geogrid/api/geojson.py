"""A layer as RFC 7946 GeoJSON, written piece by piece so that a city never stands in memory twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import to_json

from geogrid.errors import InputError
from geogrid.lattice import STEPS_PER_DEGREE, LatticePolygons
from geogrid.types import IntArray

__all__ = ["features", "rows_within", "stream_collection"]

_CHUNK = 500


def rows_within(shapes: LatticePolygons, bbox: str) -> IntArray:
    """Return the rows whose bounding box meets a box ``west,south,east,north`` (degrees, WGS 84).

    A box whose west is east of its east crosses the 180th meridian (RFC 7946, 5.2).

    Raises
    ------
    InputError
        If the text is not a box.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> rows_within(toy_city().shapes("cell"), "121.2531,31.3831,121.26,31.39").tolist()
    [15]
    """
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        west = south = east = north = float("nan")
    if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        raise InputError(
            "not a bounding box", given=bbox[:100], allowed="west,south,east,north in degrees, WGS 84", source="bbox",
            mend="longitudes stand first; south is not above north",
        )  # fmt: skip
    box = shapes.bounds() / STEPS_PER_DEGREE
    upright = (box[:, 1] <= north) & (box[:, 3] >= south)
    from_west, to_east = box[:, 2] >= west, box[:, 0] <= east
    across = from_west & to_east if west <= east else from_west | to_east
    filled = np.diff(shapes.geom_offsets) > 0
    return np.flatnonzero(upright & across & filled)


def features(
    shapes: LatticePolygons, columns: Mapping[str, npt.NDArray[Any]], rows: IntArray
) -> Iterator[dict[str, Any]]:
    """Yield the features of `rows`; ``code`` is the id, coordinates have at most seven decimals."""
    part = shapes.take(rows)
    degrees = (part.coords.astype(np.float64) / STEPS_PER_DEGREE).tolist()
    rings, parts, geoms = part.ring_offsets.tolist(), part.part_offsets.tolist(), part.geom_offsets.tolist()
    values = {name: [_plain(value) for value in column[rows].tolist()] for name, column in columns.items()}
    for place in range(len(rows)):
        polygons = [
            [degrees[rings[ring] : rings[ring + 1]] for ring in range(parts[polygon], parts[polygon + 1])]
            for polygon in range(geoms[place], geoms[place + 1])
        ]
        single = len(polygons) == 1
        yield {
            "type": "Feature",
            "id": values["code"][place],
            "geometry": {"type": "Polygon", "coordinates": polygons[0]}
            if single
            else {"type": "MultiPolygon", "coordinates": polygons},
            "properties": {name: column[place] for name, column in values.items()},
        }


def stream_collection(
    shapes: LatticePolygons, columns: Mapping[str, npt.NDArray[Any]], rows: IntArray, members: Mapping[str, Any]
) -> Iterator[bytes]:
    """Yield a FeatureCollection of `rows` in pieces, with further `members` first."""
    head = to_json({"type": "FeatureCollection", **members})
    yield head[:-1] + b',"features":['
    for first in range(0, len(rows), _CHUNK):
        chunk = b",".join(to_json(feature) for feature in features(shapes, columns, rows[first : first + _CHUNK]))
        yield (b"," if first else b"") + chunk
    yield b"]}"


def _plain(value: Any) -> Any:
    """Return a value JSON knows; NaN is nothing."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
