"""Method ``blocks``: cells that follow the ground.

A parent's border, the seams and the outlines of buildings that seams cross are noded once into
*atoms* (`arrangement`), which are then only labelled (`absorb`), united and, where they are too
coarse, cut by short chords (`bisect`, `divide`). Every stretch of a cell's border keeps its
reason (`stretches`), every cell off its size (`flags`) and every building that a legal border cuts
(`legal_cuts`), too. Parents are independent of each other (`work`).
"""

from geogrid.partition.blocks.cut import BlocksCut, cut_blocks, cut_ground
from geogrid.partition.blocks.ground import Ground, OwnAreas, Seams
from geogrid.partition.blocks.legal_cuts import LegalCut, legal_cuts
from geogrid.partition.blocks.measures import GroundMeasures, measure_ground
from geogrid.partition.blocks.reading import read_ground
from geogrid.partition.blocks.section import BlocksSection
from geogrid.partition.blocks.stretches import Stretches

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
