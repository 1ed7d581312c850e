"""What a verb prints: tables for people, JSON for programs, progress on standard error."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from geogrid.types import Progress as ProgressCallback

if TYPE_CHECKING:
    from geogrid.assign.changes import Change

__all__ = ["console", "errors", "print_changes", "print_json", "print_table", "print_written", "progress_bar"]


def console() -> Console:
    """Return the console for results (standard output)."""
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, soft_wrap=True, highlight=False, width=width)


def errors() -> Console:
    """Return the console for messages and progress (standard error)."""
    return Console(file=sys.stderr, stderr=True, soft_wrap=True, highlight=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name != "geometry"}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (dt.date, dt.datetime, dt.timedelta, Path)):
        return str(value) if not isinstance(value, (dt.date, dt.datetime)) else value.isoformat()
    raise TypeError(f"cannot print {type(value).__name__} as JSON")


def print_json(value: Any) -> None:
    """Print `value` as JSON; dataclasses, numpy values, dates and paths are understood, NaN becomes null."""
    plain = json.loads(json.dumps(value, default=_plain), parse_constant=lambda _: None)
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows as a table; numbers are aligned to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], (int, float, np.number)) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(table)


class _Rate(ProgressColumn):
    """How many are done in a second: of ``cut cells``, cells."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed or speed < 1 else f"{speed:,.0f}/s", style="progress.data.speed")


def print_changes(changes: Sequence[Change], *, applied: bool, json: bool) -> None:
    """Print what an import changed, or would change if it was not `applied`."""
    if json:
        print_json({"applied": applied, "changes": changes})
        return
    if changes:
        print_table(
            ("", "table", "key", "before", "after"), [(c.kind, c.table, c.key, c.before, c.after) for c in changes]
        )
    console().print(f"{len(changes)} row(s) {'changed' if applied else 'would change'}")


def print_written(path: Path, *, json: bool) -> None:
    """Print where a file was written."""
    if json:
        print_json({"out": path})
    else:
        console().print(f"wrote {path}", markup=False)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[ProgressCallback]:
    """Yield a progress callback that draws a bar per step on standard error."""
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
        TimeRemainingColumn(),
        console=errors(), transient=True, disable=quiet or not sys.stderr.isatty(),
    )  # fmt: skip
    tasks: dict[str, Any] = {}

    def report(step: str, done: int, total: int | None) -> None:
        if step not in tasks:
            tasks[step] = bar.add_task(step, total=total)
        bar.update(tasks[step], completed=done, total=total)

    with bar:
        yield report
