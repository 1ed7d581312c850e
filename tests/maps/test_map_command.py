"""``geogrid map`` writes a page of an atlas."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from geogrid.assign.desk import Atlas
from geogrid.assign.roster import Duty, Person, Roster
from geogrid.cli import main
from geogrid.errors import StorageError
from geogrid.maps import draw_map, who_answers
from geogrid.testing import toy_city

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an atlas in which two of the four grids have a head."""
    path = tmp_path_factory.mktemp("map") / "toy.gpkg"
    opened = Atlas.create(path)
    opened.publish(toy_city(), valid_from="2026-01-01")
    people = (Person("p1", "王小明"), Person("p2", "李四"))
    duties = tuple(Duty(f"p{number}", "grid_head", "responsibility", f"G0{number}") for number in (1, 2))
    opened.replace_roster(Roster(persons=people, duties=duties))
    opened.close()
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return the function that types a command and tells its exit code, output and messages."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["geogrid", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return run


def test_every_cell_of_a_grid_has_the_person_who_answers_for_it(atlas: Path) -> None:
    opened = Atlas.open(atlas)
    edition = opened.edition()
    columns = who_answers(opened, edition)
    grids = edition.division.from_cells("responsibility")
    expected = {0: "王小明", 1: "李四", 2: "", 3: ""}
    assert list(columns) == ["person"]
    assert columns["person"].tolist() == [expected[grid] for grid in grids.tolist()]
    assert who_answers(opened, edition, "responsibility")["person"].tolist() == ["王小明", "李四", "", ""]


def test_the_command_writes_a_page_and_says_what_is_on_it(run: Run, atlas: Path, tmp_path: Path) -> None:
    code, out, err = run("map", "--atlas", atlas, "--out", tmp_path / "map.html", "--colour-by", "person", "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["layer"], facts["rows"], facts["edition"]) == ("cell", 16, 1)
    page = (tmp_path / "map.html").read_text("utf-8")
    assert "王小明" in page
    assert "edition 1, valid from 2026-01-01" in page


@pytest.mark.parametrize("wrong", [("--layer", "ward"), ("--colour-by", "ward"), ("--edition", "7")])
def test_what_does_not_exist_is_wrong_usage(run: Run, atlas: Path, tmp_path: Path, wrong: tuple[str, str]) -> None:
    code, _, err = run("map", "--atlas", atlas, "--out", tmp_path / "map.html", *wrong)
    assert code == 2
    assert wrong[1] in err
    assert not (tmp_path / "map.html").exists()


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "map.html").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        draw_map(toy_city()).write(tmp_path / "map.html")
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]
