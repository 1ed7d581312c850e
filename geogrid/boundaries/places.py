"""The bundled places: real outlines that come with geogrid."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.boundaries.areas import Areas, Boundaries, Source
from geogrid.codes.bundle import bundle_folder, read_source_toml, read_verified
from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons

__all__ = ["bundled", "bundled_places"]


def bundled_places() -> dict[str, Path]:
    """Return the folder of each bundled place by its code.

    Examples
    --------
    >>> sorted(bundled_places())
    ['110101', '310106', '310112', '310113', '310114', '310120']
    """
    folders = sorted(path.parent for path in bundle_folder().glob("*/source.toml"))
    stated = ((read_source_toml(folder), folder) for folder in folders)
    return {str(source["code"]): folder for source, folder in stated if "code" in source}


def bundled(code: str) -> Boundaries:
    """Return a bundled place: its outline as the one area of level ``"district"``.

    Needs no optional library.

    Parameters
    ----------
    code : str
        Six-digit district code, e.g. ``"310114"``, or the folder's name, e.g. ``"jiading"``.

    Raises
    ------
    NotFoundError
        If no such place is bundled.
    ChecksumError
        If its file has changed since it was published.

    Examples
    --------
    >>> place = bundled("310114")
    >>> place.name, place.finest.level, round(float(place.finest.area_m2()[0] / 1e6))
    ('嘉定区', 'district', 462)
    """
    places = bundled_places()
    folder = places.get(code) or next((path for path in places.values() if path.name == code), None)
    if folder is None:
        shown = ", ".join(f"{key} ({path.name})" for key, path in places.items())
        raise NotFoundError("no bundled place has this code", given=code, allowed=shown)
    data = read_verified(folder, "outline.geojson")
    stated = read_source_toml(folder)
    source = source_of(stated, (str(folder / "outline.geojson"),), hashlib.sha256(data).hexdigest())
    features = json.loads(data)["features"]

    def column(name: str) -> Any:
        return np.array([feature["properties"][name] for feature in features], dtype=object)

    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]
    polygons = LatticePolygons.from_shapely(shapes, source=source.files[0]).require_filled(source=source.files[0])
    areas = Areas(str(column("level")[0]), column("code"), column("name"), column("parent"), polygons)
    return Boundaries(str(stated["code"]), str(stated["place"]), (areas,), source)


def source_of(stated: dict[str, Any], files: tuple[str, ...], sha256: str) -> Source:
    """Return the Source that a ``source.toml`` states, for these files and digest."""
    text = {key: str(stated.get(key, "")) for key in ("publisher", "licence", "date")}
    return Source(datum=str(stated.get("datum", "wgs84")), files=files, sha256=sha256, **text)
