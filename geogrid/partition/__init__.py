"""Step 2, CUT: a plan becomes cells, and layers of grids stacked on them."""
