"""Today's tools on the locator's question, each at its best settings and on one thread."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geogrid.types import FloatArray, Int32Array

__all__ = ["INSTALL", "PEERS", "differs_off_the_borders", "timed"]

INSTALL = {
    # The extension comes from PyPI too, one for each version of DuckDB; there is none for 2.0 yet.
    "DuckDB spatial": "duckdb-extensions duckdb-extension-spatial",
    "SedonaDB": "sedonadb",
    "geopandas.sjoin": "geopandas",
    "PostGIS ST_Contains join": "'psycopg[binary]'",
}


def timed(run: Callable[[], Any], rounds: int = 1) -> tuple[Any, float]:
    """Return the result and the best wall time of some rounds."""
    best, result = float("inf"), None
    for _ in range(rounds):
        begin = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - begin)
    return result, best


def differs_off_the_borders(
    shapes: Any, lon: FloatArray, lat: FloatArray, theirs: Int32Array, mine: Int32Array
) -> int:  # fmt: skip
    """Return how many answers differ. A peer's point is not on the lattice: within a rounding of a border it may."""
    wrong = np.flatnonzero(theirs != mine)
    cells = shapes[np.maximum(theirs[wrong], mine[wrong])].tolist()
    near = shapely.dwithin(shapely.points(lon[wrong], lat[wrong]), cells, 1e-7)
    return int((~near).sum())


def _sjoin(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    import geopandas

    cells = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4326)
    cells.sindex  # noqa: B018  built before the clock starts
    found, seconds = timed(lambda: geopandas.sjoin(points, cells, how="left", predicate="within"), 2)
    found = found[~found.index.duplicated()]
    return found["index_right"].fillna(-1).to_numpy().astype(np.int32), seconds


def _strtree(shapes: Any, lon: Any, lat: Any) -> tuple[Any, float]:
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    points = shapely.points(lon, lat)
    (who, cell), seconds = timed(lambda: tree.query(points, predicate="within"), 2)
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
    found, seconds = timed(lambda: connection.execute(sql).fetchnumpy(), 2)
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
    found, seconds = timed(lambda: pa.table(joined), 2)
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
    rows, seconds = timed(lambda: connection.execute(sql).fetchall(), 2)
    result = np.full(len(lon), -1, np.int32)
    found = np.array(rows)
    result[found[:, 0]] = found[:, 1]
    return result, seconds


PEERS = (
    ("geopandas.sjoin", _sjoin, 1_000_000), ("shapely STRtree", _strtree, 1_000_000),
    ("DuckDB spatial", _duckdb, 1_000_000), ("SedonaDB", _sedona, 1_000_000), ("PostGIS ST_Contains join", _postgis, 200_000),
)  # fmt: skip
"""Name, function of (shapes, lon, lat) that returns rows and seconds, and how many points it does in some seconds."""
