"""Step 1, READ: official outlines, seams and registers, checked and repaired only when asked.

areas
    `Areas` of one level and the `Boundaries` of a place
places
    real outlines that come with geogrid
read
    a place from a folder, a file or a file for each level; the checks on their own
formats, coordinates, levels, encoding
    files of any format, their CRS or datum, their levels and columns; tables of text
checks, siblings, parents, shapes
    what is found, located and measured
repair
    changes, only those asked for, each reported in metres and m²
"""

from geogrid.boundaries.areas import Areas, Boundaries, Source
from geogrid.boundaries.checks import RULES, check_levels
from geogrid.boundaries.formats import FORMATS, Limits, list_layers, read_features
from geogrid.boundaries.levels import LevelFile
from geogrid.boundaries.places import bundled, bundled_places
from geogrid.boundaries.read import check_boundaries, read_boundaries
from geogrid.boundaries.repair import Change, Repairs

__all__ = [
    "FORMATS",
    "RULES",
    "Areas",
    "Boundaries",
    "Change",
    "LevelFile",
    "Limits",
    "Repairs",
    "Source",
    "bundled",
    "bundled_places",
    "check_boundaries",
    "check_levels",
    "list_layers",
    "read_boundaries",
    "read_features",
]
