"""Component and event standards as cities publish them, read as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geogrid.assign.limits import TimeLimit
from geogrid.assign.rulebook import Category, Condition, Kind
from geogrid.assign.workbook import read_raw
from geogrid.errors import InputError, RowProblem, RowsError

__all__ = ["Catalogue", "read_catalogue"]

_COLUMNS = {
    "major": ("大类代码",), "major_name": ("大类名称",), "minor": ("小类代码",), "name": ("小类名称",),
    "text": ("立案条件",), "limit": ("处置时限",), "closing": ("结案条件",),
    "supervisors": ("监管主体",), "bodies": ("责任主体",),
}  # fmt: skip
_OPTIONAL = ("closing", "supervisors", "bodies")


@dataclass(frozen=True)
class Catalogue:
    """A standard, read.

    Parameters
    ----------
    categories : tuple of Category
    unparsed : tuple of RowProblem
        Values kept as they are but not understood, e.g. a time limit; nothing is dropped.
    """

    categories: tuple[Category, ...]
    unparsed: tuple[RowProblem, ...] = ()

    @property
    def conditions(self) -> int:
        """How many filing conditions it has."""
        return sum(len(category.conditions) for category in self.categories)


def read_catalogue(path: str | Path, *, kind: Kind = "component") -> Catalogue:
    """Return the categories of a published standard with one row per filing condition.

    Blank cells of the major, the minor and the bodies repeat the row above. A category's code is
    the major's and the minor's digits; its conditions are numbered in order.

    Parameters
    ----------
    path : str or Path
        CSV or Excel with the columns 大类代码, 大类名称, 小类代码, 小类名称, 立案条件, 处置时限, 结案条件,
        监管主体, 责任主体.
    kind : {"component", "event"}

    Raises
    ------
    RowsError
        If a row has no condition, or a code names two things.
    """
    rows = read_raw(path)
    header = {name: position for position, name in enumerate(rows[0])} if rows else {}
    missing = [names[0] for key, names in _COLUMNS.items() if names[0] not in header and key not in _OPTIONAL]
    if missing:
        raise InputError(
            "not a standard of this kind", given=", ".join(header), allowed=", ".join(missing), source=path
        )
    problems: list[RowProblem] = []
    unparsed: list[RowProblem] = []
    kept: dict[str, Category] = {}
    current = dict.fromkeys(_COLUMNS, "")
    for number, row in enumerate(rows[1:], start=2):
        cells = {key: row[header[names[0]]] if names[0] in header and header[names[0]] < len(row) else ""
                 for key, names in _COLUMNS.items()}  # fmt: skip
        if not any(cells.values()):
            continue
        fresh = bool(cells["minor"] or cells["name"])
        for key in ("major", "major_name", "minor", "name"):
            current[key] = cells[key] or current[key]
        if fresh:
            current["bodies"], current["supervisors"] = cells["bodies"], cells["supervisors"]
        code = f"{current['major']}{current['minor']}"
        if not cells["text"]:
            problems.append(RowProblem(number, "立案条件", "", "must not be empty"))
            continue
        if not re.fullmatch(r"\d+", code):
            problems.append(RowProblem(number, "小类代码", code, "the codes must be digits"))
            continue
        before = kept.get(code)
        if fresh and before is not None and before.name != current["name"]:
            problems.append(RowProblem(number, "小类代码", code, f"already the code of {before.name}"))
            continue
        category = before or Category(
            code, current["name"], kind, current["major"], current["major_name"],
            bodies=_bodies(current["bodies"]), supervisors=_bodies(current["supervisors"]),
        )  # fmt: skip
        condition = Condition(str(len(category.conditions) + 1), cells["text"], cells["limit"], (), cells["closing"])
        unparsed += _unparsed(number, cells["limit"])
        kept[code] = _with(category, condition)
    if problems:
        raise RowsError(problems, source=path)
    return Catalogue(tuple(kept.values()), tuple(unparsed))


def _with(category: Category, condition: Condition) -> Category:
    from dataclasses import replace

    return replace(category, conditions=(*category.conditions, condition))


def _unparsed(number: int, limit: str) -> Sequence[RowProblem]:
    if not limit:
        return [RowProblem(number, "处置时限", limit, "no time limit is given")]
    try:
        TimeLimit.parse(limit)
    except InputError as error:
        return [RowProblem(number, "处置时限", limit, str(error))]
    return []


def _bodies(text: str) -> tuple[str, ...]:
    """Split a cell that names several bodies; "及" before the last one joins, too."""
    parts = (part.strip().removeprefix("及") for part in re.split(r"[、,;\n]", text))
    return tuple(dict.fromkeys(part for part in parts if part))
