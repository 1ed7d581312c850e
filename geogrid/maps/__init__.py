"""SHOW: folium previews for notebooks and files.

draw
    `draw_map`: one layer, coloured, with popups, legend, layers switch and scale
people
    `who_answers`: station and accountable person of each cell or grid
columns
    what the page can say of a cell: its columns, the grids above it, station and person
colours
    colours of categories and numbers, and the legend
packing
    lattice integers packed small enough for tens of thousands of cells in one page
layers
    what geogrid adds to folium
leaflet
    the vendored copy of Leaflet that makes a page work without a network
"""

from geogrid.maps.draw import draw_map
from geogrid.maps.people import who_answers

__all__ = ["draw_map", "who_answers"]
