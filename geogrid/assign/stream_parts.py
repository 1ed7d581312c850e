"""Finished stretches of an answered file: kept on disk, so that an interrupted run loses little."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from geogrid.assign.stream_read import Rows
from geogrid.assign.stream_write import write_part
from geogrid.errors import RowProblem

__all__ = ["Held", "Parts", "rows_left_behind"]

_MOST_PROBLEMS = 1000


@dataclass
class Held:
    """The stretch being answered."""

    tables: list[Any] = field(default_factory=list)
    blocks: int = 0
    bytes: int = 0
    rows: int = 0
    bad_rows: int = 0
    unread_rows: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def add(self, rows: Rows, table: Any, problems: list[RowProblem]) -> None:
        """Take up an answered block."""
        self.tables.append(table)
        self.blocks += 1
        self.bytes += table.nbytes
        self.rows += table.num_rows
        self.bad_rows += len(problems) + len(rows.problems)
        self.unread_rows += len(rows.problems)
        self.problems += [*rows.problems, *problems][: _MOST_PROBLEMS - len(self.problems)]


@dataclass(frozen=True)
class Parts:
    """Finished stretches of an output, and what they were made from."""

    folder: Path
    fingerprint: str
    files: tuple[Path, ...] = ()
    blocks: int = 0
    rows: int = 0
    bad_rows: int = 0
    unread_rows: int = 0
    problems: tuple[RowProblem, ...] = ()

    @classmethod
    def of(cls, target: Path, fingerprint: str, *, resume: bool) -> Parts:
        """Return what an interrupted run left behind; nothing if it was another question, or not to be resumed.

        What is not gone on with stays on disk until the first new stretch takes its place.
        """
        folder = _folder(target)
        try:
            kept = _journal(folder)
            problems = tuple(RowProblem(**problem) for problem in kept["problems"])
            files = tuple(folder / name for name in kept["files"])
            if resume and kept["fingerprint"] == fingerprint and all(file.is_file() for file in files):
                return cls(folder, fingerprint, files, kept["blocks"], kept["rows"], kept["bad_rows"],
                           kept["unread_rows"], problems)  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return cls(folder, fingerprint)

    def plus(self, held: Held) -> Parts:
        """Return these stretches and one more, which is on disk from now on."""
        if not self.files:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{len(self.files):06d}.arrow"
        write_part(held.tables, file)
        told = (*self.problems, *held.problems)[:_MOST_PROBLEMS]
        more = Parts(
            self.folder, self.fingerprint, (*self.files, file), self.blocks + held.blocks, self.rows + held.rows,
            self.bad_rows + held.bad_rows, self.unread_rows + held.unread_rows, told,
        )  # fmt: skip
        journal = {
            "fingerprint": more.fingerprint, "files": [f.name for f in more.files], "blocks": more.blocks,
            "rows": more.rows, "bad_rows": more.bad_rows, "unread_rows": more.unread_rows,
            "problems": [asdict(problem) for problem in told],
        }  # fmt: skip
        draft = self.folder / "journal.json.new"
        draft.write_text(json.dumps(journal, ensure_ascii=False), "utf-8")
        draft.replace(self.folder / "journal.json")
        return more


def rows_left_behind(target: Path) -> int:
    """Return how many reports an interrupted run for `target` had answered; 0 if there was none."""
    try:
        return int(_journal(_folder(target))["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _folder(target: Path) -> Path:
    return target.with_name(target.name + ".parts")


def _journal(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / "journal.json").read_text("utf-8"))
    return kept
