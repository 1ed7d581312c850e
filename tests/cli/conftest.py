"""A way to type commands in process, and an atlas to type them at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from geogrid import Atlas
from geogrid.assign.roster import Duty, Person, Roster, Served, Station
from geogrid.cli import main
from geogrid.testing import toy_city

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that types a command and returns exit code, output and messages."""

    def typed(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["geogrid", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "240")
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return typed


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the toy city as an atlas in which one head answers for everything."""
    path = tmp_path_factory.mktemp("toy") / "toy.gpkg"
    with_heads = Roster(
        persons=(Person("p1", "Ann"),),
        stations=(Station("S1", "Toy station"),),
        serves=tuple(Served("responsibility", f"G0{n}", "S1") for n in range(1, 5)),
        duties=tuple(Duty("p1", "grid_head", "responsibility", f"G0{n}") for n in range(1, 5)),
    )
    atlas = Atlas.create(path)
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.replace_roster(with_heads)
    atlas.close()
    return path


@pytest.fixture
def city(toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the toy atlas in an empty folder, which is where the command is typed."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(toy_file, tmp_path / "city.gpkg"))
