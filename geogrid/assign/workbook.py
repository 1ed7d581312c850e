"""Reading tables from a workbook, a CSV file or a folder of CSV files; writing them back."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from geogrid.assign.columns import Sheet
from geogrid.assign.plainness import plain_text
from geogrid.atlas.export import write_whole
from geogrid.boundaries.encoding import encoding_of
from geogrid.errors import (
    GeogridError,
    InputError,
    MissingPartError,
    NotFoundError,
    RowProblem,
    RowsError,
    StorageError,
)

__all__ = ["Tables", "read_raw", "read_tables", "write_tables"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Tables:
    """Rows read from a file, checked column by column.

    Parameters
    ----------
    values : mapping of sheet name to tuple of values
    rows : mapping of sheet name to tuple of int
        Row number of each value, as a spreadsheet shows it.
    """

    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def renumbered(self, error: RowsError, *, source: object) -> RowsError:
        """Return an error about these values with the row numbers of the file."""
        problems = []
        for problem in error.problems:
            rows = self.rows.get(problem.column.partition(".")[0], ())
            index = problem.row - 2
            row = rows[index] if index < len(rows) else problem.row
            problems.append(RowProblem(row, problem.column, problem.value, problem.reason))
        return RowsError(problems, source=source)


def read_tables(path: str | Path, sheets: Sequence[Sheet]) -> Tables:
    """Return the rows of a file, each as a value of its sheet.

    A workbook has one worksheet per table; a CSV file is recognised by its name or its header; a
    folder holds ``<table>.csv`` files. Headers are in English or Chinese. A merged range means
    its value in every cell. Empty rows are skipped; full-width digits and letters count as plain.

    Raises
    ------
    RowsError
        With every cell that cannot be taken.
    NotFoundError, StorageError, InputError
        If the file does not exist, cannot be read, or holds none of the tables.
    """
    found = list(_raw_tables(Path(path), sheets))
    if not found:
        raise InputError(
            "no table of a known kind", source=path, allowed=", ".join(sheet.name for sheet in sheets),
            mend="start from the template: geogrid roster template",
        )  # fmt: skip
    values, rows, problems = {}, {}, []
    for sheet, raw in found:
        made, numbers, wrong = _typed(sheet, raw)
        values[sheet.name], rows[sheet.name] = tuple(made), tuple(numbers)
        problems += wrong
    if problems:
        raise RowsError(problems, source=path)
    return Tables(values, rows)


def read_raw(path: str | Path) -> list[list[str]]:
    """Return the rows of a CSV file, or of a workbook's first worksheet, as plain text."""
    source = Path(path)
    if not source.exists():
        raise NotFoundError("no such file", given=source)
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        return next((rows for _, rows in _workbook_rows(source)), [])
    return _csv_rows(source)


