"""The verbs ``check`` and ``code`` as somebody types them: output, JSON, exit codes, mends."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
import shapely

from geogrid.codes import bundle_folder

from .conftest import Run


@pytest.fixture
def overlapping(tmp_path: Path) -> Path:
    path = tmp_path / "streets.gpkg"
    shapes = [shapely.box(121.0, 31.0, 121.003, 31.004), shapely.box(121.002, 31.0, 121.004, 31.004)]
    geopandas.GeoDataFrame({"code": ["a", "b"], "name": ["A", "B"]}, geometry=shapes, crs="EPSG:4326").to_file(path)
    return path


def test_code_explains_a_cell_by_the_register(run: Run) -> None:
    exit_code, out, _ = run("code", "310114001001023")
    assert exit_code == 0
    assert all(word in out for word in ("嘉定区", "新成路街道", "迎园社区居委会", "number 23", "GB/T 30428.1"))


def test_code_prints_json(run: Run) -> None:
    exit_code, out, _ = run("code", "310114001001023", "--json")
    found = json.loads(out)
    assert exit_code == 0
    assert found["scheme"] == "unit-grid"
    assert [part["meaning"] for part in found["parts"]][:2] == ["嘉定区", "新成路街道"]


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["31011400100102"], "no scheme has codes of this length"),
        (["31011400100102x"], "type the digits only"),
        (["3101140101000001"], "name the scheme (--scheme)"),
        (["310114001001000"], "001 to 999"),
        (["310114001001023", "--scheme", "nonsense"], "unit-grid"),
        (["310114001001023", "--register", "none.csv"], "no such file"),
    ],
)
def test_a_bad_code_is_wrong_usage_and_says_the_mend(run: Run, words: list[str], mend: str) -> None:
    exit_code, out, err = run("code", *words)
    assert exit_code == 2
    assert out == ""
    assert mend in err


def test_a_code_the_register_should_know_and_does_not_is_found_wrong(run: Run) -> None:
    exit_code, out, _ = run("code", "310114999001001")
    assert exit_code == 1
    assert "not in the register" in out


def test_a_code_of_a_template_is_explained(run: Run) -> None:
    exit_code, out, _ = run("code", "Canton-00042", "--scheme", "{area}-{seq:05d}")
    assert exit_code == 0
    assert "number 42" in out


def test_check_finds_nothing_wrong_with_a_bundled_place(run: Run) -> None:
    assert run("check", bundle_folder() / "jiading")[:2] == (0, "nothing wrong was found\n")


def test_check_prints_findings_and_exits_1(run: Run, overlapping: Path) -> None:
    exit_code, out, _ = run("check", overlapping)
    assert exit_code == 1
    assert "no_overlap" in out
    assert "1 × no_overlap, should be: no two areas of a level overlap" in out


def test_check_prints_json_with_place_and_amount(run: Run, overlapping: Path) -> None:
    exit_code, out, _ = run("check", overlapping, "--json")
    (found,) = json.loads(out)
    assert exit_code == 1
    assert (found["rule"], found["subjects"], found["unit"]) == ("no_overlap", ["a", "b"], "m2")
    assert 121.002 <= found["lon"] <= 121.003
    assert run("check", bundle_folder() / "jiading", "--json")[:2] == (0, "[]\n")


def test_check_takes_a_file_for_each_level(run: Run, overlapping: Path) -> None:
    exit_code, out, _ = run(
        "check", f"district={bundle_folder() / 'jiading' / 'outline.geojson'}", f"street={overlapping}", "--json"
    )
    assert exit_code == 1
    assert {finding["rule"] for finding in json.loads(out)} == {"no_overlap", "has_parent"}


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["none.gpkg"], "no such file"),
        (["STREETS", "--datum", "wgs72"], "wgs84, cgcs2000, gcj02, bd09"),
        (["STREETS", "--crs", "EPSG:4549"], "another CRS"),
    ],
)
def test_check_of_what_cannot_be_read_is_wrong_usage(run: Run, overlapping: Path, words: list[str], mend: str) -> None:
    exit_code, _, err = run("check", *(overlapping if word == "STREETS" else word for word in words))
    assert exit_code == 2
    assert mend in err


def test_a_column_that_does_not_exist_lists_those_there_are(run: Run, overlapping: Path) -> None:
    exit_code, _, err = run("check", overlapping, "--code", "JDDM")
    assert exit_code == 1
    assert "allowed: code, name" in err
    assert "--code" in err
