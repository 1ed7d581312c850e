"""Writing an edition: a feature table per layer, registered, indexed and sealed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, Table
from sqlalchemy.types import Text, TypeEngine

from geogrid.atlas.canonical import canonical, code_order, content_hash, record_hash
from geogrid.atlas.columns import column_of, to_column
from geogrid.atlas.geometry import Shape, shapes_of
from geogrid.atlas.geopackage import register_features
from geogrid.atlas.immutable import forbid_changes
from geogrid.atlas.issue import Issue
from geogrid.atlas.lineage import area_layer
from geogrid.atlas.tables import code_table, edition_layer_table, edition_table, feature_table, lineage_table
from geogrid.boundaries.areas import Areas
from geogrid.lattice import LatticePolygons, area_m2
from geogrid.partition.division import Division, Layer
from geogrid.types import Finding, FloatArray, Progress

__all__ = ["write_edition"]

_CHUNK = 5_000


@dataclass(frozen=True)
class _Heading:
    """What the tables of an edition have in common."""

    number: int
    valid_from: dt.date
    place: str


def write_edition(
    connection: Connection,
    issue: Issue,
    *,
    number: int,
    valid_from: dt.date,
    published_at: dt.datetime,
    based_on: int | None,
    note: str,
    progress: Progress,
) -> None:
    """Write a numbered division as edition `number`, in the transaction of `connection`."""
    division = canonical(issue.division)
    progress("write", 0, None)
    connection.execute(
        edition_table.insert(),
        {
            "number": number,
            "valid_from": valid_from,
            "published_at": published_at,
            "based_on": based_on,
            "content_hash": content_hash(division),
            "record_hash": record_hash(division),
            "note": note,
            "code": division.code,
            "name": division.name,
            "metric_crs": division.metric_crs,
            "plan": division.plan,
            "findings": [_finding(found) for found in division.findings],
        },
    )
    heading = _Heading(number, valid_from, division.name)
    taken: set[str] = set()
    for position, areas in enumerate(division.areas):
        _write_areas(
            connection, heading, position, areas, _table_name(area_layer(areas.level), number, taken), progress
        )
    members = _member_columns(division)
    for position, layer in enumerate(division.layers):
        table = _table_name(layer.name, number, taken)
        shapes = _sorted_shapes(issue, layer)
        _write_layer(connection, heading, position, division, layer, table, shapes, members, progress)
    progress("write lineage", 0, len(issue.lineage))
    _write_rows(connection, code_table, [row | {"issued_in": number} for row in issue.codes])
    _write_rows(connection, lineage_table, [row | {"edition": number} for row in issue.lineage])
    progress("commit", 0, 1)


def _write_rows(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    for first in range(0, len(rows), _CHUNK):
        connection.execute(table.insert(), rows[first : first + _CHUNK])


def _write_areas(
    connection: Connection, heading: _Heading, position: int, areas: Areas, table: str, progress: Progress
) -> None:
    columns = {"code": areas.codes, "name": areas.names, "parent": areas.parents}
    listing = {"kind": "area", "name": areas.level, "position": position}
    lists = {key: values.tolist() for key, values in columns.items()}
    _write_table(connection, heading, table, listing, lists, {}, areas.polygons, area_m2(areas.polygons), [], progress)


def _write_layer(
    connection: Connection, heading: _Heading, position: int, division: Division, layer: Layer, table: str,
    shapes: LatticePolygons, members: dict[str, str], progress: Progress,
) -> None:  # fmt: skip
    lists = {"code": layer.codes.tolist(), "name": layer.names.tolist(), "area": layer.areas.tolist()}
    extra: dict[str, TypeEngine[Any]] = {}
    for above in division.layers:
        if above.of == layer.name and above.membership is not None:
            extra[members[above.name]] = Text()
            lists[members[above.name]] = above.codes[above.membership].tolist()
    used = {name.casefold() for name in (*lists, "fid", "geom", "area_m2")}
    attributes = []
    for name, values in layer.attributes.items():
        column = _column_name(name, used)
        extra[column], tag = column_of(values, source=f"{layer.name}.{name}")
        lists[column] = to_column(values, tag)
        attributes.append([name, column, tag])
    listing = {"kind": layer.kind, "name": layer.name, "position": position, "of": layer.of}
    listing["member_column"] = members.get(layer.name)
    sizes = division.area_m2(layer.name)
    _write_table(connection, heading, table, listing, lists, extra, shapes, sizes, attributes, progress)


def _write_table(
    connection: Connection, heading: _Heading, name: str, listing: dict[str, Any], lists: dict[str, list[Any]],
    extra: dict[str, TypeEngine[Any]], polygons: LatticePolygons, sizes: FloatArray, attributes: list[list[str]],
    progress: Progress,
) -> None:  # fmt: skip
    table = feature_table(name, listing["kind"], extra)
    table.create(connection)
    shapes: list[Shape] = shapes_of(polygons)
    lists = {"fid": list(range(1, len(shapes) + 1)), "geom": shapes, **lists}
    lists["area_m2"] = np.round(sizes, 2).tolist()
    keys = tuple(lists)
    for first in range(0, len(shapes), _CHUNK):
        part = slice(first, first + _CHUNK)
        rows = [dict(zip(keys, row, strict=True)) for row in zip(*(lists[key][part] for key in keys), strict=True)]
        connection.execute(table.insert(), rows)
        progress(f"write {listing['name']}", min(first + _CHUNK, len(shapes)), len(shapes))
    title = f"{heading.place}: {listing['name']}, edition {heading.number}"
    if connection.dialect.name == "sqlite":
        register_features(
            connection, name, shapes, identifier=f"{title} ({name})",
            description=f"{title}, valid from {heading.valid_from.isoformat()}",
        )  # fmt: skip
    else:
        connection.exec_driver_sql(f'CREATE INDEX ON "{name}" USING gist (geom)')
    forbid_changes(connection, name)
    connection.execute(
        edition_layer_table.insert(),
        {
            "of": None, "member_column": None, **listing, "edition": heading.number, "table_name": name,
            "row_count": len(shapes), "attributes": attributes,
        },
    )  # fmt: skip


def _sorted_shapes(issue: Issue, layer: Layer) -> LatticePolygons:
    """Return the layer's geometry in the order of its codes."""
    return issue.shapes[layer.name].take(code_order(issue.division.layer(layer.name).codes))


