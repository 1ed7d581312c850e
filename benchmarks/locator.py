"""The locator against today's tools, on the same points, identical results asserted first.

Data: the census blocks of Baltimore (acceptance data) and random points in their box; and 634,000
synthetic cells. Peers run at their best settings, on the same threads. Everything is a
ratio within one run: the machine's own speed cancels out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.assign.chances import chances
from geogrid.assign.locator import Locator
from geogrid.assign.locator_file import open_locator, save_locator
from geogrid.assign.shift import shift_to_wgs84
from geogrid.crs import crs_to_lonlat
from geogrid.lattice import LatticePolygons, from_lattice, owners_by_brute_force
from geogrid.types import Datum, Int32Array

BLOCKS = Path(os.environ.get("GEOGRID_ACCEPTANCE_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
SIDE = (1000, 634)
STEPS = 10_000
ROUNDS = 5
INSTALL = {
    # The extension comes from PyPI too, one for each version of DuckDB; there is none for 2.0 yet.
    "DuckDB spatial": "duckdb-extensions duckdb-extension-spatial",
    "SedonaDB": "sedonadb",
    "geopandas.sjoin": "geopandas",
    "PostGIS ST_Contains join": "'psycopg[binary]'",
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.locator", description=main.__doc__)
    parser.add_argument("--once", action="store_true", help="a tenth of the points, no peers, no oracle run")
    parser.add_argument("--no-oracle", action="store_true", help="leave out the ten million exact comparisons")
    options = parser.parse_args()
    count = 500_000 if options.once else 5_000_000
    rng = np.random.default_rng(0)
    blocks = _blocks() if (BLOCKS / "baltimore").is_dir() else _city(102, 98, rng)
    locator, seconds = _timed(lambda: Locator.build(blocks, {"odd": _odd(len(blocks))}))
    print(f"{len(blocks):,} polygons, {len(blocks.coords):,} vertices; index built in {seconds:.2f} s, ", end="")
    print(f"{_megabytes(locator):.1f} MB, tiles of 2**{locator.base.corner[2]} steps")
    lon, lat = _random_places(blocks, count, rng)
    rate = _report_ours(locator, lon, lat)
    if not options.once:
        _report_peers(blocks, locator, lon, lat, rate)
    _report_scalar(locator, lon, lat)
    _report_rest(locator, lon, lat)
    _report_large(rate, count, rng)
    if not (options.once or options.no_oracle):
        _report_oracle(blocks, locator, rng)


def _blocks() -> LatticePolygons:
    import geopandas

    frame = geopandas.read_file(BLOCKS / "baltimore" / "blocks2020.gpkg")
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: crs_to_lonlat(xy, crs=frame.crs))
    return LatticePolygons.from_shapely(shapes)


def _city(columns: int, rows: int, rng: np.random.Generator) -> LatticePolygons:
    """Return a patchwork of crooked four-sided cells of about a hectare."""
    x, y = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    corner = np.stack([x, y], axis=-1) * STEPS + rng.integers(-STEPS // 4, STEPS // 4, (rows + 1, columns + 1, 2))
    corner = (corner + [1_210_000_000, 305_000_000]).astype(np.int32)
    ring = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1], corner[:-1, :-1]], axis=2)
    count = columns * rows
    flat = np.arange(count + 1, dtype=np.int64)
    return LatticePolygons(np.ascontiguousarray(ring.reshape(-1, 2)), flat * 5, flat, flat)


def _odd(count: int) -> Int32Array:
    return (np.arange(count) % 292).astype(np.int32)


def _random_places(polygons: LatticePolygons, count: int, rng: np.random.Generator) -> tuple[Any, Any]:
    low, high = from_lattice(polygons.coords.min(axis=0)), from_lattice(polygons.coords.max(axis=0))
    return rng.uniform(low[0], high[0], count), rng.uniform(low[1], high[1], count)


def _timed(run: Callable[[], Any], rounds: int = 1) -> tuple[Any, float]:
    """Return the result and the best wall time of some rounds."""
    best, result = float("inf"), None
    for _ in range(rounds):
        begin = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - begin)
    return result, best


def _line(what: str, figure: str, ratio: str = "") -> None:
    print(f"{what:<58} {figure:>18}  {ratio}", flush=True)


def _million(count: int, seconds: float) -> str:
    return f"{count / seconds / 1e6:.2f} M points/s"


def _megabytes(locator: Locator) -> float:
    parts = (
        locator.base.table,
        locator.base.records,
        locator.base.entries,
        locator.base.rim,
        *locator.memberships.values(),
    )
    return sum(part.nbytes for part in parts) / 1e6


def _report_ours(locator: Locator, lon: Any, lat: Any) -> float:
    locator.locate(lon, lat, datum="wgs84")
    one, seconds = _timed(lambda: locator.locate(lon, lat, datum="wgs84"), ROUNDS)
    two, both = _timed(lambda: locator.locate(lon, lat, datum="wgs84", threads=2), ROUNDS)
    np.testing.assert_array_equal(one, two)
    _line("geogrid, one thread", _million(len(lon), seconds))
    _line("geogrid, two threads", _million(len(lon), both), f"{seconds / both:.2f} x one thread")
    return len(lon) / seconds


def _report_peers(polygons: LatticePolygons, locator: Locator, lon: Any, lat: Any, rate: float) -> None:
    """Run each peer on as many points as it does in some seconds; all must agree off the borders."""
    shapes = polygons.to_shapely()
    for name, run, count in (
        ("geopandas.sjoin", _sjoin, 1_000_000), ("shapely STRtree", _strtree, 1_000_000),
        ("DuckDB spatial", _duckdb, 1_000_000), ("SedonaDB", _sedona, 1_000_000), ("PostGIS ST_Contains join", _postgis, 200_000),
    ):  # fmt: skip
        try:
            theirs, seconds = run(shapes, lon[:count], lat[:count])
        except ImportError:
            _line(name, "not here", f"uv pip install {INSTALL.get(name, name)}")
            continue
        except (FileNotFoundError, RuntimeError) as error:
            _line(name, "not here", str(error)[:60])
            continue
        mine = locator.locate(lon[:count], lat[:count], datum="wgs84")
        wrong = np.flatnonzero(theirs != mine)
        # A peer's point is not on the lattice; it may differ only within a rounding of a border.
        near = shapely.dwithin(
            shapely.points(lon[wrong], lat[wrong]), shapes[np.maximum(theirs[wrong], mine[wrong])].tolist(), 1e-7
        )
        assert near.all(), f"{name} differs at {(~near).sum()} points off the borders"
        _line(name, _million(count, seconds), f"geogrid is {rate * seconds / count:.0f} x as fast")


def _sjoin(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    import geopandas

    cells = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4326)
    cells.sindex  # noqa: B018
    found, seconds = _timed(lambda: geopandas.sjoin(points, cells, how="left", predicate="within"), 2)
    found = found[~found.index.duplicated()]
    return found["index_right"].fillna(-1).to_numpy().astype(np.int32), seconds


def _strtree(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    points = shapely.points(lon, lat)
    (who, cell), seconds = _timed(lambda: tree.query(points, predicate="within"), 2)
    result = np.full(len(lon), -1, np.int32)
    result[who] = cell
    return result, seconds


def _duckdb(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    import duckdb
    import pyarrow as pa
    from duckdb_extensions import import_extension

    connection = duckdb.connect(config={"threads": 1})
    try:
        import_extension("spatial", con=connection)
        connection.execute("LOAD spatial")
    except duckdb.Error as error:
        raise RuntimeError(f"its spatial extension does not load: {error}") from error
    cells = pa.table({"cell": np.arange(len(shapes)), "wkb": list(shapely.to_wkb(shapes))})
    points = pa.table({"id": np.arange(len(lon)), "x": lon, "y": lat})
    connection.register("cells_in", cells)
    connection.register("points_in", points)
    connection.execute("CREATE TABLE cells AS SELECT cell, ST_GeomFromWKB(wkb) AS shape FROM cells_in")
    connection.execute("CREATE TABLE points AS SELECT id, ST_Point(x, y) AS place FROM points_in")
    sql = "SELECT id, cell FROM points JOIN cells ON ST_Contains(shape, place)"
    found, seconds = _timed(lambda: connection.execute(sql).fetchnumpy(), 2)
    result = np.full(len(lon), -1, np.int32)
    result[found["id"]] = found["cell"]
    return result, seconds


def _sedona(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    import pyarrow as pa
    import sedonadb

    context = sedonadb.connect()
    context.sql("SET datafusion.execution.target_partitions = 1").execute()
    cells = pa.table({"cell": np.arange(len(shapes)), "wkb": list(shapely.to_wkb(shapes))})
    points = pa.table({"id": np.arange(len(lon)), "x": lon, "y": lat})
    context.create_data_frame(cells).to_view("cells_in")
    context.create_data_frame(points).to_view("points_in")
    # Held in memory as geometry, as the others' are: reading WKB text is not timed.
    context.sql("SELECT cell, ST_GeomFromWKB(wkb) AS shape FROM cells_in").to_memtable().to_view("cells")
    context.sql("SELECT id, ST_Point(x, y) AS place FROM points_in").to_memtable().to_view("points")
    joined = context.sql("SELECT id, cell FROM points JOIN cells ON ST_Contains(shape, place)")
    found, seconds = _timed(lambda: pa.table(joined), 2)
    result = np.full(len(lon), -1, np.int32)
    result[found["id"].to_numpy()] = found["cell"].to_numpy()
    return result, seconds


def _postgis(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    """Join in a private PostgreSQL cluster on the loopback interface, gone afterwards."""
    import psycopg

    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        raise FileNotFoundError("no PostgreSQL server")
    with tempfile.TemporaryDirectory(prefix="geogrid-postgis-") as folder:
        data = Path(folder) / "data"
        demoted: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            demoted = {"user": "postgres", "group": "postgres", "extra_groups": []}
        run: Callable[..., Any] = lambda *command: subprocess.run(  # noqa: E731
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **demoted
        )
        run(binaries[-1] / "initdb", "-D", data, "-A", "trust", "-U", "geogrid", "--no-sync")
        options = f"-c listen_addresses= -k {folder} -c shared_buffers=512MB -c work_mem=256MB -c fsync=off -c jit=off"
        options += " -c max_parallel_workers_per_gather=0"
        run(binaries[-1] / "pg_ctl", "-D", data, "-w", "-o", options, "start")
        try:
            with psycopg.connect(host=folder, user="geogrid", dbname="postgres", autocommit=True) as connection:
                return _postgis_join(connection, shapes, lon, lat)
        except psycopg.Error as error:
            raise RuntimeError(str(error)) from error
        finally:
            run(binaries[-1] / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _postgis_join(connection: Any, shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    connection.execute("CREATE EXTENSION postgis")
    connection.execute("CREATE TABLE cells (cell int, shape geometry); CREATE TABLE points (id int, place geometry)")
    with connection.cursor().copy("COPY cells FROM STDIN") as copy:
        for cell, text in enumerate(shapely.to_wkb(shapes, hex=True)):
            copy.write_row((cell, text))
    with connection.cursor().copy("COPY points FROM STDIN") as copy:
        for i, text in enumerate(shapely.to_wkb(shapely.points(lon, lat), hex=True)):
            copy.write_row((i, text))
    connection.execute("CREATE INDEX ON cells USING gist (shape)")
    connection.execute("VACUUM ANALYZE")
    sql = "SELECT id, cell FROM points JOIN cells ON ST_Contains(shape, place)"
    rows, seconds = _timed(lambda: connection.execute(sql).fetchall(), 2)
    result = np.full(len(lon), -1, np.int32)
    found = np.array(rows)
    result[found[:, 0]] = found[:, 1]
    return result, seconds


def _report_scalar(locator: Locator, lon: Any, lat: Any) -> None:
    places = list(zip(lon[:20_000].tolist(), lat[:20_000].tolist(), strict=True))

    def ask() -> None:
        for x, y in places:
            locator.at(lon=x, lat=y, datum=Datum.WGS84)

    ask()
    _, seconds = _timed(ask, ROUNDS)
    _line("geogrid, one call, all layers", f"{seconds / len(places) * 1e6:.2f} us")


def _report_rest(locator: Locator, lon: Any, lat: Any) -> None:
    x, y = 121.0 + (lon - lon.min()), 31.0 + (lat - lat.min())
    x.flags.writeable = y.flags.writeable = False
    for datum in (Datum.GCJ02, Datum.BD09):
        shift_to_wgs84(x[:10], y[:10], datum)
        _, seconds = _timed(lambda datum=datum: shift_to_wgs84(x, y, datum), 3)  # type: ignore[misc]
        _line(f"{datum} to WGS 84, one thread", _million(len(x), seconds))
    part = min(len(lon), 200_000)
    chances(locator, lon[:10], lat[:10], accuracy_m=10.0, datum="wgs84")
    _, seconds = _timed(lambda: chances(locator, lon[:part], lat[:part], accuracy_m=10.0, datum="wgs84"), 3)
    _line("chances at 10 m of accuracy, one thread", _million(part, seconds))


def _report_large(rate: float, count: int, rng: np.random.Generator) -> None:
    cells = _city(*SIDE, rng)
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        path = Path(folder) / "city.locator"
        built, seconds = _timed(lambda: Locator.build(cells, {"grid": _odd(len(cells))}, workers=2))
        save_locator(built, path, key="bench")
        print(f"{len(cells):,} cells; index built on two threads in {seconds:.1f} s, ", end="")
        print(f"{_megabytes(built):.1f} MB, tiles of 2**{built.base.corner[2]} steps")
        opened = open_locator(path)
        lon, lat = _random_places(cells, count, rng)
        opened.locate(lon, lat, datum="wgs84")
        found, seconds = _timed(lambda: opened.locate(lon, lat, datum="wgs84"), ROUNDS)
        np.testing.assert_array_equal(found, built.locate(lon, lat, datum="wgs84", threads=2))
        _line(
            "geogrid, 634,000 cells, one thread",
            _million(count, seconds),
            f"{count / seconds / rate:.2f} of the rate above",
        )
        figures = subprocess.run(
            [sys.executable, "-m", "benchmarks.locator", str(path), *map(str, (lon[0], lat[0], found[0]))],
            check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1],
        ).stdout.split()  # fmt: skip
        _line("open it from disk to the first answer", f"{float(figures[0]):.2f} s")
        _line("resident then, and after a million random points", f"{figures[1]} MB", f"{figures[2]} MB")


def _resident_mb() -> float:
    """Return the resident memory of this process; the peak that `resource` knows is also the parent's."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def _first_answer(path: str, lon: str, lat: str, row: str) -> None:
    """Open an index in a fresh process and print what that took (a child of the benchmark)."""
    begin = time.perf_counter()
    locator = open_locator(path)
    assert locator.cell_at(lon=float(lon), lat=float(lat), datum="wgs84") == int(row)
    opened = time.perf_counter() - begin
    resident = _resident_mb()
    rng = np.random.default_rng(1)
    west, south, bits, width, height = locator.base.corner
    x, y = rng.uniform(0, width << bits, 1_000_000), rng.uniform(0, height << bits, 1_000_000)
    locator.locate((west + x) / 1e7, (south + y) / 1e7, datum="wgs84")
    after = _resident_mb()
    print(f"{opened} {resident:.0f} {after:.0f}")


