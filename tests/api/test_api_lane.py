"""The lane answers exactly as the ordinary route, and leaves to it whatever is unusual."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from geogrid.api import Settings, create_app
from geogrid.api.holdings import Holdings
from geogrid.api.lane import Lane, LaneApplication
from geogrid.api.lookup import query_fields
from geogrid.errors import InputError


def _get(app: LaneApplication, query: str, lane: Lane | None) -> tuple[int, bytes]:
    """Return status and body of one look-up, through the lane or without it."""
    app.lane = lane
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/v1/lookup", "raw_path": b"/v1/lookup",
        "query_string": query.encode(), "headers": [], "root_path": "", "scheme": "http", "server": ("x", 80),
        "client": ("x", 1),
    }  # fmt: skip
    # A thread of its own: a browser test before this one may keep an event loop running in the main thread.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture(scope="module")
def app(toy_atlas: Path) -> LaneApplication:
    made = create_app(Settings(atlas=str(toy_atlas)))
    assert isinstance(made, LaneApplication)
    _get(made, "lon=121.25&lat=31.38&datum=wgs84", None)  # opens the edition
    return made


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"lon": "121.2535"},
        {"lon": "121.2495"},
        {"datum": "GCJ-02"},
        {"as_of": "2026-03-01"},
        {"category": "0102"},
        {"datum": "wgs72"},
        {"lon": "nan"},
        {"lon": "200"},
        {"at": "yesterday"},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_with_and_without_the_lane_the_answer_is_the_same(app: LaneApplication, change: dict[str, str]) -> None:
    lane = app.lane
    asked = {"lon": "121.2505", "lat": "31.3805", "datum": "wgs84", "at": "2026-11-22T20:15:00+08:00"} | change
    short, long = _get(app, urlencode(asked), lane), _get(app, urlencode(asked), None)
    app.lane = lane
    if short[0] == 200:
        assert short == long
    else:
        first, second = json.loads(short[1]), json.loads(long[1])
        assert first.pop("request_id") != second.pop("request_id")
        assert (short[0], first) == (long[0], second)


def test_an_escaped_query_is_read_as_a_plain_one() -> None:
    plain = query_fields(b"lon=121.25&at=2026-11-22T20:15Z&category=")
    assert query_fields(b"lon=121%2E25&at=2026-11-22T20%3A15Z&category=") == plain
    assert query_fields(b"") == {}
    with pytest.raises(InputError, match="given twice"):
        query_fields(b"lon=1&lon=1")


def test_nothing_is_at_hand_before_it_was_opened(toy_atlas: Path) -> None:
    holdings = Holdings(Settings(atlas=str(toy_atlas)))
    assert holdings.at_hand(None, None) is None
    assert holdings.desk() is holdings.at_hand(None, None)
    holdings.close()
