"""Bad input: a clear message with the mend, exit code 1 or 2, nothing on standard output, nothing lost."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from geogrid import Atlas

from .conftest import Run

HERE = ("--lon", 121.2505, "--lat", 31.3805)


def refused(result: tuple[int, str, str], *words: str, code: int) -> None:
    exit_code, out, err = result
    assert exit_code == code, err
    assert out == ""
    assert err.lstrip().startswith("geogrid: ")
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*HERE, "--datum", "wgs72"), ["unknown datum", "wgs72", "wgs84, cgcs2000, gcj02, bd09"]),
        (("--lon", 500, "--lat", 31.38, "--datum", "wgs84"), ["out of range", "lon in [-180, 180]", "metres"]),
        (("--lon", 31.3805, "--lat", 121.2505, "--datum", "wgs84"), ["look swapped: longitude comes first"]),
        (("--lon", "nan", "--lat", 31.38, "--datum", "wgs84"), ["NaN or infinite", "lon=nan"]),
        (("--lon", 121.25, "--lat", "inf", "--datum", "gcj02"), ["NaN or infinite", "lat=inf"]),
        ((*HERE, "--datum", "wgs84", "--at", "yesterday"), ["not a time", "yesterday", "ISO 8601"]),
        ((*HERE, "--datum", "wgs84", "--at", "2020-01-01"), ["no edition is in force", "edition 1 from 2026-01-01"]),
    ],
)
def test_a_place_that_cannot_be_one_is_wrong_usage(
    run: Run, city: Path, words: tuple[object, ...], said: list[str]
) -> None:
    refused(run("lookup", "--atlas", city, *words), *said, code=2)
    refused(run("lookup", "--atlas", city, *words, "--json"), *said, code=2)


def test_an_option_left_out_or_unreadable_is_wrong_usage(run: Run, city: Path) -> None:
    for words in ([*HERE], [*HERE, "--datum"], ["--lon", "east", "--lat", 31, "--datum", "wgs84"]):
        exit_code, out, err = run("lookup", "--atlas", city, *words)
        assert (exit_code, out) == (2, "")
        assert "Error: " in err


def test_a_point_outside_is_an_outcome_with_the_nearest_cell(run: Run, city: Path) -> None:
    exit_code, out, err = run("lookup", "--atlas", city, "--lon", 121.26, "--lat", 31.3805, "--datum", "wgs84")
    assert (exit_code, err) == (1, "")
    assert "outside" in out
    found = json.loads(
        run("lookup", "--atlas", city, "--lon", 121.26, "--lat", 31.3805, "--datum", "wgs84", "--json")[1]
    )
    assert (found["outcome"], found["cell"]["code"]) == ("outside", "990100002001002")
    assert 500 < found["distance_m"] < 600


@pytest.mark.parametrize(
    "verb", ["lookup", "coverage", "map", "editions", "assign", "export", "roster", "diff", "serve"]
)
@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("missing", 2, ["there is no such atlas", "check the path"]),
        ("text", 1, ["is not an atlas", "geogrid adopt"]),
        ("plain", 1, ["holds no atlas", "geogrid partition"]),
        ("newer", 1, ["written by a newer geogrid", "format 99", "pip install --upgrade geogrid"]),
    ],
)
def test_what_is_no_atlas_of_ours_is_refused_by_every_verb(
    run: Run, city: Path, verb: str, kind: str, code: int, said: list[str]
) -> None:
    path = city.with_name(f"{kind}.gpkg")
    if kind == "text":
        path.write_text("not a database at all, but long enough to have had a header of seventy-two bytes")
    elif kind != "missing":
        change = "UPDATE atlas SET value = '99' WHERE key = 'format'" if kind == "newer" else "DROP TABLE atlas"
        path.write_bytes(city.read_bytes())
        connection = sqlite3.connect(path)
        connection.execute(change)
        connection.commit()
        connection.close()
    reports = city.with_name("reports.csv")
    reports.write_text("lon,lat\n121.2505,31.3805\n")
    words = {
        "lookup": ["lookup", *HERE, "--datum", "wgs84"],
        "assign": ["assign", reports, "--datum", "wgs84"],
        "export": ["export", "--layer", "cell", "--out", "cells.geojson"],
        "roster": ["roster", "show"],
        "diff": ["diff", 1, 1],
    }
    refused(run(*words.get(verb, [verb]), "--atlas", path), *said, code=code)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target_area_m2", "target_aera_m2", ["line 6", "unknown key", "did you mean 'target_area_m2'?"]),
        ('"squares"', '"sqares"', ["line 5", "no such method", "did you mean 'squares'?"]),
        ("10_000", "-1", ["line 6", "greater than or equal to 1", "-1"]),
        ("10_000", "1", ["too many", "target_area_m2"]),
        ('"310106"', '"999999"', ["no bundled place has this code", "310106 (jingan)"]),
        ('"squares"', '"squares"\ncodes = { template = "{city}" }', ["{area}, {layer} and {seq}", "{city}"]),
        ("[place]", "[place", ["not valid TOML", "line 1"]),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_and_nothing_is_made(
    run: Run, tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    plan = '[place]\ncode = "310106"\n[[layer]]\nname = "cell"\nmethod = "squares"\ntarget_area_m2 = 10_000\n'
    (tmp_path / "plan.toml").write_text(plan.replace(old, new), encoding="utf-8")
    refused(run("partition", tmp_path / "plan.toml", "--atlas", tmp_path / "city.gpkg"), *said, code=2)
    assert not (tmp_path / "city.gpkg").exists()


def test_a_missing_plan_is_said(run: Run, tmp_path: Path) -> None:
    refused(run("partition", tmp_path / "none.toml"), "none.toml", "check the path", code=2)


def test_a_roster_is_refused_with_every_bad_row_and_nothing_is_half_imported(run: Run, city: Path) -> None:
    folder = city.with_name("roster")
    folder.mkdir()
    (folder / "persons.csv").write_text("id,name\np1,Ann\np2,Bea\n")
    (folder / "duties.csv").write_text(
        "person,role,layer,code\np1,grid_head,cell,990100001001001\np2,grid_head,cell,990100001001099\n"
    )
    before = run("roster", "show", "--atlas", city, "--json")[1]
    refused(
        run("roster", "import", folder, "--atlas", city),
        "row 3, duties.code = '990100001001099'", "nothing was applied", "import the file again", code=1,
    )  # fmt: skip
    assert run("roster", "show", "--atlas", city, "--json")[1] == before


def test_each_report_is_answered_or_refused_on_its_own(run: Run, city: Path) -> None:
    reports = city.with_name("reports.csv")
    reports.write_text(
        "id,lon,lat,time\n"
        "1,121.2505,31.3805,2026-11-22T10:00+08:00\n"  # with a zone
        "2,121.2505,31.3805,2026-11-22T10:00\n"  # on the city's clock
        "3,121.2505,31.3805,2026-11-22T02:00Z\n"
        "4,31.3805,121.2505,2026-11-22T10:00\n"  # swapped
        "5,nan,31.3805,2026-11-22T10:00\n"
        "6,121.2505,31.3805,soon\n"
        "7,122,31.3805,2026-11-22T10:00\n"
    )
    exit_code, out, err = run("assign", reports, "--atlas", city, "--datum", "wgs84", "--out", "a.csv", "--json")
    assert (exit_code, err) == (1, "")
    told = json.loads(out)
    assert told["outcomes"] == {"answered": 3, "hole": 0, "outside": 1, "refused": 3}
    answers = pd.read_csv(city.with_name("a.csv"), dtype=str, keep_default_na=False)
    assert answers["outcome"].tolist() == ["answered"] * 3 + ["refused"] * 3 + ["outside"]
    assert [bool(text) for text in answers["problem"]] == [False] * 3 + [True] * 3 + [False]
    assert "longitude comes first" in answers["problem"][3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["assign", "none.csv", "--datum", "wgs84"], "no such file"),
        (["assign", "reports.csv"], "no datum"),
        (["assign", "reports.csv", "--datum", "wgs84", "--lon", "x"], "allowed: lon, lat"),
        (["assign", "reports.csv", "--datum", "wgs84", "--edition", "7"], "no such edition"),
        (["assign", "reports.csv", "--datum", "wgs84", "--out", "a.doc"], ".csv, .xlsx, .parquet, .ndjson"),
        (["coverage", "--from", "tomorrow"], "YYYY-MM-DD"),
        (["coverage", "--from", "2026-12-01", "--to", "2026-12-01"], "the period is empty"),
        (["map", "--layer", "x"], "allowed: cell, responsibility, police"),
        (["map", "--colour-by", "x"], "no such column to colour by"),
        (["map", "--language", "fr"], "en, zh-CN"),
        (["map", "--as-of", "2020-01-01"], "no edition is in force"),
        (["export", "--layer", "cell", "--out", "cells.dwg"], "no format of this ending"),
        (["export", "--layer", "cell", "--out", "cells.gpkg", "--as-of", "soon"], "YYYY-MM-DD"),
        (["editions", "--code", "x"], "no edition of the atlas ever had this code"),
        (["diff", "1", "9"], "no such edition"),
        (["roster", "import", "none.xlsx"], "no such file"),
        (["roster", "export", "roster.doc"], ".xlsx"),
        (["serve", "--datum", "x"], "unknown datum"),
    ],
)
def test_an_option_that_makes_no_sense_is_wrong_usage(run: Run, city: Path, words: list[str], said: str) -> None:
    city.with_name("reports.csv").write_text("lon,lat\n121.2505,31.3805\n")
    refused(run(*words, "--atlas", city), said, code=2)
    files = sorted(path.name for path in city.parent.iterdir() if path.is_file())
    assert files == ["city.gpkg", "reports.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--layer", "cell", "--out", "CITY"],
        ["coverage", "--out", "CITY"],
        ["coverage", "--html", "CITY"],
        ["map", "--out", "CITY"],
    ],
)
def test_no_verb_writes_its_result_over_an_atlas(run: Run, city: Path, words: list[str]) -> None:
    before = city.read_bytes()
    words = [str(city) if word == "CITY" else word for word in words]
    refused(run(*words, "--atlas", city), "would replace an atlas", "choose another name", code=1)
    assert city.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--layer", "cell", "--out", "file/cells.geojson"],
        ["coverage", "--html", "file/page.html"],
        ["coverage", "--out", "file/open.gpkg"],
        ["map", "--out", "file/map.html"],
        ["assign", "reports.csv", "--datum", "wgs84", "--out", "file/answers.parquet"],
        ["roster", "export", "file/roster.xlsx"],
        ["roster", "export", "file/roster"],
    ],
)
def test_a_place_that_cannot_be_written_is_named(run: Run, city: Path, words: list[str]) -> None:
    city.with_name("reports.csv").write_text("lon,lat\n121.2505,31.3805\n")
    city.with_name("file").write_text("a file, no folder")
    refused(run(*words, "--atlas", city), "file", "mend: ", code=1)


FULL = textwrap.dedent("""
    import contextlib, io, json, resource, sys
    from geogrid.cli import main

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    results = []
    for words, limit in json.loads(sys.argv[1]):
        sys.argv = ["geogrid", *words]
        out, err = io.StringIO(), io.StringIO()
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as stop:
                code = stop.code
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        results.append([code, out.getvalue(), err.getvalue()])
    print(json.dumps(results))
