"""Looking places up over HTTP gives what the atlas answers in process."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from geogrid.api import Settings, create_app
from geogrid.api.documents import AnswerDocument, AnswersDocument
from geogrid.api.points import answer_json
from geogrid.assign.desk import Atlas
from geogrid.crs import from_wgs84

INSIDE = {"lon": 121.2505, "lat": 31.3805, "datum": "wgs84", "at": "2026-11-22T20:15:00+08:00"}


def test_one_place_is_answered_as_in_process(client: httpx.Client, toy_atlas: Path) -> None:
    response = client.get("/v1/lookup", params=INSIDE)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    found = AnswerDocument.model_validate_json(response.content, strict=False)
    assert found.person is not None
    assert (found.person.name, found.cell.code, found.edition) == ("王小明", "990100001001001", 2)
    asked = INSIDE | {"at": dt.datetime.fromisoformat(INSIDE["at"])}  # type: ignore[arg-type]
    answer = Atlas.open(toy_atlas).answer(**asked)  # type: ignore[arg-type]
    assert response.json() == json.loads(json.dumps(answer.to_dict()))
    assert json.loads(answer_json(answer)) == json.loads(json.dumps(answer.to_dict()))


def test_the_reasons_are_given_in_english_and_chinese(client: httpx.Client) -> None:
    why = client.get("/v1/lookup", params=INSIDE).json()["why"]
    assert why
    assert all(step["en"] and step["zh"] for step in why)
    assert any("王小明" in step["zh"] for step in why)


def test_a_grid_without_anybody_is_a_hole_and_a_place_outside_names_the_nearest_cell(client: httpx.Client) -> None:
    hole = client.get("/v1/lookup", params=INSIDE | {"lon": 121.2535}).json()
    assert (hole["outcome"], hole["person"]) == ("hole", None)
    outside = client.get("/v1/lookup", params=INSIDE | {"lon": 121.2495}).json()
    assert outside["outcome"] == "outside"
    assert outside["cell"]["code"] == "990100001001001"
    assert outside["distance_m"] == pytest.approx(47.6, abs=1)


def test_a_shifted_datum_leads_to_the_same_cell(client: httpx.Client) -> None:
    lon, lat = from_wgs84([121.2525], [31.3825], datum="gcj02")
    asked = {"lon": float(lon[0]), "lat": float(lat[0]), "datum": "GCJ-02"}
    assert client.get("/v1/lookup", params=asked).json()["cell"]["code"] == "990100002002001"
    assert client.get("/v1/lookup", params=asked | {"datum": "wgs84"}).json()["cell"]["code"] != "990100002002001"


def test_the_day_of_the_report_or_as_of_chooses_the_edition(client: httpx.Client) -> None:
    assert client.get("/v1/lookup", params=INSIDE | {"at": "2026-06-30T12:00:00Z"}).json()["edition"] == 1
    # Midnight in the city is still the day before in UTC.
    assert client.get("/v1/lookup", params=INSIDE | {"at": "2026-06-30T16:00:00Z"}).json()["edition"] == 2
    assert client.get("/v1/lookup", params=INSIDE | {"as_of": "2026-06-30"}).json()["edition"] == 1


@pytest.mark.parametrize(
    ("change", "status", "kind", "words"),
    [
        ({"datum": None}, 422, "datum", "datum: Field required"),
        ({"datum": "wgs72"}, 422, "datum", "wgs84, cgcs2000, gcj02, bd09"),
        ({"lon": 31.38, "lat": 121.25}, 422, "coordinate", "out of range"),
        ({"lon": "nan"}, 422, "coordinate", "NaN"),
        ({"lon": "east"}, 422, "input", "lon: Input should be a valid number"),
        ({"lon": None}, 422, "input", "lon: Field required"),
        ({"at": "2026-11-22T20:15"}, 422, "input", "at: Input should have timezone info"),
        ({"at": "0001-01-01T00:00Z"}, 422, "input", "the years 1900 to 2200"),
        ({"as_of": "2020-01-01"}, 404, "not-found", "no edition is in force"),
        ({"catgory": "0102"}, 422, "input", "catgory"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_that_says_why(
    client: httpx.Client, change: dict[str, Any], status: int, kind: str, words: str
) -> None:
    asked = {key: value for key, value in (INSIDE | change).items() if value is not None}
    response = client.get("/v1/lookup", params=asked)
    problem = response.json()
    assert response.status_code == status == problem["status"]
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:geogrid:problem:{kind}"
    assert words in problem["detail"]
    assert problem["instance"] == "/v1/lookup"
    assert problem["request_id"] == response.headers["x-request-id"]


def test_a_parameter_given_twice_is_refused(client: httpx.Client) -> None:
    assert "given twice" in client.get("/v1/lookup?lon=1&lon=2&lat=3&datum=wgs84").json()["detail"]


def test_swapped_coordinates_are_told_as_such_in_the_caller_s_language(client: httpx.Client) -> None:
    asked = INSIDE | {"lon": 31.38, "lat": 121.25}
    problem = client.get("/v1/lookup", params=asked, headers={"Accept-Language": "zh-CN,en;q=0.5"}).json()
    assert problem["title"] == "坐标无效"
    assert "swapped" in problem["mend"]


def test_of_many_points_each_is_answered_or_refused_on_its_own(client: httpx.Client) -> None:
    points = [
        {"lon": 121.2505, "lat": 31.3805},
        {"lon": 500, "lat": 0},
        {"lon": 121.2535, "lat": 31.3805, "datum": "bd-09"},
        "nonsense",
        {"lat": 31},
        {"lon": 121.2495, "lat": 31.3805, "datum": "cgcs2000"},
    ]
    response = client.post("/v1/lookup", json={"points": points, "defaults": {"datum": "wgs84", "at": INSIDE["at"]}})
    assert response.status_code == 200
    found = AnswersDocument.model_validate_json(response.content)
    assert (found.total, found.refused) == (6, 3)
    assert [result.index for result in found.results] == list(range(6))
    assert [result.answer is None for result in found.results] == [False, True, False, True, True, False]
    assert found.results[1].problem is not None
    assert found.results[1].problem.type == "urn:geogrid:problem:coordinate"
    one = client.get("/v1/lookup", params=INSIDE).json()
    assert response.json()["results"][0]["answer"] == one


def test_more_points_than_allowed_are_refused_as_a_whole(client: httpx.Client) -> None:
    response = client.post("/v1/lookup", json={"points": [{}] * 51})
    assert response.status_code == 422
    assert "at most 50" in response.json()["detail"]


def test_a_body_that_is_too_large_is_refused_with_and_without_a_declared_length(client: httpx.Client) -> None:
    body = b'{"points": [' + b" " * 30_000 + b"]}"
    declared = client.post("/v1/lookup", content=body, headers={"Content-Type": "application/json"})
    assert (declared.status_code, declared.json()["allowed"]) == (413, "20000 bytes")

    def pieces() -> Any:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    chunked = client.post("/v1/lookup", content=pieces(), headers={"Content-Type": "application/json"})
    assert (chunked.status_code, chunked.json()["type"]) == (413, "urn:geogrid:problem:too-large")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b""])
def test_a_body_that_is_not_what_was_asked_for_is_a_problem(client: httpx.Client, body: bytes) -> None:
    response = client.post("/v1/lookup", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_an_operator_s_datum_stands_in_for_a_missing_one(serve: Any, toy_atlas: Path) -> None:
    client = serve(create_app(Settings(atlas=str(toy_atlas), datum="wgs84")))
    asked = {key: value for key, value in INSIDE.items() if key != "datum"}
    assert client.get("/v1/lookup", params=asked).json()["cell"]["code"] == "990100001001001"
    assert client.post("/v1/lookup", json={"points": [asked]}).json()["refused"] == 0
