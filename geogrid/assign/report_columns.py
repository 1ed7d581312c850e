"""Which columns of a file of reports mean what: named by the user, else found by their names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geogrid.assign.report_files import column_like
from geogrid.assign.stream_read import READABLE, read_rows
from geogrid.boundaries.encoding import encoding_of

__all__ = ["ReportColumns"]


@dataclass(frozen=True)
class ReportColumns:
    """The columns of a file of reports.

    Parameters
    ----------
    names : tuple of str
        All of them, without the geometry.
    lon, lat : str or None
        Degrees; None where the geometry says the place.
    category : str
    at : str
        Empty if no column says when.
    encoding : str
        Of a text file: UTF-8, or GB 18030 where it is not.
    """

    names: tuple[str, ...]
    lon: str | None
    lat: str | None
    category: str
    at: str
    encoding: str

    @classmethod
    def of(
        cls, path: str | Path, *, datum: str | None = None, lon: str | None = None, lat: str | None = None,
        category: str | None = None,
    ) -> ReportColumns:  # fmt: skip
        """Return the columns of a file, of which only the beginning is read (of CSV all, for its encoding).

        Parameters
        ----------
        path : path
        datum : str, optional
            With a datum the columns say the place, if there are such; else the geometry, if there is one.
        lon, lat, category : str, optional
            Names that are known.

        Raises
        ------
        InputError, NotFoundError, StorageError
        """
        source = Path(path)
        encoding = encoding_of(source) if READABLE.get(source.suffix.lower()) == "csv" and source.is_file() else "utf-8"
        table = next(read_rows(source, block_rows=1024, encoding=encoding)).table
        shape = _geometry(source, table)
        names = tuple(name for name in table.column_names if name != shape)
        x, y = lon or column_like(names, "lon"), lat or column_like(names, "lat")
        at = column_like(names, "at")
        places: tuple[str | None, str | None] = (x, y)
        if shape and lon is None and lat is None and (datum is None or x not in names):
            places = None, None
        kind = category or column_like(names, "category")
        return cls(names, *places, kind, at if at in names else "", encoding)

    @property
    def places(self) -> tuple[str, str]:
        """Longitude and latitude in a file of answers, which has no geometry."""
        if self.lon is None or self.lat is None:
            taken = "lon" in self.names or "lat" in self.names
            return ("geometry_lon", "geometry_lat") if taken else ("lon", "lat")
        return self.lon, self.lat


def _geometry(path: Path, table: Any) -> str:
    """Return the name of the geometry column, empty if there is none."""
    kind = READABLE[path.suffix.lower()]
    about: dict[str, Any] = {}
    if kind == "parquet":
        about = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
        return str(about.get("primary_column", ""))
    if kind != "features":
        return ""
    for field in table.schema:
        if (field.metadata or {}).get(b"ARROW:extension:name", b"").endswith(b"wkb"):
            return str(field.name)
    return ""
