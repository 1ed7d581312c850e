"""Reading reports of any length in blocks: CSV, NDJSON, Excel, (Geo)Parquet, files of features."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.crs import crs_to_lonlat, parse_crs
from geogrid.errors import InputError, NotFoundError, RowProblem, StorageError
from geogrid.types import FloatArray, IntArray

__all__ = ["READABLE", "Rows", "degrees_of", "read_rows"]

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

READABLE = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".xlsx": "xlsx",
    ".xlsm": "xlsx", ".parquet": "parquet", ".geoparquet": "parquet", ".gpkg": "features", ".geojson": "features",
    ".fgb": "features", ".shp": "features",
}  # fmt: skip
"""File suffixes understood, and the format each stands for."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some consecutive rows of a file.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        All columns as they stand in the file (text formats: as text).
    numbers : (n,) int64
        Row numbers as a spreadsheet shows them: the header is row 1. In NDJSON: lines.
    problems : tuple of RowProblem
        Rows of this stretch that are not rows at all.
    place_columns : (str, str), optional
        Longitude and latitude, where they were taken from a geometry column.
    """

    table: Any
    numbers: IntArray
    problems: tuple[RowProblem, ...] = ()
    place_columns: tuple[str, str] | None = None


def read_rows(
    path: Path,
    *,
    block_rows: int,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    layer: str | None = None,
    crs: Any = None,
    geometry: bool = False,
) -> Iterator[Rows]:
    """Yield a file's rows in blocks of about `block_rows`, one at least; memory does not grow with the file.

    Parameters
    ----------
    path : Path
        The suffix says the format.
    block_rows : int
    encoding : str
        Of CSV and NDJSON; a byte order mark is understood.
    delimiter : str, optional
        Of CSV; a comma, or a tab for ``.tsv``.
    layer : str, optional
        Of a file of features, or the sheet of a workbook; the first otherwise.
    crs : optional
        Of the geometry, where the file does not say.
    geometry : bool
        Take the places from the geometry column (GeoParquet, files of features): it is replaced by
        columns ``lon`` and ``lat`` (``geometry_lon``, ``geometry_lat`` if those are taken).

    Raises
    ------
    InputError, NotFoundError, StorageError
    """
    kind = READABLE.get(path.suffix.lower())
    if kind is None:
        raise InputError("a file of unknown kind", given=path.name, allowed=", ".join(READABLE))
    if not path.is_file():
        raise NotFoundError("no such file", given=path)
    if kind == "csv":
        yield from _csv(path, block_rows, encoding, delimiter or ("\t" if path.suffix.lower() == ".tsv" else ","))
    elif kind == "ndjson":
        yield from _ndjson(path, block_rows, encoding)
    elif kind == "xlsx":
        yield from _xlsx(path, block_rows, layer)
    elif kind == "parquet":
        yield from _parquet(path, block_rows, geometry, crs)
    else:
        yield from _features(path, block_rows, layer, geometry, crs)


def _unique(names: list[str], path: Path) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("two columns have one name", given=", ".join(map(repr, twice)), source=path)
    return names


def _csv(path: Path, block_rows: int, encoding: str, delimiter: str) -> Iterator[Rows]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    plain = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    try:
        with path.open(encoding="utf-8-sig" if plain else encoding, newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), None)
    except (UnicodeDecodeError, LookupError) as error:
        raise _undecodable(path, encoding, error) from error
    if header is None:
        raise InputError("the file is empty", source=path, allowed="a header row, then the reports")
    _unique(header, path)
    wrong: list[tuple[int, RowProblem]] = []

    def refuse(row: Any) -> str:
        text = f"{row.actual_columns} fields"
        wrong.append((row.number, RowProblem(row.number, "", text, f"the header has {row.expected_columns} columns")))
        return "skip"

    at, blocks = 2, 0
    try:
        reader = arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=4 << 20, encoding="utf8" if plain else encoding
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(column_types={name: pa.string() for name in header}),
        )
        with reader:
            for batch in reader:
                # Refused rows keep their numbers: the others count on around them.
                skipped = np.array([number for number, _ in wrong], np.int64)
                numbers = np.arange(at, at + len(batch) + len(skipped))
                numbers = numbers[~np.isin(numbers, skipped)][: len(batch)]
                upto = int(numbers[-1]) + 1 if len(numbers) else at
                told = tuple(problem for number, problem in wrong if number < upto)
                del wrong[: len(told)]
                at = upto
                table = pa.Table.from_batches([batch])
                for first in range(0, max(len(batch), 1), block_rows):
                    part = slice(first, first + block_rows)
                    yield Rows(table.slice(first, block_rows), numbers[part], told if first == 0 else ())
                    blocks += 1
    except UnicodeDecodeError as error:
        raise _undecodable(path, encoding, error) from error
    except pa.ArrowInvalid as error:
        if "invalid UTF8" in str(error) or "UTF-8" in str(error):
            raise _undecodable(path, encoding, error) from error
        raise StorageError("the file cannot be read as CSV", given=error, source=path) from error
    if wrong or not blocks:
        empty = pa.table({name: pa.array([], pa.string()) for name in header})
        yield Rows(empty, np.empty(0, np.int64), tuple(problem for _, problem in wrong))


def _undecodable(path: Path, encoding: str, error: Exception) -> InputError:
    return InputError(
        f"the file is not {encoding.removesuffix('-sig')} text", given=str(error)[:120], source=path,
        mend="give its encoding, e.g. gb18030 for files saved by Chinese Excel",
    )  # fmt: skip


def _ndjson(path: Path, block_rows: int, encoding: str) -> Iterator[Rows]:
    import pyarrow as pa

    schema = None
    encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    with path.open("rb") as binary, io.TextIOWrapper(binary, encoding=encoding) as file:
        at = 1
        while True:
            try:
                lines = list(islice(file, block_rows))
            except UnicodeDecodeError as error:
                raise _undecodable(path, encoding, error) from error
            if not lines:
                if schema is None:
                    raise InputError("the file is empty", source=path, allowed="one JSON object on each line")
                return
            objects, numbers, problems = [], [], []
            for number, line in enumerate(lines, at):
                if not line.strip():
                    continue
                try:
                    value = json.loads(line)
                except ValueError:
                    value = None
                if isinstance(value, dict):
                    objects.append(value)
                    numbers.append(number)
                else:
                    problems.append(RowProblem(number, "", line.strip()[:60], "not a JSON object"))
            at += len(lines)
            try:
                if schema is None and objects:
                    schema = pa.Table.from_pylist(objects, schema=_json_schema(objects)).schema
                late = {key for value in objects for key in value} - set(schema.names if schema is not None else ())
                if late:
                    raise InputError(
                        "a field that the first block of lines does not have", given=", ".join(sorted(late)[:5]),
                        source=path, mend="put a line with every field first",
                    )  # fmt: skip
                table = None if schema is None else pa.Table.from_pylist(objects, schema=schema)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise InputError(
                    "a field changes its type", given=error, source=path,
                    mend="give every value of a field the same JSON type",
                ) from error  # fmt: skip
            if table is None:
                raise InputError("not a file of JSON objects", given=problems[0].value if problems else "", source=path)
            yield Rows(table, np.array(numbers, np.int64), tuple(problems))


def _json_schema(objects: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    names = dict.fromkeys(key for value in objects for key in value)
    fields = []
    for name in names:
        values = [value.get(name) for value in objects]
        try:
            kind = pa.array(values).type
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            kind = pa.float64() if all(isinstance(v, (int, float, type(None))) for v in values) else pa.string()
        fields.append(pa.field(name, pa.float64() if pa.types.is_integer(kind) and name in ("lon", "lat") else kind))
    return pa.schema(fields)


def _xlsx(path: Path, block_rows: int, sheet: str | None) -> Iterator[Rows]:
    import openpyxl
    import pyarrow as pa

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl and zipfile raise many kinds for a file that is no workbook
        raise StorageError("the file cannot be read as a workbook", given=error, source=path) from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise NotFoundError("no such sheet", given=sheet, allowed=", ".join(book.sheetnames), source=path)
        rows = (book[sheet] if sheet is not None else book.worksheets[0]).iter_rows(values_only=True)
        header = next(rows, None)
        if header is None:
            raise InputError("the sheet is empty", source=path, allowed="a header row, then the reports")
        names = _unique([str(name) for name in header if name is not None], path)
        columns = [i for i, name in enumerate(header) if name is not None]
        at = 2
        while (block := list(islice(rows, block_rows))) or at == 2:
            filled = [i for i, row in enumerate(block) if any(value is not None for value in row)]
            data = {
                name: pa.array([_text(block[i][column]) for i in filled], pa.string())
                for name, column in zip(names, columns, strict=True)
            }
            yield Rows(pa.table(data), np.array([at + i for i in filled], np.int64))
            at += max(len(block), 1)
    finally:
        book.close()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _parquet(path: Path, block_rows: int, geometry: bool, crs: Any) -> Iterator[Rows]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise StorageError("the file cannot be read as Parquet", given=error, source=path) from error
    with file:
        names = _unique(file.schema_arrow.names, path)
        column = None
        if geometry:
            about = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
            column = about.get("primary_column")
            if column not in names:
                raise InputError("the file has no geometry column", given=", ".join(names), source=path)
            # GeoParquet 1.1: an absent CRS means OGC:CRS84, an explicit null means unknown.
            crs = about["columns"][column].get("crs", "OGC:CRS84") or crs
        at = 2
        for batch in file.iter_batches(block_rows):
            yield _with_places(pa.Table.from_batches([batch]), column, crs, at, path)
            at += len(batch)
        if at == 2:
            yield _with_places(file.schema_arrow.empty_table(), column, crs, at, path)


def _features(path: Path, block_rows: int, layer: str | None, geometry: bool, crs: Any) -> Iterator[Rows]:
    import pyarrow as pa
    import pyogrio
    from pyogrio.raw import open_arrow

    layers = [str(row[0]) for row in pyogrio.list_layers(path)]
    if not layers or (layer is not None and layer not in layers):
        raise NotFoundError("no such layer", given=layer, allowed=", ".join(layers), source=path)
    with open_arrow(path, layer=layer or layers[0], batch_size=block_rows, use_pyarrow=True) as (about, reader):
        name = about["geometry_name"] or "wkb_geometry"
        crs = about["crs"] or crs
        at = 2
        for batch in reader:
            yield _with_places(pa.Table.from_batches([batch]), name if geometry else None, crs, at, path)
            at += len(batch)
        if at == 2:
            yield _with_places(reader.schema.empty_table(), name if geometry else None, crs, at, path)


def _with_places(table: Any, column: str | None, crs: Any, first: int, path: Path) -> Rows:
    """Return rows whose geometry column, if one is named, is replaced by two columns of degrees."""
    numbers = np.arange(first, first + table.num_rows)
    if column is None:
        return Rows(table, numbers)
    import pyarrow as pa
    import shapely

    shapes = shapely.from_wkb(table.column(column).to_numpy(zero_copy_only=False))
    if not np.isin(shapely.get_type_id(shapes), (-1, 0)).all():
        raise InputError("the geometry is not all points", allowed="Point", source=path)
    places = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])
    known = parse_crs(crs, source=path)
    if not known.is_geographic:
        there = np.isfinite(places).all(axis=1)
        places[there] = crs_to_lonlat(places[there], crs=known)
    table = table.drop_columns([column])
    taken = "lon" in table.column_names or "lat" in table.column_names
    names = ("geometry_lon", "geometry_lat") if taken else ("lon", "lat")
    for name, values in zip(names, places.T, strict=True):
        table = table.append_column(name, pa.array(values, mask=np.isnan(values)))
    return Rows(table, numbers, place_columns=names)


def degrees_of(column: Any) -> FloatArray:
    """Return an Arrow column as float64; NaN where it is not a plain decimal number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, pa.scalar(None, text.type))
    elif not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        column = pa.nulls(len(column), pa.float64())
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
