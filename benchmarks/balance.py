"""Balance: border length and validity of grids against peers, on 10,025 real census blocks.

    python -m benchmarks.balance            every task, ours at 5 s and 60 s, peers within their limits, T5, 46,000 cells, exact
    python -m benchmarks.balance --once     T1 and T2 at 5 s, ours only
    python -m benchmarks.balance --only T1,T3 --no-peers

Seconds of ours are processor seconds of each of two worker threads (what an idle machine with two cores
takes by the clock); the wall column is what this run took. Peers are timed by the wall. The weighted border counts stretches whose middle
lies within 20 m of a major road (interstate, freeway, principal or minor arterial) or of water 0.3. Nobody stated how
near is near when the bars were measured. METIS, 313 km there, gives 322 km at 20 m here (best valid of 40); between 10 m and 30 m it scatters from 316 to 347 km,
mostly with grids off, so it cannot settle the distance; 20 m is no laxer than theirs as far as it tells.
One block (2,754 people) is heavier than a grid of T1; it counts as one full grid, for everybody.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks import _balance_change, _balance_peers, _balance_sizes
from geogrid.crs import Metric, parse_crs
from geogrid.lattice import LatticePolygons, owners_by_brute_force, to_lattice
from geogrid.partition.balance import Budget, Measure, Problem, Seam, balance, build_graph
from geogrid.partition.balance.counts import capped_target
from geogrid.partition.balance.graph import CellGraph, components

ROOT = Path(__file__).resolve().parents[1]
MAJOR = ["INT", "FWY", "PART", "MART"]
BESIDE_M = 20.0
"""Half of the breadth of an arterial with its verges, and what census borders stand off the centre lines."""
BARS = {
    ("T1", 5): 480.0, ("T1", 60): 465.0, ("T1w", 5): 265.0, ("T1w", 60): 248.0, ("T1 1%", 60): 505.0,
    ("T2", 5): 250.0, ("T2", 60): 240.0, ("T2 1%", 5): 252.0, ("T3", 10): 142.0, ("T4", 5): 273.0,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class City:
    """Baltimore as a graph, with its weights."""

    graph: CellGraph
    weighted: CellGraph
    people: Any
    reports: Any
    neighbourhood: Any
    names: tuple[str, ...]
    shapes: Any


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    task: str
    who: str
    seconds: float
    border_km: float
    grids_off: int
    torn: int
    worst: float
    wall: float
    note: str = ""
    bar: float | None = field(default=None)

    def line(self) -> str:
        """Return the line as Markdown."""
        valid = "yes" if self.grids_off == 0 and self.torn == 0 else f"no ({self.grids_off} off, {self.torn} torn)"
        bar = "" if self.bar is None else f"≤ {self.bar:g} {'reached' if self.met else 'MISSED'}"
        return (
            f"| {self.task} | {self.who} | {self.seconds:.1f} | {self.border_km:.1f} | {valid} | {self.worst:.1%} "
            f"| {self.wall:.1f} | {bar} | {self.note} |"
        )

    @property
    def met(self) -> bool:
        """Whether the bar is reached by a valid result."""
        return self.bar is not None and self.grids_off == 0 and self.torn == 0 and self.border_km <= self.bar


def load() -> City:
    """Read the acceptance data."""
    import geopandas
    import pandas

    folder = Path(os.environ.get("GEOGRID_ACCEPTANCE_DATA", ROOT.parent / "shared" / "data")) / "baltimore"
    blocks = geopandas.read_file(folder / "blocks2020.gpkg")
    cells = LatticePolygons.from_shapely(blocks.to_crs(4326).geometry.values)
    metric = Metric(parse_crs("EPSG:32618"))
    streets = geopandas.read_file(folder / "streets.gpkg")
    roads = streets[streets.sha_class.isin(MAJOR)].to_crs(4326).geometry.values
    water = geopandas.read_file(folder / "water.gpkg").to_crs(4326).geometry.values
    seams = [
        Seam(name, np.asarray(shapes), within_m=BESIDE_M) for name, shapes in (("major road", roads), ("water", water))
    ]
    codes = blocks.geoid20.to_numpy(object)
    graph = build_graph(cells, metric, codes=codes)
    weighted = build_graph(cells, metric, codes=codes, seams=seams)
    reports = pandas.read_csv(folder / "reports_311.csv")
    reports = reports[np.isfinite(reports.Longitude) & np.isfinite(reports.Latitude)]
    owner = owners_by_brute_force(cells, to_lattice(reports.Longitude, reports.Latitude))
    hoods = geopandas.read_file(folder / "neighborhoods.gpkg").to_crs(4326)
    inside = shapely.point_on_surface(blocks.to_crs(4326).geometry.values)
    tree = shapely.STRtree(np.asarray(hoods.geometry.values))
    home = tree.query_nearest(inside, all_matches=False)[1]
    return City(
        graph, weighted, blocks.pop20.to_numpy(np.float64),
        np.bincount(owner[owner >= 0], minlength=len(codes)).astype(np.float64),
        home.astype(np.int64), tuple(hoods.name), blocks.geometry.values,
    )  # fmt: skip


def judged(
    task: str, who: str, city_graph: CellGraph, values: Any, part: Any, tolerance: float, seconds: float, wall: float,
    *, weighted: bool = False, area: Any = None, aside: tuple[int, ...] = (), note: str = "", bar: float | None = None,
) -> Row:  # fmt: skip
    """Return the measured line: the same ruler for everybody; areas `aside` are not counted."""
    part = np.unique(part, return_inverse=True)[1].ravel()
    grids = int(part.max()) + 1
    same = part[city_graph.first] == part[city_graph.second]
    piece = components(len(part), city_graph.first[same], city_graph.second[same])
    torn = int((np.bincount(part[np.unique(piece, return_index=True)[1]]) > 1).sum())
    home = np.zeros(len(part), np.int64) if area is None else area
    grid_home = np.zeros(grids, np.int64)
    grid_home[part] = home
    target = np.empty(grids)
    heavy = np.zeros(grids, bool)
    for place in np.unique(grid_home):
        mine = np.flatnonzero(grid_home == place)
        rows = np.flatnonzero(home == place)
        aim, too_heavy = capped_target(values[rows], len(mine), tolerance)
        target[mine] = aim
        heavy[part[rows[too_heavy]]] = True
    load = np.bincount(part, weights=values, minlength=grids)
    off = np.abs(load / np.where(target > 0, target, 1) - 1)
    heavy |= np.isin(grid_home, aside)
    off[heavy | (target == 0)] = 0
    # Whole people: a grid may be off by less than one of them.
    wrong = (np.abs(load - target) > tolerance * target + 1.0 - 1e-9) & ~heavy
    cut = part[city_graph.first] != part[city_graph.second]
    metres = (city_graph.cost_m if weighted else city_graph.length_m)[
        cut & (home[city_graph.first] == home[city_graph.second]) & ~np.isin(home[city_graph.first], aside)
    ]
    return Row(task, who, seconds, metres.sum() / 1000, int(wrong.sum()), torn, float(off.max()), wall, note, bar)


def ours(city: City, task: str, seconds: float, *, seed: int = 1) -> tuple[Row, Any]:
    """Return our line of a task."""
    weighted = task == "T1w"
    graph = city.weighted if weighted else city.graph
    tolerance = 0.01 if task.endswith("1%") else 0.05
    values = city.reports if task == "T4" else city.people
    area, names, count, counts = np.zeros(len(graph), np.int64), ("Baltimore",), None, {}
    if task == "T3":
        area, names = city.neighbourhood, city.names
        total = np.bincount(area, weights=city.people, minlength=len(names))
        cells = np.bincount(area, minlength=len(names))
        counts = {
            row: int(min(max(np.ceil(total[row] / 2000), 1), cells[row])) for row in range(len(names)) if cells[row]
        }
    else:
        count = {"T1": 292, "T2": 80, "T4": 100}[task[:2]]
    measure = Measure("weight", values, tolerance)
    problem = Problem(graph, (measure,), area, names, count=count, counts=counts)
    started = time.perf_counter()
    done = balance(problem, seed=seed, budget=Budget(effort=1e9, seconds=seconds, workers=2))
    wall = time.perf_counter() - started
    aside = _that_cannot_be_met(city, done) if task == "T3" else ()
    notes = [f"{len(done.findings)} findings"] if done.findings else []
    notes += [f"without {names[row]}, which its finding says cannot be met" for row in aside]
    if aside:
        whole = judged(task, "", graph, values, done.membership, tolerance, 0.0, 0.0, area=area)
        notes.append(f"{whole.border_km:.1f} km with it")
    row = judged(
        task, "geogrid", graph, values, done.membership, tolerance, done.seconds, wall, weighted=weighted,
        area=area if task == "T3" else None, aside=aside, bar=BARS.get((task, int(seconds))), note="; ".join(notes),
    )  # fmt: skip
    return row, done


def _that_cannot_be_met(city: City, done: Any) -> tuple[int, ...]:
    """Return the neighbourhoods whose grids the plan calls infeasible: of the cells its findings name."""
    named = [code for finding in done.findings if finding.rule == "area_can_be_met" for code in finding.subjects]
    return tuple(np.unique(city.neighbourhood[np.isin(city.graph.codes, named)]).tolist())


HEAD = "| task | who | s | border km | valid | worst | wall s | bar | note |\n|---|---|---|---|---|---|---|---|---|"
TASKS = [
    ("T1", 5), ("T1", 60), ("T1w", 5), ("T1w", 60), ("T1 1%", 60), ("T2", 5), ("T2", 60), ("T2 1%", 5), ("T3", 10), ("T4", 5),
]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.balance", description=__doc__)
    parser.add_argument("--once", action="store_true", help="T1 and T2 at 5 s, ours only")
    parser.add_argument("--only", default="", help="tasks, e.g. T1,T3")
    parser.add_argument("--seconds", type=int, default=0, help="only bars of this many seconds")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = {name for name in options.only.split(",") if name} or ({"T1", "T2"} if options.once else set())
    city = load()
    print(HEAD)
    for task, seconds in TASKS:
        if (chosen and task not in chosen) or (options.once and seconds > 5):
            continue
        if options.seconds and seconds != options.seconds:
            continue
        print(ours(city, task, seconds, seed=options.seed)[0].line(), flush=True)
    if not options.once and not options.no_peers:
        for row in _balance_peers.rows(city, judged, chosen):
            print(row if isinstance(row, str) else row.line(), flush=True)
    if not options.once:
        if not chosen or "T5" in chosen:
            before = ours(city, "T2", 5)[1].membership
            _balance_change.regrown(city, before, judged)
            _balance_change.fronts(city, before, judged)
        if not chosen or "big" in chosen:
            print("\n| size | s | wall s | border km | valid | peak MB |\n|---|---|---|---|---|---|", flush=True)
            for size in ("district", "city"):
                subprocess.run([sys.executable, "-m", "benchmarks._balance_sizes", size], check=True, cwd=ROOT)
        if not chosen or "exact" in chosen:
            _balance_sizes.exact(city)


if __name__ == "__main__":
    main()
