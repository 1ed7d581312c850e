"""Answering a file of reports larger than memory: block by block, resumable, all or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator import Locator
from geogrid.assign.stream_read import READABLE, Rows, degrees_of, read_rows
from geogrid.assign.stream_write import assemble, write_part
from geogrid.errors import ConflictError, InputError, RowProblem
from geogrid.types import BoolArray, Datum, FloatArray, IntArray, Progress, no_progress

__all__ = ["Answerer", "Block", "StreamResult", "answer_file", "layer_codes"]

_MOST_PROBLEMS = 1000
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
"""Returns the new columns of a block: each n values, a numpy array or an Arrow array."""


@dataclass(frozen=True)
class StreamResult:
    """What was written.

    Parameters
    ----------
    path : Path
    rows, bad_rows, resumed_rows : int
        All reports; those without a usable place (they are in the file too, unanswered, with
        the reason in column ``problem``); those that an earlier, interrupted run had answered.
    problems : tuple of RowProblem
        The first thousand.
    """

    path: Path
    rows: int
    bad_rows: int
    resumed_rows: int
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
    target: str | Path,
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
    progress: Progress = no_progress,
) -> StreamResult:
    """Answer every report of a file and write them, with the new columns, to another.

    The suffixes say the formats: CSV/TSV, NDJSON, XLSX, (Geo)Parquet, GeoPackage, in any pair.
    Finished stretches are kept in ``<target>.parts``; a run that was interrupted goes on
    behind them if source, arguments and `key` are the same. The target appears when it is whole.

    Parameters
    ----------
    source, target : path
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
    progress : callable

    Raises
    ------
    InputError, DatumError, NotFoundError, StorageError
    ConflictError
        If the target exists.
    """
    given = Datum.of(datum)
    begin, end = Path(source), Path(target)
    if end.suffix.lower() not in READABLE:
        raise InputError("a file of unknown kind", given=end.name, allowed=", ".join(READABLE))
    if end.exists() and not overwrite:
        raise ConflictError("the file exists", given=end, mend="choose another name, or overwrite it")
    if (lon is None) != (lat is None):
        raise InputError("one of lon and lat is named, the other is not", given=f"lon={lon}, lat={lat}")
    reading = {
        "block_rows": block_rows, "encoding": encoding, "delimiter": delimiter, "layer": layer, "crs": crs,
        "geometry": lon is None,
    }  # fmt: skip
    rows = read_rows(begin, **reading)
    first = next(rows)
    parts = _Parts.of(end, _fingerprint(begin, given, lon, lat, key, rows_per_part, reading))
    resumed, total = parts.rows, _row_count(begin)
    names = first.place_columns or (lon or "", lat or "")
    held = _Held()
    for number, block in enumerate(chain([first], rows)):
        if number < parts.blocks:
            continue
        held.add(block, *_answered(block, answer, given, names, begin))
        progress("answering", parts.rows + held.rows, total)
        if held.rows >= rows_per_part or held.bytes >= _MOST_BYTES_HELD:
            parts, held = parts.plus(held), _Held()
    if held.blocks:
        parts = parts.plus(held)
    assemble(parts.files, end, given, names, progress)
    shutil.rmtree(parts.folder, ignore_errors=True)
    return StreamResult(end, parts.rows, parts.bad_rows, resumed, parts.problems)


def _answered(
    rows: Rows, answer: Answerer, datum: Datum, names: tuple[str, str], source: Path
) -> tuple[Any, list[RowProblem]]:
    """Return the block's rows with the new columns, and what was wrong with their places."""
    import pyarrow as pa

    table = rows.table
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise InputError(
            "no such column", given=", ".join(missing), allowed=", ".join(table.column_names), source=source,
            mend="name the columns of longitude and latitude",
        )  # fmt: skip
    x, y = degrees_of(table.column(names[0])), degrees_of(table.column(names[1]))
    good = (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
    block = Block(x[good], y[good], datum, table.filter(pa.array(good)), rows.numbers[good])
    columns = answer(block)
    clash = [name for name in (*columns, "problem") if name in table.column_names]
    if clash:
        raise InputError(
            "the file already has columns that the answer adds", given=", ".join(clash), source=source,
            mend="rename them in the file",
        )  # fmt: skip
    problems = _place_problems(table, rows.numbers, x, y, good, names)
    index = pa.array(np.where(good, np.cumsum(good) - 1, 0), mask=~good)
    for name, values in columns.items():
        column = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
        if len(column) != len(block.lon):
            raise InputError(
                "an answer column of another length", given=f"{name}: {len(column)}", allowed=len(block.lon)
            )
        # Without any value Arrow knows no type; another block may have text.
        column = column.cast(pa.string()) if pa.types.is_null(column.type) else column
        table = table.append_column(name, column.take(index))
    reasons = np.full(len(x), None, object)
    reasons[~good] = [problem.reason for problem in problems]
    return table.append_column("problem", pa.array(reasons, pa.string())), problems


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
            reason = f"degrees from {limits}" + ("; lon and lat look swapped" if swapped else "")
        found.append(RowProblem(int(numbers[i]), name, "" if given is None else str(given), reason))
    return found


@dataclass
class _Held:
    """The stretch being answered."""

    tables: list[Any] = field(default_factory=list)
    blocks: int = 0
    bytes: int = 0
    rows: int = 0
    bad_rows: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def add(self, rows: Rows, table: Any, problems: list[RowProblem]) -> None:
        self.tables.append(table)
        self.blocks += 1
        self.bytes += table.nbytes
        self.rows += table.num_rows
        self.bad_rows += len(problems) + len(rows.problems)
        self.problems += [*rows.problems, *problems][: _MOST_PROBLEMS - len(self.problems)]


@dataclass(frozen=True)
class _Parts:
    """Finished stretches of an output, and what they were made from."""

    folder: Path
    fingerprint: str
    files: tuple[Path, ...] = ()
    blocks: int = 0
    rows: int = 0
    bad_rows: int = 0
    problems: tuple[RowProblem, ...] = ()

    @classmethod
    def of(cls, target: Path, fingerprint: str) -> _Parts:
        folder = target.with_name(target.name + ".parts")
        try:
            kept = json.loads((folder / "journal.json").read_text("utf-8"))
            problems = tuple(RowProblem(**problem) for problem in kept["problems"])
            files = tuple(folder / name for name in kept["files"])
            if kept["fingerprint"] == fingerprint and all(file.is_file() for file in files):
                return cls(folder, fingerprint, files, kept["blocks"], kept["rows"], kept["bad_rows"], problems)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        shutil.rmtree(folder, ignore_errors=True)
        return cls(folder, fingerprint)

    def plus(self, held: _Held) -> _Parts:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{len(self.files):06d}.arrow"
        write_part(held.tables, file)
        told = (*self.problems, *held.problems)[:_MOST_PROBLEMS]
        more = _Parts(
            self.folder, self.fingerprint, (*self.files, file), self.blocks + held.blocks, self.rows + held.rows,
            self.bad_rows + held.bad_rows, told,
        )  # fmt: skip
        journal = {
            "fingerprint": more.fingerprint, "files": [f.name for f in more.files], "blocks": more.blocks,
            "rows": more.rows, "bad_rows": more.bad_rows, "problems": [asdict(problem) for problem in told],
        }  # fmt: skip
        draft = self.folder / "journal.json.new"
        draft.write_text(json.dumps(journal, ensure_ascii=False), "utf-8")
        draft.replace(self.folder / "journal.json")
        return more


def _fingerprint(source: Path, *arguments: object) -> str:
    about = source.stat()
    text = repr((str(source.resolve()), about.st_size, about.st_mtime_ns, *map(str, arguments)))
    return hashlib.sha256(text.encode()).hexdigest()


def _row_count(path: Path) -> int | None:
    if READABLE[path.suffix.lower()] != "parquet":
        return None
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
