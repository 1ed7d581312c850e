"""A layer as a file that other programs read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geogrid.atlas.creation import spare_atlas
from geogrid.atlas.edition import Edition
from geogrid.atlas.sheets import write_csv, write_workbook
from geogrid.errors import InputError, MissingPartError, StorageError

__all__ = ["FORMATS", "TABLES", "Export", "export_frame", "export_layer", "format_of", "write_whole"]

FORMATS: dict[str, str] = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gpkg": "GPKG",
    ".parquet": "Parquet",
    ".geoparquet": "Parquet",
    ".fgb": "FlatGeobuf",
    ".shp": "ESRI Shapefile",
}
"""The format that each file ending stands for, of features."""

TABLES: dict[str, str] = {".csv": "CSV", ".xlsx": "Excel"}
"""The same of tables: rows without shapes, points with longitude and latitude."""

_DBF_NAME = 10
_DBF_TEXT = 254


@dataclass(frozen=True, slots=True)
class Export:
    """What was written.

    Parameters
    ----------
    path : Path
    layer : str
    features : int
    renamed : tuple of (str, str)
        Columns whose name the format could not hold: name, name in the file.
    shortened : tuple of (str, int)
        Columns with texts the format could not hold whole: name, number of rows.
    """

    path: Path
    layer: str
    features: int
    renamed: tuple[tuple[str, str], ...] = ()
    shortened: tuple[tuple[str, int], ...] = ()


def export_layer(edition: Edition, layer: str, path: str | Path) -> Export:
    """Return a report of writing one layer of an edition to a file.

    The ending of the name chooses the format: ``.geojson`` (RFC 7946: longitude first, seven decimals,
    outer rings counter-clockwise, no ``crs``), ``.gpkg``, ``.parquet`` (GeoParquet 1.1), ``.fgb``
    (FlatGeobuf) or ``.shp`` (UTF-8 with ``.cpg``); ``.csv`` and ``.xlsx`` are tables without the shapes. The file
    appears whole or not at all; a file of that name is replaced.

    Parameters
    ----------
    edition : Edition
    layer : str
        A layer, or ``area_<level>`` for a level of areas.
    path : path

    Raises
    ------
    InputError
        If the ending stands for no format.
    NotFoundError
        If there is no such layer.
    ConflictError
        If the file is an atlas.
    StorageError
        If the file cannot be written.
    """
    format_of(path)
    return export_frame(_frame(edition, layer), path, layer=layer)


def format_of(path: str | Path) -> str:
    """Return the format that the ending of a name stands for.

    Raises
    ------
    InputError
        If it stands for none.
    """
    known = FORMATS | TABLES
    driver = known.get(Path(path).suffix.lower())
    if driver is None:
        raise InputError("no format of this ending", given=Path(path).name, allowed=", ".join(known))
    return driver


def export_frame(frame: Any, path: str | Path, *, layer: str) -> Export:
    """Return a report of writing features to a file as `export_layer` does.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame, EPSG:4326
    path : path
    layer : str
        What the layer is called, in formats that name it.

    Raises
    ------
    InputError, ConflictError, StorageError
        As `export_layer`.
    """
    target, driver = Path(path), format_of(path)
    renamed: dict[str, str] = {}
    shortened: list[tuple[str, int]] = []
    if driver == "ESRI Shapefile":
        frame, shortened = _fit_text(frame)
        renamed = _dbf_names([column for column in frame.columns if column != "geometry"])
        frame = frame.rename(columns=renamed)
    write_whole(target, lambda fresh: _write(frame, fresh, driver, layer))
    changed = tuple((old, new) for old, new in renamed.items() if old != new)
    return Export(target, layer, len(frame), changed, tuple(shortened))


def _frame(edition: Edition, layer: str) -> Any:
    for areas in edition.division.areas:
        if layer == f"area_{areas.level}":
            return areas.to_geopandas()
    try:
        frame = edition.layer(layer).to_geopandas()
    except ImportError as error:
        raise MissingPartError("files need geopandas", mend="pip install 'geogrid[files]'") from error
    frame["area_m2"] = frame["area_m2"].round(2)
    return frame


def _write(frame: Any, path: Path, driver: str, layer: str) -> None:
    if driver in TABLES.values():
        table = _without_shapes(frame)
        if driver == "CSV":
            write_csv(table, path)
        else:
            write_workbook(table, path, sheet=layer)
        return
    if driver == "Parquet":
        frame.to_parquet(path, index=False, schema_version="1.1.0", write_covering_bbox=True)
        return
    import pyogrio

    options: dict[str, dict[str, Any]] = {
        "GeoJSON": {"layer_options": {"RFC7946": "YES", "COORDINATE_PRECISION": 7}},
        "GPKG": {"layer": layer, "dataset_options": {"VERSION": "1.3"}},
        "FlatGeobuf": {"layer": layer},
        "ESRI Shapefile": {"layer_options": {"ENCODING": "UTF-8"}},
    }
    if driver in ("GPKG", "FlatGeobuf", "ESRI Shapefile") and not (frame.geom_type == "Point").any():
        options[driver]["promote_to_multi"] = True
    pyogrio.write_dataframe(frame, path, driver=driver, **options[driver])


def _without_shapes(frame: Any) -> Any:
    """Return the columns of a frame, of points with longitude and latitude."""
    import pandas

    table = pandas.DataFrame(frame.drop(columns=frame.geometry.name))
    if len(frame) and (frame.geom_type == "Point").all():
        table["lon"], table["lat"] = frame.geometry.x.round(7), frame.geometry.y.round(7)
    return table


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file that appears whole or not at all: under another name first, then renamed.

    Parameters
    ----------
    target : Path
        A file of that name is replaced, unless it is an atlas.
    write : callable
        Writes to the path it is given; files beside it in the same folder appear, too, before it.

    Raises
    ------
    ConflictError
        If `target` is an atlas.
    StorageError
        If it cannot be written; then what was there is still there.
    """
    spare_atlas(target)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise StorageError(
            "the file cannot be written there", given=target, source=error.strerror, mend="make the folder first"
        ) from error
    try:
        write(folder / target.name)
        written = sorted(folder.iterdir(), key=lambda file: file.name == target.name)
        for file in written:
            with file.open("rb") as content:
                os.fsync(content.fileno())
        for file in written:
            file.replace(target.with_name(file.name))
    except (OSError, RuntimeError) as error:
        raise StorageError(
            f"the file cannot be written ({error}); nothing was replaced",
            given=target,
            mend="check the name" if target.is_dir() else "free some space and run it again",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _dbf_names(columns: list[str]) -> dict[str, str]:
    """Return a name of at most 10 bytes for each column, no two alike.

    Examples
    --------
    >>> _dbf_names(["code", "responsibility", "responsibility_2"])
    {'code': 'code', 'responsibility': 'responsibi', 'responsibility_2': 'responsi_1'}
    """
    result: dict[str, str] = {}
    used: set[str] = set()
    for column in columns:
        name, count = _cut(column, _DBF_NAME), 0
        while name.casefold() in used:
            count += 1
            name = f"{_cut(column, _DBF_NAME - 1 - len(str(count)))}_{count}"
        used.add(name.casefold())
        result[column] = name
    return result


def _cut(text: str, size: int) -> str:
    """Return the start of the text that fits `size` bytes of UTF-8, without half a character."""
    return text.encode()[:size].decode(errors="ignore")


def _fit_text(frame: Any) -> tuple[Any, list[tuple[str, int]]]:
    """Cut texts to the 254 bytes of a .dbf column, and count them."""
    shortened = []
    fitted = frame.copy()
    for column in frame.columns:
        if column == "geometry" or frame[column].dtype.kind != "O":
            continue
        cut = frame[column].map(lambda value: _cut(value, _DBF_TEXT) if isinstance(value, str) else value)
        count = int((cut != frame[column]).sum() - (cut.isna() & frame[column].isna()).sum())
        if count:
            fitted[column] = cut
            shortened.append((column, count))
    return fitted, shortened
