"""Daily reports kept in the atlas: rows are only added."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, MetaData, Table, Text, UniqueConstraint, insert, inspect, select

from geogrid.atlas import Atlas, register_attributes
from geogrid.atlas.columns import Whole
from geogrid.coverage.daily import DAILY_SHEET, DailyReport
from geogrid.errors import ConflictError

__all__ = ["keep_daily_reports", "kept_daily_reports"]

_TABLE = Table(
    "daily_reports",
    MetaData(),
    Column("fid", Whole, primary_key=True),
    *(Column(column.name, Text, nullable=False) for column in DAILY_SHEET.columns),
    UniqueConstraint("station", "at"),
)


def keep_daily_reports(atlas: Atlas, reports: Iterable[DailyReport], *, dry_run: bool = False) -> int:
    """Add daily reports to an atlas, all or nothing; return how many are new.

    A report that is kept already is passed over, so that a file may be taken twice.

    Raises
    ------
    ConflictError
        If a station said something else at the same time.
    """
    rows = {(row[0], row[1]): row for row in map(DAILY_SHEET.row_of, reports)}
    with atlas.writing() as connection:
        if not dry_run and _TABLE.name not in inspect(connection).get_table_names():
            _TABLE.create(connection)
            register_attributes(connection, _TABLE.name, description=f"{DAILY_SHEET.name} ({DAILY_SHEET.name_zh})")
        if _TABLE.name in inspect(connection).get_table_names():
            for kept in connection.execute(select(*_TABLE.columns[1:])).all():
                new = rows.pop((kept.station, kept.at), None)
                if new is not None and new != list(kept):
                    raise ConflictError(
                        f"station {kept.station} reported {kept[2]} at {kept.at} already", given=new[2],
                        mend="report again with the time of the correction",
                    )  # fmt: skip
        if rows and not dry_run:
            names = [column.name for column in DAILY_SHEET.columns]
            connection.execute(insert(_TABLE), [dict(zip(names, row, strict=True)) for row in rows.values()])
    return len(rows)


def kept_daily_reports(atlas: Atlas) -> tuple[DailyReport, ...]:
    """Return the daily reports of an atlas in the order in which they were taken."""
    with atlas.reading() as connection:
        if _TABLE.name not in inspect(connection).get_table_names():
            return ()
        rows = connection.execute(select(*_TABLE.columns[1:]).order_by(_TABLE.c.fid)).all()
    readers = [(column.name, column.read) for column in DAILY_SHEET.columns]
    return tuple(
        DailyReport(**{name: read(text) for (name, read), text in zip(readers, row, strict=True) if text})
        for row in rows
    )
