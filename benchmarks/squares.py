"""Squares over a whole city: 46,000 cells of one district, 634,000 of 6,340 km², growth in between.

The outlines are made up: streets with wavy borders that share every vertex, about 240 of them.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from geogrid.boundaries.areas import Areas, Boundaries
from geogrid.crs import Metric
from geogrid.lattice import LatticePolygons, to_lattice
from geogrid.partition import Plan, divide
from geogrid.testing import assert_is_partition

_PLAN = """
[place]
code = "city"
[[layer]]
name = "cell"
method = "{method}"
target_area_m2 = 10_000
"""
_VERTICES_A_SIDE = 40


def wavy_city(km2: float, streets: int) -> Boundaries:
    """Return a square city of `streets` (a square number) areas with wavy borders."""
    metric = Metric.around(121.25, 31.2)
    side, count = np.sqrt(km2) * 1000, round(np.sqrt(streets))
    corner = metric.to_metres([[121.0, 30.9]])[0]
    fine = np.linspace(0, side, count * _VERTICES_A_SIDE + 1)
    east, north = np.meshgrid(fine, fine, indexing="xy")
    wave_x = east + 150 * np.sin(north / 700) + 60 * np.sin(north / 90)
    wave_y = north + 150 * np.sin(east / 900) + 60 * np.sin(east / 70)
    lonlat = metric.to_degrees(np.column_stack([wave_x.ravel(), wave_y.ravel()]) + corner)
    nodes = to_lattice(lonlat[:, 0], lonlat[:, 1]).reshape(*east.shape, 2)
    step = _VERTICES_A_SIDE
    rings = []
    for row in range(0, count * step, step):
        for column in range(0, count * step, step):
            south, up = nodes[row, column : column + step], nodes[row : row + step, column + step]
            top, down = nodes[row + step, column + step : column : -1], nodes[row + step : row : -1, column]
            rings.append(np.concatenate([south, up, top, down, south[:1]]))
    codes = np.array([f"{number:06d}" for number in range(len(rings))], dtype=object)
    ones = [1] * len(rings)
    blank = np.full(len(rings), "", dtype=object)
    return Boundaries(
        "city", "city", (Areas("street", codes, codes, blank, LatticePolygons.from_rings(rings, ones, ones)),)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.squares", description=__doc__)
    parser.add_argument("--once", action="store_true", help="one district only")
    parser.add_argument("--method", default="squares", choices=["squares", "hexagons"])
    options = parser.parse_args()
    sizes = [(28.18 * streets, streets) for streets in ((16,) if options.once else (16, 64, 121, 225))]
    print(f"{'km²':>6} {'cells':>8} {'wall s':>7} {'cpu s':>7} {'µs/cell':>8} {'MB':>6}")
    for km2, streets in sizes:
        boundaries = wavy_city(km2, streets)
        wall, cpu = time.perf_counter(), time.process_time()
        division = divide(Plan.parse(_PLAN.format(method=options.method)), boundaries=boundaries)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert_is_partition(division)
        cells = len(division.base)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{km2:6,.0f} {cells:8,} {wall:7.1f} {cpu:7.1f} {cpu / cells * 1e6:8.1f} {memory:6,.0f}", flush=True)


if __name__ == "__main__":
    main()
