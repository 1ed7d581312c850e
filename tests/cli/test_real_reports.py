"""Real reports with the label somebody gave them: the answers agree, and where not, the distance to the border says why."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from .conftest import Run


def test_labelled_reports_of_baltimore_agree_with_the_adopted_council_districts(
    run: Run, acceptance_data: Path, tmp_path: Path
) -> None:
    folder = acceptance_data / "baltimore"
    atlas = tmp_path / "baltimore.gpkg"
    adopted = ("adopt", folder / "council_districts.gpkg", "--atlas", atlas, "--valid-from", "2026-01-01")
    assert run(*adopted)[0] == 1  # one gap of 15 m² is reported, and nothing is published in silence
    assert not atlas.exists()
    assert run(*adopted, "--accept-faults")[0] == 0

    listed = tmp_path / "disagreements.csv"
    exit_code, out, err = run(
        "assign", folder / "reports_311.csv", "--atlas", atlas, "--datum", "wgs84", "--at", "2026-11-22T12:00-05:00",
        "--expect", "CouncilDistrict", "--disagreements", listed, "--json",
    )  # fmt: skip
    assert (exit_code, err) == (1, "")
    told = json.loads(out)["expected"]
    labels = pd.read_csv(folder / "reports_311.csv", dtype=str)["CouncilDistrict"]
    assert told["labelled"] == labels.notna().sum()
    assert told["agreeing"] / told["labelled"] >= 0.994
    rows = pd.read_csv(listed, dtype={"label": str, "answer": str})
    assert len(rows) == told["labelled"] - told["agreeing"] == len(told["disagreements"])
    assert rows["border_m"].notna().all()
    # The file writes 14.0 for district 14.
    assert labels[rows["row"]].astype(float).tolist() == rows["label"].astype(float).tolist()
    assert (rows["label"] != rows["answer"]).all()
