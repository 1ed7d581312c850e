"""Large and small problems of the balance benchmark, each in a process of its own so that its memory can be told.

python -m benchmarks._balance_sizes district    嘉定区 in 46,000 cells: 292 grids in 10 s and 60 s
python -m benchmarks._balance_sizes city        634,000 cells: 4,000 grids in 120 s
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import numpy as np

from geogrid.crs import Metric
from geogrid.errors import PlanError
from geogrid.lattice import LatticePolygons
from geogrid.partition.balance import Budget, Measure, Problem, balance, build_graph
from geogrid.partition.balance.exact import NoSuchGridsError, solve_exactly
from geogrid.partition.balance.graph import CellGraph
from geogrid.partition.balance.instances import make_instance
from geogrid.partition.balance.islands import join_islands
from geogrid.partition.balance.restarts import search_again


def district_cells() -> CellGraph:
    """Return the graph of 嘉定区's cells of 10,000 m², as `make demo` cuts them."""
    from geogrid.boundaries import bundled
    from geogrid.partition import Plan, divide

    plan = Plan.parse(
        '[place]\ncode = "310114"\n[[layer]]\nname = "cell"\nmethod = "squares"\ntarget_area_m2 = 10_000\ntolerance = 0.10\n'
    )
    cells = divide(plan, boundaries=bundled("310114"))
    return build_graph(cells.shapes("cell"), Metric.around(121.25, 31.38), codes=cells.base.codes)


def square_cells(side: int) -> CellGraph:
    """Return the graph of side × side squares."""
    corner = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    places = np.stack(np.divmod(np.arange(side * side), side)[::-1], axis=1)
    coords = ((corner[None] + places[:, None]) * 10_000 + (1_212_500_000, 313_800_000)).reshape(-1, 2).astype(np.int32)
    each = np.arange(side * side + 1, dtype=np.int64)
    return build_graph(LatticePolygons(coords, each * 5, each, each), Metric.around(121.25, 31.38))


def sized(name: str, graph: CellGraph, grids: int, limits: tuple[float, ...]) -> None:
    """Print what becomes of people spread unevenly (seeded) over the cells, at each time limit."""
    people = np.random.default_rng(1).gamma(0.6, 100.0, len(graph)).round()
    problem = Problem(graph, (Measure("people", people, 0.05),), np.zeros(len(graph), np.int64), ("all",), count=grids)
    for seconds in limits:
        started = time.perf_counter()
        done = balance(problem, budget=Budget(effort=1e9, seconds=seconds, workers=2))
        off = int(((done.load < done.low - 1) | (done.load > done.high + 1)).any(axis=1).sum())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {name}, {len(graph):,} cells, {grids:,} grids | {done.seconds:.1f} | {time.perf_counter() - started:.1f} "
            f"| {done.border_m / 1000:,.1f} | {'yes' if done.valid else f'no ({off} off)'} | {peak:.0f} |",
            flush=True,
        )


def exact(city: Any, *, seconds: float = 120.0, patches: int = 10) -> None:
    """Print patches of 60 blocks in 3 or 4 grids: the search against HiGHS.

    Patches are grown breadth first around blocks drawn with seed 5, whatever comes of it, with 3 and 4 grids in turn;
    one in which a cell weighs half a grid or more is drawn anew. A patch in which no grids are in range (proved, by a
    bottleneck or by HiGHS) is no instance: it is named and the next one drawn.
    """
    graph = city.graph
    near: dict[int, list[int]] = {row: [] for row in range(len(graph))}
    for a, b in zip(graph.first.tolist(), graph.second.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    print(
        "\n| patch | grids | search km | s | HiGHS best km | bound km | proved | HiGHS s | above best | above bound |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(5)
    number = within = proved = 0
    while number < patches:
        grids = 3 + number % 2
        rows = [int(rng.integers(len(graph)))]
        for row in rows:
            rows += [other for other in near[row] if other not in rows and len(rows) < 60][: 60 - len(rows)]
        rows = sorted(rows[:60])
        if city.people[rows].max() >= 0.5 * city.people[rows].sum() / grids:
            continue
        area = np.full(len(graph), 1, np.int64)
        area[rows] = 0
        problem = Problem(graph, (Measure("people", city.people, 0.05),), area, ("patch", "rest"), count=2)
        instance = make_instance(
            problem, join_islands(graph, area, ("patch", "rest"), "nearest"), np.array(rows), grids
        ).instance
        found = search_again(instance, budget=Budget(effort=3000), seed=1)
        valid = not found.outside.any()
        try:
            best = solve_exactly(instance, seconds=seconds, start=found.part if valid else None)
        except NoSuchGridsError as error:
            print(f"| – | {grids} | {error.problem} | {found.seconds:.2f} | | | | | | |", flush=True)
            continue
        except PlanError:
            # Neither found nor proved impossible: the patch counts, as one that was missed.
            number += 1
            print(f"| {number} | {grids} | none found | {found.seconds:.2f} | none found | | no | | | |", flush=True)
            continue
        number += 1
        above = found.price_mm / best.cost_mm - 1 if valid else np.inf
        over = found.price_mm / best.bound_mm - 1 if valid and best.bound_mm > 0 else np.inf
        within += above <= 0.02
        proved += best.proved
        print(
            f"| {number} | {grids} | {found.price_mm / 1e6:.3f} | {found.seconds:.2f} | {best.cost_mm / 1e6:.3f} "
            f"| {best.bound_mm / 1e6:.3f} | {'yes' if best.proved else 'no'} | {best.seconds:.0f} | {above:.2%} | {over:.1%} |",
            flush=True,
        )
    print(f"\nwithin 2 % of the best HiGHS found: {within} of {patches}; optimum proved: {proved} of {patches}")


def main() -> None:
    """Print the lines of one size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks._balance_sizes", description=__doc__)
    parser.add_argument("size", choices=["district", "city"])
    if parser.parse_args().size == "district":
        sized("嘉定区", district_cells(), 292, (10, 60))
    else:
        sized("squares", square_cells(796), 4_000, (120,))


if __name__ == "__main__":
    main()
