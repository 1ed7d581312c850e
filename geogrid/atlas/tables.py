"""The tables of an atlas: what is kept of editions, codes, lineage and drafts.

Each edition also brings one feature table per layer and level of areas (`feature_table`), so
that a GIS shows every edition as it was; ``edition_layer`` lists them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Date, Double, ForeignKey, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.types import TypeEngine

from geogrid.atlas.columns import Json, Moment, Whole
from geogrid.atlas.geometry import Geometry

__all__ = [
    "FORMAT",
    "code_table",
    "draft_step_table",
    "draft_table",
    "edition_layer_table",
    "edition_table",
    "feature_table",
    "lineage_table",
    "metadata",
    "setting_table",
]

FORMAT = 1
"""Version of the tables below; a file with a higher one is refused."""

metadata = MetaData()


def _key() -> Column[Any]:
    return Column("fid", Whole, primary_key=True)


setting_table = Table(
    "atlas",
    metadata,
    _key(),
    Column("key", Text, nullable=False, unique=True),
    Column("value", Text, nullable=False),
)
"""``format`` and ``geogrid`` (the version that made the atlas)."""

edition_table = Table(
    "edition",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("valid_from", Date, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("based_on", Whole),
    Column("content_hash", Text, nullable=False),
    Column("record_hash", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("metric_crs", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("findings", Json, nullable=False),
)
"""One row per edition. When it ends is not stored: the editions after it say so."""

edition_layer_table = Table(
    "edition_layer",
    metadata,
    _key(),
    Column("edition", Whole, ForeignKey("edition.number"), nullable=False),
    Column("position", Whole, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("of", Text),
    Column("table_name", Text, nullable=False, unique=True),
    Column("member_column", Text),
    Column("row_count", Whole, nullable=False),
    Column("attributes", Json, nullable=False),
    UniqueConstraint("edition", "kind", "name"),
)
"""Feature tables of each edition. ``kind`` is ``area``, ``base``, ``stacked`` or ``overlay``;
``member_column`` is the column of the layer below that holds the grid's code; ``attributes`` lists
``[attribute, column, dtype]``."""

code_table = Table(
    "code",
    metadata,
    _key(),
    Column("layer", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("sequence", Whole),
    Column("issued_in", Whole, ForeignKey("edition.number"), nullable=False),
    UniqueConstraint("layer", "code"),
)
"""Every code that was ever issued; rows are only added, so a code is never given out twice."""

lineage_table = Table(
    "lineage",
    metadata,
    _key(),
    Column("edition", Whole, ForeignKey("edition.number"), nullable=False, index=True),
    Column("layer", Text, nullable=False),
    Column("from_code", Text, nullable=False, index=True),
    Column("to_code", Text, nullable=False, index=True),
    Column("area_m2", Double, nullable=False),
)
"""What became what in ``edition``: m² of ``from_code`` that belong to ``to_code`` since. ``""`` is
outside the layer. What kept both its code and its geometry has no row."""

draft_table = Table(
    "draft",
    metadata,
    _key(),
    Column("name", Text, nullable=False, unique=True),
    Column("based_on", Whole, ForeignKey("edition.number"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("published_as", Whole, ForeignKey("edition.number")),
)

draft_step_table = Table(
    "draft_step",
    metadata,
    _key(),
    Column("draft", Whole, ForeignKey("draft.fid", ondelete="CASCADE"), nullable=False),
    Column("position", Whole, nullable=False),
    Column("step", Json, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("undone", Boolean(create_constraint=False), nullable=False, default=False),
    UniqueConstraint("draft", "position"),
)
"""A draft is its edition plus these steps in order, undone ones left out."""


def feature_table(name: str, kind: str, extra: dict[str, TypeEngine[Any]]) -> Table:
    """Return the table of one layer of one edition.

    Parameters
    ----------
    name : str
        Of the table.
    kind : {"area", "base", "stacked", "overlay"}
    extra : mapping of column name to type
        Attributes and, for the layer below a stacked one, the grid's code.
    """
    return Table(
        name,
        MetaData(),
        _key(),
        Column("geom", Geometry, nullable=False),
        Column("code", Text, nullable=False, unique=True),
        Column("name", Text, nullable=False),
        Column("parent" if kind == "area" else "area", Text, nullable=False),
        Column("area_m2", Double, nullable=False),
        *(Column(column, kept) for column, kept in extra.items()),
    )
