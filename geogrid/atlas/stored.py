"""Reading an edition's tables back into a division."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, Row, Table, column, select

from geogrid.atlas.columns import from_column
from geogrid.atlas.geometry import polygons_of
from geogrid.atlas.tables import edition_layer_table, edition_table, feature_table
from geogrid.boundaries.areas import Areas
from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer
from geogrid.types import Finding

__all__ = ["layer_rows", "read_division", "stored_polygons"]


def layer_rows(connection: Connection, number: int) -> Sequence[Row[Any]]:
    """Return the rows of ``edition_layer`` of one edition: its areas, then its layers from the base up."""
    table = edition_layer_table
    return connection.execute(select(table).where(table.c.edition == number).order_by(table.c.fid)).all()


def read_division(connection: Connection, number: int) -> Division:
    """Return the division of one edition, or raise NotFoundError."""
    head = connection.execute(select(edition_table).where(edition_table.c.number == number)).one_or_none()
    if head is None:
        raise NotFoundError("no such edition", given=number)
    rows = layer_rows(connection, number)
    areas = [_read_areas(connection, row) for row in rows if row.kind == "area"]
    members: dict[str, list[str]] = {row.name: [] for row in rows}
    for row in rows:
        if row.of is not None:
            members[row.of].append(row.member_column)
    grid_codes: dict[tuple[str, str], list[str]] = {}
    layers = [_read_layer(connection, row, members[row.name], grid_codes) for row in rows if row.kind != "area"]
    return Division(
        head.code, head.name, tuple(areas), tuple(layers), head.metric_crs, head.plan,
        tuple(_finding_of(found) for found in head.findings),
    )  # fmt: skip


def _read_areas(connection: Connection, row: Row[Any]) -> Areas:
    table = feature_table(row.table_name, "area", {})
    found = connection.execute(
        select(table.c.code, table.c.name, table.c.parent, table.c.geom).order_by(table.c.fid)
    ).all()
    return Areas(
        row.name, _text([r.code for r in found]), _text([r.name for r in found]), _text([r.parent for r in found]),
        polygons_of([r.geom for r in found]),
    )  # fmt: skip


def _read_layer(
    connection: Connection, row: Row[Any], members: list[str], grid_codes: dict[tuple[str, str], list[str]]
) -> Layer:
    """Return one layer; codes of the grids its rows belong to are left in `grid_codes`."""
    names = {kept for _, kept, _ in row.attributes} | set(members)
    table = feature_table(row.table_name, row.kind, {})
    wanted: list[Any] = [table.c.code, table.c.name, table.c.area]
    wanted += [column(name) for name in sorted(names)]
    if row.kind != "stacked":
        wanted.append(table.c.geom)
    found = connection.execute(select(*wanted).select_from(table).order_by(table.c.fid)).all()
    place_of = dict(zip(sorted(names), range(3, 3 + len(names)), strict=True))
    for name in members:
        grid_codes[row.name, name] = [r[place_of[name]] for r in found]
    codes = _text([r[0] for r in found])
    membership = None
    if row.of is not None:
        place = {code: position for position, code in enumerate(codes.tolist())}
        below = grid_codes[row.of, row.member_column]
        membership = np.array([place[code] for code in below], np.int32)
    attributes = {name: from_column([r[place_of[kept]] for r in found], tag) for name, kept, tag in row.attributes}
    return Layer(
        row.name, row.kind, codes, _text([r[1] for r in found]), _text([r[2] for r in found]), of=row.of,
        membership=membership, shapes=polygons_of([r[-1] for r in found]) if row.kind != "stacked" else None,
        attributes=attributes,
    )  # fmt: skip


def stored_polygons(connection: Connection, table: Table) -> LatticePolygons:
    """Return the geometry of a feature table, in the order of its rows."""
    return polygons_of(list(connection.execute(select(table.c.geom).order_by(table.c.fid)).scalars()))


def _text(values: list[str]) -> npt.NDArray[np.object_]:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def _finding_of(stored: dict[str, Any]) -> Finding:
    """Return a finding from its JSON form."""
    geometry = stored.get("geometry")
    return Finding(
        stored["rule"], stored["message"], tuple(stored["subjects"]), stored["lon"], stored["lat"],
        stored["amount"], stored["unit"], None if geometry is None else shapely.from_wkt(geometry),
    )  # fmt: skip
