"""The verbs partition and adopt: tables for people, JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json

import pytest
import shapely
from typer.testing import CliRunner

from geogrid.cli.app import build_app
from geogrid.errors import GeogridError

from .drawing import degrees

geopandas = pytest.importorskip("geopandas")

PLAN = """
[place]
boundaries = "town.gpkg"
reading = { levels = ["town"] }
[[layer]]
name = "cell"
method = "squares"
codes = { template = "{area}/{seq:02d}" }
"""


def run(*words):
    return CliRunner().invoke(build_app(words[0]), list(words))


@pytest.fixture
def town(tmp_path):
    outline = degrees(shapely.box(0, 0, 300, 200))
    geopandas.GeoDataFrame({"code": ["T1"], "name": ["Town"]}, geometry=[outline], crs="EPSG:4326").to_file(
        tmp_path / "town.gpkg"
    )
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def test_a_plan_becomes_an_edition_with_the_codes_it_asks_for(town):
    from geogrid.atlas import Atlas

    atlas = str(town / "city.gpkg")
    result = run("partition", str(town / "plan.toml"), "--atlas", atlas, "--valid-from", "2026-12-01", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["edition"] == 1
    assert printed["layers"][0]["rows"] == 6
    edition = Atlas.open(atlas).edition(1)
    assert sorted(edition.division.base.codes.tolist()) == [f"T1/{n:02d}" for n in range(1, 7)]


def test_without_an_atlas_it_only_reports(town):
    result = run("partition", str(town / "plan.toml"))
    assert result.exit_code == 0, result.output
    assert "not published" in result.stdout
    assert not (town / "city.gpkg").exists()


def test_a_division_with_faults_is_published_only_when_they_are_accepted(town):
    shapes = [
        degrees(shapely.box(0, 0, 100, 200)),
        degrees(shapely.box(120, 0, 300, 200)),
        degrees(shapely.box(95, 90, 130, 110)),
    ]
    file = str(town / "beats.gpkg")
    geopandas.GeoDataFrame({"code": ["a", "b", "c"]}, geometry=shapes, crs="EPSG:4326").to_file(file)
    atlas = town / "beats_atlas.gpkg"
    result = run("adopt", file, "--atlas", str(atlas), "--json")
    assert result.exit_code == 1
    assert not atlas.exists()
    assert {finding["rule"] for finding in json.loads(result.stdout)["findings"]} == {"no_overlap"}
    result = run("adopt", file, "--boundaries", str(town / "town.gpkg"), "--atlas", str(atlas), "--accept-faults")
    assert result.exit_code == 0, result.output
    assert "edition 1" in result.stdout
    assert "no_gap" in result.stdout


@pytest.mark.parametrize("verb", ["partition", "adopt"])
def test_where_and_when_to_publish_is_checked_before_anything_is_cut(town, verb):
    # The plan and the division do not exist: whoever reads them first says so.
    (town / "text.gpkg").write_text("no atlas")
    asked = (verb, str(town / "none"))
    for words, said in (
        (("--atlas", str(town / "city.gpkg"), "--valid-from", "tomorrow"), "not a date"),
        (("--atlas", str(town / "nowhere" / "city.gpkg")), "no such folder"),
        (("--atlas", str(town / "text.gpkg")), "atlas"),
    ):
        failed = run(*asked, *words).exception
        assert isinstance(failed, GeogridError)
        assert said in str(failed)
        assert "none" not in str(failed)
