"""The server around the look-up: editions, layers, health, changes, faults."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely

from geogrid.api import Settings, app_from_environment, create_app
from geogrid.api.app import SETTINGS_VARIABLE
from geogrid.api.documents import EditionDetail, EditionsDocument
from geogrid.api.holdings import Holdings
from geogrid.assign.desk import Atlas
from geogrid.lattice import LatticePolygons
from geogrid.testing import toy_city


def test_the_editions_say_when_they_are_valid_and_which_is_in_force(client: httpx.Client) -> None:
    found = EditionsDocument.model_validate_json(client.get("/v1/editions").content).editions
    assert [(each.number, each.valid_from.isoformat(), each.note) for each in found] == [
        (1, "2026-01-01", "first"),
        (2, "2026-07-01", "second"),
    ]
    assert found[0].valid_to == found[1].valid_from
    assert [each.in_force for each in found] == [False, True]


def test_an_edition_lists_its_layers_and_each_link_works(client: httpx.Client) -> None:
    detail = EditionDetail.model_validate_json(client.get("/v1/editions/current").content)
    assert detail.number == 2
    assert [(layer.name, layer.kind, layer.count) for layer in detail.layers] == [
        ("cell", "base", 16),
        ("responsibility", "stacked", 4),
        ("police", "overlay", 2),
    ]
    for layer in detail.layers:
        response = client.get(layer.href)
        assert response.headers["content-type"] == "application/geo+json"
        assert len(response.json()["features"]) == layer.count


def test_a_layer_comes_with_the_exact_geometry_that_was_published(client: httpx.Client) -> None:
    features = client.get("/v1/editions/1/layers/responsibility").json()["features"]
    found = LatticePolygons.from_shapely([shapely.geometry.shape(feature["geometry"]) for feature in features])
    expected = toy_city().shapes("responsibility")
    assert np.array_equal(shapely.normalize(found.to_shapely()), shapely.normalize(expected.to_shapely()))
    assert features[0]["properties"]["name"] == "South-west"
    assert features[0]["properties"]["area_m2"] == pytest.approx(42_187, abs=10)


def test_pages_of_a_box_together_hold_each_feature_once(client: httpx.Client) -> None:
    where = "/v1/editions/2/layers/cell?bbox=121.2505,31.3805,121.2525,31.3825&limit=4"
    codes: list[str] = []
    while where:
        page = client.get(where).json()
        assert page["numberMatched"] == 9
        codes += [feature["id"] for feature in page["features"]]
        where = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(codes) == len(set(codes)) == 9


def test_an_unchanged_layer_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/v1/editions/1/layers/cell")
    again = client.get("/v1/editions/1/layers/cell", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/editions/9", 404),
        ("/v1/editions/9/layers/cell", 404),
        ("/v1/editions/first", 422),
        ("/v1/editions/1/layers/ward", 404),
        ("/v1/editions/1/layers/cell?bbox=1,2", 422),
        ("/v1/editions/1/layers/cell?limit=0", 422),
        ("/v2/lookup", 404),
    ],
)
def test_what_is_not_there_is_a_problem(client: httpx.Client, path: str, status: int) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: httpx.Client) -> None:
    response = client.delete("/v1/lookup")
    assert response.status_code == 405
    assert response.json()["title"] == "This method is not allowed here"
    assert response.headers["allow"]


def test_health_readiness_and_figures(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready", "edition": 2, "place": "Toy district"}
    client.get("/v1/lookup", params={"lon": 121.2505, "lat": 31.3805, "datum": "wgs84"})
    text = client.get("/metrics").text
    assert 'geogrid_requests_total{route="/v1/lookup",method="GET",status="200"}' in text
    assert 'geogrid_lookups_total{outcome="answered"}' in text
    assert "geogrid_editions_open" in text


def test_a_request_id_is_kept_if_it_is_one_and_made_if_not(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = {client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


def test_a_missing_atlas_leaves_the_process_alive_but_not_ready(serve: Any, tmp_path: Path) -> None:
    client = serve(create_app(Settings(atlas=str(tmp_path / "none.gpkg"))))
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code in (404, 503)


def test_a_file_that_is_no_atlas_is_our_fault_and_its_path_is_not_told(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.gpkg").write_bytes(b"not a database at all" * 100)
    response = serve(create_app(Settings(atlas=str(tmp_path / "secret.gpkg")))).get("/readyz")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert "secret" not in response.text
    assert response.json()["request_id"]


def test_an_unforeseen_fault_shows_a_fixed_text_and_the_request_id(serve: Any, toy_atlas: Path) -> None:
    app = create_app(Settings(atlas=str(toy_atlas)))

    @app.get("/fault")
    async def fault() -> None:
        raise ZeroDivisionError("the password is 1234")

    response = serve(app).get("/fault")
    assert response.status_code == 500
    assert "1234" not in response.text
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert response.json()["type"] == "urn:geogrid:problem:internal"


def test_a_new_edition_and_roster_are_noticed_without_a_restart(
    serve: Any, toy_atlas: Path, tmp_path: Path, toy_roster: Any
) -> None:
    path = tmp_path / "copy.gpkg"
    shutil.copy(toy_atlas, path)
    client = serve(create_app(Settings(atlas=str(path), refresh_s=0)))
    asked = {"lon": 121.2505, "lat": 31.3805, "datum": "wgs84"}
    assert client.get("/v1/lookup", params=asked).json()["edition"] == 2
    atlas = Atlas.open(path)
    atlas.publish(toy_city(), valid_from="2026-07-02")
    atlas.replace_roster(toy_roster("李四"))
    atlas.close()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = client.get("/v1/lookup", params=asked).json()
        if found["edition"] == 3 and found["person"]["name"] == "李四":
            break
    else:
        pytest.fail("not noticed")


def test_no_more_editions_are_held_open_than_allowed(toy_atlas: Path) -> None:
    import datetime as dt

    holdings = Holdings(Settings(atlas=str(toy_atlas), editions_open=1))
    for day in ("2026-02-01", "2026-08-01", "2026-02-01"):
        assert holdings.desk(dt.date.fromisoformat(day)).edition == (1 if day < "2026-07" else 2)
        assert holdings.open_count == 1
    assert holdings.numbered("2").layer("cell") is not None
    assert holdings.open_count == 0
    holdings.close()


def test_worker_processes_get_their_settings_from_the_environment(toy_atlas: Path) -> None:
    settings = Settings(atlas=str(toy_atlas), datum="gcj02")
    app = app_from_environment({SETTINGS_VARIABLE: settings.model_dump_json()})
    assert app.openapi()["info"]["title"] == "geogrid"


def test_the_openapi_document_describes_what_is_served(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    lookup = document["paths"]["/v1/lookup"]
    parameters = {each["name"]: each for each in lookup["get"]["parameters"]}
    assert set(parameters) == {"lon", "lat", "datum", "category", "condition", "at", "as_of"}
    assert {name for name, each in parameters.items() if each["required"]} == {"lon", "lat", "datum"}
    answer = lookup["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    assert "person" in document["components"]["schemas"][answer]["properties"]
    assert "application/problem+json" in lookup["get"]["responses"]["422"]["content"]
    for path in ("/v1/editions", "/v1/editions/{edition_id}/layers/{layer}", "/healthz", "/readyz", "/metrics"):
        assert path in document["paths"]
    names = set(document["components"]["schemas"])
    refs = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert refs <= names
