"""Step 2, CUT: a plan becomes cells, and layers of grids stacked on them.

plan, section, plan_errors, place
    the TOML recipe, checked key by key
methods
    the register: one line for each word that ``method`` may be
dividing
    `divide`: plan and outlines in, a proved division out
frame, tiling, slivers, squares
    the finest areas in metres, and how they are cut into tiles
borders, joining, snapping, mending, outlines
    shared vertices, the one snap to the lattice, the outlines as published
division, grouping
    the result: layers of cells and grids
per_area, nearest_station, contiguity, adopting, adopted_grids, adopted_faults, columns
    further methods
measures, rules
    what a layer is like, and what is wrong with it
"""

from geogrid.partition.adopting import adopt
from geogrid.partition.dividing import divide
from geogrid.partition.division import Division, Layer
from geogrid.partition.plan import Plan

__all__ = ["Division", "Layer", "Plan", "adopt", "divide"]
