"""Many places in one body, by its media type: NDJSON line by line, Arrow through the batch kernel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from geogrid.api.arrow_stream import ARROW_STREAM, answer_arrow
from geogrid.api.holdings import Holdings
from geogrid.api.metrics import Metrics
from geogrid.api.places import Place, place_model
from geogrid.api.points import PointClerk
from geogrid.api.problems import TooLargeError, speaks_chinese
from geogrid.api.settings import AnyDatum, Settings
from geogrid.errors import DatumError, InputError
from geogrid.types import Datum

__all__ = ["BULK_CONTENT", "bulk_routes"]

NDJSON = "application/x-ndjson"
_LINES_AT_ONCE = 512

BULK_CONTENT: dict[str, Any] = {
    NDJSON: {"schema": {"type": "string", "description": "One place, or one result, per line."}},
    ARROW_STREAM: {"schema": {"type": "string", "format": "binary", "description": "An Arrow IPC stream."}},
}
"""The other media types of ``POST /v1/lookup``, for its OpenAPI description."""


class _Shared(BaseModel):
    """What the query of an Arrow body says for all its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    datum: AnyDatum | None = None
    as_of: dt.date | None = None


class _ByMediaType(APIRoute):
    """A route that takes only bodies of the media types in its ``openapi_extra``."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return no match for a body of another type, so that the next route is tried."""
        match, child = super().matches(scope)
        if match is Match.FULL:
            sent = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
            if sent not in (self.openapi_extra or {}).get("x-media-types", ()):
                return Match.NONE, {}
        return match, child


def bulk_routes(holdings: Holdings, settings: Settings, metrics: Metrics) -> APIRouter:
    """Return ``POST /v1/lookup`` for NDJSON and Arrow; stands before the route that takes JSON."""
    router = APIRouter(prefix="/v1", route_class=_ByMediaType)
    place_type = place_model(settings.datum)

    @router.post("/lookup", include_in_schema=False, openapi_extra={"x-media-types": (NDJSON, "application/ndjson")})
    async def lookup_lines(request: Request) -> Response:
        """Return a line for each line; the query holds what all of them have in common, e.g. the datum."""
        defaults = _shared_fields(request)
        lines = [line for line in (await request.body()).split(b"\n") if line.strip()]
        if len(lines) > settings.max_points:
            raise TooLargeError("more points than allowed", given=len(lines), allowed=settings.max_points,
                                mend="send fewer points at a time")  # fmt: skip
        chinese = speaks_chinese(request.headers.get("accept-language", ""))
        clerk = PointClerk(holdings, place_type, defaults, chinese)
        answers = _answer_lines(clerk, lines)
        # The first stretch is made before the status is sent: an atlas that cannot be read is a 503, not a torn body.
        first = await run_in_threadpool(next, answers, b"")

        def body() -> Iterator[bytes]:
            yield from chain([first], answers)
            for name, count in clerk.outcomes.items():
                metrics.outcome(name, count)

        return StreamingResponse(body(), media_type=NDJSON)

    @router.post("/lookup", include_in_schema=False, openapi_extra={"x-media-types": (ARROW_STREAM,)})
    async def lookup_arrow(request: Request) -> Response:
        """Return a table of answers, a row for each row; one edition answers all of them."""
        shared = _Shared.model_validate(dict(request.query_params))
        datum = shared.datum or settings.datum
        if datum is None:
            raise DatumError("no datum", allowed=", ".join(Datum), mend="say ?datum=… in the query")
        sent = await request.body()

        def answer() -> tuple[bytes, dict[str, int]]:
            return answer_arrow(holdings.desk(shared.as_of, None), sent, datum=datum)

        body, outcomes = await run_in_threadpool(answer)
        for name, count in outcomes.items():
            metrics.outcome(name, count)
        return Response(body, media_type=ARROW_STREAM)

    return router


def _shared_fields(request: Request) -> dict[str, str]:
    shared = dict(request.query_params)
    allowed = sorted(set(Place.model_fields) - {"lon", "lat"})
    unknown = sorted(set(shared) - set(allowed))
    if unknown:
        raise InputError("no such parameter", given=", ".join(unknown), allowed=", ".join(allowed))
    return shared


def _answer_lines(clerk: PointClerk, lines: list[bytes]) -> Iterator[bytes]:
    numbered = enumerate(lines)
    while stretch := list(islice(numbered, _LINES_AT_ONCE)):
        yield b"".join([clerk.result(index, _read(line)) + b"\n" for index, line in stretch])


def _read(line: bytes) -> Any:
    try:
        return from_json(line)
    except ValueError as error:
        return InputError("the line is not JSON", given=line[:100].decode("utf-8", "replace"), allowed=str(error))
