"""The locator against today's tools, on the same points; every result is compared before any time is printed.

Data: the census blocks of Baltimore (acceptance data) and random points in their box; and 634,000
made-up cells. Peers run at their best settings, on one thread. Everything is a
ratio within one run: the machine's own speed cancels out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._locator_data import blocks, city, mismatches, on_borders, random_places, window_mismatches
from benchmarks._locator_peers import INSTALL, PEERS, differs_off_the_borders, timed
from geogrid.assign.chances import chances
from geogrid.assign.locator import Locator
from geogrid.assign.locator_file import open_locator, save_locator
from geogrid.assign.shift import shift_to_wgs84
from geogrid.lattice import LatticePolygons
from geogrid.types import Datum, Int32Array

LARGE = (1000, 634)
HUGE = (4000, 2500)
ROUNDS = 7


@dataclass(frozen=True)
class Row:
    """One line of the table; without a bar it is told for comparison."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None
    note: str = ""

    def __str__(self) -> str:
        """Return the line."""
        said = "" if self.met is None else "ok" if self.met else "missed"
        return f"{self.what:<52} {self.figure:>18}  {self.bar:<22} {said:<7} {self.note}".rstrip()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.locator", description=main.__doc__)
    parser.add_argument("--once", action="store_true", help="a tenth of the points, no peers, no oracle run")
    parser.add_argument("--no-oracle", action="store_true", help="leave out the ten million exact comparisons")
    parser.add_argument("--ten-million", action="store_true", help="an edition of ten million cells, and nothing else")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    if options.ten_million:
        print(*huge_rows(rng), sep="\n")
        return
    count = 500_000 if options.once else 5_000_000
    cells = blocks(rng)
    locator = Locator.build(cells, {"odd": _odd(len(cells))})
    lon, lat = random_places(cells, count, rng)
    checked = [] if options.once or options.no_oracle else [oracle_row(cells, locator, rng)]
    own, rate, wall = own_rows(locator, lon, lat)
    rows = [*own, *([] if options.once else peer_rows(cells, locator, lon, lat, rate))]
    rows += [scalar_row(locator, lon, lat), *rest_rows(locator, lon, lat), *large_rows(wall / count, count, rng)]
    print(f"{len(cells):,} polygons, {len(cells.coords):,} vertices, {count:,} points; best of {ROUNDS} rounds")
    print(*rows, *checked, sep="\n")


def _odd(count: int) -> Int32Array:
    return (np.arange(count) % 292).astype(np.int32)


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds / 1e6:.2f} M points/s"


def _megabytes(locator: Locator) -> float:
    base = locator.base
    parts = (base.table, base.records, base.entries, base.rim, *locator.memberships.values())
    return sum(part.nbytes for part in parts) / 1e6


def oracle_row(cells: LatticePolygons, locator: Locator, rng: np.random.Generator) -> Row:
    """Compare with exact integers: nine million random points, one million on vertices and edges."""
    low, high = cells.coords.min(axis=0).astype(np.int64) - 50, cells.coords.max(axis=0).astype(np.int64) + 50
    anywhere = rng.integers(low, high, (9_000_000, 2)).astype(np.int32)
    points = np.concatenate([anywhere, on_borders(cells, 1_000_000, rng)])
    wrong, seconds = timed(lambda: mismatches(locator.locate_lattice(points), cells, points))
    if wrong:
        raise SystemExit(f"{wrong} points have another owner than the exact oracle says")
    return Row("mismatches with exact integers", f"{wrong}", "0", True, f"{len(points):,} points, {seconds:.0f} s")


def own_rows(locator: Locator, lon: Any, lat: Any) -> tuple[list[Row], float, float]:
    """Measure one and two threads turn by turn: what else the machine does meets both."""
    wall, work = {1: float("inf"), 2: float("inf")}, {1: float("inf"), 2: float("inf")}
    found = {}
    for _ in range(3 * ROUNDS):
        for threads, so_far in wall.items():
            begin = time.process_time()
            found[threads], seconds = timed(lambda n=threads: locator.locate(lon, lat, datum="wgs84", threads=n))  # type: ignore[misc]
            wall[threads], work[threads] = min(so_far, seconds), min(work[threads], time.process_time() - begin)
    np.testing.assert_array_equal(found[1], found[2])
    gain = wall[1] / wall[2]
    said = f"{gain:.2f} x; {2 * work[1] / work[2]:.2f} x by processor time"
    rows = [
        Row("geogrid, one thread", _rate(len(lon), wall[1]), note=f"index of {_megabytes(locator):.1f} MB"),
        Row("geogrid, two threads", _rate(len(lon), wall[2]), ">= 1.7 x one thread", gain >= 1.7, said),
    ]
    return rows, len(lon) / wall[1], wall[1]


