"""Reports as an Arrow IPC stream in, answers as an Arrow IPC stream out."""

from __future__ import annotations

import struct
from typing import Any

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.errors import InputError, MissingPartError
from geogrid.types import Datum

__all__ = ["ARROW_STREAM", "answer_arrow", "is_compressed"]

ARROW_STREAM = "application/vnd.apache.arrow.stream"
_COLUMNS = {"lon": "number", "lat": "number", "category": "text", "condition": "text", "at": "moment"}
_COMPRESSION = 3
"""Place of ``compression`` among the fields of a RecordBatch (Arrow ``Message.fbs``)."""


def answer_arrow(desk: Desk, body: bytes, *, datum: Datum) -> tuple[bytes, dict[str, int]]:
    """Return the answers to a stream of reports as a stream, and how many came to which outcome.

    Parameters
    ----------
    desk : Desk
    body : bytes
        Arrow IPC stream with columns ``lon``, ``lat`` (degrees in `datum`) and, if there are, ``category``,
        ``condition`` and ``at`` (timestamps, or ISO 8601 text); others are left aside.
    datum : Datum

    Returns
    -------
    bytes, dict
        The stream has the columns of `answer_frame`, a row for each row, in order.

    Raises
    ------
    InputError
        If the body is no such stream, lacks a column, or is compressed: its size would say nothing of its rows.
    """
    try:
        import pandas as pd
        import pyarrow as pa
    except ImportError as error:
        raise MissingPartError("Arrow needs pyarrow and pandas", mend="pip install 'geogrid[files]'") from error

    answers = answer_frame(desk, _read(body).to_pandas(), datum=datum)
    counts = {str(name): int(count) for name, count in answers["outcome"].value_counts().items() if count}
    for name in answers.columns:
        if isinstance(answers[name].dtype, pd.CategoricalDtype):
            answers[name] = answers[name].astype(object)
    answers["problem"] = answers["problem"].where(answers["problem"] != "", None)
    schema = pa.schema([(name, _type_of(answers[name], desk)) for name in answers.columns])
    table = pa.Table.from_pandas(answers, schema=schema, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata())
    return sink.getvalue().to_pybytes(), counts


def _type_of(column: Any, desk: Desk) -> Any:
    """Return the Arrow type of an answer's column; the same for whatever rows."""
    import pandas as pd
    import pyarrow as pa

    if pd.api.types.is_bool_dtype(column.dtype):
        return pa.bool_()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pa.timestamp("s", str(desk.roster.calendar.zone))
    return pa.string()


def _read(body: bytes) -> Any:
    import pyarrow as pa

    try:
        messages = pa.ipc.MessageReader.open_stream(body)
        while True:
            try:
                message = messages.read_next_message()
            except StopIteration:
                break
            if message.type in ("record batch", "dictionary") and is_compressed(message.metadata.to_pybytes()):
                raise InputError("the Arrow stream is compressed", mend="send it without compression")
        with pa.ipc.open_stream(body) as reader:
            table = _required(reader.read_all())
        # Nothing in the stream is trusted: offsets and dictionary indices are looked at one by one.
        table.validate(full=True)
    except (pa.ArrowException, struct.error, IndexError, OSError) as error:
        raise InputError("the body is not an Arrow IPC stream", given=str(error)[:200]) from error
    return table


def _required(table: Any) -> Any:
    """Return the columns that are asked for, each of a type that a report's may have and whose rows take bytes."""
    missing = [name for name in ("lon", "lat") if name not in table.column_names]
    if missing:
        raise InputError("no such column", given=", ".join(missing), allowed=", ".join(table.column_names) or "none")
    kept = [name for name in _COLUMNS if name in table.column_names]
    twice = [name for name in kept if table.column_names.count(name) > 1]
    if twice:
        raise InputError("a column is given twice", given=", ".join(twice))
    for name in kept:
        kind = table.schema.field(name).type
        if not _is(_COLUMNS[name], kind):
            raise InputError(f"column {name} is of another type", given=kind, allowed=_COLUMNS[name])
    return table.select(kept)


def _is(kind: str, type_: Any) -> bool:
    from pyarrow import types

    if kind == "number":
        return bool(types.is_floating(type_) or types.is_integer(type_))
    if types.is_dictionary(type_):
        type_ = type_.value_type
    text = types.is_string(type_) or types.is_large_string(type_)
    return bool(text or (kind == "moment" and types.is_timestamp(type_)))


def is_compressed(metadata: bytes) -> bool:
    """Return whether the buffers of a record batch or dictionary batch are compressed.

    Parameters
    ----------
    metadata : bytes
        The flatbuffer of the message (Arrow ``Message.fbs``).
    """
    message = struct.unpack_from("<I", metadata, 0)[0]
    kind = metadata[_field(metadata, message, 1)]
    batch = _follow(metadata, _field(metadata, message, 2))
    if kind == 2:  # DictionaryBatch: its second field is the RecordBatch
        batch = _follow(metadata, _field(metadata, batch, 1))
    return _field(metadata, batch, _COMPRESSION) != 0


def _follow(buffer: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", buffer, at)[0])


def _field(buffer: bytes, table: int, number: int) -> int:
    """Return where a field of a flatbuffer's table stands, 0 if it is left out."""
    vtable = table - int(struct.unpack_from("<i", buffer, table)[0])
    size = int(struct.unpack_from("<H", buffer, vtable)[0])
    slot = 4 + 2 * number
    offset = int(struct.unpack_from("<H", buffer, vtable + slot)[0]) if slot < size else 0
    return table + offset if offset else 0