def _member_columns(division: Division) -> dict[str, str]:
    """Return, for each stacked layer, the column of the layer below that holds its codes."""
    used: dict[str | None, set[str]] = {}
    result = {}
    for layer in division.layers:
        if layer.of is not None:
            taken = used.setdefault(layer.of, {"fid", "geom", "code", "name", "area", "area_m2"})
            result[layer.name] = _column_name(layer.name, taken)
    return result


def _column_name(name: str, used: set[str]) -> str:
    """Return a column name that SQL, a GIS and PostgreSQL's 63 bytes take, unlike all used ones."""
    plain = re.sub(r"\W", "_", name) or "column"
    while len(plain.encode()) > 50:
        plain = plain[:-1]
    candidate, count = plain, 1
    while candidate.casefold() in used:
        count += 1
        candidate = f"{plain}_{count}"
    used.add(candidate.casefold())
    return candidate


def _table_name(name: str, number: int, taken: set[str]) -> str:
    return f"{_column_name(name, taken)}_e{number}"


def _finding(found: Finding) -> dict[str, Any]:
    shape = None if found.geometry is None else shapely.to_wkt(found.geometry, rounding_precision=-1)
    lon, lat, amount = (None if value is None else float(value) for value in (found.lon, found.lat, found.amount))
    return {
        "rule": found.rule, "message": found.message, "subjects": list(found.subjects), "lon": lon, "lat": lat,
        "amount": amount, "unit": found.unit, "geometry": shape,
    }  # fmt: skip
