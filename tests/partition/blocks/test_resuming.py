"""A run that was killed goes on where it was, and the result never depends on how it came about."""

import os
import signal
import subprocess
import sys
import time

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.atlas import Atlas
from geogrid.cli.output import _Rate
from geogrid.partition.blocks import Ground, Seams, cut_ground

from .sketch import frame_of, here, line, objects, section

PLAN = """
[place]
code = "BAL"
boundaries = "place.gpkg"
metric_crs = "EPSG:2804"
reading = { code = "name", levels = ["neighbourhood"], accept = ["no_overlap", "no_gap"] }
[[layer]]
name = "cell"
method = "blocks"
seams = [{ file = "streets.gpkg", classes = "subtype_label" }]
keep = "work"
codes = { template = "{area}-{seq:05d}" }
"""


def command(folder, *more):
    verb = ["partition", str(folder / "plan.toml"), "--atlas", str(folder / "city.gpkg"), "--valid-from", "2026-01-01"]
    return [sys.executable, "-c", "from geogrid.cli import main; main()", *verb, *more]


@pytest.fixture(scope="module")
def sample(acceptance_data, tmp_path_factory):
    """Return a folder with a plan for 12 real neighbourhoods."""
    folder = tmp_path_factory.mktemp("sample")
    place = geopandas.read_file(acceptance_data / "baltimore" / "neighborhoods.gpkg").iloc[:240:20]
    streets = geopandas.read_file(acceptance_data / "baltimore" / "streets.gpkg")
    near = shapely.STRtree(streets.geometry.array).query(place.to_crs(2804).geometry.array, predicate="intersects")[1]
    place.to_file(folder / "place.gpkg")
    streets.iloc[np.unique(near)].to_file(folder / "streets.gpkg")
    (folder / "plan.toml").write_text(PLAN)
    return folder


def test_a_run_killed_in_the_middle_goes_on_where_it_was(sample, tmp_path):
    for name in ("place.gpkg", "streets.gpkg", "plan.toml"):
        (tmp_path / name).symlink_to(sample / name)
    whole = subprocess.run(command(sample), capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stderr
    first = subprocess.Popen(command(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while first.poll() is None and len(list((tmp_path / "work").glob("*.cut"))) < 2:
        time.sleep(0.002)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "work").glob("*.cut")}
    assert 2 <= len(before) < 12
    assert not (tmp_path / "city.gpkg").exists()
    again = subprocess.run(command(tmp_path, "--workers", "2"), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert all(file.stat().st_mtime_ns == then for file, then in before.items())
    hashes = [Atlas.open(str(folder / "city.gpkg")).edition().content_hash for folder in (sample, tmp_path)]
    assert hashes[0] == hashes[1]


def test_a_kept_parent_that_was_not_written_to_the_end_is_cut_anew(tmp_path):
    frame = frame_of(shapely.box(0, 0, 200, 100))
    first = cut_ground(frame, Ground(), section(keep=tmp_path)).cut
    (file,) = tmp_path.glob("*.cut")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    again = cut_ground(frame, Ground(), section(keep=tmp_path)).cut
    assert [p.wkb for p in first.polygons] == [p.wkb for p in again.polygons]
    assert file.read_bytes() == content


def test_progress_tells_cells_done_and_expected_from_the_start():
    calls = []
    frame = frame_of(shapely.box(0, 0, 200, 100), shapely.box(200, 0, 500, 100))
    cut_ground(frame, Ground(Seams.of(line((100, 0), (100, 100)))), section(), lambda *call: calls.append(call))
    assert calls == [("cut cells", 0, 5), ("cut cells", 2, 5), ("cut cells", 5, 5)]


def test_the_bar_tells_how_many_are_done_in_a_second():
    class Task:
        finished_speed, speed = None, 512.3

    assert str(_Rate().render(Task())) == "512/s"


def test_what_the_warming_compiles_is_all_that_a_city_needs(acceptance_data):
    code = f"""
import geopandas, numpy as np
from geogrid.partition.blocks import Ground, Seams
from geogrid.partition.blocks.parent import Recipe, cut_parent
from geogrid.partition.blocks.warming import compile_all
import geogrid.partition.blocks as blocks, importlib, pkgutil
compile_all()
def signatures():
    found = {{}}
    for module in pkgutil.iter_modules(blocks.__path__):
        for name, value in vars(importlib.import_module(f"geogrid.partition.blocks.{{module.name}}")).items():
            if hasattr(value, "signatures"):
                found[name] = list(value.signatures)
    return found
before = signatures()
folder = {str(acceptance_data / "baltimore")!r}
place = np.asarray(geopandas.read_file(folder + "/neighborhoods.gpkg").to_crs(2804).geometry.array, object)
streets = np.asarray(geopandas.read_file(folder + "/streets.gpkg").geometry.array, object)
ground = Ground(Seams.of(streets))
for parent in place[:60:20]:
    cut_parent(parent, ground.near(parent, np.zeros(2))[0], Recipe(10_000.0))
assert signatures() == before, "more was compiled"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]


def test_a_compiling_process_that_has_grown_makes_room_for_the_next(tmp_path):
    code = "from geogrid.partition.blocks.warming import compile_all; compile_all(1)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    )
    assert done.returncode == 75


def test_the_order_of_seams_and_buildings_changes_nothing():
    rng = np.random.default_rng(2)
    streets = [line((x, -5), (x + 9, 305)) for x in (90, 180, 310)] + [line((-5, y), (405, y + 7)) for y in (110, 205)]
    houses = [here(shapely.box(x, y, x + 14, y + 11)) for x in range(10, 380, 31) for y in range(8, 280, 23)]
    houses += [here(shapely.box(200, 120, 214, 140)), here(shapely.box(214, 120, 230, 140))]
    results = []
    for _ in range(3):
        seams, shapes = objects(*streets), objects(*houses)
        rng.shuffle(seams), rng.shuffle(shapes)
        done = cut_ground(frame_of(shapely.box(0, 0, 400, 300)), Ground(Seams.of(seams), shapes), section())
        results.append([cell.wkb for cell in done.cut.polygons])
    assert results[0] == results[1] == results[2]
