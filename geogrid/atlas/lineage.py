"""What became what: codes carried from edition to edition, and every code explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from geogrid.atlas.exchange import Exchange
from geogrid.atlas.tables import code_table, edition_table, lineage_table
from geogrid.errors import NotFoundError
from geogrid.types import BoolArray

__all__ = [
    "CodeHistory",
    "Passage",
    "area_layer",
    "carried_codes",
    "code_history",
    "lives_on_in",
    "passages",
    "successors",
]


def area_layer(level: str) -> str:
    """Return the name under which a level of areas stands beside the layers in lineage and tables."""
    return f"area_{level}"


class Passage(NamedTuple):
    """Ground that passed from one code to another when an edition was published.

    Parameters
    ----------
    edition : int
        The edition since which it is so.
    from_code, to_code : str
        ``""``: outside the layer.
    area_m2 : float
    """

    edition: int
    from_code: str
    to_code: str
    area_m2: float


@dataclass(frozen=True, slots=True)
class CodeHistory:
    """The life of one code of one layer.

    Parameters
    ----------
    layer, code, area : str
    issued_in : int
        The first edition with this code.
    ended_in : int or None
        The first edition without it, or None while it is in use.
    came_from, became : tuple of Passage
        Ground it took over from other codes, and passed on to them.
    """

    layer: str
    code: str
    area: str
    issued_in: int
    ended_in: int | None
    came_from: tuple[Passage, ...] = field(default=())
    became: tuple[Passage, ...] = field(default=())

    def __str__(self) -> str:
        """Return its life in a few lines."""
        lines = [f"{self.layer} {self.code}: issued in edition {self.issued_in}"]
        lines += [f"  edition {p.edition}: {p.area_m2:,.0f} m² from {p.from_code or 'outside'}" for p in self.came_from]
        lines += [f"  edition {p.edition}: {p.area_m2:,.0f} m² to {p.to_code or 'outside'}" for p in self.became]
        lines.append(f"  ended in edition {self.ended_in}" if self.ended_in else "  in use")
        return "\n".join(lines)


def carried_codes(
    exchange: Exchange,
    old_codes: npt.NDArray[np.object_],
    new_codes: npt.NDArray[np.object_],
    old_areas: Sequence[str],
    new_areas: Sequence[str],
) -> npt.NDArray[np.object_]:
    """Return the new codes with ``""`` replaced by the code of the old row that lives on in it.

    A row keeps its code if its geometry is the same, or if the ground they share is more than
    half of the old row and more than half of the new one, so that there is never a choice. It must
    also be in the same area, since the code names the area. Codes that the new division already
    gives to a row are not carried to another.
    """
    result = new_codes.copy()
    lives_on = lives_on_in(exchange)
    given = set(new_codes[new_codes != ""].tolist())
    for old, new in zip(exchange.old[lives_on].tolist(), exchange.new[lives_on].tolist(), strict=True):
        code = old_codes[old]
        if result[new] == "" and code not in given and old_areas[old] == new_areas[new]:
            result[new] = code
            given.add(code)
    return result


def lives_on_in(exchange: Exchange) -> BoolArray:
    """Return (k,) bool: whether an old row lives on in a new one, so that it may keep its code.

    Their geometry is the same, or they share more than half of both. An exact half is no more
    than half, whatever rounding makes of it.
    """
    twice = 2 * exchange.shared_m2 / (1 + 1e-6)
    most = (twice > exchange.old_m2[exchange.old]) & (twice > exchange.new_m2[exchange.new])
    return np.asarray(exchange.same | most)


def passages(
    exchange: Exchange, old_codes: npt.NDArray[np.object_], new_codes: npt.NDArray[np.object_]
) -> list[tuple[str, str, float]]:
    """Return (from, to, m²) of everything that did not keep both its code and its geometry."""
    codes = zip(old_codes[exchange.old].tolist(), new_codes[exchange.new].tolist(), strict=True)
    found = [
        (old, new, m2)
        for (old, new), m2, same in zip(codes, exchange.shared_m2.tolist(), exchange.same.tolist(), strict=True)
        if not (same and old == new)
    ]
    lost, gained = exchange.lost_m2, exchange.gained_m2
    found += [(old_codes[row], "", float(lost[row])) for row in np.flatnonzero(lost).tolist()]
    found += [("", new_codes[row], float(gained[row])) for row in np.flatnonzero(gained).tolist()]
    # A code may end without any ground (it lay under others); it is explained all the same.
    named = {old for old, _, _ in found}
    ended = sorted(set(old_codes.tolist()) - set(new_codes.tolist()) - named)
    return sorted(found) + [(code, "", 0.0) for code in ended]


def code_history(connection: Connection, code: str, layer: str | None = None) -> tuple[CodeHistory, ...]:
    """Return the life of a code in every layer that ever had it, or in one layer or level of areas.

    Raises
    ------
    NotFoundError
        If the code was never issued.
    """
    query = select(code_table).where(code_table.c.code == code).order_by(code_table.c.fid)
    if layer is not None:
        query = query.where(code_table.c.layer.in_([layer, area_layer(layer)]))
    rows = sorted(connection.execute(query).all(), key=lambda row: row.layer != layer)
    found = [_history(connection, row.layer, code, row.area, row.issued_in) for row in rows]
    if not found:
        raise NotFoundError("no edition of the atlas ever had this code", given=code, source=layer)
    return tuple(found)


def _history(connection: Connection, layer: str, code: str, area: str, issued_in: int) -> CodeHistory:
    table = lineage_table.c
    rows = connection.execute(
        select(table.edition, table.from_code, table.to_code, table.area_m2)
        .where(table.layer == layer, (table.from_code == code) | (table.to_code == code))
        .order_by(table.edition, table.area_m2.desc(), table.from_code, table.to_code)
    ).all()
    moved = [Passage(*row) for row in rows]
    last = _last_change(moved, code)
    return CodeHistory(
        layer,
        code,
        area,
        issued_in,
        last,
        tuple(p for p in moved if p.to_code == code and p.from_code != code),
        tuple(p for p in moved if p.from_code == code and p.to_code != code),
    )


def _last_change(moved: list[Passage], code: str) -> int | None:
    """Return the edition that ended the code: it last passed ground on, and got none back since."""
    left = max((p.edition for p in moved if p.from_code == code), default=0)
    kept = max((p.edition for p in moved if p.to_code == code), default=0)
    return left if left > kept else None


def successors(connection: Connection, code: str, *, layer: str) -> dict[str, float]:
    """Return the codes of the last edition that stand where `code` stood, with their share of it.

    A code in use stands for itself. Shares sum to 1, or less if ground left the layer.

    Raises
    ------
    NotFoundError
        If the layer never had the code.
    """
    history = code_history(connection, code, layer)[0]
    layer = history.layer
    if history.ended_in is None:
        return {code: 1.0}
    last = connection.execute(select(func.max(edition_table.c.number))).scalar_one()
    table = lineage_table.c
    held, result = {code: 1.0}, {code: 1.0}
    for edition in range(history.ended_in, last + 1):
        rows = connection.execute(
            select(table.from_code, table.to_code, table.area_m2).where(
                table.edition == edition, table.layer == layer, table.from_code.in_(sorted(held))
            )
        ).all()
        total: dict[str, float] = {}
        for old, _, m2 in rows:
            total[old] = total.get(old, 0.0) + m2
        result = {name: share for name, share in held.items() if name not in total}
        for old, new, m2 in rows:
            if new and total[old] > 0:
                result[new] = result.get(new, 0.0) + held[old] * m2 / total[old]
        held = result
    return dict(sorted(result.items(), key=lambda item: (-item[1], item[0])))
