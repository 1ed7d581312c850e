"""What came of a file of reports, counted while its answers stream by."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geogrid.assign.comparison import Labels
from geogrid.assign.stream_write import assemble, write_part
from geogrid.types import Datum, no_progress

__all__ = ["OUTCOMES", "Tally"]

OUTCOMES = ("answered", "hole", "outside", "refused")


@dataclass
class Tally:
    """Counts of outcomes and of agreement with labels; memory does not grow with the file.

    Parameters
    ----------
    outcome, problem : str
        Columns of the answers.
    labels : Labels, optional
        What to compare the answers with.
    most_shown : int
        So many disagreements are held; `write_disagreements` has them all.
    """

    outcome: str
    problem: str
    labels: Labels | None = None
    most_shown: int = 1000
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    labelled: int = 0
    agreeing: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)
    _rows: int = 0
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="geogrid-disagreements-")))
    _parts: list[Path] = field(default_factory=list)

    def __enter__(self) -> Tally:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def watch(self, table: Any) -> None:
        """Count one stretch of answers (pyarrow.Table), the next one of the file."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self.outcomes += _counts(table.column(self.outcome))
        refused = table.filter(pc.equal(table.column(self.outcome), "refused"))
        self.refused += _counts(refused.column(self.problem))
        if self.labels is not None:
            found = self.labels.compare(table, self._rows)
            self.labelled += found.labelled
            self.agreeing += found.agreeing
            self.shown += found.disagreements.head(self.most_shown - len(self.shown)).to_dict("records")
            if len(found.disagreements) or not self._parts:
                self._parts.append(self._folder / f"{len(self._parts):06d}.arrow")
                part = pa.Table.from_pandas(found.disagreements, schema=_schema(), preserve_index=False)
                write_part([part], self._parts[-1])
        self._rows += table.num_rows

    @property
    def disagreeing(self) -> int:
        """Labelled rows whose answer is another."""
        return self.labelled - self.agreeing

    @property
    def share(self) -> float:
        """Agreeing part of the labelled rows, 0 to 1; 1 if there is no label."""
        return self.agreeing / self.labelled if self.labelled else 1.0

    def write_disagreements(self, target: Path) -> None:
        """Write every row that disagrees; the suffix says the format, as for the answers."""
        assemble(self._parts, target, Datum.WGS84, ("lon", "lat"), no_progress)


def _counts(column: Any) -> Counter[str]:
    return Counter({str(pair["values"]): pair["counts"] for pair in column.value_counts().to_pylist()})


def _schema() -> Any:
    import pyarrow as pa

    number, text = pa.float64(), pa.string()
    return pa.schema({"row": pa.int64(), "label": text, "answer": text, "lon": number, "lat": number,
                      "border_m": number})  # fmt: skip
