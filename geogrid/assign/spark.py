"""Beyond one machine: answers for a Spark DataFrame, plain or streaming.

The index and the desk go to each executor once, as files (``SparkContext.addFile``). Every
Python worker of a machine maps the same index, and asks the same kernel with the same
integers as everywhere else: the answers are those of one machine, bit by bit.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.assign.locator_file import open_locator, save_locator
from geogrid.assign.stream_desk import arrow_columns
from geogrid.errors import InputError, MissingPartError
from geogrid.types import Datum

__all__ = ["answer"]

_desks: dict[str, Desk] = {}
"""Of a Python worker: by the hash in the file's name, so that a worker that is used again opens nothing twice."""


def answer(
    df: Any,
    atlas: Any,
    *,
    datum: str | Datum,
    lon: str = "lon",
    lat: str = "lat",
    category: str = "category",
    condition: str = "condition",
    at: str | dt.datetime | None = None,
    number: int | None = None,
    as_of: dt.date | None = None,
) -> Any:
    """Return `df` with the answer columns of `geogrid.Atlas.answers` behind its own.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        Plain or streaming.
    atlas : geogrid.Atlas or Desk
    datum : Datum or str
    lon, lat, category, condition : str
        Names of columns; without a category column the territory answers.
    at : str or datetime, optional
        A column, or one moment for all; now (of the driver) if not given.
    number, as_of : optional
        The edition; the one in force today if neither is given.

    Returns
    -------
    pyspark.sql.DataFrame
        Lazy, like every transformation. Rows keep their partition and order.

    Raises
    ------
    InputError
        If a column is missing, or one of the new names is taken.
    MissingPartError
        If PySpark is not installed.
    """
    try:
        from pyspark.sql.pandas.types import from_arrow_schema
    except ImportError as error:
        raise MissingPartError("PySpark is not installed", mend="pip install 'geogrid[spark]'") from error
    import pyarrow as pa

    desk = atlas if isinstance(atlas, Desk) else atlas.desk(number=number, as_of=as_of)
    missing = [name for name in (lon, lat, *([at] if isinstance(at, str) else [])) if name not in df.columns]
    if missing:
        raise InputError("no such column", given=", ".join(missing), allowed=", ".join(df.columns))
    asked: dict[str, Any] = {
        "datum": Datum.of(datum), "lon": lon, "lat": lat, "category": category, "condition": condition,
        "at": at if at is not None else dt.datetime.now(dt.UTC),
    }  # fmt: skip
    empty = pa.table({name: pa.array([], pa.float64()) for name in (lon, lat)})
    added = arrow_columns(answer_frame(desk, empty.to_pandas(), **{**asked, "at": dt.datetime.now(dt.UTC)})).schema
    clash = [name for name in added.names if name in df.columns]
    if clash:
        raise InputError(
            "the frame already has columns that the answer adds", given=", ".join(clash), mend="rename them"
        )  # fmt: skip
    names = _ship(df.sparkSession.sparkContext, desk)

    def answered(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            yield _answered(batch, names, asked)

    schema = type(df.schema)([*df.schema.fields, *from_arrow_schema(added).fields])
    return df.mapInArrow(answered, schema)


def _ship(context: Any, desk: Desk) -> tuple[str, str]:
    """Send index and desk to the executors; return the names of the two files."""
    folder = Path(tempfile.mkdtemp(prefix="geogrid-spark-"))
    index = folder / "index"
    save_locator(desk.locator, index, key="")
    plain = pickle.dumps((desk.division, desk.roster, desk.rulebook, desk.edition))
    digest = hashlib.sha256(plain + index.read_bytes()).hexdigest()[:24]
    names = f"geogrid-{digest}.locator", f"geogrid-{digest}.desk"
    # The driver serves the files from here as long as it runs.
    tidy = weakref.finalize(context, shutil.rmtree, folder, ignore_errors=True)
    if any(names[0] in str(file) for file in context.listFiles):
        tidy()
    else:
        index = index.rename(folder / names[0])
        (folder / names[1]).write_bytes(plain)
        for name in names:
            context.addFile(str(folder / name))
    return names


def _desk(names: tuple[str, str]) -> Desk:
    """Return the desk of this Python worker, opened at its first batch."""
    if names[0] not in _desks:
        from pyspark import SparkFiles

        locator = open_locator(SparkFiles.get(names[0]))
        division, roster, rulebook, edition = pickle.loads(Path(SparkFiles.get(names[1])).read_bytes())
        _desks[names[0]] = Desk(division, roster, rulebook, edition, locator)
    return _desks[names[0]]


def _answered(batch: Any, names: tuple[str, str], asked: dict[str, Any]) -> Any:
    import pyarrow as pa

    frame = pa.Table.from_batches([batch]).to_pandas()
    added = arrow_columns(answer_frame(_desk(names), frame, **asked))
    columns = [*batch.columns, *(added.column(name).combine_chunks() for name in added.column_names)]
    return pa.RecordBatch.from_arrays(columns, names=[*batch.schema.names, *added.column_names])
