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
siting, site_search, candidates
    where stations could stand, and what each would serve
heal, healing, adopt_and_heal, ground, strips, noding, settling, splitting, unfolding, changes
    a hand-drawn division with gaps and overlaps repaired, with a row for each change
shift
    how far a seam layer stands off the legal borders
measures, rules
    what a layer is like, and what is wrong with it
"""

from geogrid.partition.adopt_and_heal import HealedDivision, adopt_and_heal
from geogrid.partition.adopting import adopt
from geogrid.partition.dividing import divide
from geogrid.partition.division import Division, Layer
from geogrid.partition.plan import Plan
from geogrid.partition.strips import HealRule

__all__ = ["Division", "HealRule", "HealedDivision", "Layer", "Plan", "adopt", "adopt_and_heal", "divide"]
