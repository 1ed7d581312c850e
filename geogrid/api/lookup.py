"""Who answers for a place: one in the query, many in a body."""

# No postponed annotations here: FastAPI must see the models that are made inside `lookup_routes`.

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from geogrid.api.documents import AnswerDocument, AnswersDocument
from geogrid.api.holdings import Holdings
from geogrid.api.metrics import Metrics
from geogrid.api.places import Place, place_model, places_model
from geogrid.api.problems import PROBLEM_RESPONSES, problem_of, speaks_chinese
from geogrid.api.settings import Settings
from geogrid.assign.answer import Answer
from geogrid.assign.answering import Desk
from geogrid.assign.reasons import Step, in_words
from geogrid.errors import GeogridError, InputError

__all__ = ["answer_at_hand", "answer_json", "lookup_routes", "query_fields"]

_SHOWN = tuple(field.name for field in dataclasses.fields(Answer) if field.name != "steps")
_values = attrgetter(*_SHOWN)


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON, the same as ``Answer.to_dict`` but encoded at once."""
    facts = to_json(dict(zip(_SHOWN, _values(answer), strict=True)), inf_nan_mode="null")
    return facts[:-1] + b',"why":[' + b",".join([_reason_json(step) for step in answer.steps]) + b"]}"


@lru_cache(maxsize=8192)
def _reason_json(step: Step) -> bytes:
    return to_json(in_words(step))


def _answered(desk: Desk, place: Place, at: dt.datetime | None) -> Answer:
    return desk.answer(
        lon=place.lon, lat=place.lat, datum=place.datum, category=place.category, condition=place.condition, at=at
    )


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
        return None if desk is None else _answered(desk, place, place.at)

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
        answer = _answered(desk, asked, asked.at)
        metrics.outcome(answer.outcome)
        return Response(answer_json(answer), media_type="application/json")

    def answer_many(points: list[Any], defaults: dict[str, Any], chinese: bool) -> tuple[bytes, Counter[str]]:
        outcomes: Counter[str] = Counter()
        pieces: list[bytes] = []
        now = dt.datetime.now(dt.UTC)
        for index, point in enumerate(points):
            head = b'{"index":%d,' % index
            try:
                if not isinstance(point, dict):
                    raise InputError("a point is not an object", given=str(point)[:100], allowed='{"lon": …, "lat": …}')
                place = place_type.model_validate(defaults | point)
                at = place.at or now
                answer = _answered(holdings.desk(place.as_of, at), place, at)
            except (GeogridError, ValidationError) as error:
                problem = problem_of(error, chinese=chinese)
                if problem["status"] >= 500:
                    raise
                outcomes["refused"] += 1
                pieces.append(head + b'"problem":' + to_json(problem) + b"}")
            else:
                outcomes[answer.outcome] += 1
                pieces.append(head + b'"answer":' + answer_json(answer) + b"}")
        totals = {"total": len(points), "refused": outcomes["refused"]}
        return to_json(totals)[:-1] + b',"results":[' + b",".join(pieces) + b"]}", outcomes

    @router.post("/lookup", responses={200: {"model": AnswersDocument, "description": "A result for each point"}})
    async def lookup_many(places: places_type, request: Request) -> Response:  # type: ignore[valid-type]
        """Return who answers for each of many places; every point is answered or refused on its own."""
        chinese = speaks_chinese(request.headers.get("accept-language", ""))
        body, outcomes = await run_in_threadpool(answer_many, places.points, places.defaults, chinese)  # type: ignore[attr-defined]
        for name, count in outcomes.items():
            metrics.outcome(name, count)
        return Response(body, media_type="application/json")

    return router
