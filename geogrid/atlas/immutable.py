"""Triggers that refuse every change to what is published, whoever tries: geogrid, a GIS, SQL."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["forbid_changes", "prepare_refusal"]

_ADDED_TO = ("edition", "edition_layer", "lineage", "code")
"""Tables that grow with every edition; their rows never change."""


def prepare_refusal(connection: Connection) -> None:
    """Make the tables of a new atlas refuse changes to the rows they hold."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION geogrid_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '%% is published and immutable', TG_TABLE_NAME; END $$"
        )
    for table in _ADDED_TO:
        forbid_changes(connection, table, events=("UPDATE", "DELETE"))


def forbid_changes(
    connection: Connection, table: str, *, events: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")
) -> None:
    """Make a table refuse the given kinds of change.

    Parameters
    ----------
    connection : Connection
        In the transaction that has filled the table.
    table : str
    events : tuple of str
        ``INSERT``, ``UPDATE``, ``DELETE``.
    """
    quoted = connection.dialect.identifier_preparer.quote_identifier(table)
    if connection.dialect.name == "postgresql":
        also = (*events, "TRUNCATE")
        connection.exec_driver_sql(
            f"CREATE TRIGGER geogrid_refuse BEFORE {' OR '.join(also)} ON {quoted} EXECUTE FUNCTION geogrid_refuse()"
        )
        return
    for event in events:
        name = connection.dialect.identifier_preparer.quote_identifier(f"{table}_refuses_{event.lower()}")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {quoted} "
            f"BEGIN SELECT RAISE(ABORT, 'this table is published and immutable'); END"
        )
