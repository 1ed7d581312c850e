"""Reading features from files of any common format into lon/lat, WGS 84."""

from __future__ import annotations

import codecs
import sqlite3
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from geogrid.boundaries.coordinates import frame_to_lonlat
from geogrid.boundaries.selection import rows_where
from geogrid.errors import BoundaryError, FormatError, InputError, MissingPartError, NotFoundError, StorageError
from geogrid.types import Datum, Finding

__all__ = ["FORMATS", "Limits", "list_layers", "read_features"]

FORMATS: dict[str, str] = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".zip": "zipped Shapefile",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".fgb": "FlatGeobuf",
    ".pbf": "OpenStreetMap PBF",
    ".osm": "OpenStreetMap XML",
}
"""File endings that can be read, and what they stand for."""

_OSM = frozenset({".pbf", ".osm"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an input may be; beyond it, reading stops with an error instead of filling the memory.

    Parameters
    ----------
    bytes : int
        Of the file (unpacked, if it is a zip).
    features, vertices : int
    """

    bytes: int = 4 * 1024**3
    features: int = 5_000_000
    vertices: int = 100_000_000

    def check(self, what: str, found: int, source: Path) -> None:
        """Raise InputError if there is more of `what` than allowed."""
        allowed = int(getattr(self, what))
        if found > allowed:
            raise InputError(
                f"the file has too many {what}", given=f"{found:,}", allowed=f"up to {allowed:,}", source=source,
                mend="cut it to the place needed first (ogr2ogr -spat), or pass larger limits",
            )  # fmt: skip


def read_features(
    path: str | Path,
    *,
    layer: str | None = None,
    crs: Any = None,
    datum: str | Datum | None = None,
    encoding: str | None = None,
    where: str | None = None,
    swap_axes: bool = False,
    limits: Limits | None = None,
    findings: list[Finding] | None = None,
) -> Any:
    """Return the features of a file as a GeoDataFrame in EPSG:4326.

    Parameters
    ----------
    path : str or Path
        GeoJSON, GeoPackage, Shapefile (also zipped), GeoParquet, FlatGeobuf or OpenStreetMap.
    layer : str, optional
        Needed where the file has several.
    crs : anything PROJ knows, optional
        The CRS of the coordinates, if the file does not declare one; given against a different
        declared one, it is an error.
    datum : str, optional
        ``"gcj02"`` or ``"bd09"`` where the degrees are shifted, whatever the file declares;
        ``"wgs84"``, ``"cgcs2000"`` also serve as a declaration for a file without CRS.
    encoding : str, optional
        Of the attribute table (Shapefile), e.g. ``"gbk"``; needed if the file does not state it.
    where : str, optional
        SQL condition on columns, e.g. ``"boundary = 'administrative'"``.
    swap_axes : bool
        Take the file's first coordinate as latitude.
    limits : Limits, optional
        The size accepted.
    findings : list of Finding, optional
        For checking only: missing CRS, swapped axes and undeclared encoding are appended here
        instead of being raised, and reading goes on with the likeliest reading.

    Returns
    -------
    geopandas.GeoDataFrame
        Attributes as read; geometry in degrees, WGS 84, lon-lat, 2D. In a projected CRS edges longer
        than 500 m get vertices in between first, so that they stay straight to within a
        centimetre.

    Raises
    ------
    NotFoundError
        If the file or layer does not exist.
    CrsError
        If no CRS is declared and none is told.
    BoundaryError
        If text of a Shapefile is not ASCII and no encoding is declared.
    FormatError, StorageError
        If the file is not of its format.
    InputError
        If it is larger than `limits`.
    """
    path = Path(path)
    bounds = limits or Limits()
    ending = _require_format(path)
    if encoding is not None:
        _require_encoding(encoding, path)
    bounds.check("bytes", _size(path), path)
    if ending in (".parquet", ".geoparquet"):
        frame = _read_parquet(path, where, bounds)
    else:
        if ending == ".shp" and encoding is None:
            encoding = declared_encoding(path, findings)
        frame = _read_ogr(path, ending, layer, encoding, where, bounds)
    bounds.check("features", len(frame), path)
    bounds.check("vertices", int(shapely.get_num_coordinates(frame.geometry.array).sum()), path)
    return frame_to_lonlat(frame, crs=crs, datum=datum, source=path, swap_axes=swap_axes, findings=findings)


def list_layers(path: str | Path) -> list[str]:
    """Return the names of the layers with geometry in a file; one empty name for GeoParquet."""
    path = Path(path)
    if _require_format(path) in (".parquet", ".geoparquet"):
        return [""]
    return [str(name) for name, kind in _pyogrio().list_layers(path) if kind is not None]


def _require_format(path: Path) -> str:
    if not path.exists():
        raise NotFoundError("no such file", given=path, mend="check the path; relative paths start where you are")
    ending = path.suffix.lower()
    if path.is_dir() or ending not in FORMATS:
        raise FormatError("not a format that can be read", given=path, allowed=", ".join(FORMATS))
    return ending


def _size(path: Path) -> int:
    if path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                return sum(member.file_size for member in archive.infolist())
        except zipfile.BadZipFile:
            raise FormatError("not a zip file", given=path) from None
    if path.suffix.lower() == ".shp":
        return sum(part.stat().st_size for part in path.parent.glob(f"{path.stem}.*"))
    return path.stat().st_size


def _pyogrio() -> Any:
    try:
        import geopandas  # noqa: F401
        import pyogrio
    except ImportError as error:
        raise MissingPartError(
            "reading files needs geopandas and pyogrio", given=error, mend="pip install 'geogrid[files]'"
        ) from None
    return pyogrio


def _read_parquet(path: Path, where: str | None, limits: Limits) -> Any:
    try:
        import geopandas
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingPartError(
            "reading GeoParquet needs pyarrow", given=error, mend="pip install 'geogrid[files]'"
        ) from None
    try:
        limits.check("features", pyarrow.parquet.read_metadata(path).num_rows, path)
        frame = geopandas.read_parquet(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise FormatError("not a readable Parquet file", given=_short(error), source=path) from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise FormatError("a Parquet file without GeoParquet metadata", given=_short(error), source=path) from None
    return frame if where is None else _frame_where(frame, where, path)


def _frame_where(frame: Any, where: str, path: Path) -> Any:
    try:
        return frame.iloc[rows_where(frame, where)]
    except sqlite3.Error as error:
        raise _bad_condition(where, path, error) from None


def _read_ogr(
    path: Path, ending: str, layer: str | None, encoding: str | None, where: str | None, limits: Limits
) -> Any:
    pyogrio = _pyogrio()
    try:
        layers = list_layers(path)
        if layer is None and len(layers) > 1:
            raise InputError(
                "the file has several layers", given=path, allowed=", ".join(layers), mend="name one of them"
            )
        if layer is not None and layer not in layers:
            raise NotFoundError("no such layer", given=layer, allowed=", ".join(layers), source=path)
        if ending not in _OSM:
            limits.check("features", int(pyogrio.read_info(path, layer=layer)["features"]), path)
        with warnings.catch_warnings():
            # GDAL warns of OSM ways it cannot close and of ring order; checks report what matters.
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            return pyogrio.read_dataframe(
                path, layer=layer, encoding=encoding, where=where, force_2d=True,
                on_invalid="ignore" if ending in _OSM else "warn",
            )  # fmt: skip
    except UnicodeDecodeError as error:
        raise BoundaryError(
            "the attribute table is not in this encoding", given=encoding or "the declared one", source=path,
            mend=f"tell another encoding, e.g. gbk ({_short(error)})",
        ) from None  # fmt: skip
    except pyogrio.errors.DataSourceError as error:
        raise StorageError("the file cannot be read", given=_short(error), source=path) from None
    except (pyogrio.errors.DataLayerError, pyogrio.errors.FieldError, RuntimeError) as error:
        if where is not None:
            raise _bad_condition(where, path, error) from None
        raise FormatError("the file's contents cannot be read", given=_short(error), source=path) from None
    except ValueError as error:
        if isinstance(error, InputError) or where is None:
            raise
        raise _bad_condition(where, path, error) from None


def _bad_condition(where: str, path: Path, error: Exception) -> InputError:
    return InputError("cannot select by this condition", given=where, source=path, mend=_short(error))


def _require_encoding(encoding: str, path: Path) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise InputError("unknown encoding", given=encoding, source=path, mend="for example gbk or utf-8") from None


def declared_encoding(path: Path, findings: list[Finding] | None) -> str | None:
    """Return None if GDAL can find the encoding of a Shapefile's text, else raise or report.

    A ``.cpg`` file declares it, or byte 29 of the ``.dbf`` (the language driver); 0 and 0x57
    («ANSI», the code page of whoever wrote it) declare nothing. With `findings` the likeliest
    encoding is returned for the check to go on.

    Raises
    ------
    BoundaryError
        If there is text that is not ASCII and nothing declares its encoding.
    """
    table = path.with_suffix(".dbf")
    if not table.exists() or any(path.with_suffix(ending).exists() for ending in (".cpg", ".CPG")):
        return None
    data = table.read_bytes()
    if len(data) < 32 or data[29] not in (0, 0x57) or data[32:].isascii():
        return None
    error = BoundaryError(
        "the attribute table has text that is not ASCII and nothing declares its encoding", source=table,
        allowed="a .cpg file beside it, or the encoding told", mend="tell it: encoding='gbk' or 'utf-8' (--encoding)",
    )  # fmt: skip
    if findings is None:
        raise error
    findings.append(Finding("encoding_declared", str(error), (path.name,)))
    return "gbk"


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else text[:159] + "…"
