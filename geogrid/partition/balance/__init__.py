"""Responsibility grids in balance: equal work, whole, compact, with borders on roads and rivers.

graph, seams, islands
    which cells share border, along what, and what becomes of cells that nothing reaches
problem, counts, scaling, instances
    what a planner asks for; how many grids each area gets; weights in whole numbers; one area as the search takes it
network, annealing, trees, coarsening, regions, engine, clock, interruption
    the search: compiled, from coarse to fine, side by side, until its budget is spent or Ctrl-C is typed
solving, assembling, reasons, area_reasons, unmet, sums, verdict, bottleneck, obstacles, summary
    `balance`: a problem becomes grids, explained where it cannot be met: by sums, by proof, by what the plan forbids
rebalance, existing, relocation, founding, least_change, bounds
    the least change for new weights, whole grids relocated, and what is proved about it
alternatives, side_by_side
    several plans compared
exact
    small problems by HiGHS, with a proof
points, stations, covering, streets
    weights from points; where stations stand, whom they reach, and ways along streets
layer, sections, naming, reading
    ``method = "balance"`` of a plan, the rows and the files it names
standing, figures
    the rules of a plan for the grids it has made, and a layer and those above it as they are in other grids
"""

from geogrid.partition.balance.alternatives import Alternative, alternatives
from geogrid.partition.balance.assembling import Balanced
from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.graph import CellGraph, build_graph
from geogrid.partition.balance.problem import Measure, Problem, measure_of
from geogrid.partition.balance.reasons import GridReasons, explain
from geogrid.partition.balance.rebalance import Front, Step, rebalance
from geogrid.partition.balance.seams import Seam
from geogrid.partition.balance.side_by_side import side_by_side
from geogrid.partition.balance.solving import balance

__all__ = [
    "Alternative",
    "Balanced",
    "Budget",
    "CellGraph",
    "Front",
    "GridReasons",
    "Measure",
    "Problem",
    "Seam",
    "Step",
    "alternatives",
    "balance",
    "build_graph",
    "explain",
    "measure_of",
    "rebalance",
    "side_by_side",
]
