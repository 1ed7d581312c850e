"""Tables of text in the atlas: how a roster and a rulebook are kept beside the editions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, delete, insert, inspect, select

from geogrid.assign.columns import Sheet
from geogrid.atlas import register_attributes
from geogrid.atlas.columns import Whole
from geogrid.atlas.engine import reading

__all__ = ["load_tables", "save_tables"]


def save_tables(
    connection: Connection, prefix: str, sheets: Sequence[Sheet], values: Mapping[str, Sequence[Any]]
) -> None:
    """Replace the rows of the sheets that `values` has, within the connection's transaction."""
    for sheet in sheets:
        if sheet.name not in values:
            continue
        table = _table(prefix, sheet)
        table.create(connection, checkfirst=True)
        description = "personal contact data" if sheet.name == "contacts" else f"{sheet.name} ({sheet.name_zh})"
        register_attributes(connection, table.name, description=description)
        connection.execute(delete(table))
        names = [column.name for column in sheet.columns]
        rows = [dict(zip(names, sheet.row_of(value), strict=True)) for value in values[sheet.name]]
        if rows:
            connection.execute(insert(table), rows)


def load_tables(
    engine: Engine, prefix: str, sheets: Sequence[Sheet], *, skip: Collection[str] = ()
) -> dict[str, tuple[Any, ...]]:
    """Return the values of every sheet that is kept, but those to `skip`, in the order they were given."""
    found: dict[str, tuple[Any, ...]] = {}
    with reading(engine) as connection:
        kept = set(inspect(connection).get_table_names())
        for sheet in sheets:
            table = _table(prefix, sheet)
            if sheet.name in skip or table.name not in kept:
                continue
            rows = connection.execute(select(*table.columns[1:]).order_by(table.c.fid)).all()
            readers = [(column.name, column.read) for column in sheet.columns]
            found[sheet.name] = tuple(
                sheet.kind(**{name: read(text) for (name, read), text in zip(readers, row, strict=True) if text})
                for row in rows
            )
    return found


def _table(prefix: str, sheet: Sheet) -> Table:
    columns = [Column(column.name, Text, nullable=False) for column in sheet.columns]
    return Table(f"{prefix}_{sheet.name}", MetaData(), Column("fid", Whole, primary_key=True), *columns)