def _raw_tables(path: Path, sheets: Sequence[Sheet]) -> Iterator[tuple[Sheet, list[list[str]]]]:
    if path.is_dir():
        for sheet in sheets:
            for name in (sheet.name, sheet.name_zh):
                if (path / f"{name}.csv").exists():
                    yield sheet, _csv_rows(path / f"{name}.csv")
        return
    if not path.exists():
        raise NotFoundError("no such file", given=path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        for title, raw in _workbook_rows(path):
            for sheet in sheets:
                if title.strip().lower() in (sheet.name, sheet.name_zh):
                    yield sheet, raw
        return
    if path.suffix.lower() != ".csv":
        raise InputError("not a table file", given=path.name, allowed=".xlsx, .csv or a folder of .csv files")
    raw = _csv_rows(path)
    header = raw[0] if raw else []
    named = [sheet for sheet in sheets if path.stem.lower() in (sheet.name, sheet.name_zh)]
    fitting = [sheet for sheet in sheets if _fits(sheet, header)]
    if named or fitting:
        yield (named or sorted(fitting, key=lambda sheet: -sum(bool(sheet.column_of(h)) for h in header)))[0], raw


def _fits(sheet: Sheet, header: Sequence[str]) -> bool:
    known = {column.name for column in map(sheet.column_of, header) if column}
    return bool(known) and set(sheet.required) <= known


def _csv_rows(path: Path) -> list[list[str]]:
    # A byte order mark is none of the first head.
    text = path.read_bytes().decode(encoding_of(path)).removeprefix("\ufeff")
    return [[plain_text(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def _workbook_rows(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    try:
        import openpyxl
    except ImportError:
        raise MissingPartError("reading Excel files needs openpyxl", mend="pip install 'geogrid[files]'") from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        merged = _merged_ranges(path)
    except (zipfile.BadZipFile, KeyError, ValueError, ElementTree.ParseError) as error:
        raise StorageError(f"not a workbook ({error})", source=path, mend="save it as .xlsx") from None
    try:
        for position, sheet in enumerate(book.worksheets):
            sheet.reset_dimensions()
            rows = [[plain_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            for ref in merged.get(position, ()):
                _fill_merged(rows, ref)
            yield sheet.title, rows
    finally:
        book.close()


def _merged_ranges(path: Path) -> dict[int, list[str]]:
    """Return the merged ranges of each worksheet, which openpyxl's streaming reader leaves out."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(str(path), read_only=True)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    found: dict[int, list[str]] = {}
    with zipfile.ZipFile(path) as archive:
        for position, (_, rel) in enumerate(reader.parser.find_sheets()):
            if rel.target not in archive.namelist():
                continue
            with archive.open(rel.target) as stream:
                for _, element in ElementTree.iterparse(stream):
                    if element.tag == f"{_MAIN}mergeCell":
                        found.setdefault(position, []).append(element.attrib["ref"])
                    elif element.tag == f"{_MAIN}row":
                        element.clear()
    return found


def _fill_merged(rows: list[list[str]], ref: str) -> None:
    from openpyxl.utils.cell import range_boundaries

    left, top, right, bottom = (int(edge or 1) - 1 for edge in range_boundaries(ref))
    value = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
    for row in rows[top : bottom + 1]:
        row += [""] * (right + 1 - len(row))
        row[left : right + 1] = [value] * (right + 1 - left)


def _typed(sheet: Sheet, raw: list[list[str]]) -> tuple[list[Any], list[int], list[RowProblem]]:
    header = raw[0] if raw else []
    columns = [sheet.column_of(name) for name in header]
    problems = [
        RowProblem(
            1, f"{sheet.name}.{name}", name, f"no such column; known: {', '.join(c.name for c in sheet.columns)}"
        )
        for name, column in zip(header, columns, strict=True)
        if name and column is None and not name.startswith("#")
    ]
    present = {column.name for column in columns if column}
    problems += [
        RowProblem(1, f"{sheet.name}.{name}", "", "the column is missing")
        for name in sheet.required
        if name not in present
    ]
    if problems:
        return [], [], problems
    values, numbers = [], []
    for number, cells in enumerate(raw[1:], start=2):
        if not any(cells) or cells[0].startswith("#"):
            continue
        made = _row_value(sheet, columns, cells, number, problems)
        if made is not None:
            values.append(made)
            numbers.append(number)
    return values, numbers, problems


def _row_value(sheet: Sheet, columns: list[Any], cells: list[str], number: int, problems: list[RowProblem]) -> Any:
    fields: dict[str, Any] = {}
    wrong = len(problems)
    for position, column in enumerate(columns):
        if column is None:
            continue
        cell = cells[position] if position < len(cells) else ""
        if not cell:
            if column.name in sheet.required:
                problems.append(RowProblem(number, f"{sheet.name}.{column.name}", "", "must not be empty"))
            continue
        try:
            fields[column.name] = column.read(cell)
        except (GeogridError, ValueError) as error:
            problems.append(RowProblem(number, f"{sheet.name}.{column.name}", cell, str(error)))
    return sheet.kind(**fields) if len(problems) == wrong else None


def write_tables(path: str | Path, sheets: Sequence[Sheet], values: Mapping[str, Sequence[Any]]) -> Path:
    """Write tables to a workbook (``.xlsx``) or a folder of CSV files, with their headers; return its path."""
    target = Path(path)
    texts = {sheet.name: [sheet.row_of(value) for value in values.get(sheet.name, ())] for sheet in sheets}
    if target.suffix.lower() == ".xlsx":
        _write_workbook(target, sheets, texts)
        return target
    if target.suffix:
        raise InputError("not a table file", given=target.name, allowed=".xlsx, or a folder for .csv files")
    target.mkdir(parents=True, exist_ok=True)
    for sheet in sheets:
        with (target / f"{sheet.name}.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([[column.name for column in sheet.columns], *texts[sheet.name]])
    return target


def _write_workbook(target: Path, sheets: Sequence[Sheet], texts: Mapping[str, list[list[str]]]) -> None:
    import openpyxl
    from openpyxl.comments import Comment

    book = openpyxl.Workbook(write_only=False)
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.append([column.name for column in sheet.columns])
        for position, column in enumerate(sheet.columns, start=1):
            cell = page.cell(1, position)
            cell.comment = Comment(f"{column.name_zh}. {column.note}", "geogrid")
            # Codes keep their leading zeros only as text.
            page.column_dimensions[cell.column_letter].number_format = "@"
            page.column_dimensions[cell.column_letter].width = max(12, len(column.name) + 4)
        for row in texts[sheet.name]:
            page.append(row)
        page.freeze_panes = "A2"
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, book.save)
