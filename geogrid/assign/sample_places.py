"""Sample stations and reports for a real place: invented, deterministic by seed, and labelled so."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.boundaries import Boundaries
from geogrid.codes import bundled_register
from geogrid.crs import Metric
from geogrid.lattice import from_lattice, to_lattice
from geogrid.types import FloatArray

__all__ = ["sample_reports", "sample_stations", "write_sample_stations"]

_LABEL = "sample data, not a real station / 样例数据，非真实工作站"


def sample_stations(place: Boundaries, *, seed: int) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection of one invented station for each real street or town.

    Their names come from the bundled register; their places are spread evenly over the outline
    and have nothing to do with where the street or town lies. Each feature says that it is a sample.

    Parameters
    ----------
    place : Boundaries
        A bundled district.
    seed : int

    Returns
    -------
    dict
        RFC 7946; properties ``code``, ``name``, ``sample``, ``note``.
    """
    streets = bundled_register().children(place.code)
    sites = _spread(place, len(streets), seed)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": f"S{street.code}",
                    "name": f"{street.name}工作站（样例）",
                    "sample": True,
                    "note": _LABEL,
                },
                "geometry": {"type": "Point", "coordinates": [round(float(x), 7), round(float(y), 7)]},
            }
            for street, (x, y) in zip(streets, sites, strict=True)
        ],
    }


def write_sample_stations(place: Boundaries, path: str | Path, *, seed: int) -> Path:
    """Write `sample_stations` as a GeoJSON file; return its path."""
    file = Path(path)
    file.write_text(
        json.dumps(sample_stations(place, seed=seed), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return file


def sample_reports(place: Boundaries, count: int, *, seed: int) -> Any:
    """Return invented reports spread evenly over a place and over one day.

    Parameters
    ----------
    place : Boundaries
    count : int
    seed : int

    Returns
    -------
    pandas.DataFrame
        Columns ``report``, ``lon``, ``lat`` (degrees, WGS 84, seven decimals), ``at`` (ISO 8601, UTC+8).
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    points = from_lattice(to_lattice(*_inside(place, count, rng).T))
    order = rng.permutation(count).tolist()
    start = dt.datetime(2026, 11, 23, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    step = dt.timedelta(days=1) / count
    return pd.DataFrame(
        {
            "report": [f"sample-{number:06d}" for number in range(1, count + 1)],
            "lon": points[:, 0],
            "lat": points[:, 1],
            "at": [(start + number * step).isoformat(timespec="seconds") for number in order],
        }
    )


def _inside(place: Boundaries, count: int, rng: np.random.Generator) -> FloatArray:
    """Return (count, 2) degrees inside the outline, evenly spread over its longitude-latitude box."""
    outline = shapely.union_all(place.finest.polygons.to_shapely())
    shapely.prepare(outline)
    west, south, east, north = outline.bounds
    found: list[FloatArray] = []
    missing = count
    while missing > 0:
        points = rng.uniform((west, south), (east, north), size=(2 * missing + 16, 2))
        found.append(points[shapely.contains_xy(outline, points[:, 0], points[:, 1])][:missing])
        missing -= len(found[-1])
    return np.concatenate(found)


def _spread(place: Boundaries, count: int, seed: int) -> FloatArray:
    """Return (count, 2) degrees: centres of evenly sized parts of the outline (Lloyd's iteration)."""
    rng = np.random.default_rng(seed)
    points = _inside(place, 400 * count, rng)
    metric = Metric.around(*points.mean(axis=0))
    xy = metric.to_metres(points)
    centres = xy[:count].copy()
    for _ in range(40):
        nearest = ((xy[:, None, :] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        centres = np.array(
            [xy[nearest == row].mean(axis=0) if (nearest == row).any() else centres[row] for row in range(count)]
        )
    return metric.to_degrees(centres)
