"""Many places as NDJSON or Arrow are answered like one by one."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from geogrid.api.arrow_stream import is_compressed
from geogrid.assign.desk import Atlas

NDJSON = {"Content-Type": "application/x-ndjson; charset=utf-8"}
ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}
AT = "2026-11-22T20:15:00+08:00"


def _stream(table: Any, *, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _table(content: bytes) -> Any:
    return pa.ipc.open_stream(content).read_all()


def test_each_line_gets_a_line_that_equals_the_single_answer(client: httpx.Client) -> None:
    lines = [
        json.dumps({"lon": 121.2505, "lat": 31.3805}),
        "",
        "{not json",
        json.dumps([1, 2]),
        json.dumps({"lon": 500, "lat": 0}),
        json.dumps({"lon": 121.2535, "lat": 31.3805, "datum": "bd09"}),
    ]
    response = client.post(
        "/v1/lookup", params={"datum": "wgs84", "at": AT}, content="\n".join(lines).encode(), headers=NDJSON
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    found = [json.loads(line) for line in response.text.splitlines()]
    assert [item["index"] for item in found] == [0, 1, 2, 3, 4]
    assert ["answer" in item for item in found] == [True, False, False, False, True]
    assert found[1]["problem"]["given"] == "{not json"
    assert found[3]["problem"]["type"] == "urn:geogrid:problem:coordinate"
    asked = {"lon": 121.2505, "lat": 31.3805, "datum": "wgs84", "at": AT}
    assert found[0]["answer"] == client.get("/v1/lookup", params=asked).json()


def test_lines_may_come_piece_by_piece(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b'{"lon": 121.2505, "la'
            yield b't": 31.3805}\n'

    response = client.post("/v1/lookup?datum=wgs84", content=pieces(), headers=NDJSON)
    assert len({line.partition('"answer"')[2][:40] for line in response.text.splitlines()}) == 1
    assert len(response.text.splitlines()) == 20


@pytest.mark.parametrize(
    ("query", "lines", "status", "words"),
    [
        ("datum=wgs84&catgory=0102", 1, 422, "no such parameter"),
        ("datum=wgs84&lon=3", 1, 422, "no such parameter"),
        ("datum=wgs84", 51, 413, "more points than allowed"),
    ],
)
def test_a_body_of_lines_is_refused_as_a_whole_when_the_query_or_its_size_is_wrong(
    client: httpx.Client, query: str, lines: int, status: int, words: str
) -> None:
    body = b'{"lon": 121.2505, "lat": 31.3805}\n' * lines
    response = client.post(f"/v1/lookup?{query}", content=body, headers=NDJSON)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert words in response.json()["detail"]


def test_no_lines_give_no_lines(client: httpx.Client) -> None:
    response = client.post("/v1/lookup?datum=wgs84", content=b"\n\n", headers=NDJSON)
    assert (response.status_code, response.content) == (200, b"")


def test_an_arrow_stream_is_answered_as_the_frame_is_in_process(client: httpx.Client, toy_atlas: Path) -> None:
    rng = np.random.default_rng(7)
    reports = pd.DataFrame({
        "id": np.arange(300), "lon": rng.uniform(121.249, 121.255, 300).round(5), "lat": rng.uniform(31.379, 31.385, 300),
        "at": pd.Timestamp(AT) + pd.to_timedelta(np.arange(300), unit="h"),
    })  # fmt: skip
    reports.loc[3, "lon"], reports.loc[4, "lat"] = np.nan, 91.0
    response = client.post(
        "/v1/lookup?datum=gcj02", content=_stream(pa.Table.from_pandas(reports, preserve_index=False)), headers=ARROW
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/vnd.apache.arrow.stream"
    found = _table(response.content)
    want = Atlas.open(toy_atlas).answers(reports, datum="gcj02", as_of=dt.datetime.now(dt.UTC).date())
    assert found.column_names == list(want.columns)
    for name in ("outcome", "cell", "responsibility", "person", "rule"):
        assert found[name].to_pylist() == want[name].astype(object).where(want[name].notna(), None).tolist(), name
    assert found["problem"].to_pylist()[3:5] == want["problem"].tolist()[3:5]
    assert set(found["outcome"].to_pylist()) == {"answered", "hole", "outside", "refused"}


def test_the_schema_of_arrow_answers_does_not_depend_on_the_rows(client: httpx.Client) -> None:
    def schema(lon: list[float]) -> Any:
        table = pa.table({"lon": pa.array(lon, pa.float64()), "lat": pa.array([31.3805] * len(lon), pa.float64())})
        return _table(client.post("/v1/lookup?datum=wgs84", content=_stream(table), headers=ARROW).content).schema

    assert schema([]) == schema([0.0]) == schema([121.2505, 121.2535])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"lon": [1.0]}, "no such column"),
        ({"lon": ["121.25"], "lat": ["31.38"]}, "another type"),
        ({"lon": pa.nulls(3), "lat": pa.nulls(3)}, "another type"),
        ({"lon": [1.0], "lat": [2.0], "at": [7]}, "another type"),
    ],
)
def test_an_arrow_stream_of_other_columns_is_refused(client: httpx.Client, columns: dict[str, Any], words: str) -> None:
    response = client.post("/v1/lookup?datum=wgs84", content=_stream(pa.table(columns)), headers=ARROW)
    assert (response.status_code, words in response.json()["detail"]) == (422, True), response.text


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_a_compressed_stream_is_refused_before_it_is_unpacked(client: httpx.Client, kind: str) -> None:
    table = pa.table({"lon": np.zeros(100_000), "lat": np.zeros(100_000)})
    body = _stream(table, compression=kind)
    assert len(body) < 20_000
    response = client.post("/v1/lookup?datum=wgs84", content=body, headers=ARROW)
    assert (response.status_code, "compressed" in response.json()["detail"]) == (422, True)


def test_compression_is_seen_in_record_and_dictionary_batches() -> None:
    names = pa.array(["a" * 50, "b" * 50]).dictionary_encode()
    for compression, seen in ((None, [False, False]), ("zstd", [True, True])):
        body = _stream(pa.table({"category": names}), compression=compression)
        messages = list(pa.ipc.MessageReader.open_stream(body))
        assert [is_compressed(m.metadata.to_pybytes()) for m in messages if m.type != "schema"] == seen


@pytest.mark.parametrize("damage", [b"", b"hello", "cut", "flip"])
def test_what_is_no_arrow_stream_is_a_problem(client: httpx.Client, damage: bytes | str) -> None:
    body = _stream(pa.table({"lon": np.zeros(20), "lat": np.zeros(20), "category": ["0102"] * 20}))
    if damage == "cut":
        sent = body[:-200]
    elif damage == "flip":
        sent = body[:40] + b"\xff" * 60 + body[100:]
    else:
        sent = bytes(damage)  # type: ignore[arg-type]
    response = client.post("/v1/lookup?datum=wgs84", content=sent, headers=ARROW)
    assert response.status_code == 422, response.text
    assert response.json()["type"] == "urn:geogrid:problem:input"


def test_an_arrow_stream_without_a_datum_is_refused(client: httpx.Client) -> None:
    response = client.post("/v1/lookup", content=_stream(pa.table({"lon": [1.0], "lat": [2.0]})), headers=ARROW)
    assert (response.status_code, response.json()["type"]) == (422, "urn:geogrid:problem:datum")


def test_the_description_names_all_three_media_types(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/v1/lookup"]["post"]
    wanted = {"application/json", "application/x-ndjson", "application/vnd.apache.arrow.stream"}
    assert set(operation["requestBody"]["content"]) == wanted
    assert set(operation["responses"]["200"]["content"]) == wanted