def peer_rows(cells: LatticePolygons, locator: Locator, lon: Any, lat: Any, rate: float) -> list[Row]:
    """Run each peer on as many points as it does in some seconds; all must agree off the borders."""
    shapes, rows = cells.to_shapely(), []
    bars = {"geopandas.sjoin": 40, "DuckDB spatial": 80}
    for name, run, count in PEERS:
        try:
            theirs, seconds = run(shapes, lon[:count], lat[:count])
        except ImportError:
            rows.append(Row(name, "not here", note=f"uv pip install {INSTALL.get(name, name)}"))
            continue
        except (FileNotFoundError, RuntimeError) as error:
            rows.append(Row(name, "not here", note=str(error)[:60]))
            continue
        mine = locator.locate(lon[:count], lat[:count], datum="wgs84")
        if differing := differs_off_the_borders(shapes, lon[:count], lat[:count], theirs, mine):
            raise SystemExit(f"{name} differs at {differing} points off the borders")
        ratio = rate * seconds / count
        bar = bars.get(name)
        said = f"geogrid >= {bar} x" if bar else ""
        note = f"geogrid is {ratio:.0f} x as fast; {seconds:.2f} s for {count:,}"
        rows.append(Row(name, _rate(count, seconds), said, ratio >= bar if bar else None, note))
    return rows


def scalar_row(locator: Locator, lon: Any, lat: Any) -> Row:
    """Measure one call at a time, all layers."""
    places = list(zip(lon[:20_000].tolist(), lat[:20_000].tolist(), strict=True))

    def ask() -> list[int]:
        return [locator.at(lon=x, lat=y, datum=Datum.WGS84)[locator.base_name] for x, y in places]

    found, _ = timed(ask)
    np.testing.assert_array_equal(found, locator.locate(lon[:20_000], lat[:20_000], datum="wgs84"))
    each = timed(ask, ROUNDS)[1] / len(places) * 1e6
    return Row("geogrid, one call, all layers", f"{each:.2f} us", "< 5 us", each < 5.0)


def rest_rows(locator: Locator, lon: Any, lat: Any) -> list[Row]:
    """Measure the datum shift and the chances."""
    x, y = 121.0 + (lon - lon.min()), 31.0 + (lat - lat.min())
    x.flags.writeable = y.flags.writeable = False
    rows = []
    for datum in (Datum.GCJ02, Datum.BD09):
        shift_to_wgs84(x[:10], y[:10], datum)
        _, seconds = timed(lambda datum=datum: shift_to_wgs84(x, y, datum), 3)  # type: ignore[misc]
        rate = len(x) / seconds
        rows.append(Row(f"{datum} to WGS 84, one thread", _rate(len(x), seconds), ">= 10 M points/s", rate >= 10e6))
    part = min(len(lon), 200_000)
    chances(locator, lon[:10], lat[:10], accuracy_m=10.0, datum="wgs84")
    _, seconds = timed(lambda: chances(locator, lon[:part], lat[:part], accuracy_m=10.0, datum="wgs84"), 3)
    each = part / seconds
    rows.append(Row("chances at 10 m, one thread", _rate(part, seconds), ">= 0.1 M points/s", each >= 1e5))
    return rows


def large_rows(each: float, count: int, rng: np.random.Generator) -> list[Row]:
    """Measure 634,000 cells against `each`, the seconds a point takes with few polygons."""
    cells = city(*LARGE, rng)
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        path = Path(folder) / "city.locator"
        built, seconds = timed(lambda: Locator.build(cells, {"grid": _odd(len(cells))}, workers=2))
        save_locator(built, path, key="bench")
        opened = open_locator(path)
        wrong, total = window_mismatches(opened.locate_lattice, *LARGE, cells, rng)
        if wrong:
            raise SystemExit(f"{wrong} of {total} points have another owner than the exact oracle says")
        lon, lat = random_places(cells, count, rng)
        opened.locate(lon, lat, datum="wgs84")
        found, one = timed(lambda: opened.locate(lon, lat, datum="wgs84"), ROUNDS)
        both, two = timed(lambda: opened.locate(lon, lat, datum="wgs84", threads=2), ROUNDS)
        np.testing.assert_array_equal(found, both)
        np.testing.assert_array_equal(found[:9_999], built.locate(lon[:9_999], lat[:9_999], datum="wgs84"))
        child = _first_answer(path, lon[0], lat[0], found[0])
    part = each * count / one
    return [
        Row(f"{len(cells):,} cells, one thread", _rate(count, one), ">= 0.5 of the above", part >= 0.5, f"{part:.2f} of it"),
        Row("  two threads", _rate(count, two), note=f"{one / two:.2f} x one thread"),
        Row("  built on two threads", f"{seconds:.1f} s", note=f"{_megabytes(built):.0f} MB, tiles of 2**{built.base.corner[2]}"),
        Row("  open from disk to the first answer", f"{child['seconds']:.2f} s", "< 1 s", child["seconds"] < 1.0),
        Row("  resident then", f"{child['then']:.0f} MB", "< 300 MB", child["then"] < 300.0),
        Row("  resident after a million random points", f"{child['after']:.0f} MB", "< 300 MB", child["after"] < 300.0,
            f"of it {child['private']:.0f} MB its own, the rest shared by all processes"),
        Row("  mismatches with exact integers", "0", "0", True, f"{total:,} points in windows, half on borders"),
    ]  # fmt: skip


