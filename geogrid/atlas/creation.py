"""A new atlas, and the proof that what is opened is one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from geogrid.atlas.engine import is_url, open_engine, reading, writing
from geogrid.atlas.geopackage import APPLICATION_ID, create_registry, register_attributes
from geogrid.atlas.immutable import prepare_refusal
from geogrid.atlas.tables import FORMAT, metadata, setting_table
from geogrid.errors import ConflictError, FormatError, NotFoundError, StorageError

__all__ = ["create_tables", "require_atlas", "spare_atlas"]

_DESCRIPTIONS = {
    "edition": "Editions of the division, and from which day each is in force",
    "edition_layer": "Which table holds which layer of which edition",
    "code": "Every code ever issued; none is given out twice",
    "lineage": "Which codes became which, with the m² that passed",
    "draft": "Editions being edited",
    "draft_step": "The steps of each draft",
    "atlas": "Format of this file",
}


def create_tables(target: str | Path) -> None:
    """Create an empty atlas: a file that appears complete or not at all, or tables in a database.

    Raises
    ------
    ConflictError
        If it exists already.
    StorageError
        If the folder cannot be written.
    """
    if is_url(target):
        with _engine(target) as engine, writing(engine) as connection:
            if inspect(connection).has_table(setting_table.name):
                raise ConflictError("the database holds an atlas already", source=connection.engine.url, mend="open it")
            _fill(connection)
        return
    path = Path(target)
    if path.exists():
        raise ConflictError("the file exists already", given=path, mend="open it, or choose another name")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise StorageError(
            "the atlas cannot be created there", given=path, source=error.strerror, mend="make the folder first"
        ) from error
    os.close(handle)
    fresh = Path(name)
    try:
        fresh.chmod(0o666 & ~_umask())
        with _engine(fresh) as engine, writing(engine) as connection:
            _fill(connection)
        _appear(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _engine(target: str | Path) -> Iterator[Engine]:
    engine = open_engine(target)
    try:
        yield engine
    finally:
        engine.dispose()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _appear(fresh: Path, path: Path) -> None:
    """Give the finished file its name, unless somebody else made one of that name meanwhile."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise ConflictError("the file exists already", given=path, mend="open it") from None
    except OSError:
        # A file system without hard links: the check and the renaming are two steps there.
        if path.exists():
            raise ConflictError("the file exists already", given=path, mend="open it") from None
        fresh.replace(path)


def _fill(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        create_registry(connection)
    else:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        register_attributes(connection, table.name, description=_DESCRIPTIONS[table.name])
    prepare_refusal(connection)
    settings = {"format": str(FORMAT), "geogrid": version("geogrid")}
    connection.execute(setting_table.insert(), [{"key": key, "value": value} for key, value in settings.items()])


def require_atlas(target: str | Path) -> Engine:
    """Return an engine for an atlas that this geogrid can read.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If it is not an atlas, or one of a newer format.
    """
    if not is_url(target):
        _require_geopackage(Path(target))
    engine = open_engine(target)
    try:
        with reading(engine) as connection:
            known = inspect(connection).has_table(setting_table.name)
            table = setting_table.c
            rows = connection.execute(select(table.key, table.value)).all() if known else []
            settings = {row.key: row.value for row in rows}
    except StorageError:
        engine.dispose()
        raise
    try:
        found = int(settings["format"])
    except (KeyError, ValueError):
        engine.dispose()
        raise FormatError(
            "this holds no atlas", given=target,
            mend="publish one with `geogrid partition` or `geogrid adopt`",
        ) from None  # fmt: skip
    if found > FORMAT:
        engine.dispose()
        raise FormatError(
            "the atlas was written by a newer geogrid", given=f"format {found}, by geogrid {settings.get('geogrid')}",
            allowed=f"format {FORMAT} and older, this is geogrid {version('geogrid')}", source=target,
            mend="pip install --upgrade geogrid",
        )  # fmt: skip
    return engine


def spare_atlas(path: str | Path) -> None:
    """Refuse to let a file that is about to be written replace an atlas.

    Raises
    ------
    ConflictError
        If there is an atlas of that name.
    """
    try:
        require_atlas(Path(path)).dispose()
    except (NotFoundError, StorageError):
        return
    raise ConflictError("this would replace an atlas and its editions", given=path, mend="choose another name")


def _require_geopackage(path: Path) -> None:
    if not path.is_file():
        raise NotFoundError("there is no such atlas", given=path, mend="check the path; `geogrid partition` makes one")
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError as error:
        raise StorageError("the atlas cannot be read", given=path, source=error.strerror) from error
    if head[:16] != b"SQLite format 3\0" or int.from_bytes(head[68:72]) != APPLICATION_ID:
        raise FormatError(
            "the file is not an atlas", given=path, allowed="a GeoPackage written by geogrid",
            mend="`geogrid adopt` makes an atlas of an existing division",
        )  # fmt: skip
