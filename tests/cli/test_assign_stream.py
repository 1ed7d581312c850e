"""`geogrid assign` streams: many blocks give what one gives, and an interrupted run goes on where it was."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest

from geogrid import Atlas
from geogrid.assign import stream_desk
from geogrid.assign.workdays import WorkCalendar
from geogrid.testing import toy_city

from .conftest import Run

COUNT = 1_000
AT = ("--at", "2026-11-22T20:15+08:00")


@pytest.fixture
def reports(city: Path) -> Path:
    """Return reports of which some are swapped, some outside, each tenth with a wrong label."""
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(121.2498, 121.2545, COUNT).round(6), rng.uniform(31.3798, 31.3842, COUNT).round(6)
    division = toy_city()
    points = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat))
    shapes = division.shapes("responsibility").to_shapely()
    labels = np.array(["" for _ in lon], object)
    for code, shape in zip(division.layer("responsibility").codes, shapes, strict=True):
        labels[points.within(shape)] = code
    labels[::10] = "G09"
    x, y = lon.astype(object), lat.astype(object)
    x[5], y[5] = lat[5], lon[5]
    x[77] = "east"
    path = city.with_name("reports.csv")
    frame = pd.DataFrame({"id": [f"{i:05d}" for i in range(COUNT)], "lon": x, "lat": y, "label": labels, "rule": "r"})
    frame.to_csv(path, index=False)
    return path


def told(result: tuple[int, str, str]) -> dict[str, Any]:
    exit_code, out, err = result
    assert (exit_code, err) == (1, "")
    return dict(json.loads(out))


def compared(reports: Path, name: str, *more: object) -> tuple[object, ...]:
    return ("assign", reports, "--atlas", "city.gpkg", "--datum", "wgs84", *AT, "--expect", "label", "--expect-layer",
            "responsibility", "--out", f"{name}.csv", "--disagreements", f"{name}-wrong.csv", "--json", *more)  # fmt: skip


def cut_after(blocks: int) -> Callable[..., Any]:
    left = [blocks]
    answer_frame = stream_desk.answer_frame

    def answer(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return answer_frame(*arguments, **named)

    return answer


def test_many_blocks_give_what_one_block_gives(run: Run, reports: Path) -> None:
    whole = told(run(*compared(reports, "whole")))
    blocks = told(run(*compared(reports, "blocks", "--block-rows", 7)))
    assert blocks == whole
    assert sum(whole["outcomes"].values()) == COUNT
    assert whole["outcomes"]["refused"] == 2
    for name in ("", "-wrong"):
        parts = [reports.with_name(f"{part}{name}.csv").read_bytes() for part in ("whole", "blocks")]
        assert parts[0] == parts[1]


def test_the_comparison_counts_each_row_and_names_it(run: Run, reports: Path) -> None:
    expected = told(run(*compared(reports, "a", "--block-rows", 33)))["expected"]
    frame = pd.read_csv(reports, dtype=str, keep_default_na=False)
    answers = pd.read_csv(reports.with_name("a.csv"), dtype=str, keep_default_na=False)
    agreeing = (frame["label"] != "") & (frame["label"] == answers["responsibility"])
    assert (expected["labelled"], expected["agreeing"]) == ((frame["label"] != "").sum(), agreeing.sum())
    wrong = pd.read_csv(reports.with_name("a-wrong.csv"), dtype={"label": str})
    assert wrong["row"].tolist() == np.flatnonzero((frame["label"] != "") & ~agreeing).tolist()
    assert wrong["label"].tolist() == frame["label"][wrong["row"]].tolist()
    known = wrong["border_m"].notna()
    assert not known[wrong["label"] == "G09"].any()


def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(
    run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(run(*compared(reports, "whole", "--block-rows", 10)))
    with monkeypatch.context() as patch:
        patch.setattr(stream_desk, "answer_frame", cut_after(50))
        assert run(*compared(reports, "cut", "--block-rows", 10))[0] != 0
    assert not reports.with_name("cut.csv").exists()
    resumed = told(run(*compared(reports, "cut", "--block-rows", 10, "--resume")))
    assert resumed.pop("resumed") == 480
    assert whole.pop("resumed") == 0
    assert resumed == whole
    for name in ("", "-wrong"):
        parts = [reports.with_name(f"{part}{name}.csv").read_bytes() for part in ("whole", "cut")]
        assert parts[0] == parts[1]
    assert not reports.with_name("cut.csv.parts").exists()


def test_without_resume_a_run_starts_over_and_says_how_it_could_have_gone_on(
    run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stream_desk, "answer_frame", cut_after(50))
        run(*compared(reports, "cut", "--block-rows", 10))
    _, out, err = run(*compared(reports, "cut", "--block-rows", 10))
    assert json.loads(out)["resumed"] == 0
    assert "had answered 480 reports" in err
    assert "--resume" in err
    assert run(*compared(reports, "cut", "--block-rows", 10))[2] == ""


def test_what_was_left_stays_until_a_new_stretch_takes_its_place(
    run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stream_desk, "answer_frame", cut_after(50))
        run(*compared(reports, "cut", "--block-rows", 10))
    with monkeypatch.context() as patch:
        patch.setattr(stream_desk, "answer_frame", cut_after(1))
        run(*compared(reports, "cut", "--block-rows", 10))
    assert told(run(*compared(reports, "cut", "--block-rows", 10, "--resume")))["resumed"] == 480


def test_resuming_another_question_is_told(run: Run, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stream_desk, "answer_frame", cut_after(50))
        run(*compared(reports, "cut", "--block-rows", 10))
    _, out, err = run(*compared(reports, "cut", "--block-rows", 11, "--resume"))
    assert json.loads(out)["resumed"] == 0
    assert "another question" in err


KILLED = """
import sys
from pathlib import Path
from geogrid.cli import main
from geogrid.assign import stream_desk
answer, journal = stream_desk.answer_frame, Path(sys.argv[-1] + ".parts/journal.json")
def killed(*arguments, **named):
    if journal.exists() and '"blocks": 48' in journal.read_text():
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(*arguments, **named)
stream_desk.answer_frame = killed
main()
"""


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".ndjson"])
def test_a_process_that_was_killed_is_gone_on_with_by_another(kind: str, run: Run, reports: Path, city: Path) -> None:
    # Holidays of the city's own are sets, whose order another process prints in another way.
    calendar = WorkCalendar(holidays=frozenset(dt.date(2026, 7, day) for day in range(1, 20)))
    atlas = Atlas.open(city)
    atlas.replace_roster(replace(atlas.roster(), calendar=calendar))
    atlas.close()
    frame = pd.read_csv(reports, dtype=str)
    source = reports.with_suffix(kind)
    if kind == ".parquet":
        frame.to_parquet(source)
    elif kind == ".ndjson":
        frame.to_json(source, orient="records", lines=True)
    typed = ("assign", source, "--atlas", city, "--datum", "wgs84", *AT, "--block-rows", 10, "--json", "--out")
    whole = told(run(*typed, f"whole{kind}"))
    words = [sys.executable, "-c", KILLED, *map(str, typed), f"cut{kind}"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert not source.with_name(f"cut{kind}").exists()
    resumed = told(run(*typed, f"cut{kind}", "--resume"))
    assert resumed.pop("resumed") == 480
    assert resumed == {name: value for name, value in whole.items() if name != "resumed"}
    assert source.with_name(f"cut{kind}").read_bytes() == source.with_name(f"whole{kind}").read_bytes()


@pytest.mark.parametrize(("words", "said"), [((*AT,), "--out"), (("--out", "a.csv"), "--at")])
def test_what_cannot_be_resumed_is_refused_with_the_mend(
    run: Run, reports: Path, words: tuple[str, ...], said: str
) -> None:
    exit_code, out, err = run("assign", reports, "--atlas", "city.gpkg", "--datum", "wgs84", "--resume", *words)
    assert (exit_code, out) == (2, "")
    assert said in err


def test_columns_the_file_has_already_are_kept_beside_the_answers(run: Run, reports: Path) -> None:
    told(run(*compared(reports, "a")))
    answers = pd.read_csv(reports.with_name("a.csv"), dtype=str, keep_default_na=False)
    assert set(answers["rule"]) == {"r"}
    assert "rule_answer" in answers.columns
    assert reports.with_name("a.csv").read_bytes().startswith("\ufeff".encode())
    deadlines = answers["deadline"][answers["deadline"] != ""]
    assert deadlines.str.endswith("+0800").all()


@pytest.mark.parametrize("kind", [".gpkg", ".geojson", ".fgb", ".parquet"])
def test_files_with_geometry_need_no_datum(kind: str, run: Run, city: Path) -> None:
    points = geopandas.GeoDataFrame(
        {"id": ["a", "b"]}, geometry=geopandas.points_from_xy([121.2505, 122.0], [31.3805, 31.38]), crs=4326
    )
    path = city.with_name(f"reports{kind}")
    if kind == ".parquet":
        points.to_parquet(path)
    else:
        points.to_file(path)
    found = told(run("assign", path, "--atlas", city, *AT, "--out", "a.xlsx", "--json"))
    assert (found["outcomes"]["answered"], found["outcomes"]["outside"]) == (1, 1)
    answers = pd.read_excel(city.with_name("a.xlsx"))
    # FlatGeobuf keeps its points in an order of its own.
    assert dict(zip(answers["id"], answers["outcome"], strict=True)) == {"a": "answered", "b": "outside"}


def test_a_chinese_excel_csv_is_read_and_broken_rows_are_told(run: Run, city: Path) -> None:
    path = city.with_name("上报.csv")
    path.write_bytes("经度,纬度,内容\n121.2505,31.3805,井盖丢失\n1,2\n".encode("gb18030"))
    found = told(run("assign", path, "--atlas", city, "--datum", "wgs84", "--out", "a.csv", "--json"))
    assert (found["outcomes"]["answered"], found["unread"]) == (1, 1)
    assert pd.read_csv(city.with_name("a.csv"))["内容"].tolist() == ["井盖丢失"]
