"""Plans are checked key by key, and errors speak the plan's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from geogrid.errors import NotFoundError, PlanError, StorageError
from geogrid.partition import Plan
from geogrid.partition.methods import METHODS

GOOD = """\
[place]
code = "310114"
name = "嘉定区"

[[layer]]
name = "cell"
method = "squares"
target_area_m2 = 10_000
tolerance = 0.10
codes = { template = "{area}{seq:03d}", limit = 999 }

[[layer]]
name = "responsibility"
method = "per-area"
of = "cell"
within = "street"
"""


def problem_of(text: str) -> str:
    with pytest.raises(PlanError) as error:
        Plan.parse(text, source="city.toml")
    return str(error.value)


def test_a_good_plan_keeps_its_text_and_its_values():
    plan = Plan.parse(GOOD)
    assert plan.text == GOOD
    assert plan.layers[0].model_dump()["min_share"] == 0.5
    assert plan.layers[0].codes.limit == 999
    assert [plan.kind_of(row) for row in range(2)] == ["base", "stacked"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "target_area_m2 =",
            "targt_area_m2 =",
            ["line 8, layer[1].targt_area_m2: unknown key", "did you mean 'target_area_m2'?"],
        ),
        ("tolerance = 0.10", 'tolerance = "tenth"', ["line 9, layer[1].tolerance", "given: 'tolerance = \"tenth\"'"]),
        ("10_000", "-5", ["line 8, layer[1].target_area_m2", "greater than or equal to 1"]),
        ("10_000", "nan", ["line 8", "finite"]),
        ('"squares"', '"square"', ["line 7, layer[1].method: no such method", "did you mean 'squares'?"]),
        ('"per-area"', '"squares"', ["layer[2]", "unknown key", "of"]),
        ('of = "cell"', 'of = "cells"', ["line 15, layer[2].of: no layer of this name above it", "allowed: cell"]),
        ('name = "responsibility"', 'name = "cell"', ["line 13, layer[2].name: a layer of this name exists already"]),
        ('name = "responsibility"', 'name = "My Layer"', ["line 13, layer[2].name"]),
        ('method = "squares"\n', "", ["layer[1].method: no method", "allowed: adopt"]),
        (
            'name = "嘉定区"',
            'reading = { levles = ["town"] }',
            ["line 3, place.reading.levles: unknown key", "did you mean 'levels'?"],
        ),
        ('name = "嘉定区"', 'reading = "gbk"', ["line 3, place.reading: should be a table"]),
        (
            'name = "嘉定区"',
            'reading = { levels = { town = "towns.gpkg" } }',
            ["line 3, place.reading.levels: should be a list"],
        ),
        ('code = "310114"\n', "", ["neither where the boundaries are"]),
        ('code = "310114"', "code = 310114", ["line 2, place.code", "valid string"]),
        ("[place]", "[palce]", ["line 1, palce: unknown table", "did you mean 'place'?"]),
        ("[[layer]]", "[layer]", ["not valid TOML"]),
        ("[place]", "[place", ["not valid TOML"]),
    ],
)
def test_a_fault_is_named_with_its_line_its_value_and_what_is_allowed(old, new, words):
    message = problem_of(GOOD.replace(old, new))
    for word in words:
        assert word in message
    assert "city.toml" in message


def test_all_faults_are_reported_together():
    text = GOOD.replace("tolerance", "tolerence").replace('"per-area"', '"per-aera"')
    message = problem_of(text)
    assert "tolerence" in message
    assert "did you mean 'per-area'?" in message


@pytest.mark.parametrize(
    "text", ["", "[place]\ncode = '1'\n", "[place]\ncode='1'\n[layer]\nname='x'\n", "layer = []\n[place]\n"]
)
def test_a_plan_without_place_or_layers_is_refused(text):
    with pytest.raises(PlanError):
        Plan.parse(text)


def test_relative_paths_start_from_the_plans_folder(tmp_path: Path):
    file = tmp_path / "plan.toml"
    file.write_text(GOOD.replace('code = "310114"', 'boundaries = "outlines"'), encoding="utf-8")
    assert Plan.read(file).place.boundaries == tmp_path / "outlines"


def test_a_missing_plan_and_one_in_another_encoding_are_errors(tmp_path: Path):
    with pytest.raises(NotFoundError, match="no such plan"):
        Plan.read(tmp_path / "none.toml")
    with pytest.raises(StorageError, match="cannot be read"):
        Plan.read(tmp_path)
    file = tmp_path / "plan.toml"
    file.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(PlanError, match="UTF-8"):
        Plan.read(file)


@pytest.mark.parametrize("word", sorted(METHODS))
def test_every_method_of_the_register_has_its_parts(word):
    method = METHODS[word]
    assert method.model().model_fields["method"].default == word
    assert method.kinds
    for role in ("cut", "group", "adopt"):
        if getattr(method, role):
            assert callable(method.function(role))