def _report_oracle(polygons: LatticePolygons, locator: Locator, rng: np.random.Generator) -> None:
    """Compare with exact integers: nine million random points, one million on vertices and edges."""
    low, high = polygons.coords.min(axis=0).astype(np.int64) - 50, polygons.coords.max(axis=0).astype(np.int64) + 50
    anywhere = rng.integers(low, high, (9_000_000, 2))
    starts, ends, _ = polygons.edges()
    edge = rng.integers(0, len(starts), 500_000)
    a, b = starts[edge].astype(np.int64), ends[edge].astype(np.int64)
    # Lattice points exactly on an edge lie at multiples of its step; and beside it, the rounded ones.
    parts = np.gcd(*np.abs(b - a).T)
    on = a + (b - a) // parts[:, None] * rng.integers(0, parts + 1)[:, None]
    beside = np.rint(a + (b - a) * rng.random((len(a), 1))).astype(np.int64)
    vertices = polygons.coords[rng.integers(0, len(polygons.coords), 200_000)]
    points = np.concatenate([anywhere, on[:400_000], beside[:400_000], vertices]).astype(np.int32)
    mine = locator.locate_lattice(points)
    truth, seconds = _timed(lambda: owners_by_brute_force(polygons, points))
    assert (truth >= -1).all(), "the polygons overlap"
    wrong = int((mine != truth).sum())
    _line("mismatches against exact integers", f"{wrong}", f"of {len(points):,} points ({seconds:.0f} s)")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    if len(sys.argv) == 5:
        _first_answer(*sys.argv[1:])
    else:
        main()
