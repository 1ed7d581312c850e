"""Files of reports that fit in memory: CSV, Excel, Parquet, GeoPackage, NDJSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geogrid.boundaries.encoding import encoding_of
from geogrid.errors import InputError, NotFoundError, StorageError

__all__ = ["FORMATS", "column_like", "read_reports"]

FORMATS = ".csv, .xlsx, .parquet, .gpkg, .geojson, .fgb, .ndjson"

_LIKE = {
    "lon": ("lon", "lng", "long", "longitude", "x", "经度"),
    "lat": ("lat", "latitude", "y", "纬度"),
    "category": ("category", "category_code", "类别", "小类代码"),
    "condition": ("condition", "条件"),
    "at": ("at", "time", "datetime", "filed_at", "created_at", "时间", "上报时间"),
}


def column_like(columns: Iterable[Any], meaning: str) -> str:
    """Return the column whose name means ``lon``, ``lat``, ``category`` … ; `meaning` if there is none.

    Examples
    --------
    >>> column_like(["Id", "LNG", "Lat"], "lon")
    'LNG'
    """
    by_name = {str(name).strip().lower(): str(name) for name in columns}
    return next((by_name[name] for name in _LIKE[meaning] if name in by_name), meaning)


def read_reports(path: str | Path) -> Any:
    """Return the rows of a file of reports as a frame; files with geometry as a GeoDataFrame.

    Codes stay text: leading zeros are kept.

    Raises
    ------
    NotFoundError, StorageError, InputError
    """
    import pandas as pd

    source = Path(path)
    if not source.exists():
        raise NotFoundError("no such file", given=source)
    suffix = source.suffix.lower()
    try:
        if suffix == ".csv":
            return pd.read_csv(source, dtype=str, keep_default_na=False, encoding=encoding_of(source))
        if suffix in (".xlsx", ".xlsm"):
            return pd.read_excel(source, dtype=object)
        if suffix in (".ndjson", ".jsonl"):
            return pd.read_json(source, lines=True, dtype=False, convert_dates=False)
        if suffix == ".parquet":
            return _read_parquet(source)
        if suffix in (".gpkg", ".geojson", ".fgb", ".shp"):
            import geopandas

            return geopandas.read_file(source)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise StorageError(f"cannot be read ({error})", source=source) from error
    raise InputError("not a file of reports", given=source.name, allowed=FORMATS)


def _read_parquet(source: Path) -> Any:
    import geopandas
    import pandas as pd

    try:
        return geopandas.read_parquet(source)
    except ValueError:
        return pd.read_parquet(source)
