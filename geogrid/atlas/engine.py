"""Connections: one file or one PostgreSQL database, one writer at a time, errors in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from geogrid.errors import ConflictError, FormatError, GeogridError, InputError, MissingPartError, StorageError

__all__ = ["is_url", "open_engine", "reading", "storage_errors", "writing"]

_WRITE = "geogrid_write"
_LOCK = 0x67656F67


def open_engine(target: str | Path, *, wait_s: float = 60.0) -> Engine:
    """Return an engine for a GeoPackage file or a PostgreSQL URL.

    A file must exist; a connection is opened for each use and closed after it, so that several
    processes can share the file and it can be moved when nobody works on it.

    Parameters
    ----------
    target : path, or ``postgresql://user@host/database``
    wait_s : float
        Seconds to wait for another writer before giving up with ConflictError.
    """
    if not is_url(target):
        return _file_engine(Path(target), wait_s)
    try:
        url = make_url(str(target))
    except exc.ArgumentError as error:
        raise InputError("not a database URL", given=target, mend="postgresql://user@host/database") from error
    if url.get_backend_name() == "sqlite":
        return _file_engine(Path(url.database or ""), wait_s)
    if url.get_backend_name() != "postgresql":
        raise InputError("an atlas is a file or a PostgreSQL database", given=url.drivername, allowed="postgresql")
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ImportError as error:
        raise MissingPartError("no driver for PostgreSQL", mend="pip install 'geogrid[postgis]'") from error

    @event.listens_for(engine, "begin")
    def lock(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITE):
            connection.execute(text(f"SET LOCAL lock_timeout = {int(wait_s * 1000)}"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))

    return engine


def is_url(target: str | Path) -> bool:
    """Return whether `target` names a database rather than a file."""
    return isinstance(target, str) and "://" in target


def _file_engine(path: Path, wait_s: float) -> Engine:
    where = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        # No implicit transactions: the driver would not put CREATE TABLE into one.
        return sqlite3.connect(where, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)

    engine = create_engine(URL.create("sqlite", database=str(path)), creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        # Pages of a big edition stay in memory until the commit: until then readers are not locked out.
        connection.execute("PRAGMA cache_size = -262144")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other writer shares; all of it or nothing.

    Raises
    ------
    ConflictError
        If another process keeps writing for longer than the engine waits, or a published edition
        would be changed.
    StorageError
        If the disk is full or fails; nothing is changed then.
    """
    with storage_errors(engine), engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one state of the atlas throughout."""
    with storage_errors(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def storage_errors(engine: Engine) -> Iterator[None]:
    """Turn the database's errors into geogrid's, with the mend."""
    where = engine.url.render_as_string(hide_password=True) if engine.dialect.name != "sqlite" else engine.url.database
    try:
        yield
    except exc.DBAPIError as error:
        raise _translated(error, str(where)) from error


def _translated(error: exc.DBAPIError, where: str) -> GeogridError:
    said = str(error.orig).strip()
    low = said.lower()
    if "immutable" in low:
        return ConflictError("a published edition cannot be changed", source=where, mend="publish a new edition")
    if "locked" in low or "busy" in low or "lock timeout" in low:
        return ConflictError("another process is writing to the atlas", source=where, mend="try again when it is done")
    if "disk is full" in low or "disk i/o" in low or "no space" in low or "could not extend file" in low:
        return StorageError(
            f"the disk is full or failed ({said}); nothing was changed", source=where,
            mend="free some space and run it again",
        )  # fmt: skip
    if "readonly" in low or "read-only" in low:
        return StorageError(
            "the atlas cannot be written", source=where, mend="check the permissions of file and folder"
        )
    if "not a database" in low or "malformed" in low:
        return FormatError(f"the file is damaged or not an atlas ({said})", source=where, mend="restore a copy")
    return StorageError(f"the database refused: {said}", source=where)
