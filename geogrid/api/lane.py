"""A lane of its own for the one request that comes by the thousand: ``GET /v1/lookup`` that succeeds.

Routing, dependency solving and middleware take FastAPI several times longer than the answer takes. The lane
answers before them if everything is at hand; whatever is unusual (a wrong parameter, an edition that must be
opened first, a fault) it leaves, untouched, to the ordinary route, which alone knows about problems.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from geogrid.api.envelope import RequestIds
from geogrid.api.metrics import Metrics
from geogrid.assign.answer import Answer

__all__ = ["Lane", "LaneApplication"]

PATH = "/v1/lookup"


class Lane:
    """Answers single look-ups before everything else.

    Parameters
    ----------
    answer : callable
        Given the query string, returns the answer, None if it is not at hand; may raise.
    encode : callable
        An answer to its JSON.
    metrics : Metrics
    ids : RequestIds
    """

    def __init__(
        self,
        answer: Callable[[bytes], Answer | None],
        encode: Callable[[Answer], bytes],
        metrics: Metrics,
        ids: RequestIds,
    ) -> None:
        self.answer = answer
        self.encode = encode
        self.metrics = metrics
        self.ids = ids

    async def take(self, scope: Scope, send: Send) -> bool:
        """Answer a request and return True, or leave it and return False."""
        started = perf_counter()
        try:
            answer = self.answer(scope["query_string"])
        except Exception:
            # Nothing is sent yet: the ordinary route meets the same fault and says what it is.
            return False
        if answer is None:
            return False
        body = self.encode(answer)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self.ids.of(scope["headers"])),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self.metrics.outcome(answer.outcome)
        self.metrics.request(PATH, "GET", 200, perf_counter() - started)
        return True


class LaneApplication(FastAPI):
    """FastAPI with a lane; without one it is FastAPI."""

    lane: Lane | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, in the lane if it can be."""
        if (
            self.lane is not None
            and scope["type"] == "http"
            and scope["path"] == PATH
            and scope["method"] == "GET"
            and await self.lane.take(scope, send)
        ):
            return
        await super().__call__(scope, receive, send)
