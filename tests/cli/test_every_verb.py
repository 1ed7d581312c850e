"""What holds for every verb: help with examples, JSON and nothing else on standard output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from geogrid.cli.app import VERBS, build_app

from .conftest import Run


def commands() -> list[str]:
    """Return every verb, and the words of every verb that has several commands."""
    found = []
    for verb in VERBS:
        command = get_command(build_app(verb)).commands[verb]  # type: ignore[attr-defined]
        found += [f"{verb} {word}" for word in command.commands] if hasattr(command, "commands") else [verb]
    return found


@pytest.mark.parametrize("words", commands())
def test_help_shows_how_it_is_typed(run: Run, words: str) -> None:
    exit_code, out, _ = run(*words.split(), "--help")
    assert exit_code == 0
    shown = out.split("Options:", maxsplit=1)[0]
    examples = [line.strip() for line in shown.splitlines() if re.match(rf"\s+(Example: +)?geogrid {words} ", line)]
    assert examples, out


@pytest.mark.parametrize("words", commands())
def test_the_options_of_an_example_exist(run: Run, words: str) -> None:
    out = run(*words.split(), "--help")[1]
    shown, options = out.split("Options:", maxsplit=1)
    for option in re.findall(r"--[a-z-]+", shown):
        assert option in options


def test_help_names_every_verb_with_its_line(run: Run) -> None:
    for words in (("--help",), ()):
        out = "".join(run(*words)[1:])
        for verb, line in VERBS.items():
            assert f"{verb} " in out
            assert line[:40] in out


def test_the_version_is_printed(run: Run) -> None:
    import geogrid

    assert run("--version")[:2] == (0, f"geogrid {geogrid.__version__}\n")


PLACE = ["--lon", "121.2505", "--lat", "31.3805", "--datum", "wgs84"]


@pytest.mark.parametrize(
    ("words", "code", "key"),
    [
        (["lookup", *PLACE], 0, "why"),
        (["assign", "reports.csv", "--datum", "wgs84", "--out", "answers.parquet"], 0, "outcomes"),
        (["assign", "reports.csv", "--datum", "wgs84", "--expect", "label"], 1, "expected"),
        (["coverage", "--html", "coverage.html", "--out", "open.gpkg"], 1, "figures"),  # Ann never rests
        (["editions", "--verify"], 0, 0),
        (["editions", "--code", "G01"], 0, 0),
        (["diff", "1", "1"], 0, "layers"),
        (["map", "--out", "map.html"], 0, "bytes"),
        (["export", "--layer", "cell", "--out", "cells.gpkg"], 0, "features"),
        (["stations", "--place", "2"], 0, "stations"),
        (["stations", "--within-m", "115", "--place", "1"], 1, "unreached"),
        (["roster", "show"], 0, "persons"),
        (["roster", "export", "roster.xlsx"], 0, "out"),
        (["roster", "import", "persons.csv", "--dry-run"], 0, "changes"),
        (["roster", "template", "empty.xlsx"], 0, "out"),
        (["partition", "plan.toml", "--valid-from", "2026-02-01"], 0, "layers"),
        (["adopt", "cells.geojson"], 0, "findings"),
        (["check", "cells.geojson"], 0, None),
        (["code", "310114001001023"], 0, "parts"),
    ],
)
def test_json_is_all_that_stands_on_standard_output(
    run: Run, city: Path, words: list[str], code: int, key: str | int | None
) -> None:
    city.with_name("reports.csv").write_text("lon,lat,label\n121.2505,31.3805,990100001001001\n121.2505,31.3805,x\n")
    city.with_name("persons.csv").write_text("id,name\np1,Anna\n")
    if "cells.geojson" in words:
        run("export", "--layer", "cell", "--out", "cells.geojson", "--atlas", city)
    if words[0] == "partition":
        run("export", "--layer", "area_community", "--out", "communities.gpkg", "--atlas", city)
        city.with_name("plan.toml").write_text(
            '[place]\nboundaries = "communities.gpkg"\n[[layer]]\nname = "cell"\nmethod = "squares"\n'
        )
    if words[0] not in ("partition", "adopt", "check", "code") and words[:2] != ["roster", "template"]:
        words = [*words, "--atlas", str(city)]
    exit_code, out, err = run(*words, "--json")
    assert (exit_code, err) == (code, "")
    told = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    if key is not None:
        assert told[key] is not None


def test_a_day_that_has_its_edition_can_be_replaced(run: Run, city: Path) -> None:
    run("export", "--layer", "cell", "--out", "cells.geojson", "--atlas", city)
    adopt = ("adopt", "cells.geojson", "--atlas", "fresh.gpkg", "--valid-from", "2026-02-01")
    assert run(*adopt)[0] == 0
    exit_code, _, err = run(*adopt)
    assert exit_code == 1
    assert "--replace" in err
    assert run(*adopt, "--replace")[0] == 0
    listed = json.loads(run("editions", "--atlas", "fresh.gpkg", "--json")[1])
    assert [(row["number"], row["withdrawn"]) for row in listed] == [(1, True), (2, False)]


@pytest.mark.parametrize("verb", ["roster", "route", "daily"])
def test_a_template_says_as_json_where_it_was_written(run: Run, tmp_path: Path, verb: str) -> None:
    path = tmp_path / f"{verb}.xlsx"
    code, out, _ = run(verb, "template", path, "--json")
    assert (code, json.loads(out)) == (0, {"out": str(path)})
    assert path.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("verb", ["roster", "route"])
def test_what_is_exported_comes_back_without_a_change(run: Run, toy_file: Path, tmp_path: Path, verb: str) -> None:
    path = tmp_path / f"{verb}.xlsx"
    assert json.loads(run(verb, "export", path, "--atlas", toy_file, "--json")[1]) == {"out": str(path)}
    code, out, _ = run(verb, "import", path, "--atlas", toy_file, "--dry-run", "--json")
    assert (code, json.loads(out)) == (0, {"applied": False, "changes": []})
