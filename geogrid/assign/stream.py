"""Answering a file of reports larger than memory: block by block, resumable, all or nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator import Locator
from geogrid.assign.stream_parts import Held, Parts
from geogrid.assign.stream_read import READABLE, Rows, degrees_of, read_rows
from geogrid.assign.stream_write import assemble, require_writable
from geogrid.errors import ConflictError, InputError, RowProblem
from geogrid.types import BoolArray, Datum, FloatArray, IntArray, Progress, no_progress

__all__ = ["Answerer", "Block", "StreamResult", "Watch", "answer_file", "layer_codes"]

_MOST_BYTES_HELD = 64 << 20


@dataclass(frozen=True, eq=False)
class Block:
    """Some reports whose places are good.

    Parameters
    ----------
    lon, lat : (n,) float64, degrees in `datum`
    datum : Datum
    table : pyarrow.Table, n rows
        Every column of the file.
    numbers : (n,) int64
        Row numbers as a spreadsheet shows them.
    """

    lon: FloatArray
    lat: FloatArray
    datum: Datum
    table: Any
    numbers: IntArray


Answerer: TypeAlias = Callable[[Block], Mapping[str, Any]]
"""Returns the new columns of a block: each n values, a numpy array or an Arrow array.

A column ``problem`` says what else is wrong with a row, empty or null for nothing.
"""

Watch: TypeAlias = Callable[[Any], None]
"""Is shown every finished stretch (pyarrow.Table), in the order of the file."""


@dataclass(frozen=True)
class StreamResult:
    """What was written.

    Parameters
    ----------
    path : Path, optional
        None if nothing was to be written.
    rows, bad_rows, resumed_rows : int
        All reports; those without a usable place (they are in the file too, unanswered, with
        the reason in column ``problem``); those that an earlier, interrupted run had answered.
    unread_rows : int
        Rows that are no rows at all, part of the bad ones: they are not in the file.
    problems : tuple of RowProblem
        The first thousand.
    """

    path: Path | None
    rows: int
    bad_rows: int
    resumed_rows: int
    unread_rows: int
    problems: tuple[RowProblem, ...]


def layer_codes(locator: Locator, codes: Mapping[str, npt.NDArray[np.object_]], *, threads: int = 1) -> Answerer:
    """Return an answerer that adds, for each layer, the code that owns the place (null outside).

    Parameters
    ----------
    locator : Locator
    codes : mapping of layer to (rows,) array of str
        Only these layers are looked up.
    threads : int
    """
    import pyarrow as pa

    values = {name: pa.array(list(column), pa.string()) for name, column in codes.items()}

    def answer(block: Block) -> dict[str, Any]:
        found = locator.locate_all(block.lon, block.lat, datum=block.datum, threads=threads)
        return {
            name: column.take(pa.array(found[name], mask=found[name] < 0)) for name, column in values.items()
        }  # fmt: skip

    return answer


def answer_file(
    source: str | Path,
    target: str | Path | None,
    answer: Answerer,
    *,
    datum: str | Datum,
    lon: str | None = "lon",
    lat: str | None = "lat",
    key: str = "",
    block_rows: int = 1 << 16,
    rows_per_part: int = 1 << 20,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    layer: str | None = None,
    crs: Any = None,
    overwrite: bool = False,
    resume: bool = True,
    byte_order_mark: bool = False,
    clash_suffix: str = "",
    unplaced: Mapping[str, str] | None = None,
    watch: Watch | None = None,
    progress: Progress = no_progress,
) -> StreamResult:
    """Answer every report of a file and write them, with the new columns, to another.

    The suffixes say the formats: CSV/TSV, NDJSON, XLSX, (Geo)Parquet, GeoPackage, in any pair.
    Finished stretches are kept in ``<target>.parts``; a run that was interrupted goes on
    behind them if source, arguments and `key` are the same. The target appears when it is whole.

    Parameters
    ----------
    source, target : path
        Without a target nothing is written: `watch` alone sees the answers.
    answer : callable
        Block of reports → new columns.
    datum : Datum or str
        Of the coordinates.
    lon, lat : str or None
        Columns, degrees; None takes the places from the geometry column.
    key : str
        What else the answers depend on: the edition, the roster, the moment.
    block_rows, rows_per_part : int
        How much is held in memory, and how much is lost when interrupted.
    encoding, delimiter, layer, crs
        See `geogrid.assign.stream_read.read_rows`.
    overwrite : bool
        Replace an existing target.
    resume : bool
        Go on behind what an interrupted run has finished; else start over.
    byte_order_mark : bool
        Begin CSV with one: Excel needs it to read Chinese.
    clash_suffix : str
        Goes behind the name of a new column that the file already has; without it such a file is refused.
    unplaced : mapping of new column to str, optional
        What rows without a usable place get in it; null otherwise.
    watch : callable, optional
        Is shown every stretch before the target is written, those of an interrupted run, too.
    progress : callable

    Raises
    ------
    InputError, DatumError, NotFoundError, StorageError
    ConflictError
        If the target exists.
    """
    given, begin = Datum.of(datum), Path(source)
    end = None if target is None else _target(Path(target), overwrite=overwrite)
    if (lon is None) != (lat is None):
        raise InputError("one of lon and lat is named, the other is not", given=f"lon={lon}, lat={lat}")
    reading = {
        "block_rows": block_rows, "encoding": encoding, "delimiter": delimiter, "layer": layer, "crs": crs,
        "geometry": lon is None,
    }  # fmt: skip
    rows = read_rows(begin, **reading)
    first = next(rows)
    names = first.place_columns or (lon or "", lat or "")
    added = _Added(answer, given, names, begin, clash_suffix, unplaced or {})
    seen: Watch = watch or (lambda _: None)
    total = _row_count(begin)
    if end is None:
        held = Held()
        for block in chain([first], rows):
            table, problems = added.to(block)
            seen(table)
            held.add(block, table, problems)
            held.tables.clear()
            progress("answering", held.rows, total)
        return StreamResult(None, held.rows, held.bad_rows, 0, held.unread_rows, tuple(held.problems))
    asked = _fingerprint(begin, given, lon, lat, key, rows_per_part, reading, clash_suffix, unplaced)
    parts, held = Parts.of(end, asked, resume=resume), Held()
    resumed = parts.rows
    for number, block in enumerate(chain([first], rows)):
        if number < parts.blocks:
            continue
        held.add(block, *added.to(block))
        progress("answering", parts.rows + held.rows, total)
        if held.rows >= rows_per_part or held.bytes >= _MOST_BYTES_HELD:
            parts, held = parts.plus(held), Held()
    if held.blocks:
        parts = parts.plus(held)
    assemble(parts.files, end, given, names, progress, watch=seen, byte_order_mark=byte_order_mark)
    shutil.rmtree(parts.folder, ignore_errors=True)
    return StreamResult(end, parts.rows, parts.bad_rows, resumed, parts.unread_rows, parts.problems)


def _target(path: Path, *, overwrite: bool) -> Path:
    """Return the path if a file may be written there."""
    require_writable(path)
    if path.exists() and not overwrite:
        raise ConflictError("the file exists", given=path, mend="choose another name, or overwrite it")
    return path


@dataclass(frozen=True)
class _Added:
    """The answer's columns, added to the rows of a file."""

    answer: Answerer
    datum: Datum
    names: tuple[str, str]
    source: Path
    clash_suffix: str
    unplaced: Mapping[str, str]

    def to(self, rows: Rows) -> tuple[Any, list[RowProblem]]:
        """Return the block's rows with the new columns, and what was wrong with their places."""
        import pyarrow as pa

        table = rows.table
        missing = [name for name in self.names if name not in table.column_names]
        if missing:
            raise InputError(
                "no such column", given=", ".join(missing), allowed=", ".join(table.column_names), source=self.source,
                mend="name the columns of longitude and latitude",
            )  # fmt: skip
        x, y = degrees_of(table.column(self.names[0])), degrees_of(table.column(self.names[1]))
        good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
        block = Block(x[good], y[good], self.datum, table.filter(pa.array(good)), rows.numbers[good])
        columns = dict(self.answer(block))
        columns["problem"] = columns.pop("problem", pa.nulls(len(block.lon), pa.string()))
        problems = _place_problems(table, rows.numbers, x, y, good, self.names)
        index = pa.array(np.where(good, np.cumsum(good) - 1, 0), mask=~good)
        reasons = np.full(len(x), None, object)
        reasons[~good] = [problem.reason for problem in problems]
        said = {name: np.full(len(x), word, object) for name, word in self.unplaced.items()}
        said["problem"] = reasons
        fresh = {name: _spread(name, values, index, said.get(name)) for name, values in columns.items()}
        for name, column in zip(self._new_names(fresh, table.column_names), fresh.values(), strict=True):
            table = table.append_column(name, column)
        return table, problems

    def _new_names(self, fresh: Mapping[str, Any], taken: list[str]) -> list[str]:
        names = [name + self.clash_suffix if name in taken else name for name in fresh]
        clash = [name for name in names if name in taken or names.count(name) > 1]
        if clash:
            raise InputError(
                "the file already has columns that the answer adds", given=", ".join(clash), source=self.source,
                mend="rename them in the file",
            )  # fmt: skip
        return names


