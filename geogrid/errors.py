"""Every error geogrid raises, in one tree.

::

    GeogridError
    ├── InputError            (ValueError)    an argument, option or field is not acceptable
    │   ├── DatumError                        the datum is missing or unknown
    │   ├── CoordinateError                   not a finite longitude/latitude in range
    │   ├── CrsError                          a CRS is missing, unknown or of the wrong kind
    │   ├── CodeError                         a code does not follow its scheme
    │   ├── PlanError                         a plan (TOML) cannot be carried out as written
    │   ├── BoundaryError                     outlines that cannot be divided as they are
    │   ├── PartitionError                    a division that is not a partition
    │   └── RowsError                         rows of a file, each with row, column, value, reason
    ├── NotFoundError         (LookupError)   a code, edition, layer or file that does not exist
    ├── ConflictError         (RuntimeError)  the thing exists already, or somebody changed it first
    ├── StorageError          (OSError)       a file cannot be read, written or trusted
    │   ├── ChecksumError                     the bytes are not the bytes that were published
    │   └── FormatError                       not an atlas, or one written by a newer geogrid
    └── MissingPartError      (ImportError)   an optional library is not installed

Each message says what was given, what is allowed, where it came from and how to mend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "BoundaryError",
    "ChecksumError",
    "CodeError",
    "ConflictError",
    "CoordinateError",
    "CrsError",
    "DatumError",
    "FormatError",
    "GeogridError",
    "InputError",
    "MissingPartError",
    "NotFoundError",
    "PartitionError",
    "PlanError",
    "RowProblem",
    "RowsError",
    "StorageError",
]


class GeogridError(Exception):
    """Root of all errors raised by geogrid.

    Parameters
    ----------
    problem : str
        What is wrong, as a clause a planner can read.
    given, allowed, source, mend : str, optional
        The offending value, what would be accepted, the file/line/field it came from,
        and what to do about it.

    Examples
    --------
    >>> print(GeogridError("unknown datum", given="wgs72", allowed="wgs84, gcj02"))
    unknown datum; given: wgs72; allowed: wgs84, gcj02
    """

    def __init__(
        self,
        problem: str,
        *,
        given: object = None,
        allowed: object = None,
        source: object = None,
        mend: str | None = None,
    ) -> None:
        self.problem = problem
        self.given = None if given is None else str(given)
        self.allowed = None if allowed is None else str(allowed)
        self.source = None if source is None else str(source)
        self.mend = mend
        parts = [problem]
        parts += [
            f"{label}: {text}"
            for label, text in (
                ("given", self.given),
                ("allowed", self.allowed),
                ("in", self.source),
                ("mend", self.mend),
            )
            if text is not None
        ]
        self.message = "; ".join(parts)
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the whole message (OSError and KeyError would format it otherwise)."""
        return self.message


class InputError(GeogridError, ValueError):
    """An argument, option or field is not acceptable."""


class DatumError(InputError):
    """The datum of a coordinate is missing or unknown."""


class CoordinateError(InputError):
    """A coordinate is not a finite longitude/latitude in range."""


class CrsError(InputError):
    """A CRS is missing, unknown, or of the wrong kind for the task."""


class CodeError(InputError):
    """A code does not follow its scheme, or a scheme has run out of numbers."""


class PlanError(InputError):
    """A plan cannot be carried out as written."""


class BoundaryError(InputError):
    """Outlines or seams that cannot be divided as they are.

    Attributes
    ----------
    findings : tuple of geogrid.types.Finding
        Everything the checks found, where checks were run.
    """

    findings: tuple[Any, ...] = ()


class PartitionError(InputError):
    """A division that leaves gaps or overlaps in its parent."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One unacceptable value of a tabular file.

    Parameters
    ----------
    row : int
        Row number as a spreadsheet shows it (the header is row 1).
    column : str
        Column name.
    value : str
        The value as found.
    reason : str
        What is wrong with it and what would be accepted.
    """

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Return one readable line."""
        return f"row {self.row}, {self.column} = {self.value!r}: {self.reason}"


class RowsError(InputError):
    """Rows of a file that cannot be taken; nothing of the file was applied.

    Parameters
    ----------
    problems : sequence of RowProblem
        All of them, not only the first.
    source : object
        The file (and sheet) they came from.
    """

    def __init__(self, problems: Sequence[RowProblem], *, source: object = None) -> None:
        self.problems = tuple(problems)
        shown = "\n  ".join(str(problem) for problem in self.problems[:20])
        more = len(self.problems) - 20
        tail = f"\n  … and {more} more" if more > 0 else ""
        super().__init__(
            f"{len(self.problems)} unacceptable value(s), nothing was applied:\n  {shown}{tail}\n",
            source=source,
            mend="correct these rows and import the file again",
        )


class NotFoundError(GeogridError, LookupError):
    """A code, edition, layer or file that does not exist."""


class ConflictError(GeogridError, RuntimeError):
    """The thing exists already, or somebody else changed it first."""


class StorageError(GeogridError, OSError):
    """A file cannot be read, written or trusted."""


class ChecksumError(StorageError):
    """The bytes of a file are not the bytes that were published."""


class FormatError(StorageError):
    """Not an atlas, or one written by a newer geogrid."""


class MissingPartError(GeogridError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""
