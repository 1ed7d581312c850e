"""``geogrid doctor`` prints its evidence and exits with 1 when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from geogrid.assign.desk import Atlas
from geogrid.cli.app import build_app
from geogrid.crs import from_wgs84
from geogrid.errors import InputError
from geogrid.testing import toy_city


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / "toy.gpkg"
    Atlas.create(path).publish(toy_city(), valid_from="2020-01-01")
    return path


def feed(path: Path, datum: str) -> Path:
    rng = np.random.default_rng(3)
    lon, lat = from_wgs84(rng.uniform(121.2501, 121.2539, 300), rng.uniform(31.3801, 31.3839, 300), datum=datum)
    lines = [f"{x:.7f},{y:.7f}" for x, y in zip(lon, lat, strict=True)]
    path.write_text("\n".join(["x,y", *lines]) + "\n")
    return path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build_app("doctor"), ["doctor", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_a_feed_in_gcj02_declared_as_wgs84_is_found(atlas: Path, tmp_path: Path) -> None:
    path = feed(tmp_path / "reports.csv", "gcj02")
    code, text = run(path, "--atlas", atlas, "--datum", "wgs84", "--lon", "x", "--lat", "y")
    assert code == 1
    assert "looks like gcj02" in text
    code, text = run(path, "--atlas", atlas, "--datum", "gcj02", "--lon", "x", "--lat", "y", "--json")
    assert code == 0
    assert json.loads(text)["readings"][0]["inside"] == 300


def test_the_accuracy_table_has_a_row_for_each_accuracy_and_a_column_for_each_layer(atlas: Path) -> None:
    code, text = run("--atlas", atlas, "--accuracy", "0,10")
    assert code == 0
    assert [word in text for word in ("cell", "responsibility", "police", "0 m", "10 m", "10.1%")] == [True] * 6


def test_wrong_calls_say_what_is_missing(atlas: Path, tmp_path: Path) -> None:
    path = feed(tmp_path / "reports.csv", "wgs84")
    with pytest.raises(InputError, match="nothing to examine"):
        run("--atlas", atlas)
    with pytest.raises(InputError, match="no datum"):
        run(path, "--atlas", atlas)
    with pytest.raises(InputError, match="no such column; given: lon, lat; allowed: x, y"):
        run(path, "--atlas", atlas, "--datum", "wgs84")
    with pytest.raises(InputError, match="not a list of metres"):
        run("--atlas", atlas, "--accuracy", "ten")
