"""Responsibility grids in balance: equal work, whole, compact, with borders on roads and rivers.

graph, seams, islands
    which cells share border, along what, and what becomes of cells that nothing reaches
problem, counts, instances
    what a planner asks for; how many grids each area gets; one area as the search takes it
network, annealing, trees, coarsening, regions, engine, clock
    the search: compiled, from coarse to fine, side by side, until its budget is spent
solving
    `balance`: a problem becomes grids, explained where it cannot be met
"""

from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.graph import CellGraph, build_graph
from geogrid.partition.balance.problem import Measure, Problem, measure_of
from geogrid.partition.balance.seams import Seam
from geogrid.partition.balance.solving import Balanced, balance

__all__ = [
    "Balanced",
    "Budget",
    "CellGraph",
    "Measure",
    "Problem",
    "Seam",
    "balance",
    "build_graph",
    "measure_of",
]
