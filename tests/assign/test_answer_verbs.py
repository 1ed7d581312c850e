"""The verbs roster, route, lookup, answer and coverage, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from geogrid.assign.desk import Atlas
from geogrid.assign.roster_files import write_roster
from geogrid.assign.rule_files import write_rulebook
from geogrid.assign.sample import sample_roster, sample_rulebook
from geogrid.cli.app import build_app
from geogrid.errors import NotFoundError
from geogrid.testing import toy_city

PLACE = ["--lon", "121.2505", "--lat", "31.3805", "--datum", "wgs84"]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("verbs")
    path = str(folder / "toy.gpkg")
    city = toy_city()
    Atlas.create(path).publish(city, valid_from="2026-01-01")
    write_roster(sample_roster(city, seed=1), folder / "roster.xlsx")
    write_rulebook(sample_rulebook(city, seed=1), folder / "rules")
    dry = typed("roster", "import", str(folder / "roster.xlsx"), "--atlas", path, "--dry-run", "--json")
    assert not json.loads(dry.stdout)["applied"]
    assert Atlas.open(path).roster().persons == ()
    assert typed("roster", "import", str(folder / "roster.xlsx"), "--atlas", path).exit_code == 0
    assert typed("route", "import", str(folder / "rules"), "--atlas", path).exit_code == 0
    return path


def typed(verb: str, *words: str) -> Result:
    return CliRunner().invoke(build_app(verb), [verb, *words])


def test_a_place_is_looked_up_with_its_reasons_in_both_languages(atlas: str) -> None:
    asked = [*PLACE, "--atlas", atlas, "--category", "5301", "--condition", "1", "--at", "2026-11-23T10:00"]
    told = json.loads(typed("lookup", *asked, "--json").stdout)
    assert (told["outcome"], told["person"]["role"]) == ("answered", "grid_head")
    assert told["why"][0] == {"en": "The point lies in cell 990100001001001.", "zh": "该点位于cell990100001001001。"}
    shown = typed("lookup", *asked, "--zh")
    assert shown.exit_code == 0
    assert "在岗，为责任人" in shown.stdout
    assert typed("lookup", *PLACE[:1], "0", *PLACE[2:], "--atlas", atlas).exit_code == 1


def test_a_place_is_followed_through_a_day(atlas: str) -> None:
    told = json.loads(typed("answer", *PLACE, "--atlas", atlas, "--at", "2026-11-23T00:00", "--json").stdout)
    assert [turn["start"][11:16] for turn in told["turns"]] == ["00:00", "08:00", "08:30", "17:30", "22:00"]


def test_the_proof_ends_with_0_and_with_1_when_a_shift_is_missing(atlas: str, tmp_path: Path) -> None:
    period = ["--from", "2026-11-23", "--to", "2026-11-30"]
    assert typed("coverage", "--atlas", atlas, *period).exit_code == 0
    fewer = tmp_path / "fewer.gpkg"
    fewer.write_bytes(Path(atlas).read_bytes())
    store = Atlas.open(fewer)
    roster = store.roster()
    gone = {duty.person for duty in roster.duties if duty.role == "commander"}
    from dataclasses import replace

    store.replace_roster(replace(roster, duties=tuple(duty for duty in roster.duties if duty.person not in gone)))
    result = typed("coverage", "--atlas", str(fewer), *period, "--json", "--html", str(tmp_path / "c.html"))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["figures"]["holes"] > 0
    assert (tmp_path / "c.html").stat().st_size > 1000


def test_an_atlas_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    result = typed("lookup", *PLACE, "--atlas", str(tmp_path / "none.gpkg"))
    assert isinstance(result.exception, NotFoundError)
