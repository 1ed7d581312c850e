"""Whether the grids, cells and areas that a roster names exist in the edition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from geogrid.assign.roster import Duty, Roster, Served
from geogrid.errors import NotFoundError, RowProblem, RowsError
from geogrid.partition.division import Division

if TYPE_CHECKING:
    from geogrid.atlas import Atlas

__all__ = ["require_units", "unit_problems"]


def require_units(atlas: Atlas, roster: Roster, *, source: object = None) -> None:
    """Raise RowsError unless every unit the roster names exists in the latest edition.

    A code of an earlier edition is refused with the codes that took its place. An atlas without
    an edition is not asked.
    """
    editions = atlas.editions()
    if not editions:
        return
    problems = [
        RowProblem(row, column, code, _heirs(atlas, layer, code, reason))
        for row, column, layer, code, reason in unit_problems(editions[-1].division, roster)
    ]
    if problems:
        raise RowsError(problems, source=source or "roster")


def unit_problems(division: Division, roster: Roster) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield (row, column, layer, code, reason) for each unit that the division does not have."""
    codes = {areas.level: set(areas.codes.tolist()) for areas in division.areas}
    codes |= {layer.name: set(layer.codes.tolist()) for layer in division.layers}
    stations = {station.code for station in roster.stations}
    tables: tuple[tuple[str, tuple[Duty | Served, ...]], ...] = (("duties", roster.duties), ("serves", roster.serves))
    for table, rows in tables:
        for number, row in enumerate(rows, start=2):
            if table == "duties" and (row.layer == "department" or (row.layer == "station" and row.code in stations)):
                continue
            if row.layer not in codes:
                known = ", ".join([*codes, *(("station", "department") if table == "duties" else ())])
                yield number, f"{table}.layer", row.layer, row.layer, f"no such layer or level; known: {known}"
            elif row.code not in codes[row.layer]:
                yield number, f"{table}.code", row.layer, row.code, f"no such code in layer {row.layer}"


def _heirs(atlas: Atlas, layer: str, code: str, reason: str) -> str:
    if not reason.startswith("no such code"):
        return reason
    try:
        heirs = [heir for heir in atlas.successors(code, layer=layer) if heir]
    except NotFoundError:
        return reason
    if not heirs:
        return f"{reason} any more: it was given up"
    return f"{reason} any more: it became {', '.join(heirs)}; name those instead"