""")


def test_a_disk_that_fills_up_is_said_and_nothing_is_lost(city: Path) -> None:
    size = city.stat().st_size
    folder = city.parent
    (folder / "roster").mkdir()
    rows = "".join(f"q{n},{'Bea' * 60}\n" for n in range(2000))
    (folder / "roster" / "persons.csv").write_text(f"id,name\np1,Ann\n{rows}")
    (folder / "reports.csv").write_text("lon,lat\n" + "121.2505,31.3805\n" * 200)
    for name in ("cells.geojson", "a.csv"):
        (folder / name).write_text("the one before")
    commands: list[tuple[list[str], int]] = [
        (["roster", "import", "roster"], size),
        (["export", "--layer", "cell", "--out", "cells.geojson"], 512),
        (["map", "--out", "map.html"], 4096),
        (["coverage", "--html", "page.html"], 512),
        (["assign", "reports.csv", "--datum", "wgs84", "--out", "a.csv"], 512),
        (["roster", "export", "roster.xlsx"], 512),
    ]
    typed = json.dumps([([*words, "--atlas", "city.gpkg"], limit) for words, limit in commands])
    done = subprocess.run([sys.executable, "-c", FULL, typed], check=True, capture_output=True, text=True, cwd=folder)
    for (words, _), result in zip(commands, json.loads(done.stdout), strict=True):
        exit_code, out, err = result
        assert (exit_code, out) == (1, ""), (words, result)
        assert "free some space" in err, words
    assert {(folder / name).read_text() for name in ("cells.geojson", "a.csv")} == {"the one before"}
    assert not list(folder.glob("*.html"))
    atlas = Atlas.open(city)
    atlas.edition(1).verify()
    assert atlas.roster().count()["persons"] == 1
    atlas.close()
