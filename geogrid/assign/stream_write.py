"""Writing answered reports: stretches as they are finished, then the one file that was asked for."""

from __future__ import annotations

import csv as python_csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.assign.stream_read import READABLE, degrees_of
from geogrid.atlas.creation import spare_atlas
from geogrid.atlas.export import write_whole
from geogrid.crs import to_wgs84
from geogrid.errors import InputError
from geogrid.types import Datum, Progress

__all__ = ["WRITABLE", "assemble", "require_writable", "write_part"]

WRITABLE = (".csv", ".xlsx", ".parquet", ".ndjson", ".tsv", ".txt", ".jsonl", ".geoparquet", ".gpkg")
"""File suffixes that can be written."""

_MOST_SHEET_ROWS = 1_048_575


def require_writable(target: Path) -> None:
    """Refuse a name no answers can be written under.

    Raises
    ------
    InputError
        If its suffix is of no format.
    ConflictError
        If it is an atlas.
    """
    if target.suffix.lower() not in WRITABLE:
        raise InputError("cannot write answers to this kind of file", given=target.name, allowed=", ".join(WRITABLE))
    spare_atlas(target)


def write_part(tables: Sequence[Any], path: Path) -> None:
    """Write one finished stretch as an Arrow file; it appears when it is whole."""
    import pyarrow as pa

    draft = path.with_suffix(".new")
    with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_file(file, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table.cast(tables[0].schema))
    draft.replace(path)


def assemble(
    parts: Sequence[Path],
    target: Path,
    datum: Datum,
    lonlat: tuple[str, str],
    progress: Progress,
    *,
    watch: Callable[[Any], None] = lambda _: None,
    byte_order_mark: bool = False,
) -> None:
    """Write all stretches to `target` in its own format; it appears when it is whole.

    Parameters
    ----------
    parts : sequence of Path
        Arrow files of one schema.
    target : Path
        The suffix says the format. A GeoPackage gets WGS 84 points.
    datum : Datum
    lonlat : (str, str)
        The columns of the places.
    progress : callable
    watch : callable
        Is shown every table that is written.
    byte_order_mark : bool
        Begin CSV with one.
    """
    kind = READABLE[target.suffix.lower()]
    target.parent.mkdir(parents=True, exist_ok=True)

    def write(draft: Path) -> None:
        tables = _watched(_tables(parts, progress), watch)
        if kind == "features":
            _gpkg(tables, draft, target.stem, datum, lonlat)
        elif kind == "csv":
            _csv(tables, draft, "\t" if target.suffix.lower() == ".tsv" else ",", byte_order_mark=byte_order_mark)
        else:
            {"ndjson": _ndjson, "xlsx": _xlsx, "parquet": _parquet}[kind](tables, draft)

    write_whole(target, write)


def _watched(tables: Iterator[Any], watch: Callable[[Any], None]) -> Iterator[Any]:
    for table in tables:
        watch(table)
        yield table


def _tables(parts: Sequence[Path], progress: Progress) -> Iterator[Any]:
    """Yield tables of one schema."""
    import pyarrow as pa

    done, schema = 0, None
    for path in parts:
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_file(file) as reader:
            if path == parts[-1] and done == 0 and reader.num_record_batches == 0:
                yield reader.schema.empty_table()
            for i in range(reader.num_record_batches):
                table = pa.Table.from_batches([reader.get_batch(i)])
                schema = schema or table.schema
                table = table.cast(schema)
                done += table.num_rows
                yield table
                progress("writing", done, None)


def _csv(tables: Iterator[Any], path: Path, delimiter: str, *, byte_order_mark: bool) -> None:
    from pyarrow import csv

    for number, table in enumerate(tables):
        flat = _flat(table)
        with path.open("ab") as file:
            if number == 0:
                text = io.StringIO()
                python_csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(flat.column_names)
                file.write(text.getvalue().encode("utf-8-sig" if byte_order_mark else "utf-8"))
            # Arrow's "needed" quotes every text; most stretches need no quotes at all.
            style = "needed" if any(_needs_quotes(column, delimiter) for column in flat.columns) else "none"
            options = csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style=style)
            csv.write_csv(flat, file, options)


def _needs_quotes(column: Any, delimiter: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    return bool(pc.any(pc.match_substring_regex(column, f'["\r\n{delimiter}]')).as_py())


def _flat(table: Any) -> Any:
    """Return the table with nested columns as JSON text and without geometry, for formats of plain values."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            values = [None if v is None else json.dumps(v, ensure_ascii=False) for v in table.column(i).to_pylist()]
            table = table.set_column(i, field.name, pa.array(values, pa.string()))
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(field.type.value_type))
    binary = [f.name for f in table.schema if pa.types.is_binary(f.type) or pa.types.is_large_binary(f.type)]
    return table.drop_columns(binary)


def _ndjson(tables: Iterator[Any], path: Path) -> None:
    import pyarrow as pa

    with path.open("w", encoding="utf-8") as file:
        for table in tables:
            plain = [f.name for f in table.schema if not pa.types.is_binary(f.type)]
            for row in table.select(plain).to_pylist():
                file.write(json.dumps(row, ensure_ascii=False, default=_json_text) + "\n")


def _json_text(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _xlsx(tables: Iterator[Any], path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("answers")
    rows = 0
    for number, table in enumerate(tables):
        flat = _flat(table)
        if number == 0:
            sheet.append(flat.column_names)
        rows += flat.num_rows
        if rows > _MOST_SHEET_ROWS:
            raise InputError(
                "more reports than a sheet has rows", allowed=f"{_MOST_SHEET_ROWS:,}", mend="write CSV or Parquet"
            )
        for row in zip(*(column.to_pylist() for column in flat.columns), strict=True):
            sheet.append([_cell(value) for value in row])
    book.save(path)


def _cell(value: Any) -> Any:
    # Excel knows no time zones; where there is a city's own, its wall clock is what a reader expects to see.
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.isoformat() if value.tzname() == "UTC" else value.replace(tzinfo=None)


def _parquet(tables: Iterator[Any], path: Path) -> None:
    import pyarrow.parquet as pq

    first = next(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _gpkg(
    tables: Iterator[Any], path: Path, layer: str, datum: Datum, lonlat: tuple[str, str]
) -> None:  # fmt: skip
    import pyarrow as pa
    import shapely
    from pyogrio.raw import write_arrow

    more = False
    for table in tables:
        x, y = degrees_of(table.column(lonlat[0])), degrees_of(table.column(lonlat[1]))
        good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
        shapes = np.full(len(x), None, object)
        shapes[good] = shapely.points(np.column_stack(to_wgs84(x[good], y[good], datum=datum)))
        out = _flat(table).append_column("geometry", pa.array(list(shapely.to_wkb(shapes)), pa.binary()))
        write_arrow(
            out, path, layer=layer, driver="GPKG", geometry_name="geometry", geometry_type="Point", crs="EPSG:4326",
            append=more,
        )  # fmt: skip
        more = True
