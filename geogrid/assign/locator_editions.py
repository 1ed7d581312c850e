"""The locator of an edition: kept beside the atlas, opened when it is first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from geogrid.assign.locator import Locator
from geogrid.assign.locator_file import open_or_build
from geogrid.partition.division import Division

__all__ = ["Locatable", "locator_of_edition", "locator_path"]


class Locatable(Protocol):
    """What an edition has that its locator needs."""

    @property
    def number(self) -> int:
        """Its number: 1, 2, 3 and so on."""

    @property
    def content_hash(self) -> str:
        """Of geometry, codes and memberships; it decides the order of rows."""

    @property
    def division(self) -> Division:
        """Read only when the index has to be built."""

    @property
    def engine(self) -> Engine:
        """Where it is kept."""


def locator_path(edition: Locatable) -> Path | None:
    """Return where an edition's index is kept: ``<atlas>.locators/<number>.locator``.

    None for an atlas that is no file.
    """
    url = edition.engine.url
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    atlas = Path(url.database)
    return atlas.with_name(atlas.name + ".locators") / f"{edition.number}.locator"


def locator_of_edition(edition: Locatable, *, workers: int = 1) -> Locator:
    """Return an edition's locator, mapped from its file; one that is missing, stale or damaged is rebuilt.

    All worker processes of a machine share the file's pages. An atlas in a database has no folder of
    its own: its index is built in memory.

    Parameters
    ----------
    edition : Edition
    workers : int
        Threads that build it.
    """
    path = locator_path(edition)
    if path is None:
        return Locator.of(edition.division, workers=workers)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError:
        return Locator.of(edition.division, workers=workers)
    return open_or_build(path, lambda: Locator.of(edition.division, workers=workers), key=edition.content_hash)
