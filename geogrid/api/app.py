"""The application: routes around one atlas, made from settings."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Thread

from fastapi import FastAPI

from geogrid import __version__
from geogrid.api.bulk import bulk_routes
from geogrid.api.editions import edition_routes
from geogrid.api.envelope import Envelope, RequestIds
from geogrid.api.health import health_routes
from geogrid.api.holdings import Holdings
from geogrid.api.lane import Lane, LaneApplication
from geogrid.api.lookup import answer_at_hand, lookup_routes
from geogrid.api.metrics import Metrics
from geogrid.api.points import answer_json
from geogrid.api.problems import install_problems
from geogrid.api.settings import Settings
from geogrid.errors import GeogridError

__all__ = ["SETTINGS_VARIABLE", "app_from_environment", "create_app"]

SETTINGS_VARIABLE = "GEOGRID_API_SETTINGS"
"""Environment variable that hands the settings, as JSON, to worker processes."""

_log = logging.getLogger("geogrid.api")


def create_app(settings: Settings) -> FastAPI:
    """Return the application; the atlas is opened when the server starts, not here.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> app = create_app(Settings(atlas="city.gpkg"))
    >>> sorted(path for path in app.openapi()["paths"] if path.startswith("/v1/lookup"))
    ['/v1/lookup']
    """
    holdings, metrics, ids = Holdings(settings), Metrics(), RequestIds()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Open the edition in force before the first request needs it; /readyz tells when it is.
        Thread(target=_warm_up, args=(holdings,), name="geogrid-warm-up", daemon=True).start()
        yield
        holdings.close()

    app = LaneApplication(
        title="geogrid",
        summary="Who answers for this place?",
        description="Places to cells, grids, stations and one accountable person. Errors are problem details (RFC 9457).",
        version=__version__,
        lifespan=lifespan,
        # The interactive pages load their scripts from another host; the document itself is /openapi.json.
        docs_url=None,
        redoc_url=None,
    )
    install_problems(app)
    app.lane = Lane(answer_at_hand(holdings, settings), answer_json, metrics, ids)
    app.add_middleware(Envelope, metrics=metrics, ids=ids, max_body_bytes=settings.max_body_bytes)
    app.include_router(bulk_routes(holdings, settings, metrics))
    app.include_router(lookup_routes(holdings, settings, metrics))
    app.include_router(edition_routes(holdings, settings))
    app.include_router(health_routes(holdings, metrics))
    return app


def app_from_environment(environment: Mapping[str, str] | None = None) -> FastAPI:
    """Return the application for the settings in `SETTINGS_VARIABLE`; what each worker process calls."""
    return create_app(Settings.model_validate_json((environment or os.environ)[SETTINGS_VARIABLE]))


def _warm_up(holdings: Holdings) -> None:
    try:
        holdings.desk()
        # An edition is hundreds of thousands of objects that stay: the collector need not walk them again and again.
        gc.collect()
        gc.freeze()
    except GeogridError as error:
        _log.error("the atlas is not ready: %s", error)
