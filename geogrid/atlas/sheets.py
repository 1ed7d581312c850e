"""Rows as a table that people open: a workbook, or CSV as Excel reads it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from geogrid.errors import InputError, MissingPartError
from geogrid.partition.titles import title_of

__all__ = ["write_csv", "write_workbook"]

_MOST_ROWS = 1_048_575
_LONGEST_TITLE = 31
_WIDEST = 60
_SHEET_MEASURED = 200
"""Rows by which the width of a column is chosen."""


def write_csv(frame: Any, path: Path) -> None:
    """Write a frame as CSV in UTF-8; with a byte order mark, without which Excel does not take it for UTF-8.

    Parameters
    ----------
    frame : pandas.DataFrame
        Without geometry.
    path : Path
    """
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(frame.columns)
        table.writerows(_rows(frame))


def write_workbook(frame: Any, path: Path, *, sheet: str) -> None:
    """Write a frame as a workbook of one sheet; a note on each head says it in Chinese.

    Parameters
    ----------
    frame : pandas.DataFrame
        Without geometry.
    path : Path
    sheet : str

    Raises
    ------
    InputError
        If there are more rows than a sheet has.
    MissingPartError
        If openpyxl is not installed.
    """
    if len(frame) > _MOST_ROWS:
        raise InputError(
            "more rows than a sheet has", given=f"{len(frame):,}", allowed=f"{_MOST_ROWS:,}", mend="write .csv"
        )
    try:
        import openpyxl
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.comments import Comment
        from openpyxl.utils import get_column_letter
    except ImportError:
        raise MissingPartError("writing Excel files needs openpyxl", mend="pip install 'geogrid[files]'") from None

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet[:_LONGEST_TITLE])
    page.freeze_panes = "A2"
    for position, width in enumerate(_widths(frame), start=1):
        page.column_dimensions[get_column_letter(position)].width = width
    heads = []
    for column in frame.columns:
        head = WriteOnlyCell(page, str(column))
        if title_of(str(column), "zh-CN") != column:
            head.comment = Comment(title_of(str(column), "zh-CN"), "geogrid")
        heads.append(head)
    page.append(heads)

    def as_text(value: str) -> Any:
        # A text is never a formula, and holds nothing that the format has no sign for.
        cell = WriteOnlyCell(page, openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value))
        cell.data_type = "s"
        return cell

    for row in _rows(frame):
        page.append([as_text(value) if isinstance(value, str) else value for value in row])
    book.save(path)


def _rows(frame: Any) -> Iterator[Sequence[Any]]:
    columns = [[_plain(value) for value in frame[column].tolist()] for column in frame.columns]
    return zip(*columns, strict=True)


def _plain(value: Any) -> Any:
    """Return a value as a table holds it: nothing for what is missing, JSON for what has parts."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return None if str(value) == "NaT" else str(value)


def _widths(frame: Any) -> list[int]:
    """Return a width for each column in letters; one of Chinese takes the room of two."""
    widths = []
    for column in frame.columns:
        texts = [str(column), *(str(_plain(value)) for value in frame[column].head(_SHEET_MEASURED).tolist())]
        widths.append(min(max(sum(2 if ord(sign) > 0x2E7F else 1 for sign in text) for text in texts) + 2, _WIDEST))
    return widths
