"""A file of reports gets full answers block by block, the same as in one frame."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from geogrid.assign.answering import Desk
from geogrid.assign.frame import answer_frame
from geogrid.assign.roster import Duty, Person, Roster
from geogrid.assign.stream_desk import answer_reports
from geogrid.testing import toy_city

AT = dt.datetime(2026, 11, 22, 20, 15, tzinfo=dt.UTC)


def test_a_file_is_answered_in_blocks_as_a_frame_is_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    lon, lat = rng.uniform(121.2498, 121.2545, 700).round(6), rng.uniform(31.3798, 31.3842, 700).round(6)
    frame = pd.DataFrame({"lon": lon, "lat": lat})
    frame.to_csv(tmp_path / "reports.csv", index=False)
    roster = Roster(persons=(Person("p1", "人"),), duties=(Duty("p1", "grid_head", "responsibility", "G01"),))
    desk = Desk(toy_city(), roster)
    result = answer_reports(
        desk, tmp_path / "reports.csv", tmp_path / "out.parquet", datum="wgs84", at=AT, block_rows=97, rows_per_part=200
    )
    found = pd.read_parquet(result.path)
    want = answer_frame(desk, frame, datum="wgs84", at=AT)
    assert {"answered", "hole", "outside"} <= set(found["outcome"])
    for name in set(want.columns) - {"problem"}:
        mine = [None if pd.isna(value) else value for value in want[name]]
        assert [None if pd.isna(value) else value for value in found[name]] == mine, name
    assert not any((tmp_path / "out.parquet.parts").glob("*"))
