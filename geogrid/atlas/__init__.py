"""Step 3, KEEP: editions, numbering and lineage in one GeoPackage file or PostGIS.

atlas
    `Atlas`: create, open, publish, ask for an edition
edition
    `Edition` and its layers, as they were published
numbering
    `Numbering`: how codes are written and in which order they are issued
draft
    `Draft`: an edition being edited, with undo
diff, export
    what changed between two editions; a layer as a file
lineage
    `CodeHistory`: what became of every code
"""

from geogrid.atlas.atlas import Atlas, as_date
from geogrid.atlas.draft import Draft
from geogrid.atlas.edition import Edition, EditionLayer
from geogrid.atlas.geopackage import register_attributes
from geogrid.atlas.lineage import CodeHistory, Passage
from geogrid.atlas.numbering import BY_AREA, UNIT_GRID, Numbering, reading_order

__all__ = [
    "BY_AREA",
    "UNIT_GRID",
    "Atlas",
    "CodeHistory",
    "Draft",
    "Edition",
    "EditionLayer",
    "Numbering",
    "Passage",
    "as_date",
    "reading_order",
    "register_attributes",
]
