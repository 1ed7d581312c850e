"""Files of reports: CSV, Excel, Parquet, GeoPackage, NDJSON; reading them and writing answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geogrid.atlas.export import write_whole
from geogrid.errors import InputError, NotFoundError, StorageError

__all__ = ["FORMATS", "column_like", "read_reports", "write_answers"]

FORMATS = ".csv, .xlsx, .parquet, .gpkg, .geojson, .fgb, .ndjson"

_LIKE = {
    "lon": ("lon", "lng", "long", "longitude", "x", "经度"),
    "lat": ("lat", "latitude", "y", "纬度"),
    "category": ("category", "category_code", "类别", "小类代码"),
    "condition": ("condition", "条件"),
    "at": ("at", "time", "datetime", "filed_at", "created_at", "时间", "上报时间"),
}


def column_like(frame: Any, meaning: str) -> str:
    """Return the column of a frame whose name means ``lon``, ``lat``, ``category`` … ; `meaning` if there is none."""
    by_name = {str(name).strip().lower(): str(name) for name in frame.columns}
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
            return _read_csv(source)
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


def _read_csv(source: Path) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        return pd.read_csv(source, dtype=str, keep_default_na=False, encoding="gb18030")


def _read_parquet(source: Path) -> Any:
    import geopandas
    import pandas as pd

    try:
        return geopandas.read_parquet(source)
    except ValueError:
        return pd.read_parquet(source)


def write_answers(frame: Any, path: str | Path) -> Path:
    """Write a frame of answers; the ending of the name chooses the format.

    Raises
    ------
    InputError, ConflictError, StorageError
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".csv", ".xlsx", ".parquet", ".ndjson"):
        raise InputError(
            "cannot write answers to this kind of file", given=target.name, allowed=".csv, .xlsx, .parquet, .ndjson"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    plain = frame.drop(columns="geometry") if "geometry" in frame.columns else frame
    write_whole(target, lambda fresh: _write(plain, fresh, suffix))
    return target


def _write(plain: Any, target: Path, suffix: str) -> None:
    if suffix == ".parquet":
        plain.to_parquet(target)
    elif suffix == ".csv":
        plain.to_csv(target, index=False, encoding="utf-8-sig")
    elif suffix == ".xlsx":
        for name in plain.select_dtypes("datetimetz").columns:
            # Excel knows no zones; the city's wall clock is what a reader expects to see.
            plain = plain.assign(**{name: plain[name].dt.tz_localize(None)})
        plain.to_excel(target, index=False)
    else:
        plain.to_json(target, orient="records", lines=True, force_ascii=False, date_format="iso")
