"""One edition as it was published: read when it is asked for, never changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select

from geogrid.atlas.canonical import content_hash, record_hash
from geogrid.atlas.engine import reading
from geogrid.atlas.stored import layer_rows, read_division, stored_polygons
from geogrid.atlas.tables import edition_table, feature_table
from geogrid.errors import ChecksumError, NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer
from geogrid.types import FloatArray

__all__ = ["Edition", "EditionLayer", "read_editions"]


@dataclass(frozen=True, eq=False)
class Edition:
    """An immutable, dated, complete division with all its layers.

    Parameters
    ----------
    number : int
        1, 2, 3 … in the order of publishing.
    valid_from : date
        The first day it is in force.
    valid_to : date or None
        The first day it is not in force any more (half-open); None while nothing follows. Equal
        to `valid_from` if a later edition replaced it before it began.
    published_at : datetime
        When it was recorded, UTC; apart from when it is valid.
    content_hash : str
        SHA-256 of geometry, codes, names and memberships: the same content has the same hash on
        every machine, and decides the order of rows.
    note, code, name, metric_crs, plan : str
    based_on : int or None
        The edition that its lineage starts from.
    engine : Engine
        Where it is kept.
    """

    number: int
    valid_from: dt.date
    valid_to: dt.date | None
    published_at: dt.datetime
    content_hash: str
    note: str
    code: str
    name: str
    metric_crs: str
    plan: str
    based_on: int | None
    engine: Engine = field(repr=False)

    @property
    def withdrawn(self) -> bool:
        """Whether a later edition replaced it before it came into force."""
        return self.valid_to is not None and self.valid_to <= self.valid_from

    @cached_property
    def division(self) -> Division:
        """The division as it was published, rows in the order of their codes."""
        with reading(self.engine) as connection:
            return read_division(connection, self.number)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of all layers, the base first."""
        return tuple(self.counts)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of cells or grids of each layer, without reading them."""
        with reading(self.engine) as connection:
            rows = layer_rows(connection, self.number)
        return {row.name: row.row_count for row in rows if row.kind != "area"}

    def layer(self, name: str) -> EditionLayer:
        """Return one layer, or raise NotFoundError."""
        return EditionLayer(self, self.division.layer(name))

    def sibling(self, number: int) -> Edition:
        """Return another edition of the same atlas, or raise NotFoundError."""
        found = [edition for edition in read_editions(self.engine, type(self)) if edition.number == number]
        if not found:
            raise NotFoundError("no such edition", given=number)
        return found[0]

    @cached_property
    def tables(self) -> dict[str, str]:
        """Table of each layer and, as ``area_<level>``, of each level of areas."""
        with reading(self.engine) as connection:
            rows = layer_rows(connection, self.number)
        return {f"area_{row.name}" if row.kind == "area" else row.name: row.table_name for row in rows}

    def verify(self) -> Edition:
        """Return self, or raise ChecksumError if the stored rows are not those that were published."""
        with reading(self.engine) as connection:
            stored = connection.execute(
                select(edition_table.c.content_hash, edition_table.c.record_hash).where(
                    edition_table.c.number == self.number
                )
            ).one()
            division = read_division(connection, self.number)
        found = (content_hash(division), record_hash(division))
        if found != (stored.content_hash, stored.record_hash):
            raise ChecksumError(
                f"edition {self.number} is not what was published", given=found[0], allowed=stored.content_hash,
                source=self.engine.url.database, mend="restore the atlas from a copy",
            )  # fmt: skip
        return self


@dataclass(frozen=True, eq=False)
class EditionLayer:
    """One layer of an edition.

    Parameters
    ----------
    edition : Edition
    layer : Layer
        Its columns, rows in the order of the codes.
    """

    edition: Edition
    layer: Layer

    def __len__(self) -> int:
        """Return the number of cells or grids."""
        return len(self.layer)

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.layer.name

    @property
    def kind(self) -> str:
        """``base``, ``stacked`` or ``overlay``."""
        return self.layer.kind

    @property
    def codes(self) -> npt.NDArray[np.object_]:
        """(n,) codes, in order."""
        return self.layer.codes

    @property
    def names(self) -> npt.NDArray[np.object_]:
        """(n,) names."""
        return self.layer.names

    @property
    def table_name(self) -> str:
        """The table a GIS shows."""
        return self.edition.tables[self.name]

    @cached_property
    def shapes(self) -> LatticePolygons:
        """Geometry as stored; of a stacked layer, the union of its cells."""
        if self.layer.shapes is not None:
            return self.layer.shapes
        with reading(self.edition.engine) as connection:
            table = feature_table(self.table_name, self.kind, {})
            return stored_polygons(connection, table)

    def area_m2(self) -> FloatArray:
        """Return (n,) areas in m² on the ellipsoid."""
        return self.edition.division.area_m2(self.name)

    def to_geopandas(self) -> Any:
        """Return a GeoDataFrame: code, name, area, area_m2, the codes of the layers above, attributes; EPSG:4326."""
        import geopandas

        columns: dict[str, Any] = {"code": self.codes, "name": self.names, "area": self.layer.areas}
        columns["area_m2"] = self.area_m2()
        for above in self.edition.division.layers:
            if above.of == self.name and above.membership is not None:
                columns[above.name] = above.codes[above.membership]
        columns |= {key: value for key, value in self.layer.attributes.items() if key not in columns}
        return geopandas.GeoDataFrame(columns, geometry=self.shapes.to_shapely(), crs="EPSG:4326")


_Kind = TypeVar("_Kind", bound=Edition)


def read_editions(engine: Engine, kind: type[_Kind]) -> tuple[_Kind, ...]:
    """Return all editions in order, each with the day its validity ends.

    From `valid_from` on, an edition is in force until a later one says otherwise.
    """
    with reading(engine) as connection:
        rows = connection.execute(select(edition_table).order_by(edition_table.c.number)).all()
    result: list[_Kind] = []
    following: dt.date | None = None
    for row in reversed(rows):
        ends = None if following is None else max(following, row.valid_from)
        result.append(
            kind(
                number=row.number,
                valid_from=row.valid_from,
                valid_to=ends,
                published_at=row.published_at,
                content_hash=row.content_hash,
                note=row.note,
                code=row.code,
                name=row.name,
                metric_crs=row.metric_crs,
                plan=row.plan,
                based_on=row.based_on,
                engine=engine,
            )
        )
        following = row.valid_from if following is None else min(following, row.valid_from)
    return tuple(reversed(result))
