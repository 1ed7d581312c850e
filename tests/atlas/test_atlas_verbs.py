"""The verbs editions, diff and export, as they are typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from geogrid.cli.app import build_app, main

QUARTERS = ((0, 2, 2, 2), (2, 2, 2, 2), (0, 0, 2, 2), (2, 0, 2, 2))


@pytest.fixture
def city(atlas, draw):
    atlas.publish(draw(*QUARTERS, grids=[0, 0, 1, 1]), valid_from="2026-01-01", note="first")
    atlas.publish(draw(*QUARTERS, grids=[0, 0, 0, 1]), valid_from="2026-02-01")
    return str(atlas.path)


def run(*words: str):
    return CliRunner().invoke(build_app(words[0]), list(words), catch_exceptions=False)


def test_editions_are_listed_with_the_one_in_force(city):
    done = run("editions", "--atlas", city, "--verify")
    assert done.exit_code == 0
    assert "Toy (990100)" in done.stdout
    listed = json.loads(run("editions", "--atlas", city, "--json").stdout)
    assert [(row["number"], row["valid_from"], row["valid_to"], row["in_force"]) for row in listed] == [
        (1, "2026-01-01", "2026-02-01", False),
        (2, "2026-02-01", None, True),
    ]
    assert listed[0]["layers"] == {"cell": 4, "responsibility": 2}


def test_the_life_of_a_code_is_told(city):
    assert "m² to G1" in run("editions", "--atlas", city, "--code", "G2").stdout
    assert json.loads(run("editions", "--atlas", city, "--code", "G2", "--json").stdout)[0]["became"][0][2] == "G1"


def test_the_difference_is_told_as_table_and_as_json(city):
    table = run("diff", "1", "2", "--atlas", city)
    assert table.exit_code == 0
    assert "responsibility" in table.stdout
    found = json.loads(run("diff", "1", "2", "--atlas", city, "--json").stdout)
    cells, grids = found["layers"]
    assert (cells["moved_m2"], grids["changed"]) == (0.0, ["G1", "G2"])
    assert grids["moves"][0]["from_code"] == "G2"
    only = json.loads(run("diff", "1", "2", "--atlas", city, "--layer", "cell", "--json").stdout)
    assert [layer["layer"] for layer in only["layers"]] == ["cell"]


def test_a_layer_is_exported_as_of_a_day(city, tmp_path):
    out = tmp_path / "grids.geojson"
    words = ("export", "--atlas", city, "--layer", "responsibility", "--out", str(out))
    assert "edition 2" in run(*words).stdout
    assert "edition 1" in run(*words, "--as-of", "2026-01-31").stdout
    assert json.loads(run(*words, "--edition", "1", "--json").stdout)["features"] == 2
    told = run("export", "--atlas", city, "--layer", "cell", "--out", str(tmp_path / "cells.shp")).stdout
    assert "column responsibility is called responsibi" in told


@pytest.mark.parametrize(("words", "status", "said"), [
    (["editions", "--atlas", "missing.gpkg"], 2, "there is no such atlas"),
    (["diff", "1", "9", "--atlas", "CITY"], 2, "no such edition"),
    (["diff", "1", "2", "--layer", "x", "--atlas", "CITY"], 2, "no such layer"),
    (["export", "--atlas", "CITY", "--layer", "cell", "--out", "cells.dwg"], 2, "no format of this ending"),
])  # fmt: skip
def test_a_wrong_call_ends_with_a_message_and_a_status(city, words, status, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["geogrid", *(city if word == "CITY" else word for word in words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == status
    assert said in capsys.readouterr().err
