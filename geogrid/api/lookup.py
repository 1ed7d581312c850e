"""Who answers for a place: one in the query, many in a body."""

# No postponed annotations here: FastAPI must see the models that are made inside `lookup_routes`.

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from geogrid.api.bulk import BULK_CONTENT
from geogrid.api.documents import AnswerDocument, AnswersDocument
from geogrid.api.holdings import Holdings
from geogrid.api.metrics import Metrics
from geogrid.api.places import Place, place_model, places_model
from geogrid.api.points import PointClerk, answer_json, answered
from geogrid.api.problems import PROBLEM_RESPONSES, speaks_chinese
from geogrid.api.settings import Settings
from geogrid.assign.answer import Answer
from geogrid.errors import InputError

__all__ = ["answer_at_hand", "lookup_routes", "query_fields"]


def query_fields(query: bytes) -> dict[str, str]:
    """Return the fields of a query string.

    Raises
    ------
    InputError
        If one is given twice.

    Examples
    --------
    >>> query_fields(b"lon=121.25&lat=31.38&datum=gcj02")
    {'lon': '121.25', 'lat': '31.38', 'datum': 'gcj02'}
    """
    text = query.decode("latin-1")
    if "%" in text or "+" in text or ";" in text:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=32)
    else:
        # Nothing to unescape, as in most look-ups: a tenth of the time.
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise InputError("a parameter is given twice", given=", ".join(twice), allowed="each parameter once")
    return fields


def answer_at_hand(holdings: Holdings, settings: Settings) -> Callable[[bytes], Answer | None]:
    """Return the function that answers a query string from what is open, None if something must be opened first."""
    place_type = place_model(settings.datum)

    def answer(query: bytes) -> Answer | None:
        place = place_type.model_validate(query_fields(query))
        desk = holdings.at_hand(place.as_of, place.at)
        return None if desk is None else answered(desk, place, place.at)

    return answer


def lookup_routes(holdings: Holdings, settings: Settings, metrics: Metrics) -> APIRouter:
    """Return ``/v1/lookup``: GET for one place, POST for many."""
    router = APIRouter(prefix="/v1", tags=["lookup"], responses=PROBLEM_RESPONSES)
    place_type = place_model(settings.datum)
    places_type = places_model(place_type, settings.max_points)

    @router.get(
        "/lookup",
        response_class=Response,
        responses={200: {"model": AnswerDocument, "description": "The answer", "content": {"application/json": {}}}},
    )
    async def lookup_one(place: Annotated[place_type, Query()], request: Request) -> Response:  # type: ignore[valid-type]
        """Return who answers for one place: cell, grids, station, one accountable person, and why."""
        query_fields(request.scope["query_string"])
        asked: Place = place
        desk = holdings.at_hand(asked.as_of, asked.at)
        if desk is None:
            desk = await run_in_threadpool(holdings.desk, asked.as_of, asked.at)
        answer = answered(desk, asked, asked.at)
        metrics.outcome(answer.outcome)
        return Response(answer_json(answer), media_type="application/json")

    def answer_many(points: list[Any], defaults: dict[str, Any], chinese: bool) -> tuple[bytes, Counter[str]]:
        clerk = PointClerk(holdings, place_type, defaults, chinese)
        results = b",".join([clerk.result(index, point) for index, point in enumerate(points)])
        totals = {"total": len(points), "refused": clerk.outcomes["refused"]}
        return to_json(totals)[:-1] + b',"results":[' + results + b"]}", clerk.outcomes

    @router.post(
        "/lookup",
        responses={200: {"model": AnswersDocument, "description": "A result for each point", "content": BULK_CONTENT}},
        openapi_extra={"requestBody": {"content": BULK_CONTENT}},
    )
    async def lookup_many(places: places_type, request: Request) -> Response:  # type: ignore[valid-type]
        """Return who answers for each of many places; every point is answered or refused on its own."""
        chinese = speaks_chinese(request.headers.get("accept-language", ""))
        body, outcomes = await run_in_threadpool(answer_many, places.points, places.defaults, chinese)  # type: ignore[attr-defined]
        for name, count in outcomes.items():
            metrics.outcome(name, count)
        return Response(body, media_type="application/json")

    return router