def huge_rows(rng: np.random.Generator) -> list[Row]:
    """Build, keep, open and ask an edition of ten million cells."""
    cells = city(*HUGE, rng)
    before = _memory()["VmRSS"]
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        path = Path(folder) / "province.locator"
        built, seconds = timed(lambda: Locator.build(cells, {"grid": _odd(len(cells))}, workers=2))
        peak = _memory()["VmHWM"]
        save_locator(built, path, key="bench")
        opened, opening = timed(lambda: open_locator(path))
        wrong, total = window_mismatches(opened.locate_lattice, *HUGE, cells, rng)
        lon, lat = random_places(cells, 5_000_000, rng)
        opened.locate(lon, lat, datum="wgs84")
        found, one = timed(lambda: opened.locate(lon, lat, datum="wgs84"), 3)
        np.testing.assert_array_equal(found[:9_999], built.locate(lon[:9_999], lat[:9_999], datum="wgs84"))
        child = _first_answer(path, lon[0], lat[0], found[0])
        size = path.stat().st_size / 1e6
    return [
        Row(f"{len(cells):,} cells: index built on two threads", f"{seconds:.0f} s", note=f"tiles of 2**{built.base.corner[2]}"),
        Row("  memory at most while building", f"{peak:.0f} MB", note=f"{before:.0f} MB of it the cells themselves"),
        Row("  file", f"{size:.0f} MB"),
        Row("  open, every byte checked", f"{opening:.1f} s", note=f"first answer of a process after {child['seconds']:.1f} s"),
        Row("  resident after the first answer", f"{child['then']:.0f} MB", note=f"after a million points {child['after']:.0f} MB"),
        Row("  5 million random points, one thread", _rate(len(lon), one)),
        Row("  mismatches with exact integers", f"{wrong}", "0", wrong == 0, f"{total:,} points in windows, half on borders"),
    ]  # fmt: skip


def _memory() -> dict[str, float]:
    """Return the memory of this process in MB; the peak that `resource` knows is also the parent's."""
    lines = [line.split() for line in Path("/proc/self/status").read_text().splitlines()]
    return {words[0].rstrip(":"): int(words[1]) / 1024 for words in lines if words[-1] == "kB"}


def _first_answer(path: Path, lon: float, lat: float, row: int) -> dict[str, float]:
    """Open an index in a fresh process and return what that took."""
    words = [sys.executable, "-m", "benchmarks.locator", "first-answer", str(path), *map(str, (lon, lat, row))]
    told = subprocess.run(words, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]).stdout
    return dict(json.loads(told))


def first_answer(path: str, lon: str, lat: str, row: str) -> None:
    """Open an index, answer, then a million random points; print what that took (a child of the benchmark)."""
    begin = time.perf_counter()
    locator = open_locator(path)
    if locator.cell_at(lon=float(lon), lat=float(lat), datum="wgs84") != int(row):
        raise SystemExit("the first answer is another one")
    told = {"seconds": time.perf_counter() - begin, "then": _memory()["VmRSS"]}
    rng = np.random.default_rng(1)
    west, south, bits, width, height = locator.base.corner
    x, y = rng.uniform(0, width << bits, 1_000_000), rng.uniform(0, height << bits, 1_000_000)
    locator.locate((west + x) / 1e7, (south + y) / 1e7, datum="wgs84")
    print(json.dumps(told | {"after": _memory()["VmRSS"], "private": _memory()["RssAnon"]}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["first-answer"]:
        first_answer(*sys.argv[2:])
    else:
        main()
