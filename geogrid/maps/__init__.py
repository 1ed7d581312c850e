"""SHOW: folium previews for notebooks and files.

draw
    `draw_map`: one layer, coloured, with popups, legend, layers switch and scale
people
    `who_answers`: station and accountable person of each cell or grid
columns
    what the page can say of a cell: its columns, the grids above it, station and person
colours
    colours of categories and numbers, and the legend
sizes
    classes of size around what the plan asks for
ground
    `MapGround`: seams and buildings, from a plan, a cut or files
overlays
    the ground and the flagged cells, with their lines in the legend
window
    which rows a map of one area shows
packing
    lattice integers packed small enough for tens of thousands of cells in one page
layers
    what geogrid adds to folium
leaflet
    the vendored copy of Leaflet that makes a page work without a network
"""

from geogrid.maps.draw import draw_map
from geogrid.maps.ground import MapGround
from geogrid.maps.people import who_answers

__all__ = ["MapGround", "draw_map", "who_answers"]
