"""What changed between two editions, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.atlas.edition import Edition
from geogrid.atlas.exchange import Exchange
from geogrid.atlas.issue import compare_layers
from geogrid.atlas.lineage import passages
from geogrid.types import Progress, no_progress

__all__ = ["LayerDiff", "Move", "compare_editions"]


@dataclass(frozen=True, slots=True)
class Move:
    """Ground that stands under another code than before; ``""`` is outside the layer."""

    from_code: str
    to_code: str
    area_m2: float


@dataclass(frozen=True, slots=True)
class LayerDiff:
    """What changed in one layer.

    Parameters
    ----------
    layer : str
    new, gone : tuple of str
        Codes that only the later, only the earlier edition has.
    changed : tuple of str
        Codes in both whose geometry differs.
    renamed : tuple of (str, str, str)
        Code, name before, name after.
    moves : tuple of Move
        Ground that changed its code, the largest first.
    unchanged : int
        Number of codes with the same geometry.
    """

    layer: str
    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    renamed: tuple[tuple[str, str, str], ...]
    moves: tuple[Move, ...]
    unchanged: int

    @property
    def moved_m2(self) -> float:
        """m² whose code is another one than before."""
        return float(sum(move.area_m2 for move in self.moves))

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.new or self.gone or self.changed or self.renamed or self.moves)


def compare_editions(earlier: Edition, later: Edition, *, progress: Progress = no_progress) -> tuple[LayerDiff, ...]:
    """Return what changed in each layer that either edition has, from their geometry.

    The editions need not follow each other.

    Parameters
    ----------
    earlier, later : Edition
        Of one atlas, or of two atlases of the same place.
    progress : Progress
    """
    shapes = {name: later.layer(name).shapes for name in later.layer_names}
    exchanges = compare_layers(earlier, later.division, shapes, progress)
    names = [*later.layer_names, *(name for name in earlier.layer_names if name not in later.layer_names)]
    return tuple(_layer_diff(name, earlier, later, exchanges.get(name)) for name in names)


def _layer_diff(name: str, earlier: Edition, later: Edition, exchange: Exchange | None) -> LayerDiff:
    before = _names(earlier, name)
    after = _names(later, name)
    new = tuple(sorted(after.keys() - before.keys()))
    gone = tuple(sorted(before.keys() - after.keys()))
    if exchange is None:
        sizes = (later if after else earlier).division.area_m2(name).tolist()
        codes = after or before
        moves = [Move("" if after else code, code if after else "", m2) for code, m2 in zip(codes, sizes, strict=True)]
        return LayerDiff(name, new, gone, (), (), tuple(moves), 0)
    old, fresh = earlier.layer(name).codes, later.layer(name).codes
    rows = zip(old[exchange.old].tolist(), fresh[exchange.new].tolist(), exchange.same.tolist(), strict=True)
    kept = {code for code, now, same in rows if same and code == now}
    both = before.keys() & after.keys()
    moves = [Move(*row) for row in passages(exchange, old, fresh) if row[0] != row[1] and row[2] > 0]
    return LayerDiff(
        name,
        new,
        gone,
        tuple(sorted(both - kept)),
        tuple((code, before[code], after[code]) for code in sorted(both) if before[code] != after[code]),
        tuple(sorted(moves, key=lambda move: (-move.area_m2, move.from_code, move.to_code))),
        len(kept),
    )


def _names(edition: Edition, name: str) -> dict[str, str]:
    if name not in edition.layer_names:
        return {}
    layer = edition.layer(name)
    return dict(zip(np.asarray(layer.codes).tolist(), layer.names.tolist(), strict=True))
