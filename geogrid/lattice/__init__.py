"""The lattice of 1e-7 degrees on which all published geometry lives.

Every vertex is a pair of int32 (longitude, latitude); differences fit 32 bits and cross
products 64, so every predicate here is exact.

coordinates
    snapping degrees to the lattice, and back
polygons
    `LatticePolygons`, an array of polygons as flat integer arrays
predicates
    point in polygon by the half-open rule, and the brute-force oracle
area
    areas and lengths in metres on the ellipsoid
proof
    the partition proof by edge cancellation
"""

from geogrid.lattice.area import area_m2, edge_length_m, perimeter_m
from geogrid.lattice.coordinates import STEPS_PER_DEGREE, from_lattice, to_lattice
from geogrid.lattice.polygons import LatticePolygons
from geogrid.lattice.predicates import covers, owners_by_brute_force, side_of_edge, winding
from geogrid.lattice.proof import PartitionProof, prove_partition, uncancelled_edges

__all__ = [
    "STEPS_PER_DEGREE",
    "LatticePolygons",
    "PartitionProof",
    "area_m2",
    "covers",
    "edge_length_m",
    "from_lattice",
    "owners_by_brute_force",
    "perimeter_m",
    "prove_partition",
    "side_of_edge",
    "to_lattice",
    "uncancelled_edges",
    "winding",
]