def _spread(name: str, values: Any, index: Any, said: Any) -> Any:
    """Return the values of the good rows as a column of all rows; the others get what is said of them, or null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    if len(column) != len(index) - index.null_count:
        raise InputError(
            "an answer column of another length", given=f"{name}: {len(column)}", allowed=len(index) - index.null_count
        )
    # Without any value Arrow knows no type; another block may have text.
    column = column.cast(pa.string()) if pa.types.is_null(column.type) else column
    if name == "problem":
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    column = column.take(index)
    return column if said is None else pc.if_else(index.is_null(), pa.array(said, pa.string()), column)


def _place_problems(
    table: Any, numbers: IntArray, x: FloatArray, y: FloatArray, good: BoolArray, names: tuple[str, str]
) -> list[RowProblem]:
    found = []
    for i in np.flatnonzero(~good).tolist():
        on_lat = bool(np.abs(x[i]) <= 180.0)
        name, value, limits = (names[1], y[i], "-90 to 90") if on_lat else (names[0], x[i], "-180 to 180")
        given = table.column(name)[i].as_py()
        if given is None or not str(given).strip():
            reason = f"empty; degrees from {limits}"
        elif np.isnan(value):
            reason = f"not a number; degrees from {limits}"
        else:
            swapped = np.abs(x[i]) <= 90.0 and np.abs(y[i]) <= 180.0
            reason = f"degrees from {limits}" + ("; lon and lat look swapped: longitude comes first" if swapped else "")
        found.append(RowProblem(int(numbers[i]), name, "" if given is None else str(given), reason))
    return found


def _fingerprint(source: Path, *arguments: object) -> str:
    about = source.stat()
    text = repr((str(source.resolve()), about.st_size, about.st_mtime_ns, *map(str, arguments)))
    return hashlib.sha256(text.encode()).hexdigest()


def _row_count(path: Path) -> int | None:
    if READABLE[path.suffix.lower()] != "parquet":
        return None
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
