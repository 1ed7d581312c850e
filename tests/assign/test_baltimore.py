"""Real reports over real districts: `geogrid assign` agrees with the labels that the city gave."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from geogrid.cli.app import build_app


@pytest.mark.acceptance
def test_reports_of_baltimore_agree_with_their_council_district_for_994_of_1000(
    acceptance_data: Path, tmp_path: Path
) -> None:
    folder = acceptance_data / "baltimore"
    atlas = tmp_path / "baltimore.gpkg"
    adopt = ["adopt", str(folder / "council_districts.gpkg"), "--atlas", str(atlas), "--code-column", "id",
             "--layer", "council", "--accept-faults", "--json"]  # fmt: skip
    run = CliRunner()
    assert run.invoke(build_app("adopt"), adopt).exit_code in (0, 1)
    listed = tmp_path / "disagreements.csv"
    assign = ["assign", str(folder / "reports_311.csv"), "--atlas", str(atlas), "--datum", "wgs84",
              "--expect", "CouncilDistrict", "--disagreements", str(listed), "--json"]  # fmt: skip
    told = json.loads(run.invoke(build_app("assign"), assign).stdout)
    expected = told["expected"]
    assert expected["labelled"] > 4_000
    assert expected["share"] >= 0.994
    table = pd.read_csv(listed)
    assert len(table) == expected["labelled"] - expected["agreeing"]
    assert table["border_m"].notna().all()
    # Those within a few metres of the border are the city's own drawing; the rest its own errors.
    assert (table["border_m"] > 0).all()
