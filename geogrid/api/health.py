"""Whether the process lives, whether it can answer, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from geogrid.api.holdings import Holdings
from geogrid.api.metrics import Metrics
from geogrid.api.problems import MEDIA_TYPE, Problem

__all__ = ["health_routes"]


def health_routes(holdings: Holdings, metrics: Metrics) -> APIRouter:
    """Return ``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answer as long as the process lives."""
        return {"status": "alive"}

    @router.get("/readyz", responses={503: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": "Not ready"}})
    async def readyz() -> dict[str, str | int]:
        """Answer 200 once the edition in force is open and a place can be looked up."""
        desk = holdings.at_hand(None, None)
        if desk is None:
            desk = await run_in_threadpool(holdings.desk)
        return {"status": "ready", "edition": desk.edition, "place": desk.division.name}

    @router.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """Return the figures of this process as Prometheus text."""
        metrics.gauges["geogrid_editions_open"] = holdings.open_count
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
