"""Codes for a division about to be published, and what became of the codes before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from geogrid.atlas.canonical import canonical_polygons
from geogrid.atlas.edition import Edition
from geogrid.atlas.exchange import Exchange, exchange_of
from geogrid.atlas.lineage import area_layer, carried_codes, code_history, lives_on_in, passages
from geogrid.atlas.numbering import Numbering, numbering_for
from geogrid.atlas.soundness import require_unique
from geogrid.atlas.tables import code_table
from geogrid.errors import CodeError, InputError, NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer
from geogrid.partition.grouping import home_code
from geogrid.types import Progress

__all__ = ["Issue", "compare_layers", "issue_codes", "next_grid_code"]

_GRID = Numbering("{area}-{layer}-{seq:03d}")


@dataclass(frozen=True, eq=False)
class Issue:
    """A division with all its codes, and what follows from them.

    Parameters
    ----------
    division : Division
        In the order of rows it came in.
    shapes : mapping of layer name to LatticePolygons
        Canonical geometry of every layer.
    codes : list of dict
        New rows of table ``code``, without the edition.
    lineage : list of dict
        New rows of table ``lineage``, without the edition.
    """

    division: Division
    shapes: Mapping[str, LatticePolygons]
    codes: list[dict[str, object]]
    lineage: list[dict[str, object]]


def issue_codes(
    connection: Connection,
    division: Division,
    before: Edition | None,
    numbering: Numbering | Mapping[str, Numbering] | None,
    progress: Progress,
) -> Issue:
    """Return the division numbered after the edition before it.

    Raises
    ------
    CodeError
        If an area has no number left, or a given code belonged to other ground before.
    InputError
        If a layer gives a code twice.
    """
    shapes = {name: canonical_polygons(division.shapes(name)) for name in division.layer_names}
    areas = {area_layer(areas.level): canonical_polygons(areas.polygons) for areas in division.areas}
    exchanges = compare_layers(before, division, shapes, progress) if before else {}
    layers, new_codes, lineage = [], [], []
    for position, layer in enumerate(division.layers):
        progress("number", position, len(division.layers))
        scheme = _scheme(layer, numbering)
        old = before.layer(layer.name).layer if before and layer.name in exchanges else None
        issued = _issued(connection, layer.name)
        codes = layer.codes
        if old is not None:
            codes = carried_codes(exchanges[layer.name], old.codes, codes, old.areas.tolist(), layer.areas.tolist())
        _require_own_ground(connection, before, layer, codes, issued, shapes[layer.name])
        codes = scheme.issue(
            codes.tolist(), layer.areas.tolist(), shapes[layer.name],
            last=_last_sequence(connection, layer.name), taken=issued, layer=layer.name,
        )  # fmt: skip
        require_unique(codes.tolist(), what="code", source=layer.name)
        layers.append(replace(layer, codes=codes))
        new_codes += _code_rows(layer.name, codes, layer.areas, issued, scheme)
        lineage += _lineage_rows(layer.name, codes, old, exchanges.get(layer.name), before, issued)
    for level in division.areas:
        name = area_layer(level.level)
        issued = _issued(connection, name)
        old_level = next((a for a in before.division.areas if a.level == level.level), None) if before else None
        new_codes += _code_rows(name, level.codes, level.parents, issued, None)
        if old_level is not None:
            moved = passages(exchange_of(old_level.polygons, areas[name]), old_level.codes, level.codes)
            lineage += [_lineage_row(name, *row) for row in moved]
    if before:
        lineage += _dropped(before, division)
    return Issue(replace(division, layers=tuple(layers)), shapes, new_codes, lineage)


def next_grid_code(connection: Connection, division: Division, layer: str, members: list[str]) -> str:
    """Return a fresh code for a grid of `layer` that will be made of these rows of the layer below."""
    grids = division.layer(layer)
    if grids.of is None or grids.membership is None:
        raise InputError("only a stacked layer has grids made of cells", given=layer)
    below = {code: row for row, code in enumerate(division.layer(grids.of).codes.tolist())}
    unknown = [code for code in members if code not in below]
    if unknown or not members:
        raise NotFoundError(f"no such code in layer {grids.of}", given=", ".join(unknown[:5]))
    area = home_code(division, layer, np.array([below[code] for code in members], np.int64))
    taken = _issued(connection, layer) | set(grids.codes.tolist())
    sequence = _last_sequence(connection, layer).get(area, 0) + 1
    while (code := _GRID.code(area, sequence, layer=layer)) in taken:
        sequence += 1
    return code


def compare_layers(
    before: Edition, division: Division, shapes: Mapping[str, LatticePolygons], progress: Progress
) -> dict[str, Exchange]:
    """Return the exchange of every layer that both divisions have.

    Grids of cells are compared through their cells, so that what they share adds up exactly.

    Parameters
    ----------
    shapes : mapping of layer name to LatticePolygons
        Canonical geometry of `division`.
    """
    old = before.division
    result: dict[str, Exchange] = {}
    same_base = old.base.name == division.base.name
    for layer in division.layers:
        if layer.name not in old.layer_names:
            continue
        old_shapes = before.layer(layer.name).shapes
        if same_base and layer.kind == "stacked" and old.layer(layer.name).kind == "stacked":
            result[layer.name] = result[division.base.name].stacked(
                old.from_cells(layer.name).astype(np.int64), division.from_cells(layer.name).astype(np.int64),
                old_shapes, shapes[layer.name],
            )  # fmt: skip
        else:
            result[layer.name] = exchange_of(old_shapes, shapes[layer.name], progress=progress)
    return result


def _scheme(layer: Layer, numbering: Numbering | Mapping[str, Numbering] | None) -> Numbering:
    if isinstance(numbering, Numbering) and layer.kind == "base":
        return numbering
    if isinstance(numbering, Mapping) and layer.name in numbering:
        return numbering[layer.name]
    return numbering_for(layer.areas.tolist()) if layer.kind == "base" else _GRID


def _issued(connection: Connection, layer: str) -> set[str]:
    return set(connection.execute(select(code_table.c.code).where(code_table.c.layer == layer)).scalars())


def _last_sequence(connection: Connection, layer: str) -> dict[str, int]:
    query = (
        select(code_table.c.area, func.max(code_table.c.sequence))
        .where(code_table.c.layer == layer, code_table.c.sequence.is_not(None))
        .group_by(code_table.c.area)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _code_rows(
    layer: str,
    codes: npt.NDArray[np.object_],
    areas: npt.NDArray[np.object_],
    issued: set[str],
    scheme: Numbering | None,
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for code, area in sorted(zip(codes.tolist(), areas.tolist(), strict=True)):
        if code not in issued:
            sequence = scheme.sequence_of(code, area, layer=layer) if scheme else None
            rows.append({"layer": layer, "code": code, "area": area, "sequence": sequence})
    return rows


def _lineage_row(layer: str, old: str, new: str, m2: float) -> dict[str, object]:
    return {"layer": layer, "from_code": old, "to_code": new, "area_m2": round(m2, 4)}


def _lineage_rows(
    name: str,
    codes: npt.NDArray[np.object_],
    old: Layer | None,
    exchange: Exchange | None,
    before: Edition | None,
    issued: set[str],
) -> list[dict[str, object]]:
    if old is not None and exchange is not None:
        return [_lineage_row(name, *row) for row in passages(exchange, old.codes, codes)]
    # The layer was away for a while: its codes come back from outside.
    return [_lineage_row(name, "", code, 0.0) for code in sorted(issued & set(codes.tolist()))] if before else []


def _dropped(before: Edition, division: Division) -> list[dict[str, object]]:
    """Return lineage for layers and levels that the new division does not have any more."""
    rows = []
    for layer in before.division.layers:
        if layer.name not in division.layer_names:
            sizes = before.division.area_m2(layer.name).tolist()
            rows += [_lineage_row(layer.name, code, "", m2) for code, m2 in zip(layer.codes, sizes, strict=True)]
    kept = {areas.level for areas in division.areas}
    for areas in before.division.areas:
        if areas.level not in kept:
            sizes = areas.area_m2().tolist()
            name = area_layer(areas.level)
            rows += [_lineage_row(name, code, "", m2) for code, m2 in zip(areas.codes, sizes, strict=True)]
    return rows


def _require_own_ground(
    connection: Connection,
    before: Edition | None,
    layer: Layer,
    codes: npt.NDArray[np.object_],
    issued: set[str],
    shapes: LatticePolygons,
) -> None:
    """Refuse a given code that was retired and would now stand for other ground."""
    if before is None:
        return
    current = before.division.layer(layer.name).codes.tolist() if layer.name in before.division.layer_names else []
    revived = sorted((issued & set(codes.tolist())) - set(current))
    for code in revived:
        ended = code_history(connection, code, layer.name)[0].ended_in
        last = before.sibling((ended or before.number + 1) - 1).layer(layer.name)
        was = last.shapes.take(np.flatnonzero(last.codes == code))
        if not lives_on_in(exchange_of(was, shapes.take(np.flatnonzero(codes == code)))).any():
            raise CodeError(
                "a code that stood for other ground cannot be given out again", given=code,
                source=f"{layer.name}, last in edition {last.edition.number}", mend="leave the code empty or choose a new one",
            )  # fmt: skip
