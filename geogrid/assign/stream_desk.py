"""The full answer, person included, for files larger than memory."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.assign.stream import Answerer, Block, StreamResult, answer_file
from geogrid.types import Datum

__all__ = ["answer_reports", "arrow_columns", "desk_answerer"]


def desk_answerer(
    desk: Desk, *, category: str = "category", condition: str = "condition", at: str | dt.datetime | None = None
) -> Answerer:
    """Return an answerer that adds the columns of `geogrid.assign.frame.answer_frame`.

    Parameters
    ----------
    desk : Desk
    category, condition : str
        Columns; without a category column the territory answers.
    at : str or datetime, optional
        A column, or one moment for all; the moment of this call if not given.
    """
    import pyarrow as pa

    moment = at if at is not None else dt.datetime.now(dt.UTC)

    def answer(block: Block) -> dict[str, Any]:
        asked = [name for name in (category, condition, moment) if name in block.table.column_names]
        frame = block.table.select(asked).to_pandas()
        frame["lon of the block"], frame["lat of the block"] = block.lon, block.lat
        answers = answer_frame(
            desk, frame, datum=block.datum, lon="lon of the block", lat="lat of the block",
            category=category, condition=condition, at=moment,
        )  # fmt: skip
        found = arrow_columns(answers)
        columns = {name: found.column(name) for name in found.column_names}
        # The same moments, as the city's own clock says them.
        columns["deadline"] = columns["deadline"].cast(pa.timestamp("us", tz=str(desk.roster.calendar.zone)))
        return columns

    return answer


def answer_reports(
    desk: Desk,
    source: str | Path,
    target: str | Path | None,
    *,
    datum: str | Datum,
    category: str = "category",
    condition: str = "condition",
    at: str | dt.datetime | None = None,
    **options: Any,
) -> StreamResult:
    """Answer every report of a file in full; see `geogrid.assign.stream.answer_file` for `options`.

    Each row is answered or refused on its own: ``outcome`` and ``problem`` say it.
    An interrupted run is resumed only against the same edition, roster and rules; with `at` not
    given each run has its own moment and starts over.
    """
    moment = at if at is not None else dt.datetime.now(dt.UTC)
    asked = (desk.edition, desk.roster, desk.rulebook, category, condition, str(moment))
    key = hashlib.sha256(repr(_told(asked)).encode())
    key.update(np.ascontiguousarray(desk.division.shapes(desk.division.base.name).coords).tobytes())
    answer = desk_answerer(desk, category=category, condition=condition, at=moment)
    return answer_file(
        source, target, answer, datum=datum, key=key.hexdigest(), unplaced={"outcome": "refused"}, **options
    )


def arrow_columns(answers: Any) -> Any:
    """Return a frame of answers as an Arrow table; categories become text, with nulls for none."""
    import pandas as pd
    import pyarrow as pa

    columns = {}
    for name in answers.columns:
        values = answers[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            words = pa.array([str(word) for word in values.cat.categories], pa.string())
            codes = values.cat.codes.to_numpy()
            columns[name] = words.take(pa.array(codes, pa.int32(), mask=codes < 0))
        elif values.dtype == object:
            columns[name] = pa.array(values.tolist(), pa.string())
        elif isinstance(values.dtype, pd.DatetimeTZDtype):
            columns[name] = pa.array(values.dt.tz_convert("UTC"), pa.timestamp("us", tz="UTC"))
        else:
            columns[name] = pa.array(values.to_numpy())
    return pa.table(columns)


def _told(value: Any) -> Any:
    """Return dataclasses and sets as tuples whose text is the same in every process.

    The order in which a set is printed is another one each time Python starts.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, *(
            (f.name, _told(getattr(value, f.name))) for f in dataclasses.fields(value) if f.repr
        )
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if isinstance(value, Mapping):
        return [(key, _told(item)) for key, item in sorted(value.items())]
    if isinstance(value, (tuple, list)):
        return [_told(item) for item in value]
    return value
