"""A file of reports is answered block by block, resumed where it was interrupted, and written whole."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geogrid.assign.locator import Locator
from geogrid.assign.stream import Answerer, Block, answer_file, layer_codes
from geogrid.crs import from_wgs84
from geogrid.errors import ConflictError, DatumError, InputError, NotFoundError
from geogrid.testing import toy_city

CITY = toy_city()
ANSWER = layer_codes(Locator.of(CITY), {"responsibility": CITY.layer("responsibility").codes})


def expected(frame: pd.DataFrame) -> list[str | None]:
    rows = Locator.of(CITY).locate(frame["lon"], frame["lat"], datum="wgs84", layer="responsibility")
    return [CITY.layer("responsibility").codes[row] if row >= 0 else None for row in rows]


def reports(count: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(121.2498, 121.2545, count).round(6), rng.uniform(31.3799, 31.3842, count).round(6)
    return pd.DataFrame(
        {"code": [f"{i:06d}" for i in range(count)], "lon": lon, "lat": lat, "text": '路灯, "不亮"\n第二行'}
    )


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif path.suffix == ".ndjson":
        frame.to_json(path, orient="records", lines=True, force_ascii=False, double_precision=15)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        points = geopandas.points_from_xy(frame["lon"], frame["lat"])
        geopandas.GeoDataFrame(frame[["code", "text"]], geometry=points, crs=4326).to_file(path)
    return path


def read(path: Path) -> pd.DataFrame:
    text: Any = {"code": str}
    if path.suffix in (".csv", ".tsv"):
        frame = pd.read_csv(path, dtype=text, sep="\t" if path.suffix == ".tsv" else ",")
    elif path.suffix == ".ndjson":
        frame = pd.DataFrame([json.loads(line) for line in path.read_text("utf-8").splitlines()])
    elif path.suffix == ".xlsx":
        frame = pd.read_excel(path, dtype=text)
    elif path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = geopandas.read_file(path)
    return frame


KINDS = [".csv", ".tsv", ".ndjson", ".xlsx", ".parquet", ".gpkg"]


@pytest.mark.parametrize("out", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_file_is_answered_into_any_kind(kind: str, out: str, tmp_path: Path) -> None:
    frame = reports(60)
    source = write(frame, tmp_path / f"reports{kind}")
    columns: dict[str, Any] = {"lon": None, "lat": None} if kind == ".gpkg" else {}
    result = answer_file(source, tmp_path / f"answers{out}", ANSWER, datum="wgs84", block_rows=16, **columns)
    assert (result.rows, result.bad_rows, result.problems) == (60, 0, ())
    answered = read(result.path)
    assert answered["code"].tolist() == frame["code"].tolist()
    assert [None if pd.isna(v) else v for v in answered["responsibility"]] == expected(frame)
    assert answered["text"].tolist() == frame["text"].tolist()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({source.name, result.path.name})
    if out == ".gpkg":
        assert answered.crs.to_epsg() == 4326
        np.testing.assert_allclose(answered.geometry.x, frame["lon"], atol=1e-12)


class PowerCutError(Exception):
    """Stands for the power cut."""


def failing_after(blocks: int) -> Answerer:
    left = [blocks]

    def answer(block: Block) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCutError
        return ANSWER(block)

    return answer


@pytest.mark.parametrize("kind", [".csv", ".ndjson", ".xlsx", ".parquet"])
def test_an_interrupted_run_goes_on_behind_what_was_finished(kind: str, tmp_path: Path) -> None:
    frame = reports(1_000)
    frame.loc[[3, 997], "lon"] = np.nan
    source = write(frame, tmp_path / f"reports{kind}")
    whole = answer_file(source, tmp_path / "whole.csv", ANSWER, datum="wgs84", block_rows=50, rows_per_part=200)
    arguments: dict[str, Any] = {"datum": "wgs84", "block_rows": 50, "rows_per_part": 200}
    with pytest.raises(PowerCutError):
        answer_file(source, tmp_path / "out.csv", failing_after(0 if kind == ".csv" else 9), **arguments)
    assert not (tmp_path / "out.csv").exists()
    result = answer_file(source, tmp_path / "out.csv", ANSWER, **arguments)
    assert result.resumed_rows == (0 if kind == ".csv" else 400)
    assert result.path.read_bytes() == whole.path.read_bytes()
    assert result.problems == whole.problems
    assert [problem.row for problem in result.problems] == [5, 999] if kind != ".ndjson" else [4, 998]
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_csv_is_resumed_too(tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    text = "x" * 20_000
    source.write_text("lon,lat,text\n" + f"121.2505,31.3805,{text}\n" * 2_000)
    with pytest.raises(PowerCutError):
        answer_file(source, tmp_path / "out.parquet", failing_after(6), datum="wgs84", rows_per_part=300)
    result = answer_file(source, tmp_path / "out.parquet", ANSWER, datum="wgs84", rows_per_part=300)
    assert result.rows == 2_000
    assert result.resumed_rows > 600
    assert pq.read_table(result.path, columns=["responsibility"])["responsibility"].to_pylist() == ["G01"] * 2_000


def test_finished_stretches_of_another_question_are_not_used(tmp_path: Path) -> None:
    source = write(reports(400), tmp_path / "reports.parquet")
    arguments: dict[str, Any] = {"datum": "wgs84", "block_rows": 50, "rows_per_part": 100}
    with pytest.raises(PowerCutError):
        answer_file(source, tmp_path / "out.csv", failing_after(5), key="edition-1", **arguments)
    assert answer_file(source, tmp_path / "out.csv", ANSWER, key="edition-2", **arguments).resumed_rows == 0


def test_rows_without_a_usable_place_stay_in_the_file_with_the_reason(tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    source.write_text(
        "lon,lat\n121.2505,31.3805\n,31.38\nabc,31.38\n31.38,121.25\n121.2505, 31.3805 \n1e400,3\nnan,3\n12,1_0\n1,2,3\n"
    )
    result = answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84")
    assert [(p.row, p.column, p.value) for p in sorted(result.problems, key=lambda p: p.row)] == [
        (3, "lon", ""), (4, "lon", "abc"), (5, "lat", "121.25"), (7, "lon", "1e400"), (8, "lon", "nan"),
        (9, "lat", "1_0"), (10, "", "3 fields"),
    ]  # fmt: skip
    assert result.bad_rows == 7
    assert result.rows == 8
    with result.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["responsibility"] for row in rows] == ["G01", "", "", "", "G01", "", "", ""]
    assert "swapped" in rows[3]["problem"]


def test_the_datum_is_asked_for_and_used(tmp_path: Path) -> None:
    frame = reports(100)
    want = expected(frame)
    frame["lon"], frame["lat"] = from_wgs84(frame["lon"], frame["lat"], datum="bd09")
    source = write(frame, tmp_path / "reports.parquet")
    result = answer_file(source, tmp_path / "out.parquet", ANSWER, datum="BD-09")
    assert [None if pd.isna(v) else v for v in read(result.path)["responsibility"]] == want
    with pytest.raises(DatumError):
        answer_file(source, tmp_path / "other.parquet", ANSWER, datum="wgs72")


def test_a_chinese_excel_csv_needs_its_encoding_named(tmp_path: Path) -> None:
    source = tmp_path / "上报.csv"
    source.write_bytes("lon,lat,内容\n121.2505,31.3805,井盖丢失\n".encode("gb18030"))
    with pytest.raises(InputError, match="gb18030"):
        answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84")
    answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84", encoding="gb18030")
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1].startswith("121.2505,31.3805,井盖丢失,G01")


def test_a_byte_order_mark_and_a_header_without_rows_are_fine(tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    source.write_bytes("\ufefflon,lat\n".encode())
    result = answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84")
    assert result.rows == 0
    assert result.path.read_text("utf-8").split() == ["lon,lat,responsibility,problem"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "empty"), ("lon,lon\n1,2\n", "two columns have one name"), ("x,y\n1,2\n", "no such column; given: lon, lat"),
     ("lon,lat,problem\n1,2,3\n", "already has columns")],
)  # fmt: skip
def test_a_file_that_cannot_be_answered_says_why_and_writes_nothing(text: str, message: str, tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    source.write_text(text)
    with pytest.raises(InputError, match=message):
        answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84")
    assert not (tmp_path / "out.csv").exists()


def test_wrong_files_are_named(tmp_path: Path) -> None:
    source = write(reports(5), tmp_path / "reports.csv")
    with pytest.raises(InputError, match="this kind of file"):
        answer_file(source, tmp_path / "out.doc", ANSWER, datum="wgs84")
    with pytest.raises(NotFoundError):
        answer_file(tmp_path / "none.csv", tmp_path / "out.csv", ANSWER, datum="wgs84")
    with pytest.raises(ConflictError):
        answer_file(source, source, ANSWER, datum="wgs84")
    lines = tmp_path / "reports.ndjson"
    lines.write_text('{"lon": 121.2505, "lat": 31.3805}\n\n[1]\n{"lon": 121.2505, "lat": 31}\n')
    result = answer_file(lines, tmp_path / "out.ndjson", ANSWER, datum="wgs84")
    assert [(p.row, p.reason) for p in result.problems] == [(3, "not a JSON object")]


def test_geoparquet_points_in_metres_are_brought_to_degrees(tmp_path: Path) -> None:
    frame = reports(50)
    points = geopandas.GeoSeries(geopandas.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    source = tmp_path / "reports.parquet"
    geopandas.GeoDataFrame({"code": frame["code"]}, geometry=points).to_crs(32651).to_parquet(source)
    result = answer_file(source, tmp_path / "out.csv", ANSWER, datum="wgs84", lon=None, lat=None)
    assert [None if pd.isna(v) else v for v in read(result.path)["responsibility"]] == expected(frame)
    lines = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    lines.to_parquet(source)
    with pytest.raises(InputError, match="not all points"):
        answer_file(source, tmp_path / "o.csv", ANSWER, datum="wgs84", lon=None, lat=None)


def test_columns_of_text_without_any_value_fit_those_with_values(tmp_path: Path) -> None:
    table = pa.table({"lon": [0.0] * 40 + [121.2505] * 40, "lat": [0.0] * 40 + [31.3805] * 40})
    pq.write_table(table, tmp_path / "in.parquet")

    def answer(block: Block) -> dict[str, Any]:
        return {"who": np.array(["G01" if x > 1 else None for x in block.lon], object)}

    result = answer_file(
        tmp_path / "in.parquet", tmp_path / "out.parquet", answer, datum="wgs84", block_rows=20, rows_per_part=20
    )
    assert pq.read_table(result.path)["who"].to_pylist() == [None] * 40 + ["G01"] * 40
