"""Method ``blocks``: cells that follow the ground.

A parent's border, the seams and the outlines of buildings that seams cross are noded once into
*atoms* (`arrangement`), which are then only labelled (`absorb`), united and, where they are too
coarse, cut by short chords (`bisect`, `divide`). Every stretch of a cell's border keeps its
reason (`stretches`), every cell off its size (`flags`, `flag_words`) and every building that a legal border cuts
(`legal_cuts`), too. Parents are independent of each other (`work`).

What cuts is compiled by numba and imported when it is first used: whoever reads a plan's ground or
prints its measures does without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geogrid.partition.blocks.ground import Ground, OwnAreas, Seams
from geogrid.partition.blocks.legal_cuts import LegalCut, legal_cuts
from geogrid.partition.blocks.measures import GroundMeasures, measure_ground
from geogrid.partition.blocks.reading import read_ground
from geogrid.partition.blocks.section import BlocksSection

if TYPE_CHECKING:
    from geogrid.partition.blocks.cut import BlocksCut as BlocksCut
    from geogrid.partition.blocks.cut import cut_blocks as cut_blocks
    from geogrid.partition.blocks.cut import cut_ground as cut_ground
    from geogrid.partition.blocks.stretches import Stretches as Stretches

_COMPILED = {"BlocksCut": "cut", "Stretches": "stretches", "cut_blocks": "cut", "cut_ground": "cut"}

__all__ = [
    "BlocksCut",
    "BlocksSection",
    "Ground",
    "GroundMeasures",
    "LegalCut",
    "OwnAreas",
    "Seams",
    "Stretches",
    "cut_blocks",
    "cut_ground",
    "legal_cuts",
    "measure_ground",
    "read_ground",
]


def __getattr__(name: str) -> Any:
    """Import a name that needs compiled code when it is first used."""
    if name not in _COMPILED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_COMPILED[name]}"), name)
